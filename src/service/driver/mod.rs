//! The one task that owns the core's state.
//!
//! ```text
//!   messages, timers ─▶ step, step, step ─▶ one transaction, flushed ─▶ effects, replies
//!                         (one batch)        book.append
//! ```
//!
//! Whatever came in together is stepped one by one and made durable together,
//! so that lanes share a flush. Nothing leaves the process, and no caller is
//! answered, before the flush: not a byte of a call, not an event, not a
//! verdict. The body of a submit is built and signed while the flush runs; it is
//! sent after it.
//!
//! When the journal cannot store what begins something (the disk is full), it has
//! not happened and callers are told so. When it cannot store the outcome of
//! something that was begun, the driver ends, callers that wait are told
//! `unresolved`, and the process leaves with an error: what was in flight is found
//! in the journal at the next start.
//!
//! The [`Driver`] itself waits for nothing and knows no clock, disk or network: all
//! of that is behind [`ports`], so that a simulation runs this very driver. What
//! waits, on a thread of its own, is [`thread`].

mod batch;
mod calling;
mod memory;
pub mod ports;
mod reading;
mod telling;
pub(super) mod thread;
mod timers;

pub use memory::RecoverError;
pub use ports::{Book, Call, Clock, Core, Front, Hands, Moment, Ports, TheCore};
pub use reading::{CLOCK_ERROR_MAX, Read};
pub use thread::Reply;

use super::Trouble;
use super::fingerprint::Fingerprints;
use super::intake::Intake;
use super::replay::blank;
use super::view::Notice;
use crate::domain::code::PaymentCode;
use crate::domain::{
    BusinessDay, Denial, Effect, Event, GatewayId, LaneId, Language, Now, Remark, SaleRef, Setup,
    State, Tender, TenderId, Timestamp,
};
use crate::gateway::NotificationAbout;
use crate::journal::JournalError;
use batch::Batch;
use calling::Calling;
use reading::Submitted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use timers::Timers;

/// Messages of one batch at most: what shares one flush.
pub const BATCH: usize = 64;

/// What became of a request: the tender, and whether the request made it.
type Outcome = Result<(TenderId, bool), Trouble>;

/// Is told when a remark is durable, or why it is not.
pub type Kept = Box<dyn FnOnce(Result<(), Trouble>) + Send>;

/// A message to the driver. `R` is where the answer to a request goes.
pub enum Message<R = Reply> {
    /// A caller asks.
    Ask(Event, R),
    /// A caller brings a code for a tender.
    Code(TenderId, PaymentCode, R),
    /// A gateway tells, in its verified notification. Answered when what comes of it
    /// is durable; denied when no tender has such an order or refund.
    Told(GatewayId, NotificationAbout, R),
    /// Something of the box and of no tender, to be kept. Answered when it is durable.
    Keep(Remark, Kept),
    /// A lane's scanner read something whole.
    Scan(Read),
    /// A call of the driver's own ended.
    Answered {
        /// Which call.
        serial: u64,
        /// The event for the core.
        event: Event,
    },
    /// Take nothing new from here on; what is in flight goes on.
    Refuse(String),
    /// Take nothing new; end when nothing is in flight.
    Stop,
}

/// What a driver is joined to.
pub struct Joined<P: Ports> {
    /// Where facts are stored.
    pub book: P::Book,
    /// What calls gateways.
    pub hands: P::Hands,
    /// What tells the time.
    pub clock: P::Clock,
    /// What callers see.
    pub front: P::Front,
    /// What decides.
    pub core: P::Core,
}

/// What the driver is made of.
pub struct Driver<P: Ports> {
    state: State,
    book: P::Book,
    hands: P::Hands,
    clock: P::Clock,
    front: P::Front,
    core: P::Core,
    intake: Intake,
    fingerprints: Fingerprints,
    language: Language,
    timers: Timers,
    calling: Calling,
    /// The last scan that each lane submitted.
    submitted: BTreeMap<LaneId, Submitted>,
    /// Tickets, each on a day, of which every tender is in the working set: all
    /// that are made from then on come through here.
    sales: BTreeSet<(SaleRef, BusinessDay)>,
    stopping: bool,
    /// Why nothing new is taken, when nothing is.
    refusing: Option<String>,
}

impl<P: Ports> Driver<P> {
    /// A driver that knows of nothing yet; [`Driver::recover`] is next.
    pub fn new(setup: Arc<Setup>, intake: Intake, language: Language, joined: Joined<P>) -> Self {
        let Joined {
            book,
            hands,
            mut clock,
            front,
            core,
        } = joined;
        Self {
            state: blank(setup),
            fingerprints: Fingerprints::new(&mut clock),
            book,
            hands,
            clock,
            front,
            core,
            intake,
            language,
            timers: Timers::default(),
            calling: Calling::default(),
            submitted: BTreeMap::new(),
            sales: BTreeSet::new(),
            stopping: false,
            refusing: None,
        }
    }

    /// What is in the working set.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Continues what the journal left open, and publishes it.
    pub fn resume(&mut self) {
        let now = self.now(self.clock.wall());
        for effect in self.core.resume(&self.state, now) {
            self.perform(effect);
        }
        for tender in self.state.tenders.values() {
            self.front.post(tender);
        }
    }

    /// When the next timer is due.
    pub fn next_alarm(&self) -> Option<Moment> {
        self.timers.next()
    }

    /// Whether it was told to stop and nothing is in flight.
    pub fn has_stopped(&self) -> bool {
        let live = |tender: &Tender| tender.verdict.is_none() && tender.live_attempt().is_some();
        self.stopping && !self.state.tenders.values().any(live)
    }

    /// Takes messages that came in together, at most [`BATCH`], and the timers that
    /// are due: decide, flush, do.
    ///
    /// # Errors
    /// When the journal fails; what was not stored has not happened. The driver is at
    /// its end then.
    pub fn work(
        &mut self,
        messages: impl IntoIterator<Item = Message<<P::Front as Front>::Reply>>,
    ) -> Result<(), JournalError> {
        let worked = self.try_work(messages);
        if worked.is_err() {
            self.front.nobody_can_tell();
        }
        worked
    }

    fn try_work(
        &mut self,
        messages: impl IntoIterator<Item = Message<<P::Front as Front>::Reply>>,
    ) -> Result<(), JournalError> {
        let mut batch = Batch::at(self.clock.wall());
        for message in messages {
            self.take(message, &mut batch)?;
        }
        for timer in self.timers.take_due(self.clock.moment()) {
            // A timer of a tender that is gone is nobody's.
            let _ = self.event(&Event::TimerFired(timer), None, &mut batch)?;
        }
        self.finish(&mut batch)
    }

    fn take(
        &mut self,
        message: Message<<P::Front as Front>::Reply>,
        batch: &mut Batch<P>,
    ) -> Result<(), JournalError> {
        match message {
            Message::Ask(event, reply) => {
                let outcome = match &self.refusing {
                    Some(why) if matches!(event, Event::CreateTender(_)) => {
                        Err(Trouble::Unavailable(why.clone()))
                    }
                    _ => self.event(&event, None, batch)?,
                };
                batch.replies.push((reply, outcome));
            }
            Message::Code(tender, code, reply) => {
                let outcome = self.code(&tender, &code, batch)?;
                batch.replies.push((reply, outcome));
            }
            Message::Told(gateway, about, reply) => {
                let outcome = match self.told(&gateway, about)? {
                    Some(event) => self.event(&event, None, batch)?,
                    None => Err(Trouble::Denied(Denial::NoTender)),
                };
                batch.replies.push((reply, outcome));
            }
            Message::Keep(remark, kept) => {
                // In its own transaction, after what came before it.
                self.finish(batch)?;
                match self.book.remark(batch.at, &remark) {
                    Ok(last) => {
                        self.front.durable(last);
                        kept(Ok(()));
                    }
                    Err(error) => {
                        kept(Err(Trouble::Unavailable(error.to_string())));
                        if !error.nothing_added() {
                            return Err(error);
                        }
                    }
                }
            }
            Message::Scan(read) => self.scan(read, batch)?,
            Message::Answered { serial, event } => {
                if self.calling.ended(serial, &event) {
                    // An answer that nothing waits for is nobody's either.
                    let _ = self.event(&event, None, batch)?;
                }
            }
            Message::Refuse(why) => self.refuse(why),
            Message::Stop => {
                self.stopping = true;
                self.refuse("the service is stopping".to_owned());
            }
        }
        Ok(())
    }

    fn refuse(&mut self, why: String) {
        self.front.unready(&why);
        self.refusing = Some(why);
    }

    fn perform(&mut self, effect: Effect) {
        let now = self.clock.moment();
        let (call, fresh) = match effect {
            Effect::Call {
                attempt,
                operation,
                order,
                limit,
                fresh,
            } => (
                Call::Order {
                    attempt,
                    operation,
                    order,
                    limit,
                },
                fresh,
            ),
            Effect::CallRefund {
                refund,
                operation,
                order,
                limit,
            } => (
                Call::Refund {
                    refund,
                    operation,
                    order,
                    limit,
                },
                false,
            ),
            Effect::Set(timer, after) => return self.timers.set(timer, now + after),
            Effect::Extend(timer, by) => return self.timers.extend(&timer, by),
            Effect::Clear(timer) => return self.timers.clear(&timer),
        };
        let setup = &self.state.setup;
        self.calling.start(call, fresh, setup, now, &mut self.hands);
    }

    fn notice(&mut self, notice: Notice) {
        tracing::info!(lane = notice.lane, code = notice.code, "notice");
        self.front.notice(notice);
    }

    /// The present, with randomness of its own: names are never made twice.
    fn now(&mut self, at: Timestamp) -> Now {
        let gateways = self.state.setup.gateways.keys();
        let errors = gateways.filter_map(|id| self.hands.clock_error(id));
        let clock_error = errors.max().unwrap_or(Duration::ZERO);
        Now {
            at,
            random: self.clock.random(),
            clock_error,
        }
    }

    /// The connection is opened while the customer looks for the phone.
    fn warm(&mut self, id: &TenderId) {
        let tender = self.state.tenders.get(id);
        let lane = tender.and_then(|tender| self.state.setup.lanes.get(&tender.lane));
        if let Some(lane) = lane {
            self.hands.warm(&lane.gateways);
        }
    }
}
