//! What `libinput record` writes: YAML with the events of one or more devices
//! (libinput, `tools/libinput-record.c`).
//!
//! Not YAML at large: the lines that it writes. A list `[sec, usec, type, code, value]` is
//! an event of the device that was named last; frames end by their SYN_REPORT, not by the
//! items of the list, which are sometimes cut in two. Without `--show-keycodes` all keys
//! read `A`: such a recording is refused, unless it also holds the HID reports
//! (`--with-hidraw`), which are never hidden. Where it holds them, they give the keys.

use super::words::{bare, decimal, unsigned};
use super::{Device, Draft, RecordingError, Sent, Track};
use crate::scanner::decode::{EV_KEY, EV_MSC, MSC_SCAN};
use std::collections::BTreeMap;
use std::time::Duration;

/// `KEY_A`, which also is the scan code that hides another.
const HIDDEN: u16 = 30;

const OBFUSCATED: &str = "the keys are hidden, so the codes are not in this recording: record \
                          again with `libinput record --show-keycodes`";

#[derive(Default)]
struct Reader {
    /// Of the device that was named last.
    events: Option<usize>,
    /// Its hidraw nodes.
    reports: BTreeMap<String, usize>,
    ids: Device,
    /// The time of the HID reports that follow.
    time: Duration,
    /// A line on which a key is hidden.
    hidden: Option<usize>,
}

pub(super) fn read(text: &str, draft: &mut Draft) -> Result<(), RecordingError> {
    let mut reader = Reader::default();
    let mut pending: Option<(usize, String)> = None;
    for (line, n) in text.lines().zip(1..) {
        let line = bare(line);
        let (content, comment) = line.split_once('#').unwrap_or((line, ""));
        if comment.contains("(obfuscated)") && reader.hidden.is_none() {
            reader.hidden = Some(n);
        }
        // Long lists go on in the next lines.
        let (begin, content) = match pending.take() {
            Some((begin, before)) => (begin, before + " " + content.trim()),
            None => (n, content.trim().to_owned()),
        };
        let is_list = content.contains('[') && !content.contains('"');
        if is_list && !content.contains(']') {
            if content.len() > super::SIZE_MAX / 8 {
                return Err(fault(begin, LIST));
            }
            pending = Some((begin, content));
            continue;
        }
        reader
            .line(&content, draft)
            .map_err(|what| fault(begin, what))?;
    }
    if let Some((begin, _)) = pending {
        return Err(fault(begin, LIST));
    }
    reader.end(draft)
}

const LIST: &str = "a list that begins with [ must end with ]";
const EVENT: &str = "an event is `- [sec, usec, type, code, value]`, all decimal";
const REPORT: &str = "a report is `hidrawN: [0x.., ...]` after its `time: [sec, usec]`";

fn fault(line: usize, what: &'static str) -> RecordingError {
    RecordingError { line, what }
}

impl Reader {
    fn line(&mut self, content: &str, draft: &mut Draft) -> Result<(), &'static str> {
        let item = content.strip_prefix("- ").unwrap_or(content).trim_start();
        if item.starts_with('[') && content.starts_with('-') {
            let (at, sent) = event(item).ok_or(EVENT)?;
            let track = match self.events {
                Some(track) => track,
                None => *self.events.insert(draft.track(Track::Events)?),
            };
            return draft.push(at, track, sent);
        }
        let (key, value) = item.split_once(':').unwrap_or((item, ""));
        let value = value.trim();
        match key {
            // The next device.
            "node" => {
                let hidden = self.hidden.take();
                *self = Self::default();
                self.hidden = hidden;
            }
            // libinput's own version stands in quotes.
            "version" if value.parse::<u32>().is_ok_and(|version| version != 1) => {
                return Err("only version 1 of libinput's recordings is known");
            }
            "id" if value.starts_with('[') => {
                if let Some(&[_, vendor, product, ..]) = numbers(value).as_deref() {
                    self.ids.vendor = u16::try_from(vendor).unwrap_or(0);
                    self.ids.product = u16::try_from(product).unwrap_or(0);
                }
            }
            "hid" if value.starts_with('[') => {
                self.ids.descriptor = bytes(value).ok_or("a descriptor is `hid: [0x.., ...]`")?;
            }
            "time" if value.starts_with('[') => self.time = time(value).ok_or(REPORT)?,
            node if node.starts_with("hidraw") && value.starts_with('[') => {
                let bytes = bytes(value).ok_or(REPORT)?;
                let track = match self.reports.get(node) {
                    Some(track) => *track,
                    None => {
                        let device = Device {
                            descriptor: self.ids.descriptor.clone(),
                            ..self.ids
                        };
                        let track = draft.track(Track::Reports(device))?;
                        *self.reports.entry(node.to_owned()).or_insert(track)
                    }
                };
                return draft.push(self.time, track, Sent::Report(bytes));
            }
            _ => {}
        }
        Ok(())
    }

    /// What all lines together say: the reports of a device are better than its events,
    /// and events whose keys are hidden are none.
    fn end(self, draft: &mut Draft) -> Result<(), RecordingError> {
        let reports = draft
            .tracks
            .iter()
            .any(|track| matches!(track, Track::Reports(_)));
        if reports {
            draft
                .steps
                .retain(|step| matches!(step.sent, Sent::Report(_)));
            return Ok(());
        }
        match self.hidden {
            Some(line) => Err(fault(line, OBFUSCATED)),
            None if only_hidden_keys(draft) => Err(fault(0, OBFUSCATED)),
            None => Ok(()),
        }
    }
}

/// Whether all keys are the one that hides others, which no code is.
fn only_hidden_keys(draft: &Draft) -> bool {
    let mut hidden = 0;
    for step in &draft.steps {
        match step.sent {
            Sent::Event {
                kind: EV_MSC,
                code: MSC_SCAN,
                value,
            } if value == i32::from(HIDDEN) => {
                hidden += 1;
            }
            // Those that are never hidden: Esc, Tab, Enter, Ctrl, the right side.
            Sent::Event {
                kind: EV_KEY, code, ..
            } if ![1, 15, 28, 29, 96, 97, 100, HIDDEN].contains(&code) => {
                return false;
            }
            _ => {}
        }
    }
    hidden > 0
}

fn event(list: &str) -> Option<(Duration, Sent)> {
    let values = inside(list)?.split(',').map(str::trim);
    let values: Vec<&str> = values.collect();
    let [sec, usec, kind, code, value] = values[..] else {
        return None;
    };
    let sent = Sent::Event {
        kind: kind.parse().ok()?,
        code: code.parse().ok()?,
        value: decimal(value)?,
    };
    Some((since(sec, usec)?, sent))
}

fn time(list: &str) -> Option<Duration> {
    let (sec, usec) = inside(list)?.split_once(',')?;
    since(sec.trim(), usec.trim())
}

fn since(sec: &str, usec: &str) -> Option<Duration> {
    let usec = unsigned(usec).filter(|usec| *usec < 1_000_000)?;
    Some(Duration::from_secs(unsigned(sec)?) + Duration::from_micros(usec))
}

fn inside(list: &str) -> Option<&str> {
    let list = list.trim().strip_prefix('[')?;
    Some(list.split_once(']')?.0)
}

/// Numbers in hex with 0x, or decimal.
fn numbers(list: &str) -> Option<Vec<u32>> {
    inside(list)?
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| match word.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => word.parse().ok(),
        })
        .collect()
}

fn bytes(list: &str) -> Option<Vec<u8>> {
    let numbers = numbers(list)?;
    numbers.into_iter().map(|n| u8::try_from(n).ok()).collect()
}
