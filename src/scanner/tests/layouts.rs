//! Every sign on every keyboard, at each of its positions.

use super::fixture::{self, code, show};
use crate::scanner::decode::Event;
use crate::scanner::framer::{End, GAP, Profile};
use crate::scanner::keyboard::Keyboard;
use crate::scanner::keymap::Layout;
use crate::scanner::typing::{report, strokes};
use std::time::Duration;

const TABLE: &str = include_str!("../../../tests/scans/layouts.table");

const PROFILE: Profile = Profile {
    end: End::Cr,
    gap: GAP,
};

fn typed(layout: Layout, events: Vec<Event>) -> Vec<String> {
    let keyboard = Keyboard::new(layout, PROFILE);
    show(&fixture::typed(&events, keyboard))
}

/// A key by its name in the table.
fn key(name: &str) -> u16 {
    code(match name {
        "MINUS" => "-",
        "EQUAL" => "=",
        "LBRACE" => "[",
        "RBRACE" => "]",
        "BKSL" => "\\",
        "SEMI" => ";",
        "APOS" => "'",
        "GRAVE" => "`",
        "COMMA" => ",",
        "DOT" => ".",
        "SLASH" => "/",
        "102ND" => "102nd",
        "Q" => "q",
        "M" => "m",
        digit => digit,
    })
}

#[test]
fn each_sign_is_where_the_table_says() {
    let mut tried = 0;
    // What it is stands above the first blank line.
    for line in TABLE.lines().skip_while(|line| !line.is_empty()) {
        let mut words = line.split_ascii_whitespace();
        let Some(sign) = words.next().filter(|word| word.len() == 1) else {
            continue;
        };
        for (position, (name, layout)) in words.zip(Layout::ALL) {
            if position == "-" {
                continue;
            }
            let (place, space) = match position.strip_suffix("+SP") {
                Some(place) => (place, true),
                None => (position, false),
            };
            let (levels, place) = place.rsplit_once('-').unwrap_or(("", place));
            let mut keys = Vec::new();
            keys.extend(levels.contains('S').then(|| code("shift")));
            keys.extend(levels.contains('G').then(|| code("altgr")));
            keys.push(key(place));
            let mut events = Vec::new();
            let mut at = Duration::ZERO;
            // A digit behind the sign: nothing that an accent could stand on.
            let one = strokes(layout, "1", Duration::from_millis(10)).unwrap();
            for keys in [Some(keys), space.then(|| vec![code("space")])]
                .into_iter()
                .flatten()
            {
                for value in [1, 0] {
                    report(&keys, value, at, &mut events);
                    at += Duration::from_millis(1);
                }
            }
            events.extend(one);
            assert_eq!(
                typed(layout, events),
                [format!("scan {:?}", format!("{sign}1"))],
                "{name} {position}"
            );
            tried += 1;
        }
    }
    assert_eq!(tried, 32 * 8 + 16);
}

#[test]
fn what_is_typed_on_a_keyboard_is_read_back_on_it() {
    let all: String = (0x20..=0x7e_u8).map(char::from).collect();
    for (name, layout) in Layout::ALL {
        let mut text = all.clone();
        text.push_str(match layout {
            Layout::Fr | Layout::Be => "éèçàù€µ£§°²",
            Layout::De => "äöüÄÖÜß°§",
            Layout::Es => "ñÑçÇ¿¡ºª€",
            Layout::It => "àèéìòùç°§£€",
            _ => "",
        });
        // Belgium has no second square, and the table of France no third.
        let text: String = text
            .chars()
            .filter(|c| layout.stroke(*c).is_some())
            .collect();
        assert!(text.len() >= all.len(), "{name}");
        let events = strokes(layout, &text, Duration::ZERO).unwrap();
        assert_eq!(typed(layout, events), [format!("scan {text:?}")], "{name}");
    }
}

/// A scanner that is set to another country gives signs, or letters in other places.
#[test]
fn a_wrong_layout_shows_in_the_digits() {
    let read = |scanner, host| {
        typed(
            host,
            strokes(scanner, "1234567890", Duration::ZERO).unwrap(),
        )
    };
    assert_eq!(read(Layout::Us, Layout::Fr), ["scan \"&é\\\"'(-è_çà\""]);
    assert_eq!(read(Layout::Fr, Layout::Us), ["scan \"!@#$%^&*()\""]);
}
