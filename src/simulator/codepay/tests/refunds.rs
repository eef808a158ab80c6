//! Money that goes back under a number of its own.

use super::*;

async fn paid() -> Shop {
    let shop = Shop::open().await;
    assert_eq!(shop.pay(NUMBER, CODE, "12.30").await.state(), 2);
    shop
}

#[tokio::test]
async fn parts_add_up_to_the_payment() {
    let shop = paid().await;
    for (number, amount, kept) in [("R1", "2.30", 1_000), ("R2", "4", 600), ("R3", "6.00", 0)] {
        let data = shop.refund(number, NUMBER, amount).await.data();
        assert!(data["trans_no"].as_str().unwrap().len() == 23);
        assert_eq!(shop.kept(NUMBER), kept);
        let found = shop.query_refund(number).await.data();
        assert_eq!(found["trans_status"], 2);
        assert_eq!(found["merchant_order_no"], number);
        assert_eq!(found["orig_trans_no"], "26010200000000000000001");
    }
    assert_eq!(shop.refund("R4", NUMBER, "0.01").await.refusal(), "E04126");
    assert_eq!(
        shop.query(NUMBER).await.state(),
        2,
        "the payment stays paid"
    );
    let amounts: Vec<_> = shop
        .gateway
        .refunds()
        .iter()
        .map(|refund| refund.amount)
        .collect();
    assert_eq!(amounts, [230, 400, 600]);
    assert_eq!(shop.rules(), []);
}

#[tokio::test]
async fn a_refund_on_its_way_is_not_money_back() {
    let shop = paid().await;
    for plan in [
        Plan::paid_after_millis(6_000),
        Plan::after(Wait::Polls(1), Then::Failed("SIM043".into())),
        Plan::never(),
        Plan::refused("SIM043"),
    ] {
        shop.gateway.push_refund_plan(plan).unwrap();
    }
    for number in ["R1", "R2", "R3"] {
        shop.refund(number, NUMBER, "4").await.data();
        assert_eq!(
            shop.gateway.refund(number).unwrap().status,
            Status::Processing
        );
    }
    assert_eq!(shop.refund("R4", NUMBER, "0.01").await.refusal(), "SIM043");
    assert_eq!(shop.kept(NUMBER), 1_230);
    assert_eq!(
        shop.refund("R5", NUMBER, "0.31").await.refusal(),
        "E04126",
        "all is on its way"
    );
    shop.pass(6_000);
    assert_eq!(shop.query_refund("R1").await.state(), 2);
    assert_eq!(shop.query_refund("R2").await.state(), 0);
    let failed = shop.query_refund("R2").await.data();
    assert_eq!(
        (&failed["trans_status"], &failed["trans_error_code"]),
        (&json!(1), &json!("SIM043"))
    );
    assert_eq!(shop.query_refund("R3").await.state(), 0);
    assert_eq!(shop.kept(NUMBER), 830);
    shop.gateway.refund_arrives("R3").unwrap();
    assert_eq!(shop.query_refund("R3").await.state(), 2);
    assert_eq!(shop.kept(NUMBER), 430);
    assert_eq!(shop.refund("R6", NUMBER, "4.30").await.code(), "0");
    assert!(shop.gateway.refund_fails("R3", "X").is_err());
}

#[tokio::test]
async fn refunds_are_refused_with_their_codes() {
    let shop = Shop::with(|settings| {
        settings.refund_ceiling = Some(1_000);
        settings.refunds_max = 1;
    })
    .await;
    shop.pay(NUMBER, CODE, "12.30").await;
    shop.gateway.push_plan(Plan::never()).unwrap();
    shop.pay("WAITS", "130000000000000018", "12.30").await;
    for (number, of, amount, code) in [
        ("R1", "NONE", "1", "M010"),
        ("R1", "WAITS", "1", "SIM040"),
        ("R1", NUMBER, "12.31", "E04126"),
        ("R1", NUMBER, "10.01", "E04130"),
        ("R1", NUMBER, "0", "SIM010"),
    ] {
        assert_eq!(
            shop.refund(number, of, amount).await.refusal(),
            code,
            "{of} {amount}"
        );
    }
    assert_eq!(shop.refund("R1", NUMBER, "10").await.code(), "0");
    assert_eq!(shop.refund("R1", NUMBER, "10").await.refusal(), "E04112");
    assert_eq!(shop.refund("R2", NUMBER, "1").await.refusal(), "SIM041");
    assert_eq!(shop.query_refund("NONE").await.refusal(), "E04111");
    assert_eq!(
        shop.query("R1").await.refusal(),
        "E04111",
        "a refund is no payment"
    );
    shop.pass(15_000);
    assert_eq!(shop.revoke(NUMBER).await.refusal(), "SIM032");

    let shop = Shop::with(|settings| settings.partial_refunds = false).await;
    shop.pay(NUMBER, CODE, "12.30").await;
    assert_eq!(shop.refund("R1", NUMBER, "1").await.refusal(), "E04132");
    assert_eq!(shop.refund("R2", NUMBER, "12.3").await.code(), "0");

    let shop = paid().await;
    shop.pass(15_000);
    shop.revoke(NUMBER).await;
    assert_eq!(shop.refund("R1", NUMBER, "1").await.refusal(), "SIM042");
}
