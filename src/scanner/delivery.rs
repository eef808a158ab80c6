//! From a scanner's thread to the service: scans, voids and the scanner's state.
//!
//! A reader never waits for the service, or the kernel's queue of 63 events fills
//! behind it. A scan that finds the queue full is dropped and counted: nobody was
//! reading, and a code that waits grows stale.

use super::framer::{Outcome, VoidReason};
use super::orders::Line;
use super::reader::Arrival;
use super::reply::{Reply, Typing};
use crate::domain::ScannerId;
use crate::domain::code::PaymentCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc::{Sender, error::TrySendError};

/// What one scanner delivers.
#[derive(Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which scanner.
    pub scanner: ScannerId,
    /// What.
    pub what: What,
}

/// What a scanner delivers.
#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// A whole scan.
    Scan(Scan),
    /// A scan that was discarded.
    Void(VoidReason),
    /// The scanner's state changed.
    State(ScannerState),
}

/// A whole scan.
#[derive(Debug)]
pub struct Scan {
    /// What was read, without the terminator.
    pub code: PaymentCode,
    /// When its last key or byte arrived.
    pub ended: Instant,
    /// The way back to its scanner.
    pub reply: Reply,
}

impl PartialEq for Scan {
    fn eq(&self, other: &Self) -> bool {
        (&self.code, self.ended) == (&other.code, other.ended)
    }
}

impl Eq for Scan {}

/// Whether a scanner can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerState {
    /// The next code that is read will be delivered.
    Ready,
    /// It is not connected. What to do about it.
    Absent(String),
    /// It is there and cannot be used. What to do about it.
    Failed(String),
}

/// How often each thing happened since the start, for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Whole scans.
    pub scans: u64,
    /// Voids, by the order of [`VoidReason::ALL`].
    pub voids: [u64; VoidReason::ALL.len()],
    /// Scans and voids for which the service had no room.
    pub undelivered: u64,
    /// Sounds that the scanner was told to make.
    pub sounds: u64,
    /// Sounds for which it was not free.
    pub sounds_lost: u64,
    /// Scans that were typed on.
    pub typed: u64,
    /// Scans that should have been and were not.
    pub typed_lost: u64,
}

impl Counts {
    /// The voids with their reasons.
    pub fn voids(&self) -> impl Iterator<Item = (VoidReason, u64)> {
        VoidReason::ALL.into_iter().zip(self.voids)
    }
}

/// Reads what a scanner counts, also when its handle is elsewhere.
#[derive(Clone)]
pub struct Meter(pub(crate) Arc<Shared>);

impl Meter {
    /// What the scanner counted since its start.
    pub fn counts(&self) -> Counts {
        self.0.counts()
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.counts().fmt(f)
    }
}

/// What the thread writes and the handle reads.
pub(crate) struct Shared {
    state: Mutex<ScannerState>,
    scans: AtomicU64,
    voids: [AtomicU64; VoidReason::ALL.len()],
    undelivered: AtomicU64,
    sounds: AtomicU64,
    sounds_lost: AtomicU64,
    pub(crate) typed: AtomicU64,
    pub(crate) typed_lost: AtomicU64,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(ScannerState::Absent("it is being opened".to_owned())),
            scans: AtomicU64::new(0),
            voids: Default::default(),
            undelivered: AtomicU64::new(0),
            sounds: AtomicU64::new(0),
            sounds_lost: AtomicU64::new(0),
            typed: AtomicU64::new(0),
            typed_lost: AtomicU64::new(0),
        }
    }

    pub(crate) fn state(&self) -> ScannerState {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            scans: read(&self.scans),
            voids: self.voids.each_ref().map(read),
            undelivered: read(&self.undelivered),
            sounds: read(&self.sounds),
            sounds_lost: read(&self.sounds_lost),
            typed: read(&self.typed),
            typed_lost: read(&self.typed_lost),
        }
    }
}

/// The thread's end.
#[derive(Clone)]
pub(crate) struct Outlet {
    pub(crate) scanner: ScannerId,
    pub(crate) deliveries: Sender<Delivery>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) line: Line,
    /// For a shared scanner.
    pub(crate) typing: Option<Typing>,
    /// Every code has an AIM identifier in front.
    pub(crate) aim_id: bool,
}

impl Outlet {
    /// Counts a sound that was asked for, if the scanner has it.
    pub(crate) fn sounded(&self, made: Option<bool>) {
        let counter = match made {
            Some(true) => &self.shared.sounds,
            Some(false) => &self.shared.sounds_lost,
            None => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Delivers a scan or void. False when there was no room.
    pub(crate) fn outcome(&self, arrival: Arrival) -> bool {
        let what = self.count(arrival);
        let full = self.send(what);
        if full {
            self.shared.undelivered.fetch_add(1, Ordering::Relaxed);
        }
        !full
    }

    /// Delivers a scan or void when there is room: for recordings, which can wait.
    pub(crate) async fn outcome_when_room(&self, outcome: Outcome, ended: Instant) {
        let what = self.count(Arrival::new(outcome, ended));
        let scanner = self.scanner.clone();
        // Fails only when the service is gone.
        let _ = self.deliveries.send(Delivery { scanner, what }).await;
    }

    /// Tells a change of state. The handle knows it even if the queue is full.
    pub(crate) fn state(&self, state: ScannerState) {
        let mut now = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *now != state {
            now.clone_from(&state);
            drop(now);
            self.send(What::State(state));
        }
    }

    /// Tells that the scanner's thread cannot run.
    pub(crate) fn failed(&self, error: &std::io::Error) {
        self.state(ScannerState::Failed(format!(
            "cannot start the scanner's thread: {error}"
        )));
    }

    fn count(&self, arrival: Arrival) -> What {
        match self.identified(arrival.outcome) {
            Outcome::Scan(code) => {
                self.shared.scans.fetch_add(1, Ordering::Relaxed);
                let typing = self.typing.as_ref();
                let strokes = typing.and_then(|typing| typing.of(&code, arrival.keys));
                What::Scan(Scan {
                    reply: Reply {
                        line: self.line.clone(),
                        strokes,
                    },
                    code,
                    ended: arrival.ended,
                })
            }
            Outcome::Void(reason) => {
                let place = VoidReason::ALL.iter().position(|r| *r == reason);
                if let Some(counter) = place.and_then(|n| self.shared.voids.get(n)) {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                What::Void(reason)
            }
        }
    }

    /// A scan without the identifier that it must have lacks its beginning.
    fn identified(&self, outcome: Outcome) -> Outcome {
        let whole = |code: &PaymentCode| {
            matches!(code.as_bytes(), [b']', carrier, modifier, ..]
                if carrier.is_ascii_alphabetic() && modifier.is_ascii_alphanumeric())
        };
        match outcome {
            Outcome::Scan(code) if self.aim_id && !whole(&code) => {
                Outcome::Void(VoidReason::Terminator)
            }
            outcome => outcome,
        }
    }

    /// Whether there was no room.
    fn send(&self, what: What) -> bool {
        let scanner = self.scanner.clone();
        let sent = self.deliveries.try_send(Delivery { scanner, what });
        matches!(sent, Err(TrySendError::Full(_)))
    }
}
