//! The simulated gateway over raw HTTP, judged by hand-built, hand-signed
//! bodies. The clock stands still unless a test moves it.

#![allow(clippy::unwrap_used)]

mod faults;
mod gate;
mod lists;
mod notifications;
mod orders;
mod refunds;
mod running;
mod signing;

use std::collections::BTreeMap;
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

/// 2026-01-02 03:04:05.678 UTC, as in the documents' examples.
const NOW: u64 = 1_767_323_045_678;
const NUMBER: &str = "T01-20260102-000017";
const CODE: &str = "130000000000000017";

/// Making keys takes a while: once for all tests.
fn keys() -> &'static KeyPairs {
    static KEYS: OnceLock<KeyPairs> = OnceLock::new();
    KEYS.get_or_init(|| generate_keys().unwrap())
}

/// A merchant at a simulated gateway.
struct Shop {
    gateway: CodePaySimulator,
    http: reqwest::Client,
    clock: Arc<AtomicU64>,
}

/// An answer as it came, its signature checked over its text members.
struct Reply {
    status: u16,
    text: String,
    /// `None`: no `sign`.
    verified: Option<bool>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// The `data` of a signed answer of success.
    fn data(&self) -> Value {
        assert_eq!(self.status, 200);
        assert_eq!(self.verified, Some(true), "{}", self.text);
        assert_eq!(self.code(), "0", "{}", self.text);
        serde_json::from_str(self.json()["data"].as_str().unwrap()).unwrap()
    }

    /// The `trans_status`.
    fn state(&self) -> u64 {
        self.data()["trans_status"].as_u64().unwrap()
    }

    /// The code of a signed refusal, which has no `data`.
    fn refusal(&self) -> String {
        assert_eq!(self.verified, Some(true), "{}", self.text);
        assert!(self.json().get("data").is_none(), "{}", self.text);
        let code = self.code();
        let msg = self.json()["msg"].as_str().unwrap().to_owned();
        assert!(msg.starts_with(&format!("[{code}]")), "{msg}");
        code
    }
}

type Fields = BTreeMap<&'static str, String>;

impl Shop {
    async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut CodePaySettings)) -> Self {
        let clock = Arc::new(AtomicU64::new(NOW));
        let hand = clock.clone();
        let mut settings = CodePaySettings {
            clock: Arc::new(move || hand.load(Ordering::SeqCst)),
            ..CodePaySettings::new(keys())
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

    fn fields(&self, method: &str, more: &[(&'static str, &str)]) -> Fields {
        let mut fields = Fields::new();
        let now = self.clock.load(Ordering::SeqCst).to_string();
        for (name, text) in [
            ("app_id", "wz00000000000000aa"),
            ("method", method),
            ("format", "JSON"),
            ("charset", "UTF-8"),
            ("sign_type", "RSA2"),
            ("version", "1.0"),
            ("timestamp", &now),
            ("merchant_no", "300000000001"),
        ]
        .iter()
        .chain(more)
        {
            fields.insert(name, (*text).to_owned());
        }
        fields
    }

    /// Posts a body as it stands.
    fn post(&self, body: String) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}/api/entry", self.gateway.base_url()))
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .body(body)
    }

    async fn try_send(&self, fields: &Fields) -> Result<Reply, reqwest::Error> {
        receive(self.post(signed(fields))).await
    }

    async fn send(&self, fields: &Fields) -> Reply {
        self.try_send(fields).await.unwrap()
    }

    async fn call(&self, method: &str, more: &[(&'static str, &str)]) -> Reply {
        self.send(&self.fields(method, more)).await
    }

    fn payment(&self, number: &str, code: &str, amount: &str) -> Fields {
        self.fields(
            "bscanc.pay.submit",
            &[
                ("merchant_order_no", number),
                ("auth_code", code),
                ("pay_method_id", "WeChatPay"),
                ("price_currency", "USD"),
                ("order_amount", amount),
                ("description", "Lane 1"),
                ("expires", "90"),
                ("store_no", "4100000001"),
                ("terminal_sn", "TESTSN0001"),
            ],
        )
    }

    async fn pay(&self, number: &str, code: &str, amount: &str) -> Reply {
        self.send(&self.payment(number, code, amount)).await
    }

    async fn query(&self, number: &str) -> Reply {
        self.call("order.query", &[("merchant_order_no", number)])
            .await
    }

    async fn revoke(&self, number: &str) -> Reply {
        self.call("order.revoker", &[("merchant_order_no", number)])
            .await
    }

    async fn refund(&self, number: &str, of: &str, amount: &str) -> Reply {
        let fields = [
            ("merchant_order_no", number),
            ("orig_merchant_order_no", of),
            ("price_currency", "USD"),
            ("order_amount", amount),
            ("description", "returned goods"),
        ];
        self.call("order.refund.submit", &fields).await
    }

    async fn query_refund(&self, number: &str) -> Reply {
        self.call("order.refund.query", &[("merchant_order_no", number)])
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
    let status = response.status().as_u16();
    let text = response.text().await?;
    let verified = verify(&text);
    Ok(Reply {
        status,
        text,
        verified,
    })
}

/// Checks an answer as a merchant does: over its decoded members.
fn verify(text: &str) -> Option<bool> {
    let members: BTreeMap<String, Value> = serde_json::from_str(text).ok()?;
    let sign = members.get("sign")?.as_str()?;
    let pairs: Vec<_> = members
        .iter()
        .filter(|(name, _)| *name != "sign")
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        })
        .collect();
    Some(verifies(&pairs.join("&"), sign))
}

/// Makes a signed body of fields that are all text and none empty.
fn signed(fields: &Fields) -> String {
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, text)| format!("{name}={text}"))
        .collect();
    let mut body = json!(fields);
    body["sign"] = json!(sign(&pairs.join("&")));
    body.to_string()
}

/// Signs as a merchant does.
fn sign(text: &str) -> String {
    static KEY: OnceLock<SigningKey<Sha256>> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        SigningKey::new(RsaPrivateKey::from_pkcs8_pem(&keys().merchant_private_pem).unwrap())
    });
    STANDARD.encode(key.sign(text.as_bytes()).to_bytes())
}

fn verifies(text: &str, sign: &str) -> bool {
    let key = RsaPublicKey::from_public_key_pem(&keys().gateway_public_pem).unwrap();
    let raw = STANDARD.decode(sign).unwrap();
    let signature = Signature::try_from(raw.as_slice()).unwrap();
    let key: VerifyingKey<Sha256> = VerifyingKey::new(key);
    key.verify(text.as_bytes(), &signature).is_ok()
}
