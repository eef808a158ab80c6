//! The core's waits, on the monotonic clock.

use super::Moment;
use crate::domain::Timer;
use std::collections::BTreeMap;
use std::time::Duration;

/// Timers by what they wait for. There are a few for each live tender.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeMap<Timer, Moment>,
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Moment) {
        self.due.insert(timer, at);
    }

    /// Lets a running timer fire later; one that does not run stays so.
    pub(super) fn extend(&mut self, timer: &Timer, by: Duration) {
        if let Some(due) = self.due.get_mut(timer) {
            *due = *due + by;
        }
    }

    pub(super) fn clear(&mut self, timer: &Timer) {
        self.due.remove(timer);
    }

    /// When the next timer is due.
    pub(super) fn next(&self) -> Option<Moment> {
        self.due.values().min().copied()
    }

    /// Takes out what is due, in the order in which it became due.
    pub(super) fn take_due(&mut self, now: Moment) -> Vec<Timer> {
        let mut due: Vec<(Moment, Timer)> = self
            .due
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(timer, at)| (*at, timer.clone()))
            .collect();
        due.sort();
        due.iter().for_each(|(_, timer)| self.clear(timer));
        due.into_iter().map(|(_, timer)| timer).collect()
    }
}
