//! A keyboard scanner's whole path, from key events to scans: decoder and framer.
//! Live devices and recordings both go through here.

use super::decode::{Decoded, Decoder, EV_KEY, Event};
use super::framer::{Framer, Outcome, Profile};
use super::keymap::Layout;
use std::collections::BTreeMap;

pub(crate) struct Keyboard {
    pub(crate) framer: Framer,
    decoder: Decoder,
}

impl Keyboard {
    /// A keyboard whose keys are all up.
    pub(crate) fn new(layout: Layout, profile: Profile) -> Self {
        Self {
            framer: Framer::new(profile),
            decoder: Decoder::new(layout),
        }
    }

    /// Takes the next event. True asks for [`Keyboard::resync`] before the next.
    #[must_use]
    pub(crate) fn feed(&mut self, event: &Event, out: &mut Vec<Outcome>) -> bool {
        match self.decoder.feed(event) {
            Decoded::Nothing => {}
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
pub(crate) fn outcomes(recorded: &Recorded, layout: Layout, profile: Profile) -> Vec<Outcome> {
    let mut keyboard = Keyboard::new(layout, profile);
    let mut out = Vec::new();
    for n in 0..recorded.events.len() {
        keyboard.feed_recorded(recorded, n, &mut out);
    }
    keyboard.framer.silence(&mut out);
    out
}
