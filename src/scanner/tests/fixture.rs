//! Text fixtures, `tests/scans/*.txt`: input with times, a blank line, the expected
//! scans and voids. `tests/scans/README.md` has the form.

use crate::domain::code::PaymentCode;
use crate::scanner::codepage::OemPage;
use crate::scanner::decode::{EV_KEY, EV_SYN, Event, SYN_DROPPED, SYN_REPORT};
use crate::scanner::framer::{End, Framer, Item, Outcome, Profile, VoidReason};
use crate::scanner::hid::{self, keys::Keys};
use crate::scanner::keyboard::{Keyboard, KeysDown};
use crate::scanner::keymap::Layout;
use crate::scanner::typing::strokes;
use std::time::Duration;

pub(super) struct Fixture {
    pub(super) name: String,
    pub(super) profile: Profile,
    /// Layout and code page of a keyboard scanner.
    country: (Layout, Option<OemPage>),
    /// A keyboard's events are those of HID reports.
    exact: bool,
    pub(super) input: Input,
    pub(super) expected: Vec<Outcome>,
}

pub(super) enum Input {
    Bytes(Vec<(Duration, Step)>),
    Keys(Vec<Event>),
}

#[derive(Clone, Copy)]
pub(super) enum Step {
    Item(Item),
    Opened,
    Unplugged,
}

pub(super) fn all() -> Vec<Fixture> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scans");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    paths.sort();
    paths
        .iter()
        .flat_map(|path| {
            let file = path.file_stem().unwrap().to_str().unwrap();
            let text = std::fs::read_to_string(path).unwrap();
            text.split("\n---\n")
                .map(|case| parse(file, case))
                .collect::<Vec<_>>()
        })
        .collect()
}

impl Fixture {
    /// The keyboard that the scanner is.
    pub(super) fn keyboard(&self) -> Keyboard {
        let keyboard = Keyboard::new(self.country.0, self.profile).oem(self.country.1);
        if self.exact {
            keyboard.exact()
        } else {
            keyboard
        }
    }
}

fn parse(file: &str, case: &str) -> Fixture {
    let title = case.lines().find_map(|line| line.strip_prefix("# "));
    let name = format!("{file}: {}", title.unwrap());
    let mut lines = case.lines().filter(|line| !line.starts_with('#'));
    let head: Vec<&str> = lines.next().unwrap().split(' ').collect();
    let profile = Profile {
        end: match head[1] {
            "cr" | "enter" => End::Cr,
            "lf" => End::Lf,
            "crlf" => End::CrLf,
            "tab" => End::Tab,
            "stx-etx" => End::StxEtx { check: false },
            "stx-etx-check" => End::StxEtx { check: true },
            "report" => End::Report,
            "silence" => End::Silence,
            other => panic!("{name}: terminator {other}"),
        },
        gap: Duration::from_millis(head[2].parse().unwrap()),
    };
    let named = |word: &&&str| Layout::ALL.iter().find(|(name, _)| name == *word);
    let layout = head[3..].iter().find_map(|word| named(&word));
    let layout = layout.map_or(Layout::Us, |(_, layout)| *layout);
    let page = head[3..].iter().find_map(|word| match *word {
        "cp437" => Some(OemPage::Cp437),
        "cp850" => Some(OemPage::Cp850),
        _ => None,
    });
    let input = lines.by_ref().take_while(|line| !line.is_empty());
    let input = match head[0] {
        "bytes" => Input::Bytes(input.flat_map(steps).collect()),
        "keys" => {
            let events = input.flat_map(|line| report(line, layout));
            Input::Keys(events.collect())
        }
        "reports" => Input::Keys(reports(input)),
        other => panic!("{name}: {other}"),
    };
    let expected = lines.filter(|line| !line.is_empty()).map(outcome).collect();
    Fixture {
        name,
        profile,
        country: (layout, page),
        exact: head[0] == "reports",
        input,
        expected,
    }
}

fn timed(line: &str) -> (Duration, &str) {
    let (time, what) = line.split_once(' ').unwrap();
    (Duration::from_millis(time.parse().unwrap()), what)
}

fn steps(line: &str) -> Vec<(Duration, Step)> {
    let (at, what) = timed(line);
    let mark = |step| vec![(at, step)];
    match what {
        "opened" => mark(Step::Opened),
        "unplugged" => mark(Step::Unplugged),
        "dropped" => mark(Step::Item(Item::Damage(VoidReason::Dropped))),
        "malformed" => mark(Step::Item(Item::Damage(VoidReason::Report))),
        "end" => mark(Step::Item(Item::End)),
        "break" => mark(Step::Item(Item::Damage(VoidReason::Line))),
        text => bytes(text)
            .into_iter()
            .map(|byte| (at, Step::Item(Item::Byte(byte))))
            .collect(),
    }
}

/// `"text"` or `"text" * count`, with `\r \n \t \xHH`.
fn bytes(text: &str) -> Vec<u8> {
    let (text, count) = match text.split_once(" * ") {
        Some((text, count)) => (text, count.parse().unwrap()),
        None => (text, 1),
    };
    let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
    let text = text.unwrap().replace("\\r", "\r");
    let text = text.replace("\\n", "\n").replace("\\t", "\t");
    let mut pieces = text.split("\\x");
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(hex, 16).unwrap());
        bytes.extend(rest.as_bytes());
    }
    bytes.repeat(count)
}

fn outcome(line: &str) -> Outcome {
    match line.split_once(' ').unwrap() {
        ("scan", text) => Outcome::Scan(PaymentCode::new(&bytes(text))),
        ("void", reason) => Outcome::Void(
            VoidReason::ALL
                .into_iter()
                .find(|r| r.as_str() == reason)
                .unwrap(),
        ),
        _ => panic!("{line}"),
    }
}

/// One report: `+key` pressed, `-key` released, `~key` repeated; or `dropped`; or
/// `type "text"`, a millisecond a transition, with Enter.
fn report(line: &str, layout: Layout) -> Vec<Event> {
    let (at, what) = timed(line);
    if let Some(text) = what.strip_prefix("type ") {
        let text = String::from_utf8(bytes(text)).unwrap();
        return strokes(layout, &text, at).unwrap();
    }
    let event = |kind, code, value| Event {
        at,
        kind,
        code,
        value,
    };
    let mut events: Vec<Event> = what
        .split(' ')
        .map(|word| match word.split_at(1) {
            ("+" | "-" | "~", "") => panic!("{line}"),
            ("+", key) => event(EV_KEY, code(key), 1),
            ("-", key) => event(EV_KEY, code(key), 0),
            ("~", key) => event(EV_KEY, code(key), 2),
            _ if word == "dropped" => event(EV_SYN, SYN_DROPPED, 0),
            _ => panic!("{line}"),
        })
        .collect();
    events.push(event(EV_SYN, SYN_REPORT, 0));
    events
}

/// Boot keyboard reports in hex; what is left out is zero.
fn reports<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Event> {
    let mut keys = Keys::new(hid::keys::Layout::boot());
    let mut events = Vec::new();
    for (at, hex) in lines.map(timed) {
        let bytes = hex
            .split(' ')
            .map(|byte| u8::from_str_radix(byte, 16).unwrap());
        let mut report: Vec<u8> = bytes.collect();
        report.resize(8, 0);
        keys.feed(at, &report, &mut events).unwrap();
    }
    events
}

/// A key by its name on a US keyboard.
pub(super) fn code(key: &str) -> u16 {
    match key {
        "esc" => 1,
        "tab" => 15,
        "enter" => 28,
        "ctrl" => 29,
        "shift" => 42,
        "rshift" => 54,
        "alt" => 56,
        "caps" => 58,
        "f1" => 59,
        "numlock" => 69,
        "kp0" => 82,
        "kp1" => 79,
        "kp2" => 80,
        "kp3" => 81,
        "kp4" => 75,
        "kp5" => 76,
        "kp6" => 77,
        "kp7" => 71,
        "kp8" => 72,
        "kp9" => 73,
        "kpenter" => 96,
        "rctrl" => 97,
        "altgr" => 100,
        "space" => 57,
        "102nd" => 86,
        "kp+" => 78,
        "kp." => 83,
        "down" => 108,
        "meta" => 125,
        key => match key.as_bytes() {
            [character] => Layout::Us.stroke((*character).into()).unwrap().code,
            _ => panic!("key {key}"),
        },
    }
}

pub(super) fn run(fixture: &Fixture) -> Vec<Outcome> {
    match &fixture.input {
        Input::Keys(events) => typed(events, fixture.keyboard()),
        Input::Bytes(steps) => run_steps(fixture.profile, steps),
    }
}

/// What key events yield that are followed by silence.
pub(super) fn typed(events: &[Event], mut keyboard: Keyboard) -> Vec<Outcome> {
    let keys = events.iter().enumerate();
    let keys = KeysDown::new(keys.map(|(n, e)| (n, 0, e.kind, e.code, e.value)));
    let mut out = Vec::new();
    for (n, event) in events.iter().enumerate() {
        if keyboard.feed(event, &mut out) {
            keyboard.resync(keys.after(n, 0));
        }
    }
    keyboard.framer.silence(&mut out);
    out
}

/// The framer's outcomes of a stream that is followed by silence.
pub(super) fn run_steps(profile: Profile, steps: &[(Duration, Step)]) -> Vec<Outcome> {
    let mut framer = Framer::new(profile);
    let mut out = Vec::new();
    for &(at, step) in steps {
        match step {
            Step::Item(item) => framer.feed(at, item, &mut out),
            Step::Opened => framer.opened(at),
            Step::Unplugged => framer.unplugged(&mut out),
        }
    }
    framer.silence(&mut out);
    out
}

/// Outcomes as they stand in a fixture, so that a failure can be read.
pub(super) fn show(outcomes: &[Outcome]) -> Vec<String> {
    outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Scan(code) => format!("scan {:?}", String::from_utf8_lossy(code.as_bytes())),
            Outcome::Void(reason) => format!("void {}", reason.as_str()),
        })
        .collect()
}

#[test]
fn every_fixture_yields_exactly_what_it_says() {
    let fixtures = all();
    assert!(fixtures.len() > 40);
    for fixture in fixtures {
        assert_eq!(
            show(&run(&fixture)),
            show(&fixture.expected),
            "{}",
            fixture.name
        );
    }
}

#[test]
fn every_void_reason_has_a_fixture() {
    let fixtures = all();
    for reason in VoidReason::ALL {
        assert!(
            fixtures
                .iter()
                .any(|f| f.expected.contains(&Outcome::Void(reason))),
            "{reason:?}"
        );
    }
}
