//! Giving money back by a refund: who asks, and the calls until its end is known.
//!
//! A refund's number and content are fixed and durable before its first byte. It is
//! sent once; while its outcome is unknown it is enquired about, slower each time,
//! on and on. It is sent again, under the same number, only where it is proved that
//! nothing of it is at the gateway: no byte left, or "no such refund" after a lost
//! request could no longer arrive. So one refund gives its amount back once, however
//! often the process dies in between.

mod answer;

pub(super) use answer::answered;

use super::draft::{Draft, text};
use super::{duty, number};
use crate::domain::apply::refund_intended;
use crate::domain::{
    Alert, Amount, Denial, Effect, GatewayRules, IdempotencyKey, NewRefund, Now, OrderStatus,
    Refund, RefundId, RefundOperation, RefundOrder, RefundRules, RefundStage, Refusal, RefusalKind,
    Stage, State, Step, Timer, Timestamp, Verdict, What,
};
use std::time::Duration;

/// Characters of a refund's reason at most: what every gateway takes.
const REASON_MAX: usize = 64;

/// Somebody asks for a refund: a key that was seen with the same content is the
/// same refund.
pub(super) fn ask(state: &State, new: &NewRefund, now: Now) -> Result<Step, Denial> {
    let mut refunds = state.tenders.values().flat_map(|t| &t.refunds);
    if let Some(refund) = refunds.find(|r| r.key.as_ref() == Some(&new.key)) {
        let same = refund.id.tender == new.tender
            && refund.amount == new.amount
            && refund.reason == new.reason.trim();
        if !same {
            return Err(Denial::RefundKeyReused(refund.id.clone()));
        }
        return Ok(Step {
            tender: Some(refund.id.tender.clone()),
            refund: Some(refund.id.clone()),
            ..Step::default()
        });
    }
    let tender = state.tenders.get(&new.tender).ok_or(Denial::NoTender)?;
    let reason = text("reason", &new.reason, REASON_MAX)?;
    let operator = text("operator", &new.operator, 64)?;
    let is_paid = tender.final_verdict() == Some(Verdict::Paid);
    let mut paid = tender.attempts.iter().filter(|a| a.stage == Stage::Paid);
    let paid = paid.find(|_| is_paid);
    let paid = paid.ok_or_else(|| Denial::NotPaid(tender.id.clone()))?;
    let mut draft = Draft::about(state, &paid.id, now)?;
    allowed(&draft, new.amount)?;
    let asked = Asked {
        key: Some(new.key.clone()),
        operator: Some(operator),
        reason,
    };
    let refund = intend(&mut draft, new.amount, asked);
    let mut step = draft.done()?;
    step.refund = Some(refund);
    Ok(step)
}

/// Whether a refund of this amount may be asked for.
fn allowed(draft: &Draft<'_>, amount: Amount) -> Result<(), Denial> {
    let tender = draft.tender;
    if draft.attempt.parked.is_some() {
        return Err(Denial::Parked(draft.attempt.id.clone()));
    }
    let rules = draft.rules.refund.as_ref().ok_or(Denial::NoRefunds)?;
    if amount.minor == 0 {
        return Err(Denial::ZeroAmount);
    }
    if amount.currency != tender.amount.currency {
        return Err(Denial::OtherCurrency);
    }
    if is_returned(draft) && !tender.has_given_back(draft.number(), tender.amount) {
        return Err(Denial::AlreadyReturned(tender.id.clone()));
    }
    let left = tender.refundable();
    if amount.minor > left.minor {
        return Err(Denial::OverRefundable(left));
    }
    if !rules.partial && amount != tender.amount {
        return Err(Denial::PartialRefund);
    }
    if is_too_many(draft, rules) {
        return Err(Denial::TooManyRefunds(rules.count_max));
    }
    if is_too_late(draft, rules) {
        return Err(Denial::RefundWindowOver);
    }
    Ok(())
}

fn is_returned(draft: &Draft<'_>) -> bool {
    let report = draft.attempt.report.as_ref();
    report.is_some_and(|report| report.status == OrderStatus::Returned)
}

fn is_too_many(draft: &Draft<'_>, rules: &RefundRules) -> bool {
    draft.refunds().count() >= rules.count_max as usize
}

/// By the wall clock, which may be wrong: the gateway has the last word on it.
fn is_too_late(draft: &Draft<'_>, rules: &RefundRules) -> bool {
    let age = draft.now.at.since(draft.attempt.requested);
    rules.window.is_some_and(|window| age > window)
}

/// Whether a duty may give the money of the attempt back by a refund.
pub(super) fn is_possible(draft: &Draft<'_>) -> bool {
    let rules = draft.rules.refund.as_ref();
    rules.is_some_and(|rules| !is_too_many(draft, rules) && !is_too_late(draft, rules))
}

/// Who asked for a refund, and why.
struct Asked {
    key: Option<IdempotencyKey>,
    operator: Option<String>,
    reason: String,
}

/// The refund of a duty: nobody asked for it.
pub(super) fn give_back(draft: &mut Draft<'_>, amount: Amount) {
    let nobody = Asked {
        key: None,
        operator: None,
        reason: "charged, but the sale was not paid".to_owned(),
    };
    intend(draft, amount, nobody);
}

fn intend(draft: &mut Draft<'_>, amount: Amount, asked: Asked) -> RefundId {
    let tender = draft.tender;
    let number = tender.refunds.last().map_or(0, |r| r.id.number) + 1;
    let store = &draft.state.setup.store;
    let what = What::RefundIntended {
        refund: number,
        attempt: draft.number(),
        number: number::refund_number(store, &tender.lane, draft.rules, draft.now),
        amount,
        reason: asked.reason,
        key: asked.key,
        operator: asked.operator,
        requested: draft.now.at,
    };
    if let Some(refund) = refund_intended(&tender.id, &what, draft.now.at) {
        send(draft, &refund);
        let unanswered = draft.rules.enquiry_unanswered;
        draft.set_refund(&refund, Timer::Refund, unanswered);
    }
    draft.fact(what);
    RefundId {
        tender: tender.id.clone(),
        number,
    }
}

/// A refund leaves: from here on it may arrive until its window is over.
fn send(draft: &mut Draft<'_>, refund: &Refund) {
    let requested = draft.now.at;
    let limit = draft.rules.limit_submit;
    draft.call_refund(refund, RefundOperation::Submit, requested, limit);
    let window = draft.rules.arrival_window + draft.now.clock_error;
    draft.set_refund(refund, Timer::RefundArrival, window);
}

/// A step about a refund.
fn about<'a>(state: &'a State, id: &RefundId, now: Now) -> Result<(Draft<'a>, &'a Refund), Denial> {
    let tender = state.tenders.get(&id.tender).ok_or(Denial::NoTender)?;
    let refund = tender.refund(id.number).ok_or(Denial::NoTender)?;
    let attempt = tender.attempt(refund.attempt).ok_or(Denial::NoTender)?;
    Ok((Draft::about(state, &attempt.id, now)?, refund))
}

/// The next call of a refund.
pub(super) fn due(state: &State, id: &RefundId, now: Now) -> Result<Step, Denial> {
    let (mut draft, refund) = about(state, id, now)?;
    match refund.stage {
        _ if draft.attempt.parked.is_some() => {}
        RefundStage::Unsent => send_again(&mut draft, refund, RefundOperation::Submit),
        RefundStage::InFlight | RefundStage::Unknown | RefundStage::Pending => {
            call_again(&mut draft, refund, RefundOperation::Enquiry);
        }
        RefundStage::Returned | RefundStage::Failed(_) => {}
    }
    draft.done()
}

/// Sends a refund that is proved not to be at the gateway, unless its money went
/// back another way since. `proof` is the answer that proved it.
fn send_again(draft: &mut Draft<'_>, refund: &Refund, proof: RefundOperation) {
    let is_wanted = if refund.is_of_duty() {
        draft.attempt.obligation().is_some()
    } else {
        !is_returned(draft)
    };
    if is_wanted {
        call_again(draft, refund, RefundOperation::Submit);
    } else {
        let not_needed = refusal("not_needed");
        answer::failed(draft, refund, proof, not_needed, None);
    }
}

fn call_again(draft: &mut Draft<'_>, refund: &Refund, operation: RefundOperation) {
    let (requested, pause) = match operation {
        RefundOperation::Submit => (draft.now.at, draft.rules.enquiry_unanswered),
        _ => {
            let pause = pause(enquiry_every(draft.rules), refund, draft.rules);
            (refund.requested, pause)
        }
    };
    draft.fact(What::RefundCallIntended {
        refund: refund.id.number,
        operation,
        requested,
        next_try: draft.now.at.after(pause),
    });
    let (tries_max, age_max) = draft.rules.duty_alert;
    let age = draft.now.at.since(refund.created);
    // What the gateway has is long by nature: only its age says that it does not end.
    let often = refund.stage != RefundStage::Pending && refund.tries + 1 >= tries_max;
    if often || age >= age_max {
        draft.alert_refund_once(refund, Alert::RefundOverdue);
    }
    match operation {
        RefundOperation::Submit => send(draft, refund),
        _ => draft.call_refund(refund, operation, requested, draft.rules.limit_enquiry),
    }
    draft.set_refund(refund, Timer::Refund, pause);
}

/// From one enquiry to the next at first.
pub(crate) fn enquiry_every(rules: &GatewayRules) -> Duration {
    let refund = rules.refund.as_ref();
    refund.map_or(rules.enquiry_every, |refund| refund.enquiry_every)
}

/// The pause after the refund's newest call: doubling up to that of duties.
fn pause(first: Duration, refund: &Refund, rules: &GatewayRules) -> Duration {
    duty::doubled(first, refund.tries, rules.duty_pace.1)
}

/// How many "no such refund" are proof, and how far apart.
pub(crate) fn not_found_proof(rules: &GatewayRules) -> (u32, Duration) {
    let refund = rules.refund.as_ref();
    refund.map_or(rules.not_found_proof, |refund| refund.not_found_proof)
}

/// A lost request of the refund can no longer arrive: "no such refund" counts now.
pub(super) fn arrival_over(state: &State, id: &RefundId, now: Now) -> Result<Step, Denial> {
    let (mut draft, refund) = about(state, id, now)?;
    let asks = matches!(refund.stage, RefundStage::InFlight | RefundStage::Unknown);
    if asks && !refund.arrival_over && draft.attempt.parked.is_none() {
        draft.fact(What::RefundArrivalOver {
            refund: refund.id.number,
        });
        draft.set_refund(refund, Timer::Refund, Duration::ZERO);
    }
    draft.done()
}

fn refusal(code: &str) -> Refusal {
    Refusal {
        kind: RefusalKind::Closed,
        code: code.to_owned(),
    }
}

impl Draft<'_> {
    /// The refunds of the attempt.
    pub(super) fn refunds(&self) -> impl Iterator<Item = &Refund> {
        let number = self.number();
        self.tender
            .refunds
            .iter()
            .filter(move |r| r.attempt == number)
    }

    fn call_refund(
        &mut self,
        refund: &Refund,
        operation: RefundOperation,
        requested: Timestamp,
        limit: Duration,
    ) {
        self.effect(Effect::CallRefund {
            refund: refund.id.clone(),
            operation,
            order: RefundOrder {
                gateway: self.attempt.gateway.clone(),
                number: refund.number.clone(),
                original: self.attempt.order.clone(),
                amount: refund.amount,
                requested,
                lane: self.tender.lane.clone(),
                reason: refund.reason.clone(),
                operator: refund.operator.clone(),
            },
            limit,
        });
    }

    fn set_refund(&mut self, refund: &Refund, timer: fn(RefundId) -> Timer, after: Duration) {
        self.effect(Effect::Set(timer(refund.id.clone()), after));
    }

    /// Calls a person about a refund, once for each reason.
    fn alert_refund_once(&mut self, refund: &Refund, alert: Alert) {
        if !refund.alerts.contains(&alert) {
            let attempt = Some(self.number());
            let refund = Some(refund.id.number);
            self.fact(What::AlertRaised {
                attempt,
                refund,
                alert,
            });
        }
    }
}
