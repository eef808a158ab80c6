//! CodePay: where it is, who we are, which wallets go through it, and how often it is
//! asked. What CodePay takes of it is said by its gateway; here it gets its key.

use super::complaints::Complaints;
use super::key::KeySource;
use super::section::{Section, line_of_text, seconds};
use super::{Lane, Store, read, written};
use crate::domain::LaneId;
use crate::domain::code::Sending;
use crate::gateway::codepay::{self, AccountId, PayMethods, Settings};
use crate::gateway::{Address, Timing};
use crate::service::{Accepts, Emv};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// `[gateway.codepay]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodePay {
    /// What its gateway is made from.
    pub settings: Settings,
    /// The application's private key.
    pub private_key: KeySource,
    /// The key that CodePay's answers are verified with.
    pub gateway_public_key: KeySource,
    /// Which codes it takes, and what is sent of them.
    pub accepts: Accepts,
}

/// Checks the section, for a store and its lanes.
pub(super) fn codepay(
    table: Table,
    store: Option<&Store>,
    lanes: &[Option<Lane>],
    complaints: &mut Complaints,
) -> Option<CodePay> {
    let written: written::CodePay = read::section(Some(table), "gateway.codepay", complaints);
    let timing = timing(&written);
    let mut at = Section::new("gateway.codepay", complaints);
    let base_url = at.require(
        "base_url",
        written.base_url,
        "\"https://codepay-open.codepay.us\", or what CodePay's console shows",
        str::parse::<Address>,
    );
    let app_id = at.require(
        "app_id",
        written.app_id,
        "the application's id, such as \"wz0123456789abcdef\"",
        AccountId::new,
    );
    let merchant_no = at.require(
        "merchant_no",
        written.merchant_no,
        "the merchant's number at CodePay",
        AccountId::new,
    );
    let store_no = at.check("store_no", written.store_no, AccountId::new);
    let (private_key, gateway_public_key) = at.keys(
        "codepay",
        "CodePay",
        written.private_key,
        written.gateway_public_key,
    );
    let notify_url = at.check("notify_url", written.notify_url, codepay::notify_url);
    let store_name = at.check("store_name", written.store_name, line_of_text(64));
    let terminals = terminals(&mut at, written.terminal_sn, lanes);
    let methods = methods(&mut at, written.pay_methods);
    let display_method = at.check(
        "display_pay_method",
        written.display_pay_method,
        codepay::method_id,
    );
    let unlisted_digits = at.forward_or_reject("unlisted_digits", written.unlisted_digits);
    let rules = codepay::rules(&timing, &methods, display_method.is_some());
    let rules = complaints.taken(rules);
    let store = store?;
    Some(CodePay {
        accepts: Accepts {
            emv: Emv::Listed,
            text: false,
            wallets: methods.wallets(),
            unlisted_digits,
            sending: Sending::PassThrough,
        },
        settings: Settings {
            base_url: base_url?,
            app_id: app_id?,
            merchant_no: merchant_no?,
            store_no,
            store_name: store_name.unwrap_or_else(|| store.name.clone()),
            terminals,
            methods,
            display_method,
            notify_url,
            rules: rules?,
            warm_up: written.warm.unwrap_or(true),
        },
        private_key: private_key?,
        gateway_public_key: gateway_public_key?,
    })
}

fn timing(written: &written::CodePay) -> Timing {
    Timing {
        enquiry_first: written.enquiry_first_s.map(seconds),
        enquiry_every: written.enquiry_every_s.map(seconds),
        enquiry_unanswered: written.enquiry_unanswered_s.map(seconds),
        wait: written.wait_s.map(seconds),
        wait_extension: written.wait_extension_s.map(seconds),
        expires: written.expires_s.map(seconds),
        limit_submit: written.limit_submit_s.map(seconds),
        limit_enquiry: written.limit_enquiry_s.map(seconds),
        cancel_every: None,
    }
}

/// `terminal_sn = { "1" = "SN1" }`: a lane's terminal.
fn terminals(
    at: &mut Section<'_>,
    written: Option<Table>,
    lanes: &[Option<Lane>],
) -> BTreeMap<LaneId, AccountId> {
    let mut terminals = BTreeMap::new();
    for (lane, serial) in texts(at, "terminal_sn", written) {
        let key = format!("terminal_sn.{lane}");
        let serial = at.check(&key, Some(serial), AccountId::new);
        let known = lanes.iter().flatten().find(|l| l.id.as_str() == lane);
        match (known, serial) {
            (Some(known), Some(serial)) => {
                terminals.insert(known.id.clone(), serial);
            }
            // A lane that is wrong in itself was complained about.
            (None, Some(_)) if lanes.iter().all(Option::is_some) => {
                at.complain(&key, "there is no [[lane]] with this id");
            }
            _ => {}
        }
    }
    terminals
}

/// `pay_methods = { alipay = "Alipay+" }`: what a wallet's codes go under.
fn methods(at: &mut Section<'_>, written: Option<Table>) -> PayMethods {
    if written.as_ref().is_some_and(Table::is_empty) {
        at.complain(
            "pay_methods",
            "must name at least one wallet, such as { alipay = \"Alipay+\" }",
        );
    }
    let Some(table) = written else {
        return PayMethods::default();
    };
    let entries = texts(at, "pay_methods", Some(table));
    PayMethods::new(entries).unwrap_or_else(|wrong| {
        for (wallet, text) in wrong {
            at.complain(&format!("pay_methods.{wallet}"), text);
        }
        PayMethods::default()
    })
}

/// The entries of a table of texts.
fn texts(at: &mut Section<'_>, key: &str, table: Option<Table>) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for (name, value) in table.unwrap_or_default() {
        match value {
            Value::String(text) => texts.push((name, text)),
            _ => at.complain(&format!("{key}.{name}"), "must be text in quotes"),
        }
    }
    texts
}
