//! The door for gateways: a listener of its own, open to the outside, where
//! nothing but notifications is taken. No token opens it: only a signature counts.
//!
//! It speaks plain HTTP, behind a proxy that speaks TLS (`docs/configuration.md`).

use super::body;
use super::problem::{self, Problem};
use super::serve::Link;
use super::till::Till;
use crate::service::NotifyError;
use axum::Router;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// The largest notification: an order with all its accessories has a few kilobytes.
const NOTIFICATION_MAX: usize = 64 * 1024;

/// Notifications at work at a time.
const NOTIFICATIONS_MAX: usize = 32;

/// Notifications a second, and how many may come at once. A lane makes one in a few
/// seconds; each costs the verification of a signature.
const RATE: f64 = 50.0;
const BURST: f64 = 200.0;

/// The gateway is answered within this long, or sends again.
const ANSWER_MAX: Duration = Duration::from_secs(4);

struct Door<T> {
    till: T,
    places: Semaphore,
    bucket: Mutex<Bucket>,
}

/// What may still come now, and when that was counted.
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn full() -> Self {
        Self {
            left: BURST,
            at: Instant::now(),
        }
    }

    fn take(&mut self) -> bool {
        let now = Instant::now();
        let since = (now - self.at).as_secs_f64();
        self.left = (self.left + since * RATE).min(BURST);
        self.at = now;
        let open = self.left >= 1.0;
        if open {
            self.left -= 1.0;
        }
        open
    }
}

/// Makes the routes of the listener for notifications.
pub fn notify_router<T: Till>(till: T) -> Router {
    let door = Arc::new(Door {
        till,
        places: Semaphore::new(NOTIFICATIONS_MAX),
        bucket: Mutex::new(Bucket::full()),
    });
    Router::new()
        .route("/notify/{gateway}", post(take::<T>))
        .with_state(door)
        .layer(from_fn(problem::dress))
}

async fn take<T: Till>(
    State(door): State<Arc<Door<T>>>,
    Path(gateway): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let may = door
        .bucket
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if !may {
        let detail = "too many notifications; send it again later";
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many", detail);
        return Err(problem.retry_after(5));
    }
    let Ok(_place) = door.places.try_acquire() else {
        return Err(Problem::busy("too many notifications are at work"));
    };
    let link = request.extensions().get::<ConnectInfo<Link>>();
    let _work = link.map(|ConnectInfo(link)| link.work());
    let headers: HeaderMap = request.headers().clone();
    let body = body::read_in_time(request, NOTIFICATION_MAX).await?;
    let taken = door.till.notified(&gateway, &headers, &body);
    let taken = tokio::time::timeout(ANSWER_MAX, taken).await;
    let taken = taken.map_err(|_| Problem::busy("it could not be stored in time"))?;
    let (media_type, text) = taken.map_err(refused)?;
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}

fn refused(error: NotifyError) -> Problem {
    match error {
        NotifyError::NoGateway => Problem::new(
            StatusCode::NOT_FOUND,
            "no_such_path",
            "no such gateway is configured here",
        ),
        NotifyError::Forged => Problem::new(
            StatusCode::FORBIDDEN,
            "not_signed",
            "the notification is not signed by the gateway",
        ),
        NotifyError::Unreadable => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_notification",
            "the notification has a shape that is not documented",
        ),
        NotifyError::Unavailable(trouble) => trouble.into(),
    }
}
