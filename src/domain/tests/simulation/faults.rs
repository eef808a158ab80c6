//! Faults that are planted in the core, at its border, to see that they are found.

use super::world::World;
use crate::domain::tests::play::s;
use crate::domain::{
    Answer, AttemptId, Effect, Event, Fact, Operation, Order, OrderNumber, OrderReport,
    OrderStatus, Refusal, RefusalKind, Stage, Step, Timer, What,
};

/// What is planted in the core, at its border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A start submits again what was in flight.
    ResumeSubmits,
    /// The verdict is committed before the duty that covers it.
    VerdictBeforeDuty,
    /// Any amount counts as the right one.
    AmountIgnored,
    /// "No such order" is proof before the window is over.
    NotFoundIsProofAtOnce,
    /// "No such order" is read as declined.
    NoOrderIsRefusal,
    /// An approval of the order is taken as approval of its reversal.
    ApprovalClosesDuty,
    /// A duty is not taken up again after a crash.
    DutySleepsAfterCrash,
    /// The submit's refusal overrules that the order was said to be paid.
    ClaimIsOverruled,
    /// A single "no such order" after the window is proof.
    OneNotFoundIsProof,
    /// The gateway, or the wire, gives other requests' refusals for ours before
    /// anything was seen of the order: what the core cannot survive.
    RefusalsAreOfOthers,
    /// A cancel takes the place of the one that still runs.
    CancelsReplaceEachOther,
}

impl World {
    /// What a start begins with.
    pub(super) fn resumed(&self, effects: &mut Vec<Effect>) {
        match self.fault {
            Some(Fault::ResumeSubmits) => {
                for effect in effects.clone() {
                    if let Effect::Set(Timer::Restarted(id), _) = effect {
                        effects.extend(self.submit_again(&id));
                    }
                }
            }
            Some(Fault::DutySleepsAfterCrash) => effects.retain(|effect| {
                !matches!(effect, Effect::Set(Timer::Duty(_) | Timer::Arrival(_), _))
            }),
            _ => {}
        }
    }

    /// Whether a timer fires at once.
    pub(super) fn hurries(&self, timer: &Timer) -> bool {
        self.fault == Some(Fault::NotFoundIsProofAtOnce) && matches!(timer, Timer::Arrival(_))
    }

    fn submit_again(&self, id: &AttemptId) -> Option<Effect> {
        let tender = &self.state.tenders[&id.tender];
        let attempt = tender.attempt(id.number)?;
        Some(Effect::Call {
            attempt: id.clone(),
            operation: Operation::Submit,
            order: Order {
                gateway: attempt.gateway.clone(),
                number: attempt.order.clone(),
                amount: tender.amount,
                requested: attempt.requested,
                expires: attempt.expires,
                lane: tender.lane.clone(),
                sale: tender.sale.clone(),
                mode: tender.mode,
                wallet: None,
                show: None,
            },
            limit: s(30),
            fresh: false,
        })
    }

    /// A step as the commits it is written in.
    pub(super) fn commits(&self, step: Step) -> Vec<Step> {
        let opens = |fact: &Fact| matches!(fact.what, What::ObligationOpened { .. });
        let at = step.facts.iter().position(opens);
        match (self.fault, at) {
            (Some(Fault::VerdictBeforeDuty), Some(at)) => {
                let first = Step {
                    facts: step.facts[..at].to_vec(),
                    ..Step::default()
                };
                let facts = step.facts[at..].to_vec();
                vec![first, Step { facts, ..step }]
            }
            _ => vec![step],
        }
    }

    /// An event as the core is told of it.
    pub(super) fn misread(&self, event: &Event) -> Event {
        let mut event = event.clone();
        let Event::Answered {
            attempt,
            answer,
            operation,
        } = &mut event
        else {
            return event;
        };
        let tender = &self.state.tenders[&attempt.tender];
        let order = tender.attempt(attempt.number).map(|a| a.order.clone());
        let reversing = tender.attempt(attempt.number).map(|a| &a.stage) == Some(&Stage::Reversing);
        let claimed = tender
            .attempt(attempt.number)
            .is_some_and(|a| a.paid_claimed);
        match (self.fault, &mut *answer) {
            (Some(Fault::AmountIgnored), Answer::Report(report)) => {
                report.amount = Some(tender.amount);
            }
            (Some(Fault::ApprovalClosesDuty), Answer::Report(report))
                if reversing
                    && *operation != Operation::Notification
                    && report.status == OrderStatus::MoneyIn =>
            {
                report.status = OrderStatus::Returned;
            }
            (Some(Fault::NoOrderIsRefusal), Answer::NoSuchOrder { .. }) => {
                *answer = closed(order.unwrap());
            }
            (Some(Fault::ClaimIsOverruled), Answer::Refused { .. }) if claimed => {
                *answer = closed(order.unwrap());
            }
            _ => {}
        }
        event
    }
}

/// A report that the order is closed.
fn closed(order: OrderNumber) -> Answer {
    let kind = RefusalKind::Closed;
    let code = "R1".to_owned();
    Answer::Report(OrderReport {
        order,
        amount: None,
        status: OrderStatus::NoMoney(Refusal { kind, code }),
        gateway_order: None,
        trace: None,
        show: None,
    })
}
