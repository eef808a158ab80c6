//! `qrpayd refund`: gives money of a paid tender back, and waits for its end.
//!
//! The key is said before anything is sent: the same command with `--key` asks for
//! the same refund and never gives the money back twice.

use super::client::{Api, CallError, Connection, Tender, segment};
use super::exit::{FAILED_REFUND, OK, UNAVAILABLE, UNRESOLVED, fail};
use super::pay::new_key;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::io::Write;
use std::time::{Duration, Instant};

/// One long wait of the API.
const LOOK: Duration = Duration::from_secs(5);

/// Gives money back and waits for its end.
/// Exits 0 given back, 10 failed, 11 not known yet, 2 wrong usage or denied, 69 service not reachable.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Refund {
    #[command(flatten)]
    connection: Connection,
    /// The payment, as `qrpayd show` names it
    tender: String,
    /// How much, such as 12.00 (else all that is left)
    #[arg(long)]
    amount: Option<String>,
    /// Why, in a few words
    #[arg(long)]
    reason: String,
    /// Idempotency key: the same key never refunds twice (else a new one, which is shown)
    #[arg(long, requires = "amount")]
    key: Option<String>,
    /// Follow for at most this long
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
    /// Print one JSON object at the end and nothing else
    #[arg(long)]
    json: bool,
}

/// A refund, as far as people are shown it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Given {
    id: String,
    tender: String,
    amount: String,
    currency: String,
    state: String,
    text: String,
    number: String,
    gateway: String,
    gateway_refund: Option<String>,
    trace: Option<String>,
}

/// Runs the command.
pub(super) async fn run(args: Refund, out: &mut impl Write) -> u8 {
    let key = match args.key.clone().map_or_else(new_key, Ok) {
        Ok(key) => key,
        Err(error) => return fail(error.exit(), &error.to_string()),
    };
    match refund(&args, &key).await {
        Ok(given) => tell(&args, &key, &given, out),
        Err(error) => fail(error.exit(), &error.to_string()),
    }
}

async fn refund(args: &Refund, key: &str) -> Result<Given, CallError> {
    let api = Api::new(&args.connection)?;
    let amount = match &args.amount {
        Some(amount) => amount.clone(),
        None => {
            let path = format!("/v1/tenders/{}", segment(&args.tender));
            let paid: Tender = api.get(&path, &[], Duration::ZERO).await?;
            paid.refundable
        }
    };
    if args.key.is_none() {
        eprintln!("key {key}");
    }
    let given = give(args, &api, key, &amount).await;
    if let Err(error) = &given
        && error.exit() == UNAVAILABLE
    {
        // Without the amount a repeat would ask for what is left by then.
        eprintln!(
            "what came of it is not known; the same command with --amount {amount} --key '{key}' \
             tells, and refunds once only"
        );
    }
    given
}

async fn give(args: &Refund, api: &Api, key: &str, amount: &str) -> Result<Given, CallError> {
    let tender = segment(&args.tender);
    let body = json!({ "amount": amount, "reason": args.reason });
    let path = format!("/v1/tenders/{tender}/refunds");
    let mut given: Given = api.post(&path, Some(key), Some(&body)).await?;
    let path = format!("/v1/refunds/{}", segment(&given.id));
    let began = Instant::now();
    let wait = Duration::from_secs(args.wait.min(86_400));
    while !is_over(&given) && began.elapsed() < wait {
        let left = LOOK.min(wait.saturating_sub(began.elapsed()));
        let seconds = left.as_secs().max(1).to_string();
        given = api.get(&path, &[("wait", &seconds)], LOOK).await?;
    }
    Ok(given)
}

fn is_over(given: &Given) -> bool {
    matches!(given.state.as_str(), "returned" | "failed")
}

fn tell(args: &Refund, key: &str, given: &Given, out: &mut impl Write) -> u8 {
    let (word, exit) = match given.state.as_str() {
        "returned" => ("REFUNDED", OK),
        "failed" => ("NOT REFUNDED", FAILED_REFUND),
        _ => ("NOT KNOWN YET: do not refund again", UNRESOLVED),
    };
    let line = match args.json {
        true => {
            let mut object = json!(given);
            object["key"] = json!(key);
            format!("{object}\n")
        }
        false => format!(
            "refund {}: {} {} of tender {}\n{word}: {}\n",
            given.id, given.amount, given.currency, given.tender, given.text
        ),
    };
    // A reader that went away does not undo it.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    exit
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cli::desk::{Desk, problem, tender};
    use clap::Parser;
    use serde_json::Value;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        refund: Refund,
    }

    async fn refunded(desk: &Desk, more: &[&str]) -> (u8, String) {
        let api = desk.connection.api.as_str();
        let line = ["refund", "--api", api, "t1", "--reason", "broken"];
        let mut out = Vec::new();
        let args = Line::parse_from(line.iter().chain(more)).refund;
        let exit = run(args, &mut out).await;
        (exit, String::from_utf8(out).unwrap())
    }

    fn given(state: &str) -> Value {
        json!({
            "id": "t1-r1", "tender": "t1", "amount": "12.00", "currency": "AED", "state": state,
            "text": "as it is", "number": "S1-r1", "gateway": "payby", "gateway_refund": null,
            "trace": null, "operator": "boss",
        })
    }

    #[tokio::test]
    async fn money_goes_back_and_its_end_is_told() {
        let ask = "POST /v1/tenders/t1/refunds";
        let look = "GET /v1/refunds/t1-r1?wait=5";
        for (state, exit, word) in [("returned", 0, "REFUNDED"), ("failed", 10, "NOT REFUNDED")] {
            let desk = Desk::open().await;
            desk.answer(ask, 201, given("sending"));
            desk.answer(look, 200, given("pending"));
            desk.answer(look, 200, given(state));
            let told = format!("refund t1-r1: 12.00 AED of tender t1\n{word}: as it is\n");
            let more = ["--amount", "12.00", "--key", "R-1"];
            assert_eq!(refunded(&desk, &more).await, (exit, told));
            assert_eq!(
                desk.calls()[0],
                format!(r#"{ask} key=R-1 {{"amount":"12.00","reason":"broken"}}"#)
            );
        }
    }

    #[tokio::test]
    async fn without_an_amount_all_that_is_left_goes_back() {
        let desk = Desk::open().await;
        let mut paid = tender("done", Some("paid"));
        paid["refundable"] = json!("25.50");
        desk.answer("GET /v1/tenders/t1", 200, paid);
        desk.answer("POST /v1/tenders/t1/refunds", 201, given("sending"));
        let (exit, out) = refunded(&desk, &["--wait", "0", "--json"]).await;
        assert_eq!(exit, 11, "{out}");
        let told: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(told["state"], "sending");
        // The key that was sent is told: with it the same refund can be asked for again.
        let key = told["key"].as_str().unwrap();
        let sent = format!(r#"key={key} {{"amount":"25.50""#);
        assert!(desk.calls()[1].contains(&sent), "{:?}", desk.calls());
        assert!(desk.calls()[1].contains(r#""amount":"25.50""#));
    }

    #[tokio::test]
    async fn a_denial_is_2_and_nobody_there_is_69() {
        let desk = Desk::open().await;
        let denied = problem(422, "over_refundable");
        desk.answer("POST /v1/tenders/t1/refunds", 422, denied);
        let more = ["--amount", "12.00", "--key", "R-1"];
        assert_eq!(refunded(&desk, &more).await, (2, String::new()));
        let mut nowhere = desk;
        nowhere.connection.api = "http://127.0.0.1:1".to_owned();
        assert_eq!(refunded(&nowhere, &more).await, (69, String::new()));
    }
}
