//! The customer takes a long time: cancel, extend, the end of the wait, and the last
//! word of the gateway.

use crate::patience::{scene, together};
use crate::store::{Outfit, Store};
use qrpayd::simulator::payby::{Fault, Operation, Plan, Status};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_customer_does_not_pay_at_once() {
    together([
        scene("cancel while armed", cancelled_while_armed()),
        scene("cancel while waiting", cancelled_while_waiting()),
        scene("never confirmed", never_confirmed()),
        scene("extended", extended_once()),
        scene("declined", declined_by_the_customer()),
        scene(
            "paid before the cancel",
            paid_between_the_last_enquiry_and_the_cancel(),
        ),
        scene("paid, and nobody can see it", paid_and_nobody_can_see_it()),
        scene(
            "cancelled elsewhere",
            closed_between_the_last_enquiry_and_the_cancel(),
        ),
        scene("expired", expired_at_the_gateway()),
    ])
    .await;
}

async fn cancelled_while_armed() {
    let store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    let ended = store.cancel(&tender).await.good();
    assert_eq!(ended["verdict"], "not_paid");
    assert_eq!(ended["reason"]["code"], "cancelled");
    assert_eq!(ended["reason"]["text"], "Cancelled. No money moved.");
    assert_eq!(ended["money"], "none");
    // Once more is the same; a code comes too late.
    assert_eq!(store.cancel(&tender).await.good(), ended);
    store
        .code(&tender, &store.fresh_code())
        .await
        .problem(409, "done");
    // The lane is free.
    let next = store.collect("1", "37.50").await;
    store.cancel(&next).await.good();
    assert_eq!(store.gateway().calls(), []);
    store.all_is_well();
}

async fn cancelled_while_waiting() {
    let store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    let asked = store.cancel(&tender).await.good();
    assert_eq!(asked["state"], "checking");
    assert!(asked["verdict"].is_null(), "the gateway has the last word");
    let ended = store.ends(&tender, "not_paid", "cancelled").await;
    assert_eq!(ended["reason"]["text"], "Cancelled. No money moved.");
    assert_eq!(
        (&ended["money"], &ended["attempts"][0]["state"]),
        (&json!("none"), &json!("refused"))
    );
    let order = store.only_order();
    assert_eq!(
        (order.status, order.captured, order.cancels),
        (Status::Failure, 0, 1)
    );
    assert_eq!(store.obligations().await.len(), 0);
    assert!(
        store
            .gateway()
            .customer_pays(&order.merchant_order_no)
            .is_err()
    );
    store.all_is_well();
}

/// In real time, with the shortest wait that may be configured.
async fn never_confirmed() {
    let outfit = Outfit {
        payby: "wait_s = 20\nwait_extension_s = 0",
        ..Outfit::default()
    };
    let store = Store::open_with(outfit).await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    let ended = store.ends(&tender, "not_paid", "wait_over").await;
    assert_eq!(
        ended["reason"]["text"],
        "The customer did not confirm in time. No money moved."
    );
    let order = store.only_order();
    assert_eq!(
        (order.status, order.captured, order.cancels),
        (Status::Failure, 0, 1)
    );
    let waited = order.closed_at.unwrap() - order.created_at;
    assert!(
        (19_900..24_000).contains(&waited),
        "cancelled after {waited} ms"
    );
    // One at 2 s, then every 3 s, then the last one: never a flood.
    assert!((6..=8).contains(&order.enquiries), "{order:?}");
    store.all_is_well();
}

/// The extension begins where the wait ends: a customer who pays in it has paid.
async fn extended_once() {
    let outfit = Outfit {
        payby: "wait_s = 20\nwait_extension_s = 60",
        ..Outfit::default()
    };
    let store = Store::open_with(outfit).await;
    store
        .gateway()
        .push_plan(Plan::paid_after_millis(24_000))
        .unwrap();
    let tender = store.collect("1", "37.50").await;
    let path = format!("/v1/tenders/{tender}/extend");
    store.post(&path, None).await.problem(409, "not_extendable");
    store.scan(&store.fresh_code());
    store.state(&tender, "waiting").await;
    assert_eq!(store.post(&path, None).await.good()["state"], "waiting");
    store.post(&path, None).await.problem(409, "not_extendable");
    store.ends(&tender, "paid", "paid").await;
    let order = store.only_order();
    assert!(order.paid_at.unwrap() - order.created_at >= 24_000);
    assert_eq!(order.cancels, 0);
    store.all_is_well();
}

/// An order that the customer declined is over; another code may be shown.
async fn declined_by_the_customer() {
    let store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    let order = store.attempt(&tender, 1).await["order"].clone();
    store.state(&tender, "waiting").await;
    store
        .gateway()
        .customer_declines(order.as_str().unwrap())
        .unwrap();
    let armed = store.state(&tender, "armed").await;
    assert_eq!(armed["reason"]["code"], "payer_refused");
    store.scan(&store.fresh_code());
    store.ends(&tender, "paid", "paid").await;
    let kept: u64 = store
        .gateway()
        .orders()
        .iter()
        .map(|order| order.kept())
        .sum();
    assert_eq!(kept, 3750);
    store.all_is_well();
}

async fn paid_between_the_last_enquiry_and_the_cancel() {
    let store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    store
        .gateway()
        .push_fault(Operation::CancelOrder, Fault::PaidBeforeCancel, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    store.cancel(&tender).await.good();
    let paid = store.ends(&tender, "paid", "paid").await;
    assert_eq!(paid["money"], "in");
    let order = store.only_order();
    assert_eq!((order.kept(), order.revokes), (3750, 0));
    assert_eq!(
        store.calls(Operation::CancelOrder, 1).await[0].code,
        "62001"
    );
    assert!(store.story().contains(&"paid_claimed".to_owned()));
    store.cancel(&tender).await.problem(409, "done");
    store.all_is_well();
}

/// The gateway says that the order is paid and then says nothing: nobody can tell, the
/// lane is told so, and nothing is ever reversed.
async fn paid_and_nobody_can_see_it() {
    let outfit = Outfit {
        payby: "limit_enquiry_s = 2",
        ..Outfit::default()
    };
    let store = Store::open_with(outfit).await;
    let gateway = store.gateway();
    gateway.push_plan(Plan::never()).unwrap();
    gateway
        .push_fault(Operation::CancelOrder, Fault::PaidBeforeCancel, 1)
        .unwrap();
    let silence = Fault::NoAnswer { effect: false };
    gateway
        .push_fault(Operation::GetOrder, silence, 1000)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    store.cancel(&tender).await.good();
    let open = store.verdict(&tender).await;
    assert_eq!(
        (&open["verdict"], &open["state"]),
        (&json!("unresolved"), &json!("checking"))
    );
    assert_eq!(open["reason"]["code"], "no_answer");
    assert_eq!(open["money"], "unknown");
    // Its sale is busy, its lane is not.
    let sale = open["sale"].as_str().unwrap();
    let again = crate::cashier::order(sale, "37.50");
    store
        .create("2", "again", again)
        .await
        .problem(409, "sale_busy");
    assert!(store.lane("1").await["tender"].is_null());
    let other = store.collect_and_scan("5.00").await;
    gateway.clear_faults();
    store.ends(&other, "paid", "paid").await;
    let paid = store.state(&tender, "done").await;
    assert_eq!(paid["verdict"], "paid");
    let revokes: u32 = gateway.orders().iter().map(|order| order.revokes).sum();
    assert_eq!(revokes, 0);
    store.all_is_well();
}

/// The cancel finds the order closed already: an enquiry confirms it.
async fn closed_between_the_last_enquiry_and_the_cancel() {
    let store = Store::open().await;
    let gateway = store.gateway();
    gateway.push_plan(Plan::never()).unwrap();
    // The first cancel works and its answer is lost; the second says 62002.
    gateway
        .push_fault(Operation::CancelOrder, Fault::Cut { effect: true }, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    store.cancel(&tender).await.good();
    store.ends(&tender, "not_paid", "cancelled").await;
    let order = store.only_order();
    assert_eq!((order.status, order.captured), (Status::Failure, 0));
    assert_eq!(store.obligations().await.len(), 0);
    store.all_is_well();
}

/// The gateway's own clock ends the order first.
async fn expired_at_the_gateway() {
    let store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    store.gateway().set_clock_offset(130_000);
    // The gateway's reasons are an open list: that it failed is enough.
    let armed = store.state(&tender, "armed").await;
    assert_eq!(armed["attempts"][0]["state"], "refused");
    store.gateway().set_clock_offset(0);
    store.cancel(&tender).await.good();
    assert_eq!(store.only_order().captured, 0);
    store.check_books();
}
