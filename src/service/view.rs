//! What callers see of tenders and lanes: plain data, ready to be written as JSON.

use super::wording::{came_back, reason_text, refund_text};
use crate::domain::{
    Attempt, AttemptId, Duty, Fact, LaneId, Language, Mode, Reason, Refund, RefundStage, Stage,
    Tender, TenderId, Timestamp, Verdict,
};
use crate::journal::RemarkEntry;
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
    /// Its refunds: what was asked for, and what duties give back.
    pub refunds: Vec<RefundView>,
    /// How much of it can still be refunded: decimal text.
    pub refundable: String,
    /// The code that is shown, in `display` mode, while it can be paid.
    pub display: Option<DisplayView>,
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

/// A code that the store shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisplayView {
    /// What to draw as a QR code, byte for byte; none until the gateway has given it.
    pub text: Option<String>,
    /// When the gateway stops taking the payment, RFC 3339.
    pub expires: String,
    /// Somebody has scanned it. It says nothing of money.
    pub scanned: bool,
}

/// One refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundView {
    /// `TENDER-rNUMBER`.
    pub id: String,
    /// The tender.
    pub tender: String,
    /// Decimal text.
    pub amount: String,
    /// Three letters.
    pub currency: String,
    /// Why.
    pub reason: String,
    /// Who asked; none where a duty gives the money back.
    pub operator: Option<String>,
    /// `sending`, `checking`, `pending`, `returned` or `failed`.
    pub state: &'static str,
    /// A sentence for the cashier.
    pub text: String,
    /// The gateway.
    pub gateway: String,
    /// Our number of the refund.
    pub number: String,
    /// The gateway's number of the refund.
    pub gateway_refund: Option<String>,
    /// The gateway's locator for its support.
    pub trace: Option<String>,
    /// What a person was called for.
    pub alerts: Vec<String>,
    /// RFC 3339.
    pub created: String,
    /// RFC 3339; none while its end is still to come.
    pub ended: Option<String>,
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
    /// The code, masked; none where the store shows one.
    pub code: Option<String>,
    /// Where it stands: `in_flight, waiting, unknown, closing, paid, refused,
    /// withdrawn, reversing, reversed`.
    pub state: &'static str,
    /// Our number of the order.
    pub order: String,
    /// The gateway's number of the order.
    pub gateway_order: Option<String>,
    /// The gateway's locator for its support.
    pub trace: Option<String>,
    /// What a person was called for.
    pub alerts: Vec<String>,
    /// Somebody set it aside.
    pub parked: bool,
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
    /// `evdev`, `hidraw`, `serial` or `replay`.
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
    /// What a person should know of its notifications: the last that was forged, or
    /// that is about nothing of ours. Gone with the next start.
    pub notice: Option<Notice>,
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

impl Notice {
    /// A notice of now.
    pub fn new(lane: &LaneId, at: Timestamp, code: &str, text: &str) -> Self {
        Self {
            lane: lane.to_string(),
            time: at.to_string(),
            code: code.to_owned(),
            text: text.to_owned(),
        }
    }
}

impl Notice {
    /// A notice that concerns the box and no lane.
    pub fn of_box(at: Timestamp, code: &str, text: &str) -> Self {
        Self {
            lane: String::new(),
            time: at.to_string(),
            code: code.to_owned(),
            text: text.to_owned(),
        }
    }
}

/// A duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObligationView {
    /// `TENDER-ATTEMPT`, see [`obligation_id`].
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
    /// Who set it aside, so that nothing is done about it.
    pub parked: Option<ParkedView>,
}

/// Who set an attempt aside, why and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParkedView {
    /// Who.
    pub name: String,
    /// Why.
    pub reason: String,
    /// RFC 3339.
    pub at: String,
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

/// Makes the view of a tender, with its sentences in the store's language.
pub fn tender_view(tender: &Tender, language: Language) -> TenderView {
    let reason = reason(tender).map(|reason| ReasonView {
        code: word(&reason),
        text: reason_text(tender, reason, language),
    });
    TenderView {
        id: tender.id.to_string(),
        lane: tender.lane.to_string(),
        sale: tender.sale.to_string(),
        day: tender.day.to_string(),
        amount: tender.amount.decimal(),
        currency: tender.amount.currency.to_string(),
        mode: match tender.mode {
            Mode::Scan => "scan",
            Mode::Display => "display",
        },
        part: tender.part,
        state: state_word(tender),
        verdict: tender.verdict.map(|(verdict, ..)| verdict_word(verdict)),
        reason,
        money: money_word(tender),
        attempts: tender.attempts.iter().map(attempt_view).collect(),
        refunds: tender
            .refunds
            .iter()
            .map(|refund| refund_view(tender, refund, language))
            .collect(),
        refundable: tender.refundable().decimal(),
        display: display_view(tender),
        note: tender.note.clone(),
        created: tender.created.to_string(),
        decided: tender.verdict.map(|(.., at)| at.to_string()),
        acknowledged: tender.acknowledged.map(|at| at.to_string()),
    }
}

/// A verdict's reason, or why an armed tender's last code was refused.
fn reason(tender: &Tender) -> Option<Reason> {
    if let Some((_, reason, _)) = tender.verdict {
        return Some(reason);
    }
    match &tender.attempts.last()?.stage {
        Stage::Refused(refusal) => Some(Reason::from(refusal.kind)),
        _ => None,
    }
}

/// `armed`, `paying`, `waiting`, `checking` or `done`.
pub fn state_word(tender: &Tender) -> &'static str {
    if tender.final_verdict().is_some() {
        return "done";
    }
    match tender.live_attempt().map(|attempt| &attempt.stage) {
        None => "armed",
        Some(Stage::InFlight) => "paying",
        Some(Stage::Waiting) => "waiting",
        Some(_) => "checking",
    }
}

/// `paid`, `not_paid` or `unresolved`.
pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Paid => "paid",
        Verdict::NotPaid => "not_paid",
        Verdict::Unresolved => "unresolved",
    }
}

/// What became of the tender's money: kept money goes before what other attempts owe.
fn money_word(tender: &Tender) -> &'static str {
    let any = |of: fn(&Attempt) -> bool| tender.attempts.iter().any(of);
    if any(|a| a.stage == Stage::Paid && !came_back(a)) {
        kept_word(tender)
    } else if any(|a| a.obligation().is_some()) {
        "returning"
    } else if any(|a| a.stage.is_live()) {
        "unknown"
    } else if any(came_back) {
        "returned"
    } else {
        "none"
    }
}

/// What became of a payment's money after its refunds: a part that is kept is in.
fn kept_word(tender: &Tender) -> &'static str {
    if tender.refundable().minor > 0 {
        "in"
    } else if tender.refunds.iter().any(Refund::is_open) {
        "returning"
    } else {
        "returned"
    }
}

fn attempt_view(attempt: &Attempt) -> AttemptView {
    AttemptView {
        number: attempt.id.number,
        gateway: attempt.gateway.to_string(),
        wallet: attempt.wallet.as_ref().map(ToString::to_string),
        code: attempt.code.clone(),
        state: match attempt.stage {
            Stage::InFlight => "in_flight",
            Stage::Waiting => "waiting",
            Stage::Unknown => "unknown",
            Stage::Closing { .. } => "closing",
            Stage::Paid => "paid",
            Stage::Refused(_) => "refused",
            Stage::Withdrawn => "withdrawn",
            Stage::Reversing => "reversing",
            Stage::Reversed => "reversed",
        },
        order: attempt.order.to_string(),
        gateway_order: attempt
            .report
            .as_ref()
            .and_then(|report| report.gateway_order.clone()),
        trace: attempt.trace.clone(),
        alerts: attempt.alerts.iter().map(word).collect(),
        parked: attempt.parked.is_some(),
    }
}

/// The code that a tender shows while it can be paid.
fn display_view(tender: &Tender) -> Option<DisplayView> {
    let attempt = tender.live_attempt()?;
    let shows = tender.mode == Mode::Display || attempt.show().is_some();
    (shows && tender.verdict.is_none()).then(|| DisplayView {
        text: attempt.show().map(str::to_owned),
        expires: attempt.expires.to_string(),
        scanned: attempt.scanned,
    })
}

/// Makes the view of a refund, with its sentence in the store's language.
pub fn refund_view(tender: &Tender, refund: &Refund, language: Language) -> RefundView {
    let gateway = tender
        .attempt(refund.attempt)
        .map(|a| a.gateway.to_string());
    let report = refund.report.as_ref();
    RefundView {
        id: refund.id.to_string(),
        tender: tender.id.to_string(),
        amount: refund.amount.decimal(),
        currency: refund.amount.currency.to_string(),
        reason: refund.reason.clone(),
        operator: refund.operator.clone(),
        state: match refund.stage {
            RefundStage::Unsent | RefundStage::InFlight => "sending",
            RefundStage::Unknown => "checking",
            RefundStage::Pending => "pending",
            RefundStage::Returned => "returned",
            RefundStage::Failed(_) => "failed",
        },
        text: refund_text(refund, language).to_owned(),
        gateway: gateway.unwrap_or_default(),
        number: refund.number.to_string(),
        gateway_refund: report.and_then(|report| report.gateway_refund.clone()),
        trace: refund.trace.clone(),
        alerts: refund.alerts.iter().map(word).collect(),
        created: refund.created.to_string(),
        ended: refund.ended.map(|at| at.to_string()),
    }
}

/// The name of an attempt's duty: may stand in a path segment.
pub fn obligation_id(attempt: &AttemptId) -> String {
    format!("{}-{}", attempt.tender, attempt.number)
}

/// Reads what [`obligation_id`] writes.
pub fn read_obligation_id(text: &str) -> Option<AttemptId> {
    let (tender, number) = text.rsplit_once('-')?;
    let id = AttemptId {
        tender: TenderId::new(tender).ok()?,
        number: number.parse().ok()?,
    };
    (obligation_id(&id) == text).then_some(id)
}

/// The open duties of a tender.
pub fn obligation_views(tender: &Tender) -> Vec<ObligationView> {
    let open = |attempt: &Attempt| {
        let obligation = attempt.obligation()?;
        Some(ObligationView {
            id: obligation_id(&attempt.id),
            tender: tender.id.to_string(),
            lane: tender.lane.to_string(),
            duty: match obligation.duty {
                Duty::Return => "return",
                Duty::Watch => "watch",
            },
            amount: tender.amount.decimal(),
            currency: tender.amount.currency.to_string(),
            order: attempt.order.to_string(),
            gateway: attempt.gateway.to_string(),
            opened: obligation.opened.to_string(),
            tries: obligation.tries,
            next_try: obligation.next_try.map(|at| at.to_string()),
            alerted: obligation.alerted,
            parked: attempt.parked.as_ref().map(|parked| ParkedView {
                name: parked.name.clone(),
                reason: parked.reason.clone(),
                at: parked.at.to_string(),
            }),
        })
    };
    tender.attempts.iter().filter_map(open).collect()
}

/// One journal entry for the event stream, without fingerprints.
pub fn event_view(sequence: u64, at: Timestamp, lane: &str, fact: &Fact) -> EventView {
    let (kind, data) = named(&fact.what);
    EventView {
        sequence,
        time: at.to_string(),
        lane: lane.to_owned(),
        tender: fact.tender.to_string(),
        kind,
        data,
    }
}

/// A remark for the event stream: it has no lane and no tender.
pub fn remark_view(entry: &RemarkEntry) -> EventView {
    let (kind, data) = named(&entry.remark);
    EventView {
        sequence: entry.seq,
        time: entry.at.to_string(),
        lane: String::new(),
        tender: String::new(),
        kind,
        data,
    }
}

/// What happened, by its name in the journal, and its content.
fn named(what: &impl Serialize) -> (String, serde_json::Value) {
    let mut data = serde_json::to_value(what).unwrap_or_default();
    let mut kind = String::new();
    if let Some(fields) = data.as_object_mut() {
        if let Some(serde_json::Value::String(name)) = fields.remove("fact") {
            kind = name;
        }
        fields.remove("fingerprint");
    }
    (kind, data)
}

/// The stable word of a thing: its name in the journal.
pub(super) fn word(of: &impl Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
