//! Keeps one device open and reads it the moment it has something.
//!
//! ```text
//!    open ──▶ settle (discard what began before) ──▶ Ready: read, frame, deliver
//!     ▲                                                │ hang-up: void, Absent
//!     └───── a change in /dev, or a growing pause ◀────┘
//! ```
//!
//! Each device has a thread with an event loop of its own, so that nothing else in
//! the process can make it late. The loop sleeps in `epoll`: an idle scanner wakes
//! nobody, a timer runs only while a frame is in progress, stopping needs no
//! polling, and a scanner that is absent is waited for, not looked for.

use super::delivery::{Outlet, ScannerState};
use super::failure::OpenError;
use super::feedback::Sound;
use super::framer::Outcome;
use super::hotplug::Watch;
use super::orders::{Order, Orders};
use super::strokes::Keystrokes;
use super::tree::UsbPort;
use std::future::poll_fn;
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

const PAUSE_MIN: Duration = Duration::from_millis(250);
/// For what no change in `/dev` tells: another program lets go, a key comes up.
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// Beside the watch on `/dev`, in case that it missed something.
const PAUSE_ABSENT: Duration = Duration::from_secs(30);
/// Several changes come for one device, the permissions last.
const CHANGES_SETTLE: Duration = Duration::from_millis(20);

/// An open device.
pub(crate) trait Device: Sized {
    type Settings;

    /// The names under which the device may come, to be told when it does.
    fn names(settings: &Self::Settings) -> Vec<PathBuf>;

    /// Opens the device, for this process alone. What came before is discarded. Scans
    /// of a `shared` one bring their keys along, if it has keys.
    fn open(settings: &Self::Settings, shared: bool) -> Result<Self, OpenError>;

    /// The USB port that it is plugged into, if it is.
    fn port(&self) -> Option<UsbPort>;

    /// Reads once, when there is something. An error means that the device is gone.
    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        arrivals: &mut Vec<Arrival>,
    ) -> Poll<io::Result<()>>;

    /// Reads what waits right now. `WouldBlock` when nothing does.
    fn read(&mut self, arrivals: &mut Vec<Arrival>) -> io::Result<()>;

    /// How long after the last read silence has a meaning; none when it has not.
    fn patience(&self) -> Option<Duration>;

    /// Nothing came for that long.
    fn silence(&mut self, outcomes: &mut Vec<Outcome>);

    /// The device went away.
    fn unplugged(&mut self, outcomes: &mut Vec<Outcome>);

    /// Whether what comes now would be delivered: nothing of before the opening is left.
    fn is_settled(&self) -> bool;

    /// Makes a sound, if the device is free to. Whether it was told to; none when it
    /// has no such sound. Never waits.
    fn sound(&mut self, sound: Sound) -> Option<bool>;
}

/// An outcome.
pub(crate) struct Arrival {
    pub(crate) outcome: Outcome,
    /// When its last key or byte arrived.
    pub(crate) ended: Instant,
    /// The keys of a scan, from a scanner that has keys and is shared.
    pub(crate) keys: Option<Keystrokes>,
}

impl Arrival {
    pub(crate) fn new(outcome: Outcome, ended: Instant) -> Self {
        Self {
            outcome,
            ended,
            keys: None,
        }
    }
}

/// Reads a device, and whatever comes back in its place, until told to stop.
pub(crate) async fn keep<D: Device>(settings: &D::Settings, outlet: &Outlet, orders: &mut Orders) {
    let mut pause = PAUSE_MIN;
    let mut port: Option<UsbPort> = None;
    loop {
        // Before the device is looked for, so that no change falls in between.
        let watch = Watch::new(&D::names(settings));
        let (state, longest) = match D::open(settings, outlet.typing.is_some()) {
            Ok(device) => {
                port = device.port();
                drop(watch);
                match read_until_gone(device, outlet, orders).await {
                    Some(was_ready) => {
                        if was_ready {
                            pause = PAUSE_MIN;
                        }
                        outlet.state(ScannerState::Absent(
                            "the scanner was unplugged: plug it in".to_owned(),
                        ));
                        // A node can outlive its device for a moment.
                        if orders.stopped_within(pause).await {
                            return;
                        }
                        pause = (pause * 2).min(PAUSE_MAX);
                        continue;
                    }
                    None => return,
                }
            }
            Err(error) => {
                let error = changed(error, port.as_ref());
                let longest = match error.waits_for_a_device() && watch.is_ok() {
                    true => PAUSE_ABSENT,
                    false => PAUSE_MAX,
                };
                (error.state(), longest)
            }
        };
        outlet.state(state);
        let something = async {
            match watch {
                Ok(mut watch) => watch.changed().await,
                Err(error) => Err(error),
            }
        };
        tokio::select! {
            biased;
            () = orders.stopped() => return,
            Ok(()) = something => {
                pause = PAUSE_MIN;
                if orders.stopped_within(CHANGES_SETTLE).await {
                    return;
                }
            }
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(longest),
        }
    }
}

/// An absent scanner whose port has another device now was set to another mode, or
/// somebody plugged in something else.
fn changed(error: OpenError, port: Option<&UsbPort>) -> OpenError {
    match (error, port.and_then(UsbPort::occupant)) {
        (OpenError::Absent(device), Some(found)) => OpenError::Changed(device, found),
        (error, _) => error,
    }
}

/// Puts a file into this thread's event loop.
pub(crate) fn register<F: AsRawFd>(file: F) -> io::Result<AsyncFd<F>> {
    // Its successor is an unsafe function, whose contract is that the descriptor
    // stays open and the same while registered. Whoever calls this owns the file, and
    // the registration owns it from then on.
    #[allow(deprecated)]
    AsyncFd::with_interest(file, Interest::READABLE)
}

/// Reads once from a registered file, when there is something.
pub(crate) fn poll_file<F: AsRawFd>(
    file: &mut AsyncFd<F>,
    context: &mut Context<'_>,
    mut read: impl FnMut(&mut F) -> io::Result<()>,
) -> Poll<io::Result<()>> {
    loop {
        let mut readable = ready!(file.poll_read_ready_mut(context))?;
        if let Ok(result) = readable.try_io(|file| read(file.get_mut())) {
            return Poll::Ready(result);
        }
    }
}

/// Returns whether the device was ready before it went, or nothing when told to stop.
async fn read_until_gone<D: Device>(
    mut device: D,
    outlet: &Outlet,
    orders: &mut Orders,
) -> Option<bool> {
    let mut arrivals: Vec<Arrival> = Vec::new();
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut last = Instant::now();
    let mut ready = false;
    loop {
        let patience = device.patience();
        let silence = last + patience.unwrap_or_default();
        let read = tokio::select! {
            biased;
            read = poll_fn(|context| device.poll_read(context, &mut arrivals)) => read,
            order = orders.next() => match order {
                Some(Order::Sound(sound)) => {
                    outlet.sounded(device.sound(sound));
                    continue;
                }
                None => return None,
            },
            () = tokio::time::sleep_until(silence.into()), if patience.is_some() => {
                // This process may be late and the bytes in time.
                match device.read(&mut arrivals) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        device.silence(&mut outcomes);
                        arrivals.extend(outcomes.drain(..).map(|outcome| Arrival::new(outcome, last)));
                        // What silence means next is counted from here.
                        last = Instant::now();
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
            device.unplugged(&mut outcomes);
            arrivals.extend(
                outcomes
                    .drain(..)
                    .map(|outcome| Arrival::new(outcome, last)),
            );
        }
        for arrival in arrivals.drain(..) {
            let void = matches!(arrival.outcome, Outcome::Void(_));
            if !outlet.outcome(arrival) || void {
                // Nobody else will say so.
                outlet.sounded(device.sound(Sound::Refused));
            }
        }
        if gone {
            return Some(ready);
        }
        if !ready && device.is_settled() {
            ready = true;
            outlet.state(ScannerState::Ready);
        }
    }
}
