//! Notifications: PayBy tells the merchant's `notifyUrl` that an order is paid.
//!
//! The clockwork task sleeps until something falls due, lets it happen, and
//! sends what there is to tell. A delivery that is not acknowledged is repeated
//! at most 7 times, after 2, 10, 10, 60, 120, 360 and 900 minutes (PayBy
//! "Payment result notification"). The body has no envelope and is signed like
//! an answer.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;

use super::engine::Engine;
use super::fault::{Fault, Operation, QUEUE_MAX};
use super::json::Json;

/// When an unacknowledged notification is sent again, minutes after the last.
const RETRY_MINUTES: [u64; 7] = [2, 10, 10, 60, 120, 360, 900];
/// How long the merchant may take to answer. Not documented.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The longest acknowledgement that is read.
const ACKNOWLEDGEMENT_BYTES_MAX: u64 = 4096;
/// The longest sleep of the clockwork, so that a set clock is noticed.
const SLEEP_MILLIS_MAX: u64 = 60_000;

/// Something to tell.
#[derive(Clone)]
pub(crate) struct Notice {
    pub(crate) number: String,
    pub(crate) url: String,
    pub(crate) notify_id: String,
}

/// One attempt to deliver a notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryRecord {
    /// When, Unix milliseconds of the simulator's clock.
    pub at: u64,
    /// Of which order.
    pub merchant_order_no: String,
    /// The notification's own number; the same for its repetitions.
    pub notify_id: String,
    /// 0 for the first delivery, then the number of the repetition.
    pub repetition: u32,
    /// The merchant's HTTP status; `None` when nobody answered.
    pub status: Option<u16>,
    /// Whether the merchant acknowledged.
    pub acknowledged: bool,
}

/// Lets time pass until it is dropped.
pub(crate) async fn run(engine: Arc<Engine>) {
    // Loopback only, and never by way of a proxy.
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER_MAX)
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
                    let line = format!(
                        "       {} has a notifyUrl that is not http on the loopback: not notified",
                        notice.number
                    );
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

async fn deliver(engine: Arc<Engine>, client: reqwest::Client, notice: Notice) {
    for repetition in 0..=RETRY_MINUTES.len() {
        if let Some(minutes) = repetition.checked_sub(1).and_then(|n| RETRY_MINUTES.get(n)) {
            let wait = engine.settings.scaled(minutes * 60_000).max(1);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        let Some(message) = compose(&engine, &notice) else {
            return;
        };
        if message.wait > 0 {
            tokio::time::sleep(Duration::from_millis(message.wait)).await;
        }
        let mut acknowledged = false;
        for _ in 0..message.copies {
            let answer = post(&engine, &client, &notice.url, &message).await;
            acknowledged |= answer.is_some_and(|(_, yes)| yes);
            record(&engine, &notice, repetition as u32, answer);
        }
        if acknowledged {
            return;
        }
    }
}

struct Message {
    body: String,
    sign: Option<String>,
    wait: u64,
    copies: u32,
}

fn compose(engine: &Engine, notice: &Notice) -> Option<Message> {
    let (now, mut guard) = engine.now();
    let state = &mut *guard;
    let fault = state.faults.take(Operation::Notification);
    let mut order = state.book.order(&notice.number)?.clone();
    if let Some(fault) = &fault {
        order = fault.misprint(order);
    }
    state
        .conduct
        .called(now, Operation::Notification, &notice.number);
    let settings = &engine.settings;
    let order = order.print(
        &settings.partner_id,
        &settings.registered_name,
        &mut state.rng,
    );
    let mut body = String::new();
    Json::object([
        ("notify_id", Json::text(&notice.notify_id)),
        ("notify_timestamp", Json::int(now)),
        ("notify_time", Json::text(gulf_time(now))),
        ("_input_charset", Json::text("UTF-8")),
        ("acquireOrder", order),
    ])
    .write(&mut state.rng, &mut body);
    drop(guard);
    let mut message = Message {
        sign: Some(engine.seal.sign(body.as_bytes())),
        body,
        wait: 0,
        copies: 1,
    };
    match fault {
        Some(Fault::Late { millis }) => message.wait = millis,
        Some(Fault::WrongSignature) => message.sign = Some(engine.seal.sign(b"{}")),
        Some(Fault::NoSignature) => message.sign = None,
        Some(Fault::Truncated) => {
            let half = message.body.floor_char_boundary(message.body.len() / 2);
            message.body.truncate(half);
        }
        Some(Fault::Twice) => message.copies = 2,
        _ => {}
    }
    Some(message)
}

async fn post(
    engine: &Engine,
    client: &reqwest::Client,
    url: &str,
    message: &Message,
) -> Option<(u16, bool)> {
    let mut request = client
        .post(url)
        .header("Content-Type", "application/json")
        .body(message.body.clone());
    if let Some(sign) = &message.sign {
        request = request.header("sign", sign);
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
    let said = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|value| Some(value.get("response")?.as_str()?.to_owned()));
    let said = match said {
        Some(said) => said,
        None if engine.settings.bare_acknowledgement => text.trim().to_owned(),
        None => String::new(),
    };
    Some((
        status,
        status == 200 && said.eq_ignore_ascii_case("SUCCESS"),
    ))
}

fn record(engine: &Engine, notice: &Notice, repetition: u32, answer: Option<(u16, bool)>) {
    let (now, mut state) = engine.now();
    if state.deliveries.len() >= QUEUE_MAX {
        state.deliveries.pop_front();
    }
    let acknowledged = answer.is_some_and(|(_, yes)| yes);
    state.deliveries.push_back(DeliveryRecord {
        at: now,
        merchant_order_no: notice.number.clone(),
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
    engine.story(now, &format!("notified    {} {how}", notice.number));
}

// `yyyyMMddHHmmss`, Gulf time.
fn gulf_time(millis: u64) -> String {
    let shifted = i64::try_from(millis).unwrap_or_default() + 4 * 3_600_000;
    jiff::Timestamp::from_millisecond(shifted)
        .map(|time| time.strftime("%Y%m%d%H%M%S").to_string())
        .unwrap_or_default()
}
