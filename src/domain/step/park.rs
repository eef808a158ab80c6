//! Setting one attempt aside (and taking it up again), so that an attempt which
//! brings the core down at every start cannot keep its lane from working.
//!
//! A parked attempt is asked about by nobody and decided by nothing; what a gateway
//! says of it is kept. Whoever parks a payment that may still go on ends it for the
//! cashier as every doubtful payment ends: *not paid*, with a duty to return any
//! money in the same commit. The lane and the sale are free, and the duty is
//! listed as parked until somebody takes the attempt up again, and it goes on, or
//! closes the duty by hand. An attempt of which a duty or a refund is open is
//! parked with it.

use super::draft::{Draft, text};
use crate::domain::{
    Answer, AttemptId, Denial, Duty, Effect, Fact, Now, Operation, Reason, Refund, State, Step,
    Tender, Timer, Verdict, What, resume,
};

/// The facts that set an attempt aside. Needs nothing but its tender, so that it
/// works beside a configuration that has changed and while no service runs.
///
/// # Errors
/// [`Denial::NotParkable`] where nothing of the attempt is open, or it is parked
/// already; [`Denial::BadText`] without a name and a reason.
pub fn park(tender: &Tender, attempt: u32, name: &str, reason: &str) -> Result<Vec<Fact>, Denial> {
    let parked = tender.attempt(attempt).ok_or(Denial::NoTender)?;
    let (name, reason) = (text("name", name, 64)?, text("reason", reason, 256)?);
    let refunded = |r: &Refund| r.attempt == attempt && r.is_open();
    let live = parked.stage.is_live();
    let owes = parked.obligation().is_some() || tender.refunds.iter().any(refunded);
    if parked.parked.is_some() || !(live || owes) {
        return Err(Denial::NotParkable);
    }
    let mut facts = Vec::new();
    if live {
        if tender.final_verdict().is_none() {
            facts.push(What::VerdictGiven {
                verdict: Verdict::NotPaid,
                reason: Reason::Parked,
            });
        }
        facts.push(What::ObligationOpened {
            attempt,
            duty: Duty::Return,
        });
    }
    facts.push(What::AttemptParked {
        attempt,
        name,
        reason,
    });
    Ok(facts.into_iter().map(|what| of(tender, what)).collect())
}

/// The facts that take an attempt up again.
///
/// # Errors
/// [`Denial::NotParked`], or [`Denial::BadText`] without a name and a reason.
pub fn unpark(
    tender: &Tender,
    attempt: u32,
    name: &str,
    reason: &str,
) -> Result<Vec<Fact>, Denial> {
    let parked = tender.attempt(attempt).ok_or(Denial::NoTender)?;
    let (name, reason) = (text("name", name, 64)?, text("reason", reason, 256)?);
    if parked.parked.is_none() {
        return Err(Denial::NotParked);
    }
    let what = What::AttemptUnparked {
        attempt,
        name,
        reason,
    };
    Ok(vec![of(tender, what)])
}

/// What a gateway says of a parked attempt: its evidence is kept, and decides nothing.
pub(super) fn keep(draft: &mut Draft<'_>, operation: Operation, answer: &Answer) {
    if let Answer::Report(report) = answer
        && draft.attempt.report.as_ref() != Some(report)
    {
        draft.keep(operation, report.clone());
    }
}

fn of(tender: &Tender, what: What) -> Fact {
    Fact {
        tender: tender.id.clone(),
        what,
    }
}

fn of_state<'a>(state: &'a State, id: &AttemptId) -> Result<&'a Tender, Denial> {
    state.tenders.get(&id.tender).ok_or(Denial::NoTender)
}

/// As [`park`], while the service runs: every timer of it stops.
pub(super) fn parked(
    state: &State,
    id: &AttemptId,
    name: &str,
    reason: &str,
) -> Result<Step, Denial> {
    let tender = of_state(state, id)?;
    let facts = park(tender, id.number, name, reason)?;
    let of_attempt = [
        Timer::Enquiry,
        Timer::Wait,
        Timer::Restarted,
        Timer::Cancel,
        Timer::LastWord,
        Timer::Scanned,
        Timer::Duty,
        Timer::Arrival,
    ];
    let timers = of_attempt.into_iter().map(|timer| timer(id.clone()));
    let refunds = tender.refunds.iter().filter(|r| r.attempt == id.number);
    let of_refunds = refunds.flat_map(|r| {
        [
            Timer::Refund(r.id.clone()),
            Timer::RefundArrival(r.id.clone()),
        ]
    });
    Ok(Step {
        facts,
        effects: timers.chain(of_refunds).map(Effect::Clear).collect(),
        tender: Some(tender.id.clone()),
        refund: None,
    })
}

/// As [`unpark`], while the service runs: it goes on as after a start.
pub(super) fn unparked(
    state: &State,
    id: &AttemptId,
    name: &str,
    reason: &str,
    now: Now,
) -> Result<Step, Denial> {
    let tender = of_state(state, id)?;
    let facts = unpark(tender, id.number, name, reason)?;
    let mut free = tender.clone();
    if let Some(attempt) = free.attempts.iter_mut().find(|a| a.id == *id) {
        attempt.parked = None;
    }
    Ok(Step {
        facts,
        effects: resume::resume_attempt(state, &free, id.number, now),
        tender: Some(tender.id.clone()),
        refund: None,
    })
}
