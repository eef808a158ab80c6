//! Codes of digits alone: a wallet's, or one of the mistakes that look alike.
//!
//! Digits cannot always tell: a UnionPay code of 19 digits may also be a card
//! number. The wallet wins there, and the mask is the same either way.

use super::RejectReason;
use super::wallets::{Listed, WalletTable};
use crate::domain::Wallet;
use serde::Deserialize;

/// What becomes of digits that no active row of the wallet table lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnlistedDigits {
    /// They are refused.
    #[default]
    Reject,
    /// 16 to 32 of them go on without a wallet, for a gateway that finds it
    /// itself. Product codes and card numbers are still refused.
    Forward,
}

/// Whose code the digits are; none if they go on unlisted.
pub(super) fn read(
    code: &[u8],
    table: &WalletTable,
    unlisted: UnlistedDigits,
) -> Result<Option<Wallet>, RejectReason> {
    let listed = table.look_up(code);
    if let Listed::Wallet(wallet) = listed {
        return Ok(Some(wallet.clone()));
    }
    if matches!(code.len(), 8 | 12 | 13 | 14) && has_gs1_check_digit(code) {
        return Err(RejectReason::ProductCode);
    }
    if looks_like_pan(code) {
        return Err(RejectReason::LooksLikePan);
    }
    // A row without a prefix comes after everything that knows better.
    if let Listed::ByLength(wallet) = listed {
        return Ok(Some(wallet.clone()));
    }
    if unlisted == UnlistedDigits::Forward && (16..=32).contains(&code.len()) {
        return Ok(None);
    }
    Err(match listed {
        Listed::OtherLength => RejectReason::BadLength,
        _ => RejectReason::UnknownDigits,
    })
}

/// EAN-8, UPC-A, EAN-13, ITF-14 (GS1 General Specifications): weights 3, 1, 3 ...
/// from the right, the check digit left out.
fn has_gs1_check_digit(code: &[u8]) -> bool {
    let Some((check, digits)) = code.split_last() else {
        return false;
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .zip([3, 1].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    (sum + u32::from(check - b'0')).is_multiple_of(10)
}

/// A card number's length and first digit, and its check (ISO/IEC 7812).
fn looks_like_pan(code: &[u8]) -> bool {
    (12..=19).contains(&code.len())
        && matches!(code.first(), Some(b'2'..=b'6'))
        && passes_luhn(code)
}

fn passes_luhn(code: &[u8]) -> bool {
    let sum: u32 = code
        .iter()
        .rev()
        .zip([false, true].into_iter().cycle())
        .map(
            |(digit, doubled)| match (u32::from(digit - b'0'), doubled) {
                (value, false) => value,
                (value, true) if value > 4 => value * 2 - 9,
                (value, true) => value * 2,
            },
        )
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gs1_check_digits() {
        for right in [
            "4012345123456",
            "96385074",
            "073512345679",
            "14012345123453",
        ] {
            assert!(has_gs1_check_digit(right.as_bytes()), "{right}");
            // Every single wrong digit is noticed.
            for at in 0..right.len() {
                let mut wrong = right.as_bytes().to_vec();
                wrong[at] = b'0' + (wrong[at] - b'0' + 1) % 10;
                assert!(!has_gs1_check_digit(&wrong), "{right} at {at}");
            }
        }
        assert!(!has_gs1_check_digit(b""));
    }

    #[test]
    fn luhn_check_digits() {
        for right in ["4539000000000010", "36000000000016", "0", "18", "91"] {
            assert!(passes_luhn(right.as_bytes()), "{right}");
        }
        assert!(!passes_luhn(b"4539000000000011"));
        assert!(!passes_luhn(b"1"));
    }
}
