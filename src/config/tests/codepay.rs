//! `[gateway.codepay]`: alone, beside PayBy, and everything that can be wrong with it.

use super::*;
use crate::domain::Wallet;
use crate::gateway::codepay::PayMethods;
use crate::service::Emv;

const CODEPAY: &str = r#"
[gateway.codepay]
base_url = "https://codepay-open.codepay.us"
app_id = "wz00000000000000aa"
merchant_no = "300000000001"
private_key = "credential:codepay.key"
gateway_public_key = "/etc/qrpayd/codepay.pub"
"#;

/// [`GOOD`] with CodePay beside PayBy, and these lines at the end of its section.
fn with(lines: &str) -> String {
    let both = GOOD.replace("[\"payby\"]", "[\"codepay\", \"payby\"]");
    format!("{both}{CODEPAY}{lines}\n")
}

fn said(lines: &str) -> Vec<String> {
    match parse(&with(lines)) {
        Ok(_) => Vec::new(),
        Err(complaints) => complaints.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn fills_in_the_defaults() {
    let codepay = parse(&with("")).unwrap().codepay.unwrap();
    let settings = codepay.settings;
    assert_eq!(settings.rules.wait, Duration::from_secs(60));
    assert_eq!(settings.store_name, "Corner Grocery");
    assert_eq!(settings.methods, PayMethods::default());
    assert_eq!(settings.store_no, None);
    assert!(settings.terminals.is_empty());
    assert!(settings.warm_up);
    assert_eq!(settings.rules.display, None);
    assert_eq!(codepay.accepts.emv, Emv::Listed);
    assert_eq!(codepay.accepts.sending, Sending::PassThrough);
    assert!(
        codepay
            .accepts
            .wallets
            .contains(&Wallet::new("alipay").unwrap())
    );
    assert!(!codepay.accepts.unlisted_digits);
    assert!(!codepay.accepts.text);
}

#[test]
fn stands_alone() {
    let (store, _) = GOOD.split_once("[gateway.payby]").unwrap();
    let text = format!("{store}{CODEPAY}").replace("[\"payby\"]", "[\"codepay\"]");
    let config = parse(&text.replace("\"AED\"", "\"USD\"")).unwrap();
    assert_eq!(config.payby, None);
    // Text codes are PayBy's: there are none here.
    let core = Classifier::new(&WalletTable::built_in(), code::Settings::default()).unwrap();
    assert_eq!(config.classifier, core);
}

#[test]
fn every_key_is_taken() {
    let lines = r#"store_no = "4100000001"
notify_url = "https://shop.example/codepay"
store_name = "Market"
terminal_sn = { "1" = "SN-1" }
pay_methods = { alipay = "Alipay", other = "PayPay" }
display_pay_method = "WeChatPay"
unlisted_digits = "forward"
warm = false
wait_s = 45
wait_extension_s = 0
expires_s = 60"#;
    let config = parse(&with(lines)).unwrap();
    let codepay = config.codepay.unwrap();
    let settings = &codepay.settings;
    assert_eq!(settings.store_no.as_ref().unwrap().as_str(), "4100000001");
    assert_eq!(settings.terminals.len(), 1);
    assert_eq!(settings.display_method.as_deref(), Some("WeChatPay"));
    assert_eq!(settings.rules.expires, Duration::from_secs(60));
    assert!(settings.rules.display.is_some());
    let wallets: Vec<&str> = codepay.accepts.wallets.iter().map(Wallet::as_str).collect();
    assert_eq!(wallets, ["alipay", "other"]);
    assert!(codepay.accepts.unlisted_digits);
    // What CodePay forwards is a code for the whole store; PayBy does not take it.
    let forward = code::Settings {
        text: Some(TextCodes::payby()),
        unlisted_digits: code::UnlistedDigits::Forward,
        ..code::Settings::default()
    };
    let classifier = Classifier::new(&WalletTable::built_in(), forward).unwrap();
    assert_eq!(config.classifier, classifier);
    assert!(!config.payby.unwrap().accepts.unlisted_digits);
}

#[test]
fn every_wrong_key_is_named() {
    for (line, expected) in [
        (
            "store_no = \"a b\"",
            "store_no: must be 1 to 32 letters, digits, `-` or `_`, as CodePay's console shows it",
        ),
        (
            "notify_url = \"https://shop.example/?a=b\"",
            "notify_url: must end with the path: no `?` and no `#`",
        ),
        (
            "terminal_sn = { \"7\" = \"SN1\" }",
            "terminal_sn.7: there is no [[lane]] with this id",
        ),
        (
            "terminal_sn = { \"1\" = 7 }",
            "terminal_sn.1: must be text in quotes",
        ),
        (
            "pay_methods = { wechat = \"We Chat\" }",
            "pay_methods.wechat: must be a pay_method_id as CodePay spells it, such as \
             \"WeChatPay\" or \"Alipay+\"",
        ),
        (
            "pay_methods = { \"a b\" = \"WeChatPay\" }",
            "pay_methods.a b: a wallet must be 1 to 32 letters, digits, `-`, `_` or `.`",
        ),
        (
            "pay_methods = {}",
            "pay_methods: must name at least one wallet, such as { alipay = \"Alipay+\" }",
        ),
        (
            "display_pay_method = \"\"",
            "display_pay_method: must be a pay_method_id as CodePay spells it, such as \
             \"WeChatPay\" or \"Alipay+\"",
        ),
        (
            "unlisted_digits = \"guess\"",
            "unlisted_digits: must be \"reject\" or \"forward\"",
        ),
        ("wait_s = 14", "wait_s: must be between 15 and 120 seconds"),
        (
            "enquiry_every_s = 11",
            "enquiry_every_s: must be between 2 and 10 seconds",
        ),
        (
            "expires_s = 89",
            "expires_s: must not be less than wait_s and wait_extension_s together",
        ),
        (
            "limit_submit_s = -1",
            "limit_submit_s: must be between 10 and 60 seconds",
        ),
    ] {
        assert_eq!(
            said(line),
            [format!("gateway.codepay.{expected}")],
            "{line}"
        );
    }
    // It has no cancel.
    let cancel = said("cancel_every_s = 3");
    assert!(
        cancel[0].starts_with("gateway.codepay.cancel_every_s: unknown key"),
        "{cancel:?}"
    );
    let (store, _) = GOOD.split_once("[gateway.payby]").unwrap();
    let empty = parse(&format!("{store}[gateway.codepay]\n")).unwrap_err();
    let keys: Vec<&str> = empty.iter().map(|c| c.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "gateway.codepay.base_url",
            "gateway.codepay.app_id",
            "gateway.codepay.merchant_no",
            "gateway.codepay.private_key",
            "gateway.codepay.gateway_public_key",
            "lane[1].gateways",
        ]
    );
}
