//! The calls that run: one for each attempt (or refund) and operation.
//!
//! A call that is asked for while one of its kind runs is not made, since an answer
//! will come; unless it must be fresh. Enquiries about one order keep the gateway's
//! pace, whoever asks for them.

use super::ports::{Call, Hands, Moment};
use crate::domain::{
    Answer, AttemptId, Event, Operation, OrderStatus, RefundId, RefundOperation, Setup,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is asked, and about what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Order(AttemptId, Operation),
    Refund(RefundId, RefundOperation),
}

impl Question {
    fn of(call: &Call) -> Self {
        match call {
            Call::Order {
                attempt, operation, ..
            } => Self::Order(attempt.clone(), *operation),
            Call::Refund {
                refund, operation, ..
            } => Self::Refund(refund.clone(), *operation),
        }
    }

    fn answered_by(event: &Event) -> Option<Self> {
        match event {
            Event::Answered {
                attempt, operation, ..
            } => Some(Self::Order(attempt.clone(), *operation)),
            Event::RefundAnswered {
                refund, operation, ..
            } => Some(Self::Refund(refund.clone(), *operation)),
            _ => None,
        }
    }

    fn is_enquiry(&self) -> bool {
        matches!(
            self,
            Self::Order(_, Operation::Enquiry) | Self::Refund(_, RefundOperation::Enquiry)
        )
    }
}

/// The table of the calls that run.
#[derive(Debug, Default)]
pub(super) struct Calling {
    running: BTreeMap<Question, BTreeSet<u64>>,
    /// When the next enquiry about a thing may leave.
    enquired: BTreeMap<Question, Moment>,
    serial: u64,
}

impl Calling {
    /// Makes a call, unless one of its kind runs and it need not be fresh.
    pub(super) fn start(
        &mut self,
        call: Call,
        fresh: bool,
        setup: &Setup,
        now: Moment,
        hands: &mut impl Hands,
    ) {
        let question = Question::of(&call);
        let (Call::Order {
            order: crate::domain::Order { gateway, .. },
            ..
        }
        | Call::Refund {
            order: crate::domain::RefundOrder { gateway, .. },
            ..
        }) = &call;
        let Some(rules) = setup.gateways.get(gateway) else {
            return;
        };
        let running = self.running.entry(question.clone()).or_default();
        if !running.is_empty() && !fresh {
            return;
        }
        let mut pause = Duration::ZERO;
        if question.is_enquiry() {
            // A fresh enquiry takes the place of the one that runs.
            for serial in std::mem::take(running) {
                hands.give_up(serial);
            }
            self.enquired.retain(|_, next| *next > now);
            let next = self.enquired.get(&question).copied().unwrap_or(now);
            let after = next + rules.enquiry_pause_min;
            self.enquired.insert(question, after);
            pause = next.since(now);
        }
        self.serial += 1;
        running.insert(self.serial);
        hands.start(self.serial, call, pause);
    }

    /// Whether this is the end of a call that runs, or says how an attempt ended:
    /// such an answer counts also when its call was given up for a fresh one.
    pub(super) fn ended(&mut self, serial: u64, event: &Event) -> bool {
        let Some(question) = Question::answered_by(event) else {
            return false;
        };
        let mut current = false;
        if let Some(running) = self.running.get_mut(&question) {
            current = running.remove(&serial);
            if running.is_empty() {
                self.running.remove(&question);
            }
        }
        current || tells_an_end(event)
    }
}

fn tells_an_end(event: &Event) -> bool {
    match event {
        Event::Answered { answer, .. } => match answer {
            Answer::Report(report) => report.status != OrderStatus::Pending,
            Answer::AlreadyPaid { .. } => true,
            _ => false,
        },
        _ => false,
    }
}
