//! The cashier's software: it knows the API and nothing else.

use crate::patience::{PATIENCE, until};
use crate::store::Store;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use tokio::time::Instant;

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub(crate) fn good(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }

    /// The body of a problem, which is the one expected.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        let found = (self.status, self.body["code"].as_str());
        assert_eq!(found, (status, Some(code)), "{}", self.body);
        self.body
    }
}

/// Sends a request of any kind.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.timeout(PATIENCE).send().await.unwrap();
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| {
        panic!("{status}: {}", String::from_utf8_lossy(&bytes));
    });
    Answer { status, body }
}

impl Store {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.http.get(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.http.post(self.url(path));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        send(request).await
    }

    /// Asks to collect, with a key.
    pub(crate) async fn create(&self, lane: &str, key: &str, body: Value) -> Answer {
        let request = self
            .http
            .post(self.url(&format!("/v1/lanes/{lane}/tenders")))
            .header("idempotency-key", key)
            .header("content-type", "application/json")
            .body(body.to_string());
        send(request).await
    }

    /// A number that this store has not used: for sales, keys and codes.
    pub(crate) fn next(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// A payment code that was never shown before, as the barcode has it.
    pub(crate) fn fresh_code(&self) -> String {
        format!("20001234T{:09}A", 300_000_000 + self.next())
    }

    /// Asks to collect an amount for a new sale; returns the tender's name.
    pub(crate) async fn collect(&self, lane: &str, amount: &str) -> String {
        let n = self.next();
        let body = order(&format!("S-{n}"), amount);
        let tender = self.create(lane, &format!("K-{n}"), body).await.good();
        assert_eq!(tender["state"], "armed", "{tender}");
        tender["id"].as_str().unwrap().to_owned()
    }

    /// Asks to collect on lane 1 and has a fresh code scanned.
    pub(crate) async fn collect_and_scan(&self, amount: &str) -> String {
        let tender = self.collect("1", amount).await;
        self.scan(&self.fresh_code());
        tender
    }

    pub(crate) async fn tender(&self, id: &str) -> Value {
        self.get(&format!("/v1/tenders/{id}")).await.good()
    }

    /// Waits, as the cashier's software does, for a verdict; returns the tender.
    pub(crate) async fn verdict(&self, id: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let tender = self.get(&format!("/v1/tenders/{id}?wait=30")).await.good();
            if !tender["verdict"].is_null() {
                return tender;
            }
            assert!(Instant::now() < deadline, "no verdict: {tender}");
        }
    }

    /// Waits for the verdict, which is the one expected; returns the tender.
    pub(crate) async fn ends(&self, id: &str, verdict: &str, reason: &str) -> Value {
        let tender = self.verdict(id).await;
        assert_eq!(
            (
                tender["verdict"].as_str(),
                tender["reason"]["code"].as_str()
            ),
            (Some(verdict), Some(reason)),
            "{tender}"
        );
        tender
    }

    /// Waits until the tender is in a state; returns it.
    pub(crate) async fn state(&self, id: &str, state: &str) -> Value {
        until(&format!("tender {state}"), async || {
            let tender = self.tender(id).await;
            let over = state != "done" && tender["state"] == "done";
            assert!(!over, "done, and was to be {state}: {tender}");
            (tender["state"] == state).then_some(tender)
        })
        .await
    }

    /// Waits until the tender's attempt of this number is there; returns it.
    pub(crate) async fn attempt(&self, id: &str, number: usize) -> Value {
        until("the attempt", async || {
            let mut tender = self.tender(id).await;
            let attempts = tender["attempts"].as_array_mut()?;
            (attempts.len() >= number).then(|| attempts.swap_remove(number - 1))
        })
        .await
    }

    /// Gives a code for a tender by the API.
    pub(crate) async fn code(&self, id: &str, code: &str) -> Answer {
        let body = json!({ "code": code });
        self.post(&format!("/v1/tenders/{id}/code"), Some(body))
            .await
    }

    pub(crate) async fn cancel(&self, id: &str) -> Answer {
        self.post(&format!("/v1/tenders/{id}/cancel"), None).await
    }

    /// Asks to give money back, with a key.
    pub(crate) async fn refund(&self, tender: &str, key: &str, amount: &str) -> Answer {
        let body = json!({ "amount": amount, "reason": "goods returned" });
        let request = self
            .http
            .post(self.url(&format!("/v1/tenders/{tender}/refunds")))
            .header("idempotency-key", key)
            .header("content-type", "application/json")
            .body(body.to_string());
        send(request).await
    }

    /// Waits until a refund has its end; returns it.
    pub(crate) async fn refunded(&self, id: &str) -> Value {
        until("the refund's end", async || {
            let path = format!("/v1/refunds/{id}?wait=10");
            let refund = self.get(&path).await.good();
            refund["ended"].is_string().then_some(refund)
        })
        .await
    }

    /// What one counter of the metrics stands at; 0 when it was never counted.
    pub(crate) async fn counted(&self, counter: &str) -> u64 {
        let text = self.http.get(self.url("/metrics")).send().await.unwrap();
        let text = text.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(counter));
        line.map_or(0, |count| count.trim().parse().unwrap())
    }

    pub(crate) async fn lane(&self, id: &str) -> Value {
        self.get(&format!("/v1/lanes/{id}")).await.good()
    }

    pub(crate) async fn scanner_is(&self, state: &str) {
        until(&format!("scanner {state}"), async || {
            let lane = self.lane("1").await;
            (lane["scanners"][0]["state"] == state).then_some(())
        })
        .await;
    }

    pub(crate) async fn obligations(&self) -> Vec<Value> {
        let answer = self.get("/v1/obligations").await.good();
        answer["obligations"].as_array().unwrap().clone()
    }

    /// Waits until no duty is open any more.
    pub(crate) async fn no_duties(&self) {
        until("no open duties", async || {
            self.obligations().await.is_empty().then_some(())
        })
        .await;
    }
}

/// A request to collect an amount for a sale.
pub(crate) fn order(sale: &str, amount: &str) -> Value {
    json!({ "sale": sale, "amount": amount, "currency": "AED", "mode": "scan" })
}
