//! What a recording says of the scanner: `# qrpayd: layout=de terminator=tab`.

use super::{RecordingError, words};
use crate::scanner::codepage::OemPage;
use crate::scanner::framer::{End, GAP, Profile};
use crate::scanner::keymap::Layout;
use std::time::Duration;

/// Silence that ends a scan where nothing else does.
const GAP_WITHOUT_TERMINATOR: Duration = Duration::from_millis(100);

/// What the scanner of a recording was set to, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) layout: Option<Layout>,
    pub(crate) end: Option<End>,
    pub(crate) gap: Option<Duration>,
    pub(crate) oem: Option<OemPage>,
}

impl Setup {
    /// The profile of a scanner that ends its scans so unless this says otherwise.
    pub(crate) fn profile(&self, usual: End) -> Profile {
        let end = self.end.unwrap_or(usual);
        let gap = match end {
            End::Silence => GAP_WITHOUT_TERMINATOR,
            _ => GAP,
        };
        Profile {
            end,
            gap: self.gap.unwrap_or(gap),
        }
    }

    /// Takes what another one says, and keeps the rest.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.layout = other.layout.or(self.layout);
        self.end = other.end.or(self.end);
        self.gap = other.gap.or(self.gap);
        self.oem = other.oem.or(self.oem);
    }

    /// Sets what a word such as `layout=de` says. False: it says nothing that is known.
    #[must_use]
    pub(crate) fn set(&mut self, key: &str, value: &str) -> bool {
        match key {
            "layout" => {
                let named = Layout::ALL.into_iter().find(|(name, _)| *name == value);
                self.layout = named.map(|(_, layout)| layout);
                self.layout.is_some()
            }
            "terminator" => {
                let named = ENDS.into_iter().find(|(name, _)| *name == value);
                self.end = named.map(|(_, end)| end);
                self.end.is_some()
            }
            "gap_ms" => {
                self.gap = words::unsigned(value)
                    .filter(|ms| (1..=60_000).contains(ms))
                    .map(Duration::from_millis);
                self.gap.is_some()
            }
            "oem" => {
                self.oem = match value {
                    "437" => Some(OemPage::Cp437),
                    "850" => Some(OemPage::Cp850),
                    _ => None,
                };
                self.oem.is_some()
            }
            _ => false,
        }
    }
}

/// The terminators by their names.
pub(crate) const ENDS: [(&str, End); 8] = [
    ("enter", End::Cr),
    ("cr", End::Cr),
    ("lf", End::Lf),
    ("crlf", End::CrLf),
    ("tab", End::Tab),
    ("stx_etx", End::StxEtx { check: false }),
    ("stx_etx_check", End::StxEtx { check: true }),
    ("none", End::Silence),
];

/// What the comments of a recording say. Later ones win.
pub(super) fn of(text: &str) -> Result<Setup, RecordingError> {
    let mut setup = Setup::default();
    for (line, n) in text.lines().zip(1..) {
        let Some(rest) = words::bare(line).strip_prefix("# qrpayd:") else {
            continue;
        };
        for word in rest.split_ascii_whitespace() {
            let known = word
                .split_once('=')
                .is_some_and(|(key, value)| setup.set(key, value));
            if !known {
                return Err(RecordingError {
                    line: n,
                    what: "after `# qrpayd:` stand layout=, terminator=, gap_ms= and oem=, with a \
                           value that docs/scanners.md lists",
                });
            }
        }
    }
    Ok(setup)
}
