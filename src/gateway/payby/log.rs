//! One line a call. Never the body, the code or a key.
//!
//! `warn` is for what somebody should look at; the rest is `debug`.

use super::answer::Reading;
use super::codes;
use crate::domain::{Answer, Operation, Order, RefusalKind, Unknown};
use std::time::Duration;

/// Logs an answer, or that there was none.
pub(super) fn answered(operation: Operation, order: &Order, reading: &Reading, took: Duration) {
    let Reading {
        answer,
        code,
        trace,
    } = reading;
    let class = class(answer);
    let number = &order.number;
    let took_ms = took.as_millis();
    if let Some(what) = attention(reading) {
        tracing::warn!(?operation, order = %number, class, ?code, ?trace, took_ms, "{what}");
    } else {
        tracing::debug!(?operation, order = %number, class, ?code, ?trace, took_ms, "payby answered");
    }
}

/// What somebody should look at.
fn attention(reading: &Reading) -> Option<&'static str> {
    match &reading.answer {
        _ if reading.code.as_deref() == Some("ERROR") => Some(
            "payby cannot verify our signature: \
             is the public half of private_key uploaded for this partner_id?",
        ),
        _ if refuses_setup(reading) => {
            Some("payby refuses this store's requests; see the code in docs/gateways/payby.md")
        }
        Answer::Unknown(Unknown::Unsigned) => {
            Some("an answer without payby's valid signature was not used")
        }
        Answer::Unknown(Unknown::OtherOrder) => {
            Some("payby answered about another order or another merchant")
        }
        _ => None,
    }
}

/// Signed or not, and whatever was asked: a wrong clock or an address that is
/// not registered hits enquiries too.
fn refuses_setup(reading: &Reading) -> bool {
    let code = reading.code.as_deref();
    code.and_then(codes::refusal) == Some(RefusalKind::Setup)
}

fn class(answer: &Answer) -> String {
    match answer {
        Answer::Report(report) => format!("{:?}", report.status),
        Answer::NoSuchOrder { .. } => "NoSuchOrder".to_owned(),
        Answer::Refused { refusal, .. } => format!("Refused({:?})", refusal.kind),
        Answer::AlreadyPaid { .. } => "AlreadyPaid".to_owned(),
        Answer::AlreadyClosed { .. } => "AlreadyClosed".to_owned(),
        Answer::AlreadyReturned { .. } => "AlreadyReturned".to_owned(),
        Answer::ReversalRejected { .. } => "ReversalRejected".to_owned(),
        Answer::Scanned(scanned) => format!("Scanned({scanned})"),
        Answer::Unknown(why) => format!("Unknown({why:?})"),
        Answer::NotSent => "NotSent".to_owned(),
    }
}
