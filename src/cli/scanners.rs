//! From the scanners of a configuration to the settings of their readers.

use crate::config::{self, Config, Device, Key, Layout, Pace, Parity, ScannerKind, Suffix};
use crate::domain::LaneId;
use crate::scanner::{self, Kind, evdev, replay, serial};

/// The scanners that a lane uses, each with its lane.
pub(super) fn scanners(config: &Config) -> Vec<(LaneId, scanner::Settings)> {
    let of_lane = |lane: &config::Lane| {
        let used = |scanner: &&config::Scanner| lane.scanners.contains(&scanner.id);
        let settings = |scanner: &config::Scanner| scanner::Settings {
            id: scanner.id.clone(),
            kind: kind(&scanner.kind),
        };
        let scanners = config.scanners.iter().filter(used);
        scanners
            .map(|scanner| (lane.id.clone(), settings(scanner)))
            .collect::<Vec<_>>()
    };
    config.lanes.iter().flat_map(of_lane).collect()
}

fn kind(kind: &ScannerKind) -> Kind {
    match kind {
        ScannerKind::Evdev {
            device,
            layout: Layout::Us,
            terminator,
            gap,
        } => Kind::Evdev(evdev::Settings {
            matching: matching(device),
            layout: scanner::Layout::Us,
            terminator: match terminator {
                Key::Enter => evdev::Terminator::Enter,
                Key::Tab => evdev::Terminator::Tab,
            },
            gap: *gap,
        }),
        ScannerKind::Serial {
            path,
            line,
            terminator,
            gap,
        } => Kind::Serial(serial::Settings {
            path: path.clone(),
            baud: line.baud,
            data_bits: match line.data_bits {
                7 => serial::DataBits::Seven,
                _ => serial::DataBits::Eight,
            },
            parity: match line.parity {
                Parity::None => serial::Parity::None,
                Parity::Even => serial::Parity::Even,
                Parity::Odd => serial::Parity::Odd,
            },
            stop_bits: match line.stop_bits {
                2 => serial::StopBits::Two,
                _ => serial::StopBits::One,
            },
            terminator: match terminator {
                Suffix::Cr => serial::Terminator::Cr,
                Suffix::Lf => serial::Terminator::Lf,
                Suffix::CrLf => serial::Terminator::CrLf,
                Suffix::Tab => serial::Terminator::Tab,
                Suffix::None => serial::Terminator::None { idle: *gap },
            },
            gap: *gap,
        }),
        ScannerKind::Replay { recording, pace } => Kind::Replay(replay::Settings {
            recording: replay::Recording::File(recording.clone()),
            start: replay::Start::Immediately,
            pace: match pace {
                Pace::Recorded => replay::Pace::Recorded,
                Pace::Compressed => replay::Pace::Compressed,
            },
        }),
    }
}

fn matching(device: &Device) -> evdev::Match {
    match device {
        Device::Path(path) => evdev::Match::Path(path.clone()),
        Device::Usb {
            vendor,
            product,
            serial,
        } => evdev::Match::Ids {
            vendor: *vendor,
            product: *product,
            serial: serial.clone(),
        },
    }
}
