//! What becomes of orders and of the money.

use super::*;

#[tokio::test]
async fn small_amounts_are_paid_at_once_and_large_ones_wait_for_the_password() {
    let shop = Shop::open().await;
    let order = shop.place(NUMBER, CODE, "499.99").await.order();
    assert_eq!(order["status"], "PAID_SUCCESS");
    let info = &order["paymentInfo"];
    assert_eq!(
        info["paidAmount"],
        json!({"currency": "AED", "amount": 499.99})
    );
    assert_eq!(info["paidTime"], NOW);
    assert_eq!(shop.kept(NUMBER), 49_999);

    assert_eq!(
        shop.place("BIG", "20001234T500012345B", "500")
            .await
            .state(),
        "CREATED"
    );
    shop.pass(5_999);
    assert_eq!(shop.get("BIG").await.state(), "CREATED");
    shop.pass(1);
    let order = shop.get("BIG").await.order();
    assert_eq!(order["status"], "PAID_SUCCESS");
    assert_eq!(order["paymentInfo"]["paidTime"], NOW + 6_000);
    let record = shop.gateway.order("BIG").unwrap();
    assert_eq!((record.captured, record.enquiries), (50_000, 2));
}

#[tokio::test]
async fn an_order_follows_its_plan() {
    let shop = Shop::with(|settings| settings.settle_millis = Some(60_000)).await;
    for (number, plan) in [
        ("POLLS", Plan::paid_after_polls(2)),
        ("JUMP", Plan::after(Wait::Polls(1), Then::Settled)),
        (
            "FAIL",
            Plan::after(Wait::Millis(3_000), Then::Failed("504".into())),
        ),
        (
            "FAIL-AT-ONCE",
            Plan::after(Wait::None, Then::Failed("X".into())),
        ),
        ("NEVER", Plan::never()),
        ("LATE", Plan::paid_after_millis(120_000)),
        (
            "DISCOUNT",
            Plan {
                discount: 250,
                ..Plan::paid()
            },
        ),
    ] {
        shop.gateway.push_plan(plan).unwrap();
        let code = format!("code-of-{number}");
        let state = shop.place(number, &code, "37.50").await.state();
        let expected = match number {
            "DISCOUNT" => "PAID_SUCCESS",
            "FAIL-AT-ONCE" => "FAILURE",
            _ => "CREATED",
        };
        assert_eq!(state, expected, "{number}");
    }
    assert_eq!(shop.get("POLLS").await.state(), "CREATED");
    assert_eq!(shop.get("POLLS").await.state(), "CREATED");
    assert_eq!(shop.get("POLLS").await.state(), "PAID_SUCCESS");
    assert_eq!(shop.get("JUMP").await.state(), "CREATED");
    assert_eq!(shop.get("JUMP").await.state(), "SETTLED");
    let paid = shop.get("DISCOUNT").await.order();
    assert_eq!(paid["paymentInfo"]["paidAmount"]["amount"], 35.0);
    assert_eq!(paid["totalAmount"]["amount"], 37.5);

    shop.pass(3_000);
    let failed = shop.get("FAIL").await.order();
    assert_eq!(
        (&failed["status"], &failed["failCode"]),
        (&json!("FAILURE"), &json!("504"))
    );
    shop.pass(57_000);
    assert_eq!(shop.get("POLLS").await.state(), "SETTLED");
    shop.pass(59_999);
    assert_eq!(shop.get("NEVER").await.state(), "CREATED");
    shop.pass(1);
    for number in ["NEVER", "LATE"] {
        let expired = shop.get(number).await.order();
        assert_eq!(expired["status"], "FAILURE", "{number}");
        assert_eq!(expired["failCode"], "ORDER_EXPIRED");
        assert!(expired.get("paymentInfo").is_none());
        assert_eq!(shop.kept(number), 0);
    }
}

#[tokio::test]
async fn people_can_choose_by_the_last_two_digits() {
    let shop = Shop::with(|settings| settings.magic_amounts = true).await;
    for (amount, code) in [("37.01", "62021"), ("37.04", "601")] {
        assert_eq!(shop.place(NUMBER, CODE, amount).await.refusal(), code);
        assert_eq!(shop.get(NUMBER).await.refusal(), "62004");
    }
    for (number, amount) in [
        ("M2", "1.02"),
        ("M3", "1.03"),
        ("M6", "1.06"),
        ("M9", "1.09"),
        ("M11", "1.11"),
    ] {
        let code = format!("code-of-{number}");
        assert_eq!(
            shop.place(number, &code, amount).await.state(),
            "CREATED",
            "{amount}"
        );
    }
    let fault = shop.place("M8", "code-of-M8", "1.08").await;
    assert_eq!((fault.code(), fault.verified), ("500".into(), None));
    assert_eq!(shop.cancel("M9").await.refusal(), "62001");
    shop.pass(6_000);
    for (number, state) in [
        ("M2", "PAID_SUCCESS"),
        ("M3", "CREATED"),
        ("M6", "SETTLED"),
        ("M8", "PAID_SUCCESS"),
        ("M9", "PAID_SUCCESS"),
        ("M11", "FAILURE"),
    ] {
        assert_eq!(shop.get(number).await.state(), state, "{number}");
    }
}

#[tokio::test]
async fn a_number_has_one_order_for_ever() {
    let shop = Shop::open().await;
    shop.gateway.push_plan(Plan::never()).unwrap();
    let content = shop.order(NUMBER, CODE, "37.50");
    let first = shop.call("placeOrder", &content).await.order();
    // Long after, the same bytes: the order as it is, its first time.
    shop.pass(60_000);
    let again = shop.call("placeOrder", &content).await.order();
    assert_eq!(again["orderNo"], first["orderNo"]);
    assert_eq!(again["requestTime"], NOW);
    assert_eq!(shop.rules(), [Rule::PlacedAgain]);
    // The clock of a repeat is not looked at.
    let body = json!({"requestTime": 1, "bizContent": content}).to_string();
    let reply = receive(shop.post("placeOrder", &body)).await.unwrap();
    assert_eq!(reply.order()["orderNo"], first["orderNo"]);

    for other in [
        shop.order(NUMBER, "20001234T500012345B", "37.50"),
        shop.order(NUMBER, CODE, "37.51"),
    ] {
        assert_eq!(shop.call("placeOrder", &other).await.refusal(), "62016");
    }
    assert_eq!(shop.rules()[2..], [Rule::NumberReused, Rule::NumberReused]);
    assert_eq!(shop.gateway.orders().len(), 1);

    shop.gateway.customer_pays(NUMBER).unwrap();
    assert_eq!(
        shop.call("placeOrder", &content).await.state(),
        "PAID_SUCCESS"
    );
    // A refused number is used up as well.
    assert_eq!(shop.place("R", CODE, "1").await.refusal(), "62021");
    assert_eq!(
        shop.place("R", "20001234T500012345C", "1").await.state(),
        "PAID_SUCCESS"
    );
    assert_eq!(shop.rules().last(), Some(&Rule::NumberReused));
}

#[tokio::test]
async fn a_repeat_may_be_refused_by_the_orders_state() {
    let shop = Shop::with(|settings| settings.repeat_refused = true).await;
    for (plan, code) in [
        (Plan::paid(), "62001"),
        (Plan::after(Wait::None, Then::Failed("X".into())), "62002"),
        (Plan::after(Wait::None, Then::Settled), "62003"),
    ] {
        shop.gateway.push_plan(plan).unwrap();
        let number = format!("N{code}");
        let content = shop.order(&number, &format!("code-of-{code}"), "1");
        shop.call("placeOrder", &content).await.order();
        assert_eq!(shop.call("placeOrder", &content).await.refusal(), code);
    }
}

#[tokio::test]
async fn a_payment_code_is_good_once_and_whole() {
    let shop = Shop::open().await;
    shop.gateway.make_stale("20001234T500012345Z").unwrap();
    let symbol = "hQVDUFYwMWEoTwcwMFRvUEFZUAVUb1BBWWMWn0ITMjAwMDEyMzRUNTAwMDEyMzQ1QQ==";
    for (n, code) in [
        "1234567",
        &"1".repeat(513),
        "2000 1234\n",
        "2000123٣4T5000",
        "20001234T500012345Z",
        "20001234T5000STALE",
        symbol,
    ]
    .iter()
    .enumerate()
    {
        let number = format!("BAD-{n}");
        assert_eq!(
            shop.place(&number, code, "1").await.refusal(),
            "62021",
            "{code}"
        );
        assert_eq!(shop.get(&number).await.refusal(), "62004");
    }
    assert_eq!(
        shop.place("A", "12345678", "1").await.state(),
        "PAID_SUCCESS"
    );
    assert_eq!(shop.place("B", "12345678", "1").await.refusal(), "62021");
    assert_eq!(
        shop.place("C", &"1".repeat(512), "1").await.state(),
        "PAID_SUCCESS"
    );

    let lenient = Shop::with(|settings| settings.accept_cpm_text = true).await;
    assert_eq!(
        lenient.place("A", symbol, "1").await.state(),
        "PAID_SUCCESS"
    );
}

/// One order that waits, one that is paid, one that is settled.
async fn shop_with_orders() -> Shop {
    let shop = Shop::open().await;
    for (number, plan) in [
        ("WAITS", Plan::never()),
        ("PAID", Plan::paid()),
        ("SETTLED", Plan::after(Wait::None, Then::Settled)),
    ] {
        shop.gateway.push_plan(plan).unwrap();
        shop.place(number, &format!("code-of-{number}"), "37.50")
            .await
            .order();
    }
    shop
}

#[tokio::test]
async fn only_a_waiting_order_is_cancelled() {
    let shop = shop_with_orders().await;
    let order = shop.cancel("WAITS").await.order();
    assert_eq!(order["status"], "FAILURE");
    assert!(order.get("paymentInfo").is_none());
    for (number, code) in [
        ("WAITS", "62002"),
        ("PAID", "62001"),
        ("SETTLED", "62003"),
        ("NONE", "62004"),
    ] {
        assert_eq!(shop.cancel(number).await.refusal(), code, "{number}");
    }
    assert_eq!(
        shop.call("cancelOrder", &json!({"orderNo": "13"}))
            .await
            .refusal(),
        "62035"
    );
    // By PayBy's number too.
    let order_no = shop.gateway.order("PAID").unwrap().order_no;
    let found = shop
        .call("getOrder", &json!({"orderNo": order_no}))
        .await
        .order();
    assert_eq!(found["merchantOrderNo"], "PAID");
    assert_eq!(shop.kept("PAID"), 3_750);
}

#[tokio::test]
async fn a_revoke_closes_or_gives_back() {
    let shop = shop_with_orders().await;
    for (number, state, revoked) in [
        ("WAITS", "FAILURE", false),
        ("PAID", "FAILURE", true),
        ("SETTLED", "SETTLED", true),
    ] {
        // A repeat answers the same.
        for _ in 0..2 {
            let order = shop.revoke(number).await.order();
            assert_eq!(order["status"], state, "{number}");
            assert_eq!(order["revoked"] == "true", revoked, "{number}");
            assert_eq!(order.get("paymentInfo").is_some(), revoked, "{number}");
        }
        assert_eq!(shop.kept(number), 0);
    }
    let record = shop.gateway.order("PAID").unwrap();
    assert_eq!(
        (record.captured, record.returned, record.revokes),
        (3_750, 3_750, 2)
    );
    assert_eq!(shop.revoke("NONE").await.refusal(), "62004");
    // Nothing can be paid into a closed order.
    shop.pass(1_000);
    let error = shop.gateway.customer_pays("WAITS").unwrap_err();
    assert!(matches!(error, ControlError::NotWaiting(_)), "{error}");
}

#[tokio::test]
async fn the_same_seed_answers_the_same_bytes() {
    async fn texts(seed: u64) -> Vec<String> {
        let shop = Shop::with(|settings| settings.seed = seed).await;
        shop.place(NUMBER, CODE, "37.50").await;
        let mut texts = Vec::new();
        for _ in 0..20 {
            texts.push(shop.get(NUMBER).await.text);
        }
        texts
    }
    let first = texts(7).await;
    assert_eq!(texts(7).await, first);
    assert_ne!(texts(8).await, first);
    assert!(first.iter().any(|text| text.contains("37.50")));
    assert!(
        first
            .iter()
            .any(|text| text.contains("37.5}") || text.contains("37.5,"))
    );
    assert!(first.iter().any(|text| text.contains("xRouteHint")));
    assert!(first.iter().any(|text| text.starts_with("{\"body\"")));
    assert!(first.iter().any(|text| text.starts_with("{\"head\"")));
}
