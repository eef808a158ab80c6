//! What callers ask: create a tender, give it a code, cancel, extend, acknowledge.

use super::draft::{Draft, call};
use super::{closing, number, shown};
use crate::domain::apply::{created, intended};
use crate::domain::{
    ATTEMPTS_MAX, BusinessDay, CODE_REMEMBERED, CodeRead, Denial, Effect, Fact, GatewayRules,
    LaneRules, Mode, NewTender, Now, Operation, Reason, SaleRef, Stage, State, Step, Tender,
    TenderId, Timer, Verdict, What,
};
use std::time::Duration;

/// How long after its verdict a ticket is the same one, whatever the day.
const SAME_TICKET: Duration = Duration::from_secs(60 * 60);

fn existing(tender: &Tender) -> Step {
    Step {
        tender: Some(tender.id.clone()),
        ..Step::default()
    }
}

fn known<'a>(state: &'a State, id: &TenderId) -> Result<&'a Tender, Denial> {
    state.tenders.get(id).ok_or(Denial::NoTender)
}

fn lane<'a>(state: &'a State, tender: &Tender) -> Result<&'a LaneRules, Denial> {
    let no_lane = || Denial::NoLane(tender.lane.clone());
    state.setup.lanes.get(&tender.lane).ok_or_else(no_lane)
}

/// Transition 1: a key that was seen with the same content is the same tender.
pub(super) fn create(state: &State, new: &NewTender, now: Now) -> Result<Step, Denial> {
    if let Some(tender) = state.tenders.values().find(|t| t.key == new.key) {
        return if same_content(tender, new) {
            Ok(existing(tender))
        } else {
            Err(Denial::KeyReused(tender.id.clone()))
        };
    }
    let no_lane = || Denial::NoLane(new.lane.clone());
    let lane = state.setup.lanes.get(&new.lane).ok_or_else(no_lane)?;
    if let Some(gateway) = &new.gateway
        && !lane.gateways.contains(gateway)
    {
        return Err(Denial::NoGateway);
    }
    let shows = match new.mode {
        Mode::Scan => None,
        Mode::Display => Some(shown::gateway(state, lane, new)?),
    };
    if new.amount.minor == 0 {
        return Err(Denial::ZeroAmount);
    }
    if new.amount.currency != lane.ceiling.currency {
        return Err(Denial::OtherCurrency);
    }
    if new.amount.minor > lane.ceiling.minor {
        return Err(Denial::OverCeiling(lane.ceiling));
    }
    let mut of_lane = state.tenders.values().filter(|t| t.lane == new.lane);
    if let Some(busy) = of_lane.find(|t| t.verdict.is_none()) {
        return Err(Denial::LaneBusy(busy.id.clone()));
    }
    let mut of_sale = state
        .tenders
        .values()
        .filter(|t| is_of_sale(t, &new.sale, &new.day, now));
    if let Some(busy) = of_sale.clone().find(|t| t.final_verdict().is_none()) {
        return Err(Denial::SaleBusy(busy.id.clone()));
    }
    let paid = of_sale.find(|t| t.final_verdict() == Some(Verdict::Paid));
    if let Some(paid) = paid
        && !new.part
    {
        return Err(Denial::SalePaid(paid.id.clone()));
    }
    let fact = Fact {
        tender: number::tender_id(now),
        what: What::TenderCreated {
            lane: new.lane.clone(),
            key: new.key.clone(),
            sale: new.sale.clone(),
            day: new.day.clone(),
            amount: new.amount,
            mode: new.mode,
            part: new.part,
            gateway: new.gateway.clone(),
            note: new.note.clone(),
        },
    };
    let mut step = Step {
        tender: Some(fact.tender.clone()),
        ..Step::default()
    };
    let tender = created(&fact, now.at);
    step.facts.push(fact);
    match (shows, tender) {
        // No code is waited for: its only attempt is made at once.
        (Some((gateway, rules, display)), Some(tender)) => {
            let intent = What::AttemptIntended {
                attempt: 1,
                gateway: gateway.clone(),
                order: number::order_number(&state.setup.store, &new.lane, rules, now),
                wallet: None,
                code: None,
                fingerprint: None,
                requested: now.at,
                expires: now.at.after(display.life + now.clock_error),
            };
            submit(&mut step, &tender, intent, rules, display.life);
        }
        (_, tender) => {
            let code = tender.map(|t| Effect::Set(Timer::Code(t.id), lane.wait_code));
            step.effects.extend(code);
        }
    }
    Ok(step)
}

/// The day is ours, not the caller's: a repeat after midnight is the same request.
fn same_content(tender: &Tender, new: &NewTender) -> bool {
    tender.lane == new.lane
        && tender.sale == new.sale
        && tender.amount == new.amount
        && tender.mode == new.mode
        && tender.part == new.part
        && tender.gateway == new.gateway
        && tender.note == new.note
}

/// A sale is a ticket of a day. A ticket that is being paid over midnight, or
/// asked for again when it just was, is still the same one. (A wall clock that
/// steps makes two sales of a ticket at most an hour too early, as its day does.)
fn is_of_sale(tender: &Tender, sale: &SaleRef, day: &BusinessDay, now: Now) -> bool {
    let just_now = match tender.verdict {
        Some((verdict, _, at)) if verdict != Verdict::Unresolved => now.at.since(at) < SAME_TICKET,
        _ => true,
    };
    tender.sale == *sale && (tender.day == *day || just_now)
}

/// Transition 2: the intent, durable before any byte leaves.
pub(super) fn code_read(
    state: &State,
    id: &TenderId,
    code: &CodeRead,
    now: Now,
) -> Result<Step, Denial> {
    let tender = known(state, id)?;
    if let Some((used, at)) = state.codes.get(&code.fingerprint)
        && now.at.since(*at) < CODE_REMEMBERED
    {
        let live = state
            .tenders
            .get(&used.tender)
            .and_then(Tender::live_attempt);
        return Err(match live {
            Some(attempt) if attempt.id == *used => Denial::CodeInProcess,
            _ => Denial::CodeUsed,
        });
    }
    if let Some((verdict, ..)) = tender.verdict {
        return Err(Denial::Done(id.clone(), verdict));
    }
    if tender.live_attempt().is_some() {
        return Err(Denial::Paying(id.clone()));
    }
    let forced = tender.gateway.as_ref().is_some_and(|g| *g != code.gateway);
    if forced || !lane(state, tender)?.gateways.contains(&code.gateway) {
        return Err(Denial::NoGateway);
    }
    sale_is_free(state, tender, now)?;
    let rules = state.setup.gateways.get(&code.gateway);
    let rules = rules.ok_or(Denial::NoGateway)?;
    let intent = What::AttemptIntended {
        attempt: u32::try_from(tender.attempts.len()).unwrap_or(ATTEMPTS_MAX) + 1,
        gateway: code.gateway.clone(),
        order: number::order_number(&state.setup.store, &tender.lane, rules, now),
        wallet: code.wallet.clone(),
        code: Some(code.masked.clone()),
        fingerprint: Some(code.fingerprint.clone()),
        requested: now.at,
        // By our clock: where it is behind, the customer still has the whole time.
        expires: now.at.after(rules.expires + now.clock_error),
    };
    let mut step = existing(tender);
    submit(&mut step, tender, intent, rules, rules.wait);
    let code_timer = Effect::Clear(Timer::Code(id.clone()));
    step.effects.insert(1, code_timer);
    Ok(step)
}

/// An intent, and what begins when it is durable: the submit, the enquiry beside
/// it, and the wait.
fn submit(step: &mut Step, tender: &Tender, intent: What, rules: &GatewayRules, wait: Duration) {
    if let Some(attempt) = intended(&tender.id, &intent) {
        let limit = rules.limit_submit;
        step.effects.extend([
            call(tender, &attempt, Operation::Submit, limit, false),
            Effect::Set(Timer::Enquiry(attempt.id.clone()), rules.enquiry_unanswered),
            Effect::Set(Timer::Wait(attempt.id), wait),
        ]);
    }
    step.facts.push(Fact {
        tender: tender.id.clone(),
        what: intent,
    });
}

/// One live attempt per sale, across lanes; a paid sale pays again only in parts.
fn sale_is_free(state: &State, tender: &Tender, now: Now) -> Result<(), Denial> {
    let others = state
        .tenders
        .values()
        .filter(|t| t.id != tender.id && is_of_sale(t, &tender.sale, &tender.day, now));
    for other in others {
        if other.live_attempt().is_some() {
            return Err(Denial::SaleBusy(other.id.clone()));
        }
        if other.final_verdict() == Some(Verdict::Paid) && !tender.part {
            return Err(Denial::SalePaid(other.id.clone()));
        }
    }
    Ok(())
}

/// Transitions 3 and 12: a request; whether it wins is decided by what is durable first.
pub(super) fn cancel(state: &State, id: &TenderId, now: Now) -> Result<Step, Denial> {
    let tender = known(state, id)?;
    match tender.final_verdict() {
        Some(Verdict::NotPaid) => return Ok(existing(tender)),
        Some(verdict) => return Err(Denial::Done(id.clone(), verdict)),
        None => {}
    }
    let Some(attempt) = tender.live_attempt() else {
        return Ok(end_unarmed(tender, Reason::Cancelled));
    };
    if matches!(attempt.stage, Stage::Closing { .. }) {
        return Ok(existing(tender));
    }
    let mut draft = Draft::about(state, &attempt.id, now)?;
    draft.fact(What::CancelRequested);
    closing::begin(&mut draft, Reason::Cancelled);
    draft.done()
}

/// Nobody scanned a code in time.
pub(super) fn code_timer(state: &State, id: &TenderId, _now: Now) -> Result<Step, Denial> {
    let tender = known(state, id)?;
    if tender.is_armed() {
        Ok(end_unarmed(tender, Reason::NoCode))
    } else {
        Ok(existing(tender))
    }
}

/// Ends a tender that waits for a code. Every attempt before was refused with proof.
fn end_unarmed(tender: &Tender, reason: Reason) -> Step {
    Step {
        facts: vec![Fact {
            tender: tender.id.clone(),
            what: What::VerdictGiven {
                verdict: Verdict::NotPaid,
                reason,
            },
        }],
        effects: vec![Effect::Clear(Timer::Code(tender.id.clone()))],
        ..existing(tender)
    }
}

/// The cashier may give more time once, before the verdict.
pub(super) fn extend(state: &State, id: &TenderId, now: Now) -> Result<Step, Denial> {
    let tender = known(state, id)?;
    let attempt = tender.live_attempt().ok_or(Denial::NotExtendable)?;
    // A code that is shown ends with its order: more time would be none.
    let waits = matches!(attempt.stage, Stage::Waiting | Stage::Unknown);
    if tender.extended || !waits || tender.mode == Mode::Display {
        return Err(Denial::NotExtendable);
    }
    let mut draft = Draft::about(state, &attempt.id, now)?;
    draft.fact(What::WaitExtended);
    let timer = Timer::Wait(attempt.id.clone());
    draft.effect(Effect::Extend(timer, draft.rules.wait_extension));
    draft.done()
}

/// The verdict stays; that it was taken note of is kept.
pub(super) fn acknowledge(state: &State, id: &TenderId, _now: Now) -> Result<Step, Denial> {
    let tender = known(state, id)?;
    if tender.acknowledged.is_some() {
        return Ok(existing(tender));
    }
    if tender.final_verdict().is_none() {
        return Err(Denial::NoVerdict);
    }
    Ok(Step {
        facts: vec![Fact {
            tender: id.clone(),
            what: What::VerdictAcknowledged,
        }],
        ..existing(tender)
    })
}
