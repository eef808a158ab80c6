//! `qrpayd scan`, as somebody with a scanner or a bug report uses it.

use crate::program::{alone, run};
use serde_json::Value;
use serialport::{SerialPort, TTYPort};
use std::io::Write;

const RECORDING: &str = "tests/scans/payby-qr.evemu";
const CODE: &str = "hQVDUFYwMWEoTwcwMFRvUEFZUAVUb1BBWWMWn0ITMjAwMDEyMzRUNTAwMDEyMzQ1QQ==";

fn objects(out: &str) -> Vec<Value> {
    let lines = out.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

#[tokio::test]
async fn a_recording_is_played_classified_and_masked() {
    let (exit, out, said) = run(&["scan", "--replay", RECORDING], "").await;
    assert_eq!((exit, said.as_str()), (0, ""));
    assert!(out.starts_with("scan  emv_cpm "), "{out}");
    assert!(!out.contains(CODE), "{out}");

    let (exit, out, _) = run(&["scan", "--replay", RECORDING, "--json"], "").await;
    let objects = objects(&out);
    assert_eq!((exit, objects.len()), (0, 1));
    assert_eq!(objects[0]["scan"]["kind"], "emv_cpm");
    assert_eq!(objects[0]["bytes"], CODE.len());

    let hidden = "tests/scans/recordings/libinput-obfuscated.yml";
    let (exit, out, said) = run(&["scan", "--replay", hidden], "").await;
    assert_eq!((exit, out.as_str()), (69, ""));
    assert!(said.contains("line 38: the keys are hidden"), "{said}");
    let (exit, _, said) = run(&["scan", "--replay", RECORDING, "--layout", "xx"], "").await;
    assert_eq!(exit, 2);
    assert!(said.contains("--layout xx"), "{said}");
}

#[tokio::test]
async fn what_is_recorded_holds_dummies_unless_raw() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let replay =
        async |path: &str| objects(&run(&["scan", "--replay", path, "--json"], "").await.1);
    let (dummies, raw) = (file("dummies.evemu"), file("raw.evemu"));
    let record = ["scan", "--replay", RECORDING, "--record"];
    let (exit, out, _) = run(&[&record[..], &[&dummies]].concat(), "").await;
    assert_eq!(exit, 0, "{out}");
    assert!(out.ends_with("with dummies for codes\n"), "{out}");
    let (exit, ..) = run(&[&record[..], &[&raw, "--raw"]].concat(), "").await;
    assert_eq!(exit, 0);
    let original = replay(RECORDING).await;
    assert_eq!(
        replay(&dummies).await,
        original,
        "the same kind, length and mask"
    );
    assert_eq!(replay(&raw).await, original);
    let scans = |path: &str| {
        let text = std::fs::read_to_string(path).unwrap();
        qrpayd::scanner::scans_of(&text).unwrap()
    };
    assert_eq!(scans(&raw), scans(RECORDING));
    assert_ne!(scans(&dummies), scans(RECORDING));
}

#[tokio::test]
async fn a_device_is_asked_for_a_code_and_its_settings_are_found() {
    let [mut scanner, line] = {
        let _alone = alone();
        let (scanner, line) = TTYPort::pair().unwrap();
        // Copies are closed in processes that are started later; the first ones are not.
        [scanner, line].map(|end| end.try_clone_native().unwrap())
    };
    let path = line.name().unwrap();
    // It waits in the line until the command reads it.
    scanner.write_all(b"]Q128AB\r\n").unwrap();
    let arguments = ["scan", "--device", &path, "--expect", "28AB", "--json"];
    let (exit, out, said) = run(&arguments, "").await;
    assert_eq!((exit, said.as_str()), (0, ""), "{out}");
    let objects = objects(&out);
    assert_eq!(objects[0]["terminator"], "crlf");
    assert_eq!(objects[0]["aim_id"], "]Q1");
    let table = objects[0]["configuration"].as_str().unwrap();
    assert!(
        table.contains("kind = \"serial\"") && table.contains("aim_id = true"),
        "{table}"
    );
    assert_eq!(objects[1]["bytes"], 7);

    let (exit, _, said) = run(&["scan", "--device", "/nonexistent/event0"], "").await;
    assert_eq!(exit, 69);
    assert!(said.contains("/nonexistent/event0 is not there"), "{said}");
}

#[tokio::test]
async fn devices_are_listed_without_permission() {
    let (exit, out, said) = run(&["scan", "--json"], "").await;
    assert_eq!((exit, said.as_str()), (0, ""));
    for device in objects(&out) {
        assert!(["scanner", "possible", "no"].contains(&device["looks"].as_str().unwrap()));
        assert!(!device["why"].as_array().unwrap().is_empty());
    }
}
