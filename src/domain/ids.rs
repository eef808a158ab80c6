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
    max: usize,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} must be 1 to {} printable ASCII characters without spaces at its ends",
            self.what, self.max
        )
    }
}

impl std::error::Error for NameError {}

fn printable(text: &str, max: usize) -> bool {
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(|b| (0x20..=0x7e).contains(&b))
        && text.trim() == text
}

fn word(text: &str, max: usize) -> bool {
    !text.is_empty()
        && text.len() <= max
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:literal, $check:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the text and wraps it.
            ///
            /// # Errors
            /// When the text is empty, too long, or has a character that may not stand in it.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                if $check(&text, $max) {
                    Ok(Self(text))
                } else {
                    Err(NameError { what: $what, max: $max })
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
    StoreId, "a store id", 16, word
);
name!(
    /// One checkout position and its scanners.
    LaneId, "a lane id", 16, word
);
name!(
    /// A scanner, as the configuration names it.
    ScannerId, "a scanner id", 32, word
);
name!(
    /// A payment provider we call, as the configuration names it (`payby`, `codepay`).
    GatewayId, "a gateway id", 16, word
);
name!(
    /// One request to collect an amount for a sale.
    TenderId, "a tender id", 32, word
);
name!(
    /// The caller's key of one tender; the same key never makes a second one.
    IdempotencyKey, "an idempotency key", 64, printable
);
name!(
    /// The ticket in the cashier's software. Numbers come round again: a sale is
    /// known by (store, business day, reference), and stays the same over midnight
    /// until it has been settled for an hour.
    SaleRef, "a sale reference", 64, printable
);
name!(
    /// A store's trading day, `YYYY-MM-DD` in the store's time zone.
    BusinessDay, "a business day", 10, word
);
name!(
    /// The merchant's own number of an order at a gateway. Unique for ever.
    OrderNumber, "an order number", 64, word
);
name!(
    /// The wallet that showed a code (`alipay`, `payby`), or the card network of a CPM code.
    Wallet, "a wallet", 32, word
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
