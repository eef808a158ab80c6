//! New names: of tenders, and of orders at a gateway.
//!
//! Both carry the time and fresh randomness, so that they stay unique for ever,
//! also after a restored backup or a lost journal.

use crate::domain::{GatewayRules, LaneId, Now, OrderNumber, StoreId, TenderId};

/// Crockford's alphabet, small letters: no i, l, o, u to misread.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn base32(mut bits: u64, digits: usize) -> String {
    let mut text = vec![b'0'; digits];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// `t`, nine digits of time, eight of randomness: sorts by time.
pub(super) fn tender_id(now: Now) -> TenderId {
    let time = u64::try_from(now.at.0).unwrap_or(0);
    TenderId::new(format!("t{}{}", base32(time, 9), base32(now.random, 8)))
        .unwrap_or_else(|_| unreachable!("letters and digits, 18 of them"))
}

/// `STORELANE-yyyymmddhhmmss-random`: letters, digits and dashes, as every
/// gateway takes them, within the gateway's length.
pub(super) fn order_number(
    store: &StoreId,
    lane: &LaneId,
    rules: &GatewayRules,
    now: Now,
) -> OrderNumber {
    named(store, lane, rules, "", now)
}

/// As [`order_number`], told apart by an `r`: some gateways have one space of
/// numbers for orders and refunds, and a person reads both.
pub(super) fn refund_number(
    store: &StoreId,
    lane: &LaneId,
    rules: &GatewayRules,
    now: Now,
) -> OrderNumber {
    named(store, lane, rules, "r", now)
}

fn named(
    store: &StoreId,
    lane: &LaneId,
    rules: &GatewayRules,
    kind: &str,
    now: Now,
) -> OrderNumber {
    let tail = format!("-{kind}{}-{}", now.at.compact(), base32(now.random, 8));
    let room = rules.order_number_max.saturating_sub(tail.len());
    let alphanumeric = |text: &str, max: usize| {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .take(max)
            .collect::<String>()
    };
    let mut prefix = alphanumeric(store.as_str(), 8) + &alphanumeric(lane.as_str(), 6);
    prefix.truncate(room);
    OrderNumber::new(prefix + &tail)
        .unwrap_or_else(|_| unreachable!("letters, digits and dashes, 39 at most"))
}
