//! Scanners on a serial line: RS-232, USB CDC-ACM, USB bridges, and ptys.
//!
//! The port is opened for this process alone, with DTR and RTS asserted (some
//! scanners stay silent without), and what waited in its buffer is thrown away.
//! A NUL is what the kernel makes of a break or a parity error and voids the scan.

use super::framer::{End, Framer, GAP, Item, Outcome, Profile, VoidReason};
use super::reader::{Arrival, Device, OpenError};
use serialport::{ClearBuffer, ErrorKind, FlowControl, SerialPort, TTYPort};
pub use serialport::{DataBits, Parity, StopBits};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, RawFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use zeroize::{Zeroize, Zeroizing};

/// A serial scanner. [`Settings::new`] has the usual values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The port, best by its name in `/dev/serial/by-id` or `by-path`.
    pub path: PathBuf,
    /// Bits a second; without meaning on USB CDC-ACM.
    pub baud: u32,
    /// Bits of a character.
    pub data_bits: DataBits,
    /// The parity bit.
    pub parity: Parity,
    /// Stop bits.
    pub stop_bits: StopBits,
    /// What the scanner sends after a code.
    pub terminator: Terminator,
    /// The longest silence inside a code. Without a terminator, the one that ends it:
    /// two codes within that time become one.
    pub gap: Duration,
}

/// What a serial scanner sends after a code.
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
}

impl Settings {
    /// 9600 baud, 8 data bits, no parity, one stop bit, CR.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            baud: 9600,
            data_bits: DataBits::Eight,
            parity: Parity::None,
            stop_bits: StopBits::One,
            terminator: Terminator::Cr,
            gap: GAP,
        }
    }

    fn profile(&self) -> Profile {
        Profile {
            end: match self.terminator {
                Terminator::Cr => End::Cr,
                Terminator::Lf => End::Lf,
                Terminator::CrLf => End::CrLf,
                Terminator::Tab => End::Tab,
                Terminator::None => End::Silence,
            },
            gap: self.gap,
        }
    }
}

pub(crate) struct Port {
    tty: TTYPort,
    framer: Framer,
    opened: Instant,
    buffer: Zeroizing<[u8; 512]>,
}

impl AsRawFd for Port {
    fn as_raw_fd(&self) -> RawFd {
        self.tty.as_raw_fd()
    }
}

impl Device for Port {
    type Settings = Settings;

    async fn open(settings: &Settings) -> Result<Self, OpenError> {
        let path = settings.path.to_string_lossy();
        let named = |error: serialport::Error| match error.kind {
            // How this crate says EBUSY, and that the lock is taken.
            ErrorKind::NoDevice => OpenError::Busy(path.to_string()),
            _ => OpenError::of(&error.into(), path.to_string()),
        };
        let mut tty = serialport::new(path.as_ref(), settings.baud)
            .data_bits(settings.data_bits)
            .parity(settings.parity)
            .stop_bits(settings.stop_bits)
            .flow_control(FlowControl::None)
            .exclusive(true)
            // Readiness comes from epoll; a read takes what is there.
            .timeout(Duration::ZERO)
            .open_native()
            .map_err(named)?;
        // A pty has no modem lines.
        let _ = tty.write_data_terminal_ready(true);
        let _ = tty.write_request_to_send(true);
        tty.clear(ClearBuffer::Input).map_err(named)?;
        let mut framer = Framer::new(settings.profile());
        framer.opened(Duration::ZERO);
        Ok(Self {
            tty,
            framer,
            opened: Instant::now(),
            buffer: Zeroizing::new([0; 512]),
        })
    }

    fn read(&mut self, arrivals: &mut Vec<Arrival>) -> io::Result<()> {
        let length = match self.tty.read(self.buffer.as_mut_slice()) {
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
        let mut outcomes: Vec<Outcome> = Vec::new();
        for &byte in &self.buffer[..length] {
            let item = match byte {
                0 => Item::Damage(VoidReason::Line),
                byte => Item::Byte(byte),
            };
            self.framer.feed(at, item, &mut outcomes);
        }
        self.buffer.as_mut_slice().zeroize();
        arrivals.extend(outcomes.into_iter().map(|outcome| (outcome, now)));
        Ok(())
    }

    fn framer(&mut self) -> &mut Framer {
        &mut self.framer
    }
}
