//! Facts and effects as short lines: `T1/1 paid by Submit`, `-> Enquiry T1/1 10s`.
//!
//! T1 is the first tender, T1/1 its first attempt. The four timers of a payment
//! that stop together read `-> stop waiting`, the two of a duty `-> stop duty`.

use crate::domain::{
    AttemptId, Discharge, Effect, Fact, Now, OrderStatus, State, Step, TenderId, Timer, What,
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
        What::AlertRaised { attempt, alert } => {
            let number = attempt.map(|n| format!("/{n}")).unwrap_or_default();
            format!("{t}{number} alert {alert:?}")
        }
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
