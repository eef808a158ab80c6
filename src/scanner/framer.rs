//! Cuts a stream of bytes into whole scans, and voids whatever is not whole.
//!
//! ```text
//!             byte             terminator: scan
//!    Idle ───────────▶ Frame ─────────────────────▶ Idle
//!     ▲                  │ damage, gap, overflow, clock step: void
//!     │    terminator    ▼
//!     └───────────────  Skip       Settle ──▶ Idle   after opening: terminator or silence
//! ```
//!
//! Time is the clock of the source (the kernel's time stamps of key events), not
//! the moment at which this process got to run. A frame ends by its terminator;
//! only a profile without one ends it by silence. After a void everything is
//! skipped up to the end of that frame, and silence does not count as its end
//! where the profile has a terminator: a cordless scanner that walks out of range
//! stalls for seconds and then sends the rest, which would look like a short code.
//!
//! What leaves a trace voids. What leaves none (a digit lost inside the scanner)
//! is listed in `docs/scanners.md`.

use crate::domain::code::PaymentCode;
use std::time::Duration;
use zeroize::{Zeroize, Zeroizing};

const CR: u8 = b'\r';
const LF: u8 = b'\n';
const TAB: u8 = b'\t';
const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// The longest silence inside a scan unless the profile says otherwise. The
/// slowest keyboard scanners known send a character every 160 ms.
pub const GAP: Duration = Duration::from_millis(300);

/// Bytes of the longest frame: more than any payment code, so that the classifier
/// and not the framer says what is wrong with a long one.
pub const FRAME_MAX: usize = 1100;

/// How the frames of one scanner end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) end: End,
    /// With a terminator: the longest silence inside a frame. Without: the
    /// silence that ends it.
    pub(crate) gap: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// CR; an LF right after it belongs to it.
    Cr,
    /// LF; a CR right before it belongs to it.
    Lf,
    /// CR LF, both or the frame is damaged.
    CrLf,
    Tab,
    /// STX begins a frame and ETX ends it. With a check byte: the exclusive or of what
    /// follows the STX, the ETX included, comes after the ETX (NCR, Olivetti).
    StxEtx {
        check: bool,
    },
    /// [`Item::End`] alone: the reports of the device say where a scan ends.
    Report,
    Silence,
}

/// Why a scan was discarded. Counted by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VoidReason {
    /// Silence inside a scan: it was cut, or the scanner sends no terminator.
    Gap,
    /// More bytes than any payment code has.
    Overflow,
    /// The kernel threw key events away (`SYN_DROPPED`).
    Dropped,
    /// The scanner went away.
    Unplugged,
    /// The clock of the events stepped back.
    ClockStep,
    /// A key was pressed twice or released without a press: events are missing.
    KeyLost,
    /// A key that has no character in the scanner's layout.
    KeyUnknown,
    /// Letters whose case is not known: events went missing on a scanner that sends CapsLock.
    CaseUnknown,
    /// An ALT code that is no ASCII character, or whose digits may be incomplete.
    AltCode,
    /// One half of CR LF, or one of STX and ETX.
    Terminator,
    /// The check byte after ETX does not fit the scan.
    CheckByte,
    /// A HID report that contradicts its layout.
    Report,
    /// A NUL on a serial line: a break, or a character with a parity error.
    Line,
    /// It had begun before the scanner was opened.
    Opening,
    /// Follows a voided scan whose terminator has not been seen.
    Remainder,
}

impl VoidReason {
    /// Every reason.
    pub const ALL: [VoidReason; 15] = [
        Self::Gap,
        Self::Overflow,
        Self::Dropped,
        Self::Unplugged,
        Self::ClockStep,
        Self::KeyLost,
        Self::KeyUnknown,
        Self::CaseUnknown,
        Self::AltCode,
        Self::Terminator,
        Self::CheckByte,
        Self::Report,
        Self::Line,
        Self::Opening,
        Self::Remainder,
    ];

    /// A stable word for programs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Overflow => "overflow",
            Self::Dropped => "dropped",
            Self::Unplugged => "unplugged",
            Self::ClockStep => "clock_step",
            Self::KeyLost => "key_lost",
            Self::KeyUnknown => "key_unknown",
            Self::CaseUnknown => "case_unknown",
            Self::AltCode => "alt_code",
            Self::Terminator => "terminator",
            Self::CheckByte => "check_byte",
            Self::Report => "report",
            Self::Line => "line",
            Self::Opening => "opening",
            Self::Remainder => "remainder",
        }
    }
}

/// What became of one frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Whole.
    Scan(PaymentCode),
    /// Discarded.
    Void(VoidReason),
}

/// One item of a scanner's stream.
#[derive(Clone, Copy)]
pub(crate) enum Item {
    Byte(u8),
    /// The frame ends here, whatever its profile.
    End,
    /// A key moved and gave no byte: no silence.
    Activity,
    /// Something is missing or wrong here.
    Damage(VoidReason),
}

enum State {
    /// The next byte begins a frame.
    Idle,
    Frame,
    /// ETX has come, its check byte has not.
    Check,
    Skip(Tail),
    /// Just opened; what comes may have begun before.
    Settle {
        bytes: bool,
    },
}

/// What has been skipped since the void.
enum Tail {
    /// The rest of the frame that was reported.
    Reported,
    /// Silence: what comes next is worth a report of its own.
    Quiet,
    /// Bytes after a silence, not yet reported.
    Burst,
}

pub(crate) struct Framer {
    profile: Profile,
    state: State,
    /// The time of the last item.
    last: Duration,
    /// The last byte, to tell the two halves of CR LF.
    previous: Option<u8>,
    frame: Zeroizing<Vec<u8>>,
}

impl Framer {
    /// A framer at the beginning of a stream: the first byte begins a frame.
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            state: State::Idle,
            last: Duration::ZERO,
            previous: None,
            // Never grows: growing would leave copies of the code behind.
            frame: Zeroizing::new(Vec::with_capacity(FRAME_MAX)),
        }
    }

    /// The device was opened: what comes may be the rest of something.
    pub(crate) fn opened(&mut self, at: Duration) {
        self.state = State::Settle { bytes: false };
        self.last = at;
        self.previous = None;
        self.frame.zeroize();
    }

    /// Whether a byte that comes now would begin a frame or belong to one.
    pub(crate) fn is_settled(&self) -> bool {
        !matches!(self.state, State::Settle { .. })
    }

    /// Whether a byte that comes now would begin a frame.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Whether a byte that comes now would belong to a frame.
    pub(crate) fn is_framing(&self) -> bool {
        matches!(self.state, State::Frame | State::Check)
    }

    /// How long after the last item silence has a meaning; none when it has not.
    pub(crate) fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Idle | State::Skip(Tail::Quiet) => None,
            _ => Some(self.profile.gap),
        }
    }

    /// Takes the next item. Its outcomes, at most two, are appended.
    pub(crate) fn feed(&mut self, at: Duration, item: Item, out: &mut Vec<Outcome>) {
        match at.checked_sub(self.last) {
            Some(quiet) if quiet > self.profile.gap => self.silence(out),
            None if matches!(self.state, State::Frame | State::Check) => {
                self.void(VoidReason::ClockStep, out)
            }
            _ => {}
        }
        self.last = at;
        match item {
            Item::Byte(byte) => self.byte(byte, out),
            Item::End => {
                self.previous = None;
                self.end(out);
            }
            Item::Activity => {}
            Item::Damage(reason) => self.damage(reason, out),
        }
    }

    /// Nothing came for longer than the profile's gap, and nothing waits to be read.
    pub(crate) fn silence(&mut self, out: &mut Vec<Outcome>) {
        let endless = self.profile.end == End::Silence;
        match self.state {
            State::Idle => {}
            State::Frame if endless => self.end(out),
            State::Frame | State::Check => {
                self.void(VoidReason::Gap, out);
                self.state = State::Skip(Tail::Quiet);
            }
            State::Skip(_) if endless => self.state = State::Idle,
            State::Skip(Tail::Burst) => {
                out.push(Outcome::Void(VoidReason::Gap));
                self.state = State::Skip(Tail::Quiet);
            }
            State::Skip(_) => self.state = State::Skip(Tail::Quiet),
            State::Settle { bytes } => {
                if bytes {
                    out.push(Outcome::Void(VoidReason::Opening));
                }
                self.previous = None;
                self.state = State::Idle;
            }
        }
    }

    /// The scanner went away.
    pub(crate) fn unplugged(&mut self, out: &mut Vec<Outcome>) {
        if matches!(
            self.state,
            State::Frame | State::Check | State::Skip(Tail::Burst)
        ) {
            out.push(Outcome::Void(VoidReason::Unplugged));
        }
        self.opened(self.last);
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<Outcome>) {
        if let End::StxEtx { check } = self.profile.end {
            return self.enclosed(byte, check, out);
        }
        let previous = self.previous.replace(byte);
        let end = match self.profile.end {
            End::Cr => byte == CR,
            End::Lf => byte == LF,
            End::CrLf => byte == LF && previous == Some(CR),
            End::Tab => byte == TAB,
            End::Silence | End::Report | End::StxEtx { .. } => false,
        };
        if end {
            return self.end(out);
        }
        match &mut self.state {
            // The LF of CR LF, or Ctrl+J after Enter.
            State::Idle if self.profile.end == End::Cr && byte == LF && previous == Some(CR) => {}
            State::Idle => {
                self.state = State::Frame;
                // A CR before this frame has nothing to do with it.
                self.push(byte, None, out);
            }
            State::Frame | State::Check => self.push(byte, previous, out),
            State::Skip(Tail::Quiet) => self.state = State::Skip(Tail::Burst),
            State::Skip(_) => {}
            State::Settle { bytes } => *bytes = true,
        }
    }

    /// A byte of a scanner that says where a scan begins: STX ends any skipping.
    fn enclosed(&mut self, byte: u8, check: bool, out: &mut Vec<Outcome>) {
        match (&mut self.state, byte) {
            (State::Check, byte) => {
                let sum = self.frame.iter().fold(ETX, |sum, byte| sum ^ byte);
                if byte == sum {
                    self.end(out);
                } else {
                    self.void(VoidReason::CheckByte, out);
                }
            }
            (State::Frame, ETX) if check => self.state = State::Check,
            (State::Frame, ETX) => self.end(out),
            (State::Frame, STX) => {
                self.void(VoidReason::Terminator, out);
                self.state = State::Frame;
            }
            (State::Frame, byte) => self.push(byte, None, out),
            (_, STX) => {
                // Reports what was skipped, if it has not been.
                self.end(out);
                self.state = State::Frame;
            }
            // What some scanners send between frames.
            (State::Idle, CR | LF) => {}
            (State::Idle, _) => self.void(VoidReason::Terminator, out),
            (State::Skip(Tail::Quiet), _) => self.state = State::Skip(Tail::Burst),
            (State::Skip(_), _) => {}
            (State::Settle { bytes }, _) => *bytes = true,
        }
    }

    fn push(&mut self, byte: u8, previous: Option<u8>, out: &mut Vec<Outcome>) {
        if self.profile.end == End::CrLf && (byte == LF || previous == Some(CR)) {
            self.void(VoidReason::Terminator, out);
        } else if self.frame.len() == FRAME_MAX {
            self.void(VoidReason::Overflow, out);
        } else {
            self.frame.push(byte);
        }
    }

    fn end(&mut self, out: &mut Vec<Outcome>) {
        match self.state {
            State::Frame | State::Check => {
                let mut frame = self.frame.as_slice();
                if matches!(self.profile.end, End::Lf | End::CrLf) {
                    frame = frame.strip_suffix(&[CR]).unwrap_or(frame);
                }
                // An empty frame is a prefix or the other half of a terminator.
                if !frame.is_empty() {
                    out.push(Outcome::Scan(PaymentCode::new(frame)));
                }
            }
            State::Skip(Tail::Burst) => out.push(Outcome::Void(VoidReason::Remainder)),
            State::Settle { bytes: true } => out.push(Outcome::Void(VoidReason::Opening)),
            State::Idle | State::Skip(_) | State::Settle { .. } => {}
        }
        self.frame.zeroize();
        self.state = State::Idle;
    }

    fn damage(&mut self, reason: VoidReason, out: &mut Vec<Outcome>) {
        match &mut self.state {
            State::Idle | State::Frame | State::Check => self.void(reason, out),
            State::Skip(Tail::Quiet) => self.state = State::Skip(Tail::Burst),
            State::Skip(_) => {}
            State::Settle { bytes } => *bytes = true,
        }
    }

    fn void(&mut self, reason: VoidReason, out: &mut Vec<Outcome>) {
        out.push(Outcome::Void(reason));
        self.frame.zeroize();
        self.state = State::Skip(Tail::Reported);
    }
}
