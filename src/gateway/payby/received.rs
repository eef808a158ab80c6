//! What PayBy sends: answers and notifications, as far as they are used.
//!
//! Fields that a decision rests on are read strictly, the gateway's own numbers and
//! words loosely: a stray type in a locator must not turn a payment into an unknown
//! one. Amounts are read from the text that was signed.

use crate::domain::{Amount, Currency, OrderNumber, Timestamp};
use crate::gateway::reading::{loose, showable};
use serde::Deserialize;
use serde_json::value::RawValue;

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
    #[serde(borrow)]
    inter_action_params: Option<&'a RawValue>,
    /// The field lists write it so; every sample and the SDK as above.
    #[serde(borrow, rename = "interactionParams")]
    interaction_params: Option<&'a RawValue>,
}

impl OrderBody<'_> {
    /// The text to show as a QR code. An old sample has it inside the order.
    pub(super) fn token_url(&self) -> Option<String> {
        let places = [
            self.inter_action_params,
            self.interaction_params,
            self.acquire_order.inter_action_params,
        ];
        places.into_iter().flatten().find_map(token_url)
    }
}

fn token_url(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        token_url: Option<String>,
    }
    let params: Params = serde_json::from_str(raw.get()).ok()?;
    showable(params.token_url)
}

/// Body of `getCashierUrlInfo`: a payer is there once somebody scanned. Who, is
/// nobody's business here.
#[derive(Deserialize)]
pub(super) struct ScannedBody<'a> {
    #[serde(borrow)]
    pub(super) payer: Option<&'a RawValue>,
}

/// Body of `refund/placeOrder` and `refund/getOrder`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefundBody<'a> {
    #[serde(borrow)]
    pub(super) refund_order: ReceivedRefund<'a>,
}

/// `4_Refund/_refund-order.mdx`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceivedRefund<'a> {
    refund_merchant_order_no: String,
    pub(super) status: String,
    origin_merchant_order_no: Option<String>,
    #[serde(borrow)]
    order_no: Option<&'a RawValue>,
    #[serde(borrow)]
    amount: Option<ReceivedMoney<'a>>,
    #[serde(borrow)]
    fail_code: Option<&'a RawValue>,
}

impl ReceivedRefund<'_> {
    pub(super) fn number(&self) -> Result<OrderNumber, Misshapen> {
        number(&self.refund_merchant_order_no)
    }

    pub(super) fn original(&self) -> Result<Option<OrderNumber>, Misshapen> {
        self.origin_merchant_order_no
            .as_deref()
            .map(number)
            .transpose()
    }

    pub(super) fn amount(&self) -> Result<Option<Amount>, Misshapen> {
        self.amount.as_ref().map(ReceivedMoney::read).transpose()
    }

    pub(super) fn order_no(&self) -> Option<String> {
        loose(self.order_no)
    }

    pub(super) fn fail_code(&self) -> Option<String> {
        loose(self.fail_code)
    }
}

fn number(text: &str) -> Result<OrderNumber, Misshapen> {
    OrderNumber::new(text).map_err(|_| Misshapen)
}

/// A notification: one of these things, without an envelope.
#[derive(Deserialize)]
pub(super) struct Notice<'a> {
    #[serde(borrow)]
    notify_id: Option<&'a RawValue>,
    #[serde(borrow, rename = "acquireOrder")]
    pub(super) order: Option<AcquireOrder<'a>>,
    #[serde(borrow, rename = "refundOrder")]
    pub(super) refund: Option<ReceivedRefund<'a>>,
    #[serde(borrow, rename = "acquireChargeback")]
    pub(super) chargeback: Option<&'a RawValue>,
    #[serde(borrow, rename = "voidOrder")]
    pub(super) void: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) head: Option<&'a RawValue>,
}

impl Notice<'_> {
    pub(super) fn id(&self) -> Option<String> {
        loose(self.notify_id)
    }
}

/// Body of `queryOrderPage` and `queryRefundOrderPage`; what stands in `items` differs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageBody<'a> {
    pub(super) total_elements: u64,
    pub(super) total_pages: u64,
    #[serde(borrow)]
    pub(super) items: Vec<&'a RawValue>,
}

/// `3_Payment/OrderCreation/_acquire-order.mdx`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AcquireOrder<'a> {
    merchant_order_no: String,
    pub(super) status: String,
    #[serde(borrow)]
    inter_action_params: Option<&'a RawValue>,
    #[serde(borrow)]
    request_time: Option<&'a RawValue>,
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

/// Part of a signed message is not what the documents say.
#[derive(Debug)]
pub(super) struct Misshapen;

impl AcquireOrder<'_> {
    pub(super) fn number(&self) -> Result<OrderNumber, Misshapen> {
        number(&self.merchant_order_no)
    }

    /// The time of its first request.
    pub(super) fn requested(&self) -> Option<Timestamp> {
        loose(self.request_time)?.parse().ok().map(Timestamp)
    }

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

    /// The order's amount.
    pub(super) fn amount(&self) -> Result<Option<Amount>, Misshapen> {
        self.total_amount
            .as_ref()
            .map(ReceivedMoney::read)
            .transpose()
    }
}

impl ReceivedMoney<'_> {
    /// A JSON number or a string of one, `37.5` as well as `"37.50"`, read from its
    /// text. Signs and exponents are misshapen.
    fn read(&self) -> Result<Amount, Misshapen> {
        let currency = Currency::new(&self.currency).map_err(|_| Misshapen)?;
        let raw = self.amount.get();
        let quoted;
        let text = if raw.starts_with('"') {
            quoted = serde_json::from_str::<String>(raw).map_err(|_| Misshapen)?;
            &quoted
        } else {
            raw
        };
        Amount::parse(text, currency).map_err(|_| Misshapen)
    }
}
