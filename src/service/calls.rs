//! Calls to gateways, each in a task of its own, one per attempt and operation.
//!
//! A submit is prepared (built and signed) while the journal flushes its intent
//! and sent when it is flushed; the code itself is wiped as soon as the request
//! is built.

use super::board::Board;
use super::driver::Message;
use crate::domain::code::PaymentCode;
use crate::domain::{Answer, AttemptId, Event, GatewayId, Operation, Order, Unknown};
use crate::gateway::{Gateway, Prepared};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The calls that run, and those that are being prepared.
pub(super) struct Calls {
    /// Where they run: not on the driver's thread.
    runtime: Handle,
    gateways: BTreeMap<GatewayId, Arc<Gateway>>,
    answers: mpsc::Sender<Message>,
    board: Arc<Board>,
    running: BTreeMap<(AttemptId, Operation), (u64, JoinHandle<()>)>,
    prepared: BTreeMap<AttemptId, JoinHandle<Prepared>>,
    serial: u64,
}

impl Calls {
    /// Calls will run where this is called.
    pub(super) fn new(
        gateways: BTreeMap<GatewayId, Arc<Gateway>>,
        answers: mpsc::Sender<Message>,
        board: Arc<Board>,
    ) -> Self {
        Self {
            runtime: Handle::current(),
            gateways,
            answers,
            board,
            running: BTreeMap::new(),
            prepared: BTreeMap::new(),
            serial: 0,
        }
    }

    /// Builds and signs a submit beside the flush.
    pub(super) fn prepare(&mut self, attempt: &AttemptId, order: &Order, code: &PaymentCode) {
        let Some(gateway) = self.gateways.get(&order.gateway).cloned() else {
            return;
        };
        let (order, code) = (order.clone(), code.clone());
        // Half a millisecond: shorter than it may take to start a thread for it.
        let signing = self
            .runtime
            .spawn(async move { gateway.prepare_submit(&order, &code) });
        self.prepared.insert(attempt.clone(), signing);
    }

    /// Starts a call whose intent is durable.
    pub(super) fn start(
        &mut self,
        attempt: AttemptId,
        operation: Operation,
        order: Order,
        limit: Duration,
        fresh: bool,
    ) {
        let key = (attempt.clone(), operation);
        if let Some((_, running)) = self.running.get(&key) {
            if !fresh {
                return;
            }
            running.abort();
        }
        let Some(gateway) = self.gateways.get(&order.gateway).cloned() else {
            return;
        };
        let prepared = match operation {
            Operation::Submit => self.prepared.remove(&attempt),
            _ => None,
        };
        self.serial += 1;
        let serial = self.serial;
        let answers = self.answers.clone();
        let board = Arc::clone(&self.board);
        let task = self.runtime.spawn(async move {
            let asked = ask(&gateway, operation, &order, prepared, limit);
            // The gateway keeps the limit itself; this is the belt to its braces.
            let answer = tokio::time::timeout(limit + Duration::from_millis(500), asked)
                .await
                .unwrap_or(Answer::Unknown(Unknown::Timeout));
            tell_health(&board, gateway.id(), &answer);
            let event = Event::Answered {
                attempt,
                operation,
                answer,
            };
            // The driver is gone only when the process ends.
            let _ = answers.send(Message::Answered { serial, event }).await;
        });
        self.running.insert(key, (serial, task));
    }

    /// Whether this is the end of the call that runs; an older one's answer is dropped.
    pub(super) fn ended(&mut self, attempt: &AttemptId, operation: Operation, serial: u64) -> bool {
        let key = (attempt.clone(), operation);
        let current = self.running.get(&key).is_some_and(|(s, _)| *s == serial);
        if current {
            self.running.remove(&key);
        }
        current
    }

    /// The largest clock error seen at any gateway.
    pub(super) fn clock_error(&self) -> Duration {
        let offsets = self.gateways.values().filter_map(|g| g.clock_error());
        offsets.max().unwrap_or_default()
    }

    /// Opens connections before they are needed.
    pub(super) fn warm(&self, gateways: &[GatewayId]) {
        for gateway in gateways {
            if let Some(gateway) = self.gateways.get(gateway).cloned() {
                self.runtime.spawn(async move { gateway.warm().await });
            }
        }
    }
}

async fn ask(
    gateway: &Gateway,
    operation: Operation,
    order: &Order,
    prepared: Option<JoinHandle<Prepared>>,
    limit: Duration,
) -> Answer {
    match operation {
        Operation::Submit => match prepared {
            Some(signing) => match signing.await {
                Ok(prepared) => gateway.submit(order, prepared, limit).await,
                // Signing failed inside: nothing was sent.
                Err(_) => Answer::NotSent,
            },
            // Never without the code that was just read.
            None => Answer::NotSent,
        },
        Operation::Enquiry => gateway.enquire(order, limit).await,
        Operation::Cancel => gateway.cancel(order, limit).await,
        Operation::Revoke => gateway.revoke(order, limit).await,
        Operation::Notification => Answer::Unknown(Unknown::Unlisted),
    }
}

/// Whether the gateway can be reached, for the lane's health.
fn tell_health(board: &Board, gateway: &GatewayId, answer: &Answer) {
    let state = match answer {
        Answer::NotSent | Answer::Unknown(Unknown::Timeout | Unknown::Broken) => "unreachable",
        _ => "ok",
    };
    board.write(|boards| {
        if let Some(view) = boards.gateways.get_mut(gateway) {
            view.state = state;
        }
    });
}
