//! Starting, stopping, and the control endpoint.

use super::*;

#[tokio::test]
async fn the_control_endpoint_speaks_codepays_words() {
    let control = |settings: &mut CodePaySettings| {
        settings.control = Some("127.0.0.1:0".parse().unwrap());
    };
    let shop = Shop::with(control).await;
    let url = |path: &str| format!("http://{}{path}", shop.gateway.control_addr().unwrap());
    for (path, body, status) in [
        ("/plans", r#"{"then":"never"}"#, 200),
        ("/plans", r#"{"then":"settled"}"#, 400),
        (
            "/faults",
            r#"{"operation":"order.query","fault":{"status":9}}"#,
            200,
        ),
        (
            "/faults",
            r#"{"operation":"order.revoker","fault":{"late_success":{"millis":5000}}}"#,
            200,
        ),
        (
            "/faults",
            r#"{"operation":"getOrder","fault":"twice"}"#,
            400,
        ),
        (
            "/faults",
            r#"{"operation":"unknown","fault":"truncated"}"#,
            400,
        ),
    ] {
        let request = shop.http.post(url(path)).body(body);
        assert_eq!(request.send().await.unwrap().status(), status, "{body}");
    }
    assert_eq!(shop.pay(NUMBER, CODE, "12.30").await.state(), 0);
    assert_eq!(shop.query(NUMBER).await.state(), 9);
    let request = shop.http.post(url(&format!("/orders/{NUMBER}/pay")));
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(shop.query(NUMBER).await.state(), 2);
    let listed = shop.http.get(url("/calls")).send().await.unwrap();
    let calls: Value = serde_json::from_str(&listed.text().await.unwrap()).unwrap();
    assert_eq!(calls[0]["operation"], "bscanc.pay.submit");
    assert_eq!(calls[1]["fault"], json!({"status": 9}));
    let listed = shop.http.get(url("/orders")).send().await.unwrap();
    let orders: Value = serde_json::from_str(&listed.text().await.unwrap()).unwrap();
    assert_eq!(
        (&orders[0]["status"], &orders[0]["captured"]),
        (&json!("completed"), &json!(1230))
    );
}

#[tokio::test]
async fn a_dropped_gateway_breaks_kept_connections() {
    let shop = Shop::open().await;
    assert_eq!(shop.query(NUMBER).await.refusal(), "E04111");
    let request = shop.post("{}".into());
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
    async fn error(change: impl FnOnce(&mut CodePaySettings)) -> String {
        let mut settings = CodePaySettings::new(keys());
        change(&mut settings);
        start(settings).await.err().unwrap().to_string()
    }
    let outside = error(|settings| settings.listen = "0.0.0.0:0".parse().unwrap()).await;
    assert!(outside.contains("use 127.0.0.1"), "{outside}");
    let key = error(|settings| settings.merchant_public_pem = "x".into()).await;
    assert!(key.contains("not a public key"), "{key}");
    let id = error(|settings| settings.app_id = String::new()).await;
    assert!(id.contains("app id"), "{id}");
    let number = error(|settings| settings.merchant_no = "a b".into()).await;
    assert!(number.contains("merchant number"), "{number}");
    assert!(
        error(|settings| settings.time_scale = f64::NAN)
            .await
            .contains("time scale")
    );
}

#[tokio::test]
async fn the_story_names_no_code() {
    let lines: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let book = lines.clone();
    let shop = Shop::with(|settings| {
        settings.story = Some(Arc::new(move |line: &str| {
            book.lock().unwrap().push(line.into());
        }));
    })
    .await;
    shop.pay(NUMBER, CODE, "12.30").await;
    shop.query("NONE").await;
    shop.refund("R1", NUMBER, "2.30").await;
    let told = lines.lock().unwrap().join("\n");
    assert_eq!(
        told,
        format!(
            "03:04:05.678 bscanc.pay.submit {NUMBER} USD 12.30 completed\n\
             03:04:05.678 order.query NONE -> E04111 [E04111]Merchant order number is invalid\n\
             03:04:05.678 order.refund.submit R1 USD 2.30 completed"
        )
    );
}
