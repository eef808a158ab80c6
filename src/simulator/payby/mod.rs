//! A PayBy gateway for one merchant: QRPAY orders, queries, cancels, revokes
//! and payment notifications, with a ledger, faults, and a record of what the
//! client did against the rules.
//!
//! ```text
//! server   HTTP in and out            control   the same by hand, on its port
//!    \       /                            |
//!     engine   one call under one lock <--+   notify   time, notifications
//!    /   |   \        \
//! request book conduct fault       state  all that changes
//!          |
//!        order, plan                      what becomes of an order
//!        answer, json, money              what is said
//! ```
//!
//! Written from PayBy's public documents alone. Where they are silent, what is
//! done here is a setting or is named in `docs/simulator.md`.

mod answer;
mod book;
mod conduct;
mod control;
mod engine;
mod fault;
mod json;
mod money;
mod notify;
mod order;
mod plan;
mod request;
mod server;
mod settings;
mod state;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinHandle;

pub use conduct::{Rule, Violation};
pub use fault::{Fault, Operation};
pub use notify::DeliveryRecord;
pub use order::{OrderRecord, Status};
pub use plan::{Plan, Then, Wait};
pub use settings::{Clock, PayBySettings, Story};
pub use state::Call;

use super::loopback::{Line, Lines, Switchboard};
use engine::Engine;

/// Why a wish could not be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlError {
    /// The wish itself is wrong.
    Input(String),
    /// There is no order with this merchant's number.
    UnknownOrder(String),
    /// The order no longer waits for its customer.
    NotWaiting(String),
    /// The order has no `notifyUrl`.
    NotNotified(String),
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(why) => write!(f, "bad input: {why}"),
            Self::UnknownOrder(number) => {
                write!(f, "there is no order {number}; GET /orders lists them")
            }
            Self::NotWaiting(order) => write!(f, "the order does not wait for a customer: {order}"),
            Self::NotNotified(number) => write!(f, "the order {number} has no notifyUrl"),
        }
    }
}

impl std::error::Error for ControlError {}

/// Starts a gateway. It runs until it is dropped, and then breaks every
/// connection. Fails on a bad key or setting, on an address that is not the
/// loopback, and when it cannot listen.
pub async fn start(settings: PayBySettings) -> io::Result<PayBySimulator> {
    let bad = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
    let (listen, control) = (settings.listen, settings.control);
    let engine = Arc::new(Engine::new(settings).map_err(bad)?);
    let controls = Arc::new(Controls(engine.clone()));
    let lines = Lines::default();

    let switchboard = lines.listen(listen).await?;
    let addr = axum::serve::Listener::local_addr(&switchboard)?;
    let control = match control {
        Some(control) => Some(lines.listen(control).await?),
        None => None,
    };
    let control_addr = control
        .as_ref()
        .map(axum::serve::Listener::local_addr)
        .transpose()?;

    let mut tasks = vec![serve(switchboard, server::routes(engine.clone()))];
    tasks.extend(control.map(|control| serve(control, control::routes(controls.clone()))));
    tasks.push(tokio::spawn(notify::run(engine)));
    Ok(PayBySimulator {
        controls,
        addr,
        control_addr,
        lines,
        tasks,
    })
}

fn serve(switchboard: Switchboard, routes: axum::Router) -> JoinHandle<()> {
    let service = routes.into_make_service_with_connect_info::<Line>();
    tokio::spawn(async move {
        // Ends only by being dropped.
        let _ = axum::serve(switchboard, service).await;
    })
}

/// A running gateway.
pub struct PayBySimulator {
    controls: Arc<Controls>,
    addr: SocketAddr,
    control_addr: Option<SocketAddr>,
    lines: Lines,
    tasks: Vec<JoinHandle<()>>,
}

impl PayBySimulator {
    /// Returns where the gateway listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns what a client puts before every path.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.addr, server::BASE_PATH)
    }

    /// Returns where the control endpoint listens, if it does.
    pub fn control_addr(&self) -> Option<SocketAddr> {
        self.control_addr
    }
}

impl std::ops::Deref for PayBySimulator {
    type Target = Controls;

    fn deref(&self) -> &Controls {
        &self.controls
    }
}

impl Drop for PayBySimulator {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        self.lines.cut();
    }
}

/// What can be asked of a running gateway, and done to it.
pub struct Controls(Arc<Engine>);

impl Controls {
    /// Lets the next `count` valid calls of an operation go wrong. Faults of
    /// one operation are used up in the order they were given.
    pub fn push_fault(
        &self,
        operation: Operation,
        fault: Fault,
        count: u32,
    ) -> Result<(), ControlError> {
        let (_, mut state) = self.0.now();
        state
            .faults
            .push(operation, fault, count)
            .map_err(ControlError::Input)
    }

    /// Forgets the faults that are still to come.
    pub fn clear_faults(&self) {
        self.0.now().1.faults.clear();
    }

    /// Chooses what becomes of the next order that is made.
    pub fn push_plan(&self, plan: Plan) -> Result<(), ControlError> {
        let (_, mut state) = self.0.now();
        if state.book.plans.len() >= fault::QUEUE_MAX {
            let why = format!("more than {} plans are queued", fault::QUEUE_MAX);
            return Err(ControlError::Input(why));
        }
        if let Then::Refused(code) | Then::Failed(code) = &plan.then
            && (code.is_empty() || code.len() > 32 || code == "0")
        {
            let why = "a plan's code has 1 to 32 characters and is not 0".to_owned();
            return Err(ControlError::Input(why));
        }
        state.book.plans.push_back(plan);
        Ok(())
    }

    /// Makes one payment code stale: 62021.
    pub fn make_stale(&self, code: &str) -> Result<(), ControlError> {
        let (_, mut state) = self.0.now();
        if state.book.codes_stale.len() >= fault::QUEUE_MAX {
            return Err(ControlError::Input(
                "too many stale codes are listed".into(),
            ));
        }
        state.book.codes_stale.insert(code.to_owned());
        Ok(())
    }

    /// Returns the ledger, by the merchant's number.
    pub fn orders(&self) -> Vec<OrderRecord> {
        self.0.now().1.book.records()
    }

    /// Returns one line of the ledger.
    pub fn order(&self, merchant_order_no: &str) -> Option<OrderRecord> {
        let (_, state) = self.0.now();
        state
            .book
            .order(merchant_order_no)
            .map(|order| order.record.clone())
    }

    /// Returns what the client did against the rules.
    pub fn violations(&self) -> Vec<Violation> {
        self.0.now().1.conduct.violations().to_vec()
    }

    /// Forgets the violations, and the pace so far.
    pub fn clear_violations(&self) {
        self.0.now().1.conduct.clear();
    }

    /// Returns the calls, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.0.now().1.calls.iter().cloned().collect()
    }

    /// Returns the deliveries of notifications, oldest first.
    pub fn notifications(&self) -> Vec<DeliveryRecord> {
        self.0.now().1.deliveries.iter().cloned().collect()
    }

    /// The customer confirms an order that waits.
    pub fn customer_pays(&self, merchant_order_no: &str) -> Result<(), ControlError> {
        self.customer(merchant_order_no, |book, now| {
            book.pay(merchant_order_no, now)
        })
    }

    /// The customer declines. Ends the order unless `decline_is_final` is off:
    /// then the order goes on waiting.
    pub fn customer_declines(&self, merchant_order_no: &str) -> Result<(), ControlError> {
        let is_final = self.0.settings.decline_is_final;
        self.customer(merchant_order_no, |book, now| match is_final {
            true => book.decline(merchant_order_no, now),
            false => book
                .order(merchant_order_no)
                .is_some_and(|order| order.record.status == Status::Created),
        })
    }

    fn customer(
        &self,
        number: &str,
        act: impl FnOnce(&mut book::Book, u64) -> bool,
    ) -> Result<(), ControlError> {
        let (now, mut state) = self.0.now();
        let Some(order) = state.book.order(number) else {
            return Err(ControlError::UnknownOrder(number.to_owned()));
        };
        let story = order.story();
        if !act(&mut state.book, now) {
            return Err(ControlError::NotWaiting(story));
        }
        self.0.announce(&mut state, now, None);
        drop(state);
        self.0.ring();
        Ok(())
    }

    /// Sends a notification of the order as it is now, once more if need be.
    pub fn notify(&self, merchant_order_no: &str) -> Result<(), ControlError> {
        let (_, mut state) = self.0.now();
        if state.book.order(merchant_order_no).is_none() {
            return Err(ControlError::UnknownOrder(merchant_order_no.to_owned()));
        }
        if !state.notify(merchant_order_no) {
            return Err(ControlError::NotNotified(merchant_order_no.to_owned()));
        }
        drop(state);
        self.0.ring();
        Ok(())
    }

    /// Waits until `look` finds what it looks for; it looks after every call,
    /// delivery and wish. Waits for ever if that never happens.
    pub async fn until<T>(&self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let mut happened = self.0.happened.subscribe();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            // The sender lives as long as `self`.
            let _ = happened.changed().await;
        }
    }

    /// Sets the gateway's clock off against the real one, milliseconds. What
    /// falls due by it happens at once.
    pub fn set_clock_offset(&self, millis: i64) {
        self.0.set_offset(millis);
    }
}
