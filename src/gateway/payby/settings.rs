//! What a PayBy gateway is made from, and what of it PayBy would not take.

use super::rules::Timing;
use crate::domain::{GatewayId, LaneId, Timestamp};
use crate::gateway::Complaint;
use reqwest::Url;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// `create-order.mdx`: `notifyUrl` and the fields of `terminalDetail`, at most 200.
const TEXT_MAX: usize = 200;

/// What a PayBy gateway is made from.
pub struct Settings {
    /// Its name in the configuration.
    pub id: GatewayId,
    /// `https://api.payby.com/sgs/api`, or the test host's.
    pub base_url: String,
    /// The merchant's number, header `Partner-Id`.
    pub partner_id: String,
    /// The member that is paid, `payeeMid` of every answer. The merchant, by default.
    pub payee_mid: Option<String>,
    /// The merchant's private key, in any form that [`PrivateKey::read`](crate::gateway::PrivateKey::read) takes.
    pub private_key: Zeroizing<Vec<u8>>,
    /// PayBy's public key for this merchant, in any form that [`PublicKey::read`](crate::gateway::PublicKey::read) takes.
    pub gateway_public_key: Vec<u8>,
    /// Where PayBy sends notifications; none are sent without it.
    pub notify_url: Option<String>,
    /// The store, as it comes back in statements.
    pub store_id: String,
    /// The store, as the customer knows it: it begins the order's title.
    pub store_name: String,
    /// The till's number in statements, where it is not the lane's name.
    pub terminal_ids: BTreeMap<LaneId, String>,
    /// Timings other than the usual.
    pub timing: Timing,
    /// Whether a connection is opened while a tender waits for its code.
    pub warm_up: bool,
    /// The wall clock.
    pub clock: fn() -> Timestamp,
}

/// Everything that is outside PayBy's limits.
pub(super) fn limits(settings: &Settings) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut check = |key, sound: bool, text: &str| {
        if !sound {
            complaints.push(Complaint {
                key,
                text: text.to_owned(),
            });
        }
    };
    let member = |id: &str, max| {
        (1..=max).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let short = |text: &str| text.chars().count() <= TEXT_MAX;
    check(
        "gateway.payby.partner_id",
        member(&settings.partner_id, 12),
        "must be the merchant's number: 1 to 12 digits",
    );
    check(
        "gateway.payby.payee_mid",
        settings.payee_mid.as_ref().is_none_or(|id| member(id, 20)),
        "must be a member's number: 1 to 20 digits",
    );
    check(
        "gateway.payby.notify_url",
        settings.notify_url.as_ref().is_none_or(|url| {
            url.len() <= TEXT_MAX && url.starts_with("https://") && Url::parse(url).is_ok()
        }),
        "must be an https:// address of at most 200 characters",
    );
    check(
        "store.id",
        short(&settings.store_id),
        "must have at most 200 characters",
    );
    check(
        "store.name",
        short(&settings.store_name),
        "must have at most 200 characters",
    );
    check(
        "lane.terminal_id",
        settings.terminal_ids.values().all(|id| short(id)),
        "must have at most 200 characters",
    );
    complaints
}
