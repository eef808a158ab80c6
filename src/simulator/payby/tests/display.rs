//! Orders whose code the merchant shows.

use super::*;

impl Shop {
    fn display(&self, number: &str, params: Value) -> Value {
        let mut order = self.order(number, CODE, "12.00");
        order["paySceneCode"] = json!("DYNQR");
        order["paySceneParams"] = params;
        order
    }

    async fn show(&self, number: &str, params: Value) -> Reply {
        self.call("placeOrder", &self.display(number, params)).await
    }

    async fn scanned(&self, url: &str) -> Reply {
        self.call("getCashierUrlInfo", &json!({"tokenUrl": url}))
            .await
    }
}

impl Reply {
    fn token(&self) -> Option<String> {
        self.order();
        let token = self.json()["body"]["interActionParams"]["tokenUrl"].clone();
        token.as_str().map(str::to_owned)
    }
}

#[tokio::test]
async fn a_code_is_shown_scanned_and_paid() {
    let shop = Shop::open().await;
    let reply = shop.show(NUMBER, json!({})).await;
    let url = reply.token().unwrap();
    assert!(url.starts_with("https://") && url.contains("ft="), "{url}");
    let order = reply.order();
    assert_eq!(order["status"], "CREATED");
    assert_eq!(order["product"], "Basic Payment Gateway");
    assert_eq!(order["paySceneCode"], "DYNQR");

    let before = shop.scanned(&url).await;
    assert_eq!(before.code(), "0");
    assert_eq!(before.json()["body"], json!({}));
    shop.gateway.customer_scans(NUMBER, "100000707070").unwrap();
    let after = shop.scanned(&url).await.json();
    assert_eq!(after["body"]["payer"]["mobileNumberMask"], "+971-50*11");
    let waiting = shop.get(NUMBER).await;
    assert_eq!(waiting.state(), "CREATED");
    assert_eq!(waiting.token(), None, "an enquiry brings no code");
    shop.gateway.customer_pays(NUMBER).unwrap();
    let paid = shop.get(NUMBER).await;
    assert_eq!(paid.state(), "PAID_SUCCESS");
    assert_eq!(paid.order()["paymentInfo"]["payerMid"], "100000707070");
    let payer = shop
        .call("getOrderPayer", &json!({"merchantOrderNo": NUMBER}))
        .await;
    assert_eq!(payer.json()["body"]["payer"]["payerMid"], "100000707070");
    assert_eq!(shop.kept(NUMBER), 1_200);
    assert_eq!(shop.rules(), []);
}

#[tokio::test]
async fn a_shown_code_ends() {
    let shop = Shop::open().await;
    let url = shop.show(NUMBER, json!({})).await.token().unwrap();
    assert_eq!(
        shop.scanned("https://qr.payby.invalid?x").await.refusal(),
        "62082"
    );
    shop.pass(119_999);
    assert_eq!(shop.scanned(&url).await.code(), "0");
    shop.pass(1);
    assert_eq!(shop.get(NUMBER).await.state(), "FAILURE");
    assert_eq!(shop.scanned(&url).await.refusal(), "62082");
    // A token may end before its order.
    let shop = Shop::with(|settings| settings.token_millis = 60_000).await;
    let url = shop.show(NUMBER, json!({})).await.token().unwrap();
    shop.pass(60_000);
    assert_eq!(shop.scanned(&url).await.refusal(), "62082");
    assert!(shop.gateway.customer_scans(NUMBER, "1").is_err());
    assert_eq!(shop.get(NUMBER).await.state(), "CREATED");
    assert_eq!(shop.cancel(NUMBER).await.state(), "FAILURE");
}

#[tokio::test]
async fn the_first_customer_may_be_the_only_one() {
    let shop = Shop::open().await;
    // "changePayer": "true" binds, despite its name, and is the default.
    for (number, params, binds) in [
        ("A", json!({}), true),
        ("B", json!({"changePayer": "true"}), true),
        ("C", json!({"changePayer": "false"}), false),
    ] {
        shop.show(number, params).await.order();
        shop.gateway.customer_scans(number, "1").unwrap();
        shop.gateway.customer_scans(number, "1").unwrap();
        assert_eq!(shop.gateway.customer_scans(number, "2").is_err(), binds);
    }
    // One declined payment ends an order of one payment.
    let shop = Shop::with(|settings| settings.decline_is_final = false).await;
    for (number, once, state) in [("A", "true", "FAILURE"), ("B", "false", "CREATED")] {
        let params = json!({"oneTimePayment": once});
        shop.show(number, params).await.order();
        shop.gateway.customer_declines(number).unwrap();
        assert_eq!(shop.get(number).await.state(), state);
    }
    for (params, code) in [
        (json!({"oneTimePayment": "yes"}), "62073"),
        (json!({"oneTimePayment": true}), "400"),
        (json!({"changePayer": "no"}), "400"),
    ] {
        assert_eq!(shop.show("C", params).await.refusal(), code);
    }
}

#[tokio::test]
async fn a_customer_may_come_by_plan_or_by_default() {
    let shop = Shop::with(|settings| settings.display_millis = Some(6_000)).await;
    let url = shop.show(NUMBER, json!({})).await.token().unwrap();
    shop.pass(2_999);
    assert_eq!(shop.scanned(&url).await.json()["body"], json!({}));
    shop.pass(1);
    assert!(shop.scanned(&url).await.json()["body"]["payer"].is_object());
    assert_eq!(shop.get(NUMBER).await.state(), "CREATED");
    shop.pass(3_000);
    assert_eq!(shop.get(NUMBER).await.state(), "PAID_SUCCESS");
    // Never paid in the answer that shows the code.
    shop.gateway.push_plan(Plan::paid()).unwrap();
    assert_eq!(shop.show("B", json!({})).await.state(), "CREATED");
    assert_eq!(shop.get("B").await.state(), "PAID_SUCCESS");
}

#[tokio::test]
async fn a_repeat_may_bring_another_code() {
    for renewed in [false, true] {
        let shop = Shop::with(|settings| settings.token_renewed = renewed).await;
        let first = shop.show(NUMBER, json!({})).await.token().unwrap();
        let second = shop.show(NUMBER, json!({})).await.token().unwrap();
        assert_eq!(first != second, renewed);
        assert_eq!(shop.scanned(&first).await.code(), "0");
        assert_eq!(shop.scanned(&second).await.code(), "0");
    }
}

#[tokio::test]
async fn a_customers_code_may_be_answered_with_one_to_show() {
    for (place, pointer) in [
        (TokenPlace::Beside, "/body/interActionParams/tokenUrl"),
        (
            TokenPlace::OtherSpelling,
            "/body/interactionParams/tokenUrl",
        ),
        (
            TokenPlace::Inside,
            "/body/acquireOrder/interActionParams/tokenUrl",
        ),
    ] {
        let shop = Shop::with(|settings| settings.token_place = place).await;
        shop.gateway
            .push_fault(Operation::PlaceOrder, Fault::TokenUrl, 1)
            .unwrap();
        let reply = shop.place(NUMBER, CODE, "37.50").await;
        assert_eq!(reply.state(), "CREATED");
        assert!(reply.json().pointer(pointer).is_some(), "{}", reply.text);
        assert_eq!(shop.get(NUMBER).await.state(), "PAID_SUCCESS");
    }
}

#[tokio::test]
async fn the_expiry_can_be_moved() {
    let shop = Shop::open().await;
    shop.show(NUMBER, json!({})).await.order();
    let days = 24 * 3_600_000;
    for (expires, code) in [(NOW, "62089"), (NOW + 15 * days + 1, "62089")] {
        let content = json!({"merchantOrderNo": NUMBER, "expiredTime": expires});
        assert_eq!(
            shop.call("updateExpiredTime", &content).await.refusal(),
            code
        );
    }
    let content = json!({"merchantOrderNo": NUMBER, "expiredTime": NOW + 15 * days});
    let order = shop.call("updateExpiredTime", &content).await.order();
    assert_eq!(order["expiredTime"], NOW + 15 * days);
    shop.pass(200_000);
    let waiting = shop.get(NUMBER).await;
    assert_eq!(waiting.state(), "CREATED");
    assert_eq!(waiting.token(), None, "an enquiry brings no code");
    shop.gateway.customer_pays(NUMBER).unwrap();
    assert_eq!(
        shop.call("updateExpiredTime", &content).await.refusal(),
        "62001"
    );
}
