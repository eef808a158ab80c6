//! The full grid: every fault of one kind with every fault of each other kind, at every
//! durable point of a payment.
//!
//! Durable point before and after × what happens to the disk or the process × what
//! happens to one call × which notification comes × what the wall clock does. A cell's
//! end is compared with the end of the same cell without a notification and without a
//! step of the clock: rules 12 and 13.

use super::coverage::Coverage;
use super::disk::DiskFault;
use super::ledger::{Payer, Temper};
use super::luck::{Luck, Plan};
use super::ports::Asked;
use super::rules::Broken;
use super::run::{Outcome, Run};
use super::store::{CANCEL_FIRST, VERDICT_FIRST};
use super::telling::Told;
use super::wire::WireFault;
use super::world::{Happening, World};
use qrpayd::domain::Verdict;

/// What people do: scan, and then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Story {
    /// The customer pays at once.
    PaysAtOnce,
    /// The customer pays after some seconds.
    PaysLater,
    /// The customer never pays; the wait ends.
    NeverPays,
    /// The cashier cancels, and the customer pays all the same.
    CancelledAndPaid,
}

/// What the wall clock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    None,
    /// It is set back an hour in the middle of the payment.
    HourBack,
    /// It is set forward an hour in the middle of the payment.
    HourForward,
    /// It is set forward at the deadline of the wait.
    AtTheDeadline,
}

const STORIES: [Story; 4] = [
    Story::PaysAtOnce,
    Story::PaysLater,
    Story::NeverPays,
    Story::CancelledAndPaid,
];
const STEPS: [Step; 4] = [
    Step::None,
    Step::HourBack,
    Step::HourForward,
    Step::AtTheDeadline,
];

/// The calls that a fault can befall, and the faults: lost, answer lost, delayed,
/// doubled, contradicted.
const CALLS: [Asked; 4] = [Asked::Submit, Asked::Enquiry, Asked::Cancel, Asked::Revoke];
const WIRE: [WireFault; 6] = [
    WireFault::RequestLost,
    WireFault::AnswerLost,
    WireFault::RequestDelayed,
    WireFault::RequestDoubled,
    WireFault::OtherOrder,
    WireFault::Contradiction,
];

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    gateway: &'static str,
    story: Story,
    plan: Plan,
    told: Told,
    step: Step,
}

/// What a payment came to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    verdict: Option<Verdict>,
    kept: i128,
}

/// The cells that differ in notification and clock alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row(Cell);

/// Every row of cells. The durable points are those that the fair payment has.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let stories = [CANCEL_FIRST, VERDICT_FIRST]
        .into_iter()
        .flat_map(|gateway| STORIES.map(|story| (gateway, story)));
    for (gateway, story) in stories {
        let fair = Cell {
            gateway,
            story,
            plan: Plan::default(),
            told: Told::None,
            step: Step::None,
        };
        let points = play(&fair, false).0.world().disk.appends;
        let disks = (0..points).flat_map(|at| DiskFault::ALL.map(|fault| Some((at, fault))));
        let wires = CALLS
            .into_iter()
            .flat_map(|call| WIRE.map(|fault| Some((call, fault))));
        let wires: Vec<_> = wires.chain([None]).collect();
        for disk in disks.chain([None]) {
            let plans = wires.iter().map(|wire| Plan { disk, wire: *wire });
            rows.extend(plans.map(|plan| Row(Cell { plan, ..fair })));
        }
    }
    rows
}

/// Cells of a row.
pub(crate) const CELLS: usize = Told::ALL.len() * STEPS.len();

/// Plays all cells of a row: what was seen, and the first that breaks a rule.
pub(crate) fn try_row(Row(plain): &Row) -> (Coverage, Option<String>) {
    let (run, outcome) = play(plain, false);
    let mut coverage = outcome.coverage;
    let mut broken = outcome.broken.map(|broken| (*plain, broken));
    let usual = end(&run.world());
    for told in Told::ALL {
        for step in STEPS {
            let cell = Cell {
                told,
                step,
                ..*plain
            };
            if cell == *plain || broken.is_some() {
                continue;
            }
            let (run, outcome) = play(&cell, false);
            coverage.add(&outcome.coverage);
            broken = outcome.broken.map(|broken| (cell, broken));
            let end = end(&run.world());
            if broken.is_none() && end != usual && is_comparable(&cell) {
                let rule = match step {
                    Step::None => "12 notifications change no end",
                    _ => "13 the wall clock decides nothing",
                };
                let what = format!("{end:?}, and {usual:?} without");
                broken = Some((cell, Broken { rule, what }));
            }
        }
    }
    (
        coverage,
        broken.map(|(cell, broken)| format!("{cell:?}: {broken}")),
    )
}

/// Where enquiries work, a notification changes no end.
fn is_comparable(cell: &Cell) -> bool {
    let enquiries_work = cell
        .plan
        .wire
        .is_none_or(|(call, _)| call != Asked::Enquiry);
    cell.told == Told::None || enquiries_work
}

/// Tells the story of one row's cell.
pub(crate) fn tell(Row(plain): &Row, nth: usize) -> Vec<String> {
    let told = Told::ALL[nth / STEPS.len()];
    let step = STEPS[nth % STEPS.len()];
    let cell = Cell {
        told,
        step,
        ..*plain
    };
    play(&cell, true).1.story
}

fn end(world: &World) -> End {
    let tender = world.disk.truth.tenders.values().next();
    let accounts = world
        .gateways
        .values()
        .flat_map(|model| model.orders.values());
    End {
        verdict: tender.and_then(|tender| tender.final_verdict()),
        kept: accounts.map(|account| account.kept()).sum(),
    }
}

/// One payment with one plan.
fn play(cell: &Cell, telling: bool) -> (Run, Outcome) {
    let payer = match cell.story {
        Story::PaysAtOnce => Payer::Confirms(0),
        Story::PaysLater => Payer::Confirms(6_000),
        Story::NeverPays => Payer::Nothing,
        // After the last enquiry has landed, and before a cancel could.
        Story::CancelledAndPaid => Payer::Confirms(8_045),
    };
    let temper = Temper {
        refuses: 0,
        wrong_amounts: 0,
        payer: Some(payer),
        back_office: 0,
        slow: false,
    };
    let mut world = World::new(1, Luck::planned(cell.plan), &temper, None);
    world.telling = telling;
    world.people.told = Some(cell.told);
    world.people.code_kind = Some(u64::from(cell.gateway == VERDICT_FIRST));
    world.plan(0, Happening::Start);
    // Whoever is not answered tries again.
    for after in [1_000, 5_000, 9_000] {
        world.plan(after, Happening::Creates);
        world.plan(after + 1_000, Happening::Scans);
    }
    if cell.story == Story::CancelledAndPaid {
        for after in [10_000, 14_000] {
            world.plan(after, Happening::Cancels);
        }
    }
    // Counted from the submit: a request that is stamped an hour off is refused.
    let hour = 3_600_000;
    let wait = if cell.gateway == CANCEL_FIRST {
        75_000
    } else {
        60_000
    };
    world.people.step = match cell.step {
        Step::None => None,
        Step::HourBack => Some((1_500, -hour)),
        Step::HourForward => Some((1_500, hour)),
        Step::AtTheDeadline => Some((wait, hour)),
    };
    let mut run = Run::of(world);
    let outcome = run.ends();
    (run, outcome)
}
