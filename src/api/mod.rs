//! The local HTTP API and the pages (`docs/api.md`).
//!
//! A request goes inwards through four doors, and what comes out passes the
//! first again:
//!
//! ```text
//!   connection ──▶ dress ──▶ admit ──▶ authenticate ──▶ handler ──▶ Till
//!   (serve)        (problem) (guard)   (access)         (tenders, lanes, events)
//!   slow peers     problems, Host,     token or         JSON in and out, nothing
//!   cut off        headers   Origin,   session,         is decided here
//!                            limits    role
//! ```
//!
//! The pages are strangers among callers: they sign in for a cookie, because
//! `EventSource` cannot send a token, and prove with a second value that a call
//! came from the page itself.

mod access;
mod body;
mod events;
mod guard;
mod lanes;
mod notify;
mod obligations;
mod page;
mod problem;
mod refunds;
mod serve;
mod session;
mod tenders;
#[cfg(test)]
mod tests;
mod till;

pub use access::{DigestError, Role, RoleError, Token, TokenDigest};
pub use notify::notify_router;
pub use serve::serve;
pub use till::Till;

use crate::domain::Language;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Requests at work at a time; each long wait is one, an event stream is not.
const REQUESTS_MAX: usize = 256;

/// Of these, how many may wait for a verdict: a caller that only waits must not keep
/// others from cancelling.
const WAITS_MAX: usize = 128;

/// Event streams at a time: every page has one, and the cashier's software.
const STREAMS_MAX: usize = 32;

/// What the configuration says of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiSettings {
    /// The address to listen on; for the routes, the one that the listener is bound
    /// to, with its real port.
    pub listen: SocketAddr,
    /// Who may call. Empty is allowed on a loopback address only, where every
    /// caller then is a cashier; elsewhere nobody gets in.
    pub tokens: Vec<Token>,
    /// Further names by which callers reach this listener, as `name` or
    /// `name:port`. The loopback names and the bound address are always known.
    pub hosts: Vec<String>,
    /// The language of the pages.
    pub language: Language,
}

/// What every handler shares.
struct Api<T> {
    till: T,
    access: access::Access,
    hosts: guard::Hosts,
    requests: Semaphore,
    waits: Semaphore,
    streams: Arc<Semaphore>,
}

type Shared<T> = Arc<Api<T>>;

/// Makes the API's routes over the running service.
pub fn router<T: Till>(till: T, settings: &ApiSettings) -> Router {
    let api = Arc::new(Api {
        till,
        access: access::Access::new(settings),
        hosts: guard::Hosts::new(settings),
        requests: Semaphore::new(REQUESTS_MAX),
        waits: Semaphore::new(WAITS_MAX),
        streams: Arc::new(Semaphore::new(STREAMS_MAX)),
    });
    let known_callers = Router::new()
        .route("/v1/lanes", get(lanes::all::<T>))
        .route("/v1/lanes/{lane}", get(lanes::one::<T>))
        .route("/v1/lanes/{lane}/tenders", post(tenders::create::<T>))
        .route("/v1/tenders", get(tenders::list::<T>))
        .route("/v1/tenders/{id}", get(tenders::one::<T>))
        .route("/v1/tenders/{id}/code", post(tenders::code::<T>))
        .route("/v1/tenders/{id}/cancel", post(tenders::cancel::<T>))
        .route("/v1/tenders/{id}/extend", post(tenders::extend::<T>))
        .route(
            "/v1/tenders/{id}/acknowledge",
            post(tenders::acknowledge::<T>),
        )
        .route("/v1/tenders/{id}/qr.svg", get(tenders::shown::<T>))
        .route("/v1/tenders/{id}/refunds", post(refunds::create::<T>))
        .route("/v1/refunds/{id}", get(refunds::one::<T>))
        .route("/v1/obligations", get(obligations::list::<T>))
        .route("/v1/obligations/{id}/close", post(obligations::close::<T>))
        .route("/v1/events", get(events::follow::<T>))
        .route("/metrics", get(lanes::metrics::<T>))
        .route_layer(from_fn_with_state(api.clone(), access::authenticate::<T>));
    let anyone = Router::new()
        .route(
            "/v1/session",
            get(session::show::<T>)
                .post(session::sign_in::<T>)
                .delete(session::sign_out::<T>),
        )
        .route("/healthz", get(lanes::alive))
        .route("/readyz", get(lanes::ready::<T>));
    Router::new()
        .merge(known_callers)
        .merge(anyone)
        .merge(page::routes(settings.language.tag()))
        .with_state(api.clone())
        .layer(from_fn_with_state(api, guard::admit::<T>))
        .layer(from_fn(problem::dress))
}
