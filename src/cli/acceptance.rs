//! `qrpayd acceptance`: PayBy's go-live cases as a report.
//!
//! PayBy lets a terminal go live when nine cases pass (*Test case*,
//! `test-case.mdx` of its documentation). Each is driven here through the real
//! parts (core, driver, client, journal) and judged by what was called, when, and
//! what was said at the end.
//!
//! ```text
//!   --simulate   a simulated PayBy plays the customer and fails as the case wants
//!   --config     the host of the configuration; a person does what is asked
//! ```

mod cases;
mod judge;

use super::assemble;
use super::exit::{CONFIG, FAILED, IO_ERROR, OK, UNAVAILABLE, USAGE, fail};
use crate::config;
use crate::domain::TenderId;
use crate::domain::{
    Amount, Currency, GatewayId, IdempotencyKey, LaneId, Mode, NewTender, SaleRef,
};
use crate::service::{self, Parts, Service, Traced};
use crate::simulator::payby::{PayBySettings, PayBySimulator};
use crate::simulator::{self, KeyPairs};
use cases::{CASES, Case};
use judge::{Played, judge};
use serde_json::json;
use std::io::{BufRead, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longer than any case: the wait, the last word, and the tries of a duty.
const PATIENCE: Duration = Duration::from_secs(180);

/// How long a notification may take after the payment.
const TOLD: Duration = Duration::from_secs(20);

/// Plays PayBy's nine go-live cases and prints the report that a merchant hands in.
/// Exits 0 when all that were played passed, 1 when one failed.
#[derive(Debug, clap::Args)]
pub(super) struct AcceptanceArgs {
    /// The configuration, with PayBy's test host
    #[arg(long, value_name = "FILE", required_unless_present = "simulate")]
    config: Option<PathBuf>,
    /// The gateway whose cases are played
    #[arg(long, value_name = "GATEWAY", default_value = "payby", value_parser = ["payby"])]
    gateway: String,
    /// Play against a simulated PayBy, which needs no person and no configuration
    #[arg(long, conflicts_with = "config")]
    simulate: bool,
    /// Only these cases, such as 001,009
    #[arg(long, value_name = "CASES", value_delimiter = ',')]
    cases: Vec<String>,
    /// The lane whose scanner is used (else the first)
    #[arg(long, value_name = "LANE", conflicts_with = "simulate")]
    lane: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// What the cases are played with.
struct Stage {
    service: Service,
    lane: LaneId,
    simulator: Option<PayBySimulator>,
    traced: Arc<Mutex<Vec<Traced>>>,
}

/// Runs the command.
pub(super) async fn run(args: AcceptanceArgs, out: &mut impl Write) -> u8 {
    let chosen =
        |case: &&Case| args.cases.is_empty() || args.cases.iter().any(|n| n == case.number);
    let cases: Vec<&Case> = CASES.iter().filter(chosen).collect();
    if cases.is_empty() {
        return fail(USAGE, "no such case; they are 001 to 009");
    }
    let folder = match Folder::new() {
        Ok(folder) => folder,
        Err(error) => return fail(IO_ERROR, &format!("cannot make a folder: {error}")),
    };
    let (parts, notify, simulator) = match prepare(&args, &folder.0).await {
        Ok(prepared) => prepared,
        Err((code, text)) => return fail(code, &text),
    };
    match play_all(parts, notify, simulator, &args, &cases).await {
        Ok(results) => report(&results, args.json, out),
        Err((code, text)) => fail(code, &text),
    }
}

type Prepared = (Parts, Option<config::Notify>, Option<PayBySimulator>);

/// The parts of a service with a journal of its own: what is played here is no
/// business of the store's.
async fn prepare(args: &AcceptanceArgs, folder: &Path) -> Result<Prepared, (u8, String)> {
    let (config, simulator) = match &args.config {
        Some(path) => {
            let config = config::load(path).map_err(|all| (CONFIG, all.to_string()))?;
            (config, None)
        }
        None => {
            let (text, simulator) = simulated(folder).await?;
            let config = config::parse(&text).map_err(|all| (CONFIG, all.to_string()))?;
            (config, Some(simulator))
        }
    };
    let mut parts = assemble::parts(&config).map_err(|text| (CONFIG, text))?;
    parts.journal = folder.join("journal.db");
    Ok((parts, config.notify, simulator))
}

/// A configuration for a simulated PayBy, with the shortest waits that PayBy allows.
async fn simulated(folder: &Path) -> Result<(String, PayBySimulator), (u8, String)> {
    let keys: KeyPairs = simulator::generate_keys().map_err(|text| (IO_ERROR, text))?;
    let simulator = simulator::payby::start(PayBySettings::new(&keys)).await;
    let simulator = simulator.map_err(|error| (UNAVAILABLE, error.to_string()))?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| {
                (
                    IO_ERROR,
                    format!("cannot write {}: {error}", path.display()),
                )
            })?;
        Ok(path.display().to_string())
    };
    let private = write("payby.key", &keys.merchant_private_pem)?;
    let public = write("payby.pub", &keys.gateway_public_pem)?;
    let told = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let told = told.map_err(|error| (UNAVAILABLE, error.to_string()))?;
    let lanes: String = CASES
        .iter()
        .map(|case| {
            let number = case.number;
            format!("[[lane]]\nid = \"{number}\"\ngateways = [\"payby\"]\nceiling = \"5000.00\"\n")
        })
        .collect();
    let text = format!(
        r#"
[store]
id = "ACC"
name = "Acceptance"
timezone = "Asia/Dubai"
currency = "AED"
{lanes}
[gateway.payby]
base_url = "{base_url}"
partner_id = "200000909090"
private_key = "{private}"
gateway_public_key = "{public}"
notify_url = "http://{told}/notify/payby"
wait_s = 22
[notify]
listen = "{told}"
"#,
        base_url = simulator.base_url(),
    );
    Ok((text, simulator))
}

/// What became of a case; none when it was not played.
type Results = Vec<(&'static Case, Option<judge::Judged>)>;

async fn play_all(
    mut parts: Parts,
    notify: Option<config::Notify>,
    simulator: Option<PayBySimulator>,
    args: &AcceptanceArgs,
    cases: &[&'static Case],
) -> Result<Results, (u8, String)> {
    let traced: Arc<Mutex<Vec<Traced>>> = Arc::default();
    let seen = Arc::clone(&traced);
    parts.trace = Some(Arc::new(move |call| {
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(call);
    }));
    let lane = match &args.lane {
        Some(lane) => LaneId::new(lane.as_str()).map_err(|error| (USAGE, error.to_string()))?,
        None => first_lane(&parts)?,
    };
    let mut running = service::start(parts)
        .await
        .map_err(|error| (IO_ERROR, error.to_string()))?;
    let listening = match notify {
        None => None,
        Some(notify) => {
            let bound = super::serve::bind(notify.listen, "notify.listen").await;
            let listener = bound.map_err(|text| (UNAVAILABLE, text))?;
            let router = crate::api::notify_router(running.service.clone());
            Some(tokio::spawn(crate::api::serve(
                listener,
                router,
                std::future::pending(),
            )))
        }
    };
    let stage = Arc::new(Stage {
        service: running.service.clone(),
        lane,
        simulator,
        traced,
    });
    let mut results = Results::new();
    if stage.simulator.is_some() {
        let mut playing = Vec::new();
        for case in cases {
            // One after the other up to the payment, so that each has its own failure.
            let begun = stage.begin(case).await;
            let stage = Arc::clone(&stage);
            let case: &'static Case = case;
            playing.push((
                case,
                tokio::spawn(async move { stage.end(case, begun?).await }),
            ));
        }
        for (case, played) in playing {
            let played = played.await.unwrap_or_else(|error| Err(error.to_string()));
            results.push((case, Some(judge(case, played))));
        }
    } else {
        for case in cases {
            if !ask_person(case) {
                results.push((case, None));
                continue;
            }
            let played = match stage.begin(case).await {
                Ok(begun) => stage.end(case, begun).await,
                Err(text) => Err(text),
            };
            results.push((case, Some(judge(case, played))));
        }
    }
    running.service.stop().await;
    let _ = tokio::time::timeout(Duration::from_secs(5), running.ended()).await;
    if let Some(listening) = listening {
        listening.abort();
    }
    Ok(results)
}

fn first_lane(parts: &Parts) -> Result<LaneId, (u8, String)> {
    let payby = |gateways: &[GatewayId]| gateways.iter().any(|id| id.as_str() == "payby");
    let mut lanes = parts.setup.lanes.iter();
    let found = lanes.find(|(_, rules)| payby(&rules.gateways));
    let none = || (CONFIG, "no lane uses PayBy".to_owned());
    found.map(|(id, _)| id.clone()).ok_or_else(none)
}

/// Says what a person must do; false when the case is left out.
fn ask_person(case: &Case) -> bool {
    eprintln!("\nCase {}: {}\n  {}", case.number, case.title, case.person);
    eprintln!("  Enter begins, s leaves it out.");
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    matches!(read, Ok(1..)) && line.trim() != "s"
}

/// A case that is being played.
struct Begun {
    tender: TenderId,
    at: Instant,
}

impl Stage {
    /// Collects the case's amount and submits a code.
    async fn begin(&self, case: &Case) -> Result<Begun, String> {
        if let Some(simulator) = &self.simulator {
            (case.before)(simulator).map_err(|error| error.to_string())?;
        }
        let lane = match self.simulator {
            Some(_) => LaneId::new(case.number).map_err(|error| error.to_string())?,
            None => self.lane.clone(),
        };
        let mut random = [0u8; 8];
        let _ = aws_lc_rs::rand::fill(&mut random);
        let key = format!("{}-{:016x}", case.number, u64::from_le_bytes(random));
        let new = NewTender {
            lane,
            key: IdempotencyKey::new(key.as_str()).map_err(|error| error.to_string())?,
            sale: SaleRef::new(key.as_str()).map_err(|error| error.to_string())?,
            day: self.service.today(),
            amount: Amount {
                minor: case.fils,
                currency: Currency::AED,
            },
            mode: Mode::Scan,
            part: false,
            gateway: GatewayId::new("payby").ok(),
            note: None,
        };
        let created = self.service.create_tender(new).await;
        let (view, _) = created.map_err(|trouble| format!("{trouble:?}"))?;
        let tender = TenderId::new(view.id).map_err(|error| error.to_string())?;
        let at = Instant::now();
        match &self.simulator {
            Some(simulator) => {
                let code = format!(
                    "20001234T{:09}A",
                    u64::from_le_bytes(random) % 1_000_000_000
                );
                let code = self.service.code(&tender, code.as_bytes()).await;
                let view = code.map_err(|trouble| format!("{trouble:?}"))?;
                let order = view
                    .attempts
                    .last()
                    .map(|a| a.order.clone())
                    .unwrap_or_default();
                // The failure that waits for the next order is this one's.
                let submitted = || {
                    let traced = self.traced.lock().unwrap_or_else(PoisonError::into_inner);
                    traced.iter().any(|call| call.order.as_str() == order)
                };
                while !submitted() && at.elapsed() < PATIENCE {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
                (case.after)(simulator, &order).map_err(|error| error.to_string())?;
            }
            None => eprintln!("  Scan the customer's code on lane {} now.", self.lane),
        }
        Ok(Begun { tender, at })
    }

    /// Waits for the verdict and for what has to follow it.
    async fn end(&self, case: &Case, begun: Begun) -> Result<Played, String> {
        let Begun { tender, at } = begun;
        let waited = self.service.await_verdict(&tender, PATIENCE).await;
        let mut view = waited
            .map_err(|trouble| format!("{trouble:?}"))?
            .ok_or("the tender is gone")?;
        let told = || {
            let metrics = self.service.metrics();
            metrics.contains("qrpayd_notifications_total{reason=\"taken\"}")
        };
        let limit = at + PATIENCE;
        let since = Instant::now();
        loop {
            let over = match case.number {
                "009" => told() || since.elapsed() > TOLD,
                "006" => !alerts(&view).is_empty(),
                _ => true,
            };
            if over || Instant::now() > limit {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            if let Ok(Some(now)) = self.service.tender(&tender).await {
                view = now;
            }
        }
        let order = view
            .attempts
            .last()
            .map(|a| a.order.clone())
            .unwrap_or_default();
        let traced = self.traced.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = traced.iter().filter(|call| call.order.as_str() == order);
        Ok(Played {
            calls: calls.cloned().collect(),
            alerts: alerts(&view),
            order,
            verdict: view.verdict.unwrap_or("none"),
            notified: told(),
        })
    }
}

fn alerts(view: &crate::service::view::TenderView) -> Vec<String> {
    let attempts = view.attempts.iter();
    attempts
        .flat_map(|attempt| attempt.alerts.clone())
        .collect()
}

fn report(results: &Results, json: bool, out: &mut impl Write) -> u8 {
    let passed = |judged: &Option<judge::Judged>| judged.as_ref().map(|j| j.passed);
    let failed = results
        .iter()
        .any(|(_, judged)| passed(judged) == Some(false));
    let text = match json {
        true => {
            let cases: Vec<_> = results
                .iter()
                .map(|(case, judged)| {
                    json!({
                        "case": case.number, "title": case.title, "requirement": case.requirement,
                        "result": match passed(judged) {
                            Some(true) => "passed",
                            Some(false) => "failed",
                            None => "not played",
                        },
                        "order": judged.as_ref().map(|j| &j.order),
                        "seen": judged.as_ref().map(|j| &j.seen),
                    })
                })
                .collect();
            let all = json!({ "gateway": "payby", "passed": !failed, "cases": cases });
            format!("{all}\n")
        }
        false => results
            .iter()
            .map(|(case, judged)| told(case, judged.as_ref()))
            .collect(),
    };
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if failed { FAILED } else { OK }
}

fn told(case: &Case, judged: Option<&judge::Judged>) -> String {
    let (word, order) = match judged {
        None => ("NOT PLAYED", ""),
        Some(judged) if judged.passed => ("PASSED", judged.order.as_str()),
        Some(judged) => ("FAILED", judged.order.as_str()),
    };
    let mut text = format!("{} {:<10} {}  {order}\n", case.number, word, case.title);
    for line in judged.map(|j| j.seen.as_slice()).unwrap_or_default() {
        text += &format!("               {line}\n");
    }
    text
}

/// A folder that is gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let name = format!("qrpayd-acceptance-{}", std::process::id());
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
