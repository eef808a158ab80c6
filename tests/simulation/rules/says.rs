//! Rules about what anybody is told: 4, 12, 14, 15, 16 and 20.

use crate::simulation::store::VERDICT_WITHIN;
use crate::simulation::world::{Wire, World};
use qrpayd::domain::{IdempotencyKey, State, Tender};

/// Somebody is told of a tender: it is durable, and says what it said before (rule 4).
pub(crate) fn told(world: &mut World, tender: &Tender) {
    let durable = world.disk.truth.tenders.get(&tender.id);
    if durable != Some(tender) {
        let id = tender.id.clone();
        world.breaks("16 only what is durable is told", || {
            format!("{id} is shown as it is not in the journal")
        });
    }
    let Some(verdict) = tender.final_verdict() else {
        return;
    };
    let before = world.told.insert(tender.id.clone(), verdict);
    if before.is_none() {
        world.tell(|| format!("   {}: {verdict:?}", tender.id));
    }
    if before.is_some_and(|before| before != verdict) {
        let id = tender.id.clone();
        world.breaks("4 verdict is never replaced", || {
            format!("{id} was {before:?} and is {verdict:?}")
        });
    }
}

/// Transition 1: the same key is the same tender.
pub(crate) fn same_key(world: &mut World, key: IdempotencyKey, tender: &Tender) {
    let before = world.keys.insert(key, tender.id.clone());
    match before {
        Some(before) if before != tender.id => {
            let id = tender.id.clone();
            world.breaks("1 the same key is the same tender", || {
                format!("{before}, and now {id}")
            });
        }
        Some(_) => world.coverage.saw("key used twice"),
        None => {}
    }
}

/// The same key is the same refund.
pub(crate) fn same_refund(world: &mut World, key: &IdempotencyKey, tender: &Tender) {
    let with_key = tender
        .refunds
        .iter()
        .filter(|r| r.key.as_ref() == Some(key));
    if with_key.count() != 1 {
        let id = tender.id.clone();
        world.breaks("1 the same key is the same refund", || {
            format!("{key} is not the key of one refund of {id}")
        });
    }
}

/// A notification is acknowledged: the evidence in it was taken note of.
pub(crate) fn acknowledged(world: &mut World, wire: &Wire, tender: &Tender) {
    use qrpayd::domain::{Answer, OrderStatus};
    use qrpayd::gateway::NotificationAbout;
    let NotificationAbout::Order(number, Answer::Report(report)) = &wire.about else {
        return;
    };
    let attempt = tender.attempts.iter().find(|a| a.order == *number);
    let silent = attempt.is_none_or(|a| a.report.is_none());
    if silent && report.status == OrderStatus::MoneyIn {
        let id = tender.id.clone();
        world.breaks("12 notifications are durable first", || {
            format!("{id}: money in was acknowledged and is not kept")
        });
    }
}

/// The journal's length is published: it has that length.
pub(crate) fn only_what_is_there(world: &mut World, last: u64) {
    if last > world.disk.entries.len() as u64 {
        world.breaks("16 only what is durable is told", || {
            format!("entry {last} is not there")
        });
    }
}

/// Rules 16 and 20: a process begins with exactly what is durable, and with all that
/// anybody was told.
pub(crate) fn started(world: &mut World, state: &State) {
    let lost = |(id, verdict): &(&_, &_)| {
        let durable = world.disk.truth.tenders.get(*id);
        durable.and_then(Tender::final_verdict) != Some(**verdict)
    };
    let lost = world.told.iter().find(lost).map(|(id, _)| id.clone());
    if let Some(id) = lost {
        world.breaks("16 nothing acknowledged is lost", || {
            format!("{id} had a verdict, and has it no more")
        });
    }
    let open = world.disk.truth.tenders.values().filter(|t| t.is_open());
    let missing = open
        .filter(|tender| state.tenders.get(&tender.id) != Some(tender))
        .map(|tender| tender.id.clone());
    if let Some(id) = missing.collect::<Vec<_>>().pop() {
        world.breaks("20 replay", || format!("{id} is taken up as another"));
    }
    for tender in state.tenders.values() {
        world.coverage.taken_up(tender);
        for attempt in &tender.attempts {
            let since = world.clock;
            world.alive_since.insert(attempt.id.clone(), since);
        }
    }
}

/// Rule 20, and 18 for what is in memory: after a step the working set is what the
/// journal says, and no code is kept of what is not about to be sent.
pub(crate) fn stepped(world: &mut World, state: &State) {
    let differs = |tender: &&Tender| world.disk.truth.tenders.get(&tender.id) != Some(*tender);
    let differs = state.tenders.values().find(differs);
    if let Some(id) = differs.map(|tender| tender.id.clone()) {
        world.breaks("20 replay", || format!("{id} is not what its facts are"));
    }
    let open = world.disk.truth.tenders.values().filter(|t| t.is_open());
    let missing = open.filter(|tender| !state.tenders.contains_key(&tender.id));
    if let Some(id) = missing.map(|t| t.id.clone()).collect::<Vec<_>>().pop() {
        world.breaks("11 duties end by proof or a person", || {
            format!("{id} is open, and the driver has let go of it")
        });
    }
    let kept = world.prepared.keys().next().cloned();
    if let Some(id) = kept {
        world.breaks("18 the code is not recoverable", || {
            format!("the request of {id} is kept, and was not sent")
        });
    }
    for tender in state.tenders.values() {
        for attempt in &tender.attempts {
            let clock = world.clock;
            world.alive_since.entry(attempt.id.clone()).or_insert(clock);
        }
    }
}

/// Rules 14 and 15: a verdict comes in time, whether the gateway is there or not.
pub(super) fn verdict_in_time(world: &mut World) {
    if !world.up {
        return;
    }
    let tenders = world.disk.truth.tenders.values();
    let waiting = tenders.filter(|tender| tender.verdict.is_none());
    let late = waiting.filter_map(|tender| {
        let attempt = tender.live_attempt()?;
        let since = world.alive_since.get(&attempt.id)?;
        (world.clock > since + VERDICT_WITHIN).then(|| attempt.id.clone())
    });
    if let Some(id) = late.collect::<Vec<_>>().pop() {
        world.breaks("15 verdict in time", || format!("{id} has none"));
    }
}
