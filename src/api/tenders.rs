//! The calls about tenders. Each checks what came in, asks the till, and shows
//! what it answers.

use super::body::{Input, Shape};
use super::problem::Problem;
use super::refunds::amount;
use super::serve::Stopping;
use super::{Shared, Till};
use crate::domain::{
    BusinessDay, Currency, Denial, GatewayId, IdempotencyKey, LaneId, Mode, NameError, NewTender,
    SaleRef, TenderId,
};
use crate::service::view::TenderView;
use crate::service::{Filter, Trouble, svg};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use zeroize::Zeroizing;

/// The longest `wait`: longer than any gateway lets a customer think.
const WAIT_MAX: u64 = 120;

const LIST_DEFAULT: usize = 50;
const LIST_MAX: usize = 200;

/// A list is asked for by a value that cannot be.
const BAD_FILTER: &str = "bad_filter";

/// A note is a line, not a letter.
const NOTE_MAX: usize = 256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBody {
    sale: String,
    amount: String,
    currency: String,
    mode: Mode,
    #[serde(default)]
    part: bool,
    gateway: Option<String>,
    note: Option<String>,
}

impl Shape for NewBody {
    const FORM: &'static str = r#"{"sale": "A-1001", "amount": "37.50", "currency": "AED", "mode": "scan"} with optional part, gateway and note"#;
}

pub(super) async fn create<T: Till>(
    State(api): State<Shared<T>>,
    Path(lane): Path<String>,
    headers: HeaderMap,
    Input(body): Input<NewBody>,
) -> Result<Response, Problem> {
    let lane = lane_id(&lane)?;
    let key = idempotency_key(&headers)?;
    let new = body.read(lane, key, api.till.today())?;
    let (tender, is_new) = api.till.create_tender(new).await?;
    if !is_new {
        return Ok(Json(tender).into_response());
    }
    let location = format!("/v1/tenders/{}", tender.id);
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, location, Json(tender)).into_response())
}

impl NewBody {
    fn read(
        self,
        lane: LaneId,
        key: IdempotencyKey,
        day: BusinessDay,
    ) -> Result<NewTender, Problem> {
        let currency = Currency::new(&self.currency)
            .map_err(|error| Problem::field("bad_currency", "currency", error))?;
        let amount = amount(&self.amount, currency)?;
        let note = self.note.as_deref().map(str::trim).unwrap_or_default();
        if note.chars().count() > NOTE_MAX || note.chars().any(char::is_control) {
            let detail = format!("a note is one line of at most {NOTE_MAX} characters");
            return Err(Problem::field("bad_note", "note", detail));
        }
        let gateway = self
            .gateway
            .map(GatewayId::new)
            .transpose()
            .map_err(|error| Problem::field("bad_gateway", "gateway", error))?;
        Ok(NewTender {
            lane,
            key,
            sale: SaleRef::new(self.sale)
                .map_err(|error| Problem::field("bad_sale", "sale", error))?,
            day,
            amount,
            mode: self.mode,
            part: self.part,
            gateway,
            note: (!note.is_empty()).then(|| note.to_owned()),
        })
    }
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<IdempotencyKey, Problem> {
    let bad = |code, detail: String| Problem::new(StatusCode::BAD_REQUEST, code, detail);
    let mut given = headers.get_all("idempotency-key").iter();
    let (Some(key), None) = (given.next(), given.next()) else {
        let detail = "send one Idempotency-Key header: a new value for each payment or refund, the same value for each repeat of it";
        return Err(bad("key_missing", detail.to_owned()));
    };
    let key = key.to_str().unwrap_or_default();
    IdempotencyKey::new(key).map_err(|error| bad("bad_key", error.to_string()))
}

/// A name that cannot be is the name of nothing.
pub(super) fn tender_id(text: &str) -> Result<TenderId, Problem> {
    TenderId::new(text).map_err(|_| Denial::NoTender.into())
}

pub(super) fn lane_id(text: &str) -> Result<LaneId, Problem> {
    LaneId::new(text).map_err(|error| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no_lane",
            format!("no such lane: {error}"),
        )
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    #[serde(default)]
    wait: u64,
}

pub(super) async fn one<T: Till>(
    State(api): State<Shared<T>>,
    Path(id): Path<String>,
    query: Result<Query<Wait>, QueryRejection>,
    stopping: Option<Extension<Stopping>>,
) -> Result<Json<TenderView>, Problem> {
    let id = tender_id(&id)?;
    let now = || api.till.tender(&id);
    let found = until(&api, query, stopping, now, |limit| {
        api.till.await_verdict(&id, limit)
    });
    found
        .await?
        .map(Json)
        .ok_or_else(|| Denial::NoTender.into())
}

/// What a thing is now, or once its end has come and no later than `wait` says.
pub(super) async fn until<T: Till, V, N, L>(
    api: &Shared<T>,
    query: Result<Query<Wait>, QueryRejection>,
    stopping: Option<Extension<Stopping>>,
    now: impl Fn() -> N,
    later: impl FnOnce(Duration) -> L,
) -> Result<V, Problem>
where
    N: Future<Output = Result<V, Trouble>>,
    L: Future<Output = Result<V, Trouble>>,
{
    let Query(Wait { wait }) = query?;
    if wait > WAIT_MAX {
        let detail = format!("wait is 0 to {WAIT_MAX} seconds");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_query", detail));
    }
    if wait == 0 {
        return Ok(now().await?);
    }
    let stopped = async {
        match stopping {
            Some(Extension(stopping)) => stopping.stopped().await,
            None => std::future::pending().await,
        }
    };
    let _place = api
        .waits
        .try_acquire()
        .map_err(|_| Problem::busy("too many callers wait for verdicts; ask again without wait"))?;
    tokio::select! {
        biased;
        found = later(Duration::from_secs(wait)) => Ok(found?),
        () = stopped => Ok(now().await?),
    }
}

/// The code to show, drawn. It changes never once it is there: each attempt has its own.
pub(super) async fn shown<T: Till>(
    State(api): State<Shared<T>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tender = api.till.tender(&tender_id(&id)?).await?;
    let tender = tender.ok_or(Denial::NoTender)?;
    let none = || {
        let detail = "this tender shows no code now: it is scanned, not there yet, or has ended";
        Problem::new(StatusCode::NOT_FOUND, "no_code", detail)
    };
    let text = tender.display.and_then(|display| display.text);
    let drawn = svg(&text.ok_or_else(none)?).ok_or_else(none)?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], drawn).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    sale: Option<String>,
    key: Option<String>,
    lane: Option<String>,
    day: Option<String>,
    state: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn list<T: Till>(
    State(api): State<Shared<T>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let filter = query.filter(|| api.till.today())?;
    let tenders = api.till.tenders(filter).await?;
    Ok(Json(json!({ "tenders": tenders })).into_response())
}

impl ListQuery {
    fn filter(self, today: impl Fn() -> BusinessDay) -> Result<Filter, Problem> {
        if let Some(state) = &self.state
            && !["armed", "paying", "waiting", "checking", "done"].contains(&state.as_str())
        {
            let detail = "state is armed, paying, waiting, checking or done";
            return Err(Problem::field(BAD_FILTER, "state", detail));
        }
        let limit = self.limit.unwrap_or(LIST_DEFAULT);
        if !(1..=LIST_MAX).contains(&limit) {
            let detail = format!("limit is 1 to {LIST_MAX}");
            return Err(Problem::field(BAD_FILTER, "limit", detail));
        }
        let day = match self.day.as_deref() {
            Some("today") => Some(today()),
            _ => named("day", self.day, BusinessDay::new)?,
        };
        Ok(Filter {
            sale: named("sale", self.sale, SaleRef::new)?,
            key: named("key", self.key, IdempotencyKey::new)?,
            lane: named("lane", self.lane, LaneId::new)?,
            day,
            state: self.state,
            limit,
        })
    }
}

fn named<N>(
    field: &'static str,
    given: Option<String>,
    new: fn(String) -> Result<N, NameError>,
) -> Result<Option<N>, Problem> {
    let name = given.map(new).transpose();
    name.map_err(|error| Problem::field(BAD_FILTER, field, error))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeBody {
    code: String,
}

impl Shape for CodeBody {
    const FORM: &'static str = r#"{"code": "..."}, the code as text"#;
    const SECRET: bool = true;
}

pub(super) async fn code<T: Till>(
    State(api): State<Shared<T>>,
    Path(id): Path<String>,
    Input(CodeBody { code }): Input<CodeBody>,
) -> Result<Json<TenderView>, Problem> {
    let code = Zeroizing::new(code);
    changed(api.till.code(&tender_id(&id)?, code.as_bytes()).await)
}

pub(super) async fn cancel<T: Till>(
    State(api): State<Shared<T>>,
    Path(id): Path<String>,
) -> Result<Json<TenderView>, Problem> {
    changed(api.till.cancel(&tender_id(&id)?).await)
}

pub(super) async fn extend<T: Till>(
    State(api): State<Shared<T>>,
    Path(id): Path<String>,
) -> Result<Json<TenderView>, Problem> {
    changed(api.till.extend(&tender_id(&id)?).await)
}

pub(super) async fn acknowledge<T: Till>(
    State(api): State<Shared<T>>,
    Path(id): Path<String>,
) -> Result<Json<TenderView>, Problem> {
    changed(api.till.acknowledge(&tender_id(&id)?).await)
}

fn changed(outcome: Result<TenderView, Trouble>) -> Result<Json<TenderView>, Problem> {
    outcome.map(Json).map_err(Problem::from)
}
