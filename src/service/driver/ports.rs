//! What the driver is joined to: a book, hands, a clock, a front, and the core.
//!
//! Each is a small trait, so that the same driver runs a store and a simulation
//! ([decision 10](../../../docs/decisions/0010-driver-between-ports.md)). Nothing
//! behind them decides anything: they store, call, tell the time, publish.

use crate::domain::code::PaymentCode;
use crate::domain::{
    AttemptId, BusinessDay, Denial, Effect, Event, Fact, GatewayId, IdempotencyKey, Now, Operation,
    Order, OrderNumber, RefundId, RefundOperation, RefundOrder, Remark, SaleRef, State, Step,
    Tender, TenderId, Timestamp,
};
use crate::journal::{Entry, JournalError, TenderRow};
use crate::service::Trouble;
use crate::service::view::Notice;
use std::ops::Add;
use std::time::Duration;

/// The five that one driver is joined to.
pub trait Ports {
    /// Where facts are stored.
    type Book: Book;
    /// What calls gateways.
    type Hands: Hands;
    /// What tells the time.
    type Clock: Clock;
    /// What callers see.
    type Front: Front;
    /// What decides.
    type Core: Core;
}

/// A moment of the monotonic clock, counted from any beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(pub Duration);

impl Moment {
    /// How long after `earlier` this is; zero when it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by))
    }
}

/// The journal, as the driver uses it.
pub trait Book {
    /// Adds the facts of one moment as one transaction, with the row of every tender
    /// they touch, and returns when they are flushed: the number of the last entry.
    ///
    /// # Errors
    /// See [`JournalError::nothing_added`] for which of them added nothing.
    fn append(
        &mut self,
        at: Timestamp,
        facts: &[Fact],
        rows: &[TenderRow],
    ) -> Result<u64, JournalError>;

    /// Adds a remark, and returns when it is flushed: its number.
    ///
    /// # Errors
    /// As of [`append`](Book::append). A book that keeps none says so.
    fn remark(&mut self, at: Timestamp, remark: &Remark) -> Result<u64, JournalError> {
        let _ = (at, remark);
        Err(JournalError::Unfit("no remarks are kept here".to_owned()))
    }

    /// The tenders of which something is still to be done, oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read; so for all that follow.
    fn open_tenders(&self) -> Result<Vec<TenderId>, JournalError>;

    /// All facts of a tender, in order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn facts_of(&self, tender: &TenderId) -> Result<Vec<Entry>, JournalError>;

    /// The tender with a key.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn by_key(&self, key: &IdempotencyKey) -> Result<Option<TenderId>, JournalError>;

    /// The tenders of a sale on a trading day.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn by_sale(&self, sale: &SaleRef, day: &BusinessDay) -> Result<Vec<TenderId>, JournalError>;

    /// The tender that has an order, or a refund, of this number.
    ///
    /// # Errors
    /// When the journal cannot be read.
    fn by_order(&self, order: &OrderNumber) -> Result<Option<TenderId>, JournalError>;
}

/// One call to a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// About an order.
    Order {
        /// For which attempt.
        attempt: AttemptId,
        /// What to ask.
        operation: Operation,
        /// About what.
        order: Order,
        /// How long it may take, connecting included.
        limit: Duration,
    },
    /// About a refund.
    Refund {
        /// For which refund.
        refund: RefundId,
        /// What to ask.
        operation: RefundOperation,
        /// About what.
        order: RefundOrder,
        /// How long it may take, connecting included.
        limit: Duration,
    },
}

/// What calls gateways. Each call ends in one [`Message::Answered`](super::Message)
/// with its serial number, unless it is given up.
pub trait Hands {
    /// Builds and signs a submit, beside the flush of its intent; sends nothing.
    /// Without a code for an order whose code the store shows.
    fn prepare(&mut self, attempt: &AttemptId, order: &Order, code: Option<&PaymentCode>);

    /// The intent of a prepared submit was not stored: its request is wiped.
    fn forget(&mut self, attempt: &AttemptId);

    /// Makes a call after a pause; its intent is durable. A submit sends what was
    /// prepared; where nothing was, no byte leaves.
    fn start(&mut self, serial: u64, call: Call, pause: Duration);

    /// Nobody waits any more for the answer of a call.
    fn give_up(&mut self, serial: u64);

    /// Opens connections before they are needed.
    fn warm(&mut self, gateways: &[GatewayId]);

    /// How far a gateway's clock and ours are apart, as far as it was seen.
    fn clock_error(&self, gateway: &GatewayId) -> Option<Duration>;
}

/// Time and chance.
pub trait Clock {
    /// The monotonic clock: all waits are counted on it.
    fn moment(&self) -> Moment;

    /// The wall clock, for what is written down.
    fn wall(&self) -> Timestamp;

    /// Fresh random bits.
    fn random(&mut self) -> u64;
}

/// What callers see; all of it is durable when it comes here.
pub trait Front {
    /// Where the answer to a request goes.
    type Reply;

    /// Answers a request: the tender, and whether this request made it.
    fn answer(&mut self, reply: Self::Reply, outcome: Result<(&Tender, bool), Trouble>);

    /// Publishes a tender; takes it down when nothing of it is open.
    fn post(&mut self, tender: &Tender);

    /// There are entries up to this number.
    fn durable(&mut self, last: u64);

    /// Tells the cashiers of a lane something that is no fact.
    fn notice(&mut self, notice: Notice);

    /// Counts something that happened.
    fn count(&mut self, name: &'static str, label: &str);

    /// Nothing new is taken, and why.
    fn unready(&mut self, why: &str);

    /// Verdicts can no longer be stored: whoever waits for one is told that nobody
    /// can tell.
    fn nobody_can_tell(&mut self);
}

/// What decides. There is one core; a simulation that proves its own checks puts
/// faults around it here.
pub trait Core {
    /// As [`step`](crate::domain::step).
    ///
    /// # Errors
    /// A [`Denial`] when our rules say no.
    fn step(&mut self, state: &State, event: &Event, now: Now) -> Result<Step, Denial> {
        crate::domain::step(state, event, now)
    }

    /// As [`resume`](crate::domain::resume).
    fn resume(&mut self, state: &State, now: Now) -> Vec<Effect> {
        crate::domain::resume(state, now)
    }
}

/// The core itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct TheCore;

impl Core for TheCore {}
