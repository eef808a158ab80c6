//! What `qrpayd scan` prints: a line for people, or a JSON object, for each thing.

use super::super::classify;
use super::super::exit::{IO_ERROR, OK, fail};
use crate::domain::code::Classifier;
use crate::scanner::Outcome;
use serde_json::{Value, json};
use std::io::{self, ErrorKind, Write};

pub(super) struct Report<'a> {
    output: &'a mut dyn Write,
    pub(super) classifier: &'a Classifier,
    pub(super) json: bool,
}

impl<'a> Report<'a> {
    pub(super) fn new(output: &'a mut dyn Write, classifier: &'a Classifier, json: bool) -> Self {
        Self {
            output,
            classifier,
            json,
        }
    }

    /// Prints one thing in the form that was asked for.
    pub(super) fn line(&mut self, text: &str, json: &Value) -> io::Result<()> {
        match self.json {
            true => writeln!(self.output, "{json}")?,
            false => writeln!(self.output, "{text}")?,
        }
        self.output.flush()
    }

    /// Prints something that is for people alone.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        writeln!(self.output, "{text}")?;
        self.output.flush()
    }

    /// Prints a scan, classified and masked, or a void with its reason.
    pub(super) fn outcome(&mut self, scanner: Option<&str>, outcome: &Outcome) -> io::Result<()> {
        let from = scanner
            .map(|scanner| format!("{scanner}  "))
            .unwrap_or_default();
        let (text, mut json) = match outcome {
            Outcome::Void(reason) => (
                format!("void  {}", reason.as_str()),
                json!({"void": reason.as_str()}),
            ),
            Outcome::Scan(code) => {
                let bytes = code.as_bytes();
                let row = classify::described(self.classifier, bytes);
                let word = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
                let of = [word("wallet"), word("network"), word("reason")].concat();
                let aim = match bytes {
                    [b']', carrier, modifier, ..]
                        if carrier.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
                    {
                        std::str::from_utf8(&bytes[..3]).ok()
                    }
                    _ => None,
                };
                let identifier = aim.map(|aim| format!("  {aim}")).unwrap_or_default();
                let text = format!(
                    "scan  {} {of}  {}{identifier}",
                    word("kind"),
                    word("masked")
                );
                let mut json = json!({"scan": row, "bytes": bytes.len()});
                if let Some(aim) = aim {
                    json["aim_id"] = aim.into();
                }
                (text, json)
            }
        };
        if let Some(scanner) = scanner {
            json["scanner"] = scanner.into();
        }
        self.line(&format!("{from}{text}"), &json)
    }
}

/// The exit code of output that could not be written.
pub(super) fn broken(error: &io::Error) -> u8 {
    match error.kind() {
        ErrorKind::BrokenPipe => OK,
        _ => fail(IO_ERROR, &format!("scan: {error}")),
    }
}
