//! Whatever damage leaves a trace, only whole original codes come out, in order.

use super::fixture;
use super::fixture::{Step, run_steps, show};
use crate::domain::code::PaymentCode;
use crate::scanner::decode::{EV_KEY, EV_SYN, Event, SYN_DROPPED, SYN_REPORT};
use crate::scanner::framer::{End, FRAME_MAX, GAP, Item, Outcome, Profile, VoidReason};
use crate::scanner::keyboard::Keyboard;
use crate::scanner::keymap::Layout;
use crate::scanner::typing::strokes;
use proptest::collection::vec;
use proptest::prelude::*;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
const PROFILE: Profile = Profile {
    end: End::Cr,
    gap: GAP,
};

/// What happens at one place of the stream; places are fractions of its length.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// Items from the place on are lost, and the kernel says so.
    Dropped(usize),
    /// Time stands still for the scanner, or the clock is set forward.
    Gap(u64),
    /// The clock is set back.
    ClockBack(u64),
    /// The device goes and comes back; items are lost meanwhile.
    Replug(usize),
    /// Bytes without end.
    Flood,
    /// One event is lost (keys only).
    Lost,
}

fn damage() -> impl Strategy<Value = (f64, Damage)> {
    let kind = prop_oneof![
        (0..40_usize).prop_map(Damage::Dropped),
        (301..100_000_u64).prop_map(Damage::Gap),
        // Further back than any code takes to type.
        (5_000..100_000_u64).prop_map(Damage::ClockBack),
        (0..40_usize).prop_map(Damage::Replug),
        Just(Damage::Flood),
        Just(Damage::Lost),
    ];
    (0.0..1.0, kind)
}

fn codes() -> impl Strategy<Value = Vec<String>> {
    vec("[ -~]{1,60}", 1..6)
}

/// Every scan is one of the codes, none twice, in their order.
fn only_originals(outcomes: &[Outcome], codes: &[String]) -> Result<(), TestCaseError> {
    let mut left = codes.iter();
    for outcome in outcomes {
        if let Outcome::Scan(code) = outcome {
            prop_assert!(
                left.any(|original| original.as_bytes() == code.as_bytes()),
                "{:?} of {:?}",
                show(outcomes),
                codes
            );
        }
    }
    Ok(())
}

fn intact(outcomes: &[Outcome], codes: &[String]) -> Result<(), TestCaseError> {
    let whole: Vec<Outcome> = codes
        .iter()
        .map(|code| Outcome::Scan(PaymentCode::new(code.as_bytes())))
        .collect();
    prop_assert_eq!(show(outcomes), show(&whole));
    Ok(())
}

/// Damage is applied from the end, so that places stay.
fn damage_all(steps: &mut Vec<(Duration, Step)>, mut damages: Vec<(f64, Damage)>) {
    damages.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (fraction, damage) in damages {
        damage_bytes(steps, fraction, damage);
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)]
fn place(fraction: f64, length: usize) -> usize {
    (fraction * length as f64) as usize
}

fn bytes(codes: &[String], end: &[u8], pause: Duration) -> Vec<(Duration, Step)> {
    let mut at = Duration::from_secs(1_000);
    let mut steps = Vec::new();
    for code in codes {
        for byte in code.bytes().chain(end.iter().copied()) {
            steps.push((at, Step::Item(Item::Byte(byte))));
            at += MS;
        }
        at += pause;
    }
    steps
}

fn damage_bytes(steps: &mut Vec<(Duration, Step)>, fraction: f64, damage: Damage) {
    let n = place(fraction, steps.len());
    let Some(at) = steps.get(n).map(|step| step.0) else {
        return;
    };
    let mark = |at, reason| (at, Step::Item(Item::Damage(reason)));
    // What is lost, and the time of the last of it.
    let lost = |count: usize| {
        let range = n..steps.len().min(n + count);
        let end = steps[range.clone()].last().map_or(at, |step| step.0);
        (range, end)
    };
    match damage {
        Damage::Dropped(count) => {
            let (range, end) = lost(count);
            // A line that is garbled is so from the first to the last of it.
            let ends = [at, end].map(|at| mark(at, VoidReason::Dropped));
            steps.splice(range, ends);
        }
        Damage::Replug(count) => {
            let (range, end) = lost(count);
            steps.splice(range, [(at, Step::Unplugged), (end, Step::Opened)]);
        }
        Damage::Gap(ms) => {
            for step in &mut steps[n..] {
                step.0 += Duration::from_millis(ms);
            }
        }
        Damage::ClockBack(ms) => {
            for step in &mut steps[n..] {
                step.0 = step.0.saturating_sub(Duration::from_millis(ms));
            }
        }
        Damage::Flood => {
            let flood = vec![(at, Step::Item(Item::Byte(b'9'))); FRAME_MAX + 1];
            steps.splice(n..n, flood);
        }
        Damage::Lost => steps[n] = mark(at, VoidReason::Line),
    }
}

fn damage_keys(events: &mut Vec<Event>, fraction: f64, damage: Damage) {
    let n = place(fraction, events.len());
    let Some(first) = events.get(n).copied() else {
        return;
    };
    match damage {
        Damage::Dropped(count) | Damage::Replug(count) => {
            // The kernel keeps the newest event behind the mark.
            let range = n..events.len().min(n + count);
            let newest = events[range.clone()].last().copied().unwrap_or(first);
            let syn = |code| Event {
                kind: EV_SYN,
                code,
                value: 0,
                ..newest
            };
            let kept = [syn(SYN_DROPPED), newest, syn(SYN_REPORT)];
            events.splice(range, kept);
        }
        Damage::Gap(ms) => {
            for event in &mut events[n..] {
                event.at += Duration::from_millis(ms);
            }
        }
        Damage::ClockBack(ms) => {
            for event in &mut events[n..] {
                event.at = event.at.saturating_sub(Duration::from_millis(ms));
            }
        }
        // A pair of a press and its release leaves no trace; one of them does.
        Damage::Lost | Damage::Flood if first.kind == EV_KEY => {
            events.remove(n);
        }
        Damage::Lost | Damage::Flood => {}
    }
}

fn typed(events: &[Event]) -> Vec<Outcome> {
    fixture::typed(events, Keyboard::new(Layout::Us, PROFILE))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn terminated_bytes(codes in codes(), mut damages in vec(damage(), 0..4), end in 0..4_usize) {
        let (end, suffix): (End, &[u8]) = [
            (End::Cr, &b"\r"[..]),
            (End::Cr, b"\r\n"),
            (End::CrLf, b"\r\n"),
            (End::Tab, b"\t"),
        ][end];
        let profile = Profile { end, gap: GAP };
        let mut steps = bytes(&codes, suffix, 50 * MS);
        intact(&run_steps(profile, &steps), &codes)?;
        // A scanner that comes back in mid code and then pauses cannot be told from one
        // that begins; see "What leaves no trace" in docs/scanners.md.
        if damages.iter().any(|(_, damage)| matches!(damage, Damage::Replug(_))) {
            damages.retain(|(_, damage)| !matches!(damage, Damage::Gap(_)));
        }
        damage_all(&mut steps, damages);
        only_originals(&run_steps(profile, &steps), &codes)?;
    }

    #[test]
    fn bytes_without_terminator(codes in codes(), mut damages in vec(damage(), 0..4)) {
        let profile = Profile { end: End::Silence, gap: 100 * MS };
        let mut steps = bytes(&codes, b"", 500 * MS);
        intact(&run_steps(profile, &steps), &codes)?;
        // Silence is the only trace of an end here, so a gap cannot be told from one.
        damages.retain(|(_, damage)| !matches!(damage, Damage::Gap(_)));
        damage_all(&mut steps, damages);
        only_originals(&run_steps(profile, &steps), &codes)?;
    }

    #[test]
    fn key_events(codes in codes(), damages in vec(damage(), 0..2)) {
        let mut events = Vec::new();
        for code in &codes {
            let start = events.last().map_or(MS, |event: &Event| event.at + 50 * MS);
            events.extend(strokes(Layout::Us, code, start).unwrap());
        }
        intact(&typed(&events), &codes)?;
        for (fraction, damage) in damages {
            damage_keys(&mut events, fraction, damage);
        }
        only_originals(&typed(&events), &codes)?;
    }

    /// No order of events whatever makes the decoder or framer panic, and no scan
    /// is empty or longer than a frame.
    #[test]
    fn any_events(raw in vec((0..400_u64, 0..6_u16, 0..130_u16, -1..4_i32), 0..300)) {
        let mut at = Duration::ZERO;
        let events: Vec<Event> = raw
            .into_iter()
            .map(|(ms, kind, code, value)| {
                at += Duration::from_millis(ms);
                Event { at, kind: kind.min(EV_KEY), code, value }
            })
            .collect();
        for outcome in typed(&events) {
            if let Outcome::Scan(code) = outcome {
                prop_assert!((1..=FRAME_MAX).contains(&code.as_bytes().len()));
            }
        }
    }
}
