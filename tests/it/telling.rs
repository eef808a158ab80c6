//! Gateways tell: early, twice, late, falsely, and of what nobody knows.

use crate::patience::{in_time, scene, together, until};
use crate::store::{Outfit, Store};
use qrpayd::domain::{Operation as Asked, What};
use qrpayd::simulator::payby::{Controls, Fault, Operation, Plan};
use serde_json::json;

/// Notified, and asked as rarely as may be: what is known early was told.
const TOLD: Outfit = Outfit {
    payby: "enquiry_first_s = 6\nenquiry_every_s = 6",
    store: "",
    lane: "refund_limit = \"100.00\"",
    api: "",
    log: None,
    unplugged: false,
    codepay: false,
    notify: true,
};

#[tokio::test(flavor = "multi_thread")]
async fn gateways_tell() {
    together([
        scene("early and twice", early_and_twice()),
        scene("late", late()),
        scene("falsely", falsely()),
        scene("what nobody knows", what_nobody_knows()),
        scene("of a refund", of_a_refund()),
    ])
    .await;
}

/// Asks to collect and scans; returns the tender and its order when the customer is
/// waited for.
async fn waiting(store: &Store) -> (String, String) {
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    let order = store.attempt(&tender, 1).await["order"].clone();
    (tender, order.as_str().unwrap().to_owned())
}

/// Waits until so many deliveries were made; says which were acknowledged.
async fn delivered(store: &Store, count: usize) -> Vec<bool> {
    let look = |gateway: &Controls| {
        let told = gateway.notifications();
        let acknowledged = || told.iter().map(|d| d.acknowledged).collect();
        (told.len() >= count).then(acknowledged)
    };
    in_time("the deliveries", store.gateway().until(look)).await
}

fn told_by(store: &Store) -> Vec<Asked> {
    let operation = |what: &What| match what {
        What::AttemptPaid { operation, .. } => Some(*operation),
        _ => None,
    };
    let facts = store.facts();
    facts
        .iter()
        .filter_map(|e| operation(&e.fact.what))
        .collect()
}

async fn early_and_twice() {
    let store = Store::open_with(TOLD).await;
    store
        .gateway()
        .push_fault(Operation::Notification, Fault::Twice, 1)
        .unwrap();
    let (tender, order) = waiting(&store).await;
    store.gateway().customer_pays(&order).unwrap();
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(
        told_by(&store),
        [Asked::Notification],
        "before anybody asked"
    );
    assert_eq!(delivered(&store, 2).await, [true, true]);
    let before = store.facts().len();
    store.gateway().notify(&order).unwrap();
    assert_eq!(delivered(&store, 3).await, [true, true, true]);
    assert_eq!(
        store.facts().len(),
        before,
        "what is known is not written again"
    );
    store.all_is_well();
}

/// A day late, after a restart: acknowledged, and nothing changes.
async fn late() {
    let mut store = Store::open_with(TOLD).await;
    let (tender, order) = waiting(&store).await;
    store.kill();
    store.gateway().customer_pays(&order).unwrap();
    assert_eq!(delivered(&store, 1).await, [false], "nobody was there");
    store.start().await;
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(told_by(&store), [Asked::Enquiry]);
    let before = store.tender(&tender).await;
    store.gateway().notify(&order).unwrap();
    assert_eq!(delivered(&store, 2).await, [false, true]);
    assert_eq!(store.tender(&tender).await, before);
    store.all_is_well_but_the_pace();
}

async fn falsely() {
    let store = Store::open_with(TOLD).await;
    let bad = Fault::WrongSignature;
    store
        .gateway()
        .push_fault(Operation::Notification, bad, 1)
        .unwrap();
    let (tender, order) = waiting(&store).await;
    store.gateway().customer_pays(&order).unwrap();
    assert_eq!(delivered(&store, 1).await, [false]);
    assert_eq!(store.gateway().notifications()[0].status, Some(403));
    // The enquiry finds out.
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(told_by(&store), [Asked::Enquiry]);
    let counted = store
        .counted("qrpayd_notifications_total{reason=\"forged\"}")
        .await;
    assert_eq!(counted, 1);
    let lane = store.lane("1").await;
    assert_eq!(lane["gateways"][0]["notice"]["code"], "notification_forged");
    // Nobody else is behind that door, and it opens for nobody else.
    let url = format!("http://{}/v1/lanes", store.notify_at());
    assert_eq!(store.http.get(url).send().await.unwrap().status(), 404);
    store.all_is_well();
}

async fn what_nobody_knows() {
    let mut store = Store::open_with(TOLD).await;
    let (tender, order) = waiting(&store).await;
    store.gateway().customer_pays(&order).unwrap();
    store.ends(&tender, "paid", "paid").await;
    delivered(&store, 1).await;
    store.stop().await;
    // The box is a new one; the gateway goes on telling of what the old one did.
    std::fs::remove_dir_all(store.path("journal")).unwrap();
    store.start().await;
    let mut events = store.follow(None).await;
    store.gateway().notify(&order).unwrap();
    let kept = events.next_of("notification_kept").await;
    assert_eq!(kept["data"]["gateway"], "payby");
    assert_eq!(kept["data"]["told"]["number"], json!(order));
    assert_eq!(kept["data"]["told"]["report"]["status"], "money_in");
    assert_eq!(delivered(&store, 2).await, [true, true]);
    let lane = store.lane("1").await;
    assert_eq!(lane["gateways"][0]["notice"]["code"], "notification_kept");
    let kept = "qrpayd_alerts_total{reason=\"notification_kept\"}";
    assert_eq!(store.counted(kept).await, 1);
    // Told again, also after a restart, it is acknowledged and not kept again.
    store.stop().await;
    store.start().await;
    store.gateway().notify(&order).unwrap();
    assert_eq!(delivered(&store, 3).await.last(), Some(&true));
    let again = "qrpayd_notifications_total{reason=\"repeated\"}";
    until("counted", async || {
        (store.counted(again).await == 1).then_some(())
    })
    .await;
}

async fn of_a_refund() {
    let store = Store::open_with(TOLD).await;
    let tender = store.collect_and_scan("20.00").await;
    store.ends(&tender, "paid", "paid").await;
    store.gateway().push_refund_plan(Plan::never()).unwrap();
    let refund = store.refund(&tender, "R-1", "5.00").await.good();
    let id = refund["id"].as_str().unwrap();
    until("under way", async || {
        let refund = store.get(&format!("/v1/refunds/{id}")).await.good();
        (refund["state"] == "pending").then_some(())
    })
    .await;
    let number = refund["number"].as_str().unwrap();
    store.gateway().refund_arrives(number).unwrap();
    assert_eq!(store.refunded(id).await["state"], "returned");
    store.all_is_well();
}
