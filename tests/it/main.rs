//! What holds for the project as a whole, and for the program as it is shipped. One
//! binary, so that it links once.
//!
//! ```text
//!   layers, source, unit      the sources and the shipped files
//!   simulation                the driver and the core in simulated stores
//!
//!   paying refusing waiting unknown outage        a payment, from its best end to its worst
//!   refunding showing telling wallets owing       what may follow, and other ways
//!   killed stopping starting scanning             the process, the box and its devices
//!   calling following commands scan secrets       those who call, and those who look
//!   meeting                                       each gateway's client and its simulator
//!        │
//!   store ── program, cashier, events, books, patience     the harness: the binary in a shop
//! ```
//!
//! `tests/README.md` says how the harness thinks.

#![allow(clippy::unwrap_used)]

mod books;
mod calling;
mod cashier;
mod commands;
mod events;
mod following;
mod killed;
mod layers;
mod meeting;
mod outage;
mod owing;
mod patience;
mod paying;
mod program;
mod refunding;
mod refusing;
mod scan;
mod scanning;
mod secrets;
mod showing;
#[path = "../simulation/mod.rs"]
#[allow(dead_code)] // Some of it is for `examples/simulate.rs`.
mod simulation;
mod source;
mod starting;
mod stopping;
mod store;
mod telling;
mod unit;
mod unknown;
mod waiting;
mod wallets;
