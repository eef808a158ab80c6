#![allow(clippy::unwrap_used)]

mod display;
mod notifications;
mod refunds;

use super::request::{SIGN, subject};
use super::*;
use crate::domain::{Amount, Currency, LaneId, Mode, OrderStatus, SaleRef, StoreId};
use crate::gateway::http::tests::{Do, Server, answer};
use crate::gateway::keys::tests::{MERCHANT, PROVIDER};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

pub(super) const LIMIT: Duration = Duration::from_secs(20);
const CODE: &str = "20001234T500012345A";

pub(super) fn settings(base_url: &str) -> Settings {
    Settings {
        base_url: base_url.parse().unwrap(),
        partner_id: MemberId::partner("200000909090").unwrap(),
        payee_mid: None,
        notify_url: Some(notify_url("https://pos.example.com/payby/notify").unwrap()),
        store_id: StoreId::new("S07").unwrap(),
        store_name: "Market \"Marina\"".to_owned(),
        terminal_ids: BTreeMap::from([(LaneId::new("2").unwrap(), "T02".to_owned())]),
        rules: rules(&crate::gateway::Timing::default()).unwrap(),
        warm_up: false,
    }
}

fn made(settings: Settings, gateway_public_pem: &str) -> Result<PayBy, Vec<Complaint>> {
    PayBy::new(
        settings,
        PrivateKey::read(MERCHANT.private_pem().as_bytes()).unwrap(),
        PublicKey::read(gateway_public_pem.as_bytes()).unwrap(),
        || Timestamp(1_795_155_303_000),
    )
}

pub(super) fn payby(settings: Settings) -> PayBy {
    made(settings, &PROVIDER.public_pem()).unwrap()
}

fn order() -> Order {
    Order {
        gateway: GatewayId::new("payby").unwrap(),
        number: OrderNumber::new("S07-2-20261120061500-4K2M9X").unwrap(),
        amount: Amount {
            minor: 3750,
            currency: Currency::AED,
        },
        requested: Timestamp(1_795_155_300_120),
        expires: Timestamp(1_795_155_420_120),
        lane: LaneId::new("2").unwrap(),
        sale: SaleRef::new("0042").unwrap(),
        mode: Mode::Scan,
        wallet: None,
        show: None,
    }
}

const SUBMIT: &str = concat!(
    r#"{"requestTime":1795155300120,"bizContent":{"merchantOrderNo":"S07-2-20261120061500-4K2M9X","#,
    r#""subject":"Market \"Marina\" 0042","totalAmount":{"currency":"AED","amount":37.50},"#,
    r#""paySceneCode":"QRPAY","paySceneParams":{"authCode":"20001234T500012345A"},"#,
    r#""expiredTime":1795155420120,"notifyUrl":"https://pos.example.com/payby/notify","#,
    r#""reserved":"0042","accessoryContent":{"terminalDetail":{"storeId":"S07","#,
    r#""terminalId":"T02","storeName":"Market \"Marina\""}}}}"#
);

const BY_NUMBER: &str = concat!(
    r#"{"requestTime":1795155303000,"#,
    r#""bizContent":{"merchantOrderNo":"S07-2-20261120061500-4K2M9X"}}"#
);

/// A signed answer of PayBy's that the order has this status.
fn signed_order(status: &str) -> Do {
    let body = format!(
        r#"{{"head":{{"applyStatus":"SUCCESS","code":"0","msg":"SUCCESS","traceCode":"482913"}},
"body":{{"acquireOrder":{{"merchantOrderNo":"S07-2-20261120061500-4K2M9X",
"orderNo":"131795155300431207","status":"{status}","payeeMid":"200000909090",
"totalAmount":{{"amount":37.5,"currency":"AED"}},"revoked":"false"}}}}}}"#
    );
    let sign = format!("Sign: {}\r\n", PROVIDER.sign(body.as_bytes()));
    Do::Answer(answer("200 OK", &sign, &body))
}

fn status(answer: &Answer) -> &OrderStatus {
    match answer {
        Answer::Report(report) => &report.status,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn calls_to_the_byte() {
    let answers = ["CREATED", "PAID_SUCCESS", "CREATED", "SETTLED"].map(signed_order);
    let server = Server::start(answers).await;
    let payby = payby(settings(server.url.as_str()));
    let order = order();
    let prepared = payby.prepare_submit(&order, Some(&PaymentCode::new(CODE.as_bytes())));
    assert_eq!(
        format!("{prepared:?}"),
        "Prepared(S07-2-20261120061500-4K2M9X, ..)"
    );
    let submitted = payby.submit(&order, prepared, LIMIT).await;
    assert_eq!(status(&submitted), &OrderStatus::Pending);
    let enquired = payby.enquire(&order, LIMIT).await;
    assert_eq!(status(&enquired), &OrderStatus::MoneyIn);
    let cancelled = payby.cancel(&order, LIMIT).await;
    assert_eq!(status(&cancelled), &OrderStatus::Pending);
    let revoked = payby.revoke(&order, LIMIT).await;
    assert_eq!(status(&revoked), &OrderStatus::MoneyIn);

    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    for (request, path, body) in [
        (&requests[0], "placeOrder", SUBMIT),
        (&requests[1], "getOrder", BY_NUMBER),
        (&requests[2], "cancelOrder", BY_NUMBER),
        (&requests[3], "revokeOrder", BY_NUMBER),
    ] {
        let (head, sent) = request.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let first = format!("POST /sgs/api/acquire2/{path} HTTP/1.1");
        assert_eq!(lines.next(), Some(first.as_str()));
        assert_eq!(sent, body);
        let headers: BTreeMap<&str, &str> = lines.map(|l| l.split_once(": ").unwrap()).collect();
        // Signed by `rsa`, which has no part in our own signing.
        assert_eq!(headers["sign"], MERCHANT.sign(body.as_bytes()));
        assert_eq!(headers["partner-id"], "200000909090");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["accept"], "application/json");
        assert_eq!(headers["content-language"], "en");
        assert_eq!(headers["content-length"], body.len().to_string());
    }
}

fn body(payby: &PayBy, order: &Order, code: &[u8]) -> Option<String> {
    let prepared = payby.prepare_submit(order, Some(&PaymentCode::new(code)));
    let request = prepared.request?;
    Some(String::from_utf8(request.body.to_vec()).unwrap())
}

#[test]
fn the_same_order_and_code_give_the_same_bytes() {
    let payby = payby(settings("http://localhost:1"));
    for _ in 0..2 {
        let body = body(&payby, &order(), CODE.as_bytes());
        assert_eq!(body.as_deref(), Some(SUBMIT));
    }
}

#[test]
fn optional_fields_are_left_out_and_long_ones_kept_within_limits() {
    let mut settings = settings("http://localhost:1");
    settings.notify_url = None;
    settings.store_name = "سوق المرسى ".repeat(9);
    settings.terminal_ids.clear();
    let payby = payby(settings);
    let mut order = order();
    order.sale = SaleRef::new("a sale of 21 characte").unwrap();
    order.amount.minor = 1;
    let body = body(&payby, &order, CODE.as_bytes()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    let content = &json["bizContent"];
    assert!(body.contains(r#""totalAmount":{"currency":"AED","amount":0.01}"#));
    assert_eq!(content.get("notifyUrl"), None);
    assert_eq!(content.get("reserved"), None);
    assert_eq!(
        content["accessoryContent"]["terminalDetail"]["terminalId"],
        "2"
    );
    let subject = content["subject"].as_str().unwrap();
    assert!(subject.chars().count() <= 64, "{subject}");
    assert!(subject.starts_with("سوق المرسى"), "{subject}");
    assert!(subject.ends_with(" a sale of 21 characte"), "{subject}");
}

/// A `|` would be a column of its own in PayBy's statement.
#[test]
fn no_text_breaks_a_statement() {
    let mut settings = settings("http://localhost:1");
    settings.store_name = "Fish | Meat".to_owned();
    settings.terminal_ids.clear();
    let lane = LaneId::new("2").unwrap();
    settings.terminal_ids.insert(lane, "T|2".to_owned());
    let payby = payby(settings);
    let mut order = order();
    order.sale = SaleRef::new("0042|a").unwrap();
    let body = body(&payby, &order, CODE.as_bytes()).unwrap();
    assert!(!body.contains('|'), "{body}");
    assert!(!body.contains("reserved"), "{body}");
    assert!(
        body.contains(r#""terminalId":"T 2","storeName":"Fish   Meat""#),
        "{body}"
    );
}

#[test]
fn titles() {
    for (store, sale, title) in [
        ("Market", "0042", "Market 0042".to_owned()),
        ("", "0042", "0042".to_owned()),
        ("Fish|Meat", "a|b", "Fish Meat a b".to_owned()),
        ("Market", &"9".repeat(64), "9".repeat(64)),
        ("Market", &"9".repeat(60), format!("Mar {}", "9".repeat(60))),
    ] {
        assert_eq!(subject(store, sale), title);
    }
}

#[tokio::test]
async fn what_cannot_be_put_into_words_is_not_sent() {
    let server = Server::start([]).await;
    let payby = payby(settings(server.url.as_str()));
    let code = PaymentCode::new(CODE.as_bytes());
    let mut dollars = order();
    dollars.amount.currency = Currency::new("USD").unwrap();
    let mut point = order();
    point.number = OrderNumber::new("S07.2-1").unwrap();
    let mut other = order();
    other.number = OrderNumber::new("S07-2-OTHER").unwrap();
    for (order, prepared) in [
        (&dollars, payby.prepare_submit(&dollars, Some(&code))),
        (&point, payby.prepare_submit(&point, Some(&code))),
        (
            &order(),
            payby.prepare_submit(&order(), Some(&PaymentCode::new(b""))),
        ),
        (
            &order(),
            payby.prepare_submit(&order(), Some(&PaymentCode::new(b"1234\x1d5678"))),
        ),
        (
            &order(),
            payby.prepare_submit(&order(), Some(&PaymentCode::new(&[0xff; 19]))),
        ),
        (
            &order(),
            payby.prepare_submit(&order(), Some(&PaymentCode::new(&[b'1'; 513]))),
        ),
        (&order(), payby.prepare_submit(&other, Some(&code))),
    ] {
        assert_eq!(payby.submit(order, prepared, LIMIT).await, Answer::NotSent);
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[test]
fn every_wrong_setting_is_named_at_once() {
    let mut wrong = settings("http://localhost:1");
    wrong.store_name = "x".repeat(201);
    wrong.terminal_ids.clear();
    let lane = LaneId::new("1").unwrap();
    wrong.terminal_ids.insert(lane, "y".repeat(201));
    let complaints = made(wrong, &MERCHANT.public_pem()).err().unwrap();
    let texts: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "store.name: must have at most 200 characters",
            "lane.terminal_id: must have at most 200 characters",
            "gateway.payby.gateway_public_key: this is the merchant's own public key; \
             download the gateway's public key from its portal",
        ]
    );
}

/// What was logged, at the finest level, by everything in the process's thread.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_say_what_happened_and_never_the_code() {
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // With a single subscriber `tracing` asks only the thread that meets a log
    // line first whether anybody listens; the tests beside this one do not.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);
    let server = Server::start([signed_order("CREATED")]).await;
    let payby = payby(settings(server.url.as_str()));
    let prepared = payby.prepare_submit(&order(), Some(&PaymentCode::new(CODE.as_bytes())));
    let headers = &prepared.request.as_ref().unwrap().headers;
    let signature = headers["sign"].to_str().unwrap().to_owned();
    payby.submit(&order(), prepared, LIMIT).await;
    let text = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
    let line = text.lines().find(|l| l.contains("payby answered")).unwrap();
    for part in [
        "operation=Submit",
        "order=S07-2-20261120061500-4K2M9X",
        "Pending",
        "482913",
        "took_ms=",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!text.contains(CODE), "{text}");
    assert!(!text.contains(&signature), "{text}");
    assert!(!text.contains("PRIVATE KEY"), "{text}");
}
