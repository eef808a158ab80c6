//! Rules at rest, when faults have stopped and all timers have run out: 5, 6, 11, 14.

use crate::simulation::world::World;
use qrpayd::domain::{Attempt, Discharge, OrderNumber, Stage, Tender, Verdict};

/// Everything has come to its end.
pub(crate) fn rest(world: &mut World) {
    let tenders: Vec<Tender> = world.disk.truth.tenders.values().cloned().collect();
    for tender in &tenders {
        if tender.final_verdict().is_none() {
            world.breaks("14 all comes to an end", || {
                format!("{} has no final verdict", tender.id)
            });
        }
        for attempt in &tender.attempts {
            duty_is_done(world, attempt);
            settled(world, tender, attempt);
        }
    }
    for refund in tenders.iter().flat_map(|tender| &tender.refunds) {
        if refund.is_open() {
            world.breaks("14 all comes to an end", || {
                format!("{} is open", refund.id)
            });
        }
    }
    nothing_belongs_to_nobody(world, &tenders);
}

/// Rules 11 and 14.
fn duty_is_done(world: &mut World, attempt: &Attempt) {
    if attempt.obligation().is_some() {
        world.breaks("14 all comes to an end", || {
            format!("{} still owes", attempt.id)
        });
    }
}

fn by_hand(attempt: &Attempt) -> bool {
    let closed = attempt.obligations.iter().filter_map(|o| o.closed.as_ref());
    closed
        .into_iter()
        .any(|(_, discharge)| matches!(discharge, Discharge::Manager { .. }))
}

/// Rules 5 and 6.
fn settled(world: &mut World, tender: &Tender, attempt: &Attempt) {
    let id = &attempt.id;
    let account = super::account(world, attempt).cloned();
    let paid = attempt.stage == Stage::Paid && tender.final_verdict() == Some(Verdict::Paid);
    let kept = account.as_ref().map_or(0, |account| account.kept());
    if kept > 0 && !paid && !by_hand(attempt) {
        world.breaks("5 nothing is kept of what is not paid", || {
            format!("{id} is charged and not paid")
        });
    }
    if paid {
        let captured = account.as_ref().map_or(0, |account| account.captured);
        let asked = tender.amount.minor;
        if captured != asked {
            world.breaks("6 what is paid is kept", || {
                format!("{id} is paid {asked}, and {captured} was captured")
            });
        }
        let reversed = account.is_some_and(|a| a.reversed > 0 && !a.by_others);
        if reversed {
            world.breaks("9 paid is never reversed", || format!("{id} was reversed"));
        }
    }
}

/// Rule 6: every kept order belongs to one tender.
fn nothing_belongs_to_nobody(world: &mut World, tenders: &[Tender]) {
    let ours = |number: &OrderNumber| {
        let mut attempts = tenders.iter().flat_map(|tender| &tender.attempts);
        attempts.any(|attempt| attempt.order == *number)
    };
    let orders = world.gateways.values().flat_map(|model| &model.orders);
    let stray = orders.filter(|(number, account)| account.kept() > 0 && !ours(number));
    let stray = stray.map(|(number, _)| number.clone());
    if let Some(number) = stray.collect::<Vec<_>>().pop() {
        world.breaks("6 what is paid is kept", || {
            format!("{number} is charged and belongs to nobody")
        });
    }
}
