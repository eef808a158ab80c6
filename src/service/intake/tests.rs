//! Which gateway gets a code, with both of them in use as they are configured.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::code::{Settings, TextCodes, UnlistedDigits, WalletTable};
use crate::gateway::codepay::PayMethods;

const WECHAT: &str = "130000000000000017";
const ALIPAY: &str = "280000000000000017";
const UNIONPAY: &str = "6212345678901234567";
const UNIONPAY_EMV: &str = "hQVDUFYwMWEUTwigAAADMwEBAVoImZkSAAAAEjQ=";
const PAYBY_TEXT: &str = "20001234T500012345A";
const PAYBY_EMV: &str = "hQVDUFYwMWEoTwcwMFRvUEFZUAVUb1BBWWMWn0ITMjAwMDEyMzRUNTAwMDEyMzQ1QQ==";
const UNLISTED: &str = "9911223344556677889";

fn id(name: &str) -> GatewayId {
    GatewayId::new(name).unwrap()
}

/// Both gateways; `forward` lets CodePay have what no table knows.
fn intake(forward: bool, methods: PayMethods) -> Intake {
    let payby = Accepts {
        emv: Emv::Wallets,
        text: true,
        wallets: Vec::new(),
        unlisted_digits: false,
        sending: Sending::Extract,
    };
    let codepay = Accepts {
        emv: Emv::Listed,
        text: false,
        wallets: methods.wallets(),
        unlisted_digits: forward,
        sending: Sending::PassThrough,
    };
    let settings = Settings {
        text: Some(TextCodes::payby()),
        unlisted_digits: match forward {
            true => UnlistedDigits::Forward,
            false => UnlistedDigits::Reject,
        },
        ..Settings::default()
    };
    Intake {
        classifier: Classifier::new(&WalletTable::built_in(), settings).unwrap(),
        accepts: BTreeMap::from([(id("payby"), payby), (id("codepay"), codepay)]),
    }
}

/// Gateway, wallet and what is sent; or the word of the trouble.
fn routed(
    intake: &Intake,
    scan: &str,
    lane: &[&str],
    forced: Option<&str>,
) -> Result<(String, Option<String>, String), &'static str> {
    let lane: Vec<GatewayId> = lane.iter().map(|name| id(name)).collect();
    let forced = forced.map(id);
    let scan = PaymentCode::new(scan.as_bytes());
    match intake.route(&scan, &lane, forced.as_ref(), Language::English) {
        Ok(routed) => Ok((
            routed.gateway.to_string(),
            routed.wallet.map(|wallet| wallet.to_string()),
            String::from_utf8(routed.to_send.as_bytes().to_vec()).unwrap(),
        )),
        Err(Trouble::NoGatewayForCode { text }) => {
            assert_eq!(text, no_gateway_text(Language::English));
            Err("no gateway")
        }
        Err(Trouble::NotACode { .. }) => Err("no code"),
        Err(_) => Err("other"),
    }
}

#[test]
fn the_wallet_or_the_network_picks_the_gateway() {
    let intake = intake(false, PayMethods::default());
    let both = ["codepay", "payby"];
    let ok = |gateway: &str, wallet: Option<&str>, sent: &str| {
        Ok((
            gateway.to_owned(),
            wallet.map(str::to_owned),
            sent.to_owned(),
        ))
    };
    for (scan, expected) in [
        (WECHAT, ok("codepay", Some("wechat"), WECHAT)),
        (ALIPAY, ok("codepay", Some("alipay"), ALIPAY)),
        (UNIONPAY, ok("codepay", Some("unionpay"), UNIONPAY)),
        (UNIONPAY_EMV, ok("codepay", Some("unionpay"), UNIONPAY_EMV)),
        (PAYBY_TEXT, ok("payby", Some("payby"), PAYBY_TEXT)),
        (PAYBY_EMV, ok("payby", None, PAYBY_TEXT)),
        (UNLISTED, Err("no code")),
        ("4012345123456", Err("no code")),
    ] {
        for lane in [both, ["payby", "codepay"]] {
            assert_eq!(
                routed(&intake, scan, &lane, None),
                expected,
                "{scan} {lane:?}"
            );
        }
    }
}

#[test]
fn what_fits_no_gateway_of_the_lane_is_refused() {
    let intake = intake(false, PayMethods::default());
    for (scan, lane, forced) in [
        (WECHAT, vec!["payby"], None),
        (UNIONPAY_EMV, vec!["payby"], None),
        (PAYBY_TEXT, vec!["codepay"], None),
        (PAYBY_EMV, vec!["codepay"], None),
        (WECHAT, vec![], None),
        // The gateway that was asked for, or none.
        (WECHAT, vec!["codepay", "payby"], Some("payby")),
        (PAYBY_TEXT, vec!["codepay", "payby"], Some("codepay")),
        // One that the lane does not have is not its gateway, whatever it takes.
        (WECHAT, vec!["payby"], Some("codepay")),
    ] {
        let routed = routed(&intake, scan, &lane, forced);
        assert_eq!(routed, Err("no gateway"), "{scan} {lane:?} {forced:?}");
    }
    let forced = routed(&intake, WECHAT, &["payby", "codepay"], Some("codepay"));
    assert_eq!(forced.unwrap().0, "codepay");
}

#[test]
fn the_lanes_first_gateway_that_takes_a_code_gets_it() {
    let entries = [("other", "Alipay+"), ("wechat", "WeChatPay")];
    let own = entries.map(|(wallet, method)| (wallet.to_owned(), method.to_owned()));
    let intake = intake(true, PayMethods::new(own).unwrap());
    let gateway = |scan, lane: [&str; 2]| routed(&intake, scan, &lane, None).map(|to| to.0);
    // An EMV payload of no known network may be either's.
    assert_eq!(
        gateway(PAYBY_EMV, ["payby", "codepay"]).as_deref(),
        Ok("payby")
    );
    assert_eq!(
        gateway(PAYBY_EMV, ["codepay", "payby"]).as_deref(),
        Ok("codepay")
    );
    // Digits that nobody knows go where they are forwarded.
    assert_eq!(
        gateway(UNLISTED, ["payby", "codepay"]).as_deref(),
        Ok("codepay")
    );
    // The table that is configured is the whole table.
    assert_eq!(gateway(ALIPAY, ["payby", "codepay"]), Err("no gateway"));
    assert_eq!(
        gateway(UNIONPAY_EMV, ["payby", "codepay"]),
        Err("no gateway")
    );
}
