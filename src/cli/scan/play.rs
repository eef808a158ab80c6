//! Plays a recording, and writes it anew.

use super::super::exit::{IO_ERROR, OK, UNAVAILABLE, fail};
use super::ScanArgs;
use super::report::{Report, broken};
use crate::scanner::recording::{self, Player, Recording, Setup};
use std::io;
use std::path::Path;

pub(super) fn run(args: &ScanArgs, file: &Path, setup: &Setup, report: &mut Report<'_>) -> u8 {
    let name = file.display();
    let text = match recording::read(file) {
        Ok(text) => text,
        Err(error) => return fail(IO_ERROR, &format!("cannot read recording {name}: {error}")),
    };
    let mut recording = match recording::parse(&text) {
        Ok(recording) => recording,
        Err(error) => return fail(UNAVAILABLE, &format!("recording {name}: {error}")),
    };
    recording.setup.merge(setup);
    match outcomes(&recording, report) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return fail(UNAVAILABLE, &format!("recording {name}: {error}")),
        Err(error) => return broken(&error),
    }
    match record(args, recording, report) {
        Ok(()) => OK,
        Err(text) => fail(IO_ERROR, &text),
    }
}

/// Prints what a recording yields.
pub(super) fn outcomes(
    recording: &Recording,
    report: &mut Report<'_>,
) -> io::Result<Result<(), recording::RecordingError>> {
    let mut player = match Player::new(recording, &recording.setup) {
        Ok(player) => player,
        Err(error) => return Ok(Err(error)),
    };
    let mut out = Vec::new();
    for n in 0..recording.steps.len() {
        player.feed(n, &mut out);
        for outcome in out.drain(..) {
            report.outcome(None, &outcome)?;
        }
    }
    Ok(Ok(()))
}

/// Writes a recording where that was asked for: a file, or one for each device.
pub(super) fn record(
    args: &ScanArgs,
    mut recording: Recording,
    report: &mut Report<'_>,
) -> Result<(), String> {
    let Some(file) = &args.record else {
        return Ok(());
    };
    if !args.raw {
        let disguised = recording::disguise(&mut recording, report.classifier);
        disguised.map_err(|error| format!("cannot take the codes out: {error}; see --raw"))?;
    }
    for track in 0..recording.tracks.len() {
        let path = match recording.tracks.len() {
            1 => file.clone(),
            _ => file.with_extension(format!("{}.rec", track + 1)),
        };
        let text = recording::write(&recording, track);
        std::fs::write(&path, text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        let what = if args.raw {
            "codes and all"
        } else {
            "with dummies for codes"
        };
        let said = report.say(&format!("recorded {} {what}", path.display()));
        said.map_err(|error| error.to_string())?;
    }
    Ok(())
}
