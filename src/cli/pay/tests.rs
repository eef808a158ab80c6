#![allow(clippy::unwrap_used)]

use super::*;
use crate::cli::desk::{Desk, problem, tender};
use clap::Parser;

const CREATE: &str = "POST /v1/lanes/1/tenders";
const LOOK_AT: &str = "GET /v1/tenders/t1?wait=1";
const CODE: &str = "281234567890123456";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    pay: Pay,
}

fn args(desk: &Desk, more: &[&str]) -> Pay {
    let api = desk.connection.api.as_str();
    let line = [
        "pay", "--api", api, "--lane", "1", "--amount", "37.50", "--sale", "A-1",
    ];
    Line::parse_from(line.iter().chain(more)).pay
}

struct Run {
    exit: u8,
    text: String,
}

/// Runs the command with a typed code and a number of Ctrl-C that came.
async fn pay(args: Pay, code: Option<&str>, pressed: usize) -> Run {
    let (press, mut interrupts) = mpsc::channel(2);
    for _ in 0..pressed {
        press.send(()).await.unwrap();
    }
    let mut out = Vec::new();
    let mut story = Story::new(&mut out, args.json);
    let code = code.map(|code| Zeroizing::new(code.to_owned()));
    let exit = story.pay(&args, code, &mut interrupts).await;
    Run {
        exit,
        text: String::from_utf8(out).unwrap(),
    }
}

fn with_lane(desk: &Desk) -> &Desk {
    desk.answer("GET /v1/lanes/1", 200, json!({ "currency": "AED" }))
}

#[tokio::test]
async fn a_payment_is_told_to_its_end() {
    let desk = Desk::open().await;
    with_lane(&desk)
        .answer(CREATE, 201, tender("armed", None))
        .answer(LOOK_AT, 200, tender("armed", None))
        .answer(LOOK_AT, 200, tender("paying", None))
        .answer(LOOK_AT, 200, tender("waiting", None))
        .answer(LOOK_AT, 200, tender("waiting", None))
        .answer(LOOK_AT, 200, tender("done", Some("paid")));
    let args = args(
        &desk,
        &["--key", "k1", "--note", "n", "--gateway", "payby", "--part"],
    );
    let run = pay(args, None, 0).await;
    assert_eq!(
        run.text,
        "tender t1: 37.50 AED, lane 1, sale A-1\n\
         scan the customer's code\n\
         sending the payment\n\
         the customer is confirming\n\
         PAID: because\n"
    );
    assert_eq!(run.exit, 0);
    let calls = desk.calls();
    assert_eq!(
        calls[1],
        "POST /v1/lanes/1/tenders key=k1 {\"amount\":\"37.50\",\"currency\":\"AED\",\
         \"gateway\":\"payby\",\"mode\":\"scan\",\"note\":\"n\",\"part\":true,\"sale\":\"A-1\"}"
    );
    assert_eq!(calls.last().unwrap(), "POST /v1/tenders/t1/acknowledge");
}

#[tokio::test]
async fn a_verdict_has_its_exit() {
    for (verdict, exit, line) in [
        ("paid", 0, "PAID: because\n"),
        ("not_paid", 10, "NOT PAID: because\n"),
        (
            "unresolved",
            11,
            "NOT KNOWN YET: do not charge again: because\n",
        ),
    ] {
        let desk = Desk::open().await;
        desk.answer(CREATE, 200, tender("done", Some(verdict)));
        let args = args(&desk, &["--key", "k1", "--currency", "AED"]);
        let run = pay(args, None, 0).await;
        assert_eq!((run.exit, run.text.lines().count()), (exit, 2), "{verdict}");
        assert!(run.text.ends_with(line), "{}", run.text);
        let acknowledged = desk
            .calls()
            .iter()
            .any(|call| call.ends_with("acknowledge"));
        assert_eq!(acknowledged, exit != 11);
    }
}

#[tokio::test]
async fn money_on_its_way_back_is_told() {
    let desk = Desk::open().await;
    let mut done = tender("done", Some("not_paid"));
    done["money"] = json!("returning");
    desk.answer(CREATE, 200, done);
    let run = pay(args(&desk, &["--key", "k1", "--currency", "AED"]), None, 0).await;
    assert!(run.text.ends_with("the money is being returned\n"));
}

#[tokio::test]
async fn a_program_gets_one_object() {
    let desk = Desk::open().await;
    desk.answer(CREATE, 201, tender("armed", None)).answer(
        LOOK_AT,
        200,
        tender("done", Some("paid")),
    );
    let args = args(&desk, &["--key", "k1", "--currency", "AED", "--json"]);
    let run = pay(args, None, 0).await;
    assert_eq!(
        run.text,
        "{\"key\":\"k1\",\"money\":\"none\",\"reason\":{\"code\":\"paid\",\"text\":\"because\"},\
         \"state\":\"done\",\"tender\":\"t1\",\"verdict\":\"paid\"}\n"
    );
}

#[tokio::test]
async fn a_new_key_is_said_before_it_is_used() {
    let desk = Desk::open().await;
    desk.answer(CREATE, 200, tender("done", Some("paid")));
    let run = pay(args(&desk, &["--currency", "AED"]), None, 0).await;
    let key = run
        .text
        .lines()
        .next()
        .unwrap()
        .strip_prefix("key ")
        .unwrap();
    assert_eq!(key.len(), 32);
    assert!(desk.calls()[0].contains(&format!("key={key} ")));
}

#[tokio::test]
async fn a_typed_code_is_handed_over_and_never_shown() {
    let desk = Desk::open().await;
    desk.answer(CREATE, 201, tender("armed", None))
        .answer("POST /v1/tenders/t1/code", 200, tender("paying", None))
        .answer(LOOK_AT, 200, tender("done", Some("paid")));
    let args = args(&desk, &["--key", "k1", "--currency", "AED", "--code-stdin"]);
    let run = pay(args, Some(CODE), 0).await;
    assert_eq!(run.exit, 0);
    assert!(!run.text.contains(CODE));
    assert_eq!(
        desk.calls()[1],
        format!("POST /v1/tenders/t1/code {{\"code\":\"{CODE}\"}}")
    );
}

#[tokio::test]
async fn a_code_that_cannot_be_used_cancels_and_one_that_runs_does_not() {
    for (status, code, cancels) in [
        (422, "not_a_code", true),
        (422, "no_gateway_for_code", true),
        (409, "code_used", true),
        (409, "paying", false),
        (409, "code_in_process", false),
        (503, "busy", false),
    ] {
        let desk = Desk::open().await;
        desk.answer(CREATE, 201, tender("armed", None))
            .answer("POST /v1/tenders/t1/code", status, problem(status, code))
            .answer("POST /v1/tenders/t1/cancel", 200, tender("armed", None))
            .answer(LOOK_AT, 200, tender("done", Some("not_paid")));
        let run = pay(args(&desk, &["--currency", "AED"]), Some(CODE), 0).await;
        assert_eq!(run.exit, 10);
        let cancelled = desk.calls().iter().any(|call| call.ends_with("/cancel"));
        assert_eq!(cancelled, cancels, "{code}");
        assert!(
            run.text
                .contains(&format!("not taken: it is {code} ({code})"))
        );
    }
}

#[tokio::test]
async fn a_denial_is_wrong_usage_and_names_the_way() {
    let desk = Desk::open().await;
    desk.answer(CREATE, 409, problem(409, "lane_busy"));
    let more = ["--key", "k1", "--currency", "AED"];
    let run = pay(args(&desk, &more), None, 0).await;
    assert_eq!(
        (run.exit, run.text.as_str()),
        (2, "it is lane_busy (lane_busy)\n")
    );
    let run = pay(args(&desk, &[&more[..], &["--json"]].concat()), None, 0).await;
    assert_eq!(
        run.text,
        "{\"code\":\"lane_busy\",\"error\":\"it is lane_busy (lane_busy)\",\"key\":\"k1\",\"tender\":\"t9\"}\n"
    );
}

#[tokio::test]
async fn a_busy_service_is_asked_again_with_the_same_key() {
    let desk = Desk::open().await;
    desk.answer(CREATE, 503, problem(503, "busy")).answer(
        CREATE,
        201,
        tender("done", Some("paid")),
    );
    let run = pay(args(&desk, &["--currency", "AED"]), None, 0).await;
    assert_eq!(run.exit, 0);
    let calls = desk.calls();
    assert_eq!(calls[0], calls[1]);
}

#[tokio::test]
async fn nobody_there_is_69_and_says_how_to_ask_again() {
    let desk = Desk::open().await;
    let mut args = args(&desk, &["--key", "k 1", "--currency", "AED"]);
    // Nothing listens on port 1 of loopback.
    args.connection.api = "http://127.0.0.1:1".to_owned();
    let run = pay(args, None, 0).await;
    assert_eq!(run.exit, 69);
    assert!(
        run.text.starts_with("the service was not reached: "),
        "{}",
        run.text
    );
    assert!(run.text.contains("--key 'k 1'"), "{}", run.text);
}

#[tokio::test]
async fn ctrl_c_cancels_and_still_waits() {
    let desk = Desk::open().await;
    desk.answer(CREATE, 201, tender("armed", None))
        .answer("POST /v1/tenders/t1/cancel", 200, tender("checking", None))
        .answer(LOOK_AT, 200, tender("checking", None))
        .answer(LOOK_AT, 200, tender("checking", None))
        .answer(LOOK_AT, 200, tender("done", Some("paid")));
    let run = pay(args(&desk, &["--currency", "AED"]), None, 1).await;
    assert_eq!(run.exit, 0, "{}", run.text);
    assert!(run.text.contains("cancelling; waiting for the verdict\n"));
    let cancels = desk
        .calls()
        .iter()
        .filter(|c| c.ends_with("/cancel"))
        .count();
    assert_eq!(cancels, 1);
}

#[tokio::test]
async fn a_second_ctrl_c_leaves() {
    let desk = Desk::open().await;
    desk.answer(CREATE, 201, tender("armed", None))
        .answer("POST /v1/tenders/t1/cancel", 200, tender("checking", None))
        .answer(LOOK_AT, 200, tender("checking", None));
    let run = pay(args(&desk, &["--currency", "AED"]), None, 2).await;
    assert_eq!(run.exit, 11);
    assert!(
        run.text.contains("left without the verdict"),
        "{}",
        run.text
    );
}

#[tokio::test]
async fn the_time_to_follow_ends() {
    let desk = Desk::open().await;
    desk.answer(CREATE, 201, tender("armed", None))
        .answer(LOOK_AT, 200, tender("armed", None));
    let run = pay(args(&desk, &["--currency", "AED", "--wait", "0"]), None, 0).await;
    assert_eq!(run.exit, 11);
    assert!(run.text.contains("no verdict yet"), "{}", run.text);
}

#[tokio::test]
async fn a_token_comes_from_a_file() {
    let desk = Desk::open().await;
    desk.answer(CREATE, 200, tender("done", Some("paid")));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let path = file.to_str().unwrap().to_owned();
    let more = ["--currency", "AED", "--key", "k1", "--token-file", &path];
    for (content, exit) in [
        (None, 2),
        (Some(""), 2),
        (Some("two words\n"), 2),
        (Some("secret\n"), 0),
    ] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let run = pay(args(&desk, &more), None, 0).await;
        assert_eq!(run.exit, exit, "{content:?}: {}", run.text);
        assert!(!run.text.contains("secret"));
    }
    assert!(desk.calls()[0].contains(" Bearer secret "));
}

#[test]
fn a_code_is_one_line() {
    for (input, code) in [
        ("2812\n", Some("2812")),
        ("2812\r\nmore\n", Some("2812")),
        ("2812", Some("2812")),
        ("", None),
        ("\n", None),
    ] {
        let found = read_code(input.as_bytes()).ok();
        assert_eq!(found.as_deref().map(String::as_str), code, "{input:?}");
    }
    assert!(read_code("1".repeat(1024).as_bytes()).is_ok());
    assert!(read_code("1".repeat(1025).as_bytes()).is_err());
    assert!(read_code(&b"\xff\n"[..]).is_err());
}
