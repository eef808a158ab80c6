//! Keeps one device open and reads it the moment it has something.
//!
//! ```text
//!    open ──▶ settle (discard what began before) ──▶ Ready: read, frame, deliver
//!     ▲                                                │ hang-up: void, Absent
//!     └───── pause 250 ms, doubling to 2 s ◀───────────┘
//! ```
//!
//! Each device has a thread with an event loop of its own, so that nothing else in
//! the process can make it late. The loop sleeps in `epoll`: an idle scanner wakes
//! nobody, a timer runs only while a frame is in progress, and stopping needs no
//! polling.

use super::delivery::{Outlet, ScannerState};
use super::framer::{Framer, Outcome};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};
use std::{fmt, io};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// An open device. Its file descriptor is readable when there is something to read.
pub(crate) trait Device: AsRawFd + Sized {
    type Settings;

    /// Opens the device, for this process alone. What came before is discarded.
    async fn open(settings: &Self::Settings) -> Result<Self, OpenError>;

    /// Reads once. `WouldBlock` when nothing waits; any other error means that the
    /// device is gone.
    fn read(&mut self, arrivals: &mut Vec<Arrival>) -> io::Result<()>;

    fn framer(&mut self) -> &mut Framer;
}

/// An outcome and when its last key or byte arrived.
pub(crate) type Arrival = (Outcome, Instant);

/// Why a device could not be opened: what was found and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// Nothing is there under this name.
    Absent(String),
    /// No permission.
    Denied(String),
    /// Another program has it.
    Busy(String),
    /// Several devices match.
    Ambiguous(String),
    /// A key is down: the grab would leave it stuck for whoever saw the press.
    KeyHeld(String),
    /// Anything else: the device and the system's words.
    Unusable(String, String),
}

impl OpenError {
    /// Names the usual failures of opening a device.
    pub(crate) fn of(error: &io::Error, device: String) -> Self {
        match error.kind() {
            // ENXIO and ENODEV have no kind; a node can outlive its device for a moment.
            io::ErrorKind::NotFound => Self::Absent(device),
            io::ErrorKind::PermissionDenied => Self::Denied(device),
            io::ErrorKind::ResourceBusy => Self::Busy(device),
            _ if matches!(error.raw_os_error(), Some(6 | 19)) => Self::Absent(device),
            _ => Self::Unusable(device, error.to_string()),
        }
    }

    fn state(&self) -> ScannerState {
        match self {
            Self::Absent(_) => ScannerState::Absent(self.to_string()),
            _ => ScannerState::Failed(self.to_string()),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(device) => {
                write!(
                    f,
                    "{device} is not there: plug the scanner in, or correct its match"
                )
            }
            Self::Denied(device) => write!(
                f,
                "no permission to open {device}: install the udev rule for scanners"
            ),
            Self::Busy(device) => write!(
                f,
                "{device} is in use by another program: stop that program, or configure \
                 each scanner once"
            ),
            Self::Ambiguous(device) => write!(
                f,
                "several scanners match {device}: configure each by its path in \
                 /dev/input/by-path"
            ),
            Self::KeyHeld(device) => write!(
                f,
                "a key is held down on {device}: release it, or unplug the scanner and plug \
                 it in again"
            ),
            Self::Unusable(device, why) => write!(f, "cannot use {device}: {why}"),
        }
    }
}

/// Reads a device, and whatever comes back in its place, until told to stop.
pub(crate) async fn keep<D: Device>(
    settings: &D::Settings,
    outlet: &Outlet,
    orders: &mut watch::Receiver<u64>,
) {
    let mut pause = PAUSE_MIN;
    loop {
        let opened = tokio::select! {
            biased;
            () = stop(orders) => return,
            opened = D::open(settings) => opened,
        };
        let state = match opened.and_then(register) {
            Ok(device) => match read_until_gone(device, outlet, orders).await {
                Some(was_ready) => {
                    if was_ready {
                        pause = PAUSE_MIN;
                    }
                    ScannerState::Absent("the scanner was unplugged: plug it in".to_owned())
                }
                None => return,
            },
            Err(error) => error.state(),
        };
        outlet.state(state);
        tokio::select! {
            () = stop(orders) => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Puts the device into this thread's event loop.
fn register<D: Device>(device: D) -> Result<AsyncFd<D>, OpenError> {
    // Its successor is an unsafe function, whose contract is that the descriptor
    // stays open and the same while registered. A device owns the one it opened, and
    // the registration owns the device.
    #[allow(deprecated)]
    AsyncFd::with_interest(device, Interest::READABLE)
        .map_err(|error| OpenError::of(&error, "the device".to_owned()))
}

/// Returns whether the device was ready before it went, or nothing when told to stop.
async fn read_until_gone<D: Device>(
    mut device: AsyncFd<D>,
    outlet: &Outlet,
    orders: &mut watch::Receiver<u64>,
) -> Option<bool> {
    let mut arrivals: Vec<Arrival> = Vec::new();
    let mut last = Instant::now();
    let mut ready = false;
    loop {
        let patience = device.get_mut().framer().patience();
        let silence = last + patience.unwrap_or_default();
        let read = tokio::select! {
            biased;
            () = stop(orders) => return None,
            readable = device.readable_mut() => match readable {
                Ok(mut guard) => guard
                    .try_io(|device| device.get_mut().read(&mut arrivals))
                    .unwrap_or_else(|_would_block| Err(io::ErrorKind::WouldBlock.into())),
                Err(error) => Err(error),
            },
            () = tokio::time::sleep_until(silence.into()), if patience.is_some() => {
                // This process may be late and the bytes in time.
                match device.get_mut().read(&mut arrivals) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        let mut outcomes = Vec::new();
                        device.get_mut().framer().silence(&mut outcomes);
                        arrivals.extend(outcomes.into_iter().map(|outcome| (outcome, last)));
                        Err(error)
                    }
                    read => read,
                }
            }
        };
        let gone = match read {
            Ok(()) => {
                last = Instant::now();
                false
            }
            Err(error) => !matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ),
        };
        if gone {
            let mut outcomes = Vec::new();
            device.get_mut().framer().unplugged(&mut outcomes);
            arrivals.extend(outcomes.into_iter().map(|outcome| (outcome, last)));
        }
        for (outcome, ended) in arrivals.drain(..) {
            outlet.outcome(outcome, ended);
        }
        if gone {
            return Some(ready);
        }
        if !ready && device.get_mut().framer().is_settled() {
            ready = true;
            outlet.state(ScannerState::Ready);
        }
    }
}

/// Ends when the handle is dropped. Other orders are not for devices.
async fn stop(orders: &mut watch::Receiver<u64>) {
    while orders.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_says_what_to_do() {
        // ENOENT, ENXIO, ENODEV; EACCES; EBUSY; EIO.
        for (number, text) in [
            (
                2,
                "x is not there: plug the scanner in, or correct its match",
            ),
            (
                6,
                "x is not there: plug the scanner in, or correct its match",
            ),
            (
                19,
                "x is not there: plug the scanner in, or correct its match",
            ),
            (
                13,
                "no permission to open x: install the udev rule for scanners",
            ),
            (
                16,
                "x is in use by another program: stop that program, or configure each scanner once",
            ),
            (5, "cannot use x: Input/output error (os error 5)"),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(OpenError::of(&error, "x".to_owned()).to_string(), text);
        }
    }
}
