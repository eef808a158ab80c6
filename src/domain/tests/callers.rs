//! What callers ask for, and every denial.

use super::play::{CANCEL_FIRST, Play, VERDICT_FIRST, aed, code, gateway, tender};
use super::says::{already_paid, money_in, not_sent, nothing, stale_code};
use crate::domain::{
    ATTEMPTS_MAX, Amount, BusinessDay, Currency, Denial, Event, LaneId, Mode, NewTender, Operation,
    SaleRef, TenderId, Timer, Verdict, step,
};

const CREATED: [&str; 2] = ["T1 created L1 S1 37.50 AED", "-> set Code T1 120s"];

fn create(new: NewTender) -> Event {
    Event::CreateTender(new)
}

fn on_lane_2(new: NewTender) -> NewTender {
    let lane = LaneId::new("L2").unwrap();
    NewTender { lane, ..new }
}

fn of_sale_2(new: NewTender) -> NewTender {
    let sale = SaleRef::new("S2").unwrap();
    NewTender { sale, ..new }
}

#[track_caller]
fn denied(play: &Play, event: &Event, denial: Denial) {
    assert_eq!(step(&play.state, event, play.now), Err(denial));
}

#[test]
fn one_key_is_one_tender() {
    let mut play = Play::at(CANCEL_FIRST);
    play.on(create(tender("k1")), &CREATED);
    play.on(create(tender("k1")), &[]);
    play.on(create(tomorrow(tender("k1"))), &[]);
    play.scans();
    play.said(Operation::Submit, money_in);
    play.on(create(tender("k1")), &[]);
    for other in [
        NewTender {
            amount: aed(37_51),
            ..tender("k1")
        },
        NewTender {
            part: true,
            ..tender("k1")
        },
        NewTender {
            note: Some("n".to_owned()),
            ..tender("k1")
        },
        NewTender {
            gateway: Some(gateway(CANCEL_FIRST)),
            ..tender("k1")
        },
        NewTender {
            mode: Mode::Display,
            ..tender("k1")
        },
        on_lane_2(tender("k1")),
        of_sale_2(tender("k1")),
    ] {
        denied(&play, &create(other), Denial::KeyReused(play.tender()));
    }
}

#[test]
fn a_request_that_cannot_be_met_is_denied() {
    let play = Play::at(CANCEL_FIRST);
    let usd = Currency::new("USD").unwrap();
    let lane = LaneId::new("L9").unwrap();
    let new = || tender("k1");
    for (request, denial) in [
        (
            NewTender {
                lane: lane.clone(),
                ..new()
            },
            Denial::NoLane(lane),
        ),
        (
            NewTender {
                gateway: Some(gateway("other")),
                ..new()
            },
            Denial::NoGateway,
        ),
        (
            NewTender {
                amount: aed(0),
                ..new()
            },
            Denial::ZeroAmount,
        ),
        (
            NewTender {
                amount: Amount {
                    currency: usd,
                    ..aed(37_50)
                },
                ..new()
            },
            Denial::OtherCurrency,
        ),
        (
            NewTender {
                amount: aed(50_001),
                ..new()
            },
            Denial::OverCeiling(aed(50_000)),
        ),
    ] {
        denied(&play, &create(request), denial);
    }
}

#[test]
fn a_lane_has_one_tender_and_a_sale_one_payment() {
    let mut play = Play::armed(CANCEL_FIRST);
    let first = play.tender();
    let same_lane = create(of_sale_2(tender("k2")));
    denied(&play, &same_lane, Denial::LaneBusy(first.clone()));
    let same_sale = create(on_lane_2(tender("k2")));
    denied(&play, &same_sale, Denial::SaleBusy(first.clone()));
    play.scans();
    denied(&play, &same_sale, Denial::SaleBusy(first.clone()));
    play.said(Operation::Submit, money_in);
    denied(&play, &same_sale, Denial::SalePaid(first.clone()));
    // A split payment says so.
    let part = NewTender {
        part: true,
        ..on_lane_2(tender("k2"))
    };
    play.on(
        create(part),
        &["T2 created L2 S1 37.50 AED", "-> set Code T2 120s"],
    );
    play.on(
        Event::Cancel(play.tender()),
        &["T2 verdict NotPaid: Cancelled", "-> clear Code T2"],
    );
    // Ticket numbers come round again: tomorrow it is another sale.
    play.later(60 * 60);
    play.on(
        create(tomorrow(tender("k3"))),
        &["T3 created L1 S1 37.50 AED", "-> set Code T3 120s"],
    );
}

fn tomorrow(new: NewTender) -> NewTender {
    let day = BusinessDay::new("2026-03-02").unwrap();
    NewTender { day, ..new }
}

#[test]
fn a_ticket_is_the_same_over_midnight() {
    let mut play = Play::paying(CANCEL_FIRST);
    let first = play.tender();
    let again = create(tomorrow(on_lane_2(tender("k2"))));
    denied(&play, &again, Denial::SaleBusy(first.clone()));
    play.said(Operation::Submit, money_in);
    denied(&play, &again, Denial::SalePaid(first.clone()));
    play.later(59 * 60 + 59);
    denied(&play, &again, Denial::SalePaid(first.clone()));
    // A clock that was set back makes nothing older.
    play.now.at.0 -= 86_400_000;
    denied(&play, &again, Denial::SalePaid(first));
    play.now.at.0 += 86_400_000;
    play.later(1);
    play.on(
        again,
        &["T2 created L2 S1 37.50 AED", "-> set Code T2 120s"],
    );

    // Nobody knows yet what became of it: it stays busy, however long.
    let mut play = Play::closing(CANCEL_FIRST);
    play.said(Operation::Enquiry, nothing);
    play.said(Operation::Cancel, already_paid);
    play.fired(Timer::LastWord);
    play.later(86_400);
    let again = create(tomorrow(tender("k2")));
    denied(&play, &again, Denial::SaleBusy(play.tender()));
}

#[test]
fn an_unresolved_sale_is_busy_but_its_lane_is_free() {
    let mut play = Play::closing(CANCEL_FIRST);
    play.said(Operation::Enquiry, nothing);
    play.said(Operation::Cancel, already_paid);
    play.fired(Timer::LastWord);
    let first = play.tender();
    let same_sale = create(on_lane_2(tender("k2")));
    denied(&play, &same_sale, Denial::SaleBusy(first.clone()));
    let id = first.clone();
    denied(&play, &Event::Acknowledge(id), Denial::NoVerdict);
    play.cancel(&[]);
    play.on(
        create(of_sale_2(tender("k3"))),
        &["T2 created L1 S2 37.50 AED", "-> set Code T2 120s"],
    );
}

#[test]
fn a_sale_that_is_not_paid_may_pay_again_while_the_first_money_goes_back() {
    let mut play = Play::returning(CANCEL_FIRST);
    play.on(
        create(tender("k2")),
        &["T2 created L1 S1 37.50 AED", "-> set Code T2 120s"],
    );
    play.scan(&[
        "T2/1 intended cancel-first",
        "-> Submit T2/1 30s",
        "-> clear Code T2",
        "-> set Enquiry T2/1 5s",
        "-> set Wait T2/1 75s",
    ]);
}

#[test]
fn a_code_is_used_once() {
    let mut play = Play::armed(CANCEL_FIRST);
    let first = play.tender();
    let read = |tender: &TenderId, at: &str, fingerprint: &str| Event::CodeRead {
        tender: tender.clone(),
        code: code(at, fingerprint),
    };
    denied(&play, &read(&first, "other", "x"), Denial::NoGateway);
    play.go(read(&first, CANCEL_FIRST, "x"));
    let again = read(&first, CANCEL_FIRST, "x");
    denied(&play, &again, Denial::CodeInProcess);
    let second_customer = read(&first, CANCEL_FIRST, "y");
    denied(&play, &second_customer, Denial::Paying(first.clone()));
    play.said(Operation::Submit, stale_code);
    denied(&play, &again, Denial::CodeUsed);
    play.later(9 * 60 + 59);
    denied(&play, &again, Denial::CodeUsed);
    play.later(1);
    play.on(
        again,
        &[
            "T1/2 intended cancel-first",
            "-> Submit T1/2 30s",
            "-> clear Code T1",
            "-> set Enquiry T1/2 5s",
            "-> set Wait T1/2 75s",
        ],
    );
    play.said(Operation::Submit, money_in);
    let done = Denial::Done(first.clone(), Verdict::Paid);
    denied(&play, &second_customer, done);
    let unknown = TenderId::new("t0").unwrap();
    denied(&play, &read(&unknown, CANCEL_FIRST, "z"), Denial::NoTender);
}

#[test]
fn a_code_that_never_left_may_be_used_again() {
    let mut play = Play::armed(CANCEL_FIRST);
    let read = |play: &Play| Event::CodeRead {
        tender: play.tender(),
        code: code(CANCEL_FIRST, "x"),
    };
    play.go(read(&play));
    play.said(Operation::Submit, not_sent);
    play.go(create(tender("k2")));
    play.on(
        read(&play),
        &[
            "T2/1 intended cancel-first",
            "-> Submit T2/1 30s",
            "-> clear Code T2",
            "-> set Enquiry T2/1 5s",
            "-> set Wait T2/1 75s",
        ],
    );
    // Once it left it is used, whatever comes of it.
    play.said(Operation::Submit, stale_code);
    denied(&play, &read(&play), Denial::CodeUsed);
}

#[test]
fn a_forced_gateway_takes_no_other_code() {
    let mut play = Play::at(CANCEL_FIRST);
    play.go(create(NewTender {
        gateway: Some(gateway(VERDICT_FIRST)),
        ..tender("k1")
    }));
    play.scan(&["denied: no_gateway"]);
}

#[test]
fn five_attempts_and_no_more() {
    let mut play = Play::armed(CANCEL_FIRST);
    for number in 1..ATTEMPTS_MAX {
        play.scans();
        assert_eq!(play.attempt().number, number);
        play.said(Operation::Submit, stale_code);
    }
    play.scans();
    play.answer(
        Operation::Submit,
        stale_code,
        &[
            "T1/5 refused by Submit: Code",
            "T1 verdict NotPaid: CodeRefused",
            "-> stop waiting T1/5",
        ],
    );
    play.scan(&["denied: done"]);
}

#[test]
fn no_code_in_time_or_a_cancel_ends_an_armed_tender() {
    let mut play = Play::armed(CANCEL_FIRST);
    let code_timer = Event::TimerFired(Timer::Code(play.tender()));
    play.on(
        code_timer.clone(),
        &["T1 verdict NotPaid: NoCode", "-> clear Code T1"],
    );
    play.on(code_timer.clone(), &[]);
    play.cancel(&[]);

    let mut play = Play::armed(CANCEL_FIRST);
    play.cancel(&["T1 verdict NotPaid: Cancelled", "-> clear Code T1"]);
    play.cancel(&[]);

    let mut play = Play::paying(CANCEL_FIRST);
    let code_timer = Event::TimerFired(Timer::Code(play.tender()));
    play.on(code_timer, &[]);
}

#[test]
fn a_cancel_is_a_request() {
    let mut play = Play::waiting(CANCEL_FIRST);
    play.cancel(&[
        "T1 cancel requested",
        "T1/1 closing: Cancelled",
        "-> stop waiting T1/1",
        "-> Enquiry T1/1 3s fresh",
        "-> set LastWord T1/1 13s",
    ]);
    play.cancel(&[]);
    play.fires(Timer::Wait, &[]);
    // The customer was faster.
    play.answer(
        Operation::Enquiry,
        money_in,
        &[
            "T1/1 paid by Enquiry",
            "T1 verdict Paid: Paid",
            "-> stop waiting T1/1",
        ],
    );
    play.cancel(&["denied: done"]);
    let unknown = TenderId::new("t0").unwrap();
    denied(&play, &Event::Cancel(unknown), Denial::NoTender);
}

#[test]
fn more_time_is_given_once_and_only_to_a_customer() {
    let extend = |play: &Play| Event::Extend(play.tender());
    let play = Play::armed(CANCEL_FIRST);
    denied(&play, &extend(&play), Denial::NotExtendable);
    let play = Play::paying(CANCEL_FIRST);
    denied(&play, &extend(&play), Denial::NotExtendable);
    let mut play = Play::waiting(CANCEL_FIRST);
    play.on(
        extend(&play),
        &["T1 wait extended", "-> extend Wait T1/1 30s"],
    );
    denied(&play, &extend(&play), Denial::NotExtendable);
    play.fired(Timer::Wait);
    denied(&play, &extend(&play), Denial::NotExtendable);
    let play = Play::closing(CANCEL_FIRST);
    denied(&play, &extend(&play), Denial::NotExtendable);
}

#[test]
fn a_verdict_is_taken_note_of() {
    let mut play = Play::paying(CANCEL_FIRST);
    let note = Event::Acknowledge(play.tender());
    denied(&play, &note, Denial::NoVerdict);
    play.said(Operation::Submit, money_in);
    play.on(note.clone(), &["T1 acknowledged"]);
    play.on(note, &[]);
}

#[test]
fn one_live_attempt_of_a_sale_across_lanes() {
    // Two tenders of one sale can only be open at once if the first is in parts
    // or the rules change; the code is denied all the same.
    let mut play = Play::waiting(CANCEL_FIRST);
    let first = play.tender();
    let mut second = play.state.tenders[&first].clone();
    second.id = TenderId::new("tzz").unwrap();
    second.lane = LaneId::new("L2").unwrap();
    second.attempts.clear();
    second.day = BusinessDay::new("2026-03-02").unwrap();
    play.state.tenders.insert(second.id.clone(), second.clone());
    let read = Event::CodeRead {
        tender: second.id.clone(),
        code: code(CANCEL_FIRST, "y"),
    };
    denied(&play, &read, Denial::SaleBusy(first.clone()));
    let paid = play.state.tenders.get_mut(&first).unwrap();
    paid.attempts.clear();
    paid.verdict = Some((Verdict::Paid, crate::domain::Reason::Paid, play.now.at));
    denied(&play, &read, Denial::SalePaid(first));
}
