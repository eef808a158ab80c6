//! Which wallet's codes go under which `pay_method_id`.
//!
//! The values are CodePay's (*ParameterDictionary*): spelling, capitals and the `+`
//! are part of them. That CodePay finds the wallet by itself is nowhere said, so a
//! code whose wallet has no entry is not taken.

use crate::domain::Wallet;
use std::collections::BTreeMap;

/// The entry for codes whose wallet nothing tells: EMV payloads of no known network, and
/// digits in no table where those are forwarded.
pub(super) const OTHER: &str = "other";

/// Ours: the longest documented value has 11 characters.
const METHOD_MAX: usize = 32;

/// Wallets, as they are classified, and their `pay_method_id`.
const USUAL: [(&str, &str); 8] = [
    ("wechat", "WeChatPay"),
    // Its partners' codes have the same form.
    ("alipay", "Alipay+"),
    ("unionpay", "UnionPay"),
    ("paypay", "PayPay"),
    ("rakuten", "RakutenPay"),
    ("dbarai", "DPay"),
    ("merpay", "MerPay"),
    ("aupay", "AuPay"),
];

/// Methods without `order.revoker` (n-age, *qr-pay-customer-presented*): a refund
/// takes its place.
const NO_REVERSAL: [&str; 5] = ["RakutenPay", "PayPay", "DPay", "MerPay", "AuPay"];

/// The table: each wallet's `pay_method_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayMethods(BTreeMap<Wallet, String>);

impl Default for PayMethods {
    fn default() -> Self {
        let wallet = |(wallet, method): &(&str, &str)| {
            Some((Wallet::new(*wallet).ok()?, (*method).to_owned()))
        };
        Self(USUAL.iter().filter_map(wallet).collect())
    }
}

impl PayMethods {
    /// A table of its own in place of the usual one.
    ///
    /// # Errors
    /// The wallet, and what is wrong with it or with its method.
    pub fn new(
        entries: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<(String, String)>> {
        let mut table = BTreeMap::new();
        let mut wrong = Vec::new();
        for (name, method) in entries {
            match (Wallet::new(name.clone()), method_id(&method)) {
                (Ok(wallet), Ok(method)) => {
                    table.insert(wallet, method);
                }
                (Err(error), _) => wrong.push((name, error.to_string())),
                (_, Err(error)) => wrong.push((name, error.to_owned())),
            }
        }
        if wrong.is_empty() {
            Ok(Self(table))
        } else {
            Err(wrong)
        }
    }

    /// The wallets that have an entry.
    pub fn wallets(&self) -> Vec<Wallet> {
        self.0.keys().cloned().collect()
    }

    /// What an order of this wallet is sent with.
    pub(super) fn of(&self, wallet: Option<&Wallet>) -> Option<&str> {
        let known = wallet.map_or(OTHER, Wallet::as_str);
        let entry = self.0.iter().find(|(wallet, _)| wallet.as_str() == known);
        entry.map(|(_, method)| method.as_str())
    }

    /// The wallets whose orders cannot be reversed.
    pub(super) fn without_reversal(&self) -> Vec<Wallet> {
        let without = |(_, method): &(&Wallet, &String)| NO_REVERSAL.contains(&method.as_str());
        self.0
            .iter()
            .filter(without)
            .map(|(wallet, _)| wallet.clone())
            .collect()
    }
}

/// Takes a `pay_method_id`.
///
/// # Errors
/// When it is empty, too long, or has signs that no value has.
pub fn method_id(text: &str) -> Result<String, &'static str> {
    let good = (1..=METHOD_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'_'));
    good.then(|| text.to_owned())
        .ok_or("must be a pay_method_id as CodePay spells it, such as \"WeChatPay\" or \"Alipay+\"")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn wallet(name: &str) -> Wallet {
        Wallet::new(name).unwrap()
    }

    #[test]
    fn usual_methods() {
        let methods = PayMethods::default();
        for (name, method) in [
            ("wechat", Some("WeChatPay")),
            ("alipay", Some("Alipay+")),
            ("unionpay", Some("UnionPay")),
            ("aupay", Some("AuPay")),
            ("payby", None),
            ("visa", None),
        ] {
            assert_eq!(methods.of(Some(&wallet(name))), method, "{name}");
        }
        assert_eq!(methods.of(None), None);
        let without = methods.without_reversal();
        let names: Vec<&str> = without.iter().map(Wallet::as_str).collect();
        assert_eq!(names, ["aupay", "dbarai", "merpay", "paypay", "rakuten"]);
    }

    #[test]
    fn own_methods_replace_the_usual_ones() {
        let own = |entries: &[(&str, &str)]| {
            PayMethods::new(entries.iter().map(|(w, m)| ((*w).into(), (*m).into())))
        };
        let methods = own(&[("alipay", "Alipay"), ("other", "PayPay")]).unwrap();
        assert_eq!(methods.of(Some(&wallet("alipay"))), Some("Alipay"));
        assert_eq!(methods.of(Some(&wallet("wechat"))), None);
        assert_eq!(methods.of(None), Some("PayPay"));
        assert_eq!(methods.without_reversal(), [wallet("other")]);
        let wrong = own(&[("a b", "Alipay"), ("alipay", ""), ("wechat", "We Chat")]).unwrap_err();
        let names: Vec<&str> = wrong.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a b", "alipay", "wechat"]);
    }
}
