//! Lists and statements agree with the ledger, unless told otherwise.

use std::collections::BTreeMap;
use std::io::Read;

use super::*;

const HOUR: u64 = 3_600_000;

/// 2026-11-20 10:15 Gulf time is `NOW`; the day ends 13 h 44 min 59.88 s later.
const TO_MIDNIGHT: u64 = 49_499_880;

impl Shop {
    /// Two payments, one of them refunded in part, one never paid.
    async fn traded(change: impl FnOnce(&mut PayBySettings)) -> Self {
        let shop = Shop::with(change).await;
        let mut order = shop.order(NUMBER, CODE, "37.50");
        order["reserved"] = json!("sale 0042");
        order["accessoryContent"] = json!({"terminalDetail": {
            "operatorId": "C15", "storeId": "S07", "terminalId": "T03",
            "storeName": "Example Market Marina"}});
        shop.call("placeOrder", &order).await.order();
        shop.pass(1_000);
        shop.place("SECOND", "20001234T500012345B", "5.00")
            .await
            .order();
        shop.gateway.push_plan(Plan::never()).unwrap();
        shop.place("UNPAID", "20001234T500012345C", "9.00")
            .await
            .order();
        shop.pass(1_000);
        let refund = json!({
            "refundMerchantOrderNo": "R1",
            "originMerchantOrderNo": NUMBER,
            "amount": {"currency": "AED", "amount": 10},
        });
        assert_eq!(shop.call("refund/placeOrder", &refund).await.code(), "0");
        shop
    }

    /// The files of a statement, by name.
    async fn statement(&self, path: &str, date: &str) -> BTreeMap<String, String> {
        let content = json!({"requestTime": self.time(), "bizContent": {"statementDate": date}});
        let request = self.post(&format!("download/{path}"), &content.to_string());
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/zip");
        assert!(response.headers().get("sign").is_none());
        let name = response.headers()["content-disposition"].to_str().unwrap();
        assert!(
            name.starts_with("attachment; filename=200000909090_20261120"),
            "{name}"
        );
        let bytes = response.bytes().await.unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut files = BTreeMap::new();
        for n in 0..archive.len() {
            let mut file = archive.by_index(n).unwrap();
            let name = file.name().unwrap().into_owned();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            files.insert(name, text);
        }
        files
    }

    async fn paid_file(&self) -> String {
        let mut files = self.statement("getOrderStatement", "20261120").await;
        files.remove("Purchase_Statement_20112026_001.csv").unwrap()
    }

    async fn list(&self, path: &str, more: Value) -> Value {
        let mut content = json!({"startDate": "2026-11-20", "endDate": "2026-11-20",
            "sortPageParam": {"size": 2}});
        content
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let url = format!("../acquire2Query/{path}");
        let reply = self.call(&url, &content).await;
        assert_eq!(reply.verified, Some(true));
        assert_eq!(reply.code(), "0", "{}", reply.text);
        reply.json()["body"].clone()
    }
}

fn numbers(body: &Value, name: &str) -> Vec<String> {
    let items = body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item[name].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_statement_says_what_was_paid() {
    let shop = Shop::traded(|_| {}).await;
    shop.pass(TO_MIDNIGHT - 2_000 + 600_000);
    let orders = shop.gateway.orders();
    let no = |number: &str| {
        let mut found = orders
            .iter()
            .filter(|order| order.merchant_order_no == number);
        found.next().unwrap().order_no.clone()
    };
    let refund = shop.gateway.refund("R1").unwrap().order_no;
    let expected = format!(
        "mid:200000909090|periodNo:20261121|startTime:2026-11-20 00:00|endTime:2026-11-21 00:00|totalCount:3\n\
         paidTime|transactionType|totalAmount|orderCurrency|productName|paySceneCode|merchantOrderNo|orderNo|status|paymentMethodType|subject|payeeMid|terminalId|operatorId|storeId|merchantName|storeName|originMerchantOrderNo|reserved\n\
         2026-11-20T10:15:00+0400|PAYMENT|37.50|AED|Smart Purchase|QRPAY|{NUMBER}|{}|SUCCESS|BALANCE|Till 3 sale 0042|200000909090|T03|C15|S07|EXAMPLE MARKET LLC|Example Market Marina||sale 0042\n\
         2026-11-20T10:15:01+0400|PAYMENT|5.00|AED|Smart Purchase|QRPAY|SECOND|{}|SUCCESS|BALANCE|Till 3 sale 0042|200000909090||||EXAMPLE MARKET LLC|||\n\
         2026-11-20T10:15:02+0400|REFUND|10.00|AED|Smart Purchase|QRPAY|R1|{refund}|SUCCESS|BALANCE||200000909090||||EXAMPLE MARKET LLC||{NUMBER}|\n",
        no(NUMBER),
        no("SECOND"),
    );
    assert_eq!(shop.paid_file().await, expected);
}

#[tokio::test]
async fn a_statement_has_its_time() {
    let shop = Shop::traded(|_| {}).await;
    for (wait, date, code) in [
        (0, "20261121", "62013"),
        (0, "20261120", "62014"),
        (TO_MIDNIGHT - 2_000, "20261120", "62014"),
        (600_000 - 1, "20261120", "62014"),
        (0, "2026-11-20", "400"),
        (0, "20261131", "400"),
    ] {
        shop.pass(wait);
        let content = json!({"statementDate": date});
        let reply = shop.call("download/getOrderStatement", &content).await;
        assert_eq!(reply.refusal(), code, "{date}");
    }
    shop.pass(1);
    assert!(shop.paid_file().await.contains("totalCount:3"));
}

#[tokio::test]
async fn a_settlement_has_fees() {
    let shop = Shop::traded(|settings| settings.settle_millis = Some(HOUR)).await;
    shop.pass(TO_MIDNIGHT + 600_000);
    let mut files = shop.statement("getOrderStatement", "20261120").await;
    let text = files
        .remove("Purchase_Settle_Statement_20112026_001.csv")
        .unwrap();
    let lines: Vec<_> = text.lines().collect();
    // 0.8 % of 37.50 and 5.00; the refund of 10.00 goes back whole.
    assert_eq!(
        lines[0],
        "mid:200000909090|settlePeriodNo:20261121|startTime:2026-11-20 00:00|endTime:2026-11-21 00:00|openingAmount:AED 0.00|totalCount:3|totalCredit:AED 42.16|totalDebit:AED 10.00|totalComm:AED 0.31|totalVAT:AED 0.03|settleToBank:AED 32.16 success|stayAmount:AED 0.00"
    );
    assert!(lines[1].starts_with("settledTIme|transactionType|direction|settlementAmount|"));
    assert!(lines[2].contains("|REFUND|DEBIT|10.00|AED|") || lines[3].contains("|PAYMENT|CREDIT|"));
    let fund = files.remove("200000909090_20261120_fund_statement_001.csv");
    assert!(
        fund.unwrap()
            .contains("20261120|2|42.16|1|10.00|0.00|32.16")
    );
    let only = shop.statement("getFundStatement", "20261120").await;
    assert_eq!(only.len(), 1);
}

#[tokio::test]
async fn statements_come_in_other_forms() {
    let form = StatementForm {
        second_layout: true,
        starred: true,
        table_dates: true,
        in_out: true,
        next_day_names: true,
        rows_max: 2,
        ready_millis: 0,
    };
    let shop = Shop::traded(|settings| {
        settings.statement = form;
        settings.settle_millis = Some(HOUR);
    })
    .await;
    shop.pass(TO_MIDNIGHT);
    let files = shop.statement("getOrderStatement", "20261120").await;
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "200000909090_20261121_fund_statement_001.csv",
            "Purchase_Settle_Statement_21112026_001.csv",
            "Purchase_Settle_Statement_21112026_002.csv",
            "Purchase_Statement_21112026_001.csv",
            "Purchase_Statement_21112026_002.csv",
        ]
    );
    let first = &files["Purchase_Statement_21112026_001.csv"];
    assert!(first.starts_with("*mid:") && first.ends_with("*\n"));
    let lines: Vec<_> = first.lines().collect();
    assert!(lines[1].starts_with("merchantOrderNo|orderNo|paidTime|payeeMid|"));
    assert_eq!(lines[1].split('|').count(), 38);
    let row: Vec<_> = lines[2].split('|').collect();
    assert_eq!(
        (row[0], row[2], row.len()),
        (NUMBER, "20-11-2026 10:15:00", 38)
    );
    assert_eq!(
        files["Purchase_Statement_21112026_002.csv"].lines().count(),
        3
    );
    let settled = &files["Purchase_Settle_Statement_21112026_001.csv"];
    assert_eq!(settled.lines().nth(1).unwrap().split('|').count(), 42);
    assert!(settled.contains("|OUT|") && !settled.contains("DEBIT"));
}

#[tokio::test]
async fn statements_and_ledgers_may_disagree() {
    let shop = Shop::traded(|_| {}).await;
    shop.pass(TO_MIDNIGHT + 600_000);
    let right = shop.paid_file().await;
    for (fault, lines, part) in [
        (Fault::MissingRow, 4, "totalCount:2"),
        (Fault::DoubledRow, 6, "totalCount:4"),
        (Fault::ExtraRow, 6, "|NOBODY-0001|"),
        (Fault::RevertedRow, 5, "|REVERTED|"),
        (Fault::WrongAmount, 5, "|10.01|"),
        (Fault::WrongCurrency, 5, "|USD|"),
        (Fault::OtherOrder, 5, "|R17|"),
    ] {
        shop.gateway
            .push_fault(Operation::GetOrderStatement, fault.clone(), 1)
            .unwrap();
        let text = shop.paid_file().await;
        assert_eq!(text.lines().count(), lines, "{fault:?}");
        assert!(text.contains(part), "{fault:?}: {text}");
    }
    assert_eq!(shop.paid_file().await, right);
}

#[tokio::test]
async fn revoked_payments_are_reverted_or_void() {
    let shop = Shop::traded(|_| {}).await;
    shop.revoke("SECOND").await.order();
    shop.place("THIRD", "20001234T500012345D", "7.00")
        .await
        .order();
    shop.pass(TO_MIDNIGHT);
    shop.revoke("THIRD").await.order();
    shop.pass(600_000);
    let text = shop.paid_file().await;
    let row = |number: &str| {
        let mut rows = text.lines().filter(|line| line.contains(number));
        rows.next().unwrap().to_owned()
    };
    assert!(row("|SECOND|").contains("|REVERTED|"));
    assert!(row("|THIRD|").contains("|SUCCESS|"));
}

#[tokio::test]
async fn lists_have_pages() {
    let shop = Shop::traded(|_| {}).await;
    let first = shop.list("queryOrderPage", json!({})).await;
    assert_eq!(
        (&first["totalElements"], &first["totalPages"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(first["sortPageParam"], json!({"number": 0, "size": 2}));
    let second = shop
        .list(
            "queryOrderPage",
            json!({"sortPageParam": {"number": 1, "size": 2}}),
        )
        .await;
    let mut all = numbers(&first, "merchantOrderNo");
    all.extend(numbers(&second, "merchantOrderNo"));
    assert_eq!(all, [NUMBER, "SECOND", "UNPAID"]);
    let vat = &first["items"][0]["paymentInfo"]["payeeFeeVat"]["amount"];
    assert_eq!(vat.as_f64(), Some(0.02));
    let paid = json!({"includeStatusList": ["PAID_SUCCESS", "SETTLED"]});
    let paid = shop.list("queryOrderPage", paid).await;
    assert_eq!(paid["totalElements"], 2);
    let none = shop
        .list("queryOrderPage", json!({"deviceIdList": ["D1"]}))
        .await;
    assert_eq!(none["totalElements"], 0);
    let refunds = shop.list("queryRefundOrderPage", json!({})).await;
    assert_eq!(numbers(&refunds, "refundMerchantOrderNo"), ["R1"]);
    let tomorrow = json!({"startDate": "2026-11-21", "endDate": "2026-11-22"});
    assert_eq!(
        shop.list("queryOrderPage", tomorrow).await["items"],
        json!([])
    );
    shop.gateway
        .push_fault(Operation::QueryOrderPage, Fault::MissingRow, 1)
        .unwrap();
    assert_eq!(
        shop.list("queryOrderPage", json!({})).await["totalElements"],
        2
    );

    let list = "../acquire2Query/queryOrderPage";
    for (content, code) in [
        (json!({}), "400"),
        (
            json!({"startDate": "2026-11-20", "endDate": "2026-11-20"}),
            "400",
        ),
        (
            json!({"startDate": "2026-11-21", "endDate": "2026-11-20", "sortPageParam": {"size": 1}}),
            "400",
        ),
        (
            json!({"startDate": "20261120", "endDate": "2026-11-20", "sortPageParam": {"size": 1}}),
            "400",
        ),
    ] {
        assert_eq!(shop.call(list, &content).await.refusal(), code, "{content}");
    }
    for (at, code) in [(NOW - HOUR, "71002"), (NOW + HOUR, "71003")] {
        let body = json!({"requestTime": at, "bizContent": {}}).to_string();
        assert_eq!(
            receive(shop.post(list, &body)).await.unwrap().refusal(),
            code
        );
    }
}

#[tokio::test]
async fn the_balance_is_what_is_kept() {
    let shop = Shop::traded(|_| {}).await;
    let balance = shop
        .call("../member/getBalance", &json!({"currencyCode": "AED"}))
        .await;
    // 27.50 and 5.00, less 0.8 %.
    let body = &balance.json()["body"];
    assert_eq!(body["balanceList"][0]["availableBalance"]["amount"], 32.24);
    let other = shop
        .call("../member/getBalance", &json!({"currencyCode": "USD"}))
        .await;
    assert_eq!(other.refusal(), "78001");
}

#[tokio::test]
async fn a_merchant_can_test_its_key() {
    let shop = Shop::open().await;
    let url = format!("http://{}/sgs/verifySign", shop.gateway.addr());
    let request = shop
        .http
        .post(&url)
        .header("sign", sign(b"hello"))
        .body("hello");
    let reply = receive(request).await.unwrap();
    assert_eq!(
        (reply.status, reply.text.as_str(), reply.verified),
        (200, "hello", Some(true))
    );
    let request = shop
        .http
        .post(&url)
        .header("sign", sign(b"hello"))
        .body("hallo");
    assert_eq!(receive(request).await.unwrap().status, 400);
}
