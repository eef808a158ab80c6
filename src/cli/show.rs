//! `qrpayd show`: lanes, payments and open duties, as tables for people or as
//! the API's own JSON for programs.

use super::client::{Api, CallError, Connection, Tender, segment};
use super::duties;
use super::exit::OK;
use super::table::{list, table, text};
use serde_json::Value;
use std::io::Write;
use std::time::Duration;

/// Shows the lanes, or what is asked for.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Show {
    #[command(flatten)]
    connection: Connection,
    /// The payments of this lane, newest first
    #[arg(long, conflicts_with_all = ["tender", "open"])]
    lane: Option<String>,
    /// The payments of this sale, newest first
    #[arg(long, value_name = "REF", conflicts_with_all = ["tender", "open"])]
    sale: Option<String>,
    /// One payment with its attempts
    #[arg(long, value_name = "ID", conflicts_with = "open")]
    tender: Option<String>,
    /// The open duties: money that is to be returned
    #[arg(long)]
    open: bool,
    /// Print the service's JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) async fn run(args: Show, out: &mut impl Write) -> u8 {
    match show(&args).await {
        Ok(text) => {
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            OK
        }
        Err(error) => {
            eprintln!("{error}");
            error.exit()
        }
    }
}

async fn show(args: &Show) -> Result<String, CallError> {
    let api = Api::new(&args.connection)?;
    let get = async |path: &str, query: &[(&str, &str)]| -> Result<Value, CallError> {
        api.get(path, query, Duration::ZERO).await
    };
    let (answer, draw): (Value, fn(&Value) -> String) = if let Some(id) = &args.tender {
        let path = format!("/v1/tenders/{}", segment(id));
        (get(&path, &[]).await?, one_tender)
    } else if args.open {
        (get("/v1/obligations", &[]).await?, duties::draw)
    } else if args.lane.is_some() || args.sale.is_some() {
        let query: Vec<(&str, &str)> = [("lane", &args.lane), ("sale", &args.sale)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
            .collect();
        (get("/v1/tenders", &query).await?, tenders)
    } else {
        (get("/v1/lanes", &[]).await?, lanes)
    };
    Ok(match args.json {
        true => format!("{answer}\n"),
        false => draw(&answer),
    })
}

fn lanes(answer: &Value) -> String {
    let rows = list(answer, "lanes").map(|lane| {
        let health = |kind: &str| {
            let parts: Vec<String> = list(lane, kind)
                .map(|part| format!("{} {}", text(part, "id"), text(part, "state")))
                .collect();
            parts.join(", ")
        };
        let tender = &lane["tender"];
        let work = match tender.is_null() {
            true => "free".to_owned(),
            false => format!("{} {}", text(tender, "state"), text(tender, "id")),
        };
        vec![
            text(lane, "id"),
            work,
            health("scanners"),
            health("gateways"),
        ]
    });
    table(&["LANE", "WORK", "SCANNERS", "GATEWAYS"], rows, "no lanes")
}

fn tenders(answer: &Value) -> String {
    let rows = list(answer, "tenders").map(|tender| {
        vec![
            text(tender, "created"),
            text(tender, "id"),
            text(tender, "lane"),
            text(tender, "sale"),
            format!("{} {}", text(tender, "amount"), text(tender, "currency")),
            match tender["verdict"].as_str() {
                Some(verdict) => verdict.replace('_', " "),
                None => text(tender, "state"),
            },
        ]
    });
    let head = ["CREATED", "TENDER", "LANE", "SALE", "AMOUNT", "OUTCOME"];
    table(&head, rows, "no payments")
}

fn one_tender(answer: &Value) -> String {
    let Ok(tender) = serde_json::from_value::<Tender>(answer.clone()) else {
        return format!("{answer}\n");
    };
    let outcome = tender.verdict.as_deref().unwrap_or(&tender.state);
    let mut lines = vec![
        format!("tender   {}", tender.id),
        format!("sale     {}, lane {}", tender.sale, tender.lane),
        format!("amount   {} {}", tender.amount, tender.currency),
        format!("outcome  {}", outcome.replace('_', " ")),
        format!("money    {}", tender.money),
        format!("created  {}", tender.created),
    ];
    if let Some(reason) = &tender.reason {
        lines.insert(4, format!("reason   {}", reason.text));
    }
    let mut text = lines.join("\n") + "\n";
    if !tender.attempts.is_empty() {
        let rows = tender.attempts.into_iter().map(|attempt| {
            vec![
                attempt.number.to_string(),
                attempt.gateway,
                attempt.wallet.unwrap_or_default(),
                attempt.code.unwrap_or_default(),
                attempt.state,
                attempt.order,
                attempt.gateway_order.unwrap_or_default(),
                attempt.trace.unwrap_or_default(),
            ]
        });
        let head = [
            "ATTEMPT",
            "GATEWAY",
            "WALLET",
            "CODE",
            "STATE",
            "ORDER",
            "GATEWAY'S ORDER",
            "TRACE",
        ];
        text = format!("{text}\n{}", table(&head, rows, ""));
    }
    text
}

#[cfg(test)]
mod tests;
