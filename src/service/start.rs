//! Start-up, top to bottom: journal, recovery, driver, scanners, ready.

use super::Service;
use super::audit;
use super::board::Board;
use super::calls::Calls;
use super::driver::{Driver, Message, QUEUE};
use super::fingerprint::Fingerprints;
use super::intake::{Accepts, Intake};
use super::timers::Timers;
use super::view::{GatewayView, Notice, ScannerView, tender_view};
use super::wording::void_text;
use crate::domain::code::Classifier;
use crate::domain::{
    GatewayId, LaneId, Language, ScannerId, Setup, State, TenderId, Timestamp, apply,
};
use crate::gateway::Gateway;
use crate::journal::{Journal, JournalError};
use crate::scanner::{self, Delivery, Scanner, ScannerState, Use};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// Scans and reader states that wait for the service at most.
const DELIVERIES: usize = 64;

/// Notices that a slow listener may be behind.
const NOTICES: usize = 64;

/// What a service is made of.
pub struct Parts {
    /// What the core decides by.
    pub setup: Setup,
    /// The gateways, and which codes each takes.
    pub gateways: BTreeMap<GatewayId, (Gateway, Accepts)>,
    /// The classifier of codes.
    pub classifier: Classifier,
    /// The scanners, each with its lane.
    pub scanners: Vec<(LaneId, scanner::Settings)>,
    /// The journal's file.
    pub journal: PathBuf,
    /// The language of the sentences.
    pub language: Language,
    /// Where the trading day is counted.
    pub timezone: jiff::tz::TimeZone,
    /// How often the service manager is told that the driver works.
    pub watchdog: Option<Duration>,
}

/// Why the service does not start.
#[derive(Debug)]
pub enum StartError {
    /// The journal cannot be opened.
    Journal(JournalError),
    /// Open business belongs to a gateway that is not configured.
    GatewayMissing {
        /// The gateway.
        gateway: GatewayId,
        /// A tender that needs it.
        tender: TenderId,
    },
    /// The system has no randomness.
    NoRandomness,
    /// The system gives no thread.
    NoThread(std::io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => write!(f, "{error}"),
            Self::GatewayMissing { gateway, tender } => write!(
                f,
                "tender {tender} has open business at gateway {gateway}, which is not configured: \
                 put [gateway.{gateway}] back until its duties are done"
            ),
            Self::NoRandomness => f.write_str("the system gives no random bytes"),
            Self::NoThread(error) => write!(f, "cannot start the driver's thread: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// A running service. Ends when stopped, or by itself when the journal fails. Dropping
/// it ends the service where it stands, which its journal stands.
pub struct Running {
    /// The handle for callers.
    pub service: Service,
    /// The scanners, by name; a `replay` is played through its handle.
    pub scanners: BTreeMap<ScannerId, Arc<Scanner>>,
    driver: Apart,
}

/// The driver's thread.
struct Apart {
    /// Dropped when it shall end.
    _leash: oneshot::Sender<()>,
    ended: oneshot::Receiver<std::thread::Result<Result<(), JournalError>>>,
}

impl Running {
    /// Waits for the driver's end.
    ///
    /// # Errors
    /// When the journal failed.
    pub async fn ended(&mut self) -> Result<(), JournalError> {
        match (&mut self.driver.ended).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => Err(JournalError::Stopped),
        }
    }
}

/// Starts a service: when this returns, payments can be taken.
///
/// # Errors
/// See [`StartError`].
pub async fn start(parts: Parts) -> Result<Running, StartError> {
    let journal = Journal::open(&parts.journal).map_err(StartError::Journal)?;
    let reader = journal.reader().map_err(StartError::Journal)?;
    let state = recover(&journal, Arc::new(parts.setup))?;
    let last = reader.last().map_err(StartError::Journal)?;

    let (messages, queue) = mpsc::channel(QUEUE);
    let (sequence, _) = watch::channel(last);
    let (notices, _) = broadcast::channel(NOTICES);
    let board = Arc::new(Board::default());
    let setup = Arc::clone(&state.setup);
    let (gateways, accepts): (BTreeMap<_, _>, BTreeMap<_, _>) = parts
        .gateways
        .into_iter()
        .map(|(id, (gateway, accepts))| ((id.clone(), Arc::new(gateway)), (id, accepts)))
        .unzip();
    board.write(|boards| {
        for id in gateways.keys() {
            let view = GatewayView {
                id: id.to_string(),
                state: "unknown",
            };
            boards.gateways.insert(id.clone(), view);
        }
    });
    let service = Service {
        messages: messages.clone(),
        reader: Arc::new(Mutex::new(journal.reader().map_err(StartError::Journal)?)),
        lists: Arc::new(Mutex::new(journal.reader().map_err(StartError::Journal)?)),
        board: Arc::clone(&board),
        sequence: sequence.subscribe(),
        notices: notices.clone(),
        language: parts.language,
        timezone: parts.timezone,
        setup,
        lanes: lanes_of(&parts.scanners),
    };
    let older = journal.reader().map_err(StartError::Journal)?;
    audit::begin(older, Arc::clone(&state.setup), messages.clone());
    let driver = Driver {
        state,
        reader,
        calls: Calls::new(gateways, messages.clone(), Arc::clone(&board)),
        intake: Intake {
            classifier: parts.classifier,
            accepts,
        },
        fingerprints: Fingerprints::new().map_err(|_| StartError::NoRandomness)?,
        board: Arc::clone(&board),
        sequence,
        notices: notices.clone(),
        language: parts.language,
        watchdog: parts.watchdog,
        timers: Timers::default(),
        submitted: BTreeMap::new(),
        uses: uses_of(&parts.scanners),
        sales: BTreeSet::new(),
        stopping: false,
        refusing: None,
        journal,
    };
    let (deliveries, arriving) = mpsc::channel(DELIVERIES);
    let lanes: BTreeMap<ScannerId, LaneId> = parts
        .scanners
        .iter()
        .map(|(lane, settings)| (settings.id.clone(), lane.clone()))
        .collect();
    let (recovered, recovery) = oneshot::channel();
    let carrying = deliver(
        arriving,
        lanes,
        messages,
        Arc::clone(&board),
        notices,
        parts.language,
    );
    let driver = apart(async {
        // Scans reach the driver without another thread in between.
        tokio::spawn(carrying);
        driver.run(queue, recovered).await
    })?;
    // An error means that the driver has ended; `Running::ended` tells why.
    let _ = recovery.await;

    let mut scanners = BTreeMap::new();
    for (_, settings) in parts.scanners {
        let id = settings.id.clone();
        let view = ScannerView {
            id: id.to_string(),
            kind: settings.kind.name(),
            state: "absent",
            text: None,
        };
        board.write(|boards| boards.scanners.insert(id.clone(), view));
        let scanner = scanner::start(settings, deliveries.clone());
        board.write(|boards| boards.meters.insert(id.clone(), scanner.meter()));
        scanners.insert(id, Arc::new(scanner));
    }
    Ok(Running {
        service,
        scanners,
        driver,
    })
}

/// Runs the driver on a thread of its own, where it may wait for the disk.
fn apart(
    driver: impl Future<Output = Result<(), JournalError>> + Send + 'static,
) -> Result<Apart, StartError> {
    let (leash, dropped) = oneshot::channel::<()>();
    let (end, ended) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(StartError::NoThread)?;
    let work = move || {
        runtime.block_on(async {
            tokio::select! {
                ended = driver => ended,
                _ = dropped => Ok(()),
            }
        })
    };
    std::thread::Builder::new()
        .name("driver".to_owned())
        .spawn(|| {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            // Nobody may be waiting for it.
            let _ = end.send(result);
        })
        .map_err(StartError::NoThread)?;
    Ok(Apart {
        _leash: leash,
        ended,
    })
}

fn uses_of(scanners: &[(LaneId, scanner::Settings)]) -> BTreeMap<ScannerId, Use> {
    let uses = scanners.iter();
    let uses = uses.map(|(_, settings)| (settings.id.clone(), settings.usage.clone()));
    uses.collect()
}

fn lanes_of(scanners: &[(LaneId, scanner::Settings)]) -> BTreeMap<LaneId, Vec<ScannerId>> {
    let mut lanes: BTreeMap<LaneId, Vec<ScannerId>> = BTreeMap::new();
    for (lane, settings) in scanners {
        lanes
            .entry(lane.clone())
            .or_default()
            .push(settings.id.clone());
    }
    lanes
}

/// Reads back every tender that is open, and refuses to go on without its gateway.
fn recover(journal: &Journal, setup: Arc<Setup>) -> Result<State, StartError> {
    let mut state = State {
        setup,
        tenders: BTreeMap::new(),
        codes: BTreeMap::new(),
    };
    let reader = journal.reader().map_err(StartError::Journal)?;
    for id in journal.open_tenders().map_err(StartError::Journal)? {
        for entry in reader.facts_of(&id).map_err(StartError::Journal)? {
            apply(&mut state, &entry.fact, entry.at);
        }
    }
    for tender in state.tenders.values() {
        let attempts = tender.attempts.iter();
        let needed = attempts.filter(|a| a.stage.is_live() || a.obligation().is_some());
        for attempt in needed {
            if !state.setup.gateways.contains_key(&attempt.gateway) {
                return Err(StartError::GatewayMissing {
                    gateway: attempt.gateway.clone(),
                    tender: tender.id.clone(),
                });
            }
        }
        tracing::info!(
            tender = tender.id.as_str(),
            state = tender_view(tender, Language::English).state,
            "taken up again"
        );
    }
    Ok(state)
}

/// Carries scans to the driver and states to the board.
async fn deliver(
    mut arriving: mpsc::Receiver<Delivery>,
    lanes: BTreeMap<ScannerId, LaneId>,
    messages: mpsc::Sender<Message>,
    board: Arc<Board>,
    notices: broadcast::Sender<Notice>,
    language: Language,
) {
    while let Some(Delivery { scanner, what }) = arriving.recv().await {
        let Some(lane) = lanes.get(&scanner) else {
            continue;
        };
        match what {
            scanner::What::Scan(scan) => {
                let message = Message::Scan(scanner, lane.clone(), scan);
                if messages.send(message).await.is_err() {
                    return;
                }
            }
            scanner::What::Void(reason) => {
                let word = reason.as_str();
                tracing::warn!(%scanner, %lane, reason = word, "scan voided");
                board.count("scans_void_total", word);
                let notice =
                    Notice::new(lane, wall_clock(), "bad_read", void_text(reason, language));
                board.write(|boards| boards.notices.insert(lane.clone(), notice.clone()));
                let _ = notices.send(notice);
            }
            scanner::What::State(state) => {
                let (word, text) = match state {
                    ScannerState::Ready => ("ready", None),
                    ScannerState::Absent(text) => ("absent", Some(text)),
                    ScannerState::Failed(text) => ("failed", Some(text)),
                };
                match &text {
                    Some(text) => tracing::warn!(%scanner, %lane, state = word, text, "scanner"),
                    None => tracing::info!(%scanner, %lane, state = word, "scanner"),
                }
                board.write(|boards| {
                    if let Some(view) = boards.scanners.get_mut(&scanner) {
                        (view.state, view.text) = (word, text);
                    }
                });
            }
        }
    }
}

/// The wall clock, for what is written down; no decision about money reads it.
pub fn wall_clock() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
