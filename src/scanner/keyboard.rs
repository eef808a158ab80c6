//! A keyboard scanner's whole path, from key events to scans: decoder and framer.
//! Live devices and recordings
//! both go through here.

use super::codepage::OemPage;
use super::decode::{Decoded, Decoder, EV_KEY, Event};
use super::framer::{Framer, Item, Outcome, Profile, VoidReason};
use super::keymap::Layout;
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) struct Keyboard {
    pub(crate) framer: Framer,
    decoder: Decoder,
    /// The time of the last key event.
    last: Duration,
    gap: Duration,
}

impl Keyboard {
    /// A keyboard whose keys are all up.
    pub(crate) fn new(layout: Layout, profile: Profile) -> Self {
        Self {
            framer: Framer::new(profile),
            decoder: Decoder::new(layout),
            last: Duration::ZERO,
            gap: profile.gap,
        }
    }

    /// The code page of ALT codes without a leading zero, where it is known. Without it
    /// such a character counts only if all pages agree on it.
    #[must_use]
    pub(crate) fn oem(mut self, page: Option<OemPage>) -> Self {
        self.decoder.oem(page);
        self
    }

    /// The events come from whole HID reports, in which a key that was typed twice is there
    /// twice.
    #[must_use]
    pub(crate) fn exact(mut self) -> Self {
        self.decoder.exact();
        self
    }

    /// Takes the next event. True asks for [`Keyboard::resync`] before the next.
    #[must_use]
    pub(crate) fn feed(&mut self, event: &Event, out: &mut Vec<Outcome>) -> bool {
        // The framer knows nothing of a character that is half typed.
        if event.kind == EV_KEY {
            let quiet = event.at.checked_sub(self.last);
            let reason = match quiet {
                Some(quiet) if quiet > self.gap => Some(VoidReason::Gap),
                Some(_) => None,
                None => Some(VoidReason::ClockStep),
            };
            if let Some(reason) = reason
                && self.decoder.paused()
            {
                self.framer.feed(self.last, Item::Damage(reason), out);
            }
            self.last = event.at;
        }
        match self.decoder.feed(event) {
            Decoded::Nothing => {}
            Decoded::Text(accent, character) => {
                let mut bytes = [0; 4];
                for character in accent.into_iter().chain([character]) {
                    for byte in character.encode_utf8(&mut bytes).bytes() {
                        self.framer.feed(event.at, Item::Byte(byte), out);
                    }
                }
            }
            Decoded::Item(item) => self.framer.feed(event.at, item, out),
            Decoded::KeysUnknown => return true,
        }
        false
    }

    /// Sets which keys are down after events were dropped.
    pub(crate) fn resync(&mut self, held: impl IntoIterator<Item = u16>) {
        self.decoder.resync(held);
    }
}

/// Which keys are down after a drop in a recording. No device can say, but the recording
/// itself can: a key was down if it is released or repeated next.
pub(crate) struct KeysDown {
    /// The places and values of each key's events, by its track and code.
    values_by_key: BTreeMap<(usize, u16), Vec<(usize, i32)>>,
}

impl KeysDown {
    /// Of events: place, track, type, code and value.
    pub(crate) fn new(events: impl Iterator<Item = (usize, usize, u16, u16, i32)>) -> Self {
        let mut values_by_key: BTreeMap<_, Vec<(usize, i32)>> = BTreeMap::new();
        for (n, track, kind, code, value) in events {
            if kind == EV_KEY {
                let values = values_by_key.entry((track, code)).or_default();
                values.push((n, value));
            }
        }
        Self { values_by_key }
    }

    /// The keys of a track that are down after the `n`th event.
    pub(crate) fn after(&self, n: usize, track: usize) -> impl Iterator<Item = u16> {
        let keys = self.values_by_key.range((track, 0)..=(track, u16::MAX));
        keys.filter_map(move |((_, key), values)| {
            let next = values.get(values.partition_point(|(place, _)| *place <= n))?;
            (next.1 != 1).then_some(*key)
        })
    }
}
