//! Payment codes: what one scan is, what of it is sent, and what of it may be shown.
//!
//! ```text
//!   scan ──▶ Classifier::classify ──▶ Classified ──┬─▶ code_to_send ──▶ PaymentCode
//!                                                  └─▶ mask ──▶ screen, journal, log
//! ```
//!
//! A customer shows one of three things: a string of digits whose first digits
//! tell the wallet, an EMV consumer-presented payload (base64 text), or, where
//! one wallet's gateway is in use, a short text. Everything else gets a
//! [`RejectReason`] and is never sent. Every byte string has exactly one result; it
//! depends on nothing but the bytes and the settings. A code is never made a
//! number: leading zeros matter, and twenty digits exceed 64 bits.

mod aim;
mod classify;
mod cpm;
mod digits;
mod dummy;
mod extract;
mod mask;
mod reason;
mod text;
mod tlv;
mod wallets;

#[cfg(test)]
mod tests;

pub use classify::{Classifier, SCAN_BYTES_MAX, Settings, UnknownProfile};
pub use cpm::{Aid, AidError, Network};
pub use digits::UnlistedDigits;
pub use dummy::{dummy, stand_in};
pub use extract::{Sending, code_to_send};
pub use mask::{mask, mask_length};
pub use reason::RejectReason;
pub use text::{PatternError, TextCodes, TextPattern};
pub use tlv::Tag;
pub use wallets::{TableError, WalletTable};

use super::Wallet;
use zeroize::Zeroizing;

/// The bytes of a code: in memory only, wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentCode(Zeroizing<Vec<u8>>);

impl PaymentCode {
    /// Wraps the bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes, for the gateway's request and the fingerprint only.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for PaymentCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PaymentCode(..)")
    }
}

/// What one scan is. Holds nothing of the code that could not be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Classified {
    /// An EMV consumer-presented payload (EMVCo CPM 1.0).
    EmvCpm {
        /// Whose application comes first.
        network: Network,
        /// The usable applications, one or two, in the payload's order.
        aids: Vec<Aid>,
        /// Objects out of their format: treated as absent, the payment goes on.
        warnings: Vec<Tag>,
    },
    /// Digits of a wallet.
    Digits {
        /// Whose. None: in no table, for a gateway that finds the wallet
        /// itself ([`UnlistedDigits::Forward`]).
        wallet: Option<Wallet>,
    },
    /// Letters and digits of the wallet whose codes may be text.
    Text {
        /// Whose.
        wallet: Wallet,
    },
    /// No payment code: never sent.
    Reject {
        /// Why.
        reason: RejectReason,
    },
}

impl Classified {
    /// The stable word of the kind: `emv_cpm`, `digits`, `text` or `reject`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EmvCpm { .. } => "emv_cpm",
            Self::Digits { .. } => "digits",
            Self::Text { .. } => "text",
            Self::Reject { .. } => "reject",
        }
    }

    /// Whose code it is, when the code tells: the wallet, or the card network
    /// of an EMV payload.
    pub fn wallet(&self) -> Option<Wallet> {
        match self {
            Self::EmvCpm { network, .. } => match network {
                Network::Other => None,
                known => Wallet::new(known.as_str()).ok(),
            },
            Self::Digits { wallet } => wallet.clone(),
            Self::Text { wallet } => Some(wallet.clone()),
            Self::Reject { .. } => None,
        }
    }
}
