//! Decides. No clock, disk, network, task, or provider word.
//!
//! ```text
//!     event + now                        facts                effects
//!   ───────────────▶ step(&state, ..) ───▶ journal, flushed ───▶ calls, timers
//!                        ▲                     │
//!                        └── apply(&mut state) ┘       resume(&state) ───▶ effects
//! ```
//!
//! [`step`] is given one event and the time; it returns what is now true (facts)
//! and what must be done (effects), or a [`Denial`]. The driver makes the facts
//! durable in one transaction, applies them, and only then performs the effects.
//! [`resume`] says what must be done after a start; it never submits.

mod amount;
mod answer;
mod apply;
pub mod code;
mod denial;
mod duty;
mod event;
mod fact;
mod ids;
mod language;
mod remark;
mod resume;
mod rules;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod time;
mod verdict;

pub use amount::{Amount, AmountError, Currency};
pub use answer::{
    Answer, Operation, OrderReport, OrderStatus, RefundAnswer, RefundOperation, RefundReport,
    RefundStatus, Refusal, RefusalKind, Unknown,
};
pub use apply::apply;
pub use denial::Denial;
pub use duty::{Alert, Discharge, Duty};
pub use event::{CodeRead, Effect, Event, NewRefund, NewTender, Order, RefundOrder, Step, Timer};
pub use fact::{Fact, Subject, What};
pub use ids::{
    AttemptId, BusinessDay, Fingerprint, GatewayId, IdempotencyKey, LaneId, NameError, OrderNumber,
    RefundId, SaleRef, ScannerId, StoreId, TenderId, Wallet,
};
pub use language::Language;
pub use remark::{Remark, Told};
pub use resume::resume;
pub use rules::{DisplayRules, GatewayRules, LastWord, RefundRules};
pub use state::{
    ATTEMPTS_MAX, Attempt, CODE_REMEMBERED, LaneRules, Obligation, Parked, Refund, RefundStage,
    Setup, Stage, State, Tender,
};
pub use step::{park, step, unpark};
pub use time::{Now, Timestamp};
pub use verdict::{Mode, Reason, Verdict};
