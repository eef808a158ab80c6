#![allow(clippy::unwrap_used)]

use super::*;
use crate::cli::desk::{Desk, tender};
use clap::Parser;
use serde_json::json;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    show: Show,
}

async fn shown(desk: &Desk, more: &[&str]) -> Result<String, CallError> {
    let line = ["show", "--api", desk.connection.api.as_str()];
    show(&Line::parse_from(line.iter().chain(more)).show).await
}

#[tokio::test]
async fn lanes_are_a_table() {
    let desk = Desk::open().await;
    let lane = |id: &str, tender: Value| {
        json!({
            "id": id, "tender": tender,
            "scanners": [{ "id": "counter", "state": "ready" }],
            "gateways": [{ "id": "payby", "state": "ok" }, { "id": "codepay", "state": "unknown" }],
        })
    };
    let lanes = [lane("1", tender("waiting", None)), lane("12", Value::Null)];
    desk.answer("GET /v1/lanes", 200, json!({ "lanes": lanes }));
    assert_eq!(
        shown(&desk, &[]).await.unwrap(),
        "LANE  WORK        SCANNERS       GATEWAYS\n\
         1     waiting t1  counter ready  payby ok, codepay unknown\n\
         12    free        counter ready  payby ok, codepay unknown\n"
    );
}

#[tokio::test]
async fn payments_are_a_table_and_cannot_move_the_cursor() {
    let desk = Desk::open().await;
    let mut odd = tender("armed", None);
    odd["sale"] = json!("A\u{1b}[2J-2");
    let list = json!({ "tenders": [odd, tender("done", Some("not_paid"))] });
    desk.answer("GET /v1/tenders?lane=1&sale=A+1", 200, list);
    assert_eq!(
        shown(&desk, &["--lane", "1", "--sale", "A 1"])
            .await
            .unwrap(),
        "CREATED                   TENDER  LANE  SALE    AMOUNT     OUTCOME\n\
         2026-03-01T10:00:00.000Z  t1      1     A[2J-2  37.50 AED  armed\n\
         2026-03-01T10:00:00.000Z  t1      1     A-1     37.50 AED  not paid\n"
    );
}

#[tokio::test]
async fn one_payment_shows_its_attempts() {
    let desk = Desk::open().await;
    let mut paid = tender("done", Some("paid"));
    paid["attempts"] = json!([{
        "number": 1, "gateway": "payby", "wallet": null, "code": "28…56", "state": "paid",
        "order": "S1-1", "gateway_order": "131", "trace": "tr",
    }]);
    desk.answer("GET /v1/tenders/t1", 200, paid.clone());
    assert_eq!(
        shown(&desk, &["--tender", "t1"]).await.unwrap(),
        "tender   t1\nsale     A-1, lane 1\namount   37.50 AED\noutcome  paid\nreason   because\n\
         money    none\ncreated  2026-03-01T10:00:00.000Z\n\n\
         ATTEMPT  GATEWAY  WALLET  CODE   STATE  ORDER  GATEWAY'S ORDER  TRACE\n\
         1        payby            28…56  paid   S1-1   131              tr\n"
    );
    let json = shown(&desk, &["--tender", "t1", "--json"]).await.unwrap();
    assert_eq!(json, format!("{paid}\n"));
}

#[tokio::test]
async fn duties_are_a_table_or_none() {
    let desk = Desk::open().await;
    let duty = json!({
        "id": "t1/1", "opened": "2026-03-01T10:00:00.000Z", "lane": "1", "duty": "return",
        "amount": "12.00", "currency": "AED", "gateway": "payby", "tries": 3,
        "next_try": null, "alerted": true,
    });
    desk.answer("GET /v1/obligations", 200, json!({ "obligations": [duty] }))
        .answer("GET /v1/obligations", 200, json!({ "obligations": [] }));
    assert_eq!(
        shown(&desk, &["--open"]).await.unwrap(),
        "OPENED                    DUTY  LANE  KIND    AMOUNT     GATEWAY  TRIES  NEXT\n\
         2026-03-01T10:00:00.000Z  t1/1  1     return  12.00 AED  payby    3      needs a person\n"
    );
    assert_eq!(shown(&desk, &["--open"]).await.unwrap(), "no open duties\n");
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let desk = Desk::open().await;
    let error = shown(&desk, &["--tender", "../lanes"]).await.unwrap_err();
    assert_eq!(error.exit(), 2);
    // A name stays one segment of the path.
    assert_eq!(desk.calls(), ["GET /v1/tenders/..%2Flanes"]);
    for wrong in ["ftp://x", "localhost", "http://user@host", "http://h/?a=b"] {
        let line = Line::parse_from(["show", "--api", wrong]);
        assert_eq!(show(&line.show).await.unwrap_err().exit(), 2, "{wrong}");
    }
}
