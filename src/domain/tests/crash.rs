//! A crash at any point: what `resume` starts never submits, and with a gateway
//! that says nothing more every tender still gets its verdict.

use super::play::{CANCEL_FIRST, Play, VERDICT_FIRST};
use super::says::{already_paid, no_order};
use super::{render, rules};
use crate::domain::{
    Answer, Effect, Event, Mode, Now, Operation, RefundAnswer, State, Tender, Timer, Unknown,
    apply, resume, step,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Drops everything but the facts, resumes, and plays on against silence.
#[track_caller]
pub(crate) fn survives(state: &State, now: Now) {
    let mut state = state.clone();
    let mut effects = resume(&state, now);
    let mut clock = Duration::ZERO;
    let mut timers: BTreeMap<Timer, Duration> = BTreeMap::new();
    // Long enough for every last word and a few tries of every duty; a code that is
    // shown goes on being shown.
    let shows = |t: &Tender| t.mode == Mode::Display && t.verdict.is_none();
    let rounds = if state.tenders.values().any(shows) {
        400
    } else {
        60
    };
    for _ in 0..rounds {
        let mut unanswered: Option<Event> = None;
        for effect in effects.drain(..) {
            match effect {
                Effect::Call {
                    attempt, operation, ..
                } => {
                    assert_ne!(operation, Operation::Submit, "a resume submits again");
                    let answer = Answer::Unknown(Unknown::Timeout);
                    unanswered = Some(Event::Answered {
                        attempt,
                        operation,
                        answer,
                    });
                }
                Effect::CallRefund {
                    refund, operation, ..
                } => {
                    let answer = RefundAnswer::Unknown(Unknown::Timeout);
                    unanswered = Some(Event::RefundAnswered {
                        refund,
                        operation,
                        answer,
                    });
                }
                Effect::Set(timer, after) => drop(timers.insert(timer, clock + after)),
                Effect::Extend(timer, by) => {
                    timers.entry(timer).and_modify(|due| *due += by);
                }
                Effect::Clear(timer) => drop(timers.remove(&timer)),
            }
        }
        let event = if let Some(silence) = unanswered {
            silence
        } else {
            let Some((timer, due)) = timers.iter().min_by_key(|(_, due)| **due) else {
                break;
            };
            let (timer, due) = (timer.clone(), *due);
            clock = clock.max(due);
            timers.remove(&timer);
            Event::TimerFired(timer)
        };
        let at = now.at.after(clock);
        let next = step(&state, &event, Now { at, ..now }).unwrap();
        let before = state.clone();
        for fact in &next.facts {
            apply(&mut state, fact, at);
        }
        if let Err(broken) = rules::check(&before, &next, &state) {
            panic!("after a crash: {broken}");
        }
        effects = next.effects;
    }
    for tender in state.tenders.values() {
        assert!(tender.verdict.is_some(), "no verdict after a crash");
        for attempt in &tender.attempts {
            let claimed = attempt.is_claimed_paid();
            assert!(claimed || !attempt.stage.is_live(), "lives after a crash");
            let timer = Timer::Duty(attempt.id.clone());
            let set = timers.contains_key(&timer);
            let waits = set || !effects.is_empty();
            let parked = attempt.parked.is_some();
            assert!(
                attempt.obligation().is_none() || waits || parked,
                "a duty sleeps after a crash"
            );
            assert!(!(set && parked), "a parked duty wakes up");
        }
        for refund in &tender.refunds {
            let attempt = tender.attempt(refund.attempt).unwrap();
            let timer = Timer::Refund(refund.id.clone());
            let waits = timers.contains_key(&timer) || !effects.is_empty();
            assert!(
                !refund.is_open() || waits || attempt.parked.is_some(),
                "a refund sleeps after a crash"
            );
        }
    }
}

#[track_caller]
fn resumes(play: &Play, expected: &[&str]) {
    let effects = resume(&play.state, play.now);
    let lines: Vec<String> = effects
        .iter()
        .map(|e| render::effect(&play.state, e))
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn an_armed_tender_waits_for_the_rest_of_its_time() {
    let mut play = Play::armed(CANCEL_FIRST);
    resumes(&play, &["-> set Code T1 120s"]);
    play.later(100);
    resumes(&play, &["-> set Code T1 20s"]);
    play.later(100);
    resumes(&play, &["-> set Code T1 0s"]);
}

#[test]
fn what_was_in_flight_goes_to_its_last_enquiry() {
    let past_its_deadline = ["-> set Restarted T1/1 0s"];
    resumes(&Play::paying(CANCEL_FIRST), &past_its_deadline);
    let mut play = Play::waiting(VERDICT_FIRST);
    resumes(&play, &past_its_deadline);
    play.fires(
        Timer::Restarted,
        &[
            "T1/1 closing: Restarted",
            "-> stop waiting T1/1",
            "-> Enquiry T1/1 3s fresh",
            "-> set LastWord T1/1 3s",
        ],
    );
    // Nobody knows how long ago the submit left.
    play.answer(
        Operation::Enquiry,
        no_order,
        &[
            "T1 verdict NotPaid: Restarted",
            "T1/1 owes Return",
            "-> stop waiting T1/1",
            "-> set Duty T1/1 15s",
            "-> set Arrival T1/1 962s",
        ],
    );
}

#[test]
fn a_last_word_is_asked_for_again() {
    let mut play = Play::closing(CANCEL_FIRST);
    let asked = [
        "-> Enquiry T1/1 3s fresh",
        "-> set LastWord T1/1 13s",
        "-> set Cancel T1/1 3s",
    ];
    resumes(&play, &asked[..2]);
    play.said(Operation::Enquiry, no_order);
    resumes(&play, &asked);
    play.said(Operation::Cancel, already_paid);
    resumes(&play, &asked);
    play.fires(Timer::Cancel, &[]);
}

#[test]
fn what_is_unresolved_is_enquired_about_again() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.go(Event::Cancel(play.tender()));
    play.said(Operation::Enquiry, no_order);
    play.said(Operation::Cancel, already_paid);
    play.fired(Timer::LastWord);
    resumes(
        &play,
        &["-> set Enquiry T1/1 10s", "-> set Arrival T1/1 962s"],
    );
    play.fired(Timer::Arrival);
    resumes(&play, &["-> set Enquiry T1/1 10s"]);
    play.fired(Timer::Enquiry);
    play.said(Operation::Enquiry, no_order);
    resumes(&play, &["-> set Enquiry T1/1 60s"]);
}

#[test]
fn a_duty_goes_on_at_its_pace() {
    let mut play = Play::returning(CANCEL_FIRST);
    resumes(&play, &["-> set Duty T1/1 10s", "-> set Arrival T1/1 962s"]);
    // However wrong the wall clock is, the next try is at most the last pause away.
    play.now.at.0 -= 1_000_000_000;
    resumes(
        &play,
        &["-> set Duty T1/1 900s", "-> set Arrival T1/1 962s"],
    );
}

#[test]
fn a_proof_is_not_hastened_by_a_crash() {
    let mut play = Play::window_over(CANCEL_FIRST);
    play.said(Operation::Enquiry, no_order);
    play.later(20);
    resumes(&play, &["-> set Duty T1/1 60s"]);
}

#[test]
fn a_reversal_is_not_hastened_by_a_crash() {
    let mut play = Play::paying(VERDICT_FIRST);
    play.cancel(&[
        "T1 cancel requested",
        "T1/1 closing: Cancelled",
        "-> stop waiting T1/1",
        "-> Enquiry T1/1 3s fresh",
        "-> set LastWord T1/1 3s",
    ]);
    play.later(3);
    play.fired(Timer::LastWord);
    play.later(2);
    let in_full = ["-> set Duty T1/1 15s", "-> set Arrival T1/1 962s"];
    resumes(&play, &in_full);
    // The wall clock has no say in it.
    play.now.at.0 += 1_000_000_000;
    resumes(&play, &in_full);
}

#[test]
fn what_is_over_stays_over() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.said(Operation::Submit, super::says::money_in);
    resumes(&play, &[]);
}
