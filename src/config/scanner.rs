//! One scanner: how it speaks, and what ends a scan.

use super::complaints::Complaints;
use super::device::Links;
use super::section::{Section, absolute_path};
use super::{device, feedback, line, read, written};
use crate::domain::ScannerId;
use crate::scanner::evdev;
use crate::scanner::replay::{self, Pace, Recording, Start};
use crate::scanner::{
    Ending, Feedback, GAP, IdleDigits, Kind, Layout, Match, OemPage, Settings, Sharing, Use, hidraw,
};
use std::time::Duration;
use toml::Table;

pub(super) fn scanner(table: Table, at: &str, complaints: &mut Complaints) -> Option<Settings> {
    let mut written: written::Scanner = read::section(Some(table), at, complaints);
    let device = written.device.take();
    let links = match written.kind.as_deref() {
        Some("serial") => Links::Udev("/dev/serial"),
        Some("hidraw") => Links::Port,
        _ => Links::Udev("/dev/input"),
    };
    let device =
        device.and_then(|table| device::device(table, &format!("{at}.match"), links, complaints));
    let sounds = written.feedback.take().and_then(|table| {
        let hid = written.kind.as_deref() == Some("hidraw");
        feedback::feedback(table, &format!("{at}.feedback"), hid, complaints)
    });
    let mut at = Section::new(at, complaints);
    let id = at.require(
        "id",
        written.id.take(),
        "the scanner's name, such as \"counter\"",
        |id| ScannerId::new(id),
    );
    let aim_id = written.aim_id.unwrap_or(false);
    let usage = usage(&mut written, &mut at);
    let kind = at.need(
        "kind",
        written.kind.take(),
        "\"evdev\", \"hidraw\", \"serial\" or \"replay\"",
    )?;
    let foreign = foreign(&written, (device.is_some(), sounds.is_some()), &kind);
    let settings = match kind.as_str() {
        "evdev" => evdev(written, device, &mut at),
        "hidraw" => hidraw(&written, device, sounds, &mut at),
        "serial" => line::serial(written, device, sounds, &mut at),
        "replay" => replay(written, &mut at),
        _ => {
            at.complain(
                "kind",
                "must be \"evdev\", \"hidraw\", \"serial\" or \"replay\"",
            );
            return None;
        }
    };
    for key in foreign {
        at.complain(
            key,
            format!("has no meaning for kind = \"{kind}\"; remove it"),
        );
    }
    Some(Settings {
        id: id?,
        kind: settings?,
        usage,
        aim_id,
    })
}

/// Whom it serves, and how it is shared.
fn usage(written: &mut written::Scanner, at: &mut Section<'_>) -> Use {
    let shared = [("dedicated", false), ("shared", true)];
    let shared = at.choice("use", written.usage.take(), false, &shared);
    let keys = [
        ("idle_digits", written.idle_digits.is_some()),
        ("type_pace_ms", written.type_pace_ms.is_some()),
        ("type_layout", written.type_layout.is_some()),
        ("type_end", written.type_end.is_some()),
    ];
    if !shared {
        for (key, _) in keys.into_iter().filter(|(_, there)| *there) {
            at.complain(key, "has a meaning only with use = \"shared\"; remove it");
        }
        return Use::Dedicated;
    }
    Use::Shared(Sharing {
        idle_digits: at.choice(
            "idle_digits",
            written.idle_digits.take(),
            IdleDigits::TypeOn,
            &[
                ("type_on", IdleDigits::TypeOn),
                ("refuse", IdleDigits::Refuse),
            ],
        ),
        pace: at
            .number(
                "type_pace_ms",
                written.type_pace_ms,
                1..=100,
                " milliseconds",
            )
            .map(|ms| Duration::from_millis(ms.into())),
        layout: at.choice(
            "type_layout",
            written.type_layout.take(),
            Layout::Us,
            &Layout::ALL,
        ),
        ending: at.choice(
            "type_end",
            written.type_end.take(),
            Ending::Enter,
            &[
                ("enter", Ending::Enter),
                ("tab", Ending::Tab),
                ("none", Ending::Nothing),
            ],
        ),
    })
}

pub(super) const DEVICE: &str = "match = { by_path = \"...\" }, or another way to know the device";

fn evdev(written: written::Scanner, device: Option<Match>, at: &mut Section<'_>) -> Option<Kind> {
    let device = at.need("match", device, DEVICE);
    let layout = at.choice("layout", written.layout, Layout::Us, &Layout::ALL);
    let terminator = at.choice(
        "terminator",
        written.terminator,
        evdev::Terminator::Enter,
        &[
            ("enter", evdev::Terminator::Enter),
            ("tab", evdev::Terminator::Tab),
        ],
    );
    let gap = gap(at, written.gap_ms, GAP);
    let pages = [("437", Some(OemPage::Cp437)), ("850", Some(OemPage::Cp850))];
    let oem_page = at.choice("oem_page", written.oem_page, None, &pages);
    Some(Kind::Evdev(evdev::Settings {
        reports: written.reports.unwrap_or(false),
        oem_page,
        matching: device?,
        layout,
        terminator,
        gap,
    }))
}

fn hidraw(
    written: &written::Scanner,
    device: Option<Match>,
    feedback: Option<Feedback>,
    at: &mut Section<'_>,
) -> Option<Kind> {
    let device = at.need("match", device, DEVICE);
    let gap = gap(at, written.gap_ms, GAP);
    Some(Kind::Hidraw(hidraw::Settings {
        matching: device?,
        gap,
        feedback: feedback.unwrap_or_default(),
    }))
}

fn replay(written: written::Scanner, at: &mut Section<'_>) -> Option<Kind> {
    let recording = at.require(
        "recording",
        written.recording,
        "the recording's path",
        absolute_path,
    );
    let pace = at.choice(
        "pace",
        written.pace,
        Pace::Recorded,
        &[
            ("recorded", Pace::Recorded),
            ("compressed", Pace::Compressed),
        ],
    );
    Some(Kind::Replay(replay::Settings {
        recording: Recording::File(recording?),
        start: Start::Immediately,
        pace,
    }))
}

pub(super) fn gap(at: &mut Section<'_>, written: Option<i64>, usual: Duration) -> Duration {
    at.number("gap_ms", written, 20..=2000, " milliseconds")
        .map_or(usual, |ms| Duration::from_millis(ms.into()))
}

/// The keys that are written and belong to other kinds.
fn foreign(
    written: &written::Scanner,
    (matched, sounds): (bool, bool),
    kind: &str,
) -> Vec<&'static str> {
    [
        ("feedback", sounds, "serial hidraw"),
        ("match", matched, "evdev hidraw serial"),
        ("layout", written.layout.is_some(), "evdev"),
        ("reports", written.reports.is_some(), "evdev"),
        ("oem_page", written.oem_page.is_some(), "evdev"),
        ("terminator", written.terminator.is_some(), "evdev serial"),
        ("gap_ms", written.gap_ms.is_some(), "evdev hidraw serial"),
        ("baud", written.baud.is_some(), "serial"),
        ("data_bits", written.data_bits.is_some(), "serial"),
        ("parity", written.parity.is_some(), "serial"),
        ("stop_bits", written.stop_bits.is_some(), "serial"),
        ("profile", written.profile.is_some(), "serial"),
        ("flow", written.flow.is_some(), "serial"),
        ("dtr", written.dtr.is_some(), "serial"),
        ("rts", written.rts.is_some(), "serial"),
        ("code_id", written.code_id.is_some(), "serial"),
        ("acknowledge", written.acknowledge.is_some(), "serial"),
        ("recording", written.recording.is_some(), "replay"),
        ("pace", written.pace.is_some(), "replay"),
    ]
    .into_iter()
    .filter(|(_, there, kinds)| *there && !kinds.split(' ').any(|of| of == kind))
    .map(|(key, ..)| key)
    .collect()
}

/// Whether two scanners could be one device.
pub(super) fn same_device(a: &Settings, b: &Settings) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Evdev(a), Kind::Evdev(b)) => device::overlap(&a.matching, &b.matching),
        (Kind::Hidraw(a), Kind::Hidraw(b)) => device::overlap(&a.matching, &b.matching),
        (Kind::Serial(a), Kind::Serial(b)) => device::overlap(&a.matching, &b.matching),
        _ => false,
    }
}
