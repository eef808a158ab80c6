//! What is true and durable.
//!
//! A fact is added to the journal and never edited. The state of a tender is
//! nothing but its facts applied in order, so a fact carries all that a replay
//! needs and nothing that a configuration could change later. No fact holds a
//! payment code: only its masked form and its fingerprint.

use super::{
    Amount, BusinessDay, Fingerprint, GatewayId, IdempotencyKey, LaneId, Operation, OrderNumber,
    OrderReport, Refusal, RefusalKind, SaleRef, TenderId, Timestamp, Unknown, Wallet,
};
use serde::{Deserialize, Serialize};

/// One thing that happened, named by the tender it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The tender.
    pub tender: TenderId,
    /// What happened to it.
    #[serde(flatten)]
    pub what: What,
}

/// How the customer's and the store's side meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The customer shows a code, the store scans it.
    Scan,
    /// The store shows a code, the customer scans it.
    Display,
}

/// What the cashier was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Money is in.
    Paid,
    /// The sale is not paid: proved, or with a duty to return any money.
    NotPaid,
    /// Nobody can tell yet; becomes one of the others.
    Unresolved,
}

/// Why a verdict was given, or why the tender waits for another code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The gateway proved the payment.
    Paid,
    /// The cashier cancelled.
    Cancelled,
    /// No code was scanned in time.
    NoCode,
    /// The customer did not confirm in time.
    WaitOver,
    /// The gateway refused the code; a fresh one may work.
    CodeRefused,
    /// The customer's side refused.
    PayerRefused,
    /// The gateway's risk control refused.
    RiskRefused,
    /// The gateway refuses this store's requests.
    SetupRefused,
    /// The order was closed at the gateway.
    OrderClosed,
    /// Connecting to the gateway failed before any byte left.
    NoConnection,
    /// The service was restarted while the payment went on.
    Restarted,
    /// The gateway says paid and will not say the amount, or does not answer.
    NoAnswer,
    /// Money came in for another amount or currency; it is being returned.
    WrongAmount,
}

impl From<RefusalKind> for Reason {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::Code => Self::CodeRefused,
            RefusalKind::Payer => Self::PayerRefused,
            RefusalKind::Risk => Self::RiskRefused,
            RefusalKind::Setup => Self::SetupRefused,
            RefusalKind::Closed => Self::OrderClosed,
        }
    }
}

/// A duty that outlives the attempt, the sale and the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "duty")]
pub enum Duty {
    /// Give back any money of the attempt.
    Return,
    /// The gateway has not seen the order: ask until a lost request can no
    /// longer arrive, and return the money if it did.
    Watch,
}

/// What proved that a duty is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Discharge {
    /// The order is closed and was never paid.
    NoMoney,
    /// The money went back.
    Returned,
    /// The request can no longer arrive, and did not.
    NeverArrived,
    /// A named person took it over.
    Manager {
        /// Who.
        name: String,
        /// Why.
        reason: String,
        /// Where the proof is.
        reference: String,
    },
}

/// Something a person should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alert {
    /// Evidence of a payment after the cashier was told *not paid*.
    PaidAfterNotPaid,
    /// Evidence that a paid order's money went back without our refund.
    ReturnedWithoutUs,
    /// Evidence with another amount or currency.
    WrongAmount,
    /// An answer that names another order.
    OtherOrder,
    /// The gateway would not cancel an order; a duty to revoke it took over.
    CancelFailed,
    /// A duty is not done after the documented tries.
    DutyOverdue,
    /// The gateway refuses this store's requests.
    Setup,
    /// The gateway refused a reversal for good.
    ReversalRejected,
    /// The gateway says that an order is paid and does not show it: the cashier
    /// cannot be told, and nothing may be reversed.
    Unresolved,
}

/// What happened to a tender. `attempt` is the number of one of its attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fact")]
pub enum What {
    /// Somebody asked to collect an amount.
    TenderCreated {
        /// Where.
        lane: LaneId,
        /// The caller's key.
        key: IdempotencyKey,
        /// The ticket.
        sale: SaleRef,
        /// The ticket's day.
        day: BusinessDay,
        /// How much.
        amount: Amount,
        /// Who shows the code.
        mode: Mode,
        /// Whether it is one part of a split payment.
        part: bool,
        /// The gateway the caller insists on.
        gateway: Option<GatewayId>,
        /// The caller's note.
        note: Option<String>,
    },
    /// A code was read and will be submitted: durable before any byte leaves.
    AttemptIntended {
        /// 1, 2, 3 ...
        attempt: u32,
        /// Where it goes.
        gateway: GatewayId,
        /// Under which number.
        order: OrderNumber,
        /// Whose code it is, when the code tells.
        wallet: Option<Wallet>,
        /// The code, masked.
        code: String,
        /// The code's fingerprint.
        fingerprint: Fingerprint,
        /// The request's time, as the gateway will be told.
        requested: Timestamp,
        /// When the gateway stops taking the payment.
        expires: Timestamp,
    },
    /// The gateway has the order; the customer must act.
    AttemptWaiting {
        /// Which.
        attempt: u32,
        /// The proof.
        report: OrderReport,
    },
    /// No trustworthy answer so far.
    AttemptUnknown {
        /// Which.
        attempt: u32,
        /// Why.
        reason: Unknown,
    },
    /// Money is in.
    AttemptPaid {
        /// Which.
        attempt: u32,
        /// Which answer proved it.
        operation: Operation,
        /// The proof.
        report: OrderReport,
    },
    /// The gateway proved that no money can follow.
    AttemptRefused {
        /// Which.
        attempt: u32,
        /// Which answer proved it.
        operation: Operation,
        /// Why.
        refusal: Refusal,
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Stopped before any byte left.
    AttemptWithdrawn {
        /// Which.
        attempt: u32,
    },
    /// The cashier asked to stop.
    CancelRequested,
    /// The cashier gave the customer more time.
    WaitExtended,
    /// The wait is over: the gateway is asked for its last word.
    ClosingBegan {
        /// Which.
        attempt: u32,
        /// Why.
        reason: Reason,
    },
    /// A reversal call is about to leave (durable before any byte of it), or a
    /// duty or an unresolved attempt asks again (so that its pace survives a restart).
    CallIntended {
        /// Which.
        attempt: u32,
        /// Cancel, revoke, or an enquiry.
        operation: Operation,
        /// When it is tried again if nothing comes of it.
        next_try: Option<Timestamp>,
    },
    /// The gateway refused to cancel because the order is paid; an enquiry must show it.
    PaidClaimed {
        /// Which.
        attempt: u32,
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// The cashier is told.
    VerdictGiven {
        /// What.
        verdict: Verdict,
        /// Why.
        reason: Reason,
    },
    /// A duty exists from here on.
    ObligationOpened {
        /// For which attempt.
        attempt: u32,
        /// What is owed.
        #[serde(flatten)]
        duty: Duty,
    },
    /// The duty is another one now: what was watched turned up.
    ObligationChanged {
        /// For which attempt.
        attempt: u32,
        /// What is owed.
        #[serde(flatten)]
        duty: Duty,
    },
    /// A lost request can no longer arrive: from here on a verified "no such
    /// order" counts. Measured on a monotonic clock, anew after a restart.
    ArrivalWindowOver {
        /// For which attempt.
        attempt: u32,
    },
    /// A verified "no such order" that counts towards proof.
    NotFoundNoted {
        /// Which.
        attempt: u32,
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// The duty is done.
    ObligationClosed {
        /// For which attempt.
        attempt: u32,
        /// By what.
        #[serde(flatten)]
        discharge: Discharge,
    },
    /// Verified evidence that came after the end, or contradicts it.
    EvidenceKept {
        /// Which.
        attempt: u32,
        /// Which answer.
        operation: Operation,
        /// What it says.
        report: OrderReport,
    },
    /// A person should look.
    AlertRaised {
        /// For which attempt, when it is about one.
        attempt: Option<u32>,
        /// What it is.
        alert: Alert,
    },
    /// The cashier's software has taken note of the verdict.
    VerdictAcknowledged,
}
