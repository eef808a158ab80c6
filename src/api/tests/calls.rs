//! Every call and every problem.

use super::{json, problem, read};
use crate::api::tests::fake::{BODY, Site};
use crate::domain::{Amount, Currency, Denial, LaneId, Language, TenderId, Verdict};
use crate::service::Trouble;
use serde_json::{Value, json as value};
use std::collections::BTreeSet;

#[tokio::test]
async fn a_key_makes_one_tender() {
    let site = Site::open().await;
    let answer = site.tender("k1").await;
    assert_eq!(answer.headers()["location"], "/v1/tenders/t1");
    let (status, tender) = read(answer).await;
    assert_eq!(status, 201);
    assert_eq!(
        tender,
        value!({
            "id": "t1", "lane": "1", "sale": "A-1001", "day": "2026-03-01",
            "amount": "37.50", "currency": "AED", "mode": "scan", "part": false,
            "state": "armed", "verdict": null, "reason": null, "money": "none",
            "attempts": [], "refunds": [], "refundable": "0.00", "display": null,
            "note": null, "created": "2026-03-01T10:00:00.000Z",
            "decided": null, "acknowledged": null,
        })
    );
    assert_eq!(read(site.tender("k1").await).await, (200, tender.clone()));
    assert_eq!(read(site.tender("k2").await).await.1["id"], "t2");

    let other = site
        .send("/v1/lanes/1/tenders", BODY.replace("37.50", "37.51"))
        .header("idempotency-key", "k1");
    let (status, body) = json(other).await;
    assert_eq!((status, &body["code"]), (409, &value!("key_reused")));
    assert_eq!(body["tender"], "t1");
}

#[tokio::test]
async fn wrong_input_is_named() {
    let site = Site::open().await;
    let with = |name: &str, new: Value| {
        let mut body: Value = serde_json::from_str(BODY).unwrap();
        body[name] = new;
        body.to_string()
    };
    for (body, status, code) in [
        (with("amount", value!("37,50")), 422, "bad_amount"),
        (with("amount", value!("37.505")), 422, "bad_amount"),
        (with("amount", value!("0.00")), 422, "zero_amount"),
        (with("amount", value!(37.5)), 422, "bad_body"),
        (with("currency", value!("aed")), 422, "bad_currency"),
        (with("sale", value!("")), 422, "bad_sale"),
        (with("mode", value!("show")), 422, "bad_body"),
        (with("gateway", value!("a b")), 422, "bad_gateway"),
        (with("note", value!("two\nlines")), 422, "bad_note"),
        (with("note", value!("x".repeat(257))), 422, "bad_note"),
        (with("tip", value!("1.00")), 422, "bad_body"),
        (r#"{"sale":"A"}"#.to_owned(), 422, "bad_body"),
        ("{".to_owned(), 400, "bad_json"),
        (format!("{BODY}x"), 400, "bad_json"),
        (String::new(), 400, "bad_json"),
        (
            with("note", value!("x".repeat(17_000))),
            413,
            "body_too_large",
        ),
    ] {
        let request = site
            .send("/v1/lanes/1/tenders", &body)
            .header("idempotency-key", "k1");
        let found = problem(request).await;
        assert_eq!(found, (status, code.to_owned()), "{body}");
    }
    let create = || site.send("/v1/lanes/1/tenders", BODY);
    for (request, status, code) in [
        (create(), 400, "key_missing"),
        (create().header("idempotency-key", ""), 400, "bad_key"),
        (
            create().header("idempotency-key", "x".repeat(65)),
            400,
            "bad_key",
        ),
        (
            create()
                .header("idempotency-key", "a")
                .header("idempotency-key", "b"),
            400,
            "key_missing",
        ),
        (
            site.post("/v1/lanes/1/tenders")
                .header("idempotency-key", "k1")
                .header("content-type", "text/plain")
                .body(BODY),
            415,
            "bad_content_type",
        ),
        (
            site.send("/v1/lanes/a%20b/tenders", BODY)
                .header("idempotency-key", "k1"),
            404,
            "no_lane",
        ),
        (site.get("/v1/tenders/none"), 404, "no_tender"),
        (site.get("/v1/tenders/a%20b"), 404, "no_tender"),
        (site.get("/v1/tenders/%ff"), 400, "bad_request"),
        (site.get("/v1/tenders/none?wait=1"), 404, "no_tender"),
        (site.get("/v1/tenders/t1?wait=121"), 400, "bad_query"),
        (site.get("/v1/tenders/t1?wait=-1"), 400, "bad_query"),
        (site.get("/v1/tenders/t1?wiat=1"), 400, "bad_query"),
        (site.get("/v1/tenders?limit=0"), 422, "bad_filter"),
        (site.get("/v1/tenders?limit=201"), 422, "bad_filter"),
        (site.get("/v1/tenders?limit=many"), 400, "bad_query"),
        (site.get("/v1/tenders?order=1"), 400, "bad_query"),
        (site.get("/v1/tenders?state=open"), 422, "bad_filter"),
        (site.get("/v1/tenders?day=2026-02-30"), 422, "bad_filter"),
        (site.get("/v1/tenders?day=yesterday"), 422, "bad_filter"),
        (site.get("/v1/tenders?sale="), 422, "bad_filter"),
        (site.get("/v1/tenders?key=%C3%A9"), 422, "bad_filter"),
        (site.get("/v1/tenders?lane=a%20b"), 422, "bad_filter"),
        (site.get("/v1/lanes/9"), 404, "no_lane"),
        (site.get("/v2"), 404, "no_such_path"),
        (site.post("/v1/lanes"), 405, "method_not_allowed"),
        (site.get("/v1/lanes/1/tenders"), 405, "method_not_allowed"),
    ] {
        assert_eq!(problem(request).await, (status, code.to_owned()));
    }
    let answer = site.post("/v1/lanes").send().await.unwrap();
    assert_eq!(answer.headers()["allow"], "GET,HEAD");
    assert!(site.till.memory().calls.is_empty());
}

#[tokio::test]
async fn the_field_at_fault_and_the_form_are_in_the_problem() {
    let site = Site::open().await;
    let create = |body: String| {
        site.send("/v1/lanes/1/tenders", body)
            .header("idempotency-key", "k1")
    };
    let (_, body) = json(create(BODY.replace("AED", "aed"))).await;
    assert_eq!(
        body,
        value!({
            "type": "urn:qrpayd:problem:bad_currency", "title": "bad currency", "status": 422,
            "detail": "a currency is three capital letters, such as AED",
            "code": "bad_currency", "field": "currency",
        })
    );
    let noted = |letters: usize| {
        let note = "é".repeat(letters);
        BODY.replacen('{', &format!(r#"{{"note": "{note}", "#), 1)
    };
    let (_, body) = json(create(noted(257))).await;
    assert_eq!(
        (&body["field"], &body["status"]),
        (&value!("note"), &value!(422))
    );
    assert_eq!(
        body["detail"],
        "a note is one line of at most 256 characters"
    );
    assert_eq!(json(create(noted(256))).await.0, 201);
    let (_, body) = json(site.get("/v1/tenders?day=2026-02-30")).await;
    assert_eq!(
        (&body["field"], &body["status"]),
        (&value!("day"), &value!(422))
    );
    assert_eq!(
        body["detail"],
        "a business day must be a date such as 2026-03-01"
    );
    let (_, body) = json(create(BODY.replace("sale", "sail"))).await;
    let detail = body["detail"].as_str().unwrap();
    assert!(detail.contains("unknown field `sail`"), "{detail}");
}

#[tokio::test]
async fn every_denial_has_its_status() {
    let site = Site::open().await;
    let id = || TenderId::new("t7").unwrap();
    let ceiling = Amount::parse("5000", Currency::AED).unwrap();
    for (denial, status, code) in [
        (Denial::NoLane(LaneId::new("9").unwrap()), 404, "no_lane"),
        (Denial::NoTender, 404, "no_tender"),
        (Denial::NoObligation, 404, "no_obligation"),
        (Denial::NoGateway, 422, "no_gateway"),
        (Denial::ZeroAmount, 422, "zero_amount"),
        (Denial::OtherCurrency, 422, "other_currency"),
        (Denial::OverCeiling(ceiling), 422, "over_ceiling"),
        (Denial::ModeUnsupported, 422, "mode_unsupported"),
        (Denial::KeyReused(id()), 409, "key_reused"),
        (Denial::LaneBusy(id()), 409, "lane_busy"),
        (Denial::SaleBusy(id()), 409, "sale_busy"),
        (Denial::SalePaid(id()), 409, "sale_paid"),
        (Denial::NotArmed, 409, "not_armed"),
        (Denial::Paying(id()), 409, "paying"),
        (Denial::Done(id(), Verdict::Paid), 409, "done"),
        (Denial::CodeInProcess, 409, "code_in_process"),
        (Denial::CodeUsed, 409, "code_used"),
        (Denial::NotExtendable, 409, "not_extendable"),
        (Denial::NoVerdict, 409, "no_verdict"),
    ] {
        site.till.fail_with(Trouble::Denied(denial));
        let found = problem(site.post("/v1/tenders/t7/cancel")).await;
        assert_eq!(found, (status, code.to_owned()));
    }
    site.till
        .fail_with(Trouble::Denied(Denial::Done(id(), Verdict::NotPaid)));
    let (_, body) = json(site.post("/v1/tenders/t7/cancel")).await;
    assert_eq!(
        (&body["tender"], &body["verdict"]),
        (&value!("t7"), &value!("not_paid"))
    );
    site.till
        .fail_with(Trouble::Denied(Denial::OverCeiling(ceiling)));
    let (_, body) = json(site.post("/v1/tenders/t7/cancel")).await;
    assert_eq!(body["ceiling"], "5000.00");
}

#[tokio::test]
async fn other_troubles_have_theirs() {
    let site = Site::open().await;
    let code = || site.send("/v1/tenders/t1/code", r#"{"code":"6291041500213"}"#);
    site.till.fail_with(Trouble::NotACode {
        reason: "product_code".to_owned(),
        text: "this is a product's barcode".to_owned(),
    });
    let (status, body) = json(code()).await;
    assert_eq!(
        (status, &body["code"], &body["reason"]),
        (422, &value!("not_a_code"), &value!("product_code"))
    );
    site.till.fail_with(Trouble::NoGatewayForCode {
        text: "no gateway takes this wallet".to_owned(),
    });
    assert_eq!(
        problem(code()).await,
        (422, "no_gateway_for_code".to_owned())
    );
    for (trouble, code_word, retry) in [
        (Trouble::Busy, "busy", "1"),
        (
            Trouble::Unavailable("the journal failed".to_owned()),
            "unavailable",
            "5",
        ),
    ] {
        site.till.fail_with(trouble.clone());
        assert_eq!(problem(code()).await, (503, code_word.to_owned()));
        site.till.fail_with(trouble);
        let answer = code().send().await.unwrap();
        assert_eq!(answer.headers()["retry-after"], retry);
    }
}

#[tokio::test]
async fn requests_reach_the_till_as_they_were_sent() {
    let site = Site::open().await;
    site.tender("k1").await;
    let code = site.send("/v1/tenders/t1/code", r#"{"code":"281234567890123456"}"#);
    assert_eq!(json(code).await.0, 200);
    for verb in ["cancel", "extend", "acknowledge"] {
        let (status, tender) = json(site.post(&format!("/v1/tenders/t1/{verb}"))).await;
        assert_eq!((status, &tender["id"]), (200, &value!("t1")));
    }
    assert_eq!(
        site.till.memory().calls,
        [
            "code t1 281234567890123456",
            "cancel t1",
            "extend t1",
            "acknowledge t1"
        ]
    );
}

#[tokio::test]
async fn a_code_is_never_repeated_in_a_problem() {
    let site = Site::open().await;
    for body in [
        r#"{"code":281234567890123456}"#,
        r#"{"code":["281234567890123456"]}"#,
        r#"{"281234567890123456":1}"#,
        r#""281234567890123456""#,
    ] {
        let answer = site.send("/v1/tenders/t1/code", body).send().await.unwrap();
        assert_eq!(answer.status(), 422);
        let text = answer.text().await.unwrap();
        assert!(!text.contains("2812"), "{text}");
    }
}

#[tokio::test]
async fn a_list_is_asked_for_by_its_filter() {
    let site = Site::open().await;
    site.tender("k1").await;
    site.tender("k2").await;
    let path = "/v1/tenders?sale=A-1001&key=k1&lane=1&day=2026-03-01&state=armed&limit=5";
    let (status, list) = json(site.get(path)).await;
    assert_eq!(status, 200);
    assert_eq!(list["tenders"][0]["id"], "t2");
    let filter = site.till.memory().filters.pop().unwrap();
    assert_eq!(filter.sale.unwrap().as_str(), "A-1001");
    assert_eq!(filter.lane.unwrap().as_str(), "1");
    assert_eq!(filter.key.unwrap().as_str(), "k1");
    assert_eq!(filter.day.unwrap().as_str(), "2026-03-01");
    assert_eq!(filter.state.as_deref(), Some("armed"));
    assert_eq!(filter.limit, 5);
    json(site.get("/v1/tenders?day=today")).await;
    let filter = site.till.memory().filters.pop().unwrap();
    assert_eq!(filter.day.unwrap().as_str(), "2026-03-01");
    json(site.get("/v1/tenders")).await;
    assert_eq!(site.till.memory().filters.pop().unwrap().limit, 50);
}

#[tokio::test]
async fn a_wait_ends_with_the_verdict_or_the_time() {
    let site = Site::open().await;
    site.tender("k1").await;
    let (status, tender) = json(site.get("/v1/tenders/t1?wait=1")).await;
    assert_eq!((status, &tender["verdict"]), (200, &Value::Null));

    let waiting = tokio::spawn(json(site.get("/v1/tenders/t1?wait=120")));
    site.till.decide("t1", "paid");
    let (status, tender) = waiting.await.unwrap();
    assert_eq!((status, &tender["verdict"]), (200, &value!("paid")));
}

#[tokio::test]
async fn lanes_duties_and_health() {
    let site = Site::open().await;
    site.tender("k1").await;
    let (status, lanes) = json(site.get("/v1/lanes")).await;
    assert_eq!((status, &lanes["lanes"][0]["id"]), (200, &value!("1")));
    let (status, lane) = json(site.get("/v1/lanes/1")).await;
    assert_eq!((status, &lane["tender"]["id"]), (200, &value!("t1")));
    let (status, duties) = json(site.get("/v1/obligations")).await;
    assert_eq!(
        (status, &duties["obligations"][0]["id"]),
        (200, &value!("t0-1"))
    );
    assert_eq!(
        json(site.get("/healthz")).await,
        (200, value!({ "alive": true }))
    );
    assert_eq!(
        json(site.get("/readyz")).await,
        (200, value!({ "ready": true }))
    );
    site.till.memory().unready = Some("the journal is being verified".to_owned());
    assert_eq!(
        problem(site.get("/readyz")).await,
        (503, "not_ready".to_owned())
    );
    let metrics = site.get("/metrics").send().await.unwrap();
    assert_eq!(
        metrics.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert!(metrics.text().await.unwrap().starts_with("qrpayd_tenders"));
}

#[tokio::test]
async fn the_page_comes_in_the_stores_language() {
    let english = Site::open().await;
    let answer = english.get("/").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    let html = answer.text().await.unwrap();
    assert!(html.contains(r#"<html lang="en" dir="ltr">"#));
    // Whatever the page names is served, and nothing of it stands in line.
    let names: BTreeSet<&str> = html
        .split(['"', '\''])
        .filter(|part| part.starts_with('/') && part.contains('.'))
        .collect();
    assert_eq!(
        names,
        BTreeSet::from(["/icon.svg", "/page.css", "/page.js", "/stage.css"])
    );
    for name in names {
        let answer = english.get(name).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{name}");
    }
    assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains(" onclick="));
    assert!(!html.contains("<script>"));

    let arabic = Site::with(Vec::new(), Vec::new(), Language::Arabic).await;
    let html = arabic.get("/").send().await.unwrap().text().await.unwrap();
    assert!(html.contains(r#"<html lang="ar" dir="rtl">"#));
}
