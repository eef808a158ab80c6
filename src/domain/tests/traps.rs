//! Two ways in which a first sketch of this core charged twice.

use super::play::{CANCEL_FIRST, Play, VERDICT_FIRST};
use super::says::{closed, money_in, money_in_unsaid, no_order, nothing};
use crate::domain::{Event, Operation, Operation::*, Stage, Timer, Verdict};

fn owes(play: &Play) -> bool {
    let tender = &play.state.tenders[&play.tender()];
    tender.attempts[0].obligation().is_some()
}

/// (a) An approval is about the order as it stands: money in. Whichever call it
/// answers, it approves no reversal.
#[test]
fn an_approval_of_the_submit_is_no_approval_of_the_reversal() {
    for gateway in [CANCEL_FIRST, VERDICT_FIRST] {
        for operation in [Submit, Enquiry, Revoke, Cancel, Notification] {
            let mut play = Play::returning(gateway);
            play.said(operation, money_in_unsaid);
            play.said(operation, money_in);
            play.said(operation, money_in);
            assert!(owes(&play), "{operation:?} at {gateway} closed the duty");
            play.said(Enquiry, closed);
            assert!(!owes(&play));
        }
    }
}

/// (b) "No such order" is *not yet*: never a refusal, whatever asked, however often.
#[test]
fn no_such_order_is_not_declined() {
    let live = |operation: Operation, gateway| {
        let mut play = Play::paying(gateway);
        play.fired(Timer::Enquiry);
        for _ in 0..20 {
            play.said(operation, no_order);
        }
        let tender = &play.state.tenders[&play.tender()];
        assert_eq!(tender.attempts[0].stage, Stage::Unknown, "{operation:?}");
        assert_eq!(tender.verdict, None);
        play.scan(&["denied: paying"]);
    };
    for gateway in [CANCEL_FIRST, VERDICT_FIRST] {
        for operation in [Submit, Enquiry, Notification] {
            live(operation, gateway);
        }
        // After the wait it is *not paid*, and the delayed submit is watched for.
        let mut play = Play::paying(gateway);
        play.go(Event::Cancel(play.tender()));
        play.said(Enquiry, no_order);
        play.said(Cancel, no_order);
        let tender = &play.state.tenders[&play.tender()];
        assert_eq!(tender.final_verdict(), Some(Verdict::NotPaid));
        assert!(owes(&play));
        // The delayed submit lands: it is returned, and a second payment is safe.
        play.later(14 * 60);
        play.said(Enquiry, no_order);
        play.said(Submit, nothing);
        assert!(owes(&play), "no order was proof before the window");
        play.said(Enquiry, money_in);
        play.fired(Timer::Duty);
        assert!(owes(&play));
    }
}
