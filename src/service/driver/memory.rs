//! The working set: what is read back from the journal, and what is let go of.

use super::{Book, Driver, Ports};
use crate::domain::{BusinessDay, Event, GatewayId, SaleRef, TenderId, apply};
use crate::journal::JournalError;
use std::collections::BTreeSet;

/// Why a driver cannot take up what a journal holds.
#[derive(Debug)]
pub enum RecoverError {
    /// The journal cannot be read.
    Journal(JournalError),
    /// Open business belongs to a gateway that is not configured.
    GatewayMissing {
        /// The gateway.
        gateway: GatewayId,
        /// A tender that needs it.
        tender: TenderId,
    },
}

impl From<JournalError> for RecoverError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl<P: Ports> Driver<P> {
    /// Reads back every tender that is open, and refuses to go on without its gateway.
    /// Nothing is done yet: [`Driver::resume`] does.
    ///
    /// # Errors
    /// See [`RecoverError`].
    pub fn recover(&mut self) -> Result<(), RecoverError> {
        for id in self.book.open_tenders()? {
            self.load(&id)?;
        }
        for tender in self.state.tenders.values() {
            let attempts = tender.attempts.iter();
            let mut needed = attempts.filter(|a| a.stage.is_live() || a.obligation().is_some());
            let known = &self.state.setup.gateways;
            if let Some(attempt) = needed.find(|a| !known.contains_key(&a.gateway)) {
                return Err(RecoverError::GatewayMissing {
                    gateway: attempt.gateway.clone(),
                    tender: tender.id.clone(),
                });
            }
            tracing::info!(
                tender = tender.id.as_str(),
                state = crate::service::view::state_word(tender),
                "taken up again"
            );
        }
        Ok(())
    }

    /// Brings into the working set whatever the event concerns.
    pub(super) fn load_for(&mut self, event: &Event) -> Result<(), JournalError> {
        match event {
            Event::CreateTender(new) => {
                let by_key = self.book.by_key(&new.key)?;
                by_key.iter().try_for_each(|id| self.load(id))?;
                self.load_sale(&new.sale, &new.day)
            }
            Event::CodeRead { tender, .. } => {
                self.load(tender)?;
                let Some(tender) = self.state.tenders.get(tender) else {
                    return Ok(());
                };
                let (sale, day) = (tender.sale.clone(), tender.day.clone());
                self.load_sale(&sale, &day)
            }
            Event::Cancel(id) | Event::Extend(id) | Event::Acknowledge(id) => self.load(id),
            Event::Refund(new) => self.load(&new.tender),
            Event::RefundAnswered { refund, .. } => self.load(&refund.tender),
            Event::Answered { attempt, .. }
            | Event::CloseObligation { attempt, .. }
            | Event::Park { attempt, .. }
            | Event::Unpark { attempt, .. } => self.load(&attempt.tender),
            // Timers belong to what is open, and that is here.
            Event::TimerFired(_) => Ok(()),
        }
    }

    pub(super) fn load(&mut self, id: &TenderId) -> Result<(), JournalError> {
        if self.state.tenders.contains_key(id) {
            return Ok(());
        }
        for entry in self.book.facts_of(id)? {
            apply(&mut self.state, &entry.fact, entry.at);
        }
        Ok(())
    }

    /// The tenders of a ticket: of its day, and of the days beside it, since a
    /// ticket does not end at midnight.
    fn load_sale(&mut self, sale: &SaleRef, day: &BusinessDay) -> Result<(), JournalError> {
        for day in with_neighbours(day) {
            let sale = (sale.clone(), day);
            if !self.sales.contains(&sale) {
                let of_day = self.book.by_sale(&sale.0, &sale.1)?;
                of_day.iter().try_for_each(|id| self.load(id))?;
                self.sales.insert(sale);
            }
        }
        Ok(())
    }

    /// Lets go of what is closed. The tenders of a ticket stay together while one
    /// of them is open, so that its scan needs nothing from the journal.
    pub(super) fn let_go(&mut self) {
        let tenders = &mut self.state.tenders;
        let open = tenders.values().filter(|tender| tender.is_open());
        let open: BTreeSet<SaleRef> = open.map(|tender| tender.sale.clone()).collect();
        tenders.retain(|_, tender| open.contains(&tender.sale));
        self.sales.retain(|(sale, _)| open.contains(sale));
    }
}

fn with_neighbours(day: &BusinessDay) -> Vec<BusinessDay> {
    let mut days = vec![day.clone()];
    if let Ok(date) = day.as_str().parse::<jiff::civil::Date>() {
        let beside = [date.yesterday(), date.tomorrow()];
        let named = beside.into_iter().flatten();
        days.extend(named.filter_map(|date| BusinessDay::new(date.to_string()).ok()));
    }
    days
}
