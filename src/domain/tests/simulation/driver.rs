//! The process: facts to disk, then applied, then their effects, as the service's
//! driver must do it. A crash loses everything but the disk.

use super::faults::Fault;
use super::wire;
use super::world::{Call, Happening, Travel, World};
use crate::domain::tests::play::replay;
use crate::domain::tests::{render, rules};
use crate::domain::{
    Answer, AttemptId, Effect, Event, Operation, Order, Unknown, What, apply, resume, step,
};

impl World {
    /// One event through the core: facts to disk, then applied, then the effects.
    pub(super) fn event(&mut self, event: &Event) -> Result<(), String> {
        if !self.up {
            return Ok(());
        }
        let now = self.now();
        let event = &self.misread(event);
        let step = match step(&self.state, event, now) {
            Ok(step) => step,
            Err(denial) => {
                self.tell(&format!("denied: {}", denial.code()));
                return Ok(());
            }
        };
        if !self.calm() && self.chance.one_in(60) {
            self.tell(&format!("crash before the commit of {event:?}"));
            self.crash();
            return Ok(());
        }
        for step in self.commits(step) {
            let before = self.state.clone();
            for fact in &step.facts {
                apply(&mut self.state, fact, now.at);
                self.disk.push((fact.clone(), now.at));
                if let What::AttemptIntended {
                    attempt: number, ..
                } = fact.what
                {
                    let tender = fact.tender.clone();
                    let clock = self.clock;
                    self.alive_since.insert(AttemptId { tender, number }, clock);
                }
            }
            for line in render::step(&self.state, &step, now) {
                self.tell(&line);
            }
            rules::check(&before, &step, &self.state)?;
            if !self.calm() && self.chance.one_in(60) {
                self.tell("crash after the commit");
                self.crash();
                return Ok(());
            }
            self.perform(step.effects)?;
        }
        Ok(())
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<(), String> {
        for effect in effects {
            match effect {
                Effect::Call {
                    attempt,
                    operation,
                    order,
                    limit,
                    fresh,
                } => {
                    let running = (attempt.clone(), operation);
                    if fresh || !self.calls.values().any(|call| *call == running) {
                        // An enquiry takes the place of the one that runs; reversals go
                        // beside each other, unless the fault forgets that they should.
                        let replaces = operation == Operation::Enquiry
                            || self.fault == Some(Fault::CancelsReplaceEachOther);
                        self.calls.retain(|_, call| !replaces || *call != running);
                        let limit = u64::try_from(limit.as_millis()).unwrap();
                        self.call(attempt, operation, order, limit)?;
                    }
                }
                Effect::CallRefund { .. } => {}
                Effect::Set(timer, after) => {
                    let after = if self.hurries(&timer) {
                        0
                    } else {
                        after.as_millis()
                    };
                    let after = u64::try_from(after).unwrap();
                    let key = self.plan(after, Happening::Timer(timer.clone()));
                    if let Some(earlier) = self.timers.insert(timer, key) {
                        self.agenda.remove(&earlier);
                    }
                }
                Effect::Extend(timer, by) => {
                    if let Some(earlier) = self.timers.remove(&timer) {
                        self.agenda.remove(&earlier);
                        let left = earlier.0 - self.clock;
                        let after = left + u64::try_from(by.as_millis()).unwrap();
                        let key = self.plan(after, Happening::Timer(timer.clone()));
                        self.timers.insert(timer, key);
                    }
                }
                Effect::Clear(timer) => {
                    if let Some(earlier) = self.timers.remove(&timer) {
                        self.agenda.remove(&earlier);
                    }
                }
            }
        }
        Ok(())
    }

    fn call(
        &mut self,
        attempt: AttemptId,
        operation: Operation,
        order: Order,
        limit: u64,
    ) -> Result<(), String> {
        if operation == Operation::Submit && !self.submitted.insert(attempt.clone()) {
            return Err(format!("1: {attempt} is submitted twice"));
        }
        self.entries += 1;
        let call = Call {
            id: self.entries,
            attempt,
            operation,
        };
        let running = (call.attempt.clone(), operation);
        self.calls.insert(call.id, running);
        let fate = wire::fate(operation, self.calm(), &mut self.chance);
        if fate.not_sent {
            let refused = Happening::Answer(call, Answer::NotSent, Travel::default());
            self.plan(10, refused);
            return Ok(());
        }
        for (copy, after) in fate.lands.iter().enumerate() {
            let travel = Travel {
                back: fate.travel.back.filter(|_| copy == fate.answering),
                ..fate.travel
            };
            let landing = Happening::Lands(call.clone(), order.clone(), travel);
            self.plan(*after, landing);
        }
        let silence = Answer::Unknown(Unknown::Timeout);
        self.plan(limit, Happening::Answer(call, silence, Travel::default()));
        Ok(())
    }

    fn crash(&mut self) {
        self.up = false;
        for key in std::mem::take(&mut self.timers).into_values() {
            self.agenda.remove(&key);
        }
        self.calls.clear();
        let most = if self.chance.one_in(4) {
            1_800_000
        } else {
            20_000
        };
        let down = self.chance.between(500, most);
        self.plan(down, Happening::Start);
    }

    pub(super) fn start(&mut self) -> Result<(), String> {
        self.up = true;
        self.wall = match self.chance.between(0, 9) {
            0 => -86_400_000,
            1 => 86_400_000,
            _ => i64::try_from(self.chance.between(0, 120_000)).unwrap() - 60_000,
        };
        self.state = replay(&self.setup, &self.disk);
        let now = self.now();
        let mut effects = resume(&self.state, now);
        self.tell(&format!(
            "start, the wall clock is off by {} s",
            self.wall / 1000
        ));
        self.resumed(&mut effects);
        let clock = self.clock;
        for since in self.alive_since.values_mut() {
            *since = clock;
        }
        for effect in &effects {
            let line = render::effect(&self.state, effect);
            self.tell(&line);
        }
        self.perform(effects)
    }
}
