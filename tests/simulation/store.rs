//! The store: four lanes, two gateways of different kinds, and codes for both.

use qrpayd::domain::code::{Classifier, Sending, Settings, TextCodes, UnlistedDigits, WalletTable};
use qrpayd::domain::{
    Amount, Currency, DisplayRules, GatewayId, GatewayRules, LaneId, LaneRules, LastWord,
    RefundRules, Setup, StoreId, Wallet,
};
use qrpayd::service::{Accepts, Emv, Intake};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Refuses to cancel a paid order: it has the last word before the verdict.
pub(crate) const CANCEL_FIRST: &str = "cancel-first";
/// Its reversal returns the money of a paid order: verdict and duty go first.
pub(crate) const VERDICT_FIRST: &str = "verdict-first";
pub(crate) const LANES: [&str; 4] = ["L1", "L2", "L3", "L4"];

pub(crate) const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn lane(id: &str) -> LaneId {
    LaneId::new(id).unwrap()
}

pub(crate) fn gateway(id: &str) -> GatewayId {
    GatewayId::new(id).unwrap()
}

pub(crate) fn aed(minor: u64) -> Amount {
    let currency = Currency::AED;
    Amount { minor, currency }
}

fn cancel_first() -> GatewayRules {
    GatewayRules {
        enquiry_first: s(2),
        enquiry_every: s(3),
        enquiry_pause_min: s(2),
        enquiry_unanswered: s(5),
        wait: s(75),
        wait_extension: s(30),
        expires: s(120),
        limit_submit: s(30),
        limit_enquiry: s(10),
        last_word: LastWord::CancelFirst {
            limit_enquiry: s(3),
            every: s(3),
            limit: s(10),
        },
        arrival_window: s(16 * 60),
        not_found_proof: (2, s(60)),
        reversal_earliest: Duration::ZERO,
        duty_pace: (s(10), s(15 * 60)),
        duty_alert: (6, s(30 * 60)),
        order_number_max: 40,
        reversal_closes_unseen: false,
        reversal_window: None,
        reversal_not_for: Vec::new(),
        refund: Some(RefundRules {
            window: Some(s(180 * 24 * 60 * 60)),
            partial: true,
            count_max: 100,
            enquiry_every: s(3),
            not_found_proof: (2, s(60)),
        }),
        display: Some(DisplayRules {
            life: s(180),
            scanned_every: Some(s(3)),
        }),
    }
}

fn verdict_first() -> GatewayRules {
    GatewayRules {
        enquiry_first: s(5),
        enquiry_every: s(5),
        wait: s(60),
        expires: s(90),
        last_word: LastWord::VerdictFirst {
            limit_enquiry: s(3),
        },
        not_found_proof: (2, s(5)),
        reversal_earliest: s(15),
        order_number_max: 32,
        reversal_window: Some(s(12 * 60 * 60)),
        reversal_not_for: vec![Wallet::new("wechat").unwrap()],
        ..cancel_first()
    }
}

/// The longest a customer and a cashier wait, in milliseconds: a shown code's life, an
/// extension, the last enquiry, the last word, and a little.
pub(crate) const VERDICT_WITHIN: u64 = (180 + 30 + 3 + 10 + 5) * 1_000;

pub(crate) fn setup() -> Arc<Setup> {
    let rules = LaneRules {
        gateways: vec![gateway(CANCEL_FIRST), gateway(VERDICT_FIRST)],
        ceiling: aed(50_000),
        wait_code: s(120),
    };
    Arc::new(Setup {
        store: StoreId::new("s1").unwrap(),
        lanes: LANES.map(|id| (lane(id), rules.clone())).into(),
        gateways: BTreeMap::from([
            (gateway(CANCEL_FIRST), cancel_first()),
            (gateway(VERDICT_FIRST), verdict_first()),
        ]),
    })
}

/// The real classifier, and which gateway takes what.
pub(crate) fn intake() -> Intake {
    let settings = Settings {
        text: Some(TextCodes::payby()),
        unlisted_digits: UnlistedDigits::Reject,
        ..Settings::default()
    };
    let classifier = Classifier::new(&WalletTable::built_in(), settings).unwrap();
    let takes = |text, wallets: &[&str]| Accepts {
        emv: Emv::No,
        text,
        wallets: wallets.iter().map(|w| Wallet::new(*w).unwrap()).collect(),
        unlisted_digits: false,
        sending: Sending::PassThrough,
    };
    let accepts = BTreeMap::from([
        (gateway(CANCEL_FIRST), takes(true, &[])),
        (gateway(VERDICT_FIRST), takes(false, &["alipay", "wechat"])),
    ]);
    Intake::new(classifier, accepts)
}

/// The code of a customer of one kind: PayBy's text, Alipay's or WeChat's digits.
pub(crate) fn code(kind: u64, number: u64) -> String {
    match kind {
        0 => format!("20001234T{number:09}A"),
        1 => format!("28{number:016}"),
        _ => format!("13{number:016}"),
    }
}
