//! HID reports as numbers, a report a line: what people print of a hidraw device.
//!
//! ```text
//! 00 00 23 00 00 00 00 00        hex of two digits, also joined, with 0x, or in <Buffer ...>
//! 2, 56, 93, 81, 49, ...         decimal
//! 2 51                           decimal, zeros left out: modifiers and usages; also each
//!                                 number in a line of its own
//! 00000000  00 00 23 00 ...      hexdump -C, a stream of reports of eight bytes
//! ```
//!
//! A time in seconds may stand in front. Which it is, is decided for the whole file.

use super::words::{hex_bytes, hexadecimal, lines, seconds};
use super::{Device, Draft, RecordingError, Sent, Track};
use std::time::Duration;

const REPORT: &str = "a report is bytes in hex (`00 00 23 00 00 00 00 00`) or decimal \
                      (`2, 56, 93`), one report a line, like those before it";

/// Bytes of a boot keyboard's report.
const BOOT: usize = 8;

pub(super) fn is_report(line: &str) -> bool {
    dumped(line).is_some() || {
        let (_, words) = words(line);
        !words.is_empty() && (words.iter().all(|w| hex(w).is_some()) || joined(&words).is_some())
    }
}

/// How the numbers of a file are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Hex,
    Joined,
    Decimal,
    /// Without zeros, a report a line.
    Usages,
    /// Without zeros, a number a line: where reports end is not known.
    Column,
    Dump,
}

pub(super) fn read(text: &str, draft: &mut Draft) -> Result<(), RecordingError> {
    let whole = |what| RecordingError { line: 0, what };
    let form = form(text);
    let track = draft
        .track(Track::Reports(Device::default()))
        .map_err(whole)?;
    let mut stream = Vec::new();
    let mut column = Column::default();
    for (n, line) in lines(text) {
        let fault = |what| RecordingError { line: n, what };
        if form == Form::Dump {
            if line == "*" {
                return Err(fault(
                    "hexdump left out lines that repeat: use `hexdump -v -C`",
                ));
            }
            stream.extend(dumped(line).ok_or(fault(REPORT))?);
            continue;
        }
        let (at, words) = words(line);
        let report = match form {
            Form::Hex => words.iter().map(|word| hex(word)).collect(),
            Form::Joined => joined(&words),
            Form::Decimal => words.iter().map(|word| word.parse().ok()).collect(),
            Form::Usages => boot(&words),
            Form::Column => {
                let number = words.first().and_then(|word| word.parse().ok());
                let number = number.ok_or(fault(REPORT))?;
                match column.take(number).map_err(fault)? {
                    Some(report) => Some(report),
                    None => continue,
                }
            }
            Form::Dump => None,
        };
        let report = report.ok_or(fault(REPORT))?;
        push(draft, track, at, report).map_err(fault)?;
        if matches!(form, Form::Usages | Form::Column) {
            // A report of zeros, which such a print leaves out.
            push(draft, track, at, vec![0; BOOT]).map_err(fault)?;
        }
    }
    for report in stream.chunks(BOOT) {
        push(draft, track, None, report.to_vec()).map_err(whole)?;
    }
    Ok(())
}

fn push(
    draft: &mut Draft,
    track: usize,
    at: Option<Duration>,
    report: Vec<u8>,
) -> Result<(), &'static str> {
    match at {
        Some(at) => draft.push(at, track, Sent::Report(report)),
        None => draft.push_untimed(track, Sent::Report(report)),
    }
}

fn form(text: &str) -> Form {
    let mut form = Form::Column;
    let mut two_digits = true;
    for (_, line) in lines(text) {
        if dumped(line).is_some() {
            return Form::Dump;
        }
        let (_, words) = words(line);
        if joined(&words).is_some() {
            return Form::Joined;
        }
        for word in &words {
            let decimal = word.parse::<u8>().is_ok();
            if !decimal && hex(word).is_some() {
                return Form::Hex;
            }
            two_digits &= word.len() == 2;
        }
        if words.len() >= BOOT {
            form = Form::Decimal;
        } else if words.len() > 1 && form == Form::Column {
            form = Form::Usages;
        }
    }
    if two_digits && form == Form::Decimal {
        Form::Hex
    } else {
        form
    }
}

/// The time in front of a line, if there is one, and its numbers.
fn words(line: &str) -> (Option<Duration>, Vec<&str>) {
    let line = line.split_once('#').map_or(line, |(numbers, _)| numbers);
    let separates = |c: char| c.is_whitespace() || ",;[]()<>".contains(c);
    let mut words: Vec<&str> = line.split(separates).filter(|w| !w.is_empty()).collect();
    words.retain(|word| *word != "Buffer");
    let first = words.first().map(|word| word.trim_end_matches(':'));
    let at = first.filter(|word| word.contains('.')).and_then(seconds);
    if at.is_some() {
        words.remove(0);
    }
    (at, words)
}

fn hex(word: &str) -> Option<u8> {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let padded = if digits.len() == 1 {
        format!("0{digits}")
    } else {
        digits.to_owned()
    };
    u8::try_from(hexadecimal(&padded, 2)?).ok()
}

/// One word of many hex digits.
fn joined(words: &[&str]) -> Option<Vec<u8>> {
    let [word] = words else {
        return None;
    };
    let pairs = word
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).unwrap_or(""));
    (word.len() >= 2 * BOOT).then(|| hex_bytes(pairs))?
}

/// The bytes of a line of `hexdump -C`, or of its end, which has none.
fn dumped(line: &str) -> Option<Vec<u8>> {
    let mut words = line.split_ascii_whitespace();
    let offset = words.next()?;
    if offset.len() != 8 || !offset.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = hex_bytes(words.take_while(|word| !word.starts_with('|')))?;
    // Eight hex digits and no more are the end of the dump, or a report of four bytes.
    (!bytes.is_empty() || line.len() == 8).then_some(bytes)
}

/// A boot report from what is not zero in it. A lone number below 4 is modifiers, for no
/// key has it; so is the first of several that names one modifier key. None where it could
/// as well be a key.
fn boot(words: &[&str]) -> Option<Vec<u8>> {
    let numbers: Option<Vec<u8>> = words.iter().map(|word| word.parse().ok()).collect();
    // Zeros are left out here.
    let numbers = numbers.filter(|numbers| !numbers.contains(&0))?;
    let (modifiers, keys) = match *numbers {
        [modifiers @ 1..=3, ref keys @ ..] => (modifiers, keys),
        [modifiers @ (4 | 64), ref keys @ ..] if !keys.is_empty() => (modifiers, keys),
        // Right Shift or the key 3, and the like.
        [8 | 16 | 32 | 128, _, ..] => return None,
        ref keys => (0, keys),
    };
    let mut report = vec![modifiers, 0];
    report.extend(keys);
    report.resize(BOOT.max(report.len()), 0);
    (report.len() == BOOT).then_some(report)
}

/// Numbers of which nobody said where a report ends. Modifiers stand twice before a key: in
/// a report of their own and in the key's. If they stood once, it could as well be after
/// the key before.
#[derive(Default)]
struct Column {
    modifiers: u8,
    times: u8,
}

impl Column {
    fn take(&mut self, number: u8) -> Result<Option<Vec<u8>>, &'static str> {
        match (number, self.times) {
            (1..=3, 0) => {
                (self.modifiers, self.times) = (number, 1);
                Ok(None)
            }
            (1..=3, 1) if number == self.modifiers => {
                self.times = 2;
                Ok(None)
            }
            (4.., 0 | 2) => {
                let Self { modifiers, .. } = std::mem::take(self);
                Ok(Some(vec![modifiers, 0, number, 0, 0, 0, 0, 0]))
            }
            _ => Err("which keys were shifted cannot be told: print whole reports, a line each"),
        }
    }
}
