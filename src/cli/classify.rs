//! `qrpayd classify`: a code per line in, a JSON object per line out.
//!
//! Lines are bytes, not text: a scan may be anything. One that is longer than
//! any scan is read to its end without being kept.

use crate::domain::code::{Classified, Classifier, RejectReason, mask, mask_length};
use serde::Serialize;
use std::io::{self, BufRead, Write};
use zeroize::Zeroizing;

/// The longest line that is kept, in bytes. Written in escapes, the longest scan
/// that is looked at takes a sixteenth of it.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// What is printed for a line. Absent keys are left out.
#[derive(Debug, Default, Serialize)]
struct Row {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    masked: String,
}

impl Row {
    fn new(classified: &Classified, masked: String) -> Self {
        let row = Self {
            kind: classified.kind(),
            masked,
            ..Self::default()
        };
        match classified {
            Classified::EmvCpm {
                network,
                aids,
                warnings,
            } => Self {
                network: Some(network.as_str()),
                aids: aids.iter().map(ToString::to_string).collect(),
                warnings: warnings.iter().map(ToString::to_string).collect(),
                ..row
            },
            Classified::Digits { .. } | Classified::Text { .. } => Self {
                wallet: classified.wallet().map(String::from),
                ..row
            },
            Classified::Reject { reason } => Self {
                reason: Some(reason.word()),
                ..row
            },
        }
    }

    fn of(classifier: &Classifier, scan: &[u8]) -> Self {
        let classified = classifier.classify(scan);
        let masked = mask(scan, &classified);
        Self::new(&classified, masked)
    }
}

/// What a scan is, masked, as one line of `classify` says it.
pub(super) fn described(classifier: &Classifier, scan: &[u8]) -> serde_json::Value {
    serde_json::to_value(Row::of(classifier, scan)).unwrap_or_default()
}

/// What is printed for a line that is not written as it should be.
#[derive(Debug, Serialize)]
struct Malformed {
    error: String,
    line: u64,
}

/// Classifies every line of the input. Exactly one `\n` ends a line and is taken
/// off; with `escapes`, `\r \n \t \0 \xHH \\` in a line stand for those bytes, so
/// that control bytes and a scanner's terminator can be given. A line with
/// another backslash gets an object with `error` and its number.
///
/// # Errors
/// When the input cannot be read or the output cannot be written.
pub fn run(
    mut input: impl BufRead,
    mut output: impl Write,
    classifier: &Classifier,
    escapes: bool,
) -> io::Result<()> {
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_BYTES_MAX));
    let mut number = 0;
    while let Some(length) = read_line(&mut input, &mut line)? {
        number += 1;
        let json = if length > LINE_BYTES_MAX {
            let reason = RejectReason::TooLong;
            let row = Row::new(&Classified::Reject { reason }, mask_length(length));
            serde_json::to_string(&row)
        } else if !escapes {
            serde_json::to_string(&Row::of(classifier, &line))
        } else {
            match unescape(&line) {
                Ok(scan) => serde_json::to_string(&Row::of(classifier, &scan)),
                Err(at) => serde_json::to_string(&Malformed {
                    error: format!(
                        r"malformed escape at byte {}; write \r \n \t \0 \xHH or \\",
                        at + 1
                    ),
                    line: number,
                }),
            }
        };
        let mut json = json?;
        json.push('\n');
        output.write_all(json.as_bytes())?;
    }
    output.flush()
}

/// Reads one line and keeps it without its `\n`, or its start if it is longer
/// than may be kept. Returns the whole line's length; none at the input's end.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<usize>> {
    line.clear();
    let mut length = 0;
    let mut anything = false;
    loop {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(anything.then_some(length));
        }
        anything = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        let room = LINE_BYTES_MAX - line.len();
        line.extend_from_slice(&part[..part.len().min(room)]);
        length += part.len();
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(Some(length));
        }
    }
}

/// The bytes that an escaped line stands for, or where it is malformed.
fn unescape(line: &[u8]) -> Result<Zeroizing<Vec<u8>>, usize> {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let mut scan = Zeroizing::new(Vec::with_capacity(line.len()));
    let mut rest = line;
    loop {
        let (byte, after) = match rest {
            [] => return Ok(scan),
            [b'\\', b'r', after @ ..] => (b'\r', after),
            [b'\\', b'n', after @ ..] => (b'\n', after),
            [b'\\', b't', after @ ..] => (b'\t', after),
            [b'\\', b'0', after @ ..] => (0, after),
            [b'\\', b'\\', after @ ..] => (b'\\', after),
            [b'\\', after @ ..] => {
                let value = match after {
                    [b'x', high, low, ..] => hex(*high).zip(hex(*low)),
                    _ => None,
                };
                let value = value.and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
                let byte = value.ok_or(line.len() - rest.len())?;
                (byte, &after[3..])
            }
            [byte, after @ ..] => (*byte, after),
        };
        scan.push(byte);
        rest = after;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::code::{Settings, TextCodes, UnlistedDigits, WalletTable};

    const SCANS: &str = include_str!("../../tests/codes/scans.txt");

    fn printed(input: &[u8], classifier: &Classifier, escapes: bool) -> String {
        let mut output = Vec::new();
        run(input, &mut output, classifier, escapes).unwrap();
        String::from_utf8(output).unwrap()
    }

    /// What a `==` line of the fixture says is on.
    fn classifier(words: &str) -> Classifier {
        let mut settings = Settings::default();
        for word in words.split_whitespace() {
            match (word, word.split_once(':')) {
                ("payby", _) => settings.text = Some(TextCodes::payby()),
                ("forward", _) => settings.unlisted_digits = UnlistedDigits::Forward,
                (_, Some(("pan", aid))) => settings.demand_pan_aids.push(aid.parse().unwrap()),
                (profile, _) => settings.profiles.push(profile.to_owned()),
            }
        }
        Classifier::new(&WalletTable::built_in(), settings).unwrap()
    }

    #[test]
    fn every_scan_of_the_fixture() {
        let mut classifier = Classifier::core();
        let (mut name, mut input, mut compared, mut wrong) = ("", "", 0, Vec::new());
        for line in SCANS.lines() {
            if let Some(words) = line.strip_prefix("== ") {
                classifier = self::classifier(words);
            } else if let Some(scan) = line.strip_prefix('<') {
                input = scan.strip_prefix(' ').unwrap_or(scan);
            } else if let Some(expected) = line.strip_prefix("> ") {
                let line = format!("{input}\n");
                let output = printed(line.as_bytes(), &classifier, true);
                if output != format!("{expected}\n") {
                    wrong.push(format!(
                        "{name}\n  expected {expected}\n  printed  {output}"
                    ));
                }
                compared += 1;
            } else if !line.starts_with('#') {
                name = line;
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(
            compared,
            SCANS.matches("\n< ").count() + SCANS.matches("\n<\n").count()
        );
        assert!(compared > 200, "{compared}");
    }

    #[test]
    fn one_newline_ends_a_line() {
        let core = Classifier::core();
        let wechat =
            "{\"kind\":\"digits\",\"wallet\":\"wechat\",\"masked\":\"103456********5678\"}\n";
        let empty = "{\"kind\":\"reject\",\"reason\":\"empty\",\"masked\":\"(len 0)\"}\n";
        assert_eq!(printed(b"", &core, false), "");
        assert_eq!(printed(b"\n", &core, false), empty);
        assert_eq!(printed(b"103456789012345678", &core, false), wechat);
        assert_eq!(printed(b"103456789012345678\n", &core, false), wechat);
        assert_eq!(printed(b"103456789012345678\r\n", &core, false), wechat);
        assert_eq!(
            printed(
                b"103456789012345678\n\n103456789012345678\t\n",
                &core,
                false
            ),
            format!("{wechat}{empty}{wechat}")
        );
        // Without --escapes a backslash is a character; no line needs to be UTF-8.
        assert_eq!(
            printed(b"103456789012345678\\r\n\xff\n", &core, false),
            "{\"kind\":\"reject\",\"reason\":\"unknown_format\",\"masked\":\"(len 20)\"}\n\
             {\"kind\":\"reject\",\"reason\":\"non_ascii\",\"masked\":\"(len 1)\"}\n"
        );
    }

    #[test]
    fn a_malformed_escape_is_an_error_of_its_line() {
        let core = Classifier::core();
        for (line, at) in [
            (&br"a\"[..], 2),
            (br"\x", 1),
            (br"\x4", 1),
            (br"ab\x4g", 3),
            (br"\X41", 1),
            (br"\e", 1),
            (br"\\\q", 3),
            (b"\\\xff", 1),
        ] {
            let input = [b"x\n", line, b"\ny\n"].concat();
            let output = printed(&input, &core, true);
            let lines: Vec<&str> = output.lines().collect();
            assert_eq!(lines.len(), 3);
            assert_eq!(
                lines[1],
                format!(
                    "{{\"error\":\"malformed escape at byte {at}; write \
                     \\\\r \\\\n \\\\t \\\\0 \\\\xHH or \\\\\\\\\",\"line\":2}}"
                )
            );
        }
        assert_eq!(
            unescape(br"\r\n\t\0\x7F\xff\\a").unwrap().as_slice(),
            b"\r\n\t\0\x7f\xff\\a"
        );
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let core = Classifier::core();
        let too_long = |n: usize| {
            format!("{{\"kind\":\"reject\",\"reason\":\"too_long\",\"masked\":\"(len {n})\"}}\n")
        };
        for length in [1025, LINE_BYTES_MAX, LINE_BYTES_MAX + 1, 1 << 20] {
            let mut input = vec![b'7'; length];
            input.extend(b"\nx\n");
            let next =
                "{\"kind\":\"reject\",\"reason\":\"unknown_format\",\"masked\":\"(len 1)\"}\n";
            let expected = too_long(length) + next;
            // In small pieces, so that lines end in the middle of them.
            let mut output = Vec::new();
            let pieces = io::BufReader::with_capacity(1000, &input[..]);
            run(pieces, &mut output, &core, false).unwrap();
            assert_eq!(String::from_utf8(output).unwrap(), expected, "{length}");
        }
    }
}
