//! Our rules say no. (A gateway *refuses*; we *deny*.)

use super::{Amount, AttemptId, LaneId, RefundId, TenderId, Verdict};
use std::fmt;

/// Why an event was denied. Nothing has changed and nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// No such lane in the configuration.
    NoLane(LaneId),
    /// The lane takes no such gateway.
    NoGateway,
    /// The amount is zero.
    ZeroAmount,
    /// The lane takes another currency.
    OtherCurrency,
    /// The amount is above the lane's ceiling.
    OverCeiling(Amount),
    /// The mode is not supported by the lane's gateways.
    ModeUnsupported,
    /// The key was used for a tender with other content.
    KeyReused(TenderId),
    /// The lane has a tender without a verdict.
    LaneBusy(TenderId),
    /// The sale has a tender without a final verdict, on this lane or another.
    SaleBusy(TenderId),
    /// The sale is paid and the request does not say that it is a part.
    SalePaid(TenderId),
    /// No such tender.
    NoTender,
    /// No tender on the lane waits for a code.
    NotArmed,
    /// A payment of this tender runs already.
    Paying(TenderId),
    /// The tender has its verdict.
    Done(TenderId, Verdict),
    /// This code is being processed.
    CodeInProcess,
    /// This code was used.
    CodeUsed,
    /// The wait can be extended once, and only while a customer is waited for.
    NotExtendable,
    /// There is no verdict to take note of.
    NoVerdict,
    /// There is no open duty.
    NoObligation,
    /// The gateway that took the payment gives no refunds.
    NoRefunds,
    /// The tender is not paid: there is nothing to refund.
    NotPaid(TenderId),
    /// The payment's money went back already, without a refund of ours.
    AlreadyReturned(TenderId),
    /// More than is left of the payment: so much is.
    OverRefundable(Amount),
    /// The key was used for a refund with other content.
    RefundKeyReused(RefundId),
    /// The gateway gives back the whole payment or nothing.
    PartialRefund,
    /// The payment has as many refunds as the gateway allows.
    TooManyRefunds(u32),
    /// The payment is too old for a refund.
    RefundWindowOver,
    /// A text is missing or too long: which, and its characters at most.
    BadText(&'static str, usize),
    /// There is nothing of the attempt that could be set aside, or it is already.
    NotParkable,
    /// The attempt is not parked.
    NotParked,
    /// The attempt is parked: a person must take it up first.
    Parked(AttemptId),
}

impl Denial {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoLane(_) => "no_lane",
            Self::NoGateway => "no_gateway",
            Self::ZeroAmount => "zero_amount",
            Self::OtherCurrency => "other_currency",
            Self::OverCeiling(_) => "over_ceiling",
            Self::ModeUnsupported => "mode_unsupported",
            Self::KeyReused(_) => "key_reused",
            Self::LaneBusy(_) => "lane_busy",
            Self::SaleBusy(_) => "sale_busy",
            Self::SalePaid(_) => "sale_paid",
            Self::NoTender => "no_tender",
            Self::NotArmed => "not_armed",
            Self::Paying(_) => "paying",
            Self::Done(..) => "done",
            Self::CodeInProcess => "code_in_process",
            Self::CodeUsed => "code_used",
            Self::NotExtendable => "not_extendable",
            Self::NoVerdict => "no_verdict",
            Self::NoObligation => "no_obligation",
            Self::NoRefunds => "no_refunds",
            Self::NotPaid(_) => "not_paid",
            Self::AlreadyReturned(_) => "already_returned",
            Self::OverRefundable(_) => "over_refundable",
            Self::RefundKeyReused(_) => "refund_key_reused",
            Self::PartialRefund => "partial_refund",
            Self::TooManyRefunds(_) => "too_many_refunds",
            Self::RefundWindowOver => "refund_window_over",
            Self::BadText(..) => "bad_text",
            Self::NotParkable => "not_parkable",
            Self::NotParked => "not_parked",
            Self::Parked(_) => "parked",
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLane(lane) => write!(f, "there is no lane {lane} in the configuration"),
            Self::NoGateway => f.write_str("the lane does not use that gateway"),
            Self::ZeroAmount => f.write_str("the amount must be more than zero"),
            Self::OtherCurrency => f.write_str("the lane takes another currency"),
            Self::OverCeiling(ceiling) => {
                write!(f, "the amount is above the lane's ceiling of {ceiling}")
            }
            Self::ModeUnsupported => f.write_str("no gateway of the lane supports this mode"),
            Self::KeyReused(tender) => write!(
                f,
                "this idempotency key belongs to tender {tender}, which has other content"
            ),
            Self::LaneBusy(tender) => {
                write!(f, "the lane has tender {tender}; finish or cancel it first")
            }
            Self::SaleBusy(tender) => write!(
                f,
                "tender {tender} of this sale has no final verdict yet; wait for it or cancel it"
            ),
            Self::SalePaid(tender) => write!(
                f,
                "this sale is paid by tender {tender}; say \"part\": true for a split payment"
            ),
            Self::NoTender => f.write_str("there is no such tender"),
            Self::NotArmed => f.write_str("no payment is waiting for a code on this lane"),
            Self::Paying(_) => {
                f.write_str("a payment is running on this lane; the second code was not used")
            }
            Self::Done(_, _) => f.write_str("this tender has its verdict"),
            Self::CodeInProcess => f.write_str("this code is already being processed"),
            Self::CodeUsed => f.write_str("this code was used; ask the customer to refresh it"),
            Self::NotExtendable => f.write_str(
                "the wait can be extended once, and only while the customer is waited for",
            ),
            Self::NoVerdict => f.write_str("there is no verdict to acknowledge yet"),
            Self::NoObligation => f.write_str("there is no open duty"),
            Self::NoRefunds => f.write_str(
                "the gateway that took this payment gives no refunds; give the money back another way",
            ),
            Self::NotPaid(tender) => {
                write!(f, "tender {tender} is not paid; there is nothing to refund")
            }
            Self::AlreadyReturned(tender) => write!(
                f,
                "the money of tender {tender} went back already, without a refund from here"
            ),
            Self::OverRefundable(left) => {
                write!(f, "the refund is more than the {left} that is left of the payment")
            }
            Self::RefundKeyReused(refund) => write!(
                f,
                "this idempotency key belongs to refund {refund}, which has other content"
            ),
            Self::PartialRefund => {
                f.write_str("the gateway gives back the whole payment or nothing")
            }
            Self::TooManyRefunds(max) => {
                write!(f, "this payment has the {max} refunds that are allowed")
            }
            Self::RefundWindowOver => {
                f.write_str("this payment is too old for a refund; give the money back another way")
            }
            Self::BadText(which, max) => write!(
                f,
                "the {which} must be 1 to {max} characters without control characters"
            ),
            Self::NotParkable => f.write_str("there is nothing of this attempt to set aside"),
            Self::NotParked => f.write_str("this attempt is not parked"),
            Self::Parked(attempt) => {
                write!(f, "attempt {attempt} is parked; take it up again first")
            }
        }
    }
}

impl std::error::Error for Denial {}
