//! The sounds by which a scanner says what became of its scan: which bytes make them.
//!
//! A maker's words stop here. A device writes the bytes when it is free to and forgets
//! them when it is not: no payment waits for a sound.

use super::ssi;

/// What a scanner says to whoever holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    /// The scan was taken.
    Accepted,
    /// It was not: scan again, or show another code.
    Refused,
}

/// How one scanner is told to make its sounds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Feedback {
    /// It is not told; the page makes the sounds.
    #[default]
    None,
    /// These bytes: to a line as they are, to a HID device as an output report that
    /// begins with its number.
    Bytes {
        /// For [`Sound::Accepted`].
        accepted: Vec<u8>,
        /// For [`Sound::Refused`].
        refused: Vec<u8>,
    },
    /// The bits in its output report that the report descriptor names: good read beep,
    /// error beep (HID Point of Sale Usage Tables 1.02, usages 85 and 86).
    Usages,
}

/// Whose commands a scanner understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Symbol and Zebra SSI: `BEEP` packets. Own bytes: one, the beep code.
    Ssi,
    /// Symbol and Zebra without SSI: BEL, where "beep on BEL" is switched on.
    Bel,
    /// Honeywell serial: SYN BEL CR; three of them refuse.
    Honeywell,
    /// Honeywell "Host ACK" of cordless scanners: the scanner waits for every answer.
    HostAck,
    /// Datalogic RS-232 and USB-COM host commands.
    Datalogic,
    /// Datalogic PowerScan and Gryphon escape sequences.
    DatalogicEscape,
    /// Newland. Own bytes: the command between `~ SOH 0000 #` and `; ETX`.
    Newland,
    /// Cino FuzzyScan FSC. Own bytes, which must be given: three of the operation and
    /// its parameters.
    Cino,
    /// CipherLab: `#@////` CR; three of them refuse.
    CipherLab,
    /// Honeywell HID POS: output report 4.
    HoneywellHid,
    /// Newland HID POS: its commands in output report 4.
    NewlandHid,
    /// Own bytes as they are.
    Bytes,
}

impl Protocol {
    /// The names of the configuration.
    pub const ALL: [(&'static str, Protocol); 12] = [
        ("ssi", Self::Ssi),
        ("bel", Self::Bel),
        ("honeywell", Self::Honeywell),
        ("honeywell_host_ack", Self::HostAck),
        ("datalogic", Self::Datalogic),
        ("datalogic_escape", Self::DatalogicEscape),
        ("newland", Self::Newland),
        ("cino", Self::Cino),
        ("cipherlab", Self::CipherLab),
        ("honeywell_hid", Self::HoneywellHid),
        ("newland_hid", Self::NewlandHid),
        ("bytes", Self::Bytes),
    ];

    /// Whether it goes to a HID device, and not to a line.
    pub fn is_hid(self) -> bool {
        matches!(self, Self::HoneywellHid | Self::NewlandHid)
    }

    /// What is sent for one sound; `own` bytes replace what is usual. None where the
    /// protocol has no usual sound, or where the own bytes do not fit.
    pub fn command(self, sound: Sound, own: Option<&[u8]>) -> Option<Vec<u8>> {
        let pick = |accepted: &'static [u8], refused: &'static [u8]| match sound {
            Sound::Accepted => accepted,
            Sound::Refused => refused,
        };
        let newland = own.unwrap_or(pick(b"BEEPON2700F80T20V", b"BEEPON800F400T20V"));
        let usual = match self {
            Self::Ssi => match own.unwrap_or(pick(&[0x17], &[0x0f])) {
                [code] => return Some(ssi::beep(*code)),
                _ => return None,
            },
            Self::Cino => return cino(own?),
            Self::Newland => return newland_command(newland),
            Self::NewlandHid => {
                let command = newland_command(newland)?;
                let length = u8::try_from(command.len()).ok().filter(|n| *n <= 62)?;
                let mut report = vec![4, length];
                report.extend(command);
                report.resize(64, 0);
                return Some(report);
            }
            Self::Bel => pick(b"\x07", b"\x07\x07\x07"),
            Self::Honeywell => pick(b"\x16\x07\r", b"\x16\x07\r\x16\x07\r\x16\x07\r"),
            Self::HostAck => pick(b"\x1b7,", b"\x1b8,"),
            // Some disable themselves with "not on file": enable it again.
            Self::Datalogic => pick(b"\x01", b"FE"),
            Self::DatalogicEscape => pick(b"\x1b[3q", b"\x1b[4q"),
            Self::CipherLab => pick(b"#@////\r", b"#@////\r#@////\r#@////\r"),
            Self::HoneywellHid => pick(&[4, 0x40], &[4, 0x20]),
            Self::Bytes => own?,
        };
        let bytes = own.unwrap_or(usual);
        (!bytes.is_empty() && bytes.len() <= 64).then(|| bytes.to_vec())
    }
}

/// A setting until power-off, which a beep is for Newland: `7E 01 "0000" # ... ; 03`.
fn newland_command(command: &[u8]) -> Option<Vec<u8>> {
    let good = |byte: &u8| byte.is_ascii_graphic() && *byte != b';';
    if command.is_empty() || command.len() > 53 || !command.iter().all(good) {
        return None;
    }
    Some([b"\x7e\x010000#", command, b";\x03"].concat())
}

/// A packet of Cino's FSC: operation, status 0, length, parameters, and the XOR of
/// these; what has a meaning on the line is escaped.
fn cino(own: &[u8]) -> Option<Vec<u8>> {
    let (operation, parameters) = own.split_at_checked(3)?;
    let length = u16::try_from(parameters.len()).ok().filter(|n| *n <= 32)?;
    let mut body = operation.to_vec();
    body.push(0);
    body.extend(length.to_be_bytes());
    body.extend(parameters);
    body.push(body.iter().fold(0, |xor, byte| xor ^ byte));
    let mut packet = vec![0x7e];
    for byte in body {
        let escaped = match byte {
            0x7e => 0,
            0x5c => 1,
            0x06 => 2,
            0x15 => 3,
            0x11 => 4,
            0x13 => 5,
            _ => {
                packet.push(byte);
                continue;
            }
        };
        packet.extend([0x5c, escaped]);
    }
    packet.push(0x7e);
    Some(packet)
}

impl Feedback {
    /// The bytes of a sound, where they do not depend on the device.
    pub(crate) fn bytes(&self, sound: Sound) -> Option<&[u8]> {
        match (self, sound) {
            (Self::Bytes { accepted, .. }, Sound::Accepted) => Some(accepted),
            (Self::Bytes { refused, .. }, Sound::Refused) => Some(refused),
            (Self::None | Self::Usages, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_makers_bytes() {
        let usual = |protocol: Protocol| {
            [Sound::Accepted, Sound::Refused].map(|sound| protocol.command(sound, None))
        };
        for (protocol, accepted, refused) in [
            (
                Protocol::Ssi,
                &b"\x05\xe6\x04\x00\x17\xfe\xfa"[..],
                &b"\x05\xe6\x04\x00\x0f\xff\x02"[..],
            ),
            (Protocol::Bel, b"\x07", b"\x07\x07\x07"),
            (
                Protocol::Honeywell,
                b"\x16\x07\r",
                b"\x16\x07\r\x16\x07\r\x16\x07\r",
            ),
            (Protocol::HostAck, b"\x1b7,", b"\x1b8,"),
            (Protocol::Datalogic, b"\x01", b"FE"),
            (Protocol::DatalogicEscape, b"\x1b[3q", b"\x1b[4q"),
            (
                Protocol::CipherLab,
                b"#@////\r",
                b"#@////\r#@////\r#@////\r",
            ),
            (Protocol::HoneywellHid, &[4, 0x40], &[4, 0x20]),
        ] {
            let expected = [accepted, refused].map(|bytes| Some(bytes.to_vec()));
            assert_eq!(usual(protocol), expected, "{protocol:?}");
        }
        assert_eq!(usual(Protocol::Cino), [None, None]);
        assert_eq!(usual(Protocol::Bytes), [None, None]);
    }

    #[test]
    fn own_bytes_are_framed_as_the_protocol_wants_them() {
        let accepted =
            |protocol: Protocol, own: &[u8]| protocol.command(Sound::Accepted, Some(own));
        assert_eq!(
            accepted(Protocol::Ssi, &[0]),
            Some(b"\x05\xe6\x04\x00\x00\xff\x11".to_vec())
        );
        assert_eq!(accepted(Protocol::Ssi, &[0, 1]), None);
        assert_eq!(
            accepted(Protocol::Newland, b"ABCDEF1"),
            Some(b"\x7e\x010000#ABCDEF1;\x03".to_vec())
        );
        assert_eq!(accepted(Protocol::Newland, b"ABC;DEF"), None);
        let report = accepted(Protocol::NewlandHid, b"ABCDEF1").unwrap_or_default();
        assert_eq!((report.len(), &report[..3]), (64, &[4, 16, 0x7e][..]));
        // The packet that switches the buzzer to quiet, as a program for the S680 sends it.
        assert_eq!(
            accepted(Protocol::Cino, &[0x80, 1, 3, 0]),
            Some(vec![0x7e, 0x80, 1, 3, 0, 0, 1, 0, 0x83, 0x7e])
        );
        assert_eq!(
            accepted(Protocol::Cino, &[0x80, 1, 0x7e]),
            Some(vec![0x7e, 0x80, 1, 0x5c, 0, 0, 0, 0, 0xff, 0x7e])
        );
        assert_eq!(accepted(Protocol::Cino, &[0x80, 1]), None);
        assert_eq!(
            accepted(Protocol::HostAck, b"3\x1b7,"),
            Some(b"3\x1b7,".to_vec())
        );
        assert_eq!(accepted(Protocol::Bytes, &[0; 65]), None);
    }
}
