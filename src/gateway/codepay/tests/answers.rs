//! Recorded answers, and the class of each.

use super::super::answer;
use super::*;
use crate::domain::{OrderReport, RefundReport, RefundStatus, Refusal, RefusalKind, Unknown};
use Operation::{Enquiry, Revoke, Submit};
use serde_json::json;
use std::sync::LazyLock;

static KEY: LazyLock<PublicKey> =
    LazyLock::new(|| PublicKey::read(PROVIDER.public_pem().as_bytes()).unwrap());

const PSN: &str = "01020304051234567890";

pub(super) fn read(operation: Operation, status: u16, body: &str) -> Answer {
    let number = OrderNumber::new(ORDER).unwrap();
    let expected = Expected {
        key: &KEY,
        app_id: "wz00000000000000aa",
        merchant_no: "300000000001",
        number: &number,
        amount: usd(1230),
    };
    answer::order(operation, &reply(status, body), &expected).answer
}

pub(super) fn read_refund(operation: RefundOperation, body: &str) -> RefundAnswer {
    let order = refund_order();
    let expected = Expected {
        key: &KEY,
        app_id: "wz00000000000000aa",
        merchant_no: "300000000001",
        number: &order.number,
        amount: order.amount,
    };
    answer::refund(operation, &reply(200, body), &expected).answer
}

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
    }
}

/// What a signed answer with code 0 and this `data` means.
fn told(operation: Operation, data: &str) -> Answer {
    read(operation, 200, &signed("0", Some(data), &PROVIDER))
}

fn enquired(changes: serde_json::Value) -> Answer {
    told(Enquiry, &queried(changes))
}

fn trace() -> Option<String> {
    Some(PSN.to_owned())
}

fn report(amount: Option<Amount>, status: OrderStatus) -> Answer {
    Answer::Report(OrderReport {
        order: OrderNumber::new(ORDER).unwrap(),
        amount,
        status,
        gateway_order: Some("26010200000000000000017".to_owned()),
        trace: trace(),
        show: None,
    })
}

fn no_money(kind: RefusalKind, code: &str) -> OrderStatus {
    OrderStatus::NoMoney(Refusal {
        kind,
        code: code.to_owned(),
    })
}

fn unknown(why: Unknown) -> Answer {
    Answer::Unknown(why)
}

#[test]
fn statuses_of_an_order() {
    use OrderStatus::{MoneyIn, Pending, Returned};
    for (changes, status) in [
        (json!({"trans_status": 9}), Pending),
        (json!({"trans_status": 0}), Pending),
        (json!({"trans_status": "0"}), Pending),
        (json!({"trans_status": 2}), MoneyIn),
        (json!({"trans_status": "2", "paid_amount": "11.3"}), MoneyIn),
        (json!({"trans_status": 2, "trans_type": null}), MoneyIn),
        (json!({"trans_status": 2, "trans_type": "1"}), MoneyIn),
        (
            json!({"trans_status": 1}),
            no_money(RefusalKind::Closed, "closed"),
        ),
        (
            json!({"trans_status": 1, "paid_amount": "0", "trans_error_code": "TS-D2012"}),
            no_money(RefusalKind::Payer, "TS-D2012"),
        ),
        (json!({"trans_status": 1, "paid_amount": "12.3"}), Returned),
        (json!({"trans_status": 3}), Returned),
        (json!({"trans_status": 3, "paid_amount": 12.3}), Returned),
        (
            json!({"trans_status": 3, "paid_amount": "0.00"}),
            no_money(RefusalKind::Closed, "closed"),
        ),
    ] {
        let expected = report(Some(usd(1230)), status);
        assert_eq!(enquired(changes.clone()), expected, "{changes}");
    }
}

#[test]
fn an_order_that_proves_nothing() {
    for (changes, why) in [
        (json!({"trans_status": 4}), Unknown::Unlisted),
        (json!({"trans_status": 22}), Unknown::Unlisted),
        (json!({"trans_status": null}), Unknown::Unlisted),
        (json!({"trans_status": ""}), Unknown::Unlisted),
        (
            json!({"trans_status": 2, "trans_type": 3}),
            Unknown::Unlisted,
        ),
        (
            json!({"trans_status": 2, "trans_type": 2}),
            Unknown::Unlisted,
        ),
        (json!({"trans_status": -2}), Unknown::Malformed),
        (json!({"trans_status": 2.0}), Unknown::Malformed),
        (json!({"trans_status": "two"}), Unknown::Malformed),
        (json!({"trans_status": true}), Unknown::Malformed),
        (json!({"trans_status": [2]}), Unknown::Malformed),
        (
            json!({"trans_status": 2, "merchant_order_no": null}),
            Unknown::Malformed,
        ),
        (
            json!({"trans_status": 2, "merchant_order_no": ""}),
            Unknown::Malformed,
        ),
        (
            json!({"trans_status": 2, "merchant_order_no": 17}),
            Unknown::Malformed,
        ),
        (
            json!({"trans_status": 2, "merchant_order_no": "a|b"}),
            Unknown::Malformed,
        ),
        (
            json!({"trans_status": 2, "price_currency": "usd"}),
            Unknown::Malformed,
        ),
        (
            json!({"trans_status": 2, "trans_amount": "12,30"}),
            Unknown::Malformed,
        ),
        (
            json!({"trans_status": 2, "trans_amount": -12.3}),
            Unknown::Malformed,
        ),
        (
            json!({"trans_status": 2, "trans_amount": "12.305"}),
            Unknown::Malformed,
        ),
        (
            json!({"trans_status": 1, "paid_amount": "-1"}),
            Unknown::Malformed,
        ),
        (
            json!({"trans_status": 2, "merchant_no": "300000000002"}),
            Unknown::OtherOrder,
        ),
        (
            json!({"trans_status": 2, "app_id": "wz00000000000000ab"}),
            Unknown::OtherOrder,
        ),
    ] {
        assert_eq!(enquired(changes.clone()), unknown(why), "{changes}");
    }
    // A known field twice.
    let twice = queried(json!({"trans_status": 1})).replacen('{', r#"{"trans_status":2,"#, 1);
    assert_eq!(told(Enquiry, &twice), unknown(Unknown::Malformed));
}

#[test]
fn amounts_are_read_from_their_text_and_must_all_be_right() {
    let amount = |changes: serde_json::Value| match enquired(changes) {
        Answer::Report(report) => report.amount,
        other => panic!("{other:?}"),
    };
    for text in [
        json!("12.3"),
        json!("12.30"),
        json!(12.3),
        json!("12.300"),
        json!("0012.3"),
    ] {
        let changes = json!({"order_amount": text, "trans_amount": text});
        assert_eq!(amount(changes), Some(usd(1230)), "{text}");
    }
    for (changes, expected) in [
        // Where only one stands there, it counts.
        (json!({"order_amount": null}), Some(usd(1230))),
        (json!({"trans_amount": null}), Some(usd(1230))),
        (
            json!({"trans_amount": "", "order_amount": "5"}),
            Some(usd(500)),
        ),
        (json!({"trans_amount": null, "order_amount": null}), None),
        // Without a currency it is no amount.
        (json!({"price_currency": null}), None),
        (json!({"price_currency": ""}), None),
        // Where they differ, the wrong one counts.
        (json!({"trans_amount": "10"}), Some(usd(1000))),
        (json!({"order_amount": "10"}), Some(usd(1000))),
        (
            json!({"order_amount": "10", "trans_amount": "11"}),
            Some(usd(1100)),
        ),
    ] {
        let mut changes = changes;
        changes["trans_status"] = json!(2);
        assert_eq!(amount(changes.clone()), expected, "{changes}");
    }
    let yen =
        amount(json!({"price_currency": "JPY", "order_amount": "500", "trans_amount": "500"}));
    assert_eq!(
        yen.map(|amount| amount.to_string()).as_deref(),
        Some("500 JPY")
    );
    // What the customer paid after a discount is not the order's amount.
    let paid = json!({"trans_status": 2, "paid_amount": "9.3", "discount_bmopc": "3"});
    assert_eq!(amount(paid), Some(usd(1230)));
}

/// The answer to a submit names no order and proves no amount.
#[test]
fn a_submit_alone_never_proves_an_amount() {
    for (data, status) in [
        (
            json!({"trans_no": "26010200000000000000017", "trans_status": 9}),
            OrderStatus::Pending,
        ),
        (
            json!({"trans_no": "26010200000000000000017", "trans_status": 2, "trans_amount": "12.3",
                "paid_amount": "12.3", "trans_end_time": "2026-01-02 03:04:07"}),
            OrderStatus::MoneyIn,
        ),
        (
            json!({"trans_no": "26010200000000000000017", "trans_status": 2, "trans_amount": "12.3",
                "merchant_order_no": ORDER, "price_currency": "USD"}),
            OrderStatus::MoneyIn,
        ),
        (
            json!({"trans_no": "26010200000000000000017", "trans_status": 1,
                "trans_error_code": "SIM01", "trans_error_msg": "stale"}),
            no_money(RefusalKind::Payer, "SIM01"),
        ),
    ] {
        assert_eq!(
            told(Submit, &data.to_string()),
            report(None, status),
            "{data}"
        );
    }
    // One that names another order is reported as it is named.
    let other = json!({"trans_no": "1", "trans_status": 2, "merchant_order_no": "T01-OTHER"});
    match told(Submit, &other.to_string()) {
        Answer::Report(report) => assert_eq!(report.order.as_str(), "T01-OTHER"),
        other => panic!("{other:?}"),
    }
    for data in ["{}", r#"{"trans_no":"1"}"#, r#"{"trans_status":7}"#] {
        assert_eq!(told(Submit, data), unknown(Unknown::Unlisted), "{data}");
    }
    for data in ["[]", "null", "x", "{", r#"{"trans_status":0}}"#] {
        assert_eq!(told(Submit, data), unknown(Unknown::Malformed), "{data}");
    }
}

#[test]
fn what_is_shown_is_printable_and_fits_a_qr_code() {
    let show = |url: serde_json::Value| {
        let data = json!({"trans_no": "1", "qrcode_url": url, "trans_status": 0});
        match told(Submit, &data.to_string()) {
            Answer::Report(report) => report.show,
            other => panic!("{other:?}"),
        }
    };
    let url = "weixin://wxpay/bizpayurl?pr=A1%20b";
    assert_eq!(show(json!(url)).as_deref(), Some(url));
    assert_eq!(
        show(json!("a".repeat(1273))).map(|text| text.len()),
        Some(1273)
    );
    for bad in [
        json!(null),
        json!(""),
        json!("a b"),
        json!("é"),
        json!("a".repeat(1274)),
    ] {
        assert_eq!(show(bad), None);
    }
}

/// Every attested code, for each of our calls.
#[test]
fn codes_of_signed_answers() {
    let refused = |code: &str| Answer::Refused {
        refusal: Refusal {
            kind: RefusalKind::Setup,
            code: code.to_owned(),
        },
        trace: trace(),
    };
    let maybe = || unknown(Unknown::UnsignedRefusal(RefusalKind::Setup));
    let none = || Answer::NoSuchOrder { trace: trace() };
    let rejected = |code: &str| Answer::ReversalRejected {
        code: code.to_owned(),
        trace: trace(),
    };
    let fault = || unknown(Unknown::GatewayFault);
    let unlisted = || unknown(Unknown::Unlisted);
    for (code, submit, enquiry, revoke) in [
        ("SYS002", refused("SYS002"), fault(), fault()),
        ("SYS011", refused("SYS011"), fault(), fault()),
        ("E07303", refused("E07303"), fault(), rejected("E07303")),
        ("E07301", maybe(), fault(), fault()),
        ("M009", maybe(), fault(), fault()),
        ("CF008", maybe(), fault(), fault()),
        ("SYS500", fault(), fault(), fault()),
        ("SYS999", fault(), fault(), fault()),
        ("E04110", unlisted(), unlisted(), unlisted()),
        ("E04111", unlisted(), none(), none()),
        (
            "E04112",
            unknown(Unknown::OtherOrder),
            unlisted(),
            unlisted(),
        ),
        (
            "E04131",
            unknown(Unknown::OtherOrder),
            unlisted(),
            unlisted(),
        ),
        ("E04126", unlisted(), unlisted(), unlisted()),
        ("M010", unlisted(), unlisted(), unlisted()),
        ("ET002", unlisted(), unlisted(), unlisted()),
        ("ET003", unlisted(), unlisted(), unlisted()),
        ("ET007", unlisted(), unlisted(), unlisted()),
        ("ET008", unlisted(), unlisted(), rejected("ET008")),
        ("SIM017", unlisted(), unlisted(), unlisted()),
        ("00", unlisted(), unlisted(), unlisted()),
        ("0 ", unlisted(), unlisted(), unlisted()),
        ("-1", unlisted(), unlisted(), unlisted()),
    ] {
        for (operation, expected) in [(Submit, submit), (Enquiry, enquiry), (Revoke, revoke)] {
            // An error has no data; should it have some, it is not looked at.
            for data in [None, Some(queried(json!({"trans_status": 2})))] {
                let body = signed(code, data.as_deref(), &PROVIDER);
                assert_eq!(
                    read(operation, 200, &body),
                    expected,
                    "{operation:?} {code}"
                );
            }
        }
    }
    let done = signed("0", None, &PROVIDER);
    assert_eq!(
        read(Revoke, 200, &done),
        Answer::AlreadyClosed { trace: trace() }
    );
    for operation in [Submit, Enquiry] {
        assert_eq!(read(operation, 200, &done), unknown(Unknown::Malformed));
    }
}

#[test]
fn codes_of_answers_about_refunds() {
    use RefundOperation::{Enquiry, Submit};
    let refused = |kind, code: &str| RefundAnswer::Refused {
        refusal: Refusal {
            kind,
            code: code.to_owned(),
        },
        trace: trace(),
    };
    let unlisted = RefundAnswer::Unknown(Unknown::Unlisted);
    let fault = RefundAnswer::Unknown(Unknown::GatewayFault);
    let none = RefundAnswer::NoSuchRefund { trace: trace() };
    for (operation, code, expected) in [
        (Submit, "E04126", refused(RefusalKind::Closed, "E04126")),
        (Submit, "E04130", refused(RefusalKind::Setup, "E04130")),
        (Submit, "E04132", refused(RefusalKind::Closed, "E04132")),
        (Submit, "M010", refused(RefusalKind::Closed, "M010")),
        (Submit, "SYS002", refused(RefusalKind::Setup, "SYS002")),
        (Submit, "SYS011", refused(RefusalKind::Setup, "SYS011")),
        (Submit, "E07303", refused(RefusalKind::Setup, "E07303")),
        (Submit, "E07301", fault.clone()),
        (Submit, "SYS999", fault.clone()),
        (Submit, "E04111", unlisted.clone()),
        (Submit, "E04112", unlisted.clone()),
        (Submit, "E04131", unlisted.clone()),
        (Submit, "ET008", unlisted.clone()),
        (Enquiry, "E04110", none.clone()),
        (Enquiry, "E04111", none),
        (Enquiry, "E04126", unlisted.clone()),
        (Enquiry, "M010", unlisted.clone()),
        (Enquiry, "SYS002", fault),
        (Enquiry, "SIM1", unlisted),
    ] {
        let body = signed(code, None, &PROVIDER);
        assert_eq!(
            read_refund(operation, &body),
            expected,
            "{operation:?} {code}"
        );
    }
}

#[test]
fn statuses_of_a_refund() {
    let refund = |changes: serde_json::Value| {
        let mut all = json!({"trans_type": 3, "merchant_order_no": "R01-20260102-000003",
            "order_amount": "5", "trans_amount": "5"});
        for (name, value) in changes.as_object().unwrap() {
            all[name] = value.clone();
        }
        read_refund(
            RefundOperation::Enquiry,
            &signed("0", Some(&queried(all)), &PROVIDER),
        )
    };
    let report = |status| {
        RefundAnswer::Report(RefundReport {
            number: refund_order().number,
            original: None,
            amount: Some(usd(500)),
            status,
            gateway_refund: Some("26010200000000000000017".to_owned()),
            trace: trace(),
        })
    };
    let failed = |code: &str| {
        RefundStatus::Failed(Refusal {
            kind: RefusalKind::Closed,
            code: code.to_owned(),
        })
    };
    for (changes, status) in [
        (json!({"trans_status": 0}), RefundStatus::Pending),
        (json!({"trans_status": 9}), RefundStatus::Pending),
        (json!({"trans_status": 2}), RefundStatus::Returned),
        (
            json!({"trans_status": 2, "trans_type": null}),
            RefundStatus::Returned,
        ),
        (json!({"trans_status": 1}), failed("closed")),
        (
            json!({"trans_status": 1, "trans_error_code": "TS-1"}),
            failed("TS-1"),
        ),
    ] {
        assert_eq!(refund(changes.clone()), report(status), "{changes}");
    }
    for (changes, why) in [
        (json!({"trans_status": 3}), Unknown::Unlisted),
        (json!({"trans_status": null}), Unknown::Unlisted),
        (
            json!({"trans_status": 2, "trans_type": 1}),
            Unknown::OtherOrder,
        ),
        (
            json!({"trans_status": 2, "merchant_order_no": null}),
            Unknown::Malformed,
        ),
        (
            json!({"trans_status": 2, "order_amount": "x"}),
            Unknown::Malformed,
        ),
    ] {
        assert_eq!(
            refund(changes.clone()),
            RefundAnswer::Unknown(why),
            "{changes}"
        );
    }
    // A submit that was carried out is accepted and no more, whatever status it tells.
    for status in [0, 1, 2, 3] {
        let data = json!({"trans_no": "3", "trans_status": status}).to_string();
        let body = signed("0", Some(&data), &PROVIDER);
        match read_refund(RefundOperation::Submit, &body) {
            RefundAnswer::Report(report) => {
                assert_eq!(
                    (report.status, report.amount),
                    (RefundStatus::Pending, None)
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Without a signature nothing is proved: at most, how soon to ask again.
#[test]
fn signatures_and_http_statuses() {
    let data = queried(json!({"trans_status": 2}));
    let good = signed("0", Some(&data), &PROVIDER);
    let value: serde_json::Value = serde_json::from_str(&good).unwrap();
    let without = |name: &str| {
        let mut value = value.clone();
        value.as_object_mut().unwrap().remove(name);
        value.to_string()
    };
    let unsigned = || unknown(Unknown::Unsigned);
    let paid = report(Some(usd(1230)), OrderStatus::MoneyIn);
    for (what, status, body, expected) in [
        ("good", 200, good.clone(), paid.clone()),
        (
            "spaced",
            200,
            good.replace("\",\"", "\" ,\n\""),
            paid.clone(),
        ),
        ("no signature", 200, without("sign"), unsigned()),
        (
            "nothing in it",
            200,
            good.replace("\"sign\":\"", "\"sign\":\"\",\"x\":\""),
            unsigned(),
        ),
        (
            "by our own key",
            200,
            signed("0", Some(&data), &MERCHANT),
            unsigned(),
        ),
        (
            "a member more",
            200,
            good.replacen('{', r#"{"more":"1","#, 1),
            unsigned(),
        ),
        (
            "an empty member more",
            200,
            good.replacen('{', r#"{"more":"","also":null,"#, 1),
            paid,
        ),
        ("a member less", 200, without("msg"), unsigned()),
        (
            "a space in data",
            200,
            good.replacen(r#"{\""#, r#"{ \""#, 1),
            unsigned(),
        ),
        (
            "two codes",
            200,
            good.replacen('{', r#"{"code":"0","#, 1),
            unknown(Unknown::Malformed),
        ),
        (
            "html",
            200,
            "<html>".to_owned(),
            unknown(Unknown::Malformed),
        ),
        ("nothing", 200, String::new(), unknown(Unknown::Malformed)),
        ("201", 201, good.clone(), unknown(Unknown::HttpStatus)),
        ("302", 302, good.clone(), unknown(Unknown::HttpStatus)),
        ("429", 429, String::new(), unknown(Unknown::RateLimit)),
        ("502", 502, good.clone(), unknown(Unknown::HttpStatus)),
    ] {
        assert_eq!(read(Enquiry, status, &body), expected, "{what}: {body}");
    }
    let plain = |code: &str| json!({"code": code, "msg": "words"}).to_string();
    for (operation, code, why) in [
        (
            Submit,
            "SYS002",
            Unknown::UnsignedRefusal(RefusalKind::Setup),
        ),
        (
            Submit,
            "E07303",
            Unknown::UnsignedRefusal(RefusalKind::Setup),
        ),
        (Submit, "E07301", Unknown::Unsigned),
        (Submit, "SIM1", Unknown::Unsigned),
        (Submit, "0", Unknown::Unsigned),
        (Enquiry, "E04111", Unknown::Unsigned),
        (Enquiry, "SYS002", Unknown::Unsigned),
        (Revoke, "0", Unknown::Unsigned),
        (Revoke, "ET008", Unknown::Unsigned),
    ] {
        let answer = read(operation, 200, &plain(code));
        assert_eq!(answer, unknown(why), "{operation:?} {code}");
    }
    assert_eq!(
        read(Enquiry, 200, r#"{"msg":"x"}"#),
        unknown(Unknown::Malformed)
    );
}

/// The forms that a genuine answer may come in: `code` a number, `data` an object.
#[test]
fn other_forms_of_a_genuine_answer() {
    let data = queried(json!({"trans_status": 2})).replace(':', " : ");
    let text = format!("code=0&data={data}&msg=words&psn={PSN}");
    let sign = PROVIDER.sign(text.as_bytes());
    let object =
        format!(r#"{{"code":0,"data": {data} ,"msg":"words","psn":"{PSN}","sign":"{sign}"}}"#);
    let paid = report(Some(usd(1230)), OrderStatus::MoneyIn);
    assert_eq!(read(Enquiry, 200, &object), paid);
}

/// Vector B: a real answer's shape, byte for byte.
#[test]
fn known_answer_of_a_response() {
    let body = r#"{"code":"0","data":"{\"trans_no\":\"26010200000000000000017\",\"trans_status\":2,\"trans_amount\":\"12.3\",\"paid_amount\":\"12.3\",\"trans_end_time\":\"2026-01-02 03:04:07\"}","msg":"success","psn":"01020304051234567890","sign":"EbYBITDvd/BXmuI4mLIB2BLi90pzEbenijLq6qWi6Cb0dpU37bDWTmJi3HATiZx8s/0F3wg9tBP3yV9M2LbKXQzHiG1+Om5CBvVCJdZlofZI0j+m1FWmbqO35EpjewVmC0j2hM7+RSHHIHmnK9VQk+yBRJ3O6ohw5XZn5oaHgVYM335eHxMm3URfYQTM2XvkAaDJY+fyNDi0jjAad7DevgnEwhk7QchOjLO6u/7ZMSQoRCDbtvjK/65/5EUBuZRxD1Z50p0JWOo9bHmbQV9t5XIHLuxS/+YICd4B4QbAXKltvVZjykmIDU9vOuEnCiUHOJjlNaw7cUO48XajCDAA8A=="}"#;
    let key = PublicKey::read(VECTOR_KEY.as_bytes()).unwrap();
    let number = OrderNumber::new(ORDER).unwrap();
    let expected = Expected {
        key: &key,
        app_id: "wz00000000000000aa",
        merchant_no: "300000000001",
        number: &number,
        amount: usd(1230),
    };
    let answer = answer::order(Submit, &reply(200, body), &expected);
    assert_eq!(answer.answer, report(None, OrderStatus::MoneyIn));
    assert_eq!(answer.code.as_deref(), Some("0"));
    // Any byte of the inner text counts.
    let inner = body.find("trans_no").unwrap()..body.find("\",\"msg\"").unwrap();
    for at in inner {
        let mut bytes = body.as_bytes().to_vec();
        bytes[at] ^= 1;
        let changed = Reply {
            status: 200,
            headers: HeaderMap::new(),
            body: bytes,
        };
        let answer = answer::order(Submit, &changed, &expected).answer;
        assert!(matches!(answer, Answer::Unknown(_)), "{at}: {answer:?}");
    }
}
