//! Money that goes back: duties and who may end them.

use super::doors::{bearer, guarded};
use super::fake::BODY;
use super::{json, problem};

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
