//! The gateway is away: the lane says so at once, and what is owed is kept until it is
//! done.

use crate::patience::{scene, together, until};
use crate::store::{Outfit, Store};
use qrpayd::simulator::payby::{Fault, Operation, Plan, Status};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_is_away() {
    together([
        scene("nobody listens", nobody_listens()),
        scene("gone while waiting", gone_while_waiting()),
        scene("a cancel without an answer", a_duty_outlives_the_process()),
        scene("money that must go back", money_goes_back_after_a_crash()),
    ])
    .await;
}

async fn nobody_listens() {
    let mut store = Store::open().await;
    store.close_gateway();
    let tender = store.collect_and_scan("37.50").await;
    let ended = store.ends(&tender, "not_paid", "no_connection").await;
    assert_eq!(
        ended["reason"]["text"],
        "No connection to the payment gateway. No money moved."
    );
    assert_eq!(
        (&ended["money"], &ended["attempts"][0]["state"]),
        (&json!("none"), &json!("withdrawn"))
    );
    assert_eq!(store.lane("1").await["gateways"][0]["state"], "unreachable");
    assert_eq!(store.obligations().await.len(), 0);
    let facts = store.facts();
    let took = facts.last().unwrap().at.0 - facts[1].at.0;
    assert!(took < 2_000, "it took {took} ms to say so");
    // Nothing was kept for later, and the lane works again.
    store.open_gateway().await;
    let next = store.collect_and_scan("5.00").await;
    store.ends(&next, "paid", "paid").await;
    assert_eq!(store.only_order().total, 500);
    assert_eq!(store.lane("1").await["gateways"][0]["state"], "ok");
    assert_eq!(store.gateway().violations(), []);
}

/// It goes away for good while the customer is waited for: the cashier can still end
/// it, and the duty stays.
async fn gone_while_waiting() {
    let mut store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    store.close_gateway();
    store.cancel(&tender).await.good();
    let ended = store.ends(&tender, "not_paid", "cancelled").await;
    assert_eq!(
        ended["reason"]["text"],
        "Cancelled. Any charge is being returned."
    );
    let duties = store.obligations().await;
    assert_eq!((duties.len(), &duties[0]["duty"]), (1, &json!("return")));
    // The lane goes on, and says what is wrong.
    let next = store.collect_and_scan("5.00").await;
    store.ends(&next, "not_paid", "no_connection").await;
}

/// No word of the gateway for the whole last word: told not paid, with a duty that a
/// crash does not lose and that closes by itself.
async fn a_duty_outlives_the_process() {
    let outfit = Outfit {
        payby: "limit_enquiry_s = 2",
        ..Outfit::default()
    };
    let mut store = Store::open_with(outfit).await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    let silence = Fault::NoAnswer { effect: false };
    for operation in [
        Operation::GetOrder,
        Operation::CancelOrder,
        Operation::RevokeOrder,
    ] {
        store
            .gateway()
            .push_fault(operation, silence.clone(), 1000)
            .unwrap();
    }
    store.cancel(&tender).await.good();
    let ended = store.ends(&tender, "not_paid", "cancelled").await;
    assert_eq!(ended["money"], "returning");
    let cancels = store.calls(Operation::CancelOrder, 3).await;
    assert!(cancels.len() <= 4, "{cancels:?}");
    store.calls(Operation::RevokeOrder, 1).await;
    let before = store.obligations().await;
    assert_eq!((before.len(), &before[0]["duty"]), (1, &json!("return")));

    store.crash().await;
    let after = store.obligations().await;
    assert_eq!(after.len(), 1);
    for field in ["id", "duty", "order", "opened", "amount"] {
        assert_eq!(after[0][field], before[0][field]);
    }
    assert_eq!(store.tender(&tender).await["verdict"], "not_paid");
    // Its lane is free meanwhile.
    let other = store.collect_and_scan("5.00").await;
    assert_eq!(store.attempt(&other, 1).await["number"], 1);

    store.gateway().clear_faults();
    store.no_duties().await;
    store.ends(&other, "paid", "paid").await;
    let order = store
        .gateway()
        .order(after[0]["order"].as_str().unwrap())
        .unwrap();
    assert_eq!((order.status, order.kept()), (Status::Failure, 0));
    assert_eq!(store.tender(&tender).await["money"], "none");
    store.all_is_well_but_the_pace();
}

/// The customer paid after all, while nobody answered: the money is seen to go back.
async fn money_goes_back_after_a_crash() {
    let outfit = Outfit {
        payby: "limit_enquiry_s = 2",
        ..Outfit::default()
    };
    let mut store = Store::open_with(outfit).await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    let order = store.only_order().merchant_order_no;
    let silence = Fault::NoAnswer { effect: false };
    for operation in [
        Operation::GetOrder,
        Operation::CancelOrder,
        Operation::RevokeOrder,
    ] {
        store
            .gateway()
            .push_fault(operation, silence.clone(), 1000)
            .unwrap();
    }
    store.cancel(&tender).await.good();
    store.ends(&tender, "not_paid", "cancelled").await;
    store.gateway().customer_pays(&order).unwrap();
    store.kill();
    store.gateway().clear_faults();
    // The answer to the revoke is lost: what came of it is asked, not guessed.
    let lost = Fault::Cut { effect: true };
    store
        .gateway()
        .push_fault(Operation::RevokeOrder, lost, 1)
        .unwrap();
    store.start().await;
    until("the money is back", async || {
        let now = store.tender(&tender).await;
        (now["money"] == "returned").then_some(())
    })
    .await;
    let record = store.gateway().order(&order).unwrap();
    assert_eq!((record.captured, record.returned), (3750, 3750));
    assert_eq!(store.obligations().await.len(), 0);
    assert_eq!(store.tender(&tender).await["verdict"], "not_paid");
    store.all_is_well_but_the_pace();
}
