//! What of a code may be shown, stored and logged.
//!
//! A code not yet used is money to whoever sends it first, and digits may be a
//! card number whichever wallet they name. PCI DSS 3.4.1 lets the first six and
//! the last four be seen; of a short code that would be too much, of a refused
//! scan anything is too much.

use super::{Classified, aim, cpm};

/// Codes shorter than this show nothing.
const SHOWN_FROM: usize = 16;

/// The code of the scan with at most ten of its characters: first six, stars,
/// last four. Of an EMV payload only the letters that all of them start with,
/// of short codes and refused scans only the length.
pub fn mask(scan: &[u8], classified: &Classified) -> String {
    let code = aim::payload(scan);
    match classified {
        Classified::EmvCpm { .. } => {
            let marker = String::from_utf8_lossy(cpm::MARKER);
            format!("{marker}…{}", mask_length(code.len()))
        }
        Classified::Digits { .. } | Classified::Text { .. } if code.len() >= SHOWN_FROM => {
            let shown = |at: usize| at < 6 || at + 4 >= code.len();
            let character = |(at, byte): (usize, &u8)| match byte {
                byte if shown(at) && byte.is_ascii_graphic() => char::from(*byte),
                _ => '*',
            };
            code.iter().enumerate().map(character).collect()
        }
        _ => mask_length(code.len()),
    }
}

/// What is shown of bytes of which only the length may be.
pub fn mask_length(bytes: usize) -> String {
    format!("(len {bytes})")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Network, RejectReason};
    use super::*;
    use crate::domain::Wallet;

    #[test]
    fn shows_ten_characters_at_most() {
        let digits = Classified::Digits { wallet: None };
        let text = Classified::Text {
            wallet: Wallet::new("payby").unwrap(),
        };
        let cpm = Classified::EmvCpm {
            network: Network::Other,
            aids: vec![],
            warnings: vec![],
        };
        let reject = Classified::Reject {
            reason: RejectReason::UnknownDigits,
        };
        for (scan, classified, masked) in [
            ("103456789012345678", &digits, "103456********5678"),
            ("]C0103456789012345678\r\n", &digits, "103456********5678"),
            ("2712345678901234", &digits, "271234******1234"),
            ("271234567890123", &digits, "(len 15)"),
            ("20001234T500012345A", &text, "200012*********345A"),
            ("20001234", &text, "(len 8)"),
            ("]Q1hQVDUFYwMQAA\n", &cpm, "hQVDUFY…(len 12)"),
            ("4012345123456", &reject, "(len 13)"),
            ("\t", &reject, "(len 0)"),
        ] {
            assert_eq!(mask(scan.as_bytes(), classified), masked, "{scan:?}");
        }
    }
}
