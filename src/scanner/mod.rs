//! Device bytes and key events to whole scans.
//!
//! ```text
//!   evdev   key events ──▶ decode ──┐
//!   replay  any of these ───────────┤
//!   hidraw  reports ──────▶ hid ────┼──▶ framer ──▶ delivery ──▶ service
//!   serial  bytes ──────────────────┘                  ▲            │
//!                                                      └─ sounds ───┘
//! ```
//!
//! A folder member per kind, one framer for all. `framer`, `decode`, `keymap`,
//! `keyboard`, `hid` and `recording` are pure; `reader` keeps a device open; `evdev`, `serial`
//! and `replay` are the kinds. A scan is whole or it is void, with a reason that is
//! counted: `docs/scanners.md`.

mod alt;
pub(crate) mod capture;
mod codepage;
mod decode;
mod delivery;
pub mod evdev;
mod failure;
mod feedback;
pub(crate) mod findings;
mod framer;
mod hid;
pub mod hidraw;
mod hotplug;
mod keyboard;
mod keymap;
mod layouts;
mod looks;
mod matching;
mod orders;
mod reader;
pub mod recording;
pub mod replay;
mod reply;
pub mod serial;
mod ssi;
mod strokes;
#[cfg(test)]
mod tests;
mod tree;
mod twin;
mod typing;
mod typist;

pub use codepage::OemPage;
pub use delivery::{Counts, Delivery, Meter, Scan, ScannerState, What};
pub use feedback::{Feedback, Protocol, Sound};
pub use framer::{FRAME_MAX, GAP, Outcome, VoidReason};
pub use keymap::Layout;
pub use looks::{Looks, Seen, devices};
pub use matching::Match;
pub use recording::scans_of;
pub use reply::{IdleDigits, Reply, Sharing, Use};
pub use strokes::Ending;

use crate::domain::ScannerId;
use delivery::{Outlet, Shared};
use orders::{Leash, Orders};
use reply::Typing;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, watch};

/// One scanner of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its name.
    pub id: ScannerId,
    /// What it is.
    pub kind: Kind,
    /// Whom it serves.
    pub usage: Use,
    /// Whether it puts an AIM identifier in front of every code: a scan without one is
    /// not whole.
    pub aim_id: bool,
}

/// The kinds of scanners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A keyboard scanner, grabbed.
    Evdev(evdev::Settings),
    /// A HID POS scanner.
    Hidraw(hidraw::Settings),
    /// A serial line, or a pty.
    Serial(serial::Settings),
    /// A recording.
    Replay(replay::Settings),
}

impl Kind {
    /// `evdev`, `hidraw`, `serial` or `replay`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Evdev(_) => "evdev",
            Self::Hidraw(_) => "hidraw",
            Self::Serial(_) => "serial",
            Self::Replay(_) => "replay",
        }
    }
}

/// A running scanner. Dropping it stops its thread and gives its device back.
pub struct Scanner {
    id: ScannerId,
    shared: Arc<Shared>,
    /// How often a recording was asked for. Its loss is the order to stop.
    plays: Option<watch::Sender<u64>>,
    /// The same for devices.
    leash: Option<Leash>,
    thread: Option<JoinHandle<()>>,
}

/// Starts a scanner on a thread of its own.
///
/// It delivers scans, voids and changes of state until it is dropped. A device that
/// is absent or busy is tried again at growing pauses of at most two seconds. A full
/// queue never holds a device up: a scan that finds no room is dropped and counted.
/// A device is [`ScannerState::Ready`] when it has been silent for the longest gap
/// of a scan after it was opened; what comes earlier may be half a code and is void.
pub fn start(settings: Settings, deliveries: mpsc::Sender<Delivery>) -> Scanner {
    let shared = Arc::new(Shared::new());
    let (plays, asked) = watch::channel(0);
    let (leash, orders) = orders::orders();
    let id = settings.id.clone();
    let outlet = Outlet {
        scanner: id.clone(),
        deliveries,
        shared: Arc::clone(&shared),
        line: leash.line(),
        typing: None,
        aim_id: settings.aim_id,
    };
    let Settings { kind, usage, .. } = settings;
    // The handle's own end, for a thread that cannot be started.
    let fallback = outlet.clone();
    let thread = std::thread::Builder::new()
        .name(format!("scan-{id}"))
        .spawn(move || run(&kind, &usage, outlet, asked, orders))
        .map_err(|error| fallback.failed(&error))
        .ok();
    Scanner {
        id,
        shared,
        plays: Some(plays),
        leash: Some(leash),
        thread,
    }
}

fn run(
    kind: &Kind,
    usage: &Use,
    outlet: Outlet,
    mut asked: watch::Receiver<u64>,
    mut orders: Orders,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return outlet.failed(&error),
    };
    runtime.block_on(async {
        let mut keep = Keep {
            kind,
            asked: &mut asked,
            orders: &mut orders,
        };
        match usage {
            Use::Dedicated => keep.run(&outlet).await,
            Use::Shared(sharing) => keep.share(sharing, outlet).await,
        }
    });
    // A sound may still be on its way to a device that takes its time.
    runtime.shutdown_background();
}

/// A scanner's thread.
struct Keep<'a> {
    kind: &'a Kind,
    asked: &'a mut watch::Receiver<u64>,
    orders: &'a mut Orders,
}

impl Keep<'_> {
    /// Reads until told to stop.
    async fn run(&mut self, outlet: &Outlet) {
        let orders = &mut *self.orders;
        match self.kind {
            Kind::Evdev(settings) => {
                reader::keep::<evdev::Grabbed>(settings, outlet, orders).await;
            }
            Kind::Hidraw(settings) => {
                reader::keep::<hidraw::Raw>(settings, outlet, orders).await;
            }
            Kind::Serial(settings) => {
                reader::keep::<serial::Port>(settings, outlet, orders).await;
            }
            Kind::Replay(settings) => replay::keep(settings, outlet, self.asked).await,
        }
    }

    /// The same beside a virtual keyboard, and not a moment without one.
    async fn share(mut self, sharing: &Sharing, mut outlet: Outlet) {
        let (jobs, mut waiting) = mpsc::channel(typist::WAITING);
        let shared = Arc::clone(&outlet.shared);
        outlet.typing = Some(Typing::new(sharing, self.kind, &shared, jobs));
        loop {
            let error = match typist::VirtualKeyboard::new(outlet.scanner.as_str()) {
                Ok(mut keyboard) => tokio::select! {
                    biased;
                    () = self.run(&outlet) => return,
                    error = typist::run(&mut keyboard, &mut waiting, sharing.pace, &shared) => error,
                },
                Err(error) => error,
            };
            outlet.state(ScannerState::Failed(typist::advice(&error)));
            if self.orders.stopped_within(typist::PAUSE).await {
                return;
            }
        }
    }
}

impl Scanner {
    /// Its name.
    pub fn id(&self) -> &ScannerId {
        &self.id
    }

    /// Its state as it is now.
    pub fn state(&self) -> ScannerState {
        self.shared.state()
    }

    /// What it counted since its start.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    /// Reads its counts when the handle is elsewhere.
    pub fn meter(&self) -> Meter {
        Meter(Arc::clone(&self.shared))
    }

    /// Plays the recording, once more if it is playing. Devices ignore it.
    pub fn play(&self) {
        if let Some(plays) = &self.plays {
            plays.send_modify(|plays| *plays = plays.wrapping_add(1));
        }
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        (self.plays, self.leash) = (None, None);
        if let Some(thread) = self.thread.take() {
            // A panic was reported by the thread itself.
            let _ = thread.join();
        }
    }
}
