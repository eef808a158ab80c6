//! Evidence that comes after the end, or contradicts it (transitions 20 and 21).
//!
//! It never flips the verdict, and is never lost: it opens a duty or raises an
//! alert. Older news of what is known is none.

use super::answer::Said;
use super::draft::Draft;
use super::duty;
use crate::domain::{Alert, Amount, Discharge, Duty, Operation, OrderStatus, Stage};

/// Transition 21: a paid order whose money went back without us.
pub(super) fn after_paid(draft: &mut Draft<'_>, operation: Operation, said: Said) {
    let tender = draft.tender;
    let by_us = tender.has_given_back(draft.number(), tender.amount);
    let report = draft.attempt.report.as_ref();
    match said {
        Said::Returned(_) if report.is_some_and(|r| r.status == OrderStatus::Returned) => {}
        Said::Returned(report) if by_us => draft.keep(operation, report),
        Said::Returned(report) => {
            draft.keep(operation, report);
            draft.alert_once(Alert::ReturnedWithoutUs);
        }
        Said::Closed(report, _) if !by_us => {
            draft.contradicts(operation, &report, Alert::ReturnedWithoutUs);
        }
        Said::WrongMoney(report) => draft.contradicts(operation, &report, Alert::WrongAmount),
        _ => {}
    }
}

/// Transition 20: a charge where there should be none, or an order that may
/// still be charged. The verdict stays; the money goes back.
pub(super) fn after_end(draft: &mut Draft<'_>, operation: Operation, said: Said) {
    let end = draft.attempt.obligations.last().map(|o| &o.closed);
    let thought_absent = match draft.attempt.stage {
        Stage::Refused(_) => draft.attempt.report.is_none(),
        Stage::Withdrawn => true,
        _ => matches!(end, Some(Some((_, Discharge::NeverArrived)))),
    };
    let report = draft.attempt.report.as_ref();
    let returned = report.is_some_and(|r| r.status == OrderStatus::Returned);
    // A person who closed the duty knew of this charge.
    let settled = |amount| {
        let by_hand = matches!(end, Some(Some((_, Discharge::Manager { .. }))));
        by_hand && draft.attempt.charged() == amount
    };
    let went_back = returned || matches!(end, Some(Some((_, Discharge::Returned))));
    match said {
        // A refund gave it back, and changes nothing of how the order reads.
        Said::MoneyIn(report) | Said::WrongMoney(report)
            if settled(report.amount) || is_refunded(draft, report.amount) => {}
        Said::Returned(report) if !returned => draft.keep(operation, report),
        // Notifications are repeated for a day: this may be older news. An enquiry tells.
        Said::MoneyIn(_) | Said::WrongMoney(_)
            if went_back && operation == Operation::Notification =>
        {
            draft.call(Operation::Enquiry, draft.rules.limit_enquiry, false);
        }
        Said::MoneyIn(report) | Said::WrongMoney(report) => {
            draft.keep(operation, report);
            draft.alert(Alert::PaidAfterNotPaid);
            duty::open(draft, Duty::Return);
        }
        Said::Pending(report) | Said::Unproved(report) if thought_absent => {
            draft.keep(operation, report);
            duty::open(draft, Duty::Return);
        }
        // Paid, and how much it does not say: an enquiry must.
        Said::Unproved(report) if report.status == OrderStatus::MoneyIn && !went_back => {
            draft.call(Operation::Enquiry, draft.rules.limit_enquiry, false);
        }
        _ => {}
    }
}

/// Whether refunds gave a charge of this amount back, or may still.
fn is_refunded(draft: &Draft<'_>, charged: Option<Amount>) -> bool {
    charged.is_some_and(|amount| draft.tender.has_given_back(draft.number(), amount))
}
