//! The words that lines of recordings are made of.

use std::time::Duration;

/// The lines that say something, with their numbers from 1: without what surrounds a
/// recording that was pasted (blank lines, comments, fences and quote signs).
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().zip(1..).filter_map(|(line, n)| {
        let line = bare(line);
        let skipped = line.is_empty() || line.starts_with('#') || line.starts_with("```");
        (!skipped).then_some((n, line))
    })
}

/// A line without blanks around it and the signs of a quotation before it.
pub(super) fn bare(line: &str) -> &str {
    let line = line.trim();
    line.strip_prefix("> ").map_or(line, str::trim_start)
}

/// Seconds with a fraction of at most nine digits, or none.
pub(super) fn seconds(word: &str) -> Option<Duration> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
    Some(Duration::new(unsigned(whole)?, nanos))
}

/// At most ten digits: seconds of a clock, never a sum that overflows.
pub(super) fn unsigned(word: &str) -> Option<u64> {
    let right = word.len() <= 10 && word.bytes().all(|b| b.is_ascii_digit());
    right.then(|| word.parse().ok())?
}

/// Exactly this many hex digits.
pub(super) fn hexadecimal(word: &str, digits: usize) -> Option<u16> {
    let right = word.len() == digits && word.bytes().all(|b| b.is_ascii_hexdigit());
    right.then(|| u16::from_str_radix(word, 16).ok())?
}

/// Bytes of two hex digits each.
pub(super) fn hex_bytes<'a>(words: impl Iterator<Item = &'a str>) -> Option<Vec<u8>> {
    words
        .map(|word| hexadecimal(word, 2).and_then(|byte| u8::try_from(byte).ok()))
        .collect()
}

pub(super) fn decimal(word: &str) -> Option<i32> {
    if word.starts_with('+') {
        return None;
    }
    word.parse().ok()
}
