//! One scanner: how it speaks, and what ends a scan.

use super::complaints::Complaints;
use super::device::{self, Device};
use super::section::{Section, absolute_path};
use super::{read, written};
use crate::domain::ScannerId;
use std::path::PathBuf;
use std::time::Duration;
use toml::Table;

/// One scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanner {
    /// Its name.
    pub id: ScannerId,
    /// How it speaks.
    pub kind: ScannerKind,
}

/// How a scanner speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerKind {
    /// As a keyboard, grabbed for good.
    Evdev {
        /// Which keyboard.
        device: Device,
        /// The keyboard layout it is set to.
        layout: Layout,
        /// The key that ends a scan.
        terminator: Key,
        /// A pause inside a scan that voids it.
        gap: Duration,
    },
    /// Over a serial line, real or by USB.
    Serial {
        /// Which port: its node, or a link to it.
        path: PathBuf,
        /// The line's settings. USB CDC ignores them.
        line: Line,
        /// What ends a scan.
        terminator: Suffix,
        /// A pause inside a scan that voids it, or ends it where there is no suffix.
        gap: Duration,
    },
    /// A recording instead of a device.
    Replay {
        /// The recording's file.
        recording: PathBuf,
        /// How fast.
        pace: Pace,
    },
}

/// The country setting of a keyboard scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `us`
    Us,
}

/// The key that ends a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Enter, also the keypad's.
    Enter,
    /// Tab.
    Tab,
}

/// The bytes that end a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffix {
    /// 0x0D
    Cr,
    /// 0x0A
    Lf,
    /// 0x0D 0x0A
    CrLf,
    /// 0x09
    Tab,
    /// Nothing: the pause ends a scan.
    None,
}

/// The settings of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Bits a second.
    pub baud: u32,
    /// 7 or 8.
    pub data_bits: u8,
    /// The parity bit.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
}

/// The parity bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// None.
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// With the pauses it was recorded with.
    Recorded,
    /// Without pauses.
    Compressed,
}

#[derive(Clone, Copy)]
enum Kind {
    Evdev,
    Serial,
    Replay,
}

pub(super) fn scanner(table: Table, at: &str, complaints: &mut Complaints) -> Option<Scanner> {
    let mut written: written::Scanner = read::section(Some(table), at, complaints);
    let device = written.device.take();
    let link = match written.kind.as_deref() {
        Some("serial") => "/dev/serial",
        _ => "/dev/input",
    };
    let device =
        device.and_then(|table| device::device(table, &format!("{at}.match"), link, complaints));
    let mut at = Section::new(at, complaints);
    let id = at.need(
        "id",
        written.id.take(),
        "the scanner's name, such as \"counter\"",
    );
    let id = at.check("id", id, |id| ScannerId::new(id));
    match written.usage.take().as_deref() {
        None | Some("dedicated") => {}
        Some("shared") => at.complain("use", "\"shared\" is not supported yet; use \"dedicated\""),
        Some(_) => at.complain("use", "must be \"dedicated\""),
    }
    at.not_yet("aim_id", written.aim_id.take().as_ref(), "AIM prefixes are");
    at.not_yet(
        "idle_digits",
        written.idle_digits.take().as_ref(),
        "shared scanners are",
    );
    let kind = at.need(
        "kind",
        written.kind.take(),
        "\"evdev\", \"serial\" or \"replay\"",
    );
    let kind = at.check("kind", kind, |kind| match kind {
        "evdev" => Ok(Kind::Evdev),
        "serial" => Ok(Kind::Serial),
        "replay" => Ok(Kind::Replay),
        "hidraw" => {
            Err("\"hidraw\" is not supported yet; set the scanner to keyboard or serial mode")
        }
        _ => Err("must be \"evdev\", \"serial\" or \"replay\""),
    });
    let kind = kind.and_then(|kind| match kind {
        Kind::Evdev => evdev(written, device, &mut at),
        Kind::Serial => serial(written, device, &mut at),
        Kind::Replay => replay(written, device.is_some(), &mut at),
    });
    Some(Scanner {
        id: id?,
        kind: kind?,
    })
}

const DEVICE: &str = "match = { by_path = \"...\" }, or another way to know the device";

fn evdev(
    written: written::Scanner,
    device: Option<Device>,
    at: &mut Section<'_>,
) -> Option<ScannerKind> {
    let device = at.need("match", device, DEVICE);
    let layout = at.choice("layout", written.layout, Layout::Us, &[("us", Layout::Us)]);
    let terminator = at.choice(
        "terminator",
        written.terminator,
        Key::Enter,
        &[("enter", Key::Enter), ("tab", Key::Tab)],
    );
    let gap = gap(at, written.gap_ms, 300);
    for (key, there) in [
        ("baud", written.baud.is_some()),
        ("data_bits", written.data_bits.is_some()),
        ("parity", written.parity.is_some()),
        ("stop_bits", written.stop_bits.is_some()),
        ("recording", written.recording.is_some()),
        ("pace", written.pace.is_some()),
    ] {
        foreign(at, key, there, "evdev");
    }
    Some(ScannerKind::Evdev {
        device: device?,
        layout,
        terminator,
        gap,
    })
}

fn serial(
    written: written::Scanner,
    device: Option<Device>,
    at: &mut Section<'_>,
) -> Option<ScannerKind> {
    let path = match at.need("match", device, DEVICE) {
        Some(Device::Path(path)) => Some(path),
        Some(Device::Usb { .. }) => {
            at.complain("match", "must name a serial port by by_path, by_id or path");
            None
        }
        None => None,
    };
    let terminator = at.choice(
        "terminator",
        written.terminator,
        Suffix::Cr,
        &[
            ("cr", Suffix::Cr),
            ("lf", Suffix::Lf),
            ("crlf", Suffix::CrLf),
            ("tab", Suffix::Tab),
            ("none", Suffix::None),
        ],
    );
    // Without a suffix every scan costs the pause, and two scans within it become one.
    let gap = gap(
        at,
        written.gap_ms,
        if terminator == Suffix::None { 100 } else { 300 },
    );
    let line = Line {
        baud: at.number("baud", written.baud, 9600, 300..=921_600, " bits a second"),
        data_bits: at.number("data_bits", written.data_bits, 8, 7..=8, "") as u8,
        parity: at.choice(
            "parity",
            written.parity,
            Parity::None,
            &[
                ("none", Parity::None),
                ("even", Parity::Even),
                ("odd", Parity::Odd),
            ],
        ),
        stop_bits: at.number("stop_bits", written.stop_bits, 1, 1..=2, "") as u8,
    };
    for (key, there) in [
        ("layout", written.layout.is_some()),
        ("recording", written.recording.is_some()),
        ("pace", written.pace.is_some()),
    ] {
        foreign(at, key, there, "serial");
    }
    Some(ScannerKind::Serial {
        path: path?,
        line,
        terminator,
        gap,
    })
}

fn replay(written: written::Scanner, matched: bool, at: &mut Section<'_>) -> Option<ScannerKind> {
    let recording = at.need("recording", written.recording, "the recording's path");
    let recording = at.check("recording", recording, absolute_path);
    let pace = at.choice(
        "pace",
        written.pace,
        Pace::Recorded,
        &[
            ("recorded", Pace::Recorded),
            ("compressed", Pace::Compressed),
        ],
    );
    for (key, there) in [
        ("match", matched),
        ("layout", written.layout.is_some()),
        ("terminator", written.terminator.is_some()),
        ("gap_ms", written.gap_ms.is_some()),
        ("baud", written.baud.is_some()),
        ("data_bits", written.data_bits.is_some()),
        ("parity", written.parity.is_some()),
        ("stop_bits", written.stop_bits.is_some()),
    ] {
        foreign(at, key, there, "replay");
    }
    Some(ScannerKind::Replay {
        recording: recording?,
        pace,
    })
}

fn gap(at: &mut Section<'_>, written: Option<i64>, default: u32) -> Duration {
    let ms = at.number("gap_ms", written, default, 20..=2000, " milliseconds");
    Duration::from_millis(ms.into())
}

fn foreign(at: &mut Section<'_>, key: &str, there: bool, kind: &str) {
    if there {
        at.complain(
            key,
            format!("has no meaning for kind = \"{kind}\"; remove it"),
        );
    }
}

/// Whether two scanners could be one device.
pub(super) fn same_device(a: &Scanner, b: &Scanner) -> bool {
    use ScannerKind::{Evdev, Serial};
    match (&a.kind, &b.kind) {
        (Evdev { device, .. }, Evdev { device: other, .. }) => device.overlaps(other),
        (Serial { path, .. }, Serial { path: other, .. }) => path == other,
        _ => false,
    }
}
