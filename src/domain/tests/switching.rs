//! From a reversal to a refund (transition 15), as each gateway declares.

use super::play::{CANCEL_FIRST, Play, VERDICT_FIRST, s};
use super::says::{
    already_given_back, closed, given_back, money_in, no_refund, nothing, on_its_way,
    other_currency_in, pending, refund_not_sent, refund_nothing, refund_refused, refunded,
    reversed_already, will_not_reverse,
};
use crate::domain::{Event, Operation, Operation::*, RefundOperation, Stage, Timer, Wallet};

const ASK: &str = "-> Enquiry T1/1 10s fresh";
const KEPT: &str = "T1/1 kept MoneyIn by Enquiry";
const GIVES_BACK: [&str; 4] = [
    "T1-r1 intended of /1 37.50 AED by duty",
    "-> refund Submit T1-r1 30s",
    "-> set RefundArrival T1-r1 962s",
    "-> set Refund T1-r1 5s",
];
const DONE: [&str; 4] = [
    "T1-r1 returned by Submit",
    "T1/1 owes nothing: Returned",
    "-> stop refund T1-r1",
    "-> stop duty T1/1",
];

fn with(first: &[&'static str], then: &[&'static str]) -> Vec<&'static str> {
    // Facts go before effects.
    let all = || first.iter().chain(then).copied();
    let is_effect = |line: &&str| line.starts_with("->");
    let facts = all().filter(|line| !is_effect(line));
    facts.chain(all().filter(is_effect)).collect()
}

/// The order is known to be paid; the reversal of it has not been answered.
fn charged(gateway: &'static str) -> Play {
    let mut play = Play::returning(gateway);
    play.said(Enquiry, money_in);
    play
}

/// A refund is on its way instead.
fn switched() -> Play {
    let mut play = charged(VERDICT_FIRST);
    play.said(Revoke, will_not_reverse);
    play
}

#[test]
fn a_rejected_reversal_of_a_charge_is_refunded_at_once() {
    for gateway in [CANCEL_FIRST, VERDICT_FIRST] {
        let mut play = charged(gateway);
        let switches = with(&["T1/1 reversal rejected"], &GIVES_BACK);
        let switches = with(&switches, &[ASK]);
        play.answer(Revoke, will_not_reverse, &switches);
        assert!(play.refund().is_of_duty());
        // Once: the refund is on its way.
        play.answer(Revoke, will_not_reverse, &[ASK]);
        play.answer(Enquiry, money_in, &[]);
        play.refund_answer(RefundOperation::Submit, refunded, &DONE);
        assert_eq!(play.newest().stage, Stage::Reversed);
    }
}

#[test]
fn a_rejected_reversal_waits_for_what_the_order_shows() {
    let rejected = ["T1/1 reversal rejected", ASK];
    let mut play = Play::returning(VERDICT_FIRST);
    play.answer(Revoke, will_not_reverse, &rejected);
    tries(&mut play, "Enquiry", "20s");
    play.answer(Enquiry, pending, &[]);
    tries(&mut play, "Enquiry", "40s");
    play.answer(Enquiry, money_in, &with(&[KEPT], &GIVES_BACK));
    // It was never paid, and closes.
    let mut play = Play::returning(VERDICT_FIRST);
    play.answer(Revoke, will_not_reverse, &rejected);
    play.answer(
        Enquiry,
        closed,
        &["T1/1 owes nothing: NoMoney", "-> stop duty T1/1"],
    );
    assert!(play.state.tenders[&play.tender()].refunds.is_empty());
}

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
fn after_the_window_a_charge_is_refunded() {
    // 12 hours since the request, at this gateway.
    let mut play = charged(VERDICT_FIRST);
    play.now.at.0 = play.newest().requested.after(s(12 * 60 * 60)).0 - 1;
    play.fires(
        Timer::Duty,
        &[
            "T1/1 intends Revoke, next in 20s",
            "T1/1 alert DutyOverdue",
            "-> Revoke T1/1 10s fresh",
            "-> set Duty T1/1 20s",
        ],
    );
    play.now.at.0 += 1;
    let refunds = with(
        &[
            "T1/1 intends Enquiry, next in 40s",
            ASK,
            "-> set Duty T1/1 40s",
        ],
        &GIVES_BACK,
    );
    play.fires(Timer::Duty, &refunds);
    // The order is looked at beside the refund, and nothing is reversed.
    tries(&mut play, "Enquiry", "80s");
    play.refund_answer(RefundOperation::Submit, refunded, &DONE);
    // Another gateway states no window.
    let mut play = charged(CANCEL_FIRST);
    play.later(400 * 24 * 60 * 60);
    play.fires(
        Timer::Duty,
        &[
            "T1/1 intends Revoke, next in 20s",
            "T1/1 alert DutyOverdue",
            "-> Revoke T1/1 10s fresh",
            "-> set Duty T1/1 20s",
        ],
    );
}

fn of_wallet(wallet: &str) -> Play {
    let mut play = Play::ruled(VERDICT_FIRST, |rules| {
        rules.reversal_not_for = vec![Wallet::new("paypay").unwrap()];
    });
    play.wallet = Some(Wallet::new(wallet).unwrap());
    let mut play = play.then_waiting();
    play.later(60);
    play.fired(Timer::Wait);
    play.fired(Timer::LastWord);
    play
}

#[test]
fn a_wallet_that_cannot_be_reversed_is_refunded_or_closes() {
    tries(&mut of_wallet("alipay"), "Revoke", "10s");
    // Unpaid so far: nothing to do but look.
    let mut play = of_wallet("paypay");
    tries(&mut play, "Enquiry", "10s");
    play.answer(Enquiry, pending, &[]);
    tries(&mut play, "Enquiry", "20s");
    play.answer(
        Enquiry,
        closed,
        &["T1/1 owes nothing: NoMoney", "-> stop duty T1/1"],
    );
    // Paid in the last second.
    let mut play = of_wallet("paypay");
    tries(&mut play, "Enquiry", "10s");
    play.answer(Enquiry, money_in, &with(&[KEPT], &GIVES_BACK));
    play.refund_answer(RefundOperation::Submit, refunded, &DONE);
}

#[test]
fn what_was_charged_is_what_is_given_back() {
    let mut play = Play::ruled(CANCEL_FIRST, |rules| rules.reversal_window = Some(s(0)));
    play = play.then_waiting();
    play.said(Enquiry, other_currency_in);
    play.fires(
        Timer::Duty,
        &[
            "T1/1 intends Enquiry, next in 10s",
            "T1-r1 intended of /1 37.50 USD by duty",
            ASK,
            "-> set Duty T1/1 10s",
            "-> refund Submit T1-r1 30s",
            "-> set RefundArrival T1-r1 962s",
            "-> set Refund T1-r1 5s",
        ],
    );
    play.refund_answer(RefundOperation::Submit, refunded, &DONE);
}

#[test]
fn a_late_arrival_that_cannot_be_reversed_is_refunded() {
    let mut play = Play::ruled(CANCEL_FIRST, |rules| rules.reversal_window = Some(s(0)));
    play = play.then_watching();
    let turned_up = with(
        &[
            KEPT,
            "T1/1 now owes Return",
            "T1/1 intends Enquiry, next in 10s",
            ASK,
            "-> set Duty T1/1 10s",
        ],
        &GIVES_BACK,
    );
    play.answer(Enquiry, money_in, &turned_up);
    play.refund_answer(RefundOperation::Submit, refunded, &DONE);
    // The order reads as before: that is no new charge, whoever says it.
    for operation in [Enquiry, Notification] {
        play.answer(operation, money_in, &[]);
    }
    play.answer(Enquiry, given_back, &["T1/1 kept Returned by Enquiry"]);
}

#[test]
fn a_failed_refund_is_followed_by_another_at_the_dutys_pace() {
    let mut play = switched();
    let failed = [
        "T1-r1 failed by Submit: Closed",
        "T1-r1 alert RefundFailed",
        "-> stop refund T1-r1",
    ];
    play.refund_answer(RefundOperation::Submit, refund_refused, &failed);
    // Not before its time, whatever is said.
    play.answer(Enquiry, money_in, &[]);
    play.answer(Revoke, will_not_reverse, &[ASK]);
    play.fires(
        Timer::Duty,
        &[
            "T1/1 intends Enquiry, next in 20s",
            "T1-r2 intended of /1 37.50 AED by duty",
            ASK,
            "-> set Duty T1/1 20s",
            "-> refund Submit T1-r2 30s",
            "-> set RefundArrival T1-r2 962s",
            "-> set Refund T1-r2 5s",
        ],
    );
    let [first, second] = &play.state.tenders[&play.tender()].refunds[..] else {
        panic!("two refunds");
    };
    assert_ne!(first.number, second.number);
}

#[test]
fn refunds_of_a_duty_are_bounded_and_a_person_is_called() {
    let mut play = Play::ruled(VERDICT_FIRST, |rules| {
        rules.refund.as_mut().unwrap().count_max = 2;
    })
    .then_returning();
    play.said(Enquiry, money_in);
    play.said(Revoke, will_not_reverse);
    play.refund_said(RefundOperation::Submit, refund_refused);
    play.fired(Timer::Duty);
    play.refund_said(RefundOperation::Submit, refund_refused);
    for pause in ["40s", "80s", "160s"] {
        tries(&mut play, "Enquiry", pause);
    }
    let alert = [
        "T1/1 intends Enquiry, next in 320s",
        "T1/1 alert DutyOverdue",
        ASK,
        "-> set Duty T1/1 320s",
    ];
    play.fires(Timer::Duty, &alert);
    assert_eq!(play.state.tenders[&play.tender()].refunds.len(), 2);
}

#[test]
fn a_reversal_that_was_done_after_all_ends_the_duty_and_its_unsent_refund() {
    let back = [
        "T1/1 kept Returned by Enquiry",
        "T1/1 owes nothing: Returned",
        "-> stop duty T1/1",
    ];
    let mut play = switched();
    play.refund_said(RefundOperation::Submit, refund_not_sent);
    play.answer(Enquiry, given_back, &back);
    play.refund_fires(
        Timer::Refund,
        &[
            "T1-r1 failed by Submit: Closed",
            "T1-r1 alert RefundFailed",
            "-> stop refund T1-r1",
        ],
    );
    // One that may have arrived is followed to its end.
    let mut play = switched();
    play.refund_said(RefundOperation::Submit, refund_nothing);
    play.answer(Enquiry, given_back, &back);
    assert!(play.state.tenders[&play.tender()].is_open());
    play.refund_answer(
        RefundOperation::Submit,
        refunded,
        &["T1-r1 returned by Submit", "-> stop refund T1-r1"],
    );
}

#[test]
fn a_person_who_closes_the_duty_stops_the_refund_that_was_not_sent() {
    let mut play = switched();
    play.refund_said(RefundOperation::Submit, refund_nothing);
    play.go(Event::CloseObligation {
        attempt: play.attempt(),
        name: "Amal".to_owned(),
        reason: "given back in cash".to_owned(),
        reference: "receipt 7".to_owned(),
    });
    play.later(962);
    play.refund_fired(Timer::RefundArrival);
    play.refund_fired(Timer::Refund);
    play.refund_said(RefundOperation::Enquiry, no_refund);
    play.refund_fired(Timer::Refund);
    play.refund_answer(
        RefundOperation::Enquiry,
        no_refund,
        &[
            "T1-r1 not found",
            "T1-r1 failed by Enquiry: Closed",
            "T1-r1 alert RefundFailed",
            "-> stop refund T1-r1",
        ],
    );
}

#[test]
fn a_refund_of_a_duty_goes_on_after_its_window_too() {
    let mut play = switched();
    play.refund_answer(
        RefundOperation::Submit,
        on_its_way,
        &["T1-r1 pending", "-> set Refund T1-r1 3s"],
    );
    play.later(7 * 24 * 60 * 60);
    play.refund_answer(
        RefundOperation::Enquiry,
        refunded,
        &[
            "T1-r1 returned by Enquiry",
            "T1/1 owes nothing: Returned",
            "-> stop refund T1-r1",
            "-> stop duty T1/1",
        ],
    );
}

/// "The money went back already": a check, not a loop.
#[test]
fn a_claim_that_the_money_went_back_is_checked_and_then_a_persons() {
    let mut play = charged(CANCEL_FIRST);
    let claimed = ["T1/1 claimed returned", ASK];
    play.answer(Revoke, already_given_back, &claimed);
    // The same try again is no second claim.
    play.answer(Revoke, already_given_back, &[ASK]);
    play.answer(Enquiry, money_in, &[]);
    tries(&mut play, "Revoke", "20s");
    let again = ["T1/1 claimed returned", "T1/1 alert ReturnClaimed", ASK];
    play.answer(Revoke, already_given_back, &again);
    for pause in ["40s", "80s", "160s"] {
        tries(&mut play, "Enquiry", pause);
        play.answer(Enquiry, money_in, &[]);
    }
    assert!(play.state.tenders[&play.tender()].refunds.is_empty());
    play.answer(
        Enquiry,
        given_back,
        &[
            "T1/1 kept Returned by Enquiry",
            "T1/1 owes nothing: Returned",
            "-> stop duty T1/1",
        ],
    );
}

#[test]
fn a_refund_that_is_too_late_for_a_reversal_checks_the_order() {
    let mut play = switched();
    play.refund_answer(
        RefundOperation::Submit,
        reversed_already,
        &[
            "T1-r1 failed by Submit: Closed",
            "T1-r1 alert RefundFailed",
            "T1/1 claimed returned",
            "-> stop refund T1-r1",
            ASK,
        ],
    );
    play.answer(
        Enquiry,
        given_back,
        &[
            "T1/1 kept Returned by Enquiry",
            "T1/1 owes nothing: Returned",
            "-> stop duty T1/1",
        ],
    );
}

#[test]
fn a_new_duty_begins_without_the_claims_of_the_old() {
    let mut play = charged(CANCEL_FIRST);
    play.said(Revoke, already_given_back);
    play.said(Enquiry, given_back);
    play.said(Enquiry, money_in);
    play.fired(Timer::Duty);
    let claimed = ["T1/1 claimed returned", ASK];
    play.answer(Revoke, already_given_back, &claimed);
}

#[test]
fn a_reversal_holds_off_what_has_not_arrived_where_it_is_remembered() {
    let mut play =
        Play::ruled(CANCEL_FIRST, |rules| rules.reversal_closes_unseen = true).then_paying();
    play.said(Submit, super::says::unsigned_refusal);
    play.answer(
        Enquiry,
        super::says::no_order,
        &[
            "T1/1 not found",
            "T1 verdict NotPaid: CodeRefused",
            "T1/1 owes Return",
            "-> stop waiting T1/1",
            "-> set Duty T1/1 0s",
            "-> set Arrival T1/1 962s",
        ],
    );
    tries(&mut play, "Revoke", "10s");
    play.answer(Revoke, nothing, &[ASK]);
}

#[test]
fn nothing_is_reversed_that_a_refund_gave_back() {
    let mut play = switched();
    play.refund_said(RefundOperation::Submit, refunded);
    for operation in [Submit, Enquiry, Cancel, Notification] as [Operation; 4] {
        play.answer(operation, money_in, &[]);
    }
    // Another amount than was given back is another matter.
    play.answer(
        Enquiry,
        |attempt, amount| {
            let more = crate::domain::Amount {
                minor: amount.minor + 1,
                ..amount
            };
            money_in(attempt, more)
        },
        &[
            "T1/1 kept MoneyIn by Enquiry",
            "T1/1 alert PaidAfterNotPaid",
            "T1/1 owes Return",
            "-> set Duty T1/1 15s",
            "-> set Arrival T1/1 962s",
        ],
    );
}
