//! What goes wrong on the way, with and without effect.

use super::*;
use Operation::{OrderQuery, OrderRevoker, PaySubmit, RefundSubmit};

async fn shop_with(operation: Operation, fault: Fault) -> Shop {
    let shop = Shop::open().await;
    shop.gateway.push_fault(operation, fault, 1).unwrap();
    shop
}

#[tokio::test]
async fn answers_are_lost_with_and_without_effect() {
    for effect in [true, false] {
        let shop = shop_with(PaySubmit, Fault::Cut { effect }).await;
        let fields = shop.payment(NUMBER, CODE, "12.30");
        assert!(shop.try_send(&fields).await.is_err());
        assert_eq!(shop.gateway.order(NUMBER).is_some(), effect);

        let status = 502;
        let shop = shop_with(PaySubmit, Fault::Http { status, effect }).await;
        let reply = shop.pay(NUMBER, CODE, "12.30").await;
        assert_eq!((reply.status, reply.verified), (502, None));
        assert_eq!(shop.gateway.order(NUMBER).is_some(), effect);

        let shop = shop_with(PaySubmit, Fault::NotJson { effect }).await;
        let reply = shop.pay(NUMBER, CODE, "12.30").await;
        assert_eq!((reply.status, reply.verified), (200, None));
        assert_eq!(shop.gateway.order(NUMBER).is_some(), effect);

        for signed in [true, false] {
            let code = "SYS001".to_owned();
            let fault = Fault::Code {
                code,
                signed,
                effect,
            };
            let shop = shop_with(PaySubmit, fault).await;
            let reply = shop.pay(NUMBER, CODE, "12.30").await;
            assert_eq!(
                (reply.code(), reply.verified),
                ("SYS001".into(), signed.then_some(true))
            );
            assert_eq!(shop.gateway.order(NUMBER).is_some(), effect);
        }
    }
}

#[tokio::test]
async fn signatures_and_data_are_wrong() {
    for (fault, verified) in [
        (Fault::NoSignature, None),
        (Fault::WrongSignature, Some(false)),
        (Fault::AlteredData, Some(false)),
        (Fault::Truncated, None),
    ] {
        let shop = shop_with(OrderQuery, fault.clone()).await;
        shop.gateway.push_plan(Plan::never()).unwrap();
        shop.pay(NUMBER, CODE, "12.30").await;
        let reply = shop.query(NUMBER).await;
        assert_eq!(reply.verified, verified, "{fault:?}");
        if fault == Fault::AlteredData {
            let data: Value = serde_json::from_str(reply.json()["data"].as_str().unwrap()).unwrap();
            assert_eq!(data["trans_status"], 2, "a lie");
        }
        assert_eq!(shop.query(NUMBER).await.state(), 0);
    }
}

#[tokio::test]
async fn data_comes_in_other_shapes() {
    let shop = shop_with(OrderQuery, Fault::DataObject).await;
    for fault in [
        Fault::OtherTypes,
        Fault::UnknownFields,
        Fault::Status(9),
        Fault::Status(4),
        Fault::NoStatus,
        Fault::WrongAmount,
        Fault::WrongCurrency,
        Fault::OtherOrder,
    ] {
        shop.gateway.push_fault(OrderQuery, fault, 1).unwrap();
    }
    shop.pay(NUMBER, CODE, "12.30").await;
    let object = shop.query(NUMBER).await;
    // The signature is over the bytes of the member as they stand.
    let json = object.json();
    let data: &str = object.text.split("\"data\":").nth(1).unwrap();
    let data = &data[..=data.find('}').unwrap()];
    let text = format!(
        "code=0&data={data}&msg=success&psn={}",
        json["psn"].as_str().unwrap()
    );
    assert!(verifies(&text, json["sign"].as_str().unwrap()));
    assert_eq!(json["data"]["trans_status"], 2);

    let types = shop.query(NUMBER).await.data();
    assert_eq!(
        (&types["trans_status"], &types["paid_amount"]),
        (&json!("2"), &json!(12.3))
    );
    assert_eq!(shop.query(NUMBER).await.data()["x_route_hint"], 7);
    assert_eq!(shop.query(NUMBER).await.state(), 9);
    assert_eq!(shop.query(NUMBER).await.state(), 4);
    assert!(
        shop.query(NUMBER)
            .await
            .data()
            .get("trans_status")
            .is_none()
    );
    assert_eq!(shop.query(NUMBER).await.data()["order_amount"], "12.31");
    assert_eq!(shop.query(NUMBER).await.data()["price_currency"], "EUR");
    assert_ne!(shop.query(NUMBER).await.data()["merchant_order_no"], NUMBER);
    let right = shop.query(NUMBER).await.data();
    assert_eq!(
        (&right["order_amount"], &right["trans_status"]),
        (&json!("12.3"), &json!(2))
    );
}

#[tokio::test]
async fn an_order_may_be_invisible_and_paid() {
    let shop = shop_with(PaySubmit, Fault::Invisible { millis: 22_000 }).await;
    let fields = shop.payment(NUMBER, CODE, "12.30");
    assert!(shop.try_send(&fields).await.is_err());
    assert_eq!(shop.kept(NUMBER), 1_230);
    shop.pass(21_999);
    assert_eq!(shop.query(NUMBER).await.refusal(), "E04111");
    assert_eq!(shop.revoke(NUMBER).await.refusal(), "E04111");
    shop.pass(1);
    assert_eq!(shop.query(NUMBER).await.state(), 2);
}

#[tokio::test]
async fn a_lost_request_arrives_later() {
    let shop = shop_with(PaySubmit, Fault::LateCreation { millis: 30_000 }).await;
    let fields = shop.payment(NUMBER, CODE, "12.30");
    assert!(shop.try_send(&fields).await.is_err());
    assert_eq!(shop.revoke(NUMBER).await.refusal(), "E04111");
    shop.pass(30_000);
    assert_eq!(
        shop.query(NUMBER).await.state(),
        2,
        "the reversal closed nothing"
    );

    shop.gateway
        .push_fault(RefundSubmit, Fault::LateCreation { millis: 5_000 }, 1)
        .unwrap();
    let refund = shop.fields(
        "order.refund.submit",
        &[
            ("merchant_order_no", "R1"),
            ("orig_merchant_order_no", NUMBER),
            ("price_currency", "USD"),
            ("order_amount", "2"),
            ("description", "back"),
        ],
    );
    assert!(shop.try_send(&refund).await.is_err());
    assert_eq!(shop.query_refund("R1").await.refusal(), "E04111");
    shop.pass(5_000);
    assert_eq!(shop.kept(NUMBER), 1_030);
}

#[tokio::test]
async fn an_accepted_reversal_may_be_paid_all_the_same() {
    let shop = shop_with(OrderRevoker, Fault::LateSuccess { millis: 5_000 }).await;
    shop.gateway.push_plan(Plan::never()).unwrap();
    shop.pay(NUMBER, CODE, "12.30").await;
    shop.pass(60_000);
    assert_eq!(shop.revoke(NUMBER).await.code(), "0");
    assert_eq!(shop.query(NUMBER).await.state(), 0);
    shop.pass(5_000);
    assert_eq!(shop.query(NUMBER).await.state(), 2);

    for fault in [Fault::NoEffect, Fault::PaidBeforeCancel] {
        let shop = shop_with(OrderRevoker, fault.clone()).await;
        shop.gateway.push_plan(Plan::never()).unwrap();
        shop.pay(NUMBER, CODE, "12.30").await;
        shop.pass(15_000);
        assert_eq!(shop.revoke(NUMBER).await.code(), "0");
        let state = if fault == Fault::NoEffect { 0 } else { 3 };
        assert_eq!(shop.query(NUMBER).await.state(), state);
    }
}

#[tokio::test]
async fn faults_of_the_other_gateway_are_refused() {
    let shop = Shop::open().await;
    for (operation, fault) in [
        (PaySubmit, Fault::TokenUrl),
        (PaySubmit, Fault::LateSuccess { millis: 1 }),
        (OrderQuery, Fault::Invisible { millis: 1 }),
        (Operation::Unknown, Fault::NoSignature),
        (Operation::Notification, Fault::DataObject),
    ] {
        assert!(shop.gateway.push_fault(operation, fault, 1).is_err());
    }
}
