//! Key events to characters: a pure decoder of what the kernel reports.
//!
//! It acts on presses only and takes the modifiers as they are at that moment: in
//! an all-released report the kernel releases the modifiers before the last key
//! (Linux `hid-input.c`). Repeats are the kernel's invention and mean nothing.
//! The host's CapsLock is not the scanner's business; a CapsLock key that the
//! scanner itself sends is obeyed.
//!
//! Nothing is guessed. A key without a meaning, a press of a key that is down, a
//! release of one that is up, a doubtful ALT code, an accent on no letter: each is
//! damage, and the framer voids the scan.

use super::alt::AltCode;
use super::codepage::OemPage;
use super::framer::{Item, VoidReason};
use super::keymap::{
    Accent, CAPSLOCK, DOWN, KPPLUS, LEFTALT, LEFTCTRL, LEFTMETA, LEFTSHIFT, Layout, NUMLOCK,
    RIGHTALT, RIGHTCTRL, RIGHTMETA, RIGHTSHIFT, Symbol, keypad_digit,
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
    /// A character; with the accent before it that stands for itself.
    Text(Option<char>, char),
    /// Events were dropped up to here: tell [`Decoder::resync`] which keys are down.
    KeysUnknown,
}

pub(crate) struct Decoder {
    layout: Layout,
    oem: Option<OemPage>,
    /// The events come from whole HID reports: a key that was typed twice is there twice.
    exact: bool,
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
    /// A dead key that waits for its letter.
    accent: Option<Waiting>,
}

#[derive(Clone, Copy)]
struct Waiting {
    accent: Accent,
    soft: bool,
}

/// What a press means.
enum Meaning {
    /// Part of an ALT code, or a dead key.
    Part,
    Text(Option<char>, char),
}

impl Decoder {
    /// A decoder of a keyboard whose keys are all up.
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            oem: None,
            exact: false,
            held: BTreeSet::new(),
            caps: false,
            caps_used: false,
            lost: false,
            deaf: false,
            alt: None,
            alt_digit_in_report: false,
            accent: None,
        }
    }

    /// The code page of ALT codes without a leading zero, where it is known.
    pub(crate) fn oem(&mut self, page: Option<OemPage>) {
        self.oem = page;
    }

    /// The events come from whole HID reports.
    pub(crate) fn exact(&mut self) {
        self.exact = true;
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
        self.accent = None;
    }

    /// There was silence. Returns whether it fell into a character, which is then lost.
    #[must_use]
    pub(crate) fn paused(&mut self) -> bool {
        let alt = self.alt.take_if(|alt| alt.is_begun()).is_some();
        self.accent.take().is_some() || alt
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
                return match self.meaning(code) {
                    Ok(Meaning::Text(accent, character)) => Decoded::Text(accent, character),
                    Ok(Meaning::Part) => Decoded::Item(Item::Activity),
                    Err(reason) => self.damage(reason),
                };
            }
        }
        Decoded::Item(Item::Activity)
    }

    /// What a key means under the modifiers of now.
    fn meaning(&mut self, code: u16) -> Result<Meaning, VoidReason> {
        let down = |keys: &[u16]| keys.iter().any(|key| self.held.contains(key));
        let shift = down(&[LEFTSHIFT, RIGHTSHIFT]);
        let ctrl = down(&[LEFTCTRL, RIGHTCTRL]);
        let altgr = down(&[RIGHTALT]);
        let alt = down(&[LEFTALT]);
        // What no scanner types.
        if down(&[LEFTMETA, RIGHTMETA]) || (alt && (shift || ctrl || altgr)) || (ctrl && altgr) {
            return Err(VoidReason::KeyUnknown);
        }
        if alt {
            return self.alt_digit(code).map(|()| Meaning::Part);
        }
        if ctrl {
            let character = control(self.layout, code, shift).ok_or(VoidReason::KeyUnknown)?;
            return self.typed(character);
        }
        // Some scanners send the LF of CR LF as the Down key.
        if code == DOWN && !shift && !altgr {
            return self.typed('\n');
        }
        match self.layout.symbol(code, shift, altgr) {
            Symbol::None => Err(VoidReason::KeyUnknown),
            Symbol::Character(character) => {
                let character = self.cased(character, altgr)?;
                self.typed(character)
            }
            Symbol::Dead(accent) => self.dead(accent, false),
            Symbol::Soft(accent) => self.dead(accent, true),
        }
    }

    /// A character by the state of CapsLock, if that is known and its effect is.
    fn cased(&self, character: char, altgr: bool) -> Result<char, VoidReason> {
        let letter = character.is_ascii_alphabetic();
        let touched = letter || character.is_alphabetic() || self.layout.caps_is_doubtful();
        // Enter and its like are below all case.
        if altgr || !touched || character <= ' ' || !self.caps_used {
            return Ok(character);
        }
        match (self.caps, letter) {
            _ if self.lost => Err(VoidReason::CaseUnknown),
            (false, _) => Ok(character),
            (true, true) if character.is_ascii_lowercase() => Ok(character.to_ascii_uppercase()),
            (true, true) => Ok(character.to_ascii_lowercase()),
            (true, false) => Err(VoidReason::CaseUnknown),
        }
    }

    fn dead(&mut self, accent: Accent, soft: bool) -> Result<Meaning, VoidReason> {
        match self.accent.replace(Waiting { accent, soft }) {
            None => Ok(Meaning::Part),
            Some(_) => {
                self.accent = None;
                Err(VoidReason::KeyUnknown)
            }
        }
    }

    /// A character, with the dead key that waited for it.
    fn typed(&mut self, character: char) -> Result<Meaning, VoidReason> {
        let Some(Waiting { accent, soft }) = self.accent.take() else {
            return Ok(Meaning::Text(None, character));
        };
        match accent.on(character) {
            _ if character == ' ' => Ok(Meaning::Text(None, accent.alone())),
            Some(composed) if !soft => Ok(Meaning::Text(None, composed)),
            None if soft => Ok(Meaning::Text(Some(accent.alone()), character)),
            _ => Err(VoidReason::KeyUnknown),
        }
    }

    fn alt_digit(&mut self, code: u16) -> Result<(), VoidReason> {
        let alt = self.alt.as_mut().ok_or(VoidReason::AltCode)?;
        if code == KPPLUS {
            return alt.plus().then_some(()).ok_or(VoidReason::AltCode);
        }
        let letter = match self.layout.symbol(code, false, false) {
            Symbol::Character(letter @ 'a'..='f') if alt.is_hexadecimal() => {
                u8::try_from(letter).ok().map(|letter| letter - b'a' + 10)
            }
            _ => None,
        };
        let digit = keypad_digit(code)
            .or(letter)
            .ok_or(VoidReason::KeyUnknown)?;
        if std::mem::replace(&mut self.alt_digit_in_report, true) && !self.exact {
            alt.crowd();
        }
        alt.digit(digit);
        Ok(())
    }

    fn alt_released(&mut self) -> Decoded {
        match self.alt.take().map(|alt| alt.character(self.oem)) {
            // It was down when events were dropped or a pause came; that scan is void.
            None => Decoded::Item(Item::Activity),
            Some(None) => self.damage(VoidReason::AltCode),
            Some(Some(character)) => match self.typed(character) {
                Ok(Meaning::Text(accent, character)) => Decoded::Text(accent, character),
                _ => self.damage(VoidReason::KeyUnknown),
            },
        }
    }

    fn damage(&mut self, reason: VoidReason) -> Decoded {
        if matches!(reason, VoidReason::Dropped | VoidReason::KeyLost) {
            self.lost = true;
        }
        // A number that lost a digit may name Tab, and Tab would end what is void.
        if let Some(alt) = &mut self.alt {
            alt.crowd();
        }
        Decoded::Item(Item::Damage(reason))
    }
}

/// Ctrl and a key, as scanners send 0x01 to 0x1F: Ctrl+A to Ctrl+Z; Ctrl+[ \ ] ^ _ by what
/// is printed on the key or, for the first three, by its place on a US keyboard, as
/// Windows has it; Ctrl+6 for `^` and Ctrl+- for `_`. Shift may be held or not.
fn control(layout: Layout, code: u16, shift: bool) -> Option<char> {
    let sign = |layout: Layout, shift| match layout.symbol(code, shift, false) {
        Symbol::Character(c) => Some(c),
        Symbol::Dead(accent) | Symbol::Soft(accent) => Some(accent.alone()),
        Symbol::None => None,
    };
    let printed = sign(layout, shift)
        .and_then(low)
        .or_else(|| sign(layout, false).and_then(low));
    let place = sign(Layout::Us, false).filter(|c| matches!(c, '[' | '\\' | ']'));
    match (printed, place.and_then(low)) {
        (Some(printed), Some(place)) if printed != place => None,
        (printed, place) => printed.or(place),
    }
}

/// The control character of a sign.
fn low(sign: char) -> Option<char> {
    let code = match sign {
        'a'..='z' | 'A'..='Z' | '[' | '\\' | ']' | '^' | '_' => u8::try_from(sign).ok()? & 0x1f,
        '6' => 0x1e,
        '-' => 0x1f,
        _ => return None,
    };
    Some(code.into())
}
