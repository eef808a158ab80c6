//! What is owed after *not paid* (transitions 13 to 18).
//!
//! A duty is opened in the commit that gives the verdict, is tried at the
//! gateway's pace with a persisted next try, and is closed by proof (or by a
//! named person).
//!
//! Money is returned by a reversal; by a refund of its own number where the gateway
//! reverses no more (it says so, its window is over, or the wallet cannot). One way
//! at a time: nothing is reversed of which a refund is on its way.

use super::answer::Said;
use super::draft::{Draft, text};
use super::refund;
use crate::domain::{
    Alert, Amount, Attempt, AttemptId, Denial, Discharge, Duty, Effect, Fact, GatewayRules,
    Obligation, Operation, Reason, Stage, State, Step, Timer, What,
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
        Duty::Return => doubled(pace.0, tries, pace.1),
    }
}

/// A pause that doubles with every try, up to the last.
pub(super) fn doubled(first: Duration, tries: u32, last: Duration) -> Duration {
    first.saturating_mul(1 << tries.min(16)).min(last)
}

/// The next try of a duty.
pub(super) fn due(mut draft: Draft<'_>) -> Result<Step, Denial> {
    if draft.attempt.parked.is_none()
        && let Some(obligation) = draft.attempt.obligation()
    {
        try_again(&mut draft, obligation, obligation.duty, obligation.tries);
    }
    draft.done()
}

fn try_again(draft: &mut Draft<'_>, obligation: &Obligation, duty: Duty, tries: u32) {
    let attempt = draft.number();
    let reverses = duty == Duty::Return && is_reversible(draft);
    let operation = match reverses {
        true => Operation::Revoke,
        false => Operation::Enquiry,
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
    if duty == Duty::Return
        && !reverses
        && let Some(amount) = draft.attempt.charged()
        && is_refundable(draft)
    {
        refund::give_back(draft, amount);
    }
}

/// Whether the gateway may still reverse the order, and nothing else is giving the
/// money back. By the wall clock, which may be wrong: the gateway has the last word.
fn is_reversible(draft: &Draft<'_>) -> bool {
    let attempt = draft.attempt;
    let age = draft.now.at.since(attempt.requested);
    let in_time = draft
        .rules
        .reversal_window
        .is_none_or(|window| age < window);
    let never_for = &draft.rules.reversal_not_for;
    let by_wallet = attempt
        .wallet
        .as_ref()
        .is_none_or(|w| !never_for.contains(w));
    in_time
        && by_wallet
        && !attempt.reversal_rejected
        && !is_claimed_returned(attempt)
        && !draft.refunds().any(|refund| refund.counts())
}

/// Whether the gateway said of two tries that the money went back already: only
/// the order, or a person, can tell.
fn is_claimed_returned(attempt: &Attempt) -> bool {
    attempt.return_claims >= 2
}

/// Whether a refund may take the place of the reversal, and none did.
fn is_refundable(draft: &Draft<'_>) -> bool {
    !is_claimed_returned(draft.attempt)
        && !draft.refunds().any(|refund| refund.counts())
        && refund::is_possible(draft)
}

/// Transition 15: what the order is known to have charged goes back by a refund at
/// once, where it cannot be reversed. One that failed is followed at the duty's pace.
fn switch(draft: &mut Draft<'_>, amount: Option<Amount>) {
    if let Some(amount) = amount
        && draft.refunds().next().is_none()
        && is_refundable(draft)
    {
        refund::give_back(draft, amount);
    }
}

/// A reversal or a refund was refused because the money went back already. Its
/// answer names no order, so that one alone may have been another's.
pub(super) fn claimed_returned(draft: &mut Draft<'_>, trace: Option<String>) {
    let attempt = draft.attempt;
    if attempt.obligation().is_some() && attempt.tries() > attempt.return_claim_try {
        let number = draft.number();
        draft.fact(What::ReturnClaimed {
            attempt: number,
            trace,
        });
        if attempt.return_claims > 0 {
            draft.alert_once(Alert::ReturnClaimed);
        }
    }
}

/// A lost request can no longer arrive: from here on "no such order" is proof.
pub(super) fn arrival_over(mut draft: Draft<'_>) -> Result<Step, Denial> {
    let ask = match draft.attempt.stage {
        _ if draft.attempt.parked.is_some() => return draft.done(),
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
            let (known, amount) = (money_known(draft), report.amount);
            if !known {
                draft.keep(operation, report);
            }
            turned_up(draft, obligation);
            if !known && !is_reversible(draft) {
                switch(draft, amount);
            }
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
        Said::ReversalRejected(code, trace) => rejected(draft, obligation, code, trace),
        // A cancel of the last word that was answered late: from here on the
        // submit's own refusal is not about this order.
        Said::AlreadyPaid(trace) => {
            if !draft.attempt.paid_claimed {
                let attempt = draft.number();
                draft.fact(What::PaidClaimed { attempt, trace });
            }
        }
        Said::AlreadyReturned(trace) => claimed_returned(draft, trace),
        // The next try is on its timer.
        Said::AlreadyClosed | Said::Unknown(_) => {}
    }
    if operation == Operation::Revoke && !draft.has_closed_the_duty() {
        draft.call(Operation::Enquiry, draft.rules.limit_enquiry, true);
    }
}

/// The gateway will not reverse it: a refund takes over, when the charge is known.
/// Where there is no refund, a person must.
fn rejected(draft: &mut Draft<'_>, obligation: &Obligation, code: String, trace: Option<String>) {
    if !draft.attempt.reversal_rejected {
        let attempt = draft.number();
        draft.fact(What::ReversalRejected {
            attempt,
            code,
            trace,
        });
    }
    if !refund::is_possible(draft) && !obligation.alerted {
        draft.alert(Alert::ReversalRejected);
        draft.alert(Alert::DutyOverdue);
    }
    switch(draft, draft.attempt.charged());
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

pub(super) fn close(draft: &mut Draft<'_>, discharge: Discharge) {
    let attempt = draft.number();
    draft.fact(What::ObligationClosed { attempt, discharge });
    let id = &draft.attempt.id;
    stop(id).into_iter().for_each(|effect| draft.effect(effect));
}

/// Transition 18: a named person takes the duty over, whatever became of its gateway
/// in the configuration.
pub(super) fn close_by_hand(
    state: &State,
    id: &AttemptId,
    name: &str,
    reason: &str,
    reference: &str,
) -> Result<Step, Denial> {
    let tender = state.tenders.get(&id.tender).ok_or(Denial::NoTender)?;
    let attempt = tender.attempt(id.number).ok_or(Denial::NoTender)?;
    attempt.obligation().ok_or(Denial::NoObligation)?;
    let discharge = Discharge::Manager {
        name: text("name", name, 64)?,
        reason: text("reason", reason, 256)?,
        reference: text("reference", reference, 128)?,
    };
    let what = What::ObligationClosed {
        attempt: id.number,
        discharge,
    };
    Ok(Step {
        facts: vec![Fact {
            tender: tender.id.clone(),
            what,
        }],
        effects: stop(id).into(),
        tender: Some(tender.id.clone()),
        refund: None,
    })
}

/// Stops both timers of a duty.
fn stop(id: &AttemptId) -> [Effect; 2] {
    [Timer::Duty, Timer::Arrival].map(|timer| Effect::Clear(timer(id.clone())))
}
