//! Every recording in `tests/scans/recordings` yields what the file beside it says:
//! `NAME` is played, `NAME.expected` has a line for each scan and void, or the error.

use super::fixture::show;
use crate::scanner::recording::scans_of;
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scans/recordings");

fn yields(recording: &Path) -> String {
    let bytes = std::fs::read(recording).unwrap();
    let lines = match scans_of(&String::from_utf8_lossy(&bytes)) {
        Ok(outcomes) => show(&outcomes),
        Err(error) => vec![format!("error {error}")],
    };
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_recording_yields_what_stands_beside_it() {
    let mut played = 0;
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "expected") {
            assert!(
                path.with_extension("").exists(),
                "{} has no recording",
                path.display()
            );
            continue;
        }
        let beside = format!("{}.expected", path.display());
        let expected = std::fs::read_to_string(&beside);
        let expected = expected.unwrap_or_else(|error| panic!("{beside}: {error}"));
        // Line ends are the editor's.
        let expected: String = expected.lines().map(|line| format!("{line}\n")).collect();
        assert_eq!(yields(&path), expected, "{}", path.display());
        played += 1;
    }
    assert!(played >= 40);
}

/// Line ends and blank lines mean nothing.
#[test]
fn a_recording_is_the_same_with_other_line_ends() {
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "expected") {
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let unix = text.replace('\r', "");
        let dos = unix.replace('\n', "\r\n");
        let spaced = unix.replace('\n', "\n\n");
        let read = |text: &str| scans_of(text).map(|outcomes| show(&outcomes)).ok();
        assert_eq!(read(&dos), read(&unix), "{}", path.display());
        assert_eq!(read(&spaced), read(&unix), "{}", path.display());
    }
}
