//! Speaks to the local API (`docs/api.md`) as any integrator would.
//!
//! A call has one of three ends, and [`CallError`] keeps the two bad ones apart:
//! the service explains a problem, or nobody answered and nothing is known.

use super::chain;
use super::exit::{UNAVAILABLE, USAGE};
use reqwest::{Client, Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// A call must be answered within this long, and a wait this long after its end.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// The longest token file that is read.
const TOKEN_MAX: usize = 1024;

/// Where the service is, and who calls.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Connection {
    /// Address of the service
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8787")]
    pub api: String,
    /// File with the access token (else the one that QRPAYD_TOKEN_FILE names)
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// Why a call brought no answer.
#[derive(Debug)]
pub(super) enum CallError {
    /// The address or the token file is no use.
    Usage(String),
    /// The service explained why not.
    Problem(Problem),
    /// Nobody answered; nothing is known.
    Lost(String),
}

/// A problem document, as far as it is used here.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// A stable word.
    pub code: String,
    /// A sentence.
    pub detail: String,
    /// The tender in the way.
    pub tender: Option<String>,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text),
            Self::Problem(problem) => write!(f, "{} ({})", problem.detail, problem.code),
            Self::Lost(text) => write!(f, "the service was not reached: {text}"),
        }
    }
}

impl std::error::Error for CallError {}

impl CallError {
    /// The exit code that says the same.
    pub(super) fn exit(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Problem(problem) if problem.status >= 500 || problem.status == 429 => UNAVAILABLE,
            Self::Problem(_) => USAGE,
            Self::Lost(_) => UNAVAILABLE,
        }
    }

    /// Whether asking again may help.
    pub(super) fn may_pass(&self) -> bool {
        self.exit() == UNAVAILABLE
    }
}

/// A client of one service.
pub(super) struct Api {
    base: String,
    token: Option<Zeroizing<String>>,
    http: Client,
}

impl Api {
    /// Prepares calls; nothing is sent yet.
    ///
    /// # Errors
    /// When the address is no `http` URL or the token file cannot be used.
    pub(super) fn new(connection: &Connection) -> Result<Self, CallError> {
        let base = connection.api.trim_end_matches('/');
        let url = reqwest::Url::parse(base).ok().filter(|url| {
            ["http", "https"].contains(&url.scheme())
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
        });
        if url.is_none() {
            let text = "--api is an address such as http://127.0.0.1:8787".to_owned();
            return Err(CallError::Usage(text));
        }
        let file = connection
            .token_file
            .clone()
            .or_else(|| std::env::var_os("QRPAYD_TOKEN_FILE").map(PathBuf::from));
        // The service is on this machine or beside it; a proxy would only see the token.
        let http = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .build()
            .map_err(|error| CallError::Usage(format!("cannot prepare HTTP: {error}")))?;
        Ok(Self {
            base: base.to_owned(),
            token: file.map(read_token).transpose()?,
            http,
        })
    }

    /// Reads `path`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        wait: Duration,
    ) -> Result<T, CallError> {
        let request = self.request(Method::GET, path, query)?;
        finish(request.timeout(wait + ANSWER_LIMIT)).await
    }

    /// Asks for something at `path`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<T, CallError> {
        let mut request = self.request(Method::POST, path, &[])?.timeout(ANSWER_LIMIT);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        finish(request).await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<RequestBuilder, CallError> {
        let mut url = reqwest::Url::parse(&format!("{}{path}", self.base))
            .map_err(|error| CallError::Usage(error.to_string()))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token.as_str()),
            None => request,
        })
    }
}

async fn finish<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, CallError> {
    // reqwest's own words say little.
    let lost = |error: reqwest::Error| CallError::Lost(chain(&error.without_url()));
    let answer = request.send().await.map_err(lost)?;
    let status = answer.status();
    let bytes = answer.bytes().await.map_err(lost)?;
    if status.is_success() {
        return serde_json::from_slice(&bytes)
            .map_err(|error| CallError::Lost(format!("the answer has another shape: {error}")));
    }
    Err(match serde_json::from_slice(&bytes) {
        Ok(problem) => CallError::Problem(problem),
        Err(_) => CallError::Lost(format!("HTTP status {status} without a problem document")),
    })
}

/// The name of a thing as one segment of a path.
pub(super) fn segment(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn read_token(path: PathBuf) -> Result<Zeroizing<String>, CallError> {
    let wrong = |text: &str| CallError::Usage(format!("token file {}: {text}", path.display()));
    let bytes = Zeroizing::new(std::fs::read(&path).map_err(|error| wrong(&error.to_string()))?);
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    if text.is_empty() || text.len() > TOKEN_MAX || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(wrong("must hold one token on one line"));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

/// A tender, as far as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Tender {
    /// Its name.
    pub id: String,
    /// Where.
    pub lane: String,
    /// The ticket.
    pub sale: String,
    /// Decimal text.
    pub amount: String,
    /// Three letters.
    pub currency: String,
    /// `armed`, `paying`, `waiting`, `checking` or `done`.
    pub state: String,
    /// `paid`, `not_paid` or `unresolved`.
    pub verdict: Option<String>,
    /// Why.
    pub reason: Option<Reason>,
    /// `none`, `unknown`, `in`, `returning` or `returned`.
    pub money: String,
    /// Its attempts.
    pub attempts: Vec<Attempt>,
    /// How much of it can still be refunded: decimal text.
    pub refundable: String,
    /// The code that is shown, while it can be paid.
    pub display: Option<Display>,
    /// RFC 3339.
    pub created: String,
}

/// Why a tender is where it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Reason {
    /// A stable word.
    pub code: String,
    /// A sentence for the cashier.
    pub text: String,
}

/// A code that the store shows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Display {
    /// What to draw as a QR code.
    pub text: Option<String>,
    /// Somebody has scanned it.
    pub scanned: bool,
}

/// An attempt, as far as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Attempt {
    /// 1, 2, 3 ...
    pub number: u32,
    /// Where it went.
    pub gateway: String,
    /// Whose code.
    pub wallet: Option<String>,
    /// The code, masked; none where the store shows one.
    pub code: Option<String>,
    /// Where it stands.
    pub state: String,
    /// Our number of the order.
    pub order: String,
    /// The gateway's number of the order.
    pub gateway_order: Option<String>,
    /// The gateway's locator for its support.
    pub trace: Option<String>,
}
