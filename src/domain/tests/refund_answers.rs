//! What gateways say of a refund, or do not: until its end is known, and after.

use super::play::{CANCEL_FIRST, Play};
use super::says::{
    RefundSays, bank_failed, given_back, no_refund, of_other_order, on_its_way, other_refund,
    refund_not_sent, refund_nothing, refund_refused, refund_set_up_wrongly, refund_slower,
    refunded, refunded_too_much, refunded_unsaid, reversed_already,
};
use crate::domain::{Operation, RefundId, RefundOperation, RefundOperation::*, RefundStage, Timer};

const ASK: &str = "-> refund Enquiry T1-r1 10s";
const STOP: &str = "-> stop refund T1-r1";
const RETURNED: [&str; 2] = ["T1-r1 returned by Enquiry", STOP];

/// 10.00 of 37.50 are to go back; the request has not come back.
fn sent() -> Play {
    let mut play = Play::paid(CANCEL_FIRST);
    play.asked_refund("r1", 10_00);
    play
}

/// Nobody knows whether the request arrived.
fn unknown() -> Play {
    let mut play = sent();
    play.refund_said(Submit, refund_nothing);
    play
}

fn accepted() -> Play {
    let mut play = sent();
    play.refund_said(Submit, on_its_way);
    play
}

fn enquires(play: &mut Play, pause: &str) {
    play.refund_fires(
        Timer::Refund,
        &[
            &format!("T1-r1 intends Enquiry, next in {pause}"),
            ASK,
            &format!("-> set Refund T1-r1 {pause}"),
        ],
    );
}

#[test]
fn it_ends_by_what_the_gateway_shows() {
    for (operation, by) in [
        (Submit, "Submit"),
        (Enquiry, "Enquiry"),
        (Notification, "Notification"),
    ] {
        for mut play in [sent(), unknown(), accepted()] {
            play.refund_answer(
                operation,
                refunded,
                &[&format!("T1-r1 returned by {by}"), STOP],
            );
            // Twice is once, and older news is none.
            for says in [
                refunded,
                on_its_way,
                refund_nothing,
                no_refund,
                refund_refused,
            ] {
                play.refund_answer(operation, says, &[]);
            }
            play.refund_fires(Timer::Refund, &[]);
            play.refund_fires(Timer::RefundArrival, &[]);
        }
    }
}

#[test]
fn what_is_on_its_way_is_asked_about_at_the_gateways_pace_then_slower() {
    let mut play = sent();
    let pending = ["T1-r1 pending", "-> set Refund T1-r1 3s"];
    play.refund_answer(Submit, on_its_way, &pending);
    for pause in [
        "3s", "6s", "12s", "24s", "48s", "96s", "192s", "384s", "768s", "900s", "900s",
    ] {
        enquires(&mut play, pause);
        play.refund_answer(Enquiry, on_its_way, &[]);
    }
    // A notification says that there is news soon.
    let soon = ["-> set Refund T1-r1 3s"];
    play.refund_answer(Notification, on_its_way, &soon);
    play.refund_answer(Enquiry, refunded, &RETURNED);
}

#[test]
fn silence_is_unknown_and_asked_about() {
    let mut play = sent();
    play.refund_answer(Submit, refund_nothing, &["T1-r1 unknown Timeout", ASK]);
    play.refund_answer(Submit, refund_nothing, &[ASK]);
    enquires(&mut play, "3s");
    play.refund_answer(Enquiry, refund_nothing, &[]);
    play.refund_answer(Enquiry, refund_not_sent, &[]);
    play.refund_answer(Notification, refund_nothing, &[]);
    play.refund_answer(Enquiry, on_its_way, &["T1-r1 pending"]);
    play.refund_answer(Submit, refund_nothing, &[ASK]);

    // The request has not come back: it is asked about beside it.
    let mut play = sent();
    enquires(&mut play, "3s");
    play.refund_answer(Enquiry, refund_slower, &["-> set Refund T1-r1 12s"]);
    let slower = ["T1-r1 unknown RateLimit", "-> set Refund T1-r1 12s"];
    play.refund_answer(Submit, refund_slower, &slower);
    play.refund_answer(Enquiry, refunded, &RETURNED);
}

#[test]
fn a_refund_without_an_end_calls_a_person_once() {
    let mut play = unknown();
    for pause in ["3s", "6s", "12s", "24s", "48s"] {
        enquires(&mut play, pause);
    }
    play.refund_fires(
        Timer::Refund,
        &[
            "T1-r1 intends Enquiry, next in 96s",
            "T1-r1 alert RefundOverdue",
            ASK,
            "-> set Refund T1-r1 96s",
        ],
    );
    enquires(&mut play, "192s");
    // What the gateway has may take its time, and is looked at when it is old.
    let mut play = accepted();
    for pause in ["3s", "6s", "12s", "24s", "48s", "96s"] {
        enquires(&mut play, pause);
    }
    play.later(30 * 60 - 1);
    enquires(&mut play, "192s");
    play.later(1);
    play.refund_fires(
        Timer::Refund,
        &[
            "T1-r1 intends Enquiry, next in 384s",
            "T1-r1 alert RefundOverdue",
            ASK,
            "-> set Refund T1-r1 384s",
        ],
    );
}

#[test]
fn a_refusal_is_final_and_frees_the_amount() {
    let failed = [
        "T1-r1 failed by Submit: Closed",
        "T1-r1 alert RefundFailed",
        STOP,
    ];
    for mut play in [sent(), unknown()] {
        play.refund_answer(Submit, refund_refused, &failed);
        play.refund_answer(Submit, refund_refused, &[]);
        assert_eq!(play.state.tenders[&play.tender()].refundable().minor, 37_50);
    }
    sent().refund_answer(
        Submit,
        refund_set_up_wrongly,
        &[
            "T1-r1 alert Setup",
            "T1-r1 failed by Submit: Setup",
            "T1-r1 alert RefundFailed",
            STOP,
        ],
    );
    // It is at the gateway: the refusal of a second copy is not about it.
    let mut play = accepted();
    play.refund_answer(Submit, refund_refused, &[ASK]);
    play.refund_answer(Submit, reversed_already, &[ASK]);
    // Only the request can be refused.
    let mut play = unknown();
    play.refund_answer(Enquiry, refund_refused, &[]);
    play.refund_answer(Enquiry, reversed_already, &[]);
}

#[test]
fn a_refund_that_fails_later_says_so() {
    for (operation, by) in [(Enquiry, "Enquiry"), (Notification, "Notification")] {
        let mut play = accepted();
        play.refund_answer(
            operation,
            bank_failed,
            &[
                &format!("T1-r1 kept Failed by {by}"),
                &format!("T1-r1 failed by {by}: Payer"),
                "T1-r1 alert RefundFailed",
                STOP,
            ],
        );
        // Older news of it is none.
        play.refund_answer(operation, on_its_way, &[]);
        play.refund_answer(operation, bank_failed, &[]);
        play.refund_answer(operation, refunded_unsaid, &[]);
    }
}

#[test]
fn no_byte_left_and_the_same_refund_goes_again() {
    let mut play = sent();
    let number = play.refund().number.clone();
    for (pause, next) in [("10s", 20), ("20s", 40), ("40s", 80)] {
        play.refund_answer(
            Submit,
            refund_not_sent,
            &[
                "T1-r1 not sent",
                "-> clear RefundArrival T1-r1",
                &format!("-> set Refund T1-r1 {pause}"),
            ],
        );
        assert_eq!(play.refund().stage, RefundStage::Unsent);
        play.refund_answer(Submit, refund_not_sent, &[]);
        play.refund_answer(Enquiry, no_refund, &[]);
        play.later(next);
        sends_again(&mut play, Timer::Refund);
        assert_eq!(play.refund().requested, play.now.at);
    }
    play.refund_answer(Submit, refunded, &["T1-r1 returned by Submit", STOP]);
    assert_eq!(play.refund().number, number);
}

#[track_caller]
fn sends_again(play: &mut Play, timer: fn(RefundId) -> Timer) {
    play.refund_fires(
        timer,
        &[
            "T1-r1 intends Submit, next in 5s",
            "-> refund Submit T1-r1 30s",
            "-> set RefundArrival T1-r1 962s",
            "-> set Refund T1-r1 5s",
        ],
    );
}

#[test]
fn only_a_request_can_not_have_left() {
    let mut play = accepted();
    play.refund_answer(Submit, refund_not_sent, &[ASK]);
    assert_eq!(play.refund().stage, RefundStage::Pending);
    let mut play = sent();
    play.refund_answer(Enquiry, refund_not_sent, &[]);
    assert_eq!(play.refund().stage, RefundStage::InFlight);
}

/// The window is over, and one more enquiry about a refund of unknown outcome runs.
fn window_over() -> Play {
    let mut play = unknown();
    play.later(962);
    play.refund_fired(Timer::RefundArrival);
    play.refund_fired(Timer::Refund);
    play
}

#[test]
fn no_such_refund_is_proof_twice_apart_and_after_the_window() {
    let mut play = unknown();
    for operation in [Submit, Enquiry, Notification] {
        let expected: &[&str] = match operation {
            Submit => &["T1-r1 unknown Unlisted", ASK],
            _ => &[],
        };
        play.refund_answer(operation, no_refund, expected);
    }
    let over = ["T1-r1 window over", "-> set Refund T1-r1 0s"];
    play.later(962);
    play.refund_fires(Timer::RefundArrival, &over);
    play.refund_fires(Timer::RefundArrival, &[]);
    // No try has begun since there is one to count.
    play.refund_answer(Enquiry, no_refund, &[]);
    enquires(&mut play, "3s");
    let once = ["T1-r1 not found", "-> set Refund T1-r1 60s"];
    play.refund_answer(Enquiry, no_refund, &once);
    play.refund_answer(Enquiry, no_refund, &[]);
    enquires(&mut play, "6s");
    play.refund_answer(
        Enquiry,
        no_refund,
        &[
            "T1-r1 not found",
            "T1-r1 intends Submit, next in 5s",
            "-> refund Submit T1-r1 30s",
            "-> set RefundArrival T1-r1 962s",
            "-> set Refund T1-r1 5s",
        ],
    );
    // It may have arrived again: another window, another proof.
    assert!(!play.refund().arrival_over);
    assert_eq!((play.refund().not_found, play.refund().tries), (0, 3));
    play.refund_answer(Enquiry, no_refund, &[]);
    play.refund_answer(Submit, refunded, &["T1-r1 returned by Submit", STOP]);
}

#[test]
fn a_refund_that_was_seen_is_never_sent_again() {
    for says in [on_its_way, refunded_unsaid] as [RefundSays; 2] {
        let mut play = unknown();
        play.refund_said(Enquiry, says);
        play.later(962);
        play.refund_fired(Timer::RefundArrival);
        for _ in 0..9 {
            play.refund_fired(Timer::Refund);
            play.refund_answer(Enquiry, no_refund, &[]);
        }
    }
    let mut play = window_over();
    play.refund_said(Enquiry, no_refund);
    play.refund_answer(Enquiry, on_its_way, &["T1-r1 pending"]);
    play.refund_fired(Timer::Refund);
    play.refund_answer(Enquiry, no_refund, &[]);
}

#[test]
fn what_went_back_another_way_is_not_sent_again() {
    let failed = |by: &str| {
        [
            format!("T1-r1 failed by {by}: Closed"),
            "T1-r1 alert RefundFailed".to_owned(),
            STOP.to_owned(),
        ]
    };
    let mut play = sent();
    play.refund_said(Submit, refund_not_sent);
    play.said(Operation::Notification, given_back);
    let expected = failed("Submit");
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    play.refund_fires(Timer::Refund, &expected);

    let mut play = window_over();
    play.refund_said(Enquiry, no_refund);
    play.refund_fired(Timer::Refund);
    play.said(Operation::Notification, given_back);
    let mut expected = vec!["T1-r1 not found".to_owned()];
    expected.extend(failed("Enquiry"));
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    play.refund_answer(Enquiry, no_refund, &expected);
}

#[test]
fn a_reversed_order_is_looked_at_and_calls_a_person() {
    let mut play = sent();
    play.refund_answer(
        Submit,
        reversed_already,
        &[
            "T1-r1 failed by Submit: Closed",
            "T1-r1 alert RefundFailed",
            STOP,
            "-> Enquiry T1/1 10s fresh",
        ],
    );
    let kept = [
        "T1/1 kept Returned by Enquiry",
        "T1/1 alert ReturnedWithoutUs",
    ];
    play.answer(Operation::Enquiry, given_back, &kept);
}

#[test]
fn given_back_without_an_amount_proves_only_that_it_exists() {
    let mut play = sent();
    let kept = "T1-r1 kept Returned by Submit";
    let unknown = [kept, "T1-r1 unknown OtherAmount", ASK];
    play.refund_answer(Submit, refunded_unsaid, &unknown);
    play.refund_answer(Enquiry, refunded_unsaid, &[]);
    play.refund_answer(Enquiry, refunded, &RETURNED);
}

#[test]
fn another_amount_number_or_order_calls_a_person_once() {
    for (says, alert, reason) in [
        (
            refunded_too_much as RefundSays,
            "WrongAmount",
            "OtherAmount",
        ),
        (other_refund, "OtherOrder", "OtherOrder"),
        (of_other_order, "OtherOrder", "OtherOrder"),
    ] {
        let mut play = sent();
        play.refund_answer(
            Submit,
            says,
            &[
                "T1-r1 kept Returned by Submit",
                &format!("T1-r1 alert {alert}"),
                &format!("T1-r1 unknown {reason}"),
                ASK,
            ],
        );
        play.refund_answer(Enquiry, says, &[]);
        play.refund_answer(Enquiry, refunded, &RETURNED);
        // After the end it is a contradiction no more than before.
        play.refund_answer(Notification, says, &[]);
    }
}

#[test]
fn a_failure_after_the_end_is_kept_and_calls_a_person_once() {
    let mut play = sent();
    play.refund_said(Submit, refunded);
    let kept = [
        "T1-r1 kept Failed by Notification",
        "T1-r1 alert RefundContradicted",
    ];
    play.refund_answer(Notification, bank_failed, &kept);
    play.refund_answer(Notification, bank_failed, &[]);
    // Its amount stays given: nothing goes out twice on one word.
    assert_eq!(play.refund().stage, RefundStage::Returned);
    assert_eq!(play.state.tenders[&play.tender()].refundable().minor, 27_50);
}

fn refused() -> Play {
    let mut play = sent();
    play.refund_said(Submit, refund_refused);
    play
}

#[test]
fn a_failed_refund_that_is_there_after_all_counts_again() {
    let alert = "T1-r1 alert RefundContradicted";
    let bank = || {
        let mut play = accepted();
        play.refund_said(Enquiry, bank_failed);
        play
    };
    for mut play in [refused(), bank()] {
        let back = [alert, "T1-r1 returned by Notification", STOP];
        play.refund_answer(Notification, refunded, &back);
        assert_eq!(play.refund().stage, RefundStage::Returned);
        assert_eq!(play.state.tenders[&play.tender()].refundable().minor, 27_50);
    }
    let mut play = refused();
    let pending = [alert, "T1-r1 pending", "-> set Refund T1-r1 3s"];
    play.refund_answer(Enquiry, on_its_way, &pending);
    assert_eq!(play.refund().ended, None);
    enquires(&mut play, "3s");
    play.refund_answer(Enquiry, refunded, &RETURNED);

    // It exists, and does not say how much: an enquiry must.
    let mut play = refused();
    play.refund_answer(
        Notification,
        refunded_unsaid,
        &[
            "T1-r1 intends Enquiry, next in 3s",
            ASK,
            "-> set Refund T1-r1 3s",
        ],
    );
    for says in [refund_nothing, no_refund, refund_refused, refund_not_sent] {
        play.refund_answer(Enquiry, says, &[]);
    }
}

#[test]
fn nothing_is_decided_by_an_unproved_notification() {
    for mut play in [sent(), unknown(), accepted(), refused()] {
        play.refund_answer(Notification, refund_nothing, &[]);
        play.refund_answer(Notification, refund_slower, &[]);
    }
}

#[test]
fn any_order_of_answers_ends_alike() {
    let answers: [(RefundOperation, RefundSays); 4] = [
        (Submit, refund_nothing),
        (Enquiry, on_its_way),
        (Notification, refunded),
        (Enquiry, no_refund),
    ];
    // Every order of four, by Lehmer's digits.
    for code in 0..24 {
        let mut left = answers.to_vec();
        let mut play = sent();
        for (digit, size) in [(code / 6, 4), (code / 2 % 3, 3), (code % 2, 2), (0, 1)] {
            assert_eq!(left.len(), size);
            let (operation, says) = left.remove(digit);
            play.refund_said(operation, says);
        }
        assert_eq!(play.refund().stage, RefundStage::Returned);
    }
}
