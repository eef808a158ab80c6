//! Start-up, top to bottom: journal, recovery, driver, scanners, ready.

use super::Service;
use super::audit;
use super::board::Board;
use super::calls::{Calls, Trace};
use super::driver::thread::{self, Counter, Disk, QUEUE, System};
use super::driver::{Driver, Joined, Message, Read, RecoverError, TheCore};
use super::intake::{Accepts, Intake};
use super::named::Named;
use super::notify::Ear;
use super::replay::gap_since;
use super::view::{GatewayView, Notice, ScannerView};
use super::wording::void_text;
use crate::domain::code::Classifier;
use crate::domain::{Amount, GatewayId, LaneId, Language, ScannerId, Setup, TenderId, Timestamp};
use crate::gateway::Gateway;
use crate::journal::{Journal, JournalError};
use crate::scanner::{self, Delivery, Scanner, ScannerState, Use};
use std::collections::BTreeMap;
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
    /// What may be refunded of one payment without a manager; on other lanes nothing.
    pub refund_limits: BTreeMap<LaneId, Amount>,
    /// The journal's file.
    pub journal: PathBuf,
    /// The language of the sentences.
    pub language: Language,
    /// Where the trading day is counted.
    pub timezone: jiff::tz::TimeZone,
    /// Who watches the calls, if anybody does.
    pub trace: Option<Trace>,
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
            Self::NoThread(error) => write!(f, "cannot start the driver's thread: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<RecoverError> for StartError {
    fn from(error: RecoverError) -> Self {
        match error {
            RecoverError::Journal(error) => Self::Journal(error),
            RecoverError::GatewayMissing { gateway, tender } => {
                Self::GatewayMissing { gateway, tender }
            }
        }
    }
}

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
    let last = reader.last().map_err(StartError::Journal)?;

    let (messages, queue) = mpsc::channel(QUEUE);
    let (sequence, _) = watch::channel(last);
    let (notices, _) = broadcast::channel(NOTICES);
    let board = Arc::new(Board::default());
    let setup = Arc::new(parts.setup);
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
                notice: None,
            };
            boards.gateways.insert(id.clone(), view);
        }
    });
    let gap = gap_since(&reader).map_err(StartError::Journal)?;
    let ear = Ear::new(gateways.clone(), &reader).map_err(StartError::Journal)?;
    let service = Service {
        messages: messages.clone(),
        reader: Arc::new(Mutex::new(journal.reader().map_err(StartError::Journal)?)),
        lists: Arc::new(Mutex::new(journal.reader().map_err(StartError::Journal)?)),
        board: Arc::clone(&board),
        sequence: sequence.subscribe(),
        notices: notices.clone(),
        language: parts.language,
        timezone: parts.timezone,
        setup: Arc::clone(&setup),
        lanes: lanes_of(&parts.scanners),
        ear: Arc::new(ear),
        refund_limits: Arc::new(parts.refund_limits),
        limited: Arc::default(),
    };
    let older = journal.reader().map_err(StartError::Journal)?;
    let clock = System::new();
    let intake = Intake::new(parts.classifier, accepts);
    let counter = Counter {
        board: Arc::clone(&board),
        sequence,
        notices: notices.clone(),
        language: parts.language,
    };
    let calls = Calls::new(gateways, messages.clone(), Arc::clone(&board), parts.trace);
    let joined = Joined {
        book: Disk { journal, reader },
        hands: calls,
        clock,
        front: counter,
        core: Named(TheCore),
    };
    let mut driver = Driver::new(setup, intake, parts.language, joined);
    driver.recover()?;
    if let Some(since) = gap {
        let why = format!(
            "the journal before this one was lost, and the gateways' lists since {since} are not \
             compared: run qrpayd rebuild"
        );
        tracing::error!(why, "no payments are taken");
        // The queue is empty: there is room.
        let _ = messages.try_send(Message::Refuse(why));
    }
    audit::begin(older, messages.clone());
    let (deliveries, arriving) = mpsc::channel(DELIVERIES);
    let lanes: BTreeMap<ScannerId, LaneId> = parts
        .scanners
        .iter()
        .map(|(lane, settings)| (settings.id.clone(), lane.clone()))
        .collect();
    let (recovered, recovery) = oneshot::channel();
    let carrying = deliver(
        arriving,
        clock,
        (lanes, uses_of(&parts.scanners)),
        messages,
        Arc::clone(&board),
        notices,
        parts.language,
    );
    let driver = apart(async move {
        // Scans reach the driver without another thread in between.
        tokio::spawn(carrying);
        thread::run(driver, queue, recovered, parts.watchdog).await
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

/// Carries scans to the driver and states to the board.
async fn deliver(
    mut arriving: mpsc::Receiver<Delivery>,
    clock: System,
    (lanes, uses): (BTreeMap<ScannerId, LaneId>, BTreeMap<ScannerId, Use>),
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
                let read = Read {
                    usage: uses.get(&scanner).cloned().unwrap_or(Use::Dedicated),
                    scanner,
                    lane: lane.clone(),
                    code: scan.code,
                    ended: clock.moment_of(scan.ended),
                    reply: scan.reply,
                };
                if messages.send(Message::Scan(read)).await.is_err() {
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
