//! What a CodePay gateway is made from, within what CodePay takes.

use super::methods::PayMethods;
use crate::domain::{GatewayRules, LaneId};
use crate::gateway::{Address, AddressError};
use std::collections::BTreeMap;
use std::fmt;

/// Ours: no length is documented.
const NOTIFY_URL_MAX: usize = 256;

/// What a CodePay gateway is made from, beside the two keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The host that the merchant's console shows, such as `https://codepay-open.codepay.us`.
    pub base_url: Address,
    /// The application.
    pub app_id: AccountId,
    /// The merchant.
    pub merchant_no: AccountId,
    /// The store under the merchant, where it has several.
    pub store_no: Option<AccountId>,
    /// The store, as the customer knows it: it begins the order's description.
    pub store_name: String,
    /// The lanes' terminals, each bound to the merchant at CodePay before.
    pub terminals: BTreeMap<LaneId, AccountId>,
    /// Which wallets' codes are taken, and under which `pay_method_id`.
    pub methods: PayMethods,
    /// The `pay_method_id` of codes that the store shows; none are shown without it.
    pub display_method: Option<String>,
    /// Where CodePay sends notifications, see [`notify_url`]; none are sent without it.
    pub notify_url: Option<Address>,
    /// How CodePay is called, as [`rules`](super::rules) makes it.
    pub rules: GatewayRules,
    /// Whether a connection is opened while a tender waits for its code.
    pub warm_up: bool,
}

/// A number or name that CodePay gave: of an app, a merchant, a store, a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountId(String);

/// A text that is no such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountError;

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be 1 to 32 letters, digits, `-` or `_`, as CodePay's console shows it")
    }
}

impl std::error::Error for AccountError {}

impl AccountId {
    /// Takes a number (`CloudAPI`: at most 32 characters).
    ///
    /// # Errors
    /// When it is empty, longer, or has other characters.
    pub fn new(text: &str) -> Result<Self, AccountError> {
        let good = (1..=32).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        good.then(|| Self(text.to_owned())).ok_or(AccountError)
    }

    /// The number as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes an address for CodePay's notifications.
///
/// # Errors
/// When it is none, or longer than 256 characters.
pub fn notify_url(text: &str) -> Result<Address, AddressError> {
    let address: Address = text.parse()?;
    match address.url().as_str().len() {
        0..=NOTIFY_URL_MAX => Ok(address),
        _ => Err(AddressError::TooLong(NOTIFY_URL_MAX)),
    }
}
