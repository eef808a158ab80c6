//! Those who follow the events: nothing is lost, whoever restarts.

use crate::events::Event;
use crate::patience::{scene, together};
use crate::store::Store;
use qrpayd::simulator::payby::Plan;

#[tokio::test(flavor = "multi_thread")]
async fn the_events_are_followed() {
    together([
        scene("across a crash", nothing_is_lost_across_a_crash()),
        scene("what is said", an_event_is_there_when_it_is_told()),
        scene("from the beginning", the_stream_is_the_journal()),
    ])
    .await;
}

/// Takes events up to a verdict.
async fn up_to_the_verdict(events: &mut crate::events::Events, into: &mut Vec<Event>) {
    loop {
        let event = events.next().await.expect("the stream goes on");
        into.extend(Some(event.clone()).filter(|event| event.id.is_some()));
        if event.kind == "verdict_given" {
            return;
        }
    }
}

async fn nothing_is_lost_across_a_crash() {
    let mut store = Store::open().await;
    let mut events = store.follow(None).await;
    let mut seen = Vec::new();
    let tender = store.collect_and_scan("1.00").await;
    up_to_the_verdict(&mut events, &mut seen).await;
    store.ends(&tender, "paid", "paid").await;
    // The service dies in the middle of the next payment.
    store.gateway().push_plan(Plan::never()).unwrap();
    let tender = store.collect_and_scan("2.00").await;
    store.state(&tender, "waiting").await;
    store.kill();
    seen.extend(events.rest().await);
    store.start().await;
    // Things happen before the follower is back.
    store.ends(&tender, "not_paid", "restarted").await;
    let last = seen.last().unwrap().id;
    let mut events = store.follow(last).await;
    up_to_the_verdict(&mut events, &mut seen).await;
    // A clean stop and a start leave no gap either.
    store.stop().await;
    seen.extend(events.rest().await);
    store.start().await;
    let mut events = store.follow(seen.last().unwrap().id).await;
    store.collect_and_scan("3.00").await;
    up_to_the_verdict(&mut events, &mut seen).await;

    let told: Vec<(u64, &str)> = seen
        .iter()
        .map(|e| (e.id.unwrap(), e.kind.as_str()))
        .collect();
    let facts = store.facts();
    let story = store.story();
    let written: Vec<(u64, &str)> = facts
        .iter()
        .zip(&story)
        .map(|(e, kind)| (e.seq, kind.as_str()))
        .collect();
    assert_eq!(told, written, "each once, in order, none left out");
    assert!(
        seen.iter()
            .all(|event| event.data["sequence"] == event.id.unwrap())
    );
    store.all_is_well_but_the_pace();
}

/// Whoever hears of a verdict and asks at once finds it.
async fn an_event_is_there_when_it_is_told() {
    let store = Store::open().await;
    let mut events = store.follow(None).await;
    for _ in 0..10 {
        let tender = store.collect("1", "1.00").await;
        store.code(&tender, &store.fresh_code()).await.good();
        let verdict = events.next_of("verdict_given").await;
        assert_eq!(verdict["tender"].as_str(), Some(tender.as_str()));
        assert_eq!(store.tender(&tender).await["verdict"], "paid");
        assert!(store.lane("1").await["tender"].is_null());
    }
    store.all_is_well();
}

async fn the_stream_is_the_journal() {
    let mut store = Store::open().await;
    for amount in ["1.00", "2.00"] {
        let tender = store.collect_and_scan(amount).await;
        store.ends(&tender, "paid", "paid").await;
    }
    let events = store.follow(Some(0)).await;
    let facts = store.facts();
    store.terminate();
    let all = events.rest().await;
    assert_eq!(store.ended().await, 0);
    assert_eq!(all.len(), facts.len());
    for (event, entry) in all.iter().zip(&facts) {
        assert_eq!(event.id, Some(entry.seq));
        assert_eq!(event.data["time"], entry.at.to_string());
        assert_eq!(event.data["tender"], entry.fact.tender.as_str());
        assert!(event.data["data"].get("fingerprint").is_none());
    }
}
