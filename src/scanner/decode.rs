//! Key events to characters: a pure decoder of what the kernel reports.
//!
//! It acts on presses only and takes the modifiers as they are at that moment: in
//! an all-released report the kernel releases the modifiers before the last key
//! (Linux `hid-input.c`). Repeats are the kernel's invention and mean nothing.
//! The host's CapsLock is not the scanner's business; a CapsLock key that the
//! scanner itself sends is obeyed.
//!
//! Nothing is guessed. A key without a meaning, a press of a key that is down, a
//! release of one that is up, a doubtful ALT code: each is damage, and the framer
//! voids the scan.

use super::framer::{Item, VoidReason};
use super::keymap::{
    CAPSLOCK, DOWN, LEFTALT, LEFTCTRL, LEFTMETA, LEFTSHIFT, Layout, NUMLOCK, RIGHTALT, RIGHTCTRL,
    RIGHTMETA, RIGHTSHIFT, keypad_digit,
};
use std::collections::BTreeSet;
use std::time::Duration;

pub(crate) const EV_SYN: u16 = 0;
pub(crate) const EV_KEY: u16 = 1;
pub(crate) const EV_MSC: u16 = 4;
pub(crate) const SYN_REPORT: u16 = 0;
pub(crate) const SYN_DROPPED: u16 = 3;
pub(crate) const MSC_SCAN: u16 = 4;

/// One input event (Linux `struct input_event`). It has no `Debug`: keys are code.
#[derive(Clone, Copy)]
pub(crate) struct Event {
    /// By the clock of the events.
    pub(crate) at: Duration,
    pub(crate) kind: u16,
    pub(crate) code: u16,
    pub(crate) value: i32,
}

pub(crate) enum Decoded {
    Nothing,
    Item(Item),
    /// Events were dropped up to here: tell [`Decoder::resync`] which keys are down.
    KeysUnknown,
}

pub(crate) struct Decoder {
    layout: Layout,
    held: BTreeSet<u16>,
    caps: bool,
    /// The scanner sends CapsLock.
    caps_used: bool,
    /// Events went missing, so `caps` may be wrong.
    lost: bool,
    /// After `SYN_DROPPED`, up to the next `SYN_REPORT`.
    deaf: bool,
    alt: Option<AltCode>,
    /// The current report has pressed a digit of an ALT code.
    alt_digit_in_report: bool,
}

/// The digits typed while Alt is down.
#[derive(Default)]
struct AltCode {
    digits: u8,
    value: u32,
    /// Two digits came in one report. The kernel reports a usage that occurs
    /// twice in a report once, so that `0 8 0` reads `0 8`.
    crowded: bool,
}

impl AltCode {
    /// The character; Windows' code pages agree with ASCII below 128. A lone digit
    /// may be what is left of `1 1 1`.
    fn character(&self) -> Option<u8> {
        match u8::try_from(self.value) {
            Ok(value @ 1..=0x7f) if !self.crowded && (2..=4).contains(&self.digits) => Some(value),
            _ => None,
        }
    }
}

impl Decoder {
    /// A decoder of a keyboard whose keys are all up.
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            held: BTreeSet::new(),
            caps: false,
            caps_used: false,
            lost: false,
            deaf: false,
            alt: None,
            alt_digit_in_report: false,
        }
    }

    /// Takes the next event.
    pub(crate) fn feed(&mut self, event: &Event) -> Decoded {
        match (event.kind, event.code) {
            (EV_SYN, SYN_DROPPED) => {
                self.deaf = true;
                self.damage(VoidReason::Dropped)
            }
            (EV_SYN, SYN_REPORT) => {
                self.alt_digit_in_report = false;
                if std::mem::take(&mut self.deaf) {
                    Decoded::KeysUnknown
                } else {
                    Decoded::Nothing
                }
            }
            (EV_KEY, code) if !self.deaf => self.key(code, event.value),
            _ => Decoded::Nothing,
        }
    }

    /// Sets which keys are down after events were dropped.
    pub(crate) fn resync(&mut self, held: impl IntoIterator<Item = u16>) {
        self.held = held.into_iter().collect();
        self.alt = None;
    }

    fn key(&mut self, code: u16, value: i32) -> Decoded {
        match value {
            0 if !self.held.remove(&code) => self.damage(VoidReason::KeyLost),
            0 if code == LEFTALT => self.alt_released(),
            0 => Decoded::Item(Item::Activity),
            1 if !self.held.insert(code) => self.damage(VoidReason::KeyLost),
            1 => self.pressed(code),
            2 if self.held.insert(code) => self.damage(VoidReason::KeyLost),
            2 => Decoded::Nothing,
            _ => self.damage(VoidReason::KeyUnknown),
        }
    }

    fn pressed(&mut self, code: u16) -> Decoded {
        match code {
            LEFTALT => self.alt = Some(AltCode::default()),
            LEFTSHIFT | RIGHTSHIFT | LEFTCTRL | RIGHTCTRL | RIGHTALT | LEFTMETA | RIGHTMETA => {}
            // Some scanners tap it before keypad digits; see `keymap::KEYPAD`.
            NUMLOCK => {}
            CAPSLOCK => {
                self.caps = !self.caps;
                self.caps_used = true;
            }
            _ => {
                return match self.character(code) {
                    Ok(Some(byte)) => Decoded::Item(Item::Byte(byte)),
                    Ok(None) => Decoded::Item(Item::Activity),
                    Err(reason) => self.damage(reason),
                };
            }
        }
        Decoded::Item(Item::Activity)
    }

    /// The character of a key under the modifiers of now; none for an ALT digit.
    fn character(&mut self, code: u16) -> Result<Option<u8>, VoidReason> {
        let down = |keys: &[u16]| keys.iter().any(|key| self.held.contains(key));
        let shift = down(&[LEFTSHIFT, RIGHTSHIFT]);
        let ctrl = down(&[LEFTCTRL, RIGHTCTRL]);
        let alt = down(&[LEFTALT]);
        // The US layout has no third level.
        if down(&[RIGHTALT, LEFTMETA, RIGHTMETA]) || (alt && (shift || ctrl)) {
            return Err(VoidReason::KeyUnknown);
        }
        if alt {
            return self.alt_digit(code).map(|()| None);
        }
        // Some scanners send the LF of CR LF as the Down key.
        if code == DOWN && !shift && !ctrl {
            return Ok(Some(b'\n'));
        }
        let key = self.layout.key(code).ok_or(VoidReason::KeyUnknown)?;
        let character = if ctrl {
            control(key.plain)
        } else if key.plain.is_ascii_alphabetic() {
            if self.lost && self.caps_used {
                return Err(VoidReason::CaseUnknown);
            }
            if shift != self.caps {
                key.shifted
            } else {
                key.plain
            }
        } else if shift {
            key.shifted
        } else {
            key.plain
        };
        match character {
            0 => Err(VoidReason::KeyUnknown),
            character => Ok(Some(character)),
        }
    }

    fn alt_digit(&mut self, code: u16) -> Result<(), VoidReason> {
        let digit = keypad_digit(code).ok_or(VoidReason::KeyUnknown)?;
        let alt = self.alt.as_mut().ok_or(VoidReason::AltCode)?;
        alt.crowded |= std::mem::replace(&mut self.alt_digit_in_report, true);
        alt.digits = alt.digits.saturating_add(1);
        alt.value = alt.value.saturating_mul(10).saturating_add(digit.into());
        Ok(())
    }

    fn alt_released(&mut self) -> Decoded {
        match self.alt.take().map(|alt| alt.character()) {
            // It was down when events were dropped; that scan is void.
            None => Decoded::Item(Item::Activity),
            Some(Some(byte)) => Decoded::Item(Item::Byte(byte)),
            Some(None) => self.damage(VoidReason::AltCode),
        }
    }

    fn damage(&mut self, reason: VoidReason) -> Decoded {
        if matches!(reason, VoidReason::Dropped | VoidReason::KeyLost) {
            self.lost = true;
        }
        Decoded::Item(Item::Damage(reason))
    }
}

/// Ctrl and a key, as scanners send 0x01 to 0x1F: Ctrl+A to Ctrl+Z, Ctrl+[ \ ],
/// Ctrl+6 for `^` and Ctrl+- for `_`, with Shift or without; 0 for no meaning.
fn control(plain: u8) -> u8 {
    match plain {
        b'a'..=b'z' | b'[' | b'\\' | b']' => plain & 0x1f,
        b'6' => 0x1e,
        b'-' => 0x1f,
        _ => 0,
    }
}
