//! The journal: facts that survive power loss, and finding them again.
//!
//! ```text
//!  driver ── append(facts, rows) ──▶ Journal ──▶ journal.db   one transaction, one flush
//!                                       └──────▶ journal.head how far it was flushed
//!  everyone else ── queries ──▶ Reader ────────▶ journal.db   read-only, any number
//! ```
//!
//! There is one writer, [`Journal`], in one process. What [`Journal::append`] has
//! returned is on disk; what it refused is not, whole or in part. Opening verifies
//! and refuses; nothing is repaired, replaced or begun anew on its own.
//!
//! A fact is the journal's word for it: the tables beside it ([`TenderRow`]) only
//! say where to look. `docs/journal.md` draws the file and says what to do when it
//! is refused.

mod body;
mod chain;
mod derive;
mod error;
mod files;
mod head;
mod lock;
mod open;
mod reader;
mod reserve;
mod rows;
mod schema;
mod verify;
mod writer;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use error::JournalError;
pub use reader::{Reader, RowFilter};
pub use rows::TenderRow;
pub use verify::{Progress, Verified};
pub use writer::Journal;

use crate::domain::{Fact, Remark, Timestamp};

/// A fact as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number. Numbers grow by one, but some belong to the journal's own
    /// checkpoints: the facts alone have gaps.
    pub seq: u64,
    /// The wall time of its transaction.
    pub at: Timestamp,
    /// The fact.
    pub fact: Fact,
}

/// A remark as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemarkEntry {
    /// Its number, in one row with those of the facts.
    pub seq: u64,
    /// The wall time of its transaction.
    pub at: Timestamp,
    /// The remark.
    pub remark: Remark,
}
