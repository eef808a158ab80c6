//! What must be done after a start. It never submits.
//!
//! What was in flight is past its deadline, whatever the clock says: it goes to
//! a last enquiry; only a code that the store shows goes on being shown. Duties and
//! refunds go on where they were; the window in which a lost request may still
//! arrive is waited out again, since nobody knows how long the process was away.

use super::step::{first_try, last_enquiry, refund_enquiry_every, refund_not_found_proof};
use super::{
    Attempt, DisplayRules, Effect, GatewayRules, Mode, Now, Refund, RefundStage, Stage, State,
    Tender, Timer,
};
use std::time::Duration;

/// The effects that continue everything in the working set.
pub fn resume(state: &State, now: Now) -> Vec<Effect> {
    state
        .tenders
        .values()
        .flat_map(|tender| resume_tender(state, tender, now))
        .collect()
}

fn resume_tender(state: &State, tender: &Tender, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    if tender.is_armed() {
        let wait = state.setup.lanes.get(&tender.lane).map(|l| l.wait_code);
        let age = now.at.since(tender.created);
        let left = wait.unwrap_or(Duration::ZERO).saturating_sub(age);
        effects.push(Effect::Set(Timer::Code(tender.id.clone()), left));
    }
    for attempt in &tender.attempts {
        effects.extend(resume_attempt(state, tender, attempt.id.number, now));
    }
    effects
}

/// What continues one attempt and its refunds. Nothing does while it is parked.
pub(super) fn resume_attempt(state: &State, tender: &Tender, number: u32, now: Now) -> Vec<Effect> {
    let mut effects = Vec::new();
    if let Some(attempt) = tender.attempt(number)
        && attempt.parked.is_none()
        && let Some(rules) = state.setup.gateways.get(&attempt.gateway)
    {
        effects.extend(resume_payment(tender, attempt, rules, now));
        effects.extend(resume_duty(attempt, rules, now));
        let refunds = tender.refunds.iter().filter(|r| r.attempt == number);
        effects.extend(refunds.flat_map(|refund| resume_refund(refund, rules, now)));
    }
    effects
}

fn resume_payment(
    tender: &Tender,
    attempt: &Attempt,
    rules: &GatewayRules,
    now: Now,
) -> Vec<Effect> {
    let id = || attempt.id.clone();
    match (&attempt.stage, &rules.display) {
        (Stage::InFlight | Stage::Waiting | Stage::Unknown, Some(display))
            if tender.mode == Mode::Display =>
        {
            go_on_showing(attempt, rules, display, now)
        }
        (Stage::InFlight | Stage::Waiting | Stage::Unknown, _) => {
            vec![Effect::Set(Timer::Restarted(id()), Duration::ZERO)]
        }
        (Stage::Closing { .. }, _) if tender.verdict.is_some() => {
            let due = rules.duty_pace.0.max(rest_of_proof(attempt, rules));
            let mut effects = vec![Effect::Set(Timer::Enquiry(id()), due)];
            effects.extend(arrival(attempt, rules, now));
            effects
        }
        (Stage::Closing { cancels, .. }, _) => {
            let mut effects = last_enquiry(tender, attempt, rules).to_vec();
            if *cancels > 0 {
                effects.push(Effect::Set(Timer::Cancel(id()), rules.enquiry_every));
            }
            effects
        }
        _ => Vec::new(),
    }
}

/// The code may be on the display still, and the customer before it: what is left of
/// its life, by the wall clock, is at most all of it.
fn go_on_showing(
    attempt: &Attempt,
    rules: &GatewayRules,
    display: &DisplayRules,
    now: Now,
) -> Vec<Effect> {
    let id = || attempt.id.clone();
    let left = attempt.requested.after(display.life).since(now.at);
    let left = left.min(display.life).max(rules.reversal_earliest);
    let mut effects = vec![
        Effect::Set(Timer::Enquiry(id()), Duration::ZERO),
        Effect::Set(Timer::Wait(id()), left),
    ];
    if let Some(every) = display.scanned_every
        && attempt.show().is_some()
        && !attempt.scanned
    {
        effects.push(Effect::Set(Timer::Scanned(id()), every));
    }
    effects
}

fn resume_duty(attempt: &Attempt, rules: &GatewayRules, now: Now) -> Vec<Effect> {
    let Some(obligation) = attempt.obligation() else {
        return Vec::new();
    };
    let due = match obligation.next_try {
        Some(next_try) => next_try.since(now.at).min(rules.duty_pace.1),
        None => first_try(attempt, obligation.duty, rules),
    };
    let due = due.max(rest_of_proof(attempt, rules));
    let mut effects = vec![Effect::Set(Timer::Duty(attempt.id.clone()), due)];
    effects.extend(arrival(attempt, rules, now));
    effects
}

/// Never with another number: it is asked about, or sent again as it was.
fn resume_refund(refund: &Refund, rules: &GatewayRules, now: Now) -> Vec<Effect> {
    if !refund.is_open() {
        return Vec::new();
    }
    let due = refund.next_try.map_or(Duration::ZERO, |next_try| {
        next_try.since(now.at).min(rules.duty_pace.1)
    });
    let due = match refund.not_found {
        0 => due,
        _ => due.max(refund_not_found_proof(rules).1),
    };
    let due = due.max(refund_enquiry_every(rules));
    let mut effects = vec![Effect::Set(Timer::Refund(refund.id.clone()), due)];
    let may_arrive = matches!(refund.stage, RefundStage::InFlight | RefundStage::Unknown);
    if may_arrive && !refund.arrival_over {
        let window = rules.arrival_window + now.clock_error;
        let timer = Timer::RefundArrival(refund.id.clone());
        effects.push(Effect::Set(timer, window));
    }
    effects
}

/// Where part of a proof is there, the rest of it must not come too soon after.
fn rest_of_proof(attempt: &Attempt, rules: &GatewayRules) -> Duration {
    match attempt.not_found {
        0 => Duration::ZERO,
        _ => rules.not_found_proof.1,
    }
}

fn arrival(attempt: &Attempt, rules: &GatewayRules, now: Now) -> Option<Effect> {
    let timer = Timer::Arrival(attempt.id.clone());
    let window = rules.arrival_window + now.clock_error;
    (!attempt.arrival_over).then_some(Effect::Set(timer, window))
}
