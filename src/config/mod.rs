//! Configuration: what is written, and what is used after checking.
//!
//! ```text
//!   text ──parse──▶ written, key by key ──check──▶ each section ──across──▶ Config
//!             │                              │                       │
//!             └──────────────┬───────────────┴───────────────────────┘
//!                        Complaints: all of them, each with its key
//! ```
//!
//! What is used are the settings of the layers below: each layer says what its own
//! settings can be, here they are read, and a complaint gets the key that is written.
//!
//! [`Config`] holds nothing that still has to be checked, except what only the
//! machine can tell: whether keys can be read and devices are there. An unknown key
//! is refused, and so is one that would have no effect yet: a store never relies on
//! a setting that does nothing. Every key is described in `docs/configuration.md`.

mod across;
mod api;
mod codepay;
mod complaints;
mod device;
mod feedback;
mod key;
mod line;
mod local;
mod payby;
mod read;
mod scanner;
mod section;
mod store;
#[cfg(test)]
mod tests;
mod written;

pub use api::Notify;
pub use codepay::CodePay;
pub use complaints::{Complaint, Complaints};
pub use key::{KeyError, KeySource};
pub use local::{Journal, Telemetry};
pub use payby::PayBy;
pub use store::{Lane, Store};

use crate::api::ApiSettings;
use crate::domain::code::Classifier;
use section::Section;
use std::path::Path;
use toml::Table;

/// A configuration without anything to complain about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The store.
    pub store: Store,
    /// Its lanes; at least one.
    pub lanes: Vec<Lane>,
    /// Its scanners; each serves at most one lane.
    pub scanners: Vec<crate::scanner::Settings>,
    /// PayBy, where it is used.
    pub payby: Option<PayBy>,
    /// CodePay, where it is used.
    pub codepay: Option<CodePay>,
    /// How codes are told apart.
    pub classifier: Classifier,
    /// Where the journal is.
    pub journal: Journal,
    /// The local API.
    pub api: ApiSettings,
    /// Where notifications are taken, if they are.
    pub notify: Option<Notify>,
    /// What is logged.
    pub telemetry: Telemetry,
}

/// Reads and checks the file at `path`, at most 1 MiB.
///
/// # Errors
/// All complaints, or the one that the file cannot be read.
pub fn load(path: &Path) -> Result<Config, Complaints> {
    let text = read::file(path, "configuration").map_err(|why| {
        let mut complaints = Complaints::default();
        complaints.add(path.display().to_string(), why);
        complaints
    })?;
    parse(&text)
}

/// Checks a configuration, and the table of wallets that it may name.
///
/// # Errors
/// All complaints at once, in the order of the sections.
pub fn parse(text: &str) -> Result<Config, Complaints> {
    let mut complaints = Complaints::default();
    match checked(text, &mut complaints) {
        Some(config) if complaints.is_empty() => Ok(config),
        _ => Err(complaints),
    }
}

fn checked(text: &str, complaints: &mut Complaints) -> Option<Config> {
    let table = read::parse(text, complaints)?;
    let written: written::Document = read::section(Some(table), "", complaints);
    let names = across::Names::written_in(&written);

    let mut document = Section::new("", complaints);
    let table = document.need("store", written.store, "a section [store]");
    let (store, currency) = store::store(table, complaints);
    let lanes = written.lane.unwrap_or_default();
    if lanes.is_empty() {
        Section::new("", complaints).need::<()>("lane", None, "at least one section [[lane]]");
    }
    let lanes: Vec<_> = places("lane", lanes)
        .map(|(table, at)| store::lane(table, &at, currency, complaints))
        .collect();
    let scanners: Vec<_> = places("scanner", written.scanner.unwrap_or_default())
        .map(|(table, at)| scanner::scanner(table, &at, complaints))
        .collect();
    let gateways: written::Gateways = read::section(written.gateway, "gateway", complaints);
    let payby = { gateways.payby }
        .and_then(|table| payby::payby(table, store.as_ref(), &lanes, complaints));
    let codepay = { gateways.codepay }
        .and_then(|table| codepay::codepay(table, store.as_ref(), &lanes, complaints));
    let takers = (payby.as_ref(), codepay.as_ref());
    let classifier = local::codes(written.codes, takers, complaints);
    let journal = local::journal(written.journal, complaints);
    let language = store.as_ref().map(|store| store.language);
    let api = api::api(written.api, language.unwrap_or_default(), complaints);
    let notify = api::notify(written.notify, &api, complaints);
    let telemetry = local::telemetry(written.telemetry, complaints);

    across::check(&names, currency, &lanes, &scanners, complaints);
    Some(Config {
        store: store?,
        lanes: lanes.into_iter().collect::<Option<_>>()?,
        scanners: scanners.into_iter().collect::<Option<_>>()?,
        payby,
        codepay,
        classifier: classifier?,
        journal,
        api,
        notify,
        telemetry,
    })
}

/// The tables of a list, each with its name in complaints, counted from 1.
fn places(name: &str, tables: Vec<Table>) -> impl Iterator<Item = (Table, String)> {
    let places = (1..).map(move |n| format!("{name}[{n}]"));
    tables.into_iter().zip(places)
}
