//! From text to what is written, with every complaint at once.
//!
//! A deserializer stops at its first error. So a section is read one key at a
//! time: a table of that key alone either fits the section's type or does not,
//! and whatever is wrong then belongs to that key. The keys that fit are read
//! together at the end. No value is shown in a complaint: it may be a key or a
//! token in the wrong place.

use super::complaints::Complaints;
use serde::de::value::MapDeserializer;
use serde::de::{self, DeserializeOwned};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use toml::{Table, Value};

/// Largest file, the configuration or one that it names.
const SIZE_MAX: u64 = 1024 * 1024;

/// Reads a file of text, at most 1 MiB. `what` it is to be stands in the complaint.
pub(super) fn file(path: &Path, what: &str) -> Result<String, String> {
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(SIZE_MAX + 1).read_to_end(&mut text))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if text.len() as u64 > SIZE_MAX {
        return Err(format!("is over 1 MiB; this is no {what}"));
    }
    String::from_utf8(text).map_err(|_| "is not UTF-8 text; save it as UTF-8".to_owned())
}

/// Parses the text. What is no TOML is complained about by line and column, and
/// nothing else is then looked at.
pub(super) fn parse(text: &str, complaints: &mut Complaints) -> Option<Table> {
    let (_, errors) = toml::de::DeTable::parse_recoverable(text);
    let start = |error: &toml::de::Error| error.span().map_or(text.len(), |span| span.start);
    let mut errors: Vec<_> = errors.iter().map(|error| (start(error), error)).collect();
    errors.sort_by_key(|(start, _)| *start);
    let mut told = 0;
    for (start, error) in &errors {
        let (line, column) = position(text, *start);
        // One slip makes several errors on its line; the first says it best.
        if line > told {
            complaints.add(format!("line {line}, column {column}"), error.message());
            told = line;
        }
    }
    if !errors.is_empty() {
        return None;
    }
    match text.parse() {
        Ok(table) => Some(table),
        Err(error) => {
            complaints.add("file", error.message());
            None
        }
    }
}

/// Line and column of a byte, both counted from 1.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// Reads one section, empty where none is written. `at` is its name in complaints,
/// empty for the document.
pub(super) fn section<T>(table: Option<Table>, at: &str, complaints: &mut Complaints) -> T
where
    T: DeserializeOwned + Default,
{
    let mut good = Table::new();
    for (key, value) in table.unwrap_or_default() {
        let alone = Table::from_iter([(key.clone(), value.clone())]);
        match alone.try_into::<T>() {
            Ok(_) => {
                good.insert(key, value);
            }
            Err(error) => {
                let text = match fields::<T>() {
                    fields if !fields.contains(&key.as_str()) => unknown(&key, fields),
                    _ => wrong_type(&key, &value, error.message()),
                };
                complaints.add(join(at, &key), text);
            }
        }
    }
    good.try_into().unwrap_or_default()
}

/// The name of a key inside a section.
pub(super) fn join(at: &str, key: &str) -> String {
    // A key that is written in quotes may hold anything.
    let key = key.escape_debug();
    match at {
        "" => key.to_string(),
        _ => format!("{at}.{key}"),
    }
}

fn unknown(key: &str, fields: &[&str]) -> String {
    let near = fields
        .iter()
        .map(|field| (distance(key, field), field))
        .filter(|(distance, field)| *distance <= 2 && *distance * 2 <= field.len())
        .min();
    match near {
        Some((_, field)) => format!("unknown key; did you mean `{field}`?"),
        None => format!("unknown key; the keys here are {}", fields.join(", ")),
    }
}

fn wrong_type(key: &str, value: &Value, message: &str) -> String {
    let expected = message.rsplit(", expected ").next().unwrap_or("");
    let expected = match expected.trim_end() {
        "a string" => "text in quotes",
        "i64" => "a whole number without quotes",
        "a boolean" => "true or false without quotes",
        "a sequence" if value.is_table() => {
            return format!("must be a list: write [[{key}]] with two brackets");
        }
        "a sequence" => "a list in square brackets",
        "a map" if value.is_array() => {
            return format!("must be there once: write [{key}] with single brackets");
        }
        "a map" => "a table",
        other => other,
    };
    // Of a list, the message tells whether the list or one of its entries is wrong.
    match value.is_array() && !message.starts_with("invalid type: sequence") {
        true => format!("every entry must be {expected}"),
        false => format!("must be {expected}"),
    }
}

/// How many letters must be put in, taken out or changed to get from one to the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let change = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// The keys that a section's type knows, from the type itself: offered a key that
/// no section has, it answers with those that it expected.
fn fields<T: DeserializeOwned>() -> &'static [&'static str] {
    let offer = MapDeserializer::new(std::iter::once(("", ())));
    match T::deserialize(offer) {
        Err(Offered(fields)) => fields,
        Ok(_) => &[],
    }
}

#[derive(Debug)]
struct Offered(&'static [&'static str]);

impl fmt::Display for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another key was expected")
    }
}

impl std::error::Error for Offered {}

impl de::Error for Offered {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self(&[])
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::written;

    #[test]
    fn counts_lines_and_columns_from_one() {
        for (byte, place) in [
            (0, (1, 1)),
            (2, (1, 3)),
            (3, (2, 1)),
            (5, (2, 2)),
            (99, (2, 3)),
        ] {
            assert_eq!(position("ab\né!", byte), place, "{byte}");
        }
    }

    #[test]
    fn knows_the_keys_of_a_section() {
        assert_eq!(fields::<written::Codes>(), ["profiles", "wallets"]);
    }

    #[test]
    fn measures_how_far_two_names_are_apart() {
        for (a, b, far) in [
            ("", "abc", 3),
            ("gap", "gap_ms", 3),
            ("ceilling", "ceiling", 1),
            ("lisetn", "listen", 2),
            ("same", "same", 0),
        ] {
            assert_eq!(distance(a, b), far, "{a} {b}");
        }
    }
}
