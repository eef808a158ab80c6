//! Reads a JSON body: small, in time, of the right type, and without a field
//! that nobody asked for.

use super::problem::Problem;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::time::Duration;

/// No call has more to say.
pub(super) const BODY_MAX: usize = 16 * 1024;

/// From the head of a request to the end of its body.
const WAIT_BODY: Duration = Duration::from_secs(10);

/// The body of a call, read as `T`.
pub(super) struct Input<T>(pub(super) T);

impl<T: Shape, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        require_json(request.headers())?;
        let bytes = read_in_time(request, BODY_MAX).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let (status, code) = match error.classify() {
                Category::Data => (StatusCode::UNPROCESSABLE_ENTITY, "bad_body"),
                _ => (StatusCode::BAD_REQUEST, "bad_json"),
            };
            let detail = match T::SECRET {
                false => format!("the body must be {}: {error}", T::FORM),
                // The reader's own words could repeat what it read.
                true => format!("the body must be {}", T::FORM),
            };
            Problem::new(status, code, detail)
        })
    }
}

/// A body that some call takes.
pub(super) trait Shape: DeserializeOwned + Send {
    /// What it looks like, for the complaint when it does not.
    const FORM: &'static str;
    /// Whether what is in it must not be repeated.
    const SECRET: bool = false;
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    match media_type {
        Some(media_type) if media_type.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "bad_content_type",
            "the body must be JSON, with content-type: application/json",
        )),
    }
}

/// Reads a whole body of at most `max` bytes.
pub(super) async fn read_in_time(request: Request, max: usize) -> Result<Vec<u8>, Problem> {
    let read = tokio::time::timeout(WAIT_BODY, read(request, max)).await;
    read.map_err(|_| {
        let detail = format!("the body did not arrive within {} s", WAIT_BODY.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail)
    })?
}

async fn read(request: Request, max: usize) -> Result<Vec<u8>, Problem> {
    let too_large = || {
        let detail = format!("the body may have at most {max} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    };
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > max) {
        return Err(too_large());
    }
    let mut chunks = request.into_body().into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| {
            let detail = "the connection broke inside the body";
            Problem::new(StatusCode::BAD_REQUEST, "bad_body", detail)
        })?;
        if bytes.len() + chunk.len() > max {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
