//! What the customer and PayBy's inside do with an order.
//!
//! An order follows one `Plan`, chosen when it is made: the next one a test
//! queued, else the one a magic amount stands for (people choose by the last
//! two digits), else the default: paid at once below the password threshold,
//! after the customer typed the password from there on. PayBy puts the
//! threshold at "usually AED 500" (PayBy acceptance test, case 001).

use serde::{Deserialize, Serialize};

use super::fault::{Fault, Operation};

/// What happens to one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How long the order stays `CREATED`.
    #[serde(default)]
    pub wait: Wait,
    /// What it becomes then.
    pub then: Then,
    /// What PayBy lets the payer off, in fils: `paidAmount` is lower by it.
    #[serde(default)]
    pub discount: u64,
}

/// How long an order stays `CREATED`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// Not at all: the answer to `placeOrder` shows the end.
    #[default]
    None,
    /// While so many `getOrder` calls are answered `CREATED`.
    Polls(u32),
    /// So many milliseconds.
    Millis(u64),
}

/// What an order becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// `PAID_SUCCESS`.
    Paid,
    /// Straight to `SETTLED`, as a quick settlement between two polls looks.
    Settled,
    /// `FAILURE`, with this `failCode`.
    Failed(String),
    /// Nothing: it stays `CREATED` until `expiredTime`.
    Never,
    /// No order at all: `placeOrder` is refused with this code.
    Refused(String),
}

impl Plan {
    /// Paid in the answer to `placeOrder`.
    pub fn paid() -> Self {
        Self::after(Wait::None, Then::Paid)
    }

    /// Paid after so many `getOrder` answers that said `CREATED`.
    pub fn paid_after_polls(polls: u32) -> Self {
        Self::after(Wait::Polls(polls), Then::Paid)
    }

    /// Paid after so many milliseconds.
    pub fn paid_after_millis(millis: u64) -> Self {
        Self::after(Wait::Millis(millis), Then::Paid)
    }

    /// Never confirmed: `CREATED` until `expiredTime`.
    pub fn never() -> Self {
        Self::after(Wait::None, Then::Never)
    }

    /// Refused with a code; no order is made.
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
}

/// The share of a dirham by which people choose: 1 for `x.01`. `x.05` means
/// nothing, because prices with VAT end in it.
fn magic(fils: u64) -> u64 {
    fils % 100
}

/// Returns the plan a magic amount stands for. `millis` shortens waits.
pub(crate) fn by_amount(fils: u64, millis: impl Fn(u64) -> u64) -> Option<Plan> {
    let after = |wait, then| Some(Plan::after(Wait::Millis(millis(wait)), then));
    match magic(fils) {
        1 => Some(Plan::refused("62021")),
        2 => after(6_000, Then::Paid),
        3 | 9 => Some(Plan::never()),
        4 => Some(Plan::refused("601")),
        6 => after(3_000, Then::Settled),
        7 => Some(Plan::paid()),
        8 => after(3_000, Then::Paid),
        11 => after(3_000, Then::Failed("PASSWORD_WRONG".into())),
        _ => None,
    }
}

/// Returns the fault a magic amount stands for at an operation.
pub(crate) fn fault_by_amount(fils: u64, operation: Operation) -> Option<Fault> {
    match (magic(fils), operation) {
        (7, Operation::PlaceOrder) => Some(Fault::NoAnswer { effect: true }),
        (8, Operation::PlaceOrder) => Some(Fault::Code {
            code: "500".into(),
            signed: false,
            effect: true,
        }),
        (9, Operation::CancelOrder) => Some(Fault::PaidBeforeCancel),
        _ => None,
    }
}
