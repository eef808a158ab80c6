//! `qrpayd pay`: takes one payment and waits for its verdict.
//!
//! The key is said before anything is sent. From then on the outcome can always
//! be found again: the same command with `--key` asks for the same payment and
//! never makes a second one.

use super::client::{Api, CallError, Connection, Problem, Tender, segment};
use super::exit::{NOT_PAID, OK, UNAVAILABLE, UNRESOLVED, USAGE};
use crate::service::blocks;
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// One long wait of the API. Short, so that progress is shown as it is made.
const LOOK: Duration = Duration::from_secs(1);

/// How long a service that went away is waited for: a restart takes less.
const ABSENCE_MAX: Duration = Duration::from_secs(60);

/// A typed line is never longer.
const CODE_MAX: usize = 1024;

/// Takes a payment and waits for the verdict.
/// Exits 0 paid, 10 not paid, 11 unresolved, 2 wrong usage or denied, 69 service not reachable.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Pay {
    #[command(flatten)]
    connection: Connection,
    /// Checkout lane
    #[arg(long)]
    lane: String,
    /// How much, such as 37.50
    #[arg(long)]
    amount: String,
    /// Three letters (else the lane's)
    #[arg(long)]
    currency: Option<String>,
    /// Sale or ticket number
    #[arg(long, value_name = "REF")]
    sale: String,
    /// Idempotency key: the same key never pays twice (else a new one, which is shown)
    #[arg(long)]
    key: Option<String>,
    /// Insist on this gateway
    #[arg(long)]
    gateway: Option<String>,
    /// One part of a split payment
    #[arg(long)]
    part: bool,
    /// Kept with the payment
    #[arg(long)]
    note: Option<String>,
    /// Read one line with the customer's code from standard input, instead of waiting for the scanner
    #[arg(long)]
    code_stdin: bool,
    /// Show a code for the customer to scan, instead of scanning the customer's
    #[arg(long, conflicts_with = "code_stdin")]
    display: bool,
    /// Follow for at most this long (else until the verdict)
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// Print one JSON object at the end and nothing else
    #[arg(long)]
    json: bool,
}

/// Runs the command; the first Ctrl-C cancels the tender, the second leaves.
pub(super) async fn run(args: Pay, out: &mut impl Write) -> u8 {
    // Before anything is started, and before Ctrl-C means more than leaving.
    let code = match args.code_stdin.then(|| read_code(io::stdin().lock())) {
        None => None,
        Some(Ok(code)) => Some(code),
        Some(Err(error)) => {
            eprintln!("no code on standard input: {error}; nothing was started");
            return USAGE;
        }
    };
    let (pressed, mut interrupts) = mpsc::channel(2);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() && pressed.send(()).await.is_ok() {}
    });
    let mut story = Story::new(out, args.json);
    story.pay(&args, code, &mut interrupts).await
}

/// One line. A line that is longer than any code is not cut but refused.
fn read_code(input: impl BufRead) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(CODE_MAX + 2));
    let limit = u64::try_from(CODE_MAX)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    input.take(limit).read_line(&mut line)?;
    let code = line.trim_matches(['\r', '\n']);
    let wrong = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text);
    match code.len() {
        0 => Err(wrong("the line is empty")),
        length if length > CODE_MAX => Err(wrong("the line is too long")),
        _ => Ok(Zeroizing::new(code.to_owned())),
    }
}

/// Tells a person what happens, or a program what came of it. When the output is
/// closed nobody is left to tell, but the payment goes on and the exit code says it.
pub(super) struct Story<'a, W> {
    out: &'a mut W,
    json: bool,
    /// The payment's key, when this command has it.
    key: Option<String>,
}

impl<'a, W: Write> Story<'a, W> {
    pub(super) fn new(out: &'a mut W, json: bool) -> Self {
        Self {
            out,
            json,
            key: None,
        }
    }

    async fn pay(
        &mut self,
        args: &Pay,
        code: Option<Zeroizing<String>>,
        interrupts: &mut mpsc::Receiver<()>,
    ) -> u8 {
        let (api, tender) = match self.start(args).await {
            Ok(started) => started,
            Err(error) => return self.fail(&error),
        };
        self.show(&tender, None);
        if let Some(code) = code
            && tender.verdict.is_none()
        {
            self.hand_over(&api, &tender.id, &code).await;
        }
        self.follow(&api, tender, args.wait, interrupts).await
    }

    /// Sends the typed code, once: when the answer is lost the code may have
    /// arrived, and the tender will tell.
    async fn hand_over(&mut self, api: &Api, id: &str, code: &str) {
        let path = format!("/v1/tenders/{}/code", segment(id));
        let body = json!({ "code": code });
        let Err(error) = api.post::<Tender>(&path, None, Some(&body)).await else {
            return;
        };
        self.say(&format!("the code was not taken: {error}"));
        // There is no other code to come. Whatever else was wrong may concern a
        // payment that runs, which is followed.
        let hopeless = ["not_a_code", "no_gateway_for_code", "code_used"];
        if let CallError::Problem(problem) = &error
            && hopeless.contains(&problem.code.as_str())
        {
            self.cancel(api, id).await;
        }
    }

    async fn start(&mut self, args: &Pay) -> Result<(Api, Tender), CallError> {
        let api = Api::new(&args.connection)?;
        let key = match &args.key {
            Some(key) => key.clone(),
            None => new_key()?,
        };
        self.key = Some(key.clone());
        let currency = match &args.currency {
            Some(currency) => currency.clone(),
            None => lane_currency(&api, &args.lane).await?,
        };
        if args.key.is_none() {
            match self.json {
                false => self.say(&format!("key {key}")),
                true => eprintln!("key {key}"),
            }
        }
        let mut body = json!({
            "sale": args.sale, "amount": args.amount, "currency": currency,
            "mode": if args.display { "display" } else { "scan" }, "part": args.part,
        });
        if let Some(gateway) = &args.gateway {
            body["gateway"] = json!(gateway);
        }
        if let Some(note) = &args.note {
            body["note"] = json!(note);
        }
        let path = format!("/v1/lanes/{}/tenders", segment(&args.lane));
        let began = Instant::now();
        loop {
            match api.post(&path, Some(key.as_str()), Some(&body)).await {
                Ok(tender) => return Ok((api, tender)),
                // Safe: the key makes one tender of however many calls arrive.
                Err(error) if error.may_pass() && began.elapsed() < 3 * LOOK => {
                    tokio::time::sleep(LOOK).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Looks until there is a verdict, or the time or the patience is over.
    pub(super) async fn follow(
        &mut self,
        api: &Api,
        mut tender: Tender,
        wait: Option<u64>,
        interrupts: &mut mpsc::Receiver<()>,
    ) -> u8 {
        let deadline =
            wait.map(|seconds| Instant::now() + Duration::from_secs(seconds.min(86_400)));
        let path = format!("/v1/tenders/{}", segment(&tender.id));
        let mut cancelled = false;
        let mut seen = Instant::now();
        loop {
            if tender.verdict.is_some() {
                let exit = self.end(&tender);
                if exit != UNRESOLVED {
                    let path = format!("{path}/acknowledge");
                    // Told is told; without it the verdict only stays marked.
                    let _ = api.post::<Tender>(&path, None, None).await;
                }
                return exit;
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.say("no verdict yet; the payment goes on");
                return self.end(&tender);
            }
            let wait = LOOK.as_secs().to_string();
            let query = [("wait", wait.as_str())];
            let look = api.get::<Tender>(&path, &query, LOOK);
            let looked = tokio::select! {
                looked = look => looked,
                Some(()) = interrupts.recv() => {
                    if cancelled {
                        self.say("left without the verdict; the payment goes on");
                        return self.end(&tender);
                    }
                    cancelled = true;
                    self.say("cancelling; waiting for the verdict");
                    self.cancel(api, &tender.id).await;
                    continue;
                }
            };
            match looked {
                Ok(now) => {
                    seen = Instant::now();
                    self.show(&now, Some(&tender));
                    tender = now;
                }
                Err(error) if error.may_pass() && seen.elapsed() < ABSENCE_MAX => {
                    tokio::time::sleep(LOOK).await;
                }
                Err(error) => return self.fail(&error),
            }
        }
    }

    async fn cancel(&mut self, api: &Api, id: &str) {
        let path = format!("/v1/tenders/{}/cancel", segment(id));
        if let Err(error) = api.post::<Tender>(&path, None, None).await {
            self.say(&format!("the cancel was not taken: {error}"));
        }
    }

    fn say(&mut self, line: &str) {
        if !self.json {
            let _ = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        }
    }

    /// Says what is new in the tender since it was last looked at.
    fn show(&mut self, now: &Tender, before: Option<&Tender>) {
        if before.is_none() {
            let Tender {
                id,
                amount,
                currency,
                lane,
                sale,
                ..
            } = now;
            self.say(&format!(
                "tender {id}: {amount} {currency}, lane {lane}, sale {sale}"
            ));
        }
        let shown = |tender: &Tender| tender.display.as_ref().and_then(|d| d.text.clone());
        let code = shown(now).filter(|code| before.and_then(shown).as_ref() != Some(code));
        if let Some(drawn) = code.and_then(|code| blocks(&code)) {
            self.say(&format!("{drawn}\nthe customer scans this code"));
        }
        let is_new = before.is_none_or(|before| {
            (&before.state, before.attempts.len(), &before.reason)
                != (&now.state, now.attempts.len(), &now.reason)
        });
        if !is_new || now.verdict.is_some() {
            return;
        }
        let reason = now
            .reason
            .as_ref()
            .map(|reason| format!(" ({})", reason.text));
        let line = match now.state.as_str() {
            "armed" => "scan the customer's code",
            "paying" => "sending the payment",
            "waiting" => "the customer is confirming",
            "checking" => "checking the payment",
            other => other,
        };
        self.say(&format!("{line}{}", reason.unwrap_or_default()));
    }

    fn end(&mut self, tender: &Tender) -> u8 {
        let (line, exit) = match tender.verdict.as_deref() {
            Some("paid") => ("PAID", OK),
            Some("not_paid") => ("NOT PAID", NOT_PAID),
            _ => ("NOT KNOWN YET: do not charge again", UNRESOLVED),
        };
        if self.json {
            self.write_json(&json!({
                "key": self.key, "tender": tender.id, "state": tender.state,
                "verdict": tender.verdict, "money": tender.money,
                "reason": tender.reason.as_ref().map(|r| json!({ "code": r.code, "text": r.text })),
            }));
            return exit;
        }
        let reason = match &tender.reason {
            Some(reason) => format!(": {}", reason.text),
            None => String::new(),
        };
        self.say(&format!("{line}{reason}"));
        if tender.money == "returning" {
            self.say("if the customer was charged, the money is being returned");
        }
        exit
    }

    pub(super) fn fail(&mut self, error: &CallError) -> u8 {
        let exit = error.exit();
        if self.json {
            let mut object = json!({ "key": self.key, "error": error.to_string() });
            if let CallError::Problem(Problem { code, tender, .. }) = error {
                object["code"] = json!(code);
                object["tender"] = json!(tender);
            }
            self.write_json(&object);
            return exit;
        }
        self.say(&error.to_string());
        if exit == UNAVAILABLE
            && let Some(key) = self.key.clone()
        {
            self.say(&format!(
                "what came of it is not known; the same command with --key '{key}' tells, and pays once only"
            ));
        }
        exit
    }

    fn write_json(&mut self, object: &Value) {
        let _ = writeln!(self.out, "{object}").and_then(|()| self.out.flush());
    }
}

pub(super) async fn lane_currency(api: &Api, lane: &str) -> Result<String, CallError> {
    let path = format!("/v1/lanes/{}", segment(lane));
    let lane: Value = api.get(&path, &[], Duration::ZERO).await?;
    match lane["currency"].as_str() {
        Some(currency) => Ok(currency.to_owned()),
        None => Err(CallError::Lost("the lane names no currency".to_owned())),
    }
}

pub(super) fn new_key() -> Result<String, CallError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| CallError::Usage("the system gives no random numbers".to_owned()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests;
