//! The checks that every section needs: something must be there, be one of a few
//! words, or lie between two numbers. Each complains under the key's full name and
//! lets the caller go on.

use super::complaints::Complaints;
use super::key::KeySource;
use super::read::join;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// A section under check.
pub(super) struct Section<'a> {
    at: String,
    complaints: &'a mut Complaints,
}

impl<'a> Section<'a> {
    /// Begins the checks of the section that complaints call `at`.
    pub(super) fn new(at: impl Into<String>, complaints: &'a mut Complaints) -> Self {
        Self {
            at: at.into(),
            complaints,
        }
    }

    pub(super) fn complain(&mut self, key: &str, text: impl Into<String>) {
        self.complaints.add(join(&self.at, key), text);
    }

    /// Complains about the section as a whole.
    pub(super) fn complain_here(&mut self, text: impl Into<String>) {
        self.complaints.add(self.at.clone(), text);
    }

    /// Whether something of the section was complained about already.
    pub(super) fn is_complained_about(&self) -> bool {
        self.complaints.about(&self.at)
    }

    /// What must be there. A value of the wrong type was complained about already.
    pub(super) fn need<T>(&mut self, key: &str, value: Option<T>, what: &str) -> Option<T> {
        if value.is_none() && !self.complaints.about(&join(&self.at, key)) {
            self.complain(key, format!("is missing; write {what}"));
        }
        value
    }

    /// What must be there and be right.
    pub(super) fn require<T, E: Display>(
        &mut self,
        key: &str,
        value: Option<String>,
        what: &str,
        check: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.need(key, value, what);
        self.check(key, value, check)
    }

    /// What may be missing, and is right if it is there.
    pub(super) fn check<T, E: Display>(
        &mut self,
        key: &str,
        value: Option<String>,
        check: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        match check(&value?) {
            Ok(good) => Some(good),
            Err(error) => {
                self.complain(key, error.to_string());
                None
            }
        }
    }

    /// One of a few words, or the default.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &str,
        value: Option<String>,
        default: T,
        choices: &[(&str, T)],
    ) -> T {
        let Some(value) = value else { return default };
        match choices.iter().find(|(word, _)| *word == value) {
            Some((_, choice)) => *choice,
            None => {
                let words: Vec<String> = choices
                    .iter()
                    .map(|(word, _)| format!("\"{word}\""))
                    .collect();
                self.complain(key, format!("must be {}", words.join(" or ")));
                default
            }
        }
    }

    /// The places of a gateway's two keys; `name` begins the name of its files.
    pub(super) fn keys(
        &mut self,
        name: &str,
        gateway: &str,
        private: Option<String>,
        public: Option<String>,
    ) -> (Option<KeySource>, Option<KeySource>) {
        let place = format!("\"credential:{name}.key\"");
        let private = self.require("private_key", private, &place, KeySource::private);
        let place =
            format!("the place of {gateway}'s public key, such as \"/etc/qrpayd/{name}.pub\"");
        let public = self.require("gateway_public_key", public, &place, KeySource::public);
        (private, public)
    }

    /// Whether a gateway is given what no table knows.
    pub(super) fn forward_or_reject(&mut self, key: &str, value: Option<String>) -> bool {
        self.choice(key, value, false, &[("reject", false), ("forward", true)])
    }

    /// A whole number between two others. `unit` follows the numbers in the complaint.
    pub(super) fn number(
        &mut self,
        key: &str,
        value: Option<i64>,
        range: RangeInclusive<u32>,
        unit: &str,
    ) -> Option<u32> {
        let value = u32::try_from(value?)
            .ok()
            .filter(|value| range.contains(value));
        if value.is_none() {
            let (low, high) = (range.start(), range.end());
            self.complain(key, format!("must be between {low} and {high}{unit}"));
        }
        value
    }

    /// A key that has its place in the format and no effect yet: refused, so that
    /// nobody relies on it.
    pub(super) fn not_yet<T>(&mut self, key: &str, value: Option<&T>, what: &str) {
        if value.is_some() {
            self.complain(key, format!("{what} not supported yet; remove this key"));
        }
    }
}

/// Seconds of a timing. A number below zero is as far outside of every limit as one
/// without end.
pub(super) fn seconds(n: i64) -> Duration {
    u64::try_from(n).map_or(Duration::MAX, Duration::from_secs)
}

/// An absolute path without a step back, short enough for the kernel.
pub(super) fn absolute(text: &str) -> Option<PathBuf> {
    let path = Path::new(text);
    let good = path.is_absolute()
        && text.len() < 4096
        && !text.chars().any(char::is_control)
        && !path.components().any(|c| c == Component::ParentDir);
    good.then(|| path.to_owned())
}

/// [`absolute`] as a check.
pub(super) fn absolute_path(text: &str) -> Result<PathBuf, &'static str> {
    absolute(text).ok_or("must be an absolute path without `..`")
}

/// Text that may be shown and sent: not empty, no control characters, no blanks at
/// its ends, at most so many characters.
pub(super) fn line_of_text(max: usize) -> impl Fn(&str) -> Result<String, String> {
    move |text| {
        let good = !text.is_empty()
            && text.chars().count() <= max
            && !text.chars().any(char::is_control)
            && text.trim() == text;
        good.then(|| text.to_owned()).ok_or_else(|| {
            format!("must be 1 to {max} characters on one line without blanks at its ends")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_absolute() {
        for (text, good) in [
            ("/var/lib/qrpayd/journal.db", true),
            ("journal.db", false),
            ("./journal.db", false),
            ("", false),
            ("/var/../etc/shadow", false),
            ("/var/lib\n/x", false),
            ("/\0", false),
        ] {
            assert_eq!(absolute(text).is_some(), good, "{text:?}");
        }
    }
}
