#![allow(clippy::unwrap_used)]

mod answers;
mod mangled;
mod notifications;

use super::*;
use crate::domain::{LaneId, Mode, OrderStatus, SaleRef, Wallet};
use crate::gateway::http::tests::{Do, Server, answer};
use crate::gateway::keys::tests::{MERCHANT, PROVIDER, TestKey};
use crate::gateway::{Gateway, Timing};
use std::collections::BTreeMap;

/// The public key of the known answers.
pub(crate) const VECTOR_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1vHbt/4QobySVyUlNIqjb7Ms21lxrwOpJ7574F/GsEMy7XBFJoQyiZYoyaXzN+6ILZZmjENWgkC2q0i0MQcJaPLg696wJZum2/4q6udNOG+KDgyJG7DI/jCMS3tpNFe9HaFe/53sJwTuCQ5Zu52gw0mxW5t3aZsZzm6Ux5y8Fafqgy3njqKSOz4ZLaa0xo1uhb5lqpwsHQuGQPkUTwqL+HPCpunTp4ibP/+Nc2mCaZXoN9ihh2g8o/julL4suqNFb6sb+37xfuD+bqPyDPPDD14AHHJ4v7VBYwfripSH95TYLgjV3VGcez8Wocs6+xtWuQqJbc6cOlv3fvgcGqsV/QIDAQAB";

const LIMIT: Duration = Duration::from_secs(20);
const CODE: &str = "130000000000000017";
const ORDER: &str = "T01-20260102-000017";

fn settings(base_url: &str) -> Settings {
    let methods = PayMethods::default();
    Settings {
        base_url: base_url.parse().unwrap(),
        app_id: AccountId::new("wz00000000000000aa").unwrap(),
        merchant_no: AccountId::new("300000000001").unwrap(),
        store_no: Some(AccountId::new("4100000001").unwrap()),
        store_name: "Market & \"Marina\"".to_owned(),
        terminals: BTreeMap::from([(
            LaneId::new("2").unwrap(),
            AccountId::new("TESTSN0001").unwrap(),
        )]),
        rules: rules(&Timing::default(), &methods, true).unwrap(),
        methods,
        display_method: Some("WeChatPay".to_owned()),
        notify_url: Some(notify_url("https://pos.example.com/codepay/notify").unwrap()),
        warm_up: false,
    }
}

fn made(settings: Settings, gateway: &TestKey) -> Result<CodePay, Vec<Complaint>> {
    CodePay::new(
        settings,
        PrivateKey::read(MERCHANT.private_pem().as_bytes()).unwrap(),
        PublicKey::read(gateway.public_pem().as_bytes()).unwrap(),
        || Timestamp(1_767_323_050_000),
    )
}

fn codepay(settings: Settings) -> CodePay {
    made(settings, &PROVIDER).unwrap()
}

fn order() -> Order {
    Order {
        gateway: GatewayId::new("codepay").unwrap(),
        number: OrderNumber::new(ORDER).unwrap(),
        amount: usd(1230),
        requested: Timestamp(1_767_323_045_678),
        // With the clocks' difference, which is none of CodePay's seconds.
        expires: Timestamp(1_767_323_199_999),
        lane: LaneId::new("2").unwrap(),
        sale: SaleRef::new("0042&attach=1").unwrap(),
        mode: Mode::Scan,
        wallet: Some(Wallet::new("wechat").unwrap()),
        show: None,
    }
}

fn refund_order() -> RefundOrder {
    RefundOrder {
        gateway: GatewayId::new("codepay").unwrap(),
        number: OrderNumber::new("R01-20260102-000003").unwrap(),
        original: OrderNumber::new(ORDER).unwrap(),
        amount: usd(500),
        requested: Timestamp(1_767_323_100_000),
        lane: LaneId::new("2").unwrap(),
        reason: "returned = goods".to_owned(),
        operator: None,
    }
}

fn usd(minor: u64) -> Amount {
    let currency = crate::domain::Currency::new("USD").unwrap();
    Amount { minor, currency }
}

/// An answer with these members, and `data` as a string of JSON text where there is
/// some, signed by this key.
fn signed(code: &str, data: Option<&str>, key: &TestKey) -> String {
    let data_text = { data.filter(|data| !data.is_empty()) }
        .map_or(String::new(), |data| format!("data={data}&"));
    let text = format!("code={code}&{data_text}msg=words&psn=01020304051234567890");
    let mut json = serde_json::json!({"code": code, "msg": "words",
        "psn": "01020304051234567890", "sign": key.sign(text.as_bytes())});
    if let Some(data) = data {
        json["data"] = data.into();
    }
    json.to_string()
}

/// `data` of `order.query`, with some fields changed.
fn queried(changes: serde_json::Value) -> String {
    let mut data = serde_json::json!({"trans_no": "26010200000000000000017", "trans_type": 1,
        "trans_status": 0, "merchant_order_no": ORDER, "price_currency": "USD",
        "order_amount": "12.3", "trans_amount": "12.3", "store_no": "4100000001",
        "terminal_sn": "TESTSN0001", "cashback_amount": "0", "a_field_of_tomorrow": [{"x": null}]});
    for (name, value) in changes.as_object().unwrap() {
        match value {
            serde_json::Value::Null => data.as_object_mut().unwrap().remove(name),
            value => data
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    data.to_string()
}

const COMMON: &str = r#""charset":"UTF-8","#;

/// What must be sent, with its signature by `rsa`, which has no part in our own signing.
fn expected_body(members: &str, text: &str) -> String {
    let sign = MERCHANT.sign(text.as_bytes());
    format!(r#"{{{members},"sign":"{sign}"}}"#)
}

fn submit_body() -> String {
    expected_body(
        concat!(
            r#""app_id":"wz00000000000000aa","auth_code":"130000000000000017","charset":"UTF-8","#,
            r#""description":"Market   \"Marina\" 0042 attach 1","expires":"90","format":"JSON","#,
            r#""merchant_no":"300000000001","merchant_order_no":"T01-20260102-000017","#,
            r#""method":"bscanc.pay.submit","notify_url":"https://pos.example.com/codepay/notify","#,
            r#""order_amount":"12.30","pay_method_id":"WeChatPay","price_currency":"USD","#,
            r#""sign_type":"RSA2","store_no":"4100000001","terminal_sn":"TESTSN0001","#,
            r#""timestamp":"1767323045678","version":"1.0""#
        ),
        concat!(
            "app_id=wz00000000000000aa&auth_code=130000000000000017&charset=UTF-8&",
            "description=Market   \"Marina\" 0042 attach 1&expires=90&format=JSON&",
            "merchant_no=300000000001&merchant_order_no=T01-20260102-000017&",
            "method=bscanc.pay.submit&notify_url=https://pos.example.com/codepay/notify&",
            "order_amount=12.30&pay_method_id=WeChatPay&price_currency=USD&sign_type=RSA2&",
            "store_no=4100000001&terminal_sn=TESTSN0001&timestamp=1767323045678&version=1.0"
        ),
    )
}

/// What asks about a number: `order.query`, `order.revoker`, `order.refund.query`.
fn by_number_body(method: &str, number: &str) -> String {
    expected_body(
        &format!(
            r#""app_id":"wz00000000000000aa",{COMMON}"format":"JSON","merchant_no":"300000000001","merchant_order_no":"{number}","method":"{method}","sign_type":"RSA2","store_no":"4100000001","timestamp":"1767323050000","version":"1.0""#
        ),
        &format!(
            "app_id=wz00000000000000aa&charset=UTF-8&format=JSON&merchant_no=300000000001&\
             merchant_order_no={number}&method={method}&sign_type=RSA2&store_no=4100000001&\
             timestamp=1767323050000&version=1.0"
        ),
    )
}

fn refund_body() -> String {
    expected_body(
        concat!(
            r#""app_id":"wz00000000000000aa","charset":"UTF-8","description":"returned   goods","#,
            r#""format":"JSON","merchant_no":"300000000001","#,
            r#""merchant_order_no":"R01-20260102-000003","method":"order.refund.submit","#,
            r#""notify_url":"https://pos.example.com/codepay/notify","order_amount":"5.00","#,
            r#""orig_merchant_order_no":"T01-20260102-000017","price_currency":"USD","#,
            r#""sign_type":"RSA2","store_no":"4100000001","timestamp":"1767323100000","#,
            r#""version":"1.0""#
        ),
        concat!(
            "app_id=wz00000000000000aa&charset=UTF-8&description=returned   goods&format=JSON&",
            "merchant_no=300000000001&merchant_order_no=R01-20260102-000003&",
            "method=order.refund.submit&notify_url=https://pos.example.com/codepay/notify&",
            "order_amount=5.00&orig_merchant_order_no=T01-20260102-000017&price_currency=USD&",
            "sign_type=RSA2&store_no=4100000001&timestamp=1767323100000&version=1.0"
        ),
    )
}

fn display_body() -> String {
    expected_body(
        concat!(
            r#""app_id":"wz00000000000000aa","charset":"UTF-8","#,
            r#""description":"Market   \"Marina\" 0042 attach 1","expires":"180","format":"JSON","#,
            r#""merchant_no":"300000000001","merchant_order_no":"T01-20260102-000017","#,
            r#""method":"cscanb.pay.getqrcode","#,
            r#""notify_url":"https://pos.example.com/codepay/notify","order_amount":"12.30","#,
            r#""pay_method_id":"WeChatPay","price_currency":"USD","sign_type":"RSA2","#,
            r#""store_no":"4100000001","terminal_sn":"TESTSN0001","timestamp":"1767323045678","#,
            r#""version":"1.0""#
        ),
        concat!(
            "app_id=wz00000000000000aa&charset=UTF-8&",
            "description=Market   \"Marina\" 0042 attach 1&expires=180&format=JSON&",
            "merchant_no=300000000001&merchant_order_no=T01-20260102-000017&",
            "method=cscanb.pay.getqrcode&notify_url=https://pos.example.com/codepay/notify&",
            "order_amount=12.30&pay_method_id=WeChatPay&price_currency=USD&sign_type=RSA2&",
            "store_no=4100000001&terminal_sn=TESTSN0001&timestamp=1767323045678&version=1.0"
        ),
    )
}

#[tokio::test]
async fn calls_to_the_byte() {
    let pending = r#"{"trans_no":"26010200000000000000017","trans_status":0}"#;
    let shown = r#"{"trans_no":"2","qrcode_url":"https://qr.example/x?y=1&z"}"#;
    let accepted = r#"{"trans_no":"3","trans_amount":"5"}"#;
    let returned = queried(serde_json::json!({"trans_type": 3, "trans_status": 2,
        "merchant_order_no": "R01-20260102-000003", "order_amount": "5", "trans_amount": 5}));
    let paid = queried(serde_json::json!({"trans_status": 2}));
    let answers = [
        Some(pending),
        Some(&paid),
        None,
        Some(shown),
        Some(accepted),
        Some(&returned),
    ];
    let answers = answers.map(|data| {
        let body = signed("0", data, &PROVIDER);
        Do::Answer(answer(
            "200 OK",
            "Content-Type: application/json\r\n",
            &body,
        ))
    });
    let server = Server::start(answers).await;
    let base = server.url.as_str().trim_end_matches("/sgs/api");
    let codepay = codepay(settings(base));
    let order = order();
    let prepared = codepay.prepare_submit(&order, Some(&PaymentCode::new(CODE.as_bytes())));
    assert_eq!(format!("{prepared:?}"), "Prepared(T01-20260102-000017, ..)");
    let submitted = codepay.submit(&order, prepared, LIMIT).await;
    assert_eq!(status(&submitted), &OrderStatus::Pending);
    let enquired = codepay.enquire(&order, LIMIT).await;
    assert_eq!(status(&enquired), &OrderStatus::MoneyIn);
    let revoked = codepay.revoke(&order, LIMIT).await;
    assert!(
        matches!(revoked, Answer::AlreadyClosed { .. }),
        "{revoked:?}"
    );
    let display = Order {
        mode: Mode::Display,
        wallet: None,
        ..order.clone()
    };
    let prepared = codepay.prepare_submit(&display, None);
    match codepay.submit(&display, prepared, LIMIT).await {
        Answer::Report(report) => {
            assert_eq!(report.show.as_deref(), Some("https://qr.example/x?y=1&z"));
            assert_eq!(report.status, OrderStatus::Pending);
        }
        other => panic!("{other:?}"),
    }
    let refunded = codepay.refund(&refund_order(), LIMIT).await;
    let enquired = codepay.enquire_refund(&refund_order(), LIMIT).await;
    use crate::domain::RefundStatus::{Pending, Returned};
    for (answer, status, amount) in [
        (refunded, Pending, None),
        (enquired, Returned, Some(usd(500))),
    ] {
        match answer {
            RefundAnswer::Report(report) => {
                assert_eq!((report.status, report.amount), (status, amount));
                assert_eq!(report.number, refund_order().number);
            }
            other => panic!("{other:?}"),
        }
    }

    let bodies = [
        submit_body(),
        by_number_body("order.query", ORDER),
        by_number_body("order.revoker", ORDER),
        display_body(),
        refund_body(),
        by_number_body("order.refund.query", "R01-20260102-000003"),
    ];
    let requests = server.requests();
    assert_eq!(requests.len(), bodies.len());
    for (request, body) in requests.iter().zip(&bodies) {
        let (head, sent) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(sent, body);
        let mut lines = head.lines();
        assert_eq!(lines.next(), Some("POST /api/entry HTTP/1.1"));
        let headers: BTreeMap<&str, &str> = lines.map(|l| l.split_once(": ").unwrap()).collect();
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["accept"], "application/json");
    }
}

fn status(answer: &Answer) -> &OrderStatus {
    match answer {
        Answer::Report(report) => &report.status,
        other => panic!("{other:?}"),
    }
}

/// The fields of a request, if it can be put into words.
fn fields(codepay: &CodePay, order: &Order, code: Option<&[u8]>) -> Option<serde_json::Value> {
    let prepared = codepay.prepare_submit(order, code.map(PaymentCode::new).as_ref());
    let request = prepared.request?;
    Some(serde_json::from_slice(&request.body).unwrap())
}

#[test]
fn every_value_is_text_and_empty_ones_are_left_out() {
    let mut bare = settings("http://localhost:1");
    bare.store_no = None;
    bare.terminals.clear();
    bare.notify_url = None;
    bare.store_name = "سوق 🥛".repeat(60);
    let codepay = codepay(bare);
    let mut order = order();
    order.wallet = None;
    order.amount = Amount {
        minor: 500,
        currency: crate::domain::Currency::new("JPY").unwrap(),
    };
    let json = fields(&codepay, &order, Some(b"hQVDUFYwMQ+/=")).unwrap();
    for absent in [
        "store_no",
        "terminal_sn",
        "notify_url",
        "pay_method_id",
        "attach",
    ] {
        assert_eq!(json.get(absent), None, "{absent}");
    }
    assert_eq!(json["order_amount"], "500");
    assert_eq!(json["auth_code"], "hQVDUFYwMQ+/=");
    assert!(
        json.as_object()
            .unwrap()
            .values()
            .all(|value| value.is_string())
    );
    let description = json["description"].as_str().unwrap();
    assert!(description.chars().count() <= 128, "{description}");
    assert!(description.starts_with("سوق"), "{description}");
    assert!(description.ends_with(" 0042 attach 1"), "{description}");
}

#[tokio::test]
async fn what_cannot_be_put_into_words_is_not_sent() {
    let server = Server::start([]).await;
    let shows = codepay(settings(server.url.as_str()));
    let mut no_show = settings(server.url.as_str());
    no_show.display_method = None;
    let no_show = codepay(no_show);
    let order = order();
    let display = Order {
        mode: Mode::Display,
        ..order.clone()
    };
    let point = Order {
        number: OrderNumber::new("T01.1").unwrap(),
        ..order.clone()
    };
    let long = Order {
        number: OrderNumber::new("T".repeat(33)).unwrap(),
        ..order.clone()
    };
    let other = Order {
        number: OrderNumber::new("T01-OTHER").unwrap(),
        ..order.clone()
    };
    let code = PaymentCode::new(CODE.as_bytes());
    for (codepay, order, prepared) in [
        (&shows, &order, shows.prepare_submit(&order, None)),
        (
            &shows,
            &display,
            shows.prepare_submit(&display, Some(&code)),
        ),
        (&no_show, &display, no_show.prepare_submit(&display, None)),
        (&shows, &point, shows.prepare_submit(&point, Some(&code))),
        (&shows, &long, shows.prepare_submit(&long, Some(&code))),
        (&shows, &order, shows.prepare_submit(&other, Some(&code))),
    ] {
        assert_eq!(
            codepay.submit(order, prepared, LIMIT).await,
            Answer::NotSent
        );
    }
    for code in [
        b"".as_slice(),
        b"1234\x1d5678",
        &[0xff; 19],
        &[b'1'; 513],
        b"@234",
    ] {
        assert_eq!(fields(&shows, &order, Some(code)), None, "{code:?}");
    }
    // There is nothing to cancel with, and nobody to ask about a scan.
    assert_eq!(shows.cancel(&order, LIMIT).await, Answer::NotSent);
    assert_eq!(shows.scanned(&display, LIMIT).await, Answer::NotSent);
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[test]
fn the_same_order_and_code_give_the_same_bytes() {
    let codepay = codepay(settings("http://localhost:1"));
    for _ in 0..2 {
        let prepared = codepay.prepare_submit(&order(), Some(&PaymentCode::new(CODE.as_bytes())));
        let body = prepared.request.unwrap().body;
        assert_eq!(String::from_utf8_lossy(&body), submit_body());
    }
}

#[test]
fn addresses_of_every_generation_lead_to_the_entry() {
    for (base, entry) in [
        (
            "https://codepay-open.codepay.us",
            "https://codepay-open.codepay.us/api/entry",
        ),
        ("https://gw.codepay.us/", "https://gw.codepay.us/api/entry"),
        (
            "https://mtech-open.codepay.us/api/entry",
            "https://mtech-open.codepay.us/api/entry",
        ),
        (
            "http://127.0.0.1:9/codepay/",
            "http://127.0.0.1:9/codepay/api/entry",
        ),
    ] {
        assert_eq!(codepay(settings(base)).entry.as_str(), entry);
    }
}

#[test]
fn our_own_key_is_not_codepays() {
    let complaints = made(settings("http://localhost:1"), &MERCHANT)
        .err()
        .unwrap();
    let texts: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "gateway.codepay.gateway_public_key: this is the merchant's own public key; \
             download the gateway's public key from its portal"
        ]
    );
    let gateway = Gateway::CodePay(codepay(settings("http://localhost:1")));
    assert_eq!(gateway.acknowledgement(), ("text/plain", "success"));
    assert_eq!(gateway.id().as_str(), "codepay");
}
