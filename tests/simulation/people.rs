//! Cashiers with little patience, and a manager.
//!
//! They see what is durable, as the page shows it. A cashier creates, scans, scans
//! again, double-clicks, cancels, gives more time, refunds whole, in part and twice; a
//! manager closes duties for which a person was called.

use super::ports::Ask;
use super::store::{CANCEL_FIRST, LANES, VERDICT_FIRST, aed, code, gateway, lane};
use super::telling::Told;
use super::world::{Happening, World};
use qrpayd::domain::code::PaymentCode;
use qrpayd::domain::{
    AttemptId, BusinessDay, Event, IdempotencyKey, LaneId, Mode, NewRefund, NewTender, SaleRef,
    ScannerId, Tender, TenderId, Verdict,
};
use qrpayd::scanner::{Reply, Use};
use qrpayd::service::driver::{Message, Moment, Read};
use std::time::Duration;

/// Tenders asked for in one day.
const REQUESTS: u32 = 9;

#[derive(Default)]
pub(crate) struct People {
    requests: u32,
    codes: u64,
    refunds: u32,
    last: [Option<NewTender>; LANES.len()],
    last_refund: Option<NewRefund>,
    /// When, after the first submit, somebody sets the clock, and how far off.
    pub(crate) step: Option<(u64, i64)>,
    /// Whose code customers of a grid show; none: chance.
    pub(crate) code_kind: Option<u64>,
    /// Which notifications a grid plans; none: chance.
    pub(crate) told: Option<Told>,
}

/// The cashier of a lane does something, or looks at the screen.
pub(crate) fn cashier_acts(world: &mut World, at: usize) {
    let pause = world.chance.between(300, 12_000);
    world.plan(pause, Happening::Cashier(at));
    let lane = lane(LANES[at]);
    let of_lane = |t: &&Tender| t.lane == lane && t.verdict.is_none();
    let now = world.disk.truth.tenders.values().find(of_lane);
    let now = now.map(|tender| (tender.id.clone(), tender.is_armed()));
    let does = world.chance.between(0, 11);
    let Some((id, armed)) = now else {
        match does {
            0..=1 => asks_for_a_refund(world),
            2 => acknowledges(world, &lane),
            3 => double_clicks(world, at),
            4 => cancels_too_late(world, &lane),
            _ => asks_for_a_payment(world, at, &lane),
        }
        return;
    };
    match (armed, does) {
        (_, 0) => request(world, Event::Cancel(id)),
        (_, 1) => double_clicks(world, at),
        (true, 2) => {
            let product = PaymentCode::new(b"6291041500213");
            scans(world, &lane, product);
        }
        (true, _) => {
            let code = shows_a_code(world);
            match world.chance.one_in(4) {
                true => world.message(Message::Code(id, code, Ask::Request)),
                false => scans(world, &lane, code),
            }
        }
        (false, 2) => request(world, Event::Extend(id)),
        (false, 3) => {
            let code = shows_a_code(world);
            scans(world, &lane, code);
        }
        (false, _) => {}
    }
}

pub(crate) fn request(world: &mut World, event: Event) {
    world.tell(|| format!("asks: {event:?}"));
    let ask = match &event {
        Event::Refund(new) => {
            world.refund_keys.insert(new.key.clone());
            Ask::Refund(new.key.clone())
        }
        _ => Ask::Request,
    };
    world.message(Message::Ask(event, ask));
}

/// A scan; now and then one screen is read twice.
pub(crate) fn scans(world: &mut World, lane: &LaneId, code: PaymentCode) {
    let late = world.luck.is_random() && world.chance.one_in(30);
    let since = if late { 11_000 } else { 0 };
    let ended = Moment(Duration::from_millis(world.clock.saturating_sub(since)));
    world.tell(|| format!("scan on {lane}"));
    let twice = world.luck.is_random() && world.chance.one_in(6);
    for _ in 0..=usize::from(twice) {
        let scanner = ScannerId::new("counter").unwrap();
        world.message(Message::Scan(Read {
            lane: lane.clone(),
            scanner,
            usage: Use::Dedicated,
            code: code.clone(),
            ended,
            reply: Reply::nowhere(),
        }));
    }
}

/// A customer's code; now and then one that was shown before.
pub(crate) fn shows_a_code(world: &mut World) -> PaymentCode {
    let again = world.luck.is_random() && world.chance.one_in(6);
    world.people.codes += u64::from(!again);
    let kind = world.people.code_kind;
    let kind = kind.unwrap_or_else(|| world.chance.between(0, 2));
    let text = code(kind, world.people.codes);
    world.codes.insert(text.clone());
    PaymentCode::new(text.as_bytes())
}

fn double_clicks(world: &mut World, at: usize) {
    let Some(mut last) = world.people.last[at].clone() else {
        return;
    };
    if world.chance.one_in(4) {
        last.amount = aed(last.amount.minor + 1);
    }
    create(world, last);
}

pub(crate) fn create(world: &mut World, new: NewTender) {
    world.tell(|| {
        format!(
            "asks to collect {} for {} on {}",
            new.amount, new.sale, new.lane
        )
    });
    let key = new.key.clone();
    world.message(Message::Ask(Event::CreateTender(new), Ask::Create(key)));
}

/// A new key: for the sale that is not paid yet, or for the next one.
fn asks_for_a_payment(world: &mut World, at: usize, lane: &LaneId) {
    if world.people.requests == REQUESTS {
        return;
    }
    world.people.requests += 1;
    let paid = |t: &&Tender| t.final_verdict() == Some(Verdict::Paid);
    let paid = world.disk.truth.tenders.values().filter(paid).count();
    let again = world.chance.one_in(4);
    let sale = if again {
        paid
    } else {
        world.people.requests as usize
    };
    let key = format!("k{}", world.people.requests);
    let sale = format!("S{sale}");
    let mut new = tender(world, &key, &sale, lane);
    let chance = &mut world.chance;
    new.amount = match chance.between(0, 19) {
        0 => aed(0),
        1 => aed(50_001),
        _ => aed(chance.between(100, 40_000)),
    };
    new.part = chance.one_in(8);
    if chance.one_in(6) {
        new.mode = Mode::Display;
    }
    if chance.one_in(8) {
        let id = *chance.pick(&[CANCEL_FIRST, VERDICT_FIRST]);
        new.gateway = Some(gateway(id));
    }
    world.people.last[at] = Some(new.clone());
    create(world, new.clone());
    if world.chance.one_in(6) {
        // A double click.
        create(world, new);
    }
}

pub(crate) fn tender(world: &World, key: &str, sale: &str, lane: &LaneId) -> NewTender {
    let day = &world.wall_time().to_string()[..10];
    NewTender {
        lane: lane.clone(),
        key: IdempotencyKey::new(key).unwrap(),
        sale: SaleRef::new(sale).unwrap(),
        day: BusinessDay::new(day).unwrap(),
        amount: aed(37_50),
        mode: Mode::Scan,
        part: false,
        gateway: None,
        note: None,
    }
}

fn acknowledges(world: &mut World, lane: &LaneId) {
    let decided = |t: &&Tender| t.lane == *lane && t.verdict.is_some();
    let decided = world.disk.truth.tenders.values().rev().find(decided);
    if let Some(id) = decided.map(|tender| tender.id.clone()) {
        request(world, Event::Acknowledge(id));
    }
}

/// A click on a button that has been on the screen for too long.
fn cancels_too_late(world: &mut World, lane: &LaneId) {
    let decided = |t: &&Tender| t.lane == *lane && t.verdict.is_some();
    let decided = world.disk.truth.tenders.values().rev().find(decided);
    if let Some(id) = decided.map(|tender| tender.id.clone()) {
        request(world, Event::Cancel(id));
    }
}

fn asks_for_a_refund(world: &mut World) {
    let tenders: Vec<(TenderId, u64)> = world
        .disk
        .truth
        .tenders
        .values()
        .filter(|t| t.final_verdict() == Some(Verdict::Paid))
        .map(|t| (t.id.clone(), t.amount.minor))
        .collect();
    if tenders.is_empty() {
        return;
    }
    let again = world.people.last_refund.clone();
    if let Some(last) = again.filter(|_| world.chance.one_in(4)) {
        return request(world, Event::Refund(last));
    }
    let chance = &mut world.chance;
    let (tender, whole) = chance.pick(&tenders).clone();
    let minor = match chance.one_in(2) {
        true => whole,
        false => chance.between(1, whole),
    };
    world.people.refunds += 1;
    let new = refund(&tender, world.people.refunds, minor);
    world.people.last_refund = Some(new.clone());
    request(world, Event::Refund(new));
}

pub(crate) fn refund(tender: &TenderId, number: u32, minor: u64) -> NewRefund {
    NewRefund {
        tender: tender.clone(),
        key: IdempotencyKey::new(format!("r{number}")).unwrap(),
        amount: aed(minor),
        reason: "brought back".to_owned(),
        operator: "Amal".to_owned(),
    }
}

/// The manager sets a payment aside, and takes it up again later.
pub(crate) fn parks(world: &mut World) {
    let tenders = world.disk.truth.tenders.values();
    let attempts: Vec<AttemptId> = tenders
        .flat_map(|tender| &tender.attempts)
        .filter(|a| a.stage.is_live() || a.obligation().is_some())
        .map(|attempt| attempt.id.clone())
        .collect();
    if attempts.is_empty() {
        return;
    }
    let attempt = world.chance.pick(&attempts).clone();
    let later = world.chance.between(60_000, 7_200_000);
    // Until it is done, whoever happens to be down.
    for again in 0..40 {
        let unparks = Happening::Unparks(attempt.clone());
        world.plan(later + again * 3_600_000, unparks);
    }
    let (name, reason) = ("Amal".to_owned(), "it hangs".to_owned());
    request(
        world,
        Event::Park {
            attempt,
            name,
            reason,
        },
    );
}

pub(crate) fn unparks(world: &mut World, attempt: AttemptId) {
    let tender = world.disk.truth.tenders.get(&attempt.tender);
    let parked = tender.and_then(|t| t.attempt(attempt.number));
    if parked.is_some_and(|a| a.parked.is_some()) {
        let (name, reason) = ("Amal".to_owned(), "once more".to_owned());
        request(
            world,
            Event::Unpark {
                attempt,
                name,
                reason,
            },
        );
    }
}

/// Lane 1 asks to collect, always the same.
pub(crate) fn creates(world: &mut World) {
    let new = tender(world, "k1", "S1", &lane("L1"));
    create(world, new);
}

/// Lane 1 scans, if its tender waits for a code.
pub(crate) fn scans_if_armed(world: &mut World) {
    if world.disk.truth.tenders.values().any(Tender::is_armed) {
        let code = shows_a_code(world);
        scans(world, &lane("L1"), code);
    }
}

/// Lane 1 cancels what is not decided.
pub(crate) fn cancels(world: &mut World) {
    let open = world
        .disk
        .truth
        .tenders
        .values()
        .find(|t| t.verdict.is_none());
    if let Some(id) = open.map(|tender| tender.id.clone()) {
        request(world, Event::Cancel(id));
    }
}

/// The manager closes what a person was called for; a proof is at hand.
pub(crate) fn manager_acts(world: &mut World) {
    let tenders = world.disk.truth.tenders.values();
    let attempts = tenders.flat_map(|tender| &tender.attempts);
    let called = attempts.filter(|a| a.obligation().is_some_and(|o| o.alerted));
    let called: Vec<_> = called.map(|attempt| attempt.id.clone()).collect();
    for attempt in called {
        request(
            world,
            Event::CloseObligation {
                attempt,
                name: "Amal".to_owned(),
                reason: "given back in cash".to_owned(),
                reference: "slip 17".to_owned(),
            },
        );
    }
}
