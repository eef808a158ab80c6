//! What a scanner is set to, found by a code whose text is known.
//!
//! Pure: every layout and terminator is tried on what the scanner sent, and those are
//! right that give the known text. The text has signs that no two layouts have in the same
//! places.

use super::framer::{End, Outcome};
use super::keymap::Layout;
use super::recording::{ENDS, Player, Recording, Sent, Setup, Track};
use crate::domain::code::PaymentCode;
use std::time::Duration;

/// A text that tells all layouts apart.
pub(crate) const KNOWN: &str = "QRPAYD:zy-am/ZY=1@2#3?";

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Layouts that give the text; none for a scanner that is no keyboard.
    pub(crate) layouts: Vec<&'static str>,
    /// The terminator by its name in the configuration.
    pub(crate) terminator: &'static str,
    /// The AIM identifier in front, such as `]Q1`.
    pub(crate) aim_id: Option<String>,
    /// From the first to the last key or byte.
    pub(crate) took: Duration,
    /// The longest silence in between.
    pub(crate) pause: Duration,
}

/// Finds what the scanner is set to; none when the text is not in what it sent.
pub(crate) fn of(recording: &Recording, known: &str) -> Option<Findings> {
    let keyboard = match recording.tracks.first()? {
        Track::Events => true,
        Track::Serial => false,
        // A keyboard's reports, or reports that need neither.
        Track::Reports(_) => scans(recording, Setup::default()).is_empty(),
    };
    let terminators: &[&'static str] = match (recording.tracks.first()?, keyboard) {
        (Track::Reports(_), false) => &["none"],
        (_, true) => &["enter", "tab"],
        _ => &[
            "crlf",
            "cr",
            "lf",
            "tab",
            "stx_etx",
            "stx_etx_check",
            "none",
        ],
    };
    let (took, pause) = pace(recording);
    for terminator in terminators {
        let (_, end) = ENDS.into_iter().find(|(name, _)| name == terminator)?;
        let mut layouts = Vec::new();
        let mut aim_id = None;
        for (name, layout) in Layout::ALL {
            let setup = Setup {
                layout: Some(layout),
                end: Some(end),
                // Slow scanners are not to be found wanting here.
                gap: (end != End::Silence).then_some(Duration::from_secs(2)),
                oem: None,
            };
            let scans = scans(recording, setup);
            let found = scans
                .iter()
                .find_map(|code| identified(code.as_bytes(), known));
            if let Some(identifier) = found {
                layouts.push(name);
                aim_id = identifier;
            }
            if !keyboard {
                break;
            }
        }
        if !layouts.is_empty() {
            if !keyboard {
                layouts.clear();
            }
            return Some(Findings {
                layouts,
                terminator,
                aim_id,
                took,
                pause,
            });
        }
    }
    None
}

/// The identifier in front of the text, if it is the text.
fn identified(code: &[u8], known: &str) -> Option<Option<String>> {
    match code.strip_suffix(known.as_bytes())? {
        [] => Some(None),
        identifier @ [b']', _, _] => Some(std::str::from_utf8(identifier).ok().map(str::to_owned)),
        _ => None,
    }
}

fn scans(recording: &Recording, setup: Setup) -> Vec<PaymentCode> {
    let mut out = Vec::new();
    if let Ok(mut player) = Player::new(recording, &setup) {
        for n in 0..recording.steps.len() {
            player.feed(n, &mut out);
        }
    }
    let scans = out.into_iter().filter_map(|outcome| match outcome {
        Outcome::Scan(code) => Some(code),
        Outcome::Void(_) => None,
    });
    scans.collect()
}

/// How long it took from the first to the last step, and the longest pause between two.
fn pace(recording: &Recording) -> (Duration, Duration) {
    let sent = recording
        .steps
        .iter()
        .filter(|step| !matches!(step.sent, Sent::Opened));
    let times: Vec<Duration> = sent.map(|step| step.at).collect();
    let pauses = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
    let took = times
        .last()
        .zip(times.first())
        .map(|(last, first)| last.saturating_sub(*first));
    (took.unwrap_or_default(), pauses.max().unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::scanner::decode::Event;
    use crate::scanner::recording::{Step, parse};
    use crate::scanner::typing::strokes;

    fn typed(layout: Layout, text: &str, tab: bool) -> Recording {
        let events = strokes(layout, text, Duration::ZERO).unwrap();
        let steps = events.into_iter().map(|event| {
            let Event {
                at,
                kind,
                code,
                value,
            } = event;
            let code = if tab && code == 28 { 15 } else { code };
            Step {
                at,
                track: 0,
                sent: Sent::Event { kind, code, value },
            }
        });
        Recording {
            tracks: vec![Track::Events],
            steps: steps.collect(),
            setup: Setup::default(),
        }
    }

    #[test]
    fn the_known_text_tells_every_layout_and_terminator() {
        for (name, layout) in Layout::ALL {
            let found = of(&typed(layout, KNOWN, false), KNOWN).unwrap();
            assert_eq!((found.layouts, found.terminator), (vec![name], "enter"));
        }
        let found = of(&typed(Layout::De, &format!("]Q1{KNOWN}"), true), KNOWN).unwrap();
        assert_eq!((found.layouts, found.terminator), (vec!["de"], "tab"));
        assert_eq!(found.aim_id.as_deref(), Some("]Q1"));
        assert_eq!(found.pause, Duration::from_millis(1));
        assert_eq!(of(&typed(Layout::De, "another code", true), KNOWN), None);
    }

    #[test]
    fn a_serial_scanner_shows_its_suffix() {
        for (sent, terminator) in [
            ("1\\r\\n", "crlf"),
            ("1\\r", "cr"),
            ("1\\n", "lf"),
            ("1\\t", "tab"),
            ("1", "none"),
        ] {
            let recording = parse(&format!("0.0 \"{sent}\"\n1.0 \"{sent}\"\n")).unwrap();
            let found = of(&recording, "1").unwrap();
            assert_eq!((found.layouts, found.terminator), (vec![], terminator));
        }
        let recording = parse("0.0 \"\\x021\\x03\"\n").unwrap();
        assert_eq!(of(&recording, "1").unwrap().terminator, "stx_etx");
    }
}
