//! Codes that lead to no payment: stale ones, which the gateway refuses, and what is
//! no payment code at all, which never leaves the box.

use crate::patience::{scene, together};
use crate::paying::symbol_of;
use crate::store::{Outfit, Store};
use qrpayd::simulator::payby::{Operation, Plan};

#[tokio::test(flavor = "multi_thread")]
async fn no_payment_from_this_code() {
    together([
        scene("a stale code", a_stale_code_is_asked_for_again()),
        scene("five stale codes", five_stale_codes_end_the_tender()),
        scene("refused for other reasons", other_refusals_say_why()),
        scene("no payment code", what_is_no_payment_code_never_leaves()),
        scene("nothing armed", a_scan_with_nothing_armed()),
        scene("a second scan", a_second_scan_while_a_payment_runs()),
        scene("one code twice", one_code_twice_is_one_order()),
        scene("a used code", a_used_code_is_refused()),
        scene("no code at all", no_code_in_time()),
    ])
    .await;
}

async fn a_stale_code_is_asked_for_again() {
    let store = Store::open().await;
    let stale = store.fresh_code();
    store.gateway().make_stale(&stale).unwrap();
    let tender = store.collect("1", "37.50").await;
    let mut events = store.follow(None).await;
    store.scan(&stale);
    events.next_of("attempt_refused").await;
    let armed = store.tender(&tender).await;
    assert_eq!(armed["state"], "armed");
    assert!(armed["verdict"].is_null());
    assert_eq!(armed["reason"]["code"], "code_refused");
    assert_eq!(
        armed["reason"]["text"],
        "The code was refused. Ask the customer to refresh it and scan again."
    );
    assert_eq!(armed["attempts"][0]["state"], "refused");
    assert_eq!(armed["money"], "none");
    store.scan(&store.fresh_code());
    let paid = store.ends(&tender, "paid", "paid").await;
    assert_eq!(paid["attempts"][1]["state"], "paid");
    assert_ne!(paid["attempts"][0]["order"], paid["attempts"][1]["order"]);
    assert_eq!(store.only_order().captured, 3750);
    store.all_is_well();
}

async fn five_stale_codes_end_the_tender() {
    let store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    let mut events = store.follow(None).await;
    for attempt in 1..=5 {
        assert_eq!(store.tender(&tender).await["state"], "armed");
        store.scan(&format!("{}STALE", store.fresh_code()));
        assert_eq!(
            events.next_of("attempt_refused").await["data"]["attempt"],
            attempt
        );
    }
    let ended = store.ends(&tender, "not_paid", "code_refused").await;
    assert_eq!(ended["money"], "none");
    assert_eq!(
        store
            .code(&tender, &store.fresh_code())
            .await
            .problem(409, "done")["verdict"],
        "not_paid"
    );
    assert_eq!(store.gateway().orders(), []);
    assert_eq!(store.obligations().await.len(), 0);
    store.all_is_well();
}

/// One after the other, on one tender; each leaves it armed for another way to pay.
async fn other_refusals_say_why() {
    let store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    for (code, reason) in [("62018", "payer_refused"), ("62026", "setup_refused")] {
        let mut events = store.follow(None).await;
        store.gateway().push_plan(Plan::refused(code)).unwrap();
        store.scan(&store.fresh_code());
        events.next_of("attempt_refused").await;
        let armed = store.tender(&tender).await;
        assert_eq!(
            (&armed["state"], &armed["reason"]["code"]),
            (&"armed".into(), &reason.into())
        );
    }
    // Risk control: whether an order was made is not said, so the gateway is asked.
    store.gateway().push_plan(Plan::refused("601")).unwrap();
    store.scan(&store.fresh_code());
    let ended = store.verdict(&tender).await;
    assert_eq!(ended["verdict"], "not_paid");
    let duties = store.obligations().await;
    assert_eq!((duties.len(), &duties[0]["duty"]), (1, &"watch".into()));
    assert_eq!(store.gateway().orders(), []);
    assert!(
        store.log().contains("refuses this store's requests"),
        "62026 is for somebody to see"
    );
    store.all_is_well();
}

async fn what_is_no_payment_code_never_leaves() {
    let store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    let mut events = store.follow(None).await;
    let symbol = symbol_of(&store.fresh_code());
    for (scan, reason, sentence) in [
        (
            "4006381333931",
            "product_code",
            "This is a product barcode. Ask for the payment code.",
        ),
        (
            "]E04006381333931",
            "product_code",
            "This is a product barcode. Ask for the payment code.",
        ),
        (
            "00020101021126280010ae.example0110AB12345678",
            "merchant_qr",
            "This is a shop's code. Ask the customer to open \"Pay\" and show their own code.",
        ),
        (
            "https://example.com/menu",
            "url",
            "This is a web link. Ask the customer to open \"Pay\".",
        ),
        (
            "]C1011234567890123421ABC",
            "gs1_data",
            "This is a label, not a payment code.",
        ),
        (
            "20001234T5000 12345A",
            "whitespace",
            "Bad read. Scan again.",
        ),
        (
            "hqvdufywmweotwcwmfrv",
            "case_changed",
            "Scanner changes letter case. Turn Caps Lock or case conversion off.",
        ),
        (
            "4539000000000010",
            "looks_like_pan",
            "Never scan or type card numbers.",
        ),
        (
            "7654321",
            "unknown_digits",
            "This is not a payment code we know.",
        ),
        (
            "short",
            "unknown_format",
            "This is not a payment code we know.",
        ),
        // A wallet's code that this gateway does not take.
        (
            "281234567890123456",
            "no_gateway_for_code",
            "This wallet is not accepted here. Ask for another way to pay.",
        ),
    ] {
        store.scan(scan);
        let told = events.notice().await;
        assert_eq!(told, (reason.to_owned(), sentence.to_owned()), "{scan}");
        let lane = store.lane("1").await;
        assert_eq!(lane["notice"]["code"], reason);
        assert_eq!(lane["tender"]["state"], "armed");
    }
    // Four characters were lost at its end.
    store.scan(&symbol[..symbol.len() - 4]);
    assert_eq!(events.notice().await.1, "Bad read. Scan again.");
    // The same by the API is a problem that does not repeat the code.
    let problem = store.code(&tender, "https://example.com/menu").await;
    let problem = problem.problem(422, "not_a_code");
    assert_eq!(problem["reason"], "url");
    assert!(!problem.to_string().contains("example.com"));
    store
        .code(&tender, "281234567890123456")
        .await
        .problem(422, "no_gateway_for_code");
    assert_eq!(store.gateway().calls(), []);
    assert_eq!(store.story(), ["tender_created"]);
    // And the tender still takes a good one.
    store.scan(&store.fresh_code());
    store.ends(&tender, "paid", "paid").await;
    store.all_is_well();
}

async fn a_scan_with_nothing_armed() {
    let store = Store::open().await;
    let mut events = store.follow(None).await;
    let code = store.fresh_code();
    store.scan(&code);
    let (reason, sentence) = events.notice().await;
    assert_eq!(reason, "not_armed");
    assert_eq!(sentence, "No payment is waiting for a code on this lane.");
    // It is not kept for the tender that comes.
    let tender = store.collect("1", "2.00").await;
    assert_eq!(store.tender(&tender).await["state"], "armed");
    assert_eq!(store.gateway().calls(), []);
    // Nor is it used up.
    store.scan(&code);
    store.ends(&tender, "paid", "paid").await;
    store.all_is_well();
}

async fn a_second_scan_while_a_payment_runs() {
    let store = Store::open().await;
    store
        .gateway()
        .push_plan(Plan::paid_after_polls(1))
        .unwrap();
    let tender = store.collect_and_scan("37.50").await;
    store.state(&tender, "waiting").await;
    let mut events = store.follow(None).await;
    let second = store.fresh_code();
    store.scan(&second);
    let (reason, sentence) = events.notice().await;
    assert_eq!(reason, "paying");
    assert_eq!(
        sentence,
        "A payment is running on this lane; the second code was not used."
    );
    store.code(&tender, &second).await.problem(409, "paying");
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(store.only_order().captured, 3750);
    store.all_is_well();
}

/// One trigger, two reads; and a scanner that reads both symbols of a screen.
async fn one_code_twice_is_one_order() {
    let store = Store::open().await;
    let code = store.fresh_code();
    let tender = store.collect("1", "37.50").await;
    let mut events = store.follow(None).await;
    store.type_bytes(format!("{code}\r{code}\r{}\r{code}\r", symbol_of(&code)).as_bytes());
    store.ends(&tender, "paid", "paid").await;
    // What was not used is not even worth a word to the cashier: the next notice is of
    // something else.
    store.scan("4006381333931");
    assert_eq!(events.notice().await.0, "product_code");
    assert_eq!(store.only_order().captured, 3750);
    assert_eq!(store.calls(Operation::PlaceOrder, 1).await.len(), 1);
    let metrics = store.http.get(store.url("/metrics")).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(
        metrics.contains("qrpayd_scans_total{reason=\"submitted\"} 1\n"),
        "{metrics}"
    );
    store.all_is_well();
}

async fn a_used_code_is_refused() {
    let store = Store::open().await;
    let code = store.fresh_code();
    let first = store.collect("2", "1.00").await;
    store.code(&first, &code).await.good();
    store.ends(&first, "paid", "paid").await;
    let second = store.collect("1", "2.00").await;
    let mut events = store.follow(None).await;
    store.scan(&code);
    let (reason, sentence) = events.notice().await;
    assert_eq!(reason, "code_used");
    assert_eq!(
        sentence,
        "This code was used; ask the customer to refresh it."
    );
    assert_eq!(store.tender(&second).await["state"], "armed");
    assert_eq!(store.only_order().total, 100);
    store.cancel(&second).await.good();
    store.all_is_well();
}

async fn no_code_in_time() {
    let outfit = Outfit {
        lane: "wait_code_s = 10",
        store: "language = \"ar\"",
        ..Outfit::default()
    };
    let store = Store::open_with(outfit).await;
    let tender = store.collect("1", "37.50").await;
    let ended = store.ends(&tender, "not_paid", "no_code").await;
    assert_eq!(ended["attempts"].as_array().unwrap().len(), 0);
    // In the store's language, and for no other reason than that.
    let text = ended["reason"]["text"].as_str().unwrap();
    assert!(text.starts_with("لم يُمسح أي رمز"), "{text}");
    assert_eq!(store.gateway().calls(), []);
    store.all_is_well();
}
