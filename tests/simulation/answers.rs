//! What becomes of an answer on its way back.

use super::ledger::code_refused;
use super::plants::Plant;
use super::ports::{About, asked};
use super::wire::WireFault;
use super::world::{World, event};
use qrpayd::domain::{
    Answer, Event, Operation, OrderNumber, OrderReport, OrderStatus, RefundAnswer, RefundReport,
    RefusalKind, Unknown,
};
use qrpayd::service::driver::Call;

/// The answer as the process sees it.
pub(crate) fn travelled(
    world: &mut World,
    call: &Call,
    answered: Event,
    fault: Option<WireFault>,
) -> Event {
    let unknown = |reason| event(call, Answer::Unknown(reason), RefundAnswer::Unknown(reason));
    let (what, about) = asked(call);
    let contradicts = fault == Some(WireFault::Contradiction);
    let contradicted = match &about {
        About::Attempt(id) => world.is_contradicted(what, id, contradicts),
        About::Refund(_) => false,
    };
    let answered = match fault {
        _ if contradicted => anothers(call),
        Some(WireFault::Unsigned) => unknown(Unknown::Unsigned),
        Some(WireFault::ForgedRefusal) => unknown(Unknown::UnsignedRefusal(RefusalKind::Code)),
        Some(WireFault::FaultWithEffect | WireFault::FaultWithoutEffect) => {
            unknown(Unknown::HttpStatus)
        }
        Some(WireFault::RateLimit) => unknown(Unknown::RateLimit),
        Some(WireFault::OtherOrder) => of_other_order(answered),
        Some(WireFault::NoAmount) => without_amount(answered),
        _ => answered,
    };
    match is_spared(world, &answered) {
        true => unknown(Unknown::Unsigned),
        false => answered,
    }
}

/// The signed answer to the same question about another order: it names none.
fn anothers(call: &Call) -> Event {
    let none = match call {
        Call::Order {
            operation: Operation::Submit,
            ..
        } => code_refused(),
        _ => Answer::NoSuchOrder { trace: None },
    };
    event(call, none, RefundAnswer::NoSuchRefund { trace: None })
}

fn of_other_order(event: Event) -> Event {
    let other = OrderNumber::new("someone-elses").unwrap();
    match event {
        Event::Answered {
            attempt,
            operation,
            answer: Answer::Report(report),
        } => Event::Answered {
            attempt,
            operation,
            answer: Answer::Report(OrderReport {
                order: other,
                // The other one's customer did what ours did not.
                status: match report.status {
                    OrderStatus::MoneyIn => OrderStatus::Returned,
                    _ => OrderStatus::MoneyIn,
                },
                ..report
            }),
        },
        Event::RefundAnswered {
            refund,
            operation,
            answer: RefundAnswer::Report(report),
        } => Event::RefundAnswered {
            refund,
            operation,
            answer: RefundAnswer::Report(RefundReport {
                number: other,
                ..report
            }),
        },
        other => other,
    }
}

fn without_amount(event: Event) -> Event {
    match event {
        Event::Answered {
            attempt,
            operation,
            answer: Answer::Report(report),
        } => Event::Answered {
            attempt,
            operation,
            answer: Answer::Report(OrderReport {
                amount: None,
                ..report
            }),
        },
        Event::RefundAnswered {
            refund,
            operation,
            answer: RefundAnswer::Report(report),
        } => Event::RefundAnswered {
            refund,
            operation,
            answer: RefundAnswer::Report(RefundReport {
                amount: None,
                ..report
            }),
        },
        other => other,
    }
}

/// A signed refusal that another landing of the request, or another order, got, before
/// anything was seen of the order itself: it names no order, and nothing tells it from
/// a true one. No core that believes refusals survives it; a gateway's folder keeps it
/// away, with one question a connection. So it does not happen here, unless the fault
/// that shows it is planted.
fn is_spared(world: &World, event: &Event) -> bool {
    let Event::Answered {
        attempt: id,
        operation: Operation::Submit,
        answer: Answer::Refused { .. },
    } = event
    else {
        return false;
    };
    let tender = world.disk.truth.tenders.get(&id.tender);
    let Some(attempt) = tender.and_then(|t| t.attempt(id.number)) else {
        return false;
    };
    let seen = attempt.report.is_some() || attempt.paid_claimed;
    let exists = world.gateways[&attempt.gateway]
        .orders
        .contains_key(&attempt.order);
    exists && !seen && world.plant != Some(Plant::RefusalsOfOthers)
}
