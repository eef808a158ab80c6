//! From the bytes of an answer to exactly one [`Answer`].
//!
//! ```text
//!   status 200? ── signature? ── envelope ── code "0"? ── order ── status
//!        │             │            │            │          │        │
//!    HttpStatus    Unsigned     Malformed    codes.rs   Malformed  Report
//! ```
//!
//! The signature is verified over the bytes as they came, before anything in
//! them is read. What is not signed is at most a hint about pace. The order in a
//! report is the one that PayBy names: whether it is ours is for the core to
//! compare, like amount and currency. The merchant is compared here, because it
//! is a word of PayBy's.

use super::codes;
use super::wire::{AcquireOrder, Envelope, Misshapen, OrderBody};
use crate::domain::{Answer, Operation, OrderNumber, OrderReport, OrderStatus, Refusal, Unknown};
use crate::gateway::http::Reply;
use crate::gateway::keys::PublicKey;
use crate::gateway::reading::Reading;
use reqwest::header::HeaderMap;

/// Whose answer it must be.
pub(super) struct Expected<'a> {
    pub(super) key: &'a PublicKey,
    pub(super) payee: &'a str,
}

/// Reads the answer to a call.
pub(super) fn read(
    operation: Operation,
    reply: &Reply,
    expected: &Expected<'_>,
) -> Reading<Answer> {
    let unknown = Reading::unknown;
    match reply.status {
        200 => {}
        429 => return unknown(Unknown::RateLimit), // RFC 6585, section 4
        _ => return unknown(Unknown::HttpStatus),
    }
    let signed = match signature(&reply.headers) {
        Signature::Missing => false,
        Signature::Given(signature) if expected.key.verifies(&reply.body, signature) => true,
        Signature::Given(_) | Signature::Odd => return unknown(Unknown::Unsigned),
    };
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(&reply.body) else {
        return unknown(Unknown::Malformed);
    };
    let status = envelope.head.apply_status.to_ascii_uppercase();
    let trace = envelope.head.trace();
    let answer = match (status.as_str(), envelope.head.code.as_str()) {
        // PayBy could not verify *our* signature: every call will fail until
        // somebody looks, and what was in flight before is unknown.
        ("ERROR", _) => Answer::Unknown(Unknown::GatewayFault),
        ("SUCCESS" | "FAIL", code) if !signed => Answer::Unknown(codes::unsigned(operation, code)),
        ("SUCCESS", "0") => report(&envelope, expected.payee, trace.clone()),
        ("SUCCESS" | "FAIL", code) => codes::signed(operation, code, trace.clone()),
        _ if !signed => Answer::Unknown(Unknown::Unsigned),
        _ => Answer::Unknown(Unknown::Unlisted),
    };
    let code = match status.as_str() {
        "ERROR" => "ERROR".to_owned(),
        _ => envelope.head.code.chars().take(10).collect(),
    };
    Reading {
        answer,
        code: Some(code),
        trace,
    }
}

enum Signature<'a> {
    Missing,
    Given(&'a str),
    /// Two of them, or not text: nothing that can be verified.
    Odd,
}

/// The `sign` header; a blank one counts as none, as in PayBy's own SDK.
fn signature(headers: &HeaderMap) -> Signature<'_> {
    let mut values = headers.get_all("sign").iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Signature::Missing,
        (Some(Ok(text)), None) if text.trim().is_empty() => Signature::Missing,
        (Some(Ok(text)), None) => Signature::Given(text),
        _ => Signature::Odd,
    }
}

fn report(envelope: &Envelope<'_>, payee: &str, trace: Option<String>) -> Answer {
    let body = envelope.body.map(|body| body.get());
    let Some(Ok(OrderBody { acquire_order })) = body.map(serde_json::from_str) else {
        return Answer::Unknown(Unknown::Malformed);
    };
    match order(&acquire_order, payee, trace) {
        Ok(Ok(report)) => Answer::Report(report),
        Ok(Err(unknown)) => Answer::Unknown(unknown),
        Err(Misshapen) => Answer::Unknown(Unknown::Malformed),
    }
}

fn order(
    order: &AcquireOrder<'_>,
    payee: &str,
    trace: Option<String>,
) -> Result<Result<OrderReport, Unknown>, Misshapen> {
    let number = OrderNumber::new(order.merchant_order_no.as_str()).map_err(|_| Misshapen)?;
    let amount = order.amount()?;
    let revoked = order.revoked()?;
    if order.payee_mid.as_deref().is_some_and(|mid| mid != payee) {
        return Ok(Err(Unknown::OtherOrder));
    }
    let status = match order.status.as_str() {
        "CREATED" => OrderStatus::Pending,
        "PAID_SUCCESS" | "SETTLED" if revoked => OrderStatus::Returned,
        "PAID_SUCCESS" | "SETTLED" => OrderStatus::MoneyIn,
        // It was paid once: `order-revoke.mdx` shows a revoked order like this.
        "FAILURE" if revoked || order.was_paid() => OrderStatus::Returned,
        "FAILURE" => {
            let code = order.fail_code();
            OrderStatus::NoMoney(Refusal {
                kind: codes::failure(code.as_deref()),
                code: code.unwrap_or_else(|| "FAILURE".to_owned()),
            })
        }
        // AUTHORIZATION and VOID belong to cards; anything else is in no document.
        _ => return Ok(Err(Unknown::Unlisted)),
    };
    Ok(Ok(OrderReport {
        order: number,
        amount,
        status,
        gateway_order: order.order_no(),
        trace,
        show: None,
    }))
}

#[cfg(test)]
mod tests;
