//! Feeds a recording, step by step, to what would read the devices that it was made of.

use super::{Device, Recording, RecordingError, Sent, Setup, Step, Track};
use crate::scanner::decode::Event;
use crate::scanner::framer::{End, Framer, Item, Outcome, VoidReason};
use crate::scanner::hid::keys::{self, Keys};
use crate::scanner::hid::pos::{HidPos, Layout as PosLayout};
use crate::scanner::keyboard::{Keyboard, KeysDown};
use std::time::Duration;

/// One device's reader.
enum Reader {
    Keyboard(Box<Keyboard>),
    KeyReports(Box<Keyboard>, Keys),
    Pos(Box<HidPos>),
    Serial(Framer),
    /// No scanner: reports that are neither.
    Other,
}

pub(crate) struct Player<'a> {
    recording: &'a Recording,
    readers: Vec<Reader>,
    /// Of each step, the time of the next one of its device.
    next: Vec<Option<Duration>>,
    /// Which keys are down after a drop.
    keys_down: KeysDown,
}

impl<'a> Player<'a> {
    /// A player at the beginning.
    ///
    /// # Errors
    /// When reports of a device that is not described fit no scanner.
    pub(crate) fn new(recording: &'a Recording, setup: &Setup) -> Result<Self, RecordingError> {
        let sent_by = |track| {
            let steps = recording.steps.iter();
            steps
                .filter(move |step| step.track == track)
                .map(|step| &step.sent)
        };
        let tracks = recording.tracks.iter().enumerate();
        let readers = tracks
            .map(|(n, track)| Reader::of(track, setup, sent_by(n)))
            .collect();
        let keys = recording
            .steps
            .iter()
            .enumerate()
            .filter_map(|(n, step)| match step.sent {
                Sent::Event { kind, code, value } => Some((n, step.track, kind, code, value)),
                _ => None,
            });
        let mut next = vec![None; recording.steps.len()];
        let mut after = vec![None; recording.tracks.len()];
        for (step, next) in recording.steps.iter().zip(&mut next).rev() {
            *next = after[step.track].replace(step.at);
        }
        let undescribed = |(reader, track): (&Reader, &Track)| match (reader, track) {
            (Reader::Other, Track::Reports(device)) => device.descriptor.is_empty(),
            _ => false,
        };
        let readers: Vec<Reader> = readers;
        if readers.iter().zip(&recording.tracks).any(undescribed) {
            return Err(RecordingError {
                line: 0,
                what: "these reports are neither a keyboard's (8 bytes) nor those of a HID POS \
                       scanner that is known (64 bytes): record with hid-recorder, which keeps the \
                       report descriptor",
            });
        }
        Ok(Self {
            recording,
            readers,
            next,
            keys_down: KeysDown::new(keys),
        })
    }

    /// Takes the `n`th step, and the silence that follows it if there is one.
    pub(crate) fn feed(&mut self, n: usize, out: &mut Vec<Outcome>) {
        let Some(step) = self.recording.steps.get(n) else {
            return;
        };
        self.take(n, step, out);
        let framer = self.readers[step.track].framer();
        if let Some((framer, patience)) = framer.and_then(|f| f.patience().map(|p| (f, p)))
            && self.next[n].is_none_or(|next| next.saturating_sub(step.at) > patience)
        {
            framer.silence(out);
        }
    }

    /// Whether the device of a track is in the middle of a scan.
    pub(super) fn is_in_frame(&mut self, track: usize) -> bool {
        let framer = self.readers.get_mut(track).and_then(Reader::framer);
        framer.is_some_and(|framer| framer.is_framing())
    }

    /// The layout of a track that is a HID POS scanner's.
    pub(super) fn pos_layout(&self, track: usize) -> Option<&PosLayout> {
        match self.readers.get(track) {
            Some(Reader::Pos(scanner)) => Some(scanner.layout()),
            _ => None,
        }
    }

    fn take(&mut self, n: usize, step: &Step, out: &mut Vec<Outcome>) {
        let Step { at, track, sent } = step;
        let at = *at;
        match (&mut self.readers[*track], sent) {
            (Reader::Keyboard(keyboard), Sent::Event { kind, code, value }) => {
                let event = Event {
                    at,
                    kind: *kind,
                    code: *code,
                    value: *value,
                };
                if keyboard.feed(&event, out) {
                    keyboard.resync(self.keys_down.after(n, *track));
                }
            }
            (Reader::KeyReports(keyboard, keys), Sent::Report(report)) => {
                let mut events = Vec::new();
                if keys.feed(at, report, &mut events).is_err() {
                    keyboard
                        .framer
                        .feed(at, Item::Damage(VoidReason::Report), out);
                }
                for event in events {
                    // Reports hold no drops, so nothing asks which keys are down.
                    let _ = keyboard.feed(&event, out);
                }
            }
            (Reader::Pos(scanner), Sent::Report(report)) => scanner.feed(at, report, out),
            (Reader::Serial(framer), Sent::Bytes(bytes)) => {
                for byte in bytes {
                    // As the live reader has it: a NUL is a break or a parity error.
                    let item = match byte {
                        0 => Item::Damage(VoidReason::Line),
                        byte => Item::Byte(*byte),
                    };
                    framer.feed(at, item, out);
                }
            }
            (reader, Sent::Break) => reader.feed(at, Item::Damage(VoidReason::Line), out),
            (reader, Sent::Lost) => reader.feed(at, Item::Damage(VoidReason::Dropped), out),
            (reader, Sent::Opened) => {
                if let Some(framer) = reader.framer() {
                    framer.opened(at);
                }
            }
            (reader, Sent::Unplugged) => {
                if let Some(framer) = reader.framer() {
                    framer.unplugged(out);
                }
            }
            _ => {}
        }
    }
}

impl Reader {
    fn of<'a>(track: &Track, setup: &Setup, sent: impl Iterator<Item = &'a Sent>) -> Self {
        let keyboard = || {
            let layout = setup.layout.unwrap_or_default();
            Keyboard::new(layout, setup.profile(End::Cr)).oem(setup.oem)
        };
        match track {
            Track::Events => Self::Keyboard(Box::new(keyboard())),
            Track::Serial => Self::Serial(Framer::new(setup.profile(suffix(sent)))),
            Track::Reports(device) => {
                let reports: Vec<&[u8]> = sent
                    .filter_map(|sent| match sent {
                        Sent::Report(report) => Some(report.as_slice()),
                        _ => None,
                    })
                    .collect();
                let gap = setup.profile(End::Report).gap;
                match pos_layout(device, &reports) {
                    Some(layout) => Self::Pos(Box::new(HidPos::new(layout, gap))),
                    None => match keys_layout(device, &reports) {
                        Some(layout) => {
                            Self::KeyReports(Box::new(keyboard().exact()), Keys::new(layout))
                        }
                        None => Self::Other,
                    },
                }
            }
        }
    }

    fn framer(&mut self) -> Option<&mut Framer> {
        match self {
            Self::Keyboard(keyboard) | Self::KeyReports(keyboard, _) => Some(&mut keyboard.framer),
            Self::Pos(scanner) => Some(&mut scanner.framer),
            Self::Serial(framer) => Some(framer),
            Self::Other => None,
        }
    }

    fn feed(&mut self, at: Duration, item: Item, out: &mut Vec<Outcome>) {
        if let Some(framer) = self.framer() {
            framer.feed(at, item, out);
        }
    }
}

fn pos_layout(device: &Device, reports: &[&[u8]]) -> Option<PosLayout> {
    PosLayout::of(&device.descriptor, device.vendor, device.product).or_else(|| {
        device
            .descriptor
            .is_empty()
            .then(|| PosLayout::seen(reports))?
    })
}

/// Without a descriptor reports of eight bytes are a boot keyboard's, and nine one's that
/// numbers its reports.
fn keys_layout(device: &Device, reports: &[&[u8]]) -> Option<keys::Layout> {
    if !device.descriptor.is_empty() {
        return keys::Layout::of(&device.descriptor);
    }
    // One that was cut is damage, not another device.
    let most = |length| 2 * reports.iter().filter(|r| r.len() == length).count() > reports.len();
    let first = reports.first().and_then(|report| report.first()).copied();
    match first {
        Some(_) if most(8) => Some(keys::Layout::boot()),
        Some(id @ 1..) if most(9) => Some(keys::Layout::boot().numbered(id)),
        _ => None,
    }
}

/// The suffix that a serial scanner is seen to send.
fn suffix<'a>(sent: impl Iterator<Item = &'a Sent>) -> End {
    let (mut lone_cr, mut both, mut lone_lf, mut tab) = (false, false, false, false);
    let mut before = 0;
    for sent in sent {
        let Sent::Bytes(bytes) = sent else {
            continue;
        };
        if let ([0x02, ..], Some(end)) = (&bytes[..], bytes.iter().position(|b| *b == 0x03)) {
            let check = bytes
                .get(end + 1)
                .is_some_and(|b| !matches!(b, b'\r' | b'\n'));
            return End::StxEtx { check };
        }
        for &byte in bytes {
            both |= (before, byte) == (b'\r', b'\n');
            lone_cr |= before == b'\r' && byte != b'\n';
            lone_lf |= before != b'\r' && byte == b'\n';
            before = byte;
        }
        tab |= bytes.last() == Some(&b'\t');
    }
    lone_cr |= before == b'\r';
    match (lone_cr, lone_lf, both, tab) {
        // CR ends a scan and an LF after it is dropped.
        (true, ..) | (false, false, true, _) => End::Cr,
        (false, true, ..) => End::Lf,
        (.., true) => End::Tab,
        _ => End::Silence,
    }
}
