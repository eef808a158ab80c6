//! Reading: a read-only connection of its own, that sees flushed commits only.
//!
//! SQLite shows a commit to other connections after its flush, so whatever a
//! reader finds may be told to anybody.

use super::body::{self, CHECKPOINT};
use super::error::{JournalError, sqlite};
use super::files::Files;
use super::rows::{self, name};
use super::schema::{self, seq, sql};
use super::{Entry, RemarkEntry};
use crate::domain::{
    BusinessDay, Fact, IdempotencyKey, LaneId, OrderNumber, SaleRef, TenderId, Timestamp,
};
use rusqlite::{Connection, OpenFlags, Params, Row, ToSql};
use std::path::Path;

/// Which tenders to list; all that is set must agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// With this key.
    pub key: Option<IdempotencyKey>,
    /// Of this ticket.
    pub sale: Option<SaleRef>,
    /// Of this trading day.
    pub day: Option<BusinessDay>,
    /// On this lane.
    pub lane: Option<LaneId>,
    /// In this state, by its word.
    pub state: Option<String>,
}

/// A view of the journal. Cheap to have, and `Send`: one for each thread that reads.
#[derive(Debug)]
pub struct Reader {
    pub(super) db: Connection,
    pub(super) files: Files,
}

impl Reader {
    /// Opens a journal for reading, whether or not a service is writing to it.
    /// Verifies nothing but the format; see [`Reader::verify`].
    ///
    /// # Errors
    /// When there is no journal, or it is not one, or newer.
    pub fn open(path: &Path) -> Result<Reader, JournalError> {
        let files = Files::beside(path)?;
        if !files.exists()? {
            return Err(JournalError::NotFound);
        }
        let db = schema::connect(&files.db, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Reader { db, files })
    }

    /// All facts of a tender, in order; none when there is no such tender.
    ///
    /// # Errors
    /// [`JournalError::Derived`] when other facts are found than were written.
    pub fn facts_of(&self, tender: &TenderId) -> Result<Vec<Entry>, JournalError> {
        let doing = sqlite("reading a tender's facts");
        // Both are read of one moment.
        let tx = self.db.unchecked_transaction().map_err(&doing)?;
        let facts = facts(&tx, tender)?;
        let expected = rows::get(&tx, tender)?.map_or(0, |(_, facts)| facts);
        if facts.len() as u64 != expected {
            return Err(JournalError::Derived(format!(
                "tender {tender} has {} facts where {expected} were written",
                facts.len()
            )));
        }
        Ok(facts)
    }

    /// The facts after an entry, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn after(&self, seq: u64, limit: usize) -> Result<Vec<Entry>, JournalError> {
        entries(
            &self.db,
            "SELECT seq, at, subject, body FROM fact
             WHERE seq > ?1 AND subject <> '' ORDER BY seq LIMIT ?2",
            [sql(seq), sql(limit as u64)],
        )
    }

    /// The remarks after an entry, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn remarks_after(&self, seq: u64, limit: usize) -> Result<Vec<RemarkEntry>, JournalError> {
        let doing = sqlite("reading remarks");
        let mut query = self
            .db
            .prepare_cached(
                "SELECT seq, at, body FROM fact
                 WHERE subject = '' AND seq > ?1 AND body <> ?2 ORDER BY seq LIMIT ?3",
            )
            .map_err(&doing)?;
        let mut rows = query
            .query(rusqlite::params![sql(seq), CHECKPOINT, sql(limit as u64)])
            .map_err(&doing)?;
        let mut remarks = Vec::new();
        while let Some(row) = rows.next().map_err(&doing)? {
            let seq = schema::seq(row.get(0).map_err(&doing)?)?;
            let body: String = row.get(2).map_err(&doing)?;
            remarks.push(RemarkEntry {
                seq,
                at: Timestamp(row.get(1).map_err(&doing)?),
                remark: body::decode_remark(seq, &body)?,
            });
        }
        Ok(remarks)
    }

    /// The newest remarks, at most so many, oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn newest_remarks(&self, count: usize) -> Result<Vec<RemarkEntry>, JournalError> {
        let begin: Option<i64> = self
            .db
            .prepare_cached(
                "SELECT min(seq) FROM (SELECT seq FROM fact
                 WHERE subject = '' AND body <> ?1 ORDER BY seq DESC LIMIT ?2)",
            )
            .and_then(|mut q| {
                q.query_row(rusqlite::params![CHECKPOINT, sql(count as u64)], |r| {
                    r.get(0)
                })
            })
            .map_err(sqlite("reading remarks"))?;
        match begin {
            Some(begin) => self.remarks_after(schema::seq(begin)? - 1, count),
            None => Ok(Vec::new()),
        }
    }

    /// The number of the last entry, which may be a checkpoint; 0 when there is none.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn last(&self) -> Result<u64, JournalError> {
        self.db
            .prepare_cached("SELECT coalesce(max(seq), 0) FROM fact")
            .and_then(|mut q| q.query_row([], |row| row.get(0)))
            .map_err(sqlite("reading the journal's end"))
            .and_then(seq)
    }

    /// The tender with a key.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn by_key(&self, key: &IdempotencyKey) -> Result<Option<TenderId>, JournalError> {
        rows::by_key(&self.db, key)
    }

    /// The tenders of a sale on a trading day, newest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn by_sale(
        &self,
        sale: &SaleRef,
        day: &BusinessDay,
    ) -> Result<Vec<TenderId>, JournalError> {
        rows::many(
            &self.db,
            "SELECT id FROM tender WHERE sale = ?1 AND day = ?2 ORDER BY first DESC",
            [sale.as_str(), day.as_str()],
        )
    }

    /// The tender of an order number.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn by_order(&self, order: &OrderNumber) -> Result<Option<TenderId>, JournalError> {
        rows::by_order(&self.db, order)
    }

    /// The tenders of which something is still to be done, oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn open_tenders(&self) -> Result<Vec<TenderId>, JournalError> {
        rows::open(&self.db)
    }

    /// The lane of a tender.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn lane_of(&self, tender: &TenderId) -> Result<Option<LaneId>, JournalError> {
        Ok(rows::get(&self.db, tender)?.map(|(row, _)| row.lane))
    }

    /// The tenders that a filter leaves, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn list(&self, filter: &RowFilter, limit: usize) -> Result<Vec<TenderId>, JournalError> {
        let (query, with) = list_query(filter);
        let limit = sql(limit as u64);
        let mut with: Vec<&dyn ToSql> = with.iter().map(|word| word as &dyn ToSql).collect();
        with.push(&limit);
        rows::many(&self.db, &query, with.as_slice())
    }
}

/// Leaves SQLite one index to use, the one that narrows most: `+` keeps a column
/// from being looked up. Every index ends in the row's number, so the newest come
/// first without sorting (a sale's few tenders aside).
pub(super) fn list_query(filter: &RowFilter) -> (String, Vec<&str>) {
    let mut query = String::from("SELECT id FROM tender");
    let mut with = Vec::new();
    // Nearly all tenders are done: as a filter that is no better than none.
    let lively = filter.state.as_deref().filter(|state| *state != "done");
    for (column, word) in [
        ("key", filter.key.as_ref().map(IdempotencyKey::as_str)),
        ("sale", filter.sale.as_ref().map(SaleRef::as_str)),
        ("state", lively),
        ("day", filter.day.as_ref().map(BusinessDay::as_str)),
        ("lane", filter.lane.as_ref().map(LaneId::as_str)),
        ("+state", filter.state.as_deref().filter(|s| *s == "done")),
    ] {
        let Some(word) = word else { continue };
        query.push_str(if with.is_empty() { " WHERE " } else { " AND +" });
        query.push_str(column);
        query.push_str(" = ?");
        if query.ends_with("WHERE state = ?") {
            // What makes SQLite see that the partial index covers it.
            query.push_str(" AND state <> 'done'");
        }
        with.push(word);
    }
    query.push_str(" ORDER BY first DESC LIMIT ?");
    (query, with)
}

/// All facts of a tender that the index finds.
pub(super) fn facts(db: &Connection, tender: &TenderId) -> Result<Vec<Entry>, JournalError> {
    entries(
        db,
        "SELECT seq, at, subject, body FROM fact WHERE subject = ?1 ORDER BY seq",
        [tender.as_str()],
    )
}

/// The facts that a query of `seq, at, subject, body` finds.
fn entries(db: &Connection, query: &str, with: impl Params) -> Result<Vec<Entry>, JournalError> {
    let doing = sqlite("reading facts");
    let mut query = db.prepare_cached(query).map_err(&doing)?;
    let mut rows = query.query(with).map_err(&doing)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next().map_err(&doing)? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

fn entry(row: &Row<'_>) -> Result<Entry, JournalError> {
    let doing = sqlite("reading a fact");
    let seq = seq(row.get(0).map_err(&doing)?)?;
    let subject: String = row.get(2).map_err(&doing)?;
    let body: String = row.get(3).map_err(&doing)?;
    Ok(Entry {
        seq,
        at: Timestamp(row.get(1).map_err(&doing)?),
        fact: Fact {
            tender: name(TenderId::new(subject))?,
            what: body::decode(seq, &body)?,
        },
    })
}
