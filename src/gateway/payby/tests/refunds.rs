//! Refunds: to the byte, and the class of every answer.

use super::super::answer;
use super::*;
use crate::domain::{RefundReport, RefundStatus, Refusal, RefusalKind, Unknown};
use RefundOperation::{Enquiry, Submit};
use proptest::prelude::*;
use serde_json::json;

fn refund() -> RefundOrder {
    RefundOrder {
        gateway: GatewayId::new("payby").unwrap(),
        number: OrderNumber::new("R07T03-20261120-0007").unwrap(),
        original: OrderNumber::new("S07-2-20261120061500-4K2M9X").unwrap(),
        amount: aed(1000),
        requested: Timestamp(1_795_156_800_000),
        lane: LaneId::new("2").unwrap(),
        reason: "returned \"goods\"".to_owned(),
        operator: Some("C15".to_owned()),
    }
}

fn aed(minor: u64) -> Amount {
    Amount {
        minor,
        currency: Currency::AED,
    }
}

const PLACE: &str = concat!(
    r#"{"requestTime":1795156800000,"bizContent":{"refundMerchantOrderNo":"R07T03-20261120-0007","#,
    r#""originMerchantOrderNo":"S07-2-20261120061500-4K2M9X","#,
    r#""amount":{"currency":"AED","amount":10.00},"#,
    r#""notifyUrl":"https://pos.example.com/payby/notify","operatorName":"C15","#,
    r#""reason":"returned \"goods\""}}"#
);

const ASK: &str = concat!(
    r#"{"requestTime":1795155303000,"#,
    r#""bizContent":{"refundMerchantOrderNo":"R07T03-20261120-0007"}}"#
);

/// An answer with a refund as the documents show one, and some fields changed.
pub(super) fn refunded(changes: serde_json::Value) -> String {
    let mut refund = json!({"refundMerchantOrderNo": "R07T03-20261120-0007",
        "orderNo": "191795156800210045", "originMerchantOrderNo": "S07-2-20261120061500-4K2M9X",
        "status": "SUCCESS", "amount": {"currency": "AED", "amount": 10}, "reason": "x",
        "aFieldOfTomorrow": {}});
    for (name, value) in changes.as_object().unwrap() {
        refund[name] = value.clone();
    }
    json!({"head": {"applyStatus": "SUCCESS", "code": "0", "traceCode": "482977"},
        "body": {"refundOrder": refund, "refundSummary": {"remainRefundAmount": 1}}})
    .to_string()
}

fn head(code: &str) -> String {
    format!(r#"{{"head":{{"applyStatus":"SUCCESS","code":"{code}","traceCode":"482977"}}}}"#)
}

fn reply(body: &[u8], sign: Option<&str>) -> Reply {
    let sign = sign.map(|sign| (SIGN, HeaderValue::from_str(sign).unwrap()));
    Reply {
        status: 200,
        headers: HeaderMap::from_iter(sign),
        body: body.to_vec(),
    }
}

fn read(operation: RefundOperation, reply: &Reply) -> RefundAnswer {
    let key = PublicKey::read(PROVIDER.public_pem().as_bytes()).unwrap();
    answer::refund(operation, reply, &key).answer
}

fn told(operation: RefundOperation, body: &str) -> RefundAnswer {
    let sign = PROVIDER.sign(body.as_bytes());
    read(operation, &reply(body.as_bytes(), Some(&sign)))
}

fn trace() -> Option<String> {
    Some("482977".to_owned())
}

fn report(status: RefundStatus) -> RefundAnswer {
    RefundAnswer::Report(RefundReport {
        number: refund().number,
        original: Some(refund().original),
        amount: Some(aed(1000)),
        status,
        gateway_refund: Some("191795156800210045".to_owned()),
        trace: trace(),
    })
}

#[tokio::test]
async fn calls_to_the_byte() {
    let answers = ["CREATED", "SUCCESS"].map(|status| {
        let body = refunded(json!({ "status": status }));
        let sign = format!("Sign: {}\r\n", PROVIDER.sign(body.as_bytes()));
        Do::Answer(crate::gateway::http::tests::answer("200 OK", &sign, &body))
    });
    let server = Server::start(answers).await;
    let payby = payby(settings(server.url.as_str()));
    let placed = payby.refund(&refund(), LIMIT).await;
    assert_eq!(placed, report(RefundStatus::Pending));
    let enquired = payby.enquire_refund(&refund(), LIMIT).await;
    assert_eq!(enquired, report(RefundStatus::Returned));
    let requests = server.requests();
    for (request, (path, body)) in requests
        .iter()
        .zip([("refund/placeOrder", PLACE), ("refund/getOrder", ASK)])
    {
        let (head, sent) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("POST /sgs/api/acquire2/{path} HTTP/1.1\r\n")));
        assert_eq!(sent, body);
        assert!(head.contains(&MERCHANT.sign(body.as_bytes())));
    }
    let mut dollars = refund();
    dollars.amount.currency = Currency::new("USD").unwrap();
    let mut point = refund();
    point.number = OrderNumber::new("R.1").unwrap();
    for order in [dollars, point] {
        assert_eq!(payby.refund(&order, LIMIT).await, RefundAnswer::NotSent);
    }
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn what_nobody_said_is_left_out() {
    let mut settings = settings("http://localhost:1");
    settings.notify_url = None;
    let payby = payby(settings);
    let mut order = refund();
    order.operator = None;
    order.reason = String::new();
    let request = payby.place_refund(&order).unwrap();
    let body = String::from_utf8_lossy(&request.body).into_owned();
    assert!(
        body.ends_with(r#""amount":{"currency":"AED","amount":10.00}}}"#),
        "{body}"
    );
}

#[test]
fn statuses() {
    let failed = |kind, code: &str| {
        RefundStatus::Failed(Refusal {
            kind,
            code: code.to_owned(),
        })
    };
    for (changes, status) in [
        (json!({"status": "CREATED"}), RefundStatus::Pending),
        (json!({"status": "REFUNDED_SETTLED"}), RefundStatus::Pending),
        (json!({"status": "SUCCESS"}), RefundStatus::Returned),
        (
            json!({"status": "FAILURE"}),
            failed(RefusalKind::Closed, "FAILURE"),
        ),
        (
            json!({"status": "FAILURE", "failCode": "62030"}),
            failed(RefusalKind::Payer, "62030"),
        ),
    ] {
        for operation in [Submit, Enquiry] {
            let answer = told(operation, &refunded(changes.clone()));
            assert_eq!(answer, report(status.clone()), "{changes}");
        }
    }
    for (changes, why) in [
        (json!({"status": "success"}), Unknown::Unlisted),
        (json!({"status": "REVOKED"}), Unknown::Unlisted),
        (json!({"status": null}), Unknown::Malformed),
        (json!({"refundMerchantOrderNo": "a b"}), Unknown::Malformed),
        (json!({"refundMerchantOrderNo": null}), Unknown::Malformed),
        (json!({"originMerchantOrderNo": "a b"}), Unknown::Malformed),
        (
            json!({"amount": {"currency": "AED", "amount": -10}}),
            Unknown::Malformed,
        ),
        (json!({"amount": 10}), Unknown::Malformed),
    ] {
        let answer = told(Enquiry, &refunded(changes.clone()));
        assert_eq!(answer, RefundAnswer::Unknown(why), "{changes}");
    }
    // What a report does not state, it does not prove.
    let bare = refunded(json!({"amount": null, "originMerchantOrderNo": null}));
    match told(Enquiry, &bare) {
        RefundAnswer::Report(report) => assert_eq!((report.amount, report.original), (None, None)),
        other => panic!("{other:?}"),
    }
}

/// Every code of the refund's table, and some more.
#[test]
fn codes() {
    let refused = |kind, code: &str| RefundAnswer::Refused {
        refusal: Refusal {
            kind,
            code: code.to_owned(),
        },
        trace: trace(),
    };
    let unknown = RefundAnswer::Unknown;
    for code in ["62002", "62006", "62015", "62045"] {
        assert_eq!(
            told(Submit, &head(code)),
            refused(RefusalKind::Closed, code)
        );
        assert_eq!(
            told(Enquiry, &head(code)),
            unknown(Unknown::Unlisted),
            "{code}"
        );
    }
    for code in ["62004", "62036", "62038", "62083", "62084", "400", "403"] {
        assert_eq!(told(Submit, &head(code)), refused(RefusalKind::Setup, code));
    }
    let returned = RefundAnswer::AlreadyReturned { trace: trace() };
    let none = RefundAnswer::NoSuchRefund { trace: trace() };
    let risk = Unknown::UnsignedRefusal(RefusalKind::Risk);
    for (operation, code, expected) in [
        (Submit, "62040", returned),
        (Submit, "62017", unknown(Unknown::OtherOrder)),
        (Submit, "62030", unknown(Unknown::Unlisted)),
        (Submit, "62007", unknown(Unknown::Unlisted)),
        (Submit, "62035", unknown(Unknown::Unlisted)),
        (Submit, "601", unknown(risk)),
        (Submit, "58001", unknown(Unknown::Unlisted)),
        (Enquiry, "62007", none),
        (Enquiry, "62040", unknown(Unknown::Unlisted)),
        (Enquiry, "62035", unknown(Unknown::Unlisted)),
        (Enquiry, "400", unknown(Unknown::GatewayFault)),
        (Enquiry, "403", unknown(Unknown::GatewayFault)),
        (Enquiry, "601", unknown(Unknown::GatewayFault)),
    ] {
        assert_eq!(
            told(operation, &head(code)),
            expected,
            "{operation:?} {code}"
        );
    }
    for operation in [Submit, Enquiry] {
        assert_eq!(told(operation, &head("402")), unknown(Unknown::RateLimit));
        for code in ["404", "500", "504"] {
            assert_eq!(told(operation, &head(code)), unknown(Unknown::GatewayFault));
        }
    }
    // Without a signature nothing is proved.
    for (operation, code, why) in [
        (
            Submit,
            "62006",
            Unknown::UnsignedRefusal(RefusalKind::Closed),
        ),
        (Submit, "400", Unknown::UnsignedRefusal(RefusalKind::Setup)),
        (Submit, "62040", Unknown::Unsigned),
        (Submit, "402", Unknown::RateLimit),
        (Enquiry, "62007", Unknown::Unsigned),
        (Enquiry, "62006", Unknown::Unsigned),
        (Enquiry, "500", Unknown::GatewayFault),
    ] {
        let answer = read(operation, &reply(head(code).as_bytes(), None));
        assert_eq!(answer, unknown(why), "{operation:?} {code}");
    }
    let genuine = refunded(json!({}));
    let answer = read(Enquiry, &reply(genuine.as_bytes(), None));
    assert_eq!(answer, unknown(Unknown::Unsigned));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// One flipped bit, in the body or in the signature, and it is nobody's word.
    #[test]
    fn no_damaged_answer_gives_a_refund(at: usize, bit in 0u8..8, of_signature: bool, which in 0usize..3) {
        let body = [refunded(json!({})), refunded(json!({"status": "FAILURE"})), head("62006")];
        let body = &body[which];
        let sign = PROVIDER.sign(body.as_bytes());
        let mut bytes = body.clone().into_bytes();
        let mut sign = sign.into_bytes();
        match of_signature {
            true => {
                // Another letter of the alphabet; the last ones before `==` carry no bits.
                let at = at % (sign.len() - 4);
                sign[at] = if sign[at] == b'A' { b'B' } else { b'A' };
            }
            false => {
                let at = at % bytes.len();
                bytes[at] ^= 1 << bit;
            }
        }
        let sign = String::from_utf8(sign).unwrap();
        let answer = read(Submit, &reply(&bytes, Some(&sign)));
        prop_assert!(matches!(answer, RefundAnswer::Unknown(_)), "{answer:?}");
    }

    #[test]
    fn no_signed_rubbish_panics(body: Vec<u8>) {
        let sign = PROVIDER.sign(&body);
        let answer = read(Enquiry, &reply(&body, Some(&sign)));
        prop_assert!(matches!(answer, RefundAnswer::Unknown(_)));
    }
}
