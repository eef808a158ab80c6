//! A tender's row in the journal's derived table, and a fact's line in the log.

use super::view::{state_word, verdict_word, word};
use crate::domain::{Alert, Fact, Tender, What};
use crate::journal::TenderRow;

/// The derived row of a tender.
pub(super) fn tender_row(tender: &Tender) -> TenderRow {
    let orders = tender.attempts.iter().map(|a| &a.order);
    // A refund's number is looked for as an order's is: by a notification, for one.
    let refunds = tender.refunds.iter().map(|r| &r.number);
    TenderRow {
        id: tender.id.clone(),
        lane: tender.lane.clone(),
        key: tender.key.clone(),
        sale: tender.sale.clone(),
        day: tender.day.clone(),
        state: state_word(tender).to_owned(),
        verdict: tender.verdict.map(|(v, ..)| verdict_word(v).to_owned()),
        open: tender.is_open(),
        created: tender.created,
        orders: orders.chain(refunds).cloned().collect(),
    }
}

/// The stable word of an alert that is raised.
pub(super) fn alert_word(fact: &Fact) -> Option<String> {
    match &fact.what {
        What::AlertRaised { alert, .. } => Some(word(alert)),
        _ => None,
    }
}

/// One line for each fact. `warn` means that somebody should look.
pub(super) fn log(fact: &Fact) {
    let tender = fact.tender.as_str();
    match &fact.what {
        What::TenderCreated {
            lane, sale, amount, ..
        } => tracing::info!(tender, %lane, %sale, %amount, "tender created"),
        What::AttemptIntended {
            attempt,
            gateway,
            order,
            code,
            ..
        } => tracing::info!(tender, attempt, %gateway, %order, code, "submitting"),
        What::AttemptWaiting { attempt, report } => tracing::info!(
            tender,
            attempt,
            gateway_order = report.gateway_order,
            trace = report.trace,
            "waiting for the customer"
        ),
        What::AttemptUnknown { attempt, reason } => {
            tracing::info!(tender, attempt, ?reason, "outcome unknown, enquiring");
        }
        What::AttemptPaid {
            attempt,
            operation,
            report,
        } => tracing::info!(
            tender,
            attempt,
            ?operation,
            gateway_order = report.gateway_order,
            trace = report.trace,
            "money in"
        ),
        What::AttemptRefused {
            attempt,
            operation,
            refusal,
            trace,
        } => tracing::info!(
            tender,
            attempt,
            ?operation,
            code = refusal.code,
            trace,
            "no money"
        ),
        What::AttemptWithdrawn { attempt } => {
            tracing::info!(tender, attempt, "withdrawn, no byte left");
        }
        What::VerdictGiven { verdict, reason } => {
            tracing::info!(tender, ?verdict, ?reason, "verdict");
        }
        What::RefundIntended {
            refund,
            number,
            amount,
            operator,
            ..
        } => tracing::info!(tender, refund, %number, %amount, operator, "refunding"),
        What::RefundUnknown { refund, reason } => {
            tracing::info!(tender, refund, ?reason, "refund unknown, enquiring");
        }
        What::RefundPending { refund, .. } => tracing::info!(tender, refund, "refund under way"),
        What::RefundReturned {
            refund, operation, ..
        } => tracing::info!(tender, refund, ?operation, "refunded"),
        What::RefundFailed {
            refund,
            refusal,
            trace,
            ..
        } => tracing::warn!(tender, refund, code = refusal.code, trace, "refund failed"),
        What::AttemptParked {
            attempt,
            name,
            reason,
        } => tracing::warn!(tender, attempt, name, reason, "parked"),
        What::ObligationOpened { attempt, duty } => {
            tracing::warn!(tender, attempt, ?duty, "duty opened");
        }
        What::ObligationClosed { attempt, discharge } => {
            tracing::info!(tender, attempt, ?discharge, "duty closed");
        }
        What::AlertRaised { attempt, alert, .. } => match alert {
            Alert::PaidAfterNotPaid
            | Alert::ReturnedWithoutUs
            | Alert::WrongAmount
            | Alert::RefundContradicted => {
                tracing::error!(tender, attempt, ?alert, "alert");
            }
            _ => tracing::warn!(tender, attempt, ?alert, "alert"),
        },
        other => tracing::debug!(tender, fact = ?other, "fact"),
    }
}
