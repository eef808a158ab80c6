//! What evemu records of an input device.
//!
//! A recording is a description of the device (which may be missing) and events, one a
//! line (<https://gitlab.freedesktop.org/libevdev/evemu>, `README.md`, `src/evemu.c`;
//! versions 1.0 to 1.3). `umockdev` writes the same with `# device` in front. A
//! first line of either further down begins another device.

use super::words::{decimal, hexadecimal, unsigned};
use super::{Draft, RecordingError, Sent, Track};
use std::time::Duration;

pub(super) fn read(text: &str, draft: &mut Draft) -> Result<(), RecordingError> {
    let mut version = 0;
    let mut section = "";
    let mut track = None;
    for (line, n) in text.lines().zip(1..) {
        let fault = |what| RecordingError { line: n, what };
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            if let Some(text) = comment.strip_prefix(" EVEMU ") {
                version = minor_version(text).ok_or(fault("evemu versions are 1.0 to 1.3"))?;
            }
            if comment.starts_with(" EVEMU ") || comment.starts_with(" device ") {
                (section, track) = ("", None);
            }
            continue;
        }
        if line.is_empty() || line.starts_with("```") {
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
            _ => {}
        }
        section = SECTIONS[place];
        if tag != "E" {
            description(tag, rest, version).map_err(fault)?;
            continue;
        }
        let (at, sent) = event(rest, version).ok_or(fault(
            "an event is `E: seconds.microseconds type code value`, with six digits of \
             microseconds, type and code in hex and the value in decimal",
        ))?;
        let track = match track {
            Some(track) => track,
            None => *track.insert(draft.track(Track::Events).map_err(fault)?),
        };
        draft.push(at, track, sent).map_err(fault)?;
    }
    Ok(())
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

fn event(rest: &str, version: u8) -> Option<(Duration, Sent)> {
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
    let at = Duration::from_secs(unsigned(seconds)?) + Duration::from_micros(unsigned(micros)?);
    let sent = Sent::Event {
        kind: hexadecimal(kind, kind_digits)?,
        code: hexadecimal(code, 4).filter(|code| *code <= KEY_MAX)?,
        value: decimal(value)?,
    };
    Some((at, sent))
}

/// The largest code of any event type (Linux `input-event-codes.h`).
const KEY_MAX: u16 = 0x2ff;

/// Whether a line is an event of this format: two words of four digits after the time.
pub(super) fn is_event(line: &str) -> bool {
    let rest = line.strip_prefix("E:").unwrap_or_default();
    event(rest, 0).is_some()
}
