//! Recordings of evemu: the demo's, the ways in which a file can be wrong, and replays.

use super::fixture::show;
use crate::domain::ScannerId;
use crate::scanner::recording::{RecordingError, SIZE_MAX, STEPS_MAX, record, scans_of};
use crate::scanner::replay::{self, Pace, Recording, Start};
use crate::scanner::{Delivery, Kind, ScannerState, Settings, Use, What, start};
use proptest::prelude::*;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, channel};

const PAYBY: &str = include_str!("../../../tests/scans/payby-qr.evemu");
const PAYBY_TEXT: &str = "hQVDUFYwMWEoTwcwMFRvUEFZUAVUb1BBWWMWn0ITMjAwMDEyMzRUNTAwMDEyMzQ1QQ==";

#[test]
fn the_demo_recording_is_one_payby_code() {
    assert_eq!(record(PAYBY_TEXT).unwrap(), PAYBY);
    assert_eq!(
        show(&scans_of(PAYBY).unwrap()),
        [format!("scan {PAYBY_TEXT:?}")]
    );
}

#[test]
fn what_is_recorded_is_read_back() {
    let all: String = (0x20..=0x7e_u8).map(char::from).collect();
    for text in ["1", "aA", "28 7%", &all] {
        let recording = record(text).unwrap();
        assert_eq!(
            show(&scans_of(&recording).unwrap()),
            [format!("scan {text:?}")]
        );
    }
    for text in ["é", "a\rb", "\t"] {
        assert!(record(text).is_err());
    }
}

/// Press of the key 1 and of Enter, in the two-digit form of version 1.0.
const OLD: &str = "\
E: 0.000001 01 0002 1
E: 0.000001 00 0000 0
E: 0.001002 01 0002 0
E: 0.002002 01 001c 0001
E: 0.003002 01 001c 0000
";

#[test]
fn accepts_the_forms_that_are_met() {
    let one = ["scan \"1\""];
    let scans = |text: &str| show(&scans_of(text).unwrap());
    let new = OLD.replace(" 01 ", " 0001 ").replace(" 00 ", " 0000 ");

    assert_eq!(scans(OLD), one);
    assert_eq!(scans(&new), one);
    assert_eq!(scans(&format!("# EVEMU 1.3\n{new}")), one);
    assert_eq!(
        scans(&format!("# EVEMU 1.3\n{new}").replace('\n', "\r\n")),
        one
    );
    assert_eq!(scans(&format!("# device /dev/input/event3\n{new}")), one);
    assert_eq!(
        scans(&new.replace('\n', "\t# EV_KEY / KEY_1 1\n\n# note\n")),
        one
    );
    assert_eq!(scans(&format!("N: Reader #2 \nA: 00 0 1 -1 0\n{new}")), one);
    assert_eq!(
        scans(&format!(
            "# EVEMU 1.1\nN: R\nI: 0003 ffff 0035 0110\nP: 00 00 00 00 00 00 00 00\n\
             B: 01 fe ff ff ff ff ff ff ff\nA: 00 0 255 0 -5 0\nL: 00 0\nS: 00 1\n{new}"
        )),
        one
    );
    assert_eq!(scans(&format!("{new}E: 4.000000 0003 0028 -001\n")), one);
}

#[test]
fn names_the_line_that_is_wrong() {
    let event = "an event is `E: seconds.microseconds type code value`, with six digits of \
                 microseconds, type and code in hex and the value in decimal";
    let begin = "a line begins with N: I: P: B: A: L: S: E: or #";
    let order = "out of order: a description is N I P B A L S, then come events";
    for (line, what) in [
        ("E: 0.00001 0001 0002 1", event),
        ("E: 0.0000001 0001 0002 1", event),
        ("E: 0 0001 0002 1", event),
        ("E: .000001 0001 0002", event),
        ("E: -1.000001 0001 0002 1", event),
        ("E: 99999999999.000001 0001 0002 1", event),
        ("E: 0.000001 01 0002 1", event),
        ("E: 0.000001 0001 002 1", event),
        ("E: 0.000001 0001 000g 1", event),
        ("E: 0.000001 0001 +002 1", event),
        ("E: 0.000001 0001 0002 +1", event),
        ("E: 0.000001 0001 0002 99999999999", event),
        ("E: 0.000001 0001 0002 1 1", event),
        ("E:", event),
        ("X: 1", begin),
        ("hello", begin),
        (": 1", begin),
        ("N: late", order),
        ("L: 00 0", order),
    ] {
        let text = format!("# EVEMU 1.3\nE: 0.000001 0000 0000 0\n{line}\n");
        assert_eq!(
            scans_of(&text),
            Err(RecordingError { line: 3, what }),
            "{line}"
        );
    }
    for (line, what) in [
        ("N:", "a name is `N: text`"),
        (
            "I: 3 ffff 0035 0110",
            "ids are `I: bus vendor product version`, four hex digits each",
        ),
        ("P: 00", "properties are `P:` and eight bytes in hex"),
        ("B: 01 00", "codes are `B: type` and eight bytes in hex"),
        (
            "A: 00 0 1 0 0",
            "an axis is `A: code min max fuzz flat resolution`",
        ),
        ("A:", "an axis is `A: code min max fuzz flat resolution`"),
        ("L: 00", "a state is `L: code state` or `S: code state`"),
        ("S: 00 x", "a state is `L: code state` or `S: code state`"),
    ] {
        let text = format!("# EVEMU 1.3\n{line}\nE: 0.000001 0000 0000 0\n");
        assert_eq!(
            scans_of(&text),
            Err(RecordingError { line: 2, what }),
            "{line}"
        );
    }
    let whole = |text: &str| scans_of(text).unwrap_err().to_string();
    assert_eq!(
        whole("# EVEMU 2.0\n"),
        "line 1: evemu versions are 1.0 to 1.3"
    );
    assert_eq!(
        whole("N: a\nN: b\n"),
        "line 2: a description has one name and one set of ids"
    );
    assert_eq!(whole(""), "the recording has no events");
    assert_eq!(
        whole(&"#\n".repeat(SIZE_MAX / 2 + 1)),
        "the recording is larger than 8 MiB: cut it into shorter ones"
    );
    assert_eq!(
        whole(&"E: 0.000001 00 0000 0\n".repeat(STEPS_MAX + 1)),
        "line 250001: more than 250000 events: cut the recording"
    );
}

#[test]
fn a_recording_full_of_drops_is_one_void() {
    let drop = "E: 0.000001 00 0003 0\nE: 0.000001 00 0000 0\n";
    let text = drop.repeat(STEPS_MAX / 2);
    assert_eq!(show(&scans_of(&text).unwrap()), ["void dropped"]);
}

fn replay(recording: Recording, start: Start, pace: Pace) -> Settings {
    Settings {
        id: ScannerId::new("r").unwrap(),
        kind: Kind::Replay(replay::Settings {
            recording,
            start,
            pace,
        }),
        usage: Use::Dedicated,
        aim_id: false,
    }
}

async fn next(deliveries: &mut Receiver<Delivery>) -> What {
    let next = tokio::time::timeout(Duration::from_secs(20), deliveries.recv());
    next.await.unwrap().unwrap().what
}

async fn next_scan(deliveries: &mut Receiver<Delivery>) -> String {
    match next(deliveries).await {
        What::Scan(scan) => String::from_utf8(scan.code.as_bytes().to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn replays_at_once_and_again_on_request() {
    let text = Recording::Text(PAYBY.into());
    let (sender, mut deliveries) = channel(4);
    let scanner = start(replay(text, Start::Immediately, Pace::Compressed), sender);
    assert_eq!(
        next(&mut deliveries).await,
        What::State(ScannerState::Ready)
    );
    assert_eq!(next_scan(&mut deliveries).await, PAYBY_TEXT);
    scanner.play();
    assert_eq!(next_scan(&mut deliveries).await, PAYBY_TEXT);
    assert_eq!(scanner.counts().scans, 2);
    drop(scanner);
    assert_eq!(deliveries.recv().await, None);
}

#[tokio::test]
async fn replays_a_file_at_its_own_pace_when_triggered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.evemu");
    std::fs::write(&path, OLD).unwrap();
    let (sender, mut deliveries) = channel(4);
    let file = Recording::File(path);
    let scanner = start(replay(file, Start::OnTrigger, Pace::Recorded), sender);
    assert_eq!(
        next(&mut deliveries).await,
        What::State(ScannerState::Ready)
    );
    let asked = std::time::Instant::now();
    scanner.play();
    assert_eq!(next_scan(&mut deliveries).await, "1");
    // Enter comes 2.001 ms after the first event.
    assert!(asked.elapsed() >= Duration::from_micros(2001));
}

#[tokio::test]
async fn says_what_is_wrong_with_a_recording() {
    let (sender, mut deliveries) = channel(4);
    let text = Recording::Text("E: 1\n".into());
    let scanner = start(
        replay(text, Start::Immediately, Pace::Compressed),
        sender.clone(),
    );
    let What::State(ScannerState::Failed(why)) = next(&mut deliveries).await else {
        panic!();
    };
    assert!(why.starts_with("recording: line 1: an event is"), "{why}");
    assert_eq!(scanner.state(), ScannerState::Failed(why));

    let file = Recording::File("/nonexistent/x.evemu".into());
    let _other = start(replay(file, Start::Immediately, Pace::Compressed), sender);
    let What::State(ScannerState::Failed(why)) = next(&mut deliveries).await else {
        panic!();
    };
    assert!(
        why.starts_with("cannot read recording /nonexistent/x.evemu: "),
        "{why}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// A recording with any one line changed is read or refused at that line.
    #[test]
    fn any_line_is_read_or_refused(
        line in prop_oneof![".{0,40}", "[NIPBALSE]:[ 0-9a-f.-]{0,40}"],
        n in 0..12_usize,
    ) {
        let mut lines: Vec<&str> = PAYBY.lines().collect();
        lines[n * 3] = &line;
        if let Err(error) = scans_of(&lines.join("\n")) {
            // A line that is allowed itself may put a later one out of order.
            prop_assert!(error.line > n * 3, "{error}");
        }
    }
}
