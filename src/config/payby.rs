//! PayBy: where it is, who we are, and how often it is asked. What PayBy takes of it
//! is said by its gateway; here it gets its key.

use super::complaints::Complaints;
use super::key::KeySource;
use super::section::{Section, line_of_text, seconds};
use super::{Lane, Store, read, written};
use crate::domain::code::{Sending, TextCodes, TextPattern};
use crate::gateway::payby::{self, MemberId, Settings};
use crate::gateway::{Address, Timing};
use crate::service::{Accepts, Emv};
use toml::Table;

/// Patterns of text codes at most.
const PATTERNS_MAX: usize = 16;

/// `[gateway.payby]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayBy {
    /// What its gateway is made from.
    pub settings: Settings,
    /// The merchant's private key.
    pub private_key: KeySource,
    /// The key that PayBy's answers are verified with.
    pub gateway_public_key: KeySource,
    /// Which codes it takes, and what is sent of them.
    pub accepts: Accepts,
    /// What its text codes look like.
    pub(super) text: TextCodes,
}

/// Checks the section, for a store and its lanes.
pub(super) fn payby(
    table: Table,
    store: Option<&Store>,
    lanes: &[Option<Lane>],
    complaints: &mut Complaints,
) -> Option<PayBy> {
    let written: written::PayBy = read::section(Some(table), "gateway.payby", complaints);
    let rules = complaints.taken(payby::rules(&timing(&written)));
    let mut at = Section::new("gateway.payby", complaints);
    let base_url = at.require(
        "base_url",
        written.base_url,
        "\"https://api.payby.com/sgs/api\"",
        str::parse::<Address>,
    );
    let partner_id = at.require(
        "partner_id",
        written.partner_id,
        "the merchant's number at PayBy",
        MemberId::partner,
    );
    let payee_mid = at.check("payee_mid", written.payee_mid, MemberId::payee);
    let (private_key, gateway_public_key) = at.keys(
        "payby",
        "PayBy",
        written.private_key,
        written.gateway_public_key,
    );
    let notify_url = at.check("notify_url", written.notify_url, payby::notify_url);
    let store_name = at.check("store_name", written.store_name, line_of_text(64));
    let sending = at.choice(
        "code",
        written.code,
        Sending::Extract,
        &[
            ("extract", Sending::Extract),
            ("pass_through", Sending::PassThrough),
        ],
    );
    let text = text_codes(&mut at, written.text_patterns);
    let unlisted_digits = at.forward_or_reject("unlisted_digits", written.unlisted_digits);
    let store = store?;
    let terminals = lanes.iter().flatten();
    let settings = Settings {
        base_url: base_url?,
        partner_id: partner_id?,
        payee_mid,
        notify_url,
        store_id: store.id.clone(),
        store_name: store_name.unwrap_or_else(|| store.name.clone()),
        terminal_ids: terminals
            .map(|lane| (lane.id.clone(), lane.terminal_id.clone()))
            .collect(),
        rules: rules?,
        warm_up: written.warm.unwrap_or(true),
    };
    Some(PayBy {
        settings,
        private_key: private_key?,
        gateway_public_key: gateway_public_key?,
        accepts: Accepts {
            emv: Emv::Wallets,
            text: true,
            wallets: Vec::new(),
            unlisted_digits,
            sending,
        },
        text,
    })
}

fn timing(written: &written::PayBy) -> Timing {
    Timing {
        enquiry_first: written.enquiry_first_s.map(seconds),
        enquiry_every: written.enquiry_every_s.map(seconds),
        enquiry_unanswered: written.enquiry_unanswered_s.map(seconds),
        wait: written.wait_s.map(seconds),
        wait_extension: written.wait_extension_s.map(seconds),
        expires: written.expires_s.map(seconds),
        limit_submit: written.limit_submit_s.map(seconds),
        limit_enquiry: written.limit_enquiry_s.map(seconds),
        cancel_every: written.cancel_every_s.map(seconds),
    }
}

fn text_codes(at: &mut Section<'_>, written: Option<Vec<String>>) -> TextCodes {
    let mut text = TextCodes::payby();
    let Some(written) = written else { return text };
    if !(1..=PATTERNS_MAX).contains(&written.len()) {
        at.complain(
            "text_patterns",
            format!("must be 1 to {PATTERNS_MAX} patterns"),
        );
    }
    let patterns = (1..).zip(written).filter_map(|(n, pattern)| {
        at.check(
            &format!("text_patterns[{n}]"),
            Some(pattern),
            str::parse::<TextPattern>,
        )
    });
    text.patterns = patterns.collect();
    text
}
