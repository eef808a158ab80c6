//! One payment order and how time changes it.
//!
//! ```text
//! CREATED --- cancel, expiry, revoke, decline ---> FAILURE
//!    |  customer pays
//!    v
//! PAID_SUCCESS --- revoke ---> FAILURE, revoked, paymentInfo kept
//!    |  settlement
//!    v
//! SETTLED --- revoke ---> SETTLED, revoked
//! ```
//!
//! Nothing here waits. An order knows when its plan falls due; whoever looks at
//! it first calls `evolve` with the present time. Times are Unix milliseconds,
//! amounts fils.

use serde::Serialize;
use serde_json::Value;

use super::json::{Json, Rng};
use super::money;
use super::plan::{Plan, Then, Wait};

/// The status of a payment order (PayBy "AcquireOrder").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Made, not paid.
    Created,
    /// Paid.
    PaidSuccess,
    /// Paid and credited to the merchant's account.
    Settled,
    /// Cancelled, expired, declined, or given back.
    Failure,
}

impl Status {
    /// The provider's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::PaidSuccess => "PAID_SUCCESS",
            Self::Settled => "SETTLED",
            Self::Failure => "FAILURE",
        }
    }
}

/// One line of the simulator's ledger: what became of an order and its money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderRecord {
    /// The merchant's number.
    pub merchant_order_no: String,
    /// PayBy's number.
    pub order_no: String,
    /// Where the order stands.
    pub status: Status,
    /// `totalAmount`, fils.
    pub total: u64,
    /// What the payer paid, fils.
    pub captured: u64,
    /// What the payer got back, fils.
    pub returned: u64,
    /// Whether it was revoked.
    pub revoked: bool,
    /// When it was made, Unix milliseconds.
    pub created_at: u64,
    /// When it was paid.
    pub paid_at: Option<u64>,
    /// When it became `FAILURE`, or its money went back.
    pub closed_at: Option<u64>,
    /// How many `getOrder` calls reached it.
    pub enquiries: u32,
    /// How many `cancelOrder` calls reached it.
    pub cancels: u32,
    /// How many `revokeOrder` calls reached it.
    pub revokes: u32,
}

impl OrderRecord {
    /// Returns what the merchant keeps of this order, fils.
    pub fn kept(&self) -> u64 {
        self.captured - self.returned
    }
}

/// Why an order ended without money.
#[derive(Clone)]
pub(crate) struct Failure {
    code: String,
    text: &'static str,
}

/// An order as PayBy knows it. `content` holds the payment code: no `Debug`.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) record: OrderRecord,
    pub(crate) content: Value,
    pub(crate) request_time: u64,
    pub(crate) expires: u64,
    pub(crate) currency: &'static str,
    pub(crate) plan: Plan,
    pub(crate) settle_after: Option<u64>,
    pub(crate) failure: Option<Failure>,
    pub(crate) notices: u32,
}

/// What happened to an order by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Paid,
    Settled,
    Failed,
}

impl Order {
    /// Returns when the order changes by itself, if time alone does it.
    pub(crate) fn due(&self) -> Option<u64> {
        match self.record.status {
            Status::Created => {
                let planned = match (&self.plan.then, &self.plan.wait) {
                    (Then::Never, _) | (_, Wait::Polls(_)) => None,
                    (_, Wait::None) => Some(self.record.created_at),
                    (_, Wait::Millis(millis)) => Some(self.record.created_at + millis),
                };
                // At the last instant PayBy no longer takes the payment.
                Some(
                    planned
                        .filter(|at| *at < self.expires)
                        .unwrap_or(self.expires),
                )
            }
            Status::PaidSuccess => self
                .record
                .paid_at
                .zip(self.settle_after)
                .map(|(a, b)| a + b),
            Status::Settled | Status::Failure => None,
        }
    }

    /// Carries out what has fallen due, one turn per call.
    pub(crate) fn evolve(&mut self, now: u64) -> Option<Turn> {
        let due = self.due().filter(|due| *due <= now)?;
        if self.record.status == Status::PaidSuccess {
            self.record.status = Status::Settled;
            return Some(Turn::Settled);
        }
        if due >= self.expires {
            self.fail(self.expires, "ORDER_EXPIRED", "the order expired unpaid");
            return Some(Turn::Failed);
        }
        Some(self.follow(due))
    }

    /// Counts one answered enquiry; the plan may wait for it.
    pub(crate) fn enquired(&mut self, now: u64) -> Option<Turn> {
        let before = self.record.enquiries;
        self.record.enquiries += 1;
        match self.plan.wait {
            Wait::Polls(polls)
                if self.record.status == Status::Created
                    && before >= polls
                    && self.plan.then != Then::Never =>
            {
                Some(self.follow(now))
            }
            _ => None,
        }
    }

    fn follow(&mut self, at: u64) -> Turn {
        match &self.plan.then {
            Then::Failed(code) => {
                let code = code.clone();
                self.fail(at, &code, "the payment was declined");
                Turn::Failed
            }
            then => {
                let settled = *then == Then::Settled;
                self.pay(at);
                if settled {
                    self.record.status = Status::Settled;
                }
                Turn::Paid
            }
        }
    }

    /// The customer pays.
    pub(crate) fn pay(&mut self, at: u64) {
        self.record.status = Status::PaidSuccess;
        self.record.captured = self.record.total.saturating_sub(self.plan.discount);
        self.record.paid_at = Some(at);
    }

    /// The order ends unpaid.
    pub(crate) fn fail(&mut self, at: u64, code: &str, text: &'static str) {
        self.record.status = Status::Failure;
        self.record.closed_at = Some(at);
        self.failure = Some(Failure {
            code: code.to_owned(),
            text,
        });
    }

    /// The merchant revokes: money goes back, an unpaid order closes.
    pub(crate) fn revoke(&mut self, at: u64, revoked_when_unpaid: bool) {
        match self.record.status {
            Status::Created => {
                self.fail(at, "ORDER_REVOKED", "the merchant revoked the order");
                self.record.revoked = revoked_when_unpaid;
            }
            Status::PaidSuccess | Status::Settled if !self.record.revoked => {
                if self.record.status == Status::PaidSuccess {
                    self.record.status = Status::Failure;
                }
                self.record.returned = self.record.captured;
                self.record.closed_at = Some(at);
                self.record.revoked = true;
            }
            // A repeat answers the same order.
            _ => {}
        }
    }

    /// Prints the `acquireOrder` object.
    pub(crate) fn print(&self, partner: &str, registered_name: &str, rng: &mut Rng) -> Json {
        let record = &self.record;
        let flag = |yes: bool| Json::text(if yes { "true" } else { "false" });
        let mut fields: Vec<(String, Json)> = Vec::new();
        let mut add = |name: &str, value| fields.push((name.to_owned(), value));
        add("merchantOrderNo", Json::text(&record.merchant_order_no));
        add("orderNo", Json::text(&record.order_no));
        add("status", Json::text(record.status.name()));
        add("product", Json::text("Smart Purchase"));
        add("totalAmount", Json::money(record.total, self.currency, rng));
        add("payeeMid", Json::text(partner));
        add("requestTime", Json::int(self.request_time));
        add("expiredTime", Json::int(self.expires));
        add("paySceneCode", Json::text("QRPAY"));
        for name in ["subject", "subjectAr", "notifyUrl", "reserved"] {
            if let Some(value) = self.content.get(name) {
                add(name, Json::echo(value, rng));
            }
        }
        add("accessoryContent", self.accessory(registered_name, rng));
        // "usually" there; absent means false.
        if record.revoked || !rng.one_in(4) {
            add("revoked", flag(record.revoked));
        }
        if let Some(failure) = &self.failure {
            add("failCode", Json::text(&failure.code));
            add("failDes", Json::text(failure.text));
        }
        if let Some(paid_at) = record.paid_at {
            add("paymentInfo", self.payment(paid_at, rng));
        }
        if rng.one_in(4) {
            add("xRouteHint", Json::int(rng.below(1000) as u64));
        }
        Json::Object(fields)
    }

    // PayBy puts its registered name of the merchant, also where none was sent.
    fn accessory(&self, registered_name: &str, rng: &mut Rng) -> Json {
        let mut content = self.content["accessoryContent"].clone();
        if !content.is_object() {
            content = Value::Object(Default::default());
        }
        if !content["terminalDetail"].is_object() {
            content["terminalDetail"] = Value::Object(Default::default());
        }
        content["terminalDetail"]["merchantName"] = registered_name.into();
        Json::echo(&content, rng)
    }

    fn payment(&self, paid_at: u64, rng: &mut Rng) -> Json {
        let paid = self.record.captured;
        let fee = paid * 8 / 1000;
        let mut fields = vec![
            (
                "paidAmount".to_owned(),
                Json::money(paid, self.currency, rng),
            ),
            ("paidTime".to_owned(), Json::int(paid_at)),
            ("payerMid".to_owned(), Json::text("100000606060")),
            (
                "payeeFeeAmount".to_owned(),
                Json::money(fee, self.currency, rng),
            ),
            (
                "payerFeeAmount".to_owned(),
                Json::money(0, self.currency, rng),
            ),
            ("payChannel".to_owned(), Json::text("BALANCE")),
        ];
        // Missing in older samples.
        if !rng.one_in(3) {
            let net = Json::money(paid - fee, self.currency, rng);
            fields.push(("settlementAmount".to_owned(), net));
        }
        Json::Object(fields)
    }

    /// Says the order in a story: number, amount, state.
    pub(crate) fn story(&self) -> String {
        format!(
            "{} AED {} {}{}",
            self.record.merchant_order_no,
            money::plain(self.record.total),
            self.record.status.name(),
            if self.record.revoked { " revoked" } else { "" },
        )
    }
}
