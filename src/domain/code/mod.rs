//! Payment codes: what one scan is, and what of it may be shown.

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

/// Whose code it is.
pub type CodeWallet = Option<Wallet>;
