//! Joins the parts: the driver around the core, and the handle that callers hold.
//!
//! ```text
//!   API, CLI ──▶ Service ──▶ driver ──▶ journal      scanner ──▶ driver
//!                   │          │                     gateway ◀─▶ calls ──▶ driver
//!                   └─ board ◀─┘ (published, durable)
//! ```
//!
//! One task, the [driver](driver), owns the state. Everything else sends it
//! messages and reads a published snapshot, the board, or the journal.

mod audit;
mod board;
mod calls;
pub mod driver;
mod fingerprint;
mod intake;
mod named;
mod notify;
mod record;
mod refunds;
mod replay;
mod scanners;
mod sharing;
mod shown;
mod start;
pub mod view;
mod wording;

pub use calls::{Trace, Traced};
pub use driver::CLOCK_ERROR_MAX;
pub use intake::{Accepts, Emv, Intake};
pub use notify::NotifyError;
pub use refunds::Allowance;
pub use replay::{ParkError, duties_in, gap_since, park_in};
pub use shown::{blocks, svg};
pub use start::{Parts, Running, StartError, start, wall_clock};

use crate::domain::code::PaymentCode;
use crate::domain::{
    Amount, AttemptId, BusinessDay, Denial, Event, IdempotencyKey, LaneId, Language, NewTender,
    SaleRef, ScannerId, Setup, Tender, TenderId,
};
use crate::journal::{JournalError, Reader, RowFilter};
use board::Board;
use driver::{Message, Reply};
use replay::read_tender;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use view::{
    EventView, LaneView, Notice, ObligationView, TenderView, event_view, remark_view, tender_view,
};

/// Events that are read from the journal at once at most.
const EVENTS_MAX: usize = 500;

/// Tenders that are listed at once at most.
const TENDERS_MAX: usize = 200;

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Our rules say no.
    Denied(Denial),
    /// The scan is no payment code: the reason's stable word and its sentence.
    NotACode {
        /// A stable word for programs (`product_code`, `url` ...).
        reason: String,
        /// A sentence for the cashier.
        text: String,
    },
    /// No gateway of the lane takes this code.
    NoGatewayForCode {
        /// A sentence for the cashier.
        text: String,
    },
    /// Only a manager may do so much; without one, so much of a payment.
    NeedsManager(Option<Amount>),
    /// Too much is asked at once; ask again shortly.
    Busy,
    /// The service is stopping or its journal failed.
    Unavailable(String),
}

/// Which tenders to list. Newest first, at most `limit` (1 to 200).
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this sale.
    pub sale: Option<SaleRef>,
    /// With this key.
    pub key: Option<IdempotencyKey>,
    /// On this lane.
    pub lane: Option<LaneId>,
    /// Of this trading day.
    pub day: Option<BusinessDay>,
    /// In this state (`armed`, `paying`, `waiting`, `checking`, `done`).
    pub state: Option<String>,
    /// How many.
    pub limit: usize,
}

/// How a named person ends a duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// Who: the caller's token or session.
    pub name: String,
    /// Why; one line.
    pub reason: String,
    /// Where the proof is: a receipt, a ticket of the gateway's support; one line.
    pub reference: String,
}

/// Health for `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Journal open and recovery issued.
    pub ready: bool,
    /// What is missing, when it is not.
    pub text: String,
}

/// The handle to the running service. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    messages: mpsc::Sender<Message>,
    reader: Arc<Mutex<Reader>>,
    /// Lists take longer than verdicts may wait.
    lists: Arc<Mutex<Reader>>,
    board: Arc<Board>,
    sequence: watch::Receiver<u64>,
    notices: broadcast::Sender<Notice>,
    language: Language,
    timezone: jiff::tz::TimeZone,
    setup: Arc<Setup>,
    lanes: BTreeMap<LaneId, Vec<ScannerId>>,
    ear: Arc<notify::Ear>,
    /// What may be refunded of one payment without a manager, by lane.
    refund_limits: Arc<BTreeMap<LaneId, Amount>>,
    /// Held by a refund that has to keep to it.
    limited: Arc<tokio::sync::Mutex<()>>,
}

impl Service {
    /// Creates a tender, or finds the one with the same key and content.
    /// The flag says whether it is new.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn create_tender(&self, new: NewTender) -> Result<(TenderView, bool), Trouble> {
        self.ask(|reply| Message::Ask(Event::CreateTender(new), reply))
            .await
    }

    /// The trading day of now, for a new tender.
    pub fn today(&self) -> BusinessDay {
        let now = jiff::Timestamp::now().to_zoned(self.timezone.clone());
        BusinessDay::new(now.strftime("%Y-%m-%d").to_string())
            .unwrap_or_else(|_| unreachable!("digits and dashes"))
    }

    /// The tender as it is now.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn tender(&self, id: &TenderId) -> Result<Option<TenderView>, Trouble> {
        let posted = self.board.read(|boards| {
            boards
                .tenders
                .get(id)
                .map(|posted| Arc::clone(&posted.view))
        });
        if let Some(view) = posted {
            return Ok(Some((*view).clone()));
        }
        let (id, language) = (id.clone(), self.language);
        read(&self.reader, move |reader| {
            let tender = read_tender(reader, &id)?;
            Ok(tender.map(|tender| tender_view(&tender, language)))
        })
        .await
    }

    /// The tender as soon as it has a verdict, or as it is when the time is over or
    /// the service ends.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn await_verdict(
        &self,
        id: &TenderId,
        limit: Duration,
    ) -> Result<Option<TenderView>, Trouble> {
        let decided = |view: &TenderView| view.verdict.is_some();
        self.until(limit, || self.tender(id), decided).await
    }

    /// Looks again whenever something became durable, until there is an end to see,
    /// the time is over, or the service ends.
    async fn until<V, F>(
        &self,
        limit: Duration,
        look: impl Fn() -> F,
        ended: impl Fn(&V) -> bool,
    ) -> Result<Option<V>, Trouble>
    where
        F: Future<Output = Result<Option<V>, Trouble>>,
    {
        let over = tokio::time::sleep(limit);
        tokio::pin!(over);
        let mut sequence = self.sequence.clone();
        loop {
            sequence.mark_unchanged();
            let view = look().await?;
            if view.as_ref().is_none_or(&ended) {
                return Ok(view);
            }
            tokio::select! {
                changed = sequence.changed() => {
                    // The service ends: nothing will change before the next start.
                    if changed.is_err() {
                        return Ok(view);
                    }
                }
                () = &mut over => return Ok(view),
            }
        }
    }

    /// Tenders by a filter, newest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn tenders(&self, filter: Filter) -> Result<Vec<TenderView>, Trouble> {
        let language = self.language;
        read(&self.lists, move |reader| {
            let rows = RowFilter {
                sale: filter.sale,
                key: filter.key,
                lane: filter.lane,
                day: filter.day,
                state: filter.state,
            };
            let ids = reader.list(&rows, filter.limit.clamp(1, TENDERS_MAX))?;
            let tenders = ids.iter().map(|id| read_tender(reader, id));
            let tenders: Result<Vec<_>, JournalError> = tenders.collect();
            let tenders = tenders?.into_iter().flatten();
            Ok(tenders.map(|t| tender_view(&t, language)).collect())
        })
        .await
    }

    /// A code from elsewhere: the till's own scanner, a keyboard.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn code(&self, id: &TenderId, code: &[u8]) -> Result<TenderView, Trouble> {
        let (id, code) = (id.clone(), PaymentCode::new(code));
        self.ask(|reply| Message::Code(id, code, reply))
            .await
            .map(|(view, _)| view)
    }

    /// The cashier asks to stop.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn cancel(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        self.request(Event::Cancel(id.clone())).await
    }

    /// The cashier gives the customer more time.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn extend(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        self.request(Event::Extend(id.clone())).await
    }

    /// The cashier's software took note of the verdict.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn acknowledge(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        self.request(Event::Acknowledge(id.clone())).await
    }

    /// All lanes.
    pub fn lanes(&self) -> Vec<LaneView> {
        self.setup
            .lanes
            .keys()
            .filter_map(|id| self.lane(id))
            .collect()
    }

    /// One lane.
    pub fn lane(&self, id: &LaneId) -> Option<LaneView> {
        let rules = self.setup.lanes.get(id)?;
        let scanners = self.lanes.get(id).map(Vec::as_slice).unwrap_or_default();
        Some(self.board.read(|boards| {
            let of_lane = |view: &&TenderView| view.lane == id.as_str() && view.verdict.is_none();
            let views = boards.tenders.values().map(|posted| &*posted.view);
            LaneView {
                id: id.to_string(),
                tender: { views }.find(of_lane).cloned(),
                scanners: scanners
                    .iter()
                    .filter_map(|id| boards.scanners.get(id).cloned())
                    .collect(),
                gateways: rules
                    .gateways
                    .iter()
                    .filter_map(|id| boards.gateways.get(id).cloned())
                    .collect(),
                notice: boards.notices.get(id).cloned(),
                currency: rules.ceiling.currency.to_string(),
                ceiling: rules.ceiling.decimal(),
            }
        }))
    }

    /// Open duties.
    pub fn obligations(&self) -> Vec<ObligationView> {
        self.board.read(|boards| {
            let posted = boards.tenders.values();
            posted.flat_map(|p| p.obligations.clone()).collect()
        })
    }

    /// A named person ends a duty, open or parked.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn close_obligation(
        &self,
        id: &AttemptId,
        by: ByHand,
    ) -> Result<TenderView, Trouble> {
        self.request(Event::CloseObligation {
            attempt: id.clone(),
            name: by.name,
            reason: by.reason,
            reference: by.reference,
        })
        .await
    }

    /// Durable events after a sequence number, oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn events_after(&self, after: u64, limit: usize) -> Result<Vec<EventView>, Trouble> {
        read(&self.reader, move |reader| {
            let limit = limit.clamp(1, EVENTS_MAX);
            let entries = reader.after(after, limit)?;
            let mut views = Vec::with_capacity(entries.len());
            for entry in &entries {
                let lane = reader.lane_of(&entry.fact.tender)?;
                let lane = lane.as_ref().map(LaneId::as_str).unwrap_or_default();
                views.push(event_view(entry.seq, entry.at, lane, &entry.fact));
            }
            let remarks = reader.remarks_after(after, limit)?;
            views.extend(remarks.iter().map(remark_view));
            views.sort_by_key(|view| view.sequence);
            // What is left out of one kind could belong between what is there of the other.
            views.truncate(limit);
            Ok(views)
        })
        .await
    }

    /// The newest durable sequence number; changes when there is more to read.
    pub fn sequence(&self) -> watch::Receiver<u64> {
        self.sequence.clone()
    }

    /// Notices for cashiers, from now on. They are not durable.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// Whether payments can be taken.
    pub fn readiness(&self) -> Readiness {
        // The handle exists only after recovery; the driver ends with its journal.
        let unready = match self.messages.is_closed() {
            true => Some("the service has stopped".to_owned()),
            false => self.board.read(|boards| boards.unready.clone()),
        };
        Readiness {
            ready: unready.is_none(),
            text: unready.unwrap_or_default(),
        }
    }

    /// Takes nothing new; the service ends when nothing is in flight.
    pub async fn stop(&self) {
        // A driver that is gone has stopped.
        let _ = self.messages.send(Message::Stop).await;
    }

    /// Numbers for `/metrics`, as Prometheus text.
    pub fn metrics(&self) -> String {
        self.board.read(|boards| {
            let mut text = String::new();
            let duties: usize = boards.tenders.values().map(|p| p.obligations.len()).sum();
            let _ = writeln!(
                text,
                "# TYPE qrpayd_tenders_open gauge\nqrpayd_tenders_open {}\n\
                 # TYPE qrpayd_obligations_open gauge\nqrpayd_obligations_open {duties}\n\
                 # TYPE qrpayd_journal_sequence counter\nqrpayd_journal_sequence {}",
                boards.tenders.len(),
                *self.sequence.borrow(),
            );
            let mut last = "";
            for ((name, label), count) in &boards.counters {
                if *name != last {
                    let _ = writeln!(text, "# TYPE qrpayd_{name} counter");
                    last = name;
                }
                let _ = writeln!(text, "qrpayd_{name}{{reason=\"{label}\"}} {count}");
            }
            scanners::write(&mut text, boards);
            text
        })
    }

    async fn request(&self, event: Event) -> Result<TenderView, Trouble> {
        self.ask(|reply| Message::Ask(event, reply))
            .await
            .map(|(view, _)| view)
    }

    /// Sends the driver a message and waits for its answer, which is durable.
    async fn ask(
        &self,
        message: impl FnOnce(Reply) -> Message,
    ) -> Result<(TenderView, bool), Trouble> {
        let language = self.language;
        let seen = move |tender: &Tender, new| (tender_view(tender, language), new);
        self.ask_for(message, seen).await
    }

    /// As [`ask`](Self::ask), for what is to be seen of the tender.
    async fn ask_for<V: Send + 'static>(
        &self,
        message: impl FnOnce(Reply) -> Message,
        seen: impl FnOnce(&Tender, bool) -> V + Send + 'static,
    ) -> Result<V, Trouble> {
        let (answered, answer) = oneshot::channel();
        let reply: Reply = Box::new(move |outcome| {
            let seen = outcome.map(|(tender, new)| seen(tender, new));
            // A caller that went away needs no answer.
            let _ = answered.send(seen);
        });
        match self.messages.try_send(message(reply)) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(Trouble::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(stopped()),
        }
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}

fn stopped() -> Trouble {
    Trouble::Unavailable("the service has stopped; its journal has what happened".to_owned())
}

/// Reads the journal beside the driver.
async fn read<T: Send + 'static>(
    reader: &Arc<Mutex<Reader>>,
    of: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
) -> Result<T, Trouble> {
    let reader = Arc::clone(reader);
    let read = tokio::task::spawn_blocking(move || {
        of(&reader.lock().unwrap_or_else(PoisonError::into_inner))
    });
    match read.await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Trouble::Unavailable(format!(
            "the journal cannot be read: {error}"
        ))),
        Err(_) => Err(Trouble::Unavailable(
            "reading the journal failed".to_owned(),
        )),
    }
}
