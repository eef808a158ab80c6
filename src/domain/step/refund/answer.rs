//! What gateways say of a refund, in whatever order it comes.
//!
//! The field checks are those of every evidence: the refund's own number, the order
//! it gives money back of, amount and currency. A refund that was said to have
//! failed and turns out to be there follows the money: it counts again, and a person
//! is called. One whose money went back stays so, whatever is said later.

use super::{about, call_again, enquiry_every, not_found_proof, pause, refusal, send_again};
use crate::domain::step::draft::Draft;
use crate::domain::step::duty;
use crate::domain::{
    Alert, Denial, Discharge, Effect, Now, Operation, Refund, RefundAnswer, RefundId,
    RefundOperation, RefundReport, RefundStage, RefundStatus, Refusal, RefusalKind, State, Step,
    Timer, Unknown, What,
};

/// An answer after the field checks.
enum Said {
    Pending(RefundReport),
    Returned(RefundReport),
    /// It failed; with the report that says so, or by the refusal of the request itself.
    Failed(Refusal, Option<String>, Option<RefundReport>),
    /// It names the refund, with another amount or none: all it proves is that it exists.
    Unproved(RefundReport),
    NoSuchRefund(Option<String>),
    AlreadyReturned(Option<String>),
    Unknown(Unknown),
    NotSent,
}

fn checked(
    draft: &mut Draft<'_>,
    refund: &Refund,
    operation: RefundOperation,
    answer: &RefundAnswer,
) -> Said {
    // Evidence of the refund is stronger than what a request says of itself: it may
    // have arrived twice, and the second one been refused.
    let of_submit = operation == RefundOperation::Submit && refund.report.is_none();
    match answer {
        RefundAnswer::Report(report) => checked_report(draft, refund, operation, report),
        RefundAnswer::NoSuchRefund { trace } if operation != RefundOperation::Submit => {
            Said::NoSuchRefund(trace.clone())
        }
        RefundAnswer::Refused { refusal, trace } if of_submit => {
            Said::Failed(refusal.clone(), trace.clone(), None)
        }
        RefundAnswer::AlreadyReturned { trace } if of_submit => {
            Said::AlreadyReturned(trace.clone())
        }
        RefundAnswer::NotSent if of_submit => Said::NotSent,
        RefundAnswer::NotSent => Said::Unknown(Unknown::Broken),
        RefundAnswer::Unknown(reason) => Said::Unknown(*reason),
        RefundAnswer::NoSuchRefund { .. }
        | RefundAnswer::Refused { .. }
        | RefundAnswer::AlreadyReturned { .. } => Said::Unknown(Unknown::Unlisted),
    }
}

fn checked_report(
    draft: &mut Draft<'_>,
    refund: &Refund,
    operation: RefundOperation,
    report: &RefundReport,
) -> Said {
    let original = report.original.as_ref();
    let names_it =
        report.number == refund.number && original.is_none_or(|o| *o == draft.attempt.order);
    if !names_it {
        contradicts(draft, refund, operation, report, Alert::OtherOrder);
        return Said::Unknown(Unknown::OtherOrder);
    }
    if report.amount.is_some_and(|amount| amount != refund.amount) {
        contradicts(draft, refund, operation, report, Alert::WrongAmount);
        return Said::Unproved(report.clone());
    }
    match &report.status {
        RefundStatus::Pending => Said::Pending(report.clone()),
        RefundStatus::Returned if report.amount.is_some() => Said::Returned(report.clone()),
        // Given back, but it does not say how much: an enquiry must.
        RefundStatus::Returned => Said::Unproved(report.clone()),
        RefundStatus::Failed(refusal) => {
            Said::Failed(refusal.clone(), report.trace.clone(), Some(report.clone()))
        }
    }
}

/// Keeps evidence that cannot be, and calls a person; once for each reason.
fn contradicts(
    draft: &mut Draft<'_>,
    refund: &Refund,
    operation: RefundOperation,
    report: &RefundReport,
    alert: Alert,
) {
    if !refund.alerts.contains(&alert) {
        keep(draft, refund, operation, report.clone());
        draft.alert_refund_once(refund, alert);
    }
}

fn keep(draft: &mut Draft<'_>, refund: &Refund, operation: RefundOperation, report: RefundReport) {
    draft.fact(What::RefundEvidenceKept {
        refund: refund.id.number,
        operation,
        report,
    });
}

/// Takes an answer about a refund.
pub(in crate::domain::step) fn answered(
    state: &State,
    id: &RefundId,
    operation: RefundOperation,
    answer: &RefundAnswer,
    now: Now,
) -> Result<Step, Denial> {
    let (mut draft, refund) = about(state, id, now)?;
    let unasked = operation == RefundOperation::Notification;
    if unasked && matches!(answer, RefundAnswer::Unknown(_)) {
        return draft.done();
    }
    if draft.attempt.parked.is_some() {
        if let RefundAnswer::Report(report) = answer
            && refund.report.as_ref() != Some(report)
        {
            keep(&mut draft, refund, operation, report.clone());
        }
        return draft.done();
    }
    let said = checked(&mut draft, refund, operation, answer);
    match &refund.stage {
        RefundStage::Returned => after_returned(&mut draft, refund, operation, said),
        RefundStage::Failed(_) => after_failed(&mut draft, refund, operation, said),
        _ => open(&mut draft, refund, operation, said),
    }
    draft.done()
}

/// Its end is not known yet.
fn open(draft: &mut Draft<'_>, refund: &Refund, operation: RefundOperation, said: Said) {
    match said {
        Said::Pending(report) => pending(draft, refund, operation, report),
        Said::Returned(report) => returned(draft, refund, operation, report),
        Said::Failed(refusal, trace, report) => {
            if let Some(report) = report {
                keep(draft, refund, operation, report);
            }
            failed(draft, refund, operation, refusal, trace);
        }
        Said::Unproved(report) => {
            // Another amount was kept with its alert.
            if refund.report.is_none() && report.amount.is_none() {
                keep(draft, refund, operation, report);
            }
            unknown(draft, refund, operation, Unknown::OtherAmount);
        }
        Said::NoSuchRefund(trace) if refund.counts_not_found() => {
            not_found(draft, refund, operation, trace);
        }
        // Not yet, perhaps: the next enquiry is on its timer.
        Said::NoSuchRefund(_) => {}
        Said::AlreadyReturned(trace) => already_returned(draft, refund, operation, trace),
        Said::Unknown(reason) => unknown(draft, refund, operation, reason),
        Said::NotSent => not_sent(draft, refund),
    }
}

fn pending(
    draft: &mut Draft<'_>,
    refund: &Refund,
    operation: RefundOperation,
    report: RefundReport,
) {
    if refund.stage != RefundStage::Pending {
        draft.fact(What::RefundPending {
            refund: refund.id.number,
            report,
        });
    }
    // The next enquiry is on its timer, except for a request that was not asked about.
    if operation != RefundOperation::Enquiry {
        let every = enquiry_every(draft.rules);
        draft.set_refund(refund, Timer::Refund, every);
    }
}

fn returned(
    draft: &mut Draft<'_>,
    refund: &Refund,
    operation: RefundOperation,
    report: RefundReport,
) {
    draft.fact(What::RefundReturned {
        refund: refund.id.number,
        operation,
        report,
    });
    stop(draft, refund);
    if refund.is_of_duty() && draft.attempt.obligation().is_some() {
        duty::close(draft, Discharge::Returned);
    }
}

/// The money stayed. Where a duty gives it back, the duty's next try goes on.
pub(super) fn failed(
    draft: &mut Draft<'_>,
    refund: &Refund,
    operation: RefundOperation,
    refusal: Refusal,
    trace: Option<String>,
) {
    if refusal.kind == RefusalKind::Setup {
        draft.alert_refund_once(refund, Alert::Setup);
    }
    draft.fact(What::RefundFailed {
        refund: refund.id.number,
        operation,
        refusal,
        trace,
    });
    draft.alert_refund_once(refund, Alert::RefundFailed);
    stop(draft, refund);
}

/// The whole order's money went back by a reversal: this refund gave none, and the
/// order must show it.
fn already_returned(
    draft: &mut Draft<'_>,
    refund: &Refund,
    operation: RefundOperation,
    trace: Option<String>,
) {
    failed(
        draft,
        refund,
        operation,
        refusal("already_returned"),
        trace.clone(),
    );
    duty::claimed_returned(draft, trace);
    draft.call(Operation::Enquiry, draft.rules.limit_enquiry, true);
}

fn unknown(draft: &mut Draft<'_>, refund: &Refund, operation: RefundOperation, reason: Unknown) {
    let of_submit = operation == RefundOperation::Submit;
    let news = refund.stage == RefundStage::InFlight || refund.unknown != Some(reason);
    if of_submit && news && refund.stage != RefundStage::Pending {
        draft.fact(What::RefundUnknown {
            refund: refund.id.number,
            reason,
        });
    }
    if reason == Unknown::RateLimit {
        let pause = pause(enquiry_every(draft.rules), refund, draft.rules);
        draft.set_refund(refund, Timer::Refund, pause * 2);
    } else if of_submit {
        let (requested, limit) = (refund.requested, draft.rules.limit_enquiry);
        draft.call_refund(refund, RefundOperation::Enquiry, requested, limit);
    }
}

/// No byte of it left: it goes again, under its number, when its pause is over.
fn not_sent(draft: &mut Draft<'_>, refund: &Refund) {
    if matches!(refund.stage, RefundStage::InFlight | RefundStage::Unknown) {
        let pause = pause(draft.rules.duty_pace.0, refund, draft.rules);
        draft.fact(What::RefundNotSent {
            refund: refund.id.number,
            next_try: draft.now.at.after(pause),
        });
        draft.effect(Effect::Clear(Timer::RefundArrival(refund.id.clone())));
        draft.set_refund(refund, Timer::Refund, pause);
    }
}

fn not_found(
    draft: &mut Draft<'_>,
    refund: &Refund,
    operation: RefundOperation,
    trace: Option<String>,
) {
    let (proof, apart) = not_found_proof(draft.rules);
    draft.fact(What::RefundNotFoundNoted {
        refund: refund.id.number,
        trace,
    });
    if refund.not_found + 1 >= proof {
        send_again(draft, refund, operation);
    } else {
        draft.set_refund(refund, Timer::Refund, apart);
    }
}

fn stop(draft: &mut Draft<'_>, refund: &Refund) {
    for timer in [Timer::Refund, Timer::RefundArrival] {
        draft.effect(Effect::Clear(timer(refund.id.clone())));
    }
}

/// The money went back. What is said of it since may contradict that.
fn after_returned(draft: &mut Draft<'_>, refund: &Refund, operation: RefundOperation, said: Said) {
    if let Said::Failed(_, _, Some(report)) = said {
        contradicts(draft, refund, operation, &report, Alert::RefundContradicted);
    }
}

/// It was said to have failed: where it is there after all, it counts again.
fn after_failed(draft: &mut Draft<'_>, refund: &Refund, operation: RefundOperation, said: Said) {
    let report = refund.report.as_ref();
    let by_report = report.is_some_and(|r| matches!(r.status, RefundStatus::Failed(_)));
    match said {
        Said::Returned(report) => {
            draft.alert_refund_once(refund, Alert::RefundContradicted);
            returned(draft, refund, operation, report);
        }
        // Older news of a refund whose failure was shown is none.
        Said::Pending(report) if !by_report => {
            draft.alert_refund_once(refund, Alert::RefundContradicted);
            pending(draft, refund, RefundOperation::Submit, report);
        }
        Said::Unproved(_) if !by_report => {
            call_again(draft, refund, RefundOperation::Enquiry);
        }
        _ => {}
    }
}
