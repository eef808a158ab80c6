//! Codes that the store shows (DYNQR).

use super::*;
use crate::domain::Unknown;

const TOKEN_URL: &str = "https://qr.payby.com?BIZ_TYPE=202&ft=0f3a&t=1795155300601";

const SUBMIT: &str = concat!(
    r#"{"requestTime":1795155300120,"bizContent":{"merchantOrderNo":"S07-2-20261120061500-4K2M9X","#,
    r#""subject":"Market \"Marina\" 0042","totalAmount":{"currency":"AED","amount":37.50},"#,
    r#""paySceneCode":"DYNQR","paySceneParams":{"oneTimePayment":"false","changePayer":"false"},"#,
    r#""expiredTime":1795155420120,"notifyUrl":"https://pos.example.com/payby/notify","#,
    r#""reserved":"0042","accessoryContent":{"terminalDetail":{"storeId":"S07","#,
    r#""terminalId":"T02","storeName":"Market \"Marina\""}}}}"#
);

const SCANNED: &str = concat!(
    r#"{"requestTime":1795155303000,"#,
    r#""bizContent":{"tokenUrl":"https://qr.payby.com?BIZ_TYPE=202&ft=0f3a&t=1795155300601"}}"#
);

fn display() -> Order {
    Order {
        mode: Mode::Display,
        ..order()
    }
}

fn signed(body: &str) -> Do {
    let sign = format!("sign: {}\r\n", PROVIDER.sign(body.as_bytes()));
    Do::Answer(answer("200 OK", &sign, body))
}

const HEAD: &str = r#""head":{"applyStatus":"SUCCESS","code":"0"}"#;

/// An order's answer, with this in its body beside the order, and inside of it.
fn with(status: &str, beside: &str, inside: &str) -> Do {
    signed(&format!(
        r#"{{{HEAD},"body":{{"acquireOrder":{{"merchantOrderNo":"S07-2-20261120061500-4K2M9X",
"status":"{status}","totalAmount":{{"amount":37.5,"currency":"AED"}}{inside}}}{beside}}}}}"#
    ))
}

#[tokio::test]
async fn calls_to_the_byte() {
    let url = format!(r#","interActionParams":{{"tokenUrl":"{TOKEN_URL}"}}"#);
    let server = Server::start([
        with("CREATED", &url, ""),
        signed(&format!(
            r#"{{{HEAD},"body":{{"payer":{{"mobileNumberMask":"+971-50*11"}}}}}}"#
        )),
    ])
    .await;
    let payby = payby(settings(server.url.as_str()));
    let mut order = display();
    let prepared = payby.prepare_submit(&order, None);
    match payby.submit(&order, prepared, LIMIT).await {
        Answer::Report(report) => {
            assert_eq!(report.status, OrderStatus::Pending);
            assert_eq!(report.show.as_deref(), Some(TOKEN_URL));
        }
        other => panic!("{other:?}"),
    }
    // Nothing is asked about a code that was never shown.
    assert_eq!(payby.scanned(&order, LIMIT).await, Answer::NotSent);
    order.show = Some(TOKEN_URL.to_owned());
    assert_eq!(payby.scanned(&order, LIMIT).await, Answer::Scanned(true));
    let requests = server.requests();
    let bodies: Vec<(&str, &str)> = { requests.iter() }
        .map(|request| {
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            (head.lines().next().unwrap(), body)
        })
        .collect();
    assert_eq!(
        bodies,
        [
            ("POST /sgs/api/acquire2/placeOrder HTTP/1.1", SUBMIT),
            ("POST /sgs/api/acquire2/getCashierUrlInfo HTTP/1.1", SCANNED),
        ]
    );
    assert!(requests[1].contains(&MERCHANT.sign(SCANNED.as_bytes())));
}

#[tokio::test]
async fn a_token_url_is_found_wherever_it_stands() {
    let params = |name: &str, url: &str| format!(r#","{name}":{{"tokenUrl":{url}}}"#);
    let url = format!("\"{TOKEN_URL}\"");
    let found = Some(TOKEN_URL);
    for (what, does, show) in [
        (
            "as in samples",
            with("CREATED", &params("interActionParams", &url), ""),
            found,
        ),
        (
            "as in lists",
            with("CREATED", &params("interactionParams", &url), ""),
            found,
        ),
        (
            "in the order",
            with("CREATED", "", &params("interActionParams", &url)),
            found,
        ),
        ("nowhere", with("CREATED", "", ""), None),
        (
            "after the end",
            with("SETTLED", &params("interActionParams", &url), ""),
            None,
        ),
        (
            "empty",
            with("CREATED", &params("interActionParams", "\"\""), ""),
            None,
        ),
        (
            "no text",
            with("CREATED", &params("interActionParams", "7"), ""),
            None,
        ),
        (
            "with a blank",
            with("CREATED", &params("interActionParams", "\"a b\""), ""),
            None,
        ),
        (
            "another shape",
            with("CREATED", r#","interActionParams":[1]"#, ""),
            None,
        ),
        (
            "null",
            with("CREATED", r#","interActionParams":null"#, ""),
            None,
        ),
    ] {
        let server = Server::start([does]).await;
        let payby = payby(settings(server.url.as_str()));
        // A code that was scanned may be answered with one to show as well.
        match payby.enquire(&order(), LIMIT).await {
            Answer::Report(report) => assert_eq!(report.show.as_deref(), show, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn who_scanned_is_nobodys_business_but_whether() {
    let code = |code: &str| {
        signed(&format!(
            r#"{{"head":{{"applyStatus":"SUCCESS","code":"{code}"}}}}"#
        ))
    };
    let body = |body: &str| signed(&format!(r#"{{{HEAD},"body":{body}}}"#));
    let unsigned = format!(r#"{{{HEAD},"body":{{"payer":{{}}}}}}"#);
    for (does, expected) in [
        (body(r#"{"payer":{}}"#), Answer::Scanned(true)),
        (body(r#"{"payer":null}"#), Answer::Scanned(false)),
        (body("{}"), Answer::Scanned(false)),
        (body("[]"), Answer::Unknown(Unknown::Malformed)),
        (body("null"), Answer::Unknown(Unknown::Malformed)),
        (code("62082"), Answer::Unknown(Unknown::GatewayFault)),
        (code("62004"), Answer::Unknown(Unknown::Unlisted)),
        (code("402"), Answer::Unknown(Unknown::RateLimit)),
        (
            Do::Answer(answer("200 OK", "", &unsigned)),
            Answer::Unknown(Unknown::Unsigned),
        ),
    ] {
        let server = Server::start([does]).await;
        let payby = payby(settings(server.url.as_str()));
        let mut order = display();
        order.show = Some(TOKEN_URL.to_owned());
        assert_eq!(payby.scanned(&order, LIMIT).await, expected);
    }
}

#[test]
fn a_mode_and_its_code_go_together() {
    let payby = payby(settings("http://localhost:1"));
    let code = PaymentCode::new(CODE.as_bytes());
    assert!(
        payby
            .prepare_submit(&display(), Some(&code))
            .request
            .is_none()
    );
    assert!(payby.prepare_submit(&order(), None).request.is_none());
    let shown = payby.prepare_submit(&display(), None).request.unwrap();
    assert_eq!(String::from_utf8_lossy(&shown.body), SUBMIT);
}
