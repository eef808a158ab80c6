//! Money: a whole number of minor units and a currency. Never floating point.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An ISO 4217 currency code with its number of decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The dirham of the United Arab Emirates, the only currency of PayBy.
    pub const AED: Currency = Currency(*b"AED");

    /// Takes a code of three capital letters.
    ///
    /// # Errors
    /// Anything else is [`AmountError::Currency`].
    pub fn new(code: &str) -> Result<Self, AmountError> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(AmountError::Currency),
        }
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many digits stand after the point (ISO 4217, table A.1).
    pub fn decimals(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Currency {
    type Error = AmountError;
    fn try_from(code: String) -> Result<Self, AmountError> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.as_str().to_owned()
    }
}

/// An amount of money, at most twelve digits before the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// In minor units: 3750 is 37.50 where the currency has two decimals.
    pub minor: u64,
    /// Its currency.
    pub currency: Currency,
}

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountError {
    /// Not three capital letters.
    Currency,
    /// Not digits with at most one point between them.
    Form,
    /// More decimals than the currency has.
    Decimals,
    /// More than twelve digits before the point.
    TooLarge,
    /// Zero, where something is to be paid.
    Zero,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Currency => "a currency is three capital letters, such as AED",
            Self::Form => "an amount is digits with at most one point, such as 37.50",
            Self::Decimals => "the amount has more decimals than its currency",
            Self::TooLarge => "the amount has more than twelve digits before the point",
            Self::Zero => "the amount must be more than zero",
        })
    }
}

impl std::error::Error for AmountError {}

impl Amount {
    /// Reads decimal text exactly: `37.5`, `37.50` and `37.500` are one amount
    /// where the currency has two decimals, `37.505` is an error. No sign, no
    /// exponent, no blanks.
    ///
    /// # Errors
    /// See [`AmountError`]; zero is an amount here.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(AmountError::Form),
            None => (text, ""),
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(AmountError::Form);
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > 12 {
            return Err(AmountError::TooLarge);
        }
        let decimals = currency.decimals() as usize;
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > decimals {
            return Err(AmountError::Decimals);
        }
        // At most 15 digits: fits.
        let minor = whole
            .bytes()
            .chain(fraction.bytes())
            .chain(std::iter::repeat_n(b'0', decimals - fraction.len()))
            .fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
        Ok(Self { minor, currency })
    }

    /// The number alone, with every decimal of the currency: `37.50`.
    pub fn decimal(&self) -> String {
        let decimals = self.currency.decimals();
        let unit = 10u64.pow(decimals);
        if decimals == 0 {
            return self.minor.to_string();
        }
        format!(
            "{}.{:0width$}",
            self.minor / unit,
            self.minor % unit,
            width = decimals as usize
        )
    }
}

/// `37.50 AED`
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_exactly() {
        let kwd = Currency::new("KWD").unwrap();
        let jpy = Currency::new("JPY").unwrap();
        for (text, currency, minor, back) in [
            ("37.50", Currency::AED, 3750, "37.50"),
            ("37.5", Currency::AED, 3750, "37.50"),
            ("37", Currency::AED, 3700, "37.00"),
            ("0037.500", Currency::AED, 3750, "37.50"),
            ("0.01", Currency::AED, 1, "0.01"),
            ("0", Currency::AED, 0, "0.00"),
            ("1.234", kwd, 1234, "1.234"),
            ("500", jpy, 500, "500"),
            (
                "999999999999.99",
                Currency::AED,
                99_999_999_999_999,
                "999999999999.99",
            ),
        ] {
            let amount = Amount::parse(text, currency).unwrap();
            assert_eq!(
                (amount.minor, amount.decimal().as_str()),
                (minor, back),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_everything_else() {
        for (text, error) in [
            ("", AmountError::Form),
            (".5", AmountError::Form),
            ("5.", AmountError::Form),
            ("-1", AmountError::Form),
            ("+1", AmountError::Form),
            ("1e2", AmountError::Form),
            ("1,50", AmountError::Form),
            (" 1", AmountError::Form),
            ("1.5.0", AmountError::Form),
            ("٣", AmountError::Form),
            ("37.505", AmountError::Decimals),
            ("1000000000000", AmountError::TooLarge),
        ] {
            assert_eq!(Amount::parse(text, Currency::AED), Err(error), "{text}");
        }
        assert_eq!(Currency::new("aed"), Err(AmountError::Currency));
        assert_eq!(Currency::new("AEDD"), Err(AmountError::Currency));
    }
}
