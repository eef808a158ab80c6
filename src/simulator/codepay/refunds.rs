//! Refunds: whole or in parts, each under a number of its own.

use super::CodePay;
use super::orders::{is_used, trans_no, visible};
use super::request::Request;
use super::words::{field, refused};
use crate::simulator::book::{Book, Subject};
use crate::simulator::gateway::{Gateway, Refusal};
use crate::simulator::plan::{Plan, Then};
use crate::simulator::refund::Refund;

impl CodePay {
    /// `order.refund.submit`.
    pub(crate) fn refund(
        &self,
        book: &mut Book,
        request: &Request,
        now: u64,
    ) -> Result<String, Refusal> {
        let number = request.number()?;
        if is_used(book, number) {
            return Err(refused("E04112"));
        }
        let (currency, amount) = request.amount()?;
        request.need("description")?;
        let origin = match (
            request.get("orig_trans_no"),
            request.get("orig_merchant_order_no"),
        ) {
            (Some(trans_no), _) => match book.subject(trans_no) {
                Some(Subject::Order(number)) => visible(book, number, "M010", now)?,
                _ => return Err(refused("M010")),
            },
            (None, Some(number)) => visible(book, number, "M010", now)?,
            (None, None) => return Err(field("the original payment is not named")),
        };
        let order = book.order(&origin).ok_or_else(|| refused("M010"))?;
        let settings = &self.settings;
        if order.currency != currency {
            return Err(field(format!("the payment is in {}", order.currency)));
        }
        if order.reversed {
            return Err(refused("SIM042"));
        }
        if !order.is_paid() {
            return Err(refused("SIM040"));
        }
        if amount > book.refundable(order) {
            return Err(refused("E04126"));
        }
        if settings.refund_ceiling.is_some_and(|max| amount > max) {
            return Err(refused("E04130"));
        }
        if !settings.partial_refunds && amount < order.captured {
            return Err(refused("E04132"));
        }
        if order.refunds.len() >= settings.refunds_max {
            return Err(refused("SIM041"));
        }
        if book.is_full() {
            return Err(refused("SIM050"));
        }
        let mut refund = Refund {
            content: request.content(),
            ..Refund::new(number, order, amount, now, Plan::paid())
        };
        refund.plan = self.refund_plan(book, amount, settings.refund_millis);
        if let Then::Refused(code) = &refund.plan.then {
            return Err(refused(code));
        }
        book.enter_refund(refund, |made| trans_no(now, made), now);
        Ok(number.to_owned())
    }

    /// The refund that stands beside a reversed payment. The merchant has no
    /// number for it: it has the gateway's.
    pub(crate) fn refund_of_reversal(&self, book: &mut Book, origin: &str, now: u64) {
        let Some(order) = book.order(origin) else {
            return;
        };
        let number = format!("R{}", order.gateway_no);
        let amount = order.captured;
        let refund = Refund::new(&number, order, amount, now, Plan::paid());
        // The reversal has counted what was returned.
        book.change(origin, |order| order.returned -= amount);
        book.enter_refund(refund, |made| trans_no(now, made), now);
    }

    /// `order.refund.query`.
    pub(crate) fn query_refund(
        &self,
        book: &mut Book,
        request: &Request,
        now: u64,
    ) -> Result<String, Refusal> {
        let number = find_refund(book, request)?;
        book.refund_enquired(&number, now);
        Ok(number)
    }
}

/// Finds the refund a call is about; `trans_no` wins when both are there.
pub(crate) fn find_refund(book: &Book, request: &Request) -> Result<String, Refusal> {
    match (request.get("trans_no"), request.get("merchant_order_no")) {
        (Some(trans_no), _) => match book.subject(trans_no) {
            Some(Subject::Refund(number)) => Ok(number.clone()),
            _ => Err(refused("E04110")),
        },
        (None, Some(_)) => match book.refund(request.number()?) {
            Some(refund) => Ok(refund.number.clone()),
            None => Err(refused("E04111")),
        },
        (None, None) => Err(field("neither merchant_order_no nor trans_no is there")),
    }
}
