//! Rules about what is written: 2, 3, 4, 8, 11, 18 and 20.

use crate::simulation::world::World;
use qrpayd::domain::{
    Attempt, Discharge, Fact, OrderStatus, Stage, State, Tender, TenderId, Timestamp, Verdict,
    What, apply,
};
use qrpayd::journal::TenderRow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whether facts begin something, as the journal sees it.
pub(crate) fn begins(facts: &[Fact]) -> bool {
    facts.iter().any(|fact| fact.what.begins())
}

/// A transaction is about to be written.
pub(crate) fn commit(world: &mut World, at: Timestamp, facts: &[Fact], rows: &[TenderRow]) {
    let mut of_tender: BTreeMap<TenderId, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        world.tell(|| format!("   fact {}: {:?}", fact.tender, fact.what));
        of_tender.entry(fact.tender.clone()).or_default().push(fact);
    }
    if of_tender.len() > 1 {
        world.coverage.saw("several in one flush");
    }
    code_is_not_recoverable(world, facts);
    for (id, facts) in of_tender {
        let before = world.disk.truth.tenders.get(&id).cloned();
        let after = applied(world, before.clone(), at, &facts);
        world.coverage.commit(before.as_ref(), &facts);
        let Some(after) = after else {
            world.breaks("20 replay", || {
                format!("facts of {id}, which does not exist")
            });
            continue;
        };
        verdict_is_never_replaced(world, before.as_ref(), &facts);
        paid_has_evidence(world, &after, &facts);
        not_paid_is_covered(world, before.as_ref(), &after, &facts);
        duties_stay(world, before.as_ref(), &after);
        duties_end_by_proof(world, &after, &facts);
        refunds_end_by_proof(world, &after, &facts);
        a_key_is_one_refund(world, &after);
        never_more_asked_than_captured(world, &after);
        one_live_attempt(world, &after, &facts);
        row_agrees(world, &after, rows);
    }
}

fn applied(
    world: &World,
    before: Option<Tender>,
    at: Timestamp,
    facts: &[&Fact],
) -> Option<Tender> {
    let mut state = State {
        setup: Arc::clone(&world.setup),
        tenders: before.into_iter().map(|t| (t.id.clone(), t)).collect(),
        codes: BTreeMap::new(),
    };
    for fact in facts {
        apply(&mut state, fact, at);
    }
    state.tenders.into_values().next()
}

/// Rule 4.
fn verdict_is_never_replaced(world: &mut World, before: Option<&Tender>, facts: &[&Fact]) {
    let given = |fact: &&&Fact| matches!(fact.what, What::VerdictGiven { .. });
    let count = facts.iter().filter(given).count();
    let earlier = before.and_then(Tender::final_verdict);
    if count > 1 || (count == 1 && earlier.is_some()) {
        let id = facts[0].tender.clone();
        world.breaks("4 verdict is never replaced", || {
            format!("a second verdict of {id}, {earlier:?} before")
        });
    }
}

/// Rule 2: the report, and the gateway's ledger, name this order, amount and currency.
fn paid_has_evidence(world: &mut World, tender: &Tender, facts: &[&Fact]) {
    let says_paid = |fact: &&Fact| {
        matches!(
            fact.what,
            What::VerdictGiven {
                verdict: Verdict::Paid,
                ..
            }
        )
    };
    if !facts.iter().any(says_paid) {
        return;
    }
    let proved = |attempt: &Attempt| {
        let report = attempt.report.as_ref();
        let account = super::account(world, attempt);
        attempt.stage == Stage::Paid
            && report.is_some_and(|r| {
                r.status == OrderStatus::MoneyIn
                    && r.order == attempt.order
                    && r.amount == Some(tender.amount)
            })
            && account.is_some_and(|account| account.captured == tender.amount.minor)
    };
    if !tender.attempts.iter().any(proved) {
        let id = tender.id.clone();
        world.breaks("2 paid has evidence", || {
            format!("{id} is paid, and the gateway does not have its money")
        });
    }
}

/// Rule 3: proof, a withdrawal, or a duty in the same commit.
fn not_paid_is_covered(
    world: &mut World,
    before: Option<&Tender>,
    after: &Tender,
    facts: &[&Fact],
) {
    let says = |fact: &&Fact| {
        matches!(
            fact.what,
            What::VerdictGiven {
                verdict: Verdict::NotPaid,
                ..
            }
        )
    };
    let owes = |tender: &Tender| tender.attempts.iter().any(|a| a.obligation().is_some());
    let opens = |fact: &&Fact| matches!(fact.what, What::ObligationOpened { .. });
    let opened = facts.iter().any(opens);
    if facts.iter().any(says) {
        let covered = |attempt: &Attempt| match attempt.stage {
            Stage::Refused(_) | Stage::Withdrawn | Stage::Reversed => true,
            Stage::Reversing => attempt.obligation().is_some(),
            _ => false,
        };
        let late = owes(after) && !before.is_some_and(owes) && !opened;
        if !after.attempts.iter().all(covered) || late {
            let id = after.id.clone();
            world.breaks("3 not paid is covered", || {
                format!("{id} is not paid, without proof or duty")
            });
        }
    }
}

/// Rule 11: a duty ends by being closed, and by nothing else.
fn duties_stay(world: &mut World, before: Option<&Tender>, after: &Tender) {
    let gone = |attempt: &&Attempt| {
        let now = after.attempt(attempt.id.number);
        let now = now.map(|a| a.obligations.as_slice()).unwrap_or_default();
        attempt.obligations.len() > now.len()
            || attempt.obligations.iter().zip(now).any(|(was, is)| {
                was.opened != is.opened || (was.closed.is_some() && was.closed != is.closed)
            })
    };
    let gone = before.and_then(|before| before.attempts.iter().find(gone));
    if let Some(id) = gone.map(|attempt| attempt.id.clone()) {
        world.breaks("11 duties end by proof or a person", || {
            format!("a duty of {id} is gone")
        });
    }
    let astray =
        |attempt: &&Attempt| (attempt.stage == Stage::Reversing) != attempt.obligation().is_some();
    let astray = after.attempts.iter().find(astray);
    if let Some(id) = astray.map(|attempt| attempt.id.clone()) {
        world.breaks("11 duties end by proof or a person", || {
            format!("{id} is reversing without a duty, or owes without reversing")
        });
    }
}

/// Rule 11: proof means that the ledger has nothing kept.
fn duties_end_by_proof(world: &mut World, after: &Tender, facts: &[&Fact]) {
    for fact in facts {
        let What::ObligationClosed { attempt, discharge } = &fact.what else {
            continue;
        };
        let attempt = after.attempt(*attempt);
        let kept = attempt
            .and_then(|a| super::account(world, a))
            .is_some_and(|account| account.kept() > 0);
        if kept && !matches!(discharge, Discharge::Manager { .. }) {
            let (id, discharge) = (after.id.clone(), discharge.clone());
            world.breaks("11 duties end by proof or a person", || {
                format!("a duty of {id} ends by {discharge:?}, and the money is kept")
            });
        }
    }
}

/// Rule 11, for refunds: what is said to be returned is, and what failed is not.
fn refunds_end_by_proof(world: &mut World, after: &Tender, facts: &[&Fact]) {
    for fact in facts {
        let (number, returned) = match &fact.what {
            What::RefundReturned { refund, .. } => (*refund, true),
            What::RefundFailed { refund, .. } => (*refund, false),
            _ => continue,
        };
        let refund = after.refund(number);
        let of = refund.and_then(|r| Some((r, after.attempt(r.attempt)?)));
        let done = of.and_then(|(refund, attempt)| {
            let account = super::account(world, attempt)?;
            Some(account.refunds.get(&refund.number)?.done)
        });
        if done.unwrap_or(false) != returned {
            let id = after.id.clone();
            world.breaks("11 refunds end by proof", || {
                format!("refund {number} of {id} is returned: {returned}, at the gateway {done:?}")
            });
        }
    }
}

/// A key makes one refund, and only a key that somebody sent.
fn a_key_is_one_refund(world: &mut World, after: &Tender) {
    let keys: Vec<_> = after
        .refunds
        .iter()
        .filter_map(|r| r.key.as_ref())
        .collect();
    let distinct: BTreeSet<_> = keys.iter().collect();
    let strange = keys.iter().any(|key| !world.refund_keys.contains(*key));
    if strange || distinct.len() < keys.len() {
        let id = after.id.clone();
        world.breaks("1 the same key is the same refund", || {
            format!("{id} has a refund that no key asked for")
        });
    }
}

/// Rule 10: what was asked to go back, and did not fail, is at most what came in.
fn never_more_asked_than_captured(world: &mut World, after: &Tender) {
    for attempt in &after.attempts {
        let of_it = after
            .refunds
            .iter()
            .filter(|r| r.attempt == attempt.id.number);
        let asked: u64 = of_it.filter(|r| r.counts()).map(|r| r.amount.minor).sum();
        let captured = super::account(world, attempt).map_or(0, |a| a.captured);
        if asked > captured {
            let id = attempt.id.clone();
            world.breaks("10 never more back than captured", || {
                format!("{asked} of the {captured} of {id}")
            });
        }
    }
}

/// Rule 8.
fn one_live_attempt(world: &mut World, after: &Tender, facts: &[&Fact]) {
    let live = after.attempts.iter().filter(|a| a.stage.is_live()).count();
    let begun = facts.iter().find_map(|fact| match &fact.what {
        What::AttemptIntended { order, .. } => Some(order.clone()),
        _ => None,
    });
    let Some(order) = begun else {
        if live > 1 {
            let id = after.id.clone();
            world.breaks("8 one live attempt", || format!("{id} has two"));
        }
        return;
    };
    let others = world.disk.truth.tenders.values();
    let mut of_sale = others.filter(|t| t.id != after.id && t.sale == after.sale);
    let parts = |t: &Tender| t.part && after.part;
    let second = of_sale.any(|t| t.live_attempt().is_some() && !parts(t));
    let mut used: BTreeSet<_> = BTreeSet::new();
    let all = world.disk.truth.tenders.values().flat_map(|t| &t.attempts);
    used.extend(all.map(|attempt| &attempt.order));
    let again = used.contains(&order);
    if live > 1 || second || again {
        let id = after.id.clone();
        world.breaks("8 one live attempt", || {
            format!("{id}: {live} live, another of its sale: {second}, number again: {again}")
        });
    }
}

/// Rule 18: no code that was ever shown stands in a fact.
fn code_is_not_recoverable(world: &mut World, facts: &[Fact]) {
    for fact in facts {
        let What::AttemptIntended { .. } = fact.what else {
            continue;
        };
        let text = serde_json::to_string(fact).unwrap();
        if world.codes.iter().any(|code| text.contains(code.as_str())) {
            let id = fact.tender.clone();
            world.breaks("18 the code is not recoverable", || {
                format!("a fact of {id} has it")
            });
        }
    }
}

/// Rule 20, as far as the row goes: it says what the facts say.
fn row_agrees(world: &mut World, after: &Tender, rows: &[TenderRow]) {
    let row = rows.iter().find(|row| row.id == after.id);
    let agrees = row.is_some_and(|row| {
        row.open == after.is_open()
            && row.key == after.key
            && after.attempts.iter().all(|a| row.orders.contains(&a.order))
    });
    if !agrees {
        let id = after.id.clone();
        world.breaks("20 replay", || format!("the row of {id} is another's"));
    }
}
