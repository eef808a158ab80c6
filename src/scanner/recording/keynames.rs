//! Names of input events (Linux `input-event-codes.h`), for prints without numbers.

use crate::scanner::decode::{EV_KEY, EV_MSC, EV_SYN, MSC_SCAN};

const LED: u16 = 0x11;
const REPEAT: u16 = 0x14;

/// The type of an event.
pub(super) fn kind(name: &str) -> Option<u16> {
    Some(match name {
        "EV_SYN" => EV_SYN,
        "EV_KEY" => EV_KEY,
        "EV_MSC" => EV_MSC,
        "EV_LED" => LED,
        "EV_REP" => REPEAT,
        _ => return None,
    })
}

/// The code of a key, or of what is sent beside keys.
pub(super) fn code(name: &str) -> Option<u16> {
    let name = name.trim_matches(['(', ')']);
    if name == "MSC_SCAN" {
        return Some(MSC_SCAN);
    }
    if name.starts_with("LED_") || name.starts_with("REP_") {
        return Some(0);
    }
    let key = name.strip_prefix("KEY_")?;
    KEYS.iter()
        .find(|(_, names)| names.split(' ').any(|n| n == key))
        .and_then(|(first, names)| {
            let place = names.split(' ').position(|n| n == key)?;
            first.checked_add(u16::try_from(place).ok()?)
        })
}

/// Runs of keys whose codes follow each other.
const KEYS: [(u16, &str); 4] = [
    (
        1,
        "ESC 1 2 3 4 5 6 7 8 9 0 MINUS EQUAL BACKSPACE TAB Q W E R T Y U I O P LEFTBRACE \
         RIGHTBRACE ENTER LEFTCTRL A S D F G H J K L SEMICOLON APOSTROPHE GRAVE LEFTSHIFT \
         BACKSLASH Z X C V B N M COMMA DOT SLASH RIGHTSHIFT KPASTERISK LEFTALT SPACE CAPSLOCK F1 \
         F2 F3 F4 F5 F6 F7 F8 F9 F10 NUMLOCK SCROLLLOCK KP7 KP8 KP9 KPMINUS KP4 KP5 KP6 KPPLUS KP1 \
         KP2 KP3 KP0 KPDOT",
    ),
    (86, "102ND F11 F12"),
    (
        96,
        "KPENTER RIGHTCTRL KPSLASH SYSRQ RIGHTALT LINEFEED HOME UP PAGEUP LEFT RIGHT END DOWN \
         PAGEDOWN INSERT DELETE",
    ),
    (125, "LEFTMETA RIGHTMETA COMPOSE"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_kernels() {
        for (name, number) in [
            ("KEY_ESC", 1),
            ("KEY_1", 2),
            ("KEY_ENTER", 28),
            ("KEY_A", 30),
            ("KEY_LEFTSHIFT", 42),
            ("KEY_SPACE", 57),
            ("KEY_KP7", 71),
            ("KEY_KPDOT", 83),
            ("KEY_F12", 88),
            ("KEY_KPENTER", 96),
            ("KEY_RIGHTALT", 100),
            ("KEY_DOWN", 108),
            ("KEY_DELETE", 111),
            ("KEY_RIGHTMETA", 126),
            ("(KEY_1)", 2),
        ] {
            assert_eq!(code(name), Some(number), "{name}");
        }
        assert_eq!(code("BTN_LEFT"), None);
        assert_eq!(kind("EV_REL"), None);
    }
}
