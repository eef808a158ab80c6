//! The driver at work: it waits for messages and timers, on a thread of its own,
//! where it may wait for the disk; calls run elsewhere.
//!
//! Here is what stands behind the [ports](super::ports) in a store: the journal, the
//! calls of [`calls`](crate::service::calls), the system's clocks and randomness, and
//! the [board](crate::service::board).

use super::{BATCH, Book, Clock, Driver, Front, Message, Moment, Ports, TheCore};
use crate::domain::{
    BusinessDay, Fact, IdempotencyKey, LaneId, Language, OrderNumber, Remark, SaleRef, Tender,
    TenderId, Timestamp, Verdict,
};
use crate::journal::{Entry, Journal, JournalError, Reader, TenderRow};
use crate::service::Trouble;
use crate::service::board::{Board, Posted};
use crate::service::calls::Calls;
use crate::service::named::Named;
use crate::service::start::wall_clock;
use crate::service::view::{Notice, obligation_views, tender_view, verdict_word};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;

/// Messages that wait for the driver at most; callers are told *busy* beyond.
pub(in crate::service) const QUEUE: usize = 1024;

/// Answers a caller: is given the tender, and whether this request made it. A caller
/// that went away needs no answer: the tender is in the journal.
pub type Reply = Box<dyn FnOnce(Result<(&Tender, bool), Trouble>) + Send>;

/// The ports of a store.
pub(in crate::service) struct Store;

impl Ports for Store {
    type Book = Disk;
    type Hands = Calls;
    type Clock = System;
    type Front = Counter;
    type Core = Named<TheCore>;
}

/// The journal, for writing and for reading.
pub(in crate::service) struct Disk {
    pub(in crate::service) journal: Journal,
    pub(in crate::service) reader: Reader,
}

impl Book for Disk {
    fn append(
        &mut self,
        at: Timestamp,
        facts: &[Fact],
        rows: &[TenderRow],
    ) -> Result<u64, JournalError> {
        self.journal.append(at, facts, rows)
    }

    fn remark(&mut self, at: Timestamp, remark: &Remark) -> Result<u64, JournalError> {
        self.journal.remark(at, remark)
    }

    fn open_tenders(&self) -> Result<Vec<TenderId>, JournalError> {
        self.journal.open_tenders()
    }

    fn facts_of(&self, tender: &TenderId) -> Result<Vec<Entry>, JournalError> {
        self.reader.facts_of(tender)
    }

    fn by_key(&self, key: &IdempotencyKey) -> Result<Option<TenderId>, JournalError> {
        self.reader.by_key(key)
    }

    fn by_sale(&self, sale: &SaleRef, day: &BusinessDay) -> Result<Vec<TenderId>, JournalError> {
        self.reader.by_sale(sale, day)
    }

    fn by_order(&self, order: &OrderNumber) -> Result<Option<TenderId>, JournalError> {
        self.reader.by_order(order)
    }
}

/// The system's clocks and randomness.
#[derive(Debug, Clone, Copy)]
pub(in crate::service) struct System {
    began: Instant,
}

impl System {
    /// Moments are counted from here.
    pub(in crate::service) fn new() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// A moment that the system's monotonic clock showed.
    pub(in crate::service) fn moment_of(self, at: std::time::Instant) -> Moment {
        Moment(Instant::from_std(at).saturating_duration_since(self.began))
    }

    fn instant(self, moment: Moment) -> Instant {
        self.began + moment.0
    }
}

impl Clock for System {
    fn moment(&self) -> Moment {
        Moment(self.began.elapsed())
    }

    fn wall(&self) -> Timestamp {
        wall_clock()
    }

    fn random(&mut self) -> u64 {
        let mut random = [0u8; 8];
        // Without it an order number could be made twice: rather stop.
        aws_lc_rs::rand::fill(&mut random).expect("the system gives random bytes");
        u64::from_le_bytes(random)
    }
}

/// What callers see: the board, the journal's length, the notices.
pub(in crate::service) struct Counter {
    pub(in crate::service) board: Arc<Board>,
    pub(in crate::service) sequence: watch::Sender<u64>,
    pub(in crate::service) notices: broadcast::Sender<Notice>,
    pub(in crate::service) language: Language,
}

impl Front for Counter {
    type Reply = Reply;

    fn answer(&mut self, reply: Reply, outcome: Result<(&Tender, bool), Trouble>) {
        reply(outcome);
    }

    fn post(&mut self, tender: &Tender) {
        self.board.write(|boards| {
            if tender.is_open() {
                let posted = Posted {
                    view: Arc::new(tender_view(tender, self.language)),
                    obligations: obligation_views(tender),
                };
                boards.tenders.insert(tender.id.clone(), posted);
            } else {
                boards.tenders.remove(&tender.id);
            }
        });
    }

    fn durable(&mut self, last: u64) {
        self.sequence.send_replace(last);
    }

    fn notice(&mut self, notice: Notice) {
        if let Ok(lane) = LaneId::new(notice.lane.clone()) {
            self.board
                .write(|boards| boards.notices.insert(lane, notice.clone()));
        }
        // Nobody may be listening.
        let _ = self.notices.send(notice);
    }

    fn count(&mut self, name: &'static str, label: &str) {
        self.board.count(name, label);
    }

    fn unready(&mut self, why: &str) {
        self.board
            .write(|boards| boards.unready = Some(why.to_owned()));
    }

    fn nobody_can_tell(&mut self) {
        self.board.write(|boards| {
            for posted in boards.tenders.values_mut() {
                let view = Arc::make_mut(&mut posted.view);
                if view.verdict.is_none() && view.state != "armed" {
                    view.verdict = Some(verdict_word(Verdict::Unresolved));
                }
            }
        });
        self.sequence.send_modify(|_| {});
    }
}

/// Continues what the journal left open, then works until told to stop. The service
/// manager is told every so often that the driver works.
///
/// # Errors
/// When the journal fails; what was not stored has not happened.
pub(in crate::service) async fn run(
    mut driver: Driver<Store>,
    messages: mpsc::Receiver<Message>,
    recovered: oneshot::Sender<()>,
    watchdog: Option<Duration>,
) -> Result<(), JournalError> {
    driver.resume();
    // Whoever started this may be gone.
    let _ = recovered.send(());
    turn(&mut driver, messages, watchdog).await?;
    driver.book.journal.close(wall_clock())
}

async fn turn(
    driver: &mut Driver<Store>,
    mut messages: mpsc::Receiver<Message>,
    watchdog: Option<Duration>,
) -> Result<(), JournalError> {
    let mut queue = Vec::with_capacity(BATCH);
    let mut fed = Instant::now();
    while !driver.has_stopped() {
        let alarm = driver.next_alarm().map(|at| driver.clock.instant(at));
        let feed = watchdog.map(|every| fed + every);
        tokio::select! {
            // An answer that is here goes before an alarm: what it says may
            // make the alarm pointless.
            biased;
            count = messages.recv_many(&mut queue, BATCH) => {
                if count == 0 {
                    return Ok(());
                }
            }
            () = sleep_until(alarm), if alarm.is_some() => {}
            () = sleep_until(feed), if feed.is_some() => {}
        }
        driver.work(queue.drain(..))?;
        if watchdog.is_some_and(|every| fed.elapsed() >= every) {
            fed = Instant::now();
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
    }
    Ok(())
}

/// Sleeps until then, or for ever when there is nothing to wait for.
async fn sleep_until(alarm: Option<Instant>) {
    match alarm {
        Some(alarm) => tokio::time::sleep_until(alarm).await,
        None => std::future::pending().await,
    }
}
