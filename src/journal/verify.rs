//! Verifying the whole chain, in parts, beside a service that goes on working.

use super::chain::{Hash, Mark};
use super::error::{JournalError, sqlite};
use super::head::Head;
use super::open::mark;
use super::reader::Reader;
use super::schema::{self, sql};
use rusqlite::{Connection, OptionalExtension, params};
use std::ops::ControlFlow;

/// Entries that are read at a time: no query keeps the WAL from being moved for long.
const PART: u64 = 1000;

/// How far a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The last entry that was verified.
    pub done: u64,
    /// The last entry to verify, when it began.
    pub last: u64,
}

/// What was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last entry that was verified; where to go on if it was stopped.
    pub last: u64,
    /// Its hash in hexadecimal: two journals that agree in it agree in all before it.
    pub hash: String,
    /// Whether it went to the end.
    pub whole: bool,
}

impl Reader {
    /// Verifies the chain after entry `from` (0: all of it): that no entry is
    /// missing or altered, that each is found by its tender, and that all that
    /// `journal.head` vouches for is there. `progress` is told after each
    /// thousand entries and can stop it.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] names the first entry that is wrong,
    /// [`JournalError::Derived`] the first that is not found.
    pub fn verify(
        &self,
        from: u64,
        mut progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Verified, JournalError> {
        // Read before the end is: it is written after each commit.
        let flushed = Head::read(&self.files.head)?;
        let last = self.last()?;
        if last < flushed.seq {
            return Err(JournalError::Shorter {
                last,
                head: flushed.seq,
            });
        }
        if mark(&self.db, flushed.seq)? != flushed {
            return Err(JournalError::Replaced { seq: flushed.seq });
        }
        let mut end = mark(&self.db, from)?;
        while end.seq < last {
            let before = end.seq;
            end = advance(&self.db, end)?;
            found(&self.db, before, end.seq)?;
            let done = end.seq.min(last);
            if progress(Progress { done, last }).is_break() {
                break;
            }
        }
        Ok(Verified {
            last: end.seq,
            hash: end.hash.to_string(),
            whole: end.seq >= last,
        })
    }
}

/// Verifies the next entries after a place in the chain; there is at least one.
pub(super) fn advance(db: &Connection, from: Mark) -> Result<Mark, JournalError> {
    let doing = sqlite("verifying the journal");
    let mut query = db
        .prepare_cached(
            "SELECT seq, at, subject, body, hash FROM fact WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )
        .map_err(&doing)?;
    let mut rows = query
        .query(params![sql(from.seq), sql(PART)])
        .map_err(&doing)?;
    let mut end = from;
    while let Some(row) = rows.next().map_err(&doing)? {
        let bytes = |column| {
            let value = row.get_ref(column).map_err(&doing)?;
            value
                .as_bytes()
                .map_err(|e| JournalError::Damaged(format!("entry {}: {e}", end.seq + 1)))
        };
        let at = row.get(1).map_err(&doing)?;
        let next = end.next(at, bytes(2)?, bytes(3)?);
        if schema::seq(row.get(0).map_err(&doing)?)? != next.seq {
            return Err(JournalError::Damaged(format!(
                "entry {} is missing",
                next.seq
            )));
        }
        if Hash(row.get(4).map_err(&doing)?) != next.hash {
            return Err(JournalError::Damaged(format!(
                "entry {} is not what was written",
                next.seq
            )));
        }
        end = next;
    }
    if end == from {
        return Err(JournalError::Damaged(format!(
            "entry {} is missing",
            from.seq + 1
        )));
    }
    Ok(end)
}

/// Makes sure that the facts in a range are found by their tender: an index is
/// not in the chain, and a fact that is not found might as well be lost.
fn found(db: &Connection, after: u64, to: u64) -> Result<(), JournalError> {
    let lost: Option<i64> = db
        .prepare_cached(
            "SELECT f.seq FROM fact AS f NOT INDEXED
             WHERE f.seq > ?1 AND f.seq <= ?2 AND NOT (
               EXISTS (SELECT 1 FROM fact AS i INDEXED BY fact_subject
                       WHERE i.subject = f.subject AND i.seq = f.seq)
               AND (f.subject = '' OR EXISTS (SELECT 1 FROM tender AS t
                       WHERE t.id = f.subject AND t.first <= f.seq)))
             LIMIT 1",
        )
        .and_then(|mut q| q.query_row([sql(after), sql(to)], |r| r.get(0)).optional())
        .map_err(sqlite("verifying the journal's index"))?;
    match lost {
        Some(seq) => Err(JournalError::Derived(format!(
            "entry {seq} is not found by its tender"
        ))),
        None => Ok(()),
    }
}
