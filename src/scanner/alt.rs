//! ALT codes: a character by its number, typed on the keypad while Alt is down.
//!
//! Windows reads a number with a leading zero in Windows-1252, one without in the OEM
//! code page, and scanners send a larger one as a Unicode code point; below 128 all are
//! ASCII. After Alt and the keypad's `+` the digits are hexadecimal and the code point is
//! Unicode's. A number that could be another one with a digit lost is no character.

use super::codepage::{self, OemPage};

/// Digits of the longest number: Unicode's last is 1114111, maybe behind a zero.
const DIGITS_MAX: u8 = 8;

#[derive(Default)]
pub(crate) struct AltCode {
    digits: u8,
    value: u32,
    leading_zero: bool,
    hexadecimal: bool,
    /// A key was lost, or two digits came in one report of a kernel that tells a usage once which occurs
    /// twice in a report, so that `0 8 0` reads `0 8`.
    crowded: bool,
}

impl AltCode {
    /// Whether anything was typed.
    pub(crate) fn is_begun(&self) -> bool {
        self.digits > 0 || self.hexadecimal
    }

    /// Takes a digit.
    pub(crate) fn digit(&mut self, digit: u8) {
        self.leading_zero |= self.digits == 0 && digit == 0;
        let base = if self.hexadecimal { 16 } else { 10 };
        self.value = self.value.saturating_mul(base).saturating_add(digit.into());
        self.digits = self.digits.saturating_add(1);
    }

    /// Takes the keypad's `+`: false unless the number begins with it.
    pub(crate) fn plus(&mut self) -> bool {
        !std::mem::replace(&mut self.hexadecimal, true) && self.digits == 0
    }

    pub(crate) fn is_hexadecimal(&self) -> bool {
        self.hexadecimal
    }

    /// A digit may be missing: two digits in one report may have been three.
    pub(crate) fn crowd(&mut self) {
        self.crowded = true;
    }

    /// The character; none for a number that names none, or that may lack a digit: a lone
    /// digit may be what is left of `1 1 1`.
    pub(crate) fn character(&self, page: Option<OemPage>) -> Option<char> {
        if self.crowded || !(2..=DIGITS_MAX).contains(&self.digits) {
            return None;
        }
        let character = match u8::try_from(self.value) {
            _ if self.hexadecimal => char::from_u32(self.value),
            Ok(_) if self.digits > 4 => None,
            Ok(code) if self.leading_zero => codepage::windows(code),
            Ok(code) => codepage::oem(code, page),
            Err(_) => char::from_u32(self.value),
        };
        character.filter(|c| *c != '\0')
    }
}
