//! What gateways say while the payment may still go on (transitions 4 to 11).
//!
//! First the field checks: a verified report counts only for the order, amount
//! and currency that were asked for. Then one function per place where an
//! attempt can stand; whatever is neither *money in* nor *no money can follow*
//! leaves the outcome unknown and leads to an enquiry.

use super::draft::Draft;
use super::{closing, duty, late, park, shown};
use crate::domain::{
    ATTEMPTS_MAX, Alert, Answer, AttemptId, Denial, Duty, Effect, Mode, Now, Operation,
    OrderReport, OrderStatus, Reason, Refusal, RefusalKind, Stage, State, Step, Timer, Unknown,
    Verdict, What,
};

/// An answer after the field checks.
#[derive(Debug, Clone)]
pub(super) enum Said {
    MoneyIn(OrderReport),
    /// Paid, but for another amount or currency: it must go back.
    WrongMoney(OrderReport),
    Pending(OrderReport),
    /// The submit made no order.
    Refused(Refusal, Option<String>),
    /// The order is closed, and no money can follow.
    Closed(OrderReport, Refusal),
    Returned(OrderReport),
    /// It names the order, with another amount or none: all it proves is that the order exists.
    Unproved(OrderReport),
    NoSuchOrder(Option<String>),
    AlreadyPaid(Option<String>),
    AlreadyClosed,
    AlreadyReturned(Option<String>),
    /// With the gateway's code and locator.
    ReversalRejected(String, Option<String>),
    Unknown(Unknown),
    NotSent,
}

/// The field checks of every piece of evidence: order, amount, currency; and
/// that the answer is one that this operation can have.
fn checked(draft: &mut Draft<'_>, operation: Operation, answer: &Answer) -> Said {
    match answer {
        Answer::Report(report) => checked_report(draft, operation, report),
        Answer::NoSuchOrder { trace } if operation != Operation::Submit => {
            Said::NoSuchOrder(trace.clone())
        }
        // Both say that the submit made no order. Signed evidence of the order, or that it
        // is paid, is stronger: the request may have arrived twice, and the second one been
        // refused.
        Answer::Refused { .. } | Answer::NotSent
            if draft.attempt.report.is_some() || draft.attempt.paid_claimed =>
        {
            Said::Unknown(Unknown::Unlisted)
        }
        Answer::Refused { refusal, trace } if operation == Operation::Submit => {
            Said::Refused(refusal.clone(), trace.clone())
        }
        Answer::AlreadyPaid { trace } => Said::AlreadyPaid(trace.clone()),
        Answer::AlreadyClosed { .. } => Said::AlreadyClosed,
        Answer::AlreadyReturned { trace } if operation == Operation::Revoke => {
            Said::AlreadyReturned(trace.clone())
        }
        Answer::ReversalRejected { code, trace } if operation == Operation::Revoke => {
            Said::ReversalRejected(code.clone(), trace.clone())
        }
        Answer::NotSent if operation == Operation::Submit => Said::NotSent,
        Answer::NotSent => Said::Unknown(Unknown::Broken),
        Answer::Unknown(reason) => Said::Unknown(*reason),
        Answer::Scanned(_) => Said::Unknown(Unknown::Unlisted),
        Answer::NoSuchOrder { .. }
        | Answer::Refused { .. }
        | Answer::AlreadyReturned { .. }
        | Answer::ReversalRejected { .. } => Said::Unknown(Unknown::Unlisted),
    }
}

fn checked_report(draft: &mut Draft<'_>, operation: Operation, report: &OrderReport) -> Said {
    if report.order != draft.attempt.order {
        draft.contradicts(operation, report, Alert::OtherOrder);
        return Said::Unknown(Unknown::OtherOrder);
    }
    let asked = draft.tender.amount;
    // What goes back is what came in, also when one report said another amount.
    let returned = report.status == OrderStatus::Returned;
    let as_charged = |amount| returned && draft.attempt.charged() == Some(amount);
    let agrees = report
        .amount
        .map(|amount| amount == asked || as_charged(amount));
    match (&report.status, agrees) {
        (OrderStatus::MoneyIn, Some(true)) => Said::MoneyIn(report.clone()),
        (OrderStatus::MoneyIn, Some(false)) => Said::WrongMoney(report.clone()),
        // Paid, but the answer does not say how much: an enquiry must.
        (OrderStatus::MoneyIn, None) => Said::Unproved(report.clone()),
        (_, Some(false)) => {
            draft.alert_once(Alert::WrongAmount);
            Said::Unproved(report.clone())
        }
        (OrderStatus::Pending, _) => Said::Pending(report.clone()),
        (OrderStatus::NoMoney(refusal), _) => Said::Closed(report.clone(), refusal.clone()),
        (OrderStatus::Returned, _) => Said::Returned(report.clone()),
    }
}

/// Takes an answer, in whatever order it comes.
pub(super) fn answered(
    state: &State,
    id: &AttemptId,
    operation: Operation,
    answer: &Answer,
    now: Now,
) -> Result<Step, Denial> {
    let mut draft = Draft::about(state, id, now)?;
    if draft.attempt.parked.is_some() {
        park::keep(&mut draft, operation, answer);
        return draft.done();
    }
    if operation == Operation::Scanned {
        return shown::answered(draft, answer);
    }
    // Nobody waits for a notification: one that proves nothing is not even a pause.
    if operation == Operation::Notification && matches!(answer, Answer::Unknown(_)) {
        return draft.done();
    }
    let said = checked(&mut draft, operation, answer);
    match &draft.attempt.stage {
        Stage::InFlight | Stage::Waiting | Stage::Unknown => live(&mut draft, operation, said),
        Stage::Closing { .. } => closing::answered(&mut draft, operation, said),
        Stage::Reversing => duty::answered(&mut draft, operation, said),
        Stage::Paid => late::after_paid(&mut draft, operation, said),
        Stage::Refused(_) | Stage::Withdrawn | Stage::Reversed => {
            late::after_end(&mut draft, operation, said);
        }
    }
    draft.done()
}

/// The customer is being waited for.
fn live(draft: &mut Draft<'_>, operation: Operation, said: Said) {
    let number = draft.number();
    match said {
        Said::MoneyIn(report) => paid(draft, operation, report),
        Said::WrongMoney(report) => wrong_money(draft, operation, report),
        Said::Pending(report) => {
            let appears = shown::appears(draft, &report);
            if draft.attempt.stage == Stage::Waiting {
                if appears {
                    draft.keep(operation, report);
                }
            } else {
                draft.fact(What::AttemptWaiting {
                    attempt: number,
                    report,
                });
            }
            let pause = match operation {
                Operation::Submit => draft.rules.enquiry_first,
                _ => draft.rules.enquiry_every,
            };
            draft.set(Timer::Enquiry, pause);
        }
        Said::Refused(refusal, trace) => refused(draft, operation, refusal, trace),
        Said::Closed(report, refusal) => {
            let trace = report.trace.clone();
            draft.keep(operation, report);
            refused(draft, operation, refusal, trace);
        }
        Said::Returned(report) => {
            let trace = report.trace.clone();
            draft.keep(operation, report);
            refused(draft, operation, returned(), trace);
        }
        // The submit was refused without a signature, and the gateway, signed,
        // has no order: nobody waits out the clock for a stale code. The
        // refusal may be forged and the request late, hence the watch.
        Said::NoSuchOrder(trace) => match draft.attempt.unknown {
            Some(Unknown::UnsignedRefusal(kind)) if draft.attempt.report.is_none() => {
                closing::never_seen(draft, kind.into(), trace);
            }
            _ => draft.set(Timer::Enquiry, draft.rules.enquiry_every),
        },
        Said::NotSent => withdrawn(draft),
        Said::Unknown(reason) => unknown(draft, operation, reason),
        Said::Unproved(report) => {
            draft.keep_first(operation, report);
            unknown(draft, operation, Unknown::OtherAmount);
        }
        // The order number exists with an end we did not see: an enquiry tells.
        Said::AlreadyPaid(_)
        | Said::AlreadyClosed
        | Said::AlreadyReturned(_)
        | Said::ReversalRejected(..) => unknown(draft, operation, Unknown::Unlisted),
    }
}

/// Transition 8: nothing is proved; ask, at once after a submit.
fn unknown(draft: &mut Draft<'_>, operation: Operation, reason: Unknown) {
    let of_submit = operation == Operation::Submit;
    let news = draft.attempt.stage == Stage::InFlight
        || (of_submit && draft.attempt.unknown != Some(reason));
    if news && draft.attempt.stage != Stage::Waiting {
        let attempt = draft.number();
        draft.fact(What::AttemptUnknown { attempt, reason });
    }
    if of_submit {
        draft.call(Operation::Enquiry, draft.rules.limit_enquiry, false);
    } else if reason == Unknown::RateLimit {
        draft.set(Timer::Enquiry, draft.rules.enquiry_every * 2);
    } else {
        draft.set(Timer::Enquiry, draft.rules.enquiry_every);
    }
}

/// Transitions 5 and 9.
pub(super) fn paid(draft: &mut Draft<'_>, operation: Operation, report: OrderReport) {
    let attempt = draft.number();
    draft.fact(What::AttemptPaid {
        attempt,
        operation,
        report,
    });
    draft.stop_waiting();
    draft.verdict(Verdict::Paid, Reason::Paid);
}

/// Money is in, but not the money that was asked for: all of it goes back.
pub(super) fn wrong_money(draft: &mut Draft<'_>, operation: Operation, report: OrderReport) {
    draft.keep(operation, report);
    draft.alert_once(Alert::WrongAmount);
    draft.stop_waiting();
    draft.verdict(Verdict::NotPaid, Reason::WrongAmount);
    duty::open(draft, Duty::Return);
}

/// What to keep as the reason when an order was paid and given back before we saw it.
pub(super) fn returned() -> Refusal {
    Refusal {
        kind: RefusalKind::Closed,
        code: "returned".to_owned(),
    }
}

/// Transitions 6 and 10: proof that this order takes no money. The tender waits
/// for a fresh code, unless there were too many, or the store shows the code.
fn refused(draft: &mut Draft<'_>, operation: Operation, refusal: Refusal, trace: Option<String>) {
    let attempt = draft.number();
    let kind = refusal.kind;
    draft.fact(What::AttemptRefused {
        attempt,
        operation,
        refusal,
        trace,
    });
    if kind == RefusalKind::Setup {
        draft.alert(Alert::Setup);
    }
    draft.stop_waiting();
    if attempt >= ATTEMPTS_MAX || draft.tender.mode == Mode::Display {
        draft.verdict(Verdict::NotPaid, kind.into());
    } else if let Some(lane) = draft.state.setup.lanes.get(&draft.tender.lane) {
        let timer = Timer::Code(draft.tender.id.clone());
        draft.effect(Effect::Set(timer, lane.wait_code));
    }
}

/// Transition 4: connecting failed, no byte left. The cashier is told at once;
/// the code is not kept for another try.
pub(super) fn withdrawn(draft: &mut Draft<'_>) {
    let attempt = draft.number();
    draft.fact(What::AttemptWithdrawn { attempt });
    draft.stop_waiting();
    draft.verdict(Verdict::NotPaid, Reason::NoConnection);
}

/// The pause is over; or the submit has not come back, and the lane says *checking*.
pub(super) fn enquiry_due(mut draft: Draft<'_>) -> Result<Step, Denial> {
    match draft.attempt.stage {
        _ if draft.attempt.parked.is_some() => {}
        Stage::InFlight => {
            let attempt = draft.number();
            draft.fact(What::AttemptUnknown {
                attempt,
                reason: Unknown::Timeout,
            });
            draft.call(Operation::Enquiry, draft.rules.limit_enquiry, false);
        }
        Stage::Waiting | Stage::Unknown => {
            draft.call(Operation::Enquiry, draft.rules.limit_enquiry, false);
        }
        Stage::Closing { tries, .. } if draft.tender.verdict.is_some() => {
            closing::enquire_slowly(&mut draft, tries);
        }
        Stage::Closing { .. } if draft.attempt.paid_claimed => {
            draft.call(Operation::Enquiry, draft.rules.limit_enquiry, false);
        }
        _ => {}
    }
    draft.done()
}
