//! A service that gives the answers a test lays out, and remembers the calls.

#![allow(clippy::unwrap_used)]

use super::client::Connection;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

/// Answers by `METHOD /path`; the last one of a call stays.
type Answers = BTreeMap<String, VecDeque<(u16, Value)>>;

pub(super) struct Desk {
    pub(super) connection: Connection,
    answers: Arc<Mutex<Answers>>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Desk {
    pub(super) async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = format!("http://{}/", listener.local_addr().unwrap());
        let answers: Arc<Mutex<Answers>> = Arc::default();
        let calls: Arc<Mutex<Vec<String>>> = Arc::default();
        let (asked, heard) = (answers.clone(), calls.clone());
        let answer = move |request: Request| {
            let (asked, heard) = (asked.clone(), heard.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body: Bytes = to_bytes(body, 65_536).await.unwrap();
                let header = |name| {
                    parts
                        .headers
                        .get(name)
                        .map(|v| v.to_str().unwrap().to_owned())
                };
                let call = format!("{} {}", parts.method, parts.uri);
                let said = [
                    Some(call.clone()),
                    header("idempotency-key").map(|key| format!("key={key}")),
                    header("authorization"),
                    (!body.is_empty()).then(|| String::from_utf8(body.to_vec()).unwrap()),
                ];
                let said: Vec<String> = said.into_iter().flatten().collect();
                heard.lock().unwrap().push(said.join(" "));
                let mut asked = asked.lock().unwrap();
                let unknown = (404, problem(404, "no_such_path"));
                let (status, body) = match asked.get_mut(&call) {
                    Some(queue) if queue.len() > 1 => queue.pop_front().unwrap(),
                    Some(queue) => queue.front().cloned().unwrap_or(unknown),
                    None => unknown,
                };
                (StatusCode::from_u16(status).unwrap(), body.to_string())
            }
        };
        let router: Router = Router::new().fallback(answer);
        tokio::spawn(axum::serve(listener, router).into_future());
        Self {
            connection: Connection {
                api,
                token_file: None,
            },
            answers,
            calls,
        }
    }

    /// Lays out one more answer to a call.
    pub(super) fn answer(&self, call: &str, status: u16, body: Value) -> &Self {
        let mut answers = self.answers.lock().unwrap();
        let queue = answers.entry(call.to_owned()).or_default();
        queue.push_back((status, body));
        self
    }

    /// The calls that came, each with its key, token and body.
    pub(super) fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

pub(super) fn problem(status: u16, code: &str) -> Value {
    json!({ "status": status, "code": code, "detail": format!("it is {code}"), "tender": "t9" })
}

/// A tender of 37.50 AED on lane 1.
pub(super) fn tender(state: &str, verdict: Option<&str>) -> Value {
    json!({
        "id": "t1", "lane": "1", "sale": "A-1", "amount": "37.50", "currency": "AED",
        "state": state, "verdict": verdict, "money": "none", "attempts": [],
        "refunds": [], "refundable": "0.00", "display": null,
        "reason": verdict.map(|verdict| json!({ "code": verdict, "text": "because" })),
        "created": "2026-03-01T10:00:00.000Z",
    })
}
