//! A day's statement: files of rows, in one of two layouts, in a ZIP (PayBy
//! "Statement download").

use std::io::{Cursor, Write};

use super::answer::Content;
use super::columns::{self, Columns};
use super::days::Day;
use super::request::{self, Request};
use super::rows::{Row, disagree, written};
use super::settings::StatementForm;
use super::words::Operation;
use super::{PayBy, money, refusal};
use crate::simulator::book::Book;
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{Draft, Refusal};

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
