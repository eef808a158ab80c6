//! The tables, and how a connection to them is set up.
//!
//! `fact` is the journal; `tender` and `orders` only say where to look in it and
//! can be made again from it. The tables have no format of their own beyond
//! `user_version`: a change to this text is a new format.

use super::chain::{Hash, Mark};
use super::error::{JournalError, sqlite};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::path::Path;
use std::time::Duration;

/// `QRPJ` in the file's header: the journal of qrpayd.
pub(super) const APPLICATION: i64 = 0x5152_504A;

/// The format that this version writes, and the newest that it reads.
pub(super) const FORMAT: i64 = 1;

const TABLES: &str = "
CREATE TABLE origin (
  one  INTEGER PRIMARY KEY CHECK (one = 1),
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE fact (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  subject TEXT NOT NULL,
  body    TEXT NOT NULL,
  hash    BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX fact_subject ON fact (subject);

CREATE TRIGGER fact_follows BEFORE INSERT ON fact
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM fact)
BEGIN SELECT RAISE(ABORT, 'entries follow each other without a gap'); END;
CREATE TRIGGER fact_stays BEFORE UPDATE ON fact
BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
CREATE TRIGGER fact_is_kept BEFORE DELETE ON fact
BEGIN SELECT RAISE(ABORT, 'an entry is never removed'); END;

CREATE TABLE tender (
  first   INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE,
  lane    TEXT NOT NULL,
  key     TEXT NOT NULL UNIQUE,
  sale    TEXT NOT NULL,
  day     TEXT NOT NULL,
  state   TEXT NOT NULL,
  verdict TEXT,
  open    INTEGER NOT NULL CHECK (open IN (0, 1)),
  created INTEGER NOT NULL,
  facts   INTEGER NOT NULL
) STRICT;
CREATE INDEX tender_sale ON tender (sale, day);
CREATE INDEX tender_day ON tender (day);
CREATE INDEX tender_lane ON tender (lane);
CREATE INDEX tender_state ON tender (state) WHERE state <> 'done';
CREATE INDEX tender_open ON tender (open) WHERE open = 1;

CREATE TABLE orders (
  number TEXT PRIMARY KEY,
  tender TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_tender ON orders (tender);
";

/// All that must be in the file, by name.
const NAMES: [&str; 14] = [
    "fact",
    "fact_follows",
    "fact_is_kept",
    "fact_stays",
    "fact_subject",
    "orders",
    "orders_tender",
    "origin",
    "tender",
    "tender_day",
    "tender_lane",
    "tender_open",
    "tender_sale",
    "tender_state",
];

/// Makes the tables of an empty journal in an empty file.
pub(super) fn create(path: &Path, origin: &Hash) -> Result<(), JournalError> {
    let doing = sqlite("creating the journal");
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(&doing)?;
    db.pragma_update(None, "journal_mode", "wal")
        .map_err(&doing)?;
    db.pragma_update(None, "synchronous", "full")
        .map_err(&doing)?;
    let tx = db.unchecked_transaction().map_err(&doing)?;
    tx.execute_batch(TABLES).map_err(&doing)?;
    tx.execute("INSERT INTO origin VALUES (1, ?1)", [origin.0])
        .map_err(&doing)?;
    tx.pragma_update(None, "application_id", APPLICATION)
        .map_err(&doing)?;
    tx.pragma_update(None, "user_version", FORMAT)
        .map_err(&doing)?;
    tx.commit().map_err(&doing)?;
    // The last connection's end moves all of it from the WAL to the file.
    db.close().map_err(|(_, e)| doing(e))
}

/// Connects to a file and makes sure that it is a journal of a known format.
/// Changes nothing in it, whatever SQLite thinks of its WAL.
pub(super) fn connect(path: &Path, access: OpenFlags) -> Result<Connection, JournalError> {
    let doing = sqlite("opening the journal");
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(&doing)?;
    // Otherwise the end of a refused connection would move what is left of a
    // damaged WAL into the file and delete the rest of it.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(&doing)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)
        .map_err(&doing)?;
    // Otherwise SQLite plans a statement anew whenever its values change, which takes
    // longer than running it; no plan here depends on a value.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(&doing)?;
    db.busy_timeout(Duration::from_secs(2)).map_err(&doing)?;
    db.set_prepared_statement_cache_capacity(32);
    db.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -1024;",
    )
    .map_err(&doing)?;
    let pragma = |name| {
        db.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(&doing)
    };
    if pragma("application_id")? != APPLICATION {
        return Err(JournalError::NotAJournal(
            "it is a database of another program".to_owned(),
        ));
    }
    match pragma("user_version")? {
        FORMAT => {}
        found if found > FORMAT => {
            return Err(JournalError::Newer {
                found,
                known: FORMAT,
            });
        }
        found => {
            return Err(JournalError::Damaged(format!(
                "its format is {found}, which never was"
            )));
        }
    }
    for name in NAMES {
        db.query_row(
            "SELECT 1 FROM sqlite_schema WHERE name = ?1",
            [name],
            |_| Ok(()),
        )
        .optional()
        .map_err(&doing)?
        .ok_or_else(|| JournalError::Damaged(format!("its part {name} is missing")))?;
    }
    Ok(db)
}

/// The chain's beginning.
pub(super) fn origin(db: &Connection) -> Result<Mark, JournalError> {
    db.query_row("SELECT hash FROM origin", [], |row| row.get(0))
        .optional()
        .map_err(sqlite("reading the journal's origin"))?
        .map(|hash| Mark {
            seq: 0,
            hash: Hash(hash),
        })
        .ok_or_else(|| JournalError::Damaged("its origin is missing".to_owned()))
}

/// A sequence number as SQLite stores it; no journal comes near the end of `i64`.
pub(super) fn sql(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// A sequence number as it was stored.
pub(super) fn seq(stored: i64) -> Result<u64, JournalError> {
    u64::try_from(stored)
        .map_err(|_| JournalError::Damaged(format!("an entry has the number {stored}")))
}
