//! A lane's barcode scanner as a payment terminal for customer-presented codes.
//!
//! ```text
//!         api   cli
//!           \   /
//!          service          the only place that knows everyone
//!        /    |    \
//!  gateway scanner journal  one outside thing each; none knows another
//!        \    |    /
//!           domain          decides; no clock, disk, network or tasks
//! ```
//!
//! Arrows point down; `tests/it/layers.rs` keeps them so. `simulator` is the
//! gateways' other side: it shares no code with `gateway`. `config` knows the
//! domain's words and is read by `service` and `cli`.

pub mod api;
pub mod cli;
pub mod config;
pub mod domain;
pub mod gateway;
pub mod journal;
pub mod scanner;
pub mod service;
pub mod simulator;
