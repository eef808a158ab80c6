//! Events that a program printed, one a line: evtest, python-evdev, and readers of one's
//! own that print numbers.
//!
//! ```text
//! Event: time 1700000000.000001, type 1 (EV_KEY), code 2 (KEY_1), value 1
//! key event at 1700000000.000001, 2 (KEY_1), down
//! event at 1700000000.000001, code 02, type 01, val 01
//! 1700000000.000001 1 2 1        or without the type: 1700000000.000001 2 1
//! ```
//!
//! Types and codes may be numbers or names. People paste such prints with a prompt in
//! front, without the ends of frames, or cut: what is no event is passed over, except
//! that a line which begins as an event and is none is an error, unless it is the last.

use super::keynames;
use super::words::{decimal, lines, seconds};
use super::{Draft, RecordingError, Sent, Track};
use crate::scanner::decode::{EV_KEY, EV_MSC, EV_SYN, SYN_DROPPED, SYN_REPORT};
use std::time::Duration;

const EVENT: &str = "an event is `Event: time SECONDS, type T, code C, value V`, \
                     `key event at SECONDS, CODE, down`, or numbers: SECONDS CODE VALUE";

pub(super) fn is_event(line: &str) -> bool {
    let marked = MARKS.iter().any(|mark| line.contains(mark));
    marked || numbers(line).is_some()
}

const MARKS: [&str; 3] = ["Event: time ", "key event at ", "event at "];

pub(super) fn read(text: &str, draft: &mut Draft) -> Result<(), RecordingError> {
    let mut track = None;
    let last = lines(text).last().map_or(0, |(n, _)| n);
    for (n, line) in lines(text) {
        let fault = |what| RecordingError { line: n, what };
        // The header of evtest begins another device.
        if line.starts_with("Input driver version is ") {
            track = None;
        }
        let marked = MARKS.iter().find_map(|mark| {
            let (_, rest) = line.split_once(mark)?;
            Some((*mark, rest))
        });
        let event = match marked {
            Some(("Event: time ", rest)) => evtest(rest),
            Some(("key event at ", rest)) => python(rest),
            Some((_, rest)) => python_raw(rest),
            None => match numbers(line) {
                Some(event) => Some(event),
                None => continue,
            },
        };
        let Some((at, sent)) = event else {
            if n == last {
                break;
            }
            return Err(fault(EVENT));
        };
        let track = match track {
            Some(track) => track,
            None => *track.insert(draft.track(Track::Events).map_err(fault)?),
        };
        draft.push(at, track, sent).map_err(fault)?;
    }
    Ok(())
}

fn evtest(rest: &str) -> Option<(Duration, Sent)> {
    let (time, rest) = rest.split_once(',')?;
    let at = seconds(time.trim())?;
    let event = |kind, code, value| Some((at, Sent::Event { kind, code, value }));
    if rest.contains("SYN_DROPPED") {
        return event(EV_SYN, SYN_DROPPED, 0);
    }
    if rest.contains("SYN_REPORT") || rest.contains("Report Sync") {
        return event(EV_SYN, SYN_REPORT, 0);
    }
    // Later fields may hold commas in their names.
    let (kind, rest) = rest.split_once("type ")?.1.split_once(", code ")?;
    let (code, value) = rest.rsplit_once(", value ")?;
    let kind = number(kind, keynames::kind)?;
    let code = number(code, keynames::code)?;
    let value = value.trim();
    // Scan codes are printed in hex; what they are does not matter.
    let value = if kind == EV_MSC { 0 } else { decimal(value)? };
    event(kind, code, value)
}

fn python(rest: &str) -> Option<(Duration, Sent)> {
    let (time, rest) = rest.split_once(',')?;
    let (code, state) = rest.rsplit_once(',')?;
    let value = match state.trim() {
        "up" => 0,
        "down" => 1,
        "hold" => 2,
        _ => return None,
    };
    let sent = Sent::Event {
        kind: EV_KEY,
        code: number(code, keynames::code)?,
        value,
    };
    Some((seconds(time.trim())?, sent))
}

fn python_raw(rest: &str) -> Option<(Duration, Sent)> {
    let mut fields = rest.split(',').map(str::trim);
    let at = seconds(fields.next()?)?;
    let mut field = |name| fields.next()?.strip_prefix(name);
    let code = field("code ")?.parse().ok()?;
    let kind = field("type ")?.parse().ok()?;
    let value = decimal(field("val ")?)?;
    Some((at, Sent::Event { kind, code, value }))
}

/// `SECONDS [TYPE] CODE VALUE`, in numbers or names.
fn numbers(line: &str) -> Option<(Duration, Sent)> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let (time, kind, code, value) = match words[..] {
        [time, code, value] => (time, EV_KEY, code, value),
        [time, kind, code, value] => (time, number(kind, keynames::kind)?, code, value),
        _ => return None,
    };
    // A time with a point: reports in numbers are none.
    let at = seconds(time).filter(|_| time.contains('.'))?;
    let code = match (kind, code) {
        (EV_SYN, "SYN_REPORT") => SYN_REPORT,
        (EV_SYN, "SYN_DROPPED") => SYN_DROPPED,
        _ => number(code, keynames::code)?,
    };
    let value = decimal(value)?;
    Some((at, Sent::Event { kind, code, value }))
}

/// A number, with or without its name behind it, or a name alone.
fn number(text: &str, by_name: fn(&str) -> Option<u16>) -> Option<u16> {
    let word = text.split_ascii_whitespace().next()?;
    word.parse().ok().or_else(|| by_name(word))
}
