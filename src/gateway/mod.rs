//! The payment providers: one folder each, and provider words stop there.
//!
//! A [`Gateway`] turns an order into a provider's messages and whatever comes
//! back, or does not, into exactly one [`Answer`]. It decides nothing: it sends
//! each request once, keeps no state of any order, and never sends anything that
//! it was not told to. When to call, and what an answer means for a tender, is
//! the core's business, which reads [`GatewayRules`] for it.
//!
//! ```text
//!   prepare_submit ─▶ Prepared ─▶ submit ┐
//!                     enquire, cancel,   ├─▶ http (once) ─▶ verify ─▶ Answer
//!                     revoke             ┘
//! ```

mod address;
mod call;
mod clock;
pub mod codepay;
mod http;
mod keys;
pub mod payby;
mod reading;
mod timing;

pub use address::{Address, AddressError};
pub use keys::{KeyError, PrivateKey, PublicKey, pair_check};
pub use timing::Timing;

use crate::domain::code::PaymentCode;
use crate::domain::{
    Answer, GatewayId, GatewayRules, Order, OrderNumber, RefundAnswer, RefundOrder,
};
use jiff::SignedDuration;
use reqwest::header::HeaderMap;
use std::fmt;
use std::time::Duration;
use zeroize::Zeroizing;

/// The kinds of gateway.
pub enum Gateway {
    /// PayBy, also named Botim Money.
    PayBy(payby::PayBy),
    /// CodePay.
    CodePay(codepay::CodePay),
}

/// What is wrong with one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Its key in the configuration, such as `gateway.payby.base_url`.
    pub key: String,
    /// What is wrong, to be read after the key: `must be between 2 and 6 seconds`.
    pub text: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.text)
    }
}

/// A notification whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The gateway's own number of the notification, when it has one.
    pub id: Option<String>,
    /// What it is about.
    pub about: NotificationAbout,
}

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotificationAbout {
    /// An order, by our number.
    Order(OrderNumber, Answer),
    /// A refund, by our number.
    Refund(OrderNumber, RefundAnswer),
    /// Something that no till has to do with: a charge-back, for one. Its kind.
    Other(String),
}

/// Why a notification is not the gateway's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationError {
    /// The signature is missing or wrong: forged, or our key of the gateway is not its own.
    Unsigned,
    /// Signed, and not of the documented shape.
    Malformed,
}

/// A signed submit, ready to go. It holds the payment code: its bytes are wiped
/// when it is dropped unsent, and it prints nothing.
pub struct Prepared {
    order: OrderNumber,
    /// None when the order cannot be put into the gateway's words at all.
    request: Option<Request>,
}

/// A signed request, to the byte.
struct Request {
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

/// The longest payment code that is known to be shown by any wallet is shorter.
const CODE_MAX: usize = 512;

/// A payment code as text that may be sent: printable ASCII of a bounded length.
fn code_text(code: &PaymentCode) -> Option<&str> {
    let code = code.as_bytes();
    let sound =
        (1..=CODE_MAX).contains(&code.len()) && code.iter().all(|b| (0x20..0x7f).contains(b));
    sound.then(|| std::str::from_utf8(code).ok()).flatten()
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prepared({}, ..)", self.order)
    }
}

impl Gateway {
    /// The gateway, as the configuration names it.
    pub fn id(&self) -> &GatewayId {
        match self {
            Self::PayBy(payby) => payby.id(),
            Self::CodePay(codepay) => codepay.id(),
        }
    }

    /// How it behaves and how it wants to be called.
    pub fn rules(&self) -> &GatewayRules {
        match self {
            Self::PayBy(payby) => payby.rules(),
            Self::CodePay(codepay) => codepay.rules(),
        }
    }

    /// Writes and signs a submit: with the customer's code, or without one for an
    /// order whose code the store shows. Takes about a millisecond of CPU and nothing
    /// else, so that it can run while the journal flushes. The same order and
    /// code give the same bytes.
    pub fn prepare_submit(&self, order: &Order, code: Option<&PaymentCode>) -> Prepared {
        match self {
            Self::PayBy(payby) => payby.prepare_submit(order, code),
            Self::CodePay(codepay) => codepay.prepare_submit(order, code),
        }
    }

    /// Sends an attempt with its code, once. [`Answer::NotSent`] if `prepared` is
    /// another order's or could not be put into the gateway's words.
    pub async fn submit(&self, order: &Order, prepared: Prepared, limit: Duration) -> Answer {
        match self {
            Self::PayBy(payby) => payby.submit(order, prepared, limit).await,
            Self::CodePay(codepay) => codepay.submit(order, prepared, limit).await,
        }
    }

    /// Asks what became of an attempt, once.
    pub async fn enquire(&self, order: &Order, limit: Duration) -> Answer {
        match self {
            Self::PayBy(payby) => payby.enquire(order, limit).await,
            Self::CodePay(codepay) => codepay.enquire(order, limit).await,
        }
    }

    /// Closes an order that is not paid, once.
    pub async fn cancel(&self, order: &Order, limit: Duration) -> Answer {
        match self {
            Self::PayBy(payby) => payby.cancel(order, limit).await,
            Self::CodePay(codepay) => codepay.cancel(order, limit).await,
        }
    }

    /// Undoes an order whatever its state, once.
    pub async fn revoke(&self, order: &Order, limit: Duration) -> Answer {
        match self {
            Self::PayBy(payby) => payby.revoke(order, limit).await,
            Self::CodePay(codepay) => codepay.revoke(order, limit).await,
        }
    }

    /// Asks whether anybody has scanned the code that the store shows, once.
    pub async fn scanned(&self, order: &Order, limit: Duration) -> Answer {
        match self {
            Self::PayBy(payby) => payby.scanned(order, limit).await,
            Self::CodePay(codepay) => codepay.scanned(order, limit).await,
        }
    }

    /// Gives money of a paid order back, once. The same order gives the same request,
    /// but for its time, which is corrected like a reversal's.
    pub async fn refund(&self, order: &RefundOrder, limit: Duration) -> RefundAnswer {
        match self {
            Self::PayBy(payby) => payby.refund(order, limit).await,
            Self::CodePay(codepay) => codepay.refund(order, limit).await,
        }
    }

    /// Asks what became of a refund, once.
    pub async fn enquire_refund(&self, order: &RefundOrder, limit: Duration) -> RefundAnswer {
        match self {
            Self::PayBy(payby) => payby.enquire_refund(order, limit).await,
            Self::CodePay(codepay) => codepay.enquire_refund(order, limit).await,
        }
    }

    /// Verifies and reads a notification: the signature is over the raw bytes.
    ///
    /// # Errors
    /// What is not this gateway's word proves nothing, and is not acknowledged.
    pub fn read_notification(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Notification, NotificationError> {
        match self {
            Self::PayBy(payby) => payby.read_notification(headers, body),
            Self::CodePay(codepay) => codepay.read_notification(headers, body),
        }
    }

    /// What the gateway must be answered when its notification is durable: content
    /// type and body, with HTTP status 200.
    pub fn acknowledgement(&self) -> (&'static str, &'static str) {
        match self {
            Self::PayBy(_) => payby::ACKNOWLEDGEMENT,
            Self::CodePay(_) => codepay::ACKNOWLEDGEMENT,
        }
    }

    /// Whether the configuration wants a connection open while a tender is armed.
    pub fn keeps_warm(&self) -> bool {
        match self {
            Self::PayBy(payby) => payby.keeps_warm(),
            Self::CodePay(codepay) => codepay.keeps_warm(),
        }
    }

    /// Sees to an open connection. Does nothing when one was used in the last 20 s;
    /// never a business call. Takes at most 5 s; whatever happens is not an error.
    pub async fn warm(&self) {
        match self {
            Self::PayBy(payby) => payby.warm().await,
            Self::CodePay(codepay) => codepay.warm().await,
        }
    }

    /// How far the gateway's clock is ahead of ours (negative: behind), by the
    /// unsigned `Date` header of its newest answer. To warn of, never evidence.
    pub fn clock_offset(&self) -> Option<SignedDuration> {
        match self {
            Self::PayBy(payby) => payby.clock_offset(),
            Self::CodePay(codepay) => codepay.clock_offset(),
        }
    }

    /// How far the clocks are apart, in either direction.
    pub fn clock_error(&self) -> Option<Duration> {
        Some(self.clock_offset()?.unsigned_abs())
    }
}
