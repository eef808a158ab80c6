//! Lanes, and how the service is.

use super::problem::Problem;
use super::tenders::lane_id;
use super::{Shared, Till};
use crate::domain::Denial;
use crate::service::view::LaneView;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub(super) async fn all<T: Till>(State(api): State<Shared<T>>) -> Json<Value> {
    Json(json!({ "lanes": api.till.lanes() }))
}

pub(super) async fn one<T: Till>(
    State(api): State<Shared<T>>,
    Path(lane): Path<String>,
) -> Result<Json<LaneView>, Problem> {
    let id = lane_id(&lane)?;
    let lane = api.till.lane(&id);
    lane.map(Json).ok_or_else(|| Denial::NoLane(id).into())
}

/// Alive: this answer was made.
pub(super) async fn alive() -> Json<Value> {
    Json(json!({ "alive": true }))
}

/// Ready: payments can be taken.
pub(super) async fn ready<T: Till>(State(api): State<Shared<T>>) -> Result<Json<Value>, Problem> {
    let readiness = api.till.readiness();
    if readiness.ready {
        return Ok(Json(json!({ "ready": true })));
    }
    let status = StatusCode::SERVICE_UNAVAILABLE;
    Err(Problem::new(status, "not_ready", readiness.text).retry_after(1))
}

/// Prometheus text, version 0.0.4.
pub(super) async fn metrics<T: Till>(State(api): State<Shared<T>>) -> Response {
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, media_type)], api.till.metrics()).into_response()
}
