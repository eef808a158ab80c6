//! The fixtures notice the mistakes that a framer or decoder is likely to make:
//! each is planted here, around the real one, and some fixture must fail.

use super::fixture::{Fixture, Input, Step, all, run, run_steps, typed};
use crate::scanner::decode::{EV_KEY, EV_SYN, Event, SYN_DROPPED};
use crate::scanner::framer::{Framer, Item, Outcome, Profile};
use std::time::Duration;

type Faulty = fn(&Fixture) -> Vec<Outcome>;

fn bytes(f: &Fixture, fault: impl Fn(&[(Duration, Step)]) -> Vec<Outcome>) -> Vec<Outcome> {
    match &f.input {
        Input::Bytes(steps) => fault(steps),
        Input::Keys(_) => run(f),
    }
}

fn keys(f: &Fixture, fault: impl Fn(&Event) -> Vec<Event>) -> Vec<Outcome> {
    match &f.input {
        Input::Bytes(_) => run(f),
        Input::Keys(events) => {
            let events: Vec<Event> = events.iter().flat_map(fault).collect();
            typed(&events, f.keyboard())
        }
    }
}

/// A framer that forgets everything after an outcome that `forgets`.
fn forgetful(f: &Fixture, forgets: fn(&Outcome) -> bool) -> Vec<Outcome> {
    bytes(f, |steps| {
        let mut framer = Framer::new(f.profile);
        let mut out = Vec::new();
        for &(at, step) in steps {
            let before = out.len();
            match step {
                Step::Item(item) => framer.feed(at, item, &mut out),
                Step::Opened => framer.opened(at),
                Step::Unplugged => framer.unplugged(&mut out),
            }
            if out[before..].iter().any(forgets) {
                framer = Framer::new(f.profile);
            }
        }
        framer.silence(&mut out);
        out
    })
}

fn without(f: &Fixture, missed: fn(&Step) -> bool) -> Vec<Outcome> {
    bytes(f, |steps| {
        let steps: Vec<_> = steps.iter().copied().filter(|s| !missed(&s.1)).collect();
        run_steps(f.profile, &steps)
    })
}

const FAULTS: [(&str, Faulty); 10] = [
    ("no gap voids", |f| {
        bytes(f, |steps| {
            let gap = match f.profile.end {
                crate::scanner::framer::End::Silence => f.profile.gap,
                _ => Duration::MAX,
            };
            run_steps(Profile { gap, ..f.profile }, steps)
        })
    }),
    ("resumes in the middle after a void", |f| {
        forgetful(f, |outcome| matches!(outcome, Outcome::Void(_)))
    }),
    ("keeps the LF of CR LF", |f| {
        forgetful(f, |outcome| matches!(outcome, Outcome::Scan(_)))
    }),
    ("does not notice damage", |f| {
        without(f, |step| matches!(step, Step::Item(Item::Damage(_))))
    }),
    ("does not notice an unplug", |f| {
        without(f, |step| matches!(step, Step::Unplugged))
    }),
    ("takes the rest of what was sent before it opened", |f| {
        without(f, |step| matches!(step, Step::Opened))
    }),
    ("does not notice a clock that steps back", |f| {
        bytes(f, |steps| {
            let mut latest = Duration::ZERO;
            let steps: Vec<_> = steps
                .iter()
                .map(|&(at, step)| {
                    latest = latest.max(at);
                    (latest, step)
                })
                .collect();
            run_steps(f.profile, &steps)
        })
    }),
    ("does not notice dropped key events", |f| {
        keys(f, |event| {
            let dropped = event.kind == EV_SYN && event.code == SYN_DROPPED;
            if dropped { vec![] } else { vec![*event] }
        })
    }),
    ("types repeats", |f| {
        keys(f, |event| {
            let with = |value| Event { value, ..*event };
            if event.kind == EV_KEY && event.value == 2 {
                vec![with(0), with(1)]
            } else {
                vec![*event]
            }
        })
    }),
    ("ignores CapsLock from the scanner", |f| {
        keys(f, |event| {
            let caps = event.kind == EV_KEY && event.code == 58;
            if caps { vec![] } else { vec![*event] }
        })
    }),
];

#[test]
fn some_fixture_catches_each_planted_fault() {
    let fixtures = all();
    for (fault, faulty) in FAULTS {
        assert!(
            fixtures.iter().any(|f| faulty(f) != f.expected),
            "nothing notices a framer that {fault}"
        );
    }
}
