//! What gateways say while the customer is waited for (transitions 1, 2, 4 to 11).

use super::play::{CANCEL_FIRST, Play, VERDICT_FIRST};
use super::says::{
    already_closed, already_given_back, already_paid, closed, given_back, money_in,
    money_in_unsaid, no_order, not_sent, nothing, other_currency_in, other_order_in, pending,
    set_up_wrongly, slower_please, stale_code, too_little_in, unsigned_refusal, unsigned_risk,
    unsigned_set_up_wrongly, will_not_reverse,
};
use crate::domain::{Operation::*, Timer};

const ASK: &str = "-> Enquiry T1/1 10s";
const STOP: &str = "-> stop waiting T1/1";
const AGAIN: &str = "-> set Enquiry T1/1 3s";

#[test]
fn a_code_is_intended_then_submitted() {
    let mut play = Play::armed(CANCEL_FIRST);
    play.scan(&[
        "T1/1 intended cancel-first",
        "-> Submit T1/1 30s",
        "-> clear Code T1",
        "-> set Enquiry T1/1 5s",
        "-> set Wait T1/1 75s",
    ]);
}

#[test]
fn paid_at_once() {
    let mut play = Play::paying(CANCEL_FIRST);
    let paid = ["T1/1 paid by Submit", "T1 verdict Paid: Paid", STOP];
    play.answer(Submit, money_in, &paid);
    // Twice is once.
    play.answer(Submit, money_in, &[]);
    play.answer(Notification, money_in, &[]);
}

#[test]
fn paid_by_an_enquiry_or_a_notification() {
    for (operation, proof) in [
        (Enquiry, "T1/1 paid by Enquiry"),
        (Notification, "T1/1 paid by Notification"),
    ] {
        for mut play in [Play::paying(CANCEL_FIRST), Play::waiting(CANCEL_FIRST)] {
            play.answer(operation, money_in, &[proof, "T1 verdict Paid: Paid", STOP]);
        }
    }
}

#[test]
fn a_customer_who_must_confirm_is_asked_for_at_the_gateways_pace() {
    let mut play = Play::paying(CANCEL_FIRST);
    let waiting = ["T1/1 waiting", "-> set Enquiry T1/1 2s"];
    play.answer(Submit, pending, &waiting);
    play.fires(Timer::Enquiry, &[ASK]);
    play.answer(Enquiry, pending, &[AGAIN]);
    play.fires(Timer::Enquiry, &[ASK]);
    play.answer(Enquiry, nothing, &[AGAIN]);
    play.answer(Enquiry, slower_please, &["-> set Enquiry T1/1 6s"]);
    play.answer(Enquiry, no_order, &[AGAIN]);

    let mut play = Play::paying(VERDICT_FIRST);
    let waiting = ["T1/1 waiting", "-> set Enquiry T1/1 5s"];
    play.answer(Submit, pending, &waiting);
}

#[test]
fn silence_is_unknown_and_asked_about() {
    let mut play = Play::paying(CANCEL_FIRST);
    // The submit has not come back for 5 s: the lane says *checking*.
    play.fires(Timer::Enquiry, &["T1/1 unknown Timeout", ASK]);
    play.answer(Enquiry, nothing, &[AGAIN]);
    play.answer(Submit, nothing, &[ASK]);
    play.answer(Enquiry, pending, &["T1/1 waiting", AGAIN]);

    let mut play = Play::paying(CANCEL_FIRST);
    play.answer(Submit, nothing, &["T1/1 unknown Timeout", ASK]);
}

#[test]
fn a_stale_code_leaves_the_tender_armed() {
    let mut play = Play::paying(CANCEL_FIRST);
    let armed = ["T1/1 refused by Submit: Code", STOP, "-> set Code T1 120s"];
    play.answer(Submit, stale_code, &armed);
    play.scan(&[
        "T1/2 intended cancel-first",
        "-> Submit T1/2 30s",
        "-> clear Code T1",
        "-> set Enquiry T1/2 5s",
        "-> set Wait T1/2 75s",
    ]);
}

#[test]
fn a_refusal_of_our_set_up_raises_an_alert() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.answer(
        Submit,
        set_up_wrongly,
        &[
            "T1/1 refused by Submit: Setup",
            "T1/1 alert Setup",
            STOP,
            "-> set Code T1 120s",
        ],
    );
}

#[test]
fn an_order_closed_while_waiting_leaves_the_tender_armed() {
    let mut play = Play::waiting(CANCEL_FIRST);
    play.answer(
        Enquiry,
        closed,
        &[
            "T1/1 kept NoMoney by Enquiry",
            "T1/1 refused by Enquiry: Closed",
            STOP,
            "-> set Code T1 120s",
        ],
    );
}

#[test]
fn money_that_came_and_went_before_the_verdict_leaves_the_tender_armed() {
    let mut play = Play::waiting(CANCEL_FIRST);
    play.answer(
        Enquiry,
        given_back,
        &[
            "T1/1 kept Returned by Enquiry",
            "T1/1 refused by Enquiry: Closed",
            STOP,
            "-> set Code T1 120s",
        ],
    );
}

#[test]
fn no_connection_is_told_at_once() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.answer(
        Submit,
        not_sent,
        &["T1/1 withdrawn", "T1 verdict NotPaid: NoConnection", STOP],
    );
    // Only a submit can be withdrawn.
    let mut play = Play::waiting(CANCEL_FIRST);
    play.answer(Enquiry, not_sent, &[AGAIN]);
}

#[test]
fn an_unsigned_refusal_and_no_order_is_not_paid_with_a_watch() {
    let mut play = Play::paying(CANCEL_FIRST);
    let unknown = ["T1/1 unknown UnsignedRefusal(Code)", ASK];
    play.answer(Submit, unsigned_refusal, &unknown);
    let told = [
        "T1/1 not found",
        "T1 verdict NotPaid: CodeRefused",
        "T1/1 owes Watch",
        STOP,
        "-> set Duty T1/1 10s",
        "-> set Arrival T1/1 962s",
    ];
    play.answer(Enquiry, no_order, &told);

    // The refusal may come after the lane said *checking*.
    let mut play = Play::paying(CANCEL_FIRST);
    play.fired(Timer::Enquiry);
    play.answer(Submit, unsigned_refusal, &unknown);
    play.answer(Enquiry, no_order, &told);
}

#[test]
fn the_reason_of_an_unsigned_refusal_is_told() {
    let watch = [
        "T1/1 owes Watch",
        STOP,
        "-> set Duty T1/1 10s",
        "-> set Arrival T1/1 962s",
    ];
    let mut play = Play::paying(CANCEL_FIRST);
    play.said(Submit, unsigned_risk);
    let mut told = vec!["T1/1 not found", "T1 verdict NotPaid: RiskRefused"];
    told.extend(watch);
    play.answer(Enquiry, no_order, &told);

    let mut play = Play::paying(CANCEL_FIRST);
    play.said(Submit, unsigned_set_up_wrongly);
    let mut told = vec![
        "T1/1 not found",
        "T1/1 alert Setup",
        "T1 verdict NotPaid: SetupRefused",
    ];
    told.extend(watch);
    play.answer(Enquiry, no_order, &told);
}

#[test]
fn an_unsigned_refusal_proves_nothing() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.said(Submit, unsigned_refusal);
    play.answer(Enquiry, pending, &["T1/1 waiting", AGAIN]);
    // The order was seen: that it is gone now is no answer.
    play.answer(Enquiry, no_order, &[AGAIN]);
    play.answer(
        Enquiry,
        money_in,
        &["T1/1 paid by Enquiry", "T1 verdict Paid: Paid", STOP],
    );
}

#[test]
fn another_amount_or_currency_goes_back() {
    for wrong in [too_little_in, other_currency_in] {
        let mut play = Play::waiting(CANCEL_FIRST);
        play.answer(
            Enquiry,
            wrong,
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
}

#[test]
fn money_in_without_an_amount_is_asked_about() {
    let mut play = Play::paying(VERDICT_FIRST);
    let unknown = [
        "T1/1 kept MoneyIn by Submit",
        "T1/1 unknown OtherAmount",
        ASK,
    ];
    play.answer(Submit, money_in_unsaid, &unknown);
    // The order exists: the submit's own refusal is not about it.
    play.answer(Submit, stale_code, &["T1/1 unknown Unlisted", ASK]);
    play.answer(Enquiry, money_in_unsaid, &["-> set Enquiry T1/1 5s"]);
    play.answer(
        Enquiry,
        money_in,
        &["T1/1 paid by Enquiry", "T1 verdict Paid: Paid", STOP],
    );
}

#[test]
fn another_orders_answer_proves_nothing() {
    let mut play = Play::paying(CANCEL_FIRST);
    let unknown = [
        "T1/1 kept MoneyIn by Submit",
        "T1/1 alert OtherOrder",
        "T1/1 unknown OtherOrder",
        ASK,
    ];
    play.answer(Submit, other_order_in, &unknown);
    // A person is called once.
    play.answer(Enquiry, other_order_in, &[AGAIN]);
}

#[test]
fn an_order_that_exists_with_an_end_we_did_not_see_is_asked_about() {
    for says in [already_paid, already_closed] {
        let mut play = Play::paying(CANCEL_FIRST);
        play.answer(Submit, says, &["T1/1 unknown Unlisted", ASK]);
    }
}

#[test]
fn an_answer_that_the_call_cannot_have_is_unknown() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.answer(Submit, no_order, &["T1/1 unknown Unlisted", ASK]);
    for says in [
        stale_code,
        set_up_wrongly,
        already_given_back,
        will_not_reverse,
    ] {
        play.answer(Enquiry, says, &[AGAIN]);
    }
}

#[test]
fn a_submits_own_word_does_not_undo_a_signed_order() {
    // The request arrived twice, or the network repeats it: the order is there.
    let mut play = Play::waiting(CANCEL_FIRST);
    play.answer(Submit, stale_code, &[ASK]);
    play.answer(Submit, not_sent, &[ASK]);
}

#[test]
fn a_forged_notification_changes_nothing() {
    for mut play in [
        Play::paying(CANCEL_FIRST),
        Play::waiting(CANCEL_FIRST),
        Play::closing(CANCEL_FIRST),
        Play::watching(CANCEL_FIRST),
        Play::returning(CANCEL_FIRST),
    ] {
        play.answer(Notification, nothing, &[]);
        play.answer(Notification, unsigned_refusal, &[]);
    }
}

#[test]
fn a_timer_that_nobody_waits_for_does_nothing() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.said(Submit, money_in);
    for timer in [
        Timer::Enquiry,
        Timer::Wait,
        Timer::Restarted,
        Timer::Cancel,
        Timer::LastWord,
        Timer::Duty,
        Timer::Arrival,
    ] {
        play.fires(timer, &[]);
    }
}
