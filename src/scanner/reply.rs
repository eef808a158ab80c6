//! What became of a scan, told to the scanner that read it.

use super::Kind;
use super::delivery::Shared;
use super::feedback::Sound;
use super::keymap::Layout;
use super::orders::{Line, Order};
use super::strokes::{self, Ending, Keystrokes};
use crate::domain::code::PaymentCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;

/// Whom a scanner serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// Payments alone.
    Dedicated,
    /// The till too: what is no payment code is typed on.
    Shared(Sharing),
}

/// How a shared scanner is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// What becomes of digits that may pay while nothing is to be paid.
    pub idle_digits: IdleDigits,
    /// The pause between two keys that are typed on; by default a keyboard scanner's own.
    pub pace: Option<Duration>,
    /// The till's keyboard, for scanners that have no keys of their own.
    pub layout: Layout,
    /// What is typed after their text.
    pub ending: Ending,
}

/// What becomes of digits that look like a payment code while no tender waits: they may
/// as well be a loyalty or gift card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdleDigits {
    /// They are typed on.
    TypeOn,
    /// They are refused.
    Refuse,
}

/// The way back to the scanner of a scan. Telling it never waits, and tells nothing
/// when the scanner is gone.
#[derive(Debug)]
pub struct Reply {
    pub(crate) line: Line,
    pub(crate) strokes: Option<Strokes>,
}

impl Reply {
    /// A reply to nobody, for scans that no scanner read.
    pub fn nowhere() -> Self {
        Self {
            line: Line::nowhere(),
            strokes: None,
        }
    }

    /// The scan was taken: a sound says so, where the scanner has one.
    pub fn accept(&self) {
        self.line.give(Order::Sound(Sound::Accepted));
    }

    /// The scan was not taken: a sound says so, where the scanner has one.
    pub fn refuse(&self) {
        self.line.give(Order::Sound(Sound::Refused));
    }

    /// The scan is not ours: it is typed on, by a scanner that is shared. False when it
    /// cannot be.
    pub fn type_on(self) -> bool {
        let Some(strokes) = self.strokes else {
            return false;
        };
        let typed = strokes.jobs.try_send(strokes.keys).is_ok();
        if !typed {
            strokes.shared.typed_lost.fetch_add(1, Ordering::Relaxed);
        }
        self.line.give(Order::Sound(match typed {
            true => Sound::Accepted,
            false => Sound::Refused,
        }));
        typed
    }
}

/// A scan's keys, and who types them.
pub(crate) struct Strokes {
    keys: Keystrokes,
    jobs: mpsc::Sender<Keystrokes>,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Strokes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Strokes(..)")
    }
}

/// How the scans of one shared scanner are typed on.
#[derive(Clone)]
pub(crate) struct Typing {
    pub(crate) jobs: mpsc::Sender<Keystrokes>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) sharing: Sharing,
    /// The scanner's reports put an AIM identifier in front of the code.
    pub(crate) identified: bool,
}

/// What a transition takes unless the configuration says otherwise.
const PACE: Duration = Duration::from_millis(2);

impl Typing {
    pub(crate) fn new(
        sharing: &Sharing,
        kind: &Kind,
        shared: &Arc<Shared>,
        jobs: mpsc::Sender<Keystrokes>,
    ) -> Self {
        Self {
            jobs,
            shared: Arc::clone(shared),
            sharing: sharing.clone(),
            identified: matches!(kind, Kind::Hidraw(_)),
        }
    }

    /// A scan's keys: its own, or those of its text.
    pub(crate) fn of(&self, code: &PaymentCode, own: Option<Keystrokes>) -> Option<Strokes> {
        let Sharing {
            layout,
            ending,
            pace,
            ..
        } = self.sharing;
        let of_text = || {
            let text = match code.as_bytes() {
                [b']', carrier, modifier, text @ ..]
                    if self.identified
                        && carrier.is_ascii_alphabetic()
                        && modifier.is_ascii_alphanumeric() =>
                {
                    text
                }
                text => text,
            };
            strokes::of_text(layout, text, ending, pace.unwrap_or(PACE)).ok()
        };
        Some(Strokes {
            keys: own.or_else(of_text)?,
            jobs: self.jobs.clone(),
            shared: Arc::clone(&self.shared),
        })
    }
}
