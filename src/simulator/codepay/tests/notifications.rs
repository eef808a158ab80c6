//! What the merchant is told unasked.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::Bytes;

use super::*;

/// How long a test waits for what should come at once.
const PATIENCE: Duration = Duration::from_secs(20);

type Heard = Arc<Mutex<Vec<(Value, Option<bool>)>>>;

/// A merchant's `notify_url`: gives the answers in turn, the last for ever.
async fn ear(answers: &'static [(u16, &'static str)]) -> (String, Heard) {
    let heard = Heard::default();
    let book = heard.clone();
    let listen = move |body: Bytes| async move {
        let text = String::from_utf8(body.to_vec()).unwrap();
        let mut book = book.lock().unwrap();
        let (status, answer) = answers[book.len().min(answers.len() - 1)];
        let value = serde_json::from_str(&text).unwrap_or(Value::Null);
        book.push((value, verify(&text)));
        (axum::http::StatusCode::from_u16(status).unwrap(), answer)
    };
    let routes = axum::Router::new().route("/notify", axum::routing::post(listen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notify", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, heard)
}

async fn deliveries(shop: &Shop, count: usize) -> Vec<DeliveryRecord> {
    let look = |gateway: &Controls| Some(gateway.notifications()).filter(|n| n.len() >= count);
    let told = tokio::time::timeout(PATIENCE, shop.gateway.until(look)).await;
    told.unwrap_or_else(|_| panic!("only {:?}", shop.gateway.notifications()))
}

async fn pay(shop: &Shop, url: &str) -> Reply {
    let mut fields = shop.payment(NUMBER, CODE, "12.30");
    fields.insert("notify_url", url.to_owned());
    fields.insert("attach", "lane=1".to_owned());
    shop.send(&fields).await
}

#[tokio::test]
async fn payments_and_refunds_are_told() {
    let (shop, (url, heard)) = (Shop::open().await, ear(&[(200, "success")]).await);
    pay(&shop, &url).await;
    deliveries(&shop, 1).await;
    let refund = [
        ("merchant_order_no", "R1"),
        ("orig_merchant_order_no", NUMBER),
        ("price_currency", "USD"),
        ("order_amount", "2.50"),
        ("description", "back"),
        ("notify_url", &url),
    ];
    shop.call("order.refund.submit", &refund).await.data();
    let told = deliveries(&shop, 2).await;
    assert!(told.iter().all(|told| told.acknowledged));
    let heard = heard.lock().unwrap().clone();
    let (body, verified) = &heard[0];
    assert_eq!(*verified, Some(true));
    for (name, value) in [
        ("merchant_order_no", json!(NUMBER)),
        ("trans_status", json!(2)),
        ("trans_type", json!(1)),
        ("order_amount", json!("12.3")),
        ("paid_amount", json!("12.3")),
        ("trans_amount", json!("12.3")),
        ("price_currency", json!("USD")),
        ("attach", json!("lane=1")),
        ("app_id", json!("wz00000000000000aa")),
        ("merchant_no", json!("300000000001")),
        ("pay_scenario", json!("BSCANQR_PAY")),
        ("timestamp", json!(NOW.to_string())),
    ] {
        assert_eq!(body[name], value, "{name}");
    }
    let (body, verified) = &heard[1];
    assert_eq!(*verified, Some(true));
    assert_eq!(
        (&body["trans_type"], &body["merchant_order_no"]),
        (&json!(3), &json!("R1"))
    );
    assert_eq!(
        (&body["trans_status"], &body["order_amount"]),
        (&json!(2), &json!("2.5"))
    );
}

#[tokio::test]
async fn fifteen_attempts_and_only_the_exact_word() {
    let shop = Shop::with(|settings| settings.time_scale = 1_000_000.0).await;
    let (url, _) = ear(&[
        (200, "SUCCESS"),
        (200, "success\n"),
        (500, "success"),
        (200, ""),
    ])
    .await;
    pay(&shop, &url).await.data();
    let told = deliveries(&shop, 15).await;
    assert!(told.iter().all(|told| !told.acknowledged));
    assert_eq!(told.last().unwrap().repetition, 14);
}

#[tokio::test]
async fn notifications_go_wrong_too() {
    let (shop, (url, heard)) = (Shop::open().await, ear(&[(200, "success")]).await);
    for fault in [
        Fault::WrongAmount,
        Fault::WrongSignature,
        Fault::NoSignature,
        Fault::Twice,
        Fault::Unsent,
    ] {
        shop.gateway
            .push_fault(Operation::Notification, fault, 1)
            .unwrap();
    }
    pay(&shop, &url).await.data();
    deliveries(&shop, 1).await;
    for count in [2, 3, 5] {
        shop.gateway.notify(NUMBER).unwrap();
        deliveries(&shop, count).await;
    }
    shop.gateway.notify(NUMBER).unwrap();
    shop.gateway.notify(NUMBER).unwrap();
    deliveries(&shop, 6).await;
    let heard = heard.lock().unwrap().clone();
    let checked: Vec<_> = heard.iter().map(|(_, verified)| *verified).collect();
    let right = Some(true);
    assert_eq!(checked, [right, Some(false), None, right, right, right]);
    assert_eq!(heard[0].0["order_amount"], "12.31");
}

#[tokio::test]
async fn a_notification_may_come_before_the_answer() {
    let (shop, (url, heard)) = (Shop::open().await, ear(&[(200, "success")]).await);
    shop.gateway
        .push_fault(Operation::PaySubmit, Fault::NotifiedFirst, 1)
        .unwrap();
    assert_eq!(pay(&shop, &url).await.state(), 2);
    assert_eq!(
        heard.lock().unwrap().len(),
        1,
        "told before it was answered"
    );
}
