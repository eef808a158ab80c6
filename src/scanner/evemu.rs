//! Reads and writes evemu recordings of keyboard scanners.
//!
//! A recording is a description of the device (which may be missing) and events,
//! one a line; lines that begin with `#` are comments
//! (<https://gitlab.freedesktop.org/libevdev/evemu>, `README.md`, `src/evemu.c`;
//! versions 1.0 to 1.3). Every line is checked; an error names its line and never
//! its content, because keys are a payment code.

use super::decode::Event;
use super::framer::{End, GAP, Outcome, Profile};
use super::keyboard::{self, Keyboard, Recorded};
use super::keymap::Layout;
use super::typing::{NotTypable, strokes};
use std::fmt::{self, Write};
use std::time::Duration;

/// Bytes of the largest recording: hours of scanning.
pub const SIZE_MAX: usize = 8 << 20;

/// Events of the largest recording.
pub const EVENTS_MAX: usize = 250_000;

/// Why a text is no recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingError {
    /// The line, from 1; 0 for the recording as a whole.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(self.what),
            line => write!(f, "line {line}: {}", self.what),
        }
    }
}

impl std::error::Error for RecordingError {}

/// Returns exactly the scans and voids of a recording, as a US keyboard scanner
/// with Enter would deliver them.
///
/// # Errors
/// When the text is no recording.
pub fn scans_of(recording: &str) -> Result<Vec<Outcome>, RecordingError> {
    let profile = Profile {
        end: End::Cr,
        gap: GAP,
    };
    Ok(keyboard::outcomes(
        &Recorded::new(parse(recording)?),
        Keyboard::new(Layout::Us, profile),
    ))
}

/// Reads the events of a recording.
pub(crate) fn parse(recording: &str) -> Result<Vec<Event>, RecordingError> {
    if recording.len() > SIZE_MAX {
        return Err(RecordingError {
            line: 0,
            what: "the recording is larger than 8 MiB: cut it into shorter ones",
        });
    }
    let mut version = 0;
    let mut section = "";
    let mut events = Vec::new();
    // Also takes the CR of CR LF line ends.
    for (n, line) in recording.lines().enumerate() {
        let fault = |what| RecordingError { line: n + 1, what };
        if let Some(comment) = line.strip_prefix('#') {
            if n == 0
                && let Some(text) = comment.strip_prefix(" EVEMU ")
            {
                version = minor_version(text).ok_or(fault("evemu versions are 1.0 to 1.3"))?;
            }
            continue;
        }
        if line.trim().is_empty() {
            continue;
        }
        let (tag, rest) = line.split_once(':').ok_or(fault(LINE))?;
        let order = |tag| SECTIONS.iter().position(|section| *section == tag);
        let place = order(tag).ok_or(fault(LINE))?;
        match order(section) {
            Some(before) if place < before => return Err(fault(ORDER)),
            Some(before) if place == before && matches!(tag, "N" | "I") => {
                return Err(fault("a description has one name and one set of ids"));
            }
            _ => section = SECTIONS[place],
        }
        if tag != "E" {
            description(tag, rest, version).map_err(fault)?;
            continue;
        }
        if events.len() == EVENTS_MAX {
            return Err(fault("more than 250000 events: cut the recording"));
        }
        events.push(event(rest, version).ok_or(fault(
            "an event is `E: seconds.microseconds type code value`, with six digits of \
             microseconds, type and code in hex and the value in decimal",
        ))?);
    }
    if events.is_empty() {
        return Err(RecordingError {
            line: 0,
            what: "the recording has no events",
        });
    }
    Ok(events)
}

/// The kinds of lines, in the order in which they may stand.
const SECTIONS: [&str; 8] = ["N", "I", "P", "B", "A", "L", "S", "E"];
const LINE: &str = "a line begins with N: I: P: B: A: L: S: E: or #";
const ORDER: &str = "out of order: a description is N I P B A L S, then come events";

fn minor_version(text: &str) -> Option<u8> {
    match text.trim_end().strip_prefix("1.")?.as_bytes() {
        [minor @ b'0'..=b'3'] => Some(minor - b'0'),
        _ => None,
    }
}

/// Checks a line of the description. Nothing of it is used: what the device is
/// able to send does not matter to what it sent.
fn description(tag: &str, rest: &str, version: u8) -> Result<(), &'static str> {
    let words: Vec<&str> = rest.split_ascii_whitespace().collect();
    let hex = |digits, words: &[&str]| words.iter().all(|word| hexadecimal(word, digits).is_some());
    let number = |words: &[&str]| words.iter().all(|word| decimal(word).is_some());
    let (right, what) = match tag {
        "N" => (rest.starts_with(' '), "a name is `N: text`"),
        "I" => (
            words.len() == 4 && hex(4, &words),
            "ids are `I: bus vendor product version`, four hex digits each",
        ),
        "P" => (
            words.len() == 8 && hex(2, &words),
            "properties are `P:` and eight bytes in hex",
        ),
        "B" => (
            words.len() == 9 && hex(2, &words),
            "codes are `B: type` and eight bytes in hex",
        ),
        "A" => (
            // The resolution came with version 1.1.
            (words.len() == 6 || (version == 0 && words.len() == 5))
                && hex(2, &words[..1])
                && number(&words[1..]),
            "an axis is `A: code min max fuzz flat resolution`",
        ),
        _ => (
            words.len() == 2 && hex(2, &words[..1]) && number(&words[1..]),
            "a state is `L: code state` or `S: code state`",
        ),
    };
    if right { Ok(()) } else { Err(what) }
}

fn event(rest: &str, version: u8) -> Option<Event> {
    let rest = rest.split_once('#').map_or(rest, |(event, _)| event);
    let mut words = rest.split_ascii_whitespace();
    let (seconds, micros) = words.next()?.split_once('.')?;
    let kind = words.next()?;
    let code = words.next()?;
    let value = words.next()?;
    if words.next().is_some() || micros.len() != 6 {
        return None;
    }
    let kind_digits = if version == 0 && kind.len() == 2 {
        2
    } else {
        4
    };
    Some(Event {
        at: Duration::from_secs(unsigned(seconds)?) + Duration::from_micros(unsigned(micros)?),
        kind: hexadecimal(kind, kind_digits)?,
        code: hexadecimal(code, 4).filter(|code| *code <= KEY_MAX)?,
        value: decimal(value)?,
    })
}

/// The largest code of any event type (Linux `input-event-codes.h`).
const KEY_MAX: u16 = 0x2ff;

fn hexadecimal(word: &str, digits: usize) -> Option<u16> {
    let right = word.len() == digits && word.bytes().all(|b| b.is_ascii_hexdigit());
    right.then(|| u16::from_str_radix(word, 16).ok())?
}

/// At most ten digits: seconds of a clock, never a sum that overflows.
fn unsigned(word: &str) -> Option<u64> {
    let right = word.len() <= 10 && word.bytes().all(|b| b.is_ascii_digit());
    right.then(|| word.parse().ok())?
}

fn decimal(word: &str) -> Option<i32> {
    if word.starts_with('+') {
        return None;
    }
    word.parse().ok()
}

/// Writes the recording of a US keyboard scanner that reads `text` and ends with
/// Enter: one millisecond a transition, as fast scanners do.
///
/// # Errors
/// When the text is not printable ASCII.
pub fn record(text: &str) -> Result<String, NotTypable> {
    let mut recording = String::from(DESCRIPTION);
    for event in strokes(Layout::Us, text, Duration::from_micros(1))? {
        let _ = writeln!(
            recording,
            "E: {}.{:06} {:04x} {:04x} {:04}",
            event.at.as_secs(),
            event.at.subsec_micros(),
            event.kind,
            event.code,
            event.value
        );
    }
    Ok(recording)
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
