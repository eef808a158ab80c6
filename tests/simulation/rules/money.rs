//! Rules about the money itself: 7 and 10.

use crate::simulation::world::World;
use std::collections::BTreeMap;

/// Rule 7: all captures of a sale but one have a durable duty, or are still being
/// found out about. A part of a split payment is a sale of its own.
pub(super) fn one_charge_per_sale(world: &mut World) {
    let mut kept: BTreeMap<_, u32> = BTreeMap::new();
    let mut second = None;
    for tender in world.disk.truth.tenders.values() {
        for attempt in &tender.attempts {
            let charged = super::account(world, attempt).is_some_and(|a| a.kept() > 0);
            let manager = attempt.obligations.iter().any(|o| o.closed.is_some());
            if charged && attempt.obligation().is_none() && !manager {
                let part = tender.part.then_some(&tender.id);
                let count = kept.entry((&tender.day, &tender.sale, part)).or_default();
                *count += 1;
                if *count > 1 {
                    second = Some(tender.sale.clone());
                }
            }
        }
    }
    if let Some(sale) = second {
        world.breaks("7 one charge per sale", || {
            format!("a second charge of sale {sale} without a duty")
        });
    }
}

/// Rule 10.
pub(super) fn never_more_back_than_captured(world: &mut World) {
    let orders = world.gateways.values().flat_map(|model| &model.orders);
    let over = orders.filter(|(_, account)| account.kept() < 0);
    let over = over.map(|(number, account)| (number.clone(), account.kept()));
    if let Some((number, kept)) = over.collect::<Vec<_>>().pop() {
        world.breaks("10 never more back than captured", || {
            format!("{number} has {kept} left")
        });
    }
}
