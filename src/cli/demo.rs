//! `qrpayd demo`: the service with a simulated gateway and a recorded scanner.
//!
//! Everything is the real thing but the gateway's far end and the hand that
//! holds the scanner: the wire is HTTP with signed bodies both ways, the journal
//! is a file, the tender comes in through the API, and the scanner's key events
//! go through the reader that a keyboard scanner's events go through.

use super::assemble;
use super::exit::{CONFIG, FAILED, IO_ERROR, OK, UNAVAILABLE, fail};
use super::serve::{Signals, bind, serve};
use crate::api::ApiSettings;
use crate::config;
use crate::domain::{Amount, Currency, Language};
use crate::scanner::{Kind, Scanner, replay};
use crate::service::view::EventView;
use crate::service::{self, Parts, Service};
use crate::simulator::payby::{PayBySettings, PayBySimulator, Plan};
use crate::simulator::{self, KeyPairs};
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A keyboard scanner reads the QR code of a customer's PayBy app.
const RECORDING: &str = include_str!("../../tests/scans/payby-qr.evemu");

const AMOUNT: &str = "37.50";
const LANE: &str = "1";
const SCANNER: &str = "recorded";

/// Longer than the wait and the last word together.
const PATIENCE: Duration = Duration::from_secs(110);

/// Arguments of `qrpayd demo`.
#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {
    /// Take one payment, print its story, exit 0 when it is paid
    #[arg(long)]
    once: bool,
    /// Where the API and the page listen [default: 127.0.0.1:8787; any free port with --once]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Print the service's log as well (a filter such as "info" or "debug")
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

/// What happened, line by line, with the time since the start.
#[derive(Clone)]
struct Story {
    start: Instant,
    out: Arc<Mutex<std::io::Stdout>>,
}

impl Story {
    fn tell(&self, who: &str, what: &str) {
        let after = self.start.elapsed().as_secs_f64();
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A closed pipe ends the story, not the payment.
        let _ = writeln!(out, "{after:>7.3} s  {who:<8} {what}");
        let _ = out.flush();
    }
}

/// Runs the demo.
pub(super) async fn demo(args: DemoArgs) -> u8 {
    if let Some(filter) = &args.log {
        let _ = super::run::log_to_stderr(filter);
    }
    let story = Story {
        start: Instant::now(),
        out: Arc::new(Mutex::new(std::io::stdout())),
    };
    let folder = match Folder::new() {
        Ok(folder) => folder,
        Err(error) => return fail(IO_ERROR, &format!("cannot make a folder: {error}")),
    };
    let started = start(&args, &story, &folder.0).await;
    let (mut signals, running, listener, settings, simulator) = match started {
        Ok(started) => started,
        Err((code, text)) => return fail(code, &text),
    };
    let service = running.service.clone();
    let api = format!("http://{}", settings.listen);
    let (tell, told) = watch::channel(0);
    tokio::spawn(follow(service.clone(), story.clone(), tell));
    let end: std::pin::Pin<Box<dyn Future<Output = u8> + Send>> = if args.once {
        let scanner = running.scanners.values().next().cloned();
        Box::pin(once(api, service, story, scanner, told))
    } else {
        invite(&api, &simulator);
        Box::pin(std::future::pending())
    };
    serve(running, listener, None, &settings, &mut signals, end).await
}

type Started = (
    Signals,
    service::Running,
    tokio::net::TcpListener,
    ApiSettings,
    PayBySimulator,
);

async fn start(args: &DemoArgs, story: &Story, folder: &Path) -> Result<Started, (u8, String)> {
    let signals = Signals::new().map_err(|error| (IO_ERROR, error.to_string()))?;
    let any = if args.once { 0 } else { 8787 };
    let listen = args
        .listen
        .unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, any)));
    if !listen.ip().is_loopback() {
        let text = "the demo listens on loopback only: --listen 127.0.0.1:PORT";
        return Err((CONFIG, text.to_owned()));
    }
    let listener = bind(listen, "--listen")
        .await
        .map_err(|text| (UNAVAILABLE, text))?;
    let listen = listener
        .local_addr()
        .map_err(|error| (UNAVAILABLE, error.to_string()))?;

    let keys = simulator::generate_keys().map_err(|text| (IO_ERROR, text))?;
    let simulator = simulate(&keys, story)
        .await
        .map_err(|error| (UNAVAILABLE, format!("cannot start the simulator: {error}")))?;
    if args.once {
        simulator
            .push_plan(Plan::paid_after_polls(1))
            .map_err(|error| (IO_ERROR, error.to_string()))?;
    }
    story.tell(
        "gateway",
        &format!("PayBy, simulated, at {}", simulator.base_url()),
    );

    let parts = parts(&keys, &simulator, folder).map_err(|text| (CONFIG, text))?;
    let journal = parts.journal.clone();
    let running = service::start(parts)
        .await
        .map_err(|error| (IO_ERROR, error.to_string()))?;
    story.tell(
        "service",
        &format!("API at http://{listen}, journal in {}", journal.display()),
    );
    let settings = ApiSettings {
        listen,
        tokens: Vec::new(),
        hosts: Vec::new(),
        language: Language::English,
    };
    Ok((signals, running, listener, settings, simulator))
}

async fn simulate(keys: &KeyPairs, story: &Story) -> std::io::Result<PayBySimulator> {
    let told = story.clone();
    let mut settings = PayBySettings::new(keys);
    settings.magic_amounts = true;
    settings.story = Some(Arc::new(move |line: &str| told.tell("gateway", line)));
    simulator::payby::start(settings).await
}

/// The parts that the demo's configuration asks for, with a recording for a scanner.
fn parts(keys: &KeyPairs, simulator: &PayBySimulator, folder: &Path) -> Result<Parts, String> {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok::<_, String>(path.display().to_string())
    };
    let private = write("payby.key", &keys.merchant_private_pem)?;
    let public = write("payby.pub", &keys.gateway_public_pem)?;
    let recording = write("payby-qr.evemu", RECORDING)?;
    let config = config::parse(&format!(
        r#"
[store]
id = "DEMO"
name = "Demo store"
timezone = "Asia/Dubai"
currency = "AED"
language = "en"

[[lane]]
id = "{LANE}"
terminal_id = "{LANE}"
scanners = ["{SCANNER}"]
gateways = ["payby"]
ceiling = "5000.00"
refund_limit = "5000.00"

[[scanner]]
id = "{SCANNER}"
kind = "replay"
use = "dedicated"
recording = "{recording}"

[gateway.payby]
base_url = "{base_url}"
partner_id = "200000909090"
private_key = "{private}"
gateway_public_key = "{public}"

[journal]
path = "{journal}"
"#,
        base_url = simulator.base_url(),
        journal = folder.join("journal.db").display(),
    ))
    .map_err(|complaints| complaints.to_string())?;
    let mut parts = assemble::parts(&config)?;
    for (_, scanner) in &mut parts.scanners {
        if let Kind::Replay(replay) = &mut scanner.kind {
            replay.start = replay::Start::OnTrigger;
        }
    }
    Ok(parts)
}

/// What a person can do with a demo that stays up.
fn invite(api: &str, simulator: &PayBySimulator) {
    println!(
        "
The cashier's page:   {api}/
The API:              {api}/v1/lanes   (docs/api.md)
The gateway:          {}

Take a payment from another terminal, with any text of 8 or more letters and digits as the code:

    echo 20001234T500012345A | qrpayd pay --lane {LANE} --amount {AMOUNT} --sale T-1 --code-stdin

Each code works once. The last two digits of the amount choose what the customer does: .01 a stale
code, .02 types a password and pays, .03 never confirms, .11 types a wrong one (docs/simulator.md).
Ctrl-C ends the demo.
",
        simulator.base_url()
    );
}

/// One payment: created through the API, scanned by the recording, awaited.
async fn once(
    api: String,
    service: Service,
    story: Story,
    scanner: Option<Arc<Scanner>>,
    mut told: watch::Receiver<u64>,
) -> u8 {
    let (Ok(http), Some(scanner)) = (reqwest::Client::builder().no_proxy().build(), scanner) else {
        return fail(IO_ERROR, "cannot make the demo's cashier");
    };
    let tender = http
        .post(format!("{api}/v1/lanes/{LANE}/tenders"))
        .header("Idempotency-Key", "demo-1")
        .header("Content-Type", "application/json")
        .body(format!(
            r#"{{"sale":"T-1","amount":"{AMOUNT}","currency":"AED","mode":"scan"}}"#
        ));
    let tender = match answer(tender).await {
        Ok(tender) => tender,
        Err(text) => return fail(UNAVAILABLE, &text),
    };
    scanner.play();
    let id = tender["id"].as_str().unwrap_or_default().to_owned();
    let waited = http.get(format!("{api}/v1/tenders/{id}?wait=100"));
    let tender = match tokio::time::timeout(PATIENCE, answer(waited)).await {
        Ok(Ok(tender)) => tender,
        Ok(Err(text)) => return fail(UNAVAILABLE, &text),
        Err(_) => return fail(UNAVAILABLE, "no verdict came"),
    };
    let verdict = tender["verdict"].as_str().unwrap_or("none").to_owned();
    let text = tender["reason"]["text"].as_str().unwrap_or_default();
    // What happened is told before what came of it.
    let last = *service.sequence().borrow();
    let all = told.wait_for(|sequence| *sequence >= last);
    let _ = tokio::time::timeout(Duration::from_secs(5), all).await;
    story.tell("cashier", &format!("sees: {text}"));
    print_journal(&service).await;
    if verdict == "paid" {
        println!("\nPaid: {AMOUNT} AED.");
        OK
    } else {
        fail(FAILED, &format!("the demo's payment ended as {verdict}"))
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<serde_json::Value, String> {
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(|error| error.to_string())?;
    let value: serde_json::Value =
        serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    if status.is_success() {
        Ok(value)
    } else {
        Err(format!("the API answered {status}: {value}"))
    }
}

/// Tells each durable event as it comes.
async fn follow(service: Service, story: Story, tell: watch::Sender<u64>) {
    let mut sequence = service.sequence();
    let mut after = 0;
    loop {
        while let Ok(events) = service.events_after(after, 100).await {
            let Some(last) = events.last() else {
                break;
            };
            after = last.sequence;
            for event in &events {
                if let Some((who, what)) = told(event) {
                    story.tell(who, &what);
                }
            }
            tell.send_replace(after);
        }
        if sequence.changed().await.is_err() {
            return;
        }
    }
}

fn told(event: &EventView) -> Option<(&'static str, String)> {
    let data = &event.data;
    let text = |key: &str| data[key].as_str().unwrap_or_default().to_owned();
    let amount = || {
        let minor = data["amount"]["minor"].as_u64().unwrap_or_default();
        Amount {
            minor,
            currency: Currency::AED,
        }
    };
    Some(match event.kind.as_str() {
        "tender_created" => {
            let (amount, sale, lane) = (amount(), text("sale"), text("lane"));
            (
                "armed",
                format!("{amount} for sale {sale} on lane {lane}: show your code"),
            )
        }
        "attempt_intended" => {
            let (code, order, gateway) = (text("code"), text("order"), text("gateway"));
            (
                "scanned",
                format!("{code}; submitting to {gateway} as {order}"),
            )
        }
        "attempt_waiting" => {
            let order = data["report"]["gateway_order"].as_str().unwrap_or_default();
            (
                "waiting",
                format!("for the customer's password (gateway's order {order})"),
            )
        }
        "attempt_unknown" => ("checking", format!("no proof yet: {}", text("reason"))),
        "attempt_paid" => {
            let by = text("operation");
            ("paid", format!("proved by the signed answer to the {by}"))
        }
        "attempt_refused" => ("refused", format!("code {}", data["refusal"]["code"])),
        "closing_began" => (
            "closing",
            format!("asking for the last word: {}", text("reason")),
        ),
        "obligation_opened" => ("duty", format!("opened: {}", text("duty"))),
        "obligation_closed" => ("duty", format!("done: {}", text("by"))),
        "verdict_given" => (
            "verdict",
            format!("{} ({})", text("verdict"), text("reason")),
        ),
        _ => return None,
    })
}

/// The journal as it stands, fact by fact.
async fn print_journal(service: &Service) {
    let Ok(events) = service.events_after(0, 100).await else {
        return;
    };
    println!("\nThe journal's facts:");
    for event in events {
        let mut data = event.data;
        if let Some(fields) = data.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        println!(
            "{:>4}  {}  {:<16} {data}",
            event.sequence, event.time, event.kind
        );
    }
}

/// A folder that is gone when the demo ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let name = format!("qrpayd-demo-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Whatever is left in the temporary folder is the system's to clean.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
