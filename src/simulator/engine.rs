//! One call from its bytes to what leaves the wire, and the passing of time.
//!
//! Everything is decided under one lock and without waiting, so that a client
//! that leaves in the middle changes nothing: the operation has happened or it
//! has not. What remains to be done with the answer (send it, late, broken, or
//! never) is the `Outcome`, which `server` carries out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::book::{Book, Subject};
use super::fault::{Fault, QUEUE_MAX};
use super::gateway::{Draft, Gateway, Kind, Operation, Pen, Refusal};
use super::ledger::Call;
use super::outcome::{self, Outcome};
use super::plan;
use super::state::{Late, State};

/// A gateway without its sockets.
pub struct Engine<G: Gateway> {
    pub(crate) gateway: G,
    state: Mutex<State<G>>,
    /// Counts what happened; whoever waits for something looks again.
    pub(crate) happened: watch::Sender<u64>,
}

impl<G: Gateway> Engine<G> {
    pub(crate) fn new(gateway: G) -> Self {
        Self {
            state: Mutex::new(State::new(&gateway)),
            gateway,
            happened: watch::Sender::new(0),
        }
    }

    /// Locks the state with everything due carried out, and says the time.
    pub(crate) fn now(&self) -> (u64, MutexGuard<'_, State<G>>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self
            .gateway
            .basics()
            .now
            .saturating_add_signed(state.offset);
        self.evolve(&mut state, now);
        (now, state)
    }

    /// Wakes whoever waits for something to happen.
    pub(crate) fn ring(&self) {
        self.happened
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Moves the gateway's clock against the real one.
    pub(crate) fn set_offset(&self, millis: i64) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .offset = millis;
        drop(self.now());
        self.ring();
    }

    /// Returns how long until something happens by itself, milliseconds.
    pub(crate) fn until_due(&self) -> Option<u64> {
        let (now, state) = self.now();
        let late = state.late.iter().map(|late| late.due).min();
        let due = [state.book.due(), late].into_iter().flatten().min()?;
        Some(due.saturating_sub(now))
    }

    /// Waits until `look` finds what it looks for; see `Controls::until`.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let mut happened = self.happened.subscribe();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            // The sender lives as long as `self`.
            let _ = happened.changed().await;
        }
    }

    /// Answers one call whose door has opened it or refused it.
    pub(crate) fn call(
        &self,
        operation: G::Operation,
        opened: Result<G::Request, Refusal>,
    ) -> Outcome {
        let (now, mut guard) = self.now();
        let state = &mut *guard;
        state.serial += 1;
        let (draft, fault, subject) = match opened {
            Ok(request) => self.carry_out(state, operation, request, now),
            Err(refusal) => (
                self.refuse(state, operation, None, &refusal, now),
                None,
                None,
            ),
        };
        let line = self.tell(
            state,
            now,
            operation,
            subject.as_ref(),
            &draft,
            fault.as_ref(),
        );
        self.story(now, &line);
        self.announce(state, now, subject.as_ref());
        state.remember(Call {
            at: now,
            operation,
            merchant_order_no: subject.as_ref().map(|subject| subject.number().to_owned()),
            code: draft.code.clone(),
            fault: fault.clone(),
        });
        // Signing takes a millisecond: not under the lock.
        drop(guard);
        self.ring();
        let letter = self.gateway.seal(draft, fault.as_ref());
        outcome::spoil(letter, fault, subject, now)
    }

    fn carry_out(
        &self,
        state: &mut State<G>,
        operation: G::Operation,
        request: G::Request,
        now: u64,
    ) -> (Draft<G::Content>, Option<Fault>, Option<Subject>) {
        let subject = self.gateway.about(&state.book, operation, &request);
        self.gateway
            .watch(&mut state.conduct, &state.book, operation, &request, now);
        if let Some(subject) = &subject {
            state.conduct.called(now, operation, subject);
        }
        let fault = state
            .faults
            .take(operation, subject.as_ref().map(Subject::number))
            .or_else(|| self.fault_by_amount(&state.book, operation, &request, subject.as_ref()));
        if let (Some(Fault::PaidBeforeCancel), Some(subject)) = (&fault, &subject) {
            state.book.pay(subject.number(), now);
        }
        let before = match &fault {
            Some(fault) if !fault.has_effect() => Some(state.book.clone()),
            _ => None,
        };
        let State {
            book, rng, serial, ..
        } = state;
        let serial = *serial;
        let pen = Pen { rng, serial, now };
        let done = self
            .gateway
            .carry_out(book, operation, &request, fault.as_ref(), pen);
        let draft = match (done, &fault) {
            (_, Some(Fault::Code { code, signed, .. })) => {
                let refusal = self.gateway.refusal(code);
                let pen = Pen { rng, serial, now };
                Draft {
                    signed: *signed,
                    ..self.gateway.refuse(&refusal, pen)
                }
            }
            (Ok(draft), _) => draft,
            (Err(refusal), _) => self.refuse(state, operation, subject.as_ref(), &refusal, now),
        };
        if let Some(before) = before {
            state.book = before;
        }
        if let Some(Fault::LateCreation { millis }) = &fault
            && state.late.len() < QUEUE_MAX
        {
            state.late.push(Late {
                due: now + millis,
                operation,
                request,
            });
        }
        (draft, fault, subject)
    }

    fn fault_by_amount(
        &self,
        book: &Book,
        operation: G::Operation,
        request: &G::Request,
        subject: Option<&Subject>,
    ) -> Option<Fault> {
        if !self.gateway.basics().magic_amounts {
            return None;
        }
        let amount = match subject {
            Some(Subject::Order(number)) => book.order(number).map(|order| order.total),
            Some(Subject::Refund(number)) => book.refund(number).map(|refund| refund.amount),
            None => None,
        };
        let kind = operation.kind();
        let closes = kind == Kind::Cancel || (G::REVERSAL_CLOSES && kind == Kind::Reversal);
        let amount = amount.or_else(|| self.gateway.asked(request))?;
        plan::fault_by_amount(amount, kind, closes, &G::MAGIC)
            .filter(|fault| fault.check(operation).is_ok())
    }

    fn refuse(
        &self,
        state: &mut State<G>,
        operation: G::Operation,
        subject: Option<&Subject>,
        refusal: &Refusal,
        now: u64,
    ) -> Draft<G::Content> {
        if let Some((rule, why)) = &refusal.note {
            let number = subject.map(Subject::number);
            state
                .conduct
                .note(now, operation, number, *rule, why.as_str());
        }
        let pen = Pen {
            rng: &mut state.rng,
            serial: state.serial,
            now,
        };
        self.gateway.refuse(refusal, pen)
    }

    fn evolve(&self, state: &mut State<G>, now: u64) {
        state.book.evolve(now);
        let (arrived, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut state.late)
            .into_iter()
            .partition(|late| late.due <= now);
        state.late = waiting;
        for late in arrived {
            let pen = Pen {
                rng: &mut state.rng,
                serial: state.serial,
                now: late.due,
            };
            let (operation, request) = (late.operation, &late.request);
            let done = self
                .gateway
                .carry_out(&mut state.book, operation, request, None, pen);
            let word = operation.word();
            let line = match (done, self.gateway.about(&state.book, operation, request)) {
                (Err(refusal), _) => {
                    format!("a lost {word} arrived and was refused {}", refusal.code)
                }
                (Ok(_), Some(subject)) => {
                    format!("a lost {word} arrived: {}", subject.number())
                }
                (Ok(_), None) => format!("a lost {word} arrived"),
            };
            self.story(now, &line);
        }
        state.book.evolve(now);
        self.announce(state, now, None);
    }
}
