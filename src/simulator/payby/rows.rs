//! A statement's rows: what the ledger says was paid and settled on a day.
//!
//! A row is a set of named values; which of them are printed, and in which
//! order, is the layout's affair. Which values a refund's row fills is
//! documented only in part: the columns of the terminal stay empty.

use std::collections::BTreeMap;

use super::days::{Day, HOURS_EAST};
use super::{PayBy, money, print};
use crate::simulator::book::Book;
use crate::simulator::clock;
use crate::simulator::fault::Fault;
use crate::simulator::order::Order;
use crate::simulator::refund::{Refund, RefundStand};

/// One row: when it happened, and its values by column.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) at: u64,
    fils: u64,
    pub(crate) credit: bool,
    pub(crate) values: BTreeMap<&'static str, String>,
}

impl PayBy {
    /// Paid or refunded on that day; what was not paid is absent.
    pub(crate) fn transactions(&self, book: &Book, day: Day) -> Vec<Row> {
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

    /// Credited on that day, and what was taken back from it.
    pub(crate) fn settlements(&self, book: &Book, day: Day) -> Vec<Row> {
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

    /// Writes the time of a row.
    pub(crate) fn time(&self, millis: u64) -> String {
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
}

/// Writes a time of the Gulf.
pub(crate) fn written(millis: u64, pattern: &str) -> String {
    clock::written(millis, HOURS_EAST, pattern)
}

/// Makes the statement and the ledger disagree.
pub(crate) fn disagree(rows: &mut Vec<Row>, fault: Option<&Fault>) {
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
