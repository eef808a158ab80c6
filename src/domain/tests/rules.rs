//! What must hold after every step, whatever happened (`docs/architecture.md`,
//! invariants 1 to 4 and 8 to 11).

use crate::domain::{
    Alert, Attempt, Effect, Fact, Operation, OrderStatus, Refund, RefundId, RefundOperation,
    RefundOrder, Stage, State, Step, Tender, Verdict, What,
};
use std::collections::BTreeSet;

/// Checks one committed step.
///
/// # Errors
/// A sentence that names the invariant.
pub(crate) fn check(before: &State, step: &Step, after: &State) -> Result<(), String> {
    for effect in &step.effects {
        intended_first(effect, step, after)?;
        if let Effect::CallRefund {
            refund,
            operation,
            order,
            ..
        } = effect
        {
            refund_intended_first(refund, *operation, order, step, after)?;
        }
    }
    for fact in &step.facts {
        if let What::VerdictGiven { verdict, .. } = fact.what {
            let earlier = before.tenders.get(&fact.tender);
            let earlier = earlier.and_then(Tender::final_verdict);
            holds(earlier.is_none(), || {
                format!("4: a second verdict of {}", fact.tender)
            })?;
            verdict_is_covered(&after.tenders[&fact.tender], verdict, before, &step.facts)?;
        }
    }
    let mut orders = BTreeSet::new();
    let mut live_sales = BTreeSet::new();
    for tender in after.tenders.values() {
        for attempt in &tender.attempts {
            let of = &attempt.id;
            holds(orders.insert(&attempt.order), || {
                format!("8: order number of {of} used twice")
            })?;
            let owes = attempt.obligation().is_some();
            holds((attempt.stage == Stage::Reversing) == owes, || {
                format!("11: {of} is reversing without a duty, or owes without reversing")
            })?;
            let live = attempt.stage.is_live();
            holds(!live || live_sales.insert(&tender.sale), || {
                format!("8: {of} is a second live attempt of its sale")
            })?;
            no_more_than_captured(tender, attempt)?;
        }
        for refund in &tender.refunds {
            holds(orders.insert(&refund.number), || {
                format!("8: refund number of {} used twice", refund.id)
            })?;
        }
    }
    refunds_stay(before, after)?;
    duties_stay(before, after)
}

/// Invariant 10: refunds that went out, or may, are never more than was captured;
/// except where a refund that was said to have failed did not, and a person knows.
fn no_more_than_captured(tender: &Tender, attempt: &Attempt) -> Result<(), String> {
    let of_it = |r: &&Refund| r.attempt == attempt.id.number;
    let given = tender.refunds.iter().filter(of_it).filter(|r| r.counts());
    let given: u64 = given.map(|r| r.amount.minor).sum();
    let mut refunds = tender.refunds.iter().filter(of_it);
    let contradicted = refunds.any(|r| r.alerts.contains(&Alert::RefundContradicted));
    let charged = match attempt.stage {
        Stage::Paid => Some(tender.amount.minor),
        _ => attempt.charged().map(|amount| amount.minor),
    };
    let unseen = attempt.obligation().is_none() && attempt.stage != Stage::Paid;
    holds(
        contradicted || unseen || given <= charged.unwrap_or(0),
        || format!("10: {given} of {} is given back", attempt.id),
    )
}

/// Invariants 1, 8 and 9 of refunds: an intent of this number and content in the
/// same commit; of a paid tender because somebody asked, or of a duty.
fn refund_intended_first(
    id: &RefundId,
    operation: RefundOperation,
    order: &RefundOrder,
    step: &Step,
    after: &State,
) -> Result<(), String> {
    let tender = &after.tenders[&id.tender];
    let refund = tender.refund(id.number).ok_or("a call of no refund")?;
    let attempt = tender
        .attempt(refund.attempt)
        .ok_or("a refund of nothing")?;
    let same = order.number == refund.number
        && order.amount == refund.amount
        && order.original == attempt.order
        && order.gateway == attempt.gateway
        && order.requested == refund.requested;
    holds(same, || format!("8: {id} is called with other content"))?;
    holds(attempt.parked.is_none(), || {
        format!("{id} is parked and called")
    })?;
    if operation != RefundOperation::Submit {
        return Ok(());
    }
    let intended = step.facts.iter().any(|fact| match &fact.what {
        What::RefundIntended { refund, .. } => *refund == id.number,
        What::RefundCallIntended {
            refund, operation, ..
        } => *refund == id.number && *operation == RefundOperation::Submit,
        _ => false,
    });
    holds(intended, || format!("1: {id} leaves before its intent"))?;
    let asked = attempt.stage == Stage::Paid && tender.final_verdict() == Some(Verdict::Paid);
    let owed = refund.is_of_duty() && attempt.obligation().is_some();
    holds(owed || (asked && !refund.is_of_duty()), || {
        format!("9: nobody asked for {id}, and nothing is owed")
    })
}

/// A refund keeps its number and content, and is never gone.
fn refunds_stay(before: &State, after: &State) -> Result<(), String> {
    let content = |r: &Refund| (r.number.clone(), r.amount, r.attempt, r.key.clone());
    for (id, tender) in &before.tenders {
        for refund in &tender.refunds {
            let now = after
                .tenders
                .get(id)
                .and_then(|t| t.refund(refund.id.number));
            let kept = now.is_some_and(|now| content(now) == content(refund));
            holds(kept, || format!("10: {} is gone or another one", refund.id))?;
        }
    }
    Ok(())
}

fn holds(truth: bool, broken: impl Fn() -> String) -> Result<(), String> {
    if truth { Ok(()) } else { Err(broken()) }
}

/// Invariant 1, and 9: every call that may move money has its intent in the
/// same commit, and nothing that is paid is ever reversed.
fn intended_first(effect: &Effect, step: &Step, after: &State) -> Result<(), String> {
    let Effect::Call {
        attempt: id,
        operation,
        order,
        ..
    } = effect
    else {
        return Ok(());
    };
    let tender = &after.tenders[&id.tender];
    let attempt = tender.attempt(id.number).ok_or("a call of no attempt")?;
    let same = order.number == attempt.order && order.amount == tender.amount;
    holds(same, || format!("8: {id} is called with other content"))?;
    holds(attempt.parked.is_none(), || {
        format!("{id} is parked and called")
    })?;
    let refunds = tender.refunds.iter().filter(|r| r.attempt == id.number);
    let refunded = refunds.clone().any(Refund::counts);
    holds(*operation != Operation::Revoke || !refunded, || {
        format!("10: {id} is reversed beside its refund")
    })?;
    let intended = step.facts.iter().any(|fact| match &fact.what {
        What::AttemptIntended { attempt, .. } => {
            *operation == Operation::Submit && *attempt == id.number
        }
        What::CallIntended {
            attempt,
            operation: intended,
            ..
        } => intended == operation && *attempt == id.number,
        _ => false,
    });
    let asks = matches!(operation, Operation::Enquiry | Operation::Scanned);
    holds(intended || asks, || {
        format!("1: {operation:?} of {id} leaves before its intent")
    })?;
    holds(
        *operation != Operation::Revoke || attempt.obligation().is_some(),
        || format!("9: {id} is revoked without a duty"),
    )?;
    let closing = matches!(attempt.stage, Stage::Closing { .. });
    holds(*operation != Operation::Cancel || closing, || {
        format!("9: {id} is cancelled out of turn")
    })
}

/// Invariants 2 and 3.
fn verdict_is_covered(
    tender: &Tender,
    verdict: Verdict,
    before: &State,
    facts: &[Fact],
) -> Result<(), String> {
    let proved = |attempt: &Attempt| {
        let report = attempt.report.as_ref();
        attempt.stage == Stage::Paid
            && report.is_some_and(|r| {
                r.status == OrderStatus::MoneyIn
                    && r.order == attempt.order
                    && r.amount == Some(tender.amount)
            })
    };
    let covered = |attempt: &Attempt| match attempt.stage {
        Stage::Refused(_) | Stage::Withdrawn | Stage::Reversed => true,
        Stage::Reversing => attempt.obligation().is_some(),
        _ => false,
    };
    match verdict {
        Verdict::Paid => holds(tender.attempts.iter().any(proved), || {
            format!("2: {} is paid without evidence", tender.id)
        }),
        Verdict::NotPaid => {
            holds(tender.attempts.iter().all(covered), || {
                format!("3: {} is not paid, without proof or duty", tender.id)
            })?;
            // A duty that covers the verdict was opened with it or before.
            let opened = |f: &Fact| matches!(f.what, What::ObligationOpened { .. });
            let was = before.tenders.get(&tender.id);
            let owed = |t: &Tender| t.attempts.iter().any(|a| a.obligation().is_some());
            let late = owed(tender) && !was.is_some_and(owed) && !facts.iter().any(opened);
            holds(!late, || {
                format!("3: the duty of {} came after its verdict", tender.id)
            })
        }
        Verdict::Unresolved => Ok(()),
    }
}

/// Invariant 11: a duty ends by being closed, and by nothing else.
fn duties_stay(before: &State, after: &State) -> Result<(), String> {
    for (id, tender) in &before.tenders {
        for attempt in &tender.attempts {
            let now = after
                .tenders
                .get(id)
                .and_then(|t| t.attempt(attempt.id.number));
            let now = now
                .map(|a| &a.obligations)
                .ok_or("11: an attempt is gone")?;
            let kept = attempt.obligations.len() <= now.len()
                && attempt.obligations.iter().zip(now).all(|(was, is)| {
                    was.opened == is.opened && (was.closed.is_none() || was.closed == is.closed)
                });
            holds(kept, || format!("11: a duty of {} is gone", attempt.id))?;
        }
    }
    Ok(())
}
