//! A lane's barcode scanner as a payment terminal for customer-presented codes.
//!
//! ```text
//!            cli            the commands
//!             |
//!          config            what is written, as what is used below
//!             |
//!            api
//!             |
//!          service          the only place that knows everyone
//!        /    |    \
//!  gateway scanner journal  one outside thing each; none knows another
//!        \    |    /
//!           domain          decides; no clock, disk, network or tasks
//! ```
//!
//! Arrows point down; `tests/it/layers.rs` keeps them so. `simulator` is the
//! gateways' other side: it shares no code with `gateway`.

pub mod api;
pub mod cli;
pub mod config;
pub mod domain;
pub mod gateway;
pub mod journal;
pub mod scanner;
pub mod service;
pub mod simulator;
