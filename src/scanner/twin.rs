//! A keyboard scanner that is read twice: its reports through hidraw, its keys through
//! evdev.
//!
//! Some scanners pack the digits of an ALT code into one report. The kernel tells a key
//! that is twice in a report once, so that `0 8 0` reads `0 8`; only the reports show
//! it. They give the characters here. But hidraw has no word for reports that were
//! dropped, and evdev has (`SYN_DROPPED`): so its keys must be those of the reports,
//! less what the kernel leaves out, or the scan is void.

use super::decode::{EV_KEY, EV_SYN, Event};
use super::framer::{Outcome, VoidReason};
use super::reader::Arrival;
use std::collections::VecDeque;
use std::time::Instant;

/// Keys that one side may be ahead of the other.
const AHEAD_MAX: usize = 4096;

/// A key and whether it goes down.
type Move = (u16, bool);

/// Compares the two and holds scans back until they agree.
#[derive(Default)]
pub(crate) struct Twin {
    /// Moves of the reports that evdev has not told yet.
    of_reports: VecDeque<Move>,
    /// Moves of evdev that no report has told yet.
    of_evdev: VecDeque<Move>,
    told: u64,
    agreed: u64,
    /// Each with how many moves must be agreed on.
    waiting: VecDeque<(u64, Arrival)>,
    /// They do not agree: nothing counts up to a silence.
    broken: bool,
}

impl Twin {
    /// Takes the events of one or more reports.
    pub(crate) fn reports(&mut self, events: &[Event]) {
        let mut frame: Vec<Move> = Vec::new();
        for event in events {
            match event.kind {
                EV_KEY => frame.push((event.code, event.value == 1)),
                EV_SYN => self.frame(&std::mem::take(&mut frame)),
                _ => {}
            }
        }
        self.frame(&frame);
    }

    /// In one report a key is down or up: what comes up and goes down in it is a key
    /// that is in it twice, of which the kernel tells nothing.
    fn frame(&mut self, moves: &[Move]) {
        let mut told: Vec<Move> = Vec::new();
        for &(code, down) in moves {
            match told.last() {
                Some(&(last, false)) if down && last == code => {
                    told.pop();
                }
                _ => told.push((code, down)),
            }
        }
        self.told += told.len() as u64;
        self.of_reports.extend(told);
        self.compare();
    }

    /// Takes a key of evdev.
    pub(crate) fn key(&mut self, code: u16, down: bool) {
        self.of_evdev.push_back((code, down));
        self.compare();
    }

    fn compare(&mut self) {
        if self.of_reports.len().max(self.of_evdev.len()) > AHEAD_MAX {
            self.broken = true;
        }
        while !self.broken
            && let (Some(report), Some(evdev)) = (self.of_reports.front(), self.of_evdev.front())
        {
            if report != evdev {
                self.broken = true;
                break;
            }
            self.of_reports.pop_front();
            self.of_evdev.pop_front();
            self.agreed += 1;
        }
        if self.broken {
            self.of_reports.clear();
            self.of_evdev.clear();
        }
    }

    /// Evdev dropped events: nobody can compare.
    pub(crate) fn dropped(&mut self) {
        self.broken = true;
        self.compare();
    }

    /// Takes what the reports yielded.
    pub(crate) fn hold(&mut self, arrival: Arrival) {
        self.waiting.push_back((self.told, arrival));
    }

    /// Whether nobody can tell what the scanner typed, up to a silence.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether silence has a meaning.
    pub(crate) fn waits(&self) -> bool {
        self.broken || !self.waiting.is_empty() || !self.of_evdev.is_empty()
    }

    /// Appends what both sides agree on; when they do not, voids in its place.
    pub(crate) fn release(&mut self, arrivals: &mut Vec<Arrival>) {
        while let Some((needs, arrival)) = self.waiting.pop_front() {
            let whole = matches!(arrival.outcome, Outcome::Scan(_));
            if whole && self.broken {
                arrivals.push(void(arrival.ended));
            } else if whole && needs > self.agreed {
                self.waiting.push_front((needs, arrival));
                break;
            } else {
                arrivals.push(arrival);
            }
        }
    }

    /// Nothing came for longer than a scan pauses: what one side has told alone is lost
    /// on the other, and both begin anew.
    pub(crate) fn silence(&mut self, arrivals: &mut Vec<Arrival>) {
        let alone = !self.of_reports.is_empty() || !self.of_evdev.is_empty();
        self.broken |= alone;
        self.release(arrivals);
        self.broken = false;
        self.of_reports.clear();
        self.of_evdev.clear();
        self.agreed = self.told;
    }
}

fn void(ended: Instant) -> Arrival {
    Arrival::new(Outcome::Void(VoidReason::KeyLost), ended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::PaymentCode;
    use crate::scanner::decode::SYN_REPORT;
    use std::time::Duration;

    /// Moves of one report: positive down, negative up.
    fn report(moves: &[i32]) -> Vec<Event> {
        let event = |kind, code: i32, value| Event {
            at: Duration::ZERO,
            kind,
            code: u16::try_from(code.abs()).unwrap_or_default(),
            value,
        };
        let keys = moves.iter().map(|n| event(EV_KEY, *n, i32::from(*n > 0)));
        keys.chain([event(EV_SYN, i32::from(SYN_REPORT), 0)])
            .collect()
    }

    fn evdev(twin: &mut Twin, moves: &[i32]) {
        for n in moves {
            twin.key(u16::try_from(n.abs()).unwrap_or_default(), *n > 0);
        }
    }

    fn scan(twin: &mut Twin) {
        let code = PaymentCode::new(b"1");
        twin.hold(Arrival::new(Outcome::Scan(code), Instant::now()));
    }

    fn released(twin: &mut Twin) -> Vec<&'static str> {
        let mut arrivals = Vec::new();
        twin.release(&mut arrivals);
        words(&arrivals)
    }

    fn words(arrivals: &[Arrival]) -> Vec<&'static str> {
        let words = arrivals.iter().map(|arrival| match arrival.outcome {
            Outcome::Scan(_) => "scan",
            Outcome::Void(reason) => reason.as_str(),
        });
        words.collect()
    }

    #[test]
    fn a_key_that_is_twice_in_a_report_is_told_once_by_the_kernel() {
        let mut twin = Twin::default();
        // 0 8 0 under Alt, all up, Enter.
        twin.reports(&report(&[56, 82, 72, -82, 82]));
        twin.reports(&report(&[-56, -82, -72]));
        twin.reports(&report(&[28]));
        scan(&mut twin);
        assert!(twin.waits());
        evdev(&mut twin, &[56, 82, 72, -56, -82, -72]);
        assert_eq!(released(&mut twin), [""; 0]);
        evdev(&mut twin, &[28]);
        assert_eq!(released(&mut twin), ["scan"]);
        // The other side first; doubled in a report that follows a single one.
        evdev(&mut twin, &[-28, 82, -82, 28]);
        twin.reports(&report(&[-28]));
        twin.reports(&report(&[82]));
        twin.reports(&report(&[-82, 82]));
        twin.reports(&report(&[-82, 28]));
        scan(&mut twin);
        assert_eq!(released(&mut twin), ["scan"]);
        assert!(!twin.waits());
    }

    #[test]
    fn what_they_do_not_agree_on_is_void_up_to_a_silence() {
        for (reports, keys) in [
            // A report was dropped; a key was; another key; evdev lost all.
            (&[28][..], &[2, -2, 28][..]),
            (&[2, -2, 28], &[2, 28]),
            (&[2, -2, 28], &[3, -3, 28]),
            (&[2, -2, 28], &[]),
        ] {
            let mut twin = Twin::default();
            for n in reports {
                twin.reports(&report(&[*n]));
            }
            scan(&mut twin);
            evdev(&mut twin, keys);
            let mut arrivals = Vec::new();
            twin.release(&mut arrivals);
            twin.silence(&mut arrivals);
            assert_eq!(words(&arrivals), ["key_lost"], "{reports:?} {keys:?}");
            assert!(!twin.is_broken());
            twin.reports(&report(&[28]));
            scan(&mut twin);
            evdev(&mut twin, &[28]);
            assert_eq!(released(&mut twin), ["scan"]);
        }
        let mut twin = Twin::default();
        twin.dropped();
        scan(&mut twin);
        assert_eq!(
            (twin.is_broken(), released(&mut twin)),
            (true, vec!["key_lost"])
        );
    }
}
