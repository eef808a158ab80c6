//! The end of the wait (transition 12): last enquiry, last word, verdict.

use super::play::{CANCEL_FIRST, Play, VERDICT_FIRST};
use super::says::{
    Says, already_closed, already_paid, closed, given_back, money_in, money_in_unsaid, no_order,
    not_sent, nothing, pending, stale_code, too_little_in, unsigned_refusal,
};
use crate::domain::{Operation::*, Timer};

const CANCELS: [&str; 4] = [
    "T1/1 intends Cancel",
    "-> Cancel T1/1 10s fresh",
    "-> set Cancel T1/1 3s",
    "-> set LastWord T1/1 10s",
];
const STOP: &str = "-> stop waiting T1/1";
const ASK: &str = "-> Enquiry T1/1 10s";
const PAID: [&str; 3] = ["T1/1 paid by Enquiry", "T1 verdict Paid: Paid", STOP];

/// The last enquiry said nothing of use; the first cancel runs.
fn cancelling() -> Play {
    let mut play = Play::closing(CANCEL_FIRST);
    play.said(Enquiry, pending);
    play
}

/// The gateway would not cancel: it says that the order is paid.
fn claimed() -> Play {
    let mut play = cancelling();
    play.said(Cancel, already_paid);
    play
}

#[test]
fn the_wait_ends_with_a_fresh_enquiry() {
    let mut play = Play::waiting(CANCEL_FIRST);
    play.fires(
        Timer::Wait,
        &[
            "T1/1 closing: WaitOver",
            STOP,
            "-> Enquiry T1/1 3s fresh",
            "-> set LastWord T1/1 13s",
        ],
    );
    for says in [pending, nothing, no_order, money_in_unsaid] {
        Play::closing(CANCEL_FIRST).answer(Enquiry, says, &CANCELS);
    }
    Play::closing(CANCEL_FIRST).answer(Enquiry, money_in, &PAID);
}

#[test]
fn closed_is_not_paid_and_nothing_is_owed() {
    let told = |by: &str| format!("T1/1 refused by {by}: Closed");
    for (mut play, operation, by) in [
        (cancelling(), Cancel, "Cancel"),
        (Play::closing(CANCEL_FIRST), Enquiry, "Enquiry"),
    ] {
        let kept = format!("T1/1 kept NoMoney by {by}");
        let not_paid = "T1 verdict NotPaid: WaitOver";
        play.answer(operation, closed, &[&kept, &told(by), not_paid, STOP]);
    }
    cancelling().answer(
        Enquiry,
        given_back,
        &[
            "T1/1 kept Returned by Enquiry",
            &told("Enquiry"),
            "T1 verdict NotPaid: WaitOver",
            STOP,
        ],
    );
}

#[test]
fn already_closed_is_confirmed_by_an_enquiry() {
    let mut play = cancelling();
    play.answer(Cancel, already_closed, &[ASK]);
    play.answer(Enquiry, nothing, &[]);
    play.fires(Timer::Cancel, &CANCELS[..3]);
    play.answer(Cancel, already_closed, &[ASK]);
    play.answer(
        Enquiry,
        closed,
        &[
            "T1/1 kept NoMoney by Enquiry",
            "T1/1 refused by Enquiry: Closed",
            "T1 verdict NotPaid: WaitOver",
            STOP,
        ],
    );
}

#[test]
fn a_slow_already_paid_is_heard() {
    let mut play = cancelling();
    play.later(3);
    play.fires(Timer::Cancel, &CANCELS[..3]);
    // 200 ms later the first cancel is answered, while the second one runs.
    let asked = ["T1/1 claimed paid", "-> clear Cancel T1/1", ASK];
    play.answer(Cancel, already_paid, &asked);
    play.answer(Enquiry, money_in, &PAID);
}

#[test]
fn already_paid_is_shown_by_an_enquiry() {
    let mut play = cancelling();
    let asked = ["T1/1 claimed paid", "-> clear Cancel T1/1", ASK];
    play.answer(Cancel, already_paid, &asked);
    play.answer(Cancel, already_paid, &["-> clear Cancel T1/1", ASK]);
    play.fires(Timer::Cancel, &[]);
    play.answer(Enquiry, money_in, &PAID);
}

#[test]
fn already_paid_and_silence_is_unresolved_then_paid_or_not() {
    let mut play = claimed();
    for says in [nothing, pending, no_order, money_in_unsaid] {
        play.answer(Enquiry, says, &["-> set Enquiry T1/1 3s"]);
        play.fires(Timer::Enquiry, &[ASK]);
    }
    let unresolved = [
        "T1 verdict Unresolved: NoAnswer",
        "T1/1 alert Unresolved",
        "T1/1 intends Enquiry, next in 10s",
        "-> Enquiry T1/1 10s fresh",
        "-> set Enquiry T1/1 10s",
        "-> set Arrival T1/1 962s",
    ];
    play.fires(Timer::LastWord, &unresolved);
    play.fires(Timer::LastWord, &[]);
    for (says, pause) in [
        (nothing as Says, "20s"),
        (no_order, "40s"),
        (pending, "80s"),
        (money_in_unsaid, "160s"),
        (nothing, "320s"),
        (nothing, "640s"),
        (nothing, "900s"),
        (nothing, "900s"),
    ] {
        play.said(Enquiry, says);
        asked_slowly(&mut play, pause);
    }
    play.answer(Enquiry, money_in, &PAID);

    let mut play = claimed();
    play.fires(Timer::LastWord, &unresolved);
    play.answer(
        Enquiry,
        closed,
        &[
            "T1/1 kept NoMoney by Enquiry",
            "T1/1 refused by Enquiry: Closed",
            "T1 verdict NotPaid: WaitOver",
            STOP,
        ],
    );

    let mut play = claimed();
    play.fires(Timer::LastWord, &unresolved);
    play.answer(
        Enquiry,
        too_little_in,
        &[
            "T1/1 kept MoneyIn by Enquiry",
            "T1/1 alert WrongAmount",
            "T1 verdict NotPaid: WrongAmount",
            "T1/1 owes Return",
            STOP,
            "-> set Duty T1/1 0s",
            "-> set Arrival T1/1 962s",
        ],
    );
}

fn asked_slowly(play: &mut Play, pause: &str) {
    play.fires(
        Timer::Enquiry,
        &[
            &format!("T1/1 intends Enquiry, next in {pause}"),
            "-> Enquiry T1/1 10s fresh",
            &format!("-> set Enquiry T1/1 {pause}"),
        ],
    );
}

/// The claim was not about this order: its answer names none.
#[test]
fn unresolved_ends_when_the_order_never_was() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.go(crate::domain::Event::Cancel(play.tender()));
    play.said(Enquiry, nothing);
    play.said(Cancel, already_paid);
    play.fired(Timer::LastWord);
    play.answer(Enquiry, no_order, &[]);
    play.fires(
        Timer::Arrival,
        &["T1/1 window over", "-> set Enquiry T1/1 0s"],
    );
    play.fires(Timer::Arrival, &[]);
    asked_slowly(&mut play, "20s");
    let once = ["T1/1 not found", "-> set Enquiry T1/1 60s"];
    play.answer(Enquiry, no_order, &once);
    play.answer(Enquiry, no_order, &[]);
    asked_slowly(&mut play, "40s");
    play.answer(
        Enquiry,
        no_order,
        &[
            "T1/1 not found",
            "T1 verdict NotPaid: Cancelled",
            "T1/1 owes Watch",
            STOP,
            "-> set Duty T1/1 10s",
        ],
    );
    play.fired(Timer::Duty);
    play.answer(
        Enquiry,
        no_order,
        &[
            "T1/1 not found",
            "T1/1 owes nothing: NeverArrived",
            "-> stop duty T1/1",
        ],
    );

    // An order that was seen stays unresolved: only its report ends it.
    let mut play = claimed();
    play.fired(Timer::LastWord);
    play.fired(Timer::Arrival);
    for pause in ["20s", "40s", "80s"] {
        asked_slowly(&mut play, pause);
        play.answer(Enquiry, no_order, &[]);
    }
}

#[test]
fn already_paid_is_not_overruled_by_the_submits_own_refusal() {
    for says in [stale_code, not_sent] {
        let mut play = Play::paying(CANCEL_FIRST);
        play.go(crate::domain::Event::Cancel(play.tender()));
        play.said(Enquiry, nothing);
        play.said(Cancel, already_paid);
        play.answer(Submit, says, &[]);
        play.answer(Enquiry, money_in, &PAID);
    }
}

#[test]
fn an_order_that_was_seen_during_the_last_word_is_not_gone() {
    for (operation, says, kept) in [
        (Submit, pending as Says, "T1/1 kept Pending by Submit"),
        (Submit, money_in_unsaid, "T1/1 kept MoneyIn by Submit"),
        (Cancel, pending, "T1/1 kept Pending by Cancel"),
        (Notification, pending, "T1/1 kept Pending by Notification"),
    ] {
        let mut play = Play::paying(CANCEL_FIRST);
        play.go(crate::domain::Event::Cancel(play.tender()));
        play.said(Enquiry, nothing);
        play.answer(operation, says, &[kept]);
        play.answer(operation, says, &[]);
        // Not *never seen*, and no proof of no money.
        play.answer(Cancel, no_order, &[]);
        play.answer(Submit, stale_code, &[]);
        play.fired(Timer::LastWord);
        play.answer(Submit, stale_code, &[]);
        play.fired(Timer::Arrival);
        play.answer(Enquiry, no_order, &[]);
    }
    let mut play = Play::paying(CANCEL_FIRST);
    play.go(crate::domain::Event::Cancel(play.tender()));
    let mut kept = vec!["T1/1 kept Pending by Enquiry"];
    kept.extend(CANCELS);
    play.answer(Enquiry, pending, &kept);
}

#[test]
fn no_order_to_cancel_is_not_paid_with_a_watch() {
    let watch = [
        "T1/1 not found",
        "T1 verdict NotPaid: Cancelled",
        "T1/1 owes Watch",
        STOP,
        "-> set Duty T1/1 10s",
        "-> set Arrival T1/1 962s",
    ];
    let mut play = Play::paying(CANCEL_FIRST);
    play.go(crate::domain::Event::Cancel(play.tender()));
    play.answer(Enquiry, no_order, &CANCELS);
    play.answer(Cancel, no_order, &watch);

    // After an unsigned refusal the last enquiry is enough.
    let mut play = Play::paying(VERDICT_FIRST);
    play.said(Submit, unsigned_refusal);
    play.go(crate::domain::Event::Cancel(play.tender()));
    play.answer(Enquiry, no_order, &watch);

    // An order that was seen is not gone because a cancel does not find it.
    cancelling().answer(Cancel, no_order, &[]);
}

#[test]
fn silence_is_not_paid_with_a_duty_to_return() {
    let mut play = Play::closing(CANCEL_FIRST);
    play.answer(Enquiry, nothing, &CANCELS);
    for says in [nothing, pending, unsigned_refusal] {
        play.answer(Cancel, says, &[]);
        play.fires(Timer::Cancel, &CANCELS[..3]);
    }
    play.later(10);
    play.fires(
        Timer::LastWord,
        &[
            "T1 verdict NotPaid: WaitOver",
            "T1/1 owes Return",
            "T1/1 alert CancelFailed",
            STOP,
            "-> set Duty T1/1 0s",
            "-> set Arrival T1/1 962s",
        ],
    );
    play.fires(Timer::Cancel, &[]);
    play.fires(Timer::LastWord, &[]);
    // Whatever the cancels still say, the commit order has decided; but the
    // duty is not done because the submit says, late, that it was refused.
    play.answer(Cancel, already_paid, &["T1/1 claimed paid"]);
    play.answer(Cancel, already_paid, &[]);
    play.answer(Submit, stale_code, &[]);
    play.answer(Submit, not_sent, &[]);
}

#[test]
fn not_even_the_last_enquiry_came_back() {
    Play::closing(CANCEL_FIRST).fires(
        Timer::LastWord,
        &[
            "T1 verdict NotPaid: WaitOver",
            "T1/1 owes Return",
            STOP,
            "-> set Duty T1/1 0s",
            "-> set Arrival T1/1 962s",
        ],
    );
}

#[test]
fn verdict_and_duty_go_first_where_a_reversal_returns_money() {
    let told = [
        "T1 verdict NotPaid: WaitOver",
        "T1/1 owes Return",
        STOP,
        "-> set Duty T1/1 0s",
        "-> set Arrival T1/1 962s",
    ];
    for says in [pending, nothing, no_order] {
        let mut play = Play::closing(VERDICT_FIRST);
        play.answer(Enquiry, says, &told);
        play.fires(
            Timer::Duty,
            &[
                "T1/1 intends Revoke, next in 10s",
                "-> Revoke T1/1 10s fresh",
                "-> set Duty T1/1 10s",
            ],
        );
    }
    Play::closing(VERDICT_FIRST).fires(Timer::LastWord, &told);
    Play::closing(VERDICT_FIRST).answer(Enquiry, money_in, &PAID);
}

#[test]
fn a_reversal_waits_for_its_earliest_moment() {
    let mut play = Play::paying(VERDICT_FIRST);
    play.later(3);
    play.go(crate::domain::Event::Cancel(play.tender()));
    play.answer(
        Enquiry,
        nothing,
        &[
            "T1 verdict NotPaid: Cancelled",
            "T1/1 owes Return",
            STOP,
            "-> set Duty T1/1 15s",
            "-> set Arrival T1/1 962s",
        ],
    );
}

#[test]
fn a_submit_that_returns_during_the_last_word() {
    let closing = || {
        let mut play = Play::paying(CANCEL_FIRST);
        play.go(crate::domain::Event::Cancel(play.tender()));
        play
    };
    for says in [nothing, unsigned_refusal, already_paid] {
        closing().answer(Submit, says, &[]);
    }
    closing().answer(
        Submit,
        money_in,
        &["T1/1 paid by Submit", "T1 verdict Paid: Paid", STOP],
    );
    closing().answer(
        Submit,
        stale_code,
        &[
            "T1/1 refused by Submit: Code",
            "T1 verdict NotPaid: Cancelled",
            STOP,
        ],
    );
    closing().answer(
        Submit,
        not_sent,
        &["T1/1 withdrawn", "T1 verdict NotPaid: NoConnection", STOP],
    );
}
