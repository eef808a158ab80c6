//! What is owed after *not paid*, and evidence that comes late (transitions 13 to 21).
//!
//! A duty is opened in the commit that gives the verdict, is tried at the
//! gateway's pace with a persisted next try, and is closed by proof (or by a
//! named person). Evidence that contradicts an end never flips the verdict: it
//! opens a duty or raises an alert.

use super::answer::Said;
use super::draft::Draft;
use crate::domain::{
    Alert, Attempt, AttemptId, Denial, Discharge, Duty, Effect, GatewayRules, Now, Obligation,
    Operation, OrderStatus, Reason, Stage, State, Step, Timer, What,
};
use std::time::Duration;

/// How soon a watch asks, try by try; then every minute.
const WATCH_PACE: [Duration; 3] = [
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
];
const WATCH_PACE_LAST: Duration = Duration::from_secs(60);

/// Opens a duty; belongs into the commit of the verdict.
pub(super) fn open(draft: &mut Draft<'_>, duty: Duty) {
    let attempt = draft.number();
    draft.fact(What::ObligationOpened { attempt, duty });
    let first = first_try(draft.attempt, duty, draft.rules);
    draft.set(Timer::Duty, first);
    if !draft.attempt.arrival_over {
        let window = draft.rules.arrival_window + draft.now.clock_error;
        draft.set(Timer::Arrival, window);
    }
}

/// How long until the first try of a duty: a reversal is not sent before the
/// gateway's earliest moment. Where the customer's whole time (or the window after
/// it) was waited out, that moment is past; anywhere else it is waited for in
/// full, since no clock that may step is asked how much of it is over.
pub(crate) fn first_try(attempt: &Attempt, duty: Duty, rules: &GatewayRules) -> Duration {
    let waited_out = attempt.arrival_over
        || matches!(
            attempt.stage,
            Stage::Closing {
                reason: Reason::WaitOver,
                ..
            }
        );
    match duty {
        Duty::Watch => WATCH_PACE[0],
        Duty::Return if waited_out => Duration::ZERO,
        Duty::Return => rules.reversal_earliest,
    }
}

/// The pause after the given try of a duty.
pub(crate) fn pause(duty: Duty, tries: u32, pace: (Duration, Duration)) -> Duration {
    match duty {
        Duty::Watch => *WATCH_PACE
            .get(tries as usize + 1)
            .unwrap_or(&WATCH_PACE_LAST),
        Duty::Return => {
            let doubled = pace.0.saturating_mul(1 << tries.min(16));
            doubled.min(pace.1)
        }
    }
}

/// The next try of a duty.
pub(super) fn due(mut draft: Draft<'_>) -> Result<Step, Denial> {
    if let Some(obligation) = draft.attempt.obligation() {
        try_again(&mut draft, obligation, obligation.duty, obligation.tries);
    }
    draft.done()
}

fn try_again(draft: &mut Draft<'_>, obligation: &Obligation, duty: Duty, tries: u32) {
    let attempt = draft.number();
    let operation = match duty {
        Duty::Watch => Operation::Enquiry,
        Duty::Return => Operation::Revoke,
    };
    let pause = pause(duty, tries, draft.rules.duty_pace);
    draft.fact(What::CallIntended {
        attempt,
        operation,
        next_try: Some(draft.now.at.after(pause)),
    });
    let (tries_max, age_max) = draft.rules.duty_alert;
    let age = draft.now.at.since(obligation.opened);
    // A watch is long by nature: only its age says that it does not end.
    let often = duty == Duty::Return && tries + 1 >= tries_max;
    if (often || age >= age_max) && !obligation.alerted {
        draft.alert(Alert::DutyOverdue);
    }
    draft.call(operation, draft.rules.limit_enquiry, true);
    draft.set(Timer::Duty, pause);
}

/// A lost request can no longer arrive: from here on "no such order" is proof.
pub(super) fn arrival_over(mut draft: Draft<'_>) -> Result<Step, Denial> {
    let ask = match draft.attempt.stage {
        Stage::Reversing => Timer::Duty,
        _ if draft.attempt.is_claimed_paid() => Timer::Enquiry,
        _ => return draft.done(),
    };
    if !draft.attempt.arrival_over {
        let attempt = draft.number();
        draft.fact(What::ArrivalWindowOver { attempt });
        draft.set(ask, Duration::ZERO);
    }
    draft.done()
}

/// What is said while a duty is open. An answer to a reversal that is no proof
/// itself (it names no order, or says only that the order is closed or was
/// given back) is followed by an enquiry: only the order shows the end.
pub(super) fn answered(draft: &mut Draft<'_>, operation: Operation, said: Said) {
    let Some(obligation) = draft.attempt.obligation() else {
        return;
    };
    match said {
        // It was paid, and now it is not: the money is back.
        Said::Closed(..) if money_known(draft) => close(draft, Discharge::Returned),
        Said::Refused(..) | Said::Closed(..) => close(draft, Discharge::NoMoney),
        Said::Returned(report) => {
            draft.keep(operation, report);
            close(draft, Discharge::Returned);
        }
        Said::NotSent => close(draft, Discharge::NeverArrived),
        Said::MoneyIn(report) | Said::WrongMoney(report) => {
            let known = money_known(draft);
            if !known {
                draft.keep(operation, report);
            }
            turned_up(draft, obligation);
        }
        Said::Pending(report) | Said::Unproved(report) => {
            draft.keep_first(operation, report);
            turned_up(draft, obligation);
        }
        Said::NoSuchOrder(trace) => {
            if draft.attempt.counts_not_found() {
                not_found(draft, trace);
            }
            // There is nothing to enquire about: the next try is on its timer.
            return;
        }
        Said::ReversalRejected => {
            if !obligation.alerted {
                draft.alert(Alert::ReversalRejected);
                draft.alert(Alert::DutyOverdue);
            }
        }
        // A cancel of the last word that was answered late: from here on the
        // submit's own refusal is not about this order.
        Said::AlreadyPaid(trace) => {
            if !draft.attempt.paid_claimed {
                let attempt = draft.number();
                draft.fact(What::PaidClaimed { attempt, trace });
            }
        }
        // The next try is on its timer.
        Said::AlreadyClosed | Said::AlreadyReturned | Said::Unknown(_) => {}
    }
    if operation == Operation::Revoke && !draft.has_closed_the_duty() {
        draft.call(Operation::Enquiry, draft.rules.limit_enquiry, true);
    }
}

fn money_known(draft: &Draft<'_>) -> bool {
    draft.attempt.charged().is_some()
}

/// What was watched for has arrived: now it must be undone.
fn turned_up(draft: &mut Draft<'_>, obligation: &Obligation) {
    if obligation.duty == Duty::Watch {
        let attempt = draft.number();
        draft.fact(What::ObligationChanged {
            attempt,
            duty: Duty::Return,
        });
        match first_try(draft.attempt, Duty::Return, draft.rules) {
            Duration::ZERO => try_again(draft, obligation, Duty::Return, 0),
            wait => draft.set(Timer::Duty, wait),
        }
    }
}

fn not_found(draft: &mut Draft<'_>, trace: Option<String>) {
    let (proof, apart) = draft.rules.not_found_proof;
    let attempt = draft.number();
    draft.fact(What::NotFoundNoted { attempt, trace });
    if draft.attempt.not_found + 1 >= proof {
        close(draft, Discharge::NeverArrived);
    } else {
        draft.set(Timer::Duty, apart);
    }
}

fn close(draft: &mut Draft<'_>, discharge: Discharge) {
    let attempt = draft.number();
    draft.fact(What::ObligationClosed { attempt, discharge });
    for timer in [Timer::Duty, Timer::Arrival] {
        draft.effect(Effect::Clear(timer(draft.attempt.id.clone())));
    }
}

/// Transition 21: a paid order whose money went back without us.
pub(super) fn after_paid(draft: &mut Draft<'_>, operation: Operation, said: Said) {
    match said {
        Said::Returned(report) => {
            let status = draft.attempt.report.as_ref().map(|r| &r.status);
            if status != Some(&OrderStatus::Returned) {
                draft.keep(operation, report);
                draft.alert_once(Alert::ReturnedWithoutUs);
            }
        }
        Said::Closed(..) => draft.alert_once(Alert::ReturnedWithoutUs),
        Said::WrongMoney(_) => draft.alert_once(Alert::WrongAmount),
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
    let went_back = report.is_some_and(|r| r.status == OrderStatus::Returned)
        || matches!(end, Some(Some((_, Discharge::Returned))));
    match said {
        // Notifications are repeated for a day: this may be older news. An enquiry tells.
        Said::MoneyIn(_) | Said::WrongMoney(_)
            if went_back && operation == Operation::Notification =>
        {
            draft.call(Operation::Enquiry, draft.rules.limit_enquiry, false);
        }
        Said::MoneyIn(report) | Said::WrongMoney(report) => {
            draft.keep(operation, report);
            draft.alert(Alert::PaidAfterNotPaid);
            open(draft, Duty::Return);
        }
        Said::Pending(report) | Said::Unproved(report) if thought_absent => {
            draft.keep(operation, report);
            open(draft, Duty::Return);
        }
        // Paid, and how much it does not say: an enquiry must.
        Said::Unproved(report) if report.status == OrderStatus::MoneyIn && !went_back => {
            draft.call(Operation::Enquiry, draft.rules.limit_enquiry, false);
        }
        _ => {}
    }
}

/// Transition 18: a named person takes the duty over.
pub(super) fn close_by_hand(
    state: &State,
    id: &AttemptId,
    name: &str,
    reason: &str,
    reference: &str,
    now: Now,
) -> Result<Step, Denial> {
    let mut draft = Draft::about(state, id, now)?;
    if draft.attempt.obligation().is_none() {
        return Err(Denial::NoObligation);
    }
    close(
        &mut draft,
        Discharge::Manager {
            name: name.to_owned(),
            reason: reason.to_owned(),
            reference: reference.to_owned(),
        },
    );
    draft.done()
}
