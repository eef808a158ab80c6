//! Notifications: genuine, of somebody else, and forged.

use super::super::notification;
use super::*;
use crate::domain::{RefundStatus, Unknown};
use crate::gateway::{Gateway, NotificationAbout};
use proptest::prelude::*;
use serde_json::json;

const ORDER: &str = "S07-2-20261120061500-4K2M9X";

fn about_order(changes: serde_json::Value) -> String {
    let mut order = json!({"product": "Smart Purchase", "orderNo": "131795155300431207",
        "paySceneCode": "QRPAY", "revoked": "false", "merchantOrderNo": ORDER,
        "totalAmount": {"amount": 37.50, "currency": "AED"}, "payeeMid": "200000909090",
        "paymentInfo": {"paidTime": 1}, "status": "PAID_SUCCESS"});
    for (name, value) in changes.as_object().unwrap() {
        order[name] = value.clone();
    }
    json!({"notify_time": "20261120101512", "acquireOrder": order, "_input_charset": "UTF-8",
        "notify_timestamp": 1_795_155_312_900_i64, "notify_id": "202611200004820017"})
    .to_string()
}

fn about_refund(status: &str) -> String {
    json!({"notify_id": "202611200004820099", "refundOrder": {
        "refundMerchantOrderNo": "R-1", "orderNo": "19", "originMerchantOrderNo": ORDER,
        "amount": {"amount": 10.00, "currency": "AED"}, "status": status}})
    .to_string()
}

fn heard(body: &[u8], signatures: &[&str]) -> Result<Notification, NotificationError> {
    let key = PublicKey::read(PROVIDER.public_pem().as_bytes()).unwrap();
    let expected = Expected {
        key: &key,
        payee: "200000909090",
    };
    let mut headers = HeaderMap::new();
    for signature in signatures {
        headers.append("Sign", HeaderValue::from_str(signature).unwrap());
    }
    notification::read(&headers, body, &expected)
}

fn genuine(body: &str) -> Result<Notification, NotificationError> {
    heard(body.as_bytes(), &[&PROVIDER.sign(body.as_bytes())])
}

#[test]
fn of_a_payment() {
    let notification = genuine(&about_order(json!({}))).unwrap();
    assert_eq!(notification.id.as_deref(), Some("202611200004820017"));
    match notification.about {
        NotificationAbout::Order(number, Answer::Report(report)) => {
            assert_eq!(number.as_str(), ORDER);
            assert_eq!(report.order, number);
            assert_eq!(report.amount.unwrap().minor, 3750);
            assert_eq!(report.status, OrderStatus::MoneyIn);
            assert_eq!(report.show, None);
        }
        other => panic!("{other:?}"),
    }
    for (changes, why) in [
        (json!({"status": "PAID"}), Unknown::Unlisted),
        (json!({"payeeMid": "200000909091"}), Unknown::OtherOrder),
        (
            json!({"totalAmount": {"amount": "x", "currency": "AED"}}),
            Unknown::Malformed,
        ),
    ] {
        match genuine(&about_order(changes)).unwrap().about {
            NotificationAbout::Order(_, answer) => assert_eq!(answer, Answer::Unknown(why)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn of_a_refund() {
    for (status, expected) in [
        ("SUCCESS", RefundStatus::Returned),
        ("REFUNDED_SETTLED", RefundStatus::Pending),
    ] {
        match genuine(&about_refund(status)).unwrap().about {
            NotificationAbout::Refund(number, RefundAnswer::Report(report)) => {
                assert_eq!((number.as_str(), report.status), ("R-1", expected));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn of_what_no_till_has_to_do_with() {
    for (body, what) in [
        (
            r#"{"notify_id":1,"acquireChargeback":{"orderNo":"1"}}"#,
            "acquireChargeback",
        ),
        (r#"{"notify_id":"1","voidOrder":{}}"#, "voidOrder"),
        (r#"{"notify_id":"1","tomorrow":{}}"#, "unknown"),
        ("{}", "unknown"),
    ] {
        let about = genuine(body).unwrap().about;
        assert_eq!(about, NotificationAbout::Other(what.to_owned()), "{body}");
    }
    let both = about_order(json!({})).replacen(
        '{',
        r#"{"refundOrder":{"refundMerchantOrderNo":"R","status":"SUCCESS"},"#,
        1,
    );
    let answer = about_order(json!({})).replacen('{', r#"{"head":{},"#, 1);
    let twice = about_order(json!({})).replacen(
        '{',
        r#"{"acquireOrder":{"merchantOrderNo":"a","status":"SETTLED"},"#,
        1,
    );
    for body in [
        &both,
        &answer,
        &twice,
        &about_order(json!({"merchantOrderNo": "a b"})),
        &about_order(json!({"merchantOrderNo": null})),
        "[]",
        "",
        "x",
    ] {
        assert_eq!(genuine(body), Err(NotificationError::Malformed), "{body}");
    }
}

#[test]
fn forged() {
    let body = about_order(json!({}));
    let good = PROVIDER.sign(body.as_bytes());
    let own = MERCHANT.sign(body.as_bytes());
    let spaced = body.replacen(',', ", ", 1);
    for (what, body, signatures) in [
        ("unsigned", body.as_str(), vec![]),
        ("blank", &body, vec![" "]),
        ("by our own key", &body, vec![own.as_str()]),
        ("twice", &body, vec![good.as_str(), good.as_str()]),
        (
            "another amount",
            &body.replace("37.5", "3.75"),
            vec![good.as_str()],
        ),
        ("the same to a reader of JSON", &spaced, vec![good.as_str()]),
    ] {
        let heard = heard(body.as_bytes(), &signatures);
        assert_eq!(heard, Err(NotificationError::Unsigned), "{what}");
    }
    assert!(heard(body.as_bytes(), &[&good]).is_ok());
}

#[test]
fn are_acknowledged_in_paybys_words() {
    let gateway = Gateway::PayBy(payby(settings("http://localhost:1")));
    let (kind, body) = gateway.acknowledgement();
    assert_eq!(kind, "application/json; charset=UTF-8");
    assert_eq!(body, r#"{"response":"SUCCESS"}"#);
    let body = about_order(json!({}));
    let sign = HeaderValue::from_str(&PROVIDER.sign(body.as_bytes())).unwrap();
    let headers = HeaderMap::from_iter([(SIGN, sign)]);
    assert!(gateway.read_notification(&headers, body.as_bytes()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_damage_is_heard(at: usize, bit in 0u8..8) {
        let body = about_order(json!({}));
        let sign = PROVIDER.sign(body.as_bytes());
        let mut bytes = body.into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(heard(&bytes, &[&sign]), Err(NotificationError::Unsigned));
    }

    #[test]
    fn no_signed_rubbish_panics(body: Vec<u8>) {
        let sign = PROVIDER.sign(&body);
        prop_assert_eq!(heard(&body, &[&sign]), Err(NotificationError::Malformed));
    }
}
