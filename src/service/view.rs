//! What callers see of tenders and lanes: plain data, ready to be written as JSON.

use crate::domain::Tender;
use serde::Serialize;

/// A tender as the API shows it (`docs/api.md`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TenderView {
    /// Its name.
    pub id: String,
    /// Where.
    pub lane: String,
    /// The ticket.
    pub sale: String,
    /// The ticket's trading day.
    pub day: String,
    /// Decimal text.
    pub amount: String,
    /// Three letters.
    pub currency: String,
    /// `scan` or `display`.
    pub mode: &'static str,
    /// One part of a split payment.
    pub part: bool,
    /// `armed`, `paying`, `waiting`, `checking` or `done`.
    pub state: &'static str,
    /// `paid`, `not_paid`, `unresolved`, or none yet.
    pub verdict: Option<&'static str>,
    /// Why, for a verdict or for a refused code while armed. `text` is for the cashier.
    pub reason: Option<ReasonView>,
    /// `none`, `unknown`, `in`, `returning` or `returned`.
    pub money: &'static str,
    /// Its attempts.
    pub attempts: Vec<AttemptView>,
    /// The caller's note.
    pub note: Option<String>,
    /// RFC 3339.
    pub created: String,
    /// RFC 3339.
    pub decided: Option<String>,
    /// RFC 3339.
    pub acknowledged: Option<String>,
}

/// A reason: a stable word and a sentence in the store's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonView {
    /// A stable word for programs.
    pub code: String,
    /// A sentence for the cashier.
    pub text: String,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptView {
    /// 1, 2, 3 ...
    pub number: u32,
    /// The gateway.
    pub gateway: String,
    /// Whose code.
    pub wallet: Option<String>,
    /// The code, masked.
    pub code: String,
    /// Where it stands: `in_flight, waiting, unknown, closing, paid, refused,
    /// withdrawn, reversing, reversed`.
    pub state: &'static str,
    /// Our number of the order.
    pub order: String,
    /// The gateway's number of the order.
    pub gateway_order: Option<String>,
    /// The gateway's locator for its support.
    pub trace: Option<String>,
}

/// A lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaneView {
    /// Its name.
    pub id: String,
    /// The tender without a verdict, if there is one.
    pub tender: Option<TenderView>,
    /// Its scanners.
    pub scanners: Vec<ScannerView>,
    /// Its gateways.
    pub gateways: Vec<GatewayView>,
    /// The last thing that was scanned or denied on the lane, for the cashier.
    pub notice: Option<Notice>,
    /// The lane's currency and largest amount.
    pub currency: String,
    /// Decimal text.
    pub ceiling: String,
}

/// A scanner's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScannerView {
    /// Its name.
    pub id: String,
    /// `evdev`, `serial` or `replay`.
    pub kind: &'static str,
    /// `ready`, `absent` or `failed`.
    pub state: &'static str,
    /// What to do about it, when it is not ready.
    pub text: Option<String>,
}

/// A gateway's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GatewayView {
    /// Its name.
    pub id: String,
    /// `unknown` (not called yet), `ok`, `unreachable`.
    pub state: &'static str,
}

/// Something for the cashier that is not a fact: a refused scan, a void, a denial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The lane.
    pub lane: String,
    /// RFC 3339.
    pub time: String,
    /// A stable word for programs.
    pub code: String,
    /// A sentence for the cashier.
    pub text: String,
}

/// A duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObligationView {
    /// `TENDER/ATTEMPT`.
    pub id: String,
    /// The tender.
    pub tender: String,
    /// The lane.
    pub lane: String,
    /// `return` or `watch`.
    pub duty: &'static str,
    /// Decimal text.
    pub amount: String,
    /// Three letters.
    pub currency: String,
    /// Our number of the order.
    pub order: String,
    /// The gateway.
    pub gateway: String,
    /// RFC 3339.
    pub opened: String,
    /// Tries so far.
    pub tries: u32,
    /// RFC 3339.
    pub next_try: Option<String>,
    /// A person was alerted.
    pub alerted: bool,
}

/// One journal entry as the event stream shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventView {
    /// The journal's sequence number: the event's `id:`.
    pub sequence: u64,
    /// RFC 3339.
    pub time: String,
    /// The lane.
    pub lane: String,
    /// The tender.
    pub tender: String,
    /// The fact's name: `tender_created`, `attempt_waiting`, `verdict_given` ...
    #[serde(rename = "type")]
    pub kind: String,
    /// The fact's own content, without fingerprints.
    pub data: serde_json::Value,
}

/// Makes the view of a tender.
pub fn tender_view(_tender: &Tender) -> TenderView {
    unreachable!("written with the service")
}
