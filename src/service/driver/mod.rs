//! The one task that owns the core's state.
//!
//! ```text
//!   messages, timers ─▶ step, step, step ─▶ one transaction, flushed ─▶ effects, replies
//!                         (one batch)        journal.append
//! ```
//!
//! It has a thread of its own, where it waits for the disk; calls run elsewhere.
//!
//! Whatever came in together is stepped one by one and made durable together,
//! so that lanes share a flush. Nothing leaves the process, and no caller is
//! answered, before the flush: not a byte of a call, not an event, not a
//! verdict. The body of a submit is built and signed while the flush runs; it is
//! sent after it.
//!
//! When the journal cannot store what begins something (the disk is full), it has
//! not happened and callers are told so. When it cannot store the outcome of
//! something that was begun, the driver ends, callers that wait are told
//! `unresolved`, and the process leaves with an error: what was in flight is found
//! in the journal at the next start.

mod batch;
mod reading;

use super::Trouble;
use super::board::Board;
use super::calls::Calls;
use super::fingerprint::Fingerprints;
use super::intake::Intake;
use super::start::wall_clock;
use super::timers::Timers;
use super::view::{Notice, TenderView, verdict_word};
use crate::domain::code::PaymentCode;
use crate::domain::{
    Answer, BusinessDay, Effect, Event, LaneId, Language, Now, OrderStatus, SaleRef, ScannerId,
    State, Tender, TenderId, Timestamp, Verdict, apply, resume,
};
use crate::journal::{Journal, JournalError, Reader};
use crate::scanner::{Scan, Use};
use batch::Batch;
use reading::Submitted;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;

/// Messages that wait for the driver at most; callers are told *busy* beyond.
pub(super) const QUEUE: usize = 1024;

/// Events of one batch at most: what shares one flush.
const BATCH: usize = 64;

/// How often the service manager is told that the driver works.
pub(super) type Watchdog = Option<Duration>;

/// What a caller gets: the tender, and whether this request made it.
pub(super) type Reply = oneshot::Sender<Result<(TenderView, bool), Trouble>>;

/// What became of a request: the tender, and whether the request made it.
type Outcome = Result<(TenderId, bool), Trouble>;

/// A message to the driver.
pub(super) enum Message {
    /// A caller asks.
    Ask(Event, Reply),
    /// A caller brings a code for a tender.
    Code(TenderId, PaymentCode, Reply),
    /// A lane's scanner read something whole.
    Scan(ScannerId, LaneId, Scan),
    /// A call of the driver's own ended.
    Answered {
        /// Which call.
        serial: u64,
        /// The event for the core.
        event: Event,
    },
    /// Take nothing new from here on; what is in flight goes on.
    Refuse(String),
    /// Take nothing new; end when nothing is in flight.
    Stop,
}

/// What the driver is made of.
pub(super) struct Driver {
    pub(super) state: State,
    pub(super) journal: Journal,
    pub(super) reader: Reader,
    pub(super) calls: Calls,
    pub(super) intake: Intake,
    pub(super) fingerprints: Fingerprints,
    pub(super) board: Arc<Board>,
    pub(super) sequence: watch::Sender<u64>,
    pub(super) notices: broadcast::Sender<Notice>,
    pub(super) language: Language,
    pub(super) watchdog: Watchdog,
    pub(super) timers: Timers,
    /// The last scan that each lane submitted.
    pub(super) submitted: BTreeMap<LaneId, Submitted>,
    /// Whom each scanner serves.
    pub(super) uses: BTreeMap<ScannerId, Use>,
    /// Tickets, each on a day, of which every tender is in the working set: all
    /// that are made from then on come through here.
    pub(super) sales: BTreeSet<(SaleRef, BusinessDay)>,
    pub(super) stopping: bool,
    /// Why nothing new is taken, when nothing is.
    pub(super) refusing: Option<String>,
}

impl Driver {
    /// Continues what the journal left open, then works until told to stop.
    ///
    /// # Errors
    /// When the journal fails; what was not stored has not happened.
    pub(super) async fn run(
        mut self,
        messages: mpsc::Receiver<Message>,
        recovered: oneshot::Sender<()>,
    ) -> Result<(), JournalError> {
        for effect in resume(&self.state, self.now(wall_clock())) {
            self.perform(effect);
        }
        self.state.tenders.values().for_each(|t| self.post(t));
        // Whoever started this may be gone.
        let _ = recovered.send(());
        match self.turn(messages).await {
            Ok(()) => self.journal.close(wall_clock()),
            Err(error) => {
                self.give_up();
                Err(error)
            }
        }
    }

    async fn turn(&mut self, mut messages: mpsc::Receiver<Message>) -> Result<(), JournalError> {
        let mut queue = Vec::with_capacity(BATCH);
        let mut fed = Instant::now();
        loop {
            if self.stopping && !self.anything_in_flight() {
                return Ok(());
            }
            let alarm = self.timers.next();
            let feed = self.watchdog.map(|every| fed + every);
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
            self.work(queue.drain(..))?;
            if self.watchdog.is_some_and(|every| fed.elapsed() >= every) {
                fed = Instant::now();
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
            }
        }
    }

    fn anything_in_flight(&self) -> bool {
        let live = |tender: &Tender| tender.verdict.is_none() && tender.live_attempt().is_some();
        self.state.tenders.values().any(live)
    }

    /// Verdicts can no longer be stored: whoever waits for one is told that
    /// nobody can tell. The next start finds out.
    fn give_up(&self) {
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

    /// Decide, flush, do.
    fn work(&mut self, messages: impl Iterator<Item = Message>) -> Result<(), JournalError> {
        let mut batch = Batch::new();
        for message in messages {
            self.take(message, &mut batch)?;
        }
        for timer in self.timers.take_due(Instant::now()) {
            // A timer of a tender that is gone is nobody's.
            let _ = self.event(&Event::TimerFired(timer), None, &mut batch)?;
        }
        self.finish(&mut batch)
    }

    fn take(&mut self, message: Message, batch: &mut Batch) -> Result<(), JournalError> {
        match message {
            Message::Ask(event, reply) => {
                let outcome = match &self.refusing {
                    Some(why) if matches!(event, Event::CreateTender(_)) => {
                        Err(Trouble::Unavailable(why.clone()))
                    }
                    _ => self.event(&event, None, batch)?,
                };
                batch.replies.push((reply, outcome));
            }
            Message::Code(tender, code, reply) => {
                let outcome = self.code(&tender, &code, batch)?;
                batch.replies.push((reply, outcome));
            }
            Message::Scan(scanner, lane, scan) => self.scan(scanner, &lane, scan, batch)?,
            Message::Answered { serial, event } => {
                if let Event::Answered {
                    attempt, operation, ..
                } = &event
                    && (self.calls.ended(attempt, *operation, serial) || tells_an_end(&event))
                {
                    // An answer that nothing waits for is nobody's either.
                    let _ = self.event(&event, None, batch)?;
                }
            }
            Message::Refuse(why) => self.refuse(why),
            Message::Stop => {
                self.stopping = true;
                self.refuse("the service is stopping".to_owned());
            }
        }
        Ok(())
    }

    fn refuse(&mut self, why: String) {
        self.board
            .write(|boards| boards.unready = Some(why.clone()));
        self.refusing = Some(why);
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Call {
                attempt,
                operation,
                order,
                limit,
                fresh,
            } => self.calls.start(attempt, operation, order, limit, fresh),
            Effect::Set(timer, after) => self.timers.set(timer, after),
            Effect::Extend(timer, by) => self.timers.extend(&timer, by),
            Effect::Clear(timer) => self.timers.clear(&timer),
        }
    }

    fn notice(&self, notice: Notice) {
        tracing::info!(lane = notice.lane, code = notice.code, "notice");
        if let Ok(lane) = LaneId::new(notice.lane.clone()) {
            self.board
                .write(|boards| boards.notices.insert(lane, notice.clone()));
        }
        // Nobody may be listening.
        let _ = self.notices.send(notice);
    }

    /// The present, with randomness of its own: names are never made twice.
    fn now(&self, at: Timestamp) -> Now {
        let mut random = [0u8; 8];
        // Without it an order number could be made twice: rather stop.
        aws_lc_rs::rand::fill(&mut random).expect("the system gives random bytes");
        Now {
            at,
            random: u64::from_le_bytes(random),
            clock_error: self.calls.clock_error(),
        }
    }

    /// Brings into the working set whatever the event concerns.
    fn load_for(&mut self, event: &Event) -> Result<(), JournalError> {
        match event {
            Event::CreateTender(new) => {
                let by_key = self.reader.by_key(&new.key)?;
                by_key.iter().try_for_each(|id| self.load(id))?;
                self.load_sale(&new.sale, &new.day)
            }
            Event::CodeRead { tender, .. } => {
                self.load(tender)?;
                let Some(tender) = self.state.tenders.get(tender) else {
                    return Ok(());
                };
                let (sale, day) = (tender.sale.clone(), tender.day.clone());
                self.load_sale(&sale, &day)
            }
            Event::Cancel(id) | Event::Extend(id) | Event::Acknowledge(id) => self.load(id),
            Event::Answered { attempt, .. } | Event::CloseObligation { attempt, .. } => {
                self.load(&attempt.tender)
            }
            // Timers belong to what is open, and that is here.
            Event::TimerFired(_) => Ok(()),
        }
    }

    /// Lets go of what is closed. The tenders of a ticket stay together while one
    /// of them is open, so that its scan needs nothing from the journal.
    fn forget(&mut self) {
        let tenders = &mut self.state.tenders;
        let open = tenders.values().filter(|tender| tender.is_open());
        let open: BTreeSet<SaleRef> = open.map(|tender| tender.sale.clone()).collect();
        tenders.retain(|_, tender| open.contains(&tender.sale));
        self.sales.retain(|(sale, _)| open.contains(sale));
    }

    /// The tenders of a ticket: of its day, and of the days beside it, since a
    /// ticket does not end at midnight.
    fn load_sale(&mut self, sale: &SaleRef, day: &BusinessDay) -> Result<(), JournalError> {
        for day in with_neighbours(day) {
            let sale = (sale.clone(), day);
            if !self.sales.contains(&sale) {
                let of_day = self.reader.by_sale(&sale.0, &sale.1)?;
                of_day.iter().try_for_each(|id| self.load(id))?;
                self.sales.insert(sale);
            }
        }
        Ok(())
    }

    /// The connection is opened while the customer looks for the phone.
    fn warm(&self, id: &TenderId) {
        let tender = self.state.tenders.get(id);
        let lane = tender.and_then(|tender| self.state.setup.lanes.get(&tender.lane));
        if let Some(lane) = lane {
            self.calls.warm(&lane.gateways);
        }
    }

    fn load(&mut self, id: &TenderId) -> Result<(), JournalError> {
        if self.state.tenders.contains_key(id) {
            return Ok(());
        }
        for entry in self.reader.facts_of(id)? {
            apply(&mut self.state, &entry.fact, entry.at);
        }
        Ok(())
    }
}

/// Sleeps until then, or for ever when there is nothing to wait for.
async fn sleep_until(alarm: Option<Instant>) {
    match alarm {
        Some(alarm) => tokio::time::sleep_until(alarm).await,
        None => std::future::pending().await,
    }
}

/// Whether an answer says how an attempt ended. Such an answer counts also when
/// the call was given up for a fresh one.
fn tells_an_end(event: &Event) -> bool {
    match event {
        Event::Answered { answer, .. } => match answer {
            Answer::Report(report) => report.status != OrderStatus::Pending,
            Answer::AlreadyPaid { .. } => true,
            _ => false,
        },
        _ => false,
    }
}

fn with_neighbours(day: &BusinessDay) -> Vec<BusinessDay> {
    let mut days = vec![day.clone()];
    if let Ok(date) = day.as_str().parse::<jiff::civil::Date>() {
        let beside = [date.yesterday(), date.tomorrow()];
        let named = beside.into_iter().flatten();
        days.extend(named.filter_map(|date| BusinessDay::new(date.to_string()).ok()));
    }
    days
}
