//! What concerns this machine alone: the table of codes, the journal's place, the log.

use super::complaints::Complaints;
use super::section::{Section, absolute_path, line_of_text};
use super::{read, written};
use std::path::PathBuf;
use toml::Table;

/// Groups of the built-in table.
const PROFILES: [&str; 6] = ["core", "cn", "jp", "kr", "tw", "th"];

/// `[codes]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Codes {
    /// Groups of wallets beside `core`, which is always on.
    pub profiles: Vec<String>,
    /// A table of wallets instead of the built-in one.
    pub wallets: Option<PathBuf>,
}

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

pub(super) fn codes(table: Option<Table>, complaints: &mut Complaints) -> Codes {
    let written: written::Codes = read::section(table, "codes", complaints);
    let mut at = Section::new("codes", complaints);
    let own_table = written.wallets.is_some();
    let wallets = at.check("wallets", written.wallets, absolute_path);
    let mut profiles = Vec::new();
    for name in written.profiles.unwrap_or_default() {
        let profile = at.check("profiles", Some(name), |name| match name {
            "payby" => Err("\"payby\" is on by itself where [gateway.payby] is; remove it here"),
            // An own table has the groups that it has.
            _ if own_table || PROFILES.contains(&name) => line_of_text(16)(name)
                .map_err(|_| "every entry must be the name of a group in the table"),
            _ => Err("every entry must be one of core, cn, jp, kr, tw, th"),
        });
        match profile {
            Some(name) if name != "core" && !profiles.contains(&name) => profiles.push(name),
            _ => {}
        }
    }
    Codes { profiles, wallets }
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
