//! The simulated gateway over raw HTTP, judged by hand-built, hand-signed
//! bodies. The clock stands still unless a test moves it.

#![allow(clippy::unwrap_used)]

mod books;
mod display;
mod faults;
mod gate;
mod notifications;
mod orders;
mod refunds;
mod running;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::signature::{SignatureEncoding, Signer, Verifier};
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;
use crate::simulator::{KeyPairs, generate_keys};

/// The time of the documents' examples.
const NOW: u64 = 1_795_155_300_120;
const PARTNER: &str = "200000909090";
const NUMBER: &str = "S07T03-20261120-0042-1";
const CODE: &str = "20001234T500012345A";

/// Making keys takes a while: once for all tests.
fn keys() -> &'static KeyPairs {
    static KEYS: OnceLock<KeyPairs> = OnceLock::new();
    KEYS.get_or_init(|| generate_keys().unwrap())
}

/// A merchant at a simulated gateway.
struct Shop {
    gateway: PayBySimulator,
    http: reqwest::Client,
    clock: Arc<AtomicU64>,
}

/// An answer as it came, its signature checked.
struct Reply {
    status: u16,
    text: String,
    /// `None`: no `sign` header.
    verified: Option<bool>,
    headers: reqwest::header::HeaderMap,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    fn code(&self) -> String {
        self.json()["head"]["code"].as_str().unwrap().to_owned()
    }

    fn apply(&self) -> String {
        let value = self.json();
        value["head"]["applyStatus"].as_str().unwrap().to_owned()
    }

    /// The order of a signed answer of success.
    fn order(&self) -> Value {
        assert_eq!(self.status, 200);
        assert_eq!(self.verified, Some(true), "{}", self.text);
        assert_eq!(self.code(), "0", "{}", self.text);
        assert_eq!(self.apply(), "SUCCESS");
        self.json()["body"]["acquireOrder"].clone()
    }

    fn state(&self) -> String {
        self.order()["status"].as_str().unwrap().to_owned()
    }

    /// The code of a signed refusal, which has no body.
    fn refusal(&self) -> String {
        assert_eq!(self.verified, Some(true), "{}", self.text);
        assert!(self.json().get("body").is_none(), "{}", self.text);
        self.code()
    }
}

impl Shop {
    async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut PayBySettings)) -> Self {
        let clock = Arc::new(AtomicU64::new(NOW));
        let hand = clock.clone();
        let mut settings = PayBySettings {
            clock: Arc::new(move || hand.load(Ordering::SeqCst)),
            ..PayBySettings::new(keys())
        };
        change(&mut settings);
        Self {
            gateway: start(settings).await.unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            clock,
        }
    }

    /// Lets simulated time pass.
    fn pass(&self, millis: u64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
        // Looking is what makes things happen.
        self.gateway.set_clock_offset(0);
    }

    fn time(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }

    /// Posts a body as it stands.
    fn post(&self, path: &str, body: &str) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}/acquire2/{path}", self.gateway.base_url()))
            .header("Content-Type", "application/json")
            .header("Partner-Id", PARTNER)
            .header("sign", sign(body.as_bytes()))
            .body(body.to_owned())
    }

    async fn try_call(&self, path: &str, content: &Value) -> Result<Reply, reqwest::Error> {
        let body = json!({"requestTime": self.time(), "bizContent": content}).to_string();
        receive(self.post(path, &body)).await
    }

    async fn call(&self, path: &str, content: &Value) -> Reply {
        self.try_call(path, content).await.unwrap()
    }

    async fn place(&self, number: &str, code: &str, amount: &str) -> Reply {
        self.call("placeOrder", &self.order(number, code, amount))
            .await
    }

    /// The fields of an order; `amount` is the JSON number's own text.
    fn order(&self, number: &str, code: &str, amount: &str) -> Value {
        json!({
            "merchantOrderNo": number,
            "subject": "Till 3 sale 0042",
            "totalAmount": {"currency": "AED", "amount": serde_json::from_str::<Value>(amount).unwrap()},
            "paySceneCode": "QRPAY",
            "paySceneParams": {"authCode": code},
            "expiredTime": NOW + 120_000,
        })
    }

    async fn get(&self, number: &str) -> Reply {
        self.call("getOrder", &json!({"merchantOrderNo": number}))
            .await
    }

    async fn cancel(&self, number: &str) -> Reply {
        self.call("cancelOrder", &json!({"merchantOrderNo": number}))
            .await
    }

    async fn revoke(&self, number: &str) -> Reply {
        self.call("revokeOrder", &json!({"merchantOrderNo": number}))
            .await
    }

    fn kept(&self, number: &str) -> u64 {
        self.gateway.order(number).unwrap().kept()
    }

    fn rules(&self) -> Vec<Rule> {
        let found = self.gateway.violations();
        found.iter().map(|violation| violation.rule).collect()
    }
}

async fn receive(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    let verified = headers
        .get("sign")
        .map(|sign| verifies(text.as_bytes(), sign.to_str().unwrap()));
    Ok(Reply {
        status,
        text,
        verified,
        headers,
    })
}

/// Signs as a merchant does.
fn sign(body: &[u8]) -> String {
    static KEY: OnceLock<SigningKey<Sha256>> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        SigningKey::new(RsaPrivateKey::from_pkcs8_pem(&keys().merchant_private_pem).unwrap())
    });
    STANDARD.encode(key.sign(body).to_bytes())
}

/// Checks as a merchant does.
fn verifies(body: &[u8], sign: &str) -> bool {
    let key = RsaPublicKey::from_public_key_pem(&keys().gateway_public_pem).unwrap();
    let raw = STANDARD.decode(sign).unwrap();
    let signature = Signature::try_from(raw.as_slice()).unwrap();
    let key: VerifyingKey<Sha256> = VerifyingKey::new(key);
    key.verify(body, &signature).is_ok()
}
