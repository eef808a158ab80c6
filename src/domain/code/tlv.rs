//! Reads BER-TLV as EMV uses it (EMV 4.3 Book 3, Annex B).
//!
//! Flat: the caller decides what to descend into. Nothing is computed from a
//! length and nothing allocated from one; a value is a slice of its parent or
//! the whole is refused.

use std::fmt;

/// A tag of one to three bytes, as its bytes stand (`5F2D`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

impl Tag {
    /// Whether the tag says that its value holds objects: bit 6 of the first byte.
    pub(super) fn is_constructed(self) -> bool {
        let [_, a, b, c] = self.0.to_be_bytes();
        // The first byte is never 00, which would be filler.
        let first = [a, b, c].into_iter().find(|byte| *byte != 0);
        first.is_some_and(|byte| byte & 0x20 != 0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

/// One object.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) tag: Tag,
    pub(super) value: &'a [u8],
}

/// The objects that the bytes hold, 00 filler skipped. None if anything in
/// them is not an object.
pub(super) fn objects(mut bytes: &[u8]) -> Option<Vec<Object<'_>>> {
    let mut found = Vec::new();
    loop {
        while let [0, rest @ ..] = bytes {
            bytes = rest;
        }
        if bytes.is_empty() {
            return Some(found);
        }
        let object;
        (object, bytes) = first_object(bytes)?;
        found.push(object);
    }
}

fn first_object(bytes: &[u8]) -> Option<(Object<'_>, &[u8])> {
    let (tag, rest) = first_tag(bytes)?;
    let (length, rest) = first_length(rest)?;
    let (value, rest) = rest.split_at_checked(length)?;
    Some((Object { tag, value }, rest))
}

/// EMV's tags have one or two bytes; private ones up to three are let through.
fn first_tag(bytes: &[u8]) -> Option<(Tag, &[u8])> {
    let tag = |bytes: &[u8]| Tag(bytes.iter().fold(0, |tag, b| tag << 8 | u32::from(*b)));
    let length = match bytes {
        [first, ..] if first & 0x1f != 0x1f => 1,
        [_, last, ..] if last & 0x80 == 0 => 2,
        [_, _, last, ..] if last & 0x80 == 0 => 3,
        _ => return None,
    };
    let (head, rest) = bytes.split_at_checked(length)?;
    Some((tag(head), rest))
}

/// Non-minimal forms (`81 05`) are let through; the indefinite form (`80`) is
/// not EMV's, and nothing as long as `83` and above says can fit.
fn first_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short @ ..=0x7f, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, a, rest @ ..] => Some((usize::from(*a), rest)),
        [0x82, a, b, rest @ ..] => Some((usize::from(u16::from_be_bytes([*a, *b])), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(bytes: &[u8]) -> Option<Vec<(String, usize)>> {
        let found = objects(bytes)?;
        let shown = found.iter().map(|o| (o.tag.to_string(), o.value.len()));
        Some(shown.collect())
    }

    #[test]
    fn reads_tags_of_one_to_three_bytes() {
        let bytes = [
            0x50, 1, 9, 0x5f, 0x2d, 0, 0xdf, 0x81, 0x01, 1, 9, 0x9f, 0x02, 0,
        ];
        let expected = [("50", 1), ("5F2D", 0), ("DF8101", 1), ("9F02", 0)];
        let expected = expected.map(|(tag, len)| (tag.to_owned(), len)).to_vec();
        assert_eq!(tags(&bytes), Some(expected));
        assert_eq!(tags(&[0xdf, 0x81, 0x81, 0x01, 0]), None, "four bytes");
        assert_eq!(tags(&[0x9f]), None);
        assert_eq!(tags(&[0xdf, 0x81]), None);
    }

    #[test]
    fn reads_lengths_of_one_to_three_bytes() {
        let mut long = vec![0x63, 0x82, 0x01, 0x00];
        long.extend([7; 256]);
        assert_eq!(tags(&long), Some(vec![("63".to_owned(), 256)]));
        long.pop();
        assert_eq!(tags(&long), None);
        assert_eq!(
            tags(&[0x63, 0x81, 1, 9]),
            Some(vec![("63".to_owned(), 1)]),
            "not minimal, yet legal"
        );
        for head in [&[0x80][..], &[0x83, 0, 0, 0], &[0x84], &[0xff], &[]] {
            let bytes = [&[0x63], head].concat();
            assert_eq!(tags(&bytes), None, "{bytes:02x?}");
        }
        assert_eq!(tags(&[0x63, 0x81]), None);
        assert_eq!(tags(&[0x63, 0x82, 0]), None);
    }

    #[test]
    fn skips_filler_between_objects_only() {
        assert_eq!(tags(&[0, 0]), Some(vec![]));
        assert_eq!(tags(&[]), Some(vec![]));
        let bytes = [0, 0x50, 2, 0, 0, 0, 0, 0x57, 0, 0];
        let expected = vec![("50".to_owned(), 2), ("57".to_owned(), 0)];
        assert_eq!(tags(&bytes), Some(expected));
    }

    #[test]
    fn constructed_is_a_bit_of_the_first_byte() {
        for (tag, constructed) in [
            (0x61, true),
            (0xe1, true),
            (0x7f49, true),
            (0xff_8101, true),
            (0x85, false),
            (0x5f2d, false),
            (0x9f26, false),
            (0xdf_8121, false),
        ] {
            assert_eq!(Tag(tag).is_constructed(), constructed, "{tag:x}");
        }
    }
}
