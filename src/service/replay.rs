//! Facts read back to what they amount to, without a running service.

use super::view::{ObligationView, obligation_views};
use crate::domain::{Setup, State, StoreId, Tender, TenderId, apply};
use crate::journal::{Entry, JournalError, Reader};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

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
