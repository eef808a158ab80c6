//! Serial scanners on ptys. Each step waits for the delivery that ends it.

use crate::domain::ScannerId;
use crate::scanner::Feedback;
use crate::scanner::serial::{self, Terminator};
use crate::scanner::{
    Counts, Delivery, Kind, Scan, Scanner, ScannerState, Settings, Use, VoidReason, What, start,
};
use serialport::{SerialPort, TTYPort};
use std::io::{Read, Write};
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
        usage: Use::Dedicated,
        aim_id: false,
    }
}

struct Lane {
    scanner: Scanner,
    deliveries: Receiver<Delivery>,
}

impl Lane {
    fn start(path: &str, terminator: Terminator, gap: Duration) -> Self {
        Self::of(settings(path, terminator, gap))
    }

    /// With more than a terminator.
    fn with(path: &str, change: impl FnOnce(&mut serial::Settings)) -> Self {
        let mut settings = settings(path, Terminator::Cr, LONG);
        if let Kind::Serial(serial) = &mut settings.kind {
            change(serial);
        }
        Self::of(settings)
    }

    fn of(settings: Settings) -> Self {
        let (sender, deliveries) = channel(16);
        Self {
            scanner: start(settings, sender),
            deliveries,
        }
    }

    async fn next(&mut self) -> What {
        let next = tokio::time::timeout(Duration::from_secs(20), self.deliveries.recv());
        next.await.unwrap().unwrap().what
    }

    async fn scan(&mut self) -> String {
        String::from_utf8(self.whole().await.code.as_bytes().to_vec()).unwrap()
    }

    async fn whole(&mut self) -> Scan {
        match self.next().await {
            What::Scan(scan) => {
                assert!(scan.ended <= Instant::now());
                scan
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

/// What the scanner is told next.
fn told(tty: &mut TTYPort, length: usize) -> Vec<u8> {
    tty.set_timeout(Duration::from_secs(20)).unwrap();
    let mut bytes = vec![0; length];
    tty.read_exact(&mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn packets_are_acknowledged_and_asked_for_again() {
    const OPENING: &[u8] = b"\x04\xd2\x04\x00\xff\x26\x04\xe9\x04\x00\xff\x0f";
    const ACK: &[u8] = b"\x04\xd0\x04\x00\xff\x28";
    const NAK: &[u8] = b"\x05\xd1\x04\x00\x01\xff\x25";
    const CODE: &[u8] = b"\x09\xf3\x00\x00\x1b2812\xfe\x1c";
    const AGAIN: &[u8] = b"\x09\xf3\x00\x01\x1b2812\xfe\x1b";
    let (mut tty, _ours, path) = pair();
    let beep = Feedback::Bytes {
        accepted: b"good".to_vec(),
        refused: b"bad".to_vec(),
    };
    let mut lane = Lane::with(&path, |serial| {
        serial.terminator = Terminator::Ssi;
        serial.feedback = beep;
    });
    lane.ready().await;
    assert_eq!(told(&mut tty, OPENING.len()), OPENING);
    tty.write_all(CODE).unwrap();
    let scan = lane.whole().await;
    assert_eq!(scan.code.as_bytes(), b"2812");
    assert_eq!(told(&mut tty, ACK.len()), ACK);
    scan.reply.accept();
    assert_eq!(told(&mut tty, 4), b"good");
    // Its repeat is no second scan; one with a wrong sum is asked for again.
    tty.write_all(AGAIN).unwrap();
    assert_eq!(told(&mut tty, ACK.len()), ACK);
    let mut damaged = CODE.to_vec();
    damaged[6] ^= 1;
    tty.write_all(&damaged).unwrap();
    assert_eq!(told(&mut tty, NAK.len()), NAK);
    tty.write_all(AGAIN).unwrap();
    assert_eq!(told(&mut tty, ACK.len()), ACK);
    assert_eq!(lane.scan().await, "2812");
    let counts = lane.scanner.counts();
    assert_eq!((counts.scans, counts.sounds), (2, 1));
}

#[tokio::test]
async fn a_scanner_that_waits_for_an_answer_gets_one() {
    let (mut tty, _ours, path) = pair();
    let mut lane = Lane::with(&path, |serial| {
        serial.terminator = Terminator::EtxCheck;
        serial.acknowledge = true;
        serial.code_id = true;
        serial.feedback = Feedback::Bytes {
            accepted: b"good".to_vec(),
            refused: b"bad".to_vec(),
        };
    });
    lane.ready().await;
    // Identifier A, 1^2 and ETX make a check byte of A^3^3.
    tty.write_all(b"\x02A12\x03A").unwrap();
    let scan = lane.whole().await;
    assert_eq!(scan.code.as_bytes(), b"12");
    assert_eq!(told(&mut tty, 1), b"\x06");
    scan.reply.refuse();
    assert_eq!(told(&mut tty, 3), b"bad");
    tty.write_all(b"\x02A12\x03B").unwrap();
    lane.void(VoidReason::CheckByte).await;
    // NAK, and the sound for a void, which nobody else asks for.
    assert_eq!(told(&mut tty, 4), b"\x15bad");
    // A check byte of zero is no damage.
    tty.write_all(b"\x02AAs\x03\x70\x02Ap\x03\x32\x02AB\x03\x00")
        .unwrap();
    assert_eq!(lane.scan().await, "As");
    assert_eq!(lane.scan().await, "p");
    assert_eq!(lane.scan().await, "B");
}

#[tokio::test]
async fn a_code_without_the_identifier_that_it_must_have_is_void() {
    let (mut tty, _ours, path) = pair();
    let mut settings = settings(&path, Terminator::Cr, LONG);
    settings.aim_id = true;
    let mut lane = Lane::of(settings);
    lane.ready().await;
    tty.write_all(b"]Q12812\r2812\r]C02813\r").unwrap();
    assert_eq!(lane.scan().await, "]Q12812");
    lane.void(VoidReason::Terminator).await;
    assert_eq!(lane.scan().await, "]C02813");
}

#[tokio::test]
async fn a_sound_that_finds_its_scanner_gone_holds_nobody_up() {
    let (mut tty, ours, path) = pair();
    let mut lane = Lane::start(&path, Terminator::Cr, LONG);
    lane.ready().await;
    drop(ours);
    tty.write_all(b"1111\r").unwrap();
    let scan = lane.whole().await;
    drop(lane);
    for _ in 0..10 {
        scan.reply.accept();
    }
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
