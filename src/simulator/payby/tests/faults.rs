//! What goes wrong on the way, with and without effect.

use std::time::Duration;

use super::*;
use Operation::{CancelOrder, GetOrder, PlaceOrder, RevokeOrder};

async fn shop_with(operation: Operation, fault: Fault) -> Shop {
    let shop = Shop::open().await;
    shop.gateway.push_fault(operation, fault, 1).unwrap();
    shop
}

#[tokio::test]
async fn no_answer_holds_the_connection() {
    for effect in [true, false] {
        let shop = shop_with(PlaceOrder, Fault::NoAnswer { effect }).await;
        tokio::select! {
            _ = shop.place(NUMBER, CODE, "37.50") => panic!("answered"),
            calls = shop.gateway.until(|gateway| {
                Some(gateway.calls()).filter(|calls| !calls.is_empty())
            }) => assert_eq!(calls[0].fault, Some(Fault::NoAnswer { effect })),
        }
        assert_eq!(shop.gateway.order(NUMBER).is_some(), effect);
        // The client left; the next call is answered.
        let code = if effect { "0" } else { "62004" };
        assert_eq!(shop.get(NUMBER).await.code(), code);
    }
}

#[tokio::test]
async fn a_late_answer_has_its_effect_at_once() {
    let shop = shop_with(PlaceOrder, Fault::Late { millis: 50 }).await;
    let begun = std::time::Instant::now();
    assert_eq!(
        shop.place(NUMBER, CODE, "37.50").await.state(),
        "PAID_SUCCESS"
    );
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_cut_connection_leaves_no_byte() {
    for effect in [true, false] {
        let shop = shop_with(PlaceOrder, Fault::Cut { effect }).await;
        let content = shop.order(NUMBER, CODE, "37.50");
        let error = shop.try_call("placeOrder", &content).await.err().unwrap();
        assert!(error.is_request() && !error.is_connect(), "{error:?}");
        assert_eq!(shop.gateway.order(NUMBER).is_some(), effect);
    }
}

#[tokio::test]
async fn a_proxys_page_is_not_an_answer() {
    let fault = Fault::Http {
        status: 502,
        effect: true,
    };
    let shop = shop_with(PlaceOrder, fault).await;
    let reply = shop.place(NUMBER, CODE, "37.50").await;
    assert_eq!((reply.status, reply.verified), (502, None));
    assert!(reply.text.starts_with("<html>"));
    assert_eq!(shop.kept(NUMBER), 3_750);
}

#[tokio::test]
async fn gateway_codes_come_signed_or_not_with_effect_or_not() {
    for code in ["500", "504", "402", "403"] {
        for (signed, effect) in [(true, true), (true, false), (false, true), (false, false)] {
            let fault = Fault::Code {
                code: code.into(),
                signed,
                effect,
            };
            let shop = shop_with(PlaceOrder, fault).await;
            let reply = shop.place(NUMBER, CODE, "37.50").await;
            assert_eq!((reply.code(), reply.apply()), (code.into(), "FAIL".into()));
            assert_eq!(reply.verified, signed.then_some(true));
            assert_eq!(shop.gateway.order(NUMBER).is_some(), effect);
        }
    }
    let shop = Shop::with(|settings| settings.unsigned_errors = true).await;
    let reply = shop.call("getOrder", &json!({})).await;
    assert_eq!((reply.code(), reply.verified), ("400".into(), None));
}

#[tokio::test]
async fn broken_answers() {
    for (fault, verified) in [
        (Fault::WrongSignature, Some(false)),
        (Fault::NoSignature, None),
        (Fault::Truncated, Some(false)),
    ] {
        let shop = shop_with(PlaceOrder, fault.clone()).await;
        let reply = shop.place(NUMBER, CODE, "37.50").await;
        assert_eq!(reply.verified, verified, "{fault:?}");
        assert_eq!(reply.json().is_null(), fault == Fault::Truncated);
        assert_eq!(shop.kept(NUMBER), 3_750);
    }
}

#[tokio::test]
async fn genuine_answers_about_something_else() {
    let shop = Shop::open().await;
    shop.gateway.push_plan(Plan::never()).unwrap();
    shop.place(NUMBER, CODE, "37.50").await;
    for fault in [Fault::OtherOrder, Fault::WrongAmount, Fault::WrongCurrency] {
        shop.gateway.push_fault(GetOrder, fault, 1).unwrap();
    }
    let other = shop.get(NUMBER).await.order();
    assert_eq!(other["merchantOrderNo"], "S07T03-20261120-0042-7");
    assert_eq!(other["status"], "PAID_SUCCESS");
    let amount = shop.get(NUMBER).await.order();
    assert_eq!(amount["totalAmount"]["amount"], 37.51);
    let currency = shop.get(NUMBER).await.order();
    assert_eq!(currency["totalAmount"]["currency"], "USD");
    let right = shop.get(NUMBER).await.order();
    assert_eq!(
        right["totalAmount"],
        json!({"amount": 37.5, "currency": "AED"})
    );
    assert_eq!(right["status"], "CREATED", "nothing of it was true");
}

#[tokio::test]
async fn a_lost_order_arrives_later() {
    let shop = shop_with(PlaceOrder, Fault::LateCreation { millis: 30_000 }).await;
    let content = shop.order(NUMBER, CODE, "37.50");
    assert!(shop.try_call("placeOrder", &content).await.is_err());
    assert_eq!(shop.get(NUMBER).await.refusal(), "62004");
    assert_eq!(shop.cancel(NUMBER).await.refusal(), "62004");
    shop.pass(29_999);
    assert_eq!(shop.gateway.orders(), []);
    shop.pass(1);
    assert_eq!(shop.kept(NUMBER), 3_750);
    assert_eq!(shop.gateway.order(NUMBER).unwrap().created_at, NOW + 30_000);
    assert_eq!(shop.get(NUMBER).await.state(), "PAID_SUCCESS");

    // After 15 minutes its requestTime is too old.
    let shop = shop_with(PlaceOrder, Fault::LateCreation { millis: 900_001 }).await;
    assert!(shop.try_call("placeOrder", &content).await.is_err());
    shop.pass(900_001);
    assert_eq!(shop.gateway.orders(), []);
    // After expiredTime it is made, and can no longer be paid.
    let shop = shop_with(PlaceOrder, Fault::LateCreation { millis: 120_000 }).await;
    assert!(shop.try_call("placeOrder", &content).await.is_err());
    shop.pass(120_000);
    assert_eq!(shop.get(NUMBER).await.state(), "FAILURE");
}

#[tokio::test]
async fn the_customer_pays_between_the_last_look_and_the_cancel() {
    let shop = shop_with(CancelOrder, Fault::PaidBeforeCancel).await;
    shop.gateway.push_plan(Plan::never()).unwrap();
    shop.place(NUMBER, CODE, "37.50").await;
    assert_eq!(shop.get(NUMBER).await.state(), "CREATED");
    assert_eq!(shop.cancel(NUMBER).await.refusal(), "62001");
    assert_eq!(shop.get(NUMBER).await.state(), "PAID_SUCCESS");
    assert_eq!(shop.rules(), []);
}

#[tokio::test]
async fn cancels_and_revokes_fail_as_often_as_told() {
    let shop = Shop::open().await;
    shop.gateway.push_plan(Plan::never()).unwrap();
    shop.place(NUMBER, CODE, "37.50").await;
    for (operation, path, code) in [
        (CancelOrder, "cancelOrder", "500"),
        (RevokeOrder, "revokeOrder", "62039"),
    ] {
        let fault = Fault::Code {
            code: code.into(),
            signed: true,
            effect: false,
        };
        shop.gateway.push_fault(operation, fault, 3).unwrap();
        for _ in 0..3 {
            let reply = shop.call(path, &json!({"merchantOrderNo": NUMBER})).await;
            assert_eq!(reply.refusal(), code);
        }
        assert_eq!(shop.get(NUMBER).await.state(), "CREATED");
    }
    assert_eq!(shop.cancel(NUMBER).await.state(), "FAILURE");
}

#[tokio::test]
async fn a_success_may_be_a_lie() {
    let shop = Shop::open().await;
    for operation in [PlaceOrder, CancelOrder, RevokeOrder] {
        shop.gateway
            .push_fault(operation, Fault::NoEffect, 1)
            .unwrap();
    }
    shop.gateway.push_plan(Plan::never()).unwrap();
    assert_eq!(shop.place(NUMBER, CODE, "37.50").await.state(), "CREATED");
    assert_eq!(shop.get(NUMBER).await.refusal(), "62004");
    // The code and the plan were not used up either.
    assert_eq!(shop.place("SECOND", CODE, "37.50").await.state(), "CREATED");
    assert_eq!(shop.cancel("SECOND").await.state(), "FAILURE");
    assert_eq!(shop.get("SECOND").await.state(), "CREATED");
    shop.gateway.customer_pays("SECOND").unwrap();
    assert_eq!(shop.revoke("SECOND").await.order()["revoked"], "true");
    assert_eq!(shop.kept("SECOND"), 3_750);
}

#[test]
fn impossible_faults_are_refused() {
    let mut queue = crate::simulator::fault::FaultQueue::default();
    for (operation, fault, count) in [
        (GetOrder, Fault::LateCreation { millis: 1 }, 1),
        (PlaceOrder, Fault::PaidBeforeCancel, 1),
        (GetOrder, Fault::Twice, 1),
        (Operation::Notification, Fault::Cut { effect: true }, 1),
        (GetOrder, Fault::Late { millis: 120_001 }, 1),
        (
            GetOrder,
            Fault::Http {
                status: 200,
                effect: true,
            },
            1,
        ),
        (GetOrder, Fault::NoSignature, 0),
    ] {
        assert!(
            queue.push(operation, None, fault.clone(), count).is_err(),
            "{fault:?}"
        );
    }
}
