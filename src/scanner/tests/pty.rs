//! Serial scanners on ptys. Each step waits for the delivery that ends it.

use crate::domain::ScannerId;
use crate::scanner::serial::{self, Terminator};
use crate::scanner::{
    Counts, Delivery, Kind, Scanner, ScannerState, Settings, VoidReason, What, start,
};
use serialport::{SerialPort, TTYPort};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, channel};

/// A scanner's end of a pty, and the path of ours.
fn pair() -> (TTYPort, TTYPort, String) {
    // Making a pair is not thread-safe.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap();
    let (scanner, ours) = TTYPort::pair().unwrap();
    let path = ours.name().unwrap();
    (scanner, ours, path)
}

fn settings(path: &str, terminator: Terminator, gap: Duration) -> Settings {
    Settings {
        id: ScannerId::new("counter").unwrap(),
        kind: Kind::Serial(serial::Settings {
            terminator,
            gap,
            ..serial::Settings::new(path)
        }),
    }
}

struct Lane {
    scanner: Scanner,
    deliveries: Receiver<Delivery>,
}

impl Lane {
    fn start(path: &str, terminator: Terminator, gap: Duration) -> Self {
        let (sender, deliveries) = channel(16);
        Self {
            scanner: start(settings(path, terminator, gap), sender),
            deliveries,
        }
    }

    async fn next(&mut self) -> What {
        let next = tokio::time::timeout(Duration::from_secs(20), self.deliveries.recv());
        next.await.unwrap().unwrap().what
    }

    async fn scan(&mut self) -> String {
        match self.next().await {
            What::Scan(scan) => {
                assert!(scan.ended <= Instant::now());
                String::from_utf8(scan.code.as_bytes().to_vec()).unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    async fn ready(&mut self) {
        assert_eq!(self.next().await, What::State(ScannerState::Ready));
    }

    async fn void(&mut self, reason: VoidReason) {
        assert_eq!(self.next().await, What::Void(reason));
    }
}

/// Short, since a scanner settles as long after it was opened.
const SHORT: Duration = Duration::from_millis(40);
/// Longer than any test takes between two steps.
const LONG: Duration = Duration::from_millis(800);

#[tokio::test]
async fn whole_scans_in_one_read_and_in_several() {
    let (mut tty, ours, path) = pair();
    tty.write_all(b"sent before it was opened\r").unwrap();
    let mut lane = Lane::start(&path, Terminator::Cr, LONG);
    lane.ready().await;
    drop(ours);
    tty.write_all(b"281234567890123456\r").unwrap();
    assert_eq!(lane.scan().await, "281234567890123456");
    tty.write_all(b"\n1111\r\n2222\r").unwrap();
    assert_eq!(lane.scan().await, "1111");
    assert_eq!(lane.scan().await, "2222");
    let expected = Counts {
        scans: 3,
        ..Counts::default()
    };
    assert_eq!(lane.scanner.counts(), expected);
}

#[tokio::test]
async fn a_cr_lf_split_over_reads_is_one_end() {
    let (mut tty, _ours, path) = pair();
    let mut lane = Lane::start(&path, Terminator::CrLf, LONG);
    lane.ready().await;
    for half in [&b"1111\r\n2222\r"[..], b"\n"] {
        tty.write_all(half).unwrap();
        let expected = if half.len() > 1 { "1111" } else { "2222" };
        assert_eq!(lane.scan().await, expected);
    }
}

#[tokio::test]
async fn silence_ends_a_scan_only_without_a_terminator() {
    let (mut tty, _ours, path) = pair();
    let mut lane = Lane::start(&path, Terminator::None, SHORT);
    lane.ready().await;
    tty.write_all(b"1111").unwrap();
    assert_eq!(lane.scan().await, "1111");
    drop(lane);

    let mut lane = Lane::start(&path, Terminator::Cr, SHORT);
    lane.ready().await;
    tty.write_all(b"28123456").unwrap();
    lane.void(VoidReason::Gap).await;
    // The rest of it, and then a whole one.
    tty.write_all(b"90123456\r2222\r").unwrap();
    lane.void(VoidReason::Remainder).await;
    assert_eq!(lane.scan().await, "2222");
}

#[tokio::test]
async fn a_nul_voids() {
    let (mut tty, _ours, path) = pair();
    let mut lane = Lane::start(&path, Terminator::Cr, LONG);
    lane.ready().await;
    tty.write_all(b"11\x0011\r2222\r").unwrap();
    lane.void(VoidReason::Line).await;
    assert_eq!(lane.scan().await, "2222");
}

#[tokio::test]
async fn a_hang_up_voids_and_the_next_device_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("scanner");
    let (mut tty, ours, path) = pair();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let link_text = link.to_str().unwrap();
    let mut lane = Lane::start(link_text, Terminator::Cr, LONG);
    lane.ready().await;
    drop(ours);
    // Once the first has arrived, so has the beginning of the second.
    tty.write_all(b"1111\r28123456").unwrap();
    assert_eq!(lane.scan().await, "1111");
    std::fs::remove_file(&link).unwrap();
    drop(tty);
    lane.void(VoidReason::Unplugged).await;
    assert_eq!(
        lane.next().await,
        What::State(ScannerState::Absent(
            "the scanner was unplugged: plug it in".to_owned()
        ))
    );
    assert_eq!(
        lane.next().await,
        What::State(ScannerState::Absent(format!(
            "{link_text} is not there: plug the scanner in, or correct its match"
        )))
    );

    let (mut tty, _ours, path) = pair();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    lane.ready().await;
    assert_eq!(lane.scanner.state(), ScannerState::Ready);
    tty.write_all(b"90123456\r").unwrap();
    assert_eq!(lane.scan().await, "90123456");
    let counts = lane.scanner.counts();
    let voids: Vec<_> = counts.voids().filter(|(_, n)| *n > 0).collect();
    assert_eq!((counts.scans, voids), (2, vec![(VoidReason::Unplugged, 1)]));
}

#[tokio::test]
async fn a_port_has_one_reader_and_is_free_after_it() {
    let (mut tty, _ours, path) = pair();
    let mut first = Lane::start(&path, Terminator::Cr, SHORT);
    first.ready().await;
    let mut second = Lane::start(&path, Terminator::Cr, SHORT);
    assert_eq!(
        second.next().await,
        What::State(ScannerState::Failed(format!(
            "{path} is in use by another program: stop that program, or configure each \
             scanner once"
        )))
    );
    drop(first);
    second.ready().await;
    tty.write_all(b"1111\r").unwrap();
    assert_eq!(second.scan().await, "1111");
}

#[tokio::test]
async fn what_is_no_serial_port_says_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    assert!(Path::new(path).exists());
    let mut lane = Lane::start(path, Terminator::Cr, SHORT);
    let What::State(ScannerState::Failed(why)) = lane.next().await else {
        panic!();
    };
    assert!(why.starts_with(&format!("cannot use {path}: ")), "{why}");
}

#[tokio::test]
async fn a_full_queue_never_holds_the_reader_up() {
    let (mut tty, _ours, path) = pair();
    let (sender, mut deliveries) = channel(2);
    let scanner = start(settings(&path, Terminator::Cr, LONG), sender);
    let ready = tokio::time::timeout(Duration::from_secs(20), deliveries.recv()).await;
    assert_eq!(
        ready.unwrap().unwrap().what,
        What::State(ScannerState::Ready)
    );
    tty.write_all(b"1\r2\r3\r4\r5\r").unwrap();
    let limit = Instant::now() + Duration::from_secs(20);
    while scanner.counts().undelivered < 3 && Instant::now() < limit {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        (scanner.counts().scans, scanner.counts().undelivered),
        (5, 3)
    );
    drop(scanner);
    let mut read = Vec::new();
    while let Some(delivery) = deliveries.recv().await {
        if let What::Scan(scan) = delivery.what {
            read.push(scan.code.as_bytes().to_vec());
        }
    }
    assert_eq!(read, [b"1", b"2"]);
}
