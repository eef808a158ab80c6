//! The fingerprint of a code: an HMAC under a key that is never written down.
//!
//! It tells that two scans are of one code, within one day and one run of the
//! service. The key lives in memory, changes daily, and is gone with the
//! process, so that a journal, even with its backups, gives no code away.

use super::driver::{Clock, Moment};
use crate::domain::Fingerprint;
use crate::domain::code::PaymentCode;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::Duration;

const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes fingerprints of the codes to send.
pub(super) struct Fingerprints {
    key: hmac::Key,
    made: Moment,
}

impl Fingerprints {
    /// Starts with a fresh key.
    pub(super) fn new(clock: &mut impl Clock) -> Self {
        let mut key = [0; 32];
        for part in key.chunks_exact_mut(8) {
            part.copy_from_slice(&clock.random().to_le_bytes());
        }
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            made: clock.moment(),
        }
    }

    /// The fingerprint of a code, under a key of at most a day. A changed key
    /// forgets the codes of before; the gateway knows that they were used.
    pub(super) fn of(&mut self, code: &PaymentCode, clock: &mut impl Clock) -> Fingerprint {
        if clock.moment().since(self.made) >= KEY_LIFE {
            *self = Self::new(clock);
        }
        let tag = hmac::sign(&self.key, code.as_bytes());
        Fingerprint(URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }
}
