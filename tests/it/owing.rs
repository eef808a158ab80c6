//! Duties, and the people who take them over: closed by a manager, parked, listed
//! while nobody is there.

use crate::cashier::{order, send};
use crate::patience::{scene, together, until};
use crate::program::run;
use crate::store::{Outfit, Store};
use qrpayd::simulator::payby::{Fault, Operation, Plan};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed() {
    together([
        scene("closed by a manager", closed_by_a_manager()),
        scene("parked", parked_and_taken_up_again()),
        scene("a lost journal", a_journal_that_was_lost()),
    ])
    .await;
}

/// A tender that ended with a watch: the gateway's refusal was not signed.
async fn watched(store: &Store) -> String {
    store.gateway().push_plan(Plan::refused("601")).unwrap();
    let tender = store.collect_and_scan("12.00").await;
    store.ends(&tender, "not_paid", "risk_refused").await;
    tender
}

async fn closed_by_a_manager() {
    let hash = |token: &str| {
        let digest = Sha256::digest(token.as_bytes());
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let api: &'static str = format!(
        "tokens = [{{ name = \"till\", role = \"cashier\", sha256 = \"{}\" }}, \
         {{ name = \"Amal\", role = \"manager\", sha256 = \"{}\" }}]",
        hash("cashier-token"),
        hash("manager-token"),
    )
    .leak();
    let mut store = Store::closed(Outfit {
        api,
        ..Outfit::default()
    })
    .await;
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("authorization", "Bearer cashier-token".parse().unwrap());
    store.http = reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers)
        .build()
        .unwrap();
    store.start().await;
    let tender = watched(&store).await;
    let duties = store.obligations().await;
    let duty = duties[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(duty, format!("{tender}-1"));
    let close = json!({ "reason": "the customer was here", "reference": "till roll 17" });
    let path = format!("/v1/obligations/{duty}/close");
    store
        .post(&path, Some(close.clone()))
        .await
        .problem(403, "role");

    store.write_private("manager", "manager-token\n");
    let token = store.path("manager");
    let api = store.url("/");
    let arguments = [
        "duties",
        "--api",
        &api,
        "--token-file",
        token.to_str().unwrap(),
        "close",
        &duty,
        "--reason",
        "the customer was here",
        "--reference",
        "till roll 17",
    ];
    let (exit, out, said) = run(&arguments, "").await;
    assert_eq!(exit, 0, "{out}{said}");
    assert_eq!(store.obligations().await, [] as [Value; 0]);
    let tender = store.tender(&tender).await;
    let text = tender["reason"]["text"].as_str().unwrap();
    assert!(text.ends_with("A manager settled this payment."), "{text}");
    let closed = store.facts().into_iter().rev().find_map(|entry| {
        let fact = serde_json::to_value(&entry.fact.what).unwrap();
        (fact["fact"] == "obligation_closed").then_some(fact)
    });
    assert_eq!(closed.unwrap()["name"], "Amal");
    let url = store.url(&path);
    let again = store.http.post(url).body(close.to_string());
    let again = again.header("content-type", "application/json");
    send(again.header("authorization", "Bearer manager-token")).await;
    let (exit, _, _) = run(&arguments, "").await;
    assert_eq!(exit, 2, "it is closed already");
}

async fn parked_and_taken_up_again() {
    let mut store = Store::open().await;
    let tender = watched(&store).await;
    let config = store.path("qrpayd.toml");
    let config = config.to_str().unwrap().to_owned();
    let duty = format!("{tender}-1");
    let park = [
        "park",
        "--config",
        &config,
        &duty,
        "--name",
        "Amal",
        "--reason",
        "brings it down",
    ];
    // Not while the service has the journal.
    let (exit, _, said) = run(&park, "").await;
    assert_eq!(exit, 74, "{said}");
    assert!(said.contains("stop the service first"), "{said}");
    store.stop().await;
    let (exit, out, said) = run(&park, "").await;
    assert_eq!(exit, 0, "{out}{said}");
    let (exit, _, said) = run(&park, "").await;
    assert_eq!(exit, 2, "it is parked already: {said}");

    // While the service is down, its journal tells.
    let api = store.url("/");
    let list = ["duties", "--api", &api, "--config", &config, "--json"];
    let (exit, out, said) = run(&list, "").await;
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("the service was not reached"), "{said}");
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(listed["obligations"][0]["parked"]["name"], "Amal");

    store.start().await;
    let duties = store.obligations().await;
    assert_eq!(duties[0]["parked"]["reason"], "brings it down");
    // The lane works.
    let next = store.collect_and_scan("5.00").await;
    store.ends(&next, "paid", "paid").await;
    store.stop().await;
    let undo = [&park[..], &["--undo"]].concat();
    let (exit, out, said) = run(&undo, "").await;
    assert_eq!(exit, 0, "{out}{said}");
    store.start().await;
    assert_eq!(store.obligations().await[0]["parked"], Value::Null);
    store.all_is_well_but_the_pace();
}

/// A new journal takes payments only when the gateway's own list was compared.
async fn a_journal_that_was_lost() {
    let mut store = Store::open().await;
    let tender = store.collect_and_scan("37.50").await;
    store.ends(&tender, "paid", "paid").await;
    let known = store.only_order().merchant_order_no;
    store.stop().await;
    std::fs::remove_dir_all(store.path("journal")).unwrap();
    let config = store.path("qrpayd.toml");
    let config = config.to_str().unwrap().to_owned();
    let rebuild = [
        "rebuild",
        "--config",
        &config,
        "--from",
        "2026-01-01",
        "--name",
        "Amal",
        "--json",
    ];
    // The list does not come: the gap stays open, and nothing new is taken.
    store
        .gateway()
        .push_fault(Operation::QueryOrderPage, Fault::Cut { effect: false }, 1)
        .unwrap();
    let (exit, out, said) = run(&rebuild, "").await;
    assert_eq!(exit, 69, "{out}{said}");
    store.launch();
    let why = until("the answer", async || {
        let answer = store.http.get(store.url("/readyz")).send().await.ok()?;
        let body = answer.text().await.ok()?;
        body.contains("qrpayd rebuild").then_some(body)
    })
    .await;
    assert!(why.contains("not_ready"), "{why}");
    let denied = store.create("2", "K-new", order("S-new", "5.00")).await;
    denied.problem(503, "unavailable");
    store.stop().await;

    let (exit, out, said) = run(&rebuild, "").await;
    assert_eq!(exit, 0, "{out}{said}");
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["compared"], 1);
    assert_eq!(told["found"][0]["order"], json!(known));
    assert_eq!(told["found"][0]["report"]["status"], "money_in");
    store.start().await;
    let next = store.collect_and_scan("5.00").await;
    store.ends(&next, "paid", "paid").await;
    assert_eq!(store.gateway().violations(), []);
    // A journal with tenders of its own is no new one.
    store.stop().await;
    let (exit, _, said) = run(&rebuild, "").await;
    assert_eq!(exit, 74, "{said}");
    assert!(said.contains("move a lost journal away first"), "{said}");
}
