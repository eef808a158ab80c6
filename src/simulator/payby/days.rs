//! PayBy's days: they begin at midnight, Gulf time.

use jiff::civil::Date;
use jiff::tz::{self, TimeZone};

/// Hours that the Gulf is east of UTC.
pub(crate) const HOURS_EAST: u64 = 4;

/// One day, from its first millisecond to the next one's.
#[derive(Clone, Copy)]
pub(crate) struct Day {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Day {
    /// Reads a day written by a `strftime` pattern.
    pub(crate) fn read(text: &str, pattern: &str) -> Option<Self> {
        let date = Date::strptime(pattern, text).ok()?;
        let gulf = TimeZone::fixed(tz::offset(HOURS_EAST as i8));
        let start = date.to_zoned(gulf).ok()?.timestamp().as_millisecond();
        let start = u64::try_from(start).ok()?;
        Some(Self {
            start,
            end: start + 24 * 3_600_000,
        })
    }

    /// Tells whether a time is in it.
    pub(crate) fn has(self, millis: u64) -> bool {
        (self.start..self.end).contains(&millis)
    }
}
