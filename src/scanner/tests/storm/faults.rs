//! Readers with faults, by name: each is the sound one around a mistake.

use super::scene::{Input, Kind, MS, Reader, Scene, is_drop};
use crate::domain::code::PaymentCode;
use crate::scanner::decode::{EV_KEY, EV_SYN, Event};
use crate::scanner::framer::{End, Outcome, Profile};
use crate::scanner::keymap::{LEFTALT, LEFTSHIFT, RIGHTALT};
use std::time::Duration;

pub(super) const ALL: [(&str, Reader); 16] = [
    ("ignores SYN_DROPPED", |scene| without(scene, is_drop)),
    ("emits what is in the buffer when a timer fires", |scene| {
        naive(
            scene,
            Naive {
                gap: OnGap::Emit,
                ..SOUND
            },
        )
    }),
    ("joins what a gap parted", |scene| {
        naive(
            scene,
            Naive {
                gap: OnGap::Join,
                ..SOUND
            },
        )
    }),
    (
        "drops what is in the buffer and resumes in mid code",
        |scene| {
            naive(
                scene,
                Naive {
                    gap: OnGap::Forget,
                    ..SOUND
                },
            )
        },
    ),
    ("keeps the LF of CR LF", |scene| {
        naive(
            scene,
            Naive {
                keep_lf: true,
                ..SOUND
            },
        )
    }),
    ("takes an empty frame for a scan", |scene| {
        naive(
            scene,
            Naive {
                empty: true,
                ..SOUND
            },
        )
    }),
    ("reads past damage", |scene| {
        naive(
            scene,
            Naive {
                damage: false,
                ..SOUND
            },
        )
    }),
    ("does not notice an unplug", |scene| {
        without(scene, |input| {
            matches!(input, Input::Unplugged | Input::Opened)
        })
    }),
    (
        "takes the rest of what was sent before it opened",
        |scene| without(scene, |input| matches!(input, Input::Opened)),
    ),
    ("does not notice that the clock is set back", |scene| {
        let mut latest = Duration::ZERO;
        rewritten(scene, |(at, input)| {
            latest = latest.max(*at);
            vec![(latest, input.clone())]
        })
    }),
    ("has Shift stuck", |scene| {
        keys(scene, |event| event.code != LEFTSHIFT || event.value == 1)
    }),
    ("does not know AltGr", |scene| {
        keys(scene, |event| event.code != RIGHTALT)
    }),
    ("does not know Alt", |scene| {
        keys(scene, |event| event.code != LEFTALT)
    }),
    ("invents the releases that it misses", |scene| {
        let mut down = std::collections::BTreeSet::new();
        rewritten(scene, |(at, input)| {
            let mut all = vec![(*at, input.clone())];
            if let Input::Key(event @ Event { kind: EV_KEY, .. }) = input {
                let known = match event.value {
                    0 => down.remove(&event.code),
                    _ => !down.insert(event.code),
                };
                match (event.value, known) {
                    (1, true) => all.insert(0, (*at, Input::Key(Event { value: 0, ..*event }))),
                    (0, false) => all.insert(0, (*at, Input::Key(Event { value: 1, ..*event }))),
                    _ => {}
                }
            }
            all
        })
    }),
    ("reads reports that are cut", |scene| {
        rewritten(scene, |(at, input)| match input {
            Input::Report(report) => {
                let mut report = report.clone();
                let length = if matches!(scene.kind, Kind::Pos(_)) {
                    64
                } else {
                    8
                };
                report.resize(length, 0);
                report
                    .get_mut(1)
                    .into_iter()
                    .for_each(|length| *length = (*length).min(56));
                vec![(*at, Input::Report(report))]
            }
            _ => vec![(*at, input.clone())],
        })
    }),
    ("does not look at the check byte", |scene| {
        let Profile { end, gap } = scene.profile;
        let end = match end {
            End::StxEtx { .. } => End::StxEtx { check: false },
            other => other,
        };
        scene.read(&scene.inputs, Profile { end, gap })
    }),
];

fn rewritten(
    scene: &Scene,
    rewrite: impl FnMut(&(Duration, Input)) -> Vec<(Duration, Input)>,
) -> Vec<Outcome> {
    let mut inputs: Vec<(Duration, Input)> = scene.inputs.iter().flat_map(rewrite).collect();
    for (at, input) in &mut inputs {
        if let Input::Key(event) = input {
            event.at = *at;
        }
    }
    scene.read(&inputs, scene.profile)
}

fn without(scene: &Scene, missed: fn(&Input) -> bool) -> Vec<Outcome> {
    rewritten(scene, |(at, input)| match missed(input) {
        true => Vec::new(),
        false => vec![(*at, input.clone())],
    })
}

fn keys(scene: &Scene, known: fn(&Event) -> bool) -> Vec<Outcome> {
    rewritten(scene, |(at, input)| match input {
        Input::Key(event) if event.kind != EV_SYN && !known(event) => Vec::new(),
        _ => vec![(*at, input.clone())],
    })
}

/// A line reader as people write it first.
#[derive(Clone, Copy)]
struct Naive {
    gap: OnGap,
    keep_lf: bool,
    empty: bool,
    damage: bool,
}

const SOUND: Naive = Naive {
    gap: OnGap::Void,
    keep_lf: false,
    empty: false,
    damage: true,
};

#[derive(Clone, Copy, PartialEq)]
enum OnGap {
    Void,
    Emit,
    Join,
    Forget,
}

/// Reads bytes with CR, with a fault; other scanners soundly.
fn naive(scene: &Scene, fault: Naive) -> Vec<Outcome> {
    if scene.kind != Kind::Bytes || !matches!(scene.profile.end, End::Cr | End::CrLf) {
        return scene.read(&scene.inputs, scene.profile);
    }
    let mut out = Vec::new();
    let mut frame: Vec<u8> = Vec::new();
    let (mut skip, mut last) = (false, Duration::ZERO);
    let mut emit = |frame: &mut Vec<u8>, skip: &mut bool| {
        if !std::mem::take(skip) && (fault.empty || !frame.is_empty()) {
            out.push(Outcome::Scan(PaymentCode::new(frame)));
        }
        frame.clear();
    };
    for (at, input) in &scene.inputs {
        if at.abs_diff(last) > 300 * MS && !frame.is_empty() {
            match fault.gap {
                OnGap::Void => skip = true,
                OnGap::Emit => emit(&mut frame, &mut skip),
                OnGap::Join => {}
                OnGap::Forget => frame.clear(),
            }
        }
        last = *at;
        match input {
            Input::Byte(b'\r') => emit(&mut frame, &mut skip),
            Input::Byte(b'\n') if !fault.keep_lf => {}
            Input::Byte(byte) => frame.push(*byte),
            Input::Damage(_) => skip |= fault.damage,
            Input::Unplugged | Input::Opened => skip = true,
            Input::Key(_) | Input::Unseen(_) | Input::Report(_) => {}
        }
    }
    if fault.gap == OnGap::Emit && !frame.is_empty() {
        emit(&mut frame, &mut skip);
    }
    out
}
