//! Plays a recording as if a keyboard scanner typed it: US layout, Enter.

use super::delivery::{Outlet, ScannerState};
use super::evemu::{self, SIZE_MAX};
use super::framer::{End, GAP, Profile};
use super::keyboard::{Keyboard, Recorded};
use super::keymap::Layout;
use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A recording that is played instead of a device that is read.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    /// What is played.
    pub recording: Recording,
    /// When.
    pub start: Start,
    /// How fast.
    pub pace: Pace,
}

/// An evemu recording.
#[derive(Clone, PartialEq, Eq)]
pub enum Recording {
    /// In a file.
    File(PathBuf),
    /// As text.
    Text(Cow<'static, str>),
}

/// When a recording is played. [`Scanner::play`](super::Scanner::play) plays it
/// (again) in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Once at the start.
    Immediately,
    /// Not before it is asked for.
    OnTrigger,
}

/// How fast a recording is played. The outcome is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As it was recorded.
    Recorded,
    /// Without waiting.
    Compressed,
}

/// A recording's text is a payment code: only its kind and file are shown.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("recording", &self.recording)
            .field("start", &self.start)
            .field("pace", &self.pace)
            .finish()
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Text(_) => f.write_str("Text(..)"),
        }
    }
}

/// Plays until told to stop.
pub(crate) async fn keep(settings: &Settings, outlet: &Outlet, orders: &mut watch::Receiver<u64>) {
    let recorded = match load(&settings.recording) {
        Ok(events) => Recorded::new(events),
        Err(why) => {
            outlet.state(ScannerState::Failed(why));
            while orders.changed().await.is_ok() {}
            return;
        }
    };
    outlet.state(ScannerState::Ready);
    let mut played = match settings.start {
        // One play behind: plays at once.
        Start::Immediately => None,
        Start::OnTrigger => Some(0),
    };
    loop {
        let asked = *orders.borrow_and_update();
        if played == Some(asked) {
            if orders.changed().await.is_err() {
                return;
            }
            continue;
        }
        // Asked twice while it plays, it is played once more.
        played = Some(asked);
        let mut stop = orders.clone();
        tokio::select! {
            biased;
            () = async { while stop.changed().await.is_ok() {} } => return,
            () = play(&recorded, settings.pace, outlet) => {}
        }
    }
}

async fn play(recorded: &Recorded, pace: Pace, outlet: &Outlet) {
    let profile = Profile {
        end: End::Cr,
        gap: GAP,
    };
    let mut keyboard = Keyboard::new(Layout::Us, profile);
    let mut out = Vec::new();
    let begun = Instant::now();
    let first = recorded
        .events
        .first()
        .map_or(Duration::ZERO, |event| event.at);
    for (n, event) in recorded.events.iter().enumerate() {
        if pace == Pace::Recorded {
            // A clock that stepped back while recording is played without a pause.
            let due = begun.checked_add(event.at.saturating_sub(first));
            if let Some(due) = due.filter(|due| *due > Instant::now()) {
                tokio::time::sleep_until(due.into()).await;
            }
        }
        keyboard.feed_recorded(recorded, n, &mut out);
        for outcome in out.drain(..) {
            outlet.outcome_when_room(outcome, Instant::now()).await;
        }
    }
    keyboard.framer.silence(&mut out);
    for outcome in out.drain(..) {
        outlet.outcome_when_room(outcome, Instant::now()).await;
    }
}

fn load(recording: &Recording) -> Result<Vec<super::decode::Event>, String> {
    match recording {
        Recording::Text(text) => evemu::parse(text).map_err(|error| format!("recording: {error}")),
        Recording::File(path) => {
            let text = read(path)
                .map_err(|error| format!("cannot read recording {}: {error}", path.display()))?;
            evemu::parse(&text).map_err(|error| format!("recording {}: {error}", path.display()))
        }
    }
}

/// Reads the file, one byte beyond the limit at most. A device's name may have
/// bytes that are not UTF-8; anywhere else they make a malformed line.
fn read(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(SIZE_MAX as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
