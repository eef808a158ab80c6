//! The commands, as somebody at the box or a script uses them.

use crate::patience::{scene, together, until};
use crate::program::{Running, run};
use crate::store::{Outfit, Store};
use qrpayd::simulator::payby::Plan;
use serde_json::Value;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_commands() {
    together([
        scene("pay", pay_says_what_came_of_it()),
        scene("pay by the scanner", pay_waits_for_the_scanner()),
        scene("pay with a bad code", pay_with_what_is_no_code()),
        scene("pay and a restart", pay_outlives_a_restart_of_the_service()),
        scene("show", show_shows()),
        scene("no service", nobody_is_there()),
        scene("classify", classify_says_what_codes_are()),
        scene("check", check_tries_everything()),
        scene("demo", the_demo_takes_a_payment()),
    ])
    .await;
}

/// `qrpayd pay` on a lane of this store, with these further arguments.
fn pay(store: &Store, sale: &str, amount: &str, more: &[&str], code: &str) -> Running {
    let api = store.url("/");
    let mut arguments = vec!["pay", "--api", &api, "--lane", "1"];
    arguments.extend(["--amount", amount, "--sale", sale]);
    arguments.extend(more);
    Running::start(&arguments, code)
}

async fn pay_says_what_came_of_it() {
    let store = Store::open().await;
    let code = || format!("{}\n", store.fresh_code());
    let stdin = ["--code-stdin"];
    let (exit, out, said) = pay(&store, "S-1", "37.50", &stdin, &code()).end().await;
    assert_eq!(exit, 0, "{out}{said}");
    assert!(
        out.starts_with("key ") && out.ends_with("PAID: Paid.\n"),
        "{out}"
    );
    // It took note of the verdict for the cashier.
    let tenders = store.get("/v1/tenders?sale=S-1").await.good();
    assert!(tenders["tenders"][0]["acknowledged"].is_string());
    // The same sale again is denied.
    let (exit, out, _) = pay(&store, "S-1", "37.50", &stdin, &code()).end().await;
    assert_eq!(exit, 2, "{out}");
    assert!(out.contains("(sale_paid)"), "{out}");

    // Risk control: not paid, and watched.
    store.gateway().push_plan(Plan::refused("601")).unwrap();
    let (exit, out, _) = pay(&store, "S-2", "37.50", &["--code-stdin", "--json"], &code())
        .end()
        .await;
    assert_eq!(exit, 10, "{out}");
    let said: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&said["verdict"], &said["reason"]["code"]),
        (&"not_paid".into(), &"risk_refused".into())
    );

    store.gateway().push_plan(Plan::never()).unwrap();
    let more = ["--code-stdin", "--wait", "1", "--key", "K-3"];
    let (exit, out, _) = pay(&store, "S-3", "37.50", &more, &code()).end().await;
    assert_eq!(exit, 11, "{out}");
    assert!(out.contains("NOT KNOWN YET: do not charge again"), "{out}");
    // The same key finds it again; the code on its input is of no use any more.
    let found = store.get("/v1/tenders?key=K-3").await.good();
    let order = found["tenders"][0]["attempts"][0]["order"].clone();
    let again = pay(&store, "S-3", "37.50", &["--key", "K-3"], "");
    store
        .gateway()
        .customer_pays(order.as_str().unwrap())
        .unwrap();
    let (exit, out, _) = again.end().await;
    assert_eq!(exit, 0, "{out}");
    assert_eq!(store.gateway().orders().len(), 2);
    store.all_is_well();
}

async fn pay_waits_for_the_scanner() {
    let store = Store::open().await;
    let paying = pay(&store, "S-1", "37.50", &[], "");
    until("armed", async || {
        (store.lane("1").await["tender"]["state"] == "armed").then_some(())
    })
    .await;
    store.scan(&store.fresh_code());
    let (exit, out, _) = paying.end().await;
    assert_eq!(exit, 0, "{out}");
    assert!(out.contains("scan the customer's code\n"), "{out}");
    store.all_is_well();
}

/// There is no other code to come, so the tender is not left behind.
async fn pay_with_what_is_no_code() {
    let store = Store::open().await;
    for (sale, code) in [("S-1", "4006381333931\n"), ("S-2", "https://example.com\n")] {
        let (exit, out, said) = pay(&store, sale, "37.50", &["--code-stdin"], code)
            .end()
            .await;
        assert_eq!(exit, 10, "{out}{said}");
        assert!(out.contains("the code was not taken"), "{out}");
        assert!(!format!("{out}{said}").contains(code.trim()));
    }
    // Nothing is started at all without a code that could be one.
    let before = store.facts().len();
    for code in ["", "\n", &"x".repeat(1025)] {
        let (exit, out, said) = pay(&store, "S-3", "1.00", &["--code-stdin"], code)
            .end()
            .await;
        assert_eq!((exit, out.as_str()), (2, ""), "{said}");
        assert!(said.contains("nothing was started"), "{said}");
    }
    assert_eq!(store.facts().len(), before);
    assert_eq!(store.gateway().calls(), []);
    store.all_is_well();
}

async fn pay_outlives_a_restart_of_the_service() {
    let mut store = Store::open().await;
    let paying = pay(&store, "S-1", "37.50", &[], "");
    until("armed", async || {
        (store.lane("1").await["tender"]["state"] == "armed").then_some(())
    })
    .await;
    store.crash().await;
    store.scan(&store.fresh_code());
    let (exit, out, said) = paying.end().await;
    assert_eq!(exit, 0, "{out}{said}");
    store.all_is_well();
}

async fn show_shows() {
    let store = Store::open().await;
    let api = store.url("");
    let show = async |more: &[&str]| {
        let mut arguments = vec!["show", "--api", &api];
        arguments.extend(more);
        let (exit, out, said) = run(&arguments, "").await;
        assert_eq!(exit, 0, "{said}");
        out
    };
    let tender = store.collect("1", "37.50").await;
    let lanes = show(&[]).await;
    assert!(lanes.contains(&format!("armed {tender}")), "{lanes}");
    assert!(lanes.contains("counter ready"), "{lanes}");
    store.scan(&store.fresh_code());
    store.ends(&tender, "paid", "paid").await;
    assert!(show(&["--lane", "1"]).await.contains("37.50 AED"));
    assert!(show(&["--tender", &tender]).await.contains("outcome  paid"));
    assert_eq!(show(&["--open"]).await, "no open duties\n");
    let json: Value = serde_json::from_str(&show(&["--tender", &tender, "--json"]).await).unwrap();
    assert_eq!(json, store.tender(&tender).await);
    let (exit, _, said) = run(&["show", "--api", &api, "--tender", "t404"], "").await;
    assert_eq!((exit, said.contains("(no_tender)")), (2, true));
}

async fn nobody_is_there() {
    let store = Store::closed(Outfit::default()).await;
    let api = store.url("");
    let (exit, _, said) = run(&["show", "--api", &api], "").await;
    assert_eq!((exit, said.contains("not reached")), (69, true));
    let key = ["--key", "K-1", "--currency", "AED"];
    let (exit, out, _) = pay(&store, "S-1", "1.00", &key, "").end().await;
    assert_eq!(exit, 69, "{out}");
    assert!(
        out.contains("--key 'K-1' tells, and pays once only"),
        "{out}"
    );
}

async fn classify_says_what_codes_are() {
    let store = Store::closed(Outfit::default()).await;
    let config = store.path("qrpayd.toml");
    let config = config.to_str().unwrap();
    let codes =
        "281234567890123456\n4006381333931\n20001234T500012345A\n]C020001234T500012345A\\r\n";
    let (exit, out, _) = run(&["classify", "--escapes", "--config", config], codes).await;
    assert_eq!(exit, 0);
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let found: Vec<_> = lines
        .iter()
        .map(|line| (line["kind"].as_str().unwrap(), line["wallet"].as_str()))
        .collect();
    let payby = ("text", Some("payby"));
    assert_eq!(
        found,
        [("digits", Some("alipay")), ("reject", None), payby, payby]
    );
    assert_eq!(lines[1]["reason"], "product_code");
    assert!(!out.contains("20001234T500012345A"), "masked");
    // The core profile alone knows no text codes.
    let (exit, out, _) = run(&["classify"], "20001234T500012345A\n").await;
    assert_eq!((exit, out.contains("\"reject\"")), (0, true), "{out}");
}

async fn check_tries_everything() {
    let mut store = Store::closed(Outfit::default()).await;
    let config = store.path("qrpayd.toml");
    store.plug_in();
    let config = config.to_str().unwrap();
    let (exit, out, said) = run(&["check", "--config", config], "").await;
    assert_eq!(exit, 0, "{out}{said}");
    for line in [
        "configuration  ok",
        "keys           ok",
        "gateway payby",
        "scanner counter",
    ] {
        assert!(out.contains(line), "{out}");
    }
    store.close_gateway();
    store.unplug();
    let (exit, out, _) = run(&["check", "--config", config], "").await;
    assert_eq!(exit, 69, "{out}");
    assert_eq!(out.matches("FAILED").count(), 2, "{out}");
    assert!(!store.journal_path().exists(), "it changes nothing");
}

async fn the_demo_takes_a_payment() {
    let (exit, out, said) = run(&["demo", "--once"], "").await;
    assert_eq!(exit, 0, "{out}{said}");
    for part in [
        "armed ",
        "scanned ",
        "verdict  paid (paid)",
        "The journal's facts:",
    ] {
        assert!(out.contains(part), "{part:?} is missing in:\n{out}");
    }
    assert!(out.ends_with("\nPaid: 37.50 AED.\n"), "{out}");
}

/// PayBy's nine go-live cases, against a simulated PayBy.
#[tokio::test(flavor = "multi_thread")]
async fn the_go_live_cases_pass() {
    // Longer than one wait of a test: a case waits as long as PayBy wants.
    let playing = Running::start(&["acceptance", "--simulate", "--json"], "");
    let (exit, out, said) = playing.end_within(Duration::from_secs(180)).await;
    assert_eq!(exit, 0, "{out}{said}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 9);
    assert!(cases.iter().all(|case| case["result"] == "passed"), "{out}");
}
