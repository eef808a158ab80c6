//! The end of the wait and the gateway's last word (transition 12).
//!
//! ```text
//!   wait over, cancel ─▶ last enquiry ─▶ CancelFirst:  cancel, again, again ─▶ closed     not paid
//!                            │                                             ─▶ paid       enquiry ─▶ paid
//!                            │                                             ─▶ no order   not paid + watch
//!                            │                                             ─▶ silence    not paid + return
//!                            └───────▶ VerdictFirst: not paid + return, in one commit
//! ```
//!
//! A gateway that refuses to cancel a paid order is asked before the verdict, so
//! that a customer who pays in the last second has paid. Once it claims that the
//! order is paid, the order is never reversed from here: enquiries decide, and
//! until they do the verdict is `unresolved`. It does not last for ever: where a
//! lost request can no longer arrive and the gateway has no such order, the claim
//! was not about this one.

use super::answer::{Said, paid, returned, withdrawn, wrong_money};
use super::draft::Draft;
use super::{draft, duty};
use crate::domain::{
    Alert, Attempt, Denial, Duty, Effect, GatewayRules, LastWord, Operation, Reason, Refusal,
    RefusalKind, Stage, Step, Tender, Timer, Unknown, Verdict, What,
};
use std::time::Duration;

/// The wait deadline, or a start after it may have been.
pub(super) fn end_wait(mut draft: Draft<'_>, reason: Reason) -> Result<Step, Denial> {
    let waits = matches!(
        draft.attempt.stage,
        Stage::InFlight | Stage::Waiting | Stage::Unknown
    );
    if waits {
        begin(&mut draft, reason);
    }
    draft.done()
}

/// One fresh enquiry that nothing before it can answer.
pub(super) fn begin(draft: &mut Draft<'_>, reason: Reason) {
    let attempt = draft.number();
    draft.fact(What::ClosingBegan { attempt, reason });
    draft.stop_waiting();
    let effects = last_enquiry(draft.tender, draft.attempt, draft.rules);
    effects.into_iter().for_each(|effect| draft.effect(effect));
}

/// The last enquiry, and the moment by which the cashier is told whatever happens.
pub(crate) fn last_enquiry(
    tender: &Tender,
    attempt: &Attempt,
    rules: &GatewayRules,
) -> [Effect; 2] {
    let (limit_enquiry, limit) = match rules.last_word {
        LastWord::CancelFirst {
            limit_enquiry,
            limit,
            ..
        } => (limit_enquiry, limit),
        LastWord::VerdictFirst { limit_enquiry } => (limit_enquiry, Duration::ZERO),
    };
    let over = Timer::LastWord(attempt.id.clone());
    [
        draft::call(tender, attempt, Operation::Enquiry, limit_enquiry, true),
        Effect::Set(over, limit_enquiry + limit),
    ]
}

/// What is said while the last word is awaited.
pub(super) fn answered(draft: &mut Draft<'_>, operation: Operation, said: Said) {
    let Stage::Closing {
        reason, cancels, ..
    } = draft.attempt.stage
    else {
        return;
    };
    let paid_claimed = draft.attempt.paid_claimed;
    if let Said::Pending(report) | Said::Unproved(report) = &said {
        draft.keep_first(operation, report.clone());
    }
    match said {
        Said::MoneyIn(report) => paid(draft, operation, report),
        Said::WrongMoney(report) => wrong_money(draft, operation, report),
        Said::Refused(refusal, trace) => closed(draft, operation, reason, refusal, trace),
        Said::Closed(report, refusal) => {
            let trace = report.trace.clone();
            draft.keep(operation, report);
            closed(draft, operation, reason, refusal, trace);
        }
        Said::Returned(report) => {
            let trace = report.trace.clone();
            draft.keep(operation, report);
            closed(draft, operation, reason, returned(), trace);
        }
        Said::NotSent => withdrawn(draft),
        // A submit that returns now changes nothing: the last enquiry came after it.
        _ if operation == Operation::Submit => {}
        Said::AlreadyPaid(trace) if operation == Operation::Cancel => {
            if !paid_claimed {
                let attempt = draft.number();
                draft.fact(What::PaidClaimed { attempt, trace });
            }
            draft.effect(Effect::Clear(Timer::Cancel(draft.attempt.id.clone())));
            draft.call(Operation::Enquiry, draft.rules.limit_enquiry, false);
        }
        Said::AlreadyClosed if operation == Operation::Cancel => {
            draft.call(Operation::Enquiry, draft.rules.limit_enquiry, false);
        }
        Said::NoSuchOrder(trace)
            if !paid_claimed
                && draft.attempt.report.is_none()
                && (operation == Operation::Cancel
                    || matches!(draft.attempt.unknown, Some(Unknown::UnsignedRefusal(_)))) =>
        {
            never_seen(draft, reason, trace);
        }
        Said::NoSuchOrder(trace) if draft.attempt.counts_not_found() => {
            not_there(draft, reason, trace);
        }
        // The next enquiry of what is unresolved is on its timer.
        _ if paid_claimed && draft.tender.verdict.is_some() => {}
        _ if paid_claimed => draft.set(Timer::Enquiry, draft.rules.enquiry_every),
        _ if operation == Operation::Enquiry && cancels == 0 => after_last_enquiry(draft, reason),
        // The next cancel is on its timer.
        _ => {}
    }
}

/// Proof: no money. One verdict, nothing owed.
fn closed(
    draft: &mut Draft<'_>,
    operation: Operation,
    reason: Reason,
    refusal: Refusal,
    trace: Option<String>,
) {
    let attempt = draft.number();
    draft.fact(What::AttemptRefused {
        attempt,
        operation,
        refusal,
        trace,
    });
    draft.stop_waiting();
    draft.verdict(Verdict::NotPaid, reason);
}

/// The gateway has no such order *so far*: the cashier is told, and the watch
/// returns the money should the request still arrive.
pub(super) fn never_seen(draft: &mut Draft<'_>, reason: Reason, trace: Option<String>) {
    let attempt = draft.number();
    draft.fact(What::NotFoundNoted { attempt, trace });
    if draft.attempt.unknown == Some(Unknown::UnsignedRefusal(RefusalKind::Setup)) {
        draft.alert(Alert::Setup);
    }
    draft.stop_waiting();
    draft.verdict(Verdict::NotPaid, reason);
    // Where a reversal holds off what has not arrived, there is nothing to wait for.
    let duty = match draft.rules.reversal_closes_unseen {
        true => Duty::Return,
        false => Duty::Watch,
    };
    duty::open(draft, duty);
}

/// The gateway said that the order is paid, and ever since the window is over
/// that there is none: the claim was of another order. The watch has the end of it.
fn not_there(draft: &mut Draft<'_>, reason: Reason, trace: Option<String>) {
    let (proof, apart) = draft.rules.not_found_proof;
    if draft.attempt.not_found + 1 >= proof {
        never_seen(draft, reason, trace);
    } else {
        let attempt = draft.number();
        draft.fact(What::NotFoundNoted { attempt, trace });
        draft.set(Timer::Enquiry, apart);
    }
}

fn after_last_enquiry(draft: &mut Draft<'_>, reason: Reason) {
    match draft.rules.last_word {
        LastWord::CancelFirst { every, limit, .. } => {
            send_cancel(draft, every, limit);
            draft.set(Timer::LastWord, limit);
        }
        LastWord::VerdictFirst { .. } => {
            draft.stop_waiting();
            draft.verdict(Verdict::NotPaid, reason);
            duty::open(draft, Duty::Return);
        }
    }
}

fn send_cancel(draft: &mut Draft<'_>, every: Duration, limit: Duration) {
    let attempt = draft.number();
    draft.fact(What::CallIntended {
        attempt,
        operation: Operation::Cancel,
        next_try: None,
    });
    draft.call(Operation::Cancel, limit, true);
    draft.set(Timer::Cancel, every);
}

/// The last cancel had no answer that settles it: once more.
pub(super) fn cancel_due(mut draft: Draft<'_>) -> Result<Step, Denial> {
    if matches!(draft.attempt.stage, Stage::Closing { .. })
        && !draft.attempt.paid_claimed
        && let LastWord::CancelFirst { every, limit, .. } = draft.rules.last_word
    {
        send_cancel(&mut draft, every, limit);
    }
    draft.done()
}

/// What is unresolved is enquired about like a duty: slower each time, on and on.
pub(super) fn enquire_slowly(draft: &mut Draft<'_>, tries: u32) {
    let attempt = draft.number();
    let pause = duty::pause(Duty::Return, tries, draft.rules.duty_pace);
    draft.fact(What::CallIntended {
        attempt,
        operation: Operation::Enquiry,
        next_try: Some(draft.now.at.after(pause)),
    });
    draft.call(Operation::Enquiry, draft.rules.limit_enquiry, true);
    draft.set(Timer::Enquiry, pause);
}

/// Nobody said the last word: the verdict is due all the same.
pub(super) fn last_word_over(mut draft: Draft<'_>) -> Result<Step, Denial> {
    match draft.attempt.stage {
        // The cashier was told `unresolved`, and enquiries go on.
        Stage::Closing { .. } if draft.tender.verdict.is_some() => {}
        Stage::Closing { tries, .. } if draft.attempt.paid_claimed => {
            draft.verdict(Verdict::Unresolved, Reason::NoAnswer);
            draft.alert(Alert::Unresolved);
            enquire_slowly(&mut draft, tries);
            let window = draft.rules.arrival_window + draft.now.clock_error;
            draft.set(Timer::Arrival, window);
        }
        Stage::Closing {
            reason, cancels, ..
        } => {
            draft.stop_waiting();
            draft.verdict(Verdict::NotPaid, reason);
            duty::open(&mut draft, Duty::Return);
            if cancels > 0 {
                draft.alert(Alert::CancelFailed);
            }
        }
        _ => {}
    }
    draft.done()
}
