//! What must be done after a start. It never submits.
//!
//! What was in flight is past its deadline, whatever the clock says: it goes to
//! a last enquiry. Duties go on where they were; the window in which a lost
//! request may still arrive is waited out again, since nobody knows how long the
//! process was away.

use super::step::{first_try, last_enquiry};
use super::{Attempt, Effect, GatewayRules, Now, Stage, State, Tender, Timer};
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
        match attempt.stage {
            Stage::InFlight | Stage::Waiting | Stage::Unknown => {
                let restarted = Timer::Restarted(attempt.id.clone());
                effects.push(Effect::Set(restarted, Duration::ZERO));
            }
            Stage::Closing { .. } if tender.verdict.is_some() => {
                let due = rules.duty_pace.0.max(rest_of_proof(attempt, rules));
                effects.push(Effect::Set(Timer::Enquiry(attempt.id.clone()), due));
                effects.extend(arrival(attempt, rules, now));
            }
            Stage::Closing { cancels, .. } => {
                effects.extend(last_enquiry(tender, attempt, rules));
                if cancels > 0 {
                    effects.push(Effect::Set(
                        Timer::Cancel(attempt.id.clone()),
                        rules.enquiry_every,
                    ));
                }
            }
            _ => {}
        }
        if let Some(obligation) = attempt.obligation() {
            let due = match obligation.next_try {
                Some(next_try) => next_try.since(now.at).min(rules.duty_pace.1),
                None => first_try(attempt, obligation.duty, rules),
            };
            let due = due.max(rest_of_proof(attempt, rules));
            effects.push(Effect::Set(Timer::Duty(attempt.id.clone()), due));
            effects.extend(arrival(attempt, rules, now));
        }
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
