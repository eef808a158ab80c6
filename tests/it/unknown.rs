//! The answer does not come, or proves nothing. The customer may have paid or not: the
//! verdict is what the ledger says, whatever went wrong on the way.

use crate::patience::{Scene, scene, together};
use crate::store::{Outfit, Store};
use qrpayd::domain::What;
use qrpayd::simulator::payby::{Fault, Operation, Plan};
use serde_json::json;

fn code(code: &str, signed: bool, effect: bool) -> Fault {
    Fault::Code {
        code: code.to_owned(),
        signed,
        effect,
    }
}

/// The order is paid and the answer is of no use: an enquiry finds the money.
#[tokio::test(flavor = "multi_thread")]
async fn paid_though_the_answer_is_of_no_use() {
    let effect = true;
    let faults = [
        ("cut", Fault::Cut { effect }),
        (
            "502",
            Fault::Http {
                status: 502,
                effect,
            },
        ),
        ("wrong signature", Fault::WrongSignature),
        ("no signature", Fault::NoSignature),
        ("truncated", Fault::Truncated),
        ("another order", Fault::OtherOrder),
        ("500, unsigned", code("500", false, effect)),
        ("504, signed", code("504", true, effect)),
        ("slower, signed", code("402", true, effect)),
        ("a code of no document", code("99999", true, effect)),
        ("stale, unsigned, and untrue", code("62021", false, effect)),
        (
            "declined, unsigned, and untrue",
            code("62018", false, effect),
        ),
    ];
    let scenes = faults.map(|(name, fault)| scene(name, paid_all_the_same(fault)));
    together(scenes).await;
}

async fn paid_all_the_same(fault: Fault) {
    let store = Store::open().await;
    store
        .gateway()
        .push_fault(Operation::PlaceOrder, fault, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    let paid = store.ends(&tender, "paid", "paid").await;
    assert_eq!(paid["money"], "in");
    assert_eq!(
        (store.only_order().kept(), store.only_order().revokes),
        (3750, 0)
    );
    assert!(store.story().contains(&"attempt_unknown".to_owned()));
    store.all_is_well();
}

/// Enquiries go wrong too; each wrong answer is no answer, whatever it claims.
#[tokio::test(flavor = "multi_thread")]
async fn no_enquiry_gives_a_wrong_verdict() {
    let unpaid = |fault| (Plan::never(), fault);
    let scenes: Vec<Scene> = vec![
        // True of another order: this customer has not paid.
        scene(
            "another order's paid",
            not_taken_in(unpaid(Fault::OtherOrder)),
        ),
        // True, and not to be believed: the customer has paid.
        scene(
            "wrong signature",
            not_taken_in((Plan::paid(), Fault::WrongSignature)),
        ),
        scene("another currency", given_back(Fault::WrongCurrency)),
        scene("another amount", given_back(Fault::WrongAmount)),
        scene("paid over nothing", charged_another_amount()),
        scene("one wrong amount", one_wrong_amount()),
    ];
    together(scenes).await;
}

/// The first three enquiries go wrong, and nothing comes of them.
async fn not_taken_in((plan, fault): (Plan, Fault)) {
    let store = Store::open().await;
    let gateway = store.gateway();
    let truth = plan.clone();
    gateway.push_plan(plan).unwrap();
    let lost = Fault::Cut { effect: true };
    gateway.push_fault(Operation::PlaceOrder, lost, 1).unwrap();
    gateway.push_fault(Operation::GetOrder, fault, 3).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.calls(Operation::GetOrder, 3).await;
    assert!(store.tender(&tender).await["verdict"].is_null());
    if truth == Plan::never() {
        store.state(&tender, "waiting").await;
        store.cancel(&tender).await.good();
        store.ends(&tender, "not_paid", "cancelled").await;
    } else {
        store.ends(&tender, "paid", "paid").await;
    }
    store.all_is_well();
}

/// Signed answers show a charge that was not asked for: not paid, and it goes back.
async fn given_back(fault: Fault) {
    let store = Store::open().await;
    let gateway = store.gateway();
    gateway.push_plan(Plan::paid()).unwrap();
    let lost = Fault::Cut { effect: true };
    gateway.push_fault(Operation::PlaceOrder, lost, 1).unwrap();
    for operation in [Operation::GetOrder, Operation::RevokeOrder] {
        gateway.push_fault(operation, fault.clone(), 1000).unwrap();
    }
    let tender = store.collect_and_scan("37.50").await;
    store.ends(&tender, "not_paid", "wrong_amount").await;
    store.no_duties().await;
    let order = store.only_order();
    assert_eq!(
        (order.captured, order.returned, order.revokes),
        (3750, 3750, 1)
    );
    assert_eq!(store.tender(&tender).await["money"], "returned");
    store.all_is_well();
}

/// One answer with a wrong amount; everything after it is right.
async fn one_wrong_amount() {
    let store = Store::open().await;
    let fault = Fault::WrongAmount;
    let gateway = store.gateway();
    gateway.push_plan(Plan::paid()).unwrap();
    gateway.push_fault(Operation::PlaceOrder, fault, 1).unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.ends(&tender, "not_paid", "wrong_amount").await;
    store.no_duties().await;
    assert_eq!(store.only_order().kept(), 0);
    store.all_is_well();
}

async fn charged_another_amount() {
    let store = Store::open().await;
    let gateway = store.gateway();
    gateway
        .push_fault(Operation::PlaceOrder, Fault::WrongAmount, 1)
        .unwrap();
    // The way back is blocked for a moment: the duty can be seen.
    let blocked = Fault::Cut { effect: false };
    gateway
        .push_fault(Operation::RevokeOrder, blocked, 1)
        .unwrap();
    for operation in [Operation::GetOrder, Operation::RevokeOrder] {
        gateway
            .push_fault(operation, Fault::WrongAmount, 1000)
            .unwrap();
    }
    let tender = store.collect_and_scan("37.50").await;
    let ended = store.ends(&tender, "not_paid", "wrong_amount").await;
    assert_eq!(ended["money"], "returning");
    assert_eq!(
        ended["reason"]["text"],
        "Another amount was charged. Any charge is being returned."
    );
    let duties = store.obligations().await;
    assert_eq!((duties.len(), &duties[0]["duty"]), (1, &json!("return")));
    assert_eq!(duties[0]["tender"], json!(tender));
    store.no_duties().await;
    assert_eq!(store.only_order().kept(), 0);
    assert_eq!(store.tender(&tender).await["verdict"], "not_paid");
    assert!(store.log().contains("WrongAmount"), "somebody should look");
    store.all_is_well();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_back() {
    together([
        scene("swallowed, and paid", swallowed(Plan::paid())),
        scene(
            "swallowed, and paid later",
            swallowed(Plan::paid_after_millis(7_000)),
        ),
        scene("never arrived", never_arrived()),
        scene("arrives while we ask", arrives_while_we_ask()),
        scene("arrives after the end", arrives_after_the_end()),
        scene("stale without a signature", stale_without_a_signature()),
        scene("late", answered_late()),
    ])
    .await;
}

/// The connection looks alive and says nothing: *checking* within 5 s.
async fn swallowed(plan: Plan) {
    let store = Store::open().await;
    store.gateway().push_plan(plan).unwrap();
    let silence = Fault::NoAnswer { effect: true };
    store
        .gateway()
        .push_fault(Operation::PlaceOrder, silence, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    assert_eq!(
        store.state(&tender, "paying").await["attempts"][0]["state"],
        "in_flight"
    );
    let mut events = store.follow(Some(0)).await;
    events.next_of("attempt_unknown").await;
    assert_eq!(store.verdict(&tender).await["verdict"], "paid");
    let at = |wanted: fn(&What) -> bool| {
        let facts = store.facts();
        let entry = facts.iter().find(|entry| wanted(&entry.fact.what)).unwrap();
        entry.at.0
    };
    let silence = at(|what| matches!(what, What::AttemptUnknown { .. }))
        - at(|what| matches!(what, What::AttemptIntended { .. }));
    assert!(silence < 5_500, "it took {silence} ms to say checking");
    assert_eq!(store.only_order().kept(), 3750);
    store.all_is_well();
}

/// "No such order" is no proof yet: it stays *checking*, a cancel ends it with a watch.
async fn never_arrived() {
    let store = Store::open().await;
    let lost = Fault::Cut { effect: false };
    store
        .gateway()
        .push_fault(Operation::PlaceOrder, lost, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.calls(Operation::GetOrder, 2).await;
    assert_eq!(store.tender(&tender).await["state"], "checking");
    store.cancel(&tender).await.good();
    let ended = store.ends(&tender, "not_paid", "cancelled").await;
    assert_eq!(ended["money"], "returning");
    let duties = store.obligations().await;
    assert_eq!((duties.len(), &duties[0]["duty"]), (1, &json!("watch")));
    assert_eq!(store.gateway().orders(), []);
    store.all_is_well();
}

async fn arrives_while_we_ask() {
    let store = Store::open().await;
    let late = Fault::LateCreation { millis: 4_000 };
    store
        .gateway()
        .push_fault(Operation::PlaceOrder, late, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(store.only_order().kept(), 3750);
    store.all_is_well();
}

/// The worst one: cancelled, told not paid, and then the request arrives and is paid.
/// The watch sees it and the money goes back by itself.
async fn arrives_after_the_end() {
    let store = Store::open().await;
    let late = Fault::LateCreation { millis: 7_000 };
    store
        .gateway()
        .push_fault(Operation::PlaceOrder, late, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "checking").await;
    store.cancel(&tender).await.good();
    let ended = store.ends(&tender, "not_paid", "cancelled").await;
    assert_eq!(store.gateway().orders(), [], "told before it arrived");
    store.no_duties().await;
    let order = store.only_order();
    assert_eq!((order.captured, order.returned), (3750, 3750));
    let now = store.tender(&tender).await;
    assert_eq!(
        (&now["verdict"], &now["money"]),
        (&ended["verdict"], &json!("returned"))
    );
    store.all_is_well();
}

/// Nobody waits out the clock for a stale code, signed or not.
async fn stale_without_a_signature() {
    let store = Store::open().await;
    let unsigned = code("62021", false, false);
    store
        .gateway()
        .push_fault(Operation::PlaceOrder, unsigned, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    let ended = store.ends(&tender, "not_paid", "code_refused").await;
    assert_eq!(ended["attempts"][0]["state"], "reversing");
    let duties = store.obligations().await;
    assert_eq!((duties.len(), &duties[0]["duty"]), (1, &json!("watch")));
    let asked = store.calls(Operation::GetOrder, 1).await;
    assert_eq!((asked.len(), asked[0].code.as_str()), (1, "62004"));
    let facts = store.facts();
    let took = facts.last().unwrap().at.0 - facts[0].at.0;
    assert!(took < 2_000, "{took} ms");
    store.all_is_well();
}

/// Later than we wait for it, and true: the enquiry beside the call is faster, and the
/// late answer changes nothing.
async fn answered_late() {
    let outfit = Outfit {
        payby: "enquiry_unanswered_s = 1",
        ..Outfit::default()
    };
    let store = Store::open_with(outfit).await;
    let late = Fault::Late { millis: 4_000 };
    store
        .gateway()
        .push_fault(Operation::PlaceOrder, late, 1)
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    let paid = store.ends(&tender, "paid", "paid").await;
    let story = store.story();
    store.cancel(&tender).await.problem(409, "done");
    assert_eq!(store.tender(&tender).await, paid);
    assert_eq!(store.story(), story);
    assert_eq!(store.only_order().kept(), 3750);
    store.all_is_well();
}
