//! Two gateways on one lane: whose code it is says where it goes, and CodePay's ways.

use crate::cashier::order;
use crate::patience::{scene, together, until};
use crate::store::{Outfit, Store};
use qrpayd::simulator::codepay::{Fault, Operation, Plan};
use serde_json::{Value, json};

const BOTH: Outfit = Outfit {
    payby: "",
    store: "",
    lane: "refund_limit = \"100.00\"",
    api: "",
    log: None,
    unplugged: false,
    codepay: true,
    notify: false,
};

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways() {
    together([
        scene("routing", whose_code_it_is()),
        scene("a forced gateway", a_gateway_that_is_insisted_on()),
        scene("a password", after_a_password()),
        scene("refused", a_code_that_is_refused()),
        scene("a lost answer", an_answer_is_lost()),
        scene("cancelled", cancelled_and_reversed()),
        scene("refunds", refunds()),
        scene("shown", a_code_that_is_shown()),
        scene("told", told_early()),
    ])
    .await;
}

/// A code of Alipay that was never shown before.
fn alipay(store: &Store) -> String {
    format!("28{:016}", 1_000_000 + store.next())
}

async fn paid(store: &Store, amount: &str) -> String {
    let tender = store.collect("1", amount).await;
    store.code(&tender, &alipay(store)).await.good();
    store.ends(&tender, "paid", "paid").await;
    tender
}

fn all_is_well(store: &Store) {
    assert_eq!(store.codepay().violations(), []);
}

/// The one order that CodePay has.
fn only(store: &Store) -> qrpayd::simulator::codepay::OrderRecord {
    let orders = store.codepay().orders();
    assert_eq!(orders.len(), 1, "{orders:?}");
    orders[0].clone()
}

async fn whose_code_it_is() {
    let store = Store::open_with(BOTH).await;
    let tender = paid(&store, "37.50").await;
    let attempt = store.attempt(&tender, 1).await;
    assert_eq!(
        (&attempt["gateway"], &attempt["wallet"]),
        (&json!("codepay"), &json!("alipay"))
    );
    let ledger = only(&store);
    assert_eq!((ledger.captured, ledger.returned), (3750, 0));
    assert_eq!(attempt["order"], json!(ledger.merchant_order_no));
    // Its submit names neither order nor currency: the query proved it.
    let asked = store.codepay().calls();
    assert!(
        asked
            .iter()
            .any(|call| call.operation == Operation::OrderQuery)
    );

    let tender = store.collect("1", "5.00").await;
    store.scan(&store.fresh_code());
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(store.attempt(&tender, 1).await["gateway"], "payby");
    assert_eq!(store.codepay().orders().len(), 1);
    all_is_well(&store);
}

async fn a_gateway_that_is_insisted_on() {
    let store = Store::open_with(BOTH).await;
    let mut body = order("S-1", "5.00");
    body["gateway"] = json!("payby");
    let tender = store.create("1", "K-1", body).await.good();
    let tender = tender["id"].as_str().unwrap();
    let refused = store.code(tender, &alipay(&store)).await;
    refused.problem(422, "no_gateway_for_code");
    store.code(tender, &store.fresh_code()).await.good();
    store.ends(tender, "paid", "paid").await;
    assert_eq!(store.codepay().orders(), []);
    store.all_is_well();
}

async fn after_a_password() {
    let store = Store::open_with(BOTH).await;
    store
        .codepay()
        .push_plan(Plan::paid_after_polls(1))
        .unwrap();
    let tender = store.collect("1", "612.00").await;
    store.code(&tender, &alipay(&store)).await.good();
    store.state(&tender, "waiting").await;
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(only(&store).kept(), 61_200);
    all_is_well(&store);
}

async fn a_code_that_is_refused() {
    let store = Store::open_with(BOTH).await;
    let tender = store.collect("1", "5.00").await;
    // The simulator takes codes that end so for stale ones.
    store.code(&tender, "280000000000009999").await.good();
    until("armed again", async || {
        let tender = store.tender(&tender).await;
        (tender["state"] == "armed").then_some(())
    })
    .await;
    store.code(&tender, &alipay(&store)).await.good();
    let paid = store.ends(&tender, "paid", "paid").await;
    assert_eq!(paid["attempts"].as_array().unwrap().len(), 2);
    all_is_well(&store);
}

async fn an_answer_is_lost() {
    let store = Store::open_with(BOTH).await;
    let lost = Fault::Cut { effect: true };
    store
        .codepay()
        .push_fault(Operation::PaySubmit, lost, 1)
        .unwrap();
    let tender = store.collect("1", "5.00").await;
    store.code(&tender, &alipay(&store)).await.good();
    store.ends(&tender, "paid", "paid").await;
    let calls = store.codepay().calls();
    let submits = calls.iter().filter(|c| c.operation == Operation::PaySubmit);
    assert_eq!(submits.count(), 1, "never paid twice");
    assert_eq!(only(&store).kept(), 500);
    all_is_well(&store);
}

/// Its reversal gives a paid order's money back: the verdict and the duty go first.
async fn cancelled_and_reversed() {
    let store = Store::open_with(BOTH).await;
    store.codepay().push_plan(Plan::never()).unwrap();
    let tender = store.collect("1", "5.00").await;
    store.code(&tender, &alipay(&store)).await.good();
    store.state(&tender, "waiting").await;
    store.cancel(&tender).await.good();
    let not_paid = store.ends(&tender, "not_paid", "cancelled").await;
    assert_eq!(not_paid["money"], "returning");
    store.no_duties().await;
    assert_eq!(only(&store).kept(), 0);
    all_is_well(&store);
}

async fn refunds() {
    let store = Store::open_with(BOTH).await;
    let tender = paid(&store, "20.00").await;
    let part = store.refund(&tender, "R-1", "5.00").await.good();
    let part = store.refunded(part["id"].as_str().unwrap()).await;
    assert_eq!(
        (&part["state"], &part["gateway"]),
        (&json!("returned"), &json!("codepay"))
    );
    let rest = store.refund(&tender, "R-2", "15.00").await.good();
    assert_eq!(
        store.refunded(rest["id"].as_str().unwrap()).await["state"],
        "returned"
    );
    assert_eq!(only(&store).kept(), 0);
    assert_eq!(store.tender(&tender).await["money"], "returned");
    all_is_well(&store);
}

async fn a_code_that_is_shown() {
    let store = Store::open_with(BOTH).await;
    store.codepay().push_plan(Plan::never()).unwrap();
    let body = json!({
        "sale": "S-1", "amount": "5.00", "currency": "AED", "mode": "display", "gateway": "codepay",
    });
    let made = store.create("1", "K-1", body).await.good();
    let id = made["id"].as_str().unwrap().to_owned();
    let shown: Value = until("the code", async || {
        let tender = store.tender(&id).await;
        tender["display"]["text"].is_string().then_some(tender)
    })
    .await;
    let order = shown["attempts"][0]["order"].as_str().unwrap();
    store.codepay().customer_pays(order).unwrap();
    store.ends(&id, "paid", "paid").await;
    assert_eq!(only(&store).kept(), 500);
    all_is_well(&store);
}

async fn told_early() {
    let outfit = Outfit {
        notify: true,
        ..BOTH
    };
    let store = Store::open_with(outfit).await;
    store.codepay().push_plan(Plan::never()).unwrap();
    let tender = store.collect("1", "5.00").await;
    store.code(&tender, &alipay(&store)).await.good();
    store.state(&tender, "waiting").await;
    let order = store.attempt(&tender, 1).await["order"].clone();
    store
        .codepay()
        .customer_pays(order.as_str().unwrap())
        .unwrap();
    store.ends(&tender, "paid", "paid").await;
    let told = store.codepay().notifications();
    assert!(
        told.iter().all(|delivery| delivery.acknowledged),
        "{told:?}"
    );
    all_is_well(&store);
}
