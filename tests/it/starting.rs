//! What keeps the service from starting: each with its exit code and a sentence that
//! says what to do, and nothing changed on disk.

use crate::patience::{scene, together};
use crate::program::run;
use crate::store::{Outfit, Store};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_start() {
    together([
        scene("no configuration", no_configuration()),
        scene("many mistakes", a_configuration_with_many_mistakes()),
        scene("an occupied port", an_occupied_port()),
        scene("keys", keys_that_cannot_be_used()),
        scene("journal in use", a_journal_in_use()),
        scene("journal too short", a_journal_that_is_too_short()),
        scene("journal damaged", a_journal_that_is_damaged()),
        scene("no journal at all", a_journal_that_was_removed()),
        scene("no place", a_journal_where_none_can_be()),
        scene("gateway removed", a_gateway_that_is_still_needed()),
        scene("wrong usage", wrong_usage()),
    ])
    .await;
}

/// Runs the service with a configuration; it ends with this code. Returns what it said.
async fn refused(store: &Store, config: &str, code: i32) -> String {
    store.write_private("other.toml", config);
    let path = store.path("other.toml");
    let (exit, out, said) = run(&["run", "--config", path.to_str().unwrap()], "").await;
    assert_eq!((exit, out.as_str()), (code, ""), "{said}");
    said
}

#[track_caller]
fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word:?} is missing in:\n{said}");
    }
}

async fn no_configuration() {
    let (exit, _, said) = run(&["run", "--config", "/nonexistent/qrpayd.toml"], "").await;
    assert_eq!(exit, 78);
    says(&said, &["/nonexistent/qrpayd.toml", "cannot be read"]);
    let store = Store::closed(Outfit::default()).await;
    let said = refused(&store, "[store\nid = 1", 78).await;
    says(&said, &["line 1"]);
}

async fn a_configuration_with_many_mistakes() {
    let store = Store::closed(Outfit::default()).await;
    let wrong = store
        .configuration()
        .replace("Asia/Dubai", "Asia/Atlantis")
        .replace("ceiling = \"5000.00\"", "ceiling = \"lots\"")
        .replace(
            "ceiling = \"1000.00\"",
            "ceiling = \"1000.00\"\nscanners = [\"till\"]",
        )
        .replace("kind = \"serial\"", "kind = \"telepathic\"")
        .replace("http://127.", "http://10.")
        .replace(
            "partner_id = \"200000909090\"",
            "partner_id = \"-----BEGIN PRIVATE KEY-----\"",
        )
        .replace("listen = ", "lisetn = ")
        .replace("log = \"debug\"", "log = \"loud=very\"");
    let said = refused(&store, &wrong, 78).await;
    says(
        &said,
        &[
            "store.timezone: ",
            "lane[1].ceiling: ",
            "lane[2].scanners: there is no [[scanner]] with id = \"till\"",
            "scanner[1].kind: ",
            "gateway.payby.base_url: ",
            "gateway.payby.partner_id: ",
            "api.lisetn: unknown key; did you mean `listen`?",
            "telemetry.log: ",
        ],
    );
    assert_eq!(
        said.lines().filter(|line| line.contains(": ")).count(),
        8 + 1,
        "{said}"
    );
    assert!(
        !said.contains("BEGIN PRIVATE KEY"),
        "a misplaced secret is not repeated"
    );
    // `check` says the same.
    let path = store.path("other.toml");
    let (exit, _, checked) = run(&["check", "--config", path.to_str().unwrap()], "").await;
    assert_eq!((exit, checked), (78, said));
    assert!(!store.journal_path().exists());
}

async fn an_occupied_port() {
    let store = Store::closed(Outfit::default()).await;
    let _other = TcpListener::bind(store.service_at()).unwrap();
    let said = refused(&store, &store.configuration(), 69).await;
    let address = store.service_at().to_string();
    says(&said, &[&address, "another program has it", "api.listen"]);
}

async fn keys_that_cannot_be_used() {
    let store = Store::closed(Outfit::default()).await;
    let config = store.configuration();
    let key = store.path("payby.key");
    let mode = |bits| fs::set_permissions(&key, fs::Permissions::from_mode(bits)).unwrap();
    mode(0o644);
    let said = refused(&store, &config, 78).await;
    says(&said, &["gateway.payby.private_key", "0644", "chmod 600"]);
    mode(0o600);
    for (file, words) in [
        ("missing.key", "No such file"),
        ("empty.key", "is empty"),
        ("payby.pub", "private_key"),
        ("", "not a plain file"),
    ] {
        store.write_private("empty.key", "");
        let place = store.path(file).display().to_string();
        let wrong = config.replace(&key.display().to_string(), &place);
        let said = refused(&store, &wrong, 78).await;
        says(&said, &["gateway.payby.private_key", words]);
    }
    // Both keys at once, and neither is shown.
    let wrong = config
        .replace("payby.key", "gone.key")
        .replace("payby.pub", "gone.pub");
    let said = refused(&store, &wrong, 78).await;
    says(
        &said,
        &[
            "gateway.payby.private_key",
            "gateway.payby.gateway_public_key",
        ],
    );
    let wrong = config.replace(&key.display().to_string(), "credential:payby.key");
    let said = refused(&store, &wrong, 78).await;
    says(&said, &["LoadCredential"]);
    for line in Store::key_lines() {
        assert!(!said.contains(line));
    }
    assert!(!store.journal_path().exists());
}

/// The second one leaves, the first one does not notice.
async fn a_journal_in_use() {
    let store = Store::open().await;
    let elsewhere = {
        let mut address = store.service_at();
        address.set_port(0);
        TcpListener::bind(address)
            .unwrap()
            .local_addr()
            .unwrap()
            .to_string()
    };
    let config = store.configuration();
    let other = config.replace(&store.service_at().to_string(), &elsewhere);
    let said = refused(&store, &other, 74).await;
    let holder = format!("process {}", store.process_number());
    says(
        &said,
        &["in use by another qrpayd", &holder, "stop that one first"],
    );
    let tender = store.collect_and_scan("37.50").await;
    store.ends(&tender, "paid", "paid").await;
    store.all_is_well();
}

/// An older journal beside the newer head: commits are lost, and nothing is changed.
async fn a_journal_that_is_too_short() {
    let mut store = Store::open().await;
    store.stop().await;
    let older = fs::read(store.journal_path()).unwrap();
    store.start().await;
    let tender = store.collect_and_scan("37.50").await;
    store.ends(&tender, "paid", "paid").await;
    store.stop().await;
    fs::write(store.journal_path(), older).unwrap();
    let before = files(&store.path("journal"));
    let said = refused(&store, &store.configuration(), 74).await;
    says(
        &said,
        &["was flushed", "take no payments", "docs/journal.md"],
    );
    assert_eq!(files(&store.path("journal")), before);
}

async fn a_journal_that_is_damaged() {
    let mut store = Store::open().await;
    let tender = store.collect_and_scan("37.50").await;
    store.ends(&tender, "paid", "paid").await;
    store.stop().await;
    let mut bytes = fs::read(store.journal_path()).unwrap();
    let paid = bytes
        .windows(12)
        .rposition(|part| part == b"attempt_paid")
        .unwrap();
    bytes[paid] ^= 1;
    fs::write(store.journal_path(), bytes).unwrap();
    let before = files(&store.path("journal"));
    // The last checkpoint is after it: it is found beside the work, and nothing new is taken.
    store.launch();
    let body = crate::cashier::order("S-9", "1.00");
    crate::patience::until("it takes nothing new", async || {
        let url = store.url("/readyz");
        let answer = store.http.get(url).send().await.ok()?;
        (answer.status() == 503).then_some(())
    })
    .await;
    store
        .create("1", "K-9", body)
        .await
        .problem(503, "unavailable");
    says(&store.log(), &["the journal does not verify"]);
    store.kill();
    // What is in the way of verifying at the start is refused outright.
    fs::write(store.path("journal/journal.head"), b"nothing").unwrap();
    let said = refused(&store, &store.configuration(), 74).await;
    says(&said, &["journal.head is damaged", "put back"]);
    assert_eq!(files(&store.path("journal")).len(), before.len());
}

async fn a_journal_that_was_removed() {
    let mut store = Store::open().await;
    let tender = store.collect_and_scan("37.50").await;
    store.ends(&tender, "paid", "paid").await;
    store.stop().await;
    fs::remove_file(store.journal_path()).unwrap();
    let said = refused(&store, &store.configuration(), 74).await;
    says(&said, &["but no journal"]);
    assert!(!store.journal_path().exists(), "nothing is begun over it");
    // An empty file is none of ours either.
    fs::write(store.journal_path(), b"").unwrap();
    let said = refused(&store, &store.configuration(), 74).await;
    says(&said, &["not a journal", "[journal] path"]);
}

async fn a_journal_where_none_can_be() {
    let store = Store::closed(Outfit::default()).await;
    let config = store.configuration();
    let wrong = config.replace("journal/journal.db", "payby.pub/journal.db");
    let said = refused(&store, &wrong, 74).await;
    says(&said, &["journal"]);
}

/// A duty needs its gateway: taking it out of the configuration is noticed.
async fn a_gateway_that_is_still_needed() {
    let mut store = Store::open().await;
    let tender = store.collect("2", "37.50").await;
    store.code(&tender, &store.fresh_code()).await.good();
    store.ends(&tender, "paid", "paid").await;
    store.stop().await;
    let config = store.configuration();
    let start = config.find("[gateway.payby]").unwrap();
    let end = config.find("[journal]").unwrap();
    let without = format!("{}{}", &config[..start], &config[end..]);
    let said = refused(&store, &without, 78).await;
    says(&said, &["there is no section [gateway.payby]"]);
}

async fn wrong_usage() {
    for arguments in [
        &["run"][..],
        &["run", "--config"],
        &["pay", "--lane", "1"],
        &["nothing"],
        &[
            "pay",
            "--lane",
            "1",
            "--amount",
            "1",
            "--sale",
            "1",
            "--code",
            "20001234T500012345A",
        ],
    ] {
        let (exit, out, said) = run(arguments, "").await;
        assert_eq!((exit, out.as_str()), (2, ""), "{arguments:?}: {said}");
    }
    let (exit, out, _) = run(&["--version"], "").await;
    assert_eq!(
        (exit, out),
        (0, format!("qrpayd {}\n", env!("CARGO_PKG_VERSION")))
    );
}

/// Every file of a folder with its content.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // What SQLite needs to read, and what says who writes, hold nothing.
        .filter(|path| !path.to_string_lossy().ends_with("-shm"))
        .filter(|path| path.extension().is_none_or(|ending| ending != "lock"))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}
