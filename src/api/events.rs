//! The event stream: what became durable, in its order, without a gap.
//!
//! A follower is a position in the journal. It reads a page behind that position,
//! sends it event by event, and waits for the journal to grow; so a slow or late
//! follower costs no memory and loses nothing. Notices are not durable: they are
//! told to whoever follows, and one who falls behind with them is dropped, comes
//! back with its last id, and reads the lanes afresh.

use super::problem::Problem;
use super::serve::Stopping;
use super::{Shared, Till};
use crate::service::view::{EventView, Notice};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

/// Between heartbeats, so that a dead connection is noticed on both sides.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Browsers come back after this long.
const RETRY: Duration = Duration::from_secs(2);

/// Events read at a time.
const PAGE: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    after: Option<u64>,
}

pub(super) async fn follow<T: Till>(
    State(api): State<Shared<T>>,
    headers: HeaderMap,
    query: Result<Query<After>, QueryRejection>,
    stopping: Option<Extension<Stopping>>,
) -> Result<Response, Problem> {
    let Query(After { after }) = query?;
    let after = match headers.get("last-event-id") {
        None => after,
        Some(id) => Some(
            id.to_str()
                .ok()
                .and_then(|id| id.parse().ok())
                .ok_or_else(|| {
                    let detail = "Last-Event-ID is the id of an event of this stream: a number";
                    Problem::new(StatusCode::BAD_REQUEST, "bad_event_id", detail)
                })?,
        ),
    };
    let place =
        api.streams.clone().try_acquire_owned().map_err(|_| {
            Problem::busy("too many event streams are open; close one").retry_after(10)
        })?;
    // Notices first: what is told from here on is heard.
    let notices = api.till.notices();
    let mut sequence = api.till.sequence();
    let newest = *sequence.borrow_and_update();
    let after = after.unwrap_or(newest);
    if after > newest {
        let detail = format!(
            "the journal ends at {newest}: an older one was restored; read the tenders afresh and follow without an id"
        );
        return Err(Problem::new(StatusCode::CONFLICT, "event_unknown", detail));
    }
    let follower = Follower {
        till: api.till.clone(),
        notices,
        sequence,
        newest,
        after,
        page: VecDeque::new(),
        stopping: stopping.map(|Extension(stopping)| stopping),
        greeted: false,
        _place: place,
    };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(events).keep_alive(heartbeat).into_response())
}

struct Follower<T> {
    till: T,
    notices: broadcast::Receiver<Notice>,
    sequence: watch::Receiver<u64>,
    /// The journal reaches this far.
    newest: u64,
    /// Everything up to here was sent.
    after: u64,
    page: VecDeque<EventView>,
    stopping: Option<Stopping>,
    greeted: bool,
    _place: OwnedSemaphorePermit,
}

impl<T: Till> Follower<T> {
    /// The next event, or none when the stream ends.
    async fn next(&mut self) -> Option<Event> {
        if !self.greeted {
            self.greeted = true;
            return Some(Event::default().retry(RETRY).comment("qrpayd"));
        }
        loop {
            if self.stopping.as_ref().is_some_and(Stopping::is_set) {
                return None;
            }
            if let Some(event) = self.page.pop_front() {
                self.after = event.sequence;
                return fact(&event);
            }
            if self.after < self.newest {
                self.read().await?;
                continue;
            }
            tokio::select! {
                biased;
                () = stopped(self.stopping.as_ref()) => return None,
                changed = self.sequence.changed() => {
                    changed.ok()?;
                    self.newest = *self.sequence.borrow_and_update();
                }
                notice = self.notices.recv() => return told(&notice.ok()?),
            }
        }
    }

    /// Reads a page; none when the journal cannot be read.
    async fn read(&mut self) -> Option<()> {
        let page = match self.till.events_after(self.after, PAGE).await {
            Ok(page) => page,
            Err(trouble) => {
                tracing::debug!(?trouble, "an event stream ends: its events cannot be read");
                return None;
            }
        };
        if page.is_empty() {
            // What is left holds nothing for followers.
            self.after = self.newest;
        }
        self.page = page.into();
        Some(())
    }
}

async fn stopped(stopping: Option<&Stopping>) {
    match stopping {
        Some(stopping) => stopping.stopped().await,
        None => std::future::pending().await,
    }
}

fn fact(event: &EventView) -> Option<Event> {
    Event::default()
        .id(event.sequence.to_string())
        .event(&event.kind)
        .json_data(event)
        .ok()
}

fn told(notice: &Notice) -> Option<Event> {
    Event::default().event("notice").json_data(notice).ok()
}
