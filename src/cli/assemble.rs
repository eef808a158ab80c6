//! From a checked configuration to the parts of a service.

use super::chain;
use crate::config::{self, Config, KeySource};
use crate::domain::code::{Classifier, Settings, UnlistedDigits, WalletTable};
use crate::domain::{LaneId, LaneRules, Setup, Timestamp};
use crate::gateway::{Gateway, KeyError, PrivateKey, PublicKey, payby};
use crate::scanner;
use crate::service::{Accepts, Emv, Parts};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Display;

/// Everything that `service::start` needs; or every complaint, one a line.
pub(super) fn parts(config: &Config) -> Result<Parts, String> {
    let mut complaints = Vec::new();
    let mut gateways = BTreeMap::new();
    if let Some(payby) = &config.payby {
        match gateway(payby) {
            Ok(gateway) => {
                gateways.insert(gateway.id().clone(), (gateway, accepts(payby)));
            }
            Err(more) => complaints.extend(more),
        }
    }
    let classifier = classifier(config).map_err(|text| complaints.push(text));
    let (Ok(classifier), true) = (classifier, complaints.is_empty()) else {
        return Err(complaints.join("\n"));
    };
    let rules = gateways
        .iter()
        .map(|(id, (g, _))| (id.clone(), g.rules().clone()));
    Ok(Parts {
        setup: Setup {
            store: config.store.id.clone(),
            lanes: config.lanes.iter().map(lane).collect(),
            gateways: rules.collect(),
        },
        gateways,
        classifier,
        scanners: scanners(config),
        journal: config.journal.path.clone(),
        language: config.store.language,
        timezone: config.store.timezone.clone(),
        watchdog: sd_notify::watchdog_enabled().map(|limit| limit / 3),
    })
}

fn lane(lane: &config::Lane) -> (LaneId, LaneRules) {
    let rules = LaneRules {
        gateways: lane.gateways.clone(),
        ceiling: lane.ceiling,
        wait_code: lane.wait_code,
    };
    (lane.id.clone(), rules)
}

/// The scanners that a lane uses, each with its lane.
fn scanners(config: &Config) -> Vec<(LaneId, scanner::Settings)> {
    let of_lane = |lane: &config::Lane| {
        let used = |scanner: &&scanner::Settings| lane.scanners.contains(&scanner.id);
        let scanners = config.scanners.iter().filter(used).cloned();
        let with_lane = scanners.map(|scanner| (lane.id.clone(), scanner));
        with_lane.collect::<Vec<_>>()
    };
    config.lanes.iter().flat_map(of_lane).collect()
}

/// The classifier that a configuration asks for.
pub(super) fn classifier(config: &Config) -> Result<Classifier, String> {
    let table = match &config.codes.wallets {
        None => WalletTable::built_in(),
        Some(path) => {
            let at = |error: &dyn Display| format!("codes.wallets: {}: {error}", path.display());
            let text = std::fs::read_to_string(path).map_err(|error| at(&error))?;
            WalletTable::parse(&text).map_err(|errors| {
                let lines: Vec<String> = errors.iter().map(|error| at(error)).collect();
                lines.join("\n")
            })?
        }
    };
    let text = config.payby.as_ref().map(|payby| payby.text.clone());
    let forward = config
        .payby
        .as_ref()
        .is_some_and(|payby| payby.unlisted_digits == UnlistedDigits::Forward);
    let settings = Settings {
        profiles: config.codes.profiles.clone(),
        text,
        demand_pan_aids: Vec::new(),
        unlisted_digits: if forward {
            UnlistedDigits::Forward
        } else {
            UnlistedDigits::Reject
        },
    };
    Classifier::new(&table, settings).map_err(|error| format!("codes.profiles: {error}"))
}

fn accepts(payby: &config::PayBy) -> Accepts {
    Accepts {
        emv: Emv::Wallets,
        text: true,
        wallets: Vec::new(),
        unlisted_digits: payby.unlisted_digits == UnlistedDigits::Forward,
        sending: payby.code,
    }
}

fn gateway(payby: &config::PayBy) -> Result<Gateway, Vec<String>> {
    let private_key = key("private_key", &payby.private_key, PrivateKey::read);
    let public_key = key(
        "gateway_public_key",
        &payby.gateway_public_key,
        PublicKey::read,
    );
    let (private_key, public_key) = match (private_key, public_key) {
        (Ok(private_key), Ok(public_key)) => (private_key, public_key),
        (private_key, public_key) => {
            return Err({ private_key.err().into_iter() }
                .chain(public_key.err())
                .collect());
        }
    };
    payby::PayBy::new(payby.settings.clone(), private_key, public_key, wall_clock)
        .map(Gateway::PayBy)
        .map_err(|more| more.iter().map(ToString::to_string).collect())
}

fn key<K>(
    name: &str,
    source: &KeySource,
    read: fn(&[u8]) -> Result<K, KeyError>,
) -> Result<K, String> {
    let named = |error: &dyn Error| format!("gateway.payby.{name}: {}", chain(error));
    let bytes = source.read().map_err(|error| named(&error))?;
    read(&bytes).map_err(|error| named(&error))
}

pub(super) fn wall_clock() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}
