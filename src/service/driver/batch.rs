//! What was decided together, from the step to the flush to the effects.
//!
//! A step's facts are applied at once, so that the next event of the batch sees
//! them; everything that anybody outside could notice waits for the flush. What
//! begins something and what records an outcome never share a batch: a full disk
//! may refuse the first, which is then undone, and must not take the second along.

use super::{Book, Clock, Core, Driver, Front, Hands, Outcome, Ports};
use crate::domain::code::PaymentCode;
use crate::domain::{
    Denial, Effect, Event, Fact, LaneId, Mode, Operation, Step, TenderId, Timestamp, What, apply,
};
use crate::journal::{JournalError, TenderRow};
use crate::scanner;
use crate::service::Trouble;
use crate::service::record::{alert_word, log, tender_row};
use crate::service::view::Notice;
use std::collections::BTreeSet;

/// What was decided and is not yet done.
pub(super) struct Batch<P: Ports> {
    /// The time of everything in it, in the state and in the journal alike.
    pub(super) at: Timestamp,
    /// Whether it begins something (a tender, an attempt): a full disk refuses
    /// that, and nothing of it has happened then. Outcomes of what was begun are
    /// never mixed with it, so that they can still be recorded.
    begins: bool,
    facts: Vec<Fact>,
    effects: Vec<Effect>,
    touched: BTreeSet<TenderId>,
    pub(super) replies: Vec<(<P::Front as Front>::Reply, Outcome)>,
    pub(super) notices: Vec<Notice>,
    /// Lanes whose scan is in it, and the scanners that wait to be told.
    pub(super) scans: Vec<(LaneId, scanner::Reply)>,
}

impl<P: Ports> Batch<P> {
    pub(super) fn at(at: Timestamp) -> Self {
        Self {
            at,
            begins: false,
            facts: Vec::new(),
            effects: Vec::new(),
            touched: BTreeSet::new(),
            replies: Vec::new(),
            notices: Vec::new(),
            scans: Vec::new(),
        }
    }

    /// Whether nothing was decided so far.
    fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.effects.is_empty()
    }
}

impl<P: Ports> Driver<P> {
    /// Steps one event. What it decides is applied at once, for the next event
    /// of the batch, and done after the flush.
    pub(super) fn event(
        &mut self,
        event: &Event,
        code: Option<&PaymentCode>,
        batch: &mut Batch<P>,
    ) -> Result<Outcome, JournalError> {
        let mut decided = self.decide(event, batch)?;
        if let Ok(step) = &decided
            && !(step.facts.is_empty() && step.effects.is_empty())
            && !batch.is_empty()
            && step.begins() != batch.begins
        {
            // What went before may be undone: decide again, on what is left.
            self.finish(batch)?;
            decided = self.decide(event, batch)?;
        }
        let step = match decided {
            Ok(step) => step,
            Err(denial) => return Ok(Err(Trouble::Denied(denial))),
        };
        batch.begins |= step.begins();
        for fact in &step.facts {
            apply(&mut self.state, fact, batch.at);
            batch.touched.insert(fact.tender.clone());
        }
        let created = |fact: &Fact| matches!(fact.what, What::TenderCreated { .. });
        if step.facts.iter().any(created)
            && let Some(tender) = &step.tender
        {
            self.warm(tender);
        }
        let refunded = |fact: &Fact| matches!(fact.what, What::RefundIntended { .. });
        let new = step
            .facts
            .iter()
            .any(|fact| created(fact) || refunded(fact));
        for effect in &step.effects {
            if let Effect::Call {
                attempt,
                operation: Operation::Submit,
                order,
                ..
            } = effect
                && (code.is_some() || order.mode == Mode::Display)
            {
                self.hands.prepare(attempt, order, code);
            }
        }
        batch.facts.extend(step.facts);
        batch.effects.extend(step.effects);
        Ok(match step.tender {
            Some(tender) => Ok((tender, new)),
            None => Err(Trouble::Denied(Denial::NoTender)),
        })
    }

    fn decide(
        &mut self,
        event: &Event,
        batch: &Batch<P>,
    ) -> Result<Result<Step, Denial>, JournalError> {
        self.load_for(event)?;
        let now = self.now(batch.at);
        Ok(self.core.step(&self.state, event, now))
    }

    /// Makes the batch durable and does what it decided; begins another.
    pub(super) fn finish(&mut self, batch: &mut Batch<P>) -> Result<(), JournalError> {
        let next = Batch::at(self.clock.wall());
        let mut batch = std::mem::replace(batch, next);
        match self.flush(&batch) {
            Ok(last) => {
                // Calls first: a customer waits for them.
                for effect in std::mem::take(&mut batch.effects) {
                    self.perform(effect);
                }
                let tenders = &self.state.tenders;
                let touched = batch.touched.iter().filter_map(|id| tenders.get(id));
                touched.for_each(|tender| self.front.post(tender));
                // After what was posted: whoever waits for a change looks there.
                if let Some(last) = last {
                    self.front.durable(last);
                }
                batch.facts.iter().for_each(log);
                for alert in batch.facts.iter().filter_map(alert_word) {
                    self.front.count("alerts_total", &alert);
                }
            }
            Err(error) if batch.begins && error.nothing_added() => {
                self.undo(&mut batch, &error)?;
            }
            Err(error) => return Err(error),
        }
        batch.scans.iter().for_each(|(_, reply)| reply.accept());
        for notice in batch.notices {
            self.notice(notice);
        }
        for (reply, outcome) in batch.replies {
            let gone = Trouble::Denied(Denial::NoTender);
            let tenders = &self.state.tenders;
            let outcome = outcome
                .and_then(|(id, new)| tenders.get(&id).map(|tender| (tender, new)).ok_or(gone));
            self.front.answer(reply, outcome);
        }
        self.let_go();
        Ok(())
    }

    /// Nothing of the batch has happened: the state goes back to what the journal has.
    fn undo(&mut self, batch: &mut Batch<P>, error: &JournalError) -> Result<(), JournalError> {
        tracing::error!(%error, "nothing new can be recorded");
        for id in std::mem::take(&mut batch.touched) {
            self.state
                .codes
                .retain(|_, (attempt, _)| attempt.tender != id);
            self.state.tenders.remove(&id);
            self.load(&id)?;
        }
        for effect in &batch.effects {
            if let Effect::Call { attempt, .. } = effect {
                self.hands.forget(attempt);
            }
        }
        let text = error.to_string();
        for (lane, reply) in batch.scans.drain(..) {
            // It may be scanned again at once.
            self.submitted.remove(&lane);
            reply.refuse();
            let notice = Notice::new(&lane, batch.at, "unavailable", &text);
            batch.notices.push(notice);
        }
        for (_, outcome) in &mut batch.replies {
            if outcome.is_ok() {
                *outcome = Err(Trouble::Unavailable(text.clone()));
            }
        }
        Ok(())
    }

    /// Makes the batch durable; everything waits for this. Gives the newest
    /// sequence number, when there is a new one.
    fn flush(&mut self, batch: &Batch<P>) -> Result<Option<u64>, JournalError> {
        if batch.facts.is_empty() {
            return Ok(None);
        }
        let rows: Vec<TenderRow> = batch
            .touched
            .iter()
            .filter_map(|id| self.state.tenders.get(id))
            .map(tender_row)
            .collect();
        let appended = self.book.append(batch.at, &batch.facts, &rows);
        appended.map(Some)
    }
}
