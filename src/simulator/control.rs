//! The control endpoint: the simulator's controls, for people and scripts.
//!
//! It listens on its own port, apart from the gateway, and says the same as the
//! methods of `Controls`. Bad input is answered 400 with
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

use super::controls::{ControlError, Controls};
use super::fault::Fault;
use super::gateway::Gateway;

/// The largest control message.
const BODY_BYTES_MAX: usize = 64 * 1024;

type Told = Result<Response, ControlError>;
type On<G> = State<Arc<Controls<G>>>;

/// Returns the control routes.
pub(crate) fn routes<G: Gateway>(controls: Arc<Controls<G>>) -> Router {
    Router::new()
        .route("/orders", look(Controls::<G>::orders))
        .route("/refunds", look(Controls::<G>::refunds))
        .route("/violations", look(Controls::<G>::violations))
        .route("/calls", look(Controls::<G>::calls))
        .route("/notifications", look(Controls::<G>::notifications))
        .route("/faults", post(faults::<G>).delete(clear_faults::<G>))
        .route("/plans", wish(Controls::<G>::push_plan))
        .route("/plans/refund", wish(Controls::<G>::push_refund_plan))
        .route(
            "/codes/stale",
            wish(|controls: &Controls<G>, stale: Stale| controls.make_stale(&stale.code)),
        )
        .route(
            "/clock",
            wish(|controls: &Controls<G>, offset: Offset| {
                controls.set_clock_offset(offset.offset_millis);
                Ok(())
            }),
        )
        .route(
            "/settle",
            about(|controls: &Controls<G>, _| {
                controls.settle();
                Ok(())
            }),
        )
        .route("/orders/{no}/pay", about(Controls::<G>::customer_pays))
        .route(
            "/orders/{no}/decline",
            about(Controls::<G>::customer_declines),
        )
        .route("/orders/{no}/scan", post(scan::<G>))
        .route("/orders/{no}/notify", about(Controls::<G>::notify))
        .route("/refunds/{no}/arrive", about(Controls::<G>::refund_arrives))
        .route("/refunds/{no}/fail", post(fail::<G>))
        .route("/refunds/{no}/notify", about(Controls::<G>::notify))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(controls)
}

fn look<G: Gateway, T: Serialize + 'static>(
    list: fn(&Controls<G>) -> Vec<T>,
) -> MethodRouter<Arc<Controls<G>>> {
    get(move |State(controls): On<G>| async move {
        match serde_json::to_string_pretty(&list(&controls)) {
            Ok(text) => json(StatusCode::OK, text + "\n"),
            Err(error) => ControlError::Input(error.to_string()).into_response(),
        }
    })
}

fn about<G: Gateway>(
    wish: fn(&Controls<G>, &str) -> Result<(), ControlError>,
) -> MethodRouter<Arc<Controls<G>>> {
    post(
        move |State(controls): On<G>, number: Option<Path<String>>| async move {
            let number = number.map(|Path(number)| number).unwrap_or_default();
            wish(&controls, &number)?;
            Told::Ok(done())
        },
    )
}

fn wish<G: Gateway, T: DeserializeOwned + 'static>(
    wish: fn(&Controls<G>, T) -> Result<(), ControlError>,
) -> MethodRouter<Arc<Controls<G>>> {
    post(move |State(controls): On<G>, body: Bytes| async move {
        wish(&controls, read(&body)?)?;
        Told::Ok(done())
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder<O> {
    operation: O,
    fault: Fault,
    #[serde(default = "once")]
    count: u32,
    /// Only of this order or refund.
    #[serde(default)]
    order: Option<String>,
}

fn once() -> u32 {
    1
}

async fn faults<G: Gateway>(State(controls): On<G>, body: Bytes) -> Told {
    let order: FaultOrder<G::Operation> = read(&body)?;
    let number = order.order.as_deref();
    controls.queue_fault(order.operation, number, order.fault, order.count)?;
    Ok(done())
}

async fn clear_faults<G: Gateway>(State(controls): On<G>) -> Response {
    controls.clear_faults();
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stale {
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Offset {
    offset_millis: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payer {
    payer: String,
}

async fn scan<G: Gateway>(State(controls): On<G>, Path(number): Path<String>, body: Bytes) -> Told {
    let payer = match body.is_empty() {
        true => "customer".to_owned(),
        false => read::<Payer>(&body)?.payer,
    };
    controls.customer_scans(&number, &payer)?;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failing {
    code: String,
}

async fn fail<G: Gateway>(State(controls): On<G>, Path(number): Path<String>, body: Bytes) -> Told {
    let code = match body.is_empty() {
        true => "REFUND_FAILED".to_owned(),
        false => read::<Failing>(&body)?.code,
    };
    controls.refund_fails(&number, &code)?;
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
