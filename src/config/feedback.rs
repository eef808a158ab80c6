//! The sounds of a scanner: `feedback = { ... }`.

use super::complaints::Complaints;
use super::section::Section;
use super::{read, written};
use crate::scanner::{Feedback, Protocol, Sound};
use toml::Table;

/// Reads `feedback` of a scanner on a line, or of a HID device.
pub(super) fn feedback(
    table: Table,
    at: &str,
    hid: bool,
    complaints: &mut Complaints,
) -> Option<Feedback> {
    let written: written::Feedback = read::section(Some(table), at, complaints);
    let mut at = Section::new(at, complaints);
    let names: Vec<(&str, Option<Protocol>)> = Protocol::ALL
        .iter()
        .filter(|(_, protocol)| protocol.is_hid() == hid || *protocol == Protocol::Bytes)
        .map(|(name, protocol)| (*name, Some(*protocol)))
        .chain(hid.then_some(("usages", None)))
        .collect();
    let protocol = at.need(
        "protocol",
        written.protocol,
        "whose commands it understands",
    )?;
    let protocol = at.choice("protocol", Some(protocol), None, &names);
    let Some(protocol) = protocol else {
        return (!at.is_complained_about()).then_some(Feedback::Usages);
    };
    let mut command = |key: &str, sound: Sound, own: Option<String>| {
        let own = match own.map(|text| (bytes(&text, protocol), text)) {
            Some((None, _)) => {
                at.complain(
                    key,
                    "must be bytes in hexadecimal, such as \"16 07 0d\" (for newland its command \
                     as text)",
                );
                return None;
            }
            own => own.and_then(|(bytes, _)| bytes),
        };
        let command = protocol.command(sound, own.as_deref());
        if command.is_none() {
            let text = match own {
                None => "is missing; this protocol has no usual sound",
                Some(_) => "does not fit the protocol: see docs/scanners.md",
            };
            at.complain(key, text);
        }
        command
    };
    let accepted = command("accepted", Sound::Accepted, written.accepted);
    let refused = command("refused", Sound::Refused, written.refused);
    Some(Feedback::Bytes {
        accepted: accepted?,
        refused: refused?,
    })
}

/// Bytes in hexadecimal, or the text of a Newland command.
fn bytes(text: &str, protocol: Protocol) -> Option<Vec<u8>> {
    if matches!(protocol, Protocol::Newland | Protocol::NewlandHid) {
        return Some(text.as_bytes().to_vec());
    }
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let pairs = digits.chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        let good = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        good.then(|| u8::from_str_radix(pair, 16).ok())?
    });
    pairs.collect()
}
