//! Recordings whose codes were replaced: the same scans in shape, the same voids, and
//! nothing of the codes left.

use super::fixture::show;
use crate::domain::code::{Classified, Classifier};
use crate::scanner::framer::Outcome;
use crate::scanner::recording::{Recording, Track, disguise, parse, record, scans_of, write};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scans/recordings");

fn recordings() -> Vec<(String, String, Recording)> {
    let mut all: Vec<_> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|e| e != "expected"))
        .collect();
    all.sort();
    let read = |path: &std::path::PathBuf| {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let recording = parse(&text).ok()?;
        scans_of(&text).ok()?;
        Some((path.display().to_string(), text, recording))
    };
    all.iter().filter_map(read).collect()
}

/// A recording as the files that its tracks are written to.
fn written(recording: &Recording) -> Vec<Outcome> {
    let tracks = 0..recording.tracks.len();
    let scanners = tracks.filter_map(|track| scans_of(&write(recording, track)).ok());
    scanners.flatten().collect()
}

/// What is the same for a code and its dummy.
fn shape(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Scan(code) => {
            let classified = Classifier::core().classify(code.as_bytes());
            let kind = match classified {
                Classified::Reject { .. } => "reject".to_owned(),
                classified => format!("{classified:?}"),
            };
            format!("{kind} of {}", code.as_bytes().len())
        }
        Outcome::Void(reason) => reason.as_str().to_owned(),
    }
}

fn shapes(outcomes: &[Outcome]) -> Vec<String> {
    let mut shapes: Vec<String> = outcomes.iter().map(shape).collect();
    // Tracks are written one behind the other.
    shapes.sort();
    shapes
}

#[test]
fn what_is_written_is_what_was_read() {
    for (name, text, recording) in recordings() {
        let mut scans = show(&scans_of(&text).unwrap());
        let mut again = show(&written(&recording));
        scans.sort();
        again.sort();
        assert_eq!(again, scans, "{name}");
    }
}

#[test]
fn a_disguised_recording_has_the_same_shape() {
    for (name, text, mut recording) in recordings() {
        let scans = scans_of(&text).unwrap();
        disguise(&mut recording, &Classifier::core()).unwrap();
        let again = written(&recording);
        // ALT codes and reports of keys keep their form, and not what it means.
        let typed_by_number = text.contains("04 00 62") || text.contains("\n4 98");
        let reports = recording
            .tracks
            .iter()
            .any(|track| matches!(track, Track::Reports(_)));
        if typed_by_number || reports && !name.contains("pos") {
            assert_eq!(again.len(), scans.len(), "{name}");
        } else {
            assert_eq!(shapes(&again), shapes(&scans), "{name}");
        }
        for outcome in scans.iter().filter(|o| matches!(o, Outcome::Scan(_))) {
            assert!(!again.contains(outcome), "{name}: {:?}", show(&again));
        }
    }
}

#[test]
fn an_emv_code_is_typed_anew_with_its_shift_keys() {
    let code = "hQVDUFYwMWETTwegAAAAVVVVUAhQcm9kdWN0MWETTwegAAAAZmZmUAhQcm9kdWN0MmJJWggSNFZ4kBI0WF8g\
                DkNBUkRIT0xERVIvRU1WXy0IcnVlc2RlZW5kIZ8QBwYBCgMAAACfJghYT9OF+iNLzJ82AgABnzcEbVjvEw==";
    let mut recording = parse(&record(code).unwrap()).unwrap();
    let begin = recording.steps.first().unwrap().at;
    let end = recording.steps.last().unwrap().at;
    disguise(&mut recording, &Classifier::core()).unwrap();
    let text = write(&recording, 0);
    let outcomes = scans_of(&text).unwrap();
    let [Outcome::Scan(dummy)] = &outcomes[..] else {
        panic!("{:?}", show(&outcomes));
    };
    let classify = |code: &[u8]| Classifier::core().classify(code);
    assert_eq!(classify(dummy.as_bytes()), classify(code.as_bytes()));
    assert_ne!(dummy.as_bytes(), code.as_bytes());
    assert_eq!(recording.steps.first().unwrap().at, begin);
    assert_eq!(recording.steps.last().unwrap().at, end);
}
