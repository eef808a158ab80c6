//! What stands around a code in a scan: one terminator at the end, one AIM
//! symbology identifier at the start (ISO/IEC 15424).
//!
//! A scanner that is told to puts `]cm` in front of the data: `c` names the
//! carrier, `m` how it was read. It is the surest sign of what was scanned, so
//! it decides before anything else is looked at.

use super::RejectReason;

/// The scan without its terminator: one of CR LF, CR, LF and TAB, and only one.
pub(super) fn without_terminator(scan: &[u8]) -> &[u8] {
    match scan {
        [rest @ .., b'\r', b'\n'] | [rest @ .., b'\r' | b'\n' | b'\t'] => rest,
        whole => whole,
    }
}

/// The carrier and its modifier if the bytes start with an identifier, and what follows.
pub(super) fn split(bytes: &[u8]) -> (Option<[u8; 2]>, &[u8]) {
    match bytes {
        [b']', carrier, modifier, rest @ ..]
            if carrier.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric() =>
        {
            (Some([*carrier, *modifier]), rest)
        }
        whole => (None, whole),
    }
}

/// The code that a scan carries.
pub(super) fn payload(scan: &[u8]) -> &[u8] {
    split(without_terminator(scan)).1
}

/// Why the carrier cannot hold a payment code, if it cannot. Wallets use
/// Code 128 and QR alone.
pub(super) fn refusal(identifier: [u8; 2]) -> Option<RejectReason> {
    match &identifier {
        b"C0" | b"Q0" | b"Q1" | b"Q2" => None,
        // EAN and UPC, Interleaved 2 of 5, and the vendors' own for ISBN and ISSN.
        [b'E' | b'I' | b'X', _] => Some(RejectReason::ProductCode),
        // GS1-128, GS1 QR, GS1 Data Matrix, GS1 DataBar and composites, GS1 DotCode.
        b"C1" | b"Q3" | b"Q4" | b"d2" | b"d5" | [b'e', _] | b"J1" => Some(RejectReason::Gs1Data),
        _ => Some(RejectReason::UnsupportedSymbology),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_terminator_is_taken_off() {
        for (scan, rest) in [
            (&b"a\r\n"[..], &b"a"[..]),
            (b"a\r", b"a"),
            (b"a\n", b"a"),
            (b"a\t", b"a"),
            (b"a\n\r", b"a\n"),
            (b"a\r\r\n", b"a\r"),
            (b"a\n\n", b"a\n"),
            (b"a ", b"a "),
            (b"\r\n", b""),
            (b"", b""),
        ] {
            assert_eq!(without_terminator(scan), rest, "{scan:?}");
        }
    }

    #[test]
    fn one_identifier_is_taken_off() {
        assert_eq!(split(b"]Q1]Q1x"), (Some(*b"Q1"), &b"]Q1x"[..]));
        assert_eq!(split(b"]Qax"), (Some(*b"Qa"), &b"x"[..]));
        for no in [&b"]11x"[..], b"]Q-x", b"]Q", b"]", b"Q1x", b""] {
            assert_eq!(split(no), (None, no));
        }
        assert_eq!(payload(b"]C0abc\t"), b"abc");
    }

    #[test]
    fn carriers() {
        for modifier in (b'0'..=b'9').chain(b'a'..=b'z').chain(b'A'..=b'Z') {
            for carrier in *b"EIX" {
                assert_eq!(
                    refusal([carrier, modifier]),
                    Some(RejectReason::ProductCode)
                );
            }
            assert_eq!(refusal([b'e', modifier]), Some(RejectReason::Gs1Data));
            for carrier in *b"AFGLRSUzx" {
                assert_eq!(
                    refusal([carrier, modifier]),
                    Some(RejectReason::UnsupportedSymbology)
                );
            }
        }
        for on in [b"C0", b"Q0", b"Q1", b"Q2"] {
            assert_eq!(refusal(*on), None);
        }
        for gs1 in [b"C1", b"Q3", b"Q4", b"d2", b"d5", b"J1"] {
            assert_eq!(refusal(*gs1), Some(RejectReason::Gs1Data));
        }
        for other in [
            b"C2", b"C4", b"Q5", b"Q6", b"d1", b"d3", b"J0", b"q1", b"c0",
        ] {
            assert_eq!(refusal(*other), Some(RejectReason::UnsupportedSymbology));
        }
    }
}
