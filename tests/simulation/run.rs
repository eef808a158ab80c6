//! One run: the world, and a driver in it that comes and goes.

use super::chance::Chance;
use super::coverage::Coverage;
use super::ledger::Temper;
use super::luck::Luck;
use super::people;
use super::plants::{Plant, PlantedCore};
use super::ports::{Ask, Port, Simulated};
use super::rules::{self, Broken};
use super::store::{LANES, intake};
use super::telling;
use super::world::{FAULTS_END, Happening, Place, World, millis};
use qrpayd::domain::Language;
use qrpayd::service::driver::{BATCH, Driver, Joined, Message};
use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;

/// More happenings than any day needs.
const HAPPENINGS_MAX: usize = 60_000;

/// When the manager looks at what is still open, in hours after the morning.
const MANAGER_AT: [u64; 3] = [3, 12, 30];

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) broken: Option<Broken>,
    pub(crate) story: Vec<String>,
    pub(crate) coverage: Coverage,
    pub(crate) happenings: usize,
}

/// The world, and the process in it.
pub(crate) struct Run {
    world: Rc<RefCell<World>>,
    driver: Option<Driver<Simulated>>,
}

/// A random day: the same seed is the same day.
pub(crate) fn day(seed: u64, plant: Option<Plant>, telling: bool) -> Outcome {
    let temper = Temper {
        refuses: 5,
        wrong_amounts: 15,
        payer: None,
        back_office: 12,
        slow: true,
    };
    let mut world = World::new(seed, Luck::Random, &temper, plant);
    world.telling = telling;
    world.plan(0, Happening::Start);
    for at in 0..LANES.len() {
        let after = world.chance.between(1, 5_000);
        world.plan(after, Happening::Cashier(at));
    }
    for hour in MANAGER_AT {
        world.plan(hour * 3_600_000, Happening::Manager);
    }
    weather(&mut world);
    let mut run = Run {
        world: Rc::new(RefCell::new(world)),
        driver: None,
    };
    run.ends()
}

/// Outages of the network and steps of the clock.
fn weather(world: &mut World) {
    let mut chance = Chance::seeded(world.chance.next());
    let most = FAULTS_END - 1;
    for _ in 0..chance.between(0, 2) {
        let from = chance.between(0, most);
        let to = (from + chance.between(1_000, 240_000)).min(most);
        world.plan(from, Happening::Network(false));
        world.plan(to, Happening::Network(true));
    }
    if chance.one_in(4) {
        let at = chance.between(60_000, most);
        world.plan(at, Happening::Parks);
    }
    for _ in 0..chance.between(0, 2) {
        let hour = 3_600_000;
        let step = *chance.pick(&[
            -24 * hour,
            -hour,
            -240_000,
            -30_000,
            30_000,
            240_000,
            hour,
            24 * hour,
        ]);
        let from = chance.between(0, most);
        world.plan(from, Happening::ClockStep(step));
        if chance.one_in(2) {
            let back = chance.between(1_000, 300_000);
            world.plan(from + back, Happening::ClockStep(0));
        }
    }
}

impl Run {
    pub(crate) fn of(world: World) -> Self {
        Self {
            world: Rc::new(RefCell::new(world)),
            driver: None,
        }
    }

    pub(crate) fn world(&self) -> RefMut<'_, World> {
        self.world.borrow_mut()
    }

    pub(crate) fn ends(&mut self) -> Outcome {
        let mut happenings = 0;
        loop {
            let next = self.world().agenda.pop_first();
            let Some((place, happening)) = next else {
                rules::rest(&mut self.world());
                break;
            };
            happenings += 1;
            if happenings > HAPPENINGS_MAX {
                self.world()
                    .breaks("14 all comes to an end", || "the day does not".to_owned());
            }
            self.world().clock = place.0;
            self.happens(place, happening);
            rules::running(&mut self.world());
            if self.world().broken.is_some() {
                break;
            }
        }
        let mut world = self.world();
        for model in world
            .gateways
            .values()
            .map(|m| m.seen.clone())
            .collect::<Vec<_>>()
        {
            model.into_iter().for_each(|seen| world.coverage.saw(seen));
        }
        Outcome {
            broken: world.broken.take(),
            story: std::mem::take(&mut world.story),
            coverage: std::mem::take(&mut world.coverage),
            happenings,
        }
    }

    fn happens(&mut self, place: Place, happening: Happening) {
        match happening {
            Happening::Work => {
                if self.world().work == Some(place) {
                    self.world().work = None;
                    self.works();
                }
            }
            Happening::Start => self.starts(),
            other => self.elsewhere(other),
        }
    }

    /// The process begins, or begins again.
    fn starts(&mut self) {
        let port = Port(Rc::clone(&self.world));
        let (setup, plant) = {
            let world = &mut *self.world();
            world.up = true;
            if world.luck.is_random() && world.clock > 0 {
                world.wall = match world.chance.between(0, 9) {
                    0 => -86_400_000,
                    1 => 86_400_000,
                    _ => i64::try_from(world.chance.between(0, 120_000)).unwrap() - 60_000,
                };
            }
            let wall = world.wall / 1_000;
            world.tell(|| format!("start, the wall clock is off by {wall} s"));
            (Arc::clone(&world.setup), world.plant)
        };
        let joined = Joined {
            book: port.clone(),
            hands: port.clone(),
            clock: port.clone(),
            front: port.clone(),
            core: PlantedCore {
                plant,
                port: port.clone(),
            },
        };
        let mut driver: Driver<Simulated> = Driver::new(setup, intake(), Language::English, joined);
        driver.recover().expect("every gateway is set up");
        rules::started(&mut self.world(), driver.state());
        driver.resume();
        self.driver = Some(driver);
        self.goes_on(true);
    }

    /// The driver takes what came in, and the timers that are due.
    fn works(&mut self) {
        let Some(driver) = &mut self.driver else {
            return;
        };
        let messages: Vec<Message<Ask>> = {
            let world = &mut *self.world.borrow_mut();
            let calm = world.calm();
            world.moments_left = world.luck.kill(calm, &mut world.chance);
            let count = world.inbox.len().min(BATCH);
            world.inbox.drain(..count).collect()
        };
        let worked = driver.work(messages);
        self.goes_on(worked.is_ok());
    }

    /// After a piece of work: on to the next, or to the end of the process.
    fn goes_on(&mut self, well: bool) {
        let world = &mut *self.world.borrow_mut();
        world.moments_left = None;
        match &self.driver {
            Some(driver) if well && !world.dead => {
                rules::stepped(world, driver.state());
                if !world.inbox.is_empty() {
                    let now = world.clock;
                    world.work_at(now);
                }
                if let Some(alarm) = driver.next_alarm() {
                    let at = world.clock_at(millis(alarm.0));
                    world.work_at(at);
                }
            }
            _ => {
                self.driver = None;
                world.tell(|| "the process is gone".to_owned());
                world.ends();
            }
        }
    }

    fn elsewhere(&mut self, happening: Happening) {
        let world = &mut *self.world.borrow_mut();
        match happening {
            Happening::Work | Happening::Start => {}
            Happening::Lands(serial, call, copy, fate) => world.lands(serial, call, copy, fate),
            Happening::Answer(serial, event) => world.answered(serial, event),
            Happening::Payer(id, number) => {
                let at = world.true_time();
                let model = world.gateways.get_mut(&id).unwrap();
                let paid = model.confirmed(&number, at, &mut world.chance).is_some();
                if paid {
                    world.tell(|| format!("   the customer confirms {number}"));
                    let closing = world.tender_of(&number).is_some_and(|tender| {
                        let live = tender.live_attempt();
                        live.is_some_and(|a| {
                            matches!(a.stage, qrpayd::domain::Stage::Closing { .. })
                        }) || tender.attempts.iter().any(|a| a.obligation().is_some())
                    });
                    if closing {
                        world
                            .coverage
                            .saw("paid between the last enquiry and the reversal");
                    }
                    telling::about_order(world, &id, &number, false);
                }
            }
            Happening::BackOffice(id, number) => {
                let at = world.true_time();
                let model = world.gateways.get_mut(&id).unwrap();
                if model.back_office(&number, at).is_some() {
                    world.tell(|| format!("   the back office gives {number} back"));
                    world.coverage.saw("back office");
                    telling::about_order(world, &id, &number, false);
                }
            }
            Happening::Notification(wire) => telling::arrives(world, wire),
            Happening::Cashier(_) if world.calm() => {}
            Happening::Cashier(at) => people::cashier_acts(world, at),
            Happening::Parks => people::parks(world),
            Happening::Unparks(attempt) => people::unparks(world, attempt),
            Happening::Creates => people::creates(world),
            Happening::Scans => people::scans_if_armed(world),
            Happening::Cancels => people::cancels(world),
            Happening::Manager => people::manager_acts(world),
            Happening::DiskFreed => world.disk.freed(),
            Happening::Network(up) => {
                world.network_down = !up;
                world.coverage.saw("network down");
                world.tell(|| format!("the network is {}", if up { "back" } else { "down" }));
            }
            Happening::ClockStep(to) => {
                world.wall = to;
                if world.plant == Some(Plant::ClockTrusted) && world.up {
                    let now = world.clock;
                    world.work_at(now);
                }
                world.coverage.saw("clock step");
                world.tell(|| format!("the wall clock is off by {} s", to / 1_000));
            }
        }
    }
}
