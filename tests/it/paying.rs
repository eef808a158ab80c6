//! The customer pays: at once, after a password, with either symbol of one screen.

use crate::patience::{scene, together};
use crate::store::{Outfit, Store};
use base64::{Engine, engine::general_purpose::STANDARD};
use qrpayd::simulator::payby::{Operation, Plan, Status};
use serde_json::json;

/// The QR symbol that stands beside a barcode: an EMV payload around the same code.
pub(crate) fn symbol_of(code: &str) -> String {
    assert_eq!(code.len(), 19);
    let application = [
        b"\x4f\x0700ToPAY\x50\x05ToPAY\x63\x16\x9f\x42\x13",
        code.as_bytes(),
    ];
    let application = application.concat();
    let payload = [b"\x85\x05CPV01\x61\x28", application.as_slice()].concat();
    STANDARD.encode(payload)
}

#[test]
fn the_symbol_is_the_documented_one() {
    assert_eq!(
        symbol_of("20001234T500012345A"),
        "hQVDUFYwMWEoTwcwMFRvUEFZUAVUb1BBWWMWn0ITMjAwMDEyMzRUNTAwMDEyMzQ1QQ=="
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_customer_pays() {
    together([
        scene("at once", at_once()),
        scene("after a password", after_a_password()),
        scene(
            "the store is told by a wait",
            a_wait_ends_with_the_verdict(),
        ),
        scene("either symbol", either_symbol_is_one_code()),
        scene("the whole symbol", the_symbol_as_it_is()),
        scene("two lanes", two_lanes_at_the_same_time()),
        scene("settled at once", settled_between_two_looks()),
        scene("a discount", a_discount_is_the_gateways_affair()),
    ])
    .await;
}

async fn at_once() {
    let store = Store::open().await;
    let tender = store.collect_and_scan("37.50").await;
    let paid = store.ends(&tender, "paid", "paid").await;
    assert_eq!(paid["state"], "done");
    assert_eq!(paid["money"], "in");
    assert_eq!(paid["reason"]["text"], "Paid.");
    assert_eq!(paid["attempts"][0]["state"], "paid");
    assert_eq!(paid["attempts"][0]["wallet"], "payby");
    assert_eq!(paid["attempts"][0]["code"], "200012*********002A");
    let order = store.only_order();
    assert_eq!(paid["attempts"][0]["order"], order.merchant_order_no);
    assert_eq!(paid["attempts"][0]["gateway_order"], order.order_no);
    assert_eq!((order.captured, order.returned), (3750, 0));
    assert_eq!(
        store.story(),
        [
            "tender_created",
            "attempt_intended",
            "attempt_paid",
            "verdict_given"
        ]
    );
    let lane = store.lane("1").await;
    assert_eq!(lane["tender"], json!(null));
    assert_eq!(lane["gateways"][0]["state"], "ok");
    let path = format!("/v1/tenders/{tender}/acknowledge");
    let acknowledged = store.post(&path, None).await.good();
    assert!(acknowledged["acknowledged"].is_string());
    assert_eq!(store.tender(&tender).await, acknowledged);
    store.all_is_well();
}

async fn after_a_password() {
    let store = Store::open().await;
    store
        .gateway()
        .push_plan(Plan::paid_after_polls(1))
        .unwrap();
    let tender = store.collect_and_scan("612.00").await;
    let waiting = store.state(&tender, "waiting").await;
    assert_eq!(waiting["money"], "unknown");
    assert_eq!(waiting["attempts"][0]["state"], "waiting");
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(store.only_order().captured, 61200);
    assert_eq!(store.calls(Operation::GetOrder, 2).await.len(), 2);
    store.all_is_well();
}

/// One call is answered the moment there is a verdict, not at its own end.
async fn a_wait_ends_with_the_verdict() {
    let store = Store::open().await;
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("12.00").await;
    let order = store.attempt(&tender, 1).await["order"].clone();
    let path = format!("/v1/tenders/{tender}?wait=120");
    let waiting = store.get(&path);
    let paying = async {
        store.state(&tender, "waiting").await;
        store
            .gateway()
            .customer_pays(order.as_str().unwrap())
            .unwrap();
    };
    // Fails by the client's limit, which is shorter than the wait.
    let (told, ()) = tokio::join!(waiting, paying);
    assert_eq!(told.good()["verdict"], "paid");
    // A wait for what is decided ends at once.
    assert_eq!(store.get(&path).await.good()["verdict"], "paid");
    store.all_is_well();
}

async fn either_symbol_is_one_code() {
    let store = Store::open().await;
    let code = store.fresh_code();
    let tender = store.collect("1", "5.00").await;
    store.scan(&symbol_of(&code));
    store.ends(&tender, "paid", "paid").await;
    // The barcode beside it is the same code: the gateway would take the symbol's
    // own text for another one.
    let again = store.collect("2", "5.00").await;
    store.code(&again, &code).await.problem(409, "code_used");
    // With an AIM prefix and in either line end it is still that code.
    store
        .code(&again, &format!("]Q1{}", symbol_of(&code)))
        .await
        .problem(409, "code_used");
    store
        .code(&again, &format!("]C0{code}\r\n"))
        .await
        .problem(409, "code_used");
    store.code(&again, &store.fresh_code()).await.good();
    store.ends(&again, "paid", "paid").await;
    assert_eq!(store.gateway().orders().len(), 2);
    store.all_is_well();
}

/// Sent whole, the symbol's text is refused by this gateway: the setting does something.
async fn the_symbol_as_it_is() {
    let outfit = Outfit {
        payby: "code = \"pass_through\"",
        ..Outfit::default()
    };
    let store = Store::open_with(outfit).await;
    let tender = store.collect("1", "5.00").await;
    let code = store.fresh_code();
    let mut events = store.follow(None).await;
    store.scan(&symbol_of(&code));
    events.next_of("attempt_refused").await;
    // Another one: the symbol and what is in it are one presentation.
    store.scan(&store.fresh_code());
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(store.calls(Operation::PlaceOrder, 2).await[0].code, "62021");
    store.all_is_well();
}

async fn two_lanes_at_the_same_time() {
    let store = Store::open().await;
    let (first, second) = tokio::join!(store.collect("1", "1.00"), store.collect("2", "2.00"));
    store.scan(&store.fresh_code());
    store.code(&second, &store.fresh_code()).await.good();
    store.ends(&first, "paid", "paid").await;
    store.ends(&second, "paid", "paid").await;
    let mut amounts: Vec<u64> = store
        .gateway()
        .orders()
        .iter()
        .map(|o| o.captured)
        .collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [100, 200]);
    store.all_is_well();
}

async fn settled_between_two_looks() {
    let store = Store::open().await;
    let plan = json!({ "wait": { "polls": 1 }, "then": "settled" });
    store
        .gateway()
        .push_plan(serde_json::from_value(plan).unwrap())
        .unwrap();
    let tender = store.collect_and_scan("9.00").await;
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(store.only_order().status, Status::Settled);
    store.all_is_well();
}

/// What the payer was let off is no other amount.
async fn a_discount_is_the_gateways_affair() {
    let store = Store::open().await;
    let plan = json!({ "then": "paid", "discount": 250 });
    store
        .gateway()
        .push_plan(serde_json::from_value(plan).unwrap())
        .unwrap();
    let tender = store.collect_and_scan("40.00").await;
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(store.only_order().captured, 3750);
    assert_eq!(store.gateway().violations(), []);
}
