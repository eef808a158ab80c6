//! Facts read back to what they amount to, without a running service.

use super::record::tender_row;
use super::start::wall_clock;
use super::view::{ObligationView, obligation_views};
use crate::domain::{
    AttemptId, Denial, Fact, Remark, Setup, State, StoreId, Tender, TenderId, Timestamp, apply,
};
use crate::journal::{Entry, Journal, JournalError, Reader};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// How many remarks back an open gap is looked for: more than a list can leave behind.
const GAP_DEPTH: usize = 200_000;

/// A state with nothing in it, to apply facts to.
pub(super) fn blank(setup: Arc<Setup>) -> State {
    State {
        setup,
        tenders: BTreeMap::new(),
        codes: BTreeMap::new(),
    }
}

/// The tender that all of its facts give, under any configuration.
pub(super) fn tender_of(entries: &[Entry]) -> Option<Tender> {
    let setup = Setup {
        store: StoreId::new("any").unwrap_or_else(|_| unreachable!("letters")),
        lanes: BTreeMap::new(),
        gateways: BTreeMap::new(),
    };
    let mut state = blank(Arc::new(setup));
    for entry in entries {
        apply(&mut state, &entry.fact, entry.at);
    }
    state.tenders.into_values().next()
}

/// A tender as the journal has it.
///
/// # Errors
/// When the journal cannot be read.
pub(super) fn read_tender(reader: &Reader, id: &TenderId) -> Result<Option<Tender>, JournalError> {
    Ok(tender_of(&reader.facts_of(id)?))
}

/// The open duties in a journal, whether or not a service is writing it.
///
/// # Errors
/// When the journal cannot be read.
pub fn duties_in(journal: &Path) -> Result<Vec<ObligationView>, JournalError> {
    let reader = Reader::open(journal)?;
    let mut duties = Vec::new();
    for id in reader.open_tenders()? {
        duties.extend(read_tender(&reader, &id)?.iter().flat_map(obligation_views));
    }
    Ok(duties)
}

/// Since when nothing is surely known, in a journal that was begun after a lost one
/// and whose gap was not compared with the gateways' lists.
///
/// # Errors
/// When the journal cannot be read.
pub fn gap_since(reader: &Reader) -> Result<Option<Timestamp>, JournalError> {
    let remarks = reader.newest_remarks(GAP_DEPTH)?;
    let mut newest_first = remarks.into_iter().rev();
    let of_gap = newest_first.find_map(|entry| match entry.remark {
        Remark::GapOpened { since } => Some(Some(since)),
        Remark::GapCompared { .. } => Some(None),
        _ => None,
    });
    Ok(of_gap.flatten())
}

/// Why an attempt was not parked.
#[derive(Debug)]
pub enum ParkError {
    /// The journal cannot be used: a service that runs has it.
    Journal(JournalError),
    /// Our rules say no.
    Denied(Denial),
}

impl fmt::Display for ParkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => write!(f, "{error}"),
            Self::Denied(denial) => write!(f, "{denial}"),
        }
    }
}

impl std::error::Error for ParkError {}

impl From<JournalError> for ParkError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// Sets an attempt aside in a journal that no service has, or takes it up again.
/// Returns the tender as it is then.
///
/// # Errors
/// See [`ParkError`]; nothing has changed.
pub fn park_in(
    journal: &Path,
    id: &AttemptId,
    decide: impl FnOnce(&Tender, u32) -> Result<Vec<Fact>, Denial>,
) -> Result<Tender, ParkError> {
    let mut journal = Journal::open(journal)?;
    let mut entries = journal.reader()?.facts_of(&id.tender)?;
    let tender = tender_of(&entries).ok_or(ParkError::Denied(Denial::NoTender))?;
    let facts = decide(&tender, id.number).map_err(ParkError::Denied)?;
    let at = wall_clock();
    entries.extend(facts.iter().map(|fact| Entry {
        seq: 0,
        at,
        fact: fact.clone(),
    }));
    let tender = tender_of(&entries).ok_or(ParkError::Denied(Denial::NoTender))?;
    journal.append(at, &facts, &[tender_row(&tender)])?;
    journal.close(at)?;
    Ok(tender)
}
