//! A code that is worth nothing in the place of one that is: for recordings.
//!
//! The dummy has the length and the shape of the code and is classified as it is: its
//! wallet's prefix, its card applications and the objects of an EMV payload stay, the
//! customer's digits and letters go. A refused scan loses its digits and letters too,
//! whatever that makes of it: it may have been a card.

use super::tlv::{self, Tag};
use super::{Classified, Classifier, aim};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Digits of the longest prefix that is tried to tell a wallet.
const PREFIX_MAX: usize = 8;

/// Says what a payload is and whose; nothing of the customer.
const KEPT: [Tag; 2] = [Tag(0x85), Tag(0x4f)];

/// Numbers of two digits a byte: of the card, its token's requestor, its last four digits.
const NUMBERS: [Tag; 4] = [Tag(0x57), Tag(0x5a), Tag(0x9f19), Tag(0x9f25)];

/// An address of the issuer: `tel:` or `mailto:` and more.
const ADDRESS: Tag = Tag(0x5f50);

/// Templates of templates that are followed.
const DEPTH_MAX: usize = 4;

/// Returns a code of the same length that is worth nothing, and classified as this one
/// if there is such a code.
pub fn dummy(scan: &[u8], classifier: &Classifier) -> Vec<u8> {
    let code = aim::payload(scan);
    // It is a slice of the scan.
    let begin = code.as_ptr().addr() - scan.as_ptr().addr();
    let with = |body: Vec<u8>| {
        let mut dummy = scan.to_vec();
        dummy[begin..begin + code.len()].copy_from_slice(&body);
        dummy
    };
    let classified = classifier.classify(scan);
    if matches!(classified, Classified::Reject { .. }) {
        return with(masked(code, 0));
    }
    let same = |dummy: &Vec<u8>| classifier.classify(dummy) == classified;
    let shorter = (0..=PREFIX_MAX).map(|prefix| with(masked(code, prefix)));
    let payload = payload(code).map(with);
    let mut candidates = payload.into_iter().chain(shorter);
    candidates
        .find(same)
        .unwrap_or_else(|| with(masked(code, 0)))
}

/// Each digit behind the prefix by another, each letter by one of its case.
fn masked(code: &[u8], prefix: usize) -> Vec<u8> {
    let mut dummy = code.to_vec();
    for (n, byte) in dummy.iter_mut().enumerate().skip(prefix) {
        *byte = stand_in(*byte, n);
    }
    dummy
}

/// What stands in for the `n`th character: one of its class, whatever it was.
pub fn stand_in(byte: u8, n: usize) -> u8 {
    let turn = |first: u8, count: usize| first + u8::try_from(n % count).unwrap_or(0);
    match byte {
        b'0'..=b'9' => turn(b'0', 10),
        b'a'..=b'z' => turn(b'a', 26),
        b'A'..=b'Z' => turn(b'A', 26),
        _ => byte,
    }
}

/// An EMV payload whose values are made up; none for what is no such payload.
fn payload(code: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = STANDARD.decode(code).ok()?;
    make_up(&mut bytes, 0)?;
    let dummy = STANDARD.encode(bytes).into_bytes();
    (dummy.len() == code.len()).then_some(dummy)
}

fn make_up(bytes: &mut [u8], depth: usize) -> Option<()> {
    let base = bytes.as_ptr().addr();
    let objects: Vec<(Tag, usize, usize)> = tlv::objects(bytes)?
        .into_iter()
        .map(|object| {
            // Where the value is among the bytes that it is a slice of.
            let at = object.value.as_ptr().addr() - base;
            (object.tag, at, object.value.len())
        })
        .collect();
    for (tag, at, length) in objects {
        let value = &mut bytes[at..at + length];
        let inside = tag.is_constructed() && depth < DEPTH_MAX;
        if KEPT.contains(&tag) || inside && make_up(value, depth + 1).is_some() {
            continue;
        }
        let colon = value.iter().position(|byte| *byte == b':');
        let kept = colon.filter(|_| tag == ADDRESS).unwrap_or(0);
        for (n, byte) in value.iter_mut().enumerate().skip(kept) {
            *byte = match *byte {
                byte if NUMBERS.contains(&tag) => digits(byte, n),
                byte if byte.is_ascii_alphanumeric() => stand_in(byte, n),
                byte if byte.is_ascii() && !byte.is_ascii_control() => byte,
                _ => 0,
            };
        }
    }
    Some(())
}

/// Two digits by two others; the separator D and the filler F stay.
fn digits(byte: u8, n: usize) -> u8 {
    let turn = |nibble: u8, n: usize| match nibble {
        0..=9 => u8::try_from(n % 10).unwrap_or(0),
        other => other,
    };
    turn(byte >> 4, 2 * n) << 4 | turn(byte & 15, 2 * n + 1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Each line of the scans that are classified, as the core profile reads it.
    #[test]
    fn every_code_has_a_dummy_that_is_classified_as_it_is() {
        let classifier = Classifier::core();
        let mut tried = 0;
        for line in include_str!("../../../tests/codes/scans.txt").lines() {
            let Some(code) = line.strip_prefix("< ").filter(|code| !code.contains('\\')) else {
                continue;
            };
            let code = code.as_bytes();
            let made = dummy(code, &classifier);
            assert_eq!(made.len(), code.len(), "{line}");
            let classified = classifier.classify(code);
            if matches!(classified, Classified::Reject { .. }) {
                continue;
            }
            assert_eq!(classifier.classify(&made), classified, "{line}");
            assert_ne!(made, code, "{line}");
            tried += 1;
        }
        assert!(tried > 30, "{tried}");
    }

    #[test]
    fn nothing_of_the_customer_is_left() {
        let classifier = Classifier::core();
        let text = |code: &str| String::from_utf8(dummy(code.as_bytes(), &classifier)).unwrap();
        assert_eq!(text("hello, World 77"), "abcde, Hijkl 34");
        let card = "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MWETTwegAAAAZmZmUAhQcm9kdWN0MmJJWggSNFZ4kBI0\
                    WF8gDkNBUkRIT0xERVIvRU1WXy0IcnVlc2RlZW5kIZ8QBwYBCgMAAACfJghYT9OF+iNLzJ82AgABnzcEb\
                    VjvEw==";
        let made = STANDARD.decode(text(card)).unwrap();
        let has = |what: &[u8]| made.windows(what.len()).any(|window| window == what);
        assert!(has(b"CPV01") && has(b"\xa0\0\0\0\x66\x66\x66"));
        assert!(!has(b"CARDHOLDER") && !has(b"\x12\x34\x56\x78") && !has(b"\x6d\x58\xef\x13"));
    }
}
