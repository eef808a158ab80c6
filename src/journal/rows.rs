//! The derived tables: where a tender's facts are found by key, sale, lane or order.
//!
//! They are written in the transaction of the facts, so they are never behind.
//! They also keep two promises that a slip of the layer above would break at a
//! customer's cost: one key has one tender, one order number has one tender.

use super::error::{JournalError, sqlite};
use super::schema::sql;
use crate::domain::{
    BusinessDay, IdempotencyKey, LaneId, NameError, OrderNumber, SaleRef, TenderId, Timestamp,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// What the journal looks tenders up by. Nothing but the tender's facts, seen as
/// a row: it can be made again from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenderRow {
    /// The tender.
    pub id: TenderId,
    /// Where.
    pub lane: LaneId,
    /// The caller's key. No two tenders have one.
    pub key: IdempotencyKey,
    /// The ticket.
    pub sale: SaleRef,
    /// The ticket's day.
    pub day: BusinessDay,
    /// `armed`, `paying`, `waiting`, `checking` or `done`.
    pub state: String,
    /// The verdict's word, when there is one.
    pub verdict: Option<String>,
    /// Whether anything is still to be done: it is read back at every start.
    pub open: bool,
    /// When it was asked for.
    pub created: Timestamp,
    /// The numbers of its orders and of its refunds. No two tenders have one.
    pub orders: Vec<OrderNumber>,
}

/// Writes a row. `first` is the tender's first fact if the tender is new, `facts`
/// how many facts are added.
pub(super) fn put(
    db: &Connection,
    row: &TenderRow,
    first: u64,
    facts: usize,
) -> Result<(), JournalError> {
    let doing = sqlite("writing a tender's row");
    let other: Option<String> = db
        .prepare_cached("SELECT id FROM tender WHERE key = ?1 AND id <> ?2")
        .and_then(|mut q| {
            q.query_row(params![row.key.as_str(), row.id.as_str()], |r| r.get(0))
                .optional()
        })
        .map_err(&doing)?;
    if let Some(other) = other {
        return Err(JournalError::Unfit(format!(
            "the key of tender {} belongs to tender {other}",
            row.id
        )));
    }
    db.prepare_cached(
        "INSERT INTO tender (first, id, lane, key, sale, day, state, verdict, open, created, facts)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, verdict = excluded.verdict,
           open = excluded.open, facts = facts + excluded.facts",
    )
    .and_then(|mut q| {
        q.execute(params![
            sql(first),
            row.id.as_str(),
            row.lane.as_str(),
            row.key.as_str(),
            row.sale.as_str(),
            row.day.as_str(),
            row.state,
            row.verdict,
            row.open,
            row.created.0,
            sql(facts as u64),
        ])
    })
    .map_err(&doing)?;
    for number in &row.orders {
        let new = db
            .prepare_cached(
                "INSERT INTO orders (number, tender) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )
            .and_then(|mut q| q.execute(params![number.as_str(), row.id.as_str()]))
            .map_err(&doing)?;
        if new == 0 && by_order(db, number)?.as_ref() != Some(&row.id) {
            return Err(JournalError::Unfit(format!(
                "order number {number} belongs to another tender than {}",
                row.id
            )));
        }
    }
    Ok(())
}

/// The tender of an order number.
pub(super) fn by_order(
    db: &Connection,
    order: &OrderNumber,
) -> Result<Option<TenderId>, JournalError> {
    one(
        db,
        "SELECT tender FROM orders WHERE number = ?1",
        order.as_str(),
    )
}

/// The tender with a key.
pub(super) fn by_key(
    db: &Connection,
    key: &IdempotencyKey,
) -> Result<Option<TenderId>, JournalError> {
    one(db, "SELECT id FROM tender WHERE key = ?1", key.as_str())
}

fn one(db: &Connection, query: &str, name: &str) -> Result<Option<TenderId>, JournalError> {
    db.prepare_cached(query)
        .and_then(|mut q| q.query_row([name], id).optional())
        .map_err(sqlite("looking a tender up"))?
        .transpose()
}

/// The tenders of which something is still to be done, oldest first.
pub(super) fn open(db: &Connection) -> Result<Vec<TenderId>, JournalError> {
    many(
        db,
        "SELECT id FROM tender WHERE open = 1 ORDER BY first",
        [],
    )
}

/// The tenders that a query names, in its order.
pub(super) fn many(
    db: &Connection,
    query: &str,
    with: impl rusqlite::Params,
) -> Result<Vec<TenderId>, JournalError> {
    let doing = sqlite("looking tenders up");
    let mut query = db.prepare_cached(query).map_err(&doing)?;
    let found = query.query_map(with, id).map_err(&doing)?;
    found.map(|id| id.map_err(&doing)?).collect()
}

/// Reads a row back, with its number of facts.
pub(super) fn get(
    db: &Connection,
    tender: &TenderId,
) -> Result<Option<(TenderRow, u64)>, JournalError> {
    let doing = sqlite("reading a tender's row");
    let row = db
        .prepare_cached(
            "SELECT lane, key, sale, day, state, verdict, open, created, facts
             FROM tender WHERE id = ?1",
        )
        .and_then(|mut q| {
            q.query_row([tender.as_str()], |r| {
                Ok((
                    [r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?],
                    (r.get(4)?, r.get(5)?, r.get(6)?),
                    Timestamp(r.get(7)?),
                    r.get(8)?,
                ))
            })
            .optional()
        })
        .map_err(&doing)?;
    let Some((names, (state, verdict, open), created, facts)) = row else {
        return Ok(None);
    };
    let [lane, key, sale, day]: [String; 4] = names;
    let mut query = db
        .prepare_cached("SELECT number FROM orders WHERE tender = ?1 ORDER BY number")
        .map_err(&doing)?;
    let orders = query
        .query_map([tender.as_str()], |r| r.get::<_, String>(0))
        .map_err(&doing)?
        .map(|number| name(OrderNumber::new(number.map_err(&doing)?)))
        .collect::<Result<_, _>>()?;
    let row = TenderRow {
        id: tender.clone(),
        lane: name(LaneId::new(lane))?,
        key: name(IdempotencyKey::new(key))?,
        sale: name(SaleRef::new(sale))?,
        day: name(BusinessDay::new(day))?,
        state,
        verdict,
        open,
        created,
        orders,
    };
    Ok(Some((row, super::schema::seq(facts)?)))
}

fn id(row: &Row<'_>) -> rusqlite::Result<Result<TenderId, JournalError>> {
    Ok(name(TenderId::new(row.get::<_, String>(0)?)))
}

/// A name that was checked when it was written and is checked again when it is read.
pub(super) fn name<T>(name: Result<T, NameError>) -> Result<T, JournalError> {
    name.map_err(|e| JournalError::Damaged(format!("a name in it is none: {e}")))
}
