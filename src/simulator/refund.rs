//! One refund, and how time changes it.
//!
//! ```text
//! Waiting ---> Taken (from the merchant) ---> Done (with the payer)
//!    '------------'------> Failed
//! ```
//!
//! A refund that takes its time is taken at half of it. Times are Unix
//! milliseconds, amounts the currency's smallest unit.

use serde_json::Value;

use super::order::{Event, Failure, Order};
use super::plan::{Plan, Then, Wait};

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundStand {
    /// Accepted.
    Waiting,
    /// Taken from the merchant, not yet with the payer.
    Taken,
    /// With the payer.
    Done,
    /// It failed; the merchant keeps the money.
    Failed,
}

/// A refund.
#[derive(Clone)]
pub struct Refund {
    pub(crate) number: String,
    pub(crate) gateway_no: String,
    pub(crate) order: String,
    pub(crate) content: Value,
    pub(crate) currency: String,
    pub(crate) amount: u64,
    pub(crate) plan: Plan,
    pub(crate) stand: RefundStand,
    pub(crate) created_at: u64,
    pub(crate) ended_at: Option<u64>,
    pub(crate) failure: Option<Failure>,
    pub(crate) enquiries: u32,
    pub(crate) notices: u32,
}

impl Refund {
    /// A refund that was accepted.
    pub(crate) fn new(number: &str, order: &Order, amount: u64, now: u64, plan: Plan) -> Self {
        Self {
            number: number.to_owned(),
            gateway_no: String::new(),
            order: order.number.clone(),
            content: Value::Null,
            currency: order.currency.clone(),
            amount,
            plan,
            stand: RefundStand::Waiting,
            created_at: now,
            ended_at: None,
            failure: None,
            enquiries: 0,
            notices: 0,
        }
    }

    /// Tells whether its money is still on the way.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stand, RefundStand::Waiting | RefundStand::Taken)
    }

    /// Returns when it changes by itself.
    pub(crate) fn due(&self) -> Option<u64> {
        let at = match (&self.plan.then, &self.plan.wait) {
            _ if !self.is_open() => return None,
            (Then::Never, _) | (_, Wait::Polls(_)) => return None,
            (_, Wait::None) => self.created_at,
            // Half of the time to take the money, half to bring it.
            (Then::Paid, Wait::Millis(millis)) if self.stand == RefundStand::Waiting => {
                self.created_at + millis / 2
            }
            (_, Wait::Millis(millis)) => self.created_at + millis,
        };
        (self.stand == RefundStand::Waiting || self.plan.then == Then::Paid).then_some(at)
    }

    /// Carries out what has fallen due, one event per call.
    pub(crate) fn evolve(&mut self, now: u64) -> Option<Event> {
        let due = self.due().filter(|due| *due <= now)?;
        let halfway =
            matches!(self.plan.wait, Wait::Millis(millis) if due < self.created_at + millis);
        if halfway {
            self.stand = RefundStand::Taken;
            return Some(Event::RefundTaken);
        }
        Some(self.follow(due))
    }

    /// Counts one answered enquiry; the plan may wait for it.
    pub(crate) fn enquired(&mut self, now: u64) -> Option<Event> {
        let before = self.enquiries;
        self.enquiries += 1;
        match self.plan.wait {
            Wait::Polls(polls) if self.is_open() && self.plan.then != Then::Never => {
                if before >= polls {
                    return (self.stand == RefundStand::Waiting || self.plan.then == Then::Paid)
                        .then(|| self.follow(now));
                }
                if before >= polls.div_ceil(2) && self.plan.then == Then::Paid {
                    self.stand = RefundStand::Taken;
                }
                None
            }
            _ => None,
        }
    }

    fn follow(&mut self, at: u64) -> Event {
        match &self.plan.then {
            Then::Failed(code) => {
                self.failure = Some(Failure {
                    code: code.clone(),
                    text: "the refund failed",
                });
                self.stand = RefundStand::Failed;
                self.ended_at = Some(at);
                Event::RefundFailed
            }
            Then::Settled => {
                self.stand = RefundStand::Taken;
                Event::RefundTaken
            }
            _ => {
                self.stand = RefundStand::Done;
                self.ended_at = Some(at);
                Event::Refunded
            }
        }
    }
}
