//! The kernel's `usbmon`, as text: what a device sent on its interrupt and bulk endpoints
//! (Linux `Documentation/usb/usbmon.rst`).
//!
//! `tag time C Ii:1:003:1 0:8 8 = 00001e00 00000000`: the completion of a transfer of eight
//! bytes. The text form shows at most 32 bytes; what a longer transfer held is lost.

use super::words::{lines, unsigned};
use super::{Device, Draft, RecordingError, Sent, Track};
use std::collections::BTreeMap;
use std::time::Duration;

const EVENT: &str = "an event is `tag time C Ii:bus:device:endpoint status length = words`";

pub(super) fn is_event(line: &str) -> bool {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    words.len() >= 4
        && matches!(words[2], "S" | "C" | "E")
        && words[3].split(':').count() == 4
        && unsigned(words[1]).is_some()
}

pub(super) fn read(text: &str, draft: &mut Draft) -> Result<(), RecordingError> {
    let mut tracks: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, line) in lines(text) {
        let fault = |what| RecordingError { line: n, what };
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if !is_event(line) {
            return Err(fault(EVENT));
        }
        let (endpoint, kind) = (words[3], words[3].split(':').next());
        let interrupt = kind == Some("Ii");
        if words[2] != "C" || !(interrupt || kind == Some("Bi")) {
            continue;
        }
        let at = unsigned(words[1])
            .map(Duration::from_micros)
            .ok_or(fault(EVENT))?;
        let [_, _, _, _, _, length, rest @ ..] = &words[..] else {
            return Err(fault(EVENT));
        };
        let length = unsigned(length).ok_or(fault(EVENT))?;
        let bytes = match rest {
            ["=", data @ ..] => hex(data).ok_or(fault(EVENT))?,
            _ => Vec::new(),
        };
        if length == 0 {
            continue;
        }
        let track = match tracks.get(endpoint) {
            Some(track) => *track,
            None => {
                let track = match interrupt {
                    true => Track::Reports(Device::default()),
                    false => Track::Serial,
                };
                let track = draft.track(track).map_err(fault)?;
                *tracks.entry(endpoint).or_insert(track)
            }
        };
        let cut = bytes.len() as u64 != length;
        let sent = match interrupt {
            _ if cut => Sent::Lost,
            true => Sent::Report(bytes),
            false => Sent::Bytes(bytes),
        };
        draft.push(at, track, sent).map_err(fault)?;
    }
    Ok(())
}

/// Words of four bytes, the last one maybe shorter.
fn hex(words: &[&str]) -> Option<Vec<u8>> {
    let digits = words.concat();
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
