//! Asks for a code whose text is known, and prints what the scanner is set to.

use super::super::exit::{IO_ERROR, OK, UNAVAILABLE, fail};
use super::report::{Report, broken};
use super::{ScanArgs, play};
use crate::scanner::capture::Capture;
use crate::scanner::findings::{self, Findings, KNOWN};
use crate::scanner::recording::{Setup, Track};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::json;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Silence after which a scan has ended, whatever the scanner sends.
const QUIET: Duration = Duration::from_millis(1200);

pub(super) fn run(args: &ScanArgs, device: &Path, setup: Setup, report: &mut Report<'_>) -> u8 {
    let mut capture = match Capture::open(device, args.baud) {
        Ok(capture) => capture,
        Err(error) => return fail(UNAVAILABLE, &error.to_string()),
    };
    let known = args.expect.as_deref().unwrap_or(KNOWN);
    if let Err(error) = ask(args, known, report) {
        return broken(&error);
    }
    match capture.read(QUIET, Duration::from_secs(args.wait)) {
        Ok(true) => {}
        Ok(false) => {
            return fail(
                UNAVAILABLE,
                &format!(
                    "nothing came from {} in {} s: is it the scanner, is it on, does it beep? A \
                     serial one may need another --baud",
                    device.display(),
                    args.wait
                ),
            );
        }
        Err(error) => return fail(IO_ERROR, &format!("{}: {error}", device.display())),
    }
    let mut recording = capture.recording;
    let found = findings::of(&recording, known);
    recording.setup = setup;
    let found = found.inspect(|found| {
        if let Some(layout) = found.layouts.first() {
            let _ = recording.setup.set("layout", layout);
        }
        let _ = recording.setup.set("terminator", found.terminator);
    });
    let told = match &found {
        Some(found) => tell(device, found, kind(&recording.tracks[0]), args, report),
        None => report.say(
            "What came is not the text of that code. What it is with these settings follows; with \
             another code, say its text with --expect.",
        ),
    };
    match told.and_then(|()| play::outcomes(&recording, report)) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return fail(UNAVAILABLE, &error.to_string()),
        Err(error) => return broken(&error),
    }
    match play::record(args, recording, report) {
        Ok(()) if found.is_some() => OK,
        Ok(()) => UNAVAILABLE,
        Err(text) => fail(IO_ERROR, &text),
    }
}

fn ask(args: &ScanArgs, known: &str, report: &mut Report<'_>) -> io::Result<()> {
    if args.expect.is_some() {
        return report.say(&format!("Scan the code with the text {known:?} now."));
    }
    if let Ok(code) = QrCode::new(known) {
        // Terminals are dark: their ink is light.
        let mut drawing = code.render::<Dense1x2>();
        let drawing = drawing
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark);
        report.say(&drawing.build())?;
    }
    report.say("Scan the code on the screen now.")
}

fn kind(track: &Track) -> &'static str {
    match track {
        Track::Events => "evdev",
        Track::Reports(_) => "hidraw",
        Track::Serial => "serial",
    }
}

/// Prints what was found, and the configuration to paste.
fn tell(
    device: &Path,
    found: &Findings,
    kind: &str,
    args: &ScanArgs,
    report: &mut Report<'_>,
) -> io::Result<()> {
    let mut table = format!(
        "[[scanner]]\nid = \"counter\"\nkind = \"{kind}\"\nmatch = {{ path = {:?} }}\n",
        device.display().to_string()
    );
    if let Some(layout) = found.layouts.first() {
        table.push_str(&format!("layout = \"{layout}\"\n"));
    }
    match (kind, found.terminator) {
        ("hidraw", _) => {}
        (_, "stx_etx") => table.push_str("terminator = \"etx\"\n"),
        (_, "stx_etx_check") => table.push_str("terminator = \"etx_check\"\n"),
        (_, terminator) => table.push_str(&format!("terminator = \"{terminator}\"\n")),
    }
    if found.aim_id.is_some() && kind != "hidraw" {
        table.push_str("aim_id = true\n");
    }
    if kind == "serial" {
        table.push_str(&format!("baud = {}\n", args.baud));
    }
    let mut text = format!(
        "It works: {} ms for the code, {} ms at most between keys.",
        found.took.as_millis(),
        found.pause.as_millis()
    );
    if found.layouts.len() > 1 {
        text.push_str(&format!(
            "\nIt could be any of {}.",
            found.layouts.join(", ")
        ));
    }
    if found.pause > Duration::from_millis(200) {
        text.push_str("\nIt is slow: make gap_ms at least twice that, or speed it up.");
    }
    if found.terminator == "none" && kind == "serial" {
        text.push_str(
            "\nIt sends nothing after a code: set it to send CR, or two scans become one.",
        );
    }
    text.push_str("\n\n");
    text.push_str(&table);
    let json = json!({
        "layouts": found.layouts,
        "terminator": found.terminator,
        "aim_id": found.aim_id,
        "took_ms": u64::try_from(found.took.as_millis()).unwrap_or(u64::MAX),
        "pause_ms": u64::try_from(found.pause.as_millis()).unwrap_or(u64::MAX),
        "configuration": table,
    });
    report.line(&text, &json)
}
