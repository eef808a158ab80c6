//! How far the gateway's clock is from ours, learned from `Date` headers.
//!
//! A `Date` header is signed by nobody and has whole seconds only: the offset is
//! there to warn that the box's clock is wrong before the gateway refuses its
//! requests for it, and to let enquiries and reversals pass while it is. It is
//! never evidence, and never the time of a payment.

use jiff::SignedDuration;
use jiff::fmt::rfc2822::DateTimeParser;
use std::sync::Mutex;
use std::time::Duration;

use crate::domain::Timestamp;

/// Answers that took longer say too little about when they were written.
const SPAN_MAX: Duration = Duration::from_secs(5);
/// A larger offset is taken for nonsense rather than for a clock.
const OFFSET_MAX: SignedDuration = SignedDuration::from_hours(48);

/// The newest offset; positive when the gateway's clock is ahead of ours.
#[derive(Debug, Default)]
pub(super) struct ClockOffset(Mutex<Option<SignedDuration>>);

impl ClockOffset {
    /// What is known.
    pub(super) fn get(&self) -> Option<SignedDuration> {
        *self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    /// Learns from an answer that was asked for at `asked` and here after `span`.
    pub(super) fn learn(&self, date: &str, asked: Timestamp, span: Duration) {
        if let Some(offset) = offset(date, asked, span) {
            *self.0.lock().unwrap_or_else(|broken| broken.into_inner()) = Some(offset);
        }
    }
}

fn offset(date: &str, asked: Timestamp, span: Duration) -> Option<SignedDuration> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    if span > SPAN_MAX {
        return None;
    }
    // The header's second began between 0 and 1 s before the answer was
    // written, and that was somewhere within the span: the middle of both.
    let theirs = PARSER.parse_timestamp(date).ok()?.as_millisecond() + 500;
    let ours = asked.after(span / 2).0;
    let offset = SignedDuration::from_millis(theirs.checked_sub(ours)?);
    (offset.abs() <= OFFSET_MAX).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_from_plausible_dates_only() {
        let asked = Timestamp(1_795_155_300_500); // 2026-11-20T06:15:00.5Z
        let second = Duration::from_secs(1);
        for (date, span, millis) in [
            ("Fri, 20 Nov 2026 06:15:00 GMT", Duration::ZERO, Some(0)),
            ("Fri, 20 Nov 2026 06:15:01 GMT", second, Some(500)),
            (
                "Fri, 20 Nov 2026 06:27:00 GMT",
                Duration::ZERO,
                Some(720_000),
            ),
            (
                "Fri, 20 Nov 2026 06:03:00 GMT",
                Duration::ZERO,
                Some(-720_000),
            ),
            ("Fri, 20 Nov 2026 06:15:00 GMT", 6 * second, None),
            ("Fri, 20 Nov 2020 06:15:00 GMT", Duration::ZERO, None),
            ("yesterday", Duration::ZERO, None),
        ] {
            let expected = millis.map(SignedDuration::from_millis);
            assert_eq!(offset(date, asked, span), expected, "{date} {span:?}");
        }
    }
}
