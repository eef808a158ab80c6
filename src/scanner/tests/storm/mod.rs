//! Scanners of every kind and country in any damage that leaves a trace: only whole
//! original codes come out, in their order, or voids. Seeded; millions of events.
//!
//! | damage | its trace |
//! |---|---|
//! | events dropped by the kernel | `SYN_DROPPED` |
//! | unplugged and plugged in again, with what was sent meanwhile | the unplug |
//! | a pause in mid code, the clock set forward | the time of the next event |
//! | the clock set back | the same |
//! | a press or a release lost | the other half of it, or the next press |
//! | a press doubled | it is down already |
//! | cut at the front: opened in mid code | the opening |
//! | cut at the end | silence |
//! | a character garbled on a line with parity, a break | a NUL |
//! | a check byte that does not fit, STX without ETX, CR without LF | itself |
//! | a HID report cut, or with a length or an identifier that cannot be | itself |
//! | bytes without end | more than any code has |
//!
//! `EVENTS=10000000 cargo test --lib scanner::tests::storm` looks further than a test run
//! does; `SEED=n` is one round of it.

mod damage;
mod faults;
mod scene;

use super::fixture::show;
use crate::scanner::framer::Outcome;
use scene::{Reader, Scene};

/// Events of an ordinary test run.
const EVENTS: u64 = 400_000;

/// A small generator of random numbers (Marsaglia's xorshift), the same everywhere.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        // Zero is its only bad state; neighbours must not be alike.
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below the limit.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % limit
    }

    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// What is wrong with the outcomes of a reader, if anything.
fn wrong(scene: &Scene, damaged: bool, outcomes: &[Outcome]) -> Option<String> {
    let whole = |outcome: &Outcome| match outcome {
        Outcome::Scan(code) => Some(code.as_bytes().to_vec()),
        Outcome::Void(_) => None,
    };
    let scans: Vec<Vec<u8>> = outcomes.iter().filter_map(whole).collect();
    let mut left = scene.codes.iter();
    let originals = scans.iter().all(|scan| left.any(|code| code == scan));
    let all = scans.len() == scene.codes.len() && outcomes.len() == scans.len();
    let fine = originals && (damaged || all);
    (!fine).then(|| {
        let codes: Vec<_> = scene
            .codes
            .iter()
            .map(|code| String::from_utf8_lossy(code))
            .collect();
        format!("{}: {:?} of {codes:?}", scene.name, show(outcomes))
    })
}

/// One round: a scene, undamaged and damaged. The events it took, or what is wrong.
fn round(seed: u64, reader: Reader) -> Result<u64, String> {
    let mut random = Random::new(seed);
    let mut scene = scene::any(&mut random);
    let mut events = 0;
    for damages in 0..=random.below(4) {
        if damages > 0 {
            damage::any(&mut scene, &mut random);
        }
        if damages == 1 {
            continue;
        }
        let outcomes = scene.play(reader);
        events += scene.events();
        if let Some(what) = wrong(&scene, damages > 0, &outcomes) {
            return Err(format!("seed {seed}, {damages} damages, {what}"));
        }
    }
    Ok(events)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn only_whole_original_codes_come_out_of_a_storm() {
    if let Some(seed) = number("SEED") {
        let story = round(seed, |scene| {
            scene.tell();
            scene::SOUND(scene)
        });
        println!("{story:?}");
        return;
    }
    let wanted = number("EVENTS").unwrap_or(EVENTS);
    let (mut events, mut seed) = (0, 0);
    while events < wanted {
        events += round(seed, scene::SOUND).unwrap_or_else(|what| panic!("{what}"));
        seed += 1;
    }
    println!("{events} events in {seed} rounds");
}

/// Readers with the mistakes that are likely to be made, and some that were found in the
/// field: a storm finds each.
#[test]
fn a_storm_finds_each_planted_fault() {
    let missed: Vec<&str> = faults::ALL
        .into_iter()
        .filter(|(_, fault)| (0..3_000).all(|seed| round(seed, *fault).is_ok()))
        .map(|(name, _)| name)
        .collect();
    assert!(
        missed.is_empty(),
        "a storm does not find a reader that {missed:?}"
    );
}
