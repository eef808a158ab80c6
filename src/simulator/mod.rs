//! The gateways' other side: simulators that a store, a demonstration or a
//! test can pay against without keys, contracts or money.
//!
//! A simulator is written from the provider's documents alone and shares no
//! code with the client it judges, neither signing nor money nor JSON types: a
//! misreading in one place cannot agree with itself in the other. Its whole
//! cryptography is `rsa` with `sha2`.
//!
//! ```text
//! payby/   codepay/     how a request is read, refused, answered and signed
//!      \   /
//!     gateway           what such a folder gives
//!        |
//! server, engine        one call under one lock     control(s)  the same by hand
//!    |    state, outcome                            notify      time, notifications
//!    |        |                                     tale        what people read
//! conduct      book     orders, refunds, codes      fault, plan what happens to them
//!      order, refund    one of them, and time       misprint    answers about something else
//!
//! ledger, keys, loopback, clock, json               words and tools
//! ```
//!
//! A simulator never listens on, nor calls, anything but the loopback.

mod book;
mod clock;
pub mod codepay;
mod conduct;
mod control;
mod controls;
mod engine;
mod fault;
mod gateway;
mod json;
mod keys;
mod ledger;
mod loopback;
mod misprint;
mod notify;
mod order;
mod outcome;
pub mod payby;
mod plan;
mod refund;
mod server;
mod state;
mod tale;

pub use clock::{Clock, Story};
pub use conduct::Rule;
pub use controls::ControlError;
pub use fault::Fault;
pub use keys::{KeyPair, KeyPairs, generate_keys};
pub use ledger::DeliveryRecord;
pub use plan::{Plan, Then, Wait};
