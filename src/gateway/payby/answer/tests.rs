#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::{Amount, Currency, OrderNumber, RefusalKind};
use crate::gateway::keys::tests::{MERCHANT, PROVIDER, TestKey};
use Operation::{Cancel, Enquiry, Revoke, Submit};
use proptest::prelude::*;
use reqwest::header::HeaderValue;
use serde_json::json;
use std::sync::LazyLock;

const ORDER: &str = "S07-T03-20261120061500-4K2M9X";
const PAYEE: &str = "200000909090";

static KEY: LazyLock<PublicKey> =
    LazyLock::new(|| PublicKey::read(PROVIDER.public_pem().as_bytes()).unwrap());

fn reply(status: u16, sign: Option<&str>, body: &[u8]) -> Reply {
    let mut headers = HeaderMap::new();
    if let Some(sign) = sign {
        headers.insert("sign", HeaderValue::from_str(sign).unwrap());
    }
    Reply {
        status,
        headers,
        body: body.to_vec(),
    }
}

fn signed(body: &str, key: &TestKey) -> Reply {
    reply(200, Some(&key.sign(body.as_bytes())), body.as_bytes())
}

fn read_as(operation: Operation, reply: &Reply) -> Answer {
    let expected = Expected {
        key: &KEY,
        payee: PAYEE,
    };
    read(operation, reply, &expected).answer
}

/// What a signed answer with this text means.
fn class(operation: Operation, body: &str) -> Answer {
    read_as(operation, &signed(body, &PROVIDER))
}

/// What an answer with this text and no signature means.
fn unsigned(operation: Operation, body: &str) -> Answer {
    read_as(operation, &reply(200, None, body.as_bytes()))
}

fn head(status: &str, code: &str) -> String {
    format!(
        r#"{{"head":{{"applyStatus":"{status}","code":"{code}","msg":"WORD","traceCode":"482913"}}}}"#
    )
}

/// An answer with an order, as the documents show one, and some fields changed.
fn order(changes: &str) -> String {
    let mut order = json!({
        "merchantOrderNo": ORDER, "orderNo": "131795155300431207", "status": "CREATED",
        "product": "Smart Purchase", "payeeMid": PAYEE, "expiredTime": 1_795_155_420_120_i64,
        "totalAmount": {"amount": 37.5, "currency": "AED"}, "subject": "Market 0042",
        "requestTime": 1_795_155_300_120_i64, "paySceneCode": "QRPAY", "revoked": "false",
        "accessoryContent": {"terminalDetail": {"merchantName": "MARKET LLC"}},
        "aFieldOfTomorrow": [{"deep": null}]
    });
    let changes: serde_json::Value = serde_json::from_str(changes).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        order[name] = value.clone();
    }
    json!({"body": {"acquireOrder": order, "more": 1},
           "head": {"traceCode": "482913", "msg": "SUCCESS", "code": "0",
                    "applyStatus": "SUCCESS", "success": true}})
    .to_string()
}

fn aed(minor: u64) -> Amount {
    Amount {
        minor,
        currency: Currency::AED,
    }
}

fn report(status: OrderStatus) -> Answer {
    Answer::Report(OrderReport {
        order: OrderNumber::new(ORDER).unwrap(),
        amount: Some(aed(3750)),
        status,
        gateway_order: Some("131795155300431207".to_owned()),
        trace: trace(),
        show: None,
    })
}

fn trace() -> Option<String> {
    Some("482913".to_owned())
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
fn status_of_an_order() {
    for (changes, status) in [
        (r#"{}"#, OrderStatus::Pending),
        (r#"{"status":"PAID_SUCCESS"}"#, OrderStatus::MoneyIn),
        (r#"{"status":"SETTLED"}"#, OrderStatus::MoneyIn),
        (
            r#"{"status":"SETTLED","revoked":null}"#,
            OrderStatus::MoneyIn,
        ),
        (
            r#"{"status":"PAID_SUCCESS","revoked":false}"#,
            OrderStatus::MoneyIn,
        ),
        (
            r#"{"status":"PAID_SUCCESS","revoked":"true"}"#,
            OrderStatus::Returned,
        ),
        (
            r#"{"status":"SETTLED","revoked":true}"#,
            OrderStatus::Returned,
        ),
        (
            r#"{"status":"SETTLED","revoked":"TRUE"}"#,
            OrderStatus::Returned,
        ),
        (
            r#"{"status":"FAILURE","revoked":"true"}"#,
            OrderStatus::Returned,
        ),
        (
            r#"{"status":"FAILURE","paymentInfo":{"paidTime":1795155309480}}"#,
            OrderStatus::Returned,
        ),
        (
            r#"{"status":"FAILURE"}"#,
            no_money(RefusalKind::Closed, "FAILURE"),
        ),
        (
            r#"{"status":"FAILURE","paymentInfo":null}"#,
            no_money(RefusalKind::Closed, "FAILURE"),
        ),
        (
            r#"{"status":"FAILURE","failCode":"504","failDes":"SERVICE_TIMEOUT"}"#,
            no_money(RefusalKind::Closed, "504"),
        ),
        (
            r#"{"status":"FAILURE","failCode":"601"}"#,
            no_money(RefusalKind::Risk, "601"),
        ),
        (
            r#"{"status":"FAILURE","failCode":"62021"}"#,
            no_money(RefusalKind::Code, "62021"),
        ),
        (
            r#"{"status":"FAILURE","failCode":4711}"#,
            no_money(RefusalKind::Payer, "4711"),
        ),
    ] {
        for operation in [Submit, Enquiry, Cancel, Revoke] {
            let expected = report(status.clone());
            assert_eq!(
                class(operation, &order(changes)),
                expected,
                "{operation:?} {changes}"
            );
        }
    }
}

#[test]
fn an_order_that_proves_nothing() {
    for (changes, why) in [
        (r#"{"status":"AUTHORIZATION"}"#, Unknown::Unlisted),
        (r#"{"status":"VOID"}"#, Unknown::Unlisted),
        (r#"{"status":"REFUNDED"}"#, Unknown::Unlisted),
        (r#"{"status":"paid_success"}"#, Unknown::Unlisted),
        (r#"{"status":null}"#, Unknown::Malformed),
        (
            r#"{"status":"SETTLED","revoked":"perhaps"}"#,
            Unknown::Malformed,
        ),
        (r#"{"status":"SETTLED","revoked":1}"#, Unknown::Malformed),
        (
            r#"{"status":"SETTLED","payeeMid":"200000909091"}"#,
            Unknown::OtherOrder,
        ),
        (
            r#"{"status":"SETTLED","merchantOrderNo":"a b"}"#,
            Unknown::Malformed,
        ),
        (
            r#"{"status":"SETTLED","merchantOrderNo":""}"#,
            Unknown::Malformed,
        ),
        (
            r#"{"status":"SETTLED","merchantOrderNo":12}"#,
            Unknown::Malformed,
        ),
        (
            r#"{"status":"SETTLED","merchantOrderNo":null}"#,
            Unknown::Malformed,
        ),
        (
            r#"{"status":"SETTLED","totalAmount":{"currency":"AED"}}"#,
            Unknown::Malformed,
        ),
    ] {
        assert_eq!(class(Enquiry, &order(changes)), unknown(why), "{changes}");
    }
}

#[test]
fn another_order_is_reported_as_it_is_named() {
    let body = order(r#"{"status":"SETTLED","merchantOrderNo":"other-1","payeeMid":null}"#);
    match class(Submit, &body) {
        Answer::Report(report) => assert_eq!(report.order.as_str(), "other-1"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn amounts_are_read_from_their_text() {
    let amount = |money: &str| {
        let body = order(r#"{"totalAmount":"HERE"}"#).replace(r#""HERE""#, money);
        match class(Enquiry, &body) {
            Answer::Report(report) => Ok(report.amount),
            Answer::Unknown(why) => Err(why),
            other => panic!("{other:?}"),
        }
    };
    for (text, minor) in [
        ("37.5", 3750),
        ("37.50", 3750),
        ("37.500", 3750),
        (r#""37.50""#, 3750),
        (r#""37.5""#, 3750),
        (r#""37.5\u0030""#, 3750),
        ("12", 1200),
        ("2.0", 200),
        ("0.1", 10),
        ("0.29", 29), // 0.29 × 100 is 28.999… in binary floating point
        ("999999999999.99", 99_999_999_999_999),
    ] {
        let money = format!(r#"{{"amount":{text},"currency":"AED"}}"#);
        assert_eq!(amount(&money), Ok(Some(aed(minor))), "{text}");
    }
    for text in [
        "3.75e1",
        r#""3.75e1""#,
        "-1",
        r#""-1""#,
        "37.505",
        "1000000000000",
        r#""""#,
        r#"" 1""#,
        "true",
        "null",
        "[1]",
        r#""1,50""#,
    ] {
        let money = format!(r#"{{"amount":{text},"currency":"AED"}}"#);
        assert_eq!(amount(&money), Err(Unknown::Malformed), "{text}");
    }
    assert_eq!(amount("null"), Ok(None));
    let usd = Currency::new("USD").unwrap();
    let usd = Amount {
        minor: 3750,
        currency: usd,
    };
    assert_eq!(amount(r#"{"amount":37.5,"currency":"USD"}"#), Ok(Some(usd)));
    assert_eq!(
        amount(r#"{"amount":37.5,"currency":"aed"}"#),
        Err(Unknown::Malformed)
    );
}

/// Every code that a document gives one of our four calls, and some more.
#[test]
fn codes_of_signed_answers() {
    let refused = |kind, code: &str| Answer::Refused {
        refusal: Refusal {
            kind,
            code: code.to_owned(),
        },
        trace: trace(),
    };
    let paid = || Answer::AlreadyPaid { trace: trace() };
    let closed = || Answer::AlreadyClosed { trace: trace() };
    let none = || Answer::NoSuchOrder { trace: trace() };
    let setup = [
        "400", "403", "62008", "62009", "62012", "62019", "62026", "62031", "62032", "62034",
        "62036", "62037", "62073", "62083", "62086", "62087", "62088",
    ];
    let mut table = vec![
        (Submit, "62021", refused(RefusalKind::Code, "62021")),
        (Submit, "62033", refused(RefusalKind::Code, "62033")),
        (Submit, "62018", refused(RefusalKind::Payer, "62018")),
        (Submit, "62020", refused(RefusalKind::Payer, "62020")),
        (Submit, "62001", paid()),
        (Submit, "62003", paid()),
        (Submit, "62002", closed()),
        (Submit, "62016", unknown(Unknown::OtherOrder)),
        (
            Submit,
            "601",
            unknown(Unknown::UnsignedRefusal(RefusalKind::Risk)),
        ),
        (Submit, "62004", unknown(Unknown::Unlisted)),
        (Submit, "62035", unknown(Unknown::Unlisted)),
        (Enquiry, "62004", none()),
        (Enquiry, "62035", unknown(Unknown::Unlisted)),
        (Enquiry, "62001", unknown(Unknown::Unlisted)),
        (Enquiry, "62021", unknown(Unknown::Unlisted)),
        (Cancel, "62001", paid()),
        (Cancel, "62002", closed()),
        (Cancel, "62003", paid()),
        (Cancel, "62004", none()),
        (Cancel, "62035", unknown(Unknown::Unlisted)),
        (Cancel, "62041", unknown(Unknown::Unlisted)),
        (Revoke, "62004", none()),
        (Revoke, "62035", unknown(Unknown::Unlisted)),
        (Revoke, "62039", unknown(Unknown::GatewayFault)),
        (Revoke, "62041", Answer::AlreadyReturned { trace: trace() }),
        (
            Revoke,
            "62046",
            Answer::ReversalRejected {
                code: "62046".to_owned(),
                trace: trace(),
            },
        ),
        (Revoke, "62001", unknown(Unknown::Unlisted)),
        (Revoke, "62002", unknown(Unknown::Unlisted)),
        (Revoke, "62040", unknown(Unknown::Unlisted)),
    ];
    table.extend(setup.map(|code| (Submit, code, refused(RefusalKind::Setup, code))));
    for operation in [Submit, Enquiry, Cancel, Revoke] {
        table.push((operation, "402", unknown(Unknown::RateLimit)));
        for code in ["404", "500", "504"] {
            table.push((operation, code, unknown(Unknown::GatewayFault)));
        }
        for code in [
            "", "00", "62005", "62022", "62049", "58001", "99999", "0 ", "62021 ",
        ] {
            table.push((operation, code, unknown(Unknown::Unlisted)));
        }
        if operation != Submit {
            for code in ["400", "403", "601"] {
                table.push((operation, code, unknown(Unknown::GatewayFault)));
            }
        }
    }
    for (operation, code, expected) in table {
        for status in ["SUCCESS", "success", "FAIL", "Fail"] {
            let body = head(status, code);
            assert_eq!(class(operation, &body), expected, "{operation:?} {body}");
        }
    }
}

/// Without a signature nothing is proved: at most, how soon to ask again.
#[test]
fn codes_of_unsigned_answers() {
    for (operation, code, why) in [
        (Submit, "62021", Unknown::UnsignedRefusal(RefusalKind::Code)),
        (Submit, "62033", Unknown::UnsignedRefusal(RefusalKind::Code)),
        (
            Submit,
            "62026",
            Unknown::UnsignedRefusal(RefusalKind::Setup),
        ),
        (Submit, "400", Unknown::UnsignedRefusal(RefusalKind::Setup)),
        (Submit, "403", Unknown::UnsignedRefusal(RefusalKind::Setup)),
        (Submit, "601", Unknown::UnsignedRefusal(RefusalKind::Risk)),
        (Submit, "402", Unknown::RateLimit),
        (Submit, "404", Unknown::GatewayFault),
        (Submit, "500", Unknown::GatewayFault),
        (Submit, "504", Unknown::GatewayFault),
        (Submit, "58001", Unknown::Unsigned),
        (Submit, "62001", Unknown::Unsigned),
        (Submit, "62002", Unknown::Unsigned),
        (Enquiry, "62004", Unknown::Unsigned),
        (Enquiry, "403", Unknown::Unsigned),
        (Enquiry, "500", Unknown::GatewayFault),
        (Cancel, "62001", Unknown::Unsigned),
        (Cancel, "62002", Unknown::Unsigned),
        (Cancel, "62021", Unknown::Unsigned),
        (Revoke, "62041", Unknown::Unsigned),
        (Revoke, "62046", Unknown::Unsigned),
    ] {
        let body = head("SUCCESS", code);
        assert_eq!(
            unsigned(operation, &body),
            unknown(why),
            "{operation:?} {code}"
        );
    }
    for changes in [
        r#"{}"#,
        r#"{"status":"PAID_SUCCESS"}"#,
        r#"{"status":"FAILURE"}"#,
    ] {
        for operation in [Submit, Enquiry, Cancel, Revoke] {
            let answer = unsigned(operation, &order(changes));
            assert_eq!(
                answer,
                unknown(Unknown::Unsigned),
                "{operation:?} {changes}"
            );
        }
    }
}

#[test]
fn envelopes() {
    let order = order(r#"{"status":"PAID_SUCCESS"}"#);
    let fault = unknown(Unknown::GatewayFault);
    for code in ["0", "400", "62021", "4711"] {
        assert_eq!(class(Submit, &head("ERROR", code)), fault);
        assert_eq!(unsigned(Submit, &head("error", code)), fault);
    }
    for (body, why) in [
        ("", Unknown::Malformed),
        ("null", Unknown::Malformed),
        ("<html>502</html>", Unknown::Malformed),
        (&order[..order.len() - 1], Unknown::Malformed),
        (&format!("{order}x"), Unknown::Malformed),
        ("{}", Unknown::Malformed),
        (r#"{"head":{"applyStatus":"SUCCESS"}}"#, Unknown::Malformed),
        (
            r#"{"head":{"applyStatus":"SUCCESS","code":0}}"#,
            Unknown::Malformed,
        ),
        // Success without an order, or with half of one.
        (&head("SUCCESS", "0"), Unknown::Malformed),
        (
            r#"{"head":{"applyStatus":"SUCCESS","code":"0"},"body":null}"#,
            Unknown::Malformed,
        ),
        (
            r#"{"head":{"applyStatus":"SUCCESS","code":"0"},"body":{"acquireOrder":{}}}"#,
            Unknown::Malformed,
        ),
        // Two statuses in one order.
        (
            &order.replace(
                r#""status":"PAID_SUCCESS""#,
                r#""status":"CREATED","status":"PAID_SUCCESS""#,
            ),
            Unknown::Malformed,
        ),
        // An order beside a code that is not success, and the other way round.
        (
            &order.replace(r#""code":"0""#, r#""code":"4711""#),
            Unknown::Unlisted,
        ),
        (&head("FAIL", "0"), Unknown::Unlisted),
        (&head("MAYBE", "0"), Unknown::Unlisted),
    ] {
        let answer = class(Submit, body);
        assert_eq!(answer, unknown(why), "{body}");
    }
    let fail = order.replace(r#""applyStatus":"SUCCESS""#, r#""applyStatus":"FAIL""#);
    assert_eq!(class(Submit, &fail), unknown(Unknown::Unlisted));
    let lower = order.replace(r#""applyStatus":"SUCCESS""#, r#""applyStatus":"success""#);
    assert_eq!(class(Submit, &lower), report(OrderStatus::MoneyIn));
}

#[test]
fn signatures_and_http_statuses() {
    let body = order(r#"{"status":"PAID_SUCCESS"}"#);
    let good = PROVIDER.sign(body.as_bytes());
    let other = PROVIDER.sign(b"another body");
    let mut twice = signed(&body, &PROVIDER);
    twice
        .headers
        .append("sign", HeaderValue::from_str(&good).unwrap());
    let with = |status, sign| reply(status, sign, body.as_bytes());
    let unsigned = unknown(Unknown::Unsigned);
    let status = unknown(Unknown::HttpStatus);
    for (what, reply, expected) in [
        ("good", with(200, Some(&good)), report(OrderStatus::MoneyIn)),
        ("none", with(200, None), unsigned.clone()),
        ("blank", with(200, Some(" ")), unsigned.clone()),
        ("of another body", with(200, Some(&other)), unsigned.clone()),
        ("by our own key", signed(&body, &MERCHANT), unsigned.clone()),
        ("not base64", with(200, Some("@@")), unsigned.clone()),
        ("two of them", twice, unsigned.clone()),
        (
            "wrong, on rubbish",
            reply(200, Some(&good), b"<html>"),
            unsigned,
        ),
        ("201", with(201, Some(&good)), status.clone()),
        ("204", with(204, Some(&good)), status.clone()),
        ("302", with(302, Some(&good)), status.clone()),
        ("403", with(403, Some(&good)), status.clone()),
        ("429", with(429, None), unknown(Unknown::RateLimit)),
        ("502", with(502, Some(&good)), status),
    ] {
        assert_eq!(read_as(Enquiry, &reply), expected, "{what}");
    }
}

#[test]
fn a_strange_locator_does_not_spoil_an_answer() {
    for (raw, kept) in [
        (r#""482913""#, Some("482913")),
        ("482913", Some("482913")),
        ("null", None),
        (r#""""#, None),
        (r#""a\nb""#, None),
        (r#"{"x":1}"#, None),
        ("true", None),
    ] {
        let body = head("SUCCESS", "62004").replace(r#""482913""#, raw);
        let trace = kept.map(str::to_owned);
        assert_eq!(
            class(Enquiry, &body),
            Answer::NoSuchOrder { trace },
            "{raw}"
        );
    }
    let long = head("SUCCESS", "62004").replace("482913", &"9".repeat(65));
    assert_eq!(class(Enquiry, &long), Answer::NoSuchOrder { trace: None });
}

/// Ways in which an answer goes wrong between PayBy and us, or is not ours.
#[derive(Debug, Clone)]
enum Mangling {
    FlipBit(usize),
    FlipSignatureBit(usize),
    Cut(usize),
    Insert(usize, u8),
    DropSignature,
    ForeignSignature,
    OtherOrder(String),
    OtherAmount(u64),
}

fn manglings() -> impl Strategy<Value = Mangling> {
    use Mangling::*;
    prop_oneof![
        any::<usize>().prop_map(FlipBit),
        any::<usize>().prop_map(FlipSignatureBit),
        any::<usize>().prop_map(Cut),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Insert(at, byte)),
        Just(DropSignature),
        Just(ForeignSignature),
        "[A-Za-z0-9_-]{1,64}".prop_map(OtherOrder),
        (0u64..99_999_999_999_999).prop_map(OtherAmount),
    ]
}

fn mangle(body: &str, mangling: &Mangling) -> Reply {
    let mut reply = signed(body, &PROVIDER);
    let length = reply.body.len();
    match mangling {
        Mangling::FlipBit(at) => reply.body[at / 8 % length] ^= 1 << (at % 8),
        Mangling::FlipSignatureBit(at) => {
            use base64::Engine as _;
            let base64 = base64::engine::general_purpose::STANDARD;
            let mut bytes = base64.decode(PROVIDER.sign(body.as_bytes())).unwrap();
            let length = bytes.len();
            bytes[at / 8 % length] ^= 1 << (at % 8);
            let sign = HeaderValue::from_str(&base64.encode(bytes)).unwrap();
            reply.headers.insert("sign", sign);
        }
        Mangling::Cut(at) => reply.body.truncate(at % length),
        Mangling::Insert(at, byte) => reply.body.insert(at % length, *byte),
        Mangling::DropSignature => reply.headers.clear(),
        Mangling::ForeignSignature => return signed(body, &MERCHANT),
        // Genuine answers of PayBy's, but about something else.
        Mangling::OtherOrder(number) => return signed(&body.replace(ORDER, number), &PROVIDER),
        Mangling::OtherAmount(minor) => {
            let other = format!(r#""amount":{}"#, aed(*minor).decimal());
            return signed(&body.replace(r#""amount":37.5"#, &other), &PROVIDER);
        }
    }
    reply
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_mangled_answer_is_evidence(
        mangling in manglings(),
        operation in prop::sample::select(vec![Submit, Enquiry, Cancel, Revoke]),
        which in 0usize..6,
    ) {
        let body = [
            order(r#"{"status":"PAID_SUCCESS"}"#),
            order(r#"{"status":"FAILURE"}"#),
            order(r#"{"status":"FAILURE","revoked":"true"}"#),
            head("SUCCESS", "62021"),
            head("SUCCESS", "62004"),
            head("SUCCESS", "62001"),
        ][which].clone();
        match read_as(operation, &mangle(&body, &mangling)) {
            Answer::Unknown(_) => {}
            // Genuine, about something else: the core sees that it is.
            Answer::Report(report) => prop_assert!(
                matches!(&mangling, Mangling::OtherOrder(number)
                    if report.order.as_str() == number)
                || matches!(&mangling, Mangling::OtherAmount(minor)
                    if report.amount == Some(aed(*minor))),
                "{report:?}"
            ),
            // These name no order and no amount: nothing in them was changed.
            other => prop_assert!(
                matches!(mangling, Mangling::OtherOrder(_) | Mangling::OtherAmount(_)),
                "{other:?}"
            ),
        }
    }

    #[test]
    fn no_bytes_at_all_panic(body: Vec<u8>, sign in "[ -~]{0,400}", status in 100u16..600) {
        for sign in [None, Some(sign.as_str())] {
            let answer = read_as(Submit, &reply(status, sign, &body));
            prop_assert!(matches!(answer, Answer::Unknown(_)));
        }
        // PayBy itself may sign rubbish.
        let sign = PROVIDER.sign(&body);
        let answer = read_as(Submit, &reply(200, Some(&sign), &body));
        prop_assert!(matches!(answer, Answer::Unknown(_)));
    }
}
