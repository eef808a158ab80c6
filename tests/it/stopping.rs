//! SIGTERM: the first finishes what is in flight and takes nothing new, the second
//! leaves at once. Both are safe.

use crate::patience::{in_time, scene, together, until};
use crate::store::Store;
use qrpayd::simulator::payby::Plan;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop() {
    together([
        scene("idle", idle()),
        scene("armed", armed()),
        scene("a payment in flight", with_a_payment_in_flight()),
        scene("told twice", told_twice()),
        scene("with a duty", with_an_open_duty()),
    ])
    .await;
}

async fn idle() {
    let mut store = Store::open().await;
    let events = store.follow(Some(0)).await;
    let asked = Instant::now();
    store.terminate();
    // An open stream does not hold it up.
    assert_eq!(events.rest().await, []);
    assert_eq!(store.ended().await, 0);
    assert!(asked.elapsed() < Duration::from_secs(8));
    store.start().await;
    store.stop().await;
}

/// A tender that waits for a code is no payment yet: it is there again after the start,
/// and whoever waits for its verdict is told how it is.
async fn armed() {
    let mut store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    let before = store.tender(&tender).await;
    let url = store.url(&format!("/v1/tenders/{tender}?wait=100"));
    let waiting = tokio::spawn(store.http.get(url).send());
    store.terminate();
    assert_eq!(store.ended().await, 0);
    let answer = in_time("the wait's end", waiting).await.unwrap();
    // It may have come too late to be heard at all.
    if let Ok(answer) = answer {
        assert_eq!(answer.status(), 200);
        let told: serde_json::Value =
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(told, before);
    }
    store.start().await;
    assert_eq!(store.tender(&tender).await, before);
    store.scan(&store.fresh_code());
    store.ends(&tender, "paid", "paid").await;
    store.all_is_well();
}

async fn with_a_payment_in_flight() {
    let mut store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    let order = store.attempt(&tender, 1).await["order"].clone();
    store.state(&tender, "waiting").await;
    let other = store.collect("2", "5.00").await;
    let url = store.url(&format!("/v1/tenders/{tender}?wait=100"));
    let waiting = tokio::spawn(store.http.get(url).send());
    store.terminate();
    until("nothing new is taken", async || {
        let body = crate::cashier::order("S-new", "1.00");
        let answer = store.create("2", "new", body).await;
        (answer.body["code"] == "unavailable").then_some(())
    })
    .await;
    // Not a new tender, nor a new code for an old one; what there is can be looked at.
    store
        .code(&other, &store.fresh_code())
        .await
        .problem(503, "unavailable");
    assert_eq!(store.tender(&tender).await["state"], "waiting");
    let ready = store.http.get(store.url("/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 503, "a balancer sends nobody here any more");
    // The customer has all the time that there was.
    store
        .gateway()
        .customer_pays(order.as_str().unwrap())
        .unwrap();
    let told = in_time("the verdict", waiting).await.unwrap().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told.bytes().await.unwrap()).unwrap();
    assert_eq!(told["verdict"], "paid");
    assert_eq!(store.ended().await, 0);
    store.start().await;
    assert_eq!(store.tender(&tender).await["verdict"], "paid");
    assert_eq!(store.tender(&other).await["state"], "armed");
    assert_eq!(store.only_order().kept(), 3750);
    store.all_is_well();
}

async fn told_twice() {
    let mut store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    store.terminate();
    until("it stops", async || {
        store.log().contains("stopping").then_some(())
    })
    .await;
    let asked = Instant::now();
    store.terminate();
    assert_eq!(store.ended().await, 0);
    assert!(
        asked.elapsed() < Duration::from_secs(8),
        "{:?}",
        asked.elapsed()
    );
    store.start().await;
    store.ends(&tender, "not_paid", "restarted").await;
    assert_eq!(store.only_order().captured, 0);
    store.all_is_well_but_the_pace();
}

/// A duty may take for ever: it does not hold up a stop, and is there again.
async fn with_an_open_duty() {
    let mut store = Store::open().await;
    store.gateway().push_plan(Plan::refused("601")).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    assert_eq!(store.verdict(&tender).await["verdict"], "not_paid");
    let duties = store.obligations().await;
    assert_eq!(duties.len(), 1);
    store.stop().await;
    store.start().await;
    let after = store.obligations().await;
    assert_eq!((after.len(), &after[0]["id"]), (1, &duties[0]["id"]));
    assert_eq!(after[0]["duty"], json!("watch"));
    store.all_is_well();
}
