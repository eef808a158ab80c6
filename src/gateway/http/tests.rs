#![allow(clippy::unwrap_used)]

mod tls;

use super::*;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// What a server does with the next request, once it has read it whole.
pub(crate) enum Do {
    /// Writes these bytes and keeps the connection.
    Answer(String),
    /// Writes these bytes and closes the connection; see [`Server::closed`].
    AnswerAndClose(String),
    /// Writes nothing and keeps the connection.
    Hang,
}

/// A server of a few lines on a free port. It records what it reads.
pub(crate) struct Server {
    pub(crate) url: Url,
    script: Arc<Mutex<VecDeque<Do>>>,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<Mutex<usize>>,
    closed: Arc<Semaphore>,
}

impl Server {
    pub(crate) async fn start(script: impl IntoIterator<Item = Do>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self {
            url: Url::parse(&format!("http://localhost:{port}/sgs/api")).unwrap(),
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            requests: Arc::default(),
            connections: Arc::default(),
            closed: Arc::new(Semaphore::new(0)),
        };
        let script = server.script.clone();
        let requests = server.requests.clone();
        let connections = server.connections.clone();
        let closed = server.closed.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *connections.lock().unwrap() += 1;
                tokio::spawn(converse(
                    stream,
                    script.clone(),
                    requests.clone(),
                    closed.clone(),
                ));
            }
        });
        server
    }

    /// Every request that was read, whole.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until a connection is closed from both ends: the client knows it then.
    async fn closed(&self) {
        self.closed.acquire().await.unwrap().forget();
    }

    fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

async fn converse(
    mut stream: TcpStream,
    script: Arc<Mutex<VecDeque<Do>>>,
    requests: Arc<Mutex<Vec<String>>>,
    closed: Arc<Semaphore>,
) {
    while let Some(request) = request(&mut stream).await {
        requests.lock().unwrap().push(request);
        let next = script.lock().unwrap().pop_front();
        match next {
            Some(Do::Answer(bytes)) => stream.write_all(bytes.as_bytes()).await.unwrap_or(()),
            Some(Do::AnswerAndClose(bytes)) => {
                let _ = stream.write_all(bytes.as_bytes()).await;
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
                closed.add_permits(1);
                return;
            }
            Some(Do::Hang) | None => {
                std::future::pending::<()>().await;
            }
        }
    }
}

async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return Some(text);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// An HTTP answer with this status line, these further headers and this body.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

fn clock() -> Timestamp {
    Timestamp(1_795_155_300_500) // 2026-11-20T06:15:00.5Z
}

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(100);

async fn post(http: &Http, url: &Url, limit: Duration) -> Result<(u16, String), Failure> {
    let request = Request {
        headers: HeaderMap::new(),
        body: zeroize::Zeroizing::new(b"{}".to_vec()),
    };
    let reply = http.post(url.clone(), request, limit).await?;
    Ok((reply.status, String::from_utf8(reply.body).unwrap()))
}

/// One call to a server that does this; the server must see it once.
async fn once(what: Do, limit: Duration) -> Result<(u16, String), Failure> {
    let server = Server::start([what]).await;
    let http = Http::new(&server.url, clock).unwrap();
    let outcome = post(&http, &server.url, limit).await;
    assert_eq!(server.requests().len(), 1);
    outcome
}

#[tokio::test]
async fn what_became_of_a_request() {
    let close = |bytes: &str| Do::AnswerAndClose(bytes.to_owned());
    let large = "x".repeat(BODY_MAX + 1);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n",
        large.len()
    );
    let redirect = "Location: /elsewhere\r\n";
    for (what, does, limit, expected) in [
        (
            "answer",
            Do::Answer(answer("200 OK", "", "{}")),
            LONG,
            Ok((200, "{}".to_owned())),
        ),
        (
            "bad gateway",
            Do::Answer(answer("502 Bad Gateway", "", "oops")),
            LONG,
            Ok((502, "oops".to_owned())),
        ),
        (
            "redirect",
            Do::Answer(answer("307 Temporary Redirect", redirect, "")),
            LONG,
            Ok((307, String::new())),
        ),
        (
            "close after the request",
            close(""),
            LONG,
            Err(Failure::Broken),
        ),
        (
            "close inside the answer",
            close("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
            LONG,
            Err(Failure::Broken),
        ),
        (
            "close inside the head",
            close("HTTP/1.1 200 OK\r\nConte"),
            LONG,
            Err(Failure::Broken),
        ),
        (
            "garbage",
            close("\u{1}\u{2}garbage\r\n\r\n"),
            LONG,
            Err(Failure::Broken),
        ),
        ("no answer", Do::Hang, SHORT, Err(Failure::Timeout)),
        (
            "half an answer",
            Do::Answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_owned()),
            SHORT,
            Err(Failure::Timeout),
        ),
        (
            "too large",
            Do::Answer(answer("200 OK", "", &large)),
            LONG,
            Err(Failure::TooLarge),
        ),
        (
            "too large, in chunks",
            Do::Answer(chunked),
            LONG,
            Err(Failure::TooLarge),
        ),
    ] {
        assert_eq!(once(does, limit).await, expected, "{what}");
    }
}

#[tokio::test]
async fn connecting_that_fails_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let closed = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    let http = Http::new(&closed, clock).unwrap();
    assert_eq!(post(&http, &closed, LONG).await, Err(Failure::NotSent));
}

#[tokio::test]
async fn a_failed_tls_handshake_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        heard
    });
    let url = Url::parse(&format!("https://127.0.0.1:{port}/secret-path")).unwrap();
    let http = Http::new(&url, clock).unwrap();
    assert_eq!(post(&http, &url, LONG).await, Err(Failure::NotSent));
    let heard = heard.await.unwrap();
    assert_eq!(heard.first(), Some(&0x16)); // a handshake record
    assert!(!String::from_utf8_lossy(&heard).contains("POST"));
}

/// What may be large goes to its file, within its limit; anything else is an answer.
#[tokio::test]
async fn downloads() {
    let file = "Content-Disposition: attachment\r\n";
    let is_file: fn(&HeaderMap) -> bool = |headers| headers.contains_key("content-disposition");
    for (does, expected) in [
        (
            Do::Answer(answer("200 OK", file, "12345678")),
            Ok((Some(8), "12345678")),
        ),
        (
            Do::Answer(answer("200 OK", file, "123456789")),
            Err(Failure::TooLarge),
        ),
        (Do::Answer(answer("200 OK", "", "{}")), Ok((None, "{}"))),
        (
            Do::Answer(answer("502 Bad Gateway", file, "no")),
            Ok((None, "no")),
        ),
        (Do::AnswerAndClose(String::new()), Err(Failure::Broken)),
    ] {
        let server = Server::start([does]).await;
        let http = Http::new(&server.url, clock).unwrap();
        let request = Request {
            headers: HeaderMap::new(),
            body: zeroize::Zeroizing::new(b"{}".to_vec()),
        };
        let mut written = Vec::new();
        let url = server.url.clone();
        let download = http.download(url, request, LONG, is_file, &mut written, 8);
        let outcome = match download.await {
            Ok(Download::File(size)) => Ok((Some(size), String::from_utf8(written).unwrap())),
            Ok(Download::Reply(reply)) => Ok((None, String::from_utf8(reply.body).unwrap())),
            Err(DownloadError::Call(failure)) => Err(failure),
            Err(DownloadError::Write(error)) => panic!("{error}"),
        };
        assert_eq!(
            outcome,
            expected.map(|(size, text)| (size, text.to_owned()))
        );
    }
}

/// hyper-util repeats what it can prove unsent; once a byte was read by the
/// peer, on a fresh connection or a reused one, nothing may come again.
#[tokio::test]
async fn a_request_that_was_read_is_never_sent_again() {
    let script = [
        Do::Answer(answer("200 OK", "", "1")),
        Do::AnswerAndClose(String::new()),
        Do::Answer(answer("200 OK", "", "3")),
    ];
    let server = Server::start(script).await;
    let http = Http::new(&server.url, clock).unwrap();
    assert_eq!(
        post(&http, &server.url, LONG).await,
        Ok((200, "1".to_owned()))
    );
    assert_eq!(post(&http, &server.url, LONG).await, Err(Failure::Broken));
    assert_eq!((server.requests().len(), server.connections()), (2, 1));
    assert_eq!(
        post(&http, &server.url, LONG).await,
        Ok((200, "3".to_owned()))
    );
    assert_eq!((server.requests().len(), server.connections()), (3, 2));
}

#[tokio::test]
async fn a_connection_that_the_peer_closed_when_idle_costs_nothing() {
    let script = ["1", "2", "3"].map(|body| Do::AnswerAndClose(answer("200 OK", "", body)));
    let server = Server::start(script).await;
    let http = Http::new(&server.url, clock).unwrap();
    for body in ["1", "2", "3"] {
        assert_eq!(
            post(&http, &server.url, LONG).await,
            Ok((200, body.to_owned()))
        );
        server.closed().await;
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 3));
}

#[tokio::test]
async fn a_late_answer_is_not_the_next_ones() {
    let script = [Do::Hang, Do::Answer(answer("200 OK", "", "2"))];
    let server = Server::start(script).await;
    let http = Http::new(&server.url, clock).unwrap();
    assert_eq!(post(&http, &server.url, SHORT).await, Err(Failure::Timeout));
    assert_eq!(
        post(&http, &server.url, LONG).await,
        Ok((200, "2".to_owned()))
    );
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_warm_connection_is_used_and_not_warmed_again() {
    let script = [
        Do::Answer(answer(
            "404 Not Found",
            "Date: Fri, 20 Nov 2026 06:27:00 GMT\r\n",
            "no",
        )),
        Do::Answer(answer("200 OK", "", "2")),
    ];
    let server = Server::start(script).await;
    let http = Http::new(&server.url, clock).unwrap();
    assert_eq!(http.clock_offset(), None);
    assert_eq!(http.corrected_time(), clock());
    http.warm(server.url.clone()).await;
    http.warm(server.url.clone()).await;
    assert_eq!(
        post(&http, &server.url, LONG).await,
        Ok((200, "2".to_owned()))
    );
    assert_eq!((server.requests().len(), server.connections()), (2, 1));
    let warm_up = &server.requests()[0];
    assert!(
        warm_up.starts_with("GET /sgs/api HTTP/1.1\r\n"),
        "{warm_up}"
    );
    let minutes = http.clock_offset().unwrap().as_mins();
    assert!((11..=12).contains(&minutes), "{minutes}");
    let ahead = http.corrected_time().0 - clock().0;
    assert_eq!(ahead / 60_000, minutes);
}
