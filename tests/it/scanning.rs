//! The scanner as a device: it is there or not, and half a code is no code.

use crate::patience::{scene, together, until};
use crate::store::{Outfit, Store};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_scanner_comes_and_goes() {
    together([
        scene("comes later", a_scanner_that_comes_later_is_waited_for()),
        scene("unplugged in mid scan", unplugged_in_mid_scan()),
        scene("half a code", half_a_code_is_no_code()),
        scene("before it is ready", what_was_sent_before_is_not_used()),
        scene("noise", noise_is_no_code()),
    ])
    .await;
}

async fn a_scanner_that_comes_later_is_waited_for() {
    let outfit = Outfit {
        unplugged: true,
        ..Outfit::default()
    };
    let store = Store::open_with(outfit).await;
    let scanner = store.lane("1").await["scanners"][0].clone();
    assert_eq!(scanner["state"], "absent");
    until("what to do", async || {
        let text = store.lane("1").await["scanners"][0]["text"].clone();
        text.as_str()?.contains("plug the scanner in").then_some(())
    })
    .await;
    // The lane takes codes from elsewhere meanwhile.
    let tender = store.collect("1", "1.00").await;
    store.code(&tender, &store.fresh_code()).await.good();
    store.ends(&tender, "paid", "paid").await;
    store.plug_in();
    store.scanner_is("ready").await;
    let tender = store.collect_and_scan("37.50").await;
    store.ends(&tender, "paid", "paid").await;
    store.all_is_well();
}

async fn unplugged_in_mid_scan() {
    let store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    store.type_bytes(&store.fresh_code().as_bytes()[..11]);
    store.unplug();
    store.scanner_is("absent").await;
    store.plug_in();
    store.scanner_is("ready").await;
    assert_eq!(store.gateway().calls(), []);
    assert_eq!(store.story(), ["tender_created"]);
    store.scan(&store.fresh_code());
    store.ends(&tender, "paid", "paid").await;
    store.all_is_well();
}

/// Characters are lost on the way, or the line stalls: void, and said so.
async fn half_a_code_is_no_code() {
    let store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    let mut events = store.follow(None).await;
    let code = store.fresh_code();
    let bad_read = |sentence: &str| ("bad_read".to_owned(), sentence.to_owned());
    let in_part = bad_read("The code was read only in part. Scan again, closer to the scanner.");
    store.type_bytes(&code.as_bytes()[..9]);
    assert_eq!(events.notice().await, in_part, "it stalls");
    // However long it took, what comes is not a code of its own.
    store.type_bytes(format!("{}12345678\r", &code[9..]).as_bytes());
    assert_eq!(events.notice().await, in_part, "the rest");
    // A break on the line.
    store.type_bytes(format!("{}\0{}\r", &code[..9], &code[9..]).as_bytes());
    assert_eq!(events.notice().await, bad_read("Bad read. Scan again."));
    assert_eq!(store.story(), ["tender_created"]);
    let metrics = store.http.get(store.url("/metrics")).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for reason in ["gap", "remainder", "line"] {
        let line = format!("qrpayd_scans_void_total{{reason=\"{reason}\"}} 1\n");
        assert!(metrics.contains(&line), "{reason}: {metrics}");
    }
    store.scan(&code);
    store.ends(&tender, "paid", "paid").await;
    store.all_is_well();
}

/// Read while nobody listened: an old code must not pay for the next customer.
async fn what_was_sent_before_is_not_used() {
    let mut store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    store.kill();
    store.launch();
    store.scan(&store.fresh_code());
    store.ready().await;
    store.scanner_is("ready").await;
    assert_eq!(store.tender(&tender).await["state"], "armed");
    assert_eq!(store.gateway().calls().len(), 0);
    store.scan(&store.fresh_code());
    store.ends(&tender, "paid", "paid").await;
    store.all_is_well();
}

/// A device that sends without end is no harm to the service.
async fn noise_is_no_code() {
    let store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    let mut events = store.follow(None).await;
    for _ in 0..40 {
        // As much as the line holds at a time.
        store.type_bytes(&[b'x'; 100]);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    store.type_bytes(b"\r");
    assert_eq!(events.notice().await.0, "bad_read");
    store.scan(&store.fresh_code());
    store.ends(&tender, "paid", "paid").await;
    assert_eq!(store.only_order().kept(), 3750);
    store.all_is_well();
}
