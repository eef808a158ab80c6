//! Wall time as it is written down, and what a step is told of the present.
//!
//! Wall time is only ever recorded and compared with a gateway's own times. What
//! waits, waits by a [`Timer`](super::Timer): the driver counts those on a
//! monotonic clock, so that a step of the wall clock can neither shorten nor
//! lengthen a wait (`docs/architecture.md`, invariant 13).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This time plus a duration; saturates at the end of time.
    pub fn after(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long from `earlier` to this time; zero when it is not later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    fn civil(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// `YYYYMMDDhhmmss` in UTC, as it stands in order numbers.
    pub fn compact(self) -> String {
        self.civil().strftime("%Y%m%d%H%M%S").to_string()
    }
}

/// RFC 3339 in UTC with milliseconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.civil())
    }
}

/// What a step is told of the present: the wall clock, and randomness for new numbers.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// The wall clock.
    pub at: Timestamp,
    /// Fresh random bits, used in at most one tender id and one order number a step.
    pub random: u64,
    /// How far our clock and the gateways' may be apart, as far as it was seen.
    /// It only ever lengthens a wait for proof.
    pub clock_error: Duration,
}
