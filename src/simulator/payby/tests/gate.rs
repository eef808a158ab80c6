//! What is let in: headers, signature, clock, fields.

use super::*;

/// The example of the create-order page, line breaks and all.
const GOLDEN: &str = r#"{"requestTime":1795155300120,
 "bizContent":{
  "merchantOrderNo":"S07T03-20261120-0042-1",
  "subject":"Till 3 sale 0042",
  "totalAmount":{"currency":"AED","amount":37.50},
  "paySceneCode":"QRPAY",
  "paySceneParams":{"authCode":"20001234T500012345A"},
  "expiredTime":1795155420120,
  "notifyUrl":"https://pos.example.com/payby/notify",
  "reserved":"sale 0042",
  "accessoryContent":{
   "amountDetail":{"vatAmount":{"currency":"AED","amount":1.79}},
   "terminalDetail":{"operatorId":"C15","storeId":"S07","terminalId":"T03",
                     "merchantName":"Example Market","storeName":"Example Market Marina"}}}}
"#;

#[tokio::test]
async fn the_documents_example_is_taken_and_answered_in_full() {
    let shop = Shop::open().await;
    shop.gateway.push_plan(Plan::never()).unwrap();
    let mut order = receive(shop.post("placeOrder", GOLDEN))
        .await
        .unwrap()
        .order();
    // What may or may not be there.
    for name in ["revoked", "xRouteHint"] {
        order.as_object_mut().unwrap().remove(name);
    }
    let order_no = order["orderNo"].take();
    assert_eq!(order_no.as_str().unwrap().len(), 18);
    assert!(order_no.as_str().unwrap().starts_with("131795155300120"));
    assert_eq!(
        order,
        json!({
            "merchantOrderNo": NUMBER,
            "orderNo": null,
            "status": "CREATED",
            "product": "Smart Purchase",
            "totalAmount": {"amount": 37.5, "currency": "AED"},
            "payeeMid": PARTNER,
            "requestTime": NOW,
            "expiredTime": NOW + 120_000,
            "notifyUrl": "https://pos.example.com/payby/notify",
            "subject": "Till 3 sale 0042",
            "paySceneCode": "QRPAY",
            "reserved": "sale 0042",
            "accessoryContent": {
                "amountDetail": {"vatAmount": {"amount": 1.79, "currency": "AED"}},
                "terminalDetail": {
                    "operatorId": "C15", "storeId": "S07", "terminalId": "T03",
                    "merchantName": "EXAMPLE MARKET LLC", "storeName": "Example Market Marina",
                },
            },
        })
    );
    assert_eq!(shop.rules(), []);
}

#[tokio::test]
async fn header_names_are_taken_in_any_case_and_the_gateways_clock_is_told() {
    let shop = Shop::open().await;
    let request = shop
        .http
        .post(format!("{}/acquire2/placeOrder", shop.gateway.base_url()))
        .header("content-type", "application/json; charset=utf-8")
        .header("partner-id", PARTNER)
        .header("Sign", sign(GOLDEN.as_bytes()))
        .header("api-version", "v1")
        .body(GOLDEN);
    let reply = receive(request).await.unwrap();
    assert_eq!(reply.state(), "PAID_SUCCESS");
    assert_eq!(reply.headers["date"], "Fri, 20 Nov 2026 06:15:00 GMT");
    let kind = reply.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/json"), "{kind}");
}

#[tokio::test]
async fn strangers_and_broken_envelopes_are_refused() {
    let shop = Shop::open().await;
    let url = format!("{}/acquire2/placeOrder", shop.gateway.base_url());
    let good = [
        ("Content-Type", "application/json".to_owned()),
        ("Partner-Id", PARTNER.to_owned()),
        ("sign", sign(GOLDEN.as_bytes())),
    ];
    // (header, instead, code, applyStatus, signed, rule)
    let cases = [
        ("Partner-Id", "", "403", "FAIL", false, Rule::Header),
        (
            "Partner-Id",
            "200000909091",
            "403",
            "FAIL",
            false,
            Rule::Header,
        ),
        ("sign", "", "58001", "ERROR", false, Rule::Header),
        ("sign", "AAAA", "58001", "ERROR", false, Rule::Signature),
        ("Content-Type", "", "400", "FAIL", true, Rule::Header),
        (
            "Content-Type",
            "text/plain",
            "400",
            "FAIL",
            true,
            Rule::Header,
        ),
    ];
    for (changed, instead, code, apply, signed, rule) in cases {
        shop.gateway.clear_violations();
        let mut request = shop.http.post(&url).body(GOLDEN);
        for (name, value) in &good {
            let value = if *name == changed { instead } else { value };
            if !value.is_empty() {
                request = request.header(*name, value);
            }
        }
        let reply = receive(request).await.unwrap();
        assert_eq!(reply.code(), code, "{changed} {instead}");
        assert_eq!(reply.apply(), apply);
        assert_eq!(reply.verified, signed.then_some(true));
        assert_eq!(shop.rules(), [rule]);
    }
    // One byte more than was signed.
    let longer = format!("{GOLDEN} ");
    let request = shop.post("placeOrder", &longer).header("x", "y");
    let wrong = request.build().map(|mut request| {
        let sign = sign(GOLDEN.as_bytes()).parse().unwrap();
        request.headers_mut().insert("sign", sign);
        request
    });
    let response = shop.http.execute(wrong.unwrap()).await.unwrap();
    assert!(response.text().await.unwrap().contains("58001"));

    for body in [
        "",
        "[]",
        "{",
        "{}",
        r#"{"requestTime":1}"#,
        r#"{"requestTime":"1","bizContent":{}}"#,
    ] {
        let reply = receive(shop.post("getOrder", body)).await.unwrap();
        assert_eq!(reply.refusal(), "400", "{body}");
    }
    assert_eq!(shop.gateway.orders(), []);
    let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(70_000));
    assert_eq!(
        receive(shop.post("placeOrder", &huge))
            .await
            .unwrap()
            .status,
        413
    );
}

#[tokio::test]
async fn request_time_is_held_to_fifteen_minutes() {
    let shop = Shop::open().await;
    let minutes = 15 * 60_000;
    for (at, message) in [
        (NOW - minutes, "MERCHANT_ORDER_NO_NOT_EXIST"),
        (NOW - minutes - 1, "REQUESTTIME_TOO_EARLY"),
        (NOW + minutes, "MERCHANT_ORDER_NO_NOT_EXIST"),
        (NOW + minutes + 1, "REQUESTTIME_TOO_LATER"),
    ] {
        let body = json!({"requestTime": at, "bizContent": {"merchantOrderNo": NUMBER}});
        let reply = receive(shop.post("getOrder", &body.to_string()))
            .await
            .unwrap();
        assert_eq!(reply.json()["head"]["msg"], message, "{at}");
    }
    assert_eq!(
        shop.rules()
            .iter()
            .filter(|rule| **rule == Rule::RequestTime)
            .count(),
        2
    );
    // The gateway's clock may be the wrong one.
    shop.gateway.set_clock_offset(16 * 60_000);
    assert_eq!(shop.place(NUMBER, CODE, "37.50").await.refusal(), "400");
}

/// Changes a field of a good order.
fn changed(shop: &Shop, path: &str, value: Value) -> Value {
    let mut order = shop.order(NUMBER, CODE, "37.50");
    let pointer = format!("/{}", path.replace('.', "/"));
    if let Some(place) = order.pointer_mut(&pointer) {
        *place = value;
    } else {
        order[path] = value;
    }
    order
}

#[tokio::test]
async fn fields_have_their_types_and_lengths() {
    let shop = Shop::open().await;
    let long = |length: usize| json!("x".repeat(length));
    let money = |amount: Value| json!({"currency": "AED", "amount": amount});
    let cases = [
        ("merchantOrderNo", long(65), "400"),
        ("merchantOrderNo", json!("a b"), "400"),
        ("merchantOrderNo", json!(""), "400"),
        ("merchantOrderNo", json!(42), "400"),
        ("subject", long(65), "400"),
        ("subject", json!(null), "400"),
        ("reserved", long(21), "400"),
        ("notifyUrl", long(201), "400"),
        (
            "accessoryContent",
            json!({"terminalDetail": {"terminalId": "x".repeat(201)}}),
            "400",
        ),
        (
            "accessoryContent",
            json!({"amountDetail": {"vatAmount": money(json!(1.795))}}),
            "400",
        ),
        ("totalAmount", json!(37.5), "400"),
        ("totalAmount", money(json!(0)), "400"),
        ("totalAmount", money(json!(-1)), "400"),
        ("totalAmount", money(json!(37.505)), "400"),
        ("totalAmount", money(json!(0.1 + 0.2)), "400"),
        ("totalAmount", money(json!(1_000_000_000_000_u64)), "400"),
        (
            "totalAmount",
            json!({"currency": "USD", "amount": 1}),
            "400",
        ),
        ("paySceneCode", json!("INAPP"), "62026"),
        ("paySceneCode", json!("QRPAYX"), "62012"),
        ("paySceneParams", json!({}), "62033"),
        ("paySceneParams", json!({"authCode": ""}), "62033"),
        (
            "paySceneParams",
            json!({"authCode": CODE, "x": true}),
            "400",
        ),
        ("expiredTime", json!("soon"), "400"),
        ("expiredTime", json!(NOW), "62008"),
        ("expiredTime", json!(NOW + 48 * 3_600_000 + 1), "62009"),
        ("payeeMid", json!("200000909091"), "62019"),
        ("deviceId", json!("D1"), "62036"),
        ("secondaryMerchantId", json!("M1"), "400"),
    ];
    for (path, value, code) in cases {
        let said = format!("{path} {value:.40}");
        let reply = shop.call("placeOrder", &changed(&shop, path, value)).await;
        assert_eq!(reply.refusal(), code, "{said}");
    }
    for missing in [
        "merchantOrderNo",
        "subject",
        "totalAmount",
        "paySceneCode",
        "paySceneParams",
    ] {
        let mut order = shop.order(NUMBER, CODE, "37.50");
        order.as_object_mut().unwrap().remove(missing);
        let code = if missing == "paySceneParams" {
            "62033"
        } else {
            "400"
        };
        assert_eq!(
            shop.call("placeOrder", &order).await.refusal(),
            code,
            "{missing}"
        );
    }
    assert_eq!(shop.gateway.orders(), []);
    for content in [json!({}), json!({"merchantOrderNo": "A", "orderNo": "13"})] {
        assert_eq!(shop.call("getOrder", &content).await.refusal(), "400");
    }
}

#[tokio::test]
async fn what_passes_against_the_rules_is_written_down() {
    let shop = Shop::open().await;
    let mut order = changed(&shop, "totalAmount.amount", json!("37.50"));
    order["reserved"] = json!("");
    order.as_object_mut().unwrap().remove("expiredTime");
    let reply = shop.call("placeOrder", &order).await;
    assert_eq!(reply.order()["expiredTime"], NOW + 7_200_000, "two hours");
    assert_eq!(shop.rules(), [Rule::Field, Rule::Money, Rule::Expiry]);
    let told = format!("{:?}{:?}", shop.gateway.violations(), shop.gateway.calls());
    assert!(!told.contains(CODE));
}

#[tokio::test]
async fn a_signature_made_by_openssl_verifies() {
    // `openssl dgst -sha256 -sign`, body with CR LF at the end; the private
    // half is gone.
    let public = include_str!("openssl-public.pem");
    let sign = include_str!("openssl-sign.txt").trim();
    let body = "{\"requestTime\":1795155303000,\"bizContent\":{\"merchantOrderNo\":\"S07T03-20261120-0042-1\"}}\r\n";
    let shop = Shop::with(|settings| settings.merchant_public_pem = public.to_owned()).await;
    let request = shop
        .http
        .post(format!("{}/acquire2/getOrder", shop.gateway.base_url()))
        .header("Content-Type", "application/json")
        .header("Partner-Id", PARTNER)
        .header("sign", sign)
        .body(body);
    assert_eq!(receive(request).await.unwrap().refusal(), "62004");
}
