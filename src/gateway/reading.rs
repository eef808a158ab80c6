//! What a provider's answer was read as, whether it is about an order or a refund.

use super::http::Failure;
use crate::domain::{Answer, RefundAnswer, Unknown};
use serde_json::value::RawValue;

/// An answer and what the log says of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading<A> {
    pub(super) answer: A,
    /// The provider's code, as far as it may be shown.
    pub(super) code: Option<String>,
    /// The provider's locator for its support.
    pub(super) trace: Option<String>,
}

impl<A: Proof> Reading<A> {
    /// An answer of which nothing is used.
    pub(super) fn unknown(why: Unknown) -> Self {
        Self {
            answer: A::unknown(why),
            code: None,
            trace: None,
        }
    }
}

/// What answers about orders and answers about refunds have in common.
pub(super) trait Proof {
    /// The answer that proves nothing.
    fn unknown(why: Unknown) -> Self;
    /// The answer that never was, since nothing was asked.
    fn not_sent() -> Self;
    /// Why it proves nothing, if so.
    fn why_unknown(&self) -> Option<Unknown>;
    /// Its class in a word, for the log.
    fn class(&self) -> String;
}

impl Proof for Answer {
    fn unknown(why: Unknown) -> Self {
        Self::Unknown(why)
    }

    fn not_sent() -> Self {
        Self::NotSent
    }

    fn why_unknown(&self) -> Option<Unknown> {
        match self {
            Self::Unknown(why) => Some(*why),
            _ => None,
        }
    }

    fn class(&self) -> String {
        match self {
            Self::Report(report) => format!("{:?}", report.status),
            Self::NoSuchOrder { .. } => "NoSuchOrder".to_owned(),
            Self::Refused { refusal, .. } => format!("Refused({:?})", refusal.kind),
            Self::AlreadyPaid { .. } => "AlreadyPaid".to_owned(),
            Self::AlreadyClosed { .. } => "AlreadyClosed".to_owned(),
            Self::AlreadyReturned { .. } => "AlreadyReturned".to_owned(),
            Self::ReversalRejected { .. } => "ReversalRejected".to_owned(),
            Self::Scanned(scanned) => format!("Scanned({scanned})"),
            Self::Unknown(why) => format!("Unknown({why:?})"),
            Self::NotSent => "NotSent".to_owned(),
        }
    }
}

impl Proof for RefundAnswer {
    fn unknown(why: Unknown) -> Self {
        Self::Unknown(why)
    }

    fn not_sent() -> Self {
        Self::NotSent
    }

    fn why_unknown(&self) -> Option<Unknown> {
        match self {
            Self::Unknown(why) => Some(*why),
            _ => None,
        }
    }

    fn class(&self) -> String {
        match self {
            Self::Report(report) => format!("Refund({:?})", report.status),
            Self::NoSuchRefund { .. } => "NoSuchRefund".to_owned(),
            Self::Refused { refusal, .. } => format!("Refused({:?})", refusal.kind),
            Self::AlreadyReturned { .. } => "AlreadyReturned".to_owned(),
            Self::Unknown(why) => format!("Unknown({why:?})"),
            Self::NotSent => "NotSent".to_owned(),
        }
    }
}

impl<A: Proof> From<Failure> for Reading<A> {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent => Self {
                answer: A::not_sent(),
                code: None,
                trace: None,
            },
            Failure::Timeout => Self::unknown(Unknown::Timeout),
            Failure::Broken => Self::unknown(Unknown::Broken),
            Failure::TooLarge => Self::unknown(Unknown::Malformed),
        }
    }
}

/// A word of the provider's own that we only pass on: a string or a number, if it
/// is short and printable.
pub(super) fn loose(raw: Option<&RawValue>) -> Option<String> {
    let raw = raw?.get();
    let text = match raw.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(raw).ok()?,
        b'-' | b'0'..=b'9' => raw.to_owned(),
        _ => return None,
    };
    let sound = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    sound.then_some(text)
}

/// A text that may be drawn as a QR code: printable ASCII that one symbol holds.
pub(super) fn showable(text: Option<String>) -> Option<String> {
    // ISO/IEC 18004: 1273 bytes in the largest symbol with the strongest correction.
    text.filter(|text| {
        (1..=1273).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    })
}
