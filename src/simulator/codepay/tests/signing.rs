//! The known answers, and what does and does not enter a signature.

use sha2::Digest;

use super::*;
use crate::simulator::codepay::params::{canonical, from_form, from_json};

/// A throw-away key; its private half is gone.
const KEY: &str = include_str!("vector-key.txt");

/// Vector A: an empty `attach`, `&` and quotes in `description`.
const REQUEST: &str = r#"{"app_id":"wz00000000000000aa","method":"bscanc.pay.submit","format":"JSON",
 "charset":"UTF-8","sign_type":"RSA2","version":"1.0","timestamp":"1767323045678",
 "merchant_no":"300000000001","store_no":"4100000001","terminal_sn":"TESTSN0001",
 "merchant_order_no":"T01-20260102-000017","price_currency":"USD","order_amount":"12.30",
 "auth_code":"130000000000000017","pay_method_id":"WeChatPay",
 "description":"Lane 1 / 3 items & \"bag\"","attach":"","expires":"60"}"#;
const REQUEST_SIGN: &str = include_str!("vector-a-sign.txt");

/// Vector B.
const ANSWER: &str = include_str!("vector-b.json");

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text_of(body: &str) -> String {
    let params = from_json(body.as_bytes()).unwrap();
    canonical(
        params
            .iter()
            .map(|param| (param.name.as_str(), param.text.as_str())),
    )
}

#[test]
fn vector_a_a_request() {
    let text = text_of(REQUEST);
    assert_eq!(text.len(), 372);
    assert!(text.starts_with("app_id=wz00000000000000aa&auth_code=130000000000000017&"));
    assert_eq!(
        hash(&text),
        "c81970d30c4424dd27c9cf4f6d47ab29339a7a0fcc4dda0cee5861de7b4ed6dd"
    );
    let check = SealCheck::from_pem(KEY).unwrap();
    assert!(check.accepts(text.as_bytes(), REQUEST_SIGN.trim()));
    let url_safe = REQUEST_SIGN.trim().replace('+', "-").replace('/', "_");
    assert!(!check.accepts(text.as_bytes(), &url_safe));
    assert!(!check.accepts(
        text.replace("12.30", "12.3").as_bytes(),
        REQUEST_SIGN.trim()
    ));
}

#[tokio::test]
async fn vector_a_is_let_in() {
    let shop = Shop::with(|settings| settings.merchant_public_pem = KEY.to_owned()).await;
    let mut body: Value = serde_json::from_str(REQUEST).unwrap();
    body["sign"] = json!(REQUEST_SIGN.trim());
    assert_eq!(
        receive(shop.post(body.to_string())).await.unwrap().state(),
        2
    );
    assert_eq!(shop.kept(NUMBER), 1_230);
    // The empty field passes, and is written down.
    assert_eq!(shop.rules(), [Rule::Field]);
    // The same as a form.
    let shop = Shop::with(|settings| settings.merchant_public_pem = KEY.to_owned()).await;
    let form: Vec<_> = body
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, text)| (name.clone(), text.as_str().unwrap().to_owned()))
        .collect();
    let url = reqwest::Url::parse_with_params("http://x/", &form).unwrap();
    let request = shop
        .http
        .post(format!("{}/api/entry/cpm", shop.gateway.base_url()))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(url.query().unwrap().to_owned());
    assert_eq!(receive(request).await.unwrap().state(), 2);
}

#[test]
fn vector_b_an_answer() {
    let text = text_of(ANSWER);
    assert_eq!(text.len(), 186);
    assert_eq!(
        hash(&text),
        "a6034cc0c2f6720713ca5b49b1bb253a2f0d0a24ad676ede5eb430df9ca4df7c"
    );
    let value: Value = serde_json::from_str(ANSWER).unwrap();
    let sign = value["sign"].as_str().unwrap();
    let check = SealCheck::from_pem(KEY).unwrap();
    assert!(check.accepts(text.as_bytes(), sign));
    assert!(!check.accepts(text.replace(":2,", ": 2,").as_bytes(), sign));
}

#[test]
fn values_enter_as_they_decode() {
    let body = r#"{"b":"a\u0026b=\"c\"","a":12.30,"B":7,"z":null,"y":"","x":true,"sign":"s","sign_type":"RSA2"}"#;
    assert_eq!(
        text_of(body),
        "B=7&a=12.3&b=a&b=\"c\"&sign_type=RSA2&x=true"
    );
    let form = from_form(b"auth_code=hQV%2BA%3D&description=a+b").unwrap();
    let texts: Vec<_> = form.iter().map(|param| param.text.as_str()).collect();
    assert_eq!(texts, ["hQV+A=", "a b"]);
    for wrong in [&b"a=\xff"[..], b"a=b c", b"a=b#c"] {
        assert!(from_form(wrong).is_err());
    }
    for wrong in ["[]", "{", "\"a\"", "{\"a\":\"\\ud800\"}"] {
        assert!(from_json(wrong.as_bytes()).is_err(), "{wrong}");
    }
}
