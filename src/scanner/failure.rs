//! Why a device cannot be used, in a sentence that says what to do.

use super::delivery::ScannerState;
use std::{fmt, io};

/// Why a device could not be opened: what was found and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// Nothing is there under this name.
    Absent(String),
    /// What was asked for is not there; what came in its place.
    Changed(String, String),
    /// No permission.
    Denied(String),
    /// Another program has it.
    Busy(String),
    /// Several devices match; where their paths are listed.
    Ambiguous(String, &'static str),
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

    /// Whether only a device that comes can change it: a new node, or new permissions.
    pub(crate) fn waits_for_a_device(&self) -> bool {
        matches!(
            self,
            Self::Absent(_) | Self::Changed(..) | Self::Denied(_) | Self::Ambiguous(..)
        )
    }

    pub(crate) fn state(&self) -> ScannerState {
        match self {
            Self::Absent(_) | Self::Changed(..) => ScannerState::Absent(self.to_string()),
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
            Self::Changed(device, found) => write!(
                f,
                "{device} is not there; {found}: if that is the scanner, it was set to another \
                 mode: scan the set-up code of the old mode, or configure the new one"
            ),
            Self::Denied(device) => write!(
                f,
                "no permission to open {device}: install the udev rule for scanners"
            ),
            Self::Busy(device) => write!(
                f,
                "{device} is in use by another program: stop that program, or configure \
                 each scanner once"
            ),
            Self::Ambiguous(device, links) => write!(
                f,
                "several scanners match {device}: configure each by its path in {links}"
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
