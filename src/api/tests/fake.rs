//! A till that does as a test tells it, and the API served over it.

use crate::api::{ApiSettings, Till, Token, router, serve};
use crate::domain::{
    AttemptId, BusinessDay, Denial, LaneId, Language, Mode, NewRefund, NewTender, RefundId,
    TenderId,
};
use crate::service::view::{
    DisplayView, EventView, GatewayView, LaneView, Notice, ObligationView, ReasonView, RefundView,
    ScannerView, TenderView,
};
use crate::service::{Allowance, ByHand, Filter, NotifyError, Readiness, Trouble};
use axum::http::HeaderMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::JoinHandle;

/// What a tender in `display` mode shows.
pub(super) const SHOWN: &str = "https://qr.example.com/?t=1";

#[derive(Default)]
pub(super) struct Memory {
    tenders: Vec<(NewTender, TenderView)>,
    events: Vec<EventView>,
    /// What the next call that can fail fails with.
    pub(super) trouble: Option<Trouble>,
    /// The calls that changed something, as `verb id detail`.
    pub(super) calls: Vec<String>,
    pub(super) filters: Vec<Filter>,
    pub(super) unready: Option<String>,
}

#[derive(Clone)]
pub(super) struct FakeTill {
    memory: Arc<Mutex<Memory>>,
    sequence: watch::Sender<u64>,
    notices: broadcast::Sender<Notice>,
}

impl FakeTill {
    pub(super) fn new() -> Self {
        Self {
            memory: Arc::default(),
            sequence: watch::Sender::new(0),
            notices: broadcast::Sender::new(4),
        }
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    pub(super) fn fail_with(&self, trouble: Trouble) {
        self.memory().trouble = Some(trouble);
    }

    /// Adds a durable event and says so.
    pub(super) fn happen(&self, kind: &str) {
        let mut memory = self.memory();
        let sequence = memory.events.len() as u64 + 1;
        memory.events.push(EventView {
            sequence,
            time: "2026-03-01T10:00:00.000Z".to_owned(),
            lane: "1".to_owned(),
            tender: "t1".to_owned(),
            kind: kind.to_owned(),
            data: serde_json::json!({ "attempt": 1 }),
        });
        drop(memory);
        self.sequence.send_replace(sequence);
    }

    pub(super) fn notify(&self, code: &str) -> usize {
        let notice = Notice {
            lane: "1".to_owned(),
            time: "2026-03-01T10:00:00.000Z".to_owned(),
            code: code.to_owned(),
            text: "not a payment code".to_owned(),
        };
        self.notices.send(notice).unwrap_or(0)
    }

    pub(super) fn decide(&self, id: &str, verdict: &'static str) {
        let mut memory = self.memory();
        for (_, tender) in memory.tenders.iter_mut().filter(|(_, t)| t.id == id) {
            tender.state = "done";
            tender.verdict = Some(verdict);
            tender.reason = Some(ReasonView {
                code: verdict.to_owned(),
                text: "because".to_owned(),
            });
        }
        drop(memory);
        self.happen("verdict_given");
    }

    fn change(&self, id: &TenderId, call: String) -> Result<TenderView, Trouble> {
        let mut memory = self.memory();
        if let Some(trouble) = memory.trouble.take() {
            return Err(trouble);
        }
        memory.calls.push(call);
        let found = memory.tenders.iter().find(|(_, t)| t.id == id.as_str());
        found
            .map(|(_, tender)| tender.clone())
            .ok_or(Trouble::Denied(Denial::NoTender))
    }
}

impl Till for FakeTill {
    async fn create_tender(&self, new: NewTender) -> Result<(TenderView, bool), Trouble> {
        let mut memory = self.memory();
        if let Some(trouble) = memory.trouble.take() {
            return Err(trouble);
        }
        if let Some((old, tender)) = memory.tenders.iter().find(|(old, _)| old.key == new.key) {
            return match *old == new {
                true => Ok((tender.clone(), false)),
                false => {
                    let id = TenderId::new(tender.id.clone()).unwrap();
                    Err(Trouble::Denied(Denial::KeyReused(id)))
                }
            };
        }
        let tender = TenderView {
            id: format!("t{}", memory.tenders.len() + 1),
            lane: new.lane.to_string(),
            sale: new.sale.to_string(),
            day: new.day.to_string(),
            amount: new.amount.decimal(),
            currency: new.amount.currency.to_string(),
            mode: match new.mode {
                Mode::Scan => "scan",
                Mode::Display => "display",
            },
            part: new.part,
            state: "armed",
            verdict: None,
            reason: None,
            money: "none",
            attempts: Vec::new(),
            refunds: Vec::new(),
            refundable: "0.00".to_owned(),
            display: (new.mode == Mode::Display).then(|| DisplayView {
                text: Some(SHOWN.to_owned()),
                expires: "2026-03-01T10:02:00.000Z".to_owned(),
                scanned: false,
            }),
            note: new.note.clone(),
            created: "2026-03-01T10:00:00.000Z".to_owned(),
            decided: None,
            acknowledged: None,
        };
        memory.tenders.push((new, tender.clone()));
        Ok((tender, true))
    }
    fn today(&self) -> BusinessDay {
        BusinessDay::new("2026-03-01").unwrap()
    }
    async fn tender(&self, id: &TenderId) -> Result<Option<TenderView>, Trouble> {
        let memory = self.memory();
        let found = memory.tenders.iter().find(|(_, t)| t.id == id.as_str());
        Ok(found.map(|(_, tender)| tender.clone()))
    }
    async fn await_verdict(
        &self,
        id: &TenderId,
        limit: Duration,
    ) -> Result<Option<TenderView>, Trouble> {
        let mut sequence = self.sequence.subscribe();
        let decided = async {
            loop {
                let found = self.tender(id).await;
                match &found {
                    Ok(Some(tender)) if tender.verdict.is_none() => {}
                    _ => return found,
                }
                sequence.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(limit, decided).await {
            Ok(found) => found,
            Err(_) => self.tender(id).await,
        }
    }
    async fn tenders(&self, filter: Filter) -> Result<Vec<TenderView>, Trouble> {
        let mut memory = self.memory();
        memory.filters.push(filter);
        Ok(memory
            .tenders
            .iter()
            .rev()
            .map(|(_, t)| t.clone())
            .collect())
    }
    async fn code(&self, id: &TenderId, code: &[u8]) -> Result<TenderView, Trouble> {
        self.change(id, format!("code {id} {}", String::from_utf8_lossy(code)))
    }
    async fn cancel(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        self.change(id, format!("cancel {id}"))
    }
    async fn extend(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        self.change(id, format!("extend {id}"))
    }
    async fn acknowledge(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        self.change(id, format!("acknowledge {id}"))
    }
    async fn refund(
        &self,
        new: NewRefund,
        allowance: Allowance,
    ) -> Result<(RefundView, bool), Trouble> {
        let amount = new.amount.decimal();
        let call = format!(
            "refund {} {amount} {} by {} {allowance:?}",
            new.tender, new.reason, new.operator
        );
        let repeated = self.memory().calls.contains(&call);
        self.change(&new.tender, call)?;
        Ok((refund(&new.tender, amount), !repeated))
    }
    async fn refund_of(&self, id: &RefundId) -> Result<Option<RefundView>, Trouble> {
        let known = self.tender(&id.tender).await?.is_some() && id.number == 1;
        Ok(known.then(|| refund(&id.tender, "12.00".to_owned())))
    }
    async fn await_refund(
        &self,
        id: &RefundId,
        _limit: Duration,
    ) -> Result<Option<RefundView>, Trouble> {
        let found = self.refund_of(id).await?;
        Ok(found.map(|refund| RefundView {
            state: "returned",
            ended: Some("2026-03-01T10:05:02.000Z".to_owned()),
            ..refund
        }))
    }
    fn lanes(&self) -> Vec<LaneView> {
        let memory = self.memory();
        let open = memory.tenders.iter().find(|(_, t)| t.verdict.is_none());
        vec![LaneView {
            id: "1".to_owned(),
            tender: open.map(|(_, tender)| tender.clone()),
            scanners: vec![ScannerView {
                id: "counter".to_owned(),
                kind: "evdev",
                state: "ready",
                text: None,
            }],
            gateways: vec![GatewayView {
                id: "payby".to_owned(),
                state: "ok",
                notice: None,
            }],
            notice: None,
            currency: "AED".to_owned(),
            ceiling: "5000.00".to_owned(),
        }]
    }
    fn lane(&self, id: &LaneId) -> Option<LaneView> {
        self.lanes().into_iter().find(|lane| lane.id == id.as_str())
    }
    fn obligations(&self) -> Vec<ObligationView> {
        vec![ObligationView {
            id: "t0-1".to_owned(),
            tender: "t0".to_owned(),
            lane: "1".to_owned(),
            duty: "return",
            amount: "12.00".to_owned(),
            currency: "AED".to_owned(),
            order: "S1L1202603010900000000".to_owned(),
            gateway: "payby".to_owned(),
            opened: "2026-03-01T09:00:00.000Z".to_owned(),
            tries: 2,
            next_try: None,
            alerted: false,
            parked: None,
        }]
    }
    async fn close_obligation(&self, id: &AttemptId, by: ByHand) -> Result<TenderView, Trouble> {
        let ByHand {
            name,
            reason,
            reference,
        } = by;
        let call = format!("close {id} {name}: {reason}, {reference}");
        self.change(&id.tender, call)
    }
    async fn notified(
        &self,
        gateway: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(&'static str, &'static str), NotifyError> {
        let mut memory = self.memory();
        if let Some(trouble) = memory.trouble.take() {
            return Err(NotifyError::Unavailable(trouble));
        }
        match headers.get("sign").map(|sign| sign.as_bytes()) {
            _ if gateway != "payby" => Err(NotifyError::NoGateway),
            Some(b"good") => {
                let call = format!("notified {gateway} {}", String::from_utf8_lossy(body));
                memory.calls.push(call);
                Ok(("text/plain", "success"))
            }
            Some(_) => Err(NotifyError::Unreadable),
            None => Err(NotifyError::Forged),
        }
    }
    async fn events_after(&self, after: u64, limit: usize) -> Result<Vec<EventView>, Trouble> {
        let mut memory = self.memory();
        if let Some(trouble) = memory.trouble.take() {
            return Err(trouble);
        }
        let later = memory.events.iter().filter(|e| e.sequence > after);
        Ok(later.take(limit).cloned().collect())
    }
    fn sequence(&self) -> watch::Receiver<u64> {
        self.sequence.subscribe()
    }
    fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }
    fn readiness(&self) -> Readiness {
        let text = self.memory().unready.clone();
        Readiness {
            ready: text.is_none(),
            text: text.unwrap_or_default(),
        }
    }
    fn metrics(&self) -> String {
        "qrpayd_tenders_total{verdict=\"paid\"} 0\n".to_owned()
    }
}

/// The first refund of a tender.
fn refund(tender: &TenderId, amount: String) -> RefundView {
    RefundView {
        id: format!("{tender}-r1"),
        tender: tender.to_string(),
        amount,
        currency: "AED".to_owned(),
        reason: "goods returned".to_owned(),
        operator: Some("boss".to_owned()),
        state: "sending",
        text: "The refund is being sent.".to_owned(),
        gateway: "payby".to_owned(),
        number: "S1L1-r1".to_owned(),
        gateway_refund: None,
        trace: None,
        alerts: Vec::new(),
        created: "2026-03-01T10:05:00.000Z".to_owned(),
        ended: None,
    }
}

/// The API on a free port of loopback.
pub(super) struct Site {
    pub(super) till: FakeTill,
    pub(super) address: SocketAddr,
    pub(super) http: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    pub(super) server: JoinHandle<std::io::Result<()>>,
}

impl Site {
    pub(super) async fn open() -> Self {
        Self::with(Vec::new(), Vec::new(), Language::English).await
    }

    pub(super) async fn with(tokens: Vec<Token>, hosts: Vec<String>, language: Language) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let settings = ApiSettings {
            listen: address,
            tokens,
            hosts,
            language,
        };
        let till = FakeTill::new();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let server = tokio::spawn(serve(listener, router(till.clone(), &settings), shutdown));
        Self {
            till,
            address,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            stop: Some(stop),
            server,
        }
    }

    pub(super) fn stop(&mut self) {
        self.stop.take();
    }

    pub(super) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("http://{}{path}", self.address))
    }

    pub(super) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("http://{}{path}", self.address))
    }

    /// A request with a JSON body.
    pub(super) fn send(&self, path: &str, body: impl ToString) -> reqwest::RequestBuilder {
        self.post(path)
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    /// Makes a tender of 37.50 AED on lane 1.
    pub(super) async fn tender(&self, key: &str) -> reqwest::Response {
        self.send("/v1/lanes/1/tenders", BODY)
            .header("idempotency-key", key)
            .send()
            .await
            .unwrap()
    }
}

pub(super) const BODY: &str =
    r#"{"sale":"A-1001","amount":"37.50","currency":"AED","mode":"scan"}"#;
