//! What is typed on is what the scanner typed: key events in, exactly these keys out.

use crate::scanner::decode::{EV_KEY, EV_SYN, Event, SYN_DROPPED, SYN_REPORT};
use crate::scanner::delivery::Shared;
use crate::scanner::evdev::{self, KeyStream};
use crate::scanner::framer::Outcome;
use crate::scanner::keymap::Layout;
use crate::scanner::reader::Arrival;
use crate::scanner::strokes::{Ending, Keystrokes, of_text};
use crate::scanner::typist::{self, Keys, type_on};
use crate::scanner::{Match, typing};
use proptest::prelude::*;
use std::io;
use std::time::{Duration, Instant};

/// Keys, pressed (positive) or released (negative), as they are typed.
#[derive(Default)]
struct Typed {
    keys: Vec<i32>,
    /// Fails at this stroke.
    fails_at: Option<usize>,
}

impl Keys for Typed {
    fn stroke(&mut self, code: u16, down: bool) -> io::Result<()> {
        if self.fails_at == Some(self.keys.len()) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.keys.push(i32::from(code) * if down { 1 } else { -1 });
        Ok(())
    }
}

/// A keyboard scanner that is shared and ready.
fn ready() -> KeyStream {
    let settings = evdev::Settings::new(Match::Port(String::new()));
    let mut stream = KeyStream::new(&settings, true);
    stream.silence(&mut Vec::new());
    stream
}

fn key(at: Duration, key: i32) -> Event {
    Event {
        at,
        kind: EV_KEY,
        code: u16::try_from(key.abs()).unwrap(),
        value: i32::from(key > 0),
    }
}

fn sync(at: Duration, code: u16) -> Event {
    Event {
        at,
        kind: EV_SYN,
        code,
        value: 0,
    }
}

/// Plays keys 1 ms apart; 0 is a pause of 400 ms. Whole scans are typed on, all of
/// them after the last key, so that their tails have come.
fn typed_on(keys: &[i32]) -> (Vec<&'static str>, Vec<i32>) {
    let mut stream = ready();
    let mut arrivals: Vec<Arrival> = Vec::new();
    let mut at = Duration::from_secs(1_000_000);
    for n in keys {
        at += Duration::from_millis(if *n == 0 { 400 } else { 1 });
        if *n != 0 {
            for event in [key(at, *n), sync(at, SYN_REPORT)] {
                assert!(!stream.feed(&event, Instant::now, &mut arrivals));
            }
        }
    }
    drop(stream);
    typed(arrivals)
}

fn typed(arrivals: Vec<Arrival>) -> (Vec<&'static str>, Vec<i32>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut typed = Typed::default();
    let mut outcomes = Vec::new();
    for arrival in arrivals {
        outcomes.push(match arrival.outcome {
            Outcome::Scan(_) => "scan",
            Outcome::Void(reason) => reason.as_str(),
        });
        if let Some(strokes) = arrival.keys {
            let no_pause = Some(Duration::ZERO);
            runtime
                .block_on(type_on(&mut typed, strokes, no_pause))
                .unwrap();
        }
    }
    (outcomes, typed.keys)
}

const ENTER: i32 = 28;
const CTRL: i32 = 29;
const J: i32 = 36;
const SHIFT: i32 = 42;
const A: i32 = 30;
const ONE: i32 = 2;

#[test]
fn every_key_of_a_whole_scan_is_typed_on() {
    for keys in [
        &[ONE, -ONE, ENTER, -ENTER][..],
        // Shift; Enter as a prefix; the LF of CR LF; two scans; no key up in between.
        &[SHIFT, A, -SHIFT, -A, ENTER, -ENTER],
        &[ENTER, -ENTER, ONE, -ONE, ENTER, -ENTER],
        &[ONE, -ONE, ENTER, -ENTER, CTRL, J, -J, -CTRL],
        &[
            ONE, -ONE, ENTER, -ENTER, SHIFT, A, -A, -SHIFT, ENTER, -ENTER,
        ],
        // ALT 0 4 9: `1`.
        &[56, 82, -82, 75, -75, 73, -73, -56, ENTER, -ENTER],
    ] {
        let scans = keys.iter().filter(|key| **key == ENTER).count();
        let (outcomes, typed) = typed_on(keys);
        assert!(outcomes.len() == scans || keys[0] == ENTER, "{outcomes:?}");
        assert_eq!(typed, keys);
    }
    // A key that is still down when the next scan begins comes up between them.
    let (_, typed) = typed_on(&[ONE, -ONE, ENTER, A, -ENTER, -A, ENTER, -ENTER]);
    let apart = [ONE, -ONE, ENTER, -ENTER, A, -A, ENTER, -ENTER];
    assert_eq!(typed, apart);
}

#[test]
fn nothing_of_a_void_scan_is_typed_on() {
    // F12 has no character; its rest, its terminator and the next scan follow.
    let void = [ONE, -ONE, 88, -88, ONE, -ONE, ENTER, -ENTER];
    let whole = [A, -A, ENTER, -ENTER];
    let (outcomes, typed) = typed_on(&[&void[..], &whole].concat());
    assert_eq!(
        (outcomes, typed),
        (vec!["key_unknown", "scan"], whole.to_vec())
    );
    // Cut by a pause; the rest is not the beginning of the next.
    let cut = [ONE, -ONE, 0, ONE, -ONE, ENTER, -ENTER];
    let (outcomes, typed) = typed_on(&[&cut[..], &whole].concat());
    assert_eq!(
        (outcomes, typed),
        (vec!["gap", "remainder", "scan"], whole.to_vec())
    );
}

#[test]
fn dropped_events_are_not_typed_around() {
    let mut stream = ready();
    let mut arrivals = Vec::new();
    let at = Duration::from_secs(1_000_000);
    let mut feed = |event: Event| stream.feed(&event, Instant::now, &mut arrivals);
    assert!(!feed(key(at, ONE)));
    assert!(!feed(sync(at, SYN_DROPPED)));
    assert!(feed(sync(at, SYN_REPORT)));
    for n in [-ONE, ENTER, -ENTER, A, -A, ENTER, -ENTER] {
        assert!(!feed(key(at, n)));
    }
    drop(stream);
    let (outcomes, typed) = typed(arrivals);
    assert_eq!(outcomes, ["dropped", "scan"]);
    assert_eq!(typed, [A, -A, ENTER, -ENTER]);
}

proptest! {
    #[test]
    fn any_scans_one_after_the_other(texts in prop::collection::vec("[ -~]{1,12}", 1..5)) {
        let mut keys = Vec::new();
        for text in &texts {
            let events = typing::strokes(Layout::Us, text, Duration::ZERO).unwrap();
            let events = events.iter().filter(|event| event.kind == EV_KEY);
            keys.extend(events.map(|event| i32::from(event.code) * (event.value * 2 - 1)));
        }
        let (outcomes, typed) = typed_on(&keys);
        prop_assert_eq!(outcomes, vec!["scan"; texts.len()]);
        prop_assert_eq!(typed, keys);
    }
}

fn keys_of(strokes: &Keystrokes) -> Vec<i32> {
    let keys = strokes.head.iter();
    keys.map(|stroke| i32::from(stroke.code) * if stroke.down { 1 } else { -1 })
        .collect()
}

#[test]
fn a_text_is_typed_on_the_keyboard_of_the_till() {
    let pause = Duration::from_millis(2);
    let keys = |layout, text: &[u8], ending| {
        of_text(layout, text, ending, pause)
            .map(|strokes| keys_of(&strokes))
            .ok()
    };
    for (layout, text, ending, expected) in [
        (
            Layout::Us,
            &b"1A"[..],
            Ending::Enter,
            Some(vec![ONE, -ONE, SHIFT, A, -A, -SHIFT, ENTER, -ENTER]),
        ),
        (
            Layout::Fr,
            b"1",
            Ending::Tab,
            Some(vec![SHIFT, ONE, -ONE, -SHIFT, 15, -15]),
        ),
        (
            Layout::De,
            b"@^",
            Ending::Nothing,
            Some(vec![100, 16, -16, -100, 41, -41, 57, -57]),
        ),
        // No key, a control character, and bytes that are no text.
        (Layout::Us, "é".as_bytes(), Ending::Enter, None),
        (Layout::Us, b"1\x1d2", Ending::Enter, None),
        (Layout::Us, b"\xff", Ending::Enter, None),
    ] {
        assert_eq!(keys(layout, text, ending), expected, "{layout:?} {text:?}");
    }
    // Shift and its key move together.
    let strokes = of_text(Layout::Us, b"A", Ending::Nothing, pause).unwrap_or_else(|_| panic!());
    let pauses: Vec<_> = strokes.head.iter().map(|stroke| stroke.pause).collect();
    assert_eq!(pauses, [pause, Duration::ZERO, pause, Duration::ZERO]);
}

#[tokio::test]
async fn a_keyboard_that_fails_loses_one_scan() {
    let shared = Shared::new();
    let (jobs, mut waiting) = tokio::sync::mpsc::channel(4);
    for text in [b"1", b"2", b"3"] {
        let strokes = of_text(Layout::Us, text, Ending::Nothing, Duration::ZERO);
        jobs.try_send(strokes.unwrap_or_else(|_| panic!()))
            .unwrap_or_else(|_| panic!());
    }
    let mut failing = Typed {
        fails_at: Some(3),
        ..Typed::default()
    };
    let error = typist::run(&mut failing, &mut waiting, None, &shared).await;
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(failing.keys, [2, -2, 3]);
    let mut next = Typed::default();
    tokio::select! {
        biased;
        error = typist::run(&mut next, &mut waiting, None, &shared) => panic!("{error}"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(next.keys, [4, -4]);
    let counts = shared.counts();
    assert_eq!((counts.typed, counts.typed_lost), (2, 1));
    assert!(typist::advice(&error).starts_with("no virtual keyboard (entity not found)"));
}
