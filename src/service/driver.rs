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
//! When the journal cannot store a batch, nothing of the batch has happened:
//! the driver ends, callers that wait are told `unavailable`, and the process
//! leaves with an error. What was in flight is found in the journal at the next
//! start.

use super::Trouble;
use super::board::{Board, Posted};
use super::calls::Calls;
use super::fingerprint::Fingerprints;
use super::intake::{Intake, Routed};
use super::record::{log, tender_row};
use super::start::wall_clock;
use super::timers::Timers;
use super::view::{Notice, TenderView, obligation_views, tender_view};
use super::wording::{denial_text, stale_scan_text};
use crate::domain::code::PaymentCode;
use crate::domain::{
    BusinessDay, CodeRead, Denial, Effect, Event, Fact, Fingerprint, LaneId, Language, Now,
    SaleRef, State, Step, Tender, TenderId, Timestamp, What, apply, resume, step,
};
use crate::journal::{Journal, JournalError, Reader, TenderRow};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;

/// Messages that wait for the driver at most; callers are told *busy* beyond.
pub(super) const QUEUE: usize = 1024;

/// Events of one batch at most: what shares one flush.
const BATCH: usize = 64;

/// A scan that waited longer than this is not submitted (`docs/codes.md`).
const SCAN_AGE: Duration = Duration::from_secs(10);

/// One symbol read twice by one trigger is one scan.
const DOUBLE_READ: Duration = Duration::from_secs(2);

/// How often the service manager is told that the driver works, at most.
pub(super) type Watchdog = Option<Duration>;

/// What a caller gets: the tender, and whether this request made it.
pub(super) type Reply = oneshot::Sender<Result<(TenderView, bool), Trouble>>;

/// A ticket and its trading day: ticket numbers come round again.
pub(super) type Sale = (SaleRef, BusinessDay);

/// What became of a request: the tender, and whether the request made it.
type Outcome = Result<(TenderId, bool), Trouble>;

/// A message to the driver.
pub(super) enum Message {
    /// A caller asks.
    Ask(Event, Reply),
    /// A caller brings a code for a tender.
    Code(TenderId, PaymentCode, Reply),
    /// A lane's scanner read something whole.
    Scan(LaneId, PaymentCode, std::time::Instant),
    /// A call of the driver's own ended.
    Answered {
        /// Which call.
        serial: u64,
        /// The event for the core.
        event: Event,
    },
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
    pub(super) last_reads: BTreeMap<LaneId, (Fingerprint, Instant)>,
    /// Sales of which every tender is in the working set.
    pub(super) sales: BTreeSet<Sale>,
    pub(super) stopping: bool,
}

/// What a batch has decided and not yet done.
struct Batch {
    at: Timestamp,
    facts: Vec<Fact>,
    effects: Vec<Effect>,
    touched: BTreeSet<TenderId>,
    replies: Vec<(Reply, Outcome)>,
    notices: Vec<Notice>,
}

impl Batch {
    fn at(at: Timestamp) -> Self {
        Self {
            at,
            facts: Vec::new(),
            effects: Vec::new(),
            touched: BTreeSet::new(),
            replies: Vec::new(),
            notices: Vec::new(),
        }
    }
}

impl Driver {
    /// Continues what the journal left open, then works until told to stop.
    ///
    /// # Errors
    /// When the journal fails; what was not stored has not happened.
    pub(super) async fn run(
        mut self,
        mut messages: mpsc::Receiver<Message>,
        recovered: oneshot::Sender<()>,
    ) -> Result<(), JournalError> {
        for effect in resume(&self.state, self.now(wall_clock())) {
            self.perform(effect);
        }
        let all: Vec<TenderId> = self.state.tenders.keys().cloned().collect();
        all.iter().for_each(|id| self.post(id));
        // Whoever started this may be gone.
        let _ = recovered.send(());
        let mut queue = Vec::with_capacity(BATCH);
        loop {
            if self.stopping && !self.anything_in_flight() {
                return self.journal.close(wall_clock());
            }
            let alarm = self.timers.next();
            let feed = self.watchdog.map(|every| Instant::now() + every);
            tokio::select! {
                count = messages.recv_many(&mut queue, BATCH) => {
                    if count == 0 {
                        return self.journal.close(wall_clock());
                    }
                }
                () = sleep_until(alarm), if alarm.is_some() => {}
                () = sleep_until(feed), if feed.is_some() => {}
            }
            if self.watchdog.is_some() {
                let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
            }
            self.work(queue.drain(..))?;
        }
    }

    fn anything_in_flight(&self) -> bool {
        let live = |tender: &Tender| tender.verdict.is_none() && tender.live_attempt().is_some();
        self.state.tenders.values().any(live)
    }

    /// One batch: decide, flush, do.
    fn work(&mut self, messages: impl Iterator<Item = Message>) -> Result<(), JournalError> {
        let mut batch = Batch::at(wall_clock());
        for message in messages {
            self.take(message, &mut batch)?;
        }
        for timer in self.timers.take_due(Instant::now()) {
            // A timer of a tender that is gone is nobody's.
            let _ = self.event(&Event::TimerFired(timer), None, &mut batch)?;
        }
        self.flush(&batch)?;
        // Calls first: a customer waits for them.
        for effect in std::mem::take(&mut batch.effects) {
            self.perform(effect);
        }
        batch.facts.iter().for_each(log);
        for id in &batch.touched {
            self.post(id);
        }
        // Who hears of the sequence looks at the board.
        self.sequence.send_if_modified(|last| {
            let grown = *last < self.journal.last();
            *last = self.journal.last();
            grown
        });
        for notice in batch.notices {
            self.notice(notice);
        }
        for (reply, outcome) in batch.replies {
            let outcome = outcome.and_then(|(id, new)| Ok((self.view(&id)?, new)));
            // A caller that went away needs no answer: the tender is in the journal.
            let _ = reply.send(outcome);
        }
        self.forget();
        Ok(())
    }

    fn take(&mut self, message: Message, batch: &mut Batch) -> Result<(), JournalError> {
        match message {
            Message::Ask(event, reply) => {
                let outcome = if self.stopping && matches!(event, Event::CreateTender(_)) {
                    Err(Trouble::Unavailable("the service is stopping".to_owned()))
                } else {
                    self.event(&event, None, batch)?
                };
                batch.replies.push((reply, outcome));
            }
            Message::Code(tender, code, reply) => {
                let outcome = self.code(&tender, &code, batch)?;
                batch.replies.push((reply, outcome));
            }
            Message::Scan(lane, code, ended) => self.scan(&lane, &code, ended, batch)?,
            Message::Answered { serial, event } => {
                if let Event::Answered {
                    attempt, operation, ..
                } = &event
                    && self.calls.ended(attempt, *operation, serial)
                {
                    // So is an answer that nothing waits for.
                    let _ = self.event(&event, None, batch)?;
                }
            }
            Message::Stop => self.stopping = true,
        }
        Ok(())
    }

    /// Steps one event. What it decides is applied at once, for the next event
    /// of the batch, and done after the flush.
    fn event(
        &mut self,
        event: &Event,
        code: Option<&PaymentCode>,
        batch: &mut Batch,
    ) -> Result<Outcome, JournalError> {
        self.load_for(event)?;
        let now = self.now(batch.at);
        let Step {
            facts,
            effects,
            tender,
        } = match step(&self.state, event, now) {
            Ok(step) => step,
            Err(denial) => return Ok(Err(Trouble::Denied(denial))),
        };
        let new = facts
            .iter()
            .any(|fact| matches!(fact.what, What::TenderCreated { .. }));
        for fact in &facts {
            apply(&mut self.state, fact, now.at);
            batch.touched.insert(fact.tender.clone());
        }
        if new && let Some(tender) = &tender {
            self.warm(tender);
        }
        for effect in &effects {
            if let (Effect::Call { order, attempt, .. }, Some(code)) = (effect, code) {
                self.calls.prepare(attempt, order, code);
            }
        }
        batch.facts.extend(facts);
        batch.effects.extend(effects);
        Ok(match tender {
            Some(tender) => Ok((tender, new)),
            None => Err(Trouble::Denied(Denial::NoTender)),
        })
    }

    /// A code for a tender, from wherever: classified, routed, then stepped.
    fn code(
        &mut self,
        id: &TenderId,
        scanned: &PaymentCode,
        batch: &mut Batch,
    ) -> Result<Outcome, JournalError> {
        self.load(id)?;
        let Some(tender) = self.state.tenders.get(id) else {
            return Ok(Err(Trouble::Denied(Denial::NoTender)));
        };
        if self.stopping {
            return Ok(Err(Trouble::Unavailable(
                "the service is stopping".to_owned(),
            )));
        }
        let lane = self.state.setup.lanes.get(&tender.lane);
        let gateways = lane
            .map(|lane| lane.gateways.as_slice())
            .unwrap_or_default();
        let forced = tender.gateway.as_ref();
        let routed = match self.intake.route(scanned, gateways, forced, self.language) {
            Ok(routed) => routed,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let Routed {
            gateway,
            wallet,
            masked,
            to_send,
        } = routed;
        let fingerprint = self.fingerprints.of(&to_send);
        let read = Event::CodeRead {
            tender: id.clone(),
            code: CodeRead {
                gateway,
                wallet,
                masked,
                fingerprint,
            },
        };
        self.event(&read, Some(&to_send), batch)
    }

    /// A scan is for the tender that the lane has; what is wrong with it is told the cashier.
    fn scan(
        &mut self,
        lane: &LaneId,
        code: &PaymentCode,
        ended: std::time::Instant,
        batch: &mut Batch,
    ) -> Result<(), JournalError> {
        let mut of_lane = self.state.tenders.values().filter(|t| t.lane == *lane);
        let tender = of_lane.find(|t| t.verdict.is_none()).map(|t| t.id.clone());
        let fingerprint = self.fingerprints.of(code);
        let before = self
            .last_reads
            .insert(lane.clone(), (fingerprint.clone(), Instant::now()));
        let twice = before.is_some_and(|(f, at)| f == fingerprint && at.elapsed() < DOUBLE_READ);
        let outcome = if ended.elapsed() > SCAN_AGE {
            batch.notices.push(Notice::new(
                lane,
                batch.at,
                "stale_scan",
                stale_scan_text(self.language),
            ));
            return Ok(());
        } else if let Some(tender) = tender {
            self.code(&tender, code, batch)?
        } else {
            match self.intake.classify(code, self.language) {
                Err(trouble) => Err(trouble),
                Ok(_) => Err(Trouble::Denied(Denial::NotArmed)),
            }
        };
        let Err(trouble) = outcome else {
            self.board.count("scans_total", "submitted");
            return Ok(());
        };
        if twice {
            self.board.count("scans_total", "double_read");
            return Ok(());
        }
        let (code, text) = self.trouble_text(trouble);
        self.board.count("scans_total", &code);
        batch
            .notices
            .push(Notice::new(lane, batch.at, &code, &text));
        Ok(())
    }

    fn trouble_text(&self, trouble: Trouble) -> (String, String) {
        match trouble {
            Trouble::Denied(denial) => (
                denial.code().to_owned(),
                denial_text(&denial, self.language),
            ),
            Trouble::NotACode { reason, text } => (reason, text),
            Trouble::NoGatewayForCode { text } => ("no_gateway".to_owned(), text),
            Trouble::Busy => ("busy".to_owned(), String::new()),
            Trouble::Unavailable(text) => ("unavailable".to_owned(), text),
        }
    }

    /// Makes the batch durable. Everything waits for this.
    fn flush(&mut self, batch: &Batch) -> Result<(), JournalError> {
        if batch.facts.is_empty() {
            return Ok(());
        }
        let rows: Vec<TenderRow> = batch
            .touched
            .iter()
            .filter_map(|id| self.state.tenders.get(id))
            .map(tender_row)
            .collect();
        self.journal.append(batch.at, &batch.facts, &rows).map(drop)
    }

    /// Publishes a tender, or takes it off the board when nothing of it is open.
    fn post(&self, id: &TenderId) {
        let Some(tender) = self.state.tenders.get(id) else {
            return;
        };
        self.board.write(|boards| {
            if tender.is_open() {
                let posted = Posted {
                    view: Arc::new(tender_view(tender, self.language)),
                    obligations: obligation_views(tender),
                };
                boards.tenders.insert(id.clone(), posted);
            } else {
                boards.tenders.remove(id);
            }
        });
    }

    fn view(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        let tender = self.state.tenders.get(id);
        tender
            .map(|tender| tender_view(tender, self.language))
            .ok_or(Trouble::Denied(Denial::NoTender))
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

    /// The moment of one event, with randomness of its own: names are never made twice.
    fn now(&self, at: Timestamp) -> Now {
        let mut random = [0u8; 8];
        // Without randomness the time alone keeps numbers apart.
        let _ = aws_lc_rs::rand::fill(&mut random);
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
                if let Some(id) = self.reader.by_key(&new.key)? {
                    self.load(&id)?;
                }
                self.load_sale((new.sale.clone(), new.day.clone()))
            }
            Event::CodeRead { tender, .. } => {
                self.load(tender)?;
                match self.state.tenders.get(tender) {
                    Some(tender) => self.load_sale(sale_of(tender)),
                    None => Ok(()),
                }
            }
            Event::Cancel(id) | Event::Extend(id) | Event::Acknowledge(id) => self.load(id),
            Event::Answered { attempt, .. } | Event::CloseObligation { attempt, .. } => {
                self.load(&attempt.tender)
            }
            // Timers belong to what is open, and that is here.
            Event::TimerFired(_) => Ok(()),
        }
    }

    /// Brings in every tender of a sale. Those that are made from then on come
    /// through here: nobody else writes to the journal.
    fn load_sale(&mut self, sale: Sale) -> Result<(), JournalError> {
        if self.sales.contains(&sale) {
            return Ok(());
        }
        for id in self.reader.by_sale(&sale.0, &sale.1)? {
            self.load(&id)?;
        }
        self.sales.insert(sale);
        Ok(())
    }

    /// Lets go of sales of which nothing is open.
    fn forget(&mut self) {
        let tenders = &mut self.state.tenders;
        let open = tenders.values().filter(|tender| tender.is_open());
        let open: BTreeSet<Sale> = open.map(sale_of).collect();
        tenders.retain(|_, tender| open.contains(&sale_of(tender)));
        self.sales.retain(|sale| open.contains(sale));
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

fn sale_of(tender: &Tender) -> Sale {
    (tender.sale.clone(), tender.day.clone())
}

/// Sleeps until then, or for ever when there is nothing to wait for.
async fn sleep_until(alarm: Option<Instant>) {
    match alarm {
        Some(alarm) => tokio::time::sleep_until(alarm).await,
        None => std::future::pending().await,
    }
}
