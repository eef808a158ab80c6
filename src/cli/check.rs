//! `qrpayd check`: what a configuration cannot show by itself.
//!
//! The configuration was read before this runs, with every complaint at once.
//! Now its parts are tried: keys, devices, the disk under the journal, the
//! gateway and its clock. Nothing is paid, nothing is changed.

use super::assemble;
use super::exit::{CONFIG, OK, UNAVAILABLE, fail};
use crate::config::Config;
use crate::scanner::{self, Delivery, ScannerState, What};
use crate::service::{CLOCK_ERROR_MAX, Parts};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long a device may take to open.
const DEVICE_LIMIT: Duration = Duration::from_secs(3);

/// Flushes that are timed.
const FLUSHES: u32 = 20;

/// One line for each thing that was tried. The exit code is [`OK`] when all are good.
pub(super) async fn check(config: Config) -> u8 {
    println!("configuration  ok");
    let parts = match assemble::parts(&config) {
        Ok(parts) => parts,
        Err(complaints) => return fail(CONFIG, &complaints),
    };
    println!("keys           ok");
    let mut good = flush_time(&parts.journal);
    for (id, (gateway, _)) in &parts.gateways {
        gateway.warm().await;
        good &= match gateway.clock_error() {
            Some(error) if error > CLOCK_ERROR_MAX => tell(
                &format!("gateway {id}"),
                Err(format!(
                    "this machine's clock is {} s off the gateway's: set up time synchronisation",
                    error.as_secs()
                )),
            ),
            Some(error) => tell(
                &format!("gateway {id}"),
                Ok(format!(
                    "reached; clocks agree within {} s",
                    error.as_secs() + 1
                )),
            ),
            None => tell(
                &format!("gateway {id}"),
                Err(
                    "did not answer: check the network, the firewall and gateway base_url"
                        .to_owned(),
                ),
            ),
        };
    }
    good &= devices(parts).await;
    if good { OK } else { UNAVAILABLE }
}

fn tell(what: &str, outcome: Result<String, String>) -> bool {
    match &outcome {
        Ok(text) => println!("{what:<14} ok: {text}"),
        Err(text) => println!("{what:<14} FAILED: {text}"),
    }
    outcome.is_ok()
}

/// How long the disk takes to make a record durable; every payment waits for a few.
fn flush_time(journal: &Path) -> bool {
    // The journal's own folder may not be there yet: the nearest one that is.
    let folders = journal.ancestors().skip(1);
    let folder = { folders }.find(|folder| folder.is_dir());
    let folder = folder.unwrap_or(Path::new("/"));
    let timed = || -> std::io::Result<Duration> {
        let path = folder.join(format!(".qrpayd-check-{}", std::process::id()));
        let mut file = File::create_new(&path)?;
        let start = Instant::now();
        let mut flush = || {
            (0..FLUSHES).try_for_each(|_| {
                file.write_all(&[0; 4096])?;
                file.sync_data()
            })
        };
        let done = flush();
        fs::remove_file(&path)?;
        done.map(|()| start.elapsed() / FLUSHES)
    };
    tell(
        "journal's disk",
        match timed() {
            Ok(mean) => Ok(format!(
                "a flush takes {:.2} ms",
                mean.as_secs_f64() * 1000.0
            )),
            Err(error) => Err(format!(
                "cannot write in {}: {error}; make it writable for this user",
                folder.display()
            )),
        },
    )
}

/// Opens each device and gives it back.
async fn devices(parts: Parts) -> bool {
    let mut good = true;
    for (lane, settings) in parts.scanners {
        let name = format!("scanner {}", settings.id);
        let (deliveries, mut arriving) = mpsc::channel(16);
        let running = scanner::start(settings, deliveries);
        let state = tokio::time::timeout(DEVICE_LIMIT, first_state(&mut arriving)).await;
        drop(running);
        good &= tell(
            &name,
            match state {
                Ok(Some(ScannerState::Ready)) => Ok(format!("opened for lane {lane}")),
                Ok(Some(ScannerState::Absent(text) | ScannerState::Failed(text))) => Err(text),
                Ok(None) | Err(_) => Err("did not say whether it is there".to_owned()),
            },
        );
    }
    good
}

async fn first_state(arriving: &mut mpsc::Receiver<Delivery>) -> Option<ScannerState> {
    while let Some(delivery) = arriving.recv().await {
        if let What::State(state) = delivery.what {
            return Some(state);
        }
    }
    None
}
