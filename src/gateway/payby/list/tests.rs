#![allow(clippy::unwrap_used)]

use super::super::tests::{LIMIT, payby, settings};
use super::*;
use crate::domain::OrderStatus;
use crate::gateway::http::tests::{Do, Server, answer};
use crate::gateway::keys::tests::PROVIDER;

const DAYS: Days = Days {
    first: jiff::civil::date(2026, 11, 19),
    last: jiff::civil::date(2026, 11, 20),
};

fn signed(body: &str) -> Do {
    let sign = format!("sign: {}\r\n", PROVIDER.sign(body.as_bytes()));
    Do::Answer(answer("200 OK", &sign, body))
}

fn page(total: u64, pages: u64, items: &[String]) -> Do {
    let items = items.join(",");
    signed(&format!(
        r#"{{"head":{{"applyStatus":"SUCCESS","code":"0"}},"body":{{"totalElements":{total},
"totalPages":{pages},"sortPageParam":{{"number":0,"size":100}},"items":[{items}]}}}}"#
    ))
}

fn order(number: &str, status: &str) -> String {
    format!(
        r#"{{"merchantOrderNo":"{number}","orderNo":"13","status":"{status}","requestTime":1795155300120,"payeeMid":"200000909090","totalAmount":{{"amount":37.50,"currency":"AED"}},"paymentInfo":{{"settledTime":1}}}}"#
    )
}

/// All that a list hands on, and how it ends.
async fn all(pages: Vec<Do>) -> (Vec<Listed>, Result<(), ListError>, Vec<String>) {
    let server = Server::start(pages).await;
    let payby = payby(settings(server.url.as_str()));
    let mut orders = payby.orders(DAYS);
    orders.0.pause = Duration::ZERO;
    let mut listed = Vec::new();
    let end = loop {
        match orders.next(LIMIT).await {
            Ok(Some(page)) => listed.extend(page),
            Ok(None) => break Ok(()),
            Err(error) => {
                // After an error there is nothing more.
                assert_eq!(orders.next(LIMIT).await, Ok(None));
                break Err(error);
            }
        }
    };
    (listed, end, server.requests())
}

#[tokio::test]
async fn every_order_is_handed_on_once() {
    let pages = vec![
        page(3, 2, &[order("A-1", "CREATED"), order("A-2", "SETTLED")]),
        // The list moved while it was read.
        page(3, 2, &[order("A-2", "SETTLED"), order("A-3", "VOID")]),
    ];
    let (listed, end, requests) = all(pages).await;
    assert_eq!(end, Ok(()));
    let numbers: Vec<&str> = listed.iter().map(|l| l.number.as_str()).collect();
    assert_eq!(numbers, ["A-1", "A-2", "A-3"]);
    assert_eq!(listed[0].requested, Some(Timestamp(1_795_155_300_120)));
    match &listed[1].answer {
        Answer::Report(report) => {
            assert_eq!(report.status, OrderStatus::MoneyIn);
            assert_eq!(report.amount.unwrap().minor, 3750);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(listed[2].answer, Answer::Unknown(Unknown::Unlisted));
    let bodies: Vec<&str> = { requests.iter() }
        .map(|request| request.split_once("\r\n\r\n").unwrap().1)
        .collect();
    let body = |number| {
        format!(
            r#"{{"requestTime":1795155303000,"bizContent":{{"startDate":"2026-11-19","endDate":"2026-11-20","sortPageParam":{{"number":{number},"size":100}}}}}}"#
        )
    };
    assert_eq!(bodies, [body(0), body(1)]);
    assert!(requests[0].starts_with("POST /sgs/api/acquire2Query/queryOrderPage HTTP/1.1\r\n"));
}

#[tokio::test]
async fn an_empty_list_is_whole() {
    let (listed, end, _) = all(vec![page(0, 0, &[])]).await;
    assert_eq!((listed, end), (Vec::new(), Ok(())));
}

#[tokio::test]
async fn a_list_that_is_not_whole_says_so() {
    let one = || order("A-1", "CREATED");
    let refused = r#"{"head":{"applyStatus":"FAIL","code":"71002","msg":"REQUESTTIME_TOO_EARLY"}}"#;
    let unsigned = answer("200 OK", "", refused);
    let unanswered = |why| Err(ListError::Unanswered(why));
    for (pages, expected) in [
        // An order slipped through between two pages.
        (
            vec![page(3, 2, &[one()]), page(3, 2, &[one()])],
            Err(ListError::Changed),
        ),
        (vec![page(2, 9, &[])], Err(ListError::Changed)),
        (
            vec![page(100_001, 1, &[one()])],
            Err(ListError::TooMany(100_001)),
        ),
        (
            vec![signed(refused)],
            Err(ListError::Refused("71002".to_owned())),
        ),
        (vec![Do::Answer(unsigned)], unanswered(Unknown::Unsigned)),
        (
            vec![page(1, 1, &["{}".to_owned()])],
            unanswered(Unknown::Malformed),
        ),
        (
            vec![page(1, 1, &["7".to_owned()])],
            unanswered(Unknown::Malformed),
        ),
        (
            vec![Do::AnswerAndClose(String::new())],
            unanswered(Unknown::Broken),
        ),
    ] {
        let (_, end, _) = all(pages).await;
        assert_eq!(end, expected);
    }
}

#[tokio::test]
async fn refunds_are_listed_too() {
    let refund = r#"{"refundMerchantOrderNo":"R-1","orderNo":"19","originMerchantOrderNo":"A-1","status":"SUCCESS","amount":{"amount":10,"currency":"AED"}}"#;
    let server = Server::start([page(1, 1, &[refund.to_owned()])]).await;
    let payby = payby(settings(server.url.as_str()));
    let mut refunds = payby.refunds(DAYS);
    let listed = refunds.next(LIMIT).await.unwrap().unwrap();
    assert_eq!(refunds.next(LIMIT).await, Ok(None));
    assert_eq!(listed[0].number.as_str(), "R-1");
    assert!(matches!(listed[0].answer, RefundAnswer::Report(_)));
    assert!(server.requests()[0].starts_with("POST /sgs/api/acquire2Query/queryRefundOrderPage"));
}
