//! Names of things, one type each, so that two of them cannot be mixed up.
//!
//! Every name is a short text that was checked when it came in: it may stand in
//! a log line, a path segment or a JSON document without being escaped first.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What is wrong with a name that came from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    what: &'static str,
    form: Form,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be {}", self.what, self.form)
    }
}

impl std::error::Error for NameError {}

/// What a name may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Letters, digits and three signs, at most so many: may stand in a path segment.
    Word(usize),
    /// ASCII without control characters, at most so many: callers choose these.
    Printable(usize),
    /// A day that the calendar has.
    Date,
}

impl Form {
    fn fits(self, text: &str) -> bool {
        let of = |max, allowed: fn(u8) -> bool| {
            (1..=max).contains(&text.len()) && text.bytes().all(allowed)
        };
        match self {
            Self::Word(max) => of(max, |b| {
                b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')
            }),
            Self::Printable(max) => of(max, |b| (0x20..=0x7e).contains(&b)) && text.trim() == text,
            Self::Date => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(max) => write!(f, "1 to {max} letters, digits, `-`, `_` or `.`"),
            Self::Printable(max) => write!(
                f,
                "1 to {max} printable ASCII characters without spaces at its ends"
            ),
            Self::Date => f.write_str("a date such as 2026-03-01"),
        }
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $form:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the text and wraps it.
            ///
            /// # Errors
            /// When the text has another form; the error says which it must have.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                if $form.fits(&text) {
                    Ok(Self(text))
                } else {
                    Err(NameError { what: $what, form: $form })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

name!(
    /// The store, as it stands in order numbers and on receipts.
    StoreId, "a store id", Form::Word(16)
);
name!(
    /// One checkout position and its scanners.
    LaneId, "a lane id", Form::Word(16)
);
name!(
    /// A scanner, as the configuration names it.
    ScannerId, "a scanner id", Form::Word(32)
);
name!(
    /// A payment provider we call, as the configuration names it (`payby`, `codepay`).
    GatewayId, "a gateway id", Form::Word(16)
);
name!(
    /// One request to collect an amount for a sale.
    TenderId, "a tender id", Form::Word(32)
);
name!(
    /// The caller's key of one tender; the same key never makes a second one.
    IdempotencyKey, "an idempotency key", Form::Printable(64)
);
name!(
    /// The ticket in the cashier's software. Numbers come round again: a sale is
    /// known by (store, business day, reference), and stays the same over midnight
    /// until it has been settled for an hour.
    SaleRef, "a sale reference", Form::Printable(64)
);
name!(
    /// A store's trading day, `YYYY-MM-DD` in the store's time zone.
    BusinessDay, "a business day", Form::Date
);
name!(
    /// The merchant's own number of an order at a gateway. Unique for ever.
    OrderNumber, "an order number", Form::Word(64)
);
name!(
    /// The wallet that showed a code (`alipay`, `payby`), or the card network of a CPM code.
    Wallet, "a wallet", Form::Word(32)
);

/// One attempt of a tender: one order number at one gateway, from one code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptId {
    /// The tender it belongs to.
    pub tender: TenderId,
    /// 1 for the tender's first attempt, then 2, 3 ...
    pub number: u32,
}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tender, self.number)
    }
}

/// One refund of a tender: one refund number at the gateway that took the payment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RefundId {
    /// The tender it belongs to.
    pub tender: TenderId,
    /// 1 for the tender's first refund, then 2, 3 ...
    pub number: u32,
}

impl RefundId {
    /// Reads `TENDER-rNUMBER`, as [`Display`](fmt::Display) writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let (tender, number) = text.rsplit_once("-r")?;
        let tender = TenderId::new(tender).ok()?;
        let number = number.parse().ok().filter(|n| *n > 0)?;
        let id = Self { tender, number };
        (id.to_string() == text).then_some(id)
    }
}

/// `TENDER-rNUMBER`: may stand in a path segment.
impl fmt::Display for RefundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-r{}", self.tender, self.number)
    }
}

/// HMAC of the code to send, under a key that is never stored: tells that two
/// scans are of one code, and nothing else.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_says_what_it_may_be() {
        let said = |error: Option<NameError>| error.map(|error| error.to_string());
        for text in ["", "a b", "café", "a/b", &"a".repeat(17)] {
            let expected = "a lane id must be 1 to 16 letters, digits, `-`, `_` or `.`";
            assert_eq!(
                said(LaneId::new(text).err()).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(said(LaneId::new("Lane_1.a-b").err()), None);
        for text in ["", " a", "a ", "a\tb", "café", &"a".repeat(65)] {
            let expected = "a sale reference must be 1 to 64 printable ASCII characters without \
                            spaces at its ends";
            assert_eq!(
                said(SaleRef::new(text).err()).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(said(SaleRef::new("A 1/~").err()), None);
        for text in [
            "",
            "2026-02-30",
            "2026-3-1",
            "20260301",
            "today",
            "2026-03-01 ",
            "+002026-03-01",
        ] {
            let expected = "a business day must be a date such as 2026-03-01";
            assert_eq!(
                said(BusinessDay::new(text).err()).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(said(BusinessDay::new("2026-02-28").err()), None);
    }
}
