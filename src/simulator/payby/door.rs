//! PayBy's door: paths to operations, HTTP to calls.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::words::Operation;
use super::{PayBy, request};
use crate::simulator::engine::Engine;
use crate::simulator::loopback::Line;
use crate::simulator::server::{self, BODY_BYTES_MAX};

/// The path before every operation.
pub(crate) const BASE_PATH: &str = "/sgs/api";

/// Returns the gateway's routes.
pub(crate) fn routes(engine: Arc<Engine<PayBy>>) -> Router {
    let at = |operation| {
        post(
            move |State(engine): State<Arc<Engine<PayBy>>>,
                  ConnectInfo(line): ConnectInfo<Line>,
                  headers: HeaderMap,
                  body: Bytes| async move {
                let gateway = &engine.gateway;
                let opened = request::open(
                    &headers,
                    &body,
                    &gateway.settings.partner_id,
                    &gateway.check,
                );
                let outcome = engine.call(operation, opened);
                server::send(&engine, outcome, &line).await
            },
        )
    };
    let api = Router::new()
        .route("/acquire2/placeOrder", at(Operation::PlaceOrder))
        .route("/acquire2/getOrder", at(Operation::GetOrder))
        .route("/acquire2/cancelOrder", at(Operation::CancelOrder))
        .route("/acquire2/revokeOrder", at(Operation::RevokeOrder))
        .route("/acquire2/getOrderPayer", at(Operation::GetOrderPayer))
        .route(
            "/acquire2/getCashierUrlInfo",
            at(Operation::GetCashierUrlInfo),
        )
        .route(
            "/acquire2/updateExpiredTime",
            at(Operation::UpdateExpiredTime),
        )
        .route(
            "/acquire2/refund/placeOrder",
            at(Operation::RefundPlaceOrder),
        )
        .route("/acquire2/refund/getOrder", at(Operation::RefundGetOrder))
        .route(
            "/acquire2Query/queryOrderPage",
            at(Operation::QueryOrderPage),
        )
        .route(
            "/acquire2Query/queryRefundOrderPage",
            at(Operation::QueryRefundOrderPage),
        )
        .route(
            "/acquire2/download/getOrderStatement",
            at(Operation::GetOrderStatement),
        )
        .route(
            "/acquire2/download/getFundStatement",
            at(Operation::GetFundStatement),
        )
        .route("/member/getBalance", at(Operation::GetBalance));
    Router::new()
        .route("/sgs/verifySign", post(verify_sign))
        .nest(BASE_PATH, api)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(engine)
}

/// The self-test of a merchant's key: the text comes back, signed, if its
/// signature verified. What comes back is not documented.
async fn verify_sign(
    State(engine): State<Arc<Engine<PayBy>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let gateway = &engine.gateway;
    let sign = headers.get("sign").and_then(|sign| sign.to_str().ok());
    if !sign.is_some_and(|sign| gateway.check.accepts(&body, sign)) {
        return (StatusCode::BAD_REQUEST, "the signature does not verify\n").into_response();
    }
    let sign = gateway.seal.sign(&body);
    ([("sign", sign)], body).into_response()
}
