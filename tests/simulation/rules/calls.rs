//! Rules about what leaves: 1, 8, 9, 17 and 18.

use crate::simulation::ports::{About, Asked, asked};
use crate::simulation::world::World;
use qrpayd::domain::{Operation, RefundId, RefundOperation, RefundOrder, Stage, What};
use qrpayd::journal::Entry;
use qrpayd::service::driver::Call;

/// A call is about to leave.
pub(crate) fn call(world: &mut World, call: &Call) {
    let (what, about) = asked(call);
    no_byte_before_its_intent(world, what, &about);
    content_is_the_intents(world, call);
    paid_is_never_reversed(world, call);
}

/// Rule 1: as many intents are durable as calls were made, this one counted. Rule 17
/// follows: what a full disk refused is not durable.
fn no_byte_before_its_intent(world: &mut World, what: Asked, about: &About) {
    if matches!(what, Asked::Enquiry | Asked::RefundEnquiry | Asked::Scanned) {
        return;
    }
    let made = world.made.entry((about.clone(), what)).or_default();
    *made += 1;
    let made = *made;
    let tender = match about {
        About::Attempt(id) => &id.tender,
        About::Refund(id) => &id.tender,
    };
    let durable = &world.disk.entries[..world.disk.flushed.min(world.disk.entries.len())];
    let last = durable.last().map_or(0, |entry| entry.seq);
    let facts = world.disk.facts_of(tender);
    let intents = facts
        .iter()
        .filter(|entry| entry.seq <= last && intends(entry, what, about));
    let intents = u32::try_from(intents.count()).unwrap();
    if made > intents {
        let name = crate::simulation::world::name(about);
        world.breaks("1 no byte before its intent", || {
            format!("{what:?} of {name} leaves for time {made}, with {intents} durable intents")
        });
    }
}

fn intends(entry: &Entry, what: Asked, about: &About) -> bool {
    match (&entry.fact.what, about) {
        (What::AttemptIntended { attempt, .. }, About::Attempt(id)) => {
            what == Asked::Submit && *attempt == id.number
        }
        (
            What::CallIntended {
                attempt, operation, ..
            },
            About::Attempt(id),
        ) => {
            let same = match operation {
                Operation::Cancel => what == Asked::Cancel,
                Operation::Revoke => what == Asked::Revoke,
                _ => false,
            };
            same && *attempt == id.number
        }
        (What::RefundIntended { refund, .. }, About::Refund(id)) => {
            what == Asked::Refund && *refund == id.number
        }
        (
            What::RefundCallIntended {
                refund,
                operation: RefundOperation::Submit,
                ..
            },
            About::Refund(id),
        ) => what == Asked::Refund && *refund == id.number,
        _ => false,
    }
}

/// Rule 8: an order number never goes with other content.
fn content_is_the_intents(world: &mut World, call: &Call) {
    let (attempt, order) = match call {
        Call::Order { attempt, order, .. } => (attempt, order),
        Call::Refund {
            refund,
            operation,
            order,
            ..
        } => {
            let sends = *operation == RefundOperation::Submit;
            return refund_is_the_intents(world, refund, order, sends);
        }
    };
    let tender = world.disk.truth.tenders.get(&attempt.tender);
    let known = tender.and_then(|tender| Some((tender, tender.attempt(attempt.number)?)));
    let same = known.is_some_and(|(tender, intended)| {
        order.number == intended.order
            && order.amount == tender.amount
            && order.gateway == intended.gateway
            && order.requested == intended.requested
            && order.expires == intended.expires
    });
    if !same {
        let id = attempt.clone();
        world.breaks("8 one order, one content", || {
            format!("{id} is called with other content")
        });
    }
}

/// Rules 8 and 9: a refund goes as it was intended; of what is paid, because somebody
/// asked for it.
fn refund_is_the_intents(world: &mut World, id: &RefundId, order: &RefundOrder, sends: bool) {
    let tender = world.disk.truth.tenders.get(&id.tender);
    let known = tender.and_then(|tender| {
        let refund = tender.refund(id.number)?;
        Some((tender, refund, tender.attempt(refund.attempt)?))
    });
    let same = known.is_some_and(|(_, refund, attempt)| {
        order.number == refund.number
            && order.amount == refund.amount
            && order.original == attempt.order
            && order.gateway == attempt.gateway
    });
    let wanted = known
        .is_some_and(|(_, refund, attempt)| refund.key.is_some() || attempt.obligation().is_some());
    let id = id.clone();
    if !same {
        world.breaks("8 one order, one content", || {
            format!("{id} goes with other content")
        });
    } else if sends && !wanted {
        world.breaks("9 paid is never reversed", || {
            format!("nobody asked for {id}")
        });
    }
}

/// Rule 9: a reversal needs a duty, and goes to nothing that was said to be paid.
fn paid_is_never_reversed(world: &mut World, call: &Call) {
    let Call::Order {
        attempt: id,
        operation,
        ..
    } = call
    else {
        return;
    };
    let tender = world.disk.truth.tenders.get(&id.tender);
    let attempt = tender.and_then(|tender| tender.attempt(id.number));
    let fits = attempt.is_some_and(|attempt| match operation {
        Operation::Revoke => attempt.stage == Stage::Reversing && attempt.obligation().is_some(),
        Operation::Cancel => {
            matches!(attempt.stage, Stage::Closing { .. }) && !attempt.paid_claimed
        }
        _ => true,
    });
    if !fits {
        let (id, operation) = (id.clone(), *operation);
        world.breaks("9 paid is never reversed", || {
            format!("{operation:?} of {id} out of turn")
        });
    }
}
