//! Open duties: what is to be returned or watched, and how a manager ends one.

use super::access::{Caller, Role};
use super::body::{Input, Shape};
use super::problem::Problem;
use super::{Shared, Till};
use crate::domain::Denial;
use crate::service::ByHand;
use crate::service::view::{TenderView, read_obligation_id};
use axum::Json;
use axum::extract::{Extension, Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) async fn list<T: Till>(State(api): State<Shared<T>>) -> Json<Value> {
    Json(json!({ "obligations": api.till.obligations() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBody {
    reason: String,
    reference: String,
}

impl Shape for CloseBody {
    const FORM: &'static str =
        r#"{"reason": "returned in cash", "reference": "where the proof is"}"#;
}

pub(super) async fn close<T: Till>(
    State(api): State<Shared<T>>,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
    Input(body): Input<CloseBody>,
) -> Result<Json<TenderView>, Problem> {
    caller.must_be(Role::Manager)?;
    let id = read_obligation_id(&id).ok_or(Denial::NoObligation)?;
    let by = ByHand {
        name: caller.name,
        reason: body.reason,
        reference: body.reference,
    };
    Ok(Json(api.till.close_obligation(&id, by).await?))
}
