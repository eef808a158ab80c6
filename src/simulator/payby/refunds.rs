//! Refunds: whole or in parts, each under a number of its own.

use super::PayBy;
use super::money::CURRENCY;
use super::orders::{find, order_no};
use super::refusal;
use super::request::{self, Key, Request};
use super::words::Status;
use crate::simulator::book::{Book, Subject};
use crate::simulator::gateway::{Gateway, Refusal};
use crate::simulator::plan::{Plan, Then};
use crate::simulator::refund::Refund;

/// How long after the order was made it can be refunded: 180 days.
const REFUND_MILLIS_MAX: u64 = 180 * 24 * 3_600_000;

/// Text fields of a refund, with their greatest length.
const TEXTS: [(&str, usize); 4] = [
    ("notifyUrl", 200),
    ("operatorName", 200),
    ("reason", 64),
    ("reserved", 200),
];

impl PayBy {
    /// `refund/placeOrder`.
    pub(crate) fn refund(
        &self,
        book: &mut Book,
        request: &Request,
        now: u64,
    ) -> Result<String, Refusal> {
        let content = &request.content;
        let number = request::number(content, "refundMerchantOrderNo")?;
        if let Some(refund) = book.refund(&number) {
            // As with orders: an identical repeat is answered as it is now.
            return match refund.content == *content {
                true => Ok(number),
                false => Err(refusal::code("62017")),
            };
        }
        request.check_time(now)?;
        for (name, max) in TEXTS {
            request::text(content, name, max)?;
        }
        request.check_money()?;
        let amount = request
            .fils("amount")
            .filter(|fils| *fils > 0)
            .ok_or_else(|| refusal::field("amount is missing or zero"))?;
        if content.get("deviceId").is_some() {
            // No device is registered with the simulator.
            return Err(refusal::code("62036"));
        }
        if content.get("secondaryMerchantId").is_some() {
            return Err(refusal::code("62038"));
        }
        let origin = Key::either(content, "originMerchantOrderNo", "originOrderNo", 64)?;
        let origin = find(book, &origin)?;
        let order = book.order(&origin).ok_or_else(|| refusal::code("62004"))?;
        if order.reversed {
            return Err(refusal::code("62040"));
        }
        match Status::of(order) {
            Status::Created => return Err(refusal::code("62015")),
            Status::Failure => return Err(refusal::code("62002")),
            Status::PaidSuccess | Status::Settled => {}
        }
        if now > order.created_at + REFUND_MILLIS_MAX {
            return Err(refusal::code("62045"));
        }
        if amount > book.refundable(order) {
            return Err(refusal::code("62006"));
        }
        if book.is_full() {
            return Err(refusal::code("404"));
        }
        let mut refund = Refund {
            content: content.clone(),
            currency: CURRENCY.into(),
            ..Refund::new(&number, order, amount, now, Plan::paid())
        };
        refund.plan = self.refund_plan(book, amount, self.settings.refund_millis);
        if let Then::Refused(code) = &refund.plan.then {
            return Err(refusal::code(code));
        }
        book.enter_refund(refund, |made| order_no("19", now, made), now);
        Ok(number)
    }

    /// `refund/getOrder`.
    pub(crate) fn get_refund(
        &self,
        book: &mut Book,
        request: &Request,
        now: u64,
    ) -> Result<String, Refusal> {
        let number = find_refund(book, &refund_key(request)?)?;
        book.refund_enquired(&number, now);
        Ok(number)
    }
}

/// Reads which refund a call is about.
pub(crate) fn refund_key(request: &Request) -> Result<Key, Refusal> {
    Key::either(&request.content, "refundMerchantOrderNo", "orderNo", 32)
}

/// Finds it.
pub(crate) fn find_refund(book: &Book, key: &Key) -> Result<String, Refusal> {
    match key {
        Key::Merchant(number) if book.refund(number).is_some() => Ok(number.clone()),
        Key::Merchant(_) => Err(refusal::code("62007")),
        Key::PayBy(order_no) => match book.subject(order_no) {
            Some(Subject::Refund(number)) => Ok(number.clone()),
            _ => Err(refusal::code("62035")),
        },
    }
}
