//! Scanners on a serial line: RS-232, USB CDC-ACM, USB bridges, Bluetooth SPP, and ptys.
//!
//! The port is opened for this process alone (TIOCEXCL and a lock), with DTR and RTS
//! asserted unless the scanner must not have them, and what waited in its buffer is
//! thrown away. A NUL is what the kernel makes of a break or a parity error and voids
//! the scan. What is written to the scanner never waits: it is left out when earlier
//! bytes have not gone.

mod profile;
mod stream;

use super::failure::OpenError;
use super::feedback::{Feedback, Sound};
use super::framer::{Outcome, VoidReason};
use super::matching::Match;
use super::reader::{Arrival, Device, poll_file, register};
use super::ssi;
use super::tree::{Class, Tree, UsbPort};
pub use profile::Profile;
use serialport::{ClearBuffer, ErrorKind, SerialPort, TTYPort};
pub use serialport::{DataBits, FlowControl, Parity, StopBits};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use stream::Stream;
use tokio::io::unix::AsyncFd;
use zeroize::{Zeroize, Zeroizing};

const ACK: u8 = 0x06;
const NAK: u8 = 0x15;

/// A serial scanner. [`Settings::new`] has the usual values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The port, best by its name in `/dev/serial/by-path` or `by-id`.
    pub matching: Match,
    /// Bits a second; without meaning on USB CDC-ACM.
    pub baud: u32,
    /// Bits of a character.
    pub data_bits: DataBits,
    /// The parity bit.
    pub parity: Parity,
    /// Stop bits.
    pub stop_bits: StopBits,
    /// Who holds whom up.
    pub flow: FlowControl,
    /// Whether DTR is asserted.
    pub dtr: bool,
    /// Whether RTS is asserted; the driver's business with [`FlowControl::Hardware`].
    pub rts: bool,
    /// What the scanner sends after a code, or around it.
    pub terminator: Terminator,
    /// The longest silence inside a code. Without a terminator, the one that ends it:
    /// two codes within that time become one.
    pub gap: Duration,
    /// Whether a code identifier of Symbol's stands in front of each code.
    pub code_id: bool,
    /// Whether the scanner waits for ACK, or NAK to send again.
    pub acknowledge: bool,
    /// Its sounds.
    pub feedback: Feedback,
}

/// What a serial scanner sends after a code, or around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terminator {
    /// CR. An LF after it is dropped.
    Cr,
    /// LF. A CR before it is dropped.
    Lf,
    /// CR and LF, both.
    CrLf,
    /// Tab.
    Tab,
    /// Nothing: silence ends a code.
    None,
    /// STX before it, ETX after it.
    Etx,
    /// STX before it, CR and ETX after it.
    CrEtx,
    /// STX before it, ETX and a check byte after it: the XOR of everything after STX.
    EtxCheck,
    /// Packets of Zebra's Simple Serial Interface.
    Ssi,
}

impl Settings {
    /// 9600 baud, 8 data bits, no parity, one stop bit, CR.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Profile::Standard.settings(Match::Path(path.into()))
    }
}

pub(crate) struct Port {
    tty: AsyncFd<TTYPort>,
    line: Line,
    port: Option<UsbPort>,
}

/// What is done with the bytes.
struct Line {
    stream: Stream,
    acknowledge: bool,
    feedback: Feedback,
    opened: Instant,
    buffer: Zeroizing<[u8; 512]>,
    outcomes: Vec<Outcome>,
    replies: Vec<u8>,
}

impl Device for Port {
    type Settings = Settings;

    fn names(settings: &Settings) -> Vec<PathBuf> {
        vec![Tree::of_machine().name_of(Class::Tty, &settings.matching)]
    }

    fn open(settings: &Settings, _: bool) -> Result<Self, OpenError> {
        let tree = Tree::of_machine();
        let (path, node) = tree.find(Class::Tty, &settings.matching, |_| true)?;
        let path = path.to_string_lossy();
        let named = |error: serialport::Error| match error.kind {
            // How this crate says EBUSY, and that the lock is taken.
            ErrorKind::NoDevice => OpenError::Busy(path.to_string()),
            _ => OpenError::of(&error.into(), path.to_string()),
        };
        let mut tty = serialport::new(path.as_ref(), settings.baud)
            .data_bits(settings.data_bits)
            .parity(settings.parity)
            .stop_bits(settings.stop_bits)
            .flow_control(settings.flow)
            .exclusive(true)
            // Readiness comes from epoll; a read takes what is there.
            .timeout(Duration::ZERO)
            .open_native()
            .map_err(named)?;
        // A pty has no modem lines.
        let _ = tty.write_data_terminal_ready(settings.dtr);
        if settings.flow != FlowControl::Hardware {
            let _ = tty.write_request_to_send(settings.rts);
        }
        tty.clear(ClearBuffer::Input).map_err(named)?;
        if settings.terminator == Terminator::Ssi {
            // A scanner that does not hear it repeats what it has, which is too old.
            tell(&mut tty, &ssi::opening());
        }
        tracing::info!(
            device = Tree::describe(path.as_ref().as_ref(), node.as_ref()),
            "opened"
        );
        Ok(Self {
            tty: register(tty).map_err(|error| OpenError::of(&error, path.to_string()))?,
            line: Line {
                stream: Stream::new(settings),
                acknowledge: settings.acknowledge,
                feedback: settings.feedback.clone(),
                opened: Instant::now(),
                buffer: Zeroizing::new([0; 512]),
                outcomes: Vec::new(),
                replies: Vec::new(),
            },
            port: node.and_then(|node| node.port()),
        })
    }

    fn port(&self) -> Option<UsbPort> {
        self.port.clone()
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        arrivals: &mut Vec<Arrival>,
    ) -> Poll<io::Result<()>> {
        let Self { tty, line, .. } = self;
        poll_file(tty, context, |tty| line.read(tty, arrivals))
    }

    fn read(&mut self, arrivals: &mut Vec<Arrival>) -> io::Result<()> {
        self.line.read(self.tty.get_mut(), arrivals)
    }

    fn patience(&self) -> Option<Duration> {
        self.line.stream.patience()
    }

    fn silence(&mut self, outcomes: &mut Vec<Outcome>) {
        let begun = outcomes.len();
        self.line.stream.silence(outcomes, &mut self.line.replies);
        self.line.answer(self.tty.get_mut(), &outcomes[begun..]);
    }

    fn unplugged(&mut self, outcomes: &mut Vec<Outcome>) {
        self.line.stream.unplugged(outcomes);
    }

    fn is_settled(&self) -> bool {
        self.line.stream.is_settled()
    }

    fn sound(&mut self, sound: Sound) -> Option<bool> {
        let bytes = self.line.feedback.bytes(sound)?;
        Some(tell(self.tty.get_mut(), bytes))
    }
}

impl Line {
    fn read(&mut self, tty: &mut TTYPort, arrivals: &mut Vec<Arrival>) -> io::Result<()> {
        let length = match tty.read(self.buffer.as_mut_slice()) {
            // The line was hung up.
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Err(error) => return Err(error),
        };
        let now = Instant::now();
        let at = now - self.opened;
        for &byte in &self.buffer[..length] {
            self.stream
                .feed(at, byte, &mut self.outcomes, &mut self.replies);
        }
        self.buffer.as_mut_slice().zeroize();
        let outcomes = std::mem::take(&mut self.outcomes);
        self.answer(tty, &outcomes);
        arrivals.extend(
            outcomes
                .into_iter()
                .map(|outcome| Arrival::new(outcome, now)),
        );
        Ok(())
    }

    /// Tells the scanner what it waits for.
    fn answer(&mut self, tty: &mut TTYPort, outcomes: &[Outcome]) {
        if self.acknowledge {
            let whole = outcomes.last().map(|last| match last {
                Outcome::Void(VoidReason::Opening) | Outcome::Scan(_) => ACK,
                Outcome::Void(_) => NAK,
            });
            self.replies.extend(whole);
        }
        if !self.replies.is_empty() {
            // Unheard, the scanner repeats itself.
            tell(tty, &self.replies);
            self.replies.clear();
        }
    }
}

/// Writes if nothing that was written before still waits, so that it cannot block.
fn tell(tty: &mut TTYPort, bytes: &[u8]) -> bool {
    let free = tty.bytes_to_write().is_ok_and(|waiting| waiting == 0);
    free && tty.write(bytes).is_ok_and(|written| written == bytes.len())
}
