//! Time, and everything in it but the driver: an agenda of happenings, one after the
//! other, and what they find.

use super::chance::Chance;
use super::coverage::Coverage;
use super::disk::Disk;
use super::ledger::{Gateway, Payer, Temper};
use super::luck::Luck;
use super::people::People;
use super::plants::Plant;
use super::ports::{About, Ask, Asked, asked};
use super::rules::Broken;
use super::store::{CANCEL_FIRST, VERDICT_FIRST, gateway, setup};
use super::wire::WireFault;
use qrpayd::domain::{
    Answer, AttemptId, Duty, Event, GatewayId, Order, OrderNumber, RefundAnswer, Remark, Setup,
    State, Tender, TenderId, Timestamp, Unknown, Verdict,
};
use qrpayd::gateway::NotificationAbout;
use qrpayd::service::driver::{Call, Message};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// The day begins at this true time.
pub(crate) const MORNING: i64 = 1_772_366_400_000;
/// Faults end, and the cashiers go home, after this many milliseconds.
pub(crate) const FAULTS_END: u64 = 20 * 60 * 1_000;

/// When something happens, and its place among all that was ever planned.
pub(crate) type Place = (u64, u64);

/// A call: which process made it, and its serial number there.
pub(crate) type Line = (u64, u64);

pub(crate) enum Happening {
    /// The driver looks at what came in.
    Work,
    /// A request reaches its gateway.
    Lands(Line, Call, usize, super::wire::Fate),
    /// An answer, or the end of waiting for one, reaches the process.
    Answer(Line, Event),
    /// The customer confirms.
    Payer(GatewayId, OrderNumber),
    /// The merchant's back office gives a payment back.
    BackOffice(GatewayId, OrderNumber),
    Notification(Wire),
    Cashier(usize),
    /// The manager sets something aside, or takes it up again.
    Parks,
    Unparks(AttemptId),
    /// Lane 1 asks to collect, scans what is armed, cancels: the stories of the grid.
    Creates,
    Scans,
    Cancels,
    Manager,
    Start,
    /// Somebody makes room on the disk.
    DiskFreed,
    /// The network of the store goes down, or comes back.
    Network(bool),
    /// Somebody, or the network, sets the wall clock: so far off the true time, in ms.
    ClockStep(i64),
}

/// A notification on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) gateway: GatewayId,
    pub(crate) about: NotificationAbout,
    pub(crate) signed: bool,
    /// How often it was sent.
    pub(crate) sent: u32,
}

pub(crate) struct World {
    pub(crate) telling: bool,
    pub(crate) story: Vec<String>,
    /// Milliseconds since the morning: also the monotonic clock.
    pub(crate) clock: u64,
    /// The wall clock less the true time, in milliseconds.
    pub(crate) wall: i64,
    pub(crate) agenda: BTreeMap<Place, Happening>,
    pub(crate) entries: u64,
    pub(crate) chance: Chance,
    pub(crate) luck: Luck,
    pub(crate) plant: Option<Plant>,
    pub(crate) coverage: Coverage,
    pub(crate) broken: Option<Broken>,
    pub(crate) setup: Arc<Setup>,
    pub(crate) gateways: BTreeMap<GatewayId, Gateway>,
    pub(crate) people: People,
    pub(crate) disk: Disk,
    pub(crate) network_down: bool,
    /// Final verdicts that anybody was told.
    pub(crate) told: BTreeMap<TenderId, Verdict>,
    /// The tender of each key that anybody was told.
    pub(crate) keys: BTreeMap<qrpayd::domain::IdempotencyKey, TenderId>,
    /// The keys of the refunds that anybody asked for.
    pub(crate) refund_keys: BTreeSet<qrpayd::domain::IdempotencyKey>,
    /// How often each call that moves money was made.
    pub(crate) made: BTreeMap<(About, Asked), u32>,
    /// Codes that were shown to a scanner.
    pub(crate) codes: BTreeSet<String>,
    /// When each attempt began, or the process that took it up again.
    pub(crate) alive_since: BTreeMap<AttemptId, u64>,
    /// Attempts that got another order's "no such order" when it counted: once each.
    contradicted: BTreeSet<AttemptId>,
    /// Watched attempts, and whether nothing is heard of them while the window is open.
    deaf: BTreeMap<AttemptId, bool>,
    /// Attempts, and whether no enquiry about them is answered while faults last.
    mute: BTreeMap<AttemptId, bool>,
    // The process: all of it is lost when it ends.
    pub(crate) up: bool,
    /// It was killed, and only does not know it yet.
    pub(crate) dead: bool,
    pub(crate) moments_left: Option<u64>,
    pub(crate) inbox: Vec<Message<Ask>>,
    pub(crate) prepared: BTreeMap<AttemptId, Option<String>>,
    /// The calls that run, by the process that made them and their serial number.
    pub(crate) calls: BTreeMap<Line, (About, Asked)>,
    /// How many processes there were before this one.
    pub(crate) life: u64,
    pub(crate) clock_errors: BTreeMap<GatewayId, Duration>,
    offsets: BTreeMap<GatewayId, i64>,
    /// When the driver looks next.
    pub(crate) work: Option<Place>,
}

impl World {
    pub(crate) fn new(seed: u64, luck: Luck, temper: &Temper, plant: Option<Plant>) -> Self {
        let mut setup = setup();
        if let Some(plant) = plant {
            plant.in_setup(Arc::make_mut(&mut setup));
        }
        let truth = State {
            setup: Arc::clone(&setup),
            tenders: BTreeMap::new(),
            codes: BTreeMap::new(),
        };
        let models = [CANCEL_FIRST, VERDICT_FIRST].map(gateway);
        Self {
            telling: false,
            story: Vec::new(),
            clock: 0,
            wall: 0,
            agenda: BTreeMap::new(),
            entries: 0,
            chance: Chance::seeded(seed),
            luck,
            plant,
            coverage: Coverage::default(),
            broken: None,
            setup,
            gateways: models
                .map(|id| (id.clone(), Gateway::new(&id, temper.clone())))
                .into(),
            people: People::default(),
            disk: Disk::empty(truth),
            network_down: false,
            told: BTreeMap::new(),
            keys: BTreeMap::new(),
            refund_keys: BTreeSet::new(),
            made: BTreeMap::new(),
            codes: BTreeSet::new(),
            alive_since: BTreeMap::new(),
            contradicted: BTreeSet::new(),
            deaf: BTreeMap::new(),
            mute: BTreeMap::new(),
            up: false,
            dead: false,
            moments_left: None,
            inbox: Vec::new(),
            prepared: BTreeMap::new(),
            calls: BTreeMap::new(),
            life: 0,
            clock_errors: BTreeMap::new(),
            offsets: BTreeMap::new(),
            work: None,
        }
    }

    pub(crate) fn calm(&self) -> bool {
        self.clock >= FAULTS_END
    }

    /// The time by the gateways' clocks.
    pub(crate) fn true_time(&self) -> Timestamp {
        Timestamp(MORNING + i64::try_from(self.clock).unwrap())
    }

    pub(crate) fn wall_time(&self) -> Timestamp {
        Timestamp(self.true_time().0 + self.wall)
    }

    pub(crate) fn plan(&mut self, after: u64, happening: Happening) -> Place {
        self.entries += 1;
        let place = (self.clock + after, self.entries);
        self.agenda.insert(place, happening);
        place
    }

    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.telling {
            let (seconds, millis) = (self.clock / 1000, self.clock % 1000);
            self.story
                .push(format!("{seconds:>7}.{millis:03} {}", line()));
        }
    }

    pub(crate) fn breaks(&mut self, rule: &'static str, what: impl FnOnce() -> String) {
        if self.broken.is_none() {
            let what = what();
            self.tell(|| format!("BROKEN {rule}: {what}"));
            self.broken = Some(Broken { rule, what });
        }
    }

    /// Whether the process is still there; one moment of it goes by.
    pub(crate) fn lives_on(&mut self) -> bool {
        if let Some(left) = &mut self.moments_left {
            match left.checked_sub(1) {
                Some(less) => *left = less,
                None if !self.dead => {
                    self.coverage.saw("killed between two effects");
                    self.die();
                }
                None => {}
            }
        }
        !self.dead
    }

    pub(crate) fn die(&mut self) {
        self.tell(|| "killed".to_owned());
        self.dead = true;
    }

    pub(crate) fn power_cut(&mut self) {
        self.tell(|| "the power fails".to_owned());
        self.dead = true;
        self.disk.power_cut();
    }

    /// The process is gone, and everything in it.
    pub(crate) fn ends(&mut self) {
        (self.up, self.dead, self.moments_left) = (false, false, None);
        self.life += 1;
        let waiting = std::mem::take(&mut self.inbox);
        self.prepared.clear();
        self.calls.clear();
        self.clock_errors.clear();
        self.offsets.clear();
        if let Some(place) = self.work.take() {
            self.agenda.remove(&place);
        }
        for message in waiting {
            if let Message::Told(_, _, Ask::Notification(wire)) = message {
                self.not_acknowledged(wire);
            }
        }
        let down = match self.luck.is_random() {
            false => 1_000,
            true if self.chance.one_in(4) => self.chance.between(500, 1_800_000),
            true => self.chance.between(500, 20_000),
        };
        self.plan(down, Happening::Start);
    }

    /// A message for the driver, if the process is there to take it.
    pub(crate) fn message(&mut self, message: Message<Ask>) {
        if !self.up {
            if let Message::Told(_, _, Ask::Notification(wire)) = message {
                self.not_acknowledged(wire);
            }
            return;
        }
        self.inbox.push(message);
        let busy = match self.luck.is_random() && self.chance.one_in(3) {
            true => self.chance.between(0, 30),
            false => 0,
        };
        self.work_at(self.clock + busy);
    }

    /// The driver looks at this time, if not before.
    pub(crate) fn work_at(&mut self, at: u64) {
        match self.work {
            Some((planned, _)) if planned <= at => {}
            earlier => {
                if let Some(place) = earlier {
                    self.agenda.remove(&place);
                }
                self.work = Some(self.plan(at.saturating_sub(self.clock), Happening::Work));
            }
        }
    }

    /// When a moment of the driver's clock is.
    pub(crate) fn clock_at(&self, moment: u64) -> u64 {
        let clock = match self.plant {
            Some(Plant::ClockTrusted) => {
                let moment = i64::try_from(moment).unwrap() - self.wall - 86_400_000;
                u64::try_from(moment).unwrap_or(0)
            }
            _ => moment,
        };
        clock.max(self.clock)
    }

    /// No room is left, until somebody makes some.
    pub(crate) fn disk_fills(&mut self) {
        self.disk.full = true;
        let most = match self.luck.is_random() {
            true => self.chance.between(1_000, 300_000),
            false => 120_000,
        };
        self.plan(most, Happening::DiskFreed);
    }

    // ---- calls ----

    /// A call leaves.
    pub(crate) fn send(&mut self, serial: u64, mut call: Call, pause: Duration) {
        if let Call::Refund { order, .. } = &mut call {
            // As the gateways' folders do: corrected by what was learned of the clocks.
            let offset = self.offsets.get(&order.gateway).copied().unwrap_or(0);
            order.requested = Timestamp(self.wall_time().0 - offset);
        }
        let (what, about) = asked(&call);
        self.tell(|| format!("call {serial}: {what:?} {}", name(&about)));
        let line = (self.life, serial);
        self.calls.insert(line, (about.clone(), what));
        let pause = millis(pause);
        let bare = what == Asked::Submit && {
            let About::Attempt(id) = &about else {
                unreachable!("a submit is an attempt's")
            };
            self.prepared.remove(id).is_none() && self.plant != Some(Plant::ResumeSubmits)
        };
        if what == Asked::Submit
            && let Some((after, to)) = self.people.step.take()
        {
            self.plan(after, Happening::ClockStep(to));
        }
        let calm = self.calm();
        let mut fate = self.luck.fate(what, calm, &mut self.chance);
        if self.network_down {
            // Half of the connections look alive.
            fate = fate.with(
                match self.chance.one_in(2) {
                    true => WireFault::NotSent,
                    false => WireFault::RequestLost,
                },
                what == Asked::Submit,
                &mut self.chance,
            );
        }
        if let Some(fault) = fate.fault {
            self.coverage.wire_fault(fault);
            self.tell(|| format!("   wire: {fault:?}"));
        }
        if bare || fate.fault == Some(WireFault::NotSent) {
            let not_sent = event(&call, Answer::NotSent, RefundAnswer::NotSent);
            self.plan(pause + 10, Happening::Answer(line, not_sent));
            return;
        }
        for (copy, after) in fate.lands.clone().into_iter().enumerate() {
            let landing = Happening::Lands(line, call.clone(), copy, fate.clone());
            self.plan(pause + after, landing);
        }
        let unknown = Unknown::Timeout;
        let silence = event(
            &call,
            Answer::Unknown(unknown),
            RefundAnswer::Unknown(unknown),
        );
        let (Call::Order { limit, .. } | Call::Refund { limit, .. }) = &call;
        self.plan(pause + millis(*limit), Happening::Answer(line, silence));
    }

    /// A request lands at its gateway, and its answer goes back, or does not.
    pub(crate) fn lands(&mut self, line: Line, call: Call, copy: usize, fate: super::wire::Fate) {
        let at = self.true_time();
        let without = matches!(
            fate.fault,
            Some(WireFault::FaultWithoutEffect | WireFault::SuccessWithoutEffect)
        );
        let answered = match &call {
            _ if without => event(
                &call,
                Answer::Unknown(Unknown::Unlisted),
                RefundAnswer::Unknown(Unknown::Unlisted),
            ),
            Call::Order {
                operation, order, ..
            } => {
                let model = self.gateways.get_mut(&order.gateway).unwrap();
                let (answer, payer) = model.order(*operation, order, at, &mut self.chance);
                self.payer(order, payer);
                event(&call, answer, RefundAnswer::NotSent)
            }
            Call::Refund {
                operation, order, ..
            } => {
                let model = self.gateways.get_mut(&order.gateway).unwrap();
                let answer = model.refund(*operation, order, at, &mut self.chance);
                let (id, original) = (order.gateway.clone(), order.original.clone());
                super::telling::about_refund(self, &id, &original, &order.number);
                event(&call, Answer::NotSent, answer)
            }
        };
        self.tell(|| format!("   gateway, to call {}: {}", line.1, brief(&answered)));
        let Some(back) = fate.back.filter(|_| copy == fate.answering) else {
            return;
        };
        let (what, about) = asked(&call);
        if self.is_silent(what, &about) {
            return;
        }
        let answer = super::answers::travelled(self, &call, answered, fate.fault);
        if fate.fault == Some(WireFault::AnswerDoubled) {
            self.plan(back + 5, Happening::Answer(line, answer.clone()));
        }
        self.plan(back, Happening::Answer(line, answer));
    }

    fn payer(&mut self, order: &Order, payer: Payer) {
        let (id, number) = (order.gateway.clone(), order.number.clone());
        if let Payer::Confirms(after) = payer {
            self.plan(after, Happening::Payer(id.clone(), number.clone()));
        }
        super::telling::about_order(self, &id, &number, true);
        let model = &self.gateways[&id];
        let one_in = model.temper.back_office;
        if one_in > 0 && self.chance.one_in(one_in) {
            let after = self.chance.between(10_000, 3_600_000);
            self.plan(after, Happening::BackOffice(id, number));
        }
    }

    /// An answer reaches the process, if it still waits for it.
    pub(crate) fn answered(&mut self, line: Line, event: Event) {
        let serial = line.1;
        if !self.up || self.calls.remove(&line).is_none() {
            return;
        }
        let (gateway, silent) = match &event {
            Event::Answered {
                attempt, answer, ..
            } => {
                let tender = &self.disk.truth.tenders[&attempt.tender];
                let attempt = tender.attempt(attempt.number).unwrap();
                let nothing = Answer::Unknown(Unknown::Timeout);
                (
                    attempt.gateway.clone(),
                    *answer == nothing || *answer == Answer::NotSent,
                )
            }
            _ => (gateway(CANCEL_FIRST), true),
        };
        if !silent {
            // The date of an answer tells how far the clocks are apart.
            let error = Duration::from_millis(self.wall.unsigned_abs());
            self.offsets.insert(gateway.clone(), self.wall);
            self.clock_errors.insert(gateway, error);
        }
        self.coverage.answer(&self.disk.truth, &event);
        self.tell(|| format!("answer to call {serial}: {}", brief(&event)));
        self.message(Message::Answered { serial, event });
    }

    /// Nothing is heard of some orders: of watched ones until their window is over, of
    /// others when they are enquired about.
    fn is_silent(&mut self, what: Asked, about: &About) -> bool {
        let About::Attempt(id) = about else {
            return false;
        };
        if !self.luck.is_random() {
            return false;
        }
        let tender = self.disk.truth.tenders.get(&id.tender);
        let attempt = tender.and_then(|t| t.attempt(id.number));
        let watched = attempt.is_some_and(|a| {
            let watch = a.obligation().is_some_and(|o| o.duty == Duty::Watch);
            watch && !a.arrival_over
        });
        let (calm, chance) = (self.calm(), &mut self.chance);
        let deaf = watched
            && *self
                .deaf
                .entry(id.clone())
                .or_insert_with(|| chance.one_in(2));
        let mute = what == Asked::Enquiry
            && *self
                .mute
                .entry(id.clone())
                .or_insert_with(|| chance.one_in(8))
            && !calm;
        deaf || mute
    }

    /// Another order's "no such order" comes at most once when it counts: proof is two
    /// of them, so two at the right moments are beyond what can be survived. Where
    /// nothing was heard for the whole window, it comes when it does most harm.
    pub(crate) fn is_contradicted(&mut self, what: Asked, id: &AttemptId, fault: bool) -> bool {
        let tender = self.disk.truth.tenders.get(&id.tender);
        let attempt = tender.and_then(|t| t.attempt(id.number));
        if what == Asked::Submit || !attempt.is_some_and(|a| a.arrival_over) {
            return fault;
        }
        let was_deaf = self.deaf.get(id) == Some(&true);
        (fault || was_deaf) && self.contradicted.insert(id.clone())
    }

    pub(crate) fn tender_of(&self, number: &OrderNumber) -> Option<&Tender> {
        let id = self.disk.by_order(number)?;
        self.disk.truth.tenders.get(&id)
    }

    // ---- notifications ----

    /// It is about nothing of ours, and kept for people.
    pub(crate) fn keep(&mut self, wire: &Wire) {
        let NotificationAbout::Order(number, _) = &wire.about else {
            return;
        };
        let remark = Remark::NotificationKept {
            gateway: wire.gateway.clone(),
            id: None,
            told: qrpayd::domain::Told::Order {
                number: number.clone(),
                report: None,
            },
        };
        self.message(Message::Keep(remark, Box::new(|_| {})));
    }

    /// It is sent again later, as the gateway's documents say.
    pub(crate) fn not_acknowledged(&mut self, wire: Wire) {
        let minutes = [2, 10, 10, 60, 120, 360, 900];
        if let Some(minutes) = minutes.get(wire.sent as usize) {
            let again = Wire {
                sent: wire.sent + 1,
                ..wire
            };
            self.plan(minutes * 60_000, Happening::Notification(again));
        }
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros().div_ceil(1_000)).unwrap()
}

/// The event that answers a call.
pub(crate) fn event(call: &Call, answer: Answer, of_refund: RefundAnswer) -> Event {
    match call {
        Call::Order {
            attempt, operation, ..
        } => Event::Answered {
            attempt: attempt.clone(),
            operation: *operation,
            answer,
        },
        Call::Refund {
            refund, operation, ..
        } => Event::RefundAnswered {
            refund: refund.clone(),
            operation: *operation,
            answer: of_refund,
        },
    }
}

pub(crate) fn name(about: &About) -> String {
    match about {
        About::Attempt(id) => id.to_string(),
        About::Refund(id) => id.to_string(),
    }
}

pub(crate) fn brief(event: &Event) -> String {
    match event {
        Event::Answered {
            attempt,
            operation,
            answer: Answer::Report(report),
        } => {
            let amount = report.amount.map(|amount| amount.to_string());
            let amount = amount.unwrap_or_else(|| "no amount".to_owned());
            format!("{operation:?} {attempt}: {:?} {amount}", report.status)
        }
        Event::Answered {
            attempt,
            operation,
            answer,
        } => format!("{operation:?} {attempt}: {answer:?}"),
        Event::RefundAnswered {
            refund,
            operation,
            answer,
        } => format!("{operation:?} {refund}: {answer:?}"),
        other => format!("{other:?}"),
    }
}
