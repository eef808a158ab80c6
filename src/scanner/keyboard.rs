//! A keyboard scanner's whole path, from key events to scans: decoder and framer.
//! Live devices and recordings both go through here.

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

    #[allow(dead_code)] // No configuration asks for it yet.
    /// The code page of ALT codes without a leading zero, where it is known. Without it
    /// such a character counts only if all pages agree on it.
    #[must_use]
    pub(crate) fn oem(mut self, page: Option<OemPage>) -> Self {
        self.decoder.oem(page);
        self
    }

    #[allow(dead_code)] // Nothing opens a hidraw device yet.
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

    /// Takes the `n`th event of a recording.
    pub(crate) fn feed_recorded(&mut self, recorded: &Recorded, n: usize, out: &mut Vec<Outcome>) {
        if let Some(event) = recorded.events.get(n)
            && self.feed(event, out)
        {
            self.resync(recorded.held_after(n));
        }
    }
}

/// Recorded key events. No device can say which keys were down after a drop, but
/// the recording itself can: a key was down if it is released or repeated next.
pub(crate) struct Recorded {
    pub(crate) events: Vec<Event>,
    /// Each key's events, by their places.
    values_by_key: BTreeMap<u16, Vec<(usize, i32)>>,
}

impl Recorded {
    pub(crate) fn new(events: Vec<Event>) -> Self {
        let mut values_by_key: BTreeMap<u16, Vec<(usize, i32)>> = BTreeMap::new();
        for (n, event) in events.iter().enumerate() {
            if event.kind == EV_KEY {
                let values = values_by_key.entry(event.code).or_default();
                values.push((n, event.value));
            }
        }
        Self {
            events,
            values_by_key,
        }
    }

    fn held_after(&self, n: usize) -> impl Iterator<Item = u16> {
        self.values_by_key.iter().filter_map(move |(key, values)| {
            let next = values.get(values.partition_point(|(place, _)| *place <= n))?;
            (next.1 != 1).then_some(*key)
        })
    }
}

/// What a recording of key events yields, whatever the time it is played at.
pub(crate) fn outcomes(recorded: &Recorded, mut keyboard: Keyboard) -> Vec<Outcome> {
    let mut out = Vec::new();
    for n in 0..recorded.events.len() {
        keyboard.feed_recorded(recorded, n, &mut out);
    }
    keyboard.framer.silence(&mut out);
    out
}
