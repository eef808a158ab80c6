//! From a checked configuration to the parts of a service.

use super::chain;
use crate::config::{self, Config, KeySource};
use crate::domain::{LaneId, Setup};
use crate::gateway::{Complaint, Gateway, KeyError, PrivateKey, PublicKey, codepay, payby};
use crate::scanner;
use crate::service::{Parts, wall_clock};
use std::collections::BTreeMap;
use std::error::Error;

/// Everything that `service::start` needs; or every complaint, one a line.
pub(super) fn parts(config: &Config) -> Result<Parts, String> {
    let mut gateways = BTreeMap::new();
    let mut complaints = Vec::new();
    let payby = config.payby.as_ref().map(|payby| {
        let made = keys("payby", &payby.private_key, &payby.gateway_public_key).and_then(|keys| {
            payby::PayBy::new(payby.settings.clone(), keys.0, keys.1, wall_clock)
                .map(Gateway::PayBy)
                .map_err(|complaints| lines(&complaints))
        });
        (made, payby.accepts.clone())
    });
    let codepay = config.codepay.as_ref().map(|codepay| {
        let (private, public) = (&codepay.private_key, &codepay.gateway_public_key);
        let made = keys("codepay", private, public).and_then(|keys| {
            codepay::CodePay::new(codepay.settings.clone(), keys.0, keys.1, wall_clock)
                .map(Gateway::CodePay)
                .map_err(|complaints| lines(&complaints))
        });
        (made, codepay.accepts.clone())
    });
    for (made, accepts) in payby.into_iter().chain(codepay) {
        match made {
            Ok(gateway) => {
                gateways.insert(gateway.id().clone(), (gateway, accepts));
            }
            Err(complaint) => complaints.push(complaint),
        }
    }
    if !complaints.is_empty() {
        return Err(complaints.join("\n"));
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
        refund_limits: config
            .lanes
            .iter()
            .filter_map(|lane| Some((lane.id.clone(), lane.refund_limit?)))
            .collect(),
        journal: config.journal.path.clone(),
        language: config.store.language,
        timezone: config.store.timezone.clone(),
        trace: None,
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

/// The two keys of a gateway; or what is wrong with each.
fn keys(
    gateway: &str,
    private: &KeySource,
    public: &KeySource,
) -> Result<(PrivateKey, PublicKey), String> {
    let private = key(gateway, "private_key", private, PrivateKey::read);
    let public = key(gateway, "gateway_public_key", public, PublicKey::read);
    match (private, public) {
        (Ok(private), Ok(public)) => Ok((private, public)),
        (Err(text), Ok(_)) | (Ok(_), Err(text)) => Err(text),
        (Err(private), Err(public)) => Err(format!("{private}\n{public}")),
    }
}

fn key<K>(
    gateway: &str,
    name: &str,
    source: &KeySource,
    read: fn(&[u8]) -> Result<K, KeyError>,
) -> Result<K, String> {
    let named = |error: &dyn Error| format!("gateway.{gateway}.{name}: {}", chain(error));
    let bytes = source.read().map_err(|error| named(&error))?;
    read(&bytes).map_err(|error| named(&error))
}

fn lines(complaints: &[Complaint]) -> String {
    let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
