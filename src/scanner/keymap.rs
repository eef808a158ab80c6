//! Keys and what they mean: a scanner is set to one country and must be decoded with the
//! same one.
//!
//! A table of our own, not the desktop's: a key without a meaning is an error here, and
//! scanner makers' positions can be listed. Keys go by their evdev codes (Linux
//! `input-event-codes.h`). The main block is in `layouts`; the keypad, Enter and their
//! like are the same everywhere and stand here.

use super::layouts;

/// The keyboard layout that the scanner is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// United States.
    #[default]
    Us,
    /// United Kingdom.
    Gb,
    /// France (AZERTY).
    Fr,
    /// Belgium (AZERTY).
    Be,
    /// Germany and Austria (QWERTZ).
    De,
    /// Switzerland, German and French.
    Ch,
    /// Spain.
    Es,
    /// Italy.
    It,
}

/// What a key gives under Shift and AltGr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    None,
    Character(char),
    /// Stands on the letter that follows, or for itself before a space.
    Dead(Accent),
    /// An accent for itself; a dead one on other computers of that country.
    Soft(Accent),
}

/// How a character is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stroke {
    pub(crate) code: u16,
    pub(crate) shift: bool,
    pub(crate) altgr: bool,
    /// A dead key: a space must follow.
    pub(crate) space: bool,
}

impl Layout {
    /// Every layout with its name in the configuration.
    pub const ALL: [(&'static str, Layout); 8] = [
        ("us", Self::Us),
        ("gb", Self::Gb),
        ("fr", Self::Fr),
        ("be", Self::Be),
        ("de", Self::De),
        ("ch", Self::Ch),
        ("es", Self::Es),
        ("it", Self::It),
    ];

    /// What a key gives.
    pub(crate) fn symbol(self, code: u16, shift: bool, altgr: bool) -> Symbol {
        layouts::symbol(self, code, shift, altgr).unwrap_or_else(|| {
            let character = match code {
                // It is a comma in some of these countries, by the computer's settings.
                KPDOT if matches!(self, Self::De | Self::Be) => None,
                SPACE if !altgr => Some(' '),
                _ if shift || altgr => None,
                _ => OTHERS.iter().find(|(key, _)| *key == code).map(|(_, c)| *c),
            };
            character.map_or(Symbol::None, Symbol::Character)
        })
    }

    /// Whether CapsLock may change other keys than letters: it does on Windows and not
    /// elsewhere.
    pub(crate) fn caps_is_doubtful(self) -> bool {
        matches!(self, Self::Fr | Self::Be)
    }

    /// How to type a character; Enter for CR. None: this keyboard has no key for it.
    pub(crate) fn stroke(self, character: char) -> Option<Stroke> {
        let stroke = |code, shift, altgr, space| Stroke {
            code,
            shift,
            altgr,
            space,
        };
        match character {
            '\r' => return Some(stroke(ENTER, false, false, false)),
            '\t' => return Some(stroke(TAB, false, false, false)),
            ' ' => return Some(stroke(SPACE, false, false, false)),
            _ => {}
        }
        let levels = [(false, false), (true, false), (false, true), (true, true)];
        let typed = |dead: bool| {
            levels.into_iter().find_map(|(shift, altgr)| {
                let gives = |code: &u16| match self.symbol(*code, shift, altgr) {
                    Symbol::Character(c) => !dead && c == character,
                    Symbol::Dead(accent) | Symbol::Soft(accent) => {
                        dead && accent.alone() == character
                    }
                    Symbol::None => false,
                };
                let code = layouts::codes().find(gives)?;
                Some(stroke(code, shift, altgr, dead))
            })
        };
        typed(false).or_else(|| typed(true))
    }
}

/// An accent of a dead key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accent {
    Grave,
    Acute,
    Circumflex,
    Tilde,
    Diaeresis,
}

impl Accent {
    /// The accent of a sign that stands for a dead key.
    pub(crate) fn of(sign: char) -> Option<Self> {
        Some(match sign {
            'ˋ' => Self::Grave,
            'ˊ' => Self::Acute,
            'ˆ' => Self::Circumflex,
            '˜' => Self::Tilde,
            '¨' => Self::Diaeresis,
            _ => return None,
        })
    }

    /// The character of an accent that stands for itself.
    pub(crate) fn alone(self) -> char {
        match self {
            Self::Grave => '`',
            Self::Acute => '´',
            Self::Circumflex => '^',
            Self::Tilde => '~',
            Self::Diaeresis => '¨',
        }
    }

    /// The letter with the accent on it.
    pub(crate) fn on(self, letter: char) -> Option<char> {
        let (letters, composed) = match self {
            Self::Grave => ("aeiouAEIOU", "àèìòùÀÈÌÒÙ"),
            Self::Acute => ("aeiouyAEIOUY", "áéíóúýÁÉÍÓÚÝ"),
            Self::Circumflex => ("aeiouAEIOU", "âêîôûÂÊÎÔÛ"),
            Self::Tilde => ("anoANO", "ãñõÃÑÕ"),
            Self::Diaeresis => ("aeiouyAEIOU", "äëïöüÿÄËÏÖÜ"),
        };
        let place = letters.chars().position(|c| c == letter)?;
        composed.chars().nth(place)
    }
}

pub(crate) const ESC: u16 = 1;
pub(crate) const BACKSPACE: u16 = 14;
pub(crate) const TAB: u16 = 15;
pub(crate) const ENTER: u16 = 28;
pub(crate) const LEFTCTRL: u16 = 29;
pub(crate) const LEFTSHIFT: u16 = 42;
pub(crate) const RIGHTSHIFT: u16 = 54;
pub(crate) const LEFTALT: u16 = 56;
pub(crate) const SPACE: u16 = 57;
pub(crate) const CAPSLOCK: u16 = 58;
pub(crate) const NUMLOCK: u16 = 69;
pub(crate) const KPPLUS: u16 = 78;
pub(crate) const KPDOT: u16 = 83;
pub(crate) const KPENTER: u16 = 96;
pub(crate) const RIGHTCTRL: u16 = 97;
pub(crate) const RIGHTALT: u16 = 100;
pub(crate) const DOWN: u16 = 108;
pub(crate) const LEFTMETA: u16 = 125;
pub(crate) const RIGHTMETA: u16 = 126;

/// The keypad from 0 to 9. NumLock is taken as on: a scanner types digits here, never
/// cursor keys.
pub(crate) const KEYPAD: [u16; 10] = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73];

/// Keys that are the same in every layout.
const OTHERS: [(u16, char); 20] = [
    (ENTER, '\r'),
    (KPENTER, '\r'),
    (TAB, '\t'),
    (ESC, '\x1b'),
    (BACKSPACE, '\x08'),
    (KEYPAD[0], '0'),
    (KEYPAD[1], '1'),
    (KEYPAD[2], '2'),
    (KEYPAD[3], '3'),
    (KEYPAD[4], '4'),
    (KEYPAD[5], '5'),
    (KEYPAD[6], '6'),
    (KEYPAD[7], '7'),
    (KEYPAD[8], '8'),
    (KEYPAD[9], '9'),
    (KPDOT, '.'),
    (98, '/'),
    (55, '*'),
    (74, '-'),
    (KPPLUS, '+'),
];

/// The digit of a keypad key, for ALT codes.
pub(crate) fn keypad_digit(code: u16) -> Option<u8> {
    let place = KEYPAD.iter().position(|key| *key == code)?;
    u8::try_from(place).ok()
}
