//! Time, and everything in it: an agenda of happenings, one after the other.

use super::cashier::Cashier;
use super::faults::Fault;
use super::model::{Model, Payer};
use super::wire::Forged;
use super::{Chance, invariants, wire};
use crate::domain::tests::play::{replay, s, setup};
use crate::domain::{
    Alert, Answer, AttemptId, Duty, Event, Fact, GatewayId, Now, Operation, Order, Setup, State,
    Timer, Timestamp, Unknown, What,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// The day begins at this true time.
const MORNING: i64 = 1_772_366_400_000;
/// Faults end, and the cashier goes home, after this many milliseconds.
const FAULTS_END: u64 = 20 * 60 * 1_000;
/// When the manager looks at what is still open, in hours after the morning.
const MANAGER_AT: [u64; 3] = [3, 12, 30];
/// More happenings than any day needs.
const HAPPENINGS_MAX: usize = 50_000;

/// When something happens, and its place among all that was ever planned.
pub(super) type Place = (u64, u64);

pub(super) enum Happening {
    Timer(Timer),
    /// A request reaches its gateway.
    Lands(Call, Order, Travel),
    /// An answer, or the end of waiting for one, reaches the process.
    Answer(Call, Answer, Travel),
    Notification(AttemptId, Answer),
    /// The customer confirms.
    Payer(AttemptId, Order),
    Cashier,
    Manager,
    Start,
}

/// One call of the process.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) id: u64,
    pub(super) attempt: AttemptId,
    pub(super) operation: Operation,
}

/// What happens to the answer on its way back.
#[derive(Clone, Copy, Default)]
pub(super) struct Travel {
    pub(super) back: Option<u64>,
    pub(super) forged: Option<Forged>,
    pub(super) twice: bool,
    /// It is another order's answer to the same question.
    pub(super) replayed: bool,
}

pub(super) struct World {
    pub(super) story: Vec<String>,
    /// Milliseconds since the morning.
    pub(super) clock: u64,
    pub(super) agenda: BTreeMap<Place, Happening>,
    pub(super) entries: u64,
    pub(super) chance: Chance,
    pub(super) fault: Option<Fault>,
    pub(super) models: BTreeMap<GatewayId, Model>,
    pub(super) cashier: Cashier,
    pub(super) disk: Vec<(Fact, Timestamp)>,
    pub(super) submitted: BTreeSet<AttemptId>,
    pub(super) setup: Arc<Setup>,
    /// Attempts that got another order's "no such order" when it counted: once each.
    replayed: BTreeSet<AttemptId>,
    /// Watched attempts, and whether nothing is heard of them while the window is open.
    deaf: BTreeMap<AttemptId, bool>,
    /// Attempts, and whether no enquiry about them is answered while faults last.
    mute: BTreeMap<AttemptId, bool>,
    // The process: all of it is lost in a crash.
    pub(super) state: State,
    pub(super) up: bool,
    /// The wall clock less the true time, in milliseconds.
    pub(super) wall: i64,
    pub(super) timers: BTreeMap<Timer, Place>,
    /// The calls that run, by their id.
    pub(super) calls: BTreeMap<u64, (AttemptId, Operation)>,
    /// When each attempt began, or the process that took it up again.
    pub(super) alive_since: BTreeMap<AttemptId, u64>,
}

impl World {
    pub(super) fn new(seed: u64, fault: Option<Fault>) -> Self {
        let mut setup = setup();
        // The ledger here knows reversals alone; `tests/simulation` knows refunds too.
        for rules in Arc::make_mut(&mut setup).gateways.values_mut() {
            (rules.refund, rules.reversal_window) = (None, None);
        }
        if fault == Some(Fault::OneNotFoundIsProof) {
            let rules = Arc::make_mut(&mut setup).gateways.values_mut();
            rules.for_each(|rules| rules.not_found_proof = (1, Duration::ZERO));
        }
        let models = setup.gateways.keys().map(|id| (id.clone(), Model::new(id)));
        let mut world = Self {
            story: Vec::new(),
            clock: 0,
            agenda: BTreeMap::new(),
            entries: 0,
            chance: Chance(seed),
            fault,
            models: models.collect(),
            cashier: Cashier::default(),
            disk: Vec::new(),
            submitted: BTreeSet::new(),
            replayed: BTreeSet::new(),
            deaf: BTreeMap::new(),
            mute: BTreeMap::new(),
            state: replay(&setup, &[]),
            setup,
            up: true,
            wall: 0,
            timers: BTreeMap::new(),
            calls: BTreeMap::new(),
            alive_since: BTreeMap::new(),
        };
        world.plan(0, Happening::Cashier);
        for hours in MANAGER_AT {
            world.plan(hours * 3_600_000, Happening::Manager);
        }
        world
    }

    /// Until nothing is left to happen.
    pub(super) fn run(&mut self) -> Result<(), String> {
        for _ in 0..HAPPENINGS_MAX {
            let Some((place, happening)) = self.agenda.pop_first() else {
                return invariants::at_rest(self);
            };
            self.clock = place.0;
            self.happens(place, happening)?;
            invariants::while_it_runs(self)?;
        }
        Err("14: the day does not end".to_owned())
    }

    pub(super) fn calm(&self) -> bool {
        self.clock >= FAULTS_END
    }

    /// The time by the gateways' clocks.
    fn true_time(&self) -> Timestamp {
        Timestamp(MORNING + i64::try_from(self.clock).unwrap())
    }

    pub(super) fn now(&mut self) -> Now {
        Now {
            at: Timestamp(self.true_time().0 + self.wall),
            random: self.chance.next(),
            clock_error: s(120),
        }
    }

    pub(super) fn plan(&mut self, after: u64, happening: Happening) -> Place {
        self.entries += 1;
        let place = (self.clock + after, self.entries);
        self.agenda.insert(place, happening);
        place
    }

    pub(super) fn tell(&mut self, line: &str) {
        let (seconds, milliseconds) = (self.clock / 1000, self.clock % 1000);
        self.story
            .push(format!("{seconds:>8}.{milliseconds:03} {line}"));
    }

    fn happens(&mut self, place: Place, happening: Happening) -> Result<(), String> {
        match happening {
            Happening::Timer(timer) if self.timers.get(&timer) == Some(&place) => {
                self.timers.remove(&timer);
                self.event(&Event::TimerFired(timer))
            }
            Happening::Timer(_) => Ok(()),
            Happening::Lands(call, order, travel) => {
                self.lands(call, order, travel);
                Ok(())
            }
            Happening::Answer(call, answer, travel) => self.answered(call, answer, travel),
            Happening::Notification(attempt, _) if self.is_deaf(&attempt) => Ok(()),
            Happening::Notification(attempt, answer) => self.event(&Event::Answered {
                attempt,
                operation: Operation::Notification,
                answer,
            }),
            Happening::Payer(attempt, order) => {
                self.confirms(&attempt, &order);
                Ok(())
            }
            Happening::Cashier if self.calm() => Ok(()),
            Happening::Cashier => {
                let pause = self.chance.between(300, 12_000);
                self.plan(pause, Happening::Cashier);
                match self.cashier.acts(&self.state, &mut self.chance) {
                    Some(event) => self.event(&event),
                    None => Ok(()),
                }
            }
            Happening::Manager => self.manager(),
            Happening::Start => self.start(),
        }
    }

    fn lands(&mut self, call: Call, order: Order, travel: Travel) {
        let at = self.true_time();
        let model = self.models.get_mut(&order.gateway).unwrap();
        let (answer, payer) = model.lands(call.operation, &order, at, &mut self.chance);
        let (operation, attempt) = (call.operation, &call.attempt);
        self.tell(&format!(
            "   gateway: {operation:?} {attempt}: {}",
            brief(&answer)
        ));
        if let Payer::Confirms { after } = payer {
            let after = u64::try_from(after.as_millis()).unwrap();
            self.plan(after, Happening::Payer(attempt.clone(), order));
        }
        if self.is_deaf(&call.attempt) || self.is_mute(&call) {
            return;
        }
        if let Some(back) = travel.back {
            let answer = match self.is_replayed(&call, travel) {
                true => wire::replayed(call.operation),
                false => wire::forge(answer, travel.forged),
            };
            self.plan(back, Happening::Answer(call, answer, travel));
        }
    }

    /// An answer counts while its call runs; now and then it is handed over twice.
    fn answered(&mut self, call: Call, answer: Answer, travel: Travel) -> Result<(), String> {
        let Call {
            id,
            attempt,
            operation,
        } = call;
        if self.calls.remove(&id).is_none() {
            return Ok(());
        }
        let answer = match self.is_spared(&attempt, operation, &answer) {
            true => Answer::Unknown(Unknown::Unsigned),
            false => answer,
        };
        let event = Event::Answered {
            attempt,
            operation,
            answer,
        };
        self.event(&event)?;
        if travel.twice {
            return self.event(&event);
        }
        Ok(())
    }

    /// A signed refusal that another landing of the request, or another order,
    /// got, before anything was seen of the order itself: it names no order, and
    /// nothing tells it from a true one. The core cannot survive it, by design, and
    /// neither could any other that believes refusals; so it does not happen here.
    fn is_spared(&self, id: &AttemptId, operation: Operation, answer: &Answer) -> bool {
        let attempt = self.state.tenders[&id.tender].attempt(id.number).unwrap();
        let seen = attempt.report.is_some() || attempt.paid_claimed;
        let exists = self.models[&attempt.gateway]
            .orders
            .contains_key(&attempt.order);
        operation == Operation::Submit
            && matches!(answer, Answer::Refused { .. })
            && exists
            && !seen
            && self.fault != Some(Fault::RefusalsAreOfOthers)
    }

    /// Another order's "no such order" comes at most once when it counts: proof is
    /// two of them, so two at the right moments are beyond what can be survived.
    /// Where nothing was heard for the whole window, it comes when it does most harm.
    fn is_replayed(&mut self, call: &Call, travel: Travel) -> bool {
        let id = &call.attempt;
        let tender = self.state.tenders.get(&id.tender);
        let attempt = tender.and_then(|t| t.attempt(id.number));
        if call.operation == Operation::Submit || !attempt.is_some_and(|a| a.arrival_over) {
            return travel.replayed;
        }
        let was_deaf = self.deaf.get(id) == Some(&true);
        (travel.replayed || was_deaf) && self.replayed.insert(id.clone())
    }

    /// Whether nothing is heard of a watched attempt until its window is over.
    fn is_deaf(&mut self, id: &AttemptId) -> bool {
        let tender = self.state.tenders.get(&id.tender);
        let watched = tender.and_then(|t| t.attempt(id.number)).is_some_and(|a| {
            let watch = a.obligation().is_some_and(|o| o.duty == Duty::Watch);
            watch && !a.arrival_over
        });
        let chance = &mut self.chance;
        watched
            && *self
                .deaf
                .entry(id.clone())
                .or_insert_with(|| chance.one_in(2))
    }

    /// Whether the gateway fails to answer enquiries about an attempt.
    fn is_mute(&mut self, call: &Call) -> bool {
        let chance = &mut self.chance;
        let id = call.attempt.clone();
        call.operation == Operation::Enquiry
            && *self.mute.entry(id).or_insert_with(|| chance.one_in(8))
            && !self.calm()
    }

    /// The gateway tells of it up to twice, soon or after a day, if anybody listens.
    fn confirms(&mut self, attempt: &AttemptId, order: &Order) {
        let at = self.true_time();
        let model = self.models.get_mut(&order.gateway).unwrap();
        let Some(answer) = model.confirmed(&order.number, at, &mut self.chance) else {
            return;
        };
        self.tell(&format!("   customer confirms {attempt}"));
        for _ in 0..self.chance.between(0, 2) {
            let late = self.chance.one_in(3);
            let after = self
                .chance
                .between(100, if late { 90_000_000 } else { 5_000 });
            let notification = Happening::Notification(attempt.clone(), answer.clone());
            self.plan(after, notification);
        }
    }

    /// A person closes what only a person can: the money of an order whose
    /// amount never agreed, which the gateway says went back.
    fn manager(&mut self) -> Result<(), String> {
        let alerted = |fact: &Fact| match fact.what {
            What::AlertRaised {
                attempt: Some(number),
                alert: Alert::WrongAmount,
                ..
            } => Some((fact.tender.clone(), number)),
            _ => None,
        };
        let alerts: BTreeSet<_> = self.disk.iter().filter_map(|(f, _)| alerted(f)).collect();
        for (tender, number) in alerts {
            let attempt = AttemptId { tender, number };
            let open = self.state.tenders[&attempt.tender].attempt(number);
            if open.is_some_and(|a| a.obligation().is_some()) {
                self.event(&Event::CloseObligation {
                    attempt,
                    name: "Amal".to_owned(),
                    reason: "went back".to_owned(),
                    reference: "statement".to_owned(),
                })?;
            }
        }
        Ok(())
    }
}

fn brief(answer: &Answer) -> String {
    match answer {
        Answer::Report(report) => match report.amount {
            Some(amount) => format!("{:?} {amount}", report.status),
            None => format!("{:?}", report.status),
        },
        other => format!("{other:?}"),
    }
}
