//! The clockwork: lets what falls due happen, and tells the merchant's
//! notification address.
//!
//! A delivery that is not acknowledged is repeated as often, and after such
//! pauses, as the provider says.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::engine::Engine;
use super::fault::{Fault, QUEUE_MAX};
use super::gateway::{Gateway, Letter, Pen};
use super::ledger::DeliveryRecord;
use super::state::Notice;

/// The longest acknowledgement that is read.
const ACKNOWLEDGEMENT_BYTES_MAX: u64 = 4096;
/// The longest sleep of the clockwork, so that a set clock is noticed.
const SLEEP_MILLIS_MAX: u64 = 60_000;

/// Lets time pass until it is dropped.
pub(crate) async fn run<G: Gateway>(engine: Arc<Engine<G>>) {
    // Loopback only, and never by way of a proxy.
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(G::ACKNOWLEDGED_WITHIN)
        .build();
    let mut deliveries = JoinSet::new();
    let mut happened = engine.happened.subscribe();
    loop {
        let wait = engine.until_due().unwrap_or(SLEEP_MILLIS_MAX);
        let notices = std::mem::take(&mut engine.now().1.notices);
        for notice in notices {
            match &client {
                Ok(client) if is_loopback(&notice.url) => {
                    deliveries.spawn(deliver(engine.clone(), client.clone(), notice));
                }
                _ => {
                    let number = notice.subject.number();
                    let why = "has a notification address that is not http on the loopback";
                    let line = format!("       {number} {why}: not notified");
                    engine.story(engine.now().0, &line);
                }
            }
        }
        while deliveries.try_join_next().is_some() {}
        let sleep = Duration::from_millis(wait.clamp(1, SLEEP_MILLIS_MAX));
        tokio::select! {
            () = tokio::time::sleep(sleep) => {}
            _ = happened.changed() => {}
        }
    }
}

fn is_loopback(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ip = host.parse::<std::net::IpAddr>();
    url.scheme() == "http" && (host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback()))
}

async fn deliver<G: Gateway>(engine: Arc<Engine<G>>, client: reqwest::Client, notice: Notice) {
    for repetition in 0..=G::REPETITIONS.len() {
        if let Some(seconds) = repetition
            .checked_sub(1)
            .and_then(|n| G::REPETITIONS.get(n))
        {
            let wait = engine.gateway.basics().scaled(seconds * 1000).max(1);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        let Some((letter, fault)) = compose(&engine, &notice) else {
            return;
        };
        let (wait, copies) = match fault {
            Some(Fault::Unsent) => {
                let line = format!("unsent      {}", notice.subject.number());
                engine.story(engine.now().0, &line);
                return;
            }
            Some(Fault::Late { millis }) => (millis, 1),
            Some(Fault::Twice) => (0, 2),
            _ => (0, 1),
        };
        if wait > 0 {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        let mut acknowledged = false;
        for _ in 0..copies {
            let answer = post(&engine, &client, &notice.url, &letter).await;
            acknowledged |= answer.is_some_and(|(_, yes)| yes);
            record(&engine, &notice, repetition as u32, answer);
        }
        if acknowledged {
            return;
        }
    }
}

fn compose<G: Gateway>(engine: &Engine<G>, notice: &Notice) -> Option<(Letter, Option<Fault>)> {
    let (now, mut guard) = engine.now();
    let state = &mut *guard;
    state.serial += 1;
    let fault = state
        .faults
        .take(G::NOTIFICATION, Some(notice.subject.number()));
    state.conduct.called(now, G::NOTIFICATION, &notice.subject);
    let pen = Pen {
        rng: &mut state.rng,
        serial: state.serial,
        now,
    };
    let draft = engine.gateway.notice(
        &state.book,
        &notice.subject,
        &notice.notify_id,
        fault.as_ref(),
        pen,
    )?;
    drop(guard);
    let mut letter = engine.gateway.seal(draft, fault.as_ref());
    if fault == Some(Fault::Truncated) {
        letter.body.truncate(letter.body.len() / 2);
    }
    Some((letter, fault))
}

async fn post<G: Gateway>(
    engine: &Engine<G>,
    client: &reqwest::Client,
    url: &str,
    letter: &Letter,
) -> Option<(u16, bool)> {
    let mut request = client.post(url).body(letter.body.clone());
    for (name, value) in &letter.headers {
        request = request.header(*name, value);
    }
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let short = response
        .content_length()
        .is_some_and(|length| length <= ACKNOWLEDGEMENT_BYTES_MAX);
    let text = if short {
        response.text().await.unwrap_or_default()
    } else {
        String::new()
    };
    Some((status, engine.gateway.acknowledged(status, &text)))
}

fn record<G: Gateway>(
    engine: &Engine<G>,
    notice: &Notice,
    repetition: u32,
    answer: Option<(u16, bool)>,
) {
    let (now, mut state) = engine.now();
    if state.deliveries.len() >= QUEUE_MAX {
        state.deliveries.pop_front();
    }
    let acknowledged = answer.is_some_and(|(_, yes)| yes);
    state.deliveries.push_back(DeliveryRecord {
        at: now,
        merchant_order_no: notice.subject.number().to_owned(),
        notify_id: notice.notify_id.clone(),
        repetition,
        status: answer.map(|(status, _)| status),
        acknowledged,
    });
    drop(state);
    engine.ring();
    let how = if acknowledged {
        "acknowledged"
    } else {
        "not acknowledged"
    };
    let number = notice.subject.number();
    engine.story(now, &format!("notified    {number} {how}"));
}
