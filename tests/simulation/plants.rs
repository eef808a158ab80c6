//! Faults that are planted in the core, the driver's ports or the setup, to see that
//! the rules find them. Each names the rules that may find it.

use super::ports::Port;
use super::store::s;
use qrpayd::domain::{
    Answer, Denial, Effect, Event, Fact, IdempotencyKey, Now, Operation, OrderNumber, OrderReport,
    OrderStatus, Refusal, RefusalKind, Setup, Stage, State, Step, Timer, What,
};
use qrpayd::service::driver::{Core, Hands, TheCore};
use std::time::Duration;

/// What is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Plant {
    /// Trap (a): the approval of the order is taken for that of its reversal.
    AnswerOfOtherOperation,
    /// Trap (b): "no such order" is read as declined.
    NotFoundIsDeclined,
    /// "No such order" is proof before the window is over.
    NotFoundAtOnce,
    /// A single "no such order" after the window is proof.
    OneNotFoundIsProof,
    /// The verdict is given, and the duty that covers it comes later.
    VerdictBeforeDuty,
    /// A start submits again what was in flight.
    ResumeSubmits,
    /// Appended is taken for flushed.
    FlushForgotten,
    /// A call leaves before its intent is stored.
    EffectsBeforeFlush,
    /// A notification is believed without a signature.
    UnsignedTrusted,
    /// Any amount counts as the right one.
    AmountUnchecked,
    /// Another order's answer counts as this one's.
    OrderUnchecked,
    /// The same key makes another tender.
    KeyIgnored,
    /// Waits are counted on a clock that somebody sets.
    ClockTrusted,
    /// A duty is not taken up again after a start.
    DutyDroppedAtRestart,
    /// What was in flight is not taken up again after a start.
    LiveDroppedAtRestart,
    /// A reversal goes out before the gateway's earliest moment and is believed.
    HastyReversal,
    /// The submit's refusal overrules that the order was said to be paid.
    ClaimOverruled,
    /// A duty closes because the reversal was accepted.
    AcceptedIsReturned,
    /// Paid is said again as not paid when the cashier cancels.
    VerdictFlips,
    /// The gateway, or the wire, gives other requests' refusals for ours before anything
    /// was seen of the order: what no core that believes refusals can survive.
    RefusalsOfOthers,
    /// The masked code in the facts is not masked.
    CodeUnmasked,
    /// A second attempt begins while one is live.
    SecondLive,
    /// A wait has no end.
    EndlessWait,
    /// A refund goes under another number when it is sent again.
    RefundNumberChanged,
    /// The sum of the refunds is not looked at.
    RefundSumUnchecked,
    /// The same key makes another refund.
    DoubleRefund,
    /// An accepted refund is taken for one that is done.
    PendingRefundIsDone,
    /// The intent of a refund is not written.
    RefundWithoutIntent,
}

impl Plant {
    /// All of them, with the numbers of the rules that may find each.
    pub(crate) const ALL: [(Self, &'static [&'static str]); 28] = [
        (Self::AnswerOfOtherOperation, &["5", "11"]),
        (Self::NotFoundIsDeclined, &["5", "7"]),
        (Self::NotFoundAtOnce, &["5", "7"]),
        (Self::OneNotFoundIsProof, &["5", "7", "11"]),
        (Self::VerdictBeforeDuty, &["3"]),
        (Self::ResumeSubmits, &["1"]),
        (Self::FlushForgotten, &["1"]),
        (Self::EffectsBeforeFlush, &["1", "8"]),
        (Self::UnsignedTrusted, &["2"]),
        (Self::AmountUnchecked, &["2"]),
        (Self::OrderUnchecked, &["2", "5"]),
        (Self::KeyIgnored, &["1"]),
        (Self::ClockTrusted, &["15", "5", "14"]),
        (Self::DutyDroppedAtRestart, &["14"]),
        (Self::LiveDroppedAtRestart, &["15", "14"]),
        (Self::HastyReversal, &["11", "5"]),
        (Self::ClaimOverruled, &["5", "7"]),
        (Self::AcceptedIsReturned, &["11", "5"]),
        (Self::VerdictFlips, &["4"]),
        (Self::RefusalsOfOthers, &["5", "7"]),
        (Self::CodeUnmasked, &["18"]),
        (Self::SecondLive, &["8"]),
        (Self::EndlessWait, &["15"]),
        (Self::RefundNumberChanged, &["8"]),
        (Self::RefundSumUnchecked, &["10"]),
        (Self::DoubleRefund, &["1"]),
        (Self::PendingRefundIsDone, &["11"]),
        (Self::RefundWithoutIntent, &["1"]),
    ];

    /// What is planted in the gateways' rules.
    pub(crate) fn in_setup(self, setup: &mut Setup) {
        for rules in setup.gateways.values_mut() {
            match self {
                Self::NotFoundAtOnce => rules.arrival_window = Duration::ZERO,
                Self::OneNotFoundIsProof => rules.not_found_proof.0 = 1,
                _ => {}
            }
        }
    }
}

/// The core, with something around it.
pub(crate) struct PlantedCore {
    pub(crate) plant: Option<Plant>,
    pub(crate) port: Port,
}

impl Core for PlantedCore {
    fn step(&mut self, state: &State, event: &Event, now: Now) -> Result<Step, Denial> {
        let Some(plant) = self.plant else {
            return TheCore.step(state, event, now);
        };
        let event = misread(plant, state, event, now);
        let mut step = match plant {
            Plant::SecondLive => second_live(state, &event, now),
            Plant::RefundSumUnchecked => refund_unchecked(state, &event, now),
            _ => TheCore.step(state, &event, now),
        }?;
        spoil(plant, state, &event, &mut step);
        if plant == Plant::EffectsBeforeFlush {
            self.hurry(&mut step);
        }
        Ok(step)
    }

    fn resume(&mut self, state: &State, now: Now) -> Vec<Effect> {
        let mut effects = TheCore.resume(state, now);
        match self.plant {
            Some(Plant::ResumeSubmits) => {
                for tender in state.tenders.values() {
                    let live = tender.live_attempt().filter(|a| a.stage == Stage::InFlight);
                    effects.extend(live.map(|attempt| submit_again(tender, attempt)));
                }
            }
            Some(Plant::DutyDroppedAtRestart) => effects.retain(|effect| {
                !matches!(effect, Effect::Set(Timer::Duty(_) | Timer::Arrival(_), _))
            }),
            Some(Plant::LiveDroppedAtRestart) => {
                effects.retain(|effect| !matches!(effect, Effect::Set(Timer::Restarted(_), _)))
            }
            _ => {}
        }
        effects
    }
}

impl PlantedCore {
    /// The calls of a step leave with it.
    fn hurry(&mut self, step: &mut Step) {
        let mut kept = Vec::new();
        for effect in step.effects.drain(..) {
            match effect {
                Effect::Call {
                    attempt,
                    operation,
                    order,
                    limit,
                    ..
                } if operation != Operation::Submit => {
                    let call = qrpayd::service::driver::Call::Order {
                        attempt,
                        operation,
                        order,
                        limit,
                    };
                    self.port.start(u64::MAX, call, Duration::ZERO);
                }
                other => kept.push(other),
            }
        }
        step.effects = kept;
    }
}

fn submit_again(tender: &qrpayd::domain::Tender, attempt: &qrpayd::domain::Attempt) -> Effect {
    Effect::Call {
        attempt: attempt.id.clone(),
        operation: Operation::Submit,
        order: qrpayd::domain::Order {
            gateway: attempt.gateway.clone(),
            number: attempt.order.clone(),
            amount: tender.amount,
            requested: attempt.requested,
            expires: attempt.expires,
            lane: tender.lane.clone(),
            sale: tender.sale.clone(),
            mode: tender.mode,
            wallet: attempt.wallet.clone(),
            show: None,
        },
        limit: s(30),
        fresh: false,
    }
}

/// An event as the spoilt core is told of it.
fn misread(plant: Plant, state: &State, event: &Event, now: Now) -> Event {
    let mut event = event.clone();
    match (plant, &mut event) {
        (Plant::KeyIgnored, Event::CreateTender(new)) => {
            let taken = state.tenders.values().any(|tender| tender.key == new.key);
            if taken {
                let key = format!("{}-{}", new.key, now.random);
                new.key = IdempotencyKey::new(key).unwrap();
            }
        }
        (Plant::DoubleRefund, Event::Refund(new)) => {
            let mut refunds = state.tenders.values().flat_map(|tender| &tender.refunds);
            if refunds.any(|refund| refund.key.as_ref() == Some(&new.key)) {
                let key = format!("{}-{}", new.key, now.random);
                new.key = IdempotencyKey::new(key).unwrap();
                new.amount.minor = 1;
            }
        }
        (
            Plant::PendingRefundIsDone,
            Event::RefundAnswered {
                answer: qrpayd::domain::RefundAnswer::Report(report),
                ..
            },
        ) => report.status = qrpayd::domain::RefundStatus::Returned,
        (
            _,
            Event::Answered {
                attempt: id,
                operation,
                answer,
            },
        ) => {
            let Some(tender) = state.tenders.get(&id.tender) else {
                return event;
            };
            let Some(attempt) = tender.attempt(id.number) else {
                return event;
            };
            let order = attempt.order.clone();
            let reversing = attempt.stage == Stage::Reversing;
            match (plant, &mut *answer) {
                (Plant::AmountUnchecked, Answer::Report(report)) => {
                    report.amount = Some(tender.amount);
                }
                (Plant::OrderUnchecked, Answer::Report(report)) => report.order = order,
                (Plant::AnswerOfOtherOperation, Answer::Report(report))
                    if reversing
                        && *operation != Operation::Notification
                        && report.status == OrderStatus::MoneyIn =>
                {
                    report.status = OrderStatus::Returned;
                }
                (Plant::AcceptedIsReturned, Answer::Unknown(_) | Answer::Report(_))
                    if *operation == Operation::Revoke =>
                {
                    *answer = report(order, OrderStatus::Returned);
                }
                (Plant::NotFoundIsDeclined, Answer::NoSuchOrder { .. }) => {
                    *answer = report(order, closed());
                }
                (Plant::ClaimOverruled, Answer::Refused { .. }) if attempt.paid_claimed => {
                    *answer = report(order, closed());
                }
                (Plant::HastyReversal, Answer::Unknown(_)) if *operation == Operation::Revoke => {
                    *answer = report(order, closed());
                }
                _ => {}
            }
        }
        _ => {}
    }
    event
}

fn closed() -> OrderStatus {
    OrderStatus::NoMoney(Refusal {
        kind: RefusalKind::Closed,
        code: "R1".to_owned(),
    })
}

fn report(order: OrderNumber, status: OrderStatus) -> Answer {
    Answer::Report(OrderReport {
        order,
        amount: None,
        status,
        gateway_order: None,
        trace: None,
        show: None,
    })
}

/// The code of a live tender begins another attempt.
fn second_live(state: &State, event: &Event, now: Now) -> Result<Step, Denial> {
    let step = TheCore.step(state, event, now);
    let (Err(Denial::Paying(_)), Event::CodeRead { tender, .. }) = (&step, event) else {
        return step;
    };
    let mut blind = state.clone();
    if let Some(tender) = blind.tenders.get_mut(tender)
        && let Some(last) = tender.attempts.last_mut()
    {
        last.stage = Stage::Withdrawn;
    }
    TheCore.step(&blind, event, now)
}

/// Refunds so far are forgotten where they are in the way.
fn refund_unchecked(state: &State, event: &Event, now: Now) -> Result<Step, Denial> {
    let step = TheCore.step(state, event, now);
    let (Err(Denial::OverRefundable(_)), Event::Refund(new)) = (&step, event) else {
        return step;
    };
    let mut blind = state.clone();
    let tender = blind.tenders.get_mut(&new.tender);
    let refunds = tender.map(|tender| &mut tender.refunds);
    refunds.into_iter().flatten().for_each(|refund| {
        refund.amount.minor = 0;
    });
    TheCore.step(&blind, event, now)
}

/// A step as the spoilt core decides it.
fn spoil(plant: Plant, state: &State, event: &Event, step: &mut Step) {
    let opens = |fact: &Fact| matches!(fact.what, What::ObligationOpened { .. });
    let gives = |fact: &Fact| matches!(fact.what, What::VerdictGiven { .. });
    match plant {
        Plant::VerdictBeforeDuty if step.facts.iter().any(gives) => {
            step.facts.retain(|fact| !opens(fact));
        }
        Plant::HastyReversal => {
            for effect in &mut step.effects {
                if let Effect::Set(Timer::Duty(_), after) = effect {
                    *after = Duration::ZERO.max(after.saturating_sub(s(15)));
                }
            }
        }
        Plant::RefundNumberChanged => {
            let again = step
                .facts
                .iter()
                .any(|fact| matches!(fact.what, What::RefundCallIntended { .. }));
            for effect in &mut step.effects {
                if let Effect::CallRefund { order, .. } = effect
                    && again
                {
                    let number = format!("{}x", order.number);
                    order.number = OrderNumber::new(number).unwrap();
                }
            }
        }
        Plant::RefundWithoutIntent => step
            .facts
            .retain(|fact| !matches!(fact.what, What::RefundCallIntended { .. })),
        Plant::EndlessWait => step.effects.retain(|effect| {
            !matches!(effect, Effect::Set(Timer::Wait(_) | Timer::LastWord(_), _))
        }),
        Plant::CodeUnmasked => {
            for fact in &mut step.facts {
                unmask(fact);
            }
        }
        Plant::VerdictFlips => {
            let Event::Cancel(id) = event else { return };
            let paid = state.tenders.get(id).and_then(|t| t.final_verdict());
            if paid.is_some() && step.facts.is_empty() {
                step.facts.push(Fact {
                    tender: id.clone(),
                    what: What::VerdictGiven {
                        verdict: qrpayd::domain::Verdict::NotPaid,
                        reason: qrpayd::domain::Reason::Cancelled,
                    },
                });
            }
        }
        _ => {}
    }
}

/// A code of the simulation instead of its mask: whose it is does not matter.
fn unmask(fact: &mut Fact) {
    if let What::AttemptIntended { code, .. } = &mut fact.what {
        *code = Some(super::store::code(0, 1));
    }
}
