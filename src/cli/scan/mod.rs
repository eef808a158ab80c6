//! `qrpayd scan`: which devices look like scanners, what one is set to, what it delivers.
//!
//! Without options it lists; with `--device` it asks for a code and prints what to
//! configure; with `--config` it shows what the configured scanners deliver; with
//! `--replay` what a recording does. Codes are masked, and recordings that are written
//! hold dummies in their places, unless `--raw` says otherwise.

mod guide;
mod list;
mod live;
mod play;
mod report;

use super::exit::{CONFIG, OK, USAGE, fail};
use crate::config::Config;
use crate::domain::code::Classifier;
use crate::scanner::recording::Setup;
use report::Report;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct ScanArgs {
    /// Show what this configuration's scanners deliver, classified by its wallets
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Find out what a scanner is set to: an input or hidraw node, or a serial port
    #[arg(long, value_name = "PATH", conflicts_with = "replay")]
    device: Option<PathBuf>,
    /// Play a recording
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Write a recording, with dummies in the place of codes
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Keep the codes in the recording: they may be worth money
    #[arg(long, requires = "record")]
    raw: bool,
    /// The layout that a keyboard scanner is set to, where the recording does not say
    #[arg(long, value_name = "us|gb|fr|be|de|ch|es|it")]
    layout: Option<String>,
    /// What ends a scan, where the recording does not say
    #[arg(long, value_name = "NAME")]
    terminator: Option<String>,
    /// Bits a second of a serial port
    #[arg(long, value_name = "N", default_value_t = 9600)]
    baud: u32,
    /// The text of a code that is scanned instead of the one on the screen
    #[arg(long, value_name = "TEXT")]
    expect: Option<String>,
    /// How long to wait for a scan
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
    /// Stop after so many scans and voids of the configured scanners
    #[arg(long, value_name = "N")]
    count: Option<usize>,
    /// A JSON object a line
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) fn run(args: &ScanArgs, output: &mut dyn Write) -> u8 {
    let config = match args.config.as_deref().map(crate::config::load) {
        None => None,
        Some(Ok(config)) => Some(config),
        Some(Err(complaints)) => {
            return fail(
                CONFIG,
                &format!("the configuration is not usable:\n{complaints}"),
            );
        }
    };
    let setup = match setup(args) {
        Ok(setup) => setup,
        Err(text) => return fail(USAGE, &text),
    };
    let core = Classifier::core();
    let classifier = config
        .as_ref()
        .map_or(&core, |config: &Config| &config.classifier);
    let mut report = Report::new(output, classifier, args.json);
    match (&args.replay, &args.device, &config) {
        (Some(file), ..) => play::run(args, file, &setup, &mut report),
        (None, Some(device), _) => guide::run(args, device, setup, &mut report),
        (None, None, Some(config)) => live::run(args, config, &mut report),
        (None, None, None) => match list::run(&mut report) {
            Ok(()) => OK,
            Err(error) => report::broken(&error),
        },
    }
}

fn setup(args: &ScanArgs) -> Result<Setup, String> {
    let mut setup = Setup::default();
    for (key, value) in [("layout", &args.layout), ("terminator", &args.terminator)] {
        if let Some(value) = value
            && !setup.set(key, value)
        {
            return Err(format!(
                "--{key} {value} is none that is known: docs/scanners.md lists them"
            ));
        }
    }
    Ok(setup)
}
