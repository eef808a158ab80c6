//! Who calls, and what that role may do.
//!
//! Programs carry a bearer token with each call; pages carry the cookie of a
//! session, and with anything but a look also the session's second value. Only
//! digests are kept: of the tokens in the configuration, of the session ids in
//! memory.

use super::problem::Problem;
use super::session::{SESSION_COOKIE, Sessions, cookie};
use super::{ApiSettings, Shared, Till};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// What a caller may do. Each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Takes payments.
    Cashier,
    /// Refunds, and takes over duties.
    Manager,
}

impl Role {
    /// As the configuration writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Cashier => "cashier",
            Self::Manager => "manager",
        }
    }
}

/// A word that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleError;

impl fmt::Display for RoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be \"cashier\", \"manager\" or \"viewer\"")
    }
}

impl std::error::Error for RoleError {}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(word: &str) -> Result<Self, RoleError> {
        match word {
            "viewer" => Ok(Self::Viewer),
            "cashier" => Ok(Self::Cashier),
            "manager" => Ok(Self::Manager),
            _ => Err(RoleError),
        }
    }
}

/// One caller that the configuration knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose it is: the operator of what is done with it.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// What the token is recognised by.
    pub digest: TokenDigest,
}

/// The SHA-256 of a token, read from 64 hexadecimal digits. It prints nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

/// The digest of a token is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestError;

impl fmt::Display for DigestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "must be 64 hexadecimal digits, never the token itself; \
             `printf %s TOKEN | sha256sum` prints them",
        )
    }
}

impl std::error::Error for DigestError {}

impl FromStr for TokenDigest {
    type Err = DigestError;

    fn from_str(hexadecimal: &str) -> Result<Self, DigestError> {
        let digit = |digit: char| u8::try_from(digit.to_digit(16)?).ok();
        let digits: Option<Vec<u8>> = hexadecimal.chars().map(digit).collect();
        let digits = digits.ok_or(DigestError)?;
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        match bytes.try_into() {
            Ok(bytes) if rest.is_empty() => Ok(Self(bytes)),
            _ => Err(DigestError),
        }
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}

pub(super) fn sha256(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    out
}

/// A caller that was let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Caller {
    pub(super) name: String,
    pub(super) role: Role,
}

impl Caller {
    /// Lets this role through, and those above it.
    pub(super) fn must_be(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        let detail = format!(
            "a {} may not do this; this call needs the role {}",
            self.role.name(),
            role.name()
        );
        Err(Problem::new(StatusCode::FORBIDDEN, "role", detail))
    }
}

/// The known tokens and the open sessions.
pub(super) struct Access {
    tokens: Vec<Token>,
    /// Nobody has a token and only this machine can call.
    open: bool,
    pub(super) sessions: Sessions,
}

impl Access {
    pub(super) fn new(settings: &ApiSettings) -> Self {
        Self {
            tokens: settings.tokens.clone(),
            open: settings.tokens.is_empty() && settings.listen.ip().is_loopback(),
            sessions: Sessions::default(),
        }
    }

    /// Whose token it is. Every token is compared, in constant time.
    pub(super) fn owner(&self, token: &str) -> Option<Caller> {
        let given = sha256(token);
        let mut found = None;
        for known in &self.tokens {
            if verify_slices_are_equal(&known.digest.0, &given).is_ok() {
                found = Some(Caller {
                    name: known.name.clone(),
                    role: known.role,
                });
            }
        }
        found
    }

    /// Who calls, by whatever the request carries.
    pub(super) fn caller(&self, method: &Method, headers: &HeaderMap) -> Result<Caller, Problem> {
        let refused =
            |code, detail: &str| Err(Problem::new(StatusCode::UNAUTHORIZED, code, detail));
        if let Some(given) = headers.get(header::AUTHORIZATION) {
            let token = given.to_str().ok().and_then(|text| {
                let (scheme, token) = text.split_once(' ')?;
                scheme
                    .eq_ignore_ascii_case("bearer")
                    .then_some(token.trim())
            });
            return match token.and_then(|token| self.owner(token)) {
                Some(caller) => Ok(caller),
                None => refused("bad_token", "the bearer token is not known here"),
            };
        }
        // Before the cookie: one that another service on this host has set means nothing here.
        if self.open {
            return Ok(Caller {
                name: "loopback".to_owned(),
                role: Role::Cashier,
            });
        }
        if let Some(id) = cookie(headers, SESSION_COOKIE) {
            return self.sessions.caller(id, method, headers);
        }
        refused(
            "unauthorized",
            "send a bearer token, or sign in with POST /v1/session",
        )
    }
}

/// Lets known callers through, each within its role, and keeps a trace of who
/// asked for what.
pub(super) async fn authenticate<T: Till>(
    State(api): State<Shared<T>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = api.access.caller(request.method(), request.headers())?;
    if request.method().is_safe() {
        return Ok(next.run(request).await);
    }
    caller.must_be(Role::Cashier)?;
    let path = request.uri().path().to_owned();
    request.extensions_mut().insert(caller.clone());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    tracing::info!(caller = caller.name, path, status, "call");
    Ok(response)
}
