//! Money that goes back by a refund: a number of its own at the gateway.
//!
//! ```text
//!   intended ─▶ InFlight ──── report ──▶ Pending ─▶ Returned, Failed
//!                │  ▲  └─ no answer ─▶ Unknown ─▶ Pending, Returned, Failed
//!                │  │                     │ proved absent
//!    no byte left▼  │ the same number     ▼
//!               Unsent ◀──────────────────┘
//! ```
//!
//! Somebody asked for it (it has a key), or a duty gives the money back by it where
//! the gateway no longer reverses. Its amount is taken from the payment from the
//! intent on, until it has failed.

use crate::domain::{
    Alert, Amount, IdempotencyKey, OrderNumber, RefundId, RefundReport, Refusal, Timestamp, Unknown,
};

/// One refund of a tender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Its name.
    pub id: RefundId,
    /// The number of the attempt whose money it is.
    pub attempt: u32,
    /// Its own number at the gateway: never another, however often it is sent.
    pub number: OrderNumber,
    /// How much.
    pub amount: Amount,
    /// Why.
    pub reason: String,
    /// The caller's key; none where a duty gives the money back.
    pub key: Option<IdempotencyKey>,
    /// Who asked.
    pub operator: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// The newest request's time, as the gateway is told.
    pub requested: Timestamp,
    /// Where it stands.
    pub stage: RefundStage,
    /// The newest verified report of it.
    pub report: Option<RefundReport>,
    /// The gateway's locator of the newest answer that had one.
    pub trace: Option<String>,
    /// The last reason for not knowing.
    pub unknown: Option<Unknown>,
    /// Calls since it was asked for, the first not counted.
    pub tries: u32,
    /// When the next call is due, by the wall clock: pace only.
    pub next_try: Option<Timestamp>,
    /// What a person was called for.
    pub alerts: Vec<Alert>,
    /// A lost request can no longer arrive.
    pub arrival_over: bool,
    /// Verified "no such refund" answers since then.
    pub not_found: u32,
    /// The try in which the last of them came.
    pub not_found_try: u32,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// Where a refund stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundStage {
    /// Nothing of it is at the gateway: it will be sent, again under its number.
    Unsent,
    /// The intent is durable; bytes may have left.
    InFlight,
    /// No trustworthy answer so far.
    Unknown,
    /// The gateway has it; the money is on its way.
    Pending,
    /// The money went back.
    Returned,
    /// It failed: the money stayed.
    Failed(Refusal),
}

impl Refund {
    /// Whether its end is still to come.
    pub fn is_open(&self) -> bool {
        !matches!(self.stage, RefundStage::Returned | RefundStage::Failed(_))
    }

    /// Whether its money went back or may still: it is taken from what is left.
    pub fn counts(&self) -> bool {
        !matches!(self.stage, RefundStage::Failed(_))
    }

    /// Whether a duty gives the money back by it, and nobody asked for it.
    pub fn is_of_duty(&self) -> bool {
        self.key.is_none()
    }

    /// Whether one more "no such refund" counts: the first since the window was
    /// over in each try, while nothing shows that the refund exists.
    pub fn counts_not_found(&self) -> bool {
        self.arrival_over && self.report.is_none() && self.tries > self.not_found_try
    }
}
