//! What the network does to one call, and what it does to its answer.

use super::chance::Chance;

/// What can go wrong with one call. Every one of them is counted in a run's coverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WireFault {
    /// Connecting fails: no byte leaves.
    NotSent,
    /// The request is lost.
    RequestLost,
    /// The request lands, and its answer is lost.
    AnswerLost,
    /// The request lies somewhere and lands after later calls.
    RequestDelayed,
    /// The answer comes late.
    AnswerDelayed,
    /// The request lands twice; the first landing's answer comes back.
    RequestDoubled,
    /// The request lands twice; the second landing's answer comes back.
    SecondAnswered,
    /// The answer is handed over twice.
    AnswerDoubled,
    /// The answer has no valid signature.
    Unsigned,
    /// An unsigned refusal stands in for the answer.
    ForgedRefusal,
    /// The answer is another order's, signed.
    OtherOrder,
    /// The answer does not carry the amount.
    NoAmount,
    /// HTTP 500, and the gateway did it.
    FaultWithEffect,
    /// HTTP 500, and the gateway did nothing.
    FaultWithoutEffect,
    /// A success that did nothing and proves nothing.
    SuccessWithoutEffect,
    /// The gateway wants to be called less often.
    RateLimit,
    /// A signed "no such order" that was another question's.
    Contradiction,
}

impl WireFault {
    pub(crate) const ALL: [Self; 17] = [
        Self::NotSent,
        Self::RequestLost,
        Self::AnswerLost,
        Self::RequestDelayed,
        Self::AnswerDelayed,
        Self::RequestDoubled,
        Self::SecondAnswered,
        Self::AnswerDoubled,
        Self::Unsigned,
        Self::ForgedRefusal,
        Self::OtherOrder,
        Self::NoAmount,
        Self::FaultWithEffect,
        Self::FaultWithoutEffect,
        Self::SuccessWithoutEffect,
        Self::RateLimit,
        Self::Contradiction,
    ];
}

/// The fate of one call; times in milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct Fate {
    pub(crate) fault: Option<WireFault>,
    /// When the request lands; more than once if it is repeated on the way.
    pub(crate) lands: Vec<u64>,
    /// Which landing's answer comes back.
    pub(crate) answering: usize,
    /// How long the answer is on its way; none: it is lost.
    pub(crate) back: Option<u64>,
}

/// A request lies nowhere longer than this, in milliseconds.
pub(crate) const LIES_MAX: u64 = 1_200_000;

impl Fate {
    /// Nothing goes wrong.
    pub(crate) fn fair(to: u64, back: u64) -> Self {
        Self {
            fault: None,
            lands: vec![to],
            answering: 0,
            back: Some(back),
        }
    }

    /// Something does.
    pub(crate) fn with(mut self, fault: WireFault, is_submit: bool, chance: &mut Chance) -> Self {
        self.fault = Some(fault);
        match fault {
            WireFault::RequestLost | WireFault::NotSent => self.lands.clear(),
            WireFault::AnswerLost => self.back = None,
            WireFault::RequestDelayed => {
                let most = if is_submit { LIES_MAX } else { 60_000 };
                self.lands = vec![chance.between(1_000, most)];
            }
            WireFault::AnswerDelayed => self.back = Some(chance.between(400, 40_000)),
            WireFault::RequestDoubled => self.lands.push(chance.between(20, 30_000)),
            WireFault::SecondAnswered => {
                self.lands.push(chance.between(20, 30_000));
                self.answering = 1;
            }
            _ => {}
        }
        self
    }
}
