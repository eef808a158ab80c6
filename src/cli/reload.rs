//! SIGHUP: the configuration is read again, and what can change under working lanes does.
//!
//! That is the log's filter. All else (lanes, devices, keys, the API's address and its
//! tokens) is what open payments were begun with: a change of it is named and waits for
//! the next start, which finishes what is in flight. A configuration that is wrong
//! changes nothing and is told.

use crate::config::{self, Config};
use std::path::PathBuf;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Changes the filter of the log; says why it did not.
pub(super) type Refilter = Box<dyn Fn(EnvFilter) -> Result<(), String> + Send>;

/// What a reload compares with.
pub(super) struct Reload {
    hangup: Signal,
    path: PathBuf,
    running: Config,
    refilter: Refilter,
}

impl Reload {
    /// Watches for SIGHUP, which would end the process otherwise.
    pub(super) fn new(path: PathBuf, running: Config, refilter: Refilter) -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            path,
            running,
            refilter,
        })
    }

    /// Reloads at each SIGHUP, for as long as the service runs.
    pub(super) async fn watch(mut self) {
        while self.hangup.recv().await.is_some() {
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Reloading]);
            self.reload();
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        }
    }

    fn reload(&mut self) {
        let written = match config::load(&self.path) {
            Ok(written) => written,
            Err(complaints) => {
                tracing::error!(
                    "the configuration was not taken, the one of before is still in use: \
                     {complaints}"
                );
                return;
            }
        };
        match (self.refilter)(EnvFilter::new(&written.telemetry.log)) {
            Ok(()) => tracing::info!(log = written.telemetry.log, "reloaded"),
            Err(error) => tracing::error!("the log's filter stays as it is: {error}"),
        }
        self.running.telemetry = written.telemetry.clone();
        let waiting = differing(&self.running, &written);
        if !waiting.is_empty() {
            tracing::warn!(
                sections = waiting.join(", "),
                "changed in the configuration, and in use only after: systemctl restart qrpayd"
            );
        }
    }
}

/// Sections that are not as they were.
fn differing(running: &Config, written: &Config) -> Vec<&'static str> {
    [
        ("store", running.store != written.store),
        ("lane", running.lanes != written.lanes),
        ("scanner", running.scanners != written.scanners),
        ("gateway.payby", running.payby != written.payby),
        ("gateway.codepay", running.codepay != written.codepay),
        ("codes", running.classifier != written.classifier),
        ("journal", running.journal != written.journal),
        ("api", running.api != written.api),
        ("notify", running.notify != written.notify),
    ]
    .into_iter()
    .filter_map(|(section, differs)| differs.then_some(section))
    .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_named_by_its_section() {
        let sample = include_str!("../../config/qrpayd.toml");
        let running = config::parse(sample).unwrap();
        for (old, new, sections) in [
            ("ceiling = \"5000.00\"", "ceiling = \"50.00\"", vec!["lane"]),
            // The gateway is told the store's name.
            (
                "name = \"Corner Grocery\"",
                "name = \"C\"",
                vec!["store", "gateway.payby"],
            ),
            ("product = \"0b6a\"", "product = \"0b6b\"", vec!["scanner"]),
            ("[telemetry]", "[telemetry]\nlog = \"debug\"", vec![]),
            ("[api]", "[api]\nlisten = \"127.0.0.1:8788\"", vec!["api"]),
            (
                "[journal]",
                "[journal]\npath = \"/var/lib/qrpayd/other.db\"",
                vec!["journal"],
            ),
        ] {
            let changed = sample.replacen(old, new, 1);
            assert_ne!(changed, sample, "{old}");
            let written = config::parse(&changed).unwrap();
            assert_eq!(differing(&running, &written), sections, "{new}");
        }
    }
}
