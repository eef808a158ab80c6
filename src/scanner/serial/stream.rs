//! The bytes of a serial scanner to outcomes, by whichever framing it has.

use super::{Settings, Terminator};
use crate::domain::code::PaymentCode;
use crate::scanner::framer::{End, Framer, Item, Outcome, Profile, VoidReason};
use crate::scanner::ssi::Ssi;
use std::time::Duration;

const ETX: u8 = 3;

pub(super) struct Stream {
    framing: Framing,
    terminator: Terminator,
    code_id: bool,
    previous: u8,
}

enum Framing {
    Frames(Framer),
    Packets(Box<Ssi>),
}

impl Stream {
    pub(super) fn new(settings: &Settings) -> Self {
        let end = match settings.terminator {
            Terminator::Cr => Some(End::Cr),
            Terminator::Lf => Some(End::Lf),
            Terminator::CrLf => Some(End::CrLf),
            Terminator::Tab => Some(End::Tab),
            Terminator::None => Some(End::Silence),
            Terminator::Etx | Terminator::CrEtx => Some(End::StxEtx { check: false }),
            Terminator::EtxCheck => Some(End::StxEtx { check: true }),
            Terminator::Ssi => None,
        };
        let gap = settings.gap;
        let framing = match end {
            Some(end) => {
                let mut framer = Framer::new(Profile { end, gap });
                framer.opened(Duration::ZERO);
                Framing::Frames(framer)
            }
            None => Framing::Packets(Box::new(Ssi::new())),
        };
        Self {
            framing,
            terminator: settings.terminator,
            code_id: settings.code_id,
            previous: 0,
        }
    }

    /// Takes the next byte; appends outcomes, and bytes for the scanner.
    pub(super) fn feed(
        &mut self,
        at: Duration,
        byte: u8,
        out: &mut Vec<Outcome>,
        replies: &mut Vec<u8>,
    ) {
        let begun = out.len();
        let previous = std::mem::replace(&mut self.previous, byte);
        let item = match byte {
            // A check byte may be anything, and is checked.
            0 if self.terminator == Terminator::EtxCheck && previous == ETX => Item::Byte(0),
            // What the kernel makes of a break or a parity error.
            0 => Item::Damage(VoidReason::Line),
            byte => Item::Byte(byte),
        };
        match &mut self.framing {
            Framing::Frames(framer) => framer.feed(at, item, out),
            // Checked by its sum.
            Framing::Packets(ssi) => ssi.feed(at, byte, out, replies),
        }
        self.unwrap(&mut out[begun..]);
    }

    pub(super) fn silence(&mut self, out: &mut Vec<Outcome>, replies: &mut Vec<u8>) {
        let begun = out.len();
        match &mut self.framing {
            Framing::Frames(framer) => framer.silence(out),
            Framing::Packets(ssi) => ssi.silence(out, replies),
        }
        self.unwrap(&mut out[begun..]);
    }

    pub(super) fn unplugged(&mut self, out: &mut Vec<Outcome>) {
        match &mut self.framing {
            Framing::Frames(framer) => framer.unplugged(out),
            Framing::Packets(ssi) => ssi.unplugged(out),
        }
    }

    pub(super) fn patience(&self) -> Option<Duration> {
        match &self.framing {
            Framing::Frames(framer) => framer.patience(),
            Framing::Packets(ssi) => ssi.patience(),
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        match &self.framing {
            Framing::Frames(framer) => framer.is_settled(),
            Framing::Packets(ssi) => ssi.is_settled(),
        }
    }

    /// Takes off what stands around the code.
    fn unwrap(&self, outcomes: &mut [Outcome]) {
        for outcome in outcomes {
            if self.terminator == Terminator::CrEtx
                && let Outcome::Scan(code) = outcome
                && let Some(code) = code.as_bytes().strip_suffix(b"\r")
            {
                *outcome = match code {
                    [] => Outcome::Void(VoidReason::Terminator),
                    code => Outcome::Scan(PaymentCode::new(code)),
                };
            }
            if self.code_id {
                strip(outcome);
            }
        }
    }
}

/// Strips Symbol's code identifier: one character, or `P` and two more. A scan
/// without one is not what the configuration says.
fn strip(outcome: &mut Outcome) {
    let Outcome::Scan(code) = outcome else { return };
    let code = match code.as_bytes() {
        [b'P', b'0', _, code @ ..] => code,
        [
            b'A'..=b'H' | b'J'..=b'N' | b'R'..=b'V' | b'X' | b'z',
            code @ ..,
        ] => code,
        _ => &[],
    };
    *outcome = match code {
        [] => Outcome::Void(VoidReason::Terminator),
        code => Outcome::Scan(PaymentCode::new(code)),
    };
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_code_identifier_is_stripped_at_its_place_and_must_be_there() {
        for (read, code) in [
            (&b"D2812345678"[..], Some(&b"2812345678"[..])),
            (b"P012812345678", Some(b"2812345678")),
            (b"P0QP00281", Some(b"P00281")),
            (b"z1", Some(b"1")),
            (b"2812345678", None),
            (b"P1", None),
            (b"P01", None),
            (b"D", None),
        ] {
            let mut outcome = Outcome::Scan(PaymentCode::new(read));
            strip(&mut outcome);
            let expected = code.map_or(Outcome::Void(VoidReason::Terminator), |code| {
                Outcome::Scan(PaymentCode::new(code))
            });
            assert_eq!(outcome, expected, "{read:?}");
        }
    }
}
