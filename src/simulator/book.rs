//! A gateway's books: every order, every refund, every used payment code, and
//! the plans to come.
//!
//! The book knows no refusals and no provider's words; it does what it is told
//! and lets time pass. An operation works on it alone, so that a fault "the
//! answer of success, and nothing happened" is the operation on a copy.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::order::{Event, Order, Stand};
use super::plan::{Plan, Then, Wait};
use super::refund::{Refund, RefundStand};

/// The most orders one simulator keeps, and the most numbers it remembers.
pub(crate) const ORDERS_MAX: usize = 1_000_000;

/// An order or a refund, by the merchant's number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An order.
    Order(String),
    /// A refund.
    Refund(String),
}

impl Subject {
    /// Returns the merchant's number.
    pub(crate) fn number(&self) -> &str {
        match self {
            Self::Order(number) | Self::Refund(number) => number,
        }
    }
}

/// Orders, refunds, codes, plans.
#[derive(Clone, Default)]
pub struct Book {
    orders: BTreeMap<String, Order>,
    refunds: BTreeMap<String, Refund>,
    by_gateway_no: BTreeMap<String, Subject>,
    by_url: BTreeMap<String, String>,
    /// What time alone can still change.
    open: BTreeSet<Subject>,
    pub(crate) codes_used: BTreeSet<String>,
    pub(crate) codes_stale: BTreeSet<String>,
    pub(crate) plans: VecDeque<Plan>,
    pub(crate) refund_plans: VecDeque<Plan>,
    events: Vec<(Subject, Event)>,
    made: u64,
}

impl Book {
    /// Returns an order by the merchant's number.
    pub(crate) fn order(&self, number: &str) -> Option<&Order> {
        self.orders.get(number)
    }

    /// Returns a refund by the merchant's number.
    pub(crate) fn refund(&self, number: &str) -> Option<&Refund> {
        self.refunds.get(number)
    }

    /// Returns what has this number of the gateway.
    pub(crate) fn subject(&self, gateway_no: &str) -> Option<&Subject> {
        self.by_gateway_no.get(gateway_no)
    }

    /// Returns the order whose shown code has this text.
    pub(crate) fn order_by_url(&self, url: &str) -> Option<&Order> {
        self.orders.get(self.by_url.get(url)?)
    }

    /// Returns all orders, by number.
    pub(crate) fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// Returns all refunds, by number.
    pub(crate) fn refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.values()
    }

    /// Tells whether no more orders are kept.
    pub(crate) fn is_full(&self) -> bool {
        self.orders.len() + self.refunds.len() >= ORDERS_MAX
    }

    /// Changes an order, and remembers when time next changes it.
    pub(crate) fn change<T>(
        &mut self,
        number: &str,
        change: impl FnOnce(&mut Order) -> T,
    ) -> Option<T> {
        let done = change(self.orders.get_mut(number)?);
        self.reopen(Subject::Order(number.to_owned()));
        Some(done)
    }

    /// Changes a refund, likewise.
    pub(crate) fn change_refund<T>(
        &mut self,
        number: &str,
        change: impl FnOnce(&mut Refund) -> T,
    ) -> Option<T> {
        let done = change(self.refunds.get_mut(number)?);
        self.reopen(Subject::Refund(number.to_owned()));
        Some(done)
    }

    /// Enters an order under a fresh number of the gateway.
    pub(crate) fn enter(&mut self, mut order: Order, number: impl Fn(u64) -> String, now: u64) {
        let subject = Subject::Order(order.number.clone());
        order.gateway_no = self.fresh(number);
        self.by_gateway_no
            .insert(order.gateway_no.clone(), subject.clone());
        for url in order.shown.iter().flat_map(|shown| &shown.urls) {
            self.by_url.insert(url.clone(), order.number.clone());
        }
        self.orders.insert(order.number.clone(), order);
        self.reopen(subject);
        self.evolve(now);
    }

    /// Shows an order under one more text.
    pub(crate) fn show(&mut self, number: &str, url: &str) {
        self.by_url.insert(url.to_owned(), number.to_owned());
        if let Some(shown) = self
            .orders
            .get_mut(number)
            .and_then(|order| order.shown.as_mut())
        {
            shown.urls.push(url.to_owned());
        }
    }

    /// Enters a refund under a fresh number of the gateway.
    pub(crate) fn enter_refund(
        &mut self,
        mut refund: Refund,
        number: impl Fn(u64) -> String,
        now: u64,
    ) {
        let subject = Subject::Refund(refund.number.clone());
        refund.gateway_no = self.fresh(number);
        self.by_gateway_no
            .insert(refund.gateway_no.clone(), subject.clone());
        if let Some(order) = self.orders.get_mut(&refund.order) {
            order.refunds.push(refund.number.clone());
        }
        self.refunds.insert(refund.number.clone(), refund);
        self.reopen(subject);
        self.evolve(now);
    }

    fn fresh(&mut self, number: impl Fn(u64) -> String) -> String {
        loop {
            let fresh = number(self.made);
            self.made += 1;
            if !self.by_gateway_no.contains_key(&fresh) {
                return fresh;
            }
        }
    }

    /// Returns what can still be refunded: paid, less returned, less what is on
    /// the way.
    pub(crate) fn refundable(&self, order: &Order) -> u64 {
        let on_the_way: u64 = order
            .refunds
            .iter()
            .filter_map(|number| self.refunds.get(number))
            .filter(|refund| refund.is_open())
            .map(|refund| refund.amount)
            .sum();
        order
            .captured
            .saturating_sub(order.returned)
            .saturating_sub(on_the_way)
    }

    /// Takes the next plan, or the one a magic amount stands for.
    pub(crate) fn choose(&mut self, by_amount: Option<Plan>, default: Plan) -> Plan {
        self.plans.pop_front().or(by_amount).unwrap_or(default)
    }

    /// The same for a refund.
    pub(crate) fn choose_refund(&mut self, by_amount: Option<Plan>, default: Plan) -> Plan {
        self.refund_plans
            .pop_front()
            .or(by_amount)
            .unwrap_or(default)
    }

    /// Takes what happened by itself since the last time.
    pub(crate) fn take_events(&mut self) -> Vec<(Subject, Event)> {
        std::mem::take(&mut self.events)
    }

    /// Returns when time next changes something.
    pub(crate) fn due(&self) -> Option<u64> {
        self.open
            .iter()
            .filter_map(|subject| self.due_of(subject))
            .min()
    }

    fn due_of(&self, subject: &Subject) -> Option<u64> {
        match subject {
            Subject::Order(number) => self.orders.get(number)?.due(),
            Subject::Refund(number) => self.refunds.get(number)?.due(),
        }
    }

    fn reopen(&mut self, subject: Subject) {
        if self.due_of(&subject).is_some() {
            self.open.insert(subject);
        } else {
            self.open.remove(&subject);
        }
    }

    /// Lets time pass.
    pub(crate) fn evolve(&mut self, now: u64) {
        for subject in std::mem::take(&mut self.open) {
            loop {
                let event = match &subject {
                    Subject::Order(number) => self
                        .orders
                        .get_mut(number)
                        .and_then(|order| order.evolve(now)),
                    Subject::Refund(number) => self
                        .refunds
                        .get_mut(number)
                        .and_then(|refund| refund.evolve(now)),
                };
                let Some(event) = event else { break };
                self.happened(subject.clone(), event);
            }
            self.reopen(subject);
        }
    }

    fn happened(&mut self, subject: Subject, event: Event) {
        if event == Event::Refunded
            && let Some(refund) = self.refunds.get(subject.number())
            && let Some(order) = self.orders.get_mut(&refund.order)
        {
            order.returned += refund.amount;
        }
        self.events.push((subject, event));
    }

    /// Counts an enquiry about an order.
    pub(crate) fn enquired(&mut self, number: &str, now: u64) {
        if let Some(Some(event)) = self.change(number, |order| order.enquired(now)) {
            self.happened(Subject::Order(number.to_owned()), event);
        }
    }

    /// Counts an enquiry about a refund.
    pub(crate) fn refund_enquired(&mut self, number: &str, now: u64) {
        if let Some(Some(event)) = self.change_refund(number, |refund| refund.enquired(now)) {
            self.happened(Subject::Refund(number.to_owned()), event);
        }
    }

    /// The customer confirms an order that waits.
    pub(crate) fn pay(&mut self, number: &str, now: u64) -> bool {
        self.turn(number, Event::Paid, |order| order.pay(now))
    }

    /// The customer's payment is declined for good.
    pub(crate) fn decline(&mut self, number: &str, now: u64) -> bool {
        self.turn(number, Event::Failed, |order| {
            order.fail(now, "PAYER_DECLINED", "the payer declined");
        })
    }

    fn turn(&mut self, number: &str, event: Event, change: impl FnOnce(&mut Order)) -> bool {
        let waiting = |order: &Order| order.stand == Stand::Waiting;
        if !self.orders.get(number).is_some_and(waiting) {
            return false;
        }
        self.change(number, change);
        self.happened(Subject::Order(number.to_owned()), event);
        true
    }

    /// A refund that is on the way arrives, or fails with a code.
    pub(crate) fn end_refund(&mut self, number: &str, failed: Option<&str>, now: u64) -> bool {
        let Some(refund) = self
            .refunds
            .get_mut(number)
            .filter(|refund| refund.is_open())
        else {
            return false;
        };
        refund.plan = Plan::after(
            Wait::None,
            failed.map_or(Then::Paid, |code| Then::Failed(code.to_owned())),
        );
        refund.stand = RefundStand::Waiting;
        refund.created_at = refund.created_at.min(now);
        self.reopen(Subject::Refund(number.to_owned()));
        self.evolve(now);
        true
    }
}

#[cfg(test)]
mod tests;
