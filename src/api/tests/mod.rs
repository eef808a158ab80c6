//! The API over a real socket and a till that does as it is told.

#![allow(clippy::unwrap_used)]

mod calls;
mod connections;
mod doors;
mod fake;
mod money;
mod notify;
mod stream;

use serde_json::Value;

/// Status and body of an answer, which must be JSON.
async fn json(answer: reqwest::RequestBuilder) -> (u16, Value) {
    read(answer.send().await.unwrap()).await
}

async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    (status, value)
}

/// Status and code of an answer, which must be a whole problem document.
async fn problem(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "application/problem+json",
        "{answer:?}"
    );
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let (status, body) = read(answer).await;
    let code = body["code"].as_str().unwrap().to_owned();
    assert_eq!(body["status"], status);
    assert_eq!(body["type"], format!("urn:qrpayd:problem:{code}"));
    assert_eq!(body["title"], code.replace('_', " "));
    assert!(body["detail"].as_str().unwrap().len() > 8, "{body}");
    (status, code)
}
