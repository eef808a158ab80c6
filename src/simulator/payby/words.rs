//! PayBy's words: its operations and its statuses.

use serde::{Deserialize, Serialize};

use crate::simulator::fault::Fault;
use crate::simulator::gateway::{self, Kind};
use crate::simulator::order::{Order, Stand};
use crate::simulator::refund::{Refund, RefundStand};

/// What a call asks for, or what PayBy sends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    /// `/acquire2/placeOrder`.
    PlaceOrder,
    /// `/acquire2/getOrder`.
    GetOrder,
    /// `/acquire2/cancelOrder`.
    CancelOrder,
    /// `/acquire2/revokeOrder`.
    RevokeOrder,
    /// `/acquire2/getOrderPayer`.
    GetOrderPayer,
    /// `/acquire2/getCashierUrlInfo`.
    GetCashierUrlInfo,
    /// `/acquire2/updateExpiredTime`.
    UpdateExpiredTime,
    /// `/acquire2/refund/placeOrder`.
    RefundPlaceOrder,
    /// `/acquire2/refund/getOrder`.
    RefundGetOrder,
    /// `/acquire2Query/queryOrderPage`.
    QueryOrderPage,
    /// `/acquire2Query/queryRefundOrderPage`.
    QueryRefundOrderPage,
    /// `/acquire2/download/getOrderStatement`.
    GetOrderStatement,
    /// `/acquire2/download/getFundStatement`.
    GetFundStatement,
    /// `/member/getBalance`.
    GetBalance,
    /// A notification to `notifyUrl`.
    Notification,
}

impl Operation {
    /// The provider's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::PlaceOrder => "placeOrder",
            Self::GetOrder => "getOrder",
            Self::CancelOrder => "cancelOrder",
            Self::RevokeOrder => "revokeOrder",
            Self::GetOrderPayer => "getOrderPayer",
            Self::GetCashierUrlInfo => "getCashierUrlInfo",
            Self::UpdateExpiredTime => "updateExpiredTime",
            Self::RefundPlaceOrder => "refundPlaceOrder",
            Self::RefundGetOrder => "refundGetOrder",
            Self::QueryOrderPage => "queryOrderPage",
            Self::QueryRefundOrderPage => "queryRefundOrderPage",
            Self::GetOrderStatement => "getOrderStatement",
            Self::GetFundStatement => "getFundStatement",
            Self::GetBalance => "getBalance",
            Self::Notification => "notification",
        }
    }
}

impl gateway::Operation for Operation {
    fn word(self) -> &'static str {
        self.name()
    }

    fn kind(self) -> Kind {
        match self {
            Self::PlaceOrder => Kind::Pay,
            Self::GetOrder => Kind::Enquiry,
            Self::CancelOrder => Kind::Cancel,
            Self::RevokeOrder => Kind::Reversal,
            Self::RefundPlaceOrder => Kind::Refund,
            Self::RefundGetOrder => Kind::RefundEnquiry,
            Self::QueryOrderPage | Self::QueryRefundOrderPage => Kind::List,
            Self::GetOrderStatement | Self::GetFundStatement => Kind::Statement,
            Self::Notification => Kind::Notification,
            Self::GetOrderPayer
            | Self::GetCashierUrlInfo
            | Self::UpdateExpiredTime
            | Self::GetBalance => Kind::Other,
        }
    }

    fn knows(self, fault: &Fault) -> bool {
        !matches!(
            fault,
            Fault::AlteredData
                | Fault::DataObject
                | Fault::OtherTypes
                | Fault::UnknownFields
                | Fault::Status(_)
                | Fault::NoStatus
                | Fault::Invisible { .. }
                | Fault::LateSuccess { .. }
        ) && (*fault != Fault::PaidBeforeCancel || self == Self::CancelOrder)
    }
}

/// The status of a payment order (PayBy "AcquireOrder").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Made, not paid.
    Created,
    /// Paid.
    PaidSuccess,
    /// Paid and credited to the merchant's account.
    Settled,
    /// Cancelled, expired, declined, or given back.
    Failure,
}

impl Status {
    /// Says where an order stands.
    pub(crate) fn of(order: &Order) -> Self {
        match order.stand {
            Stand::Waiting => Self::Created,
            Stand::Paid if order.reversed => Self::Failure,
            Stand::Paid => Self::PaidSuccess,
            Stand::Settled => Self::Settled,
            Stand::Closed => Self::Failure,
        }
    }

    /// The provider's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::PaidSuccess => "PAID_SUCCESS",
            Self::Settled => "SETTLED",
            Self::Failure => "FAILURE",
        }
    }
}

/// The status of a refund (PayBy "RefundOrder").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundStatus {
    /// Accepted.
    Created,
    /// Taken from the merchant's account.
    RefundedSettled,
    /// With the payer.
    Success,
    /// Failed; the merchant keeps the money.
    Failure,
}

impl RefundStatus {
    /// Says where a refund stands.
    pub(crate) fn of(refund: &Refund) -> Self {
        match refund.stand {
            RefundStand::Waiting => Self::Created,
            RefundStand::Taken => Self::RefundedSettled,
            RefundStand::Done => Self::Success,
            RefundStand::Failed => Self::Failure,
        }
    }

    /// The provider's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::RefundedSettled => "REFUNDED_SETTLED",
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
        }
    }
}
