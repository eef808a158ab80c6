//! The simulators' time: Unix milliseconds, and how they are written.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Tells the time, Unix milliseconds. Tests hand in their own.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Hears one line per call and per event. Lines never hold a payment code. It
/// is called while the gateway's state is held: it must not ask the gateway.
pub type Story = Arc<dyn Fn(&str) + Send + Sync>;

/// The end of representable time (year 9999), so that sums never overflow.
pub(crate) const TIME_END: u64 = 253_402_300_799_000;

/// Returns the machine's own clock.
pub(crate) fn system() -> Clock {
    Arc::new(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as u64)
    })
}

/// Says that a time scale is one that waits can be divided by.
pub(crate) fn check_scale(scale: f64) -> Result<(), String> {
    if scale.is_finite() && (0.001..=1_000_000.0).contains(&scale) {
        return Ok(());
    }
    Err("the time scale is a number from 0.001 to 1000000".into())
}

/// Writes a time by a `strftime` pattern, so many hours east of UTC.
pub(crate) fn written(millis: u64, hours_east: u64, pattern: &str) -> String {
    let shifted = millis.min(TIME_END) + hours_east * 3_600_000;
    i64::try_from(shifted)
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .map(|time| time.strftime(pattern).to_string())
        .unwrap_or_default()
}

/// Reads a UTC time by a `strptime` pattern.
pub(crate) fn read(text: &str, pattern: &str) -> Option<u64> {
    let time = jiff::civil::DateTime::strptime(pattern, text).ok()?;
    let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    u64::try_from(time.timestamp().as_millisecond()).ok()
}

/// Writes the time of day for a story, UTC.
pub(crate) fn of_day(millis: u64) -> String {
    format!("{}.{:03}", written(millis, 0, "%H:%M:%S"), millis % 1000)
}

/// Writes a `Date` header: the gateway's own clock, which may be off.
pub(crate) fn http_date(millis: u64) -> Option<String> {
    let time = Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()?;
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .ok()
}
