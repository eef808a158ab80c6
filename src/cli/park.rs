//! `qrpayd park`: sets one attempt aside in the journal of a service that is down.
//!
//! When the service ends over one attempt at every start, its log names that
//! attempt. Parked, nothing is asked or decided about it: the lane works again, and
//! the duty is listed until a person takes the attempt up again or closes it.

use super::exit::{IO_ERROR, OK, USAGE, fail};
use super::with_config;
use crate::domain;
use crate::service::view::read_obligation_id;
use crate::service::{ParkError, park_in};
use std::io::Write;
use std::path::PathBuf;

/// Sets an attempt aside, so that the service starts without it; or takes it up again.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Park {
    /// The configuration file, for the journal's place
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The attempt, as the log and `qrpayd duties` name it
    attempt: String,
    /// Who does it
    #[arg(long)]
    name: String,
    /// Why
    #[arg(long)]
    reason: String,
    /// Take it up again
    #[arg(long)]
    undo: bool,
}

/// Runs the command.
pub(super) fn run(args: &Park, out: &mut impl Write) -> u8 {
    let Some(id) = read_obligation_id(&args.attempt) else {
        return fail(
            USAGE,
            "an attempt is TENDER-NUMBER, as `qrpayd duties` shows it",
        );
    };
    with_config(&args.config, |config| {
        let (name, reason) = (&args.name, &args.reason);
        let parked = park_in(&config.journal.path, &id, |tender, number| {
            match args.undo {
                false => domain::park(tender, number, name, reason),
                true => domain::unpark(tender, number, name, reason),
            }
        });
        match parked {
            Ok(_) => {
                let done = match args.undo {
                    false => "is parked: start the service; `qrpayd duties` lists what is owed",
                    true => "is taken up again at the next start",
                };
                let _ = writeln!(out, "attempt {} {done}", args.attempt);
                OK
            }
            Err(error @ ParkError::Denied(_)) => fail(USAGE, &error.to_string()),
            Err(error) => fail(IO_ERROR, &format!("{error}; stop the service first")),
        }
    })
}
