//! HID keyboards: input reports to key events, as the kernel makes them (Linux
//! `hid-input.c`), and what the kernel leaves out.
//!
//! A report says which keys are down; what was pressed or released is the difference
//! to the one before. Modifiers come first, then slot by slot the old key's release
//! and the new key's press, so that in an all-released report a modifier is up before
//! the last key. A usage that occurs twice in one report was typed twice: scanners pack
//! the digits of an ALT code into one report. The kernel reports one press of it; here
//! it is released and pressed again. A report of roll-over errors changes no slot.

use super::descriptor::{self, Direction, Elements, Field, PAGE_KEYS};
use crate::scanner::decode::{EV_KEY, EV_SYN, Event, SYN_REPORT};
use std::time::Duration;

const ERROR_ROLL_OVER: u8 = 0x01;
const LEFTCTRL: u16 = 0xe0;

/// Where the keys are in a keyboard's input report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// None where the device numbers no reports.
    report_id: Option<u8>,
    /// Bytes of a report, its id included.
    length: usize,
    groups: Vec<Group>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Group {
    /// A bit for each usage from the first on.
    Bits {
        offset: usize,
        first: u16,
        count: u16,
    },
    /// Bytes that hold the usages of keys that are down.
    Slots { begin: usize, end: usize },
}

impl Layout {
    /// The boot keyboard: modifiers, a reserved byte, six slots (HID 1.11, appendix B.1).
    pub(crate) fn boot() -> Self {
        Self {
            report_id: None,
            length: 8,
            groups: vec![
                Group::Bits {
                    offset: 0,
                    first: LEFTCTRL,
                    count: 8,
                },
                Group::Slots { begin: 2, end: 8 },
            ],
        }
    }

    /// The same with a report id in front.
    pub(crate) fn numbered(mut self, id: u8) -> Self {
        if self.report_id.replace(id).is_none() {
            self.length += 1;
            for group in &mut self.groups {
                match group {
                    Group::Bits { offset, .. } => *offset += 8,
                    Group::Slots { begin, end } => (*begin, *end) = (*begin + 1, *end + 1),
                }
            }
        }
        self
    }

    /// The first keyboard of a descriptor; none when it has none that can be read.
    pub(crate) fn of(descriptor: &[u8]) -> Option<Self> {
        let fields = descriptor::fields(descriptor).ok()?;
        let keys = |f: &&Field| f.direction == Direction::Input && f.page() == PAGE_KEYS;
        let first = fields
            .iter()
            .find(|f| keys(f) && f.elements == Elements::Array);
        let report_id = first.or_else(|| fields.iter().find(keys))?.report_id;
        let same_report = |f: &&Field| f.direction == Direction::Input && f.report_id == report_id;
        let end = fields
            .iter()
            .filter(same_report)
            .map(|f| f.offset + f.size * f.count)
            .max()?;
        let mut groups = Vec::new();
        for field in fields
            .iter()
            .filter(|f| keys(f) && f.report_id == report_id)
        {
            let offset = usize::try_from(field.offset).ok()?;
            let count = usize::try_from(field.count).ok()?;
            let [low, high, ..] = field.usage.to_le_bytes();
            groups.push(match (field.elements, field.size) {
                (Elements::Array, 8) if offset.is_multiple_of(8) => Group::Slots {
                    begin: offset / 8,
                    end: offset / 8 + count,
                },
                (Elements::Range | Elements::Same, 1) => Group::Bits {
                    offset,
                    first: u16::from_le_bytes([low, high]),
                    count: u16::try_from(count).ok()?,
                },
                _ => return None,
            });
        }
        // Modifiers before the other keys, as the kernel reports them.
        groups.sort_by_key(|group| {
            !matches!(
                group,
                Group::Bits {
                    first: LEFTCTRL..,
                    ..
                }
            )
        });
        Some(Self {
            report_id: (report_id != 0).then_some(report_id),
            length: usize::try_from(end.div_ceil(8)).ok()?,
            groups,
        })
    }
}

impl Field {
    fn page(&self) -> u16 {
        let [_, _, low, high] = self.usage.to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}

/// A report that is shorter than its layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortReport;

/// The keys of one keyboard.
pub(crate) struct Keys {
    layout: Layout,
    /// What was down before, group by group.
    before: Vec<Vec<u8>>,
}

impl Keys {
    /// A keyboard whose keys are all up.
    pub(crate) fn new(layout: Layout) -> Self {
        let before = vec![Vec::new(); layout.groups.len()];
        Self { layout, before }
    }

    /// Takes the next input report as hidraw gives it and appends its events, with the
    /// end of their frame. Reports with another id are none of ours.
    pub(crate) fn feed(
        &mut self,
        at: Duration,
        report: &[u8],
        out: &mut Vec<Event>,
    ) -> Result<(), ShortReport> {
        if let Some(id) = self.layout.report_id
            && report.first() != Some(&id)
        {
            return Ok(());
        }
        let begin = out.len();
        for (group, before) in self.layout.groups.iter().zip(&mut self.before) {
            let now = group.down(report).ok_or(ShortReport)?;
            if matches!(group, Group::Slots { .. }) && now.contains(&ERROR_ROLL_OVER) {
                continue;
            }
            changes(before, &now, |usage, value| {
                out.push(Event {
                    at,
                    kind: EV_KEY,
                    code: evdev_code(usage),
                    value,
                });
            });
            *before = now;
        }
        if report.len() < self.layout.length {
            return Err(ShortReport);
        }
        // The kernel ends no frame in which nothing moved.
        if out.len() > begin {
            out.push(Event {
                at,
                kind: EV_SYN,
                code: SYN_REPORT,
                value: 0,
            });
        }
        Ok(())
    }
}

impl Group {
    /// The usages that are down, slot by slot; 0 for an empty slot.
    fn down(&self, report: &[u8]) -> Option<Vec<u8>> {
        match *self {
            Self::Slots { begin, end } => report.get(begin..end).map(<[u8]>::to_vec),
            Self::Bits {
                offset,
                first,
                count,
            } => (0..count)
                .map(|n| {
                    let bit = offset + usize::from(n);
                    let down = report.get(bit / 8)? >> (bit % 8) & 1 == 1;
                    let usage = u8::try_from(first + n).unwrap_or(0);
                    Some(if down { usage } else { 0 })
                })
                .collect(),
        }
    }
}

/// Tells each release (0) and press (1) between two reports, in the kernel's order.
fn changes(before: &[u8], now: &[u8], mut tell: impl FnMut(u8, i32)) {
    let times = |slots: &[u8], usage| slots.iter().filter(|slot| **slot == usage).count();
    for n in 0..now.len().max(before.len()) {
        // A usage that stood in two slots is released once.
        if let Some(&old) = before.get(n)
            && old != 0
            && !now.contains(&old)
            && !before[..n].contains(&old)
        {
            tell(old, 0);
        }
        if let Some(&new) = now.get(n)
            && new != 0
            && times(&now[..=n], new) > times(before, new)
        {
            if times(&now[..n], new) + times(before, new) > 0 {
                tell(new, 0);
            }
            tell(new, 1);
        }
    }
}

/// Linux `KEY_UNKNOWN`.
const UNKNOWN: u16 = 240;

/// The evdev code of a keyboard usage.
fn evdev_code(usage: u8) -> u16 {
    match usage {
        0xe0..=0xe7 => MODIFIERS[usize::from(usage - 0xe0)],
        _ => KEYS.get(usize::from(usage)).copied().unwrap_or(UNKNOWN),
    }
}

/// The keyboard usage of an evdev code.
pub(crate) fn usage(code: u16) -> Option<u8> {
    let at = |place: usize, base: u8| u8::try_from(place).ok()?.checked_add(base);
    match MODIFIERS.iter().position(|key| *key == code) {
        Some(place) => at(place, 0xe0),
        None if code == 0 || code == UNKNOWN => None,
        None => at(KEYS.iter().position(|key| *key == code)?, 0),
    }
}

static MODIFIERS: [u16; 8] = [29, 42, 56, 125, 97, 54, 100, 126];

/// By usage, from 0 (Linux `hid-input.c`, `hid_keyboard`).
#[rustfmt::skip]
static KEYS: [u16; 0x66] = [
    0, UNKNOWN, UNKNOWN, UNKNOWN,
    // a to z
    30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50,
    49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45, 21, 44,
    // 1 to 9 and 0
    2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    // Enter, Esc, Backspace, Tab, Space, then - = [ ] \, non-US #, ; ' ` , . /
    28, 1, 14, 15, 57, 12, 13, 26, 27, 43, 43, 39, 40, 41, 51, 52, 53,
    // CapsLock, F1 to F12
    58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 87, 88,
    // PrintScreen, ScrollLock, Pause, Insert, Home, PageUp, Delete, End, PageDown
    99, 70, 119, 110, 102, 104, 111, 107, 109,
    // Right, Left, Down, Up
    106, 105, 108, 103,
    // NumLock, keypad / * - + Enter, 1 to 9, 0 and the point
    69, 98, 55, 74, 78, 96, 79, 80, 81, 75, 76, 77, 71, 72, 73, 82, 83,
    // non-US \, Menu
    86, 127,
];
