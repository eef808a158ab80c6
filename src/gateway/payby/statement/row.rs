//! One row of a statement.

use super::table::Columns;
use super::{Kind, Problem};
use crate::domain::{Amount, Currency, Timestamp};
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::Offset;

/// Statements are written in Gulf time.
const GULF: Offset = jiff::tz::offset(4);

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub entry: Entry,
    /// The merchant's number of the payment, or of the refund.
    pub number: String,
    /// Of a refund, the payment's number.
    pub original: Option<String>,
    /// PayBy's number.
    pub gateway_order: String,
    /// How much; of a settlement, what was settled.
    pub amount: Amount,
    /// Of a settlement, which way.
    pub direction: Option<Direction>,
    /// PayBy's fee, in a settlement.
    pub commission: Option<Amount>,
    /// The tax on it.
    pub vat: Option<Amount>,
    /// Whether it stands.
    pub status: RowStatus,
    /// When it was paid.
    pub paid: Option<Timestamp>,
    /// When it was settled, in a settlement.
    pub settled: Option<Timestamp>,
    /// The till, as it was sent with the payment.
    pub terminal: String,
    /// What was sent as `reserved`.
    pub reserved: String,
}

/// What a row is about (`transactionType`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Money from a customer.
    Payment,
    /// Money back to a customer.
    Refund,
    /// What no till has to do with: transfers, charge-backs, adjustments. PayBy's word.
    Other(String),
}

/// Which way money went, seen from the merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the merchant: `CREDIT`, `IN`.
    Credit,
    /// From the merchant: `DEBIT`, `OUT`.
    Debit,
}

/// Whether what a row says still stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowStatus {
    /// It stands.
    Success,
    /// It was undone.
    Reverted,
    /// A word that no document has.
    Other(String),
}

/// The columns without which nothing can be compared.
pub(super) fn needed(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Settlement => &[
            "transactionType",
            "settlementAmount",
            "orderCurrency",
            "direction",
            "merchantOrderNo",
            "orderNo",
            "settledTime",
            "status",
        ],
        _ => &[
            "transactionType",
            "totalAmount",
            "orderCurrency",
            "merchantOrderNo",
            "orderNo",
            "paidTime",
            "status",
        ],
    }
}

pub(super) fn read(kind: Kind, columns: &Columns, fields: &[&str]) -> Result<Row, Problem> {
    let text = |name: &str| columns.get(fields, name).unwrap_or_default().trim();
    let owned = |name: &str| text(name).to_owned();
    let amount = |name: &'static str, currency: &str| -> Result<Option<Amount>, Problem> {
        if text(name).is_empty() {
            return Ok(None);
        }
        let currency = Currency::new(text(currency)).map_err(|_| Problem::Field(name))?;
        let amount = Amount::parse(text(name), currency);
        amount.map(Some).map_err(|_| Problem::Field(name))
    };
    let time = |name: &'static str| -> Result<Option<Timestamp>, Problem> {
        match text(name) {
            "" => Ok(None),
            text => time(text).map(Some).ok_or(Problem::Field(name)),
        }
    };
    let settlement = kind == Kind::Settlement;
    let what = match settlement {
        true => "settlementAmount",
        false => "totalAmount",
    };
    let row = Row {
        entry: match text("transactionType") {
            "PAYMENT" => Entry::Payment,
            "REFUND" => Entry::Refund,
            other => Entry::Other(other.to_owned()),
        },
        number: owned("merchantOrderNo"),
        original: Some(owned("originMerchantOrderNo")).filter(|text| !text.is_empty()),
        gateway_order: owned("orderNo"),
        amount: amount(what, "orderCurrency")?.ok_or(Problem::Field(what))?,
        direction: match text("direction") {
            "CREDIT" | "IN" => Some(Direction::Credit),
            "DEBIT" | "OUT" => Some(Direction::Debit),
            _ if settlement => return Err(Problem::Field("direction")),
            _ => None,
        },
        commission: amount("comm", "commCurrency")?,
        vat: amount("VAT", "VATCurrency")?,
        status: match text("status") {
            "SUCCESS" => RowStatus::Success,
            "REVERTED" => RowStatus::Reverted,
            other => RowStatus::Other(other.to_owned()),
        },
        paid: time("paidTime")?,
        settled: time("settledTime")?,
        terminal: owned("terminalId"),
        reserved: owned("reserved"),
    };
    match (settlement, row.settled, row.paid) {
        (true, None, _) => Err(Problem::Field("settledTime")),
        (false, _, None) => Err(Problem::Field("paidTime")),
        _ => Ok(row),
    }
}

/// `2026-07-01T09:49:33+0400`, as in every sample, or `01-07-2026 09:49:33` in Gulf
/// time, as in the field tables.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let sample = strtime::parse("%Y-%m-%dT%H:%M:%S%z", text).and_then(|time| time.to_timestamp());
    let time = sample.or_else(|_| {
        let civil = DateTime::strptime("%d-%m-%Y %H:%M:%S", text)?;
        GULF.to_timestamp(civil)
    });
    time.ok().map(|time| Timestamp(time.as_millisecond()))
}
