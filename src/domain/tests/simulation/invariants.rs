//! What the core said against what the ledger knows.

use super::model::{Entry, Ledger};
use super::world::World;
use crate::domain::{Attempt, OrderNumber, Stage, Tender, Verdict};
use std::collections::BTreeMap;

/// The longest a customer and a cashier wait, in milliseconds: wait, extension,
/// last enquiry, last word, and a little.
const VERDICT_WITHIN: u64 = (75 + 30 + 3 + 10 + 5) * 1_000;

fn entry<'a>(world: &'a World, attempt: &Attempt) -> Option<&'a Entry> {
    world.models[&attempt.gateway].orders.get(&attempt.order)
}

/// After every step (beside `rules::check`): 7, 14 and 15.
pub(super) fn while_it_runs(world: &World) -> Result<(), String> {
    let mut kept: BTreeMap<_, u32> = BTreeMap::new();
    for tender in world.state.tenders.values() {
        for attempt in &tender.attempts {
            let alive = attempt.stage.is_live();
            let charged = entry(world, attempt).is_some_and(|e| e.ledger == Ledger::Kept);
            // All captures but one have a duty, or may still turn out to be that one.
            if charged && attempt.obligation().is_none() {
                let count = kept.entry((&tender.day, &tender.sale)).or_default();
                *count += 1;
                if *count > 1 {
                    return Err(format!(
                        "7: a second charge of sale {} without a duty",
                        tender.sale
                    ));
                }
            }
            let since = world.alive_since.get(&attempt.id).copied();
            let overdue = since.is_some_and(|since| world.clock > since + VERDICT_WITHIN);
            if world.up && alive && tender.verdict.is_none() && overdue {
                return Err(format!("15: {} has no verdict in time", attempt.id));
            }
        }
    }
    Ok(())
}

/// At rest: 5, 6, 11 and 14.
pub(super) fn at_rest(world: &World) -> Result<(), String> {
    for tender in world.state.tenders.values() {
        for attempt in &tender.attempts {
            settled(world, tender, attempt)?;
        }
        if tender.final_verdict().is_none() {
            return Err(format!("14: {} has no final verdict at rest", tender.id));
        }
    }
    let ours = |number: &OrderNumber| {
        let mut attempts = world.state.tenders.values().flat_map(|t| &t.attempts);
        attempts.any(|a| a.order == *number)
    };
    for model in world.models.values() {
        for (number, entry) in &model.orders {
            if entry.ledger == Ledger::Kept && !ours(number) {
                return Err(format!("6: {number} is charged and belongs to nobody"));
            }
        }
    }
    Ok(())
}

fn settled(world: &World, tender: &Tender, attempt: &Attempt) -> Result<(), String> {
    let id = &attempt.id;
    let kept = entry(world, attempt).filter(|e| e.ledger == Ledger::Kept);
    let paid = attempt.stage == Stage::Paid && tender.final_verdict() == Some(Verdict::Paid);
    match kept {
        Some(_) if attempt.obligation().is_some() => Err(format!("11: {id} still owes")),
        Some(entry) if paid && entry.amount != tender.amount => {
            Err(format!("6: {id} is paid with another amount"))
        }
        Some(_) if !paid => Err(format!("5: {id} is charged and not paid")),
        None if paid => Err(format!("6: {id} is paid and nothing was charged")),
        _ if attempt.obligation().is_some() => Err(format!("11: {id} still owes")),
        _ => Ok(()),
    }
}
