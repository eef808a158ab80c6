//! Plays a recording as if the scanner sent it.

use super::delivery::{Outlet, ScannerState};
use super::recording::{self, Player, RecordingError};
use std::borrow::Cow;
use std::path::PathBuf;
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

/// A recording, in any of the formats that are read.
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
        Ok(recorded) => recorded,
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

async fn play(recorded: &recording::Recording, pace: Pace, outlet: &Outlet) {
    // Loading tried it.
    let Ok(mut player) = Player::new(recorded, &recorded.setup) else {
        return;
    };
    let mut out = Vec::new();
    let mut due = Instant::now();
    let mut last = recorded
        .steps
        .first()
        .map_or(Duration::ZERO, |step| step.at);
    for (n, step) in recorded.steps.iter().enumerate() {
        if pace == Pace::Recorded {
            // A clock that stepped back while recording is played without a pause.
            let pause = step.at.saturating_sub(last);
            last = step.at;
            due = due.checked_add(pause).unwrap_or(due);
            if due > Instant::now() {
                tokio::time::sleep_until(due.into()).await;
            }
        }
        player.feed(n, &mut out);
        for outcome in out.drain(..) {
            outlet.outcome_when_room(outcome, Instant::now()).await;
        }
    }
}

fn load(recording: &Recording) -> Result<recording::Recording, String> {
    let (text, name): (Cow<'_, str>, _) = match recording {
        Recording::Text(text) => (Cow::Borrowed(text), "recording".to_owned()),
        Recording::File(path) => {
            let text = recording::read(path)
                .map_err(|error| format!("cannot read recording {}: {error}", path.display()))?;
            (Cow::Owned(text), format!("recording {}", path.display()))
        }
    };
    let named = |error: RecordingError| format!("{name}: {error}");
    let recorded = recording::parse(&text).map_err(named)?;
    Player::new(&recorded, &recorded.setup).map_err(named)?;
    Ok(recorded)
}
