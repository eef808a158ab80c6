//! PayBy's books: every order, every used payment code, and the four
//! operations on them.
//!
//! An operation is a plain function of the book, the request and the time. So a
//! fault "the answer of success, and nothing happened" is the operation on a
//! copy of the book, and a request that was lost on the way is the operation at
//! a later time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::order::{Order, OrderRecord, Status, Turn};
use super::plan::{self, Plan, Then, Wait};
use super::request::{self, OrderKey, PlaceOrder, Refusal, Request};
use super::settings::PayBySettings;

/// The most orders one simulator keeps, and the most numbers it remembers.
pub(crate) const ORDERS_MAX: usize = 1_000_000;

/// Orders, codes, and the plans to come.
#[derive(Clone, Default)]
pub(crate) struct Book {
    orders: BTreeMap<String, Order>,
    number_by_order_no: BTreeMap<String, String>,
    /// Orders that time alone can still change.
    open: BTreeSet<String>,
    codes_used: BTreeSet<String>,
    pub(crate) codes_stale: BTreeSet<String>,
    pub(crate) plans: VecDeque<Plan>,
    turns: Vec<(String, Turn)>,
    made: u64,
}

impl Book {
    /// Returns an order by the merchant's number.
    pub(crate) fn order(&self, number: &str) -> Option<&Order> {
        self.orders.get(number)
    }

    pub(crate) fn order_mut(&mut self, number: &str) -> Option<&mut Order> {
        self.orders.get_mut(number)
    }

    /// Returns the ledger, by number.
    pub(crate) fn records(&self) -> Vec<OrderRecord> {
        self.orders
            .values()
            .map(|order| order.record.clone())
            .collect()
    }

    /// Takes what happened by itself since the last time.
    pub(crate) fn take_turns(&mut self) -> Vec<(String, Turn)> {
        std::mem::take(&mut self.turns)
    }

    /// Returns when time next changes an order.
    pub(crate) fn due(&self) -> Option<u64> {
        self.open
            .iter()
            .filter_map(|number| self.orders.get(number)?.due())
            .min()
    }

    /// Lets time pass.
    pub(crate) fn evolve(&mut self, now: u64) {
        for number in std::mem::take(&mut self.open) {
            let Some(order) = self.orders.get_mut(&number) else {
                continue;
            };
            while let Some(turn) = order.evolve(now) {
                self.turns.push((number.clone(), turn));
            }
            self.reopen(&number);
        }
    }

    fn reopen(&mut self, number: &str) {
        if self
            .orders
            .get(number)
            .is_some_and(|order| order.due().is_some())
        {
            self.open.insert(number.to_owned());
        } else {
            self.open.remove(number);
        }
    }

    /// The customer confirms an order that waits.
    pub(crate) fn pay(&mut self, number: &str, now: u64) -> bool {
        self.turn(number, Turn::Paid, |order| order.pay(now))
    }

    /// The customer's payment is declined for good.
    pub(crate) fn decline(&mut self, number: &str, now: u64) -> bool {
        self.turn(number, Turn::Failed, |order| {
            order.fail(now, "PAYER_DECLINED", "the payer declined");
        })
    }

    fn turn(&mut self, number: &str, turn: Turn, change: impl FnOnce(&mut Order)) -> bool {
        let waiting = |order: &&mut Order| order.record.status == Status::Created;
        let Some(order) = self.orders.get_mut(number).filter(waiting) else {
            return false;
        };
        change(order);
        self.turns.push((number.to_owned(), turn));
        self.reopen(number);
        true
    }

    /// Finds the order a call is about.
    pub(crate) fn find(&self, key: &OrderKey) -> Result<String, Refusal> {
        match key {
            OrderKey::MerchantOrderNo(number) if self.orders.contains_key(number) => {
                Ok(number.clone())
            }
            OrderKey::MerchantOrderNo(_) => Err(Refusal::code("62004")),
            OrderKey::OrderNo(order_no) => self
                .number_by_order_no
                .get(order_no)
                .cloned()
                .ok_or_else(|| Refusal::code("62035")),
        }
    }

    /// `placeOrder`: makes the order and submits its payment code in one.
    pub(crate) fn place(
        &mut self,
        request: &Request,
        now: u64,
        settings: &PayBySettings,
    ) -> Result<String, Refusal> {
        let number = request::merchant_order_no(&request.content)?;
        if let Some(order) = self.orders.get(&number) {
            // The first request's time stays the order's time; this one's is
            // not looked at.
            return if order.content != request.content {
                Err(Refusal::code("62016"))
            } else {
                match closed_code(order.record.status) {
                    Some(code) if settings.repeat_refused || code == "62002" => {
                        Err(Refusal::code(code))
                    }
                    _ => Ok(number),
                }
            };
        }
        request.check_time(now)?;
        let (place, _) = PlaceOrder::read(request, &settings.partner_id)?;
        self.check_code(&place.auth_code, settings)?;
        if self.orders.len() >= ORDERS_MAX {
            return Err(Refusal::code("404"));
        }
        let plan = self.choose(place.total, settings);
        if let Then::Refused(code) = &plan.then {
            return Err(Refusal::code(code));
        }
        let order_no = self.new_order_no(now);
        self.number_by_order_no
            .insert(order_no.clone(), number.clone());
        self.codes_used.insert(place.auth_code);
        let record = OrderRecord {
            merchant_order_no: number.clone(),
            order_no,
            status: Status::Created,
            total: place.total,
            captured: 0,
            returned: 0,
            revoked: false,
            created_at: now,
            paid_at: None,
            closed_at: None,
            enquiries: 0,
            cancels: 0,
            revokes: 0,
        };
        let order = Order {
            record,
            content: request.content.clone(),
            request_time: request.request_time,
            expires: place.expires,
            currency: super::money::CURRENCY,
            plan,
            settle_after: settings.settle_millis,
            failure: None,
            notices: 0,
        };
        self.orders.insert(number.clone(), order);
        self.open.insert(number.clone());
        self.evolve(now);
        Ok(number)
    }

    // A code is good once, in one order, and not after the app replaced it.
    fn check_code(&self, code: &str, settings: &PayBySettings) -> Result<(), Refusal> {
        let printable = code.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let marker = &settings.stale_marker;
        let stale = !marker.is_empty() && code.ends_with(marker.as_str());
        // The QR symbol's own text holds the code; it is not the code.
        let symbol = !settings.accept_cpm_text && code.starts_with("hQVDUFY");
        if !printable
            || !(8..=512).contains(&code.len())
            || stale
            || symbol
            || self.codes_stale.contains(code)
            || self.codes_used.contains(code)
        {
            return Err(Refusal::code("62021"));
        }
        Ok(())
    }

    fn choose(&mut self, total: u64, settings: &PayBySettings) -> Plan {
        if let Some(plan) = self.plans.pop_front() {
            return plan;
        }
        let magic = settings
            .magic_amounts
            .then(|| plan::by_amount(total, |millis| settings.scaled(millis)))
            .flatten();
        magic.unwrap_or_else(|| {
            if total < settings.password_from {
                Plan::paid()
            } else {
                let wait = Wait::Millis(settings.scaled(settings.password_millis));
                Plan::after(wait, Then::Paid)
            }
        })
    }

    // Type 13, the time, three digits: the shape seen, 18 digits.
    fn new_order_no(&mut self, now: u64) -> String {
        let mut millis = now;
        loop {
            let order_no = format!("13{millis:013}{:03}", self.made % 1000);
            self.made += 1;
            if !self.number_by_order_no.contains_key(&order_no) {
                return order_no;
            }
            if self.made.is_multiple_of(1000) {
                millis += 1;
            }
        }
    }

    /// `getOrder`.
    pub(crate) fn get(&mut self, key: &OrderKey, now: u64) -> Result<String, Refusal> {
        let number = self.find(key)?;
        if let Some(order) = self.orders.get_mut(&number)
            && let Some(turn) = order.enquired(now)
        {
            self.turns.push((number.clone(), turn));
            self.reopen(&number);
        }
        Ok(number)
    }

    /// `cancelOrder`: only while `CREATED`.
    pub(crate) fn cancel(&mut self, key: &OrderKey, now: u64) -> Result<String, Refusal> {
        let number = self.find(key)?;
        if let Some(order) = self.orders.get_mut(&number) {
            order.record.cancels += 1;
            if let Some(code) = closed_code(order.record.status) {
                return Err(Refusal::code(code));
            }
            order.fail(now, "ORDER_CANCELLED", "the merchant cancelled the order");
        }
        self.reopen(&number);
        Ok(number)
    }

    /// `revokeOrder`: closes an unpaid order, gives a paid one's money back.
    pub(crate) fn revoke(
        &mut self,
        key: &OrderKey,
        now: u64,
        revoked_when_unpaid: bool,
    ) -> Result<String, Refusal> {
        let number = self.find(key)?;
        if let Some(order) = self.orders.get_mut(&number) {
            order.record.revokes += 1;
            order.revoke(now, revoked_when_unpaid);
        }
        self.reopen(&number);
        Ok(number)
    }
}

fn closed_code(status: Status) -> Option<&'static str> {
    match status {
        Status::Created => None,
        Status::PaidSuccess => Some("62001"),
        Status::Failure => Some("62002"),
        Status::Settled => Some("62003"),
    }
}
