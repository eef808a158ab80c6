//! Calls to gateways, each in a task of its own.
//!
//! A submit is prepared (built and signed) while the journal flushes its intent
//! and sent when it is flushed; the code itself is wiped as soon as the request
//! is built. Which calls run, and when, is the [driver's](super::driver) business.

use super::board::Board;
use super::driver::{Call, Hands, Message};
use crate::domain::code::PaymentCode;
use crate::domain::{
    Answer, AttemptId, Event, GatewayId, Operation, Order, OrderNumber, RefundAnswer,
    RefundOperation, RefundOrder, Unknown,
};
use crate::gateway::{Gateway, Prepared};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

/// One call about an order, as whoever watches is told: when it begins, without an
/// answer, and with what came back when it ends. One that is given up has no end.
#[derive(Debug, Clone)]
pub struct Traced {
    /// Our number of the order.
    pub order: OrderNumber,
    /// What was asked.
    pub operation: Operation,
    /// When.
    pub at: Instant,
    /// What came back.
    pub answer: Option<Answer>,
}

/// Who watches the calls.
pub type Trace = Arc<dyn Fn(Traced) + Send + Sync>;

/// The calls that run, and those that are being prepared.
pub(super) struct Calls {
    /// Where they run: not on the driver's thread.
    runtime: Handle,
    gateways: BTreeMap<GatewayId, Arc<Gateway>>,
    answers: mpsc::Sender<Message>,
    board: Arc<Board>,
    running: BTreeMap<u64, JoinHandle<()>>,
    prepared: BTreeMap<AttemptId, JoinHandle<Prepared>>,
    trace: Option<Trace>,
}

impl Calls {
    /// Calls will run where this is called.
    pub(super) fn new(
        gateways: BTreeMap<GatewayId, Arc<Gateway>>,
        answers: mpsc::Sender<Message>,
        board: Arc<Board>,
        trace: Option<Trace>,
    ) -> Self {
        Self {
            runtime: Handle::current(),
            gateways,
            answers,
            board,
            running: BTreeMap::new(),
            prepared: BTreeMap::new(),
            trace,
        }
    }

    fn run(
        &mut self,
        serial: u64,
        pause: Duration,
        asking: impl Future<Output = (Event, bool)> + Send + 'static,
        gateway: GatewayId,
    ) {
        self.running.retain(|_, task| !task.is_finished());
        let (answers, board) = (self.answers.clone(), Arc::clone(&self.board));
        let task = self.runtime.spawn(async move {
            tokio::time::sleep(pause).await;
            let (event, reached) = asking.await;
            tell_health(&board, &gateway, reached);
            // The driver is gone only when the process ends.
            let _ = answers.send(Message::Answered { serial, event }).await;
        });
        self.running.insert(serial, task);
    }
}

impl Hands for Calls {
    fn prepare(&mut self, attempt: &AttemptId, order: &Order, code: Option<&PaymentCode>) {
        let Some(gateway) = self.gateways.get(&order.gateway).cloned() else {
            return;
        };
        let (order, code) = (order.clone(), code.cloned());
        // Half a millisecond: shorter than it may take to start a thread for it.
        let signing = self
            .runtime
            .spawn(async move { gateway.prepare_submit(&order, code.as_ref()) });
        self.prepared.insert(attempt.clone(), signing);
    }

    fn forget(&mut self, attempt: &AttemptId) {
        self.prepared.remove(attempt);
    }

    fn start(&mut self, serial: u64, call: Call, pause: Duration) {
        let (Call::Order {
            order: Order { gateway: id, .. },
            ..
        }
        | Call::Refund {
            order: RefundOrder { gateway: id, .. },
            ..
        }) = &call;
        // The driver calls no gateway that is not set up.
        let Some(gateway) = self.gateways.get(id).cloned() else {
            return;
        };
        let id = id.clone();
        match call {
            Call::Order {
                attempt,
                operation,
                order,
                limit,
            } => {
                let prepared = match operation {
                    Operation::Submit => self.prepared.remove(&attempt),
                    _ => None,
                };
                let trace = self.trace.clone();
                let number = order.number.clone();
                let watched = move |answer: Option<&Answer>| {
                    if let Some(trace) = &trace {
                        trace(Traced {
                            order: number.clone(),
                            operation,
                            at: Instant::now(),
                            answer: answer.cloned(),
                        });
                    }
                };
                let asking = async move {
                    watched(None);
                    let asked =
                        async move { ask(&gateway, operation, &order, prepared, limit).await };
                    let answer = in_time(asked, limit).await.unwrap_or_else(Answer::Unknown);
                    watched(Some(&answer));
                    let silent = Answer::Unknown(Unknown::Timeout);
                    let broken = Answer::Unknown(Unknown::Broken);
                    let reached = ![Answer::NotSent, silent, broken].contains(&answer);
                    let event = Event::Answered {
                        attempt,
                        operation,
                        answer,
                    };
                    (event, reached)
                };
                self.run(serial, pause, asking, id);
            }
            Call::Refund {
                refund,
                operation,
                order,
                limit,
            } => {
                let asking = async move {
                    let asked = async move { ask_refund(&gateway, operation, &order, limit).await };
                    let answer = in_time(asked, limit)
                        .await
                        .unwrap_or_else(RefundAnswer::Unknown);
                    let silent = RefundAnswer::Unknown(Unknown::Timeout);
                    let broken = RefundAnswer::Unknown(Unknown::Broken);
                    let reached = ![RefundAnswer::NotSent, silent, broken].contains(&answer);
                    let event = Event::RefundAnswered {
                        refund,
                        operation,
                        answer,
                    };
                    (event, reached)
                };
                self.run(serial, pause, asking, id);
            }
        }
    }

    fn give_up(&mut self, serial: u64) {
        if let Some(task) = self.running.remove(&serial) {
            task.abort();
        }
    }

    fn warm(&mut self, gateways: &[GatewayId]) {
        for gateway in gateways {
            let gateway = self.gateways.get(gateway).cloned();
            if let Some(gateway) = gateway.filter(|gateway| gateway.keeps_warm()) {
                self.runtime.spawn(async move { gateway.warm().await });
            }
        }
    }

    fn clock_error(&self, gateway: &GatewayId) -> Option<Duration> {
        self.gateways.get(gateway)?.clock_error()
    }
}

/// What comes of a call within its limit.
async fn in_time<T: Send + 'static>(
    asked: impl Future<Output = T> + Send + 'static,
    limit: Duration,
) -> Result<T, Unknown> {
    // In a task of its own, that ends with this one: a panic is an answer too.
    let mut tasks = JoinSet::new();
    tasks.spawn(asked);
    // The gateway keeps the limit itself; this is the belt to its braces.
    let limit = limit + Duration::from_millis(500);
    match tokio::time::timeout(limit, tasks.join_next()).await {
        Ok(Some(Ok(answer))) => Ok(answer),
        Ok(_) => Err(Unknown::Broken),
        Err(_) => Err(Unknown::Timeout),
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

async fn ask_refund(
    gateway: &Gateway,
    operation: RefundOperation,
    order: &RefundOrder,
    limit: Duration,
) -> RefundAnswer {
    match operation {
        RefundOperation::Submit => gateway.refund(order, limit).await,
        RefundOperation::Enquiry => gateway.enquire_refund(order, limit).await,
        RefundOperation::Notification => RefundAnswer::Unknown(Unknown::Unlisted),
    }
}

/// Whether the gateway can be reached, for the lane's health.
fn tell_health(board: &Board, gateway: &GatewayId, reached: bool) {
    let state = if reached { "ok" } else { "unreachable" };
    board.write(|boards| {
        if let Some(view) = boards.gateways.get_mut(gateway) {
            view.state = state;
        }
    });
}
