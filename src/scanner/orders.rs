//! What a scanner's thread is told to do, and the order to stop: that nobody can tell
//! it anything any more.

use super::feedback::Sound;
use std::time::Duration;
use tokio::sync::mpsc;

/// Sounds that wait for a device at most.
const WAITING: usize = 4;

pub(crate) enum Order {
    Sound(Sound),
}

/// The thread's end.
pub(crate) struct Orders(mpsc::Receiver<Order>);

/// The strong end: the thread runs as long as it lives.
pub(crate) struct Leash(mpsc::Sender<Order>);

/// An end that gives orders and does not keep the thread alive.
#[derive(Debug, Clone)]
pub(crate) struct Line(mpsc::WeakSender<Order>);

pub(crate) fn orders() -> (Leash, Orders) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Leash(sender), Orders(receiver))
}

impl Leash {
    pub(crate) fn line(&self) -> Line {
        Line(self.0.downgrade())
    }
}

impl Line {
    /// A line to nobody.
    pub(crate) fn nowhere() -> Self {
        Self(mpsc::channel(1).0.downgrade())
    }

    /// Gives an order. Whether there was room and somebody to take it.
    pub(crate) fn give(&self, order: Order) -> bool {
        let sender = self.0.upgrade();
        sender.is_some_and(|sender| sender.try_send(order).is_ok())
    }
}

impl Orders {
    /// The next order; none to stop.
    pub(crate) async fn next(&mut self) -> Option<Order> {
        self.0.recv().await
    }

    /// Waits for the order to stop. No device is there to follow the others.
    pub(crate) async fn stopped(&mut self) {
        while self.next().await.is_some() {}
    }

    /// Waits that long. Whether to stop.
    pub(crate) async fn stopped_within(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.stopped()).await.is_ok()
    }
}
