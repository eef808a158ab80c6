//! Writes recordings that are read again.

use super::directive::ENDS;
use super::{Device, Recording, Sent, Setup, Step, Track, serial};
use crate::scanner::keymap::Layout;
use crate::scanner::typing::{NotTypable, strokes};
use std::fmt::Write;
use std::time::Duration;

/// Writes the recording of a US keyboard scanner that reads `text` and ends with
/// Enter: one millisecond a transition, as fast scanners do.
///
/// # Errors
/// When the text is not printable ASCII.
pub fn record(text: &str) -> Result<String, NotTypable> {
    if !text.is_ascii() {
        return Err(NotTypable);
    }
    let mut recording = String::from(DESCRIPTION);
    for event in strokes(Layout::Us, text, Duration::from_micros(1))? {
        let sent = Sent::Event {
            kind: event.kind,
            code: event.code,
            value: event.value,
        };
        line(&mut recording, event.at, &sent);
    }
    Ok(recording)
}

/// Writes one track of a recording: events as evemu does, reports as hid-recorder, reads
/// of a serial line in our own form. Times begin with the first step.
pub(crate) fn write(recording: &Recording, track: usize) -> String {
    let mut text = String::new();
    let of_track = || recording.steps.iter().filter(|step| step.track == track);
    let begin = of_track().map(|step| step.at).min().unwrap_or_default();
    match recording.tracks.get(track) {
        Some(Track::Events) => text.push_str("# EVEMU 1.3\n"),
        Some(Track::Reports(device)) => describe(&mut text, device),
        Some(Track::Serial) | None => {}
    }
    settings(&mut text, &recording.setup);
    for Step { at, sent, .. } in of_track() {
        // evemu's first event is at one microsecond.
        let at = at.saturating_sub(begin) + Duration::from_micros(1);
        line(&mut text, at, sent);
    }
    text
}

fn describe(text: &mut String, device: &Device) {
    let Device {
        descriptor,
        vendor,
        product,
    } = device;
    let _ = writeln!(text, "R: {}{}", descriptor.len(), hex(descriptor));
    let _ = writeln!(text, "I: 3 {vendor:04x} {product:04x}");
}

fn settings(text: &mut String, setup: &Setup) {
    let layout = Layout::ALL
        .iter()
        .find(|(_, layout)| Some(*layout) == setup.layout);
    let end = ENDS.iter().find(|(_, end)| Some(*end) == setup.end);
    if layout.is_none() && end.is_none() && setup.gap.is_none() {
        return;
    }
    text.push_str("# qrpayd:");
    for (key, value) in [
        ("layout", layout.map(|(n, _)| n)),
        ("terminator", end.map(|(n, _)| n)),
    ] {
        if let Some(value) = value {
            let _ = write!(text, " {key}={value}");
        }
    }
    if let Some(gap) = setup.gap {
        let _ = write!(text, " gap_ms={}", gap.as_millis());
    }
    text.push('\n');
}

fn line(text: &mut String, at: Duration, sent: &Sent) {
    let (seconds, micros) = (at.as_secs(), at.subsec_micros());
    let _ = match sent {
        Sent::Event { kind, code, value } => writeln!(
            text,
            "E: {seconds}.{micros:06} {kind:04x} {code:04x} {value:04}"
        ),
        Sent::Report(report) => writeln!(
            text,
            "E: {seconds:06}.{micros:06} {}{}",
            report.len(),
            hex(report)
        ),
        Sent::Bytes(bytes) => writeln!(text, "{seconds}.{micros:06} {}", serial::escape(bytes)),
        Sent::Break => writeln!(text, "{seconds}.{micros:06} break"),
        Sent::Lost => writeln!(text, "{seconds}.{micros:06} lost"),
        Sent::Opened => writeln!(text, "{seconds}.{micros:06} opened"),
        Sent::Unplugged => writeln!(text, "{seconds}.{micros:06} unplugged"),
    };
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, " {byte:02x}");
        text
    })
}

/// A scanner that does not exist: a boot keyboard with three LEDs.
const DESCRIPTION: &str = "\
# EVEMU 1.3
# A US keyboard scanner, one millisecond a transition, Enter at the end.
N: Example Handheld Scanner
I: 0003 ffff 0035 0110
P: 00 00 00 00 00 00 00 00
B: 00 13 00 12 00 00 00 00 00
B: 01 fe ff ff ff ff ff ff ff
B: 01 ff ff ef ff df ff be fe
B: 01 ff 57 40 c1 7a 20 9f ff
B: 01 07 00 00 00 00 00 01 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 01 00 00 00 00 00 00 00 00
B: 04 10 00 00 00 00 00 00 00
B: 11 07 00 00 00 00 00 00 00
L: 00 0
L: 01 0
L: 02 0
";
