//! A day's statement: what the ledger says was paid, settled and moved.
//!
//! A row is a set of named values; which columns are printed, and in which
//! order, is the layout's affair (PayBy "Statement download"). Which values a
//! refund's row fills is documented only in part: the columns of the terminal
//! stay empty.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use super::answer::Content;
use super::columns::{self, Columns};
use super::days::{Day, HOURS_EAST};
use super::request::{self, Request};
use super::settings::StatementForm;
use super::words::Operation;
use super::{PayBy, money, print, refusal};
use crate::simulator::book::Book;
use crate::simulator::clock;
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{Draft, Refusal};
use crate::simulator::order::Order;
use crate::simulator::refund::{Refund, RefundStand};

/// One row: when it happened, and its values by column.
#[derive(Clone)]
struct Row {
    at: u64,
    fils: u64,
    credit: bool,
    values: BTreeMap<&'static str, String>,
}

impl PayBy {
    /// `getOrderStatement` and `getFundStatement`.
    pub(crate) fn statement(
        &self,
        book: &Book,
        operation: Operation,
        request: &Request,
        fault: Option<&Fault>,
        now: u64,
    ) -> Result<Draft<Content>, Refusal> {
        let date = request::text(&request.content, "statementDate", 8)?
            .ok_or_else(|| refusal::field("statementDate is missing"))?;
        let day = Day::read(date, "%Y%m%d")
            .filter(|_| date.len() == 8)
            .ok_or_else(|| refusal::field("statementDate is not YYYYMMDD"))?;
        if day.start > now {
            return Err(refusal::code("62013"));
        }
        if now < day.end + self.settings.statement.ready_millis {
            return Err(refusal::code("62014"));
        }
        let partner = &self.settings.partner_id;
        let (kind, files) = match operation {
            Operation::GetFundStatement => ("Fund_Statement", self.fund_file(book, day)),
            _ => {
                let mut files = self.order_files(book, day, fault);
                files.extend(self.fund_file(book, day));
                ("Transaction_Settle_Statement", files)
            }
        };
        let body = zipped(&files).map_err(|_| refusal::code("500"))?;
        Ok(Draft {
            code: "0".into(),
            message: "SUCCESS".into(),
            signed: false,
            content: Content {
                body,
                kind: "application/zip",
                file_name: Some(format!("{partner}_{date}{kind}.zip")),
            },
        })
    }

    fn order_files(&self, book: &Book, day: Day, fault: Option<&Fault>) -> Vec<(String, String)> {
        let form = self.settings.statement;
        let (paid, settled) = match form.second_layout {
            false => (&columns::PAID_FIRST, &columns::SETTLED_FIRST),
            true => (&columns::PAID_SECOND, &columns::SETTLED_SECOND),
        };
        let mut rows = self.transactions(book, day);
        disagree(&mut rows, fault);
        let head = format!("periodNo:{}|{}", written(day.end, "%Y%m%d"), span(day));
        let head = self.with_mid(head + &format!("|totalCount:{}", rows.len()));
        let name = inner_date(form, day, "%d%m%Y");
        let mut files = parts(
            &format!("Purchase_Statement_{name}"),
            &head,
            paid,
            &rows,
            form,
        );

        let mut rows = self.settlements(book, day);
        disagree(&mut rows, fault);
        let head = self.settlement_head(day, &rows);
        let name = format!("Purchase_Settle_Statement_{name}");
        files.extend(parts(&name, &head, settled, &rows, form));
        files
    }

    // `mid` is in newer files.
    fn with_mid(&self, head: String) -> String {
        format!("mid:{}|{head}", self.settings.partner_id)
    }

    fn settlement_head(&self, day: Day, rows: &[Row]) -> String {
        let sum = |rows: &mut dyn Iterator<Item = &Row>, name: &str| -> u64 {
            rows.filter_map(|row| money::parse(row.values.get(name)?).ok())
                .sum()
        };
        let all = |credit: bool| rows.iter().filter(move |row| row.credit == credit);
        let credit = sum(&mut all(true), "settlementAmount");
        let debit = sum(&mut all(false), "settlementAmount");
        let net = money::plain(credit.saturating_sub(debit));
        self.with_mid(format!(
            "settlePeriodNo:{}|{}|openingAmount:AED 0.00|totalCount:{}|totalCredit:AED {}|totalDebit:AED {}|totalComm:AED {}|totalVAT:AED {}|settleToBank:AED {net} success|stayAmount:AED 0.00",
            written(day.end, "%Y%m%d"),
            span(day),
            rows.len(),
            money::plain(credit),
            money::plain(debit),
            money::plain(sum(&mut rows.iter(), "comm")),
            money::plain(sum(&mut rows.iter(), "VAT")),
        ))
    }

    // Paid or refunded on that day; what was not paid is absent.
    fn transactions(&self, book: &Book, day: Day) -> Vec<Row> {
        let mut rows = Vec::new();
        for order in book.orders() {
            let reverted = order.reversed.then_some(order.closed_at).flatten();
            if let Some(at) = order.paid_at.filter(|at| day.has(*at)) {
                let mut row = self.order_row(order, at, "PAYMENT");
                if reverted.is_some_and(|at| day.has(at)) {
                    row.values.insert("status", "REVERTED".into());
                }
                rows.push(row);
            } else if let Some(at) = reverted.filter(|at| day.has(*at)) {
                // Revoked on a later day: not documented.
                let mut row = self.order_row(order, at, "VOID");
                row.credit = false;
                row.values
                    .insert("originMerchantOrderNo", order.number.clone());
                rows.push(row);
            }
        }
        for refund in book.refunds() {
            let ended = refund.ended_at.filter(|at| day.has(*at));
            if let (Some(at), RefundStand::Done, Some(order)) =
                (ended, refund.stand, book.order(&refund.order))
            {
                rows.push(self.refund_row(refund, order, at));
            }
        }
        rows.sort_by_key(|row| row.at);
        rows
    }

    // Credited on that day, and what was taken back from it.
    fn settlements(&self, book: &Book, day: Day) -> Vec<Row> {
        let mut rows = Vec::new();
        for order in book.orders() {
            if let Some(at) = order.settled_at.filter(|at| day.has(*at)) {
                rows.push(self.settled(self.order_row(order, at, "PAYMENT"), order.captured));
            }
        }
        for refund in book.refunds() {
            let order = book.order(&refund.order).filter(|o| o.settled_at.is_some());
            if let (Some(at), Some(order)) = (refund.ended_at.filter(|at| day.has(*at)), order)
                && refund.stand == RefundStand::Done
            {
                rows.push(self.settled(self.refund_row(refund, order, at), refund.amount));
            }
        }
        rows.sort_by_key(|row| row.at);
        rows
    }

    fn settled(&self, mut row: Row, fils: u64) -> Row {
        let (comm, vat) = match row.credit {
            true => print::fee_parts(fils),
            false => (0, 0),
        };
        let direction = match (self.settings.statement.in_out, row.credit) {
            (false, true) => "CREDIT",
            (false, false) => "DEBIT",
            (true, true) => "IN",
            (true, false) => "OUT",
        };
        let at = self.time(row.at);
        for (name, value) in [
            // The older layout spells it so.
            ("settledTIme", at.clone()),
            ("settledTime", at),
            ("direction", direction.to_owned()),
            ("settlementAmount", money::plain(fils - comm - vat)),
            ("comm", money::plain(comm)),
            ("commCurrency", "AED".to_owned()),
            ("VAT", money::plain(vat)),
            ("VATCurrency", "AED".to_owned()),
        ] {
            row.values.insert(name, value);
        }
        row
    }

    fn time(&self, millis: u64) -> String {
        match self.settings.statement.table_dates {
            true => written(millis, "%d-%m-%Y %H:%M:%S"),
            false => written(millis, "%Y-%m-%dT%H:%M:%S+0400"),
        }
    }

    fn order_row(&self, order: &Order, at: u64, kind: &str) -> Row {
        let text = |pointer: &str| {
            let found = order
                .content
                .pointer(pointer)
                .and_then(|text| text.as_str());
            // No quoting is documented: only what would end the line goes.
            found.unwrap_or_default().replace(['\n', '\r'], " ")
        };
        let terminal = "/accessoryContent/terminalDetail";
        let product = match order.shown {
            Some(_) => "Basic Payment Gateway",
            None => "Smart Purchase",
        };
        let paid = order.paid_at.map(|at| self.time(at)).unwrap_or_default();
        let values = BTreeMap::from([
            ("paidTime", paid),
            ("transactionType", kind.to_owned()),
            ("totalAmount", money::plain(order.total)),
            ("orderCurrency", "AED".to_owned()),
            ("productName", product.to_owned()),
            ("paySceneCode", text("/paySceneCode")),
            ("merchantOrderNo", order.number.clone()),
            ("orderNo", order.gateway_no.clone()),
            ("status", "SUCCESS".to_owned()),
            ("paymentMethodType", "BALANCE".to_owned()),
            ("subject", text("/subject")),
            ("payeeMid", self.settings.partner_id.clone()),
            ("terminalId", text(&format!("{terminal}/terminalId"))),
            ("operatorId", text(&format!("{terminal}/operatorId"))),
            ("storeId", text(&format!("{terminal}/storeId"))),
            ("merchantName", self.settings.registered_name.clone()),
            ("storeName", text(&format!("{terminal}/storeName"))),
            ("reserved", text("/reserved")),
        ]);
        Row {
            at,
            fils: order.total,
            credit: true,
            values,
        }
    }

    fn refund_row(&self, refund: &Refund, order: &Order, at: u64) -> Row {
        let mut row = self.order_row(order, at, "REFUND");
        for name in [
            "terminalId",
            "operatorId",
            "storeId",
            "storeName",
            "subject",
        ] {
            row.values.remove(name);
        }
        let reserved = refund.content["reserved"].as_str().unwrap_or_default();
        for (name, value) in [
            ("paidTime", self.time(at)),
            ("totalAmount", money::plain(refund.amount)),
            ("merchantOrderNo", refund.number.clone()),
            ("orderNo", refund.gateway_no.clone()),
            ("originMerchantOrderNo", refund.order.clone()),
            ("reserved", reserved.replace(['\n', '\r'], " ")),
        ] {
            row.values.insert(name, value);
        }
        Row {
            fils: refund.amount,
            credit: false,
            ..row
        }
    }

    fn fund_file(&self, book: &Book, day: Day) -> Vec<(String, String)> {
        let form = self.settings.statement;
        let rows = self.settlements(book, day);
        let net = |row: &Row| {
            let text = row.values.get("settlementAmount");
            text.and_then(|text| money::parse(text).ok()).unwrap_or(0)
        };
        let sum = |credit: bool| -> (usize, u64) {
            let rows = rows.iter().filter(|row| row.credit == credit);
            (rows.clone().count(), rows.map(net).sum())
        };
        let ((n_in, income), (n_out, payout)) = (sum(true), sum(false));
        let mut text = format!(
            "{}\n{}|{n_in}|{}|{n_out}|{}|0.00|{}\n{}\n",
            columns::FUND_SUMMARY,
            written(day.start, "%Y%m%d"),
            money::plain(income),
            money::plain(payout),
            money::plain(income.saturating_sub(payout)),
            columns::FUND,
        );
        let mut balance = 0_u64;
        for row in &rows {
            let before = balance;
            balance = match row.credit {
                true => balance + net(row),
                false => balance.saturating_sub(net(row)),
            };
            let value = |name: &str| row.values.get(name).map_or("", String::as_str);
            text += &format!(
                "{}|{}|{}|{}|{}|{}|{}|{}|BASIC|{}|{}\n",
                self.time(row.at),
                value("orderNo"),
                value("productName"),
                value("transactionType"),
                value("direction"),
                money::plain(net(row)),
                money::plain(before),
                money::plain(balance),
                value("merchantOrderNo"),
                value("orderNo"),
            );
        }
        let date = inner_date(form, day, "%Y%m%d");
        let name = format!("{}_{date}_fund_statement_001.csv", self.settings.partner_id);
        vec![(name, starred(text, form))]
    }
}

fn written(millis: u64, pattern: &str) -> String {
    clock::written(millis, HOURS_EAST, pattern)
}

fn span(day: Day) -> String {
    let at = |millis| written(millis, "%Y-%m-%d %H:%M");
    format!("startTime:{}|endTime:{}", at(day.start), at(day.end))
}

fn inner_date(form: StatementForm, day: Day, pattern: &str) -> String {
    match form.next_day_names {
        true => written(day.end, pattern),
        false => written(day.start, pattern),
    }
}

// Where the statement and the ledger are made to disagree.
fn disagree(rows: &mut Vec<Row>, fault: Option<&Fault>) {
    let Some(mut last) = rows.last().cloned() else {
        return;
    };
    match fault {
        Some(Fault::MissingRow) => {
            rows.pop();
        }
        Some(Fault::DoubledRow) => rows.push(last),
        Some(Fault::ExtraRow) => {
            last.values.insert("merchantOrderNo", "NOBODY-0001".into());
            last.values.insert("orderNo", "139999999999999999".into());
            rows.push(last);
        }
        Some(Fault::RevertedRow) => {
            last.values.insert("status", "REVERTED".into());
            replace_last(rows, last);
        }
        Some(Fault::WrongAmount) => {
            let more = money::plain(last.fils + 1);
            last.values.insert("totalAmount", more);
            replace_last(rows, last);
        }
        Some(Fault::WrongCurrency) => {
            last.values.insert("orderCurrency", "USD".into());
            replace_last(rows, last);
        }
        Some(Fault::OtherOrder) => {
            let number = last.values.entry("merchantOrderNo").or_default();
            number.push('7');
            replace_last(rows, last);
        }
        _ => {}
    }
}

fn replace_last(rows: &mut Vec<Row>, row: Row) {
    rows.pop();
    rows.push(row);
}

// A file holds so many rows, then the next number.
fn parts(
    name: &str,
    head: &str,
    columns: &Columns,
    rows: &[Row],
    form: StatementForm,
) -> Vec<(String, String)> {
    let mut chunks: Vec<&[Row]> = rows.chunks(form.rows_max.max(1)).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let mut files = Vec::new();
    for (n, chunk) in chunks.into_iter().enumerate() {
        let mut text = format!("{head}\n{}\n", columns.join("|"));
        for row in chunk {
            let value = |name: &&str| row.values.get(*name).map_or("", String::as_str);
            let line: Vec<_> = columns.iter().map(value).collect();
            text += &line.join("|");
            text.push('\n');
        }
        files.push((format!("{name}_{:03}.csv", n + 1), starred(text, form)));
    }
    files
}

fn starred(text: String, form: StatementForm) -> String {
    match form.starred {
        true => format!("*{}*\n", text.trim_end()),
        false => text,
    }
}

fn zipped(files: &[(String, String)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for (name, text) in files {
        writer.start_file(name.as_str(), options)?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}
