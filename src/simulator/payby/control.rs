//! The control endpoint: the simulator's controls, for people and scripts.
//!
//! It listens on its own port, apart from the gateway, and says the same as the
//! methods of `PayBySimulator`. Bad input is answered 400 with
//! `{"error": "what to do"}`. See `docs/simulator.md`.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::fault::{Fault, Operation};
use super::plan::Plan;
use super::{ControlError, Controls};

/// The largest control message.
const BODY_BYTES_MAX: usize = 64 * 1024;

type Told = Result<Response, ControlError>;

/// Returns the control routes.
pub(crate) fn routes(controls: Arc<Controls>) -> Router {
    Router::new()
        .route("/orders", look(Controls::orders))
        .route("/violations", look(Controls::violations))
        .route("/calls", look(Controls::calls))
        .route("/notifications", look(Controls::notifications))
        .route("/faults", post(faults).delete(clear_faults))
        .route("/plans", post(plans))
        .route("/codes/stale", post(stale))
        .route("/clock", post(clock))
        .route("/orders/{no}/pay", to_order(Controls::customer_pays))
        .route(
            "/orders/{no}/decline",
            to_order(Controls::customer_declines),
        )
        .route("/orders/{no}/notify", to_order(Controls::notify))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(controls)
}

fn look<T: Serialize + 'static>(list: fn(&Controls) -> Vec<T>) -> MethodRouter<Arc<Controls>> {
    get(move |State(controls): On| async move {
        match serde_json::to_string_pretty(&list(&controls)) {
            Ok(text) => json(StatusCode::OK, text + "\n"),
            Err(error) => ControlError::Input(error.to_string()).into_response(),
        }
    })
}

fn to_order(wish: fn(&Controls, &str) -> Result<(), ControlError>) -> MethodRouter<Arc<Controls>> {
    post(
        move |State(controls): On, Path(number): Path<String>| async move {
            wish(&controls, &number)?;
            Told::Ok(done())
        },
    )
}

type On = State<Arc<Controls>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    operation: Operation,
    fault: Fault,
    #[serde(default = "once")]
    count: u32,
}

fn once() -> u32 {
    1
}

async fn faults(State(controls): On, body: Bytes) -> Told {
    let order: FaultOrder = read(&body)?;
    controls.push_fault(order.operation, order.fault, order.count)?;
    Ok(done())
}

async fn clear_faults(State(controls): On) -> Response {
    controls.clear_faults();
    done()
}

async fn plans(State(controls): On, body: Bytes) -> Told {
    controls.push_plan(read::<Plan>(&body)?)?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stale {
    code: String,
}

async fn stale(State(controls): On, body: Bytes) -> Told {
    controls.make_stale(&read::<Stale>(&body)?.code)?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Offset {
    offset_millis: i64,
}

async fn clock(State(controls): On, body: Bytes) -> Told {
    controls.set_clock_offset(read::<Offset>(&body)?.offset_millis);
    Ok(done())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    serde_json::from_slice(body).map_err(|error| ControlError::Input(error.to_string()))
}

fn done() -> Response {
    json(StatusCode::OK, "{\"done\":true}\n".into())
}

fn json(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Input(_) => StatusCode::BAD_REQUEST,
            Self::UnknownOrder(_) => StatusCode::NOT_FOUND,
            Self::NotWaiting(_) | Self::NotNotified(_) => StatusCode::CONFLICT,
        };
        let error = serde_json::json!({"error": self.to_string()});
        json(status, format!("{error}\n"))
    }
}
