//! Every error is a problem document (RFC 9457), with a stable `code` for
//! programs and a `detail` that a person can act on.

use crate::domain::Denial;
use crate::service::Trouble;
use crate::service::view::verdict_word;
use axum::extract::Request;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A problem on its way out.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// Members beyond the standard ones: the tender in the way, the field at fault.
    more: BTreeMap<&'static str, String>,
    retry_after: Option<u64>,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(flatten)]
    more: &'a BTreeMap<&'static str, String>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            more: BTreeMap::new(),
            retry_after: None,
        }
    }

    /// A value that came in is wrong; says which.
    pub(super) fn field(code: &'static str, field: &'static str, detail: impl ToString) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail.to_string()).with("field", field)
    }

    /// Too much is asked at once.
    pub(super) fn busy(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(1)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.more.insert(name, value.to_string());
        self
    }

    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            kind: format!("urn:qrpayd:problem:{}", self.code),
            title: self.code.replace('_', " "),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            more: &self.more,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"qrpayd\""),
            );
        }
        response
    }
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        let status = match denial {
            Denial::NoLane(_) | Denial::NoTender | Denial::NoObligation => StatusCode::NOT_FOUND,
            Denial::BadText(..)
            | Denial::NoRefunds
            | Denial::PartialRefund
            | Denial::OverRefundable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Denial::NotPaid(_)
            | Denial::AlreadyReturned(_)
            | Denial::RefundKeyReused(_)
            | Denial::TooManyRefunds(_)
            | Denial::RefundWindowOver
            | Denial::NotParkable
            | Denial::NotParked
            | Denial::Parked(_) => StatusCode::CONFLICT,
            Denial::NoGateway
            | Denial::ZeroAmount
            | Denial::OtherCurrency
            | Denial::OverCeiling(_)
            | Denial::ModeUnsupported => StatusCode::UNPROCESSABLE_ENTITY,
            Denial::KeyReused(_)
            | Denial::LaneBusy(_)
            | Denial::SaleBusy(_)
            | Denial::SalePaid(_)
            | Denial::NotArmed
            | Denial::Paying(_)
            | Denial::Done(..)
            | Denial::CodeInProcess
            | Denial::CodeUsed
            | Denial::NotExtendable
            | Denial::NoVerdict => StatusCode::CONFLICT,
        };
        let problem = Self::new(status, denial.code(), denial.to_string());
        match denial {
            Denial::KeyReused(tender)
            | Denial::LaneBusy(tender)
            | Denial::SaleBusy(tender)
            | Denial::SalePaid(tender)
            | Denial::Paying(tender)
            | Denial::NotPaid(tender)
            | Denial::AlreadyReturned(tender) => problem.with("tender", tender),
            Denial::RefundKeyReused(refund) => problem.with("refund", refund),
            Denial::OverRefundable(left) => problem.with("refundable", left.decimal()),
            Denial::BadText(field, _) => problem.with("field", field),
            Denial::Done(tender, verdict) => problem
                .with("tender", tender)
                .with("verdict", verdict_word(verdict)),
            Denial::OverCeiling(ceiling) => problem.with("ceiling", ceiling.decimal()),
            _ => problem,
        }
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Denied(denial) => denial.into(),
            Trouble::NotACode { reason, text } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_a_code", text)
                    .with("reason", reason)
            }
            Trouble::NoGatewayForCode { text } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "no_gateway_for_code",
                text,
            ),
            Trouble::NeedsManager(limit) => {
                let detail = match limit {
                    Some(limit) => format!(
                        "without a manager at most {limit} of a payment can be refunded on this lane"
                    ),
                    None => "a refund on this lane needs a manager".to_owned(),
                };
                let problem = Self::new(StatusCode::FORBIDDEN, "needs_manager", detail);
                match limit {
                    Some(limit) => problem.with("limit", limit.decimal()),
                    None => problem,
                }
            }
            Trouble::Busy => Self::busy("too much is asked at once; ask again shortly"),
            Trouble::Unavailable(text) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text).retry_after(5)
            }
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_query", rejection.body_text())
    }
}

/// Gives every answer its security headers, and every error that the framework
/// made by itself (unknown path, wrong method) the form of a problem.
pub(super) async fn dress(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let status = response.status();
    let is_problem = response.headers().get(header::CONTENT_TYPE) == Some(&MEDIA_TYPE);
    if (status.is_client_error() || status.is_server_error()) && !is_problem {
        let mut problem = foreign(status, &path).into_response();
        if let Some(allow) = response.headers_mut().remove(header::ALLOW) {
            problem.headers_mut().insert(header::ALLOW, allow);
        }
        response = problem;
    }
    for (name, value) in SECURITY_HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn foreign(status: StatusCode, path: &str) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::new(
            status,
            "no_such_path",
            format!("there is nothing at {path}; docs/api.md lists the calls"),
        ),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            status,
            "method_not_allowed",
            "this path takes other methods; see the Allow header",
        ),
        _ if status.is_server_error() => {
            Problem::new(status, "internal", "the service failed inside; see its log")
        }
        _ => Problem::new(status, "bad_request", "the request cannot be understood"),
    }
}

/// The page runs its own files and nothing else, in no frame, and tells nobody.
const SECURITY_HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];
