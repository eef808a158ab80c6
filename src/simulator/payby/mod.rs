//! A PayBy gateway for one merchant: QRPAY and DYNQR orders, queries, cancels,
//! revokes, refunds, lists, statements and notifications.
//!
//! ```text
//! door                 paths                 gateway   as the common engine sees it
//! request, place       bytes to fields
//! orders, refunds      what becomes of an order, of a refund
//! pages, statement     what was made in a day            days, rows, columns
//! answer, bodies, print, money     what is said          words, refusal, settings
//! ```
//!
//! Written from PayBy's public documents alone. Where they are silent, what is
//! done here is a setting or is named in `docs/simulator.md`.

mod answer;
mod bodies;
mod columns;
mod days;
mod door;
mod gateway;
mod money;
mod orders;
mod pages;
mod place;
mod print;
mod refunds;
mod refusal;
mod request;
mod rows;
mod settings;
mod statement;
#[cfg(test)]
mod tests;
mod words;

use std::io;

pub use super::clock::{Clock, Story};
pub use super::conduct::Rule;
pub use super::controls::ControlError;
pub use super::fault::Fault;
pub use super::ledger::DeliveryRecord;
pub use super::plan::{Plan, Then, Wait};
pub use settings::{PayBySettings, StatementForm, TokenPlace};
pub use words::{Operation, RefundStatus, Status};

use super::keys::{Seal, SealCheck};
use super::server;

/// What can be asked of a running gateway, and done to it.
pub type Controls = super::controls::Controls<PayBy>;
/// A running gateway.
pub type PayBySimulator = server::Simulator<PayBy>;
/// One line of the ledger. Amounts are fils.
pub type OrderRecord = super::ledger::OrderRecord<Status>;
/// One refund in the ledger. Amounts are fils.
pub type RefundRecord = super::ledger::RefundRecord<RefundStatus>;
/// One call as the simulator saw it.
pub type Call = super::ledger::Call<Operation>;
/// One thing the client did against a rule.
pub type Violation = super::conduct::Violation<Operation>;

/// The gateway without its sockets and its books.
pub struct PayBy {
    settings: PayBySettings,
    seal: Seal,
    check: SealCheck,
}

impl PayBy {
    fn new(settings: PayBySettings) -> Result<Self, String> {
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
pub async fn start(settings: PayBySettings) -> io::Result<PayBySimulator> {
    let (listen, control) = (settings.listen, settings.control);
    let gateway =
        PayBy::new(settings).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
    server::start(gateway, listen, control, door::BASE_PATH).await
}
