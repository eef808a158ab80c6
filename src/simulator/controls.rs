//! What can be asked of a running gateway, and done to it.

use std::fmt;
use std::sync::Arc;

use super::book::{Book, Subject};
use super::conduct::Violation;
use super::engine::Engine;
use super::fault::{Fault, QUEUE_MAX};
use super::gateway::Gateway;
use super::ledger::{Call, DeliveryRecord, OrderRecord, RefundRecord};
use super::order::{Order, Stand};
use super::plan::Plan;
use super::refund::Refund;

/// Why a wish could not be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlError {
    /// The wish itself is wrong.
    Input(String),
    /// There is no order or refund with this merchant's number.
    UnknownOrder(String),
    /// The order no longer waits for its customer, the refund has ended.
    NotWaiting(String),
    /// It has no address for notifications.
    NotNotified(String),
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(why) => write!(f, "bad input: {why}"),
            Self::UnknownOrder(number) => {
                write!(f, "there is no order {number}; GET /orders lists them")
            }
            Self::NotWaiting(order) => write!(f, "the order does not wait for a customer: {order}"),
            Self::NotNotified(number) => write!(f, "the order {number} has no notifyUrl"),
        }
    }
}

impl std::error::Error for ControlError {}

/// What can be asked of a running gateway, and done to it.
pub struct Controls<G: Gateway>(pub(crate) Arc<Engine<G>>);

impl<G: Gateway> Controls<G> {
    /// Lets the next `count` valid calls of an operation go wrong. Faults of
    /// one operation are used up in the order they were given.
    pub fn push_fault(
        &self,
        operation: G::Operation,
        fault: Fault,
        count: u32,
    ) -> Result<(), ControlError> {
        self.queue_fault(operation, None, fault, count)
    }

    /// The same for one order or refund alone.
    pub fn push_fault_of(
        &self,
        merchant_order_no: &str,
        operation: G::Operation,
        fault: Fault,
        count: u32,
    ) -> Result<(), ControlError> {
        self.queue_fault(operation, Some(merchant_order_no), fault, count)
    }

    pub(crate) fn queue_fault(
        &self,
        operation: G::Operation,
        number: Option<&str>,
        fault: Fault,
        count: u32,
    ) -> Result<(), ControlError> {
        let (_, mut state) = self.0.now();
        state
            .faults
            .push(operation, number, fault, count)
            .map_err(ControlError::Input)
    }

    /// Forgets the faults that are still to come.
    pub fn clear_faults(&self) {
        self.0.now().1.faults.clear();
    }

    /// Chooses what becomes of the next order that is made.
    pub fn push_plan(&self, plan: Plan) -> Result<(), ControlError> {
        self.plan(plan, |book| &mut book.plans)
    }

    /// Chooses what becomes of the next refund that is made. `paid` means that
    /// the money is back, `settled` that it stays on the way.
    pub fn push_refund_plan(&self, plan: Plan) -> Result<(), ControlError> {
        self.plan(plan, |book| &mut book.refund_plans)
    }

    fn plan(
        &self,
        plan: Plan,
        queue: impl FnOnce(&mut Book) -> &mut std::collections::VecDeque<Plan>,
    ) -> Result<(), ControlError> {
        plan.check()
            .and_then(|()| self.0.gateway.check_plan(&plan))
            .map_err(ControlError::Input)?;
        let (_, mut state) = self.0.now();
        let queue = queue(&mut state.book);
        if queue.len() >= QUEUE_MAX {
            let why = format!("more than {QUEUE_MAX} plans are queued");
            return Err(ControlError::Input(why));
        }
        queue.push_back(plan);
        Ok(())
    }

    /// Makes one payment code stale.
    pub fn make_stale(&self, code: &str) -> Result<(), ControlError> {
        let (_, mut state) = self.0.now();
        if state.book.codes_stale.len() >= QUEUE_MAX {
            return Err(ControlError::Input(
                "too many stale codes are listed".into(),
            ));
        }
        state.book.codes_stale.insert(code.to_owned());
        Ok(())
    }

    /// Returns the ledger, by the merchant's number.
    pub fn orders(&self) -> Vec<OrderRecord<G::Status>> {
        let (now, state) = self.0.now();
        let record = |order: &Order| self.record(order, now);
        state.book.orders().map(record).collect()
    }

    /// Returns one line of the ledger.
    pub fn order(&self, merchant_order_no: &str) -> Option<OrderRecord<G::Status>> {
        let (now, state) = self.0.now();
        let order = state.book.order(merchant_order_no)?;
        Some(self.record(order, now))
    }

    fn record(&self, order: &Order, now: u64) -> OrderRecord<G::Status> {
        OrderRecord {
            merchant_order_no: order.number.clone(),
            order_no: order.gateway_no.clone(),
            status: self.0.gateway.status(order, now),
            currency: order.currency.clone(),
            total: order.total,
            captured: order.captured,
            returned: order.returned,
            revoked: order.reversed,
            created_at: order.created_at,
            paid_at: order.paid_at,
            closed_at: order.closed_at,
            enquiries: order.enquiries,
            cancels: order.cancels,
            revokes: order.reversals,
        }
    }

    /// Returns the refunds, by the merchant's number.
    pub fn refunds(&self) -> Vec<RefundRecord<G::RefundStatus>> {
        let (_, state) = self.0.now();
        let record = |refund: &Refund| RefundRecord {
            merchant_order_no: refund.number.clone(),
            order_no: refund.gateway_no.clone(),
            origin_merchant_order_no: refund.order.clone(),
            status: self.0.gateway.refund_status(refund),
            amount: refund.amount,
            created_at: refund.created_at,
            ended_at: refund.ended_at,
            enquiries: refund.enquiries,
        };
        state.book.refunds().map(record).collect()
    }

    /// Returns one refund.
    pub fn refund(&self, merchant_order_no: &str) -> Option<RefundRecord<G::RefundStatus>> {
        let mut refunds = self.refunds();
        refunds.retain(|refund| refund.merchant_order_no == merchant_order_no);
        refunds.pop()
    }

    /// Returns what the client did against the rules.
    pub fn violations(&self) -> Vec<Violation<G::Operation>> {
        self.0.now().1.conduct.violations().to_vec()
    }

    /// Forgets the violations, and the pace so far.
    pub fn clear_violations(&self) {
        self.0.now().1.conduct.clear();
    }

    /// Returns the calls, oldest first.
    pub fn calls(&self) -> Vec<Call<G::Operation>> {
        self.0.now().1.calls.iter().cloned().collect()
    }

    /// Returns the deliveries of notifications, oldest first.
    pub fn notifications(&self) -> Vec<DeliveryRecord> {
        self.0.now().1.deliveries.iter().cloned().collect()
    }

    /// The customer confirms an order that waits.
    pub fn customer_pays(&self, merchant_order_no: &str) -> Result<(), ControlError> {
        self.customer(merchant_order_no, |book, now| {
            book.pay(merchant_order_no, now)
        })
    }

    /// The customer declines. Ends the order unless `decline_is_final` is off:
    /// then the order goes on waiting.
    pub fn customer_declines(&self, merchant_order_no: &str) -> Result<(), ControlError> {
        let is_final = self.0.gateway.basics().decline_is_final;
        let once = |order: &Order| order.content["paySceneParams"]["oneTimePayment"] == "true";
        self.customer(merchant_order_no, |book, now| {
            let waiting = |order: &&Order| order.stand == Stand::Waiting;
            match book.order(merchant_order_no).filter(waiting) {
                None => false,
                Some(order) if is_final || once(order) => book.decline(merchant_order_no, now),
                Some(_) => true,
            }
        })
    }

    /// A customer scans the code that the merchant shows for an order. Who they
    /// are matters only to an order that binds its first customer: for it, a
    /// second one is refused.
    pub fn customer_scans(&self, merchant_order_no: &str, payer: &str) -> Result<(), ControlError> {
        self.customer(merchant_order_no, |book, now| {
            let scan = |order: &mut Order| match &mut order.shown {
                Some(shown) if order.stand == Stand::Waiting && now < shown.until => {
                    let free = !shown.binds || shown.payer.as_deref().is_none_or(|p| p == payer);
                    if free {
                        shown.payer = Some(payer.to_owned());
                    }
                    free
                }
                _ => false,
            };
            book.change(merchant_order_no, scan) == Some(true)
        })
    }

    fn customer(
        &self,
        number: &str,
        act: impl FnOnce(&mut Book, u64) -> bool,
    ) -> Result<(), ControlError> {
        let subject = Subject::Order(number.to_owned());
        self.by_hand(&subject, act)
    }

    /// A refund that is on the way arrives.
    pub fn refund_arrives(&self, merchant_order_no: &str) -> Result<(), ControlError> {
        self.ends(merchant_order_no, None)
    }

    /// A refund that is on the way fails with a code.
    pub fn refund_fails(&self, merchant_order_no: &str, code: &str) -> Result<(), ControlError> {
        self.ends(merchant_order_no, Some(code))
    }

    fn ends(&self, number: &str, failed: Option<&str>) -> Result<(), ControlError> {
        let subject = Subject::Refund(number.to_owned());
        self.by_hand(&subject, |book, now| book.end_refund(number, failed, now))
    }

    fn by_hand(
        &self,
        subject: &Subject,
        act: impl FnOnce(&mut Book, u64) -> bool,
    ) -> Result<(), ControlError> {
        let (now, mut state) = self.0.now();
        if !is_there(&state.book, subject) {
            return Err(ControlError::UnknownOrder(subject.number().to_owned()));
        }
        let story = self.0.describe(&state, subject, now);
        if !act(&mut state.book, now) {
            return Err(ControlError::NotWaiting(story));
        }
        self.0.announce(&mut state, now, None);
        drop(state);
        self.0.ring();
        Ok(())
    }

    /// Sends a notification of an order, or of a refund, as it is now, once
    /// more if need be.
    pub fn notify(&self, merchant_order_no: &str) -> Result<(), ControlError> {
        let (_, mut state) = self.0.now();
        let number = merchant_order_no.to_owned();
        let subject = [Subject::Order(number.clone()), Subject::Refund(number)]
            .into_iter()
            .find(|subject| is_there(&state.book, subject))
            .ok_or_else(|| ControlError::UnknownOrder(merchant_order_no.to_owned()))?;
        if !state.notify(&subject) {
            return Err(ControlError::NotNotified(merchant_order_no.to_owned()));
        }
        drop(state);
        self.0.ring();
        Ok(())
    }

    /// Settles every paid order, as a day's batch does.
    pub fn settle(&self) {
        let (now, mut state) = self.0.now();
        let paid = |order: &&Order| order.stand == Stand::Paid && !order.reversed;
        let numbers: Vec<_> = state
            .book
            .orders()
            .filter(paid)
            .map(|order| order.number.clone())
            .collect();
        for number in numbers {
            state.book.change(&number, |order| order.settle(now));
        }
        drop(state);
        self.0.ring();
    }

    /// Waits until `look` finds what it looks for; it looks after every call,
    /// delivery and wish. Waits for ever if that never happens.
    pub async fn until<T>(&self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        self.0.until(|_| look(self)).await
    }

    /// Sets the gateway's clock off against the real one, milliseconds. What
    /// falls due by it happens at once.
    pub fn set_clock_offset(&self, millis: i64) {
        self.0.set_offset(millis);
    }
}

fn is_there(book: &Book, subject: &Subject) -> bool {
    match subject {
        Subject::Order(number) => book.order(number).is_some(),
        Subject::Refund(number) => book.refund(number).is_some(),
    }
}
