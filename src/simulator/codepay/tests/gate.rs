//! What is let in: protocol fields, application, clock, signature, fields.

use super::*;

#[tokio::test]
async fn protocol_fields_come_first() {
    let shop = Shop::open().await;
    let good = shop.payment(NUMBER, CODE, "12.30");
    for name in [
        "format",
        "charset",
        "sign_type",
        "version",
        "app_id",
        "method",
        "timestamp",
    ] {
        let mut fields = good.clone();
        fields.remove(name);
        assert_eq!(shop.send(&fields).await.refusal(), "SYS011", "{name}");
    }
    for (name, value, code, rule) in [
        ("format", "json", "SYS011", Rule::Field),
        ("sign_type", "NONE", "SYS011", Rule::Field),
        ("app_id", "wz00000000000000ab", "SIM001", Rule::Field),
        ("timestamp", "soon", "SYS011", Rule::Field),
        ("timestamp", "1767323045", "SIM002", Rule::RequestTime),
        ("merchant_no", "300000000002", "SIM003", Rule::Field),
    ] {
        shop.gateway.clear_violations();
        let mut fields = good.clone();
        fields.insert(name, value.into());
        assert_eq!(shop.send(&fields).await.refusal(), code, "{name} {value}");
        assert_eq!(shop.rules(), [rule], "{name} {value}");
    }
    for body in ["", "[]", "{", "{}"] {
        let reply = receive(shop.post(body.into())).await.unwrap();
        assert_eq!(reply.refusal(), "SYS011", "{body}");
    }
    let request = shop
        .post(signed(&good))
        .header("Content-Type", "text/plain");
    let reply = receive(request).await.unwrap();
    // Two content types: the first one counts.
    assert_eq!(reply.state(), 2);
    assert_eq!(shop.gateway.orders().len(), 1);
}

#[tokio::test]
async fn the_time_is_held_to_fifteen_minutes() {
    let shop = Shop::open().await;
    let minutes = 15 * 60_000;
    for (at, code) in [
        (NOW - minutes, "E04111"),
        (NOW - minutes - 1, "SIM002"),
        (NOW + minutes, "E04111"),
        (NOW + minutes + 1, "SIM002"),
    ] {
        let mut fields = shop.fields("order.query", &[("merchant_order_no", NUMBER)]);
        fields.insert("timestamp", at.to_string());
        assert_eq!(shop.send(&fields).await.refusal(), code, "{at}");
    }
}

#[tokio::test]
async fn the_signature_is_over_everything() {
    let shop = Shop::open().await;
    let good = shop.payment(NUMBER, CODE, "12.30");
    let mut body: Value = serde_json::from_str(&signed(&good)).unwrap();
    for (name, value) in [
        ("order_amount", json!("12.31")),
        ("sign_type", json!(null)),
        ("attach", json!("more")),
    ] {
        let mut body = body.clone();
        body[name] = value;
        let reply = receive(shop.post(body.to_string())).await.unwrap();
        assert!(["SYS002", "SYS011"].contains(&reply.refusal().as_str()));
    }
    let url_safe = |text: &str| text.replace('+', "-").replace('/', "_");
    let sign = body["sign"].as_str().unwrap().to_owned();
    if url_safe(&sign) != sign {
        body["sign"] = json!(url_safe(&sign));
        let reply = receive(shop.post(body.to_string())).await.unwrap();
        assert_eq!(reply.refusal(), "SYS002");
    }
    // What is empty is not signed.
    body["sign"] = json!(sign);
    body["attach"] = json!("");
    assert_eq!(
        receive(shop.post(body.to_string())).await.unwrap().state(),
        2
    );
}

#[tokio::test]
async fn a_signature_made_by_openssl_verifies() {
    // `openssl dgst -sha256 -sign` over the text; the private half is gone.
    let key = include_str!("openssl-public.pem").to_owned();
    let shop = Shop::with(|settings| settings.merchant_public_pem = key).await;
    let mut fields = json!(shop.fields("order.query", &[("merchant_order_no", NUMBER)]));
    fields["sign"] = json!(include_str!("openssl-sign.txt").trim());
    let reply = receive(shop.post(fields.to_string())).await.unwrap();
    assert_eq!(reply.refusal(), "E04111");
}

#[tokio::test]
async fn methods_have_to_be_enabled() {
    let shop = Shop::with(|settings| {
        settings.disabled.insert(Operation::OrderRevoker);
    })
    .await;
    for method in [
        "order.revoker",
        "pay.bill.download",
        "wisehub.cloud.pay.order",
        "order.query ",
    ] {
        let reply = shop.call(method, &[("merchant_order_no", NUMBER)]).await;
        assert_eq!(reply.refusal(), "E07303", "{method}");
    }
    let last = shop.gateway.calls().pop().unwrap();
    assert_eq!(last.operation, Operation::Unknown);
}

#[tokio::test]
async fn fields_have_their_types() {
    let shop = Shop::open().await;
    for (name, value, code) in [
        ("merchant_order_no", "x".repeat(33), "SIM010"),
        ("merchant_order_no", "a b".into(), "SIM010"),
        ("price_currency", "usd".into(), "SIM010"),
        ("price_currency", "US".into(), "SIM010"),
        ("order_amount", "0".into(), "SIM010"),
        ("order_amount", "12.345".into(), "SIM010"),
        ("order_amount", "1e2".into(), "SIM010"),
        ("order_amount", "-1".into(), "SIM010"),
        ("expires", "0".into(), "SIM010"),
        ("expires", "1.5".into(), "SIM010"),
        ("pay_method_id", "wechatpay".into(), "SIM010"),
        ("description", "\u{1f600}".into(), "SIM010"),
        ("auth_code", "1300 000".into(), "SIM010"),
        ("auth_code", "1".repeat(513), "SIM010"),
    ] {
        let mut fields = shop.payment(NUMBER, CODE, "12.30");
        fields.insert(name, value.clone());
        assert_eq!(shop.send(&fields).await.refusal(), code, "{name} {value}");
    }
    for name in [
        "merchant_order_no",
        "auth_code",
        "pay_method_id",
        "price_currency",
        "order_amount",
        "description",
    ] {
        let mut fields = shop.payment(NUMBER, CODE, "12.30");
        fields.remove(name);
        assert_eq!(shop.send(&fields).await.refusal(), "SIM010", "{name}");
    }
    assert_eq!(shop.gateway.orders(), []);
}

#[tokio::test]
async fn what_passes_against_the_rules_is_written_down() {
    let shop = Shop::open().await;
    let mut fields = shop.payment(NUMBER, CODE, "12.5");
    fields.remove("expires");
    let text: Vec<_> = fields
        .iter()
        .map(|(name, text)| format!("{name}={text}"))
        .collect();
    let mut body = json!(fields);
    body["order_amount"] = json!(12.5);
    body["attach"] = json!(null);
    body["sign"] = json!(sign(&text.join("&")));
    let request = shop.post(body.to_string()).header("Http-Request-Psn", "7");
    assert_eq!(receive(request).await.unwrap().state(), 2);
    assert_eq!(
        shop.rules(),
        [Rule::Header, Rule::Field, Rule::Money, Rule::Expiry]
    );
    let told = format!("{:?}{:?}", shop.gateway.violations(), shop.gateway.calls());
    assert!(!told.contains(CODE));
    // A name that stands twice.
    let twice = body
        .to_string()
        .replacen('{', "{\"description\":\"Lane 1\",", 1);
    let reply = receive(shop.post(twice)).await.unwrap();
    assert!(["SYS002", "SIM010"].contains(&reply.refusal().as_str()));
}
