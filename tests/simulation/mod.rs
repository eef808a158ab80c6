//! Random days at a store, each replayed exactly by its seed.
//!
//! ```text
//!   run ──▶ world: an agenda of happenings        driver (the real one, with the real core)
//!             people, telling ──▶ messages ──────▶ │ │
//!             disk ◀───────────── book ◀───────────┘ │
//!             wire, ledger ◀───── hands ◀────────────┘
//!                          └────▶ answers ─▶ messages
//!   rules look at every commit, every call, all that is told, and at the end
//! ```
//!
//! A [`world`](world::World) owns time. The driver and the core are the ones that ship,
//! joined to a simulated [`disk`], a [`wire`] that loses, delays, repeats and forges,
//! gateways with a [`ledger`] that knows where the money is, and [`people`]. First
//! everything fails, then it is calm and all must come to an end. The [`rules`] are
//! the invariants of `docs/architecture.md`; [`plants`] shows that each can be broken;
//! [`coverage`] shows that everything was tried; [`grid`] tries every fault at every
//! durable point of a payment.
//!
//! The wire spares the core two things, because none that believes a signed answer
//! without an order's name can survive them: a refusal of a live submit that is not
//! ours, before anything was seen of the order, and another order's "no such order"
//! twice at the moments when it counts. A gateway's folder keeps them away: one
//! question a connection.

mod answers;
mod chance;
mod coverage;
mod disk;
pub(crate) mod grid;
mod ledger;
mod luck;
mod people;
mod plants;
mod ports;
mod rules;
mod run;
mod store;
mod telling;
#[cfg(test)]
mod tests;
mod wire;
mod world;

pub(crate) use coverage::Coverage;
pub(crate) use plants::Plant;
pub(crate) use run::day;
