//! CodePay's door: one path, whatever follows it; the method is in the body.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;

use super::CodePay;
use super::request;
use crate::simulator::engine::Engine;
use crate::simulator::loopback::Line;
use crate::simulator::server::{self, BODY_BYTES_MAX};

/// Returns the gateway's routes.
pub(crate) fn routes(engine: Arc<Engine<CodePay>>) -> Router {
    Router::new()
        .route("/api/entry", post(entry))
        .route("/api/entry/{*operation}", post(entry))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(engine)
}

async fn entry(
    State(engine): State<Arc<Engine<CodePay>>>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = engine.now().0;
    let opened = request::open(&engine.gateway, &headers, &body, now);
    let outcome = engine.call(opened.operation, opened.request);
    server::send(&engine, outcome, &line).await
}
