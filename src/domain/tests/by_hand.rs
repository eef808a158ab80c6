//! A named person closes a duty (transition 18).

use super::play::{CANCEL_FIRST, Play};
use super::says::{closed, money_in, no_order, too_little_in};
use crate::domain::{Denial, Event, Operation, step};

#[track_caller]
fn denied(play: &Play, event: &Event, denial: Denial) {
    assert_eq!(step(&play.state, event, play.now), Err(denial));
}

fn closes(play: &Play) -> Event {
    Event::CloseObligation {
        attempt: play.attempt(),
        name: "Amal".to_owned(),
        reason: "paid back in cash".to_owned(),
        reference: "receipt 7".to_owned(),
    }
}

const CLOSED: [&str; 2] = ["T1/1 owes nothing: Amal", "-> stop duty T1/1"];

#[test]
fn a_named_person_closes_a_duty() {
    let mut play = Play::returning(CANCEL_FIRST);
    play.on(closes(&play), &CLOSED);
    play.on(closes(&play), &["denied: no_obligation"]);
    // What comes of the calls that still run changes nothing.
    play.answer(Operation::Revoke, closed, &[]);
    play.answer(Operation::Enquiry, no_order, &[]);
    let other = Play::waiting(CANCEL_FIRST);
    denied(&other, &closes(&other), Denial::NoObligation);
    // Whatever became of its gateway in the configuration.
    let mut play = Play::returning(CANCEL_FIRST);
    std::sync::Arc::make_mut(&mut play.state.setup)
        .gateways
        .clear();
    assert!(step(&play.state, &closes(&play), play.now).is_ok());
}

#[test]
fn a_duty_is_closed_by_somebody_for_a_reason_with_a_reference() {
    let play = Play::returning(CANCEL_FIRST);
    let close = |name: &str, reason: &str, reference: &str| Event::CloseObligation {
        attempt: play.attempt(),
        name: name.to_owned(),
        reason: reason.to_owned(),
        reference: reference.to_owned(),
    };
    let long = "x".repeat(257);
    denied(&play, &close(" ", "r", "p"), Denial::BadText("name", 64));
    denied(
        &play,
        &close(&long[..65], "r", "p"),
        Denial::BadText("name", 64),
    );
    denied(&play, &close("n", "", "p"), Denial::BadText("reason", 256));
    denied(
        &play,
        &close("n", &long, "p"),
        Denial::BadText("reason", 256),
    );
    denied(
        &play,
        &close("n", "r", "\n"),
        Denial::BadText("reference", 128),
    );
    let bad = Denial::BadText("reference", 128);
    denied(&play, &close("n", "r", &long[..129]), bad);
    let longest = close(&long[..64], &long[..256], &long[..128]);
    assert!(step(&play.state, &longest, play.now).is_ok());
}

#[test]
fn a_charge_that_a_person_knew_of_is_no_news() {
    let mut play = Play::returning(CANCEL_FIRST);
    play.said(Operation::Enquiry, money_in);
    play.on(closes(&play), &CLOSED);
    for operation in [Operation::Notification, Operation::Enquiry] {
        play.answer(operation, money_in, &[]);
    }
    // Another charge than that is.
    let owes = [
        "T1/1 kept MoneyIn by Notification",
        "T1/1 alert PaidAfterNotPaid",
        "T1/1 owes Return",
        "-> set Duty T1/1 0s",
        "-> set Arrival T1/1 962s",
    ];
    play.answer(Operation::Notification, too_little_in, &owes);
    // Nor did anybody know of one that was not seen before.
    let mut play = Play::returning(CANCEL_FIRST);
    play.on(closes(&play), &CLOSED);
    play.answer(Operation::Notification, money_in, &owes);
}
