//! HID reports: descriptors to layouts, HID POS reports to scans, keyboard reports to keys.

use super::fixture::show;
use crate::scanner::decode::{EV_KEY, Event};
use crate::scanner::framer::{FRAME_MAX, GAP, Outcome};
use crate::scanner::hid::descriptor::{self, DescriptorError};
use crate::scanner::hid::keys::{self, Keys};
use crate::scanner::hid::pos::{HidPos, Layout, Maker};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// Report 2: a length, three bytes of identifier, 56 of data, two of the maker's, and a
/// bit for the continuation; report 4: three sounds, out.
const POS: &[u8] = &[
    0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x12, 0xa1, 0x02, 0x85, 0x02, 0x15, 0x00, 0x26, 0xff,
    0x00, 0x75, 0x08, 0x95, 0x01, 0x05, 0x01, 0x09, 0x3b, 0x81, 0x02, 0x05, 0x8c, 0x09, 0xfb, 0x09,
    0xfc, 0x09, 0xfd, 0x95, 0x03, 0x81, 0x02, 0x09, 0xfe, 0x95, 0x38, 0x82, 0x02, 0x01, 0x06, 0x66,
    0xff, 0x95, 0x02, 0x09, 0x04, 0x81, 0x02, 0x05, 0x8c, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01, 0x09,
    0xff, 0x81, 0x02, 0x95, 0x07, 0x81, 0x03, 0xc0, 0x09, 0x14, 0xa1, 0x02, 0x85, 0x04, 0x09, 0x85,
    0x09, 0x86, 0x09, 0x87, 0x95, 0x03, 0x91, 0x02, 0x95, 0x05, 0x91, 0x03, 0xc0, 0xc0,
];

/// The boot keyboard of HID 1.11, appendix E.6.
const KEYBOARD: &[u8] = &[
    0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01,
    0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x95, 0x01, 0x75, 0x08, 0x81, 0x01, 0x95, 0x05, 0x75, 0x01,
    0x05, 0x08, 0x19, 0x01, 0x29, 0x05, 0x91, 0x02, 0x95, 0x01, 0x75, 0x03, 0x91, 0x01, 0x95, 0x06,
    0x75, 0x08, 0x15, 0x00, 0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0xc0,
];

#[test]
fn a_descriptor_gives_the_layout_of_its_reports() {
    // An unknown maker whose report is described as Honeywell's is known.
    let described = Layout::of(POS, 0xffff, 1).unwrap();
    let honeywell = Layout::of(POS, 0x0c2e, 0x0907).unwrap();
    assert_eq!(honeywell, Maker::Honeywell.layout());
    assert_ne!(
        described, honeywell,
        "only Honeywell's menu answers are known"
    );
    assert_eq!(keys::Layout::of(KEYBOARD), Some(keys::Layout::boot()));

    // What says nothing of codes: the maker's layout, or none.
    assert_eq!(Layout::of(KEYBOARD, 0xffff, 1), None);
    assert_eq!(
        Layout::of(&[], 0x0c2e, 0x0907),
        Some(Maker::Honeywell.layout())
    );
    assert_eq!(
        Layout::of(POS, 0x1eab, 0x1d10),
        Some(Maker::Newland.layout())
    );
    assert_eq!(
        Layout::of(&[0xa0], 0x05e0, 0x0600),
        Some(Maker::SimpleCom.layout())
    );
    assert_eq!(keys::Layout::of(POS), None);
}

#[test]
fn a_numbered_keyboard_beside_other_reports_is_found() {
    let mut descriptor = vec![
        0x05, 0x0c, 0x09, 0x01, 0xa1, 0x01, 0x85, 3, 0x09, 0xe9, 0x75, 8,
    ];
    descriptor.extend([0x95, 1, 0x81, 2, 0xc0]);
    descriptor.extend(&KEYBOARD[..6]);
    descriptor.extend([0x85, 1]);
    descriptor.extend(&KEYBOARD[6..]);
    let mut keys = Keys::new(keys::Layout::of(&descriptor).unwrap());
    let mut out = Vec::new();
    keys.feed(MS, &[1, 0, 0, 0x1e, 0, 0, 0, 0, 0], &mut out)
        .unwrap();
    keys.feed(MS, &[3, 0xff], &mut out).unwrap();
    keys.feed(MS, &[1, 0, 0, 0, 0, 0, 0, 0, 0], &mut out)
        .unwrap();
    assert_eq!(moves(&out), ["+2", "-2"]);
}

#[test]
fn no_descriptor_makes_the_parser_stumble() {
    use DescriptorError::{Excessive, Malformed};
    for (descriptor, error) in [
        (&[0x05][..], Malformed),
        (&[0xc0], Malformed),
        (&[0xb4], Malformed),
        (&[0xfe, 9, 0, 1], Malformed),
        (&[0x76, 0xff, 0xff, 0x96, 0xff, 0xff, 0x81, 2], Excessive),
        (
            &[0x77, 255, 255, 255, 255, 0x97, 255, 255, 255, 255, 0x81, 2],
            Excessive,
        ),
        (&[0; 4097], Excessive),
    ] {
        assert_eq!(
            descriptor::fields(descriptor),
            Err(error),
            "{descriptor:x?}"
        );
    }
    // A long item is stepped over, and a stack gives back what was pushed.
    let text = [
        0xfe, 1, 0, 7, 0x05, 7, 0x75, 8, 0x95, 1, 0xa4, 0x05, 1, 0xb4, 0x09, 4, 0x81, 2,
    ];
    let fields = descriptor::fields(&text).unwrap();
    assert_eq!(fields.len(), 1);
    assert_eq!((fields[0].usage, fields[0].offset), (0x07_0004, 0));
    for n in 0..POS.len() {
        let _ = Layout::of(&POS[..n], 0xffff, 1);
        let _ = keys::Layout::of(&KEYBOARD[..n.min(KEYBOARD.len())]);
    }
}

/// A report of 64 bytes; `more`: the code goes on.
fn honeywell(aim: &[u8; 3], data: &[u8], kind: u8, more: bool) -> Vec<u8> {
    let mut report = vec![2, u8::try_from(data.len()).unwrap()];
    report.extend(aim);
    report.extend(data);
    report.resize(64, 0);
    report[61] = kind;
    report[63] = u8::from(more);
    report
}

fn newland(data: &[u8], more: bool) -> Vec<u8> {
    let mut report = vec![2, u8::try_from(data.len()).unwrap()];
    report.extend(data);
    report.resize(64, 0);
    report[63] = u8::from(more);
    report
}

fn read(maker: Maker, reports: &[(u64, Vec<u8>)]) -> Vec<String> {
    let mut scanner = HidPos::new(maker.layout(), GAP);
    let mut out = Vec::new();
    for (ms, report) in reports {
        scanner.feed(Duration::from_millis(*ms), report, &mut out);
    }
    scanner.framer.silence(&mut out);
    let mut shown = show(&out);
    for answer in scanner.answers() {
        shown.push(format!("answer {:?}", String::from_utf8_lossy(&answer)));
    }
    shown
}

#[test]
fn a_report_is_a_scan_and_the_identifier_stands_in_front() {
    let one = |maker, report| read(maker, &[(0, report)]);
    assert_eq!(
        one(Maker::Honeywell, honeywell(b"]Q1", b"281234", 0x73, false)),
        ["scan \"]Q1281234\""]
    );
    assert_eq!(
        one(Maker::Newland, newland(b"281234", false)),
        ["scan \"281234\""]
    );
    assert_eq!(
        one(Maker::Newland, newland(b"]Q1281234", false)),
        ["scan \"]Q1281234\""]
    );
    // No identifier; what stands in a code is data, a zero too.
    assert_eq!(
        one(
            Maker::Honeywell,
            honeywell(&[0; 3], b"1\r\n\x002\0", 0, false)
        ),
        ["scan \"1\\r\\n\\02\\0\""]
    );
    // Nothing was decoded.
    assert_eq!(
        one(Maker::Honeywell, honeywell(&[0; 3], b"", 0, false)),
        [""; 0]
    );
    // A report of something else.
    assert_eq!(one(Maker::Honeywell, vec![3, 1]), [""; 0]);
    let mut simple = vec![0; 64];
    simple[..5].copy_from_slice(b"\x0428\x001");
    assert_eq!(one(Maker::SimpleCom, simple), ["scan \"28\\01\""]);
}

#[test]
fn a_code_goes_on_until_a_report_that_does_not() {
    let digits = b"0123456789".repeat(6);
    let (full, rest) = digits.split_at(56);
    let whole = |code: &[u8]| format!("scan \"]Q1{}\"", std::str::from_utf8(code).unwrap());
    let h = |data: &[u8], more| honeywell(b"]Q1", data, 0x73, more);
    assert_eq!(
        read(Maker::Honeywell, &[(0, h(full, false))]),
        [whole(full)]
    );
    assert_eq!(
        read(
            Maker::Honeywell,
            &[(0, h(full, true)), (1, h(&rest[..1], false))]
        ),
        [whole(&digits[..57])]
    );
    // A code that fills its reports may be ended by an empty one.
    assert_eq!(
        read(Maker::Honeywell, &[(0, h(full, true)), (1, h(b"", false))]),
        [whole(full)]
    );
    assert_eq!(
        read(
            Maker::Newland,
            &[(0, newland(full, true)), (9, newland(rest, false))]
        ),
        [format!(
            "scan {:?}",
            String::from_utf8(digits.clone()).unwrap()
        )]
    );
    // It never ends, or pauses, or is longer than any payment code.
    assert_eq!(read(Maker::Honeywell, &[(0, h(full, true))]), ["void gap"]);
    assert_eq!(
        read(
            Maker::Honeywell,
            &[
                (0, h(full, true)),
                (301, h(rest, false)),
                (400, h(b"28", false))
            ]
        ),
        [
            "void gap".to_owned(),
            "void remainder".to_owned(),
            whole(b"28")
        ]
    );
    let mut long = vec![(0, h(full, true)); FRAME_MAX / 56 + 1];
    long.push((1, h(b"", false)));
    long.push((2, h(b"28", false)));
    assert_eq!(
        read(Maker::Honeywell, &long),
        ["void overflow".to_owned(), whole(b"28")]
    );
    // Two codes cannot be one.
    assert_eq!(
        read(
            Maker::Honeywell,
            &[
                (0, h(full, true)),
                (1, honeywell(b"]C0", b"1", 0x6a, false)),
                (2, h(b"28", false))
            ]
        ),
        ["void report".to_owned(), whole(b"28")]
    );
}

#[test]
fn a_report_that_contradicts_its_layout_is_damage() {
    let void = ["void report"];
    let mut short = honeywell(b"]Q1", b"28", 0, false);
    short.truncate(63);
    assert_eq!(read(Maker::Honeywell, &[(0, short)]), void);
    let mut excess = honeywell(b"]Q1", &[b'1'; 56], 0, false);
    excess[1] = 57;
    assert_eq!(read(Maker::Honeywell, &[(0, excess)]), void);
    // One maker's report read as the other's.
    assert_eq!(
        read(Maker::Honeywell, &[(0, newland(b"281234", false))]),
        void
    );
    assert_eq!(
        read(
            Maker::Newland,
            &[(0, honeywell(b"]Q1", b"281234", 0, false))]
        ),
        void
    );
    // A full block may go on, and nothing says so.
    assert_eq!(
        read(Maker::SimpleCom, &[(0, [&[63][..], &[b'1'; 63]].concat())]),
        void
    );
    assert_eq!(
        read(Maker::SimpleCom, &[(0, [&[64][..], &[b'1'; 63]].concat())]),
        void
    );
}

#[test]
fn answers_are_no_scans() {
    let first = [b'A'; 56];
    let answer = format!("answer {:?}", format!("{}B", "A".repeat(56)));
    assert_eq!(
        read(
            Maker::Honeywell,
            &[
                (0, honeywell(b"]X0", &first, 0x3f, true)),
                (1, honeywell(b"]X0", b"B", 0x3f, false)),
                (2, honeywell(b"]Z6", b"REVINF\x06.", 0x36, false)),
                (3, honeywell(b"]Q1", b"28", 0x73, false)),
            ]
        ),
        [
            "scan \"]Q128\"".to_owned(),
            answer,
            "answer \"REVINF\\u{6}.\"".to_owned()
        ]
    );
    assert_eq!(
        read(
            Maker::Newland,
            &[
                (0, newland(b"\x02\x00\x00\x01", true)),
                (1, newland(b"x", false))
            ]
        ),
        ["answer \"\\u{2}\\0\\0\\u{1}x\""]
    );
    // A code of another kind, unless a command is open.
    let other = honeywell(b"]X0", b"28", 0x58, false);
    assert_eq!(
        read(Maker::Honeywell, &[(0, other.clone())]),
        ["scan \"]X028\""]
    );
    let mut scanner = HidPos::new(Maker::Honeywell.layout(), GAP);
    let mut out = Vec::new();
    scanner.commanded();
    scanner.feed(MS, &other, &mut out);
    scanner.feed(MS, &honeywell(b"]Z6", b"x\x06.", 0x36, false), &mut out);
    scanner.feed(MS, &other, &mut out);
    assert_eq!(show(&out), ["scan \"]X028\""]);
    assert_eq!(scanner.answers(), [b"28".to_vec(), b"x\x06.".to_vec()]);
}

fn moves(events: &[Event]) -> Vec<String> {
    let sign = |value| if value == 1 { '+' } else { '-' };
    let keys = events.iter().filter(|event| event.kind == EV_KEY);
    keys.map(|event| format!("{}{}", sign(event.value), event.code))
        .collect()
}

#[test]
fn keyboard_reports_are_the_events_of_the_kernel() {
    for (reports, expected) in [
        // Shift and a letter in one report; released, the modifier comes first.
        (&["02 00 04", "00"][..], "+42 +30 -42 -30"),
        // Slot by slot the old key up and the new one down.
        (&["00 00 1e", "00 00 1f", "00"], "+2 -2 +3 -3"),
        (
            &["00 00 1e", "00 00 1e 1f", "00 00 1f", "00"],
            "+2 +3 -2 -3",
        ),
        // The first digit twice in one report; the kernel tells it once.
        (&["04 00 62 60 62", "00"], "+56 +82 +72 -82 +82 -56 -82 -72"),
        (
            &["00 00 1e", "00 00 1e 1e", "00 00 1e", "00"],
            "+2 -2 +2 -2",
        ),
        // Too many keys: the slots are as they were.
        (
            &["00 00 1e", "02 00 01 01 01 01 01 01", "00"],
            "+2 +42 -42 -2",
        ),
        (&["00 00 28 ff", "00"], "+28 +240 -28 -240"),
        (
            &["ff", "00"],
            "+29 +42 +56 +125 +97 +54 +100 +126 -29 -42 -56 -125 -97 -54 -100 -126",
        ),
    ] {
        let mut keys = Keys::new(keys::Layout::boot());
        let mut out = Vec::new();
        for report in reports {
            let mut bytes: Vec<u8> = report
                .split(' ')
                .map(|byte| u8::from_str_radix(byte, 16).unwrap())
                .collect();
            bytes.resize(8, 0);
            keys.feed(MS, &bytes, &mut out).unwrap();
        }
        assert_eq!(moves(&out).join(" "), expected);
    }
    let mut keys = Keys::new(keys::Layout::boot());
    assert!(keys.feed(MS, &[0; 7], &mut Vec::new()).is_err());
}

#[test]
fn any_reports_are_read_or_refused() {
    // A walk over many reports: nothing panics and no scan is longer than a frame.
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random.to_le_bytes()[3]
    };
    let mut keys = Keys::new(keys::Layout::boot());
    let mut events = Vec::new();
    for maker in [Maker::Honeywell, Maker::Newland, Maker::SimpleCom] {
        let mut scanner = HidPos::new(maker.layout(), GAP);
        let mut out = Vec::new();
        for n in 0..20_000_u64 {
            let mut report: Vec<u8> = (0..60 + next() % 8).map(|_| next()).collect();
            report[0] = 2;
            report[1] %= 70;
            report[2] = if n % 3 == 0 { b']' } else { report[2] % 2 };
            scanner.feed(
                Duration::from_millis(n * u64::from(next())),
                &report,
                &mut out,
            );
            let _ = keys.feed(MS, &report[..8], &mut events);
            events.clear();
        }
        assert!(out.iter().all(|outcome| match outcome {
            Outcome::Scan(code) => (1..=FRAME_MAX).contains(&code.as_bytes().len()),
            Outcome::Void(_) => true,
        }));
    }
}
