//! Facts and effects as short lines: `T1/1 paid by Submit`, `-> Enquiry T1/1 10s`.
//!
//! T1 is the first tender, T1/1 its first attempt. The four timers of a payment
//! that stop together read `-> stop waiting`, the two of a duty `-> stop duty`, the
//! two of a refund `-> stop refund`. T1-r1 is the first refund of T1.

use crate::domain::{
    AttemptId, Discharge, Effect, Fact, Now, OrderStatus, RefundStatus, State, Step, TenderId,
    Timer, What,
};
use std::time::Duration;

pub(crate) fn step(state: &State, step: &Step, now: Now) -> Vec<String> {
    let facts = step.facts.iter().map(|f| fact(state, f, now));
    let effects = step.effects.iter().map(|e| effect(state, e));
    let mut lines: Vec<String> = facts.chain(effects).collect();
    fold(
        &mut lines,
        &["Enquiry", "Wait", "Cancel", "LastWord"],
        "stop waiting",
    );
    fold(&mut lines, &["Duty", "Arrival"], "stop duty");
    fold(&mut lines, &["Refund", "RefundArrival"], "stop refund");
    lines
}

/// Replaces a run of `-> clear TIMER x` by one line.
fn fold(lines: &mut Vec<String>, timers: &[&str], name: &str) {
    let first = format!("-> clear {} ", timers[0]);
    let Some(at) = lines.iter().position(|l| l.starts_with(&first)) else {
        return;
    };
    let whose = lines[at][first.len()..].to_owned();
    let run = timers.iter().map(|t| format!("-> clear {t} {whose}"));
    if lines[at..].len() >= timers.len() && run.eq(lines[at..at + timers.len()].iter().cloned()) {
        lines.splice(at..at + timers.len(), [format!("-> {name} {whose}")]);
    }
}

fn tender(state: &State, id: &TenderId) -> String {
    let place = state.tenders.keys().position(|known| known == id);
    format!("T{}", place.unwrap() + 1)
}

fn attempt(state: &State, id: &AttemptId) -> String {
    format!("{}/{}", tender(state, &id.tender), id.number)
}

fn seconds(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

pub(crate) fn fact(state: &State, fact: &Fact, now: Now) -> String {
    let t = tender(state, &fact.tender);
    match &fact.what {
        What::TenderCreated {
            lane, sale, amount, ..
        } => format!("{t} created {lane} {sale} {amount}"),
        What::CancelRequested => format!("{t} cancel requested"),
        What::WaitExtended => format!("{t} wait extended"),
        What::VerdictGiven { verdict, reason } => format!("{t} verdict {verdict:?}: {reason:?}"),
        What::VerdictAcknowledged => format!("{t} acknowledged"),
        What::AttemptIntended {
            attempt, gateway, ..
        } => format!("{t}/{attempt} intended {gateway}"),
        What::AttemptWaiting { attempt, .. } => format!("{t}/{attempt} waiting"),
        What::AttemptUnknown { attempt, reason } => format!("{t}/{attempt} unknown {reason:?}"),
        What::AttemptPaid {
            attempt, operation, ..
        } => format!("{t}/{attempt} paid by {operation:?}"),
        What::AttemptRefused {
            attempt,
            operation,
            refusal,
            ..
        } => format!("{t}/{attempt} refused by {operation:?}: {:?}", refusal.kind),
        What::AttemptWithdrawn { attempt } => format!("{t}/{attempt} withdrawn"),
        What::ClosingBegan { attempt, reason } => format!("{t}/{attempt} closing: {reason:?}"),
        What::CallIntended {
            attempt,
            operation,
            next_try,
        } => {
            let next = next_try.map(|at| format!(", next in {}", seconds(at.since(now.at))));
            let next = next.unwrap_or_default();
            format!("{t}/{attempt} intends {operation:?}{next}")
        }
        What::PaidClaimed { attempt, .. } => format!("{t}/{attempt} claimed paid"),
        What::ObligationOpened { attempt, duty } => format!("{t}/{attempt} owes {duty:?}"),
        What::ObligationChanged { attempt, duty } => format!("{t}/{attempt} now owes {duty:?}"),
        What::ArrivalWindowOver { attempt } => format!("{t}/{attempt} window over"),
        What::NotFoundNoted { attempt, .. } => format!("{t}/{attempt} not found"),
        What::ObligationClosed { attempt, discharge } => {
            let by = match discharge {
                Discharge::Manager { name, .. } => name.clone(),
                proof => format!("{proof:?}"),
            };
            format!("{t}/{attempt} owes nothing: {by}")
        }
        What::EvidenceKept {
            attempt,
            operation,
            report,
        } => {
            let status = match &report.status {
                OrderStatus::NoMoney(_) => "NoMoney".to_owned(),
                status => format!("{status:?}"),
            };
            format!("{t}/{attempt} kept {status} by {operation:?}")
        }
        What::AlertRaised {
            attempt,
            refund,
            alert,
        } => {
            let number = attempt.map(|n| format!("/{n}")).unwrap_or_default();
            let number = refund.map_or(number, |n| format!("-r{n}"));
            format!("{t}{number} alert {alert:?}")
        }
        What::ShownCodeScanned { attempt } => format!("{t}/{attempt} shown code scanned"),
        What::ReversalRejected { attempt, .. } => format!("{t}/{attempt} reversal rejected"),
        What::ReturnClaimed { attempt, .. } => format!("{t}/{attempt} claimed returned"),
        What::AttemptParked { attempt, name, .. } => format!("{t}/{attempt} parked by {name}"),
        What::AttemptUnparked { attempt, name, .. } => format!("{t}/{attempt} unparked by {name}"),
        what => refund(&t, what, now),
    }
}

fn refund(t: &str, what: &What, now: Now) -> String {
    match what {
        What::RefundIntended {
            refund,
            attempt,
            amount,
            key,
            ..
        } => {
            let whose = if key.is_some() { "" } else { " by duty" };
            format!("{t}-r{refund} intended of /{attempt} {amount}{whose}")
        }
        What::RefundCallIntended {
            refund,
            operation,
            next_try,
            ..
        } => {
            let next = seconds(next_try.since(now.at));
            format!("{t}-r{refund} intends {operation:?}, next in {next}")
        }
        What::RefundNotSent { refund, .. } => format!("{t}-r{refund} not sent"),
        What::RefundUnknown { refund, reason } => format!("{t}-r{refund} unknown {reason:?}"),
        What::RefundPending { refund, .. } => format!("{t}-r{refund} pending"),
        What::RefundReturned {
            refund, operation, ..
        } => format!("{t}-r{refund} returned by {operation:?}"),
        What::RefundFailed {
            refund,
            operation,
            refusal,
            ..
        } => format!("{t}-r{refund} failed by {operation:?}: {:?}", refusal.kind),
        What::RefundArrivalOver { refund } => format!("{t}-r{refund} window over"),
        What::RefundNotFoundNoted { refund, .. } => format!("{t}-r{refund} not found"),
        What::RefundEvidenceKept {
            refund,
            operation,
            report,
        } => {
            let status = match &report.status {
                RefundStatus::Failed(_) => "Failed".to_owned(),
                status => format!("{status:?}"),
            };
            format!("{t}-r{refund} kept {status} by {operation:?}")
        }
        other => unreachable!("{other:?} is of no refund"),
    }
}

pub(crate) fn effect(state: &State, effect: &Effect) -> String {
    match effect {
        Effect::Call {
            attempt: id,
            operation,
            limit,
            fresh,
            ..
        } => {
            let fresh = if *fresh { " fresh" } else { "" };
            let id = attempt(state, id);
            format!("-> {operation:?} {id} {}{fresh}", seconds(*limit))
        }
        Effect::CallRefund {
            refund,
            operation,
            limit,
            ..
        } => {
            let id = tender(state, &refund.tender);
            format!(
                "-> refund {operation:?} {id}-r{} {}",
                refund.number,
                seconds(*limit)
            )
        }
        Effect::Set(which, after) => format!("-> set {} {}", timer(state, which), seconds(*after)),
        Effect::Extend(which, by) => format!("-> extend {} {}", timer(state, which), seconds(*by)),
        Effect::Clear(which) => format!("-> clear {}", timer(state, which)),
    }
}

pub(crate) fn timer(state: &State, timer: &Timer) -> String {
    let (name, id) = match timer {
        Timer::Code(id) => return format!("Code {}", tender(state, id)),
        Timer::Refund(id) => return format!("Refund {}-r{}", tender(state, &id.tender), id.number),
        Timer::RefundArrival(id) => {
            let id = format!("{}-r{}", tender(state, &id.tender), id.number);
            return format!("RefundArrival {id}");
        }
        Timer::Scanned(id) => ("Scanned", id),
        Timer::Enquiry(id) => ("Enquiry", id),
        Timer::Wait(id) => ("Wait", id),
        Timer::Restarted(id) => ("Restarted", id),
        Timer::Cancel(id) => ("Cancel", id),
        Timer::LastWord(id) => ("LastWord", id),
        Timer::Duty(id) => ("Duty", id),
        Timer::Arrival(id) => ("Arrival", id),
    };
    format!("{name} {}", attempt(state, id))
}
