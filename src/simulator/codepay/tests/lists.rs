//! What was completed, in pages and in sums.

use super::*;

async fn traded() -> Shop {
    let shop = Shop::with(|settings| settings.disabled.clear()).await;
    shop.pay(NUMBER, CODE, "12.30").await;
    shop.pass(1_000);
    shop.pay("B", "130000000000000018", "5").await;
    shop.gateway.push_plan(Plan::never()).unwrap();
    shop.pay("C", "130000000000000019", "9").await;
    shop.pass(20_000);
    shop.revoke("B").await;
    shop.refund("R1", NUMBER, "2.30").await;
    shop
}

const SPAN: [(&str, &str); 2] = [
    ("time_start", "2026-01-02 03:04:00"),
    ("time_end", "2026-01-02 03:05:00"),
];

async fn list(shop: &Shop, method: &str, more: &[(&'static str, &str)]) -> Value {
    let fields: Vec<_> = SPAN.iter().chain(more).copied().collect();
    shop.call(method, &fields).await.data()
}

#[tokio::test]
async fn details_are_paged() {
    let shop = traded().await;
    let method = "reconcile.trans.details";
    let mut all = Vec::new();
    for page in ["1", "2"] {
        let data = list(&shop, method, &[("page_num", page), ("page_size", "3")]).await;
        assert_eq!(data["total"], 4);
        all.extend(data["list"].as_array().unwrap().clone());
    }
    let said: Vec<_> = all
        .iter()
        .map(|item| {
            (
                item["merchant_order_no"].as_str().unwrap(),
                item["trans_type"].as_u64().unwrap(),
                item["trans_amount"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            (NUMBER, 1, "12.3"),
            ("B", 1, "5"),
            ("B", 2, "5"),
            ("R1", 3, "2.3")
        ]
    );
    assert_eq!(all[0]["trans_end_time"], "2026-01-02 03:04:05");
    assert_eq!(all[0]["store_no"], "4100000001");
    shop.gateway
        .push_fault(Operation::TransDetails, Fault::MissingRow, 1)
        .unwrap();
    assert_eq!(list(&shop, method, &[]).await["total"], 3);
    let other = list(&shop, method, &[("terminal_sn", "OTHER")]).await;
    assert_eq!(other["list"], json!([]));
    for (name, value) in [("page_size", "0"), ("page_num", "x"), ("time_end", "now")] {
        let fields: Vec<_> = SPAN.into_iter().chain([(name, value)]).collect();
        assert_eq!(
            shop.call(method, &fields).await.refusal(),
            "SIM010",
            "{name}"
        );
    }
}

#[tokio::test]
async fn sums_are_by_wallet_and_type() {
    let shop = traded().await;
    let data = list(&shop, "reconcile.trans.summarize", &[]).await;
    let sums = data["list"].as_array().unwrap();
    let sale = sums.iter().find(|sum| sum["trans_type"] == 1).unwrap();
    assert_eq!(
        (&sale["total_num"], &sale["total_trans_amount"]),
        (&json!(2), &json!("17.3"))
    );
    assert_eq!(data["total"], 3);
    let closed = shop
        .call("pay.bill.download", &[("trans_date", "2026-01-02")])
        .await;
    assert_eq!(closed.refusal(), "E07303");
}
