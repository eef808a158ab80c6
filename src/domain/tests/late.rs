//! Evidence that comes late or contradicts the end (transitions 20 and 21).

use super::play::{CANCEL_FIRST, Play};
use super::says::{
    Says, already_paid, closed, given_back, money_in, money_in_unsaid, no_order, not_sent, nothing,
    other_order_in, pending, stale_code, too_little_in, too_little_pending,
};
use crate::domain::{Operation::*, Timer};

fn ended_refused() -> Play {
    let mut play = Play::paying(CANCEL_FIRST);
    play.said(Submit, stale_code);
    play
}

fn ended_withdrawn() -> Play {
    let mut play = Play::paying(CANCEL_FIRST);
    play.said(Submit, not_sent);
    play
}

fn ended_closed() -> Play {
    let mut play = Play::closing(CANCEL_FIRST);
    play.said(Enquiry, pending);
    play.said(Cancel, closed);
    play
}

fn ended_never_arrived() -> Play {
    let mut play = Play::window_over(CANCEL_FIRST);
    play.said(Enquiry, no_order);
    play.fired(Timer::Duty);
    play.said(Enquiry, no_order);
    play
}

#[test]
fn paid_after_the_end_goes_back_and_calls_a_person() {
    for (mut play, ended) in [
        (ended_refused(), "refused"),
        (ended_withdrawn(), "withdrawn"),
        (ended_closed(), "closed"),
        (ended_never_arrived(), "never arrived"),
    ] {
        println!("{ended}");
        for says in [nothing, no_order, already_paid, closed] {
            play.answer(Enquiry, says, &[]);
        }
        let mut owes = vec![
            "T1/1 kept MoneyIn by Enquiry",
            "T1/1 alert PaidAfterNotPaid",
            "T1/1 owes Return",
            "-> set Duty T1/1 0s",
        ];
        // A window that is over is over.
        owes.extend((ended != "never arrived").then_some("-> set Arrival T1/1 962s"));
        play.answer(Enquiry, money_in, &owes);
        play.answer(Enquiry, money_in, &[]);
        play.fires(
            Timer::Duty,
            &[
                "T1/1 intends Revoke, next in 10s",
                "-> Revoke T1/1 10s fresh",
                "-> set Duty T1/1 10s",
            ],
        );
        play.answer(
            Revoke,
            given_back,
            &[
                "T1/1 kept Returned by Revoke",
                "T1/1 owes nothing: Returned",
                "-> stop duty T1/1",
            ],
        );
    }
}

#[test]
fn the_verdict_of_the_tender_is_another_attempts() {
    let mut play = ended_refused();
    let first = play.attempt();
    play.scans();
    play.said(Submit, money_in);
    let late = play.answer_event(&first, Notification, too_little_in);
    play.on(
        late,
        &[
            "T1/1 kept MoneyIn by Notification",
            "T1/1 alert PaidAfterNotPaid",
            "T1/1 owes Return",
            "-> set Duty T1/1 0s",
            "-> set Arrival T1/1 962s",
        ],
    );
    let tender = &play.state.tenders[&play.tender()];
    assert_eq!(
        tender.final_verdict(),
        Some(crate::domain::Verdict::Paid),
        "the second attempt is kept"
    );
}

#[test]
fn an_order_that_turns_up_after_the_end_is_undone_before_it_is_paid() {
    let owes = [
        "T1/1 kept Pending by Enquiry",
        "T1/1 owes Return",
        "-> set Duty T1/1 0s",
        "-> set Arrival T1/1 962s",
    ];
    ended_refused().answer(Enquiry, pending, &owes);
    ended_withdrawn().answer(Enquiry, pending, &owes);
    ended_never_arrived().answer(Enquiry, pending, &owes[..3]);
    // Paid, and it does not say how much: all of it goes back.
    ended_refused().answer(
        Submit,
        money_in_unsaid,
        &[
            "T1/1 kept MoneyIn by Submit",
            "T1/1 owes Return",
            "-> set Duty T1/1 0s",
            "-> set Arrival T1/1 962s",
        ],
    );
    // Older news of an order whose end is proved, also if nothing else was ever seen of it.
    let mut play = Play::paying(CANCEL_FIRST);
    play.fired(Timer::Enquiry);
    play.said(Enquiry, closed);
    play.answer(Submit, pending, &[]);
    ended_closed().answer(Submit, pending, &[]);
    ended_closed().answer(Enquiry, money_in_unsaid, &["-> Enquiry T1/1 10s"]);
    ended_closed().answer(Enquiry, too_little_pending, &["T1/1 alert WrongAmount"]);
}

#[test]
fn older_news_of_money_that_went_back_is_no_new_charge() {
    let mut play = Play::returning(CANCEL_FIRST);
    play.said(Revoke, given_back);
    play.answer(Submit, pending, &[]);
    play.answer(Notification, money_in, &["-> Enquiry T1/1 10s"]);
    play.answer(Notification, money_in_unsaid, &[]);
    play.answer(Enquiry, given_back, &[]);
    // But an enquiry is fresh.
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
fn money_gone_after_paid_calls_a_person_once() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.said(Submit, money_in);
    play.answer(
        Notification,
        given_back,
        &[
            "T1/1 kept Returned by Notification",
            "T1/1 alert ReturnedWithoutUs",
        ],
    );
    play.answer(Notification, given_back, &[]);
    play.answer(Notification, money_in, &[]);
    play.answer(Notification, given_back, &[]);
}

#[test]
fn contradictions_after_paid_never_change_the_verdict() {
    for (says, status, alert) in [
        (closed as Says, "NoMoney", "T1/1 alert ReturnedWithoutUs"),
        (too_little_in, "MoneyIn", "T1/1 alert WrongAmount"),
        (other_order_in, "MoneyIn", "T1/1 alert OtherOrder"),
    ] {
        let mut play = Play::paying(CANCEL_FIRST);
        play.said(Submit, money_in);
        let paid = play.newest().clone();
        let kept = format!("T1/1 kept {status} by Enquiry");
        play.answer(Enquiry, says, &[&kept, alert]);
        play.answer(Enquiry, says, &[]);
        // The proof of the payment stays.
        assert_eq!(play.newest().report, paid.report);
    }
    for says in [
        nothing,
        no_order,
        pending,
        stale_code,
        not_sent,
        already_paid,
    ] {
        let mut play = Play::paying(CANCEL_FIRST);
        play.said(Submit, money_in);
        play.answer(Enquiry, says, &[]);
        play.answer(Cancel, says, &[]);
        play.answer(Submit, says, &[]);
    }
}

#[test]
fn a_cancel_that_races_with_the_customer() {
    // The enquiry beside the cancel sees the money first.
    let mut play = Play::closing(CANCEL_FIRST);
    play.said(Enquiry, nothing);
    play.said(Notification, money_in);
    play.answer(Cancel, already_paid, &[]);
    // The cancel wins, and an older answer says pending.
    ended_closed().answer(Enquiry, pending, &[]);
}
