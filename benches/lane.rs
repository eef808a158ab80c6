//! The budgets that a customer at the till feels, measured on the real binary.
//!
//! ```text
//!  pty ──▶ qrpayd run (child process) ──▶ wire (notes the time) ──▶ simulated gateway
//!   ▲            │ events                                             in this process
//!   └── bench ◀──┘
//! ```
//!
//! `cargo bench` measures and prints; over a budget is a finding, not a failure.
//! `cargo bench -- 1000` makes a thousand payments. What depends on the machine's disk
//! and processor is judged by ratio: a commit and a signature are measured between the
//! payments, after a pause like theirs. `docs/performance.md` tells how to read it.

mod figures;
mod floor;
mod till;
mod wire;

use figures::{Figures, judge};
use floor::{Disk, Signer};
use qrpayd::domain::code::{Classified, Classifier, Settings, TextCodes, WalletTable};
use qrpayd::simulator::payby::{self, PayBySettings};
use qrpayd::simulator::{KeyPairs, generate_keys};
use serialport::{SerialPort, TTYPort};
use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};
use till::{Outside, Till};
use wire::Wire;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Payments that are counted, unless another number is asked for.
const ROUNDS: usize = 400;
/// Payments before that: until SQLite's log has grown to its full size and is written
/// over, which takes about 200 tenders and is how a store's box spends its days.
const WARM_UP: usize = 250;
/// Commits by which the bench's own log has grown as far.
const GROWN: usize = 1500;
/// Starts with a fresh journal.
const STARTS: usize = 9;
/// Before anything is timed the machine is left alone for so long, as in a store.
const PAUSE: Duration = Duration::from_millis(15);
/// Between the bytes of a scan at 9600 baud.
const BYTE: Duration = Duration::from_millis(1);
/// Nothing takes as long as this.
const PATIENCE: Duration = Duration::from_secs(10);
/// Threads that have nothing to do are gone by then.
const SETTLED: Duration = Duration::from_secs(12);
/// How long an idle service is watched.
const WATCHED: Duration = Duration::from_secs(10);

const MEGABYTE: f64 = 1e6;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` builds this and runs it without a word.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let asked = arguments.iter().find_map(|argument| argument.parse().ok());
    let rounds: usize = asked.unwrap_or(ROUNDS);

    let runtime = tokio::runtime::Runtime::new()?;
    let keys = generate_keys()?;
    let gateway = runtime.block_on(payby::start(PayBySettings::new(&keys)))?;
    let gateway_at = gateway.base_url();
    let gateway_at = gateway_at.trim_start_matches("http://");
    let wire = Wire::to(gateway_at.split('/').next().unwrap_or_default().parse()?)?;

    machine()?;
    classifying()?;
    binary()?;
    let mut stage = Stage::new(&keys, wire.address)?;
    let folder = starting(&stage)?;
    let till = stage.open(folder.path())?;
    idle(&till, "fresh")?;
    let seen = payments(&till, &mut stage, &wire, rounds, folder.path(), &keys)?;
    idle(&till, &format!("after {} payments", WARM_UP + rounds))?;
    drop(till);
    let again = stage.open(folder.path())?;
    println!(
        "killed and started again, ready after {:>23.3} ms",
        millis(again.ready_after)
    );
    if !gateway.violations().is_empty() {
        return Err(format!("the gateway complains: {:?}", gateway.violations()).into());
    }
    seen.print();
    Ok(())
}

/// What the service is plugged into.
struct Stage<'a> {
    scanner: TTYPort,
    /// Kept so that the line is never hung up.
    line: TTYPort,
    gateway: SocketAddr,
    keys: &'a KeyPairs,
}

impl<'a> Stage<'a> {
    fn new(keys: &'a KeyPairs, gateway: SocketAddr) -> Result<Self> {
        let (scanner, line) = TTYPort::pair()?;
        Ok(Self {
            scanner,
            line,
            gateway,
            keys,
        })
    }

    fn open(&self, folder: &Path) -> Result<Till> {
        let scanner = self.line.name().ok_or("the pty has no name")?;
        Till::start(&Outside {
            folder,
            scanner: &scanner,
            gateway: self.gateway,
            private_key: &self.keys.merchant_private_pem,
            gateway_key: &self.keys.gateway_public_pem,
        })
    }

    /// Scans a code. Returns when its last byte was about to be sent.
    fn scan(&mut self, code: &str) -> Result<Instant> {
        self.scanner.write_all(code.as_bytes())?;
        sleep(BYTE);
        let sent = Instant::now();
        self.scanner.write_all(b"\r")?;
        Ok(sent)
    }
}

fn machine() -> Result<()> {
    let about = std::fs::read_to_string("/proc/cpuinfo")?;
    let model = about.lines().find_map(|l| l.strip_prefix("model name"));
    let cores = std::thread::available_parallelism()?;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let model = model
        .unwrap_or_default()
        .trim_start_matches(['\t', ':', ' ']);
    println!("{model}, {cores} cores, Linux {}\n", kernel.trim());
    Ok(())
}

/// How long each sort of code takes to be told.
fn classifying() -> Result<()> {
    const CALLS: u32 = 2000;
    let settings = Settings {
        text: Some(TextCodes::payby()),
        ..Settings::default()
    };
    let classifier = Classifier::new(&WalletTable::built_in(), settings)?;
    let scans = include_str!("../tests/codes/scans.txt").lines();
    let (mut digits, mut emv) = (Vec::new(), Vec::new());
    for scan in scans.filter_map(|line| line.strip_prefix("< ")) {
        let sort = match classifier.classify(scan.as_bytes()) {
            Classified::Digits { .. } => &mut digits,
            Classified::EmvCpm { .. } => &mut emv,
            _ => continue,
        };
        let begun = Instant::now();
        for _ in 0..CALLS {
            black_box(classifier.classify(black_box(scan.as_bytes())));
        }
        sort.push(begun.elapsed() / CALLS);
    }
    for (what, took, budget) in [("digits", digits, 2.0), ("EMV payloads", emv, 10.0)] {
        let count = took.len();
        let worst = Figures::of(took).rank(100).as_secs_f64() * 1e6;
        judge(
            &format!("classify, slowest of {count} {what}"),
            worst,
            budget,
            "µs",
        );
    }
    Ok(())
}

fn binary() -> Result<()> {
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_qrpayd"))?.len();
    judge("release binary", size as f64 / MEGABYTE, 16.0, "MB");
    Ok(())
}

/// Starts with fresh journals; the last one's folder is handed on.
fn starting(stage: &Stage<'_>) -> Result<tempfile::TempDir> {
    let mut took = Vec::new();
    let mut folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    for _ in 0..STARTS {
        folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        took.push(stage.open(folder.path())?.ready_after);
    }
    let took = Figures::of(took);
    judge(
        "start to ready, fresh journal, p50",
        millis(took.p50()),
        300.0,
        "ms",
    );
    Ok(folder)
}

fn idle(till: &Till, when: &str) -> Result<()> {
    sleep(SETTLED);
    let before = till.sleeps()?;
    sleep(WATCHED);
    let wakes = till.sleeps()?.saturating_sub(before) as f64 / WATCHED.as_secs_f64();
    let resident = till.resident()? as f64 / MEGABYTE;
    judge(&format!("idle, {when}: resident"), resident, 12.0, "MB");
    judge(&format!("idle, {when}: wake-ups"), wakes, 1.0, "/s");
    println!("idle, {when}: {} threads", till.threads()?);
    Ok(())
}

/// What was measured in one run, in the order of the rounds.
#[derive(Default)]
struct Seen {
    commits: Vec<Duration>,
    signatures: Vec<Duration>,
    calls: Vec<Duration>,
    verdicts: Vec<Duration>,
}

fn payments(
    till: &Till,
    stage: &mut Stage<'_>,
    wire: &Wire,
    rounds: usize,
    folder: &Path,
    keys: &KeyPairs,
) -> Result<Seen> {
    let mut disk = Disk::create(&folder.join("floor.db"))?;
    let mut signer = Signer::of(&keys.merchant_private_pem)?;
    let mut cashier = till.cashier()?;
    let verdicts = till.verdicts()?;
    while !cashier.scanner_is_ready()? {
        sleep(PAUSE);
    }
    for _ in 0..GROWN {
        disk.commit()?;
    }
    let mut seen = Seen::default();
    for round in 0..WARM_UP + rounds {
        let pause = || {
            sleep(if round < WARM_UP {
                Duration::ZERO
            } else {
                PAUSE
            })
        };
        cashier.collect(round)?;
        pause();
        let commit = disk.commit()?;
        pause();
        let signature = signer.sign()?;
        pause();
        let scanned = stage.scan(&format!("20001234T5{round:08}A"))?;
        let called = wire.called.recv_timeout(PATIENCE)?;
        let paid = wire.paid.recv_timeout(PATIENCE)?;
        let told = verdicts.recv_timeout(PATIENCE)?;
        if round >= WARM_UP {
            seen.commits.push(commit);
            seen.signatures.push(signature);
            seen.calls.push(called - scanned);
            seen.verdicts.push(told - paid);
        }
    }
    Ok(seen)
}

impl Seen {
    fn print(self) {
        let count = self.calls.len();
        let commit = Figures::of(self.commits);
        let signature = Figures::of(self.signatures);
        let call = Figures::of(self.calls);
        let verdict = Figures::of(self.verdicts);
        println!("\n{count} payments, milliseconds      p10      p50      p90      p99      max");
        for (what, figures) in [
            ("one commit", &commit),
            ("one signature", &signature),
            ("last byte to pay call", &call),
            ("paid answer to event", &verdict),
        ] {
            println!("{what:<26}{figures}");
        }
        println!();
        for (name, of) in [
            ("p50", Figures::p50 as fn(&Figures) -> Duration),
            ("p99", Figures::p99),
        ] {
            let slower = millis(of(&commit).max(of(&signature)));
            judge(
                &format!("last byte of a scan to pay call, {name}"),
                millis(of(&call)),
                1.25 * slower + 0.3,
                "ms",
            );
            judge(
                &format!("paid answer to verdict event, {name}"),
                millis(of(&verdict)),
                millis(of(&commit)) + 1.0,
                "ms",
            );
        }
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
