//! What concerns this machine alone: the table of wallets, the journal's place, the log.

use super::complaints::Complaints;
use super::section::{Section, absolute_path};
use super::{CodePay, PayBy, read, written};
use crate::domain::code::{Classifier, Settings, UnlistedDigits, WalletTable};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use toml::Table;

/// `[journal]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// The journal's file.
    pub path: PathBuf,
}

/// `[telemetry]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// Which lines are logged, as `tracing-subscriber` writes filters:
    /// `info`, `info,qrpayd::scanner=debug`.
    pub log: String,
}

/// Checks how codes are told apart, and reads the table of wallets.
pub(super) fn codes(
    table: Option<Table>,
    (payby, codepay): (Option<&PayBy>, Option<&CodePay>),
    complaints: &mut Complaints,
) -> Option<Classifier> {
    let written: written::Codes = read::section(table, "codes", complaints);
    let mut at = Section::new("codes", complaints);
    let table = match written.wallets {
        None => WalletTable::built_in(),
        own => {
            let path = at.check("wallets", own, absolute_path)?;
            wallets(&path, &mut at)?
        }
    };
    let known = table.profiles();
    let profiles = written.profiles.unwrap_or_default().into_iter();
    let profiles = profiles.filter_map(|name| {
        at.check("profiles", Some(name), |name| match name {
            name if known.contains(&name) => Ok(name.to_owned()),
            "payby" => {
                Err("\"payby\" is on by itself where [gateway.payby] is; remove it here".to_owned())
            }
            _ => Err(format!("every entry must be one of {}", known.join(", "))),
        })
    });
    let settings = Settings {
        profiles: profiles.collect(),
        text: payby.map(|payby| payby.text.clone()),
        demand_pan_aids: Vec::new(),
        // Which gateway gets them is for each one's own setting to say.
        unlisted_digits: match payby.is_some_and(|payby| payby.accepts.unlisted_digits)
            || codepay.is_some_and(|codepay| codepay.accepts.unlisted_digits)
        {
            true => UnlistedDigits::Forward,
            false => UnlistedDigits::Reject,
        },
    };
    Classifier::new(&table, settings)
        .map_err(|error| at.complain("profiles", error.to_string()))
        .ok()
}

/// Reads a table of wallets, or complains about each of its lines that is wrong.
fn wallets(path: &Path, at: &mut Section<'_>) -> Option<WalletTable> {
    let mut complain = |text: &dyn Display| {
        at.complain("wallets", format!("{}: {text}", path.display()));
    };
    let text = read::file(path, "table of wallets").map_err(|text| complain(&text));
    let errors = match WalletTable::parse(&text.ok()?) {
        Ok(table) => return Some(table),
        Err(errors) => errors,
    };
    for error in errors {
        complain(&error);
    }
    None
}

pub(super) fn journal(table: Option<Table>, complaints: &mut Complaints) -> Journal {
    let written: written::Journal = read::section(table, "journal", complaints);
    let mut at = Section::new("journal", complaints);
    let keep_days = written.keep_days.as_ref();
    at.not_yet("keep_days", keep_days, "everything is kept; a limit is");
    let path = at.check("path", written.path, absolute_path);
    Journal {
        path: path.unwrap_or_else(|| PathBuf::from("/var/lib/qrpayd/journal.db")),
    }
}

pub(super) fn telemetry(table: Option<Table>, complaints: &mut Complaints) -> Telemetry {
    let written: written::Telemetry = read::section(table, "telemetry", complaints);
    let mut at = Section::new("telemetry", complaints);
    let log = at.check(
        "log",
        written.log,
        |filter| match tracing_subscriber::EnvFilter::try_new(filter) {
            Ok(_) if !filter.trim().is_empty() => Ok(filter.to_owned()),
            _ => Err(
                "must be a level (error, warn, info, debug) or a list such as \
                      \"info,qrpayd::scanner=debug\"",
            ),
        },
    );
    Telemetry {
        log: log.unwrap_or_else(|| "info".to_owned()),
    }
}
