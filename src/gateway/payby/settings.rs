//! What a PayBy gateway is made from, within what PayBy takes.

use crate::domain::{GatewayRules, LaneId, StoreId};
use crate::gateway::{Address, AddressError, Complaint};
use std::collections::BTreeMap;
use std::fmt;

/// `create-order.mdx`: `notifyUrl` and the fields of `terminalDetail`, at most 200.
const TEXT_MAX: usize = 200;

/// What a PayBy gateway is made from, beside the two keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `https://api.payby.com/sgs/api`, or the test host's.
    pub base_url: Address,
    /// The merchant's number, header `Partner-Id`.
    pub partner_id: MemberId,
    /// The member that is paid, `payeeMid` of every answer. The merchant, by default.
    pub payee_mid: Option<MemberId>,
    /// Where PayBy sends notifications, see [`notify_url`]; none are sent without it.
    pub notify_url: Option<Address>,
    /// The store, as it comes back in statements.
    pub store_id: StoreId,
    /// The store, as the customer knows it: it begins the order's title.
    pub store_name: String,
    /// The till's number in statements, where it is not the lane's name.
    pub terminal_ids: BTreeMap<LaneId, String>,
    /// How PayBy is called, as [`rules`](super::rules) makes it.
    pub rules: GatewayRules,
    /// Whether a connection is opened while a tender waits for its code.
    pub warm_up: bool,
}

/// A member's number at PayBy: digits in every sample, letters are let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberId(String);

/// A text that is no member's number; holds the most characters that one has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberError(usize);

impl fmt::Display for MemberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let max = self.0;
        write!(
            f,
            "must be 1 to {max} digits or letters, as PayBy's portal shows it"
        )
    }
}

impl std::error::Error for MemberError {}

impl MemberId {
    /// Takes a merchant's number (`integration-guide.md`: `Partner-Id`, at most 12).
    ///
    /// # Errors
    /// When it is empty, longer, or has other characters.
    pub fn partner(text: &str) -> Result<Self, MemberError> {
        Self::new(text, 12)
    }

    /// Takes a payee's number (`create-order.mdx`: `payeeMid`, at most 20).
    ///
    /// # Errors
    /// When it is empty, longer, or has other characters.
    pub fn payee(text: &str) -> Result<Self, MemberError> {
        Self::new(text, 20)
    }

    fn new(text: &str, max: usize) -> Result<Self, MemberError> {
        let good =
            (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        good.then(|| Self(text.to_owned())).ok_or(MemberError(max))
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes an address for PayBy's notifications.
///
/// # Errors
/// When it is none, or too long for PayBy.
pub fn notify_url(text: &str) -> Result<Address, AddressError> {
    let address: Address = text.parse()?;
    match address.url().as_str().len() {
        0..=TEXT_MAX => Ok(address),
        _ => Err(AddressError::TooLong(TEXT_MAX)),
    }
}

/// The texts that PayBy would not take. The configuration keeps them far shorter.
pub(super) fn limits(settings: &Settings) -> Vec<Complaint> {
    let names = [("store.name", &settings.store_name)];
    let terminals = settings.terminal_ids.values();
    let terminals = terminals.map(|id| ("lane.terminal_id", id));
    { names.into_iter().chain(terminals) }
        .filter(|(_, text)| text.chars().count() > TEXT_MAX)
        .map(|(key, _)| Complaint {
            key: key.to_owned(),
            text: format!("must have at most {TEXT_MAX} characters"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_have_numbers_of_limited_length() {
        for (text, partner, payee) in [
            ("200000909090", true, true),
            ("2000009090901", false, true),
            ("20000090909012345678", false, true),
            ("200000909090123456789", false, false),
            ("", false, false),
            ("20000090909 ", false, false),
            ("２００", false, false),
        ] {
            assert_eq!(MemberId::partner(text).is_ok(), partner, "{text}");
            assert_eq!(MemberId::payee(text).is_ok(), payee, "{text}");
        }
    }

    #[test]
    fn notifications_have_an_address_that_payby_can_keep() {
        let url = |length: usize| format!("https://shop.example/{}", "a".repeat(length - 21));
        assert!(notify_url(&url(200)).is_ok());
        assert_eq!(notify_url(&url(201)), Err(AddressError::TooLong(200)));
        let plain = notify_url("http://shop.example/payby");
        assert_eq!(plain, Err(AddressError::NotEncrypted));
    }
}
