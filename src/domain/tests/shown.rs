//! Codes that the store shows: the attempt is made at once, and ends with the order.

use super::play::{CANCEL_FIRST, Play, VERDICT_FIRST, gateway, s, tender};
use super::says::{
    closed, given_back, money_in, no_order, not_scanned, not_sent, nothing, pending, scanned,
    shown, slower_please, stale_code, unsigned_refusal,
};
use crate::domain::{
    Denial, Event, GatewayRules, Mode, NewTender, Operation::*, Stage, Timer, resume, step,
};

const ASK: &str = "-> Enquiry T1/1 10s";
const STOP: [&str; 2] = ["-> stop waiting T1/1", "-> clear Scanned T1/1"];
const CREATED: [&str; 5] = [
    "T1 created L1 S1 37.50 AED",
    "T1/1 intended cancel-first",
    "-> Submit T1/1 30s",
    "-> set Enquiry T1/1 5s",
    "-> set Wait T1/1 180s",
];

fn display(key: &str) -> NewTender {
    NewTender {
        mode: Mode::Display,
        ..tender(key)
    }
}

fn lines<'a>(facts: &[&'a str], effects: &[&'a str]) -> Vec<&'a str> {
    facts.iter().chain(effects).copied().collect()
}

/// The order is submitted; the code to show is not here yet.
fn submitted() -> Play {
    let mut play = Play::at(CANCEL_FIRST);
    play.go(Event::CreateTender(display("k1")));
    play
}

/// The customer looks at the code.
fn showing() -> Play {
    let mut play = submitted();
    play.said(Submit, shown);
    play
}

#[test]
fn the_attempt_is_made_at_once_and_needs_no_code() {
    let mut play = Play::at(CANCEL_FIRST);
    play.on(Event::CreateTender(display("k1")), &CREATED);
    let attempt = play.newest();
    assert_eq!((&attempt.code, &attempt.fingerprint), (&None, &None));
    assert_eq!(attempt.expires, attempt.requested.after(s(180 + 2)));
    assert!(play.state.codes.is_empty());
    play.on(Event::CreateTender(display("k1")), &[]);
    play.scan(&["denied: paying"]);
}

#[test]
fn the_lanes_first_gateway_that_shows_codes_is_taken() {
    let none = |rules: &mut GatewayRules| rules.display = None;
    let mut play = Play::at(CANCEL_FIRST);
    let setup = std::sync::Arc::make_mut(&mut play.state.setup);
    none(setup.gateways.get_mut(&gateway(CANCEL_FIRST)).unwrap());
    let asked = |at: &str| {
        Event::CreateTender(NewTender {
            gateway: Some(gateway(at)),
            ..display("k1")
        })
    };
    let denied = |play: &Play, event: &Event| step(&play.state, event, play.now).err();
    let unsupported = Some(Denial::ModeUnsupported);
    assert_eq!(denied(&play, &asked(CANCEL_FIRST)), unsupported);
    assert_eq!(denied(&play, &asked("other")), Some(Denial::NoGateway));
    assert_eq!(denied(&play, &asked(VERDICT_FIRST)), None);
    play.go(Event::CreateTender(display("k1")));
    assert_eq!(play.newest().gateway, gateway(VERDICT_FIRST));
    let play = Play::ruled(CANCEL_FIRST, none);
    let any = Event::CreateTender(display("k1"));
    assert_eq!(denied(&play, &any), unsupported);
    // And what holds for every tender holds here.
    let play = Play::armed(CANCEL_FIRST);
    let busy = Some(Denial::LaneBusy(play.tender()));
    let second = Event::CreateTender(display("k2"));
    assert_eq!(denied(&play, &second), busy);
}

#[test]
fn the_code_appears_with_the_first_report_that_has_it() {
    let mut play = submitted();
    let appears = [
        "T1/1 waiting",
        "-> set Scanned T1/1 3s",
        "-> set Enquiry T1/1 2s",
    ];
    play.answer(Submit, shown, &appears);
    assert_eq!(play.newest().show(), Some("https://pay.example/1"));
    // A report without it takes it away from nobody.
    play.answer(Enquiry, pending, &["-> set Enquiry T1/1 3s"]);
    play.answer(Enquiry, shown, &["-> set Enquiry T1/1 3s"]);
    assert_eq!(play.newest().show(), Some("https://pay.example/1"));

    let mut play = submitted();
    play.said(Submit, pending);
    let appears = [
        "T1/1 kept Pending by Enquiry",
        "-> set Scanned T1/1 3s",
        "-> set Enquiry T1/1 3s",
    ];
    play.answer(Enquiry, shown, &appears);
    assert_eq!(play.newest().show(), Some("https://pay.example/1"));
}

#[test]
fn whether_somebody_scanned_it_is_asked_until_somebody_did() {
    let mut play = showing();
    let asks = ["-> Scanned T1/1 10s"];
    let again = ["-> set Scanned T1/1 3s"];
    for says in [not_scanned, nothing, money_in, not_sent] {
        play.fires(Timer::Scanned, &asks);
        play.answer(Scanned, says, &again);
    }
    play.answer(Scanned, slower_please, &["-> set Scanned T1/1 6s"]);
    play.answer(Scanned, scanned, &["T1/1 shown code scanned"]);
    play.answer(Scanned, scanned, &[]);
    play.answer(Scanned, not_scanned, &[]);
    play.fires(Timer::Scanned, &[]);
    // It says nothing of money.
    assert_eq!(play.newest().stage, Stage::Waiting);
    // An answer about a scan is none to any other question.
    play.answer(Enquiry, scanned, &["-> set Enquiry T1/1 3s"]);

    // Nothing to scan yet, or no such question.
    submitted().fires(Timer::Scanned, &[]);
    let mut play = Play::ruled(CANCEL_FIRST, |rules| {
        rules.display.as_mut().unwrap().scanned_every = None;
    });
    play.go(Event::CreateTender(display("k1")));
    let appears = ["T1/1 waiting", "-> set Enquiry T1/1 2s"];
    play.answer(Submit, shown, &appears);
    play.fires(Timer::Scanned, &[]);
    play.answer(Scanned, scanned, &[]);
}

#[test]
fn it_is_paid_like_any_other() {
    let mut play = showing();
    let paid = ["T1/1 paid by Enquiry", "T1 verdict Paid: Paid"];
    play.answer(Enquiry, money_in, &lines(&paid, &STOP));
    play.answer(Scanned, scanned, &[]);
    play.fires(Timer::Scanned, &[]);
    play.asked_refund("r1", 1);
}

#[test]
fn its_life_ends_with_the_last_word() {
    let mut play = showing();
    play.later(180);
    let closing = [
        STOP[0],
        STOP[1],
        "-> Enquiry T1/1 3s fresh",
        "-> set LastWord T1/1 13s",
    ];
    play.fires(Timer::Wait, &lines(&["T1/1 closing: WaitOver"], &closing));
    play.answer(Scanned, scanned, &[]);
    play.answer(
        Enquiry,
        pending,
        &[
            "T1/1 intends Cancel",
            "-> Cancel T1/1 10s fresh",
            "-> set Cancel T1/1 3s",
            "-> set LastWord T1/1 10s",
        ],
    );
    let told = [
        "T1/1 kept NoMoney by Cancel",
        "T1/1 refused by Cancel: Closed",
        "T1 verdict NotPaid: WaitOver",
    ];
    play.answer(Cancel, closed, &lines(&told, &STOP));

    // Where a reversal would return money, verdict and duty go first.
    let mut play = Play::at(VERDICT_FIRST);
    play.go(Event::CreateTender(NewTender {
        gateway: Some(gateway(VERDICT_FIRST)),
        ..display("k1")
    }));
    play.said(Submit, shown);
    play.later(180);
    play.fired(Timer::Wait);
    let told = ["T1 verdict NotPaid: WaitOver", "T1/1 owes Return"];
    let duty = [
        STOP[0],
        STOP[1],
        "-> set Duty T1/1 0s",
        "-> set Arrival T1/1 962s",
    ];
    play.answer(Enquiry, nothing, &lines(&told, &duty));
}

#[test]
fn there_is_no_second_code_to_wait_for() {
    for (says, facts) in [
        (
            stale_code as super::says::Says,
            vec![
                "T1/1 refused by Submit: Code",
                "T1 verdict NotPaid: CodeRefused",
            ],
        ),
        (
            closed,
            vec![
                "T1/1 kept NoMoney by Submit",
                "T1/1 refused by Submit: Closed",
                "T1 verdict NotPaid: OrderClosed",
            ],
        ),
        (
            given_back,
            vec![
                "T1/1 kept Returned by Submit",
                "T1/1 refused by Submit: Closed",
                "T1 verdict NotPaid: OrderClosed",
            ],
        ),
        (
            not_sent,
            vec!["T1/1 withdrawn", "T1 verdict NotPaid: NoConnection"],
        ),
    ] {
        submitted().answer(Submit, says, &lines(&facts, &STOP));
    }
    let mut play = submitted();
    play.said(Submit, unsigned_refusal);
    let told = [
        "T1/1 not found",
        "T1 verdict NotPaid: CodeRefused",
        "T1/1 owes Watch",
    ];
    let duty = [
        STOP[0],
        STOP[1],
        "-> set Duty T1/1 10s",
        "-> set Arrival T1/1 962s",
    ];
    play.answer(Enquiry, no_order, &lines(&told, &duty));
}

#[test]
fn a_code_that_is_shown_gets_no_more_time() {
    let play = showing();
    let extend = Event::Extend(play.tender());
    let denial = step(&play.state, &extend, play.now).err();
    assert_eq!(denial, Some(Denial::NotExtendable));
}

#[test]
fn a_submit_without_an_answer_is_asked_about_and_never_repeated() {
    let mut play = submitted();
    play.fires(Timer::Enquiry, &["T1/1 unknown Timeout", ASK]);
    play.answer(Submit, nothing, &[ASK]);
    play.answer(Enquiry, no_order, &["-> set Enquiry T1/1 3s"]);
    let appears = [
        "T1/1 waiting",
        "-> set Scanned T1/1 3s",
        "-> set Enquiry T1/1 3s",
    ];
    play.answer(Enquiry, shown, &appears);
}

#[track_caller]
fn resumes(play: &Play, expected: &[&str]) {
    let effects = resume(&play.state, play.now);
    let lines = effects
        .iter()
        .map(|e| super::render::effect(&play.state, e));
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn a_restart_goes_on_showing_it() {
    let mut play = submitted();
    play.later(20);
    let asks = ["-> set Enquiry T1/1 0s", "-> set Wait T1/1 160s"];
    resumes(&play, &asks);
    let mut play = showing();
    let shows = |wait: &'static str| ["-> set Enquiry T1/1 0s", wait, "-> set Scanned T1/1 3s"];
    play.later(20);
    resumes(&play, &shows("-> set Wait T1/1 160s"));
    play.later(200);
    resumes(&play, &shows("-> set Wait T1/1 0s"));
    // However wrong the wall clock is, it is shown for its life at most.
    play.now.at.0 -= 1_000_000_000;
    resumes(&play, &shows("-> set Wait T1/1 180s"));
    play.said(Scanned, scanned);
    resumes(&play, &shows("-> set Wait T1/1 180s")[..2]);
    // The last word is the same as ever.
    play.fired(Timer::Wait);
    let closing = ["-> Enquiry T1/1 3s fresh", "-> set LastWord T1/1 13s"];
    resumes(&play, &closing);

    // Nothing is reversed before its earliest moment.
    let mut play = Play::at(VERDICT_FIRST);
    play.go(Event::CreateTender(NewTender {
        gateway: Some(gateway(VERDICT_FIRST)),
        ..display("k1")
    }));
    play.later(200);
    let asks = ["-> set Enquiry T1/1 0s", "-> set Wait T1/1 15s"];
    resumes(&play, &asks);

    // The gateway shows codes no more: what was shown ends as any payment does.
    let mut play = showing();
    let setup = std::sync::Arc::make_mut(&mut play.state.setup);
    setup
        .gateways
        .values_mut()
        .for_each(|rules| rules.display = None);
    resumes(&play, &["-> set Restarted T1/1 0s"]);
}

#[test]
fn a_code_may_come_with_a_scanned_payment_too() {
    let mut play = Play::paying(CANCEL_FIRST);
    play.said(Submit, shown);
    assert_eq!(play.newest().show(), Some("https://pay.example/1"));
    let paid = ["T1/1 paid by Enquiry", "T1 verdict Paid: Paid", STOP[0]];
    play.answer(Enquiry, money_in, &paid);
}
