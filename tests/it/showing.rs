//! The store shows a code and the customer scans it.

use crate::patience::{scene, together, until};
use crate::store::Store;
use qrpayd::simulator::payby::{Operation, Plan, Status};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn the_store_shows_a_code() {
    together([
        scene("scanned and paid", scanned_and_paid()),
        scene("cancelled", cancelled_before_anybody_scans()),
        scene("paid at the last moment", paid_while_it_is_cancelled()),
        scene("refused", the_gateway_makes_no_order()),
    ])
    .await;
}

/// Asks to collect by a code on the screen; returns the tender when the code is there.
async fn show(store: &Store, amount: &str) -> Value {
    let n = store.next();
    let body = json!({
        "sale": format!("S-{n}"), "amount": amount, "currency": "AED", "mode": "display",
    });
    let made = store.create("1", &format!("K-{n}"), body).await.good();
    let id = made["id"].as_str().unwrap().to_owned();
    until("the code", async || {
        let tender = store.tender(&id).await;
        tender["display"]["text"].is_string().then_some(tender)
    })
    .await
}

fn name(tender: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&tender["id"]), text(&tender["attempts"][0]["order"]))
}

async fn scanned_and_paid() {
    let store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = show(&store, "37.50").await;
    let (id, order) = name(&tender);
    assert_eq!(
        (
            &tender["state"],
            &tender["display"]["scanned"],
            &tender["attempts"][0]["code"]
        ),
        (&json!("waiting"), &json!(false), &Value::Null)
    );
    let drawn = store
        .http
        .get(store.url(&format!("/v1/tenders/{id}/qr.svg")));
    let drawn = drawn.send().await.unwrap();
    assert_eq!(drawn.headers()["content-type"], "image/svg+xml");
    assert!(drawn.text().await.unwrap().starts_with("<svg "));

    store
        .gateway()
        .customer_scans(&order, "+971-50*11")
        .unwrap();
    until("scanned", async || {
        let tender = store.tender(&id).await;
        (tender["display"]["scanned"] == true).then_some(())
    })
    .await;
    store.gateway().customer_pays(&order).unwrap();
    let paid = store.ends(&id, "paid", "paid").await;
    assert_eq!(paid["display"], Value::Null);
    let gone = store.get(&format!("/v1/tenders/{id}/qr.svg")).await;
    gone.problem(404, "no_code");
    // The lane's scanner has nothing to do with it.
    assert_eq!(store.calls(Operation::PlaceOrder, 1).await.len(), 1);
    assert_eq!(store.only_order().captured, 3750);
    store.all_is_well();
}

async fn cancelled_before_anybody_scans() {
    let store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let (id, _) = name(&show(&store, "5.00").await);
    store.cancel(&id).await.good();
    store.ends(&id, "not_paid", "cancelled").await;
    let order = store.only_order();
    assert_eq!((order.status, order.captured), (Status::Failure, 0));
    store.no_duties().await;
    store.check_books();
}

async fn paid_while_it_is_cancelled() {
    let store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let (id, order) = name(&show(&store, "5.00").await);
    store.gateway().customer_pays(&order).unwrap();
    store.cancel(&id).await.good();
    store.ends(&id, "paid", "paid").await;
    assert_eq!(store.only_order().kept(), 500);
    store.check_books();
}

async fn the_gateway_makes_no_order() {
    let store = Store::open().await;
    store.gateway().push_plan(Plan::refused("62026")).unwrap();
    let body = json!({ "sale": "S-1", "amount": "5.00", "currency": "AED", "mode": "display" });
    let made = store.create("1", "K-1", body).await.good();
    let tender = store.verdict(made["id"].as_str().unwrap()).await;
    assert_eq!(tender["verdict"], "not_paid", "{tender}");
    assert_eq!(store.gateway().orders().len(), 0);
    store.check_books();
}
