//! What `hid-recorder` writes: a device's report descriptor and its input reports
//! (<https://gitlab.freedesktop.org/libevdev/hid-tools>).
//!
//! `D:` the device that follows lines belong to, `R:` descriptor, `N:` name, `P:` port,
//! `I:` bus, vendor and product, `E:` time, length and bytes.

use super::words::{hex_bytes, lines, seconds, unsigned};
use super::{Device, Draft, RecordingError, Sent, Track};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) fn is_event(line: &str) -> bool {
    line.strip_prefix("E:").and_then(event).is_some()
}

pub(super) fn read(text: &str, draft: &mut Draft) -> Result<(), RecordingError> {
    // hid-recorder numbers devices; without `D:` there is one.
    let mut tracks: BTreeMap<u64, usize> = BTreeMap::new();
    let mut device = 0;
    for (n, line) in lines(text) {
        let fault = |what| RecordingError { line: n, what };
        let (tag, rest) = line.split_once(':').ok_or(fault(LINE))?;
        if tag == "D" {
            device = unsigned(rest.trim()).ok_or(fault("a device is `D: number`"))?;
            continue;
        }
        let track = match tracks.get(&device) {
            Some(track) => *track,
            None => {
                let reports = Track::Reports(Device::default());
                let track = draft.track(reports).map_err(fault)?;
                *tracks.entry(device).or_insert(track)
            }
        };
        match tag {
            "R" => {
                let bytes = counted(rest.split_ascii_whitespace());
                let bytes = bytes.ok_or(fault("a descriptor is `R: length bytes` in hex"))?;
                describe(draft, track, |device| device.descriptor = bytes);
            }
            "I" => {
                let mut ids = rest.split_ascii_whitespace().skip(1);
                let mut id = || u16::from_str_radix(ids.next()?, 16).ok();
                let ids = id().zip(id());
                let (vendor, product) =
                    ids.ok_or(fault("ids are `I: bus vendor product` in hex"))?;
                describe(draft, track, |device| {
                    device.vendor = vendor;
                    device.product = product;
                });
            }
            "E" => {
                let (at, bytes) = event(rest).ok_or(fault(
                    "a report is `E: seconds.microseconds length bytes`, the bytes in hex and \
                     as many as the length says",
                ))?;
                draft.push(at, track, Sent::Report(bytes)).map_err(fault)?;
            }
            // Names, ports, and what later versions add to the description.
            _ if tag.len() == 1 && tag.bytes().all(|b| b.is_ascii_uppercase()) => {}
            _ => return Err(fault(LINE)),
        }
    }
    Ok(())
}

const LINE: &str = "a line begins with D: R: N: P: I: E: or #";

fn describe(draft: &mut Draft, track: usize, set: impl FnOnce(&mut Device)) {
    if let Some(Track::Reports(device)) = draft.tracks.get_mut(track) {
        set(device);
    }
}

fn event(rest: &str) -> Option<(Duration, Vec<u8>)> {
    let rest = rest.split_once('#').map_or(rest, |(event, _)| event);
    let mut words = rest.split_ascii_whitespace();
    let at = seconds(words.next()?)?;
    Some((at, counted(words)?))
}

/// A length and as many bytes.
fn counted<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Vec<u8>> {
    let length = unsigned(words.next()?)?;
    let bytes = hex_bytes(words)?;
    (bytes.len() as u64 == length).then_some(bytes)
}
