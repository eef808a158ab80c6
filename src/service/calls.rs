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
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// Gateways take requests that are 15 minutes off; beyond this no new one is sent.
pub const CLOCK_ERROR_MAX: Duration = Duration::from_secs(10 * 60);

/// The calls that run, and those that are being prepared.
pub(super) struct Calls {
    /// Where they run: not on the driver's thread.
    runtime: Handle,
    gateways: BTreeMap<GatewayId, Arc<Gateway>>,
    answers: mpsc::Sender<Message>,
    board: Arc<Board>,
    running: BTreeMap<(AttemptId, Operation), BTreeMap<u64, JoinHandle<()>>>,
    prepared: BTreeMap<AttemptId, JoinHandle<Prepared>>,
    /// When the next enquiry of an attempt may leave.
    enquired: BTreeMap<AttemptId, Instant>,
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
            enquired: BTreeMap::new(),
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
            .spawn(async move { gateway.prepare_submit(&order, Some(&code)) });
        self.prepared.insert(attempt.clone(), signing);
    }

    /// The intent of a submit was not stored: its request is wiped.
    pub(super) fn forget(&mut self, attempt: &AttemptId) {
        self.prepared.remove(attempt);
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
        let running = self.running.entry(key.clone()).or_default();
        if !running.is_empty() && !fresh {
            return;
        }
        if operation == Operation::Enquiry {
            std::mem::take(running).values().for_each(JoinHandle::abort);
        }
        let Some(gateway) = self.gateways.get(&order.gateway).cloned() else {
            return;
        };
        let prepared = match operation {
            Operation::Submit => self.prepared.remove(&attempt),
            _ => None,
        };
        let pause = match operation {
            Operation::Enquiry => self.pace(&attempt, gateway.rules().enquiry_pause_min),
            _ => Duration::ZERO,
        };
        self.serial += 1;
        let serial = self.serial;
        let answers = self.answers.clone();
        let board = Arc::clone(&self.board);
        let task = self.runtime.spawn(async move {
            tokio::time::sleep(pause).await;
            let id = gateway.id().clone();
            // In a task of its own, that ends with this one: a panic is an answer too.
            let mut asked = JoinSet::new();
            asked.spawn(async move { ask(&gateway, operation, &order, prepared, limit).await });
            // The gateway keeps the limit itself; this is the belt to its braces.
            let limit = limit + Duration::from_millis(500);
            let answer = match tokio::time::timeout(limit, asked.join_next()).await {
                Ok(Some(Ok(answer))) => answer,
                Ok(_) => Answer::Unknown(Unknown::Broken),
                Err(_) => Answer::Unknown(Unknown::Timeout),
            };
            tell_health(&board, &id, &answer);
            let event = Event::Answered {
                attempt,
                operation,
                answer,
            };
            // The driver is gone only when the process ends.
            let _ = answers.send(Message::Answered { serial, event }).await;
        });
        self.running.entry(key).or_default().insert(serial, task);
    }

    /// How long an enquiry must still wait after the last one of its order.
    fn pace(&mut self, attempt: &AttemptId, pause_min: Duration) -> Duration {
        let now = Instant::now();
        self.enquired.retain(|_, next| *next > now);
        let next = self.enquired.get(attempt).copied().unwrap_or(now);
        self.enquired.insert(attempt.clone(), next + pause_min);
        next - now
    }

    /// Whether this is the end of a call that runs; one that was given up for a
    /// fresh one is not.
    pub(super) fn ended(&mut self, attempt: &AttemptId, operation: Operation, serial: u64) -> bool {
        let key = (attempt.clone(), operation);
        let Some(running) = self.running.get_mut(&key) else {
            return false;
        };
        let current = running.remove(&serial).is_some();
        if running.is_empty() {
            self.running.remove(&key);
        }
        current
    }

    /// Why no payment may be sent to a gateway whose clock is too far from ours:
    /// it would refuse the request, or take it too late.
    pub(super) fn clock_is_off(&self, gateway: &GatewayId) -> Option<String> {
        let error = self.gateways.get(gateway)?.clock_error()?;
        (error > CLOCK_ERROR_MAX).then(|| {
            format!(
                "this machine's clock is {} minutes off the gateway's; set it right to take payments",
                error.as_secs() / 60
            )
        })
    }

    /// The largest clock error seen at any gateway.
    pub(super) fn clock_error(&self) -> Duration {
        let offsets = self.gateways.values().filter_map(|g| g.clock_error());
        offsets.max().unwrap_or_default()
    }

    /// Opens connections before they are needed.
    pub(super) fn warm(&self, gateways: &[GatewayId]) {
        for gateway in gateways {
            let gateway = self.gateways.get(gateway).cloned();
            if let Some(gateway) = gateway.filter(|gateway| gateway.keeps_warm()) {
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
        Operation::Scanned => gateway.scanned(order, limit).await,
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
