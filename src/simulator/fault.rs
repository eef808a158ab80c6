//! What goes wrong between an operation and its answer.
//!
//! A fault is queued for an operation and taken by its next valid calls. Each
//! one says whether the operation still has its effect, because that is the
//! whole difficulty of a payment: the client cannot tell.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::gateway::{Kind, Operation};

/// The longest time an answer is held back, in milliseconds.
pub(crate) const HOLD_MILLIS_MAX: u64 = 120_000;

/// The longest time a lost request takes to turn up, in milliseconds.
const LOST_MILLIS_MAX: u64 = 16 * 60_000;

/// The most queued entries of one kind; a longer queue is a test gone astray.
pub(crate) const QUEUE_MAX: usize = 10_000;

/// One way to go wrong. `docs/simulator.md` says what each is for.
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
    /// An answer with this code, whatever happened.
    Code {
        /// The code.
        code: String,
        /// Whether the answer carries a signature.
        signed: bool,
        /// Whether the operation happened.
        effect: bool,
    },
    /// The signature of other bytes.
    WrongSignature,
    /// No signature.
    NoSignature,
    /// The first half of the body, with the signature of the whole.
    Truncated,
    /// A page of text with status 200.
    NotJson {
        /// Whether the operation happened.
        effect: bool,
    },
    /// A genuine, signed answer about another, paid order (or a finished refund).
    OtherOrder,
    /// The amount is one unit too high, signed.
    WrongAmount,
    /// The currency is another, signed.
    WrongCurrency,
    /// A call that makes something: the connection breaks, and the request is
    /// carried out so many milliseconds later, as one that was lost on the way.
    LateCreation {
        /// At most 16 minutes.
        millis: u64,
    },
    /// A call that closes an order: the customer pays just before it.
    PaidBeforeCancel,
    /// The answer of success, and nothing happened.
    NoEffect,
    /// Notification alone: it is sent twice.
    Twice,
    /// Notification alone: it is never sent.
    Unsent,
    /// A call that pays or refunds: its answer waits until the notification of
    /// the result was delivered, 10 s at most.
    NotifiedFirst,
    /// PayBy, a QRPAY `placeOrder`: the answer carries a `tokenUrl`.
    TokenUrl,
    /// CodePay: `data` was changed after it was signed.
    AlteredData,
    /// CodePay: `data` is an object instead of a string.
    DataObject,
    /// CodePay: amounts are numbers, statuses are text.
    OtherTypes,
    /// CodePay: fields that no document names.
    UnknownFields,
    /// CodePay: a `trans_status` that is not the order's, known or not.
    Status(u32),
    /// CodePay: the status is missing.
    NoStatus,
    /// CodePay, a call that pays: the connection breaks; the order is made and
    /// goes its way, and nobody finds it for so many milliseconds.
    Invisible {
        /// At most 16 minutes.
        millis: u64,
    },
    /// CodePay, the reversal: it is accepted, and the customer pays an open
    /// order all the same, so many milliseconds later.
    LateSuccess {
        /// At most 16 minutes.
        millis: u64,
    },
    /// The statement and the lists: the newest row is missing.
    MissingRow,
    /// PayBy, the statement: a row of an order that nobody made.
    ExtraRow,
    /// The statement and the lists: the newest row stands twice.
    DoubledRow,
    /// PayBy, the statement: the newest row says `REVERTED`.
    RevertedRow,
}

impl Fault {
    // What a fault can meet, provider aside.
    fn fits(&self, kind: Kind) -> bool {
        let notification = kind == Kind::Notification;
        match self {
            Self::LateCreation { .. } => matches!(kind, Kind::Pay | Kind::Display | Kind::Refund),
            Self::NotifiedFirst => matches!(kind, Kind::Pay | Kind::Refund),
            Self::Invisible { .. } | Self::TokenUrl => kind == Kind::Pay,
            Self::PaidBeforeCancel => matches!(kind, Kind::Cancel | Kind::Reversal),
            Self::LateSuccess { .. } => kind == Kind::Reversal,
            Self::Twice | Self::Unsent => notification,
            Self::MissingRow | Self::DoubledRow => matches!(kind, Kind::Statement | Kind::List),
            Self::ExtraRow | Self::RevertedRow => kind == Kind::Statement,
            Self::NoAnswer { .. }
            | Self::Cut { .. }
            | Self::Http { .. }
            | Self::Code { .. }
            | Self::NotJson { .. }
            | Self::NoEffect
            | Self::AlteredData
            | Self::DataObject => !notification,
            _ => true,
        }
    }

    /// Says why a fault cannot belong to an operation, or has a bad value.
    pub(crate) fn check(&self, operation: impl Operation) -> Result<(), String> {
        if !self.fits(operation.kind()) || !operation.knows(self) {
            let word = operation.word();
            return Err(format!("the fault {self:?} makes no sense for {word}"));
        }
        match self {
            Self::Late { millis } if *millis > HOLD_MILLIS_MAX => {
                Err(format!("an answer is held at most {HOLD_MILLIS_MAX} ms"))
            }
            Self::LateCreation { millis }
            | Self::Invisible { millis }
            | Self::LateSuccess { millis }
                if *millis > LOST_MILLIS_MAX =>
            {
                Err(format!(
                    "what is lost turns up within 16 minutes ({LOST_MILLIS_MAX} ms)"
                ))
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
            | Self::Code { effect, .. }
            | Self::NotJson { effect } => *effect,
            Self::LateCreation { .. } | Self::NoEffect => false,
            _ => true,
        }
    }
}

/// A fault to come.
struct Queued<O> {
    operation: O,
    /// Only of this order or refund, the merchant's number.
    number: Option<String>,
    fault: Fault,
    count: u32,
}

/// The faults to come, in the order they were queued.
pub(crate) struct FaultQueue<O>(VecDeque<Queued<O>>);

impl<O> Default for FaultQueue<O> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<O: Operation> FaultQueue<O> {
    pub(crate) fn push(
        &mut self,
        operation: O,
        number: Option<&str>,
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
        self.0.push_back(Queued {
            operation,
            number: number.map(str::to_owned),
            fault,
            count,
        });
        Ok(())
    }

    /// Takes the fault of a call about this order or refund.
    pub(crate) fn take(&mut self, operation: O, number: Option<&str>) -> Option<Fault> {
        let meets = |queued: &Queued<O>| {
            queued.operation == operation
                && (queued.number.is_none() || queued.number.as_deref() == number)
        };
        let at = self.0.iter().position(meets)?;
        let queued = self.0.get_mut(at)?;
        queued.count -= 1;
        if queued.count > 0 {
            return Some(queued.fault.clone());
        }
        self.0.remove(at).map(|queued| queued.fault)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
