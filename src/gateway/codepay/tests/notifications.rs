//! Notifications: genuine, of somebody else, and forged.

use super::super::notification;
use super::*;
use crate::domain::{RefundStatus, Unknown};
use crate::gateway::NotificationAbout;
use serde_json::{Value, json};

/// A notification as it is documented, with some fields changed, signed by this key.
fn notification(changes: Value, key: &TestKey) -> Vec<u8> {
    let mut body = json!({
        "app_id": "wz00000000000000aa", "method": "a.method", "format": "JSON",
        "charset": "UTF-8", "sign_type": "RSA2", "version": "1.0",
        "timestamp": "1767323047900", "http_request_id": "01020304070000000001",
        "merchant_no": "300000000001", "store_no": "4100000001", "terminal_sn": "TESTSN0001",
        "trans_no": "26010200000000000000017", "merchant_order_no": ORDER, "trans_status": 2,
        "trans_type": 1, "price_currency": "USD", "order_amount": "12.3",
        "trans_amount": "12.3", "paid_amount": "12.3", "trans_fee_c": "0",
        "pay_scenario": "BSCANQR_PAY", "pay_method_id": "WeChatPay",
        "trans_end_time": "2026-01-02 03:04:07", "attach": ""
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => body.as_object_mut().unwrap().remove(name),
            value => body
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    let mut members: Vec<(String, String)> = Vec::new();
    for (name, value) in body.as_object().unwrap() {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        if !text.is_empty() {
            members.push((name.clone(), text));
        }
    }
    members.sort();
    let pairs: Vec<String> = members.iter().map(|(n, v)| format!("{n}={v}")).collect();
    body["sign"] = key.sign(pairs.join("&").as_bytes()).into();
    body.to_string().into_bytes()
}

fn read(body: &[u8]) -> Result<Notification, NotificationError> {
    let key = PublicKey::read(PROVIDER.public_pem().as_bytes()).unwrap();
    notification::read(body, &key, "wz00000000000000aa", "300000000001")
}

fn about(changes: Value) -> NotificationAbout {
    read(&notification(changes, &PROVIDER)).unwrap().about
}

#[test]
fn of_a_payment() {
    let heard = read(&notification(json!({}), &PROVIDER)).unwrap();
    assert_eq!(heard.id.as_deref(), Some("26010200000000000000017-2"));
    match heard.about {
        NotificationAbout::Order(number, Answer::Report(report)) => {
            assert_eq!(number.as_str(), ORDER);
            assert_eq!(report.order, number);
            assert_eq!(report.amount, Some(usd(1230)));
            assert_eq!(report.status, OrderStatus::MoneyIn);
        }
        other => panic!("{other:?}"),
    }
    let unknown = |changes, why| match about(changes) {
        NotificationAbout::Order(_, answer) => assert_eq!(answer, Answer::Unknown(why)),
        other => panic!("{other:?}"),
    };
    unknown(json!({"trans_status": 7}), Unknown::Unlisted);
    unknown(json!({"trans_status": null}), Unknown::Unlisted);
    unknown(json!({"order_amount": "1,2"}), Unknown::Malformed);
    // Two amounts, and nobody here knows which was asked for.
    unknown(json!({"order_amount": "12.4"}), Unknown::OtherAmount);
}

#[test]
fn of_a_refund() {
    let refund = json!({"trans_type": 3, "merchant_order_no": "R01-1", "order_amount": "5",
        "trans_amount": "5"});
    match about(refund) {
        NotificationAbout::Refund(number, RefundAnswer::Report(report)) => {
            assert_eq!(number.as_str(), "R01-1");
            assert_eq!(report.status, RefundStatus::Returned);
            assert_eq!(report.amount, Some(usd(500)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_what_no_till_has_to_do_with() {
    for (changes, what) in [
        (
            json!({"app_id": "wz00000000000000ab"}),
            "another merchant's",
        ),
        (json!({"merchant_no": "300000000002"}), "another merchant's"),
        (json!({"trans_type": 2}), "trans_type 2"),
        (json!({"trans_type": null}), "without a trans_type"),
    ] {
        assert_eq!(about(changes), NotificationAbout::Other(what.to_owned()));
    }
    for changes in [
        json!({"app_id": null}),
        json!({"merchant_no": null}),
        json!({"merchant_order_no": null}),
        json!({"merchant_order_no": "a b"}),
        json!({"trans_type": "sale"}),
        json!({"trans_status": [2]}),
    ] {
        let heard = read(&notification(changes.clone(), &PROVIDER));
        assert_eq!(heard, Err(NotificationError::Malformed), "{changes}");
    }
}

#[test]
fn forged() {
    let genuine = notification(json!({}), &PROVIDER);
    let text = String::from_utf8(genuine.clone()).unwrap();
    let mut unsigned: Value = serde_json::from_slice(&genuine).unwrap();
    unsigned.as_object_mut().unwrap().remove("sign");
    let cut = &genuine[..genuine.len() - 1];
    for (what, body) in [
        ("by our own key", notification(json!({}), &MERCHANT)),
        ("without a signature", unsigned.to_string().into_bytes()),
        ("another amount", text.replace("12.3", "1.23").into_bytes()),
        (
            "another order",
            text.replace(ORDER, "T01-OTHER").into_bytes(),
        ),
        (
            "a member more",
            text.replacen('{', r#"{"a":"1","#, 1).into_bytes(),
        ),
        (
            "a member twice",
            text.replacen('{', r#"{"trans_status":2,"#, 1).into_bytes(),
        ),
        ("cut", cut.to_vec()),
        ("nothing", Vec::new()),
        ("no object", b"[]".to_vec()),
    ] {
        assert_eq!(read(&body), Err(NotificationError::Unsigned), "{what}");
    }
    // An answer to a call, genuine and about the same order, is no notification.
    let answer = signed("0", Some(&queried(json!({"trans_status": 2}))), &PROVIDER);
    assert_eq!(read(answer.as_bytes()), Err(NotificationError::Malformed));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn no_damage_is_heard(at: usize, bit in 0u8..8) {
        let genuine = notification(json!({}), &PROVIDER);
        let mut body = genuine.clone();
        let at = at % body.len();
        body[at] ^= 1 << bit;
        if let Ok(heard) = read(&body) {
            // Only what is the same to a reader of JSON.
            proptest::prop_assert_eq!(Ok(heard), read(&genuine));
        }
    }

    #[test]
    fn no_bytes_at_all_panic(body: Vec<u8>) {
        proptest::prop_assert!(read(&body).is_err());
    }
}
