//! Money that goes back: duties and who may end them.

use super::doors::{bearer, guarded};
use super::fake::{BODY, SHOWN, Site};
use super::{json, problem};
use crate::service::{Trouble, svg};

const CLOSE: &str = r#"{"reason": "returned in cash", "reference": "till roll 17"}"#;

#[tokio::test]
async fn a_manager_closes_a_duty_and_says_why() {
    let site = guarded().await;
    bearer(site.send("/v1/lanes/1/tenders", BODY), "till")
        .header("idempotency-key", "K-1")
        .send()
        .await
        .unwrap();
    let close = |who: &str, path: &str, body: &str| bearer(site.send(path, body), who);
    let path = "/v1/obligations/t1-1/close";
    for (who, expected) in [("wall", "role"), ("till", "role")] {
        let refused = problem(close(who, path, CLOSE)).await;
        assert_eq!(refused, (403, expected.to_owned()));
    }
    for path in ["/v1/obligations/t1/close", "/v1/obligations/t1-x/close"] {
        let refused = problem(close("boss", path, CLOSE)).await;
        assert_eq!(refused, (404, "no_obligation".to_owned()));
    }
    assert_eq!(site.till.memory().calls, [] as [&str; 0]);
    let (status, tender) = json(close("boss", path, CLOSE)).await;
    assert_eq!((status, tender["id"].as_str()), (200, Some("t1")));
    assert_eq!(
        site.till.memory().calls,
        ["close t1/1 boss: returned in cash, till roll 17"]
    );
}

const REFUND: &str = r#"{"amount": "12.00", "reason": "goods returned"}"#;

#[tokio::test]
async fn a_refund_has_a_key_an_amount_a_reason_and_somebody_who_asked() {
    let site = guarded().await;
    bearer(site.send("/v1/lanes/1/tenders", BODY), "till")
        .header("idempotency-key", "K-1")
        .send()
        .await
        .unwrap();
    let ask = |who: &str, body: &str| bearer(site.send("/v1/tenders/t1/refunds", body), who);
    let keyed = |who: &str, body: &str| ask(who, body).header("idempotency-key", "R-1");

    let refused = problem(keyed("wall", REFUND)).await;
    assert_eq!(refused, (403, "role".to_owned()));
    assert_eq!(
        problem(ask("boss", REFUND)).await,
        (400, "key_missing".to_owned())
    );
    for (body, code) in [
        (r#"{"amount": "0.00", "reason": "x"}"#, "zero_amount"),
        (r#"{"amount": "1.234", "reason": "x"}"#, "bad_amount"),
        (r#"{"amount": 12, "reason": "x"}"#, "bad_body"),
        (r#"{"amount": "12.00"}"#, "bad_body"),
    ] {
        let refused = problem(keyed("boss", body)).await;
        assert_eq!(refused, (422, code.to_owned()), "{body}");
    }
    let path = "/v1/tenders/t9/refunds";
    let nobody = bearer(site.send(path, REFUND), "boss").header("idempotency-key", "R-1");
    assert_eq!(problem(nobody).await, (404, "no_tender".to_owned()));

    let answer = keyed("boss", REFUND).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["location"], "/v1/refunds/t1-r1");
    assert_eq!(keyed("boss", REFUND).send().await.unwrap().status(), 200);
    // What a cashier may give back by herself is for the lane to say.
    keyed("till", REFUND).send().await.unwrap();
    let limit = crate::domain::Amount {
        minor: 1000,
        currency: crate::domain::Currency::AED,
    };
    site.till.fail_with(Trouble::NeedsManager(Some(limit)));
    let (status, said) = json(keyed("till", REFUND)).await;
    assert_eq!(
        (status, said["code"].as_str(), said["limit"].as_str()),
        (403, Some("needs_manager"), Some("10.00"))
    );
    assert_eq!(
        site.till.memory().calls,
        [
            "refund t1 12.00 goods returned by boss All",
            "refund t1 12.00 goods returned by boss All",
            "refund t1 12.00 goods returned by till Limited",
        ]
    );
}

#[tokio::test]
async fn a_refund_is_looked_at_and_waited_for() {
    let site = Site::open().await;
    site.tender("K-1").await;
    let (status, refund) = json(site.get("/v1/refunds/t1-r1")).await;
    assert_eq!((status, &refund["state"]), (200, &"sending".into()));
    let (status, refund) = json(site.get("/v1/refunds/t1-r1?wait=5")).await;
    assert_eq!((status, &refund["state"]), (200, &"returned".into()));
    for path in ["t1-r2", "t9-r1", "t1", "t1-1"] {
        let refused = problem(site.get(&format!("/v1/refunds/{path}"))).await;
        assert_eq!(refused, (404, "no_refund".to_owned()), "{path}");
    }
    let refused = problem(site.get("/v1/refunds/t1-r1?wait=121")).await;
    assert_eq!(refused, (400, "bad_query".to_owned()));
}

#[tokio::test]
async fn a_code_that_is_shown_is_drawn() {
    let site = Site::open().await;
    site.tender("K-1").await;
    let refused = problem(site.get("/v1/tenders/t1/qr.svg")).await;
    assert_eq!(refused, (404, "no_code".to_owned()));
    let refused = problem(site.get("/v1/tenders/t9/qr.svg")).await;
    assert_eq!(refused, (404, "no_tender".to_owned()));

    let body = BODY.replace("scan", "display");
    let request = site.send("/v1/lanes/1/tenders", body);
    let (_, tender) = json(request.header("idempotency-key", "K-2")).await;
    assert_eq!(tender["display"]["text"], SHOWN);
    let answer = site.get("/v1/tenders/t2/qr.svg").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/svg+xml");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(Some(answer.text().await.unwrap()), svg(SHOWN));
}
