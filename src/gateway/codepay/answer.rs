//! From the bytes of an answer to exactly one [`Answer`] or [`RefundAnswer`].
//!
//! ```text
//!   status 200? ── members ── signature? ── code "0"? ── data ── transaction
//!        │            │            │             │          │         │
//!    HttpStatus   Malformed    Unsigned       codes.rs  Malformed   Report
//! ```
//!
//! CodePay's answers differ in what they name. `order.query` names order, amount and
//! currency, and alone shows that money is in. The answer to a submit names neither
//! order nor currency: it is the question's on its connection, its report has no
//! amount, and so the core asks before it says *paid*. `order.revoker` says that it was
//! done and nothing of the order: an enquiry shows what became of it.

use super::canonical::Members;
use super::codes;
use super::transaction::{Misshapen, Transaction};
use crate::domain::{
    Amount, Answer, Operation, OrderNumber, OrderReport, OrderStatus, RefundAnswer,
    RefundOperation, RefundReport, RefundStatus, Unknown,
};
use crate::gateway::http::Reply;
use crate::gateway::keys::PublicKey;
use crate::gateway::reading::Reading;

/// Whose answer it must be, and to what.
pub(super) struct Expected<'a> {
    pub(super) key: &'a PublicKey,
    pub(super) app_id: &'a str,
    pub(super) merchant_no: &'a str,
    /// The number that was asked about.
    pub(super) number: &'a OrderNumber,
    pub(super) amount: Amount,
}

/// Reads the answer to a call about an order.
pub(super) fn order(
    operation: Operation,
    reply: &Reply,
    expected: &Expected<'_>,
) -> Reading<Answer> {
    let opened = match Opened::open(reply, expected.key) {
        Ok(opened) => opened,
        Err(why) => return Reading::unknown(why),
    };
    let trace = opened.trace.clone();
    let submit = operation == Operation::Submit;
    let answer = match opened.code.as_str() {
        code if !opened.signed => Answer::Unknown(codes::unsigned(submit, code)),
        // Done, or done before; only the order itself shows what it was.
        "0" if operation == Operation::Revoke => Answer::AlreadyClosed { trace },
        "0" => opened
            .transaction(expected, |t| match operation {
                Operation::Submit => submitted(t, expected, trace),
                _ => t.payment(t.number()?.ok_or(Misshapen)?, Some(expected.amount), trace),
            })
            .unwrap_or_else(Answer::Unknown),
        code => codes::order(operation, code, trace),
    };
    opened.reading(answer)
}

/// A submit's answer: the order is ours by its connection, and no amount is proved.
fn submitted(
    transaction: &Transaction<'_>,
    expected: &Expected<'_>,
    trace: Option<String>,
) -> Result<Answer, Misshapen> {
    let number = transaction.number()?.unwrap_or(expected.number.clone());
    if let Some(show) = transaction.show() {
        return Ok(Answer::Report(OrderReport {
            order: number,
            amount: None,
            status: OrderStatus::Pending,
            gateway_order: transaction.trans_no(),
            trace,
            show: Some(show),
        }));
    }
    let mut answer = transaction.payment(number, Some(expected.amount), trace)?;
    if let Answer::Report(report) = &mut answer {
        report.amount = None;
    }
    Ok(answer)
}

/// Reads the answer to a call about a refund.
pub(super) fn refund(
    operation: RefundOperation,
    reply: &Reply,
    expected: &Expected<'_>,
) -> Reading<RefundAnswer> {
    let opened = match Opened::open(reply, expected.key) {
        Ok(opened) => opened,
        Err(why) => return Reading::unknown(why),
    };
    let trace = opened.trace.clone();
    let answer = match opened.code.as_str() {
        code if !opened.signed => RefundAnswer::Unknown(codes::unsigned(false, code)),
        "0" => opened
            .transaction(expected, |t| match operation {
                // "Accepted, not finished": whatever status it has, the enquiry tells.
                RefundOperation::Submit => Ok(RefundAnswer::Report(RefundReport {
                    number: t.number()?.unwrap_or(expected.number.clone()),
                    original: None,
                    amount: None,
                    status: RefundStatus::Pending,
                    gateway_refund: t.trans_no(),
                    trace,
                })),
                _ => t.refund(t.number()?.ok_or(Misshapen)?, Some(expected.amount), trace),
            })
            .unwrap_or_else(RefundAnswer::Unknown),
        code => codes::refund(operation, code, trace),
    };
    opened.reading(answer)
}

/// An answer's envelope.
struct Opened {
    signed: bool,
    code: String,
    data: Option<String>,
    trace: Option<String>,
}

impl Opened {
    fn open(reply: &Reply, key: &PublicKey) -> Result<Self, Unknown> {
        match reply.status {
            200 => {}
            429 => return Err(Unknown::RateLimit), // RFC 6585, section 4
            _ => return Err(Unknown::HttpStatus),
        }
        let members = Members::read(&reply.body).ok_or(Unknown::Malformed)?;
        let signed = match members.signed_by(key) {
            Some(false) => return Err(Unknown::Unsigned),
            signed => signed.is_some(),
        };
        let printable = |text: &&str| {
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        };
        Ok(Self {
            signed,
            code: members.get("code").ok_or(Unknown::Malformed)?.to_owned(),
            data: members.get("data").map(str::to_owned),
            trace: members.get("psn").filter(printable).map(str::to_owned),
        })
    }

    /// Looks into `data`, if it is about our merchant.
    fn transaction<A>(
        &self,
        expected: &Expected<'_>,
        look: impl FnOnce(&Transaction<'_>) -> Result<A, Misshapen>,
    ) -> Result<A, Unknown> {
        let data = self.data.as_deref().ok_or(Unknown::Malformed)?;
        let transaction: Transaction<'_> =
            serde_json::from_str(data).map_err(|_| Unknown::Malformed)?;
        if !transaction.is_of(expected.app_id, expected.merchant_no) {
            return Err(Unknown::OtherOrder);
        }
        look(&transaction).map_err(|Misshapen| Unknown::Malformed)
    }

    fn reading<A>(self, answer: A) -> Reading<A> {
        Reading {
            answer,
            code: Some(self.code.chars().take(16).collect()),
            trace: self.trace,
        }
    }
}
