//! One HTTP client per gateway, and what became of a request.
//!
//! Two questions matter more here than speed: can a byte of the request have
//! left, and can it have left twice? The answers were read in the sources of
//! reqwest 0.13.5, hyper-util 0.1.21 and hyper 1.12.0:
//!
//! - *No byte left.* `reqwest::Error::is_connect` is true when the chain holds a
//!   `hyper_util::client::legacy::Error` of the kind `Connect`. It is made in
//!   `connect_to` from the connector's error only, that is before there is a
//!   connection to write to (name, TCP, TLS handshake, connect timeout), and
//!   around pool checkouts that never yielded a connection. An error after the
//!   request was handed to a connection is `SendRequest` or `Canceled`. TLS early
//!   data is off, so that no handshake carries request bytes. Everything else
//!   counts as *may have left*, our own time limit included.
//! - *Never twice.* hyper-util sends a request again (it cannot be told not to)
//!   when a reused connection hands it back. Over HTTP/1 hyper hands back only
//!   what still stood in the connection's queue (`Client::recv_msg` and the drop
//!   of `Envelope`); once the dispatcher took it out to write it, the error
//!   carries no message and nothing is repeated. HTTP/2, where the rules differ,
//!   is compiled out and switched off, reqwest's own retries and redirects too.
//!
//! A future that is dropped at its limit takes its connection with it: a late
//! answer can never be read as the answer to the next request.

use super::Request;
use super::clock::ClockOffset;
use crate::domain::Timestamp;
use jiff::SignedDuration;
use reqwest::header::{DATE, HeaderMap};
use reqwest::{Client, Method, Url};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Answers of the calls we make are below 4 KiB.
const BODY_MAX: usize = 256 * 1024;
/// Name, TCP and TLS together. Below the 5 s after which a lane says *checking*.
const LIMIT_CONNECT: Duration = Duration::from_secs(3);
/// Data that nobody acknowledged for so long ends the connection.
const LIMIT_UNACKNOWLEDGED: Duration = Duration::from_secs(10);
/// Idle connections are dropped before common servers drop them (60 s and 75 s).
const IDLE_MAX: Duration = Duration::from_secs(50);
/// A connection used so lately needs no warming.
const WARM_FOR: Duration = Duration::from_secs(20);
/// A warm-up that takes longer is given up.
const LIMIT_WARM: Duration = Duration::from_secs(5);

/// The client.
pub(super) struct Http {
    client: Client,
    clock: fn() -> Timestamp,
    offset: ClockOffset,
    used: Mutex<Option<Instant>>,
}

/// An HTTP answer, whole, of at most [`BODY_MAX`].
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// What was downloaded.
pub(super) enum Download {
    /// So many bytes were written.
    File(u64),
    /// No file came, but this.
    Reply(Reply),
}

/// Why nothing was.
#[derive(Debug)]
pub(super) enum DownloadError {
    Call(Failure),
    Write(std::io::Error),
}

impl Request {
    fn post_to(mut self, url: Url) -> reqwest::Request {
        let mut request = reqwest::Request::new(Method::POST, url);
        *request.headers_mut() = self.headers;
        *request.body_mut() = Some(std::mem::take(&mut *self.body).into());
        request
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Connecting failed: no byte of the request left.
    NotSent,
    /// The time is over.
    Timeout,
    /// The connection failed, or what came is not HTTP.
    Broken,
    /// The body is too large.
    TooLarge,
}

/// A smaller offset may come from the header's whole seconds and a slow answer.
const OFFSET_USED: SignedDuration = SignedDuration::from_secs(30);

impl Http {
    /// Makes the client for one gateway.
    pub(super) fn new(base: &Url, clock: fn() -> Timestamp) -> Result<Self, reqwest::Error> {
        let secure = base.scheme() == "https";
        let mut builder = Client::builder()
            .user_agent(concat!("qrpayd/", env!("CARGO_PKG_VERSION")))
            .http1_only()
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .https_only(secure)
            .no_proxy() // the environment must not be able to reroute payments
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(LIMIT_CONNECT)
            .pool_idle_timeout(IDLE_MAX)
            .tcp_nodelay(true)
            .tcp_user_timeout(LIMIT_UNACKNOWLEDGED);
        if !secure {
            // Loopback only (see `Address`): no trust store is loaded, and the
            // name cannot be pointed elsewhere.
            let loopback = [
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ];
            builder = builder
                .tls_certs_only([])
                .resolve_to_addrs("localhost", &loopback.map(|ip| SocketAddr::new(ip, 0)));
        }
        Ok(Self {
            client: builder.build()?,
            clock,
            offset: ClockOffset::default(),
            used: Mutex::new(None),
        })
    }

    /// Sends a POST once and reads its whole answer, within `limit`.
    pub(super) async fn post(
        &self,
        url: Url,
        asked: Request,
        limit: Duration,
    ) -> Result<Reply, Failure> {
        self.exchange(asked.post_to(url), limit).await
    }

    /// Sends a POST once and writes its answer to `file`, if `is_file` says of its headers
    /// that it is one; any other answer is read as in [`Self::post`]. For what may be
    /// large: at most `size_max` bytes within `limit`.
    pub(super) async fn download(
        &self,
        url: Url,
        asked: Request,
        limit: Duration,
        is_file: fn(&HeaderMap) -> bool,
        file: &mut (dyn Write + Send),
        size_max: u64,
    ) -> Result<Download, DownloadError> {
        let answer = tokio::time::timeout(limit, async {
            let mut response = { self.client.execute(asked.post_to(url)).await }
                .map_err(|error| DownloadError::Call(failure(error)))?;
            if response.status().as_u16() != 200 || !is_file(response.headers()) {
                let reply = read(response).await.map_err(DownloadError::Call)?;
                return Ok(Download::Reply(reply));
            }
            let mut size = 0;
            let broken = |_| DownloadError::Call(Failure::Broken);
            while let Some(chunk) = response.chunk().await.map_err(broken)? {
                size += chunk.len() as u64;
                if size > size_max {
                    return Err(DownloadError::Call(Failure::TooLarge));
                }
                file.write_all(&chunk).map_err(DownloadError::Write)?;
            }
            Ok(Download::File(size))
        });
        answer
            .await
            .unwrap_or(Err(DownloadError::Call(Failure::Timeout)))
    }

    /// Leaves an open connection in the pool, unless one was used lately.
    ///
    /// reqwest has no way to connect without a request, so this is a plain GET
    /// without a signature; whatever the server says is read and thrown away.
    pub(super) async fn warm(&self, url: Url) {
        if self.used().is_some_and(|used| used.elapsed() < WARM_FOR) {
            return;
        }
        let request = reqwest::Request::new(Method::GET, url);
        let outcome = self.exchange(request, LIMIT_WARM).await;
        tracing::debug!(reached = outcome.is_ok(), "connection warmed");
    }

    /// How far the gateway's clock is ahead of ours.
    pub(super) fn clock_offset(&self) -> Option<SignedDuration> {
        self.offset.get()
    }

    /// The time for a request that must not be refused for a wrong clock of ours:
    /// enquiries, reversals and refunds go on while the box's clock is off.
    pub(super) fn corrected_time(&self) -> Timestamp {
        self.corrected((self.clock)())
    }

    /// A time of ours, as the gateway's clock says it.
    pub(super) fn corrected(&self, ours: Timestamp) -> Timestamp {
        match self.offset.get() {
            Some(offset) if offset.abs() >= OFFSET_USED => {
                let millis = i64::try_from(offset.as_millis()).unwrap_or(0);
                Timestamp(ours.0.saturating_add(millis))
            }
            _ => ours,
        }
    }

    async fn exchange(&self, request: reqwest::Request, limit: Duration) -> Result<Reply, Failure> {
        let answer = tokio::time::timeout(limit, async {
            let asked = ((self.clock)(), Instant::now());
            let response = self.client.execute(request).await.map_err(failure)?;
            if let Some(date) = response.headers().get(DATE).and_then(|d| d.to_str().ok()) {
                self.offset.learn(date, asked.0, asked.1.elapsed());
            }
            read(response).await
        });
        let answer = answer.await.unwrap_or(Err(Failure::Timeout));
        *self
            .used
            .lock()
            .unwrap_or_else(|broken| broken.into_inner()) = answer.is_ok().then(Instant::now);
        answer
    }

    fn used(&self) -> Option<Instant> {
        *self
            .used
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
    }
}

async fn read(mut response: reqwest::Response) -> Result<Reply, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Failure::Broken)? {
        if body.len() + chunk.len() > BODY_MAX {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply {
        status: response.status().as_u16(),
        headers: std::mem::take(response.headers_mut()),
        body,
    })
}

fn failure(error: reqwest::Error) -> Failure {
    if error.is_connect() {
        Failure::NotSent
    } else if error.is_timeout() {
        Failure::Timeout
    } else {
        Failure::Broken
    }
}

#[cfg(test)]
pub(crate) mod tests;
