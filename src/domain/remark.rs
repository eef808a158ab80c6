//! What is true and durable of the box as a whole, and of no tender.
//!
//! A remark stands in the journal beside the facts. No state comes of it: it is
//! kept for people, and for what compares the journal with the gateways' own lists.

use super::{GatewayId, OrderNumber, OrderReport, RefundReport, Timestamp};
use serde::{Deserialize, Serialize};

/// One thing that happened to the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "fact")]
pub enum Remark {
    /// A gateway told us, signed, of something that no tender here has to do with:
    /// acknowledged, and kept for reconciliation and for a person to look at.
    NotificationKept {
        /// Who told.
        gateway: GatewayId,
        /// The gateway's own number of the notification, when it has one.
        id: Option<String>,
        /// What it said.
        told: Told,
    },
    /// The journal before this one was lost: until the gateways' lists of the gap are
    /// compared, no payment is taken.
    GapOpened {
        /// From here on nothing is surely known.
        since: Timestamp,
    },
    /// A gateway's list has an order that no tender here has, and that is not closed
    /// without money: what became of it is for a person to find out.
    OrderFound {
        /// Whose list.
        gateway: GatewayId,
        /// Its number.
        number: OrderNumber,
        /// What the list says of it, when that can be told.
        report: Option<OrderReport>,
    },
    /// Every list was compared to its end.
    GapCompared {
        /// Who answers for it.
        name: String,
        /// Orders that were compared.
        orders: u64,
        /// Of these, found and not known.
        found: u64,
    },
}

/// What a notification said that belongs to no tender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "about")]
pub enum Told {
    /// Of an order that is not in this journal.
    Order {
        /// Its number.
        number: OrderNumber,
        /// What was said of it, when it could be read.
        report: Option<OrderReport>,
    },
    /// Of a refund that is not in this journal.
    Refund {
        /// Its number.
        number: OrderNumber,
        /// What was said of it, when it could be read.
        report: Option<RefundReport>,
    },
    /// Of something that no till has to do with.
    Other {
        /// The gateway's word for it.
        kind: String,
    },
}
