//! Takes the codes out of a recording and puts dummies in their places.
//!
//! A whole scan gets a dummy of its shape (`domain::code::dummy`): typed anew between its
//! first key and its terminator, or written over its bytes. Everything else, which may be
//! the half of a code, loses its digits and letters where they stand. Times, terminators,
//! losses and whatever is no digit and no letter stay as they were recorded.

use super::player::Player;
use super::{Recording, RecordingError, Sent, Step, Track};
use crate::domain::code::{Classifier, PaymentCode, dummy, stand_in};
use crate::scanner::decode::{EV_KEY, EV_MSC, EV_SYN, Event};
use crate::scanner::framer::Outcome;
use crate::scanner::hid::pos::Layout as PosLayout;
use crate::scanner::keymap::{CAPSLOCK, KEYPAD, LEFTCTRL, Layout, RIGHTCTRL};
use crate::scanner::typing::{TRANSITION, strokes};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A whole scan: from the step with its first character to the one that ended it.
struct Span {
    track: usize,
    begin: usize,
    end: usize,
    code: PaymentCode,
}

/// Replaces every code of a recording.
///
/// # Errors
/// When the recording cannot be played.
pub(crate) fn disguise(
    recording: &mut Recording,
    classifier: &Classifier,
) -> Result<(), RecordingError> {
    let (spans, layouts) = spans(recording)?;
    let layout = recording.setup.layout.unwrap_or_default();
    let steps = std::mem::take(&mut recording.steps);
    let mut tracks: Vec<Vec<(usize, Step)>> = recording.tracks.iter().map(|_| Vec::new()).collect();
    for (n, step) in steps.into_iter().enumerate() {
        tracks[step.track].push((n, step));
    }
    let mut placed: Vec<(usize, Step)> = Vec::new();
    for (track, mut steps) in tracks.into_iter().enumerate() {
        let spans: Vec<&Span> = spans.iter().filter(|span| span.track == track).collect();
        let dummies: Vec<Vec<u8>> = spans
            .iter()
            .map(|span| dummy(span.code.as_bytes(), classifier))
            .collect();
        let spans: Vec<(&Span, Vec<u8>)> = spans.into_iter().zip(dummies).collect();
        match &recording.tracks[track] {
            Track::Events => steps = events(steps, &spans, layout),
            Track::Serial => bytes(&mut steps, &spans),
            Track::Reports(_) => match &layouts[track] {
                Some(layout) => pos(&mut steps, &spans, layout),
                None => reports(&mut steps),
            },
        }
        placed.append(&mut steps);
    }
    // Stable: what was put in the place of a step stays in its order.
    placed.sort_by_key(|(n, _)| *n);
    recording.steps = placed.into_iter().map(|(_, step)| step).collect();
    Ok(())
}

type Spans = (Vec<Span>, Vec<Option<PosLayout>>);

fn spans(recording: &Recording) -> Result<Spans, RecordingError> {
    let mut player = Player::new(recording, &recording.setup)?;
    let mut begins: Vec<Option<usize>> = vec![None; recording.tracks.len()];
    let mut spans = Vec::new();
    let mut out = Vec::new();
    for (n, step) in recording.steps.iter().enumerate() {
        let track = step.track;
        player.feed(n, &mut out);
        for outcome in out.drain(..) {
            let begin = begins[track].take().unwrap_or(n);
            if let Outcome::Scan(code) = outcome {
                spans.push(Span {
                    track,
                    begin,
                    end: n,
                    code,
                });
            }
        }
        if player.is_in_frame(track) {
            begins[track].get_or_insert(n);
        } else {
            begins[track] = None;
        }
    }
    let layouts = (0..recording.tracks.len()).map(|track| player.pos_layout(track).cloned());
    let layouts = layouts.collect();
    Ok((spans, layouts))
}

/// Keys that type digits and letters on most keyboards, by their classes.
const DIGITS: [u16; 10] = [11, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const LETTERS: [u16; 26] = [
    30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45,
    21, 44,
];

/// The `n`th key that stands in for one of its class; none for other keys.
fn key_stand_in(code: u16, n: usize) -> Option<u16> {
    let class: &[u16] = [&DIGITS[..], &KEYPAD[..], &LETTERS[..]]
        .into_iter()
        .find(|class| class.contains(&code))?;
    Some(class[n % class.len()])
}

/// A scan whose keys are typed anew.
struct Retyped {
    begin: usize,
    /// Where the new keys go: when the keys that were down before are up.
    place: usize,
    end: usize,
    until: Duration,
    keys: Vec<Event>,
}

fn events(
    steps: Vec<(usize, Step)>,
    spans: &[(&Span, Vec<u8>)],
    layout: Layout,
) -> Vec<(usize, Step)> {
    let retyped = retyped(&steps, spans, layout);
    let mut retyped = retyped.iter().peekable();
    let mut done: Vec<(usize, Step)> = Vec::new();
    let mut keys = StandIns::default();
    for (n, mut step) in steps {
        while retyped.next_if(|span| span.end <= n).is_some() {}
        let span = retyped.peek().filter(|span| span.begin <= n);
        let (at, track) = (step.at, step.track);
        let kept = match &mut step.sent {
            // Scan codes name keys, and nothing needs them.
            Sent::Event { kind: EV_MSC, .. } => false,
            Sent::Event {
                kind: EV_KEY,
                code,
                value,
            } => keys.replace(code, *value, span.is_some()),
            _ => true,
        };
        if kept {
            done.push((n, step));
        }
        if let Some(span) = span.filter(|span| span.place == n) {
            done.extend(
                span.typed(at)
                    .map(|(at, sent)| (n, Step { at, track, sent })),
            );
        }
    }
    done
}

/// The scans that can be typed anew: on this keyboard, and not with a scanner that changes
/// the case of what follows.
fn retyped(steps: &[(usize, Step)], spans: &[(&Span, Vec<u8>)], layout: Layout) -> Vec<Retyped> {
    let is_key = |step: &Step| match step.sent {
        Sent::Event {
            kind: EV_KEY,
            code,
            value,
        } => Some((code, value)),
        _ => None,
    };
    let keys = || {
        steps
            .iter()
            .filter_map(|(n, step)| is_key(step).map(|key| (*n, step.at, key)))
    };
    if keys().any(|(_, _, (code, _))| code == CAPSLOCK) {
        return Vec::new();
    }
    let mut retyped = Vec::new();
    let mut spans = spans.iter().peekable();
    let mut held = BTreeSet::new();
    let mut before = BTreeSet::new();
    let mut place = None;
    for (n, at, (code, value)) in keys() {
        if let Some((span, dummy)) = spans.peek()
            && n >= span.begin
        {
            if place.is_none() {
                place = Some(span.begin);
                before.clone_from(&held);
            }
            if n < span.end && value == 0 && before.remove(&code) {
                place = Some(n);
            }
            if n >= span.end {
                let text = std::str::from_utf8(dummy).ok();
                let keys = text.and_then(|text| strokes(layout, text, TRANSITION).ok());
                retyped.extend(keys.zip(place.take()).map(|(keys, place)| Retyped {
                    begin: span.begin,
                    place,
                    end: span.end,
                    until: at,
                    keys,
                }));
                spans.next();
            }
        }
        match value {
            0 => held.remove(&code),
            _ => held.insert(code),
        };
    }
    retyped
}

impl Retyped {
    /// The new keys without their Enter, spread over the time of the old ones.
    fn typed(&self, from: Duration) -> impl Iterator<Item = (Duration, Sent)> {
        let frames = self.keys.iter().filter(|key| key.kind == EV_SYN).count();
        let frames = u32::try_from(frames).unwrap_or(u32::MAX);
        let pause = self.until.saturating_sub(from) / frames.max(1);
        let mut frame = 0;
        self.keys.iter().filter_map(move |key| {
            let at = from + pause * frame;
            // Enter is the last two.
            let kept = frame + 2 < frames && key.kind != EV_MSC;
            frame += u32::from(key.kind == EV_SYN);
            let sent = Sent::Event {
                kind: key.kind,
                code: key.code,
                value: key.value,
            };
            kept.then_some((at, sent))
        })
    }
}

/// Keys that are down, with what stands in for them; none: nothing does.
#[derive(Default)]
struct StandIns {
    down: BTreeMap<u16, Option<u16>>,
    typed: usize,
}

impl StandIns {
    /// Puts the stand-in in a key's place. False: the key's code is typed anew elsewhere, and
    /// this event goes.
    fn replace(&mut self, code: &mut u16, value: i32, retyped: bool) -> bool {
        let stand_in = match (self.down.get(code).copied(), value) {
            (None, 1) if retyped => {
                self.down.insert(*code, None);
                None
            }
            (None, 1) => {
                let stand_in = self.free(*code);
                self.down.insert(*code, Some(stand_in));
                Some(stand_in)
            }
            // A release or a repeat of a key that nobody pressed.
            (None, _) => Some(self.free(*code)),
            (Some(stand_in), 0) => {
                self.down.remove(code);
                stand_in
            }
            (Some(stand_in), _) => stand_in,
        };
        *code = stand_in.unwrap_or(*code);
        stand_in.is_some()
    }

    /// A key of the same class that is up. Under Ctrl it is no character of a code.
    fn free(&mut self, code: u16) -> u16 {
        if self.down.contains_key(&LEFTCTRL) || self.down.contains_key(&RIGHTCTRL) {
            return code;
        }
        self.typed += 1;
        let keys = (self.typed..self.typed + LETTERS.len()).filter_map(|n| key_stand_in(code, n));
        let mut free = keys.filter(|key| !self.down.values().any(|other| *other == Some(*key)));
        free.next().unwrap_or(code)
    }
}

/// Writes dummies over the bytes of whole scans, and characters of their class over others.
fn bytes(steps: &mut [(usize, Step)], spans: &[(&Span, Vec<u8>)]) {
    let mut covered: BTreeSet<usize> = BTreeSet::new();
    for (span, dummy) in spans {
        let mut places: Vec<(usize, usize)> = Vec::new();
        let mut stream = Vec::new();
        for (k, (n, step)) in steps.iter().enumerate() {
            if let Sent::Bytes(bytes) = &step.sent
                && (span.begin..=span.end).contains(n)
            {
                places.extend((0..bytes.len()).map(|at| (k, at)));
                stream.extend(bytes);
            }
        }
        let code = span.code.as_bytes();
        // Two scans in one read: the later one is found by the earlier one being dummies.
        let Some(begin) = stream.windows(code.len()).position(|window| window == code) else {
            continue;
        };
        let mut sum = 0x03;
        for ((k, at), byte) in places[begin..].iter().zip(dummy) {
            sum ^= byte;
            set(steps, *k, *at, *byte);
            covered.insert(*k << 20 | at);
        }
        // A check byte after ETX.
        let tail = &stream[begin + code.len()..];
        let fits = code.iter().fold(0x03, |sum, byte| sum ^ byte);
        if let [0x03, check, ..] = tail
            && *check == fits
        {
            let (k, at) = places[begin + code.len() + 1];
            set(steps, k, at, sum);
            covered.insert(k << 20 | at);
        }
    }
    for (k, (_, step)) in steps.iter_mut().enumerate() {
        if let Sent::Bytes(bytes) = &mut step.sent {
            for (at, byte) in bytes.iter_mut().enumerate() {
                if !covered.contains(&(k << 20 | at)) {
                    *byte = stand_in(*byte, at);
                }
            }
        }
    }
}

fn set(steps: &mut [(usize, Step)], k: usize, at: usize, byte: u8) {
    if let Sent::Bytes(bytes) | Sent::Report(bytes) = &mut steps[k].1.sent
        && let Some(place) = bytes.get_mut(at)
    {
        *place = byte;
    }
}

fn pos(steps: &mut [(usize, Step)], spans: &[(&Span, Vec<u8>)], layout: &PosLayout) {
    // The scan that the last report was of, and what of its code was written.
    let mut written = (usize::MAX, 0);
    for (n, step) in steps.iter_mut() {
        let Sent::Report(report) = &mut step.sent else {
            continue;
        };
        let Some((range, apart)) = layout.data_of(report) else {
            continue;
        };
        let span = spans
            .iter()
            .find(|(span, _)| (span.begin..=span.end).contains(n));
        let begin = span.map_or(*n, |(span, _)| span.begin);
        if written.0 != begin {
            written = (begin, if apart { 3 } else { 0 });
        }
        for byte in &mut report[range] {
            let stands = span.and_then(|(_, dummy)| dummy.get(written.1));
            *byte = stands
                .copied()
                .unwrap_or_else(|| stand_in(*byte, written.1));
            written.1 += 1;
        }
    }
}

/// Bytes of a boot keyboard's report, without an id.
const BOOT: usize = 8;

/// Keyboard reports: another usage of its class for each that types a digit or a letter.
fn reports(steps: &mut [(usize, Step)]) {
    let mut down: BTreeMap<u8, u8> = BTreeMap::new();
    let mut typed = 0;
    for (_, step) in steps.iter_mut() {
        let Sent::Report(report) = &mut step.sent else {
            continue;
        };
        down.retain(|usage, _| report.get(2..).is_some_and(|slots| slots.contains(usage)));
        // Under Ctrl a key is no character of a code.
        let id = report.len().saturating_sub(BOOT);
        let ctrl = report
            .get(id)
            .is_some_and(|modifiers| modifiers & 0x11 != 0);
        for byte in report.iter_mut().skip(id + 2).filter(|_| !ctrl) {
            let class = match *byte {
                0x04..=0x1d => 0x04..=0x1d_u8,
                0x1e..=0x27 => 0x1e..=0x27,
                0x59..=0x62 => 0x59..=0x62,
                _ => continue,
            };
            let stand_in = *down.entry(*byte).or_insert_with(|| {
                typed += 1;
                let turn = typed % usize::from(class.end() - class.start() + 1);
                class.start() + u8::try_from(turn).unwrap_or(0)
            });
            *byte = stand_in;
        }
    }
}
