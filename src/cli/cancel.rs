//! `qrpayd cancel`: asks to stop a payment, and waits for what came of it.
//!
//! A cancel is a request: the customer may turn out to have paid, and then the
//! verdict is *paid*.

use super::client::{Api, CallError, Connection, Tender, segment};
use super::pay::Story;
use std::io::Write;
use tokio::sync::mpsc;

/// Asks to stop a payment and waits for its verdict.
/// Exits 0 paid after all, 10 not paid, 11 unresolved, 2 wrong usage or denied, 69 service not reachable.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Cancel {
    #[command(flatten)]
    connection: Connection,
    /// The payment, as `qrpayd show` names it
    tender: String,
    /// Follow for at most this long (else until the verdict)
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
    /// Print one JSON object at the end and nothing else
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(super) async fn run(args: Cancel, out: &mut impl Write) -> u8 {
    let mut story = Story::new(out, args.json);
    let asked = async {
        let api = Api::new(&args.connection)?;
        let path = format!("/v1/tenders/{}/cancel", segment(&args.tender));
        let tender: Tender = api.post(&path, None, None).await?;
        Ok::<_, CallError>((api, tender))
    };
    match asked.await {
        Ok((api, tender)) => {
            // Ctrl-C leaves at once: nothing is left to be cancelled.
            let (_, mut interrupts) = mpsc::channel(1);
            story.follow(&api, tender, args.wait, &mut interrupts).await
        }
        Err(error) => story.fail(&error),
    }
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
        cancel: Cancel,
    }

    #[tokio::test]
    async fn the_verdict_is_waited_for_and_told() {
        let desk = Desk::open().await;
        let api = desk.connection.api.clone();
        let told = async |tender: &str| {
            let mut out = Vec::new();
            let line = Line::parse_from(["cancel", "--api", api.as_str(), tender]);
            let exit = run(line.cancel, &mut out).await;
            (exit, String::from_utf8(out).unwrap())
        };
        let denied = "it is no_tender (no_tender)\n".to_owned();
        desk.answer("POST /v1/tenders/t2/cancel", 404, problem(404, "no_tender"));
        assert_eq!(told("t2").await, (2, denied));

        let path = "POST /v1/tenders/t1/cancel";
        desk.answer(path, 200, tender("checking", None));
        let look = "GET /v1/tenders/t1?wait=1";
        desk.answer(look, 200, tender("done", Some("not_paid")));
        desk.answer(look, 200, tender("done", Some("paid")));
        let (exit, out) = told("t1").await;
        assert_eq!((exit, out.as_str()), (10, "NOT PAID: because\n"));
        // A cancel that came too late.
        let (exit, out) = told("t1").await;
        assert_eq!((exit, out.as_str()), (0, "PAID: because\n"));
    }
}
