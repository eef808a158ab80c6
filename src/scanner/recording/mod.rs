//! Recordings: what a scanner sent, with times, in a file.
//!
//! ```text
//!   text ──▶ format ──▶ one reader ──▶ Draft ──▶ Recording ──▶ Player ──▶ scans and voids
//! ```
//!
//! The format is known by the content, never by a name. A reader knows one shape of lines
//! and fills a [`Draft`]: tracks (one per device), and steps in their order. Lines that
//! say something else are errors with their number, and never show their content, because
//! it is a payment code. What a file leaves out is not made up: what was lost stays lost.
//!
//! Every format has comments that begin with `#`. One of them may say what the scanner
//! was set to: `# qrpayd: layout=de terminator=tab gap_ms=500 oem=850`.

mod directive;
mod disguise;
mod evemu;
mod evtest;
mod format;
mod hidlog;
mod keynames;
mod libinput;
mod numbers;
mod player;
mod serial;
mod usbmon;
mod words;
mod write;

pub(crate) use directive::{ENDS, Setup};
pub(crate) use disguise::disguise;
pub(crate) use player::Player;
pub use write::record;
pub(crate) use write::write;

use super::decode::{EV_KEY, EV_SYN, SYN_DROPPED, SYN_REPORT};
use super::framer::Outcome;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// Bytes of the largest recording: hours of scanning.
pub const SIZE_MAX: usize = 8 << 20;

/// Steps of the largest recording: events, reports or reads.
pub const STEPS_MAX: usize = 250_000;

/// Devices of one recording.
const TRACKS_MAX: usize = 64;

/// What lies between steps of a recording without times.
const UNTIMED: Duration = Duration::from_millis(1);

/// Why a text is no recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingError {
    /// The line, from 1; 0 for the recording as a whole.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(self.what),
            line => write!(f, "line {line}: {}", self.what),
        }
    }
}

impl std::error::Error for RecordingError {}

/// What one device sent.
pub(crate) enum Track {
    /// Input events.
    Events,
    /// HID input reports, and how they are laid out as far as the recording says.
    Reports(Device),
    /// Bytes of a serial line.
    Serial,
}

/// What a recording says of a HID device.
#[derive(Default)]
pub(crate) struct Device {
    pub(crate) descriptor: Vec<u8>,
    pub(crate) vendor: u16,
    pub(crate) product: u16,
}

/// One thing that a device sent.
#[derive(Clone)]
pub(crate) enum Sent {
    Event {
        kind: u16,
        code: u16,
        value: i32,
    },
    Report(Vec<u8>),
    Bytes(Vec<u8>),
    /// A break or a parity error on a serial line.
    Break,
    /// Something that the recording itself lost.
    Lost,
    Opened,
    Unplugged,
}

pub(crate) struct Step {
    pub(crate) at: Duration,
    pub(crate) track: usize,
    pub(crate) sent: Sent,
}

/// A recording that has been read. It has no `Debug`: it is a payment code.
pub(crate) struct Recording {
    pub(crate) tracks: Vec<Track>,
    pub(crate) steps: Vec<Step>,
    pub(crate) setup: Setup,
}

/// A recording that is being read.
#[derive(Default)]
pub(crate) struct Draft {
    tracks: Vec<Track>,
    steps: Vec<Step>,
}

impl Draft {
    /// Adds a device; its number.
    fn track(&mut self, track: Track) -> Result<usize, &'static str> {
        if self.tracks.len() == TRACKS_MAX {
            return Err("more than 64 devices: cut the recording");
        }
        self.tracks.push(track);
        Ok(self.tracks.len() - 1)
    }

    fn push(&mut self, at: Duration, track: usize, sent: Sent) -> Result<(), &'static str> {
        if self.steps.len() == STEPS_MAX {
            return Err("more than 250000 events: cut the recording");
        }
        self.steps.push(Step { at, track, sent });
        Ok(())
    }

    /// Adds a step of a recording without times.
    fn push_untimed(&mut self, track: usize, sent: Sent) -> Result<(), &'static str> {
        let at = self.steps.last().map_or(UNTIMED, |step| step.at + UNTIMED);
        self.push(at, track, sent)
    }

    /// Ends the frames of event tracks that were printed without their ends: a frame is
    /// what has one time. Also ends the drops, which last until the end of a frame.
    fn frame_by_time(&mut self) -> Result<(), &'static str> {
        let end = |at, track| Step {
            at,
            track,
            sent: Sent::Event {
                kind: EV_SYN,
                code: SYN_REPORT,
                value: 0,
            },
        };
        let framed = self.steps.iter().any(|step| {
            matches!(step.sent, Sent::Event { kind: EV_SYN, code, .. } if code != SYN_DROPPED)
        });
        if framed
            || !self
                .tracks
                .iter()
                .any(|track| matches!(track, Track::Events))
        {
            return Ok(());
        }
        let steps = std::mem::take(&mut self.steps);
        let mut open: Vec<Option<Duration>> = vec![None; self.tracks.len()];
        for step in steps {
            let open = &mut open[step.track];
            if let Some(at) = open.filter(|at| *at != step.at) {
                self.steps.push(end(at, step.track));
            }
            *open = matches!(step.sent, Sent::Event { .. }).then_some(step.at);
            self.steps.push(step);
        }
        for (track, at) in open.into_iter().enumerate() {
            self.steps.extend(at.map(|at| end(at, track)));
        }
        if self.steps.len() > 2 * STEPS_MAX {
            return Err("more than 250000 events: cut the recording");
        }
        Ok(())
    }
}

/// Reads a recording.
///
/// # Errors
/// When the text is no recording, or one whose keys were hidden.
pub(crate) fn parse(text: &str) -> Result<Recording, RecordingError> {
    let whole = |what| RecordingError { line: 0, what };
    if text.len() > SIZE_MAX {
        return Err(whole(
            "the recording is larger than 8 MiB: cut it into shorter ones",
        ));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let setup = directive::of(text)?;
    let mut draft = Draft::default();
    format::of(text)?.read(text, &mut draft)?;
    draft.frame_by_time().map_err(whole)?;
    let Draft { tracks, steps } = draft;
    let nothing = |step: &Step| match step.sent {
        Sent::Event { kind, .. } => kind != EV_KEY && kind != EV_SYN,
        _ => false,
    };
    if steps.iter().all(nothing) {
        return Err(whole("the recording has no events"));
    }
    Ok(Recording {
        tracks,
        steps,
        setup,
    })
}

/// Reads the file, one byte beyond the limit at most. A device's name may have
/// bytes that are not UTF-8; anywhere else they make a malformed line.
pub(crate) fn read(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(SIZE_MAX as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns exactly the scans and voids of a recording, in the order of their ends.
///
/// A keyboard scanner has the US layout and Enter, a serial one the suffix that it is
/// seen to send, unless the recording says otherwise.
///
/// # Errors
/// When the text is no recording, or one whose keys were hidden.
pub fn scans_of(recording: &str) -> Result<Vec<Outcome>, RecordingError> {
    let recording = parse(recording)?;
    let mut player = Player::new(&recording, &recording.setup)?;
    let mut out = Vec::new();
    for n in 0..recording.steps.len() {
        player.feed(n, &mut out);
    }
    Ok(out)
}
