//! Wallets: the values of `pay_method_id`, and which codes they show.

/// One wallet.
pub(crate) struct Wallet {
    pub(crate) name: &'static str,
    /// Whether `order.revoker` serves it.
    pub(crate) cancels: bool,
    /// Whether a code is one of its own.
    pub(crate) shows: fn(&str) -> bool,
}

const WALLETS: [Wallet; 9] = [
    wallet("WeChatPay", true, |code| numbered(code, 18..=18, 10..=15)),
    wallet("Alipay+", true, alipay),
    wallet("Alipay", true, alipay),
    wallet("UnionPay", true, |code| {
        numbered(code, 19..=19, 62..=62) || code.starts_with("hQVDUFYw")
    }),
    // The wallets of Japan: no document says what their codes look like.
    wallet("RakutenPay", false, anything),
    wallet("PayPay", false, anything),
    wallet("DPay", false, anything),
    wallet("MerPay", false, anything),
    wallet("AuPay", false, anything),
];

const fn wallet(name: &'static str, cancels: bool, shows: fn(&str) -> bool) -> Wallet {
    Wallet {
        name,
        cancels,
        shows,
    }
}

fn alipay(code: &str) -> bool {
    numbered(code, 16..=24, 25..=30)
}

fn anything(_: &str) -> bool {
    true
}

fn numbered(
    code: &str,
    length: std::ops::RangeInclusive<usize>,
    prefix: std::ops::RangeInclusive<u32>,
) -> bool {
    length.contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_digit())
        && code
            .get(..2)
            .and_then(|two| two.parse().ok())
            .is_some_and(|two| prefix.contains(&two))
}

/// Finds a wallet; spelling and capitals matter.
pub(crate) fn find(pay_method_id: &str) -> Option<&'static Wallet> {
    static ALL: [Wallet; 9] = WALLETS;
    ALL.iter().find(|wallet| wallet.name == pay_method_id)
}
