//! Derived tables against the facts they come from: comparing, and making them again.
//!
//! Only the layer above knows what a tender's facts amount to, so it hands in
//! the function that makes a row of them.

use super::Entry;
use super::error::{JournalError, sqlite};
use super::reader::{Reader, facts};
use super::rows::{self, TenderRow};
use super::writer::Journal;
use crate::domain::TenderId;
use rusqlite::Connection;
use std::ops::ControlFlow;

impl Reader {
    /// Compares every tender's row with what its facts amount to, beside a
    /// service that goes on working. `progress` is told the tenders so far and
    /// can stop it.
    ///
    /// # Errors
    /// [`JournalError::Derived`] names the first tender whose row is wrong or
    /// not found; [`Journal::rebuild`] mends that.
    pub fn verify_rows(
        &self,
        row: impl Fn(&[Entry]) -> TenderRow,
        mut progress: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        let doing = sqlite("verifying the derived tables");
        let mut tender = None;
        for done in 1.. {
            tender = next_tender(&self.db, tender.as_ref())?;
            let Some(id) = &tender else { break };
            // Facts and row of one moment.
            let tx = self.db.unchecked_transaction().map_err(&doing)?;
            let entries = facts(&tx, id)?;
            compare(&tx, row(&entries), entries.len() as u64)?;
            drop(tx);
            if progress(done).is_break() {
                return Ok(());
            }
        }
        let verdict: String = self
            .db
            .query_row("PRAGMA integrity_check(tender)", [], |r| r.get(0))
            .map_err(&doing)?;
        match verdict.as_str() {
            "ok" => Ok(()),
            _ => Err(JournalError::Derived(verdict)),
        }
    }
}

impl Journal {
    /// Makes the derived tables again from the facts, in one transaction.
    ///
    /// # Errors
    /// Nothing was changed.
    pub fn rebuild(&mut self, row: impl Fn(&[Entry]) -> TenderRow) -> Result<(), JournalError> {
        self.transact(|db, _| {
            db.execute_batch(
                "REINDEX fact; DELETE FROM orders; DELETE FROM tender; REINDEX tender;",
            )
            .map_err(sqlite("emptying the derived tables"))?;
            let mut tender = None;
            loop {
                tender = next_tender(db, tender.as_ref())?;
                let Some(id) = &tender else { return Ok(()) };
                let entries = facts(db, id)?;
                let first = entries.first().map_or(0, |entry| entry.seq);
                rows::put(db, &row(&entries), first, entries.len())?;
            }
        })
        .map(drop)
    }
}

/// The next subject in the order of names.
fn next_tender(
    db: &Connection,
    after: Option<&TenderId>,
) -> Result<Option<TenderId>, JournalError> {
    let after = after.map_or("", TenderId::as_str);
    db.prepare_cached("SELECT min(subject) FROM fact WHERE subject > ?1")
        .and_then(|mut q| q.query_row([after], |r| r.get::<_, Option<String>>(0)))
        .map_err(sqlite("reading the journal's tenders"))?
        .map(|id| rows::name(TenderId::new(id)))
        .transpose()
}

fn compare(db: &Connection, mut row: TenderRow, facts: u64) -> Result<(), JournalError> {
    row.orders.sort();
    let by_key = rows::by_key(db, &row.key)?;
    let id = row.id.clone();
    if by_key.as_ref() == Some(&id) && rows::get(db, &id)? == Some((row, facts)) {
        Ok(())
    } else {
        Err(JournalError::Derived(format!("the row of tender {id}")))
    }
}
