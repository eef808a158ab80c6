//! The invariants of `docs/architecture.md`, each a function named after its rule.
//!
//! [`commit`] looks at every transaction before it is written, [`call`] at every call
//! before it leaves, [`told`] at all that anybody is told, [`running`] after every
//! step, [`rest`] when all timers have run out. They compare three things: what the
//! core says, what is durable, and what the gateways' ledgers know.

mod calls;
mod commits;
mod money;
mod resting;
mod says;

pub(crate) use calls::call;
pub(crate) use commits::{begins, commit};
pub(crate) use resting::rest;
pub(crate) use says::{
    acknowledged, only_what_is_there, same_key, same_refund, started, stepped, told,
};

use super::ledger::Account;
use super::world::World;
use qrpayd::domain::Attempt;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Its number and name.
    pub(crate) rule: &'static str,
    /// What happened.
    pub(crate) what: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}

/// After every step: the money.
pub(crate) fn running(world: &mut World) {
    money::one_charge_per_sale(world);
    money::never_more_back_than_captured(world);
    says::verdict_in_time(world);
}

fn account<'a>(world: &'a World, attempt: &Attempt) -> Option<&'a Account> {
    world.gateways[&attempt.gateway].orders.get(&attempt.order)
}
