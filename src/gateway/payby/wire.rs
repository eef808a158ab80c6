//! PayBy's messages, to the byte.
//!
//! A request is serialised once; those bytes are signed and those bytes are
//! sent. An amount goes out as decimal text that stands in the JSON as it is,
//! and comes in from the text that was signed: no binary floating point touches
//! it on either way.
//!
//! Of an answer only what is used is read. Fields that a decision rests on are
//! read strictly, the gateway's own numbers and words loosely: a stray type in a
//! locator must not turn a payment into an unknown one.

use super::CURRENCY;
use crate::domain::{Amount, Currency, Timestamp};
use crate::gateway::reading::loose;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// `bizContent` of `placeOrder` (`3_Payment/create-order.mdx`).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlaceOrder<'a> {
    pub(super) merchant_order_no: &'a str,
    pub(super) subject: &'a str,
    pub(super) total_amount: Money,
    pub(super) pay_scene_code: Scene,
    pub(super) pay_scene_params: QrPay<'a>,
    pub(super) expired_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notify_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reserved: Option<&'a str>,
    pub(super) accessory_content: AccessoryContent<'a>,
}

/// The payment scenes we use.
#[derive(Serialize)]
pub(super) enum Scene {
    #[serde(rename = "QRPAY")]
    QrPay,
}

/// `paySceneParams` of `QRPAY`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QrPay<'a> {
    pub(super) auth_code: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccessoryContent<'a> {
    pub(super) terminal_detail: TerminalDetail<'a>,
}

/// Comes back in queries and statements, so that the books can be split by till.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TerminalDetail<'a> {
    pub(super) store_id: &'a str,
    pub(super) terminal_id: &'a str,
    pub(super) store_name: &'a str,
}

/// `bizContent` of `getOrder`, `cancelOrder` and `revokeOrder`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByNumber<'a> {
    pub(super) merchant_order_no: &'a str,
}

/// An amount on its way out.
#[derive(Serialize)]
pub(super) struct Money {
    currency: Currency,
    amount: Box<RawValue>,
}

impl Money {
    /// None for a currency that PayBy does not take.
    pub(super) fn new(amount: Amount) -> Option<Self> {
        (amount.currency == CURRENCY).then_some(())?;
        Some(Self {
            currency: CURRENCY,
            amount: RawValue::from_string(amount.decimal()).ok()?,
        })
    }
}

/// The body of a request.
pub(super) fn request<T: Serialize>(at: Timestamp, content: &T) -> Option<Zeroizing<Vec<u8>>> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Request<'a, T> {
        request_time: i64,
        biz_content: &'a T,
    }
    // The fields' own limits sum to less than this, escapes included: the vector
    // never moves, so that no copy of the code stays behind unwiped.
    let mut body = Zeroizing::new(Vec::with_capacity(8 * 1024));
    let request = Request {
        request_time: at.0,
        biz_content: content,
    };
    serde_json::to_writer(&mut *body, &request).ok()?;
    Some(body)
}

/// `{"head": {...}, "body": {...}}`
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    pub(super) head: Head<'a>,
    /// Not looked into before the head said that there is something to find.
    #[serde(borrow)]
    pub(super) body: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head<'a> {
    pub(super) apply_status: String,
    pub(super) code: String,
    #[serde(borrow)]
    trace_code: Option<&'a RawValue>,
}

impl Head<'_> {
    pub(super) fn trace(&self) -> Option<String> {
        loose(self.trace_code)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderBody<'a> {
    #[serde(borrow)]
    pub(super) acquire_order: AcquireOrder<'a>,
}

/// `3_Payment/OrderCreation/_acquire-order.mdx`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AcquireOrder<'a> {
    pub(super) merchant_order_no: String,
    pub(super) status: String,
    #[serde(borrow)]
    order_no: Option<&'a RawValue>,
    #[serde(borrow)]
    total_amount: Option<ReceivedMoney<'a>>,
    pub(super) payee_mid: Option<String>,
    revoked: Option<Revoked>,
    #[serde(borrow)]
    fail_code: Option<&'a RawValue>,
    #[serde(borrow)]
    payment_info: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ReceivedMoney<'a> {
    currency: String,
    #[serde(borrow)]
    amount: &'a RawValue,
}

/// A string in every sample, a boolean in one old document.
#[derive(Deserialize)]
#[serde(untagged)]
enum Revoked {
    Flag(bool),
    Text(String),
}

/// Part of a signed answer is not what the documents say.
pub(super) struct Misshapen;

impl AcquireOrder<'_> {
    pub(super) fn order_no(&self) -> Option<String> {
        loose(self.order_no)
    }

    pub(super) fn fail_code(&self) -> Option<String> {
        loose(self.fail_code)
    }

    /// Whether there is a `paymentInfo`: it is absent until the order is paid.
    pub(super) fn was_paid(&self) -> bool {
        self.payment_info.is_some()
    }

    pub(super) fn revoked(&self) -> Result<bool, Misshapen> {
        match &self.revoked {
            None => Ok(false),
            Some(Revoked::Flag(flag)) => Ok(*flag),
            Some(Revoked::Text(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Revoked::Text(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(Revoked::Text(_)) => Err(Misshapen),
        }
    }

    /// The order's amount: a JSON number or a string of one, `37.5` as well as
    /// `"37.50"`, read from its text. Signs and exponents are misshapen.
    pub(super) fn amount(&self) -> Result<Option<Amount>, Misshapen> {
        let Some(money) = &self.total_amount else {
            return Ok(None);
        };
        let currency = Currency::new(&money.currency).map_err(|_| Misshapen)?;
        let raw = money.amount.get();
        let quoted;
        let text = if raw.starts_with('"') {
            quoted = serde_json::from_str::<String>(raw).map_err(|_| Misshapen)?;
            &quoted
        } else {
            raw
        };
        let amount = Amount::parse(text, currency).map_err(|_| Misshapen)?;
        Ok(Some(amount))
    }
}
