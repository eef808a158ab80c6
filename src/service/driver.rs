//! The one task that owns the core's state.
//!
//! ```text
//!   messages, timers ─▶ step, step, step ─▶ one transaction, flushed ─▶ effects, replies
//!                         (one batch)        journal.append
//! ```
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

use super::Trouble;
use super::board::{Board, Posted};
use super::calls::Calls;
use super::fingerprint::Fingerprints;
use super::intake::{Intake, Routed};
use super::record::{log, tender_row};
use super::start::wall_clock;
use super::timers::Timers;
use super::view::{Notice, TenderView, obligation_views, tender_view, verdict_word};
use super::wording::{denial_text, stale_scan_text};
use crate::domain::code::PaymentCode;
use crate::domain::{
    CodeRead, Denial, Effect, Event, Fact, LaneId, Language, Now, State, Step, Tender, TenderId,
    Timestamp, Verdict, What, apply, resume, step,
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

/// One screen read twice by one trigger, also once by each of its symbols, is one scan.
const DOUBLE_READ: Duration = Duration::from_secs(2);

/// How often the service manager is told that the driver works, at most.
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
    Scan(LaneId, PaymentCode, std::time::Instant),
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
    /// When a lane's last scan was submitted.
    pub(super) submitted: BTreeMap<LaneId, Instant>,
    pub(super) stopping: bool,
    /// Why nothing new is taken, when nothing is.
    pub(super) refusing: Option<String>,
}

/// What was decided and is not yet done.
struct Batch {
    /// The time of everything in it, in the state and in the journal alike.
    at: Timestamp,
    /// Whether it begins something (a tender, an attempt): a full disk refuses
    /// that, and nothing of it has happened then. Outcomes of what was begun are
    /// never mixed with it, so that they can still be recorded.
    begins: bool,
    facts: Vec<Fact>,
    effects: Vec<Effect>,
    touched: BTreeSet<TenderId>,
    replies: Vec<(Reply, Outcome)>,
    notices: Vec<Notice>,
    /// Lanes whose scan is in it.
    scans: Vec<LaneId>,
}

impl Batch {
    fn new() -> Self {
        Self {
            at: wall_clock(),
            begins: false,
            facts: Vec::new(),
            effects: Vec::new(),
            touched: BTreeSet::new(),
            replies: Vec::new(),
            notices: Vec::new(),
            scans: Vec::new(),
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
        loop {
            if self.stopping && !self.anything_in_flight() {
                return Ok(());
            }
            let alarm = self.timers.next();
            let feed = self.watchdog.map(|every| Instant::now() + every);
            tokio::select! {
                count = messages.recv_many(&mut queue, BATCH) => {
                    if count == 0 {
                        return Ok(());
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

    /// Makes the batch durable and does what it decided; begins another.
    fn finish(&mut self, batch: &mut Batch) -> Result<(), JournalError> {
        let mut batch = std::mem::replace(batch, Batch::new());
        match self.flush(&batch) {
            Ok(last) => {
                let tenders = &self.state.tenders;
                let touched = batch.touched.iter().filter_map(|id| tenders.get(id));
                touched.for_each(|tender| self.post(tender));
                // After the board: whoever waits for a change looks there.
                if let Some(last) = last {
                    self.sequence.send_replace(last);
                }
                for effect in std::mem::take(&mut batch.effects) {
                    self.perform(effect);
                }
            }
            Err(error) if batch.begins && error.nothing_added() => {
                self.undo(&mut batch, &error)?;
            }
            Err(error) => return Err(error),
        }
        for notice in batch.notices {
            self.notice(notice);
        }
        for (reply, outcome) in batch.replies {
            let outcome = outcome.and_then(|(id, new)| Ok((self.view(&id)?, new)));
            // A caller that went away needs no answer: the tender is in the journal.
            let _ = reply.send(outcome);
        }
        self.state.tenders.retain(|_, tender| tender.is_open());
        Ok(())
    }

    /// Nothing of the batch has happened: the state goes back to what the journal has.
    fn undo(&mut self, batch: &mut Batch, error: &JournalError) -> Result<(), JournalError> {
        tracing::error!(%error, "nothing new can be recorded");
        for id in std::mem::take(&mut batch.touched) {
            self.state
                .codes
                .retain(|_, (attempt, _)| attempt.tender != id);
            self.state.tenders.remove(&id);
            self.load(&id)?;
        }
        for effect in &batch.effects {
            if let Effect::Call { attempt, .. } = effect {
                self.calls.forget(attempt);
            }
        }
        let text = error.to_string();
        for lane in &batch.scans {
            let notice = Notice::new(lane, batch.at, "unavailable", &text);
            batch.notices.push(notice);
        }
        for (_, outcome) in &mut batch.replies {
            if outcome.is_ok() {
                *outcome = Err(Trouble::Unavailable(text.clone()));
            }
        }
        Ok(())
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
            Message::Scan(lane, code, ended) => self.scan(&lane, &code, ended, batch)?,
            Message::Answered { serial, event } => {
                if let Event::Answered {
                    attempt, operation, ..
                } = &event
                    && self.calls.ended(attempt, *operation, serial)
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

    /// Steps one event. What it decides is applied at once, for the next event
    /// of the batch, and done after the flush.
    fn event(
        &mut self,
        event: &Event,
        code: Option<&PaymentCode>,
        batch: &mut Batch,
    ) -> Result<Outcome, JournalError> {
        let mut decided = self.decide(event, batch)?;
        if let Ok(step) = &decided
            && !step.facts.is_empty()
            && !batch.facts.is_empty()
            && step.begins() != batch.begins
        {
            // What went before may be undone: decide again, on what is left.
            self.finish(batch)?;
            decided = self.decide(event, batch)?;
        }
        let step = match decided {
            Ok(step) => step,
            Err(denial) => return Ok(Err(Trouble::Denied(denial))),
        };
        batch.begins |= step.begins();
        for fact in &step.facts {
            apply(&mut self.state, fact, batch.at);
            batch.touched.insert(fact.tender.clone());
            log(fact);
        }
        let created = |fact: &Fact| matches!(fact.what, What::TenderCreated { .. });
        let new = step.facts.iter().any(created);
        if new && let Some(tender) = &step.tender {
            self.warm(tender);
        }
        for effect in &step.effects {
            if let (Effect::Call { order, attempt, .. }, Some(code)) = (effect, code) {
                self.calls.prepare(attempt, order, code);
            }
        }
        batch.facts.extend(step.facts);
        batch.effects.extend(step.effects);
        Ok(match step.tender {
            Some(tender) => Ok((tender, new)),
            None => Err(Trouble::Denied(Denial::NoTender)),
        })
    }

    fn decide(
        &mut self,
        event: &Event,
        batch: &Batch,
    ) -> Result<Result<Step, Denial>, JournalError> {
        self.load_for(event)?;
        Ok(step(&self.state, event, self.now(batch.at)))
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
        if let Some(why) = &self.refusing {
            return Ok(Err(Trouble::Unavailable(why.clone())));
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
            batch.scans.push(lane.clone());
            self.submitted.insert(lane.clone(), Instant::now());
            return Ok(());
        };
        let again = matches!(
            trouble,
            Trouble::Denied(Denial::CodeInProcess | Denial::CodeUsed)
        );
        let before = self.submitted.get(lane);
        if again && before.is_some_and(|at| at.elapsed() < DOUBLE_READ) {
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

    /// Makes the batch durable; everything waits for this. Gives the newest
    /// sequence number, when there is a new one.
    fn flush(&mut self, batch: &Batch) -> Result<Option<u64>, JournalError> {
        if batch.facts.is_empty() {
            return Ok(None);
        }
        let rows: Vec<TenderRow> = batch
            .touched
            .iter()
            .filter_map(|id| self.state.tenders.get(id))
            .map(tender_row)
            .collect();
        let journal = &mut self.journal;
        let append = || journal.append(batch.at, &batch.facts, &rows);
        tokio::task::block_in_place(append).map(Some)
    }

    /// Publishes a tender, or takes it off the board when nothing of it is open.
    fn post(&self, tender: &Tender) {
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

    /// The present, with randomness of its own: names are never made twice.
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
                let by_key = self.reader.by_key(&new.key)?;
                let by_sale = self.reader.by_sale(&new.sale, &new.day)?;
                by_key
                    .into_iter()
                    .chain(by_sale)
                    .try_for_each(|id| self.load(&id))
            }
            Event::CodeRead { tender, .. } => {
                self.load(tender)?;
                let Some(tender) = self.state.tenders.get(tender) else {
                    return Ok(());
                };
                let of_sale = self.reader.by_sale(&tender.sale, &tender.day)?;
                of_sale.into_iter().try_for_each(|id| self.load(&id))
            }
            Event::Cancel(id) | Event::Extend(id) | Event::Acknowledge(id) => self.load(id),
            Event::Answered { attempt, .. } | Event::CloseObligation { attempt, .. } => {
                self.load(&attempt.tender)
            }
            // Timers belong to what is open, and that is here.
            Event::TimerFired(_) => Ok(()),
        }
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
