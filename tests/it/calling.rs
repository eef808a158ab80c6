//! Those who call: the same call twice, calls that are in each other's way, and calls
//! that mean harm.

use crate::cashier::{order, send};
use crate::patience::{in_time, scene, together};
use crate::store::{Outfit, Store};
use qrpayd::simulator::payby::Plan;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test(flavor = "multi_thread")]
async fn the_cashiers_software_calls() {
    together([
        scene("the same call", the_same_call_makes_one_tender()),
        scene("double click", a_double_click_makes_one_tender()),
        scene("another content", a_key_belongs_to_its_content()),
        scene("a busy lane", a_lane_has_one_tender_at_a_time()),
        scene("a paid sale", a_paid_sale_is_paid_again_only_in_parts()),
        scene("a busy sale", one_payment_of_a_sale_at_a_time()),
        scene("found again", what_was_asked_for_is_found_again()),
        scene("bad calls", bad_calls_change_nothing()),
        scene("bad bytes", bad_bytes_change_nothing()),
        scene("roles", tokens_and_roles()),
    ])
    .await;
}

async fn the_same_call_makes_one_tender() {
    let mut store = Store::open().await;
    let body = order("A-1001", "37.50");
    let first = store.create("1", "K", body.clone()).await;
    assert_eq!(first.status, 201);
    let again = store.create("1", "K", body.clone()).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    // Whatever has come of it meanwhile, and whoever answers.
    store.scan(&store.fresh_code());
    let paid = store
        .ends(first.body["id"].as_str().unwrap(), "paid", "paid")
        .await;
    let again = store.create("1", "K", body.clone()).await;
    assert_eq!((again.status, &again.body), (200, &paid));
    store.crash().await;
    let again = store.create("1", "K", body).await;
    assert_eq!((again.status, &again.body), (200, &paid));
    assert_eq!(store.only_order().kept(), 3750);
    store.all_is_well();
}

async fn a_double_click_makes_one_tender() {
    let store = Store::open().await;
    let clicks = (0..12).map(|_| store.create("1", "K", order("A-1001", "37.50")));
    let answers = futures_util::future::join_all(clicks).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let found = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((made, found), (1, 11), "{answers:?}");
    let names: BTreeSet<&str> = answers
        .iter()
        .map(|a| a.body["id"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 1);
    // And a code that comes twelve times is one order.
    let tender = names.first().unwrap();
    let code = store.fresh_code();
    let codes = (0..12).map(|_| store.code(tender, &code));
    let answers = futures_util::future::join_all(codes).await;
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(taken, 1, "{answers:?}");
    store.ends(tender, "paid", "paid").await;
    assert_eq!(store.only_order().kept(), 3750);
    store.all_is_well();
}

async fn a_key_belongs_to_its_content() {
    let store = Store::open().await;
    let first = store.create("1", "K", order("A-1", "37.50")).await.good();
    for (lane, body) in [
        ("1", order("A-1", "37.51")),
        ("1", order("A-2", "37.50")),
        ("2", order("A-1", "37.50")),
        (
            "1",
            json!({ "sale": "A-1", "amount": "37.50", "currency": "AED", "mode": "scan", "part": true }),
        ),
        (
            "1",
            json!({ "sale": "A-1", "amount": "37.50", "currency": "AED", "mode": "scan", "note": "x" }),
        ),
    ] {
        let problem = store
            .create(lane, "K", body)
            .await
            .problem(409, "key_reused");
        assert_eq!(problem["tender"], first["id"]);
    }
    // The same amount in other words is the same content.
    assert_eq!(
        store.create("1", "K", order("A-1", "37.5")).await.status,
        200
    );
    assert_eq!(store.story(), ["tender_created"]);
}

async fn a_lane_has_one_tender_at_a_time() {
    let store = Store::open().await;
    let tender = store.collect("1", "37.50").await;
    let problem = store
        .create("1", "K", order("A-2", "5.00"))
        .await
        .problem(409, "lane_busy");
    assert_eq!(problem["tender"], json!(tender));
    store.collect("2", "5.00").await;
    store.cancel(&tender).await.good();
    store.create("1", "K", order("A-2", "5.00")).await.good();
}

async fn a_paid_sale_is_paid_again_only_in_parts() {
    let store = Store::open().await;
    let first = store.create("1", "K-1", order("A-1", "20.00")).await.good();
    store.scan(&store.fresh_code());
    store
        .ends(first["id"].as_str().unwrap(), "paid", "paid")
        .await;
    let problem = store.create("1", "K-2", order("A-1", "17.50")).await;
    assert_eq!(problem.problem(409, "sale_paid")["tender"], first["id"]);
    let mut part = order("A-1", "17.50");
    part["part"] = json!(true);
    let second = store.create("1", "K-3", part).await.good();
    store.scan(&store.fresh_code());
    store
        .ends(second["id"].as_str().unwrap(), "paid", "paid")
        .await;
    let kept: u64 = store
        .gateway()
        .orders()
        .iter()
        .map(|order| order.kept())
        .sum();
    assert_eq!(kept, 3750);
    // A sale that is not paid may be asked for again.
    let third = store.create("1", "K-4", order("A-2", "1.00")).await.good();
    store.cancel(third["id"].as_str().unwrap()).await.good();
    store.create("1", "K-5", order("A-2", "1.00")).await.good();
    store.all_is_well();
}

async fn one_payment_of_a_sale_at_a_time() {
    let store = Store::open().await;
    let first = store.create("1", "K-1", order("A-1", "20.00")).await.good();
    let problem = store.create("2", "K-2", order("A-1", "20.00")).await;
    assert_eq!(problem.problem(409, "sale_busy")["tender"], first["id"]);
}

async fn what_was_asked_for_is_found_again() {
    let store = Store::open().await;
    store.gateway().push_plan(Plan::paid()).unwrap();
    let first = store
        .create("1", "K/1 #?", order("A 1&lane=2", "1.00"))
        .await
        .good();
    store.scan(&store.fresh_code());
    let paid = store
        .ends(first["id"].as_str().unwrap(), "paid", "paid")
        .await;
    let armed = store.create("2", "K-2", order("A-2", "2.00")).await.good();
    for (query, found) in [
        ("key=K%2F1%20%23%3F", vec![&paid]),
        ("sale=A%201%26lane%3D2", vec![&paid]),
        ("lane=2", vec![&armed]),
        ("state=armed", vec![&armed]),
        ("state=done&lane=1", vec![&paid]),
        ("day=today", vec![&armed, &paid]),
        ("limit=1", vec![&armed]),
        ("day=2001-01-01", vec![]),
        ("key=nobody", vec![]),
    ] {
        let answer = store.get(&format!("/v1/tenders?{query}")).await.good();
        assert_eq!(answer["tenders"], json!(found), "{query}");
    }
}

async fn bad_calls_change_nothing() {
    let store = Store::open().await;
    let tenders = store.url("/v1/lanes/1/tenders");
    let with = |name: &str, value: Value| {
        let mut body = order("A-1", "37.50");
        body[name] = value;
        body
    };
    for (body, status, code) in [
        (with("amount", json!("0.00")), 422, "zero_amount"),
        (with("amount", json!("-1.00")), 422, "bad_amount"),
        (with("amount", json!("1e3")), 422, "bad_amount"),
        (with("amount", json!("1.001")), 422, "bad_amount"),
        (
            with("amount", json!("99999999999999999999")),
            422,
            "bad_amount",
        ),
        (with("amount", json!(37.5)), 422, "bad_body"),
        (with("amount", json!("5000.01")), 422, "over_ceiling"),
        (with("currency", json!("USD")), 422, "other_currency"),
        (with("currency", json!("dirham")), 422, "bad_currency"),
        (with("mode", json!("telepathy")), 422, "bad_body"),
        (with("gateway", json!("cash")), 422, "no_gateway"),
        (with("sale", json!("")), 422, "bad_sale"),
        (with("sale", json!("a\u{0}b")), 422, "bad_sale"),
        (with("sale", json!("x".repeat(65))), 422, "bad_sale"),
        (with("note", json!("two\nlines")), 422, "bad_note"),
        (with("amuont", json!("1.00")), 422, "bad_body"),
        (json!({ "sale": "A-1" }), 422, "bad_body"),
        (json!([]), 422, "bad_body"),
        (
            with("note", json!("x".repeat(16 * 1024))),
            413,
            "body_too_large",
        ),
    ] {
        store.create("1", "K", body).await.problem(status, code);
    }
    let good = order("A-1", "37.50").to_string();
    let json_type = ("content-type", "application/json");
    let key = ("idempotency-key", "K");
    let long = "x".repeat(65);
    let foreign = ("origin", "http://example.com");
    for (headers, body, status, code) in [
        (vec![json_type], good.as_str(), 400, "key_missing"),
        (
            vec![json_type, key, ("idempotency-key", "L")],
            &good,
            400,
            "key_missing",
        ),
        (
            vec![json_type, ("idempotency-key", &long)],
            &good,
            400,
            "bad_key",
        ),
        (vec![key], &good, 415, "bad_content_type"),
        (
            vec![key, ("content-type", "text/plain")],
            &good,
            415,
            "bad_content_type",
        ),
        (vec![key, json_type], "{\"sale\": ", 400, "bad_json"),
        (vec![key, json_type], "", 400, "bad_json"),
        (vec![key, json_type, foreign], &good, 403, "foreign_origin"),
        (
            vec![key, json_type, ("sec-fetch-site", "cross-site")],
            &good,
            403,
            "foreign_origin",
        ),
        (
            vec![key, json_type, ("host", "example.com")],
            &good,
            421,
            "bad_host",
        ),
    ] {
        let mut request = store.http.post(&tenders);
        for (name, value) in &headers {
            request = request.header(*name, value.as_bytes());
        }
        let answer = send(request.body(body.to_owned())).await;
        answer.problem(status, code);
    }
    let lane = order("A-1", "37.50");
    store.create("9", "K", lane).await.problem(404, "no_lane");
    for (path, status, code) in [
        ("/v1/tenders/t404", 404, "no_tender"),
        ("/v1/tenders/t404?wait=121", 400, "bad_query"),
        ("/v1/tenders?day=yesterday", 422, "bad_filter"),
        ("/v1/tenders?limit=0", 422, "bad_filter"),
        ("/v1/tenders?unknown=1", 400, "bad_query"),
        ("/v1/events?after=99999", 409, "event_unknown"),
        ("/v1/lanes/9", 404, "no_lane"),
        ("/v1/nothing", 404, "no_such_path"),
        ("/../../etc/passwd", 404, "no_such_path"),
    ] {
        store.get(path).await.problem(status, code);
    }
    send(store.http.delete(&tenders))
        .await
        .problem(405, "method_not_allowed");
    store.cancel("t404").await.problem(404, "no_tender");
    store
        .code("t404", "20001234T500012345A")
        .await
        .problem(404, "no_tender");
    // Nothing of all this was written down, and the lane works.
    assert_eq!(store.facts(), []);
    assert_eq!(store.gateway().calls(), []);
    let tender = store.collect_and_scan("5.00").await;
    store.ends(&tender, "paid", "paid").await;
}

/// What is no HTTP, by a connection of its own.
async fn bad_bytes_change_nothing() {
    let store = Store::open().await;
    let host = store.service_at();
    let endless = format!(
        "GET /v1/lanes HTTP/1.1\r\nhost: {host}\r\nx: {}\r\n",
        "y".repeat(1_000_000)
    );
    let chunked = format!(
        "POST /v1/lanes/1/tenders HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
         idempotency-key: K\r\ntransfer-encoding: chunked\r\n\r\n8000\r\n{}\r\n0\r\n\r\n",
        " ".repeat(0x8000)
    );
    let smuggled = format!(
        "POST /v1/lanes/1/tenders HTTP/1.1\r\nhost: {host}\r\ncontent-length: 5\r\n\
         transfer-encoding: chunked\r\n\r\n0\r\n\r\nX"
    );
    for (bytes, status) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], "400"),
        (b"\0\0\0\0\0\0\0\0\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\n\r\n", "421"),
        (endless.as_bytes(), "431"),
        (chunked.as_bytes(), "413"),
        (smuggled.as_bytes(), "4"),
    ] {
        let mut line = tokio::net::TcpStream::connect(host).await.unwrap();
        // It may be cut off before it has said everything.
        let _ = line.write_all(bytes).await;
        let mut answer = [0; 64];
        let read = in_time("an answer", line.read(&mut answer))
            .await
            .unwrap_or(0);
        let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
        let good = read == 0 || answer.starts_with(&format!("HTTP/1.1 {status}"));
        assert!(good, "{status}: {answer}");
    }
    assert_eq!(store.facts(), []);
    assert!(!store.log().contains("panicked"));
    let tender = store.collect_and_scan("5.00").await;
    store.ends(&tender, "paid", "paid").await;
}

/// With tokens nobody gets in without one, and each role does what it may.
async fn tokens_and_roles() {
    const LINES: &str = concat!(
        "tokens = [\n",
        "  { name = \"till\", role = \"cashier\", sha256 = \"",
        "6b5c8e2a0d2b0a4e19e9c1d4c7b38c9ff0b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9\" },\n]"
    );
    let store = Store::closed(Outfit {
        api: LINES,
        ..Outfit::default()
    })
    .await;
    // The hash of a token that is only known here.
    let token = format!("{:064x}", std::process::id());
    let hash: String = Sha256::digest(&token)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let viewer = format!("v{token}");
    let viewer_hash: String = Sha256::digest(&viewer)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let config = store.configuration().replace(
        "6b5c8e2a0d2b0a4e19e9c1d4c7b38c9ff0b3c2d1e0f9a8b7c6d5e4f3a2b1c0d9\" },",
        &format!(
            "{hash}\" }},\n  {{ name = \"board\", role = \"viewer\", sha256 = \"{viewer_hash}\" }},"
        ),
    );
    store.write_private("qrpayd.toml", &config);
    let mut store = store;
    store.launch();
    store.ready().await;
    let lanes = |bearer: Option<&str>| {
        let request = store.http.get(store.url("/v1/lanes"));
        send(match bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    };
    lanes(None).await.problem(401, "unauthorized");
    lanes(Some("wrong")).await.problem(401, "bad_token");
    lanes(Some(&hash)).await.problem(401, "bad_token");
    lanes(Some(&token)).await.good();
    lanes(Some(&viewer)).await.good();
    let create = |bearer: &str| {
        let request = store
            .http
            .post(store.url("/v1/lanes/1/tenders"))
            .bearer_auth(bearer)
            .header("idempotency-key", "K")
            .header("content-type", "application/json");
        send(request.body(order("A-1", "37.50").to_string()))
    };
    create(&viewer).await.problem(403, "role");
    assert_eq!(store.facts(), []);
    create(&token).await.good();
    for secret in [&token, &viewer] {
        assert!(!store.log().contains(secret.as_str()));
    }
}
