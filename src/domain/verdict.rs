//! What the cashier is told, and why.

use super::RefusalKind;
use serde::{Deserialize, Serialize};

/// How the customer's and the store's side meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The customer shows a code, the store scans it.
    Scan,
    /// The store shows a code, the customer scans it.
    Display,
}

/// What the cashier was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Money is in.
    Paid,
    /// The sale is not paid: proved, or with a duty to return any money.
    NotPaid,
    /// Nobody can tell yet; becomes one of the others.
    Unresolved,
}

/// Why a verdict was given, or why the tender waits for another code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The gateway proved the payment.
    Paid,
    /// The cashier cancelled.
    Cancelled,
    /// No code was scanned in time.
    NoCode,
    /// The customer did not confirm in time.
    WaitOver,
    /// The gateway refused the code; a fresh one may work.
    CodeRefused,
    /// The customer's side refused.
    PayerRefused,
    /// The gateway's risk control refused.
    RiskRefused,
    /// The gateway refuses this store's requests.
    SetupRefused,
    /// The order was closed at the gateway.
    OrderClosed,
    /// Connecting to the gateway failed before any byte left.
    NoConnection,
    /// The service was restarted while the payment went on.
    Restarted,
    /// The gateway says paid and will not say the amount, or does not answer.
    NoAnswer,
    /// Money came in for another amount or currency; it is being returned.
    WrongAmount,
    /// A named person set the payment aside.
    Parked,
}

impl From<RefusalKind> for Reason {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::Code => Self::CodeRefused,
            RefusalKind::Payer => Self::PayerRefused,
            RefusalKind::Risk => Self::RiskRefused,
            RefusalKind::Setup => Self::SetupRefused,
            RefusalKind::Closed => Self::OrderClosed,
        }
    }
}
