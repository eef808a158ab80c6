//! What the merchant is told unasked.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;

use super::*;

/// How long a test waits for what should come at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// Bodies as they came, and whether their signature verified, if there.
type Heard = Vec<(Value, Option<bool>)>;

/// A merchant's `notifyUrl`: gives the answers in turn, the last for ever.
struct Ear {
    url: String,
    heard: Arc<Mutex<Heard>>,
}

impl Ear {
    async fn open(answers: &'static [(u16, &'static str)]) -> Self {
        let heard: Arc<Mutex<Heard>> = Arc::default();
        let book = heard.clone();
        let listen = move |headers: HeaderMap, body: Bytes| async move {
            let verified = headers
                .get("sign")
                .map(|sign| verifies(&body, sign.to_str().unwrap()));
            let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
            let mut book = book.lock().unwrap();
            let (status, text) = answers[book.len().min(answers.len() - 1)];
            book.push((value, verified));
            (axum::http::StatusCode::from_u16(status).unwrap(), text)
        };
        let routes = axum::Router::new().route("/notify", axum::routing::post(listen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/notify", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, heard }
    }

    fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }
}

const YES: (u16, &str) = (200, r#"{"response":"Success"}"#);

async fn deliveries(shop: &Shop, count: usize) -> Vec<DeliveryRecord> {
    let look = |gateway: &Controls| Some(gateway.notifications()).filter(|n| n.len() >= count);
    let told = tokio::time::timeout(PATIENCE, shop.gateway.until(look)).await;
    told.unwrap_or_else(|_| panic!("only {:?}", shop.gateway.notifications()))
}

async fn place(shop: &Shop, ear: &Ear) -> Reply {
    let mut order = shop.order(NUMBER, CODE, "37.50");
    order["notifyUrl"] = json!(ear.url);
    shop.call("placeOrder", &order).await
}

#[tokio::test]
async fn a_payment_is_told_once_and_signed() {
    let (shop, ear) = (Shop::open().await, Ear::open(&[YES]).await);
    shop.gateway.push_plan(Plan::never()).unwrap();
    place(&shop, &ear).await;
    shop.gateway.customer_pays(NUMBER).unwrap();
    let told = deliveries(&shop, 1).await;
    assert_eq!(
        (told[0].repetition, told[0].status, told[0].acknowledged),
        (0, Some(200), true)
    );
    let heard = ear.heard();
    let (body, verified) = &heard[0];
    assert_eq!(*verified, Some(true));
    assert_eq!(body["acquireOrder"]["status"], "PAID_SUCCESS");
    assert_eq!(body["acquireOrder"]["merchantOrderNo"], NUMBER);
    assert_eq!(body["notify_timestamp"], NOW);
    assert_eq!(body["notify_time"], "20261120101500");
    assert_eq!(body["notify_id"].as_str().unwrap().len(), 18);
    assert_eq!(heard.len(), 1);
}

#[tokio::test]
async fn silence_is_answered_with_seven_repetitions() {
    // 900 minutes in 54 ms.
    let shop = Shop::with(|settings| settings.time_scale = 1_000_000.0).await;
    let ear = Ear::open(&[
        (500, ""),
        (200, "SUCCESS"),
        (200, "{}"),
        (404, r#"{"response":"SUCCESS"}"#),
    ])
    .await;
    place(&shop, &ear).await.order();
    let told = deliveries(&shop, 8).await;
    let repetitions: Vec<_> = told.iter().map(|told| told.repetition).collect();
    assert_eq!(repetitions, [0, 1, 2, 3, 4, 5, 6, 7]);
    let notify_id = &ear.heard()[0].0["notify_id"];
    for told in &told {
        assert!(!told.acknowledged);
        assert_eq!(*notify_id, told.notify_id.as_str());
    }
}

#[tokio::test]
async fn a_repetition_ends_with_the_acknowledgement() {
    let shop = Shop::with(|settings| settings.time_scale = 1_000_000.0).await;
    let ear = Ear::open(&[(503, ""), YES]).await;
    place(&shop, &ear).await.order();
    let told = deliveries(&shop, 2).await;
    let outcome: Vec<_> = told.iter().map(|told| told.acknowledged).collect();
    assert_eq!(outcome, [false, true]);
    // Once more by hand: another notification.
    shop.gateway.notify(NUMBER).unwrap();
    let told = deliveries(&shop, 3).await;
    assert_ne!(told[2].notify_id, told[1].notify_id);
}

#[tokio::test]
async fn notifications_go_wrong_too() {
    let (shop, ear) = (Shop::open().await, Ear::open(&[YES]).await);
    for fault in [
        Fault::WrongAmount,
        Fault::WrongSignature,
        Fault::NoSignature,
        Fault::Twice,
    ] {
        shop.gateway
            .push_fault(Operation::Notification, fault, 1)
            .unwrap();
    }
    place(&shop, &ear).await.order();
    deliveries(&shop, 1).await;
    for count in [2, 3, 5] {
        shop.gateway.notify(NUMBER).unwrap();
        deliveries(&shop, count).await;
    }
    let heard = ear.heard();
    let checked: Vec<_> = heard.iter().map(|(_, verified)| *verified).collect();
    assert_eq!(
        checked,
        [Some(true), Some(false), None, Some(true), Some(true)]
    );
    assert_eq!(heard[0].0["acquireOrder"]["totalAmount"]["amount"], 37.51);
    assert_eq!(heard[3].0, heard[4].0);
}

#[tokio::test]
async fn nobody_outside_the_machine_is_called() {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let book = lines.clone();
    let shop = Shop::with(|settings| {
        settings.story = Some(Arc::new(move |line: &str| {
            book.lock().unwrap().push(line.into())
        }));
    })
    .await;
    for (n, url) in [
        "https://pos.example.com/n",
        "http://192.0.2.1/n",
        "http://localhost.example.com/n",
        "nonsense",
    ]
    .iter()
    .enumerate()
    {
        let mut order = shop.order(&format!("N{n}"), &format!("code-of-N{n}"), "1");
        order["notifyUrl"] = json!(url);
        shop.call("placeOrder", &order).await.order();
    }
    let refused = || {
        let lines = lines.lock().unwrap();
        lines
            .iter()
            .filter(|line| line.contains("not notified"))
            .count()
    };
    // The clockwork has its own task: wake it until it told all four.
    let all_told = async {
        while refused() < 4 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, all_told).await.unwrap();
    assert_eq!(shop.gateway.notifications(), []);
    let error = shop.gateway.notify("N9").unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no order N9; GET /orders lists them"
    );
}

#[tokio::test]
async fn a_refund_is_told_when_it_ends() {
    let (shop, ear) = (Shop::open().await, Ear::open(&[YES]).await);
    shop.place(NUMBER, CODE, "37.50").await.order();
    let refund = json!({
        "refundMerchantOrderNo": "R1",
        "originMerchantOrderNo": NUMBER,
        "amount": {"currency": "AED", "amount": 10},
        "notifyUrl": ear.url,
    });
    shop.gateway.push_refund_plan(Plan::never()).unwrap();
    shop.call("refund/placeOrder", &refund).await;
    assert_eq!(shop.gateway.notifications(), []);
    shop.gateway.refund_arrives("R1").unwrap();
    let told = deliveries(&shop, 1).await;
    assert_eq!(told[0].merchant_order_no, "R1");
    let heard = ear.heard();
    assert_eq!(heard[0].1, Some(true));
    let told = &heard[0].0["refundOrder"];
    assert_eq!(told["refundMerchantOrderNo"], "R1");
    assert_eq!(told["originMerchantOrderNo"], NUMBER);
    assert_eq!(told["status"], "SUCCESS");
}

#[tokio::test]
async fn a_notification_may_come_before_the_answer_or_never() {
    let (shop, ear) = (Shop::open().await, Ear::open(&[YES]).await);
    shop.gateway
        .push_fault(Operation::PlaceOrder, Fault::NotifiedFirst, 1)
        .unwrap();
    place(&shop, &ear).await.order();
    assert_eq!(ear.heard().len(), 1, "told before it was answered");
    shop.gateway
        .push_fault(Operation::Notification, Fault::Unsent, 1)
        .unwrap();
    shop.gateway.notify(NUMBER).unwrap();
    shop.gateway.notify(NUMBER).unwrap();
    deliveries(&shop, 2).await;
    assert_eq!(ear.heard().len(), 2);
}
