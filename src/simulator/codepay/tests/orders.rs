//! What becomes of payments and of the money.

use super::*;

#[tokio::test]
async fn a_payment_is_answered_and_found() {
    let shop = Shop::open().await;
    let reply = shop.pay(NUMBER, CODE, "12.30").await;
    let json = reply.json();
    assert_eq!(json["msg"], "success");
    assert_eq!(json["psn"], "01020304050000000001");
    let data = reply.data();
    assert_eq!(data["trans_no"], "26010200000000000000001");
    assert_eq!(data["trans_status"], 2);
    assert_eq!(data["paid_amount"], "12.3");
    assert_eq!(data["trans_end_time"], "2026-01-02 03:04:05");
    assert!(data.get("merchant_order_no").is_none());
    for by in [
        ("merchant_order_no", NUMBER),
        ("trans_no", "26010200000000000000001"),
    ] {
        let found = shop.call("order.query", &[by]).await.data();
        assert_eq!(found["merchant_order_no"], NUMBER);
        assert_eq!(found["price_currency"], "USD");
        assert_eq!(found["order_amount"], "12.3");
        assert_eq!(found["paid_amount"], "12.3");
        assert_eq!(
            (&found["trans_type"], &found["trans_status"]),
            (&json!(1), &json!(2))
        );
        assert_eq!(found["terminal_sn"], "TESTSN0001");
    }
    let record = shop.gateway.order(NUMBER).unwrap();
    assert_eq!(
        (record.total, record.captured, record.enquiries),
        (1_230, 1_230, 2)
    );
    assert_eq!(
        (record.currency.as_str(), record.status),
        ("USD", Status::Completed)
    );
    assert_eq!(shop.query("NONE").await.refusal(), "E04111");
    let unknown = shop.call("order.query", &[("trans_no", "1")]).await;
    assert_eq!(unknown.refusal(), "E04110");
    assert_eq!(shop.call("order.query", &[]).await.refusal(), "SIM010");
}

#[tokio::test]
async fn a_payment_follows_its_plan() {
    let shop = Shop::open().await;
    for (number, code, plan, state) in [
        ("POLLS", "130000000000000001", Plan::paid_after_polls(2), 0),
        (
            "TIME",
            "130000000000000002",
            Plan::paid_after_millis(5_000),
            0,
        ),
        (
            "FAILS",
            "130000000000000003",
            Plan::after(Wait::Millis(3_000), Then::Failed("TS-D2012".into())),
            0,
        ),
        ("NEVER", "130000000000000004", Plan::never(), 0),
        (
            "REFUSED",
            "130000000000000005",
            Plan::after(Wait::None, Then::Failed("SIM020".into())),
            1,
        ),
    ] {
        shop.gateway.push_plan(plan).unwrap();
        let data = shop.pay(number, code, "12.30").await.data();
        assert_eq!(data["trans_status"], state, "{number}");
        assert!(data.get("paid_amount").is_none());
    }
    assert_eq!(shop.query("POLLS").await.state(), 0);
    assert_eq!(shop.query("POLLS").await.state(), 0);
    assert_eq!(shop.query("POLLS").await.state(), 2);
    shop.pass(3_000);
    let failed = shop.query("FAILS").await.data();
    assert_eq!(failed["trans_status"], 1);
    assert_eq!(failed["trans_error_code"], "TS-D2012");
    shop.pass(2_000);
    assert_eq!(shop.query("TIME").await.state(), 2);
    shop.pass(84_999);
    assert_eq!(shop.query("NEVER").await.state(), 0);
    shop.pass(1);
    assert_eq!(shop.query("NEVER").await.state(), 1, "expired");
    // A large amount waits for the password.
    assert_eq!(
        shop.pay("BIG", "130000000000000006", "500").await.state(),
        0
    );
    shop.pass(6_000);
    assert_eq!(shop.query("BIG").await.state(), 2);
    let error = shop
        .gateway
        .push_plan(Plan::after(Wait::None, Then::Settled));
    assert!(matches!(error, Err(ControlError::Input(_))));
}

#[tokio::test]
async fn a_code_is_good_once_and_for_its_own_wallet() {
    for (form, expired) in [(RefusalForm::Status, 0), (RefusalForm::Code, 1)] {
        let shop = Shop::with(|settings| settings.refusal = form).await;
        shop.gateway.make_stale("130000000000000018").unwrap();
        assert_eq!(shop.pay(NUMBER, CODE, "12.30").await.state(), 2);
        for (n, code, why) in [
            (1, CODE, "SIM021"),
            (2, "130000000000000018", "SIM020"),
            (3, "130000000000009999", "SIM020"),
            (4, "250000000000000017", "SIM022"),
            (5, "6200000000000000017", "SIM022"),
        ] {
            let number = format!("N{n}");
            let reply = shop.pay(&number, code, "12.30").await;
            if expired == 0 {
                assert_eq!(reply.state(), 1, "{code}");
                let found = shop.query(&number).await.data();
                assert_eq!(found["trans_error_code"], why);
            } else {
                assert_eq!(reply.refusal(), why);
                assert_eq!(shop.query(&number).await.refusal(), "E04111");
            }
        }
    }
}

#[tokio::test]
async fn a_number_is_used_once() {
    let shop = Shop::open().await;
    let fields = shop.payment(NUMBER, CODE, "12.30");
    assert_eq!(shop.send(&fields).await.state(), 2);
    assert_eq!(shop.send(&fields).await.refusal(), "E04112");
    assert_eq!(
        shop.pay(NUMBER, "130000000000000018", "1").await.refusal(),
        "E04112"
    );
    assert_eq!(shop.refund(NUMBER, NUMBER, "1").await.refusal(), "E04112");
    assert_eq!(
        shop.rules(),
        [Rule::PlacedAgain, Rule::NumberReused, Rule::NumberReused]
    );
    let shop = Shop::with(|settings| settings.repeat_answered = true).await;
    let fields = shop.payment(NUMBER, CODE, "12.30");
    let first = shop.send(&fields).await.data();
    assert_eq!(
        shop.send(&fields).await.data()["trans_no"],
        first["trans_no"]
    );
    assert_eq!(shop.pay(NUMBER, CODE, "12.31").await.refusal(), "E04112");
}

#[tokio::test]
async fn a_reversal_closes_or_gives_back() {
    let shop = Shop::open().await;
    shop.gateway.push_plan(Plan::never()).unwrap();
    shop.pay("WAITS", "130000000000000001", "12.30").await;
    shop.pay("PAID", "130000000000000002", "12.30").await;
    assert_eq!(shop.revoke("NONE").await.refusal(), "E04111");
    shop.pass(14_999);
    assert_eq!(shop.revoke("PAID").await.refusal(), "SIM030");
    assert_eq!(
        shop.rules(),
        [
            Rule::CancelUnasked,
            Rule::ReversalEarly,
            Rule::CancelUnasked
        ]
    );
    shop.pass(1);
    shop.gateway.clear_violations();
    for (number, state) in [("WAITS", 1), ("PAID", 3)] {
        shop.query(number).await;
        // A repeat answers the same.
        for _ in 0..2 {
            let reply = shop.revoke(number).await;
            assert_eq!((reply.code(), reply.verified), ("0".into(), Some(true)));
            assert!(reply.json().get("data").is_none());
        }
        assert_eq!(shop.query(number).await.state(), state);
        assert_eq!(shop.kept(number), 0);
    }
    assert_eq!(shop.rules(), []);
    let record = shop.gateway.order("PAID").unwrap();
    assert_eq!(
        (record.captured, record.returned, record.revokes),
        (1_230, 1_230, 3)
    );
    assert!(record.revoked);
    shop.pass(100_000);
    let error = shop.gateway.customer_pays("WAITS").unwrap_err();
    assert!(matches!(error, ControlError::NotWaiting(_)));
}

#[tokio::test]
async fn a_reversal_may_look_like_paying_or_like_a_refund() {
    let shop = Shop::with(|settings| settings.reversal_millis = 4_000).await;
    shop.pay(NUMBER, CODE, "12.30").await;
    shop.pass(15_000);
    shop.revoke(NUMBER).await;
    assert_eq!(shop.query(NUMBER).await.state(), 0, "refunding");
    shop.pass(4_000);
    assert_eq!(shop.query(NUMBER).await.state(), 3);

    let shop = Shop::with(|settings| settings.reversal_is_refund = true).await;
    shop.pay(NUMBER, CODE, "12.30").await;
    shop.pass(15_000);
    shop.revoke(NUMBER).await;
    assert_eq!(shop.query(NUMBER).await.state(), 2);
    let refund = shop.gateway.refunds().pop().unwrap();
    let by = [("trans_no", refund.order_no.as_str())];
    let found = shop.call("order.refund.query", &by).await.data();
    assert_eq!(
        (&found["trans_status"], &found["order_amount"]),
        (&json!(2), &json!("12.3"))
    );
    assert_eq!(shop.kept(NUMBER), 0);
}

#[tokio::test]
async fn wallets_without_cancel_and_settled_payments_are_refunded() {
    let shop = Shop::open().await;
    let mut fields = shop.payment(NUMBER, CODE, "12.30");
    fields.insert("pay_method_id", "PayPay".into());
    assert_eq!(shop.send(&fields).await.state(), 2);
    shop.pass(15_000);
    shop.query(NUMBER).await;
    assert_eq!(shop.revoke(NUMBER).await.refusal(), "SIM031");
    assert_eq!(shop.rules(), [Rule::ReversalUnsupported]);
    assert_eq!(shop.refund("R1", NUMBER, "12.30").await.code(), "0");
    assert_eq!(shop.kept(NUMBER), 0);

    let close = [("terminal_sn", "TESTSN0001")];
    shop.pay("B", "130000000000000002", "12.30").await;
    assert_eq!(shop.call("batch.close", &close).await.code(), "0");
    assert_eq!(shop.call("batch.close", &close).await.refusal(), "ET007");
    shop.pass(15_000);
    assert_eq!(shop.revoke("B").await.refusal(), "ET008");
    assert_eq!(shop.query("B").await.state(), 2);
}

#[tokio::test]
async fn a_merchant_presented_code_is_scanned_and_paid() {
    let shop = Shop::open().await;
    let mut fields = shop.payment(NUMBER, CODE, "12.30");
    fields.insert("method", "cscanb.pay.getqrcode".into());
    fields.remove("auth_code");
    let data = shop.send(&fields).await.data();
    assert!(data["qrcode_url"].as_str().unwrap().starts_with("https://"));
    assert!(data.get("trans_status").is_none());
    assert_eq!(shop.query(NUMBER).await.state(), 9);
    shop.gateway.customer_scans(NUMBER, "u-0007").unwrap();
    assert_eq!(shop.query(NUMBER).await.state(), 0);
    shop.gateway.customer_pays(NUMBER).unwrap();
    let found = loop {
        let found = shop.query(NUMBER).await.data();
        if found.get("pay_user_account_id").is_some() {
            break found;
        }
    };
    assert_eq!(found["trans_status"], 2);
    assert_eq!(found["pay_user_account_id"], "u-0007");
    assert_eq!(found["pay_scenario"], "SCANQR_PAY");
    assert_eq!(shop.kept(NUMBER), 1_230);
}

#[tokio::test]
async fn an_order_may_be_pre_created_first() {
    let shop = Shop::with(|settings| settings.pre_create_millis = 1_000).await;
    assert_eq!(shop.pay(NUMBER, CODE, "12.30").await.state(), 9);
    shop.pass(1_000);
    assert_eq!(shop.query(NUMBER).await.state(), 2);
}

#[tokio::test]
async fn people_can_choose_by_the_last_two_digits() {
    let shop = Shop::with(|settings| settings.magic_amounts = true).await;
    for (n, amount, state) in [
        (1, "1.01", 1),
        (2, "1.02", 0),
        (3, "1.03", 0),
        (4, "1.04", 1),
        (6, "1.06", 0),
        (9, "1.09", 0),
        (11, "1.11", 0),
    ] {
        let code = format!("13000000000000000{}", n % 10);
        let reply = shop.pay(&format!("M{n}"), &code, amount).await;
        // Used up by x.01, the same code comes back at x.11.
        assert_eq!(reply.state(), if n == 11 { 1 } else { state }, "{amount}");
    }
    let failed = shop.pay("M8", "130000000000000008", "1.08").await;
    assert_eq!(failed.refusal(), "SYS001");
    shop.pass(15_000);
    assert_eq!(shop.revoke("M9").await.code(), "0");
    for (number, state) in [("M2", 2), ("M3", 0), ("M6", 2), ("M8", 2), ("M9", 3)] {
        assert_eq!(shop.query(number).await.state(), state, "{number}");
    }
    assert_eq!(shop.kept("M9"), 0);
}
