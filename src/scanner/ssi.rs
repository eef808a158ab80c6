//! Zebra's Simple Serial Interface: packets with a checksum, each acknowledged.
//!
//! ```text
//!   length opcode source status data ... checksum(2)      length counts all but the checksum
//! ```
//!
//! A packet that is not acknowledged comes again with status bit 0 set: the same
//! packet, not a second one. So a damaged packet is asked for again before its scan is
//! void, and a packet that was taken before is acknowledged and not taken again. A
//! packet has no start byte: after damage everything up to a silence is skipped.
//! Status bit 1 says that more packets of the same code follow.
//!
//! Zebra, Simple Serial Interface (SSI) Programmer Guide; the scanner must send
//! "packeted decode data".

use super::framer::{FRAME_MAX, Outcome, VoidReason};
use crate::domain::code::PaymentCode;
use sha2::{Digest, Sha256};
use std::time::Duration;
use zeroize::{Zeroize, Zeroizing};

const HOST: u8 = 4;
const DECODER: u8 = 0;
const CMD_ACK: u8 = 0xd0;
const CMD_NAK: u8 = 0xd1;
const FLUSH_QUEUE: u8 = 0xd2;
const BEEP: u8 = 0xe6;
const SCAN_ENABLE: u8 = 0xe9;
const DECODE_DATA: u8 = 0xf3;
/// Cause of a NAK: send it again.
const RESEND: u8 = 1;
const REPEATED: u8 = 1;
const MORE: u8 = 2;
const HEADER: usize = 4;

/// The longest silence inside a packet; its bytes follow each other.
const PACKET_GAP: Duration = Duration::from_millis(100);
/// How long a repeat or the next packet of a code may take: the scanner waits 2 s for
/// an acknowledgement before it repeats.
const REPEAT_WAIT: Duration = Duration::from_secs(3);

/// A host's packet.
fn packet(opcode: u8, data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(HEADER + data.len()).unwrap_or(u8::MAX);
    let mut packet = vec![length, opcode, HOST, 0];
    packet.extend(data);
    packet.extend(checksum(&packet));
    packet
}

/// The two's complement of the sum, high byte first.
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let sum = bytes
        .iter()
        .fold(0u16, |sum, byte| sum.wrapping_add((*byte).into()));
    sum.wrapping_neg().to_be_bytes()
}

/// The packet that makes a sound.
pub(crate) fn beep(code: u8) -> Vec<u8> {
    packet(BEEP, &[code])
}

/// What is said after the opening: forget what waits, then scan.
pub(crate) fn opening() -> Vec<u8> {
    [packet(FLUSH_QUEUE, &[]), packet(SCAN_ENABLE, &[])].concat()
}

/// Assembles the codes of one scanner, and writes what the scanner must be told.
pub(crate) struct Ssi {
    /// The packet so far.
    packet: Zeroizing<Vec<u8>>,
    /// The code so far, when more of it follows.
    code: Option<Zeroizing<Vec<u8>>>,
    state: State,
    /// Why what is missing is missing; a repeat may still bring it.
    owed: Option<VoidReason>,
    /// What was taken last, to know its repeat.
    taken: Option<[u8; 32]>,
    /// A packet that came for the first time was damaged after that.
    fresh_lost: bool,
    last: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Just opened: what comes may have begun before.
    Settle,
    /// The next byte begins a packet or belongs to one.
    Packets,
    /// Damage, up to a silence.
    Skip,
    /// The rest of a code that is void: packets up to its last.
    Rest,
}

impl Ssi {
    pub(crate) fn new() -> Self {
        Self {
            packet: Zeroizing::new(Vec::with_capacity(HEADER + 255)),
            code: None,
            state: State::Settle,
            owed: None,
            taken: None,
            fresh_lost: false,
            last: Duration::ZERO,
        }
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.state != State::Settle
    }

    /// How long after the last byte silence has a meaning; none when it has not.
    pub(crate) fn patience(&self) -> Option<Duration> {
        let inside = !self.packet.is_empty();
        match self.state {
            State::Settle | State::Skip => Some(PACKET_GAP),
            _ if inside => Some(PACKET_GAP),
            _ if self.owed.is_some() || self.code.is_some() => Some(REPEAT_WAIT),
            _ => None,
        }
    }

    /// Takes the next byte; appends outcomes, and bytes for the scanner.
    pub(crate) fn feed(
        &mut self,
        at: Duration,
        byte: u8,
        out: &mut Vec<Outcome>,
        replies: &mut Vec<u8>,
    ) {
        let quiet = at.saturating_sub(self.last);
        if self.patience().is_some_and(|patience| quiet > patience) {
            self.silence(out, replies);
        }
        self.last = at;
        if matches!(self.state, State::Settle | State::Skip) {
            return;
        }
        self.packet.push(byte);
        let length = usize::from(self.packet[0]);
        if length < HEADER {
            self.damaged(VoidReason::Line);
        } else if self.packet.len() == length + 2 {
            let (body, sum) = self.packet.split_at(length);
            if checksum(body) == sum {
                let packet = std::mem::take(&mut *self.packet);
                let packet = Zeroizing::new(packet);
                self.whole(&packet[..length], out, replies);
                self.packet.reserve(HEADER + 255);
            } else {
                self.damaged(VoidReason::Line);
            }
        }
    }

    /// Nothing came for longer than [`Ssi::patience`].
    pub(crate) fn silence(&mut self, out: &mut Vec<Outcome>, replies: &mut Vec<u8>) {
        match self.state {
            State::Settle => self.state = State::Packets,
            State::Skip => {
                self.state = State::Packets;
                replies.extend(packet(CMD_NAK, &[RESEND]));
            }
            _ if !self.packet.is_empty() => {
                self.damaged(VoidReason::Gap);
                self.state = State::Packets;
                replies.extend(packet(CMD_NAK, &[RESEND]));
            }
            _ => {
                // No repeat came. What follows may be the rest of this code.
                if self.owed.is_some() || self.code.is_some() {
                    out.push(Outcome::Void(self.owed.take().unwrap_or(VoidReason::Gap)));
                    self.state = State::Rest;
                }
                self.code = None;
            }
        }
    }

    /// The scanner went away.
    pub(crate) fn unplugged(&mut self, out: &mut Vec<Outcome>) {
        let inside = !self.packet.is_empty() || self.code.is_some() || self.owed.is_some();
        if inside && self.is_settled() {
            out.push(Outcome::Void(VoidReason::Unplugged));
        }
        *self = Self::new();
    }

    fn damaged(&mut self, reason: VoidReason) {
        let repeated = self
            .packet
            .get(3)
            .is_some_and(|status| status & REPEATED != 0);
        self.fresh_lost |= !repeated;
        self.owed.get_or_insert(reason);
        self.packet.zeroize();
        self.state = State::Skip;
    }

    fn whole(&mut self, body: &[u8], out: &mut Vec<Outcome>, replies: &mut Vec<u8>) {
        let &[_, opcode, source, status, ref data @ ..] = body else {
            return;
        };
        if source != DECODER || matches!(opcode, CMD_ACK | CMD_NAK) {
            return;
        }
        replies.extend(packet(CMD_ACK, &[]));
        // The kind of code, then the code.
        let (DECODE_DATA, [_kind, code @ ..]) = (opcode, data) else {
            return;
        };
        let digest = Sha256::digest(data).into();
        let repeat = status & REPEATED != 0 && self.taken == Some(digest) && !self.fresh_lost;
        self.owed = None;
        if repeat {
            return;
        }
        self.taken = Some(digest);
        self.fresh_lost = false;
        let more = status & MORE != 0;
        if self.state == State::Rest {
            if !more {
                self.state = State::Packets;
                // A first packet may have been lost, and this be the last of a code.
                out.push(Outcome::Void(VoidReason::Remainder));
            }
            return;
        }
        let mut so_far = self.code.take().unwrap_or_else(|| {
            // Never grows: growing would leave copies of the code behind.
            Zeroizing::new(Vec::with_capacity(FRAME_MAX))
        });
        if so_far.len() + code.len() > FRAME_MAX {
            out.push(Outcome::Void(VoidReason::Overflow));
            if more {
                self.state = State::Rest;
            }
            return;
        }
        so_far.extend_from_slice(code);
        if more {
            self.code = Some(so_far);
        } else if !so_far.is_empty() {
            out.push(Outcome::Scan(PaymentCode::new(&so_far)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACK: &[u8] = b"\x04\xd0\x04\x00\xff\x28";
    const NAK: &[u8] = b"\x05\xd1\x04\x00\x01\xff\x25";

    /// A decoder's packet.
    fn data(status: u8, code: &[u8]) -> Vec<u8> {
        let mut packet = vec![(5 + code.len()) as u8, DECODE_DATA, DECODER, status, 3];
        packet.extend(code);
        packet.extend(checksum(&packet));
        packet
    }

    struct Line {
        ssi: Ssi,
        now: Duration,
        told: Vec<u8>,
        out: Vec<Outcome>,
    }

    impl Line {
        fn open() -> Self {
            let mut line = Self {
                ssi: Ssi::new(),
                now: Duration::ZERO,
                told: Vec::new(),
                out: Vec::new(),
            };
            line.wait(100);
            line
        }

        /// Silence, as the reader's timer tells it.
        fn wait(&mut self, ms: u64) {
            let end = self.now + Duration::from_millis(ms);
            while let Some(patience) = self.ssi.patience() {
                let due = self.ssi.last + patience;
                if due > end {
                    break;
                }
                self.ssi.last = due;
                self.ssi.silence(&mut self.out, &mut self.told);
            }
            self.now = end;
        }

        fn send(&mut self, bytes: &[u8]) -> &mut Self {
            for byte in bytes {
                self.now += Duration::from_micros(100);
                self.ssi
                    .feed(self.now, *byte, &mut self.out, &mut self.told);
            }
            self
        }

        /// What came out and what was told since the last look.
        fn take(&mut self) -> (Vec<String>, Vec<u8>) {
            let outcomes = self.out.drain(..).map(|outcome| match outcome {
                Outcome::Scan(code) => String::from_utf8_lossy(code.as_bytes()).into_owned(),
                Outcome::Void(reason) => format!("void {}", reason.as_str()),
            });
            (outcomes.collect(), std::mem::take(&mut self.told))
        }
    }

    fn took(outcomes: &[&str], told: &[u8]) -> (Vec<String>, Vec<u8>) {
        (
            outcomes.iter().map(ToString::to_string).collect(),
            told.to_vec(),
        )
    }

    #[test]
    fn packets_are_as_the_makers_document_them() {
        assert_eq!(beep(0x17), b"\x05\xe6\x04\x00\x17\xfe\xfa");
        assert_eq!(checksum(b"\x04\x42\x80\x06"), [0xff, 0x34]);
        assert_eq!(packet(CMD_ACK, &[]), ACK);
        assert_eq!(
            opening(),
            b"\x04\xd2\x04\x00\xff\x26\x04\xe9\x04\x00\xff\x0f"
        );
    }

    #[test]
    fn a_code_is_acknowledged_and_its_repeat_is_no_second_one() {
        let mut line = Line::open();
        line.send(&data(0, b"2812345678"));
        assert_eq!(line.take(), took(&["2812345678"], ACK));
        line.send(&data(REPEATED, b"2812345678"));
        assert_eq!(line.take(), took(&[], ACK));
        // Scanned once more, and another one whose first packet never came.
        line.send(&data(0, b"2812345678"));
        assert_eq!(line.take(), took(&["2812345678"], ACK));
        line.send(&data(REPEATED, b"2899999999"));
        assert_eq!(line.take(), took(&["2899999999"], ACK));
    }

    #[test]
    fn a_damaged_packet_is_asked_for_again() {
        let mut line = Line::open();
        let mut bad = data(0, b"2812345678");
        bad[7] ^= 1;
        line.send(&bad).wait(150);
        assert_eq!(line.take(), took(&[], NAK));
        line.send(&data(REPEATED, b"2812345678"));
        assert_eq!(line.take(), took(&["2812345678"], ACK));
        // The same code again, damaged: its repeat is not that of the first.
        line.send(&bad).wait(150);
        line.send(&data(REPEATED, b"2812345678"));
        assert_eq!(line.take(), took(&["2812345678"], &[NAK, ACK].concat()));
        // Damage in a repeat, then the repeat of it.
        let mut bad = data(REPEATED, b"2812345678");
        bad[9] ^= 1;
        line.send(&bad).wait(150);
        line.send(&data(REPEATED, b"2812345678"));
        assert_eq!(line.take(), took(&[], &[NAK, ACK].concat()));
    }

    #[test]
    fn what_is_never_repeated_is_void_and_so_is_what_may_be_its_rest() {
        let mut line = Line::open();
        line.send(&data(0, b"2812345678")[..9]).wait(150);
        assert_eq!(line.take(), took(&[], NAK));
        line.wait(3000);
        assert_eq!(line.take(), took(&["void gap"], &[]));
        line.send(&data(0, b"90"));
        assert_eq!(line.take(), took(&["void remainder"], ACK));
        line.send(&data(0, b"1111"));
        assert_eq!(line.take(), took(&["1111"], ACK));
        // No length of a packet; everything up to a silence goes with it.
        line.send(b"\x02").send(&data(0, b"2222")).wait(150);
        assert_eq!(line.take(), took(&[], NAK));
        line.wait(3000);
        assert_eq!(line.take(), took(&["void line"], &[]));
    }

    #[test]
    fn a_long_code_is_joined_and_never_shortened() {
        let mut line = Line::open();
        line.send(&data(MORE, b"281234"));
        line.send(&data(MORE | REPEATED, b"281234"));
        assert_eq!(line.take(), took(&[], &[ACK, ACK].concat()));
        line.send(&data(0, b"5678"));
        assert_eq!(line.take(), took(&["2812345678"], ACK));
        // The middle is damaged and repeated.
        let mut bad = data(MORE, b"22");
        bad[5] ^= 4;
        line.send(&data(MORE, b"11")).send(&bad).wait(150);
        line.send(&data(MORE | REPEATED, b"22"));
        line.send(&data(0, b"33"));
        assert_eq!(
            line.take(),
            took(&["112233"], &[ACK, NAK, ACK, ACK].concat())
        );
        // Its last packet never comes.
        line.send(&data(MORE, b"11")).wait(3100);
        assert_eq!(line.take(), took(&["void gap"], ACK));
        // Longer than any code.
        line.send(&data(0, b"rest"));
        for _ in 0..5 {
            line.send(&data(MORE, &[b'1'; 250]));
        }
        line.send(&data(0, b"11"));
        let (outcomes, _) = line.take();
        assert_eq!(
            outcomes,
            ["void remainder", "void overflow", "void remainder"]
        );
    }

    #[test]
    fn what_began_before_the_opening_is_dropped_and_not_acknowledged() {
        let mut line = Line::open();
        (line.ssi, line.now) = (Ssi::new(), Duration::ZERO);
        line.send(&data(0, b"2812345678")[4..]);
        assert!(!line.ssi.is_settled());
        line.wait(150);
        assert!(line.ssi.is_settled());
        assert_eq!(line.take(), took(&[], &[]));
        line.send(&data(REPEATED, b"2812345678"));
        assert_eq!(line.take(), took(&["2812345678"], ACK));
    }

    #[test]
    fn other_packets_are_acknowledged_and_going_away_voids() {
        let mut line = Line::open();
        let event = [6, 0xf6, DECODER, 0, 1, 2];
        line.send(&[&event[..], &checksum(&event)].concat());
        let nak = [5, CMD_NAK, DECODER, 0, 2];
        line.send(&[&nak[..], &checksum(&nak)].concat());
        assert_eq!(line.take(), took(&[], ACK));
        line.send(&data(0, b"2812345678")[..6]);
        line.ssi.unplugged(&mut line.out);
        assert_eq!(line.take(), took(&["void unplugged"], &[]));
    }
}
