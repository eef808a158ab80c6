//! One call from its bytes to what leaves the wire, and the passing of time.
//!
//! Everything is decided under one lock and without waiting, so that a client
//! that leaves in the middle changes nothing: the operation has happened or it
//! has not. What remains to be done with the answer (send it, late, broken, or
//! never) is the `Outcome`, which the server carries out.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use tokio::sync::watch;

use super::answer::{self, Answer};
use super::book::Book;
use super::fault::{Fault, Operation, QUEUE_MAX};
use super::order::Turn;
use super::plan;
use super::request::{self, OrderKey, Refusal, Request};
use super::settings::PayBySettings;
use super::state::{Call, State};
use crate::simulator::keys::{Seal, SealCheck};

/// What leaves the wire.
pub(crate) struct Outcome {
    pub(crate) delivery: Delivery,
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) sign: Option<String>,
    /// The gateway's clock, for the `Date` header.
    pub(crate) at: u64,
    /// Which of the spellings of the content type.
    pub(crate) charset: bool,
}

/// When an answer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Now,
    After(u64),
    Never,
    Cut,
}

/// The gateway without its sockets.
pub(crate) struct Engine {
    pub(crate) settings: PayBySettings,
    pub(crate) seal: Seal,
    check: SealCheck,
    state: Mutex<State>,
    /// Counts what happened; whoever waits for something looks again.
    pub(crate) happened: watch::Sender<u64>,
}

impl Engine {
    pub(crate) fn new(settings: PayBySettings) -> Result<Self, String> {
        settings.check()?;
        Ok(Self {
            seal: Seal::from_pem(&settings.gateway_private_pem)?,
            check: SealCheck::from_pem(&settings.merchant_public_pem)?,
            state: Mutex::new(State::new(settings.seed)),
            settings,
            happened: watch::Sender::new(0),
        })
    }

    /// Locks the state with everything due carried out, and says the time.
    pub(crate) fn now(&self) -> (u64, MutexGuard<'_, State>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.settings.clock)().saturating_add_signed(state.offset);
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
        let late = state.late.iter().map(|(due, _)| *due).min();
        let due = [state.book.due(), late].into_iter().flatten().min()?;
        Some(due.saturating_sub(now))
    }

    /// Answers one call.
    pub(crate) fn call(&self, operation: Operation, headers: &HeaderMap, body: &[u8]) -> Outcome {
        let opened = request::open(headers, body, &self.settings.partner_id, &self.check);
        let (now, mut guard) = self.now();
        let state = &mut *guard;
        let (answer, fault, number) = match opened {
            Ok(request) => self.carry_out(state, operation, request, now),
            Err(refusal) => (
                self.refuse(state, operation, None, refusal, now),
                None,
                None,
            ),
        };
        if self.settings.story.is_some() {
            let line = state.tell(operation, number.as_deref(), &answer, fault.as_ref());
            self.story(now, &line);
        }
        self.announce(state, now, number.as_deref());
        state.remember(Call {
            at: now,
            operation,
            merchant_order_no: number,
            code: answer.code.clone(),
            fault: fault.clone(),
        });
        let signed = answer.signed;
        state.trace += 1;
        let body = answer.print(state.trace, &mut state.rng);
        let charset = state.rng.one_in(2);
        // Signing takes a millisecond: not under the lock.
        drop(guard);
        self.ring();
        self.deliver(body, signed, fault, now, charset)
    }

    fn deliver(
        &self,
        mut body: String,
        signed: bool,
        fault: Option<Fault>,
        at: u64,
        charset: bool,
    ) -> Outcome {
        let mut sign = signed.then(|| self.seal.sign(body.as_bytes()));
        let mut delivery = Delivery::Now;
        let mut status = 200;
        match fault {
            Some(Fault::NoAnswer { .. }) => delivery = Delivery::Never,
            Some(Fault::Late { millis }) => delivery = Delivery::After(millis),
            Some(Fault::Cut { .. } | Fault::LateCreation { .. }) => delivery = Delivery::Cut,
            Some(Fault::Http { status: other, .. }) => {
                status = other;
                sign = None;
                body = format!("<html><body><h1>{other}</h1></body></html>\n");
            }
            Some(Fault::WrongSignature) => sign = Some(self.seal.sign(b"{}")),
            Some(Fault::NoSignature) => sign = None,
            Some(Fault::Truncated) => {
                let half = body.floor_char_boundary(body.len() / 2);
                body.truncate(half);
            }
            _ => {}
        }
        Outcome {
            delivery,
            status,
            body,
            sign,
            at,
            charset,
        }
    }

    fn carry_out(
        &self,
        state: &mut State,
        operation: Operation,
        mut request: Request,
        now: u64,
    ) -> (Answer, Option<Fault>, Option<String>) {
        let number = state.number_of(operation, &request);
        for (rule, why) in std::mem::take(&mut request.notes) {
            state
                .conduct
                .note(now, operation, number.as_deref(), rule, why);
        }
        if let Some(number) = &number {
            state.conduct.called(now, operation, number);
            if operation == Operation::PlaceOrder {
                state.watch_placing(number, &request, &self.settings.partner_id, now);
            }
        }
        let fault = state.faults.take(operation).or_else(|| {
            let known = number
                .as_deref()
                .and_then(|number| state.book.order(number));
            let total = known.map_or_else(|| request.total(), |order| Some(order.record.total));
            total
                .filter(|_| self.settings.magic_amounts)
                .and_then(|total| plan::fault_by_amount(total, operation))
        });
        if let (Some(Fault::PaidBeforeCancel), Some(number)) = (&fault, &number) {
            state.book.pay(number, now);
        }
        let before = match &fault {
            Some(fault) if !fault.has_effect() => Some(state.book.clone()),
            _ => None,
        };
        let done = self.perform(&mut state.book, operation, &request, now);
        let answer = match (done, &fault) {
            (_, Some(Fault::Code { code, signed, .. })) => Answer {
                signed: *signed,
                ..Answer::code(code, answer::message(code))
            },
            (Ok(number), fault) => match state.book.order(&number) {
                Some(order) => {
                    let order = match fault {
                        Some(fault) => fault.misprint(order.clone()),
                        None => order.clone(),
                    };
                    let (partner, name) =
                        (&self.settings.partner_id, &self.settings.registered_name);
                    Answer::order(order.print(partner, name, &mut state.rng))
                }
                None => Answer::code("500", answer::message("500")),
            },
            (Err(refusal), _) => self.refuse(state, operation, number.as_deref(), refusal, now),
        };
        if let Some(before) = before {
            state.book = before;
        }
        if let Some(Fault::LateCreation { millis }) = &fault
            && state.late.len() < QUEUE_MAX
        {
            state.late.push((now + millis, request));
        }
        (answer, fault, number)
    }

    fn perform(
        &self,
        book: &mut Book,
        operation: Operation,
        request: &Request,
        now: u64,
    ) -> Result<String, Refusal> {
        if operation == Operation::PlaceOrder {
            return book.place(request, now, &self.settings);
        }
        request.check_time(now)?;
        let key = OrderKey::read(&request.content)?;
        match operation {
            Operation::CancelOrder => book.cancel(&key, now),
            Operation::RevokeOrder => book.revoke(&key, now, self.settings.revoked_when_unpaid),
            _ => book.get(&key, now),
        }
    }

    fn refuse(
        &self,
        state: &mut State,
        operation: Operation,
        number: Option<&str>,
        refusal: Refusal,
        now: u64,
    ) -> Answer {
        if let Some((rule, why)) = refusal.note {
            state.conduct.note(now, operation, number, rule, why);
        }
        let code = refusal.code.as_str();
        // Who is not known to be the merchant gets nothing signed.
        let stranger = matches!(code, "403" | answer::UNVERIFIED);
        let bare = self.settings.unsigned_errors && answer::gateway_level(code);
        Answer {
            signed: !(stranger || bare),
            ..Answer::code(code, refusal.message)
        }
    }

    fn evolve(&self, state: &mut State, now: u64) {
        state.book.evolve(now);
        let (arrived, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut state.late)
            .into_iter()
            .partition(|(due, _)| *due <= now);
        state.late = waiting;
        for (at, request) in arrived {
            let done = state.book.place(&request, at, &self.settings);
            let what = match &done {
                Ok(number) => format!("a lost placeOrder arrived: {number}"),
                Err(refusal) => {
                    format!("a lost placeOrder arrived and was refused {}", refusal.code)
                }
            };
            self.story(now, &what);
        }
        state.book.evolve(now);
        self.announce(state, now, None);
    }

    /// Tells what happened by itself: the story, and the merchant's `notifyUrl`.
    /// `told`: the order whose state the story has just shown.
    pub(crate) fn announce(&self, state: &mut State, now: u64, told: Option<&str>) {
        for (number, turn) in state.book.take_turns() {
            let notified =
                turn == Turn::Paid || (turn == Turn::Failed && self.settings.notify_failures);
            let Some(order) = state.book.order(&number) else {
                continue;
            };
            if told != Some(number.as_str()) {
                self.story(now, &format!("       {}", order.story()));
            }
            if notified {
                state.notify(&number);
            }
        }
    }

    pub(crate) fn story(&self, now: u64, line: &str) {
        if let Some(story) = &self.settings.story {
            story(&format!("{} {line}", clock_text(now)));
        }
    }
}

fn clock_text(millis: u64) -> String {
    let seconds = millis / 1000;
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!(
        "{hours:02}:{minutes:02}:{:02}.{:03}",
        seconds % 60,
        millis % 1000
    )
}
