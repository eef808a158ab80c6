//! What the customer and the gateway's inside do with an order or a refund.
//!
//! Each follows one `Plan`, chosen when it is made: the next one a test queued,
//! else the one a magic amount stands for (people choose by the last two
//! digits), else the gateway's default.

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::gateway::Kind;

/// What happens to one order, or to one refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How long it stays open.
    #[serde(default)]
    pub wait: Wait,
    /// What it becomes then.
    pub then: Then,
    /// What the payer is let off, in the currency's smallest unit: the amount
    /// paid is lower by it. Of orders alone.
    #[serde(default)]
    pub discount: u64,
}

/// How long an order stays open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// Not at all: the answer to the call shows the end. An order that the
    /// merchant shows is open in that answer, and ends with the first enquiry.
    #[default]
    None,
    /// While so many enquiries are answered that it is open.
    Polls(u32),
    /// So many milliseconds.
    Millis(u64),
}

/// What an order becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Paid; of a refund: the money is back.
    Paid,
    /// Straight to settled, as a quick settlement between two enquiries looks;
    /// of a refund: taken from the merchant, not yet with the payer.
    Settled,
    /// It ends without money, with this code.
    Failed(String),
    /// Nothing: it stays open until it expires; a refund for ever.
    Never,
    /// It is not made at all: the call is refused with this code.
    Refused(String),
}

impl Plan {
    /// Paid in the answer to the call.
    pub fn paid() -> Self {
        Self::after(Wait::None, Then::Paid)
    }

    /// Paid after so many enquiries that found it open.
    pub fn paid_after_polls(polls: u32) -> Self {
        Self::after(Wait::Polls(polls), Then::Paid)
    }

    /// Paid after so many milliseconds.
    pub fn paid_after_millis(millis: u64) -> Self {
        Self::after(Wait::Millis(millis), Then::Paid)
    }

    /// Never confirmed: open until it expires.
    pub fn never() -> Self {
        Self::after(Wait::None, Then::Never)
    }

    /// Refused with a code; nothing is made.
    pub fn refused(code: &str) -> Self {
        Self::after(Wait::None, Then::Refused(code.to_owned()))
    }

    /// Anything else.
    pub fn after(wait: Wait, then: Then) -> Self {
        Self {
            wait,
            then,
            discount: 0,
        }
    }

    /// Says what is wrong with a plan.
    pub(crate) fn check(&self) -> Result<(), String> {
        match &self.then {
            Then::Refused(code) | Then::Failed(code)
                if code.is_empty() || code.len() > 32 || code == "0" =>
            {
                Err("a plan's code has 1 to 32 characters and is not 0".into())
            }
            _ => Ok(()),
        }
    }
}

/// The codes a provider has for what magic amounts stand for.
pub struct MagicCodes {
    /// A payment code that is no longer good.
    pub(crate) stale: &'static str,
    /// Stopped by risk control.
    pub(crate) risk: &'static str,
    /// A refund that is refused.
    pub(crate) refund: &'static str,
    /// The gateway's own failure, and whether it is signed.
    pub(crate) failure: (&'static str, bool),
}

/// The share of the unit by which people choose: 1 for `x.01`. `x.05` means
/// nothing, because prices with VAT end in it.
fn magic(amount: u64) -> u64 {
    amount % 100
}

/// Returns the plan that a magic amount stands for. `millis` shortens waits.
pub(crate) fn by_amount(
    amount: u64,
    kind: Kind,
    codes: &MagicCodes,
    millis: impl Fn(u64) -> u64,
) -> Option<Plan> {
    let after = |wait, then| Some(Plan::after(Wait::Millis(millis(wait)), then));
    match (magic(amount), kind) {
        (1, Kind::Pay) => Some(Plan::refused(codes.stale)),
        (2, _) => after(6_000, Then::Paid),
        (3, _) => Some(Plan::never()),
        (4, Kind::Refund) => Some(Plan::refused(codes.refund)),
        (4, _) => Some(Plan::refused(codes.risk)),
        (6, _) => after(3_000, Then::Settled),
        (7, Kind::Pay | Kind::Refund) => Some(Plan::paid()),
        (8, _) => after(3_000, Then::Paid),
        (9, Kind::Pay | Kind::Display) => Some(Plan::never()),
        (11, Kind::Refund) => after(3_000, Then::Failed("PAYER_ACCOUNT_CLOSED".into())),
        (11, _) => after(3_000, Then::Failed("PASSWORD_WRONG".into())),
        (12, Kind::Pay) => after(6_000, Then::Paid),
        _ => None,
    }
}

/// Returns the fault that a magic amount stands for at a call.
pub(crate) fn fault_by_amount(
    amount: u64,
    kind: Kind,
    closes: bool,
    codes: &MagicCodes,
) -> Option<Fault> {
    match (magic(amount), kind) {
        (7, Kind::Pay | Kind::Display | Kind::Refund) => Some(Fault::NoAnswer { effect: true }),
        (8, Kind::Pay | Kind::Display | Kind::Refund) => Some(Fault::Code {
            code: codes.failure.0.to_owned(),
            signed: codes.failure.1,
            effect: true,
        }),
        (9, _) if closes => Some(Fault::PaidBeforeCancel),
        (12, Kind::Pay) => Some(Fault::TokenUrl),
        _ => None,
    }
}
