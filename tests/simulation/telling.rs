//! Notifications: what a gateway tells without being asked, and what others pretend.
//!
//! Soon or a day later, not at all or several times, out of order, forged, for another
//! lane. What the process does not acknowledge comes again, as the documents say.

use super::plants::Plant;
use super::ports::Ask;
use super::world::{Happening, Wire, World};
use qrpayd::domain::{
    Answer, GatewayId, Operation, Order, OrderNumber, OrderReport, OrderStatus, RefundAnswer,
};
use qrpayd::gateway::NotificationAbout;
use qrpayd::service::driver::Message;

/// Which notifications come of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Told {
    None,
    Early,
    DayLater,
    Forged,
    OtherLane,
}

impl Told {
    pub(crate) const ALL: [Self; 5] = [
        Self::None,
        Self::Early,
        Self::DayLater,
        Self::Forged,
        Self::OtherLane,
    ];
}

/// A day and a bit.
const DAY: u64 = 90_000_000;

/// The gateway tells of an order: perhaps.
pub(crate) fn about_order(world: &mut World, id: &GatewayId, number: &OrderNumber, early: bool) {
    let at = world.true_time();
    let model = world.gateways.get_mut(id).unwrap();
    model.time_passes(number, at);
    let Some(about) = report(world, id, number) else {
        return;
    };
    let plans: Vec<(Told, u64)> = match world.people.told {
        // A grid's plan.
        Some(told) => match told {
            Told::Early => vec![(told, 1)],
            Told::DayLater => vec![(told, DAY)],
            Told::Forged | Told::OtherLane => vec![(told, 5)],
            Told::None => Vec::new(),
        },
        None => {
            let chance = &mut world.chance;
            let copies = chance.between(0, 2);
            let mut plans = Vec::new();
            for _ in 0..copies {
                let (told, most) = match chance.between(0, 5) {
                    0 => (Told::DayLater, DAY),
                    1 => (Told::Forged, 60_000),
                    2 => (Told::OtherLane, 60_000),
                    _ => (Told::Early, 5_000),
                };
                let least = if told == Told::DayLater { DAY / 2 } else { 0 };
                plans.push((told, chance.between(least, most)));
            }
            plans
        }
    };
    let is_news = !early
        || matches!(&about, NotificationAbout::Order(_, Answer::Report(r)) if r.status == OrderStatus::MoneyIn);
    for (told, after) in plans {
        let mut about = about.clone();
        match told {
            Told::Forged => about = pretend(about, OrderStatus::MoneyIn),
            // Signed, and about an order that is none of this store's.
            Told::OtherLane => about = renumber(about),
            _ if !is_news => continue,
            _ => {}
        }
        world.coverage.notification(told);
        if early && told == Told::Early {
            world.coverage.saw("notification before the pay answer");
        }
        let wire = Wire {
            gateway: id.clone(),
            about,
            signed: told != Told::Forged,
            sent: 0,
        };
        world.plan(after, Happening::Notification(wire));
    }
}

/// The gateway tells of a refund: perhaps.
pub(crate) fn about_refund(
    world: &mut World,
    id: &GatewayId,
    original: &OrderNumber,
    number: &OrderNumber,
) {
    let answer = world.gateways[id].refund_report(original, number);
    if !world.luck.is_random() || !matches!(answer, RefundAnswer::Report(_)) {
        return;
    }
    if world.chance.one_in(3) {
        let about = NotificationAbout::Refund(number.clone(), answer);
        let after = world.chance.between(0, 300_000);
        world.coverage.saw("notification about a refund");
        let wire = Wire {
            gateway: id.clone(),
            about,
            signed: true,
            sent: 0,
        };
        world.plan(after, Happening::Notification(wire));
    }
}

fn report(world: &mut World, id: &GatewayId, number: &OrderNumber) -> Option<NotificationAbout> {
    let at = world.true_time();
    let asked = world.gateways[id].orders.get(number)?.asked;
    let order = Order {
        gateway: id.clone(),
        number: number.clone(),
        amount: asked,
        requested: at,
        expires: at,
        lane: super::store::lane("L1"),
        sale: qrpayd::domain::SaleRef::new("S").unwrap(),
        mode: qrpayd::domain::Mode::Scan,
        wallet: None,
        show: None,
    };
    let model = world.gateways.get_mut(id)?;
    let (answer, _) = model.order(Operation::Enquiry, &order, at, &mut world.chance);
    Some(NotificationAbout::Order(number.clone(), answer))
}

fn pretend(about: NotificationAbout, status: OrderStatus) -> NotificationAbout {
    match about {
        NotificationAbout::Order(number, Answer::Report(report)) => {
            let report = OrderReport { status, ..report };
            NotificationAbout::Order(number, Answer::Report(report))
        }
        other => other,
    }
}

fn renumber(about: NotificationAbout) -> NotificationAbout {
    let other = OrderNumber::new("another-lanes-order").unwrap();
    match about {
        NotificationAbout::Order(_, Answer::Report(report)) => {
            let report = OrderReport {
                order: other.clone(),
                status: OrderStatus::MoneyIn,
                ..report
            };
            NotificationAbout::Order(other, Answer::Report(report))
        }
        about => about,
    }
}

/// A notification arrives: what is not signed goes no further.
pub(crate) fn arrives(world: &mut World, wire: Wire) {
    world.tell(|| {
        let (NotificationAbout::Order(number, _) | NotificationAbout::Refund(number, _)) =
            &wire.about
        else {
            return "notification".to_owned();
        };
        let signed = if wire.signed { "" } else { ", unsigned" };
        format!("notification about {number}{signed}")
    });
    if wire.signed || world.plant == Some(Plant::UnsignedTrusted) {
        let (gateway, about) = (wire.gateway.clone(), wire.about.clone());
        world.message(Message::Told(gateway, about, Ask::Notification(wire)));
    }
}
