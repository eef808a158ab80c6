//! Reads of a serial line, one a line: our own format, and prints of others.
//!
//! ```text
//! 0.000000 "281234567890\r"          seconds, and what was read; \r \n \t \0 \\ \" \xHH
//! 0.171 hex 32 38 0d                  the same in hex
//! 1.5 opened                          also unplugged, break, lost
//! C<TAB>09:11:34.740<TAB>P00AB<0d><0a>   a group, the time of day or -, text
//! r 16 ^X28^M                         a script of umockdev: r, a pause in ms, text
//! ```
//!
//! Without a time (`-`) a read stands alone: nothing was sent for a second before it.

use super::words::{hex_bytes, lines, seconds, unsigned};
use super::{Draft, RecordingError, Sent, Track};
use std::collections::BTreeMap;
use std::time::Duration;

const READ: &str = "a read is `SECONDS \"text\"`, `SECONDS hex 32 38 0d` or `SECONDS` and one of \
                    opened, unplugged, break, lost; text has \\r \\n \\t \\0 \\\\ \\\" \\xHH";

/// What lies before a read without a time.
const APART: Duration = Duration::from_secs(1);

enum When {
    At(Duration),
    /// After the read before it.
    Later(Duration),
}

type Read<'a> = (&'a str, When, Sent);

pub(super) fn is_read(line: &str) -> bool {
    read_line(line).is_some()
}

pub(super) fn read(text: &str, draft: &mut Draft) -> Result<(), RecordingError> {
    let mut tracks: BTreeMap<&str, (usize, Duration)> = BTreeMap::new();
    for (n, line) in lines(text) {
        let fault = |what| RecordingError { line: n, what };
        // What the host wrote, and the devices that a script opens.
        if line.starts_with("w ") || line.starts_with("d ") {
            continue;
        }
        let (group, when, sent) = read_line(line).ok_or(fault(READ))?;
        let (track, last) = match tracks.get_mut(group) {
            Some(known) => known,
            None => {
                let track = draft.track(Track::Serial).map_err(fault)?;
                tracks.entry(group).or_insert((track, Duration::ZERO))
            }
        };
        *last = match when {
            When::At(at) => at,
            When::Later(pause) => last.saturating_add(pause),
        };
        draft.push(*last, *track, sent).map_err(fault)?;
    }
    Ok(())
}

fn read_line(line: &str) -> Option<Read<'_>> {
    if let Some(read) = columns(line) {
        return Some(read);
    }
    if let Some(rest) = line.strip_prefix("r ") {
        let (pause, text) = rest.split_once(' ')?;
        let pause = Duration::from_millis(unsigned(pause)?);
        return Some(("", When::Later(pause), Sent::Bytes(caret(text)?)));
    }
    let (time, what) = line.split_once(char::is_whitespace)?;
    let when = match time {
        "-" => When::Later(APART),
        time => When::At(seconds(time)?),
    };
    let what = what.trim();
    let sent = match what {
        "opened" => Sent::Opened,
        "unplugged" => Sent::Unplugged,
        "break" => Sent::Break,
        "lost" => Sent::Lost,
        _ => Sent::Bytes(match what.strip_prefix("hex ") {
            Some(hex) => hex_bytes(hex.split_ascii_whitespace())?,
            None => unescape(what)?,
        }),
    };
    Some(("", when, sent))
}

/// `"text"` with escapes.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => return None,
            b'\\' => {
                let (&escape, after) = rest.split_first()?;
                rest = after;
                bytes.push(match escape {
                    b'r' => b'\r',
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'0' => 0,
                    b'\\' | b'"' => escape,
                    b'x' => {
                        let (hex, after) = rest.split_at_checked(2)?;
                        rest = after;
                        hex_bytes([std::str::from_utf8(hex).ok()?].into_iter())?[0]
                    }
                    _ => return None,
                });
            }
            _ => bytes.push(byte),
        }
    }
    Some(bytes)
}

/// Writes a text that [`unescape`] reads.
pub(super) fn escape(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for &byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' | b'"' => text.extend(['\\', char::from(byte)]),
            0x20..=0x7e => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push('"');
    text
}

/// A group, the time of day or `-`, and text in which `<0d>` is a byte; tabs between.
fn columns(line: &str) -> Option<Read<'_>> {
    let mut columns = line.splitn(3, '\t');
    let (group, time, text) = (columns.next()?, columns.next()?, columns.next()?);
    let when = match time.trim() {
        "-" => When::Later(APART),
        time => When::At(time_of_day(time)?),
    };
    let mut pieces = text.split('<');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let byte = piece.split_once('>').and_then(|(hex, rest)| {
            let byte = hex_bytes([hex].into_iter())?;
            Some((byte[0], rest))
        });
        match byte {
            Some((byte, rest)) => {
                bytes.push(byte);
                bytes.extend(rest.as_bytes());
            }
            None => {
                bytes.push(b'<');
                bytes.extend(piece.as_bytes());
            }
        }
    }
    Some((group, when, Sent::Bytes(bytes)))
}

fn time_of_day(time: &str) -> Option<Duration> {
    let mut parts = time.splitn(3, ':');
    let (hours, minutes) = (unsigned(parts.next()?)?, unsigned(parts.next()?)?);
    let within = hours < 24 && minutes < 60;
    let seconds = seconds(parts.next()?)?;
    within.then(|| seconds + Duration::from_secs(hours * 3600 + minutes * 60))
}

/// Text in which `^M` is CR and the like, and `` ^` `` the caret.
fn caret(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'^' => match rest.next()? {
                b'`' => b'^',
                sign @ b'@'..=b'_' => sign - b'@',
                _ => return None,
            },
            byte => byte,
        });
    }
    Some(bytes)
}
