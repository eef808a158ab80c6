//! Reads a device as it is and decides nothing: what `qrpayd scan` looks at and records.
//!
//! It looks every two milliseconds, which is enough for the 63 events of the kernel's
//! queue, and is no way for a service to read a scanner.

use super::evdev;
use super::failure::OpenError;
use super::recording::{Device, Recording, Sent, Setup, Step, Track};
use super::tree::{Class, Tree};
use ::evdev::raw_stream::RawDevice;
use rustix::fs::OFlags;
use serialport::TTYPort;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant, UNIX_EPOCH};

const LOOK: Duration = Duration::from_millis(2);

/// Steps that are kept: minutes of scanning.
const STEPS_MAX: usize = 100_000;

enum Source {
    Evdev(Box<RawDevice>),
    Hidraw(File),
    Serial(TTYPort),
}

/// A device that is read as it is, and what it sent so far.
pub(crate) struct Capture {
    source: Source,
    begun: Instant,
    /// What it sent, in one track.
    pub(crate) recording: Recording,
}

impl Capture {
    /// Opens a device for this process alone: an input node, a hidraw node or a serial port.
    pub(crate) fn open(path: &Path, baud: u32) -> Result<Self, OpenError> {
        let tree = Tree::of_machine();
        let named = |error: io::Error| OpenError::of(&error, path.display().to_string());
        std::fs::metadata(path).map_err(named)?;
        let (source, track) = if tree.node_at(Class::Input, path).is_some() {
            let mut device = evdev::open(path)?;
            evdev::grab(&mut device, path)?;
            (Source::Evdev(Box::new(device)), Track::Events)
        } else if let Some(node) = tree.node_at(Class::Hidraw, path) {
            let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
            let mut options = OpenOptions::new();
            let file = options.read(true).custom_flags(nonblocking).open(path);
            let (vendor, product) = node.ids.unwrap_or_default();
            let device = Device {
                descriptor: node.report_descriptor(),
                vendor,
                product,
            };
            (Source::Hidraw(file.map_err(named)?), Track::Reports(device))
        } else {
            let port = serialport::new(path.to_string_lossy(), baud).timeout(LOOK);
            let port = port.open_native().map_err(|error| named(error.into()))?;
            (Source::Serial(port), Track::Serial)
        };
        Ok(Self {
            source,
            begun: Instant::now(),
            recording: Recording {
                tracks: vec![track],
                steps: Vec::new(),
                setup: Setup::default(),
            },
        })
    }

    /// Reads until the device was silent for so long after something, or until the limit.
    /// False: nothing came.
    pub(crate) fn read(&mut self, quiet: Duration, limit: Duration) -> io::Result<bool> {
        let begun = Instant::now();
        let before = self.recording.steps.len();
        let mut last = begun;
        while begun.elapsed() < limit && self.recording.steps.len() < STEPS_MAX {
            match self.look() {
                Ok(()) => last = Instant::now(),
                Err(error) if is_nothing(&error) => {
                    if self.recording.steps.len() > before && last.elapsed() > quiet {
                        break;
                    }
                    std::thread::sleep(LOOK);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(self.recording.steps.len() > before)
    }

    fn look(&mut self) -> io::Result<()> {
        let at = self.begun.elapsed();
        let steps = &mut self.recording.steps;
        let mut push = |at, sent| steps.push(Step { at, track: 0, sent });
        let mut buffer = [0; 1024];
        match &mut self.source {
            Source::Evdev(device) => {
                for event in device.fetch_events()? {
                    let sent = Sent::Event {
                        kind: event.event_type().0,
                        code: event.code(),
                        value: event.value(),
                    };
                    let at = event.timestamp().duration_since(UNIX_EPOCH);
                    push(at.unwrap_or_default(), sent);
                }
            }
            Source::Hidraw(file) => match file.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => push(at, Sent::Report(buffer[..length].to_vec())),
            },
            Source::Serial(port) => match port.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => push(at, Sent::Bytes(buffer[..length].to_vec())),
            },
        }
        Ok(())
    }
}

fn is_nothing(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
