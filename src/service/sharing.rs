//! What is done with a scan of a scanner that also rings up products: a pure table.
//!
//! | the scan is | a tender waits or runs | none does |
//! |---|---|---|
//! | no payment code | typed on | typed on |
//! | a damaged or foreign payment code | refused | refused |
//! | an EMV or text code | paid with | refused |
//! | digits that may pay | paid with | typed on, or refused |
//! | a code that was used on this lane | never typed on | never typed on |

use crate::domain::code::{Classified, Classifier, RejectReason};
use crate::scanner::{IdleDigits, Use};

/// What a shared scanner's scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// No payment code: the till's business.
    Other,
    /// A payment code that nobody can use as it was read. Somebody may still use it.
    Unusable,
    /// A payment code that is nothing else.
    Payment,
    /// Digits that may pay, or be a loyalty or gift card.
    Digits,
}

/// What is done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It goes to the tender of the lane, which may deny it.
    Pay,
    /// It is typed on.
    TypeOn,
}

/// What a scan is to a lane whose scanner also reads products.
pub(super) fn seen(classifier: &Classifier, scan: &[u8]) -> Seen {
    match classifier.classify(scan) {
        Classified::EmvCpm { .. } => Seen::Payment,
        // Many labels have such a length.
        Classified::Text { .. } if classifier.matches_text_pattern(scan) => Seen::Payment,
        Classified::Text { .. } => Seen::Other,
        Classified::Digits { .. } => Seen::Digits,
        Classified::Reject { reason } => match reason {
            RejectReason::CaseChanged
            | RejectReason::JpqrCpm
            | RejectReason::BadBase64
            | RejectReason::BadTlv
            | RejectReason::BadFormatIndicator
            | RejectReason::UnsupportedVersion
            | RejectReason::NoApplicationTemplate
            | RejectReason::TooManyTemplates
            | RejectReason::UnexpectedObject
            | RejectReason::DuplicateObject
            | RejectReason::NoUsableAid
            | RejectReason::NoPaymentData
            | RejectReason::BadTrack2
            | RejectReason::BadPan => Seen::Unusable,
            RejectReason::Empty
            | RejectReason::TooLong
            | RejectReason::UnsupportedSymbology
            | RejectReason::ProductCode
            | RejectReason::Gs1Data
            | RejectReason::MerchantQr
            | RejectReason::Url
            | RejectReason::ControlChar
            | RejectReason::NonAscii
            | RejectReason::Whitespace
            | RejectReason::LooksLikePan
            | RejectReason::BadLength
            | RejectReason::UnknownDigits
            | RejectReason::UnknownFormat => Seen::Other,
        },
    }
}

/// What is done with a scan. `busy`: the lane has a tender without a verdict. `used`:
/// this code was the last one that was submitted on the lane.
pub(super) fn treat(usage: &Use, seen: Seen, busy: bool, used: bool) -> Treatment {
    let Use::Shared(sharing) = usage else {
        return Treatment::Pay;
    };
    match seen {
        Seen::Other => Treatment::TypeOn,
        Seen::Digits if !busy && !used && sharing.idle_digits == IdleDigits::TypeOn => {
            Treatment::TypeOn
        }
        Seen::Digits | Seen::Payment | Seen::Unusable => Treatment::Pay,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::code::{Settings, TextCodes, WalletTable};
    use crate::scanner::{Ending, Layout, Sharing};

    fn shared(idle_digits: IdleDigits) -> Use {
        Use::Shared(Sharing {
            idle_digits,
            pace: None,
            layout: Layout::Us,
            ending: Ending::Enter,
        })
    }

    #[test]
    fn a_payment_code_is_typed_on_only_as_idle_digits() {
        let type_on = shared(IdleDigits::TypeOn);
        let refuse = shared(IdleDigits::Refuse);
        for usage in [&Use::Dedicated, &type_on, &refuse] {
            for seen in [Seen::Other, Seen::Unusable, Seen::Payment, Seen::Digits] {
                for busy in [false, true] {
                    for used in [false, true] {
                        let typed = treat(usage, seen, busy, used) == Treatment::TypeOn;
                        let may = match seen {
                            Seen::Other => *usage != Use::Dedicated,
                            Seen::Digits => *usage == type_on && !busy && !used,
                            Seen::Unusable | Seen::Payment => false,
                        };
                        assert_eq!(typed, may, "{usage:?} {seen:?} {busy} {used}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_a_scan_is() {
        let settings = Settings {
            text: Some(TextCodes::payby()),
            ..Settings::default()
        };
        let classifier = Classifier::new(&WalletTable::built_in(), settings).unwrap();
        let emv = "hQVDUFYwMWETTwegAAAAVVVVUAhNeVdhbGxldA==";
        for (scan, is) in [
            ("6291041500213", Seen::Other),
            ("https://example.com/menu", Seen::Other),
            ("WIFI:S:shop;;", Seen::Other),
            ("LOT 17/A", Seen::Other),
            // The length of a text code, and not its pattern.
            ("SHELF-00012345678-X", Seen::Other),
            ("20001234T500012345A", Seen::Payment),
            ("]Q120001234T500012345A", Seen::Payment),
            ("281234567890123456", Seen::Digits),
            ("HQVDUFYWMWETTWEGAAAAVVVVUAHNEVDHBGXLDA==", Seen::Unusable),
            (&emv[..20], Seen::Unusable),
        ] {
            assert_eq!(seen(&classifier, scan.as_bytes()), is, "{scan}");
        }
    }
}
