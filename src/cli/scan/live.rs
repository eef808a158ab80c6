//! What the configured scanners deliver, as the service would see it.

use super::super::exit::{OK, USAGE, fail};
use super::ScanArgs;
use super::report::{Report, broken};
use crate::config::Config;
use crate::scanner::{self, Outcome, ScannerState, What};
use serde_json::json;
use std::io;
use tokio::sync::mpsc;

/// Deliveries that wait to be printed.
const WAITING: usize = 64;

pub(super) fn run(args: &ScanArgs, config: &Config, report: &mut Report<'_>) -> u8 {
    if args.record.is_some() {
        return fail(USAGE, "--record goes with --device or --replay");
    }
    if config.scanners.is_empty() {
        return fail(USAGE, "the configuration has no [[scanner]]");
    }
    let (sender, mut deliveries) = mpsc::channel(WAITING);
    let scanners: Vec<_> = config
        .scanners
        .iter()
        .map(|settings| scanner::start(settings.clone(), sender.clone()))
        .collect();
    drop(sender);
    let mut left = args.count;
    while left != Some(0) {
        let Some(delivery) = deliveries.blocking_recv() else {
            break;
        };
        let id = delivery.scanner.to_string();
        let (printed, counts) = match delivery.what {
            What::Scan(scan) => (report.outcome(Some(&id), &Outcome::Scan(scan.code)), true),
            What::Void(reason) => (report.outcome(Some(&id), &Outcome::Void(reason)), true),
            What::State(state) => (told(&id, &state, report), false),
        };
        if let Err(error) = printed {
            return broken(&error);
        }
        if counts {
            left = left.map(|left| left - 1);
        }
    }
    drop(scanners);
    OK
}

fn told(id: &str, state: &ScannerState, report: &mut Report<'_>) -> io::Result<()> {
    let (word, why) = match state {
        ScannerState::Ready => ("ready", None),
        ScannerState::Absent(why) => ("absent", Some(why)),
        ScannerState::Failed(why) => ("failed", Some(why)),
    };
    let text = match why {
        Some(why) => format!("{id}  {word}: {why}"),
        None => format!("{id}  {word}"),
    };
    report.line(&text, &json!({"scanner": id, "state": word, "text": why}))
}
