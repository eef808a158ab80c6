//! What is true and durable.
//!
//! A fact is added to the journal and never edited. The state of a tender is
//! nothing but its facts applied in order, so a fact carries all that a replay
//! needs and nothing that a configuration could change later. No fact holds a
//! payment code: only its masked form and its fingerprint.

use super::{
    Alert, Amount, BusinessDay, Discharge, Duty, Fingerprint, GatewayId, IdempotencyKey, LaneId,
    Mode, Operation, OrderNumber, OrderReport, Reason, RefundOperation, RefundReport, Refusal,
    SaleRef, TenderId, Timestamp, Unknown, Verdict, Wallet,
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

/// What happened to a tender. `attempt` is the number of one of its attempts,
/// `refund` that of one of its refunds.
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
    /// A code was read, or one is to be shown, and the order will be submitted:
    /// durable before any byte leaves.
    AttemptIntended {
        /// 1, 2, 3 ...
        attempt: u32,
        /// Where it goes.
        gateway: GatewayId,
        /// Under which number.
        order: OrderNumber,
        /// Whose code it is, when the code tells.
        wallet: Option<Wallet>,
        /// The code, masked; none where the store shows one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The code's fingerprint.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<Fingerprint>,
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
    /// Somebody scanned the code that the store shows. It says nothing of money.
    ShownCodeScanned {
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
    /// The gateway will not reverse the order; where it is paid, a refund takes over.
    ReversalRejected {
        /// Which.
        attempt: u32,
        /// The gateway's code.
        code: String,
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// The gateway refused a reversal or a refund because the money went back
    /// already; the order must show it.
    ReturnClaimed {
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
    /// A named person set the attempt aside: nothing is asked or decided about it
    /// until somebody takes it up again. Evidence is kept.
    AttemptParked {
        /// Which.
        attempt: u32,
        /// Who.
        name: String,
        /// Why.
        reason: String,
    },
    /// A named person took it up again.
    AttemptUnparked {
        /// Which.
        attempt: u32,
        /// Who.
        name: String,
        /// Why.
        reason: String,
    },
    /// Money will be given back by a refund of its own number: durable before any
    /// byte of it leaves.
    RefundIntended {
        /// 1, 2, 3 ...
        refund: u32,
        /// The attempt whose money it is.
        attempt: u32,
        /// Under which number.
        number: OrderNumber,
        /// How much.
        amount: Amount,
        /// Why.
        reason: String,
        /// The caller's key; none where a duty gives the money back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<IdempotencyKey>,
        /// Who asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operator: Option<String>,
        /// The request's time, as the gateway will be told.
        requested: Timestamp,
    },
    /// A refund is asked about, or sent again: the same number and content, since
    /// nothing of it is at the gateway.
    RefundCallIntended {
        /// Which.
        refund: u32,
        /// Submit or enquiry.
        operation: RefundOperation,
        /// The request's time, as the gateway will be told.
        requested: Timestamp,
        /// When it is tried again if nothing comes of it.
        next_try: Timestamp,
    },
    /// Provably no byte of it left: it will be sent again under its number.
    RefundNotSent {
        /// Which.
        refund: u32,
        /// When it is sent again.
        next_try: Timestamp,
    },
    /// No trustworthy answer so far.
    RefundUnknown {
        /// Which.
        refund: u32,
        /// Why.
        reason: Unknown,
    },
    /// The gateway has it; the money is on its way.
    RefundPending {
        /// Which.
        refund: u32,
        /// The proof.
        report: RefundReport,
    },
    /// The money went back.
    RefundReturned {
        /// Which.
        refund: u32,
        /// Which answer proved it.
        operation: RefundOperation,
        /// The proof.
        report: RefundReport,
    },
    /// The refund failed: its amount was not given back and is free again.
    RefundFailed {
        /// Which.
        refund: u32,
        /// Which answer proved it.
        operation: RefundOperation,
        /// Why.
        refusal: Refusal,
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// A lost request of the refund can no longer arrive: from here on a verified
    /// "no such refund" counts.
    RefundArrivalOver {
        /// Which.
        refund: u32,
    },
    /// A verified "no such refund" that counts towards proof.
    RefundNotFoundNoted {
        /// Which.
        refund: u32,
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Verified evidence that came after the refund's end, or contradicts it.
    RefundEvidenceKept {
        /// Which.
        refund: u32,
        /// Which answer.
        operation: RefundOperation,
        /// What it says.
        report: RefundReport,
    },
    /// A person should look.
    AlertRaised {
        /// For which attempt, when it is about one.
        attempt: Option<u32>,
        /// For which refund, when it is about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refund: Option<u32>,
        /// What it is.
        alert: Alert,
    },
    /// The cashier's software has taken note of the verdict.
    VerdictAcknowledged,
}

/// What of a tender a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The tender itself.
    Tender,
    /// The attempt of this number.
    Attempt(u32),
    /// The refund of this number.
    Refund(u32),
}

impl What {
    /// Whether it begins something, so that it may be denied where nothing can be
    /// stored: a tender, an attempt, or a refund that somebody asked for.
    pub fn begins(&self) -> bool {
        match self {
            Self::TenderCreated { .. } | Self::AttemptIntended { .. } => true,
            Self::RefundIntended { key, .. } => key.is_some(),
            _ => false,
        }
    }

    /// What of its tender it is about.
    pub fn subject(&self) -> Subject {
        match self {
            Self::TenderCreated { .. }
            | Self::CancelRequested
            | Self::WaitExtended
            | Self::VerdictGiven { .. }
            | Self::VerdictAcknowledged
            | Self::AlertRaised {
                attempt: None,
                refund: None,
                ..
            } => Subject::Tender,
            Self::AttemptIntended { attempt, .. }
            | Self::AttemptWaiting { attempt, .. }
            | Self::AttemptUnknown { attempt, .. }
            | Self::AttemptPaid { attempt, .. }
            | Self::AttemptRefused { attempt, .. }
            | Self::AttemptWithdrawn { attempt }
            | Self::ClosingBegan { attempt, .. }
            | Self::CallIntended { attempt, .. }
            | Self::PaidClaimed { attempt, .. }
            | Self::ShownCodeScanned { attempt }
            | Self::ReversalRejected { attempt, .. }
            | Self::ReturnClaimed { attempt, .. }
            | Self::AttemptParked { attempt, .. }
            | Self::AttemptUnparked { attempt, .. }
            | Self::ObligationOpened { attempt, .. }
            | Self::ObligationChanged { attempt, .. }
            | Self::ArrivalWindowOver { attempt }
            | Self::NotFoundNoted { attempt, .. }
            | Self::ObligationClosed { attempt, .. }
            | Self::EvidenceKept { attempt, .. }
            | Self::AlertRaised {
                attempt: Some(attempt),
                refund: None,
                ..
            } => Subject::Attempt(*attempt),
            Self::RefundIntended { refund, .. }
            | Self::RefundCallIntended { refund, .. }
            | Self::RefundNotSent { refund, .. }
            | Self::RefundUnknown { refund, .. }
            | Self::RefundPending { refund, .. }
            | Self::RefundReturned { refund, .. }
            | Self::RefundFailed { refund, .. }
            | Self::RefundArrivalOver { refund }
            | Self::RefundNotFoundNoted { refund, .. }
            | Self::RefundEvidenceKept { refund, .. }
            | Self::AlertRaised {
                refund: Some(refund),
                ..
            } => Subject::Refund(*refund),
        }
    }
}
