//! Which format a recording has, by the first line that only one of them can have.

use super::words::{self, lines};
use super::{Draft, RecordingError};
use super::{evemu, evtest, hidlog, libinput, numbers, serial, usbmon};

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `evemu-record`, `umockdev-record --evemu-events`.
    Evemu,
    /// `libinput record`.
    Libinput,
    /// What `evtest`, python-evdev and their like print, an event a line.
    Evtest,
    /// `hid-recorder`.
    HidRecorder,
    /// Reports as numbers: hex, decimal, or usages alone.
    Numbers,
    /// Text with times.
    Serial,
    /// The kernel's `usbmon`, as text.
    Usbmon,
}

/// The format of a text.
pub(super) fn of(text: &str) -> Result<Format, RecordingError> {
    if text.starts_with("# libinput record") {
        return Ok(Format::Libinput);
    }
    let hid = || lines(text).any(|(_, line)| line.starts_with("R:"));
    for (_, line) in lines(text) {
        let format = match line.split_once(':').map_or("", |(tag, _)| tag) {
            "R" | "D" => Some(Format::HidRecorder),
            "N" | "I" | "P" if hid() => Some(Format::HidRecorder),
            "E" if hid() || !evemu::is_event(line) && hidlog::is_event(line) => {
                Some(Format::HidRecorder)
            }
            "N" | "I" | "P" | "B" | "A" | "L" | "S" | "E" => Some(Format::Evemu),
            "ndevices" | "devices" | "events" | "- evdev" | "- hid" | "- libinput" => {
                Some(Format::Libinput)
            }
            _ if evtest::is_event(line) || line.starts_with("Input driver version is ") => {
                Some(Format::Evtest)
            }
            _ if serial::is_read(line) => Some(Format::Serial),
            _ if usbmon::is_event(line) => Some(Format::Usbmon),
            _ if numbers::is_report(line) => Some(Format::Numbers),
            _ => None,
        };
        if let Some(format) = format {
            return Ok(format);
        }
    }
    // An empty file is an evemu recording without events.
    let Some((line, _)) = words::lines(text).next() else {
        return Ok(Format::Evemu);
    };
    Err(RecordingError {
        line,
        what: "no format that is read has such a line: docs/scanners.md lists them",
    })
}

impl Format {
    /// Reads a text of this format.
    pub(super) fn read(self, text: &str, draft: &mut Draft) -> Result<(), RecordingError> {
        match self {
            Self::Evemu => evemu::read(text, draft),
            Self::Libinput => libinput::read(text, draft),
            Self::Evtest => evtest::read(text, draft),
            Self::HidRecorder => hidlog::read(text, draft),
            Self::Numbers => numbers::read(text, draft),
            Self::Serial => serial::read(text, draft),
            Self::Usbmon => usbmon::read(text, draft),
        }
    }
}
