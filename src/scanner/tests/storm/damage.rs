//! Damage that leaves a trace, at any place.

use super::Random;
use super::scene::{Input, Kind, MS, Scene, syn};
use crate::scanner::decode::{EV_KEY, Event, SYN_DROPPED, SYN_REPORT};
use crate::scanner::framer::{End, FRAME_MAX, VoidReason};
use std::time::Duration;

/// Does one damage to a scene.
pub(super) fn any(scene: &mut Scene, random: &mut Random) {
    let n = random.below(scene.inputs.len());
    let count = random.below(30);
    match random.below(9) {
        0 if matches!(scene.kind, Kind::Keys(_)) => drop_events(scene, n, count),
        0 | 1 => replug(scene, n, count),
        2 => {
            lose_inside(scene, n, count);
            pause(scene, n, random);
        }
        3 => {
            lose_inside(scene, n, count);
            clock_back(scene, n, random);
        }
        4 => lose(scene, n, count),
        5 => double(scene, n),
        6 => cut_front(scene, n),
        7 => scene.inputs.truncate(n + 1),
        _ => garble(scene, n, random),
    }
}

fn at(scene: &Scene, n: usize) -> Duration {
    scene.inputs.get(n).map_or(Duration::ZERO, |input| input.0)
}

/// The kernel's queue overflowed: what waited is gone, the newest event is kept.
fn drop_events(scene: &mut Scene, n: usize, count: usize) {
    let range = n..scene.inputs.len().min(n + count + 1);
    let Some((last, newest)) = scene.inputs[range.clone()].last().cloned() else {
        return;
    };
    let mut kept = vec![syn(SYN_DROPPED, last)];
    // What the reader may ask for: which keys are down.
    kept.extend(
        scene.inputs[range.clone()]
            .iter()
            .filter_map(|(_, input)| match input {
                Input::Key(event @ Event { kind: EV_KEY, .. }) | Input::Unseen(event) => {
                    Some((last, Input::Unseen(*event)))
                }
                _ => None,
            }),
    );
    kept.push((last, newest));
    kept.push(syn(SYN_REPORT, last));
    scene.inputs.splice(range, kept);
}

fn replug(scene: &mut Scene, n: usize, count: usize) {
    // What comes back in mid code and then pauses cannot be told from a new code.
    if scene.paused {
        return;
    }
    scene.replugged = true;
    let range = n..scene.inputs.len().min(n + count);
    let end = at(scene, range.end.max(n + 1) - 1);
    let marks = [(at(scene, n), Input::Unplugged), (end, Input::Opened)];
    scene.inputs.splice(range, marks);
}

fn pause(scene: &mut Scene, n: usize, random: &mut Random) {
    if scene.replugged {
        return;
    }
    scene.paused = true;
    let pause = MS * u32::try_from(301 + random.below(100_000)).unwrap();
    shift(scene, n, |at| at + pause);
}

/// A cordless scanner out of range: bytes in mid code are lost, and the time shows it.
fn lose_inside(scene: &mut Scene, n: usize, count: usize) {
    let before = n.checked_sub(1).and_then(|n| scene.inputs.get(n));
    let inside = matches!(before, Some((_, Input::Byte(b' '..))));
    if inside && !scene.paused && !scene.replugged {
        let last = scene.inputs.len() - 1;
        scene.inputs.drain(n.min(last)..(n + count).min(last));
    }
}

/// Further back than any of these codes takes.
fn clock_back(scene: &mut Scene, n: usize, random: &mut Random) {
    if scene.paused || scene.replugged {
        return;
    }
    // A pause at the same place could undo it.
    scene.replugged = true;
    let back = MS * u32::try_from(20_000 + random.below(100_000)).unwrap();
    shift(scene, n, |at| at.saturating_sub(back));
}

fn shift(scene: &mut Scene, n: usize, to: impl Fn(Duration) -> Duration) {
    for (at, input) in scene.inputs.iter_mut().skip(n) {
        *at = to(*at);
        if let Input::Key(event) = input {
            event.at = *at;
        }
    }
}

/// A press or a release; bytes on a line that says so.
fn lose(scene: &mut Scene, n: usize, count: usize) {
    match scene.inputs.get(n) {
        Some((_, Input::Key(Event { kind: EV_KEY, .. }))) => drop(scene.inputs.remove(n)),
        Some((first, Input::Byte(_))) => {
            let first = *first;
            let range = n..scene.inputs.len().min(n + count + 1);
            let last = at(scene, range.end - 1);
            let marks = [first, last].map(|at| (at, Input::Damage(VoidReason::Line)));
            scene.inputs.splice(range, marks);
        }
        _ => {}
    }
}

fn double(scene: &mut Scene, n: usize) {
    let Some((at, input)) = scene.inputs.get(n).cloned() else {
        return;
    };
    if matches!(
        input,
        Input::Key(Event {
            kind: EV_KEY,
            value: 1,
            ..
        })
    ) {
        scene.inputs.insert(n, (at, input));
    }
}

fn cut_front(scene: &mut Scene, n: usize) {
    if scene.paused {
        return;
    }
    scene.replugged = true;
    let opened = (at(scene, n), Input::Opened);
    scene.inputs.splice(..n, [opened]);
}

/// What a reader can see of one byte or report.
fn garble(scene: &mut Scene, n: usize, random: &mut Random) {
    let pos = matches!(scene.kind, Kind::Pos(_));
    let (end, flood) = (scene.profile.end, random.one_in(20));
    let Some((at, input)) = scene.inputs.get_mut(n) else {
        return;
    };
    let at = *at;
    match input {
        Input::Report(report) if pos => match random.below(3) {
            0 => report.truncate(random.below(60)),
            1 => report[1..].fill(0xff),
            _ => report[1] = 200,
        },
        Input::Report(report) => report.truncate(1 + random.below(6)),
        Input::Byte(_) if flood => {
            let flood = vec![(at, Input::Byte(b'9')); FRAME_MAX + 1];
            scene.inputs.splice(n..n, flood);
        }
        // Under a check byte any other byte shows; elsewhere parity does.
        Input::Byte(byte) if end == (End::StxEtx { check: true }) && !matches!(byte, 2 | 3) => {
            let bit = 1 << random.below(3);
            if !scene.garbled && !matches!(*byte ^ bit, 2 | 3) {
                *byte ^= bit;
                scene.garbled = true;
            }
        }
        Input::Byte(_) => scene.inputs[n] = (at, Input::Damage(VoidReason::Line)),
        _ => {}
    }
}
