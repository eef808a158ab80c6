//! The order in which a scan is looked at; the first step that decides wins.
//!
//! ```text
//!   terminator, size, AIM prefix     what the scanner put around the code
//!   shop code, link                  may hold spaces and foreign letters, so first
//!   bytes                            damage: nothing below is read from it
//!   EMV payload                      its marker decides, no falling through
//!   digits                           wallet, product, card number
//!   text                             only where its gateway is in use
//! ```

use super::wallets::{CORE, WalletTable};
use super::{Aid, Classified, RejectReason, TextCodes, UnlistedDigits, aim, cpm, digits, text};
use std::fmt;

/// The longest scan that is looked at, without its terminator.
pub const SCAN_BYTES_MAX: usize = 1024;

/// How the payload of a JPQR consumer-presented code starts (`85 05 "JPQR1"`).
const JPQR_MARKER: &[u8] = b"hQVKUFFS";

/// The first object of every EMV merchant-presented code.
const MERCHANT_MARKER: &[u8] = b"000201";

/// What a store takes beyond the core profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Profiles of the wallet table that are on; `core` is in any case.
    pub profiles: Vec<String>,
    /// The wallet whose codes may be text, if its gateway is in use.
    pub text: Option<TextCodes>,
    /// Applications, by AID or the start of one, whose payload must bring a card
    /// number (57 or 5A).
    pub demand_pan_aids: Vec<Aid>,
    /// Whether any gateway takes digits of wallets that no table lists.
    pub unlisted_digits: UnlistedDigits,
}

/// A profile that the wallet table does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownProfile {
    name: String,
    known: String,
}

impl fmt::Display for UnknownProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, known } = self;
        write!(
            f,
            "the wallet table has no profile {name:?}; it has {known}"
        )
    }
}

impl std::error::Error for UnknownProfile {}

/// Tells what a scan is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classifier {
    wallets: WalletTable,
    text: Option<TextCodes>,
    demand_pan_aids: Vec<Aid>,
    unlisted_digits: UnlistedDigits,
}

impl Classifier {
    /// A classifier with these settings over a wallet table.
    ///
    /// # Errors
    /// When the table does not have a profile of the settings.
    pub fn new(table: &WalletTable, settings: Settings) -> Result<Self, UnknownProfile> {
        let known = table.profiles();
        let mut on: Vec<&str> = settings.profiles.iter().map(String::as_str).collect();
        if let Some(name) = on.iter().find(|name| !known.contains(name)) {
            return Err(UnknownProfile {
                name: (*name).to_owned(),
                known: known.join(", "),
            });
        }
        on.push(CORE);
        Ok(Self {
            wallets: table.only(&on),
            text: settings.text,
            demand_pan_aids: settings.demand_pan_aids,
            unlisted_digits: settings.unlisted_digits,
        })
    }

    /// The core profile of the built-in table, and nothing else.
    pub fn core() -> Self {
        Self {
            wallets: WalletTable::built_in().only(&[CORE]),
            text: None,
            demand_pan_aids: Vec::new(),
            unlisted_digits: UnlistedDigits::Reject,
        }
    }

    /// What the bytes of one scan are.
    pub fn classify(&self, scan: &[u8]) -> Classified {
        self.read(scan)
            .unwrap_or_else(|reason| Classified::Reject { reason })
    }

    /// Whether the scan looks like a text code: where a scanner also reads
    /// products, a [`Classified::Text`] counts as a payment code only then.
    pub fn matches_text_pattern(&self, scan: &[u8]) -> bool {
        let code = aim::payload(scan);
        let patterns = self.text.iter().flat_map(|text| &text.patterns);
        patterns.into_iter().any(|pattern| pattern.matches(code))
    }

    fn read(&self, scan: &[u8]) -> Result<Classified, RejectReason> {
        let scan = aim::without_terminator(scan);
        if scan.is_empty() {
            return Err(RejectReason::Empty);
        }
        if scan.len() > SCAN_BYTES_MAX {
            return Err(RejectReason::TooLong);
        }
        let (identifier, code) = aim::split(scan);
        if let Some(reason) = identifier.and_then(aim::refusal) {
            return Err(reason);
        }
        if code.is_empty() {
            return Err(RejectReason::Empty);
        }
        if code.starts_with(MERCHANT_MARKER) {
            return Err(RejectReason::MerchantQr);
        }
        if starts_with_scheme(code) {
            return Err(RejectReason::Url);
        }
        check_bytes(code)?;
        if code.starts_with(cpm::MARKER) {
            return cpm::read(code, &self.demand_pan_aids);
        }
        let marker = code.get(..cpm::MARKER.len());
        if marker.is_some_and(|start| start.eq_ignore_ascii_case(cpm::MARKER)) {
            return Err(RejectReason::CaseChanged);
        }
        if code.starts_with(JPQR_MARKER) {
            return Err(RejectReason::JpqrCpm);
        }
        if code.iter().all(u8::is_ascii_digit) {
            let wallet = digits::read(code, &self.wallets, self.unlisted_digits)?;
            return Ok(Classified::Digits { wallet });
        }
        match &self.text {
            Some(text) if text::TEXT_BYTES.contains(&code.len()) => Ok(Classified::Text {
                wallet: text.wallet.clone(),
            }),
            _ => Err(RejectReason::UnknownFormat),
        }
    }
}

/// A letter, 1 to 15 of what a scheme may have (RFC 3986), a colon.
fn starts_with_scheme(code: &[u8]) -> bool {
    let Some((first, rest)) = code.split_first() else {
        return false;
    };
    let in_scheme = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-');
    let length = rest.iter().take(16).take_while(|b| in_scheme(b)).count();
    first.is_ascii_alphabetic() && (1..=15).contains(&length) && rest.get(length) == Some(&b':')
}

/// No payment code has other bytes than 0x21 to 0x7E. What a foreign byte says
/// depends on its kind; a group separator says most.
fn check_bytes(code: &[u8]) -> Result<(), RejectReason> {
    let any = |kind: fn(u8) -> bool| code.iter().any(|byte| kind(*byte));
    if code.iter().all(u8::is_ascii_graphic) {
        Ok(())
    } else if any(|byte| byte == 0x1d) {
        Err(RejectReason::Gs1Data)
    } else if any(|byte| byte.is_ascii_control()) {
        Err(RejectReason::ControlChar)
    } else if any(|byte| !byte.is_ascii()) {
        Err(RejectReason::NonAscii)
    } else {
        Err(RejectReason::Whitespace)
    }
}
