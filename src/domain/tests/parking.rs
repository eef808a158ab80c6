//! What a named person sets aside, and takes up again.

use super::play::{CANCEL_FIRST, Play, tender};
use super::says::{
    already_paid, closed, given_back, money_in, no_order, nothing, on_its_way, other_order_in,
    pending, refund_nothing, refunded,
};
use crate::domain::{
    AttemptId, Denial, Event, NewTender, Operation::*, Reason, RefundOperation, SaleRef, Stage,
    Timer, Verdict, park, resume, step, unpark,
};

const PARKED: &str = "T1/1 parked by Amal";
const TIMERS: [&str; 7] = [
    "-> clear Enquiry T1/1",
    "-> clear Wait T1/1",
    "-> clear Restarted T1/1",
    "-> clear Cancel T1/1",
    "-> clear LastWord T1/1",
    "-> clear Scanned T1/1",
    "-> stop duty T1/1",
];

fn parks(attempt: AttemptId) -> Event {
    Event::Park {
        attempt,
        name: " Amal ".to_owned(),
        reason: "it crashes".to_owned(),
    }
}

fn unparks(attempt: AttemptId) -> Event {
    Event::Unpark {
        attempt,
        name: "Badr".to_owned(),
        reason: "mended".to_owned(),
    }
}

#[track_caller]
fn parked(mut play: Play, facts: &[&str]) -> Play {
    let all: Vec<&str> = facts.iter().copied().chain([PARKED]).collect();
    let all: Vec<&str> = all.into_iter().chain(TIMERS).collect();
    play.on(parks(play.attempt()), &all);
    play
}

const AS_DOUBTFUL: [&str; 2] = ["T1 verdict NotPaid: Parked", "T1/1 owes Return"];

#[test]
fn a_payment_that_is_parked_ends_as_any_that_is_in_doubt() {
    for play in [
        Play::paying(CANCEL_FIRST),
        Play::waiting(CANCEL_FIRST),
        Play::closing(CANCEL_FIRST),
    ] {
        let mut play = parked(play, &AS_DOUBTFUL);
        let attempt = play.newest();
        assert_eq!(attempt.stage, Stage::Reversing);
        let by = attempt.parked.as_ref().unwrap();
        assert_eq!((by.name.as_str(), by.at), ("Amal", play.now.at));
        assert!(play.state.tenders[&play.tender()].is_open());
        // Lane and sale are free.
        play.on(
            Event::CreateTender(tender("k2")),
            &["T2 created L1 S1 37.50 AED", "-> set Code T2 120s"],
        );
        assert_eq!(
            resume(&play.state, play.now).len(),
            1,
            "only the new tender goes on"
        );
    }
}

#[test]
fn what_is_unresolved_can_be_parked() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.go(Event::Cancel(play.tender()));
    play.said(Enquiry, nothing);
    play.said(Cancel, already_paid);
    play.fired(Timer::LastWord);
    let play = parked(play, &AS_DOUBTFUL);
    let verdict = play.state.tenders[&play.tender()].verdict;
    assert_eq!(
        verdict.map(|(verdict, why, _)| (verdict, why)),
        Some((Verdict::NotPaid, Reason::Parked))
    );
}

#[test]
fn a_duty_is_parked_and_never_dropped() {
    for play in [Play::returning(CANCEL_FIRST), Play::watching(CANCEL_FIRST)] {
        let duty = play.newest().obligation().unwrap().clone();
        let play = parked(play, &[]);
        assert_eq!(play.newest().obligation(), Some(&duty));
        assert_eq!(resume(&play.state, play.now), []);
    }
}

#[test]
fn evidence_of_a_parked_attempt_is_kept_and_decides_nothing() {
    let mut play = parked(Play::paying(CANCEL_FIRST), &AS_DOUBTFUL);
    for says in [nothing, no_order, already_paid] {
        for operation in [Submit, Enquiry, Cancel, Revoke, Notification] {
            play.answer(operation, says, &[]);
        }
    }
    play.answer(Submit, pending, &["T1/1 kept Pending by Submit"]);
    play.answer(Submit, pending, &[]);
    play.answer(Enquiry, money_in, &["T1/1 kept MoneyIn by Enquiry"]);
    play.answer(Enquiry, closed, &["T1/1 kept NoMoney by Enquiry"]);
    let kept = "T1/1 kept Returned by Notification";
    play.answer(Notification, given_back, &[kept]);
    play.answer(Submit, other_order_in, &["T1/1 kept MoneyIn by Submit"]);
    assert!(play.newest().obligation().is_some());
    for timer in [
        Timer::Enquiry,
        Timer::Wait,
        Timer::Restarted,
        Timer::Cancel,
        Timer::LastWord,
        Timer::Scanned,
        Timer::Duty,
        Timer::Arrival,
    ] {
        play.fires(timer, &[]);
    }
}

#[test]
fn it_is_taken_up_where_it_was() {
    let mut play = parked(Play::paying(CANCEL_FIRST), &AS_DOUBTFUL);
    play.said(Submit, money_in);
    let goes_on = [
        "T1/1 unparked by Badr",
        "-> set Duty T1/1 0s",
        "-> set Arrival T1/1 962s",
    ];
    play.on(unparks(play.attempt()), &goes_on);
    assert_eq!(play.newest().parked, None);
    play.on(unparks(play.attempt()), &["denied: not_parked"]);
    play.fires(
        Timer::Duty,
        &[
            "T1/1 intends Revoke, next in 10s",
            "-> Revoke T1/1 10s fresh",
            "-> set Duty T1/1 10s",
        ],
    );
    // And can be set aside again.
    parked(play, &[]);
}

#[test]
fn a_refund_is_parked_with_its_attempt() {
    let mut play = Play::paid(CANCEL_FIRST);
    play.asked_refund("r1", 10_00);
    let mut play = {
        let mut expected = vec![PARKED];
        expected.extend(TIMERS);
        expected.push("-> stop refund T1-r1");
        play.on(parks(play.attempt()), &expected);
        play
    };
    let tender = &play.state.tenders[&play.tender()];
    assert_eq!(tender.final_verdict(), Some(Verdict::Paid));
    assert!(tender.is_open());
    assert_eq!(resume(&play.state, play.now), []);
    play.ask_refund("r2", 1, &["denied: parked"]);
    // The one that was asked for is still itself.
    play.ask_refund("r1", 10_00, &[]);
    play.refund_fires(Timer::Refund, &[]);
    play.refund_fires(Timer::RefundArrival, &[]);
    let submit = RefundOperation::Submit;
    play.refund_answer(submit, refund_nothing, &[]);
    let kept = "T1-r1 kept Pending by Submit";
    play.refund_answer(submit, on_its_way, &[kept]);
    play.refund_answer(submit, on_its_way, &[]);
    assert!(play.refund().is_open());
    let goes_on = [
        "T1/1 unparked by Badr",
        "-> set Refund T1-r1 3s",
        "-> set RefundArrival T1-r1 962s",
    ];
    play.on(unparks(play.attempt()), &goes_on);
    let enquiry = RefundOperation::Enquiry;
    let back = ["T1-r1 returned by Enquiry", "-> stop refund T1-r1"];
    play.refund_answer(enquiry, refunded, &back);
}

#[test]
fn a_person_may_close_what_is_parked() {
    let mut play = parked(Play::paying(CANCEL_FIRST), &AS_DOUBTFUL);
    play.on(
        Event::CloseObligation {
            attempt: play.attempt(),
            name: "Amal".to_owned(),
            reason: "not charged, says the gateway's desk".to_owned(),
            reference: "ticket 12".to_owned(),
        },
        &["T1/1 owes nothing: Amal", "-> stop duty T1/1"],
    );
    assert_eq!(play.newest().parked, None);
    // Late evidence counts again.
    play.answer(
        Enquiry,
        money_in,
        &[
            "T1/1 kept MoneyIn by Enquiry",
            "T1/1 alert PaidAfterNotPaid",
            "T1/1 owes Return",
            "-> set Duty T1/1 0s",
            "-> set Arrival T1/1 962s",
        ],
    );
}

#[test]
fn there_must_be_something_to_park_and_somebody_who_does() {
    let denied = |play: &Play, event: &Event| step(&play.state, event, play.now).err();
    let mut paid = Play::paid(CANCEL_FIRST);
    assert_eq!(
        denied(&paid, &parks(paid.attempt())),
        Some(Denial::NotParkable)
    );
    // A refund that ended is nothing to set aside, nor is another attempt's.
    paid.asked_refund("r1", 1);
    paid.refund_said(RefundOperation::Submit, refunded);
    assert_eq!(
        denied(&paid, &parks(paid.attempt())),
        Some(Denial::NotParkable)
    );
    let twice = parked(Play::paying(CANCEL_FIRST), &AS_DOUBTFUL);
    assert_eq!(
        denied(&twice, &parks(twice.attempt())),
        Some(Denial::NotParkable)
    );
    let play = Play::paying(CANCEL_FIRST);
    assert_eq!(
        denied(&play, &unparks(play.attempt())),
        Some(Denial::NotParked)
    );
    let nobody = AttemptId {
        number: 2,
        ..play.attempt()
    };
    for event in [parks(nobody.clone()), unparks(nobody)] {
        assert_eq!(denied(&play, &event), Some(Denial::NoTender));
    }
    let tender = &play.state.tenders[&play.tender()];
    let long = "x".repeat(65);
    for name in ["", " ", "a\u{7}", &long] {
        let denial = Err(Denial::BadText("name", 64));
        assert_eq!(park(tender, 1, name, "why"), denial);
        assert_eq!(unpark(tender, 1, name, "why"), denial);
    }
    let long = "x".repeat(257);
    for reason in ["", "\t", &long] {
        let denial = Err(Denial::BadText("reason", 256));
        assert_eq!(park(tender, 1, "Amal", reason), denial);
    }
}

/// The command that parks works beside a service that does not start: from the
/// tender alone, and whatever became of its gateway.
#[test]
fn parking_needs_nothing_but_the_tender() {
    let mut play = Play::paying(CANCEL_FIRST);
    let tender = play.state.tenders[&play.tender()].clone();
    let facts = park(&tender, 1, "Amal", "it crashes").unwrap();
    assert_eq!(facts.len(), 3);
    let setup = std::sync::Arc::make_mut(&mut play.state.setup);
    setup.gateways.clear();
    let event = parks(play.attempt());
    let step = step(&play.state, &event, play.now).unwrap();
    assert_eq!(step.facts, facts);
}

#[test]
fn only_the_attempt_that_is_named_is_set_aside() {
    let mut play = Play::returning(CANCEL_FIRST);
    play.go(Event::CreateTender(NewTender {
        sale: SaleRef::new("S2").unwrap(),
        ..tender("k2")
    }));
    play.scans();
    let second = play.attempt();
    play.go(parks(second.clone()));
    let effects = resume(&play.state, play.now);
    assert!(!effects.is_empty(), "the first attempt's duty goes on");
    let text = format!("{effects:?}");
    assert!(!text.contains(second.tender.as_str()), "{text}");
}
