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

use super::decode::Event;
use super::framer::{End, Framer, GAP, Profile};
use super::keyboard::Keyboard;
use super::keymap::Layout;
use super::nodes;
use super::reader::{Arrival, Device, OpenError};
use evdev::raw_stream::RawDevice;
use evdev::{EventType, InputEvent, LedCode};
use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
}

/// How a device is recognised. A path by port survives a replug and tells two equal
/// scanners apart; ids are shared between makers and serial numbers between units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// A node or a link to one, such as `/dev/input/by-path/...-event-kbd`.
    Path(PathBuf),
    /// USB ids, and the serial number where the scanner has one.
    Ids {
        /// The vendor.
        vendor: u16,
        /// The product.
        product: u16,
        /// The serial number (evdev's `uniq`).
        serial: Option<String>,
    },
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

pub(crate) struct Grabbed {
    device: RawDevice,
    keyboard: Keyboard,
}

impl AsRawFd for Grabbed {
    fn as_raw_fd(&self) -> RawFd {
        self.device.as_raw_fd()
    }
}

impl Device for Grabbed {
    type Settings = Settings;

    async fn open(settings: &Settings) -> Result<Self, OpenError> {
        let path = match &settings.matching {
            Match::Path(path) => path.clone(),
            Match::Ids {
                vendor,
                product,
                serial,
            } => nodes::find(
                Path::new("/sys/class/input"),
                *vendor,
                *product,
                serial.as_deref(),
            )?,
        };
        let name = path.display().to_string();
        let named = |error: io::Error| OpenError::of(&error, name.clone());
        let mut device = open(&path).map_err(named)?;
        if let Match::Ids {
            vendor, product, ..
        } = settings.matching
        {
            // The node may have changed hands since it was found.
            let id = device.input_id();
            if (id.vendor(), id.product()) != (vendor, product) {
                return Err(OpenError::Absent(name));
            }
        }
        let held = |device: &RawDevice| match device.get_key_state() {
            Ok(keys) if keys.iter().next().is_none() => Ok(()),
            Ok(_) => Err(OpenError::KeyHeld(name.clone())),
            Err(error) => Err(named(error)),
        };
        held(&device)?;
        device.grab().map_err(named)?;
        // A key may have gone down in between. Dropping the device ends the grab.
        held(&device)?;
        // A device without LEDs, or opened read-only, has none to set.
        let led = |led: LedCode, on| InputEvent::new(EventType::LED.0, led.0, on);
        let _ = device.send_events(&[led(LedCode::LED_CAPSL, 0), led(LedCode::LED_NUML, 1)]);
        let mut keyboard = Keyboard::new(settings.layout, settings.profile());
        keyboard.framer.opened(since_epoch(SystemTime::now()));
        Ok(Self { device, keyboard })
    }

    fn read(&mut self, arrivals: &mut Vec<Arrival>) -> io::Result<()> {
        let mut outcomes = Vec::new();
        let mut keys_unknown = false;
        for event in self.device.fetch_events()? {
            let time = event.timestamp();
            let event = Event {
                at: since_epoch(time),
                kind: event.event_type().0,
                code: event.code(),
                value: event.value(),
            };
            keys_unknown = self.keyboard.feed(&event, &mut outcomes);
            arrivals.extend(outcomes.drain(..).map(|outcome| (outcome, arrived(time))));
            if keys_unknown {
                // Asking for the state of the keys makes the kernel forget queued
                // key events without a word. What was read behind the drop is older
                // than that state and goes with them: the stream begins anew here,
                // inside a scan that is void already.
                break;
            }
        }
        if keys_unknown {
            let held = self.device.get_key_state()?;
            self.keyboard.resync(held.iter().map(|key| key.0));
        }
        Ok(())
    }

    fn framer(&mut self) -> &mut Framer {
        &mut self.keyboard.framer
    }
}

fn open(path: &Path) -> io::Result<RawDevice> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(O_NONBLOCK);
    // Writing is for the LEDs alone.
    let file = options.clone().write(true).open(path);
    RawDevice::try_from(file.or_else(|_| options.open(path))?)
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// When an event with this time stamp arrived, on the clock that ages scans: it may
/// have waited in the kernel while this process, or the whole box, slept.
fn arrived(time: SystemTime) -> Instant {
    let now = Instant::now();
    let waited = time.elapsed().unwrap_or_default();
    now.checked_sub(waited).unwrap_or(now)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    async fn fails(matching: Match) -> String {
        let opened = Grabbed::open(&Settings::new(matching)).await;
        opened.err().unwrap().to_string()
    }

    #[tokio::test]
    async fn says_why_a_device_cannot_be_opened() {
        assert_eq!(
            fails(Match::Path("/nonexistent/event0".into())).await,
            "/nonexistent/event0 is not there: plug the scanner in, or correct its match"
        );
        let why = fails(Match::Path("/dev/null".into())).await;
        assert!(why.starts_with("cannot use /dev/null: "), "{why}");
    }

    #[test]
    fn an_event_that_waited_makes_the_scan_as_old() {
        let second = Duration::from_secs(1);
        let early = Instant::now() - second;
        assert!(arrived(SystemTime::now() - second) <= early + second / 2);
        // A clock that was set back does not make a scan younger than now.
        assert!(arrived(SystemTime::now() + 3600 * second) <= Instant::now());
    }
}
