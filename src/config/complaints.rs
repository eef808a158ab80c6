//! Everything that is wrong with a configuration, in one list.
//!
//! The list is a type of its own that nothing converts into: a check can only add
//! to it and go on, so that no early return hides the complaints that follow.

use crate::gateway;
use std::fmt;

/// One complaint: a key and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Where: `gateway.payby.base_url`, `lane[1].ceiling` (the first lane), or
    /// `line 7, column 3` where the text cannot be read at all.
    pub key: String,
    /// What is wrong and what to do, on one line. Never shows a secret.
    pub text: String,
}

/// All complaints about one configuration. One line each when displayed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaints(Vec<Complaint>);

impl Complaints {
    /// The complaints, in the order of the file's sections.
    pub fn iter(&self) -> impl Iterator<Item = &Complaint> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to complain about.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, key: impl Into<String>, text: impl Into<String>) {
        self.0.push(Complaint {
            key: key.into(),
            text: text.into(),
        });
    }

    /// What a part made of its settings; if it complains, its complaints join these.
    pub(super) fn taken<T>(&mut self, made: Result<T, Vec<gateway::Complaint>>) -> Option<T> {
        made.map_err(|complaints| {
            for complaint in complaints {
                self.add(complaint.key, complaint.text);
            }
        })
        .ok()
    }

    /// Whether this key, or one inside of it, was complained about already.
    pub(super) fn about(&self, key: &str) -> bool {
        self.0.iter().any(|complaint| {
            complaint
                .key
                .strip_prefix(key)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }
}

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, complaint) in self.0.iter().enumerate() {
            let end_of_line = if n == 0 { "" } else { "\n" };
            write!(f, "{end_of_line}{}: {}", complaint.key, complaint.text)?;
        }
        Ok(())
    }
}
