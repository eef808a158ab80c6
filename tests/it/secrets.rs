//! A payment code and a private key are nowhere to be found: not in the log at its most
//! talkative, the journal's files, the events, the metrics, the answers, or the list of
//! processes.

use crate::paying::symbol_of;
use crate::program::Running;
use crate::store::{Outfit, Store};
use qrpayd::simulator::payby::{Fault, Operation, Plan};
use std::fs;

/// What must not be seen, each with a name that may be told.
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn new() -> Self {
        let lines = Store::key_lines().into_iter().enumerate();
        let key = lines.map(|(n, line)| (format!("key line {n}"), line.to_owned()));
        Self(key.collect())
    }

    /// A code, the symbol around it, and what a mask leaves out.
    fn add_code(&mut self, code: &str) {
        let name =
            |what: &str| format!("{what} of a code that ends in {}", &code[code.len() - 4..]);
        self.0.push((name("all"), code.into()));
        self.0.push((name("the middle"), code[7..15].into()));
        let symbol = symbol_of(code);
        self.0.push((name("the symbol's end"), symbol[40..].into()));
    }

    #[track_caller]
    fn are_not_in(&self, place: &str, bytes: &[u8]) {
        // Secrets are ASCII: what is no text stays none.
        let text = String::from_utf8_lossy(bytes);
        for (name, secret) in &self.0 {
            assert!(!text.contains(secret), "{name} is in {place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_seen_anywhere() {
    let outfit = Outfit {
        log: Some("trace"),
        payby: "limit_enquiry_s = 2",
        ..Outfit::default()
    };
    let mut store = Store::open_with(outfit).await;
    let mut secrets = Secrets::new();
    let mut answers = Vec::new();
    let mut hear =
        |answer: &crate::cashier::Answer| answers.extend(answer.body.to_string().bytes());
    let mut fresh = || {
        let code = store.fresh_code();
        secrets.add_code(&code);
        code
    };

    // Paid by the symbol, by the barcode, after a refusal, and with a broken answer.
    let mut events = store.follow(None).await;
    let gateway = store.gateway();
    let tender = store.collect("1", "1.00").await;
    store.scan(&symbol_of(&fresh()));
    store.ends(&tender, "paid", "paid").await;
    let tender = store.collect("1", "2.00").await;
    let used = fresh();
    gateway.push_plan(Plan::refused("62021")).unwrap();
    store.scan(&used);
    events.next_of("attempt_refused").await;
    hear(&store.code(&tender, &used).await);
    gateway
        .push_fault(Operation::PlaceOrder, Fault::WrongSignature, 1)
        .unwrap();
    store.scan(&fresh());
    store.ends(&tender, "paid", "paid").await;
    // Refused by us, in every way that there is.
    let tender = store.collect("1", "3.00").await;
    hear(&store.code(&tender, &format!("https://{}", fresh())).await);
    hear(
        &store
            .code(&tender, &format!("{} {}", fresh(), fresh()))
            .await,
    );
    let broken = format!("{{\"code\": \"{}", fresh());
    let path = store.url(&format!("/v1/tenders/{tender}/code"));
    let request = store
        .http
        .post(&path)
        .header("content-type", "application/json");
    hear(&crate::cashier::send(request.body(broken)).await);
    let request = store
        .http
        .post(&path)
        .header("content-type", "application/json");
    let wrong = format!("{{\"code\": [\"{}\"]}}", fresh());
    hear(&crate::cashier::send(request.body(wrong)).await);
    store.scan(&format!("https://{}", fresh()));
    events.notice().await;
    store.type_bytes(format!("{}\0\r", fresh()).as_bytes());
    events.notice().await;
    // Submitted when the service dies, and typed into a command.
    gateway.push_plan(Plan::never()).unwrap();
    store.scan(&fresh());
    store.state(&tender, "waiting").await;
    let typed = fresh();
    let _ = fresh;
    store.crash().await;
    store.ends(&tender, "not_paid", "restarted").await;
    let api = store.url("");
    let arguments = [
        "pay",
        "--api",
        &api,
        "--lane",
        "2",
        "--amount",
        "4.00",
        "--sale",
        "S-typed",
        "--code-stdin",
    ];
    store
        .gateway()
        .push_plan(Plan::paid_after_polls(1))
        .unwrap();
    let paying = Running::start(&arguments, &format!("{typed}\n"));
    for number in [paying.process_number(), store.process_number()] {
        for file in ["cmdline", "environ"] {
            let shown = fs::read(format!("/proc/{number}/{file}")).unwrap();
            secrets.are_not_in(file, &shown);
        }
    }
    let (exit, out, said) = paying.end().await;
    assert_eq!(exit, 0, "{out}{said}");
    secrets.are_not_in("what pay says", format!("{out}{said}").as_bytes());

    let page = async |path: &str| {
        let answer = store.http.get(store.url(path)).send().await.unwrap();
        answer.bytes().await.unwrap().to_vec()
    };
    for path in [
        "/metrics",
        "/v1/lanes",
        "/v1/tenders",
        "/v1/obligations",
        "/",
    ] {
        secrets.are_not_in(path, &page(path).await);
    }
    secrets.are_not_in("the problems", &answers);
    let replay = store.follow(Some(0)).await;
    // The files while it runs (the WAL), and after a clean stop.
    for _ in 0..2 {
        for entry in fs::read_dir(store.path("journal")).unwrap() {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            secrets.are_not_in(&path.display().to_string(), &bytes);
        }
        if store.is_running() {
            store.stop().await;
        }
    }
    let told = format!("{:?}", replay.rest().await);
    secrets.are_not_in("the events", told.as_bytes());
    secrets.are_not_in("the log", store.log().as_bytes());
    // The search finds what is there.
    assert!(store.log().contains("200012*********"));
    assert!(std::panic::catch_unwind(|| secrets.are_not_in("itself", typed.as_bytes())).is_err());
}
