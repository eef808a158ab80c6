//! What is owed after *not paid* (transitions 13, 14, 16 to 18).

use super::play::{CANCEL_FIRST, Play, VERDICT_FIRST};
use super::says::{
    already_closed, closed, given_back, money_in, money_in_unsaid, no_order, not_sent, nothing,
    pending, stale_code, too_little_given_back, too_little_in, will_not_reverse,
};
use crate::domain::{Operation, Operation::*, Timer};

const DONE: &str = "-> stop duty T1/1";
const ASK: &str = "-> Enquiry T1/1 10s fresh";

fn tries(play: &mut Play, operation: &str, pause: &str) {
    play.fires(
        Timer::Duty,
        &[
            &format!("T1/1 intends {operation}, next in {pause}"),
            &format!("-> {operation} T1/1 10s fresh"),
            &format!("-> set Duty T1/1 {pause}"),
        ],
    );
}

#[test]
fn a_return_slows_down_and_calls_a_person() {
    let mut play = Play::returning(CANCEL_FIRST);
    for pause in ["20s", "40s", "80s", "160s"] {
        play.said(Revoke, nothing);
        tries(&mut play, "Revoke", pause);
    }
    play.fires(
        Timer::Duty,
        &[
            "T1/1 intends Revoke, next in 320s",
            "T1/1 alert DutyOverdue",
            "-> Revoke T1/1 10s fresh",
            "-> set Duty T1/1 320s",
        ],
    );
    tries(&mut play, "Revoke", "640s");
    tries(&mut play, "Revoke", "900s");
    tries(&mut play, "Revoke", "900s");
    // However long it was stuck, proof ends it.
    play.answer(Revoke, closed, &["T1/1 owes nothing: NoMoney", DONE]);
}

#[test]
fn an_old_duty_calls_a_person_however_seldom_it_was_tried() {
    let alerted = |mut play: Play, operation: &str, pause: &str| {
        play.later(30 * 60);
        play.fires(
            Timer::Duty,
            &[
                &format!("T1/1 intends {operation}, next in {pause}"),
                "T1/1 alert DutyOverdue",
                &format!("-> {operation} T1/1 10s fresh"),
                &format!("-> set Duty T1/1 {pause}"),
            ],
        );
    };
    alerted(Play::returning(CANCEL_FIRST), "Revoke", "20s");
    alerted(Play::watching(CANCEL_FIRST), "Enquiry", "60s");
}

#[test]
fn a_return_ends_by_proof() {
    for operation in [Revoke, Enquiry, Notification, Cancel] {
        let mut play = Play::returning(CANCEL_FIRST);
        play.answer(operation, closed, &["T1/1 owes nothing: NoMoney", DONE]);
        play.answer(operation, closed, &[]);
        let mut play = Play::returning(CANCEL_FIRST);
        let kept = format!("T1/1 kept Returned by {operation:?}");
        play.answer(
            operation,
            given_back,
            &[&kept, "T1/1 owes nothing: Returned", DONE],
        );
        play.answer(operation, given_back, &[]);
    }
}

#[test]
fn a_reversal_that_proves_nothing_is_followed_by_an_enquiry() {
    for says in [already_closed, nothing, pending] {
        let mut play = Play::returning(CANCEL_FIRST);
        play.answer(Revoke, says, &[ASK]);
        play.answer(Enquiry, pending, &[]);
        play.answer(Enquiry, closed, &["T1/1 owes nothing: NoMoney", DONE]);
    }
}

#[test]
fn a_rejected_reversal_calls_a_person_where_nothing_is_refunded() {
    let mut play = Play::ruled(CANCEL_FIRST, |rules| rules.refund = None).then_returning();
    let refused = [
        "T1/1 reversal rejected",
        "T1/1 alert ReversalRejected",
        "T1/1 alert DutyOverdue",
        ASK,
    ];
    play.answer(Revoke, will_not_reverse, &refused);
    play.answer(Revoke, will_not_reverse, &[ASK]);
    // It is asked about from here on: a reversal will not be taken.
    tries(&mut play, "Enquiry", "20s");
    play.answer(Enquiry, money_in, &["T1/1 kept MoneyIn by Enquiry"]);
    tries(&mut play, "Enquiry", "40s");
}

#[test]
fn a_charge_that_is_being_returned_is_evidence_once() {
    let mut play = Play::returning(CANCEL_FIRST);
    play.answer(Revoke, money_in, &["T1/1 kept MoneyIn by Revoke", ASK]);
    play.answer(Enquiry, money_in, &[]);
    play.answer(Submit, money_in, &[]);
    // The order was seen: "no such order" proves nothing, before the window and after.
    play.answer(Enquiry, no_order, &[]);
    play.fires(Timer::Arrival, &["T1/1 window over", "-> set Duty T1/1 0s"]);
    play.answer(Enquiry, no_order, &[]);
    // And the submit's own refusal is not about this order.
    play.answer(Submit, stale_code, &[]);
    play.answer(Submit, not_sent, &[]);
    play.answer(
        Revoke,
        given_back,
        &[
            "T1/1 kept Returned by Revoke",
            "T1/1 owes nothing: Returned",
            DONE,
        ],
    );
}

#[test]
fn another_amount_goes_back_whole() {
    // A reversal undoes the whole order. Whether the report of the return names what
    // was charged or what was asked: one wrong report must not keep a duty open for ever.
    for said in [too_little_given_back, given_back] {
        let mut play = Play::waiting(CANCEL_FIRST);
        play.said(Enquiry, too_little_in);
        tries(&mut play, "Revoke", "10s");
        play.answer(Revoke, too_little_in, &[ASK]);
        play.answer(
            Enquiry,
            said,
            &[
                "T1/1 kept Returned by Enquiry",
                "T1/1 owes nothing: Returned",
                DONE,
            ],
        );
    }
}

#[test]
fn part_of_the_money_is_not_all_of_it() {
    let mut play = Play::returning(CANCEL_FIRST);
    let alert = "T1/1 alert WrongAmount";
    play.answer(Revoke, too_little_given_back, &[alert, ASK]);
    play.answer(Enquiry, too_little_given_back, &[]);
}

#[test]
fn a_charge_whose_order_is_closed_went_back() {
    let mut play = Play::returning(CANCEL_FIRST);
    play.said(Revoke, money_in);
    play.answer(Enquiry, closed, &["T1/1 owes nothing: Returned", DONE]);
    // Older news of the charge is no new one.
    play.answer(Notification, money_in, &["-> Enquiry T1/1 10s"]);
}

#[test]
fn a_request_that_never_left_owes_nothing() {
    let mut play = Play::paying(VERDICT_FIRST);
    play.fired(Timer::Wait);
    play.said(Enquiry, nothing);
    play.answer(Submit, not_sent, &["T1/1 owes nothing: NeverArrived", DONE]);
}

#[test]
fn a_watch_asks_until_the_window_is_over() {
    let mut play = Play::watching(CANCEL_FIRST);
    for pause in ["60s", "300s", "60s", "60s"] {
        tries(&mut play, "Enquiry", pause);
        // Too early to mean anything.
        play.answer(Enquiry, no_order, &[]);
        play.answer(Enquiry, nothing, &[]);
    }
    play.later(962);
    play.fires(Timer::Arrival, &["T1/1 window over", "-> set Duty T1/1 0s"]);
    play.fires(Timer::Arrival, &[]);
    tries(&mut play, "Enquiry", "60s");
    play.answer(Enquiry, nothing, &[]);
    tries(&mut play, "Enquiry", "60s");
    not_found_twice(&mut play, Enquiry, "60s");
    play.answer(Enquiry, no_order, &[]);
}

/// Two answers, a try and its pause apart; a second answer in one try is none.
fn not_found_twice(play: &mut Play, operation: Operation, apart: &str) {
    let set = format!("-> set Duty T1/1 {apart}");
    play.answer(operation, no_order, &["T1/1 not found", &set]);
    play.answer(operation, no_order, &[]);
    play.answer(Enquiry, no_order, &[]);
    play.answer(Cancel, no_order, &[]);
    play.fired(Timer::Duty);
    play.answer(
        operation,
        no_order,
        &["T1/1 not found", "T1/1 owes nothing: NeverArrived", DONE],
    );
}

#[test]
fn not_found_is_proof_when_it_is_said_twice_and_apart() {
    for (gateway, apart) in [(VERDICT_FIRST, "5s"), (CANCEL_FIRST, "60s")] {
        not_found_twice(&mut Play::window_over(gateway), Enquiry, apart);
    }
    // A return asks by reversing, and asks nothing more about what is not there.
    let mut play = Play::paying(CANCEL_FIRST);
    play.fired(Timer::Wait);
    play.fired(Timer::LastWord);
    play.fired(Timer::Duty);
    play.answer(Revoke, no_order, &[]);
    play.fired(Timer::Arrival);
    // The try that began before the window was over counts as well.
    not_found_twice(&mut play, Revoke, "60s");
}

#[test]
fn a_late_arrival_is_undone() {
    let revokes = |kept: &'static str| {
        [
            kept,
            "T1/1 now owes Return",
            "T1/1 intends Revoke, next in 10s",
            "-> Revoke T1/1 10s fresh",
            "-> set Duty T1/1 10s",
        ]
    };
    // However long it was watched: a return begins at its own pace, and alerts by its own count.
    for watched in [0, 3, 9] {
        let mut play = Play::watching(CANCEL_FIRST);
        for _ in 0..watched {
            play.later(60);
            play.fired(Timer::Duty);
        }
        play.later(60);
        play.answer(Enquiry, pending, &revokes("T1/1 kept Pending by Enquiry"));
        play.answer(Revoke, money_in, &["T1/1 kept MoneyIn by Revoke", ASK]);
        tries(&mut play, "Revoke", "20s");
        play.answer(
            Revoke,
            given_back,
            &[
                "T1/1 kept Returned by Revoke",
                "T1/1 owes nothing: Returned",
                DONE,
            ],
        );
    }
    for operation in [Enquiry, Notification] {
        let kept = match operation {
            Enquiry => "T1/1 kept MoneyIn by Enquiry",
            _ => "T1/1 kept MoneyIn by Notification",
        };
        Play::window_over(CANCEL_FIRST).answer(operation, money_in, &revokes(kept));
        Play::watching(CANCEL_FIRST).answer(operation, money_in, &revokes(kept));
    }
}

#[test]
fn a_late_arrival_without_its_amount_is_undone() {
    let mut play = Play::watching(CANCEL_FIRST);
    play.answer(
        Enquiry,
        money_in_unsaid,
        &[
            "T1/1 kept MoneyIn by Enquiry",
            "T1/1 now owes Return",
            "T1/1 intends Revoke, next in 10s",
            "-> Revoke T1/1 10s fresh",
            "-> set Duty T1/1 10s",
        ],
    );
    // What was charged is kept when it is said.
    let kept = "T1/1 kept MoneyIn by Enquiry";
    play.answer(Enquiry, too_little_in, &[kept]);
}

#[test]
fn a_late_arrival_is_not_undone_before_its_earliest_moment() {
    let mut play = Play::watching(VERDICT_FIRST);
    play.later(5);
    play.answer(
        Enquiry,
        pending,
        &[
            "T1/1 kept Pending by Enquiry",
            "T1/1 now owes Return",
            "-> set Duty T1/1 15s",
        ],
    );
    play.later(15);
    tries(&mut play, "Revoke", "10s");
}

#[test]
fn a_watch_ends_by_proof() {
    let mut play = Play::watching(CANCEL_FIRST);
    play.answer(Enquiry, closed, &["T1/1 owes nothing: NoMoney", DONE]);
    let mut play = Play::watching(CANCEL_FIRST);
    play.answer(
        Enquiry,
        given_back,
        &[
            "T1/1 kept Returned by Enquiry",
            "T1/1 owes nothing: Returned",
            DONE,
        ],
    );
}
