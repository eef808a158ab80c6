//! What the network does to one call.

use super::Chance;
use super::world::Travel;
use crate::domain::{Answer, Operation, OrderNumber, OrderReport, Refusal, RefusalKind, Unknown};

/// A slow answer to a cancel, in milliseconds.
const SLOW: u64 = 3_200;

/// The fate of one call; times in milliseconds.
#[derive(Default)]
pub(super) struct Fate {
    /// Connecting fails: no byte leaves.
    pub(super) not_sent: bool,
    /// When the request lands; more than once if it is repeated on the way.
    pub(super) lands: Vec<u64>,
    /// Which landing's answer comes back.
    pub(super) answering: usize,
    /// Its way back.
    pub(super) travel: Travel,
}

#[derive(Clone, Copy)]
pub(super) enum Forged {
    Refusal,
    Unsigned,
    OtherOrder,
    NoAmount,
}

pub(super) fn fate(operation: Operation, calm: bool, chance: &mut Chance) -> Fate {
    let quick = |chance: &mut Chance| chance.between(20, 400);
    let mut fate = Fate {
        lands: vec![quick(chance)],
        travel: Travel {
            back: Some(quick(chance)),
            ..Travel::default()
        },
        ..Fate::default()
    };
    if calm {
        return fate;
    }
    // A slow gateway: longer than the pause between cancels.
    if operation == Operation::Cancel && chance.one_in(4) {
        fate.travel.back = Some(SLOW);
        return fate;
    }
    match chance.between(0, 19) {
        0 => fate.not_sent = true,
        1..=2 => fate.lands.clear(),
        3..=4 => {
            // A submit may lie somewhere for longer than any wait.
            let most = if operation == Operation::Submit {
                1_200_000
            } else {
                60_000
            };
            fate.lands = vec![chance.between(1_000, most)];
        }
        5 => fate.lands.push(chance.between(20, 30_000)),
        6..=8 => fate.travel.back = None,
        9 => fate.travel.back = Some(chance.between(400, 40_000)),
        10 => fate.travel.forged = Some(Forged::Refusal),
        11 => fate.travel.forged = Some(Forged::Unsigned),
        12 => fate.travel.forged = Some(Forged::OtherOrder),
        13 => fate.travel.forged = Some(Forged::NoAmount),
        14 => fate.travel.twice = true,
        15 => {
            fate.lands.push(chance.between(20, 30_000));
            fate.answering = 1;
        }
        16 => {
            fate.travel.replayed = true;
            fate.travel.back = Some(chance.between(400, 25_000));
        }
        _ => {}
    }
    fate
}

/// The signed answer to the same question about another order: it names none.
pub(super) fn replayed(operation: Operation) -> Answer {
    let trace = None;
    match operation {
        Operation::Submit => {
            let (kind, code) = (RefusalKind::Code, "R1".to_owned());
            let refusal = Refusal { kind, code };
            Answer::Refused { refusal, trace }
        }
        _ => Answer::NoSuchOrder { trace },
    }
}

pub(super) fn forge(answer: Answer, forged: Option<Forged>) -> Answer {
    match (forged, answer) {
        (Some(Forged::Refusal), _) => Answer::Unknown(Unknown::UnsignedRefusal(RefusalKind::Code)),
        (Some(Forged::Unsigned), _) => Answer::Unknown(Unknown::Unsigned),
        (Some(Forged::OtherOrder), Answer::Report(report)) => Answer::Report(OrderReport {
            order: OrderNumber::new("someone-elses").unwrap(),
            ..report
        }),
        (Some(Forged::NoAmount), Answer::Report(report)) => Answer::Report(OrderReport {
            amount: None,
            ..report
        }),
        (_, answer) => answer,
    }
}
