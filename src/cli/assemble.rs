//! From a checked configuration to the parts of a service.

use super::chain;
use crate::config::{self, Config, KeySource};
use crate::domain::{LaneId, Setup};
use crate::gateway::{Gateway, KeyError, PrivateKey, PublicKey, payby};
use crate::scanner;
use crate::service::{Parts, wall_clock};
use std::collections::BTreeMap;
use std::error::Error;

/// Everything that `service::start` needs; or every complaint, one a line.
pub(super) fn parts(config: &Config) -> Result<Parts, String> {
    let mut gateways = BTreeMap::new();
    if let Some(payby) = &config.payby {
        let gateway = gateway(payby)?;
        gateways.insert(gateway.id().clone(), (gateway, payby.accepts.clone()));
    }
    let lanes = config.lanes.iter();
    let rules = gateways
        .iter()
        .map(|(id, (gateway, _))| (id.clone(), gateway.rules().clone()));
    Ok(Parts {
        setup: Setup {
            store: config.store.id.clone(),
            lanes: lanes
                .map(|lane| (lane.id.clone(), lane.rules.clone()))
                .collect(),
            gateways: rules.collect(),
        },
        gateways,
        classifier: config.classifier.clone(),
        scanners: scanners(config),
        journal: config.journal.path.clone(),
        language: config.store.language,
        timezone: config.store.timezone.clone(),
        watchdog: sd_notify::watchdog_enabled().map(|limit| limit / 3),
    })
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

fn gateway(payby: &config::PayBy) -> Result<Gateway, String> {
    let private_key = key("private_key", &payby.private_key, PrivateKey::read);
    let public = &payby.gateway_public_key;
    let public_key = key("gateway_public_key", public, PublicKey::read);
    let (private_key, public_key) = match (private_key, public_key) {
        (Ok(private_key), Ok(public_key)) => (private_key, public_key),
        (Err(text), Ok(_)) | (Ok(_), Err(text)) => return Err(text),
        (Err(private), Err(public)) => return Err(format!("{private}\n{public}")),
    };
    payby::PayBy::new(payby.settings.clone(), private_key, public_key, wall_clock)
        .map(Gateway::PayBy)
        .map_err(|complaints| {
            let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
            lines.join("\n")
        })
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
