//! Giving money of a paid tender back: who may, how much, and that one request is
//! one refund.

use super::play::{CANCEL_FIRST, Play, VERDICT_FIRST, aed, refund};
use super::says::{
    closed, given_back, money_in, refund_nothing, refund_refused, refunded, stale_code,
    wrong_currency,
};
use crate::domain::{
    Denial, Event, NewRefund, Operation, RefundOperation::*, RefundStage, TenderId, step,
};

#[track_caller]
fn denied(play: &Play, new: NewRefund, denial: Denial) {
    let event = Event::Refund(new);
    assert_eq!(step(&play.state, &event, play.now), Err(denial));
}

fn sent(refund: &str, amount: &str) -> [String; 4] {
    [
        format!("T1-{refund} intended of /1 {amount} AED"),
        format!("-> refund Submit T1-{refund} 30s"),
        format!("-> set RefundArrival T1-{refund} 962s"),
        format!("-> set Refund T1-{refund} 5s"),
    ]
}

#[track_caller]
fn asks(play: &mut Play, key: &str, minor: u64, expected: &[String]) {
    let lines: Vec<&str> = expected.iter().map(String::as_str).collect();
    play.ask_refund(key, minor, &lines);
}

#[test]
fn a_refund_is_intended_then_sent() {
    for gateway in [CANCEL_FIRST, VERDICT_FIRST] {
        let mut play = Play::paid(gateway);
        asks(&mut play, "r1", 10_00, &sent("r1", "10.00"));
        let refund = play.refund();
        assert_eq!(refund.number.as_str().len(), 2 + 2 + 1 + 15 + 1 + 8);
        assert!(refund.number.as_str().starts_with("s1L1-r20260301"));
        assert_eq!(refund.operator.as_deref(), Some("Amal"));
        assert!(!refund.is_of_duty());
    }
}

#[test]
fn parts_are_given_back_until_nothing_is_left() {
    let mut play = Play::paid(CANCEL_FIRST);
    let left = |play: &Play| play.state.tenders[&play.tender()].refundable();
    assert_eq!(left(&play), aed(37_50));
    asks(&mut play, "r1", 10_00, &sent("r1", "10.00"));
    // What is on its way is given.
    assert_eq!(left(&play), aed(27_50));
    let more = refund(&play.tender(), "r2", 27_51);
    denied(&play, more, Denial::OverRefundable(aed(27_50)));
    asks(&mut play, "r2", 20_00, &sent("r2", "20.00"));
    play.refund_said(Submit, refunded);
    asks(&mut play, "r3", 7_50, &sent("r3", "7.50"));
    assert_eq!(left(&play), aed(0));
    let more = refund(&play.tender(), "r4", 1);
    denied(&play, more.clone(), Denial::OverRefundable(aed(0)));
    // What failed is free again.
    play.refund_said(Submit, refund_refused);
    assert_eq!(left(&play), aed(7_50));
    asks(&mut play, "r4", 1, &sent("r4", "0.01"));
}

#[test]
fn one_key_is_one_refund() {
    let mut play = Play::paid(CANCEL_FIRST);
    play.asked_refund("r1", 10_00);
    let id = play.refund().id.clone();
    for _ in 0..2 {
        let again = Event::Refund(refund(&play.tender(), "r1", 10_00));
        let step = step(&play.state, &again, play.now).unwrap();
        assert_eq!(step.refund, Some(id.clone()));
        assert_eq!(step.tender, Some(id.tender.clone()));
        assert_eq!((step.facts.len(), step.effects.len()), (0, 0));
        play.refund_said(Submit, refunded);
    }
    let first = || refund(&id.tender, "r1", 10_00);
    // Spaces at the ends of a reason, and who repeats it, make no other one.
    let spaced = NewRefund {
        reason: " goods returned ".to_owned(),
        operator: "Badr".to_owned(),
        ..first()
    };
    play.on(Event::Refund(spaced), &[]);
    for other in [
        refund(&id.tender, "r1", 10_01),
        refund(&TenderId::new("t0").unwrap(), "r1", 10_00),
        NewRefund {
            reason: "other".to_owned(),
            ..first()
        },
    ] {
        denied(&play, other, Denial::RefundKeyReused(id.clone()));
    }
}

#[test]
fn a_refund_that_cannot_be_given_is_denied() {
    let play = Play::paid(CANCEL_FIRST);
    let id = play.tender();
    let new = || refund(&id, "r1", 10_00);
    let usd = wrong_currency(10_00);
    for (request, denial) in [
        (
            refund(&TenderId::new("t0").unwrap(), "r1", 1),
            Denial::NoTender,
        ),
        (refund(&id, "r1", 0), Denial::ZeroAmount),
        (
            NewRefund {
                amount: usd,
                ..new()
            },
            Denial::OtherCurrency,
        ),
        (refund(&id, "r1", 37_51), Denial::OverRefundable(aed(37_50))),
        (with_reason(new(), " "), Denial::BadText("reason", 64)),
        (with_reason(new(), "a\nb"), Denial::BadText("reason", 64)),
        (
            with_reason(new(), &"é".repeat(65)),
            Denial::BadText("reason", 64),
        ),
        (
            NewRefund {
                operator: String::new(),
                ..new()
            },
            Denial::BadText("operator", 64),
        ),
    ] {
        denied(&play, request, denial);
    }
    let longest = with_reason(new(), &"é".repeat(64));
    assert!(step(&play.state, &Event::Refund(longest), play.now).is_ok());
}

fn with_reason(new: NewRefund, reason: &str) -> NewRefund {
    NewRefund {
        reason: reason.to_owned(),
        ..new
    }
}

#[test]
fn only_what_is_paid_is_refunded() {
    for play in [
        Play::armed(CANCEL_FIRST),
        Play::paying(CANCEL_FIRST),
        Play::waiting(CANCEL_FIRST),
        Play::closing(CANCEL_FIRST),
        Play::returning(CANCEL_FIRST),
    ] {
        let id = play.tender();
        denied(&play, refund(&id, "r1", 1), Denial::NotPaid(id.clone()));
        assert_eq!(play.state.tenders[&id].refundable(), aed(0));
    }
    // It is the paid attempt's money, whatever became of the others.
    let mut play = Play::paying(CANCEL_FIRST);
    play.said(Operation::Submit, stale_code);
    play.scans();
    play.said(Operation::Submit, money_in);
    play.asked_refund("r1", 37_50);
    assert_eq!(play.refund().attempt, 2);
}

#[test]
fn money_that_went_back_already_is_not_refunded() {
    let mut play = Play::paid(CANCEL_FIRST);
    play.said(Operation::Notification, given_back);
    let id = play.tender();
    assert_eq!(play.state.tenders[&id].refundable(), aed(0));
    let gone = Denial::AlreadyReturned(id.clone());
    denied(&play, refund(&id, "r1", 1), gone);

    // By us, it is explained: nobody is called, and nothing is left.
    let mut play = Play::paid(CANCEL_FIRST);
    play.asked_refund("r1", 37_50);
    play.refund_said(Submit, refunded);
    play.answer(Operation::Enquiry, closed, &[]);
    let kept = ["T1/1 kept Returned by Enquiry"];
    play.answer(Operation::Enquiry, given_back, &kept);
    let id = play.tender();
    denied(&play, refund(&id, "r2", 1), Denial::OverRefundable(aed(0)));
}

#[test]
fn a_gateway_gives_refunds_as_it_declares() {
    let none = Play::ruled(CANCEL_FIRST, |rules| rules.refund = None).then_paid();
    denied(&none, refund(&none.tender(), "r1", 1), Denial::NoRefunds);

    let mut whole = Play::ruled(CANCEL_FIRST, |rules| {
        rules.refund.as_mut().unwrap().partial = false;
    })
    .then_paid();
    let part = refund(&whole.tender(), "r1", 37_49);
    denied(&whole, part, Denial::PartialRefund);
    asks(&mut whole, "r1", 37_50, &sent("r1", "37.50"));

    let mut two = Play::ruled(CANCEL_FIRST, |rules| {
        rules.refund.as_mut().unwrap().count_max = 2;
    })
    .then_paid();
    asks(&mut two, "r1", 1, &sent("r1", "0.01"));
    asks(&mut two, "r2", 1, &sent("r2", "0.01"));
    let third = refund(&two.tender(), "r3", 1);
    denied(&two, third, Denial::TooManyRefunds(2));

    let mut old = Play::paid(CANCEL_FIRST);
    old.later(180 * 24 * 60 * 60);
    asks(&mut old, "r1", 1, &sent("r1", "0.01"));
    old.later(1);
    let late = refund(&old.tender(), "r2", 1);
    denied(&old, late, Denial::RefundWindowOver);
    // A clock that was set back makes nothing older.
    old.now.at.0 -= 400 * 86_400_000;
    asks(&mut old, "r2", 1, &sent("r2", "0.01"));

    let mut ever = Play::ruled(CANCEL_FIRST, |rules| {
        rules.refund.as_mut().unwrap().window = None;
    })
    .then_paid();
    ever.later(10 * 365 * 24 * 60 * 60);
    asks(&mut ever, "r1", 1, &sent("r1", "0.01"));
}

#[test]
fn a_refund_that_is_asked_for_begins_something() {
    let play = Play::paid(CANCEL_FIRST);
    let begins = |event| step(&play.state, &event, play.now).unwrap().begins();
    assert!(begins(Event::Refund(refund(&play.tender(), "r1", 1))));
    let unknown = play.answer_event(&play.attempt(), Operation::Notification, given_back);
    assert!(!begins(unknown));
}

#[test]
fn a_tender_is_open_while_a_refund_is() {
    let mut play = Play::paid(CANCEL_FIRST);
    let open = |play: &Play| play.state.tenders[&play.tender()].is_open();
    assert!(!open(&play));
    play.asked_refund("r1", 1);
    assert!(open(&play));
    play.refund_said(Submit, refund_nothing);
    assert!(open(&play));
    assert_eq!(play.refund().stage, RefundStage::Unknown);
    play.refund_said(Enquiry, refunded);
    assert!(!open(&play));
    assert_eq!(play.refund().ended, Some(play.now.at));
}
