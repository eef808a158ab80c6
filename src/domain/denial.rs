//! Our rules say no. (A gateway *refuses*; we *deny*.)

use super::{Amount, LaneId, TenderId, Verdict};
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
        }
    }
}

impl std::error::Error for Denial {}
