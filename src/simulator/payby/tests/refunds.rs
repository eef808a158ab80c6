//! Money that goes back under a number of its own.

use super::*;

async fn paid() -> Shop {
    let shop = Shop::open().await;
    shop.place(NUMBER, CODE, "37.50").await.order();
    shop
}

fn content(number: &str, of: &str, amount: &str) -> Value {
    json!({
        "refundMerchantOrderNo": number,
        "originMerchantOrderNo": of,
        "amount": {"currency": "AED", "amount": serde_json::from_str::<Value>(amount).unwrap()},
        "operatorName": "C15",
        "reason": "returned goods",
    })
}

impl Shop {
    async fn refund(&self, number: &str, of: &str, amount: &str) -> Reply {
        self.call("refund/placeOrder", &content(number, of, amount))
            .await
    }

    async fn get_refund(&self, number: &str) -> Reply {
        let content = json!({"refundMerchantOrderNo": number});
        self.call("refund/getOrder", &content).await
    }
}

impl Reply {
    /// The body of a signed answer of success.
    fn body(&self) -> Value {
        assert_eq!(self.verified, Some(true), "{}", self.text);
        assert_eq!(self.code(), "0", "{}", self.text);
        self.json()["body"].clone()
    }

    fn refund_state(&self) -> String {
        let body = self.body();
        body["refundOrder"]["status"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn parts_add_up_to_the_payment() {
    let shop = paid().await;
    let mut body = shop.refund("R1", NUMBER, "10.00").await.body();
    let refund = body["refundOrder"].as_object_mut().unwrap();
    for name in ["feeRefunded", "xRouteHint"] {
        refund.remove(name);
    }
    let order_no = refund.remove("orderNo").unwrap();
    assert!(order_no.as_str().unwrap().starts_with("191795155300120"));
    assert_eq!(
        body,
        json!({
            "refundOrder": {
                "refundMerchantOrderNo": "R1",
                "originMerchantOrderNo": NUMBER,
                "status": "SUCCESS",
                "amount": {"currency": "AED", "amount": body["refundOrder"]["amount"]["amount"]},
                "reason": "returned goods",
            },
            "refundSummary": {
                "acquireAmount": {"currency": "AED", "amount": 37.5},
                "remainRefundAmount": {"currency": "AED", "amount": 27.5},
            },
        })
    );
    assert_eq!(shop.kept(NUMBER), 2_750);
    // By PayBy's numbers too.
    let found = shop
        .call("refund/getOrder", &json!({"orderNo": order_no}))
        .await;
    assert_eq!(found.refund_state(), "SUCCESS");
    let mut by_order_no = content("R2", NUMBER, "27.50");
    let origin = shop.gateway.order(NUMBER).unwrap().order_no;
    by_order_no
        .as_object_mut()
        .unwrap()
        .remove("originMerchantOrderNo");
    by_order_no["originOrderNo"] = json!(origin);
    let reply = shop.call("refund/placeOrder", &by_order_no).await;
    assert_eq!(reply.refund_state(), "SUCCESS");
    assert_eq!(shop.kept(NUMBER), 0);
    assert_eq!(
        shop.refund("R3", NUMBER, "0.01").await.refusal(),
        "62006",
        "nothing is left"
    );
    assert_eq!(shop.get(NUMBER).await.state(), "PAID_SUCCESS");
    assert_eq!(shop.revoke(NUMBER).await.refusal(), "62041");
    assert_eq!(shop.rules(), []);
}

#[tokio::test]
async fn a_refund_goes_through_its_states() {
    let shop = paid().await;
    for plan in [
        Plan::paid_after_millis(6_000),
        Plan::paid_after_polls(2),
        Plan::after(Wait::Polls(1), Then::Failed("ORDER_BANK_FAIL".into())),
        Plan::after(Wait::None, Then::Settled),
        Plan::refused("62045"),
    ] {
        shop.gateway.push_refund_plan(plan).unwrap();
    }
    for (number, state) in [
        ("R1", "CREATED"),
        ("R2", "CREATED"),
        ("R3", "CREATED"),
        ("R4", "REFUNDED_SETTLED"),
    ] {
        let reply = shop.refund(number, NUMBER, "9").await;
        assert_eq!(reply.refund_state(), state, "{number}");
    }
    assert_eq!(shop.refund("R5", NUMBER, "1").await.refusal(), "62045");
    assert_eq!(shop.get_refund("R5").await.refusal(), "62007");
    assert_eq!(shop.kept(NUMBER), 3_750, "nothing is back");
    let too_much = shop.refund("R6", NUMBER, "1.51").await;
    assert_eq!(too_much.refusal(), "62006", "the rest is on its way");

    shop.pass(3_000);
    assert_eq!(
        shop.get_refund("R1").await.refund_state(),
        "REFUNDED_SETTLED"
    );
    shop.pass(3_000);
    assert_eq!(shop.get_refund("R1").await.refund_state(), "SUCCESS");
    for state in ["CREATED", "REFUNDED_SETTLED", "SUCCESS"] {
        assert_eq!(shop.get_refund("R2").await.refund_state(), state);
    }
    assert_eq!(shop.get_refund("R3").await.refund_state(), "CREATED");
    let failed = shop.get_refund("R3").await.body();
    assert_eq!(failed["refundOrder"]["status"], "FAILURE");
    assert_eq!(failed["refundOrder"]["failCode"], "ORDER_BANK_FAIL");
    assert_eq!(shop.kept(NUMBER), 1_950);
    shop.gateway.refund_fails("R4", "62030").unwrap();
    assert_eq!(shop.get_refund("R4").await.refund_state(), "FAILURE");
    assert!(shop.gateway.refund_arrives("R4").is_err());
    assert_eq!(
        shop.refund("R7", NUMBER, "19.50").await.refund_state(),
        "SUCCESS"
    );
    assert_eq!(shop.kept(NUMBER), 0);
}

#[tokio::test]
async fn a_refund_number_has_one_content() {
    let shop = paid().await;
    let first = shop.refund("R1", NUMBER, "10").await.body();
    let again = shop.refund("R1", NUMBER, "10").await.body();
    assert_eq!(
        again["refundOrder"]["orderNo"],
        first["refundOrder"]["orderNo"]
    );
    assert_eq!(shop.refund("R1", NUMBER, "10.01").await.refusal(), "62017");
    assert_eq!(shop.rules(), [Rule::PlacedAgain, Rule::NumberReused]);
    assert_eq!(shop.kept(NUMBER), 2_750);
    // An order's number is another's.
    assert_eq!(
        shop.refund(NUMBER, NUMBER, "1").await.refund_state(),
        "SUCCESS"
    );
}

#[tokio::test]
async fn refunds_are_refused_with_their_codes() {
    let shop = paid().await;
    shop.gateway.push_plan(Plan::never()).unwrap();
    shop.place("WAITS", "20001234T500012345B", "37.50").await;
    shop.place("REVOKED", "20001234T500012345C", "37.50").await;
    shop.revoke("REVOKED").await.order();
    shop.gateway
        .push_plan(Plan::after(Wait::None, Then::Failed("X".into())))
        .unwrap();
    shop.place("FAILED", "20001234T500012345D", "37.50").await;
    for (of, amount, code) in [
        ("NONE", "1", "62004"),
        ("WAITS", "1", "62015"),
        ("FAILED", "1", "62002"),
        ("REVOKED", "1", "62040"),
        (NUMBER, "37.51", "62006"),
        (NUMBER, "0", "400"),
        (NUMBER, "1.005", "400"),
        (NUMBER, "\"1.00\"", "0"),
    ] {
        let reply = shop.refund(&format!("R-{of}-{}", code), of, amount).await;
        assert_eq!(reply.code(), code, "{of} {amount}");
    }
    assert_eq!(shop.rules().last(), Some(&Rule::Money), "an amount as text");
    for (change, value, code) in [
        ("reason", json!("x".repeat(65)), "400"),
        ("deviceId", json!("D1"), "62036"),
        ("secondaryMerchantId", json!("M1"), "62038"),
        ("originOrderNo", json!("13"), "400"),
        ("refundMerchantOrderNo", json!(""), "400"),
        ("amount", json!({"currency": "USD", "amount": 1}), "400"),
    ] {
        let mut content = content("R9", NUMBER, "1");
        content[change] = value;
        let reply = shop.call("refund/placeOrder", &content).await;
        assert_eq!(reply.refusal(), code, "{change}");
    }
    assert_eq!(shop.get_refund("NONE").await.refusal(), "62007");
    let unknown = shop
        .call("refund/getOrder", &json!({"orderNo": "19"}))
        .await;
    assert_eq!(unknown.refusal(), "62035");
    // A refund's number of PayBy's is no order's.
    let number = &shop.gateway.refunds()[0].order_no;
    let order = shop.call("getOrder", &json!({"orderNo": number})).await;
    assert_eq!(order.refusal(), "62035");
    shop.pass(180 * 24 * 3_600_000 + 1);
    let late = shop.refund("R10", NUMBER, "1").await;
    assert_eq!(late.refusal(), "62045", "after 180 days");
}

#[tokio::test]
async fn a_lost_refund_arrives_later() {
    let shop = paid().await;
    let fault = Fault::LateCreation { millis: 5_000 };
    shop.gateway
        .push_fault(Operation::RefundPlaceOrder, fault, 1)
        .unwrap();
    let lost = shop
        .try_call("refund/placeOrder", &content("R1", NUMBER, "10"))
        .await;
    assert!(lost.is_err());
    assert_eq!(shop.get_refund("R1").await.refusal(), "62007");
    shop.pass(5_000);
    assert_eq!(shop.get_refund("R1").await.refund_state(), "SUCCESS");
    assert_eq!(shop.kept(NUMBER), 2_750);
    for (fault, status) in [(Fault::WrongAmount, 10.01), (Fault::OtherOrder, 10.0)] {
        shop.gateway
            .push_fault(Operation::RefundGetOrder, fault.clone(), 1)
            .unwrap();
        let body = shop.get_refund("R1").await.body();
        assert_eq!(body["refundOrder"]["amount"]["amount"], status, "{fault:?}");
        let same = body["refundOrder"]["refundMerchantOrderNo"] == "R1";
        assert_eq!(same, fault == Fault::WrongAmount);
    }
}
