//! What the keys of a keyboard scanner mean.
//!
//! A scanner is set to one country and must be decoded with the same one. A table
//! of our own, not the desktop's: a key without a meaning is an error here, and
//! scanner makers' positions can be listed. Each key carries its evdev code
//! (Linux `input-event-codes.h`) and its HID usage (HID Usage Tables, page 0x07),
//! which evdev reports as `MSC_SCAN`.

/// The keyboard layout that the scanner is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// United States.
    #[default]
    Us,
}

/// One key. A character of 0 means that this level has none.
pub(crate) struct Key {
    pub(crate) code: u16,
    pub(crate) usage: u8,
    pub(crate) plain: u8,
    pub(crate) shifted: u8,
}

impl Layout {
    /// The key with an evdev code, keypad included.
    pub(crate) fn key(self, code: u16) -> Option<&'static Key> {
        self.main()
            .iter()
            .chain(&KEYPAD)
            .find(|key| key.code == code)
    }

    /// How to type a character: the key, and whether Shift is held.
    pub(crate) fn stroke(self, character: u8) -> Option<(&'static Key, bool)> {
        self.main().iter().find_map(|key| match character {
            0 => None,
            c if c == key.plain => Some((key, false)),
            c if c == key.shifted => Some((key, true)),
            _ => None,
        })
    }

    fn main(self) -> &'static [Key] {
        match self {
            Self::Us => &US,
        }
    }
}

pub(crate) const ENTER: u16 = 28;
pub(crate) const LEFTCTRL: u16 = 29;
pub(crate) const LEFTSHIFT: u16 = 42;
pub(crate) const RIGHTSHIFT: u16 = 54;
pub(crate) const LEFTALT: u16 = 56;
pub(crate) const CAPSLOCK: u16 = 58;
pub(crate) const NUMLOCK: u16 = 69;
pub(crate) const KPENTER: u16 = 96;
pub(crate) const RIGHTCTRL: u16 = 97;
pub(crate) const RIGHTALT: u16 = 100;
pub(crate) const DOWN: u16 = 108;
pub(crate) const LEFTMETA: u16 = 125;
pub(crate) const RIGHTMETA: u16 = 126;

/// The HID usage of Left Shift.
pub(crate) const LEFTSHIFT_USAGE: u8 = 0xe1;

const fn key(code: u16, usage: u8, plain: u8, shifted: u8) -> Key {
    Key {
        code,
        usage,
        plain,
        shifted,
    }
}

static US: [Key; 52] = [
    key(30, 0x04, b'a', b'A'),
    key(48, 0x05, b'b', b'B'),
    key(46, 0x06, b'c', b'C'),
    key(32, 0x07, b'd', b'D'),
    key(18, 0x08, b'e', b'E'),
    key(33, 0x09, b'f', b'F'),
    key(34, 0x0a, b'g', b'G'),
    key(35, 0x0b, b'h', b'H'),
    key(23, 0x0c, b'i', b'I'),
    key(36, 0x0d, b'j', b'J'),
    key(37, 0x0e, b'k', b'K'),
    key(38, 0x0f, b'l', b'L'),
    key(50, 0x10, b'm', b'M'),
    key(49, 0x11, b'n', b'N'),
    key(24, 0x12, b'o', b'O'),
    key(25, 0x13, b'p', b'P'),
    key(16, 0x14, b'q', b'Q'),
    key(19, 0x15, b'r', b'R'),
    key(31, 0x16, b's', b'S'),
    key(20, 0x17, b't', b'T'),
    key(22, 0x18, b'u', b'U'),
    key(47, 0x19, b'v', b'V'),
    key(17, 0x1a, b'w', b'W'),
    key(45, 0x1b, b'x', b'X'),
    key(21, 0x1c, b'y', b'Y'),
    key(44, 0x1d, b'z', b'Z'),
    key(2, 0x1e, b'1', b'!'),
    key(3, 0x1f, b'2', b'@'),
    key(4, 0x20, b'3', b'#'),
    key(5, 0x21, b'4', b'$'),
    key(6, 0x22, b'5', b'%'),
    key(7, 0x23, b'6', b'^'),
    key(8, 0x24, b'7', b'&'),
    key(9, 0x25, b'8', b'*'),
    key(10, 0x26, b'9', b'('),
    key(11, 0x27, b'0', b')'),
    key(ENTER, 0x28, b'\r', 0),
    key(1, 0x29, 0x1b, 0),
    key(14, 0x2a, 0x08, 0),
    key(15, 0x2b, b'\t', 0),
    key(57, 0x2c, b' ', b' '),
    key(12, 0x2d, b'-', b'_'),
    key(13, 0x2e, b'=', b'+'),
    key(26, 0x2f, b'[', b'{'),
    key(27, 0x30, b']', b'}'),
    key(43, 0x31, b'\\', b'|'),
    key(39, 0x33, b';', b':'),
    key(40, 0x34, b'\'', b'"'),
    key(41, 0x35, b'`', b'~'),
    key(51, 0x36, b',', b'<'),
    key(52, 0x37, b'.', b'>'),
    key(53, 0x38, b'/', b'?'),
];

/// The keypad is the same in every layout. NumLock is taken as on: a scanner
/// types digits here, never cursor keys.
static KEYPAD: [Key; 16] = [
    key(82, 0x62, b'0', 0),
    key(79, 0x59, b'1', 0),
    key(80, 0x5a, b'2', 0),
    key(81, 0x5b, b'3', 0),
    key(75, 0x5c, b'4', 0),
    key(76, 0x5d, b'5', 0),
    key(77, 0x5e, b'6', 0),
    key(71, 0x5f, b'7', 0),
    key(72, 0x60, b'8', 0),
    key(73, 0x61, b'9', 0),
    key(83, 0x63, b'.', 0),
    key(98, 0x54, b'/', 0),
    key(55, 0x55, b'*', 0),
    key(74, 0x56, b'-', 0),
    key(78, 0x57, b'+', 0),
    key(KPENTER, 0x58, b'\r', 0),
];

/// The digit of a keypad key, for ALT codes.
pub(crate) fn keypad_digit(code: u16) -> Option<u8> {
    KEYPAD
        .iter()
        .find(|key| key.code == code && key.plain.is_ascii_digit())
        .map(|key| key.plain - b'0')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_has_one_stroke_that_gives_it_back() {
        for character in 0x20..=0x7e {
            let (key, shift) = Layout::Us.stroke(character).unwrap();
            let again = Layout::Us.key(key.code).unwrap();
            assert_eq!(if shift { again.shifted } else { again.plain }, character);
        }
        let mut codes: Vec<u16> = US.iter().chain(&KEYPAD).map(|key| key.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), US.len() + KEYPAD.len());
    }
}
