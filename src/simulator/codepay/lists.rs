//! Lists of what was completed, for whoever compares: paged, and summed.
//!
//! The methods are the sister gateway's (`reconcile.trans.*`); CodePay has to
//! enable them. Pages count from 1, which no document says.

use std::collections::BTreeMap;

use super::CodePay;
use super::money;
use super::print::Fields;
use super::request::Request;
use super::words::{Operation, field};
use crate::simulator::book::Book;
use crate::simulator::clock;
use crate::simulator::fault::Fault;
use crate::simulator::gateway::Refusal;
use crate::simulator::json::Json;
use crate::simulator::order::Order;
use crate::simulator::refund::RefundStand;

/// The largest page. Not documented.
const PAGE_MAX: usize = 500;

/// The form of times, UTC.
const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// One completed transaction.
#[derive(Clone)]
struct Entry {
    at: u64,
    /// 1 sale, 2 void, 3 refund.
    kind: u64,
    trans_no: String,
    number: String,
    currency: String,
    amount: u64,
    order: BTreeMap<&'static str, String>,
}

impl CodePay {
    /// `reconcile.trans.details` and `reconcile.trans.summarize`.
    pub(crate) fn list(
        &self,
        book: &Book,
        operation: Operation,
        request: &Request,
        fault: Option<&Fault>,
    ) -> Result<Fields, Refusal> {
        let mut entries = self.wanted(book, request)?;
        match fault {
            Some(Fault::MissingRow) => drop(entries.pop()),
            Some(Fault::DoubledRow) => entries.extend(entries.last().cloned()),
            _ => {}
        }
        if operation == Operation::TransSummarize {
            return Ok(summed(&entries));
        }
        let count = |name: &str, default: usize| match request.get(name) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .ok()
                .filter(|count| (1..=PAGE_MAX).contains(count))
                .ok_or_else(|| field(format!("{name} is not 1 to {PAGE_MAX}"))),
        };
        let (page, size) = (count("page_num", 1)?, count("page_size", 20)?);
        let total = entries.len() as u64;
        let list = entries
            .into_iter()
            .skip((page - 1) * size)
            .take(size)
            .map(|entry| Json::Object(self.detail(entry)))
            .collect();
        Ok(vec![
            ("total".to_owned(), Json::int(total)),
            ("list".to_owned(), Json::List(list)),
        ])
    }

    // What was completed in the time asked for, oldest first.
    fn wanted(&self, book: &Book, request: &Request) -> Result<Vec<Entry>, Refusal> {
        let time = |name: &str| {
            clock::read(request.need(name)?, TIME)
                .ok_or_else(|| field(format!("{name} is not yyyy-MM-dd HH:mm:ss")))
        };
        let span = time("time_start")?..=time("time_end")?;
        let mut entries = Vec::new();
        for order in book.orders() {
            if let Some(at) = order.paid_at {
                entries.push(entry(order, at, 1));
            }
            if let Some(at) = order
                .closed_at
                .filter(|_| order.reversed && order.is_paid())
            {
                entries.push(entry(order, at, 2));
            }
        }
        for refund in book.refunds() {
            if let (RefundStand::Done, Some(at), Some(order)) =
                (refund.stand, refund.ended_at, book.order(&refund.order))
            {
                entries.push(Entry {
                    trans_no: refund.gateway_no.clone(),
                    number: refund.number.clone(),
                    amount: refund.amount,
                    ..entry(order, at, 3)
                });
            }
        }
        let same = |name: &str, value: Option<&String>| {
            request.get(name).is_none() || request.get(name) == value.map(String::as_str)
        };
        entries.retain(|entry| {
            span.contains(&entry.at)
                && same("price_currency", Some(&entry.currency))
                && same("terminal_sn", entry.order.get("terminal_sn"))
                && same("pay_method_id", entry.order.get("pay_method_id"))
        });
        entries.sort_by_key(|entry| entry.at);
        Ok(entries)
    }

    fn detail(&self, entry: Entry) -> Fields {
        let currency = entry.currency.as_str();
        let amount = money::text(entry.amount, currency);
        let mut fields = Fields::new();
        for (name, text) in [
            ("trans_no", entry.trans_no.as_str()),
            ("merchant_order_no", &entry.number),
            ("trans_end_time", &clock::written(entry.at, 0, TIME)),
            ("price_currency", currency),
            ("order_amount", &amount),
            ("trans_amount", &amount),
            ("receivable_amount", &amount),
            ("tip_amount", "0"),
            ("trans_fee_m", "0"),
            ("cashback_amount", "0"),
            ("vat_amount", "0"),
            ("merchant_no", &self.settings.merchant_no),
        ] {
            fields.push((name.to_owned(), Json::text(text)));
        }
        fields.push(("trans_type".to_owned(), Json::int(entry.kind)));
        for (name, text) in entry.order {
            fields.push((name.to_owned(), Json::text(text)));
        }
        fields
    }
}

fn entry(order: &Order, at: u64, kind: u64) -> Entry {
    let mut kept = BTreeMap::new();
    for name in ["store_no", "terminal_sn", "pay_method_id"] {
        if let Some(text) = order.content[name].as_str() {
            kept.insert(name, text.to_owned());
        }
    }
    let scenario = match order.shown {
        Some(_) => "SCANQR_PAY",
        None => "BSCANQR_PAY",
    };
    kept.insert("pay_scenario", scenario.to_owned());
    Entry {
        at,
        kind,
        trans_no: order.gateway_no.clone(),
        number: order.number.clone(),
        currency: order.currency.clone(),
        amount: order.captured,
        order: kept,
    }
}

// By wallet and type.
fn summed(entries: &[Entry]) -> Fields {
    let mut sums: BTreeMap<(String, u64), (u64, u64, String)> = BTreeMap::new();
    for entry in entries {
        let wallet = entry.order.get("pay_method_id").cloned();
        let key = (wallet.unwrap_or_default(), entry.kind);
        let sum = sums
            .entry(key)
            .or_insert_with(|| (0, 0, entry.currency.clone()));
        sum.0 += 1;
        sum.1 += entry.amount;
    }
    let list: Vec<_> = sums
        .into_iter()
        .map(|((wallet, kind), (count, amount, currency))| {
            let amount = money::text(amount, &currency);
            Json::object([
                ("pay_method_id", Json::text(wallet)),
                ("trans_type", Json::int(kind)),
                ("total_num", Json::int(count)),
                ("total_order_amount", Json::text(&amount)),
                ("total_trans_amount", Json::text(&amount)),
                ("total_receivable_amount", Json::text(&amount)),
                ("total_tip_amount", Json::text("0")),
                ("total_vat_amount", Json::text("0")),
                ("total_trans_fee_m", Json::text("0")),
                ("total_cashback_amount", Json::text("0")),
            ])
        })
        .collect();
    vec![
        ("total".to_owned(), Json::int(list.len() as u64)),
        ("list".to_owned(), Json::List(list)),
    ]
}
