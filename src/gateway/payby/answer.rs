//! From the bytes of an answer to exactly one [`Answer`] or [`RefundAnswer`].
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
use super::received::{
    AcquireOrder, Envelope, Misshapen, OrderBody, ReceivedRefund, RefundBody, ScannedBody,
};
use crate::domain::{
    Answer, Operation, OrderReport, OrderStatus, RefundAnswer, RefundOperation, RefundReport,
    RefundStatus, Refusal, Unknown,
};
use crate::gateway::http::Reply;
use crate::gateway::keys::PublicKey;
use crate::gateway::reading::{Proof, Reading};
use reqwest::header::HeaderMap;
use serde_json::value::RawValue;

/// Whose answer it must be.
pub(super) struct Expected<'a> {
    pub(super) key: &'a PublicKey,
    pub(super) payee: &'a str,
}

/// What a verified, carried out request is answered with.
pub(super) struct Body<'a> {
    text: &'a str,
    pub(super) trace: Option<String>,
}

impl<'a> Body<'a> {
    /// The body as it is documented for the call.
    pub(super) fn parse<T: serde::Deserialize<'a>>(&self) -> Result<T, Misshapen> {
        serde_json::from_str(self.text).map_err(|_| Misshapen)
    }
}

/// Reads the answer to a call about an order.
pub(super) fn read(
    operation: Operation,
    reply: &Reply,
    expected: &Expected<'_>,
) -> Reading<Answer> {
    opened(
        reply,
        expected.key,
        |body| match operation {
            Operation::Scanned => {
                let scanned: ScannedBody<'_> = body.parse()?;
                Ok(Answer::Scanned(scanned.payer.is_some()))
            }
            _ => {
                let order_body: OrderBody<'_> = body.parse()?;
                let show = order_body.token_url();
                order(&order_body.acquire_order, expected.payee, show, body.trace)
            }
        },
        |code, trace| codes::signed(operation, code, trace),
        |code| codes::unsigned(operation, code),
    )
}

/// Reads the answer to a call about a refund.
pub(super) fn refund(
    operation: RefundOperation,
    reply: &Reply,
    key: &PublicKey,
) -> Reading<RefundAnswer> {
    opened(
        reply,
        key,
        |body| {
            let RefundBody { refund_order } = body.parse()?;
            refund_report(&refund_order, body.trace)
        },
        |code, trace| codes::signed_refund(operation, code, trace),
        |code| codes::unsigned_refund(operation, code),
    )
}

/// Opens the envelope: a body that may be looked into, a code, or neither.
pub(super) fn opened<A: Proof>(
    reply: &Reply,
    key: &PublicKey,
    body: impl FnOnce(Body<'_>) -> Result<A, Misshapen>,
    signed_code: impl FnOnce(&str, Option<String>) -> A,
    unsigned_code: impl FnOnce(&str) -> Unknown,
) -> Reading<A> {
    let unknown = Reading::unknown;
    match reply.status {
        200 => {}
        429 => return unknown(Unknown::RateLimit), // RFC 6585, section 4
        _ => return unknown(Unknown::HttpStatus),
    }
    let Ok(signed) = signed(&reply.headers, &reply.body, key) else {
        return unknown(Unknown::Unsigned);
    };
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(&reply.body) else {
        return unknown(Unknown::Malformed);
    };
    let status = envelope.head.apply_status.to_ascii_uppercase();
    let trace = envelope.head.trace();
    let answer = match (status.as_str(), envelope.head.code.as_str()) {
        // PayBy could not verify *our* signature: every call will fail until
        // somebody looks, and what was in flight before is unknown.
        ("ERROR", _) => A::unknown(Unknown::GatewayFault),
        ("SUCCESS" | "FAIL", code) if !signed => A::unknown(unsigned_code(code)),
        ("SUCCESS", "0") => {
            let inside = Body {
                text: envelope.body.map_or("", RawValue::get),
                trace: trace.clone(),
            };
            body(inside).unwrap_or_else(|Misshapen| A::unknown(Unknown::Malformed))
        }
        ("SUCCESS" | "FAIL", code) => signed_code(code, trace.clone()),
        _ if !signed => A::unknown(Unknown::Unsigned),
        _ => A::unknown(Unknown::Unlisted),
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

/// A signature that is not PayBy's, or nothing that can be verified.
pub(super) struct Forged;

/// Whether the `sign` header holds PayBy's signature of these bytes; a blank one counts
/// as none, as in PayBy's own SDK.
pub(super) fn signed(headers: &HeaderMap, body: &[u8], key: &PublicKey) -> Result<bool, Forged> {
    let mut values = headers.get_all("sign").iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(false),
        (Some(Ok(text)), None) if text.trim().is_empty() => Ok(false),
        (Some(Ok(text)), None) if key.verifies(body, text) => Ok(true),
        _ => Err(Forged),
    }
}

/// What an order says, wherever it stands.
pub(super) fn order(
    order: &AcquireOrder<'_>,
    payee: &str,
    show: Option<String>,
    trace: Option<String>,
) -> Result<Answer, Misshapen> {
    let number = order.number()?;
    let amount = order.amount()?;
    let revoked = order.revoked()?;
    if order.payee_mid.as_deref().is_some_and(|mid| mid != payee) {
        return Ok(Answer::Unknown(Unknown::OtherOrder));
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
        _ => return Ok(Answer::Unknown(Unknown::Unlisted)),
    };
    Ok(Answer::Report(OrderReport {
        order: number,
        amount,
        // Nothing is shown of an order that has come to its end.
        show: show.filter(|_| status == OrderStatus::Pending),
        status,
        gateway_order: order.order_no(),
        trace,
    }))
}

/// What a refund says, wherever it stands.
pub(super) fn refund_report(
    refund: &ReceivedRefund<'_>,
    trace: Option<String>,
) -> Result<RefundAnswer, Misshapen> {
    let status = match refund.status.as_str() {
        // `REFUNDED_SETTLED`: taken from the merchant's account, not yet the payer's.
        "CREATED" | "REFUNDED_SETTLED" => RefundStatus::Pending,
        "SUCCESS" => RefundStatus::Returned,
        "FAILURE" => {
            let code = refund.fail_code();
            RefundStatus::Failed(Refusal {
                kind: codes::failure(code.as_deref()),
                code: code.unwrap_or_else(|| "FAILURE".to_owned()),
            })
        }
        _ => return Ok(RefundAnswer::Unknown(Unknown::Unlisted)),
    };
    Ok(RefundAnswer::Report(RefundReport {
        number: refund.number()?,
        original: refund.original()?,
        amount: refund.amount()?,
        status,
        gateway_refund: refund.order_no(),
        trace,
    }))
}

#[cfg(test)]
mod tests;
