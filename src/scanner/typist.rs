//! Types scans on through a virtual keyboard (uinput).
//!
//! ```text
//!   scan ──▶ driver: no payment code ──▶ Reply::type_on ──▶ typist ──▶ uinput ──▶ the till's window
//! ```
//!
//! One scan after the other, each with the pauses it came with. A shared scanner is
//! grabbed only while there is a keyboard to type on with: without one the store
//! still rings up products. When the keyboard fails, the scan in progress is lost and
//! the scanner is let go until there is one again.

use super::delivery::Shared;
use super::strokes::Keystrokes;
use evdev::uinput::VirtualDevice;
use evdev::{AttributeSet, BusType, EventType, InputEvent, InputId, KeyCode};
use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;

/// Every key of a keyboard is below (Linux `KEY_COMPOSE`).
const LAST_KEY: u16 = 127;

/// How long after a scan its last keys may come: a release, the LF of CR LF.
const TAIL_WAIT: Duration = Duration::from_millis(100);

/// Scans that wait to be typed at most.
pub(crate) const WAITING: usize = 8;

/// From a keyboard that failed to the next.
pub(crate) const PAUSE: Duration = Duration::from_secs(2);

/// What to do about a keyboard that cannot be made.
pub(crate) fn advice(error: &io::Error) -> String {
    format!(
        "no virtual keyboard ({error}), so the scanner is left to the till: load the module \
         uinput and install the udev rule for scanners, or set use = \"dedicated\""
    )
}

/// Something that presses keys.
pub(crate) trait Keys {
    /// Presses or releases a key.
    fn stroke(&mut self, code: u16, down: bool) -> io::Result<()>;
}

/// A keyboard that the kernel has from us.
pub(crate) struct VirtualKeyboard(VirtualDevice);

impl VirtualKeyboard {
    /// Makes one, with every key that a scanner has.
    pub(crate) fn new(scanner: &str) -> io::Result<Self> {
        let keys: AttributeSet<KeyCode> = (1..=LAST_KEY).map(KeyCode).collect();
        // The kernel takes 79 bytes.
        let name: String = format!("qrpayd scanner {scanner}")
            .chars()
            .take(70)
            .collect();
        let device = VirtualDevice::builder()?
            .name(&name)
            .input_id(InputId::new(BusType::BUS_VIRTUAL, 0, 0, 1))
            .with_keys(&keys)?
            .build()?;
        Ok(Self(device))
    }
}

impl Keys for VirtualKeyboard {
    fn stroke(&mut self, code: u16, down: bool) -> io::Result<()> {
        let event = InputEvent::new(EventType::KEY.0, code, down.into());
        self.0.emit(&[event])
    }
}

/// Types what comes until the keyboard fails.
pub(crate) async fn run(
    keys: &mut impl Keys,
    jobs: &mut mpsc::Receiver<Keystrokes>,
    pace: Option<Duration>,
    shared: &Shared,
) -> io::Error {
    while let Some(strokes) = jobs.recv().await {
        match type_on(keys, strokes, pace).await {
            Ok(()) => shared.typed.fetch_add(1, Ordering::Relaxed),
            Err(error) => {
                shared.typed_lost.fetch_add(1, Ordering::Relaxed);
                return error;
            }
        };
    }
    // The scanner itself has a sender as long as it runs.
    std::future::pending().await
}

/// Types one scan. `pace` is used instead of the scan's own pauses.
pub(crate) async fn type_on(
    keys: &mut impl Keys,
    mut strokes: Keystrokes,
    pace: Option<Duration>,
) -> io::Result<()> {
    let mut down = BTreeSet::new();
    for n in 0..strokes.head.len() {
        let stroke = strokes.head[n];
        // The pause before its first key has been.
        if n > 0 {
            pause(stroke.pause, pace).await;
        }
        press(keys, &mut down, stroke.code, stroke.down)?;
    }
    if let Some(mut tail) = strokes.tail.take() {
        while let Ok(Some(stroke)) = tokio::time::timeout(TAIL_WAIT, tail.recv()).await {
            press(keys, &mut down, stroke.code, stroke.down)?;
        }
    }
    // What is still down: the next scan began before it came up.
    for code in down {
        keys.stroke(code, false)?;
    }
    Ok(())
}

async fn pause(own: Duration, pace: Option<Duration>) {
    let pause = pace.unwrap_or(own);
    // Keys of one report stay together.
    if !own.is_zero() && !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}

/// A release of what is not down is the end of an earlier scan's key.
fn press(keys: &mut impl Keys, held: &mut BTreeSet<u16>, code: u16, down: bool) -> io::Result<()> {
    let moves = match down {
        true => held.insert(code),
        false => held.remove(&code),
    };
    if moves {
        keys.stroke(code, down)
    } else {
        Ok(())
    }
}
