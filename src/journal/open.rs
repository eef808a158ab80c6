//! Opening: lock, identity, head, chain, and only then anything that writes.

use super::body::CHECKPOINT;
use super::chain::{Hash, Mark};
use super::error::{JournalError, sqlite};
use super::files::Files;
use super::head::Head;
use super::lock::Lock;
use super::reserve::{RESERVE, Reserve};
use super::schema::{self, sql};
use super::verify;
use super::writer::{End, Journal};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::Path;

/// Numbers that a test makes small.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// From one checkpoint to the next, in entries: what a start verifies at most.
    pub(super) checkpoint_every: u64,
    /// When SQLite moves the WAL into the file, in pages of 4 kB. About twelve
    /// pages a commit: a few hundred commits, so that the cost stays out of the p99.
    pub(super) wal_pages: i64,
    /// Kept back for outcomes, in bytes.
    pub(super) reserve: u64,
}

const LIMITS: Limits = Limits {
    checkpoint_every: 10_000,
    wal_pages: 4000,
    reserve: RESERVE,
};

impl Journal {
    /// Opens the journal, or creates it (and its folder) where nothing of one is.
    ///
    /// Verifies the chain from the last checkpoint; the rest is for
    /// [`Reader::verify`](super::Reader::verify) when there is time.
    ///
    /// # Errors
    /// Every [`JournalError`] but those of an append. The files are as they were,
    /// for whoever looks into it.
    pub fn open(path: &Path) -> Result<Journal, JournalError> {
        Self::open_with(path, LIMITS)
    }

    pub(super) fn open_with(path: &Path, limits: Limits) -> Result<Journal, JournalError> {
        let files = Files::beside(path)?;
        files.make_dir()?;
        let lock = Lock::take(&files.lock)?;
        if !files.exists()? {
            files.create()?;
        }
        let db = schema::connect(&files.db, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .map_err(|error| if_ours(error, &files))?;
        let (head, flushed) = Head::open(&files.head)?;
        let end = whole(&db, flushed)?;
        // SQLite falls back to reading when it may not write.
        if db
            .is_readonly("main")
            .map_err(sqlite("opening the journal"))?
        {
            return Err(JournalError::ReadOnly);
        }
        files.sync_wal()?;
        prepare_for_writing(&db, limits.wal_pages)?;
        let mut journal = Journal {
            db,
            head,
            reserve: Reserve::beside(files.reserve.clone(), limits.reserve),
            files,
            end,
            checkpoint_every: limits.checkpoint_every,
            head_behind: end.last != flushed,
            stopped: false,
            _lock: lock,
        };
        // Neither keeps a journal shut: both are tried again before anything new begins.
        let _ = journal.write_head();
        let _ = journal.reserve.restore();
        Ok(journal)
    }
}

/// A file that no longer looks like a journal and has a head was one.
fn if_ours(error: JournalError, files: &Files) -> JournalError {
    match error {
        JournalError::NotAJournal(what) if Head::read(&files.head).is_ok() => {
            JournalError::Damaged(what)
        }
        error => error,
    }
}

/// Makes sure that nothing the head vouches for is lost, and that the chain is
/// whole from the last checkpoint. Returns its end.
fn whole(db: &Connection, flushed: Mark) -> Result<End, JournalError> {
    let doing = sqlite("reading the journal's end");
    let last = db
        .query_row("SELECT coalesce(max(seq), 0) FROM fact", [], |r| r.get(0))
        .map_err(&doing)
        .and_then(schema::seq)?;
    if last < flushed.seq {
        return Err(JournalError::Shorter {
            last,
            head: flushed.seq,
        });
    }
    if mark(db, flushed.seq)? != flushed {
        return Err(JournalError::Replaced { seq: flushed.seq });
    }
    let checkpoint = db
        .query_row(
            "SELECT seq FROM fact WHERE subject = '' AND body = ?1 ORDER BY seq DESC LIMIT 1",
            [CHECKPOINT],
            |r| r.get(0),
        )
        .optional()
        .map_err(&doing)?
        .map_or(Ok(0), schema::seq)?;
    // The checkpoint's own entry is verified with the rest.
    let mut verified = mark(db, checkpoint.saturating_sub(1))?;
    while verified.seq < last {
        verified = verify::advance(db, verified)?;
    }
    Ok(End {
        last: verified,
        checkpoint,
    })
}

/// The place of an entry, by the hash that is stored with it.
pub(super) fn mark(db: &Connection, seq: u64) -> Result<Mark, JournalError> {
    if seq == 0 {
        return schema::origin(db);
    }
    db.query_row("SELECT hash FROM fact WHERE seq = ?1", [sql(seq)], |r| {
        r.get(0)
    })
    .optional()
    .map_err(sqlite("reading an entry's hash"))?
    .map(|hash| Mark {
        seq,
        hash: Hash(hash),
    })
    .ok_or_else(|| JournalError::Damaged(format!("entry {seq} is missing")))
}

fn prepare_for_writing(db: &Connection, wal_pages: i64) -> Result<(), JournalError> {
    let doing = sqlite("setting the journal up for writing");
    let mode: String = db
        .query_row("PRAGMA journal_mode = WAL", [], |r| r.get(0))
        .map_err(&doing)?;
    if mode != "wal" {
        return Err(JournalError::NotAJournal(format!(
            "SQLite keeps it in {mode} mode on this file system"
        )));
    }
    // FULL: a commit is on disk when it returns.
    db.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = {wal_pages};"
    ))
    .map_err(&doing)
}
