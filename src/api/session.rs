//! Sessions of pages: signed in with a token, known by a cookie, in memory only.
//!
//! The cookie cannot be read by scripts and is not sent along by other sites;
//! the session's second value (CSRF) must stand in a header of every call that
//! changes something, and only a page of this origin can have read it.

use super::access::{Caller, sha256};
use super::body::{Input, Shape};
use super::problem::Problem;
use super::{Api, Shared, Till};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use zeroize::Zeroizing;

pub(super) const SESSION_COOKIE: &str = "qrpayd_session";
const CSRF_HEADER: &str = "x-csrf-token";

/// A long shift.
const SESSION_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// Sessions at a time; a further one ends the oldest.
const SESSIONS_MAX: usize = 64;

/// Failed sign-ins within [`FAILURES_SPAN`] before the next must wait.
const FAILURES_MAX: usize = 10;
const FAILURES_SPAN: Duration = Duration::from_secs(60);

struct Session {
    caller: Caller,
    csrf: String,
    opened: Instant,
}

/// The open sessions, by the digest of their ids, and the late failures.
#[derive(Default)]
pub(super) struct Sessions {
    open: Mutex<BTreeMap<[u8; 32], Session>>,
    failures: Mutex<VecDeque<Instant>>,
}

impl Sessions {
    fn open(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Session>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| session.opened.elapsed() < SESSION_LIFE);
        open
    }

    /// The caller of a session; anything but a look needs the second value too.
    pub(super) fn caller(
        &self,
        id: &str,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Caller, Problem> {
        let open = self.open();
        let session = open.get(&sha256(id)).ok_or_else(over)?;
        let given = headers.get(CSRF_HEADER).map_or(&b""[..], |v| v.as_bytes());
        let same = verify_slices_are_equal(session.csrf.as_bytes(), given).is_ok();
        if !method.is_safe() && !same {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "csrf",
                "a call with the session cookie needs the session's csrf value in the header X-CSRF-Token",
            ));
        }
        Ok(session.caller.clone())
    }

    /// Opens a session; returns its id and its second value.
    fn add(&self, caller: Caller) -> Result<(String, String), Problem> {
        let (id, csrf) = (random_text()?, random_text()?);
        let mut open = self.open();
        if open.len() >= SESSIONS_MAX
            && let Some(oldest) = open
                .iter()
                .min_by_key(|(_, session)| session.opened)
                .map(|(id, _)| *id)
        {
            open.remove(&oldest);
        }
        let session = Session {
            caller,
            csrf: csrf.clone(),
            opened: Instant::now(),
        };
        open.insert(sha256(&id), session);
        Ok((id, csrf))
    }

    fn csrf(&self, id: &str) -> Option<String> {
        self.open().get(&sha256(id)).map(|s| s.csrf.clone())
    }

    fn remove(&self, id: &str) {
        self.open().remove(&sha256(id));
    }

    /// Whether the next sign-in may be tried; else how many seconds it must wait.
    fn may_try(&self) -> Result<(), u64> {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|at| at.elapsed() < FAILURES_SPAN);
        match failures.front() {
            Some(first) if failures.len() >= FAILURES_MAX => {
                Err(FAILURES_SPAN.saturating_sub(first.elapsed()).as_secs() + 1)
            }
            _ => Ok(()),
        }
    }

    fn note_failure(&self) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.push_back(Instant::now());
    }
}

fn over() -> Problem {
    let detail = "the session is over; sign in again";
    Problem::new(StatusCode::UNAUTHORIZED, "session_over", detail)
}

fn random_text() -> Result<String, Problem> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| {
        let detail = "the system gives no random numbers";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    })?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    token: String,
}

impl Shape for SignIn {
    const FORM: &'static str = r#"{"token": "..."}"#;
    const SECRET: bool = true;
}

/// A caller as the page sees itself. `csrf` is none when no session is needed.
#[derive(Serialize)]
struct Whoami {
    #[serde(flatten)]
    caller: Caller,
    csrf: Option<String>,
}

pub(super) async fn sign_in<T: Till>(
    State(api): State<Shared<T>>,
    Input(SignIn { token }): Input<SignIn>,
) -> Result<Response, Problem> {
    let api: &Api<T> = &api;
    let token = Zeroizing::new(token);
    let sessions = &api.access.sessions;
    sessions.may_try().map_err(|seconds| {
        let detail = format!("too many failed sign-ins; try again in {seconds} s");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_failures", detail)
            .retry_after(seconds)
    })?;
    let Some(caller) = api.access.owner(&token) else {
        sessions.note_failure();
        tracing::warn!("a sign-in failed: the token is not known");
        let detail = "the token is not known here";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "bad_token", detail));
    };
    let (id, csrf) = sessions.add(caller.clone())?;
    let cookie = format!(
        "{SESSION_COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}",
        SESSION_LIFE.as_secs()
    );
    let csrf = Some(csrf);
    let body = Json(Whoami { caller, csrf });
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], body).into_response())
}

/// Who the caller is: a page that was loaded again learns its second value.
pub(super) async fn show<T: Till>(
    State(api): State<Shared<T>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let caller = api.access.caller(&Method::GET, &headers)?;
    let csrf = cookie(&headers, SESSION_COOKIE).and_then(|id| api.access.sessions.csrf(id));
    Ok(Json(Whoami { caller, csrf }).into_response())
}

pub(super) async fn sign_out<T: Till>(
    State(api): State<Shared<T>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = cookie(&headers, SESSION_COOKIE).ok_or_else(over)?;
    let sessions = &api.access.sessions;
    sessions.caller(id, &Method::DELETE, &headers)?;
    sessions.remove(id);
    let cookie = format!("{SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}
