//! What the core knows: the tenders it works on, each nothing but its facts applied.
//!
//! The state is a working set. A tender that is done, with no open duty, can be
//! dropped at any time and read back from the journal; before a step, the driver
//! sees to it that every tender which the event concerns (same key, same sale,
//! same lane, same order) is here.

mod refund;

pub use refund::{Refund, RefundStage};

use super::{
    Alert, Amount, AttemptId, BusinessDay, Discharge, Duty, Fingerprint, GatewayId, GatewayRules,
    IdempotencyKey, LaneId, Mode, OrderNumber, OrderReport, OrderStatus, Reason, Refusal, SaleRef,
    StoreId, TenderId, Timestamp, Unknown, Verdict, Wallet,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What the configuration says of one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneRules {
    /// The gateways it uses, in the order of preference.
    pub gateways: Vec<GatewayId>,
    /// The largest amount of one tender.
    pub ceiling: Amount,
    /// How long a tender waits for a code.
    pub wait_code: Duration,
}

/// What the configuration says, as far as the core decides by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The store.
    pub store: StoreId,
    /// Its lanes.
    pub lanes: BTreeMap<LaneId, LaneRules>,
    /// The gateways.
    pub gateways: BTreeMap<GatewayId, GatewayRules>,
}

/// Attempts of one tender at most.
pub const ATTEMPTS_MAX: u32 = 5;

/// How long a used code is remembered (`docs/codes.md`).
pub const CODE_REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// The core's working set.
#[derive(Debug, Clone)]
pub struct State {
    /// The configuration. `apply` never reads it: facts mean the same under any.
    pub setup: Arc<Setup>,
    /// The tenders at work, and whatever else was read back.
    pub tenders: BTreeMap<TenderId, Tender>,
    /// Codes submitted lately, and when.
    pub codes: BTreeMap<Fingerprint, (AttemptId, Timestamp)>,
}

/// One request to collect an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tender {
    /// Its name.
    pub id: TenderId,
    /// Where.
    pub lane: LaneId,
    /// The caller's key.
    pub key: IdempotencyKey,
    /// The ticket.
    pub sale: SaleRef,
    /// The ticket's day.
    pub day: BusinessDay,
    /// How much.
    pub amount: Amount,
    /// Who shows the code.
    pub mode: Mode,
    /// One part of a split payment.
    pub part: bool,
    /// The gateway the caller insists on.
    pub gateway: Option<GatewayId>,
    /// The caller's note.
    pub note: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// Its attempts, the first first.
    pub attempts: Vec<Attempt>,
    /// Its refunds, the first first: what was asked for, and what duties give back.
    pub refunds: Vec<Refund>,
    /// What the cashier was told, why and when.
    pub verdict: Option<(Verdict, Reason, Timestamp)>,
    /// The cashier asked to stop.
    pub cancel_requested: bool,
    /// The cashier gave more time.
    pub extended: bool,
    /// When the cashier's software took note.
    pub acknowledged: Option<Timestamp>,
}

/// One order at one gateway, from one code that was scanned, or for one that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its name.
    pub id: AttemptId,
    /// Where it went.
    pub gateway: GatewayId,
    /// Under which number.
    pub order: OrderNumber,
    /// Whose code.
    pub wallet: Option<Wallet>,
    /// The code, masked; none where the store shows one.
    pub code: Option<String>,
    /// The code's fingerprint.
    pub fingerprint: Option<Fingerprint>,
    /// The request's time.
    pub requested: Timestamp,
    /// When the gateway stops taking the payment.
    pub expires: Timestamp,
    /// Where it stands.
    pub stage: Stage,
    /// The newest verified report of it.
    pub report: Option<OrderReport>,
    /// The gateway's locator of the newest answer that had one.
    pub trace: Option<String>,
    /// The last reason for not knowing, kept for the closing rules.
    pub unknown: Option<Unknown>,
    /// The gateway would not cancel because the order is paid; only an enquiry can show it.
    pub paid_claimed: bool,
    /// Duties of it, the first first; at most the last one is open.
    pub obligations: Vec<Obligation>,
    /// What a person was called for.
    pub alerts: Vec<Alert>,
    /// A lost request can no longer arrive.
    pub arrival_over: bool,
    /// Verified "no such order" answers since then.
    pub not_found: u32,
    /// The try in which the last of them came.
    pub not_found_try: u32,
    /// Somebody scanned the code that the store shows.
    pub scanned: bool,
    /// The gateway will not reverse it.
    pub reversal_rejected: bool,
    /// How many tries of the open duty were refused because the money went back already.
    pub return_claims: u32,
    /// The last of these tries.
    pub return_claim_try: u32,
    /// Who set it aside, if it is.
    pub parked: Option<Parked>,
}

/// An attempt that a named person set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Who.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// Where an attempt stands (`docs/architecture.md` draws it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The intent is durable; bytes may have left.
    InFlight,
    /// The gateway has the order; the customer must act.
    Waiting,
    /// No trustworthy answer so far.
    Unknown,
    /// The wait is over; the gateway is asked for its last word.
    Closing {
        /// Why.
        reason: Reason,
        /// Cancels sent.
        cancels: u32,
        /// Enquiries since the verdict is `unresolved`, each at a slower pace.
        tries: u32,
    },
    /// Money in.
    Paid,
    /// No money can follow.
    Refused(Refusal),
    /// Stopped before any byte left.
    Withdrawn,
    /// *Not paid* was said, a duty is open.
    Reversing,
    /// Proof that nothing is kept.
    Reversed,
}

/// A durable duty of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    /// What is owed.
    pub duty: Duty,
    /// Since when.
    pub opened: Timestamp,
    /// Tries so far.
    pub tries: u32,
    /// When the next try is due, by the wall clock: pace only.
    pub next_try: Option<Timestamp>,
    /// A person was alerted.
    pub alerted: bool,
    /// When and how it ended.
    pub closed: Option<(Timestamp, Discharge)>,
}

impl Stage {
    /// Whether the payment may still be going on.
    pub fn is_live(&self) -> bool {
        matches!(
            self,
            Self::InFlight | Self::Waiting | Self::Unknown | Self::Closing { .. }
        )
    }
}

impl Attempt {
    /// The last word was that the order is paid, and no enquiry has shown it yet.
    pub fn is_claimed_paid(&self) -> bool {
        self.paid_claimed && matches!(self.stage, Stage::Closing { .. })
    }

    /// Whether one more "no such order" counts: the first since the window was over
    /// in each try, while nothing shows that the order exists.
    pub fn counts_not_found(&self) -> bool {
        self.arrival_over && self.report.is_none() && self.tries() > self.not_found_try
    }

    /// How often the open duty was tried, or what is unresolved was enquired about.
    pub fn tries(&self) -> u32 {
        match self.stage {
            Stage::Closing { tries, .. } => tries,
            _ => self.obligation().map_or(0, |o| o.tries),
        }
    }

    /// What the newest report says was charged.
    pub fn charged(&self) -> Option<Amount> {
        let report = self.report.as_ref()?;
        report
            .amount
            .filter(|_| report.status == OrderStatus::MoneyIn)
    }

    /// The text to draw as a QR code for the customer to scan, once there is one.
    pub fn show(&self) -> Option<&str> {
        self.report.as_ref()?.show.as_deref()
    }

    /// The open duty, if there is one.
    pub fn obligation(&self) -> Option<&Obligation> {
        self.obligations.last().filter(|o| o.closed.is_none())
    }
}

impl Tender {
    /// The attempt that may still be going on, if there is one.
    pub fn live_attempt(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|a| a.stage.is_live())
    }

    /// An attempt by its number.
    pub fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts.iter().find(|a| a.id.number == number)
    }

    /// A refund by its number.
    pub fn refund(&self, number: u32) -> Option<&Refund> {
        self.refunds.iter().find(|r| r.id.number == number)
    }

    /// How much of the payment can still be given back: what was captured, less
    /// every refund that did not fail. Zero unless the tender is paid, and when the
    /// money went back another way.
    pub fn refundable(&self) -> Amount {
        let is_kept = |a: &&Attempt| {
            let status = a.report.as_ref().map(|report| &report.status);
            a.stage == Stage::Paid && status != Some(&OrderStatus::Returned)
        };
        let paid = self.attempts.iter().find(is_kept);
        let left = paid.map_or(0, |paid| {
            let given = self.given_back(paid.id.number);
            self.amount.minor.saturating_sub(given)
        });
        Amount {
            minor: left,
            ..self.amount
        }
    }

    /// What refunds gave back of an attempt's money, or may still, in minor units.
    fn given_back(&self, attempt: u32) -> u64 {
        let counts = |r: &&Refund| r.attempt == attempt && r.counts();
        let amounts = self.refunds.iter().filter(counts).map(|r| r.amount.minor);
        amounts.fold(0, u64::saturating_add)
    }

    /// Whether refunds gave this much back of an attempt's money, or may still.
    pub fn has_given_back(&self, attempt: u32, amount: Amount) -> bool {
        self.given_back(attempt) >= amount.minor
    }

    /// The final verdict; none while there is none or it is `unresolved`.
    pub fn final_verdict(&self) -> Option<Verdict> {
        match self.verdict {
            Some((Verdict::Unresolved, ..)) | None => None,
            Some((verdict, ..)) => Some(verdict),
        }
    }

    /// Whether the tender waits for a code.
    pub fn is_armed(&self) -> bool {
        self.verdict.is_none() && self.live_attempt().is_none()
    }

    /// Whether anything of it is still to be done: it must be in the working set.
    pub fn is_open(&self) -> bool {
        self.final_verdict().is_none()
            || self.attempts.iter().any(|a| a.obligation().is_some())
            || self.refunds.iter().any(Refund::is_open)
    }
}
