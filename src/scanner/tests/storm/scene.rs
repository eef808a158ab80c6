//! A scanner of some kind and country, and what it sends for some codes.

use super::Random;
use crate::scanner::decode::{EV_KEY, EV_SYN, Event, SYN_DROPPED, SYN_REPORT};
use crate::scanner::framer::{End, Framer, GAP, Item, Outcome, Profile, VoidReason};
use crate::scanner::hid::keys::{self, Keys};
use crate::scanner::hid::pos::{HidPos, Maker};
use crate::scanner::keyboard::Keyboard;
use crate::scanner::keymap::{KEYPAD, LEFTALT, LEFTSHIFT, Layout, RIGHTALT, SPACE};
use crate::scanner::typing::report;
use std::collections::BTreeSet;
use std::time::Duration;

pub(in super::super) const MS: Duration = Duration::from_millis(1);

/// What is fed to a reader.
#[derive(Clone)]
pub(super) enum Input {
    Key(Event),
    /// A key moved and the reader cannot see it; the kernel knows.
    Unseen(Event),
    Report(Vec<u8>),
    Byte(u8),
    Damage(VoidReason),
    Unplugged,
    Opened,
}

/// How an input is read; the sound way, or with a fault.
pub(super) type Reader = fn(&Scene) -> Vec<Outcome>;

pub(super) const SOUND: Reader = |scene| scene.read(&scene.inputs, scene.profile);

/// What reads the inputs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Keys(Layout),
    KeyReports(Layout),
    Pos(MakerName),
    Bytes,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum MakerName {
    Honeywell,
    Newland,
}

pub(super) struct Scene {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) profile: Profile,
    pub(super) inputs: Vec<(Duration, Input)>,
    /// What the scanner read.
    pub(super) codes: Vec<Vec<u8>>,
    /// Damage that is a pause was done, or a replug: together they leave no trace.
    pub(super) paused: bool,
    pub(super) replugged: bool,
    /// A byte under a check byte was changed: a second one may undo the sum.
    pub(super) garbled: bool,
}

impl Scene {
    pub(super) fn play(&self, reader: Reader) -> Vec<Outcome> {
        reader(self)
    }

    /// Prints what is fed, for a person.
    pub(super) fn tell(&self) {
        println!("{}", self.name);
        for (at, input) in &self.inputs {
            let what = match input {
                Input::Key(event) => format!("{} {} {}", event.kind, event.code, event.value),
                Input::Unseen(event) => format!("unseen {} {}", event.code, event.value),
                Input::Report(report) => format!("{report:02x?}"),
                Input::Byte(byte) => format!("{:?}", char::from(*byte)),
                Input::Damage(reason) => reason.as_str().to_owned(),
                Input::Unplugged => "unplugged".to_owned(),
                Input::Opened => "opened".to_owned(),
            };
            println!("{} {what}", at.as_millis());
        }
    }

    pub(super) fn events(&self) -> u64 {
        self.inputs.len() as u64
    }

    /// Reads inputs as this scene's device is read.
    pub(super) fn read(&self, inputs: &[(Duration, Input)], profile: Profile) -> Vec<Outcome> {
        let mut out = Vec::new();
        match self.kind {
            Kind::Bytes => {
                let mut framer = Framer::new(profile);
                for (at, input) in inputs {
                    match input {
                        Input::Byte(byte) => framer.feed(*at, Item::Byte(*byte), &mut out),
                        other => mark(&mut framer, *at, other, &mut out),
                    }
                }
                framer.silence(&mut out);
            }
            Kind::Pos(maker) => {
                let maker = match maker {
                    MakerName::Honeywell => Maker::Honeywell,
                    MakerName::Newland => Maker::Newland,
                };
                let mut scanner = HidPos::new(maker.layout(), profile.gap);
                for (at, input) in inputs {
                    match input {
                        Input::Report(report) => scanner.feed(*at, report, &mut out),
                        // Another node: another reader.
                        Input::Opened => {
                            scanner = HidPos::new(maker.layout(), profile.gap);
                            scanner.framer.opened(*at);
                        }
                        other => mark(&mut scanner.framer, *at, other, &mut out),
                    }
                }
                scanner.framer.silence(&mut out);
            }
            Kind::Keys(layout) | Kind::KeyReports(layout) => {
                let exact = matches!(self.kind, Kind::KeyReports(_));
                typed(inputs, layout, profile, exact, &mut out);
            }
        }
        out
    }
}

fn mark(framer: &mut Framer, at: Duration, input: &Input, out: &mut Vec<Outcome>) {
    match input {
        Input::Damage(reason) => framer.feed(at, Item::Damage(*reason), out),
        Input::Unplugged => framer.unplugged(out),
        Input::Opened => framer.opened(at),
        Input::Key(_) | Input::Unseen(_) | Input::Report(_) | Input::Byte(_) => {}
    }
}

fn typed(
    inputs: &[(Duration, Input)],
    layout: Layout,
    profile: Profile,
    exact: bool,
    out: &mut Vec<Outcome>,
) {
    let new = || {
        let keyboard = Keyboard::new(layout, profile);
        if exact { keyboard.exact() } else { keyboard }
    };
    let mut keyboard = new();
    let mut keys = Keys::new(keys::Layout::boot());
    let mut events = Vec::new();
    // Which keys are down, as the kernel knows and a reader may ask.
    let mut down = BTreeSet::new();
    for (at, input) in inputs {
        events.clear();
        match input {
            Input::Key(event) => events.push(*event),
            Input::Unseen(Event { code, value: 0, .. }) => drop(down.remove(code)),
            Input::Unseen(event) => drop(down.insert(event.code)),
            Input::Report(report) => {
                if keys.feed(*at, report, &mut events).is_err() {
                    keyboard
                        .framer
                        .feed(*at, Item::Damage(VoidReason::Report), out);
                }
            }
            Input::Opened => {
                keyboard = new();
                keyboard.framer.opened(*at);
                keys = Keys::new(keys::Layout::boot());
                down.clear();
            }
            other => mark(&mut keyboard.framer, *at, other, out),
        }
        for event in &events {
            match (event.kind, event.value) {
                (EV_KEY, 1) => drop(down.insert(event.code)),
                (EV_KEY, 0) => drop(down.remove(&event.code)),
                _ => {}
            }
            if keyboard.feed(event, out) {
                keyboard.resync(down.iter().copied());
            }
        }
    }
    keyboard.framer.silence(out);
}

/// Any scanner, reading up to four codes.
pub(super) fn any(random: &mut Random) -> Scene {
    let (name, layout) = Layout::ALL[random.below(8)];
    let kind = match random.below(8) {
        0..4 => Kind::Keys(layout),
        4 => Kind::KeyReports(layout),
        5 => Kind::Pos(MakerName::Honeywell),
        6 => Kind::Pos(MakerName::Newland),
        _ => Kind::Bytes,
    };
    let end = match kind {
        Kind::Pos(_) => End::Report,
        Kind::Keys(_) | Kind::KeyReports(_) => [End::Cr, End::Tab][random.below(2)],
        Kind::Bytes => [
            End::Cr,
            End::Lf,
            End::CrLf,
            End::Tab,
            End::StxEtx { check: false },
            End::StxEtx { check: true },
        ][random.below(6)],
    };
    let mut scene = Scene {
        name: format!("{name} {kind:?} {end:?}"),
        kind,
        profile: Profile { end, gap: GAP },
        inputs: Vec::new(),
        codes: Vec::new(),
        paused: false,
        replugged: false,
        garbled: false,
    };
    let style = Style::any(random);
    let mut at = Duration::from_secs(1_000);
    for _ in 0..1 + random.below(4) {
        let code = code(random);
        let begun = scene.inputs.len();
        match kind {
            Kind::Keys(layout) => style.keys(layout, end, &code, &mut at, &mut scene.inputs),
            Kind::KeyReports(layout) => {
                let mut events = Vec::new();
                style.keys(layout, end, &code, &mut at, &mut events);
                scene.inputs.extend(reports(&events));
            }
            Kind::Pos(maker) => pos(maker, &code, &mut at, &mut scene.inputs),
            Kind::Bytes => bytes(end, &code, &style, &mut at, &mut scene.inputs),
        }
        assert!(scene.inputs.len() > begun);
        scene.codes.push(match kind {
            // The identifier stands in front.
            Kind::Pos(MakerName::Honeywell) => [b"]Q1", &code[..]].concat(),
            _ => code,
        });
        at += MS * u32::try_from(20 + random.below(900)).unwrap();
    }
    scene
}

/// Mostly digits; also what urls and EMV payloads are made of.
fn code(random: &mut Random) -> Vec<u8> {
    let alphabet: &[u8] = match random.below(3) {
        0 | 1 => b"0123456789",
        _ => b"abcXYZ019:/?=&.-_%+@#~^`{|}[]\\ \"'!;,<>()*$yzqwamM",
    };
    let longest = if random.one_in(5) { 70 } else { 20 };
    let length = 1 + random.below(longest);
    (0..length)
        .map(|_| alphabet[random.below(alphabet.len())])
        .collect()
}

/// How a keyboard scanner types.
struct Style {
    pace: Duration,
    /// Shift in a report of its own.
    apart: bool,
    /// Everything as ALT codes.
    alt: bool,
    /// The next key goes down before the last one is up.
    rollover: bool,
    suffix: usize,
}

impl Style {
    fn any(random: &mut Random) -> Self {
        let alt = random.one_in(4);
        Self {
            pace: MS * u32::try_from(1 + random.below(15)).unwrap(),
            apart: random.one_in(2),
            alt,
            rollover: !alt && random.one_in(3),
            suffix: random.below(4),
        }
    }

    fn keys(
        &self,
        layout: Layout,
        end: End,
        code: &[u8],
        at: &mut Duration,
        inputs: &mut Vec<(Duration, Input)>,
    ) {
        let mut events = Vec::new();
        let mut send = |keys: &[u16], value, at: &mut Duration| {
            report(keys, value, *at, &mut events);
            *at += self.pace;
        };
        let mut open: Option<u16> = None;
        for &byte in code {
            let close = |open: &mut Option<u16>,
                         send: &mut dyn FnMut(&[u16], i32, &mut Duration),
                         at: &mut Duration| {
                if let Some(key) = open.take() {
                    send(&[key], 0, at);
                }
            };
            if self.alt {
                send(&[LEFTALT], 1, at);
                for digit in format!("{byte:03}").bytes() {
                    let key = KEYPAD[usize::from(digit - b'0')];
                    send(&[key], 1, at);
                    send(&[key], 0, at);
                }
                send(&[LEFTALT], 0, at);
                continue;
            }
            let stroke = layout.stroke(char::from(byte)).unwrap();
            let shift = stroke.shift.then_some(LEFTSHIFT);
            let modifiers: Vec<u16> = shift
                .into_iter()
                .chain(stroke.altgr.then_some(RIGHTALT))
                .collect();
            let plain = modifiers.is_empty() && !stroke.space;
            if !(self.rollover && plain) || open == Some(stroke.code) {
                close(&mut open, &mut send, at);
            }
            if self.apart && !plain {
                send(&modifiers, 1, at);
                send(&[stroke.code], 1, at);
                send(&[stroke.code], 0, at);
                send(&modifiers, 0, at);
            } else {
                let keys: Vec<u16> = modifiers.iter().copied().chain([stroke.code]).collect();
                send(&keys, 1, at);
                close(&mut open, &mut send, at);
                if self.rollover && plain {
                    open = Some(stroke.code);
                } else {
                    send(&keys, 0, at);
                }
            }
            if stroke.space {
                send(&[SPACE], 1, at);
                send(&[SPACE], 0, at);
            }
        }
        if let Some(key) = open {
            send(&[key], 0, at);
        }
        const TAB: u16 = 15;
        const ENTER: u16 = 28;
        const KPENTER: u16 = 96;
        const DOWN: u16 = 108;
        const LEFTCTRL: u16 = 29;
        let terminator = match (end, self.suffix) {
            (End::Tab, _) => TAB,
            (_, 1) => KPENTER,
            _ => ENTER,
        };
        send(&[terminator], 1, at);
        send(&[terminator], 0, at);
        // The LF of CR LF.
        let lf: &[u16] = match (end, self.suffix) {
            (End::Cr, 2) => &[DOWN],
            // J, wherever it is: in the same place on all of these.
            (End::Cr, 3) => &[LEFTCTRL, LEFTSHIFT, 36],
            _ => &[],
        };
        if !lf.is_empty() {
            send(lf, 1, at);
            send(lf, 0, at);
        }
        inputs.extend(
            events
                .into_iter()
                .map(|event| (event.at, Input::Key(event))),
        );
    }
}

/// Boot reports of these events.
fn reports(events: &[(Duration, Input)]) -> Vec<(Duration, Input)> {
    let mut down: Vec<u16> = Vec::new();
    let mut reports = Vec::new();
    for (at, input) in events {
        let Input::Key(event) = input else {
            continue;
        };
        match (event.kind, event.code, event.value) {
            (EV_KEY, code, 1) => down.push(code),
            (EV_KEY, code, 0) => down.retain(|key| *key != code),
            (EV_SYN, SYN_REPORT, _) => {
                let mut report = vec![0; 2];
                for usage in down.iter().filter_map(|key| keys::usage(*key)) {
                    match usage {
                        0xe0..=0xe7 => report[0] |= 1 << (usage - 0xe0),
                        _ => report.push(usage),
                    }
                }
                report.resize(8, 0);
                reports.push((*at, Input::Report(report)));
            }
            _ => {}
        }
    }
    reports
}

fn pos(maker: MakerName, code: &[u8], at: &mut Duration, inputs: &mut Vec<(Duration, Input)>) {
    let chunks: Vec<&[u8]> = code.chunks(56).collect();
    for (n, chunk) in chunks.iter().enumerate() {
        let mut report = vec![2, u8::try_from(chunk.len()).unwrap()];
        if maker == MakerName::Honeywell {
            report.extend(b"]Q1");
        }
        report.extend(*chunk);
        report.resize(64, 0);
        report[63] = u8::from(n + 1 < chunks.len());
        inputs.push((*at, Input::Report(report)));
        *at += MS;
    }
}

fn bytes(
    end: End,
    code: &[u8],
    style: &Style,
    at: &mut Duration,
    inputs: &mut Vec<(Duration, Input)>,
) {
    let sum = code.iter().fold(3, |sum, byte| sum ^ byte);
    let (prefix, suffix): (&[u8], Vec<u8>) = match end {
        // Some send it in front too.
        End::Cr if style.suffix == 1 => (b"\r", b"\r".to_vec()),
        End::Cr => (b"", b"\r".to_vec()),
        End::Lf => (b"", b"\r\n".to_vec()),
        End::CrLf => (b"", b"\r\n".to_vec()),
        End::Tab => (b"", b"\t".to_vec()),
        End::StxEtx { check: false } => (b"\x02", b"\x03".to_vec()),
        End::StxEtx { check: true } => (b"\x02", vec![3, sum]),
        End::Report | End::Silence => (b"", Vec::new()),
    };
    for byte in prefix.iter().chain(code).chain(&suffix) {
        inputs.push((*at, Input::Byte(*byte)));
        *at += style.pace;
    }
}

/// An event that the kernel makes when it drops others.
pub(super) fn syn(code: u16, at: Duration) -> (Duration, Input) {
    let event = Event {
        at,
        kind: EV_SYN,
        code,
        value: 0,
    };
    (at, Input::Key(event))
}

/// Whether an input says that events were dropped.
pub(super) fn is_drop(input: &Input) -> bool {
    matches!(
        input,
        Input::Key(Event {
            kind: EV_SYN,
            code: SYN_DROPPED,
            ..
        })
    )
}
