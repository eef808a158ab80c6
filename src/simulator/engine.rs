//! One call from its bytes to what leaves the wire, and the passing of time.
//!
//! Everything is decided under one lock and without waiting, so that a client
//! that leaves in the middle changes nothing: the operation has happened or it
//! has not. What remains to be done with the answer (send it, late, broken, or
//! never) is the `Outcome`, which `server` carries out.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::book::{Book, Subject};
use super::clock;
use super::conduct::Conduct;
use super::fault::{Fault, FaultQueue, QUEUE_MAX};
use super::gateway::{Draft, Gateway, Letter, Operation, Pen, Refusal};
use super::json::Rng;
use super::ledger::{Call, DeliveryRecord};
use super::order::Event;
use super::plan;

/// The most calls remembered; older ones are forgotten.
const CALLS_MAX: usize = 100_000;

/// An answer, and when it leaves.
pub(crate) struct Outcome {
    pub(crate) delivery: Delivery,
    pub(crate) letter: Letter,
    /// The gateway's clock, for the `Date` header.
    pub(crate) at: u64,
}

/// When an answer leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Now,
    After(u64),
    /// After a notification of this was delivered.
    AfterNotice(Subject),
    Never,
    Cut,
}

/// Something to tell the merchant.
#[derive(Clone)]
pub(crate) struct Notice {
    pub(crate) subject: Subject,
    pub(crate) url: String,
    pub(crate) notify_id: String,
}

/// A request that was lost on the way, and when it arrives.
struct Late<G: Gateway> {
    due: u64,
    operation: G::Operation,
    request: G::Request,
}

/// Everything that changes.
pub(crate) struct State<G: Gateway> {
    pub(crate) book: Book,
    pub(crate) faults: FaultQueue<G::Operation>,
    pub(crate) conduct: Conduct<G::Operation>,
    pub(crate) calls: VecDeque<Call<G::Operation>>,
    pub(crate) notices: VecDeque<Notice>,
    pub(crate) deliveries: VecDeque<DeliveryRecord>,
    offset: i64,
    pub(crate) rng: Rng,
    pub(crate) serial: u64,
    late: Vec<Late<G>>,
}

/// A gateway without its sockets.
pub struct Engine<G: Gateway> {
    pub(crate) gateway: G,
    state: Mutex<State<G>>,
    /// Counts what happened; whoever waits for something looks again.
    pub(crate) happened: watch::Sender<u64>,
}

impl<G: Gateway> Engine<G> {
    pub(crate) fn new(gateway: G) -> Self {
        let state = State {
            book: Book::default(),
            faults: FaultQueue::default(),
            conduct: Conduct::new(gateway.pace()),
            calls: VecDeque::new(),
            notices: VecDeque::new(),
            deliveries: VecDeque::new(),
            offset: 0,
            rng: Rng::new(gateway.basics().seed),
            serial: 0,
            late: Vec::new(),
        };
        Self {
            gateway,
            state: Mutex::new(state),
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
        if state.calls.len() >= CALLS_MAX {
            state.calls.pop_front();
        }
        state.calls.push_back(Call {
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
        spoil(letter, fault, subject, now)
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
            .take(operation)
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
        let closes = kind == super::gateway::Kind::Cancel
            || (G::REVERSAL_CLOSES && kind == super::gateway::Kind::Reversal);
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

    /// Tells what happened by itself: the story, and the merchant.
    /// `told`: what the story has just shown.
    pub(crate) fn announce(&self, state: &mut State<G>, now: u64, told: Option<&Subject>) {
        let notify_failures = self.gateway.basics().notify_failures;
        for (subject, event) in state.book.take_events() {
            if told != Some(&subject) {
                let line = format!("       {}", self.describe(state, &subject, now));
                self.story(now, &line);
            }
            let notified = match event {
                Event::Paid | Event::Refunded | Event::RefundFailed => true,
                Event::Failed => notify_failures,
                Event::Settled | Event::RefundTaken => false,
            };
            if notified {
                state.notify(&subject);
            }
        }
    }

    /// Says an order or refund in a story: number, amount, state.
    pub(crate) fn describe(&self, state: &State<G>, subject: &Subject, now: u64) -> String {
        let number = subject.number();
        let (amount, currency, status, reversed) = match subject {
            Subject::Order(number) => match state.book.order(number) {
                Some(order) => (
                    order.total,
                    &order.currency,
                    word(&self.gateway.status(order, now)),
                    order.reversed,
                ),
                None => return number.clone(),
            },
            Subject::Refund(number) => match state.book.refund(number) {
                Some(refund) => (
                    refund.amount,
                    &refund.currency,
                    word(&self.gateway.refund_status(refund)),
                    false,
                ),
                None => return number.clone(),
            },
        };
        let amount = self.gateway.amount(amount, currency);
        let reversed = if reversed { " revoked" } else { "" };
        format!("{number} {currency} {amount} {status}{reversed}")
    }

    fn tell(
        &self,
        state: &State<G>,
        now: u64,
        operation: G::Operation,
        subject: Option<&Subject>,
        draft: &Draft<G::Content>,
        fault: Option<&Fault>,
    ) -> String {
        if self.gateway.basics().story.is_none() {
            return String::new();
        }
        let about = match subject {
            Some(subject) => self.describe(state, subject, now),
            None => "?".into(),
        };
        let said = match draft.code.as_str() {
            "0" => String::new(),
            code => format!(" -> {code} {}", draft.message),
        };
        let wrong = fault
            .map(|fault| format!("  [{fault:?}]"))
            .unwrap_or_default();
        format!("{:<11} {about}{said}{wrong}", operation.word())
    }

    pub(crate) fn story(&self, now: u64, line: &str) {
        if let Some(story) = self.gateway.basics().story {
            story(&format!("{} {line}", clock::of_day(now)));
        }
    }
}

impl<G: Gateway> State<G> {
    /// Queues a notification of an order or refund as it is now, if it has an
    /// address for it.
    pub(crate) fn notify(&mut self, subject: &Subject) -> bool {
        if self.notices.len() >= QUEUE_MAX {
            return false;
        }
        let count = match subject {
            Subject::Order(number) => self.book.change(number, |order| {
                order.notices += 1;
                (
                    order.content.clone(),
                    order.gateway_no.clone(),
                    order.notices,
                )
            }),
            Subject::Refund(number) => self.book.change_refund(number, |refund| {
                refund.notices += 1;
                let content = refund.content.clone();
                (content, refund.gateway_no.clone(), refund.notices)
            }),
        };
        let Some((content, gateway_no, count)) = count else {
            return false;
        };
        let url = ["notifyUrl", "notify_url"]
            .iter()
            .find_map(|name| content.get(*name)?.as_str());
        let Some(url) = url else {
            return false;
        };
        let tail = gateway_no.get(gateway_no.len().saturating_sub(16)..);
        self.notices.push_back(Notice {
            subject: subject.clone(),
            url: url.to_owned(),
            notify_id: format!("{}{:02}", tail.unwrap_or_default(), count % 100),
        });
        true
    }
}

// The provider's word, as the ledger prints it.
fn word(status: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(status).unwrap_or_default();
    text.trim_matches('"').to_owned()
}

// What a fault does to an answer that is signed and ready.
fn spoil(mut letter: Letter, fault: Option<Fault>, subject: Option<Subject>, at: u64) -> Outcome {
    let mut delivery = Delivery::Now;
    match fault {
        Some(Fault::NoAnswer { .. }) => delivery = Delivery::Never,
        Some(Fault::Late { millis }) => delivery = Delivery::After(millis),
        Some(Fault::Cut { .. } | Fault::LateCreation { .. } | Fault::Invisible { .. }) => {
            delivery = Delivery::Cut;
        }
        Some(Fault::NotifiedFirst) => {
            delivery = subject.map_or(Delivery::Now, Delivery::AfterNotice);
        }
        Some(Fault::Http { status, .. }) => {
            letter = page(
                status,
                format!("<html><body><h1>{status}</h1></body></html>\n"),
            );
        }
        Some(Fault::NotJson { .. }) => {
            letter = page(200, "<html><body>Be right back!</body></html>\n".into());
        }
        Some(Fault::Truncated) => letter.body.truncate(letter.body.len() / 2),
        _ => {}
    }
    Outcome {
        delivery,
        letter,
        at,
    }
}

fn page(status: u16, text: String) -> Letter {
    Letter {
        status,
        headers: vec![("content-type", "text/html".to_owned())],
        body: text.into_bytes(),
    }
}
