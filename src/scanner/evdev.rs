//! Keyboard scanners through evdev, grabbed for good.
//!
//! The raw stream is read because the crate's ordinary one hides `SYN_DROPPED` by
//! making up key events, which turns loss into wrong characters. Before the grab
//! all keys must be up: a key that is down would stay down for whoever saw the
//! press. After it the LEDs are set to CapsLock off and NumLock on, since some
//! scanners change their output by them.
//!
//! Only a device that the configuration names is opened, by its path or its ids;
//! nothing is ever taken for a scanner by its looks.

use super::codepage::OemPage;
use super::decode::{EV_KEY, EV_SYN, Event, SYN_DROPPED};
use super::failure::OpenError;
use super::feedback::Sound;
use super::framer::{End, GAP, Item, Outcome, Profile, VoidReason};
use super::hid::keys::{self, Keys};
use super::keyboard::Keyboard;
use super::keymap::Layout;
use super::matching::Match;
use super::reader::{Arrival, Device, poll_file, register};
use super::strokes::{Capture, Phase};
use super::tree::{Class, Node, Tree, UsbPort};
use super::twin::Twin;
use evdev::raw_stream::RawDevice;
use evdev::{EventType, InputEvent, LedCode};
use input_linux::bitmask::Bitmask;
use input_linux::evdev::EvdevHandle;
use rustix::time::{ClockId, clock_gettime};
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::unix::AsyncFd;
use zeroize::{Zeroize, Zeroizing};

/// A keyboard scanner. [`Settings::new`] has the usual values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which device.
    pub matching: Match,
    /// The country that the scanner is set to.
    pub layout: Layout,
    /// The key that the scanner presses after a code.
    pub terminator: Terminator,
    /// The longest silence inside a code.
    pub gap: Duration,
    /// Whether its reports are read beside its keys: for scanners that pack the digits
    /// of an ALT code into one report.
    pub reports: bool,
    /// The code page of ALT codes without a leading zero, where it is known.
    pub oem_page: Option<OemPage>,
}

/// The key that a keyboard scanner presses after a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminator {
    /// Enter, on the main block or the keypad. An LF after it is dropped.
    Enter,
    /// Tab.
    Tab,
}

impl Settings {
    /// US layout, Enter.
    pub fn new(matching: Match) -> Self {
        Self {
            matching,
            layout: Layout::Us,
            terminator: Terminator::Enter,
            gap: GAP,
            reports: false,
            oem_page: None,
        }
    }

    fn profile(&self) -> Profile {
        Profile {
            end: match self.terminator {
                Terminator::Enter => End::Cr,
                Terminator::Tab => End::Tab,
            },
            gap: self.gap,
        }
    }
}

/// Linux `O_NONBLOCK` on amd64 and arm64.
const O_NONBLOCK: i32 = 0o4000;

/// Longer than any report of a keyboard; most have 8 bytes.
const REPORT_MAX: usize = 64;

/// Linux `CLOCK_BOOTTIME`.
const BOOTTIME: i32 = 7;

pub(crate) struct Grabbed {
    device: AsyncFd<RawDevice>,
    keys: KeyStream,
    raw: Option<Beside>,
    gap: Duration,
    _beside: Silenced,
    port: Option<UsbPort>,
}

/// The scanner's reports, read beside its keys.
struct Beside {
    file: AsyncFd<File>,
    keys: Keys,
    twin: Twin,
    buffer: Zeroizing<[u8; REPORT_MAX]>,
}

/// What is done with the events.
pub(crate) struct KeyStream {
    keyboard: Keyboard,
    /// The keys of the scans, when they are to be typed on.
    capture: Option<Capture>,
}

impl Device for Grabbed {
    type Settings = Settings;

    fn names(settings: &Settings) -> Vec<PathBuf> {
        vec![Tree::of_machine().name_of(Class::Input, &settings.matching)]
    }

    fn open(settings: &Settings, shared: bool) -> Result<Self, OpenError> {
        let tree = Tree::of_machine();
        let (path, node) = tree.find(Class::Input, &settings.matching, Node::can_type)?;
        let name = path.display().to_string();
        let mut device = open(&path)?;
        if let (Match::Ids { .. }, Some((vendor, product))) =
            (&settings.matching, node.as_ref().and_then(|node| node.ids))
        {
            // The node may have changed hands since it was found.
            let id = device.input_id();
            if (id.vendor(), id.product()) != (vendor, product) {
                return Err(OpenError::Absent(name));
            }
        }
        grab(&mut device, &path)?;
        let beside = match &node {
            Some(node) => Silenced::beside(&tree, node)?,
            None => Silenced(Vec::new()),
        };
        let raw = settings
            .reports
            .then(|| Beside::of(&tree, node.as_ref(), &name));
        let raw = raw.transpose()?;
        // A device without LEDs, or opened read-only, has none to set.
        let led = |led: LedCode, on| InputEvent::new(EventType::LED.0, led.0, on);
        let _ = device.send_events(&[led(LedCode::LED_CAPSL, 0), led(LedCode::LED_NUML, 1)]);
        tracing::info!(
            device = Tree::describe(&path, node.as_ref()),
            nodes = 1 + beside.0.len(),
            "grabbed"
        );
        Ok(Self {
            device: register(device).map_err(|error| OpenError::of(&error, name))?,
            keys: KeyStream::new(settings, shared),
            raw,
            gap: settings.gap,
            _beside: beside,
            port: node.and_then(|node| node.port()),
        })
    }

    fn port(&self) -> Option<UsbPort> {
        self.port.clone()
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        arrivals: &mut Vec<Arrival>,
    ) -> Poll<io::Result<()>> {
        let Self {
            device, keys, raw, ..
        } = self;
        let Some(raw) = raw else {
            return poll_file(device, context, |device| read(device, keys, arrivals));
        };
        // Both are asked, so that either wakes this task.
        let Beside {
            file,
            keys: reports,
            twin,
            buffer,
        } = raw;
        let of_reports = poll_file(file, context, |file| {
            read_reports(file, (reports, buffer.as_mut_slice()), keys, twin)
        });
        let of_keys = poll_file(device, context, |device| read_keys(device, twin));
        twin.release(arrivals);
        match (of_reports, of_keys) {
            (Poll::Ready(Err(error)), _) | (_, Poll::Ready(Err(error))) => Poll::Ready(Err(error)),
            (Poll::Pending, Poll::Pending) => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }

    fn read(&mut self, arrivals: &mut Vec<Arrival>) -> io::Result<()> {
        let Some(raw) = &mut self.raw else {
            return read(self.device.get_mut(), &mut self.keys, arrivals);
        };
        let reports = (&mut raw.keys, raw.buffer.as_mut_slice());
        let of_reports = read_reports(raw.file.get_mut(), reports, &mut self.keys, &mut raw.twin);
        let of_keys = read_keys(self.device.get_mut(), &mut raw.twin);
        raw.twin.release(arrivals);
        of_reports.or(of_keys)
    }

    fn patience(&self) -> Option<Duration> {
        let twin = self.raw.as_ref().filter(|raw| raw.twin.waits());
        let framer = self.keys.keyboard.framer.patience();
        framer.or(twin.map(|_| self.gap))
    }

    fn silence(&mut self, outcomes: &mut Vec<Outcome>) {
        if let Some(raw) = &mut self.raw {
            let mut arrivals = Vec::new();
            raw.twin.silence(&mut arrivals);
            outcomes.extend(arrivals.into_iter().map(|arrival| arrival.outcome));
        }
        self.keys.silence(outcomes);
    }

    fn unplugged(&mut self, outcomes: &mut Vec<Outcome>) {
        self.keys.keyboard.framer.unplugged(outcomes);
    }

    fn is_settled(&self) -> bool {
        self.keys.keyboard.framer.is_settled()
    }

    fn sound(&mut self, _: Sound) -> Option<bool> {
        // No keyboard has a standard way to be told.
        None
    }
}

/// Further input nodes of a scanner (volume keys, a second keyboard), grabbed so that
/// nothing of it reaches another program. They are not read; what their queues lose is
/// lost well.
pub(crate) struct Silenced(#[allow(dead_code)] Vec<RawDevice>);

impl Silenced {
    /// Grabs the input nodes of a device beside this one of its nodes.
    pub(crate) fn beside(tree: &Tree, node: &Node) -> Result<Self, OpenError> {
        let nodes = tree.beside(Class::Input, node).into_iter();
        let grabbed = nodes.map(|node| {
            let mut device = open(&node.dev)?;
            grab(&mut device, &node.dev)?;
            Ok(device)
        });
        grabbed.collect::<Result<_, _>>().map(Self)
    }
}

/// Opens a node, its events on a clock that nobody sets.
pub(super) fn open(path: &Path) -> Result<RawDevice, OpenError> {
    let named = |error: io::Error| OpenError::of(&error, path.display().to_string());
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(O_NONBLOCK);
    // Writing is for the LEDs alone.
    let file = options.clone().write(true).open(path);
    let file = file.or_else(|_| options.open(path)).map_err(named)?;
    let handle = EvdevHandle::new(file);
    // At once: it empties the queue. It counts while the box is suspended, unlike
    // CLOCK_MONOTONIC, so that a suspend is a gap.
    handle.set_clock_id(BOOTTIME).map_err(named)?;
    // The usages (`MSC_SCAN`) are not needed, and a third of the 63 events that the
    // kernel's queue holds. Before Linux 4.4 they come.
    let _ = handle.set_misc_mask(&Bitmask::default());
    RawDevice::try_from(handle.into_inner()).map_err(named)
}

/// Takes a node for this process alone, while all its keys are up.
pub(super) fn grab(device: &mut RawDevice, path: &Path) -> Result<(), OpenError> {
    let name = || path.display().to_string();
    let named = |error: io::Error| OpenError::of(&error, name());
    let held = |device: &RawDevice| match device.get_key_state() {
        Ok(keys) if keys.iter().next().is_none() => Ok(()),
        Ok(_) => Err(OpenError::KeyHeld(name())),
        Err(error) => Err(named(error)),
    };
    held(device)?;
    device.grab().map_err(named)?;
    // A key may have gone down in between. Dropping the device ends the grab.
    held(device)
}

fn read(
    device: &mut RawDevice,
    keys: &mut KeyStream,
    arrivals: &mut Vec<Arrival>,
) -> io::Result<()> {
    let mut keys_unknown = false;
    for event in device.fetch_events()? {
        let event = Event {
            at: since_boot(event.timestamp()),
            kind: event.event_type().0,
            code: event.code(),
            value: event.value(),
        };
        keys_unknown = keys.feed(&event, || arrived(event.at), arrivals);
        if keys_unknown {
            // Asking for the state of the keys makes the kernel forget queued
            // key events without a word. What was read behind the drop is older
            // than that state and goes with them: the stream begins anew here,
            // inside a scan that is void already.
            break;
        }
    }
    if keys_unknown {
        let held = device.get_key_state()?;
        keys.resync(&held.iter().map(|key| key.0).collect::<Vec<_>>());
    }
    Ok(())
}

impl Beside {
    fn of(tree: &Tree, node: Option<&Node>, name: &str) -> Result<Self, OpenError> {
        let raw = node.and_then(|node| tree.hidraw_of(node)).ok_or_else(|| {
            let why = "it has no hidraw node: remove `reports` for this scanner";
            OpenError::Unusable(name.to_owned(), why.to_owned())
        })?;
        let named = |error: io::Error| OpenError::of(&error, raw.dev.display().to_string());
        let layout = keys::Layout::of(&raw.report_descriptor());
        let layout = layout.unwrap_or_else(keys::Layout::boot);
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(O_NONBLOCK)
            .open(&raw.dev)
            .map_err(named)?;
        Ok(Self {
            file: register(file).map_err(named)?,
            keys: Keys::new(layout),
            twin: Twin::default(),
            buffer: Zeroizing::new([0; REPORT_MAX]),
        })
    }
}

/// Reads one report; its keys are the scan.
fn read_reports(
    mut file: &File,
    (reports, buffer): (&mut Keys, &mut [u8]),
    keys: &mut KeyStream,
    twin: &mut Twin,
) -> io::Result<()> {
    let length = file.read(buffer)?;
    if length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let (at, ended) = (now(), Instant::now());
    let mut events = Vec::new();
    let fits = reports.feed(at, &buffer[..length], &mut events).is_ok();
    buffer.zeroize();
    twin.reports(&events);
    let mut arrivals = Vec::new();
    if !fits || twin.is_broken() {
        keys.damage(at, VoidReason::Report, &mut arrivals);
    }
    for event in &events {
        // Reports are whole: no keys are ever unknown.
        let _ = keys.feed(event, || ended, &mut arrivals);
    }
    arrivals.into_iter().for_each(|arrival| twin.hold(arrival));
    Ok(())
}

/// Reads the same keys once more, to compare.
fn read_keys(device: &mut RawDevice, twin: &mut Twin) -> io::Result<()> {
    for event in device.fetch_events()? {
        match (event.event_type().0, event.code(), event.value()) {
            (EV_KEY, code, value @ 0..=1) => twin.key(code, value == 1),
            (EV_SYN, SYN_DROPPED, _) => twin.dropped(),
            _ => {}
        }
    }
    Ok(())
}

impl KeyStream {
    /// What is being typed is not whole.
    fn damage(&mut self, at: Duration, reason: VoidReason, arrivals: &mut Vec<Arrival>) {
        let framer = &mut self.keyboard.framer;
        // Between scans nothing is lost yet; what follows is compared anew.
        if !framer.is_framing() {
            return;
        }
        let mut outcomes = Vec::new();
        framer.feed(at, Item::Damage(reason), &mut outcomes);
        self.capture.iter_mut().for_each(Capture::forget);
        let now = Instant::now();
        arrivals.extend(
            outcomes
                .into_iter()
                .map(|outcome| Arrival::new(outcome, now)),
        );
    }

    /// A keyboard whose keys are all up, just opened.
    pub(crate) fn new(settings: &Settings, shared: bool) -> Self {
        let keyboard = Keyboard::new(settings.layout, settings.profile()).oem(settings.oem_page);
        let mut keyboard = match settings.reports {
            true => keyboard.exact(),
            false => keyboard,
        };
        let now = now();
        keyboard.framer.opened(now);
        Self {
            keyboard,
            capture: shared.then(|| Capture::new(now, settings.gap)),
        }
    }

    /// Takes the next event. True asks for [`KeyStream::resync`] before the next.
    pub(crate) fn feed(
        &mut self,
        event: &Event,
        arrived: impl Fn() -> Instant,
        arrivals: &mut Vec<Arrival>,
    ) -> bool {
        let mut outcomes = Vec::new();
        let keys_unknown = self.keyboard.feed(event, &mut outcomes);
        let phase = self.phase();
        if let Some(capture) = &mut self.capture
            && event.kind == EV_KEY
            // The kernel's repeats are its own.
            && event.value < 2
        {
            capture.key(event.at, event.code, event.value == 1, phase);
        }
        for outcome in outcomes {
            let capture = self.capture.as_mut();
            let keys = match &outcome {
                Outcome::Scan(_) => capture.and_then(Capture::scan),
                Outcome::Void(_) => {
                    capture.into_iter().for_each(Capture::forget);
                    None
                }
            };
            arrivals.push(Arrival {
                outcome,
                ended: arrived(),
                keys,
            });
        }
        keys_unknown
    }

    pub(crate) fn silence(&mut self, outcomes: &mut Vec<Outcome>) {
        self.keyboard.framer.silence(outcomes);
        let phase = self.phase();
        if let Some(capture) = &mut self.capture {
            capture.silent(phase);
        }
    }

    fn phase(&self) -> Phase {
        let framer = &self.keyboard.framer;
        if framer.is_idle() {
            Phase::Idle
        } else if framer.is_framing() {
            Phase::Frame
        } else if framer.is_settled() {
            Phase::Void
        } else {
            Phase::Opening
        }
    }

    /// Sets which keys are down after events were dropped.
    fn resync(&mut self, held: &[u16]) {
        self.keyboard.resync(held.iter().copied());
        if let Some(capture) = &mut self.capture {
            capture.resync(held.iter().copied());
        }
    }
}

/// The time of an event on the clock that was asked for.
fn since_boot(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn now() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}

/// When an event with this time stamp arrived, on the clock that ages scans: it may
/// have waited in the kernel while this process, or the whole box, slept.
fn arrived(at: Duration) -> Instant {
    let instant = Instant::now();
    instant
        .checked_sub(now().saturating_sub(at))
        .unwrap_or(instant)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn fails(matching: Match) -> String {
        let opened = Grabbed::open(&Settings::new(matching), false);
        opened.err().unwrap().to_string()
    }

    #[test]
    fn says_why_a_device_cannot_be_opened() {
        assert_eq!(
            fails(Match::Path("/nonexistent/event0".into())),
            "/nonexistent/event0 is not there: plug the scanner in, or correct its match"
        );
        let why = fails(Match::Path("/dev/null".into()));
        assert!(why.starts_with("cannot use /dev/null: "), "{why}");
    }

    #[test]
    fn an_event_that_waited_makes_the_scan_as_old() {
        let second = Duration::from_secs(1);
        let early = Instant::now() - second;
        assert!(arrived(now() - second) <= early + second / 2);
        // A time stamp of the future does not make a scan younger than now.
        assert!(arrived(now() + 3600 * second) <= Instant::now());
    }
}
