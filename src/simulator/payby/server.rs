//! The gateway's door: HTTP to calls, outcomes to HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::engine::{Delivery, Engine, Outcome};
use super::fault::{HOLD_MILLIS_MAX, Operation};
use crate::simulator::loopback::Line;

/// The largest request body. An order with every field is below 16 KiB.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The path before every operation.
pub(crate) const BASE_PATH: &str = "/sgs/api";

/// Returns the gateway's routes.
pub(crate) fn routes(engine: Arc<Engine>) -> Router {
    let at = |operation| {
        post(
            move |State(engine): State<Arc<Engine>>,
                  ConnectInfo(line): ConnectInfo<Line>,
                  headers: HeaderMap,
                  body: Bytes| async move {
                let outcome = engine.call(operation, &headers, &body);
                send(outcome, &line).await
            },
        )
    };
    let api = Router::new()
        .route("/acquire2/placeOrder", at(Operation::PlaceOrder))
        .route("/acquire2/getOrder", at(Operation::GetOrder))
        .route("/acquire2/cancelOrder", at(Operation::CancelOrder))
        .route("/acquire2/revokeOrder", at(Operation::RevokeOrder));
    Router::new()
        .nest(BASE_PATH, api)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(engine)
}

async fn send(outcome: Outcome, line: &Line) -> Response {
    let wait = match outcome.delivery {
        Delivery::Now => 0,
        Delivery::After(millis) => millis,
        Delivery::Never => HOLD_MILLIS_MAX,
        Delivery::Cut => {
            line.cut();
            0
        }
    };
    if wait > 0 {
        // Dropped here when the client leaves.
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    if outcome.delivery == Delivery::Never {
        line.cut();
    }
    let mut response = Response::new(Body::from(outcome.body));
    let status = StatusCode::from_u16(outcome.status);
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = response.headers_mut();
    let kind = match (outcome.status, outcome.charset) {
        (200, false) => "application/json",
        (200, true) => "application/json; charset=UTF-8",
        _ => "text/html",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(date) = http_date(outcome.at) {
        headers.insert(header::DATE, date);
    }
    if let Some(Ok(sign)) = outcome.sign.map(|sign| HeaderValue::from_str(&sign)) {
        headers.insert("sign", sign);
    }
    response.into_response()
}

// The gateway's own clock, which may be off.
fn http_date(millis: u64) -> Option<HeaderValue> {
    let time = jiff::Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()?;
    let text = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .ok()?;
    HeaderValue::from_str(&text).ok()
}
