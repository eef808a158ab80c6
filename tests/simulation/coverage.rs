//! What a run has seen: transitions, faults, denials. Zeros are not accepted.

use super::disk::DiskFault;
use super::telling::Told;
use super::wire::WireFault;
use qrpayd::domain::{
    Alert, Answer, Discharge, Event, Fact, Operation, OrderStatus, RefundOperation, Stage, State,
    Tender, Verdict, What,
};
use qrpayd::service::Trouble;
use std::collections::BTreeMap;

/// The transitions of an attempt (`docs/testing.md` names them).
pub(crate) const TRANSITIONS: u32 = 21;

/// What must be seen beside transitions and the faults of wire, disk and notifications.
pub(crate) const EVENTS: [&str; 25] = [
    "clock error",
    "clock step",
    "killed between two effects",
    "network down",
    "nobody can tell",
    "notification before the pay answer",
    "outcome stored on a full disk",
    "paid as it expires",
    "paid between the last enquiry and the reversal",
    "reversal accepted, money later",
    "settled before the reversal",
    "wrong amount",
    "double read",
    "key used twice",
    "several in one flush",
    "back office",
    "notification about a refund",
    "notification about nothing of ours",
    "refund in part",
    "refund of a whole payment",
    "refund failed",
    "refund sent again",
    "code shown",
    "parked",
    "taken up again",
];

#[derive(Debug, Clone, Default)]
pub(crate) struct Coverage {
    pub(crate) transitions: BTreeMap<u32, u64>,
    pub(crate) wire: BTreeMap<WireFault, u64>,
    pub(crate) disk: BTreeMap<DiskFault, u64>,
    pub(crate) told: BTreeMap<Told, u64>,
    pub(crate) events: BTreeMap<&'static str, u64>,
    pub(crate) denials: BTreeMap<String, u64>,
}

impl Coverage {
    pub(crate) fn add(&mut self, other: &Self) {
        fn add<K: Ord + Clone>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, count) in from {
                *to.entry(key.clone()).or_default() += count;
            }
        }
        add(&mut self.transitions, &other.transitions);
        add(&mut self.wire, &other.wire);
        add(&mut self.disk, &other.disk);
        add(&mut self.told, &other.told);
        add(&mut self.events, &other.events);
        add(&mut self.denials, &other.denials);
    }

    pub(crate) fn saw(&mut self, what: &'static str) {
        *self.events.entry(what).or_default() += 1;
    }

    pub(crate) fn wire_fault(&mut self, fault: WireFault) {
        *self.wire.entry(fault).or_default() += 1;
    }

    pub(crate) fn disk_fault(&mut self, fault: DiskFault) {
        *self.disk.entry(fault).or_default() += 1;
    }

    pub(crate) fn notification(&mut self, told: Told) {
        *self.told.entry(told).or_default() += 1;
    }

    pub(crate) fn trouble(&mut self, trouble: &Trouble) {
        let word = match trouble {
            Trouble::Denied(denial) => denial.code().to_owned(),
            Trouble::NotACode { reason, .. } => reason.clone(),
            Trouble::NoGatewayForCode { .. } => "no_gateway_for_code".to_owned(),
            Trouble::NeedsManager(_) => "needs_manager".to_owned(),
            Trouble::Busy => "busy".to_owned(),
            Trouble::Unavailable(_) => "unavailable".to_owned(),
        };
        self.notice(&word);
    }

    pub(crate) fn notice(&mut self, word: &str) {
        *self.denials.entry(word.to_owned()).or_default() += 1;
    }

    fn went(&mut self, transition: u32) {
        *self.transitions.entry(transition).or_default() += 1;
    }

    /// Transition 11 leaves no fact.
    pub(crate) fn answer(&mut self, state: &State, event: &Event) {
        let Event::Answered {
            attempt,
            operation: Operation::Enquiry,
            answer: Answer::NoSuchOrder { .. },
        } = event
        else {
            return;
        };
        let tender = state.tenders.get(&attempt.tender);
        let attempt = tender.and_then(|tender| tender.attempt(attempt.number));
        if attempt.is_some_and(|a| matches!(a.stage, Stage::Waiting | Stage::Unknown)) {
            self.went(11);
        }
    }

    /// A process takes up a tender.
    pub(crate) fn taken_up(&mut self, tender: &Tender) {
        if tender.live_attempt().is_some() {
            self.went(19);
        }
    }

    /// Facts of one commit about one tender, and what it was before.
    pub(crate) fn commit(&mut self, before: Option<&Tender>, facts: &[&Fact]) {
        let opens = |fact: &&Fact| matches!(fact.what, What::ObligationOpened { .. });
        let opens = facts.iter().any(opens);
        for fact in facts {
            if let Some(transition) = transition(before, &fact.what, opens) {
                self.went(transition);
            }
            if let Some(event) = event(before, &fact.what) {
                self.saw(event);
            }
        }
    }

    /// What was never seen.
    pub(crate) fn missing(&self) -> Vec<String> {
        let transitions = (1..=TRANSITIONS).filter(|n| !self.transitions.contains_key(n));
        let wire = WireFault::ALL
            .into_iter()
            .filter(|f| !self.wire.contains_key(f));
        let disk = DiskFault::ALL
            .into_iter()
            .filter(|f| !self.disk.contains_key(f));
        let told = Told::ALL.into_iter().filter(|t| *t != Told::None);
        let told = told.filter(|t| !self.told.contains_key(t));
        let events = EVENTS.into_iter().filter(|e| !self.events.contains_key(e));
        transitions
            .map(|n| format!("transition {n}"))
            .chain(wire.map(|f| format!("{f:?}")))
            .chain(disk.map(|f| format!("{f:?}")))
            .chain(told.map(|t| format!("notification {t:?}")))
            .chain(events.map(str::to_owned))
            .collect()
    }

    /// A table for people.
    pub(crate) fn table(&self) -> String {
        let mut lines = vec!["transitions".to_owned()];
        let mut row = |name: String, count: u64| lines.push(format!("  {name:<48}{count:>12}"));
        for n in 1..=TRANSITIONS {
            row(
                n.to_string(),
                self.transitions.get(&n).copied().unwrap_or(0),
            );
        }
        let counted = |count: Option<&u64>| count.copied().unwrap_or(0);
        for fault in WireFault::ALL {
            row(format!("wire: {fault:?}"), counted(self.wire.get(&fault)));
        }
        for fault in DiskFault::ALL {
            row(format!("disk: {fault:?}"), counted(self.disk.get(&fault)));
        }
        for told in Told::ALL.into_iter().skip(1) {
            row(
                format!("notification: {told:?}"),
                counted(self.told.get(&told)),
            );
        }
        for event in EVENTS {
            row(event.to_owned(), counted(self.events.get(event)));
        }
        for (word, count) in &self.denials {
            row(format!("said: {word}"), *count);
        }
        lines.join("\n")
    }
}

/// What facts tell of refunds, shown codes and parking.
fn event(before: Option<&Tender>, what: &What) -> Option<&'static str> {
    Some(match what {
        What::RefundIntended {
            key: Some(_),
            amount,
            ..
        } => match *amount == before?.amount {
            true => "refund of a whole payment",
            false => "refund in part",
        },
        What::RefundFailed { .. } => "refund failed",
        What::RefundCallIntended {
            operation: RefundOperation::Submit,
            ..
        } => "refund sent again",
        What::ShownCodeScanned { .. } => "code shown",
        What::AttemptParked { .. } => "parked",
        What::AttemptUnparked { .. } => "taken up again",
        _ => return None,
    })
}

fn transition(before: Option<&Tender>, what: &What, opens: bool) -> Option<u32> {
    let stage = |number: &u32| {
        let attempt = before?.attempt(*number)?;
        Some(&attempt.stage)
    };
    Some(match what {
        What::TenderCreated { .. } => 1,
        What::AttemptIntended { .. } => 2,
        What::VerdictGiven {
            verdict: Verdict::NotPaid,
            ..
        } if opens => 12,
        What::VerdictGiven {
            verdict: Verdict::NotPaid,
            ..
        } if before?.is_armed() => 3,
        What::AttemptWithdrawn { .. } => 4,
        What::AttemptPaid {
            operation: Operation::Submit,
            ..
        } => 5,
        What::AttemptPaid { .. } => 9,
        What::AttemptRefused {
            operation: Operation::Submit,
            ..
        } => 6,
        What::AttemptRefused { .. } => 10,
        What::AttemptWaiting { .. } => 7,
        What::AttemptUnknown { .. } => 8,
        What::EvidenceKept {
            attempt, report, ..
        } if report.status == OrderStatus::MoneyIn && stage(attempt)? == &Stage::Reversing => 13,
        What::ObligationOpened { attempt, .. } => match stage(attempt)? {
            Stage::Refused(_) | Stage::Withdrawn | Stage::Reversed => 20,
            _ => return None,
        },
        What::RefundIntended { key: None, .. } => 15,
        What::ObligationClosed {
            discharge: Discharge::Manager { .. },
            ..
        } => 18,
        What::ObligationClosed { attempt, .. } => {
            let alerted = before?.attempt(*attempt)?.obligation()?.alerted;
            if alerted { 17 } else { 14 }
        }
        What::AlertRaised { alert, .. } => match alert {
            Alert::DutyOverdue => 16,
            Alert::ReturnedWithoutUs => 21,
            _ => return None,
        },
        _ => return None,
    })
}
