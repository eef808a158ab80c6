//! Starting, stopping, and the control endpoint.

use super::*;

async fn ask(shop: &Shop, method: &str, path: &str, body: &str) -> (u16, Value) {
    let url = format!("http://{}{path}", shop.gateway.control_addr().unwrap());
    let method = method.parse().unwrap();
    let request = shop.http.request(method, url).body(body.to_owned());
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

async fn controlled() -> Shop {
    Shop::with(|settings| settings.control = Some("127.0.0.1:0".parse().unwrap())).await
}

#[tokio::test]
async fn the_control_endpoint_says_and_does() {
    let shop = controlled().await;
    let done = (200, json!({"done": true}));
    for (path, body) in [
        ("/plans", r#"{"wait":{"polls":3},"then":"paid"}"#),
        ("/plans", r#"{"then":{"refused":"601"}}"#),
        (
            "/faults",
            r#"{"operation":"placeOrder","fault":{"code":{"code":"504","signed":true,"effect":true}}}"#,
        ),
        (
            "/faults",
            r#"{"operation":"cancelOrder","fault":"paid_before_cancel","count":2}"#,
        ),
        ("/codes/stale", r#"{"code":"20001234T500012345B"}"#),
        ("/clock", r#"{"offset_millis":1000}"#),
    ] {
        assert_eq!(ask(&shop, "POST", path, body).await, done, "{path} {body}");
    }
    assert_eq!(shop.place(NUMBER, CODE, "37.50").await.refusal(), "504");
    assert_eq!(
        shop.place("B", "20001234T500012345B", "37.50")
            .await
            .refusal(),
        "62021"
    );
    assert_eq!(
        shop.place("C", "20001234T500012345C", "37.50")
            .await
            .refusal(),
        "601"
    );
    assert_eq!(
        ask(&shop, "POST", &format!("/orders/{NUMBER}/pay"), "").await,
        done
    );

    let (_, orders) = ask(&shop, "GET", "/orders", "").await;
    assert_eq!(orders.as_array().unwrap().len(), 1);
    assert_eq!(orders[0]["status"], "PAID_SUCCESS");
    assert_eq!(orders[0]["captured"], 3_750);
    assert_eq!(orders[0]["paid_at"], NOW + 1_000);
    let (_, calls) = ask(&shop, "GET", "/calls", "").await;
    let codes: Vec<_> = calls
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["code"])
        .collect();
    assert_eq!(codes, ["504", "62021", "601"]);
    assert_eq!(calls[0]["fault"]["code"]["effect"], true);
    assert_eq!(ask(&shop, "GET", "/violations", "").await, (200, json!([])));

    assert_eq!(ask(&shop, "DELETE", "/faults", "").await, done);
    assert_eq!(shop.cancel(NUMBER).await.refusal(), "62001");
    let (_, violations) = ask(&shop, "GET", "/violations", "").await;
    assert_eq!(violations[0]["rule"], "cancel_unasked");
    assert_eq!(violations[0]["operation"], "cancelOrder");
}

#[tokio::test]
async fn bad_wishes_get_a_clear_error() {
    let shop = controlled().await;
    shop.place(NUMBER, CODE, "37.50").await;
    for (path, body, status, part) in [
        ("/plans", "{", 400, "EOF"),
        (
            "/plans",
            r#"{"then":"paidd"}"#,
            400,
            "unknown variant `paidd`, expected",
        ),
        (
            "/plans",
            r#"{"then":"paid","when":1}"#,
            400,
            "unknown field `when`, expected",
        ),
        ("/plans", r#"{"then":{"refused":"0"}}"#, 400, "is not 0"),
        (
            "/faults",
            r#"{"operation":"refund","fault":"no_effect"}"#,
            400,
            "unknown variant `refund`",
        ),
        (
            "/faults",
            r#"{"operation":"getOrder","fault":"twice"}"#,
            400,
            "makes no sense for getOrder",
        ),
        (
            "/faults",
            r#"{"operation":"getOrder","fault":"no_signature","count":0}"#,
            400,
            "at least 1",
        ),
        ("/orders/NONE/pay", "", 404, "GET /orders lists them"),
        (
            "/orders/S07T03-20261120-0042-1/pay",
            "",
            409,
            "does not wait",
        ),
        (
            "/orders/S07T03-20261120-0042-1/decline",
            "",
            409,
            "does not wait",
        ),
        (
            "/orders/S07T03-20261120-0042-1/notify",
            "",
            409,
            "has no notifyUrl",
        ),
    ] {
        let (got, value) = ask(&shop, "POST", path, body).await;
        assert_eq!(got, status, "{path} {body}");
        let error = value["error"].as_str().unwrap();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_declined_payment_may_be_tried_again() {
    for (is_final, state) in [(true, "FAILURE"), (false, "CREATED")] {
        let shop = Shop::with(|settings| settings.decline_is_final = is_final).await;
        shop.gateway.push_plan(Plan::never()).unwrap();
        shop.place(NUMBER, CODE, "37.50").await;
        shop.gateway.customer_declines(NUMBER).unwrap();
        assert_eq!(shop.get(NUMBER).await.state(), state);
    }
}

#[tokio::test]
async fn a_dropped_gateway_breaks_kept_connections() {
    let shop = Shop::open().await;
    assert_eq!(shop.get(NUMBER).await.refusal(), "62004");
    let request = shop.post("getOrder", "{}");
    let Shop {
        gateway,
        http: _http,
        ..
    } = shop;
    drop(gateway);
    assert!(receive(request).await.is_err());
}

#[tokio::test]
async fn it_starts_only_with_sense() {
    async fn error(change: impl FnOnce(&mut PayBySettings)) -> String {
        let mut settings = PayBySettings::new(keys());
        change(&mut settings);
        start(settings).await.err().unwrap().to_string()
    }
    let outside = error(|settings| settings.listen = "0.0.0.0:0".parse().unwrap()).await;
    assert!(outside.contains("use 127.0.0.1"), "{outside}");
    let outside = error(|settings| settings.control = Some("192.0.2.1:0".parse().unwrap())).await;
    assert!(outside.contains("loopback only"), "{outside}");
    let key = error(|settings| settings.merchant_public_pem = "x".into()).await;
    assert!(key.contains("not a public key in PEM"), "{key}");
    let key =
        error(|settings| settings.gateway_private_pem = keys().gateway_public_pem.clone()).await;
    assert!(key.contains("not a private key in PKCS#8 PEM"), "{key}");
    assert!(
        error(|settings| settings.time_scale = 0.0)
            .await
            .contains("time scale")
    );
    assert!(
        error(|settings| settings.partner_id = "P".into())
            .await
            .contains("partner id")
    );
}

#[tokio::test]
async fn refunds_and_shown_codes_are_controlled_too() {
    let shop = controlled().await;
    let done = (200, json!({"done": true}));
    shop.place(NUMBER, CODE, "37.50").await.order();
    let mut display = shop.order("SHOWN", CODE, "12.00");
    display["paySceneCode"] = json!("DYNQR");
    display["paySceneParams"] = json!({});
    shop.call("placeOrder", &display).await.order();
    for (path, body) in [
        ("/orders/SHOWN/scan", r#"{"payer":"100000707070"}"#),
        ("/orders/SHOWN/scan", r#"{"payer":"100000707070"}"#),
        ("/settle", ""),
        ("/plans/refund", r#"{"then":"never"}"#),
        ("/plans/refund", r#"{"then":"never"}"#),
    ] {
        assert_eq!(ask(&shop, "POST", path, body).await, done, "{path} {body}");
    }
    assert_eq!(ask(&shop, "POST", "/orders/SHOWN/scan", "").await.0, 409);
    assert_eq!(shop.get(NUMBER).await.state(), "SETTLED");
    for number in ["R1", "R2"] {
        let refund = json!({
            "refundMerchantOrderNo": number,
            "originMerchantOrderNo": NUMBER,
            "amount": {"currency": "AED", "amount": 10},
        });
        shop.call("refund/placeOrder", &refund).await;
    }
    for path in ["/refunds/R1/arrive", "/refunds/R2/fail"] {
        assert_eq!(ask(&shop, "POST", path, "").await, done, "{path}");
        assert_eq!(ask(&shop, "POST", path, "").await.0, 409, "{path}");
    }
    let (_, refunds) = ask(&shop, "GET", "/refunds", "").await;
    let states: Vec<_> = refunds
        .as_array()
        .unwrap()
        .iter()
        .map(|refund| &refund["status"])
        .collect();
    assert_eq!(states, ["SUCCESS", "FAILURE"]);
    assert_eq!(shop.kept(NUMBER), 2_750);
    assert_eq!(ask(&shop, "POST", "/refunds/R9/arrive", "").await.0, 404);
}

#[tokio::test]
async fn a_fault_may_be_for_one_order_alone() {
    let shop = controlled().await;
    for number in ["A", "B"] {
        let code = format!("code-of-{number}");
        shop.place(number, &code, "37.50").await.order();
    }
    let fault = r#"{"operation":"getOrder","fault":"no_signature","count":1,"order":"B"}"#;
    assert_eq!(ask(&shop, "POST", "/faults", fault).await.0, 200);
    assert_eq!(shop.get("A").await.verified, Some(true));
    assert_eq!(shop.get("B").await.verified, None);
    assert_eq!(shop.get("B").await.verified, Some(true));
    shop.gateway
        .push_fault_of("A", Operation::GetOrder, Fault::WrongSignature, 1)
        .unwrap();
    assert_eq!(shop.get("B").await.verified, Some(true));
    assert_eq!(shop.get("A").await.verified, Some(false));
}
