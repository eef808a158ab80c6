//! Codes that are neither digits nor an EMV payload: one wallet, PayBy/BOTIM,
//! shows them, and its document gives a sample, not a rule.
//!
//! So any short printable text is taken for one once it is known that a payment
//! code is meant: refusing a good code costs a sale, sending a bad one costs a
//! declined request. Where a scanner also reads products it is not known, and
//! the text must look like the sample: that is what the patterns are for.

use crate::domain::Wallet;
use std::{fmt, ops::RangeInclusive, str::FromStr};

/// How many bytes a text code has.
pub(super) const TEXT_BYTES: RangeInclusive<usize> = 8..=512;

/// The wallet whose codes may be text, and what they look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextCodes {
    /// Whose codes they are.
    pub wallet: Wallet,
    /// What they look like: any of these.
    pub patterns: Vec<TextPattern>,
}

impl TextCodes {
    /// PayBy's codes, as its documented sample has them: 8 digits, `T`, 9 digits,
    /// one letter or digit (PayBy official-doc, `_qrpay.md`).
    ///
    /// # Panics
    /// Never: a test makes them.
    pub fn payby() -> Self {
        let pattern = TextPattern::from_str("99999999T999999999*");
        Self {
            wallet: Wallet::new("payby").expect("a word"),
            patterns: vec![pattern.expect("a pattern")],
        }
    }
}

/// What a text code looks like, character by character:
///
/// | written | stands for |
/// |---|---|
/// | `9` | a digit |
/// | `A` | a letter of either case |
/// | `*` | a letter or digit |
/// | `\` and a character | that character |
/// | any other character | itself, in this case |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPattern(Vec<Class>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Letter,
    LetterOrDigit,
    Exactly(u8),
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternError {
    /// It has a space, a control character, or one beyond ASCII.
    Unprintable,
    /// It ends with a backslash.
    OpenEscape,
    /// No text code has this length.
    Length(usize),
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unprintable => {
                f.write_str("a text pattern has printable ASCII characters only, and no space")
            }
            Self::OpenEscape => f.write_str(
                "the text pattern ends with \\; write the character it stands before, or \\\\",
            ),
            Self::Length(length) => write!(
                f,
                "the text pattern is {length} characters long; text codes have {} to {}",
                TEXT_BYTES.start(),
                TEXT_BYTES.end()
            ),
        }
    }
}

impl std::error::Error for PatternError {}

impl FromStr for TextPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let mut classes = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            let class = match byte {
                b'9' => Class::Digit,
                b'A' => Class::Letter,
                b'*' => Class::LetterOrDigit,
                b'\\' => Class::Exactly(bytes.next().ok_or(PatternError::OpenEscape)?),
                itself => Class::Exactly(itself),
            };
            if matches!(class, Class::Exactly(byte) if !byte.is_ascii_graphic()) {
                return Err(PatternError::Unprintable);
            }
            classes.push(class);
        }
        if !TEXT_BYTES.contains(&classes.len()) {
            return Err(PatternError::Length(classes.len()));
        }
        Ok(Self(classes))
    }
}

impl TextPattern {
    /// Whether the whole code looks like this.
    pub fn matches(&self, code: &[u8]) -> bool {
        let fits = |(class, byte): (&Class, &u8)| match class {
            Class::Digit => byte.is_ascii_digit(),
            Class::Letter => byte.is_ascii_alphabetic(),
            Class::LetterOrDigit => byte.is_ascii_alphanumeric(),
            Class::Exactly(itself) => byte == itself,
        };
        self.0.len() == code.len() && self.0.iter().zip(code).all(fits)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn matches(pattern: &str, code: &str) -> bool {
        let pattern: TextPattern = pattern.parse().unwrap();
        pattern.matches(code.as_bytes())
    }

    #[test]
    fn the_default_is_the_documented_sample() {
        let [pattern] = &TextCodes::payby().patterns[..] else {
            panic!("one pattern")
        };
        for yes in [
            "20001234T500012345A",
            "20001234T5000123459",
            "20001234T500012345b",
        ] {
            assert!(pattern.matches(yes.as_bytes()), "{yes}");
        }
        for no in [
            "20001234t500012345A",
            "20001234T500012345-",
            "20001234T500012345",
            "20001234T500012345AB",
            "2000123AT500012345A",
            " 20001234T500012345",
            "",
        ] {
            assert!(!pattern.matches(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn classes_and_escapes() {
        assert!(matches("AAAA9999", "abCD0129"));
        assert!(!matches("AAAA9999", "abC10129"));
        assert!(matches("********", "a1B2c3D4"));
        assert!(!matches("********", "a1B2c3D-"));
        assert!(matches(r"\9\A\*\\-9A*", r"9A*\-0z7"));
        assert!(!matches(r"\9\A\*\\-9A*", r"8A*\-0z7"));
    }

    #[test]
    fn bad_patterns_say_what_to_do() {
        let error = |text: &str| text.parse::<TextPattern>().unwrap_err();
        assert_eq!(error("9999 9999"), PatternError::Unprintable);
        assert_eq!(error("99999999é"), PatternError::Unprintable);
        assert_eq!(error("99999999\\\u{7f}"), PatternError::Unprintable);
        assert_eq!(error("99999999\\"), PatternError::OpenEscape);
        assert_eq!(error("9999999"), PatternError::Length(7));
        assert_eq!(error(&"9".repeat(513)), PatternError::Length(513));
        assert_eq!(
            error("").to_string(),
            "the text pattern is 0 characters long; text codes have 8 to 512"
        );
    }
}
