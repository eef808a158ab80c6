//! The keys that a keyboard scanner presses for a text.

use super::decode::{EV_KEY, EV_MSC, EV_SYN, Event, MSC_SCAN, SYN_REPORT};
use super::hid::keys::usage;
use super::keymap::{LEFTSHIFT, Layout, RIGHTALT, SPACE};
use std::fmt;
use std::time::Duration;

/// What a transition takes: as fast scanners do.
pub(crate) const TRANSITION: Duration = Duration::from_millis(1);

/// A character that the keyboard cannot type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTypable;

impl fmt::Display for NotTypable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text has a character that this keyboard has no key for")
    }
}

impl std::error::Error for NotTypable {}

/// The events of a printable text and Enter, from `start` on. Shift and AltGr go down in
/// the same report as their key and come up before it, as the kernel reports it.
pub(crate) fn strokes(
    layout: Layout,
    text: &str,
    start: Duration,
) -> Result<Vec<Event>, NotTypable> {
    if text.chars().any(char::is_control) {
        return Err(NotTypable);
    }
    let mut events = Vec::new();
    let mut at = start;
    for character in text.chars().chain(['\r']) {
        let stroke = layout.stroke(character).ok_or(NotTypable)?;
        let shift = stroke.shift.then_some(LEFTSHIFT);
        let altgr = stroke.altgr.then_some(RIGHTALT);
        let keys: Vec<u16> = shift
            .into_iter()
            .chain(altgr)
            .chain([stroke.code])
            .collect();
        let space = stroke.space.then(|| vec![SPACE]);
        for keys in [keys].into_iter().chain(space) {
            for value in [1, 0] {
                report(&keys, value, at, &mut events);
                at += TRANSITION;
            }
        }
    }
    Ok(events)
}

/// Appends one report in which these keys are pressed (1) or released (0).
pub(crate) fn report(keys: &[u16], value: i32, at: Duration, events: &mut Vec<Event>) {
    let mut send = |kind, code, value| {
        events.push(Event {
            at,
            kind,
            code,
            value,
        });
    };
    for &code in keys {
        if let Some(usage) = usage(code) {
            send(EV_MSC, MSC_SCAN, 0x7_0000 | i32::from(usage));
        }
        send(EV_KEY, code, value);
    }
    send(EV_SYN, SYN_REPORT, 0);
}
