//! Slow peers, and the end of the service.

use super::json;
use crate::api::serve::{Patience, serve_with};
use crate::api::tests::fake::{FakeTill, Site};
use crate::api::{ApiSettings, router};
use crate::domain::Language;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::Instant;

const SHORT: Patience = Patience {
    idle: Duration::from_millis(300),
    head: Duration::from_millis(150),
    stall: Duration::from_millis(200),
    farewell: Duration::from_secs(5),
};

async fn impatient() -> (FakeTill, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = ApiSettings {
        listen: address,
        tokens: Vec::new(),
        hosts: Vec::new(),
        language: Language::English,
    };
    let till = FakeTill::new();
    let routes = router(till.clone(), &settings);
    tokio::spawn(serve_with(listener, routes, std::future::pending(), SHORT));
    (till, address)
}

fn head(address: SocketAddr, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n")
}

/// Reads until the end, which must come; an end by reset is an end.
async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes);
    let _ = tokio::time::timeout(Duration::from_secs(20), end)
        .await
        .expect("the connection was not ended");
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_silent_connection_ends() {
    let (_till, address) = impatient().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let start = Instant::now();
    assert_eq!(read_to_end(&mut stream).await, "");
    assert!(start.elapsed() >= Duration::from_millis(250));

    // The same between two requests.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(head(address, "/healthz").as_bytes())
        .await
        .unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.ends_with(r#"{"alive":true}"#), "{answer}");
}

#[tokio::test]
async fn a_trickled_head_ends() {
    let (_till, address) = impatient().await;
    let (mut reader, mut writer) = TcpStream::connect(address).await.unwrap().into_split();
    let trickle = tokio::spawn(async move {
        for byte in head(address, "/healthz").into_bytes() {
            if writer.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut bytes = Vec::new();
    let _ = reader.read_to_end(&mut bytes).await;
    assert_eq!(bytes, b"");
    trickle.abort();
}

#[tokio::test]
async fn a_wait_and_a_stream_outlive_the_idle_limit() {
    let (till, address) = impatient().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(head(address, "/v1/events").as_bytes())
        .await
        .unwrap();
    tokio::time::sleep(SHORT.idle * 3).await;
    till.happen("verdict_given");
    let mut text = String::new();
    while !text.contains("event: verdict_given") {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).await.unwrap();
        assert_ne!(count, 0, "the stream was cut: {text}");
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_cut_off() {
    let (till, address) = impatient().await;
    for _ in 0..40_000 {
        till.happen("attempt_waiting");
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    stream
        .write_all(head(address, "/v1/events?after=0").as_bytes())
        .await
        .unwrap();
    // Far more than the kernel's buffers hold waits behind this reader.
    tokio::time::sleep(SHORT.stall * 5).await;
    let text = read_to_end(&mut stream).await;
    assert!(!text.contains("id: 40000\n"));
}

#[tokio::test]
async fn an_oversized_or_broken_body_without_a_length_is_refused() {
    let (_till, address) = impatient().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let start = format!(
        "POST /v1/lanes/1/tenders HTTP/1.1\r\nhost: {address}\r\nidempotency-key: k\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n5000\r\n"
    );
    stream.write_all(start.as_bytes()).await.unwrap();
    let _ = stream.write_all(&[b' '; 0x5000]).await;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\"code\":\"body_too_large\""), "{answer}");
}

#[tokio::test]
async fn waits_and_streams_end_with_the_service() {
    let mut site = Site::open().await;
    site.tender("k1").await;
    let waiting = tokio::spawn(json(site.get("/v1/tenders/t1?wait=120")));
    let mut stream = site.get("/v1/events").send().await.unwrap();
    // One answer later the wait, which was sent before, is at work.
    assert_eq!(json(site.get("/healthz")).await.0, 200);
    let start = Instant::now();
    site.stop();
    while stream.chunk().await.unwrap().is_some() {}
    let (status, tender) = waiting.await.unwrap();
    assert_eq!((status, &tender["state"]), (200, &"armed".into()));
    (&mut site.server).await.unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(4));
    assert!(TcpStream::connect(site.address).await.is_err());
}

#[tokio::test]
async fn waits_are_limited_and_leave_room_for_the_others() {
    let site = Site::open().await;
    site.tender("k1").await;
    let wait = || tokio::spawn(json(site.get("/v1/tenders/t1?wait=120")));
    let mut waits: Vec<_> = (0..120).map(|_| wait()).collect();
    let full = async {
        loop {
            // One that gets a place keeps it.
            let mut next = wait();
            match tokio::time::timeout(Duration::from_millis(100), &mut next).await {
                Ok(answer) => return answer.unwrap().0,
                Err(_) => waits.push(next),
            }
        }
    };
    let full = tokio::time::timeout(Duration::from_secs(20), full);
    assert_eq!(full.await.unwrap(), 503);
    assert!(waits.len() >= 128, "{}", waits.len());
    assert_eq!(json(site.get("/healthz")).await.0, 200);
    assert_eq!(json(site.get("/v1/tenders/t1")).await.0, 200);
    site.till.decide("t1", "paid");
    for wait in waits {
        assert_eq!(wait.await.unwrap().0, 200);
    }
}
