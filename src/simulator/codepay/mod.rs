//! A CodePay gateway for one merchant: customer- and merchant-presented
//! payments, queries, reversals, refunds and notifications.
//!
//! ```text
//! door      one path         gateway   CodePay as the common engine sees it
//! request, params            bytes to fields, and the text that is signed
//! orders, refunds            what becomes of a payment, of a refund
//! lists                      what was completed
//! print, money, seal         what is said           words, wallets, settings
//! ```
//!
//! Written from CodePay's public documents alone. Where they are silent, what
//! is done here is a setting or is named in `docs/simulator.md`. The older and
//! the newer hosts of CodePay speak the same: `/api/entry`, with or without an
//! operation behind it.

mod door;
mod gateway;
mod lists;
mod money;
mod orders;
mod params;
mod print;
mod refunds;
mod request;
mod seal;
mod settings;
#[cfg(test)]
mod tests;
mod wallets;
mod words;

use std::io;

pub use super::clock::{Clock, Story};
pub use super::conduct::Rule;
pub use super::controls::ControlError;
pub use super::fault::Fault;
pub use super::ledger::DeliveryRecord;
pub use super::plan::{Plan, Then, Wait};
pub use settings::{CodePaySettings, RefusalForm};
pub use words::{Operation, Status};

use super::keys::{Seal, SealCheck};
use super::server;

/// What can be asked of a running gateway, and done to it.
pub type Controls = super::controls::Controls<CodePay>;
/// A running gateway.
pub type CodePaySimulator = server::Simulator<CodePay>;
/// One line of the ledger. Amounts are the currency's smallest unit.
pub type OrderRecord = super::ledger::OrderRecord<Status>;
/// One refund in the ledger. Amounts are the currency's smallest unit.
pub type RefundRecord = super::ledger::RefundRecord<Status>;
/// One call as the simulator saw it.
pub type Call = super::ledger::Call<Operation>;
/// One thing the client did against a rule.
pub type Violation = super::conduct::Violation<Operation>;

/// The gateway without its sockets and its books.
pub struct CodePay {
    settings: CodePaySettings,
    seal: Seal,
    check: SealCheck,
}

impl CodePay {
    fn new(settings: CodePaySettings) -> Result<Self, String> {
        settings.check()?;
        Ok(Self {
            seal: Seal::from_pem(&settings.gateway_private_pem)?,
            check: SealCheck::from_pem(&settings.merchant_public_pem)?,
            settings,
        })
    }
}

/// Starts a gateway. It runs until it is dropped, and then breaks every
/// connection. Fails on a bad key or setting, on an address that is not the
/// loopback, and when it cannot listen.
pub async fn start(settings: CodePaySettings) -> io::Result<CodePaySimulator> {
    let (listen, control) = (settings.listen, settings.control);
    let gateway =
        CodePay::new(settings).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
    server::start(gateway, listen, control, "").await
}
