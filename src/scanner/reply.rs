//! What became of a scan, told to the scanner that read it.

use super::feedback::Sound;
use super::orders::{Line, Order};

/// The way back to the scanner of a scan. Telling it never waits, and tells nothing
/// when the scanner is gone.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(crate) line: Line,
}

impl Reply {
    /// The scan was taken: a sound says so, where the scanner has one.
    pub fn accept(&self) {
        self.line.give(Order::Sound(Sound::Accepted));
    }

    /// The scan was not taken: a sound says so, where the scanner has one.
    pub fn refuse(&self) {
        self.line.give(Order::Sound(Sound::Refused));
    }
}
