//! Money of a paid tender goes back: all of it, a part, through failures and restarts.

use crate::patience::{scene, together, until};
use crate::program::run;
use crate::store::{Outfit, Store};
use qrpayd::simulator::payby::{Fault, Operation, Plan};
use serde_json::{Value, json};

/// The cashier may refund up to 100.00 of a payment.
const LIMITED: Outfit = Outfit {
    payby: "",
    store: "",
    lane: "refund_limit = \"100.00\"",
    api: "",
    log: None,
    unplugged: false,
    codepay: false,
    notify: false,
};

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back() {
    together([
        scene("in parts", in_parts_until_nothing_is_left()),
        scene("without a manager", as_much_as_the_lane_allows()),
        scene("an answer is lost", an_answer_is_lost()),
        scene("a restart", through_a_restart()),
        scene("it fails", a_refund_that_fails_gives_nothing_back()),
        scene("by the command", by_the_command()),
    ])
    .await;
}

async fn paid(store: &Store, amount: &str) -> String {
    let tender = store.collect_and_scan(amount).await;
    store.ends(&tender, "paid", "paid").await;
    tender
}

async fn in_parts_until_nothing_is_left() {
    let store = Store::open_with(LIMITED).await;
    let tender = paid(&store, "37.50").await;
    assert_eq!(store.tender(&tender).await["refundable"], "37.50");
    let first = store.refund(&tender, "R-1", "12.00").await;
    assert_eq!(first.status, 201);
    let id = first.body["id"].as_str().unwrap().to_owned();
    assert_eq!(id, format!("{tender}-r1"));
    let first = store.refunded(&id).await;
    assert_eq!(
        (&first["state"], &first["amount"], &first["operator"]),
        (&json!("returned"), &json!("12.00"), &json!("loopback"))
    );
    // The same key is the same refund, and never another one.
    let again = store.refund(&tender, "R-1", "12.00").await;
    assert_eq!((again.status, &again.body), (200, &first));
    let other = store.refund(&tender, "R-1", "12.01").await;
    let said = other.problem(409, "refund_key_reused");
    assert_eq!(said["refund"], json!(id));
    let over = store.refund(&tender, "R-2", "25.51").await;
    assert_eq!(over.problem(422, "over_refundable")["refundable"], "25.50");

    let now = store.tender(&tender).await;
    assert_eq!(
        (&now["money"], &now["verdict"]),
        (&json!("in"), &json!("paid"))
    );
    let rest = store.refund(&tender, "R-2", "25.50").await.good();
    store.refunded(rest["id"].as_str().unwrap()).await;
    let now = store.tender(&tender).await;
    assert_eq!(
        (&now["money"], &now["refundable"], &now["verdict"]),
        (&json!("returned"), &json!("0.00"), &json!("paid"))
    );
    assert_eq!(now["refunds"].as_array().unwrap().len(), 2);
    store
        .refund(&tender, "R-3", "0.01")
        .await
        .problem(422, "over_refundable");
    let order = store.only_order();
    assert_eq!((order.captured, order.returned), (3750, 3750));
    store.all_is_well();
}

async fn as_much_as_the_lane_allows() {
    let store = Store::open_with(LIMITED).await;
    let tender = paid(&store, "250.00").await;
    let refused = store.refund(&tender, "R-1", "100.01").await;
    assert_eq!(refused.problem(403, "needs_manager")["limit"], "100.00");
    let given = store.refund(&tender, "R-1", "60.00").await.good();
    store.refunded(given["id"].as_str().unwrap()).await;
    // Of one payment, not of one refund.
    store
        .refund(&tender, "R-2", "40.01")
        .await
        .problem(403, "needs_manager");
    let given = store.refund(&tender, "R-2", "40.00").await.good();
    store.refunded(given["id"].as_str().unwrap()).await;
    // Asking for a refund again that was given needs nobody.
    assert_eq!(store.refund(&tender, "R-1", "60.00").await.status, 200);
    assert_eq!(store.only_order().returned, 10_000);
    // Lane 2 allows nothing.
    let elsewhere = store.collect("2", "5.00").await;
    store.code(&elsewhere, &store.fresh_code()).await.good();
    store
        .refund(&elsewhere, "R-9", "5.00")
        .await
        .problem(403, "needs_manager");
    store.ends(&elsewhere, "paid", "paid").await;
    store.all_is_well();
}

async fn an_answer_is_lost() {
    let store = Store::open_with(LIMITED).await;
    let tender = paid(&store, "20.00").await;
    let lost = Fault::Cut { effect: true };
    store
        .gateway()
        .push_fault(Operation::RefundPlaceOrder, lost, 1)
        .unwrap();
    let refund = store.refund(&tender, "R-1", "5.00").await.good();
    let refund = store.refunded(refund["id"].as_str().unwrap()).await;
    assert_eq!(refund["state"], "returned");
    assert_eq!(
        store.gateway().refunds().len(),
        1,
        "sent once, then asked about"
    );
    assert!(!store.calls(Operation::RefundGetOrder, 1).await.is_empty());
    assert_eq!(store.only_order().returned, 500);
    store.all_is_well();
}

async fn through_a_restart() {
    let mut store = Store::open_with(LIMITED).await;
    let tender = paid(&store, "20.00").await;
    store.gateway().push_refund_plan(Plan::never()).unwrap();
    let refund = store.refund(&tender, "R-1", "5.00").await.good();
    let id = refund["id"].as_str().unwrap().to_owned();
    until("the refund under way", async || {
        let refund = store.get(&format!("/v1/refunds/{id}")).await.good();
        (refund["state"] == "pending").then_some(())
    })
    .await;
    store.crash().await;
    let number = refund["number"].as_str().unwrap();
    store.gateway().refund_arrives(number).unwrap();
    assert_eq!(store.refunded(&id).await["state"], "returned");
    assert_eq!(store.gateway().refunds().len(), 1);
    store.all_is_well_but_the_pace();
}

async fn a_refund_that_fails_gives_nothing_back() {
    let store = Store::open_with(LIMITED).await;
    let tender = paid(&store, "20.00").await;
    store
        .gateway()
        .push_refund_plan(Plan::refused("62045"))
        .unwrap();
    let refund = store.refund(&tender, "R-1", "5.00").await.good();
    let refund = store.refunded(refund["id"].as_str().unwrap()).await;
    assert_eq!(refund["state"], "failed");
    assert!(
        refund["text"]
            .as_str()
            .unwrap()
            .starts_with("The refund failed")
    );
    assert_eq!(refund["alerts"], json!(["refund_failed"]));
    assert_eq!(
        store
            .counted("qrpayd_alerts_total{reason=\"refund_failed\"}")
            .await,
        1
    );
    let now = store.tender(&tender).await;
    assert_eq!(
        (&now["refundable"], &now["money"]),
        (&json!("20.00"), &json!("in"))
    );
    // The whole of it may still go back.
    let refund = store.refund(&tender, "R-2", "20.00").await.good();
    let refund = store.refunded(refund["id"].as_str().unwrap()).await;
    assert_eq!(refund["state"], "returned");
    store.all_is_well();
}

async fn by_the_command() {
    let store = Store::open_with(LIMITED).await;
    let tender = paid(&store, "20.00").await;
    let api = store.url("/");
    let line = ["refund", "--api", &api, &tender, "--reason", "broken"];
    let with = |more: &'static [&'static str]| [&line[..], more].concat();
    let (exit, out, said) = run(&with(&["--amount", "5.00", "--json"]), "").await;
    assert_eq!(exit, 0, "{out}{said}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&told["state"], &told["amount"]),
        (&json!("returned"), &json!("5.00"))
    );
    let (exit, out, said) = run(&with(&[]), "").await;
    assert_eq!(exit, 0, "{out}{said}");
    assert!(
        out.contains("15.00 AED") && out.ends_with("REFUNDED: Refunded.\n"),
        "{out}"
    );
    let (exit, _, said) = run(&with(&["--amount", "1.00"]), "").await;
    assert_eq!(exit, 2);
    assert!(said.contains("(over_refundable)"), "{said}");
    assert_eq!(store.only_order().returned, 2000);
    store.all_is_well();
}
