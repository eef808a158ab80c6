//! What is owed after *not paid*, what ends it, and what a person is called for.

use serde::{Deserialize, Serialize};

/// A duty that outlives the attempt, the sale and the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "duty")]
pub enum Duty {
    /// Give back any money of the attempt.
    Return,
    /// The gateway has not seen the order: ask until a lost request can no
    /// longer arrive, and return the money if it did.
    Watch,
}

/// What proved that a duty is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Discharge {
    /// The order is closed and was never paid.
    NoMoney,
    /// The money went back.
    Returned,
    /// The request can no longer arrive, and did not.
    NeverArrived,
    /// A named person took it over.
    Manager {
        /// Who.
        name: String,
        /// Why.
        reason: String,
        /// Where the proof is.
        reference: String,
    },
}

/// Something a person should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alert {
    /// Evidence of a payment after the cashier was told *not paid*.
    PaidAfterNotPaid,
    /// Evidence that a paid order's money went back without our refund.
    ReturnedWithoutUs,
    /// Evidence with another amount or currency.
    WrongAmount,
    /// An answer that names another order.
    OtherOrder,
    /// The gateway would not cancel an order; a duty to revoke it took over.
    CancelFailed,
    /// A duty is not done after the documented tries.
    DutyOverdue,
    /// The gateway refuses this store's requests.
    Setup,
    /// The gateway refused a reversal for good.
    ReversalRejected,
    /// The gateway says that an order is paid and does not show it: the cashier
    /// cannot be told, and nothing may be reversed.
    Unresolved,
    /// The gateway says that an order's money went back already, and the order
    /// does not show it: only a person can find out.
    ReturnClaimed,
    /// A refund failed: its money was not given back.
    RefundFailed,
    /// A refund has no end after the documented tries.
    RefundOverdue,
    /// Verified evidence that contradicts how a refund ended: money may have gone
    /// back twice, or not at all.
    RefundContradicted,
}
