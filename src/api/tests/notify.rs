//! The door for gateways: what is let in, what is refused, and how much at once.

use super::fake::FakeTill;
use super::{json, problem};
use crate::api::{notify_router, serve};
use crate::service::Trouble;
use reqwest::RequestBuilder;
use std::net::SocketAddr;

struct Door {
    till: FakeTill,
    address: SocketAddr,
    http: reqwest::Client,
}

impl Door {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let till = FakeTill::new();
        let router = notify_router(till.clone());
        tokio::spawn(serve(listener, router, std::future::pending()));
        Self {
            till,
            address,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn bring(&self, gateway: &str, sign: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        let url = format!("http://{}/notify/{gateway}", self.address);
        let request = self.http.post(url).body(body);
        match sign {
            "" => request,
            sign => request.header("sign", sign),
        }
    }
}

#[tokio::test]
async fn what_is_signed_is_acknowledged_in_the_gateways_words() {
    let door = Door::open().await;
    // No token, any host, any content type: only the signature counts.
    let answer = door
        .bring("payby", "good", "{\"a\": 1}")
        .header("host", "pay.example.com")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/plain");
    assert_eq!(answer.text().await.unwrap(), "success");
    assert_eq!(
        door.till.memory().calls,
        ["notified payby {\"a\": 1}"],
        "every byte as it came"
    );
}

#[tokio::test]
async fn what_is_not_is_refused_and_what_cannot_be_stored_comes_again() {
    let door = Door::open().await;
    for (gateway, sign, status, code) in [
        ("payby", "", 403, "not_signed"),
        ("payby", "odd", 422, "bad_notification"),
        ("nobody", "good", 404, "no_such_path"),
    ] {
        let refused = problem(door.bring(gateway, sign, "{}")).await;
        assert_eq!(refused, (status, code.to_owned()));
    }
    door.till.fail_with(Trouble::Busy);
    let (status, _) = json(door.bring("payby", "good", "{}")).await;
    assert_eq!(status, 503);
    let too_large = "x".repeat(64 * 1024 + 1);
    let refused = problem(door.bring("payby", "good", too_large)).await;
    assert_eq!(refused, (413, "body_too_large".to_owned()));
    assert_eq!(door.till.memory().calls, [] as [&str; 0]);
    // Nothing else is behind this door.
    let url = format!("http://{}/v1/lanes", door.address);
    let refused = problem(door.http.get(url)).await;
    assert_eq!(refused, (404, "no_such_path".to_owned()));
}

#[tokio::test]
async fn a_flood_is_held_back() {
    let door = Door::open().await;
    let mut statuses = Vec::new();
    for _ in 0..1000 {
        let answer = door.bring("payby", "", "{}").send().await.unwrap();
        statuses.push(answer.status().as_u16());
        if statuses.contains(&429) {
            break;
        }
    }
    let passed = statuses.iter().filter(|status| **status == 403).count();
    assert!((200..1000).contains(&passed), "{passed}");
    assert_eq!(statuses.last(), Some(&429));
}
