//! Writing: one transaction, one flush, then the head.
//!
//! ```text
//! BEGIN ─▶ facts, chained ─▶ rows ─▶ COMMIT, flushed ─▶ journal.head ─▶ Ok(last)
//!   │ any failure before COMMIT: rolled back, nothing of it is there
//!   └ COMMIT fails: no space or another writer is as before; anything else is
//!     undecided, and the journal adds nothing more until it is opened again
//! ```
//!
//! What begins something new (a tender, an attempt) needs a journal in full
//! health: space kept back and a head that can be written. What records the
//! outcome of something begun is written as long as it can be.

use super::Reader;
use super::body::{self, CHECKPOINT};
use super::chain::Mark;
use super::error::{JournalError, io, sqlite};
use super::files::Files;
use super::head::Head;
use super::lock::Lock;
use super::reserve::Reserve;
use super::rows::{self, TenderRow};
use super::schema::{self, sql};
use crate::domain::{Fact, Remark, TenderId, Timestamp};
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use std::collections::BTreeMap;

/// The journal's single writer.
#[derive(Debug)]
pub struct Journal {
    pub(super) db: Connection,
    pub(super) files: Files,
    pub(super) head: Head,
    pub(super) reserve: Reserve,
    /// What is on disk.
    pub(super) end: End,
    /// From one checkpoint to the next, in entries.
    pub(super) checkpoint_every: u64,
    /// The head could not be written after the last flush.
    pub(super) head_behind: bool,
    /// A commit is undecided.
    pub(super) stopped: bool,
    /// Released after everything else is closed.
    pub(super) _lock: Lock,
}

/// Where the journal ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    /// The last entry.
    pub(super) last: Mark,
    /// The last checkpoint; 0 when there is none.
    pub(super) checkpoint: u64,
}

impl Journal {
    /// Adds the facts of one moment as one transaction, with the row of every
    /// tender they touch. Returns the number of the last entry when it is flushed.
    ///
    /// # Errors
    /// Nothing was added, except that after [`JournalError::Undecided`] it may
    /// have been: whoever opens the journal next will see. On a full disk new
    /// tenders and attempts are refused first, outcomes have space kept back.
    pub fn append(
        &mut self,
        at: Timestamp,
        facts: &[Fact],
        rows: &[TenderRow],
    ) -> Result<u64, JournalError> {
        if self.stopped {
            return Err(JournalError::Stopped);
        }
        let begins = facts.iter().any(|fact| fact.what.begins());
        if begins {
            self.reserve.restore()?;
            self.write_head()?;
        }
        let every = self.checkpoint_every;
        let write = |db: &Connection, end: &mut End| {
            let before = end.last.seq;
            add_facts(db, end, at, facts)?;
            add_rows(db, before, facts, rows)?;
            if end.last.seq - end.checkpoint >= every {
                add_checkpoint(db, end, at)?;
            }
            Ok(())
        };
        let written = self.transact(write);
        match written {
            Err(JournalError::DiskFull) if !begins && self.reserve.release() => {
                self.transact(write)?;
            }
            written => written?,
        }
        Ok(self.end.last.seq)
    }

    /// Adds a remark, as one transaction. Returns its number when it is flushed.
    ///
    /// # Errors
    /// As of [`append`](Journal::append). A remark begins nothing and records no
    /// outcome: it gets none of the space that is kept back.
    pub fn remark(&mut self, at: Timestamp, remark: &Remark) -> Result<u64, JournalError> {
        if self.stopped {
            return Err(JournalError::Stopped);
        }
        let body = body::encode_remark(remark)?;
        self.transact(|db, end| add(db, &mut end.last, at, "", &body))?;
        Ok(self.end.last.seq)
    }

    /// The tenders of which something is still to be done, oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn open_tenders(&self) -> Result<Vec<TenderId>, JournalError> {
        rows::open(&self.db)
    }

    /// The number of the last entry; 0 when there is none.
    pub fn last(&self) -> u64 {
        self.end.last.seq
    }

    /// A read-only view with a connection of its own.
    ///
    /// # Errors
    /// When the file cannot be opened once more.
    pub fn reader(&self) -> Result<Reader, JournalError> {
        Ok(Reader {
            db: schema::connect(&self.files.db, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
            files: self.files.clone(),
        })
    }

    /// Ends cleanly: a checkpoint, and the WAL moved into the file. Not needed
    /// for safety; the next start is faster and the file is whole by itself.
    ///
    /// # Errors
    /// When something of it could not be done; what was appended is on disk.
    pub fn close(mut self, at: Timestamp) -> Result<(), JournalError> {
        if self.stopped {
            return Err(JournalError::Stopped);
        }
        if self.end.last.seq > self.end.checkpoint {
            self.transact(|db, end| add_checkpoint(db, end, at))?;
        }
        self.write_head()?;
        let doing = sqlite("closing the journal");
        self.db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(&doing)?;
        self.db.close().map_err(|(_, e)| doing(e))
    }

    /// One transaction, and the head.
    pub(super) fn transact(
        &mut self,
        write: impl Fn(&Connection, &mut End) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        self.run("BEGIN IMMEDIATE")
            .map_err(sqlite("beginning a transaction"))?;
        let mut end = self.end;
        let written = write(&self.db, &mut end);
        if let Err(error) = written {
            self.roll_back();
            return Err(error);
        }
        if let Err(error) = self.run("COMMIT") {
            return Err(match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy) => {
                    self.roll_back();
                    sqlite("committing")(error)
                }
                _ => {
                    self.stopped = true;
                    JournalError::Undecided(error.to_string())
                }
            });
        }
        self.end = end;
        // It is on disk: a head that cannot be written holds up new tenders, not this answer.
        self.head_behind = true;
        let _ = self.write_head();
        Ok(())
    }

    fn run(&self, statement: &str) -> rusqlite::Result<()> {
        self.db.prepare_cached(statement)?.execute([]).map(drop)
    }

    fn roll_back(&mut self) {
        // SQLite has already done it after some errors.
        if !self.db.is_autocommit() && self.run("ROLLBACK").is_err() {
            self.stopped = true;
        }
    }

    pub(super) fn write_head(&mut self) -> Result<(), JournalError> {
        if self.head_behind {
            self.head
                .write(self.end.last)
                .map_err(io("writing journal.head"))?;
            self.head_behind = false;
        }
        Ok(())
    }
}

fn add_facts(
    db: &Connection,
    end: &mut End,
    at: Timestamp,
    facts: &[Fact],
) -> Result<(), JournalError> {
    if facts.is_empty() {
        return Err(JournalError::Unfit("there are none".to_owned()));
    }
    facts.iter().try_for_each(|fact| {
        let body = body::encode(&fact.what)?;
        add(db, &mut end.last, at, fact.tender.as_str(), &body)
    })
}

fn add_checkpoint(db: &Connection, end: &mut End, at: Timestamp) -> Result<(), JournalError> {
    add(db, &mut end.last, at, "", CHECKPOINT)?;
    end.checkpoint = end.last.seq;
    Ok(())
}

/// Adds one entry to the chain.
fn add(
    db: &Connection,
    last: &mut Mark,
    at: Timestamp,
    subject: &str,
    body: &str,
) -> Result<(), JournalError> {
    *last = last.next(at.0, subject.as_bytes(), body.as_bytes());
    db.prepare_cached("INSERT INTO fact (seq, at, subject, body, hash) VALUES (?1, ?2, ?3, ?4, ?5)")
        .and_then(|mut q| q.execute(params![sql(last.seq), at.0, subject, body, last.hash.0]))
        .map_err(sqlite("adding an entry"))
        .map(drop)
}

fn add_rows(
    db: &Connection,
    before: u64,
    facts: &[Fact],
    rows: &[TenderRow],
) -> Result<(), JournalError> {
    // The first of each tender's facts, and how many they are.
    let mut touched: BTreeMap<&TenderId, (u64, usize)> = BTreeMap::new();
    for (seq, fact) in (before + 1..).zip(facts) {
        touched.entry(&fact.tender).or_insert((seq, 0)).1 += 1;
    }
    for row in rows {
        let (first, facts) = touched
            .remove(&row.id)
            .ok_or_else(|| JournalError::Unfit(format!("no fact for the row of {}", row.id)))?;
        rows::put(db, row, first, facts)?;
    }
    match touched.first_key_value() {
        Some((tender, _)) => Err(JournalError::Unfit(format!("no row for tender {tender}"))),
        None => Ok(()),
    }
}
