//! Names, origins, tokens, roles, sessions.

use super::{json, problem, read};
use crate::api::access::sha256;
use crate::api::tests::fake::Site;
use crate::api::{ApiSettings, DigestError, Role, Token, TokenDigest, router, serve};
use crate::domain::Language;
use serde_json::{Value, json as value};

fn token(name: &str, role: Role) -> Token {
    let digest: String = sha256(&format!("{name}-secret"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Token {
        name: name.to_owned(),
        role,
        digest: digest.parse().unwrap(),
    }
}

/// A request with the token of one of [`guarded`]'s callers.
pub(super) fn bearer(request: reqwest::RequestBuilder, name: &str) -> reqwest::RequestBuilder {
    request.header("authorization", format!("Bearer {name}-secret"))
}

/// Three callers: `wall` looks, `till` takes payments, `boss` is a manager.
pub(super) async fn guarded() -> Site {
    let tokens = vec![
        token("wall", Role::Viewer),
        token("till", Role::Cashier),
        token("boss", Role::Manager),
    ];
    Site::with(tokens, vec!["Shop-Box".to_owned()], Language::English).await
}

#[test]
fn a_token_is_configured_as_its_digest() {
    let digest = "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08";
    let known: TokenDigest = digest.parse().unwrap();
    assert_eq!(known, digest.to_lowercase().parse().unwrap());
    assert_eq!(format!("{known:?}"), "TokenDigest(..)");
    for wrong in [
        "",
        "test",
        &digest[1..],
        &digest[2..],
        &format!("{digest}0"),
        &format!("{digest}00"),
        &"é".repeat(32),
    ] {
        assert_eq!(wrong.parse::<TokenDigest>(), Err(DigestError));
    }
}

#[tokio::test]
async fn only_the_listeners_own_names_are_answered() {
    let site = guarded().await;
    let port = site.address.port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("LOCALHOST:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        ("shop-box".to_owned(), 200),
        (format!("shop-box:{port}"), 200),
        ("localhost".to_owned(), 421),
        ("localhost:1".to_owned(), 421),
        (format!("evil.example:{port}"), 421),
        (format!("localhost.evil.example:{port}"), 421),
    ] {
        let answer = site.get("/healthz").header("host", &host);
        let status_found = answer.send().await.unwrap().status().as_u16();
        assert_eq!(status_found, status, "{host}");
    }
    let request = site.get("/healthz").header("host", "evil.example");
    assert_eq!(problem(request).await, (421, "bad_host".to_owned()));
}

#[tokio::test]
async fn other_web_pages_are_refused() {
    let site = Site::open().await;
    let own = format!("http://{}", site.address);
    for (name, content, status) in [
        ("origin", own.as_str(), 201),
        ("origin", "http://evil.example", 403),
        ("origin", "http://localhost:3000", 403),
        ("origin", &format!("{own}.evil.example"), 403),
        ("origin", "null", 403),
        ("sec-fetch-site", "same-origin", 200),
        ("sec-fetch-site", "none", 200),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "cross-site", 403),
    ] {
        let request = site
            .send("/v1/lanes/1/tenders", crate::api::tests::fake::BODY)
            .header("idempotency-key", "k1")
            .header(name, content);
        let (found, body) = json(request).await;
        assert_eq!(found, status, "{name}: {content}");
        if status == 403 {
            assert_eq!(body["code"], "foreign_origin");
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let site = guarded().await;
    for path in ["/", "/page.css", "/healthz", "/v1/lanes", "/nothing"] {
        let answer = site.get(path).send().await.unwrap();
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert!(headers.get("access-control-allow-origin").is_none());
    }
}

#[tokio::test]
async fn a_role_is_needed_and_enough() {
    let site = guarded().await;
    let get = || site.get("/v1/lanes");
    let post = || site.post("/v1/tenders/t1/cancel");
    assert_eq!(problem(get()).await, (401, "unauthorized".to_owned()));
    assert_eq!(problem(post()).await, (401, "unauthorized".to_owned()));
    assert_eq!(
        problem(site.get("/metrics")).await,
        (401, "unauthorized".to_owned())
    );
    for wrong in [
        "Bearer nobody-secret",
        "Bearer ",
        "Basic dGlsbA==",
        "till-secret",
    ] {
        let request = get().header("authorization", wrong);
        assert_eq!(problem(request).await, (401, "bad_token".to_owned()));
    }
    let answer = get().send().await.unwrap();
    assert_eq!(
        answer.headers()["www-authenticate"],
        "Bearer realm=\"qrpayd\""
    );
    for (name, get_status, post_status, post_code) in [
        ("wall", 200, 403, "role"),
        ("till", 200, 404, "no_tender"),
        ("boss", 200, 404, "no_tender"),
    ] {
        let bearer = format!("Bearer {name}-secret");
        let (status, _) = json(get().header("authorization", &bearer)).await;
        assert_eq!(status, get_status, "{name}");
        let found = problem(post().header("authorization", &bearer)).await;
        assert_eq!(found, (post_status, post_code.to_owned()), "{name}");
    }
    // Health is for everybody.
    assert_eq!(json(site.get("/healthz")).await.0, 200);
}

#[tokio::test]
async fn without_tokens_only_loopback_is_open() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = ApiSettings {
        listen: format!("0.0.0.0:{}", address.port()).parse().unwrap(),
        tokens: Vec::new(),
        hosts: Vec::new(),
        language: Language::English,
    };
    let till = crate::api::tests::fake::FakeTill::new();
    tokio::spawn(serve(
        listener,
        router(till, &settings),
        std::future::pending(),
    ));
    let site = Site::open().await;
    assert_eq!(json(site.get("/v1/lanes")).await.0, 200);
    let closed = site.http.get(format!("http://{address}/v1/lanes"));
    assert_eq!(problem(closed).await, (401, "unauthorized".to_owned()));
}

/// Signs in; returns the cookie and the second value.
async fn sign_in(site: &Site, token: &str) -> (String, String) {
    let body = value!({ "token": token });
    let answer = site.send("/v1/session", body).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"),
        "{cookie}"
    );
    let (status, body) = read(answer).await;
    assert_eq!(status, 201);
    let cookie = cookie.split(';').next().unwrap().to_owned();
    (cookie, body["csrf"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_page_signs_in_and_out() {
    let site = guarded().await;
    let (cookie, csrf) = sign_in(&site, "till-secret").await;
    assert!(!cookie.contains("till-secret"));
    let get = || site.get("/v1/lanes").header("cookie", &cookie);
    let post = || {
        site.post("/v1/tenders/t1/cancel")
            .header("cookie", format!("other=1; {cookie}"))
    };
    assert_eq!(json(get()).await.0, 200);
    assert_eq!(problem(post()).await, (403, "csrf".to_owned()));
    let forged = post().header("x-csrf-token", "x".repeat(csrf.len()));
    assert_eq!(problem(forged).await, (403, "csrf".to_owned()));
    let signed = post().header("x-csrf-token", &csrf);
    assert_eq!(problem(signed).await, (404, "no_tender".to_owned()));

    // A page that is loaded again learns who it is, and its second value.
    let again = site.get("/v1/session").header("cookie", &cookie);
    assert_eq!(
        json(again).await,
        (
            200,
            value!({ "name": "till", "role": "cashier", "csrf": csrf })
        )
    );

    let leave = || {
        site.http
            .delete(format!("http://{}/v1/session", site.address))
            .header("cookie", &cookie)
    };
    assert_eq!(problem(leave()).await, (403, "csrf".to_owned()));
    let left = leave().header("x-csrf-token", &csrf).send().await.unwrap();
    assert_eq!(left.status(), 204);
    assert_eq!(problem(get()).await, (401, "session_over".to_owned()));
    assert_eq!(
        problem(site.get("/v1/session")).await,
        (401, "unauthorized".to_owned())
    );
}

#[tokio::test]
async fn a_viewers_session_only_looks() {
    let site = guarded().await;
    let (cookie, csrf) = sign_in(&site, "wall-secret").await;
    let post = site
        .post("/v1/tenders/t1/cancel")
        .header("cookie", &cookie)
        .header("x-csrf-token", &csrf);
    assert_eq!(problem(post).await, (403, "role".to_owned()));
}

#[tokio::test]
async fn sessions_are_limited_and_the_oldest_ends() {
    let site = guarded().await;
    let (oldest, _) = sign_in(&site, "till-secret").await;
    let (second, _) = sign_in(&site, "till-secret").await;
    for _ in 0..63 {
        sign_in(&site, "till-secret").await;
    }
    let get = |cookie: &str| site.get("/v1/lanes").header("cookie", cookie);
    assert_eq!(
        problem(get(&oldest)).await,
        (401, "session_over".to_owned())
    );
    assert_eq!(json(get(&second)).await.0, 200);
}

#[tokio::test]
async fn failed_sign_ins_are_slowed_and_tokens_never_repeated() {
    let site = guarded().await;
    let attempt = |body: Value| site.send("/v1/session", body);
    let odd = attempt(value!({ "token": 12_345_678 }))
        .send()
        .await
        .unwrap();
    assert!(!odd.text().await.unwrap().contains("1234"));
    for _ in 0..10 {
        let wrong = attempt(value!({ "token": "guess" }));
        assert_eq!(problem(wrong).await, (401, "bad_token".to_owned()));
    }
    let right = || attempt(value!({ "token": "till-secret" }));
    assert_eq!(
        problem(right()).await,
        (429, "too_many_failures".to_owned())
    );
    let answer = right().send().await.unwrap();
    let seconds: u64 = answer.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=61).contains(&seconds));
    // Programs with a token of their own go on.
    let bearer = site
        .get("/v1/lanes")
        .header("authorization", "Bearer till-secret");
    assert_eq!(json(bearer).await.0, 200);
}
