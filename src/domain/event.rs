//! What a step is told, and what it wants done.

use super::{
    Amount, Answer, AttemptId, BusinessDay, Fact, Fingerprint, GatewayId, IdempotencyKey, LaneId,
    Mode, Operation, OrderNumber, RefundAnswer, RefundId, RefundOperation, SaleRef, TenderId,
    Timestamp, Wallet,
};
use std::time::Duration;

/// A request to collect an amount for a sale on a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTender {
    /// Where.
    pub lane: LaneId,
    /// The caller's key: the same key and content is the same tender.
    pub key: IdempotencyKey,
    /// The ticket.
    pub sale: SaleRef,
    /// The ticket's trading day.
    pub day: BusinessDay,
    /// How much.
    pub amount: Amount,
    /// Who shows the code.
    pub mode: Mode,
    /// One part of a split payment: a paid sale may be asked to pay again.
    pub part: bool,
    /// Insist on this gateway.
    pub gateway: Option<GatewayId>,
    /// The caller's note, kept as it is; the API lets at most 256 characters through.
    pub note: Option<String>,
}

/// A code that was read, classified and routed. The code itself stays with the driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRead {
    /// The gateway that takes it.
    pub gateway: GatewayId,
    /// Whose code it is, when the code tells.
    pub wallet: Option<Wallet>,
    /// The code, masked.
    pub masked: String,
    /// The fingerprint of the code to send.
    pub fingerprint: Fingerprint,
}

/// Something happened. The driver hands events to [`step`](super::step) one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody asks to collect an amount.
    CreateTender(NewTender),
    /// A code for the tender that is armed on the lane.
    CodeRead {
        /// The tender, found by the driver from its lane or named by the caller.
        tender: TenderId,
        /// What was read.
        code: CodeRead,
    },
    /// The cashier asks to stop.
    Cancel(TenderId),
    /// The cashier gives the customer more time.
    Extend(TenderId),
    /// The cashier's software took note of the verdict.
    Acknowledge(TenderId),
    /// A gateway answered, or nobody did.
    Answered {
        /// For which attempt.
        attempt: AttemptId,
        /// What had been asked.
        operation: Operation,
        /// What came back.
        answer: Answer,
    },
    /// Somebody asks to give money of a paid tender back.
    Refund(NewRefund),
    /// A gateway answered about a refund, or nobody did.
    RefundAnswered {
        /// Which refund.
        refund: RefundId,
        /// What had been asked.
        operation: RefundOperation,
        /// What came back.
        answer: RefundAnswer,
    },
    /// A timer ran out.
    TimerFired(Timer),
    /// A named person closes a duty.
    CloseObligation {
        /// The attempt that has it.
        attempt: AttemptId,
        /// Who; 1 to 64 characters.
        name: String,
        /// Why; 1 to 256 characters.
        reason: String,
        /// Where the proof is; 1 to 128 characters.
        reference: String,
    },
    /// A named person sets an attempt aside ([`park`](super::park) says what that means).
    Park {
        /// Which.
        attempt: AttemptId,
        /// Who; 1 to 64 characters.
        name: String,
        /// Why; 1 to 256 characters.
        reason: String,
    },
    /// A named person takes an attempt up again.
    Unpark {
        /// Which.
        attempt: AttemptId,
        /// Who; 1 to 64 characters.
        name: String,
        /// Why; 1 to 256 characters.
        reason: String,
    },
}

/// A wait. Setting a timer that is set replaces it; a timer that fires in a
/// state that does not wait for it is ignored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// No code was scanned.
    Code(TenderId),
    /// The next enquiry of a live attempt is due.
    Enquiry(AttemptId),
    /// The customer's time is over.
    Wait(AttemptId),
    /// The service was started again while the payment went on: as if the
    /// customer's time were over.
    Restarted(AttemptId),
    /// The next cancel of the last word is due.
    Cancel(AttemptId),
    /// The last word is over, with or without an answer.
    LastWord(AttemptId),
    /// The next try of a duty is due.
    Duty(AttemptId),
    /// A lost request can no longer arrive.
    Arrival(AttemptId),
    /// The next try of a refund, or the next enquiry about it, is due.
    Refund(RefundId),
    /// A lost request of a refund can no longer arrive.
    RefundArrival(RefundId),
    /// It is time to ask whether anybody has scanned the code that is shown.
    Scanned(AttemptId),
}

/// All that a gateway needs to know of an attempt, except the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Where it goes.
    pub gateway: GatewayId,
    /// The merchant's number.
    pub number: OrderNumber,
    /// How much.
    pub amount: Amount,
    /// The request's time as the gateway is told.
    pub requested: Timestamp,
    /// When the gateway must stop taking the payment.
    pub expires: Timestamp,
    /// The lane, for the gateway's own records.
    pub lane: LaneId,
    /// The ticket, for the gateway's own records.
    pub sale: SaleRef,
    /// Who shows the code.
    pub mode: Mode,
    /// Whose code it is, when the code tells.
    pub wallet: Option<Wallet>,
    /// The text that the store shows as a QR code, once the gateway gave one.
    pub show: Option<String>,
}

/// All that a gateway needs to know of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// Where it goes: the gateway that took the payment.
    pub gateway: GatewayId,
    /// The refund's own number.
    pub number: OrderNumber,
    /// The number of the order whose money goes back.
    pub original: OrderNumber,
    /// How much of it.
    pub amount: Amount,
    /// The request's time as the gateway is told.
    pub requested: Timestamp,
    /// The lane, for the gateway's own records.
    pub lane: LaneId,
    /// Why, in the words of whoever asked; at most 64 characters.
    pub reason: String,
    /// Who asked, when somebody did.
    pub operator: Option<String>,
}

/// A request to give money of a paid tender back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefund {
    /// The paid tender.
    pub tender: TenderId,
    /// The caller's key: the same key and content is the same refund.
    pub key: IdempotencyKey,
    /// How much; more than zero, at most what is left.
    pub amount: Amount,
    /// Why; 1 to 64 characters.
    pub reason: String,
    /// Who asked: the caller's token or session.
    pub operator: String,
}

/// Something to do after the step's facts are on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Call the gateway. While a call of an attempt and operation runs, another is
    /// not made, since its answer will come; unless it must be `fresh`: an enquiry
    /// then takes the running one's place, a reversal goes beside it, for the
    /// answer to the first may be the one that tells.
    Call {
        /// For which attempt.
        attempt: AttemptId,
        /// What to ask.
        operation: Operation,
        /// About what.
        order: Order,
        /// How long the call may take, connecting included.
        limit: Duration,
        /// Whether it is made although one of the kind is running.
        fresh: bool,
    },
    /// Call the gateway about a refund. While a call of a refund and operation
    /// runs, another is not made.
    CallRefund {
        /// Which refund.
        refund: RefundId,
        /// What to ask.
        operation: RefundOperation,
        /// About what.
        order: RefundOrder,
        /// How long the call may take, connecting included.
        limit: Duration,
    },
    /// Fire a timer after a while on the monotonic clock.
    Set(Timer, Duration),
    /// Let a running timer fire later by this much.
    Extend(Timer, Duration),
    /// Stop a timer.
    Clear(Timer),
}

impl Step {
    /// Whether it begins something: a tender, an attempt, or a refund that somebody asked for.
    pub fn begins(&self) -> bool {
        self.facts.iter().any(|fact| fact.what.begins())
    }
}

/// What a step decided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// What is now true, to be made durable in one transaction.
    pub facts: Vec<Fact>,
    /// What to do when it is.
    pub effects: Vec<Effect>,
    /// The tender the step was about, for the caller's reply.
    pub tender: Option<TenderId>,
    /// The refund the step was about, when somebody asked for one.
    pub refund: Option<RefundId>,
}
