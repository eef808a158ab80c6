//! Lets a request in, or not, before anybody asks who sent it.
//!
//! A browser on the till may show any web page, and that page's scripts can
//! reach loopback. Three checks keep them out, none of which needs a token:
//! `Host` must be a name of this listener (or a name that an attacker points at
//! 127.0.0.1 would do), `Origin` must be that same host, and `Sec-Fetch-Site`
//! must not say that another site started the request.

use super::problem::Problem;
use super::serve::Link;
use super::{Api, ApiSettings, Shared, Till};
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;

/// The names of this listener, with port, in lower case.
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    pub(super) fn new(settings: &ApiSettings) -> Self {
        let port = settings.listen.port();
        let mut names: Vec<String> = ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .map(|name| format!("{name}:{port}"))
            .collect();
        if !settings.listen.ip().is_unspecified() {
            names.push(settings.listen.to_string());
        }
        for host in &settings.hosts {
            names.push(host.to_ascii_lowercase());
            names.push(format!("{}:{port}", host.to_ascii_lowercase()));
        }
        if port == 80 {
            // Clients leave out the port that the scheme implies.
            let bare: Vec<String> = names
                .iter()
                .filter_map(|name| name.strip_suffix(":80"))
                .map(str::to_owned)
                .collect();
            names.extend(bare);
        }
        Self(names)
    }

    fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let mut given = headers.get_all(header::HOST).iter();
        let host = match (given.next().and_then(|h| h.to_str().ok()), given.next()) {
            (Some(host), None) => host.to_ascii_lowercase(),
            _ => String::new(),
        };
        // An absolute target overrides `Host` (RFC 9112, 3.2.2); both must be ours.
        let named = uri.authority().map(|a| a.as_str().to_ascii_lowercase());
        if !self.0.contains(&host) || named.is_some_and(|name| !self.0.contains(&name)) {
            return Err(Problem::new(
                StatusCode::MISDIRECTED_REQUEST,
                "bad_host",
                "the Host header is none of this listener's names; add it to [api] hosts if it should be",
            ));
        }
        let foreign = |detail: &str| Problem::new(StatusCode::FORBIDDEN, "foreign_origin", detail);
        for origin in headers.get_all(header::ORIGIN) {
            let authority = origin.to_str().ok().and_then(|origin| {
                origin
                    .strip_prefix("http://")
                    .or_else(|| origin.strip_prefix("https://"))
            });
            if authority.is_none_or(|authority| authority.to_ascii_lowercase() != host) {
                return Err(foreign("another web page may not call this service"));
            }
        }
        match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
            None | Some(b"same-origin" | b"none") => Ok(()),
            Some(_) => Err(foreign("the request was started by another site")),
        }
    }
}

/// Checks the names, takes a place among the requests, and tells the connection
/// that it is at work.
pub(super) async fn admit<T: Till>(
    State(api): State<Shared<T>>,
    request: Request,
    next: Next,
) -> Response {
    let api: &Api<T> = &api;
    if let Err(problem) = api.hosts.check(request.uri(), request.headers()) {
        return problem.into_response();
    }
    let Ok(_place) = api.requests.try_acquire() else {
        return Problem::busy("too many requests are at work; ask again shortly").into_response();
    };
    let link = request.extensions().get::<ConnectInfo<Link>>();
    let work = link.map(|ConnectInfo(link)| link.work());
    let response = next.run(request).await;
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    // A stream: its connection is at work until it ends.
    let (parts, body) = response.into_parts();
    let body = body.into_data_stream().map(move |chunk| {
        let _held = &work;
        chunk
    });
    Response::from_parts(parts, Body::from_stream(body))
}
