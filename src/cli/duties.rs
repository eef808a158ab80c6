//! `qrpayd duties`: what is owed, and how a manager ends it.
//!
//! The service is asked. When it is down its journal still says what is owed:
//! with `--config` it is read, and nothing is changed.

use super::client::{Api, CallError, Connection, Tender, segment};
use super::exit::{IO_ERROR, OK, fail};
use super::table::{list, table, text};
use super::with_config;
use crate::service;
use clap::Subcommand;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Shows the open duties: money that is to be returned, orders that are watched.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Duties {
    #[command(flatten)]
    connection: Connection,
    /// When the service is down, read the journal that this configuration names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// Ends a duty by hand: for a manager, when the money went back another way
    Close(Close),
}

#[derive(Debug, Clone, clap::Args)]
struct Close {
    /// The duty, as `qrpayd duties` shows it
    duty: String,
    /// Why it is ended by hand
    #[arg(long)]
    reason: String,
    /// Where the proof is: a receipt, a case of the gateway's support
    #[arg(long)]
    reference: String,
}

/// Runs the command.
pub(super) async fn run(args: Duties, out: &mut impl Write) -> u8 {
    let told = match &args.action {
        Some(Action::Close(close)) => end(&args, close).await,
        None => show(&args).await,
    };
    let error = match (told, &args.config) {
        (Ok(text), _) => {
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            return OK;
        }
        (Err(CallError::Lost(why)), Some(config)) if args.action.is_none() => {
            eprintln!("qrpayd: the service was not reached ({why}); this is what its journal says");
            return from_journal(config, args.json, out);
        }
        (Err(error), _) => error,
    };
    fail(error.exit(), &error.to_string())
}

async fn show(args: &Duties) -> Result<String, CallError> {
    let api = Api::new(&args.connection)?;
    let answer: Value = api.get("/v1/obligations", &[], Duration::ZERO).await?;
    Ok(told(&answer, args.json))
}

async fn end(args: &Duties, close: &Close) -> Result<String, CallError> {
    let api = Api::new(&args.connection)?;
    let path = format!("/v1/obligations/{}/close", segment(&close.duty));
    let body = json!({ "reason": close.reason, "reference": close.reference });
    let tender: Value = api.post(&path, None, Some(&body)).await?;
    if args.json {
        return Ok(format!("{tender}\n"));
    }
    let name = serde_json::from_value::<Tender>(tender).map_or_else(
        |_| String::new(),
        |tender| format!(" of tender {}", tender.id),
    );
    Ok(format!("duty {}{name} is closed\n", close.duty))
}

fn from_journal(config: &Path, json: bool, out: &mut impl Write) -> u8 {
    with_config(config, |config| {
        match service::duties_in(&config.journal.path) {
            Ok(duties) => {
                let answer = json!({ "obligations": duties });
                let _ = out.write_all(told(&answer, json).as_bytes());
                OK
            }
            Err(error) => fail(IO_ERROR, &error.to_string()),
        }
    })
}

fn told(answer: &Value, json: bool) -> String {
    match json {
        true => format!("{answer}\n"),
        false => draw(answer),
    }
}

/// Open duties as a table.
pub(super) fn draw(answer: &Value) -> String {
    let rows = list(answer, "obligations").map(|duty| {
        vec![
            text(duty, "opened"),
            text(duty, "id"),
            text(duty, "lane"),
            text(duty, "duty"),
            format!("{} {}", text(duty, "amount"), text(duty, "currency")),
            text(duty, "gateway"),
            duty["tries"].to_string(),
            match duty["alerted"].as_bool() {
                Some(true) => "needs a person".to_owned(),
                _ => text(duty, "next_try"),
            },
        ]
    });
    let head = [
        "OPENED", "DUTY", "LANE", "KIND", "AMOUNT", "GATEWAY", "TRIES", "NEXT",
    ];
    table(&head, rows, "no open duties")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cli::desk::{Desk, problem, tender};
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        duties: Duties,
    }

    async fn told(desk: &Desk, more: &[&str]) -> (u8, String) {
        let line = ["duties", "--api", desk.connection.api.as_str()];
        let mut out = Vec::new();
        let args = Line::parse_from(line.iter().chain(more)).duties;
        let exit = run(args, &mut out).await;
        (exit, String::from_utf8(out).unwrap())
    }

    #[tokio::test]
    async fn a_duty_is_shown_and_ended() {
        let desk = Desk::open().await;
        let none = json!({ "obligations": [] });
        desk.answer("GET /v1/obligations", 200, none);
        assert_eq!(told(&desk, &[]).await, (0, "no open duties\n".to_owned()));

        let path = "POST /v1/obligations/t1-1/close";
        desk.answer(path, 200, tender("done", Some("not_paid")));
        desk.answer(path, 404, problem(404, "no_obligation"));
        let end = [
            "close",
            "t1-1",
            "--reason",
            "cash",
            "--reference",
            "roll 17",
        ];
        let closed = "duty t1-1 of tender t1 is closed\n".to_owned();
        assert_eq!(told(&desk, &end).await, (0, closed));
        assert_eq!(told(&desk, &end).await, (2, String::new()));
        assert_eq!(
            desk.calls().last().unwrap(),
            r#"POST /v1/obligations/t1-1/close {"reason":"cash","reference":"roll 17"}"#
        );
    }

    #[tokio::test]
    async fn without_a_service_and_a_journal_nothing_is_guessed() {
        let nowhere = ["duties", "--api", "http://127.0.0.1:1"];
        let args = Line::parse_from(nowhere).duties;
        let mut out = Vec::new();
        assert_eq!(run(args, &mut out).await, 69);
        assert_eq!(out, b"");
    }
}
