//! The fingerprint of a code: an HMAC under a key that is never written down.
//!
//! It tells that two scans are of one code, within one day and one run of the
//! service. The key lives in memory, changes daily, and is gone with the
//! process, so that a journal, even with its backups, gives no code away.

use crate::domain::Fingerprint;
use crate::domain::code::PaymentCode;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Duration;
use tokio::time::Instant;

const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes fingerprints of the codes to send.
pub(super) struct Fingerprints {
    key: hmac::Key,
    made: Instant,
}

impl Fingerprints {
    /// Starts with a fresh key.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn new() -> Result<Self, aws_lc_rs::error::Unspecified> {
        Ok(Self {
            key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())?,
            made: Instant::now(),
        })
    }

    /// The fingerprint of a code, under a key of at most a day. A changed key
    /// forgets the codes of before; the gateway knows that they were used.
    pub(super) fn of(&mut self, code: &PaymentCode) -> Fingerprint {
        if self.made.elapsed() >= KEY_LIFE
            && let Ok(fresh) = Self::new()
        {
            *self = fresh;
        }
        let tag = hmac::sign(&self.key, code.as_bytes());
        Fingerprint(URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }
}
