//! What no section can check alone: names that refer to each other, and things that
//! may be there only once.

use super::complaints::Complaints;
use super::scanner::same_device;
use super::{Lane, written};
use crate::domain::{Currency, GatewayId, ScannerId};
use crate::gateway::payby;
use crate::scanner;
use toml::Table;

/// The names that may be referred to. Taken from what is written, so that a mistake
/// inside a scanner does not also make it a scanner that is not there.
pub(super) struct Names {
    scanners: Vec<String>,
    gateways: Vec<String>,
    /// What each lane refers to: its scanners and its gateways.
    lanes: Vec<(Vec<String>, Vec<String>)>,
}

impl Names {
    pub(super) fn written_in(document: &written::Document) -> Self {
        let id = |table: &Table| table.get("id")?.as_str().map(str::to_owned);
        let scanners = document.scanner.iter().flatten().filter_map(id).collect();
        let gateways = document
            .gateway
            .iter()
            .flat_map(|table| table.keys().cloned());
        let texts = |table: &Table, key: &str| {
            let list = table.get(key).and_then(|list| list.as_array());
            let texts = list.into_iter().flatten().filter_map(|text| text.as_str());
            texts.map(str::to_owned).collect::<Vec<_>>()
        };
        // What is no name at all is complained about where it stands, and not repeated.
        let refers = |lane: &Table| {
            let (mut scanners, mut gateways) = (texts(lane, "scanners"), texts(lane, "gateways"));
            scanners.retain(|id| ScannerId::new(id.as_str()).is_ok());
            gateways.retain(|id| GatewayId::new(id.as_str()).is_ok());
            (scanners, gateways)
        };
        Self {
            scanners,
            gateways: gateways.collect(),
            lanes: document.lane.iter().flatten().map(refers).collect(),
        }
    }
}

/// Checks the sections against each other. What was wrong in itself is `None`.
pub(super) fn check(
    names: &Names,
    currency: Option<Currency>,
    lanes: &[Option<Lane>],
    scanners: &[Option<scanner::Settings>],
    complaints: &mut Complaints,
) {
    for (n, (scanners, gateways)) in (1..).zip(&names.lanes) {
        for scanner in scanners.iter().filter(|id| !names.scanners.contains(id)) {
            complaints.add(
                format!("lane[{n}].scanners"),
                format!("there is no [[scanner]] with id = {scanner:?}"),
            );
        }
        for gateway in gateways.iter().filter(|id| !names.gateways.contains(id)) {
            let text = format!("there is no section [gateway.{gateway}]");
            complaints.add(format!("lane[{n}].gateways"), text);
        }
    }
    for (n, lane) in numbered(lanes) {
        let to_payby = lane
            .rules
            .gateways
            .iter()
            .any(|id| id.as_str() == payby::ID);
        if to_payby && currency.is_some_and(|currency| currency != payby::CURRENCY) {
            complaints.add(
                format!("lane[{n}].gateways"),
                format!(
                    "PayBy takes {} alone, and store.currency is another",
                    payby::CURRENCY
                ),
            );
        }
        for (earlier, other) in numbered(&lanes[..n - 1]) {
            if lane.id == other.id {
                complaints.add(
                    format!("lane[{n}].id"),
                    format!("lane[{earlier}] has this id"),
                );
            }
            if lane.id != other.id && lane.terminal_id == other.terminal_id {
                complaints.add(
                    format!("lane[{n}].terminal_id"),
                    format!("lane[{earlier}] has this terminal id"),
                );
            }
            for scanner in &lane.scanners {
                if other.scanners.contains(scanner) {
                    complaints.add(
                        format!("lane[{n}].scanners"),
                        format!("\"{scanner}\" serves lane[{earlier}]; a scanner has one lane"),
                    );
                }
            }
        }
    }
    for (n, scanner) in numbered(scanners) {
        for (earlier, other) in numbered(&scanners[..n - 1]) {
            if scanner.id == other.id {
                complaints.add(
                    format!("scanner[{n}].id"),
                    format!("scanner[{earlier}] has this id"),
                );
            }
            if same_device(scanner, other) {
                complaints.add(
                    format!("scanner[{n}].match"),
                    format!(
                        "scanner[{earlier}] matches the same device; tell them apart by by_path \
                         or by different serials"
                    ),
                );
            }
        }
    }
}

fn numbered<T>(list: &[Option<T>]) -> impl Iterator<Item = (usize, &T)> {
    list.iter()
        .enumerate()
        .filter_map(|(n, entry)| Some((n + 1, entry.as_ref()?)))
}
