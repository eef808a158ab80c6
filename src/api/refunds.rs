//! The calls about refunds.

use super::access::{Caller, Role};
use super::body::{Input, Shape};
use super::problem::Problem;
use super::serve::Stopping;
use super::tenders::{Wait, idempotency_key, tender_id, until};
use super::{Shared, Till};
use crate::domain::{Amount, AmountError, Currency, Denial, NewRefund, RefundId};
use crate::service::Allowance;
use crate::service::view::RefundView;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBody {
    amount: String,
    reason: String,
}

impl Shape for NewBody {
    const FORM: &'static str = r#"{"amount": "12.00", "reason": "goods returned"}"#;
}

pub(super) async fn create<T: Till>(
    State(api): State<Shared<T>>,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Input(body): Input<NewBody>,
) -> Result<Response, Problem> {
    let tender = tender_id(&id)?;
    let key = idempotency_key(&headers)?;
    let paid = api.till.tender(&tender).await?.ok_or(Denial::NoTender)?;
    // A refund is of the payment's own currency.
    let currency = Currency::new(&paid.currency)
        .map_err(|error| Problem::field("bad_currency", "currency", error))?;
    let new = NewRefund {
        tender,
        key,
        amount: amount(&body.amount, currency)?,
        reason: body.reason.trim().to_owned(),
        operator: caller.name.clone(),
    };
    let allowance = match caller.role >= Role::Manager {
        true => Allowance::All,
        false => Allowance::Limited,
    };
    let (refund, is_new) = api.till.refund(new, allowance).await?;
    if !is_new {
        return Ok(Json(refund).into_response());
    }
    let location = [(header::LOCATION, format!("/v1/refunds/{}", refund.id))];
    Ok((StatusCode::CREATED, location, Json(refund)).into_response())
}

/// A decimal text that is more than zero.
pub(super) fn amount(text: &str, currency: Currency) -> Result<Amount, Problem> {
    let amount = Amount::parse(text, currency).and_then(|amount| match amount.minor {
        0 => Err(AmountError::Zero),
        _ => Ok(amount),
    });
    amount.map_err(|error| {
        let code = match error {
            AmountError::Zero => "zero_amount",
            _ => "bad_amount",
        };
        Problem::field(code, "amount", error)
    })
}

pub(super) async fn one<T: Till>(
    State(api): State<Shared<T>>,
    Path(id): Path<String>,
    query: Result<Query<Wait>, QueryRejection>,
    stopping: Option<Extension<Stopping>>,
) -> Result<Json<RefundView>, Problem> {
    let none = || {
        let detail = "there is no such refund";
        Problem::new(StatusCode::NOT_FOUND, "no_refund", detail)
    };
    let id = RefundId::parse(&id).ok_or_else(none)?;
    let now = || api.till.refund_of(&id);
    let found = until(&api, query, stopping, now, |limit| {
        api.till.await_refund(&id, limit)
    });
    found.await?.map(Json).ok_or_else(none)
}
