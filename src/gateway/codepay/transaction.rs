//! A transaction, as `order.query`, `order.refund.query` and notifications tell of it,
//! and what it says of an order or a refund of ours.
//!
//! Only what is used is read. Fields that a decision rests on are read strictly,
//! CodePay's own numbers and words loosely. Amounts and statuses come as strings and
//! as numbers; both are read from the text that was signed.

use crate::domain::{
    Amount, Answer, Currency, OrderNumber, OrderReport, OrderStatus, RefundAnswer, RefundReport,
    RefundStatus, Refusal, RefusalKind, Unknown,
};
use crate::gateway::reading::{loose, showable};
use serde::Deserialize;
use serde_json::value::RawValue;

/// `trans_type` of a payment and of a refund (*ParameterDictionary*).
pub(super) const SALE: u64 = 1;
pub(super) const REFUND: u64 = 3;

/// The fields of all messages, as far as they are used.
#[derive(Deserialize)]
pub(super) struct Transaction<'a> {
    app_id: Option<String>,
    merchant_no: Option<String>,
    merchant_order_no: Option<String>,
    #[serde(borrow)]
    trans_no: Option<&'a RawValue>,
    #[serde(borrow)]
    trans_type: Option<&'a RawValue>,
    #[serde(borrow)]
    trans_status: Option<&'a RawValue>,
    price_currency: Option<String>,
    #[serde(borrow)]
    order_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    trans_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    paid_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    trans_error_code: Option<&'a RawValue>,
    qrcode_url: Option<String>,
}

/// Part of a signed answer is not what the documents say.
#[derive(Debug)]
pub(super) struct Misshapen;

impl Transaction<'_> {
    pub(super) fn is_of(&self, app_id: &str, merchant_no: &str) -> bool {
        let agrees = |theirs: &Option<String>, ours| theirs.as_deref().is_none_or(|t| t == ours);
        agrees(&self.app_id, app_id) && agrees(&self.merchant_no, merchant_no)
    }

    /// Whether it names the merchant, as notifications do.
    pub(super) fn names_merchant(&self) -> bool {
        self.app_id.is_some() && self.merchant_no.is_some()
    }

    /// Our number of it.
    pub(super) fn number(&self) -> Result<Option<OrderNumber>, Misshapen> {
        let named = self.merchant_order_no.as_deref().filter(|n| !n.is_empty());
        named
            .map(OrderNumber::new)
            .transpose()
            .map_err(|_| Misshapen)
    }

    pub(super) fn kind(&self) -> Result<Option<u64>, Misshapen> {
        integer(self.trans_type)
    }

    pub(super) fn status(&self) -> Result<Option<u64>, Misshapen> {
        integer(self.trans_status)
    }

    pub(super) fn trans_no(&self) -> Option<String> {
        loose(self.trans_no)
    }

    /// The text to draw as a QR code.
    pub(super) fn show(&self) -> Option<String> {
        showable(self.qrcode_url.clone())
    }

    /// What it says of a payment. `asked` is what it must be for, where that is known.
    pub(super) fn payment(
        &self,
        number: OrderNumber,
        asked: Option<Amount>,
        trace: Option<String>,
    ) -> Result<Answer, Misshapen> {
        let amount = self.amount(asked)?;
        let status = match (self.kind()?, self.status()?) {
            // A refund, or something that has to do with cards.
            (Some(kind), _) if kind != SALE => return Ok(Answer::Unknown(Unknown::Unlisted)),
            (_, Some(0 | 9)) => OrderStatus::Pending,
            (_, Some(2)) if amount == Some(Disputed) => {
                return Ok(Answer::Unknown(Unknown::OtherAmount));
            }
            (_, Some(2)) => OrderStatus::MoneyIn,
            // Closed, and yet something was paid: it was reversed.
            (_, Some(1)) if self.paid()? == Some(true) => OrderStatus::Returned,
            (_, Some(1)) => OrderStatus::NoMoney(self.refusal(RefusalKind::Payer)),
            (_, Some(3)) if self.paid()? == Some(false) => {
                OrderStatus::NoMoney(self.refusal(RefusalKind::Closed))
            }
            (_, Some(3)) => OrderStatus::Returned,
            _ => return Ok(Answer::Unknown(Unknown::Unlisted)),
        };
        Ok(Answer::Report(OrderReport {
            order: number,
            amount: amount.and_then(Stated::agreed),
            status,
            gateway_order: self.trans_no(),
            trace,
            show: None,
        }))
    }

    /// What it says of a refund.
    pub(super) fn refund(
        &self,
        number: OrderNumber,
        asked: Option<Amount>,
        trace: Option<String>,
    ) -> Result<RefundAnswer, Misshapen> {
        let amount = self.amount(asked)?;
        let status = match (self.kind()?, self.status()?) {
            (Some(kind), _) if kind != REFUND => {
                return Ok(RefundAnswer::Unknown(Unknown::OtherOrder));
            }
            (_, Some(0 | 9)) => RefundStatus::Pending,
            (_, Some(2)) => RefundStatus::Returned,
            (_, Some(1)) => RefundStatus::Failed(self.refusal(RefusalKind::Closed)),
            _ => return Ok(RefundAnswer::Unknown(Unknown::Unlisted)),
        };
        Ok(RefundAnswer::Report(RefundReport {
            number,
            original: None,
            amount: amount.and_then(Stated::agreed),
            status,
            gateway_refund: self.trans_no(),
            trace,
        }))
    }

    /// `order_amount` only echoes the request, `trans_amount` is what was done: where
    /// there are both, both must be right. The one that is not is what counts.
    fn amount(&self, asked: Option<Amount>) -> Result<Option<Stated>, Misshapen> {
        let Some(currency) = self.price_currency.as_deref().filter(|c| !c.is_empty()) else {
            return Ok(None);
        };
        let currency = Currency::new(currency).map_err(|_| Misshapen)?;
        let read = |raw| -> Result<Option<Amount>, Misshapen> {
            let Some(text) = decimal(raw)? else {
                return Ok(None);
            };
            Amount::parse(&text, currency)
                .map(Some)
                .map_err(|_| Misshapen)
        };
        Ok(match (read(self.order_amount)?, read(self.trans_amount)?) {
            (Some(order), Some(done)) if order != done => match asked {
                Some(asked) if asked == done => Some(Agreed(order)),
                Some(_) => Some(Agreed(done)),
                None => Some(Disputed),
            },
            (order, done) => done.or(order).map(Agreed),
        })
    }

    /// Whether the customer paid anything, if it says.
    fn paid(&self) -> Result<Option<bool>, Misshapen> {
        let Some(text) = decimal(self.paid_amount)? else {
            return Ok(None);
        };
        let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        digits.then_some(()).ok_or(Misshapen)?;
        Ok(Some(text.bytes().any(|b| matches!(b, b'1'..=b'9'))))
    }

    fn refusal(&self, kind: RefusalKind) -> Refusal {
        match loose(self.trans_error_code) {
            Some(code) => Refusal { kind, code },
            // Nobody refused: it expired, or was reversed before it was paid.
            None => Refusal {
                kind: RefusalKind::Closed,
                code: "closed".to_owned(),
            },
        }
    }
}

/// The amounts that a transaction states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stated {
    Agreed(Amount),
    /// Two that differ, and nobody knows which was asked for.
    Disputed,
}
use Stated::{Agreed, Disputed};

impl Stated {
    fn agreed(self) -> Option<Amount> {
        match self {
            Agreed(amount) => Some(amount),
            Disputed => None,
        }
    }
}

/// A number, or a string: its text. None where it is missing, null or empty.
fn decimal(raw: Option<&RawValue>) -> Result<Option<String>, Misshapen> {
    let Some(raw) = raw.map(RawValue::get) else {
        return Ok(None);
    };
    let text = match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(raw).map_err(|_| Misshapen)?,
        Some(b'-' | b'0'..=b'9') => raw.to_owned(),
        _ if raw == "null" => String::new(),
        _ => return Err(Misshapen),
    };
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn integer(raw: Option<&RawValue>) -> Result<Option<u64>, Misshapen> {
    let Some(text) = decimal(raw)? else {
        return Ok(None);
    };
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits.then_some(()).ok_or(Misshapen)?;
    text.parse().map(Some).map_err(|_| Misshapen)
}
