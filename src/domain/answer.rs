//! What came back from a gateway, in words that every gateway shares.
//!
//! A gateway's folder turns each reply, or the lack of one, into exactly one
//! [`Answer`]. There are three classes (money in, no money can follow, unknown);
//! whatever is not proved by a verified signature is [`Answer::Unknown`], and
//! whether a report counts as money in is decided here in the core, after order,
//! amount and currency have been compared with what was asked
//! (see [`OrderReport`]).

use super::{Amount, OrderNumber};
use serde::{Deserialize, Serialize};

/// What was asked of the gateway. An answer names its attempt *and* its
/// operation: the approval of one is never taken for the approval of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Sending an attempt with its code. Never repeated once a byte may have left.
    Submit,
    /// Asking what became of an attempt.
    Enquiry,
    /// Closing an order that is not paid; refused by the gateway if it is.
    Cancel,
    /// Undoing an order whatever its state: closes it, or gives the money back.
    Revoke,
    /// The gateway told us, without being asked.
    Notification,
    /// Asking whether anybody has scanned the code that the store shows.
    Scanned,
}

/// A reply whose signature was verified and which names one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// The order it names. The core compares it with the attempt's.
    pub order: OrderNumber,
    /// The order's amount and currency (not what the payer paid after a
    /// discount), when the reply carries them. Without them a report never
    /// proves that money is in.
    pub amount: Option<Amount>,
    /// What the gateway says of the order.
    pub status: OrderStatus,
    /// The gateway's own number of the order.
    pub gateway_order: Option<String>,
    /// The gateway's locator for its support.
    pub trace: Option<String>,
    /// Text to be drawn as a QR code for the customer to scan, byte for byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<String>,
}

/// What a gateway says of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Made, not paid, may still be paid.
    Pending,
    /// Paid and kept.
    MoneyIn,
    /// Closed without payment; no money can follow. With the gateway's own words, if any.
    NoMoney(Refusal),
    /// It was paid, and the money went or is going back.
    Returned,
}

/// Why a gateway would not take a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which of our sentences the cashier sees.
    pub kind: RefusalKind,
    /// The gateway's code, for the log and for support.
    pub code: String,
}

/// The refusals that need different sentences at the till.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The code is stale, used or unknown: a fresh one may work.
    Code,
    /// The customer's side refused or did not confirm: balance, password, limit.
    Payer,
    /// The gateway's risk control.
    Risk,
    /// Our own side is set up wrongly: somebody must look.
    Setup,
    /// The order was closed: cancelled or expired.
    Closed,
}

/// Why an answer proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Nothing came back in time.
    Timeout,
    /// The connection failed when bytes may already have left.
    Broken,
    /// An HTTP status that is not an application's answer.
    HttpStatus,
    /// The body is too large, not JSON, or has not the documented shape.
    Malformed,
    /// The signature is missing or wrong.
    Unsigned,
    /// The reply says that the order was refused, and why, but does not prove it
    /// (it is not signed, or does not say that no order was made): ask at once.
    UnsignedRefusal(RefusalKind),
    /// The gateway says that it does not know, is busy, or failed inside.
    GatewayFault,
    /// The gateway asks to be called less often.
    RateLimit,
    /// A code or status that no document lists.
    Unlisted,
    /// A verified reply that names another order.
    OtherOrder,
    /// A verified reply with another amount or currency, or with none where one is due.
    OtherAmount,
}

/// Exactly one class for whatever came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A verified report of the order.
    Report(OrderReport),
    /// Verified: the gateway has no such order. *Not yet* is possible:
    /// [`GatewayRules`](super::GatewayRules) say when it becomes proof.
    NoSuchOrder {
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Verified, and documented as final: this submit made no order that can be paid.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Verified refusal of a cancel (or of a repeated submit): the order is paid.
    AlreadyPaid {
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Verified, and no word of the order itself: a cancel was refused since the order is
    /// closed, or a reversal was carried out. An enquiry must confirm it.
    AlreadyClosed {
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Verified refusal of a revoke: the money went back by a refund already.
    AlreadyReturned {
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Verified refusal of a reversal that will not change by repeating it.
    ReversalRejected {
        /// The gateway's code.
        code: String,
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Whether anybody has scanned the code that the store shows. Proves nothing of money.
    Scanned(bool),
    /// Proves nothing.
    Unknown(Unknown),
    /// Provably no byte of the request left: connecting failed.
    NotSent,
}

/// What was asked of the gateway about a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundOperation {
    /// Sending the refund under its number. Repeated only with the same number and content.
    Submit,
    /// Asking what became of it.
    Enquiry,
    /// The gateway told us, without being asked.
    Notification,
}

/// A reply whose signature was verified and which names one refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundReport {
    /// The refund's own number. The core compares it.
    pub number: OrderNumber,
    /// The order it gives money back of, when the reply names it by our number.
    pub original: Option<OrderNumber>,
    /// The refund's amount and currency, when the reply carries them. Without them
    /// a report never proves that the money went back.
    pub amount: Option<Amount>,
    /// What the gateway says of it.
    pub status: RefundStatus,
    /// The gateway's own number of the refund.
    pub gateway_refund: Option<String>,
    /// The gateway's locator for its support.
    pub trace: Option<String>,
}

/// What a gateway says of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Accepted; the money is on its way, or may still fail to go.
    Pending,
    /// The money left the store's account for good.
    Returned,
    /// It failed: the money stays. With the gateway's own words.
    Failed(Refusal),
}

/// Exactly one class for whatever came back about a refund. A type of its own, so
/// that an answer about an order can never be taken for one about a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAnswer {
    /// A verified report of the refund.
    Report(RefundReport),
    /// Verified: the gateway has no refund of this number. *Not yet* is possible.
    NoSuchRefund {
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Verified, and documented as final: this request made no refund.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Verified refusal: the whole order's money went back already, by a reversal.
    AlreadyReturned {
        /// The gateway's locator.
        trace: Option<String>,
    },
    /// Proves nothing.
    Unknown(Unknown),
    /// Provably no byte of the request left: connecting failed.
    NotSent,
}
