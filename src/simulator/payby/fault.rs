//! What goes wrong between an operation and its answer.
//!
//! A fault is queued for an operation and taken by its next valid calls. Each
//! one says whether the operation still has its effect, because that is the
//! whole difficulty of a payment: the client cannot tell.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::order::{Order, Status};

/// The longest time an answer is held back, in milliseconds.
pub(crate) const HOLD_MILLIS_MAX: u64 = 120_000;

/// The most queued entries of one kind; a longer queue is a test gone astray.
pub(crate) const QUEUE_MAX: usize = 10_000;

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
            Self::Notification => "notification",
        }
    }
}

/// One way to go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The connection is held until the client leaves, 120 s at most.
    NoAnswer {
        /// Whether the operation happened.
        effect: bool,
    },
    /// The operation happened; the answer comes so many milliseconds later.
    Late {
        /// At most 120 000.
        millis: u64,
    },
    /// The connection breaks after the request was read.
    Cut {
        /// Whether the operation happened.
        effect: bool,
    },
    /// Another HTTP status than 200, with a page of a proxy as its body.
    Http {
        /// For instance 502.
        status: u16,
        /// Whether the operation happened.
        effect: bool,
    },
    /// A code in JSON: 500, 504, 402, 403, or any other.
    Code {
        /// The `head.code`.
        code: String,
        /// Whether the answer carries a signature.
        signed: bool,
        /// Whether the operation happened.
        effect: bool,
    },
    /// The signature of other bytes.
    WrongSignature,
    /// No `sign` header.
    NoSignature,
    /// The first half of the body, with the signature of the whole.
    Truncated,
    /// A genuine, signed answer about another, paid order.
    OtherOrder,
    /// `totalAmount` is one fils too high, signed.
    WrongAmount,
    /// The currency is `USD`, signed.
    WrongCurrency,
    /// `placeOrder` alone: the connection breaks, and the request is carried
    /// out so many milliseconds later, as one that was lost on the way.
    LateCreation {
        /// At most 16 minutes.
        millis: u64,
    },
    /// `cancelOrder` alone: the customer pays just before it.
    PaidBeforeCancel,
    /// The answer of success, and nothing happened.
    NoEffect,
    /// Notification alone: it is sent twice.
    Twice,
}

impl Fault {
    /// Says why a fault cannot belong to an operation, or has a bad value.
    pub(crate) fn check(&self, operation: Operation) -> Result<(), String> {
        let notification = operation == Operation::Notification;
        let fits = match self {
            Self::LateCreation { .. } => operation == Operation::PlaceOrder,
            Self::PaidBeforeCancel => operation == Operation::CancelOrder,
            Self::Twice => notification,
            Self::NoAnswer { .. }
            | Self::Cut { .. }
            | Self::Http { .. }
            | Self::Code { .. }
            | Self::NoEffect => !notification,
            _ => true,
        };
        if !fits {
            return Err(format!(
                "the fault {self:?} makes no sense for {}",
                operation.name()
            ));
        }
        match self {
            Self::Late { millis } if *millis > HOLD_MILLIS_MAX => {
                Err(format!("an answer is held at most {HOLD_MILLIS_MAX} ms"))
            }
            Self::LateCreation { millis } if *millis > 16 * 60_000 => {
                Err("a lost request turns up within 16 minutes (960000 ms)".into())
            }
            Self::Http { status, .. } if !(201..=599).contains(status) => {
                Err("an HTTP status is a number from 201 to 599".into())
            }
            Self::Code { code, .. } if code.is_empty() || code.len() > 10 || code == "0" => {
                Err("a fault's code has 1 to 10 characters and is not 0".into())
            }
            _ => Ok(()),
        }
    }

    /// Tells whether the operation still happens.
    pub(crate) fn has_effect(&self) -> bool {
        match self {
            Self::NoAnswer { effect }
            | Self::Cut { effect }
            | Self::Http { effect, .. }
            | Self::Code { effect, .. } => *effect,
            Self::LateCreation { .. } | Self::NoEffect => false,
            _ => true,
        }
    }

    /// Prints an order wrong, for a signed answer about something else.
    pub(crate) fn misprint(&self, mut order: Order) -> Order {
        match self {
            Self::WrongAmount => {
                order.record.total += 1;
                if order.record.captured > 0 {
                    order.record.captured += 1;
                }
            }
            Self::WrongCurrency => order.currency = "USD",
            Self::OtherOrder => {
                let record = &mut order.record;
                for number in [&mut record.merchant_order_no, &mut record.order_no] {
                    let last = if number.ends_with('7') { '8' } else { '7' };
                    number.pop();
                    number.push(last);
                }
                if order.record.status == Status::Created {
                    order.pay(order.record.created_at);
                }
            }
            _ => {}
        }
        order
    }
}

/// The faults to come, in the order they were queued.
#[derive(Default)]
pub(crate) struct FaultQueue(VecDeque<(Operation, Fault, u32)>);

impl FaultQueue {
    pub(crate) fn push(
        &mut self,
        operation: Operation,
        fault: Fault,
        count: u32,
    ) -> Result<(), String> {
        fault.check(operation)?;
        if count == 0 {
            return Err("a fault's count is at least 1".into());
        }
        if self.0.len() >= QUEUE_MAX {
            return Err(format!("more than {QUEUE_MAX} faults are queued"));
        }
        self.0.push_back((operation, fault, count));
        Ok(())
    }

    pub(crate) fn take(&mut self, operation: Operation) -> Option<Fault> {
        let at = self.0.iter().position(|entry| entry.0 == operation)?;
        let entry = self.0.get_mut(at)?;
        entry.2 -= 1;
        if entry.2 > 0 {
            return Some(entry.1.clone());
        }
        self.0.remove(at).map(|entry| entry.1)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
