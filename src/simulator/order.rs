//! One order, and how time changes it.
//!
//! ```text
//! Waiting --- cancel, expiry, reversal, decline ---> Closed
//!    |  the customer pays
//!    v
//!  Paid --- settlement ---> Settled        reversed, refunded: noted beside it
//! ```
//!
//! What a provider calls these is its own affair. Nothing here waits: an order
//! knows when its plan falls due, and whoever looks at it first calls `evolve`
//! with the present time. Times are Unix milliseconds, amounts the currency's
//! smallest unit.

use serde_json::Value;

use super::plan::{Plan, Then, Wait};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Made, not paid.
    Waiting,
    /// Paid.
    Paid,
    /// Paid and credited to the merchant.
    Settled,
    /// Ended without money.
    Closed,
}

/// Why something ended without money.
#[derive(Clone)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) text: &'static str,
}

/// What the merchant shows the customer.
#[derive(Clone, Default)]
pub(crate) struct Shown {
    /// The text of the code, newest last.
    pub(crate) urls: Vec<String>,
    /// When it is no longer good.
    pub(crate) until: u64,
    /// Whether the first who scans it is the only one who can pay.
    pub(crate) binds: bool,
    /// Who scanned it last.
    pub(crate) payer: Option<String>,
}

/// An order. `content` may hold the payment code: no `Debug`.
#[derive(Clone)]
pub struct Order {
    pub(crate) number: String,
    pub(crate) gateway_no: String,
    pub(crate) content: Value,
    pub(crate) currency: String,
    pub(crate) total: u64,
    pub(crate) request_time: u64,
    pub(crate) expires: u64,
    pub(crate) plan: Plan,
    pub(crate) settle_after: Option<u64>,
    pub(crate) stand: Stand,
    pub(crate) captured: u64,
    pub(crate) returned: u64,
    pub(crate) reversed: bool,
    pub(crate) created_at: u64,
    pub(crate) paid_at: Option<u64>,
    pub(crate) settled_at: Option<u64>,
    pub(crate) closed_at: Option<u64>,
    pub(crate) failure: Option<Failure>,
    pub(crate) enquiries: u32,
    pub(crate) cancels: u32,
    pub(crate) reversals: u32,
    pub(crate) notices: u32,
    pub(crate) shown: Option<Shown>,
    /// Nobody finds it before.
    pub(crate) hidden_until: u64,
    /// The wallet is not asked before.
    pub(crate) asked_at: u64,
    /// The numbers of its refunds, oldest first.
    pub(crate) refunds: Vec<String>,
}

/// What happened to an order or to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Paid,
    Settled,
    Failed,
    Refunded,
    RefundTaken,
    RefundFailed,
}

impl Order {
    /// A waiting order.
    pub(crate) fn new(number: &str, content: Value, total: u64, now: u64, plan: Plan) -> Self {
        Self {
            number: number.to_owned(),
            gateway_no: String::new(),
            content,
            currency: String::new(),
            total,
            request_time: now,
            expires: now,
            plan,
            settle_after: None,
            stand: Stand::Waiting,
            captured: 0,
            returned: 0,
            reversed: false,
            created_at: now,
            paid_at: None,
            settled_at: None,
            closed_at: None,
            failure: None,
            enquiries: 0,
            cancels: 0,
            reversals: 0,
            notices: 0,
            shown: None,
            hidden_until: 0,
            asked_at: now,
            refunds: Vec::new(),
        }
    }

    /// Returns how long the plan waits; what the merchant shows cannot be paid
    /// in the answer that brings it.
    fn wait(&self) -> Wait {
        match &self.plan.wait {
            Wait::None if self.shown.is_some() => Wait::Polls(0),
            wait => wait.clone(),
        }
    }

    /// Returns when the order changes by itself, if time alone does it.
    pub(crate) fn due(&self) -> Option<u64> {
        match self.stand {
            Stand::Waiting => {
                let planned = match (&self.plan.then, self.wait()) {
                    (Then::Never, _) | (_, Wait::Polls(_)) => None,
                    (_, Wait::None) => Some(self.created_at),
                    (_, Wait::Millis(millis)) => Some(self.created_at + millis),
                };
                // At the last instant nobody takes the payment any more.
                Some(
                    planned
                        .filter(|at| *at < self.expires)
                        .unwrap_or(self.expires),
                )
            }
            Stand::Paid if self.reversed => None,
            Stand::Paid => self.paid_at.zip(self.settle_after).map(|(a, b)| a + b),
            Stand::Settled | Stand::Closed => None,
        }
    }

    /// Carries out what has fallen due, one event per call.
    pub(crate) fn evolve(&mut self, now: u64) -> Option<Event> {
        let due = self.due().filter(|due| *due <= now)?;
        if self.stand == Stand::Paid {
            self.settle(due);
            return Some(Event::Settled);
        }
        if due >= self.expires {
            self.fail(self.expires, "ORDER_EXPIRED", "the order expired unpaid");
            return Some(Event::Failed);
        }
        Some(self.follow(due))
    }

    /// Counts one answered enquiry; the plan may wait for it.
    pub(crate) fn enquired(&mut self, now: u64) -> Option<Event> {
        let before = self.enquiries;
        self.enquiries += 1;
        match self.wait() {
            Wait::Polls(polls)
                if self.stand == Stand::Waiting
                    && before >= polls
                    && self.plan.then != Then::Never =>
            {
                Some(self.follow(now))
            }
            _ => None,
        }
    }

    /// Tells whether somebody has scanned what the merchant shows: by hand, or
    /// when half of the plan's wait is over.
    pub(crate) fn scanned(&self, now: u64) -> bool {
        let Some(shown) = &self.shown else {
            return false;
        };
        let on_the_way = self.plan.then != Then::Never
            && match self.plan.wait {
                Wait::Millis(millis) => now >= self.created_at + millis / 2,
                Wait::Polls(polls) => self.enquiries >= polls.div_ceil(2),
                Wait::None => true,
            };
        shown.payer.is_some() || self.paid_at.is_some() || on_the_way
    }

    fn follow(&mut self, at: u64) -> Event {
        match &self.plan.then {
            Then::Failed(code) => {
                let code = code.clone();
                self.fail(at, &code, "the payment was declined");
                Event::Failed
            }
            then => {
                let settled = *then == Then::Settled;
                self.pay(at);
                if settled {
                    self.settle(at);
                }
                Event::Paid
            }
        }
    }

    /// The customer pays.
    pub(crate) fn pay(&mut self, at: u64) {
        self.stand = Stand::Paid;
        self.captured = self.total.saturating_sub(self.plan.discount);
        self.paid_at = Some(at);
        self.closed_at = None;
        self.failure = None;
    }

    /// The money is credited.
    pub(crate) fn settle(&mut self, at: u64) {
        self.stand = Stand::Settled;
        self.settled_at = Some(at);
    }

    /// The order ends unpaid.
    pub(crate) fn fail(&mut self, at: u64, code: &str, text: &'static str) {
        self.stand = Stand::Closed;
        self.closed_at = Some(at);
        self.failure = Some(Failure {
            code: code.to_owned(),
            text,
        });
    }

    /// The money goes back, or the order closes.
    pub(crate) fn reverse(&mut self, at: u64) {
        match self.stand {
            Stand::Waiting => self.fail(at, "ORDER_REVOKED", "the merchant revoked the order"),
            Stand::Paid | Stand::Settled if !self.reversed => {
                self.returned = self.captured;
                self.closed_at = Some(at);
                self.reversed = true;
            }
            // A repeat changes nothing.
            _ => {}
        }
    }

    /// Tells whether money is in.
    pub(crate) fn is_paid(&self) -> bool {
        matches!(self.stand, Stand::Paid | Stand::Settled)
    }
}
