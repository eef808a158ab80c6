//! What a gateway may say, each with the name a test reads well by.

use super::play::aed;
use crate::domain::{
    Amount, Answer, Attempt, Currency, OrderNumber, OrderReport, OrderStatus, Refund, RefundAnswer,
    RefundReport, RefundStatus, Refusal, RefusalKind, Unknown,
};

/// What a gateway says of an attempt over this amount.
pub(crate) type Says = fn(&Attempt, Amount) -> Answer;

fn report(attempt: &Attempt, amount: Option<Amount>, status: OrderStatus) -> Answer {
    Answer::Report(OrderReport {
        order: attempt.order.clone(),
        amount,
        status,
        gateway_order: None,
        trace: None,
        show: None,
    })
}

fn refusal(kind: RefusalKind) -> Refusal {
    let code = "R1".to_owned();
    Refusal { kind, code }
}

pub(crate) fn money_in(attempt: &Attempt, amount: Amount) -> Answer {
    report(attempt, Some(amount), OrderStatus::MoneyIn)
}
pub(crate) fn too_little_in(attempt: &Attempt, _: Amount) -> Answer {
    report(attempt, Some(aed(37_49)), OrderStatus::MoneyIn)
}
pub(crate) fn wrong_currency(minor: u64) -> Amount {
    let currency = Currency::new("USD").unwrap();
    Amount { minor, currency }
}
pub(crate) fn other_currency_in(attempt: &Attempt, amount: Amount) -> Answer {
    let amount = wrong_currency(amount.minor);
    report(attempt, Some(amount), OrderStatus::MoneyIn)
}
pub(crate) fn money_in_unsaid(attempt: &Attempt, _: Amount) -> Answer {
    report(attempt, None, OrderStatus::MoneyIn)
}
pub(crate) fn other_order_in(attempt: &Attempt, amount: Amount) -> Answer {
    let order = OrderNumber::new("someone-elses").unwrap();
    let other = Attempt {
        order,
        ..attempt.clone()
    };
    money_in(&other, amount)
}
pub(crate) fn pending(attempt: &Attempt, amount: Amount) -> Answer {
    report(attempt, Some(amount), OrderStatus::Pending)
}
pub(crate) fn too_little_pending(attempt: &Attempt, _: Amount) -> Answer {
    report(attempt, Some(aed(37_49)), OrderStatus::Pending)
}
pub(crate) fn closed(attempt: &Attempt, amount: Amount) -> Answer {
    let status = OrderStatus::NoMoney(refusal(RefusalKind::Closed));
    report(attempt, Some(amount), status)
}
pub(crate) fn given_back(attempt: &Attempt, amount: Amount) -> Answer {
    report(attempt, Some(amount), OrderStatus::Returned)
}
pub(crate) fn too_little_given_back(attempt: &Attempt, _: Amount) -> Answer {
    report(attempt, Some(aed(37_49)), OrderStatus::Returned)
}
pub(crate) fn no_order(_: &Attempt, _: Amount) -> Answer {
    Answer::NoSuchOrder { trace: None }
}
pub(crate) fn stale_code(_: &Attempt, _: Amount) -> Answer {
    let refusal = refusal(RefusalKind::Code);
    Answer::Refused {
        refusal,
        trace: None,
    }
}
pub(crate) fn set_up_wrongly(_: &Attempt, _: Amount) -> Answer {
    let refusal = refusal(RefusalKind::Setup);
    Answer::Refused {
        refusal,
        trace: None,
    }
}
pub(crate) fn already_paid(_: &Attempt, _: Amount) -> Answer {
    Answer::AlreadyPaid { trace: None }
}
pub(crate) fn already_closed(_: &Attempt, _: Amount) -> Answer {
    Answer::AlreadyClosed { trace: None }
}
pub(crate) fn already_given_back(_: &Attempt, _: Amount) -> Answer {
    Answer::AlreadyReturned { trace: None }
}
pub(crate) fn will_not_reverse(_: &Attempt, _: Amount) -> Answer {
    let code = "R9".to_owned();
    Answer::ReversalRejected { code, trace: None }
}
pub(crate) fn not_sent(_: &Attempt, _: Amount) -> Answer {
    Answer::NotSent
}
pub(crate) fn nothing(_: &Attempt, _: Amount) -> Answer {
    Answer::Unknown(Unknown::Timeout)
}
pub(crate) fn unsigned_refusal(_: &Attempt, _: Amount) -> Answer {
    Answer::Unknown(Unknown::UnsignedRefusal(RefusalKind::Code))
}
pub(crate) fn unsigned_set_up_wrongly(_: &Attempt, _: Amount) -> Answer {
    Answer::Unknown(Unknown::UnsignedRefusal(RefusalKind::Setup))
}
pub(crate) fn unsigned_risk(_: &Attempt, _: Amount) -> Answer {
    Answer::Unknown(Unknown::UnsignedRefusal(RefusalKind::Risk))
}
pub(crate) fn slower_please(_: &Attempt, _: Amount) -> Answer {
    Answer::Unknown(Unknown::RateLimit)
}
pub(crate) fn shown(attempt: &Attempt, amount: Amount) -> Answer {
    let Answer::Report(report) = pending(attempt, amount) else {
        unreachable!()
    };
    Answer::Report(OrderReport {
        show: Some("https://pay.example/1".to_owned()),
        ..report
    })
}
pub(crate) fn scanned(_: &Attempt, _: Amount) -> Answer {
    Answer::Scanned(true)
}
pub(crate) fn not_scanned(_: &Attempt, _: Amount) -> Answer {
    Answer::Scanned(false)
}

/// What a gateway says of a refund of the order with this number.
pub(crate) type RefundSays = fn(&Refund, &OrderNumber) -> RefundAnswer;

fn of_refund(refund: &Refund, original: &OrderNumber, status: RefundStatus) -> RefundReport {
    RefundReport {
        number: refund.number.clone(),
        original: Some(original.clone()),
        amount: Some(refund.amount),
        status,
        gateway_refund: None,
        trace: None,
    }
}
pub(crate) fn on_its_way(refund: &Refund, original: &OrderNumber) -> RefundAnswer {
    RefundAnswer::Report(of_refund(refund, original, RefundStatus::Pending))
}
pub(crate) fn refunded(refund: &Refund, original: &OrderNumber) -> RefundAnswer {
    RefundAnswer::Report(of_refund(refund, original, RefundStatus::Returned))
}
pub(crate) fn refunded_unsaid(refund: &Refund, original: &OrderNumber) -> RefundAnswer {
    let report = of_refund(refund, original, RefundStatus::Returned);
    RefundAnswer::Report(RefundReport {
        amount: None,
        original: None,
        ..report
    })
}
pub(crate) fn refunded_too_much(refund: &Refund, original: &OrderNumber) -> RefundAnswer {
    let report = of_refund(refund, original, RefundStatus::Returned);
    RefundAnswer::Report(RefundReport {
        amount: Some(aed(refund.amount.minor + 1)),
        ..report
    })
}
pub(crate) fn other_refund(refund: &Refund, original: &OrderNumber) -> RefundAnswer {
    let report = of_refund(refund, original, RefundStatus::Returned);
    RefundAnswer::Report(RefundReport {
        number: OrderNumber::new("someone-elses").unwrap(),
        ..report
    })
}
pub(crate) fn of_other_order(refund: &Refund, _: &OrderNumber) -> RefundAnswer {
    refunded(refund, &OrderNumber::new("someone-elses").unwrap())
}
pub(crate) fn bank_failed(refund: &Refund, original: &OrderNumber) -> RefundAnswer {
    let status = RefundStatus::Failed(refusal(RefusalKind::Payer));
    RefundAnswer::Report(of_refund(refund, original, status))
}
pub(crate) fn no_refund(_: &Refund, _: &OrderNumber) -> RefundAnswer {
    RefundAnswer::NoSuchRefund { trace: None }
}
pub(crate) fn refund_refused(_: &Refund, _: &OrderNumber) -> RefundAnswer {
    RefundAnswer::Refused {
        refusal: refusal(RefusalKind::Closed),
        trace: None,
    }
}
pub(crate) fn refund_set_up_wrongly(_: &Refund, _: &OrderNumber) -> RefundAnswer {
    RefundAnswer::Refused {
        refusal: refusal(RefusalKind::Setup),
        trace: None,
    }
}
pub(crate) fn reversed_already(_: &Refund, _: &OrderNumber) -> RefundAnswer {
    RefundAnswer::AlreadyReturned { trace: None }
}
pub(crate) fn refund_nothing(_: &Refund, _: &OrderNumber) -> RefundAnswer {
    RefundAnswer::Unknown(Unknown::Timeout)
}
pub(crate) fn refund_slower(_: &Refund, _: &OrderNumber) -> RefundAnswer {
    RefundAnswer::Unknown(Unknown::RateLimit)
}
pub(crate) fn refund_not_sent(_: &Refund, _: &OrderNumber) -> RefundAnswer {
    RefundAnswer::NotSent
}
