//! `qrpayd rebuild`: a new journal after a lost one, and what the gateways know of
//! the gap.
//!
//! ```text
//!   new journal ─▶ "gap since" ─▶ each gateway's own list ─▶ orders that no tender has ─▶ "gap compared"
//!                  no payments     (PayBy has one)            kept, and told                 payments
//! ```
//!
//! While the gap is open a service that starts on this journal takes no payments.

use super::assemble;
use super::exit::{CONFIG, IO_ERROR, OK, UNAVAILABLE, fail};
use crate::config::Config;
use crate::domain::{Answer, GatewayId, OrderStatus, Remark, Timestamp};
use crate::gateway::Gateway;
use crate::gateway::payby::{Days, Listed};
use crate::journal::{Journal, JournalError};
use crate::service::{gap_since, wall_clock};
use jiff::civil::Date;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// One page of a list.
const LIMIT: Duration = Duration::from_secs(20);

/// Begins a new journal after a lost one, and compares the gap with the gateways' lists.
/// Exits 0 when the gap is compared, 69 when a gateway could not be asked.
#[derive(Debug, clap::Args)]
pub(super) struct Rebuild {
    /// The configuration file; its journal must not be there, or be one that was begun so
    #[arg(long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// The day of the last entry that is surely known
    #[arg(long, value_name = "DAY")]
    from: Date,
    /// Who answers for it
    #[arg(long)]
    name: String,
    /// Gateways without a list of their own, whose portal was looked at
    #[arg(long, value_name = "GATEWAY")]
    looked_at: Vec<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// An order that a gateway lists and this journal does not know.
struct Found {
    gateway: GatewayId,
    listed: Listed,
}

/// Runs the command.
pub(super) async fn run(args: &Rebuild, config: Config, out: &mut impl Write) -> u8 {
    let parts = match assemble::parts(&config) {
        Ok(parts) => parts,
        Err(complaints) => return fail(CONFIG, &complaints),
    };
    let mut journal = match begin(args, &config) {
        Ok(journal) => journal,
        Err(error) => return fail(IO_ERROR, &error.to_string()),
    };
    let mut listed = BTreeMap::new();
    for (id, (gateway, _)) in &parts.gateways {
        match list(gateway, args).await {
            Ok(orders) => listed.insert(id.clone(), orders),
            Err(text) => {
                let text = format!("{text}; nothing is compared yet: run this again");
                return fail(UNAVAILABLE, &text);
            }
        };
    }
    match compare(args, &mut journal, listed) {
        Ok((count, found)) => {
            tell(args, count, &found, out);
            OK
        }
        Err(error) => fail(IO_ERROR, &error.to_string()),
    }
}

/// Opens the journal with its gap. One that has tenders from before is no new one.
fn begin(args: &Rebuild, config: &Config) -> Result<Journal, JournalError> {
    let mut journal = Journal::open(&config.journal.path)?;
    let reader = journal.reader()?;
    if gap_since(&reader)?.is_none() {
        if !reader.after(0, 1)?.is_empty() {
            return Err(JournalError::Unfit(
                "the journal has tenders and no gap: move a lost journal away first".to_owned(),
            ));
        }
        let midnight = args.from.to_zoned(config.store.timezone.clone());
        let since = midnight.map(|at| Timestamp(at.timestamp().as_millisecond()));
        let since = since.unwrap_or(Timestamp(0));
        journal.remark(wall_clock(), &Remark::GapOpened { since })?;
    }
    Ok(journal)
}

/// A gateway's own list; one without needs a person who looked.
async fn list(gateway: &Gateway, args: &Rebuild) -> Result<Vec<Listed>, String> {
    let Gateway::PayBy(payby) = gateway else {
        let id = gateway.id();
        return match args.looked_at.iter().any(|looked| looked == id.as_str()) {
            true => Ok(Vec::new()),
            false => Err(format!(
                "{id} lists no orders: look at its portal since {}, and say --looked-at {id}",
                args.from
            )),
        };
    };
    let today = jiff::Zoned::now().date();
    // Days are PayBy's: a day more on either side.
    let days = Days {
        first: args.from.yesterday().unwrap_or(args.from),
        last: today.tomorrow().unwrap_or(today),
    };
    let mut orders = payby.orders(days);
    let mut all = Vec::new();
    while let Some(page) = orders
        .next(LIMIT)
        .await
        .map_err(|error| error.to_string())?
    {
        all.extend(page);
    }
    Ok(all)
}

/// Keeps what no tender has, and closes the gap.
fn compare(
    args: &Rebuild,
    journal: &mut Journal,
    listed: BTreeMap<GatewayId, Vec<Listed>>,
) -> Result<(usize, Vec<Found>), JournalError> {
    let reader = journal.reader()?;
    let (mut count, mut found) = (0, Vec::new());
    for (gateway, orders) in listed {
        for listed in orders {
            count += 1;
            // Closed without money: nothing can come of it.
            let over = matches!(&listed.answer, Answer::Report(report)
                if matches!(report.status, OrderStatus::NoMoney(_) | OrderStatus::Returned));
            if over || reader.by_order(&listed.number)?.is_some() {
                continue;
            }
            journal.remark(
                wall_clock(),
                &Remark::OrderFound {
                    gateway: gateway.clone(),
                    number: listed.number.clone(),
                    report: match &listed.answer {
                        Answer::Report(report) => Some(report.clone()),
                        _ => None,
                    },
                },
            )?;
            found.push(Found {
                gateway: gateway.clone(),
                listed,
            });
        }
    }
    let compared = Remark::GapCompared {
        name: args.name.clone(),
        orders: count as u64,
        found: found.len() as u64,
    };
    journal.remark(wall_clock(), &compared)?;
    Ok((count, found))
}

fn tell(args: &Rebuild, count: usize, found: &[Found], out: &mut impl Write) {
    let text = match args.json {
        true => {
            let orders: Vec<_> = found
                .iter()
                .map(|Found { gateway, listed }| {
                    let report = match &listed.answer {
                        Answer::Report(report) => Some(report),
                        _ => None,
                    };
                    json!({ "gateway": gateway, "order": listed.number, "report": report })
                })
                .collect();
            format!("{}\n", json!({ "compared": count, "found": orders }))
        }
        false => {
            let mut text = format!(
                "{count} orders compared, {} not in this journal\n",
                found.len()
            );
            for Found { gateway, listed } in found {
                let said = match &listed.answer {
                    Answer::Report(report) => {
                        let amount = report.amount.map_or_else(String::new, |a| a.to_string());
                        format!("{:?} {amount}", report.status)
                    }
                    _ => "unknown".to_owned(),
                };
                text += &format!("{gateway}  {}  {said}\n", listed.number);
            }
            if !found.is_empty() {
                text += "Find out at each till what became of these: the goods may have gone without a receipt,\n\
                         or the customer may wait for his money. Refund by the gateway's portal where it is owed.\n";
            }
            text
        }
    };
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
