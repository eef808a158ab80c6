//! Why a scan is no payment code: a stable word for programs, a sentence for the cashier.

use crate::domain::Language;

/// Why a scan is rejected. [`RejectReason::word`] is the name that programs may rely on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectReason {
    /// Nothing is left after the terminator and the AIM prefix.
    Empty,
    /// More than 1024 bytes.
    TooLong,
    /// The AIM prefix names a carrier that no wallet uses.
    UnsupportedSymbology,
    /// EAN, UPC or ITF, by AIM prefix or by check digit.
    ProductCode,
    /// A GS1 carrier, or a group separator (0x1D) in the data.
    Gs1Data,
    /// An EMV merchant-presented code.
    MerchantQr,
    /// A scheme followed by a colon.
    Url,
    /// A byte below 0x20, or 0x7F.
    ControlChar,
    /// A byte from 0x80.
    NonAscii,
    /// A space.
    Whitespace,
    /// An EMV payload's first letters in another case.
    CaseChanged,
    /// A JPQR consumer-presented payload.
    JpqrCpm,
    /// EMV payload: not canonical base64.
    BadBase64,
    /// EMV payload: broken structure.
    BadTlv,
    /// EMV payload: tag 85 is not `CPV` and two decimal digits.
    BadFormatIndicator,
    /// EMV payload: `CPV` and digits other than 01.
    UnsupportedVersion,
    /// EMV payload: no tag 61.
    NoApplicationTemplate,
    /// EMV payload: three or more 61, or two or more 62.
    TooManyTemplates,
    /// EMV payload: a root object in a place or form that is not allowed.
    UnexpectedObject,
    /// EMV payload: an object twice where one is allowed.
    DuplicateObject,
    /// EMV payload: no 61 with a 4F of 5 to 16 bytes.
    NoUsableAid,
    /// EMV payload: nothing to pay with (57, 5A, 63 or 64).
    NoPaymentData,
    /// EMV payload: malformed 57.
    BadTrack2,
    /// EMV payload: malformed 5A.
    BadPan,
    /// Digits of a card number's length that pass its check.
    LooksLikePan,
    /// Digits that start like a known wallet's, of another length.
    BadLength,
    /// Other digits.
    UnknownDigits,
    /// Anything else.
    UnknownFormat,
}

impl RejectReason {
    /// All of them, in the order of the documentation (`docs/codes.md`).
    pub const ALL: [Self; 28] = [
        Self::Empty,
        Self::TooLong,
        Self::UnsupportedSymbology,
        Self::ProductCode,
        Self::Gs1Data,
        Self::MerchantQr,
        Self::Url,
        Self::ControlChar,
        Self::NonAscii,
        Self::Whitespace,
        Self::CaseChanged,
        Self::JpqrCpm,
        Self::BadBase64,
        Self::BadTlv,
        Self::BadFormatIndicator,
        Self::UnsupportedVersion,
        Self::NoApplicationTemplate,
        Self::TooManyTemplates,
        Self::UnexpectedObject,
        Self::DuplicateObject,
        Self::NoUsableAid,
        Self::NoPaymentData,
        Self::BadTrack2,
        Self::BadPan,
        Self::LooksLikePan,
        Self::BadLength,
        Self::UnknownDigits,
        Self::UnknownFormat,
    ];

    /// A stable word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::UnsupportedSymbology => "unsupported_symbology",
            Self::ProductCode => "product_code",
            Self::Gs1Data => "gs1_data",
            Self::MerchantQr => "merchant_qr",
            Self::Url => "url",
            Self::ControlChar => "control_char",
            Self::NonAscii => "non_ascii",
            Self::Whitespace => "whitespace",
            Self::CaseChanged => "case_changed",
            Self::JpqrCpm => "jpqr_cpm",
            Self::BadBase64 => "bad_base64",
            Self::BadTlv => "bad_tlv",
            Self::BadFormatIndicator => "bad_format_indicator",
            Self::UnsupportedVersion => "unsupported_version",
            Self::NoApplicationTemplate => "no_application_template",
            Self::TooManyTemplates => "too_many_templates",
            Self::UnexpectedObject => "unexpected_object",
            Self::DuplicateObject => "duplicate_object",
            Self::NoUsableAid => "no_usable_aid",
            Self::NoPaymentData => "no_payment_data",
            Self::BadTrack2 => "bad_track2",
            Self::BadPan => "bad_pan",
            Self::LooksLikePan => "looks_like_pan",
            Self::BadLength => "bad_length",
            Self::UnknownDigits => "unknown_digits",
            Self::UnknownFormat => "unknown_format",
        }
    }

    /// What to tell the cashier.
    pub fn sentence(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english(),
            Language::Arabic => self.arabic(),
        }
    }

    fn english(self) -> &'static str {
        match self {
            Self::Empty => "Nothing was scanned. Scan again.",
            Self::TooLong => "This is not a payment code.",
            Self::UnsupportedSymbology => "Scan the payment code, not this barcode.",
            Self::ProductCode => "This is a product barcode. Ask for the payment code.",
            Self::Gs1Data => "This is a label, not a payment code.",
            Self::MerchantQr => {
                "This is a shop's code. Ask the customer to open \"Pay\" and show their own code."
            }
            Self::Url => "This is a web link. Ask the customer to open \"Pay\".",
            Self::ControlChar
            | Self::Whitespace
            | Self::BadBase64
            | Self::BadTlv
            | Self::BadLength => "Bad read. Scan again.",
            Self::NonAscii => "Bad read. Check the scanner's keyboard language.",
            Self::CaseChanged => {
                "Scanner changes letter case. Turn Caps Lock or case conversion off."
            }
            Self::JpqrCpm => "This Japanese QR code is not accepted here. Ask for the barcode.",
            Self::BadFormatIndicator
            | Self::NoApplicationTemplate
            | Self::TooManyTemplates
            | Self::UnexpectedObject
            | Self::DuplicateObject
            | Self::NoPaymentData
            | Self::BadTrack2
            | Self::BadPan => "Code not accepted.",
            Self::UnsupportedVersion => "Code version not accepted.",
            Self::NoUsableAid => "Card in this code is not accepted.",
            Self::LooksLikePan => "Never scan or type card numbers.",
            Self::UnknownDigits | Self::UnknownFormat => "This is not a payment code we know.",
        }
    }

    fn arabic(self) -> &'static str {
        match self {
            Self::Empty => "لم يُمسح أي رمز. امسح مرة أخرى.",
            Self::TooLong => "هذا ليس رمز دفع.",
            Self::UnsupportedSymbology => "امسح رمز الدفع، وليس هذا الباركود.",
            Self::ProductCode => "هذا باركود منتج. اطلب رمز الدفع.",
            Self::Gs1Data => "هذا ملصق، وليس رمز دفع.",
            Self::MerchantQr => "هذا رمز متجر. اطلب من العميل فتح «الدفع» وعرض الرمز الخاص به.",
            Self::Url => "هذا رابط ويب. اطلب من العميل فتح «الدفع».",
            Self::ControlChar
            | Self::Whitespace
            | Self::BadBase64
            | Self::BadTlv
            | Self::BadLength => "قراءة غير سليمة. امسح مرة أخرى.",
            Self::NonAscii => "قراءة غير سليمة. تحقق من لغة لوحة المفاتيح في الماسح.",
            Self::CaseChanged => "الماسح يغيّر حالة الأحرف. أوقف Caps Lock أو تحويل حالة الأحرف.",
            Self::JpqrCpm => "رمز QR الياباني هذا غير مقبول هنا. اطلب الباركود.",
            Self::BadFormatIndicator
            | Self::NoApplicationTemplate
            | Self::TooManyTemplates
            | Self::UnexpectedObject
            | Self::DuplicateObject
            | Self::NoPaymentData
            | Self::BadTrack2
            | Self::BadPan => "الرمز غير مقبول.",
            Self::UnsupportedVersion => "إصدار الرمز غير مقبول.",
            Self::NoUsableAid => "البطاقة في هذا الرمز غير مقبولة.",
            Self::LooksLikePan => "لا تمسح أرقام البطاقات ولا تكتبها أبدًا.",
            Self::UnknownDigits | Self::UnknownFormat => "هذا ليس رمز دفع معروفًا لدينا.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_are_unique_and_sentences_are_sentences() {
        let words: BTreeSet<_> = RejectReason::ALL.iter().map(|r| r.word()).collect();
        assert_eq!(words.len(), RejectReason::ALL.len());
        for reason in RejectReason::ALL {
            for language in Language::ALL {
                assert!(reason.sentence(language).ends_with('.'), "{reason:?}");
            }
            assert!(reason.sentence(Language::English).is_ascii());
            assert!(!reason.sentence(Language::Arabic).is_ascii());
        }
    }

    /// The documentation lists every reason with its English sentence.
    #[test]
    fn the_documentation_lists_every_reason() {
        let page = include_str!("../../../docs/codes.md");
        for reason in RejectReason::ALL {
            let row = format!("| `{}` |", reason.word());
            let line = page.lines().find(|line| line.starts_with(&row));
            assert!(
                line.is_some_and(|line| line.contains(reason.sentence(Language::English))),
                "docs/codes.md has no right row for {}",
                reason.word()
            );
        }
    }
}
