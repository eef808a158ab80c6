#![allow(clippy::unwrap_used)]

use super::super::tests::{LIMIT, payby, settings};
use super::*;
use crate::domain::{Amount, Currency, Timestamp, Unknown};
use crate::gateway::http::tests::{Do, Server, answer};
use crate::gateway::keys::tests::PROVIDER;
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

const PAYMENTS: &str = "Purchase_Statement_21112026_001.csv";
const SETTLED: &str = "Purchase_Settle_Statement_21112026_001.csv";

const V1: &str = "mid:200000909090|periodNo:20261121|startTime:2026-11-20 00:00|endTime:2026-11-21 00:00|totalCount:2
paidTime|transactionType|totalAmount|orderCurrency|productName|paySceneCode|merchantOrderNo|orderNo|status|paymentMethodType|subject|payeeMid|terminalId|operatorId|storeId|merchantName|storeName|originMerchantOrderNo|reserved
2026-11-20T10:15:09+0400|PAYMENT|37.50|AED|Smart Purchase|QRPAY|S07T03-1|131795155300431207|SUCCESS|BALANCE|Till 3 sale 0042|200000909090|T03|C15|S07|EXAMPLE MARKET LLC|سوق||sale 0042
2026-11-20T10:40:02+0400|REFUND|10.00|AED|Smart Purchase|QRPAY|R07T03-7|191795156800210045|REVERTED|BALANCE||200000909090||||EXAMPLE MARKET LLC||S07T03-1|
";

const V2: &str = "*periodNo:20261121|totalCount:1*
*merchantOrderNo|orderNo|paidTime|payeeMid|merchantName|terminalId|operatorId|storeId|storeName|scheme|orderCurrency|totalAmount|transactionType|productName|paySceneCode|paymentMethodType|subject|installmentPlan|planAcceptanceID|originMerchantOrderNo|reserved|status|authCode|cardNumber|cardIssuingCountry|cardLevel|cardType|customerName|mobileNumber|emailAddress|source|agreementType|authProtocolNo|dccAmount|dccCurrency|exchangeRate|dccMarkup|dccQuoteId*\r
*S07T03-1|13|20-11-2026 10:15:09|2|M|T03||||B|AED|37.5|PAYMENT|||BALANCE||||||SUCCESS||||||||||||||||*\r
";

const SETTLE_V1: &str = "mid:2|settlePeriodNo:20261121|openingAmount:AED 0.00|totalCount:2|totalCredit:AED 37.20|totalDebit:AED 10.00|totalComm:AED 0.29|totalVAT:AED 0.01|settleToBank:AED 27.20 success
settledTIme|transactionType|direction|settlementAmount|orderCurrency|productName|paySceneCode|merchantOrderNo|orderNo|paidTime|status|comm|commCurrency|VAT|VATCurrency|paymentMethodType|subject|payeeMid|terminalId|operatorId|storeId|merchantName|storeName|originMerchantOrderNo|reserved
2026-11-20T23:59:59+0400|PAYMENT|IN|37.20|AED||QRPAY|S07T03-1|13|2026-11-20T10:15:09+0400|SUCCESS|0.29|AED|0.01|AED|BALANCE|||T03||||||
2026-11-20T23:59:59+0400|REFUND|OUT|10.00|AED||QRPAY|R07T03-7|19||SUCCESS|||||BALANCE||||||||S07T03-1|
";

fn archive(files: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    let mut file = zip.finish().unwrap();
    file.set_position(0);
    file
}

/// The rows and the end of one table of an archive.
fn read(kind: Kind, files: &[(&str, &[u8])]) -> (Vec<Row>, Result<Summary, String>) {
    let mut rows = Vec::new();
    let summary = Statement::open(archive(files))
        .and_then(|mut statement| statement.read(kind, |row| rows.push(row)))
        .map_err(|error| error.to_string());
    (rows, summary)
}

fn aed(minor: u64) -> Amount {
    Amount {
        minor,
        currency: Currency::AED,
    }
}

fn at(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().unwrap();
    Some(Timestamp(time.as_millisecond()))
}

#[test]
fn transactions_of_the_first_layout() {
    let (rows, summary) = read(Kind::Transactions, &[(PAYMENTS, V1.as_bytes())]);
    assert_eq!(
        summary,
        Ok(Summary {
            member: Some("200000909090".to_owned()),
            period: "20261121".to_owned(),
            rows: 2,
            adds_up: true,
        })
    );
    let payment = Row {
        entry: Entry::Payment,
        number: "S07T03-1".to_owned(),
        original: None,
        gateway_order: "131795155300431207".to_owned(),
        amount: aed(3750),
        direction: None,
        commission: None,
        vat: None,
        status: RowStatus::Success,
        paid: at("2026-11-20T06:15:09Z"),
        settled: None,
        terminal: "T03".to_owned(),
        reserved: "sale 0042".to_owned(),
    };
    assert_eq!(rows[0], payment);
    assert_eq!(rows[1].entry, Entry::Refund);
    assert_eq!(rows[1].original.as_deref(), Some("S07T03-1"));
    assert_eq!(rows[1].status, RowStatus::Reverted);
    assert_eq!(rows[1].terminal, "");
}

#[test]
fn transactions_of_the_second_layout() {
    let (rows, summary) = read(Kind::Transactions, &[(PAYMENTS, V2.as_bytes())]);
    let summary = summary.unwrap();
    assert_eq!((summary.member, summary.rows), (None, 1));
    assert_eq!(rows[0].number, "S07T03-1");
    assert_eq!(rows[0].amount, aed(3750));
    assert_eq!(rows[0].paid, at("2026-11-20T06:15:09Z"));
}

#[test]
fn stars_around_a_file_or_a_line_go_and_those_of_a_text_stay() {
    let starred = V1
        .replace("sale 0042\n", "sale 0042*\n")
        .replace("S07T03-1|\n", "S07T03-1|x*");
    for text in [
        starred.clone(),
        format!("*{starred}*"),
        format!("*{starred}\n*\n"),
    ] {
        let (rows, summary) = read(Kind::Transactions, &[(PAYMENTS, text.as_bytes())]);
        assert_eq!(summary.unwrap().rows, 2, "{text}");
        assert_eq!(rows[0].reserved, "sale 0042*", "{text}");
        assert_eq!(rows[1].reserved, "x*", "{text}");
    }
}

#[test]
fn settlements_with_their_fees() {
    let (rows, summary) = read(Kind::Settlement, &[(SETTLED, SETTLE_V1.as_bytes())]);
    let summary = summary.unwrap();
    assert_eq!((summary.rows, summary.adds_up), (2, true));
    assert_eq!(rows[0].direction, Some(Direction::Credit));
    assert_eq!(rows[0].commission, Some(aed(29)));
    assert_eq!(rows[0].vat, Some(aed(1)));
    assert_eq!(rows[0].settled, at("2026-11-20T19:59:59Z"));
    assert_eq!(rows[1].direction, Some(Direction::Debit));
    assert_eq!((rows[1].commission, rows[1].paid), (None, None));
    for wrong in [
        "totalCredit:AED 37.21",
        "totalDebit:AED 9.00",
        "totalComm:AED 1.00",
    ] {
        let (key, _) = wrong.split_once(':').unwrap();
        let start = SETTLE_V1.find(key).unwrap();
        let end = start + SETTLE_V1[start..].find('|').unwrap();
        let other = format!("{}{wrong}{}", &SETTLE_V1[..start], &SETTLE_V1[end..]);
        let (_, summary) = read(Kind::Settlement, &[(SETTLED, other.as_bytes())]);
        assert!(!summary.unwrap().adds_up, "{wrong}");
    }
}

#[test]
fn parts_are_read_in_their_order_and_all_of_them() {
    let part = |n: u32| format!("Purchase_Statement_21112026_{n:03}.csv");
    let table = |count: u32, number: &str| {
        V1.replace("totalCount:2", &format!("totalCount:{count}"))
            .replace("S07T03-1|131", number)
    };
    let (one, two) = (table(2, "A|1"), table(2, "B|1"));
    let (three, four) = (table(4, "A|1"), table(4, "B|1"));
    let names = |first: &str, second: &str| {
        let files = [(part(2), second.as_bytes()), (part(1), first.as_bytes())];
        let files: Vec<(&str, &[u8])> = files.iter().map(|(n, c)| (n.as_str(), *c)).collect();
        let (rows, summary) = read(Kind::Transactions, &files);
        let numbers: Vec<String> = rows.into_iter().map(|row| row.number).collect();
        (numbers, summary.map(|summary| summary.rows))
    };
    let all = ["A", "R07T03-7", "B", "R07T03-7"]
        .map(str::to_owned)
        .to_vec();
    // Each part counts itself, or each counts them all.
    assert_eq!(names(&one, &two), (all.clone(), Ok(4)));
    assert_eq!(names(&three, &four), (all.clone(), Ok(4)));
    assert_eq!(
        names(&one, &four),
        (all, Err("4 rows where 2 are stated".to_owned()))
    );

    for (numbers, said) in [
        (
            vec!["001", "003"],
            "part 2 of the transactions is not there once",
        ),
        (vec!["002"], "part 1 of the transactions is not there once"),
        (
            vec!["000", "001"],
            "part 1 of the transactions is not there once",
        ),
    ] {
        let files: Vec<String> = { numbers.iter() }
            .map(|n| format!("Purchase_Statement_21112026_{n}.csv"))
            .collect();
        let files: Vec<(&str, &[u8])> = files.iter().map(|n| (n.as_str(), V1.as_bytes())).collect();
        assert_eq!(
            read(Kind::Transactions, &files).1,
            Err(said.to_owned()),
            "{numbers:?}"
        );
    }
    let twice = [
        ("a/Purchase_Statement_1_001.csv", V1),
        ("b/Purchase_Statement_2_001.csv", V1),
    ];
    let twice = twice.map(|(name, text)| (name, text.as_bytes()));
    let said = "part 1 of the transactions is not there once";
    assert_eq!(read(Kind::Transactions, &twice).1, Err(said.to_owned()));
}

#[test]
fn kinds_are_told_by_name() {
    let files = [
        ("200000909090_20261120_fund_statement_001.csv", "a|b"),
        ("day/Purchase_Statement_21112026_001.csv", V1),
        ("read me.txt", "hello"),
    ];
    let files = files.map(|(name, text)| (name, text.as_bytes()));
    let statement = Statement::open(archive(&files)).unwrap();
    assert_eq!(
        statement.kinds().collect::<Vec<_>>(),
        [Kind::Transactions, Kind::Fund]
    );
    let missing = read(Kind::Settlement, &files).1;
    assert_eq!(missing, Err("the statement has no settlement".to_owned()));
    assert!(read(Kind::Fund, &files).1.is_err());
    assert!(Statement::open(Cursor::new(b"PK, or not".to_vec())).is_err());
}

#[test]
fn what_cannot_be_read_is_told_by_part_and_line() {
    for (from, to, said) in [
        ("totalCount:2", "totalCount:3", "2 rows where 3 are stated"),
        (
            "totalCount:2",
            "total:2",
            "2 rows, and their number is not stated",
        ),
        (
            "totalCount:2",
            "totalCount:two",
            "part 1, line 1: totalCount cannot be read",
        ),
        (
            "|37.50|",
            "|37.505|",
            "part 1, line 3: totalAmount cannot be read",
        ),
        (
            "|37.50|",
            "||",
            "part 1, line 3: totalAmount cannot be read",
        ),
        (
            "|AED|",
            "|aed|",
            "part 1, line 3: totalAmount cannot be read",
        ),
        (
            "|REFUND|",
            "|REFUND|x|",
            "part 1, line 4: 20 fields for 19 columns",
        ),
        (
            "2026-11-20T10:15:09+0400",
            "20.11.2026",
            "part 1, line 3: paidTime cannot be read",
        ),
        (
            "2026-11-20T10:15:09+0400",
            "",
            "part 1, line 3: paidTime cannot be read",
        ),
        (
            "orderNo|status",
            "orderNo|state",
            "part 1, line 2: there is no column status",
        ),
        (
            "|reserved",
            "|Status",
            "part 1, line 2: two columns have the same name",
        ),
    ] {
        assert!(V1.contains(from), "{from}");
        let text = V1.replacen(from, to, 1);
        let (_, summary) = read(Kind::Transactions, &[(PAYMENTS, text.as_bytes())]);
        assert_eq!(summary, Err(said.to_owned()), "{to}");
    }
    for (content, said) in [
        (b"".to_vec(), "part 1, line 1: there are no column names"),
        (
            b"totalCount:0\n\n".to_vec(),
            "part 1, line 3: there are no column names",
        ),
        (vec![0xff; 9], "part 1, line 1: this is no line of text"),
        (
            vec![b'a'; 70_000],
            "part 1, line 1: this is no line of text",
        ),
    ] {
        let (_, summary) = read(Kind::Transactions, &[(PAYMENTS, &content)]);
        assert_eq!(summary, Err(said.to_owned()));
    }
    // Unknown words survive.
    let text = V1
        .replace("PAYMENT", "CHARGEBACK")
        .replace("SUCCESS", "HELD");
    let (rows, summary) = read(Kind::Transactions, &[(PAYMENTS, text.as_bytes())]);
    assert_eq!(summary.unwrap().rows, 2);
    assert_eq!(rows[0].entry, Entry::Other("CHARGEBACK".to_owned()));
    assert_eq!(rows[0].status, RowStatus::Other("HELD".to_owned()));
}

#[tokio::test]
async fn a_statement_is_fetched_into_a_file() {
    let refusal = |code: &str| {
        let body = format!(r#"{{"head":{{"applyStatus":"SUCCESS","code":"{code}"}}}}"#);
        let sign = format!("sign: {}\r\n", PROVIDER.sign(body.as_bytes()));
        Do::Answer(answer("200 OK", &sign, &body))
    };
    let unsigned = r#"{"head":{"applyStatus":"SUCCESS","code":"62013"}}"#;
    let zip =
        "Content-Type: application/zip\r\nContent-Disposition: attachment; filename=x.zip\r\n";
    let server = Server::start([
        Do::Answer(answer("200 OK", zip, "PK stands for a file")),
        refusal("62013"),
        refusal("62014"),
        refusal("403"),
        Do::Answer(answer("200 OK", "", unsigned)),
        Do::Answer(answer("502 Bad Gateway", zip, "PK")),
        Do::AnswerAndClose(
            "HTTP/1.1 200 OK\r\nContent-Disposition: x\r\nContent-Length: 9\r\n\r\nPK".to_owned(),
        ),
    ])
    .await;
    let payby = payby(settings(server.url.as_str()));
    let day = jiff::civil::date(2026, 11, 20);
    let mut file = Vec::new();
    assert_eq!(payby.statement(day, &mut file, LIMIT).await.unwrap(), 20);
    assert_eq!(file, b"PK stands for a file");
    let mut ends = Vec::new();
    for _ in 0..6 {
        let mut file = Vec::new();
        ends.push(payby.statement(day, &mut file, LIMIT).await.unwrap_err());
    }
    let said: Vec<String> = ends.iter().map(ToString::to_string).collect();
    let did_not_come = |why: Unknown| format!("PayBy's statement did not come ({why:?})");
    assert_eq!(
        said,
        [
            "PayBy has no statement of this day yet".to_owned(),
            "PayBy has no statement of this day yet".to_owned(),
            "PayBy refuses the statement, code 403".to_owned(),
            did_not_come(Unknown::Unsigned),
            did_not_come(Unknown::HttpStatus),
            did_not_come(Unknown::Broken),
        ]
    );
    let request = &server.requests()[0];
    assert!(request.starts_with("POST /sgs/api/acquire2/download/getOrderStatement HTTP/1.1\r\n"));
    assert!(
        request.ends_with(
            r#"{"requestTime":1795155303000,"bizContent":{"statementDate":"20261120"}}"#
        )
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_archive_panics(bytes: Vec<u8>) {
        let _ = Statement::open(Cursor::new(bytes));
    }

    #[test]
    fn no_damaged_archive_panics(at: usize, bit in 0u8..8) {
        let mut bytes = archive(&[(PAYMENTS, V1.as_bytes())]).into_inner();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(mut statement) = Statement::open(Cursor::new(bytes)) {
            let _ = statement.read(Kind::Transactions, |_| {});
        }
    }

    #[test]
    fn no_table_panics(text in "([a-zA-Z]{1,9}[:|]|[0-9.|*:T+-]|\n|.){0,80}") {
        for kind in [Kind::Transactions, Kind::Settlement] {
            let _ = read(kind, &[(PAYMENTS, text.as_bytes()), (SETTLED, text.as_bytes())]);
        }
    }

    #[test]
    fn no_damaged_table_panics(at in 0usize..900, with in "[0-9|*\n ]{0,3}") {
        let chars: Vec<char> = SETTLE_V1.chars().collect();
        let at = at.min(chars.len());
        let damaged: String = chars[..at].iter().copied().chain(with.chars())
            .chain(chars[at..].iter().copied()).collect();
        let (rows, _) = read(Kind::Settlement, &[(SETTLED, damaged.as_bytes())]);
        prop_assert!(rows.len() <= 5);
    }
}
