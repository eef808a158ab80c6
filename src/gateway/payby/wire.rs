//! What PayBy is sent, to the byte.
//!
//! A request is serialised once; those bytes are signed and those bytes are sent.
//! An amount goes out as decimal text that stands in the JSON as it is: no binary
//! floating point touches it.

use super::CURRENCY;
use crate::domain::{Amount, Currency, Timestamp};
use serde::Serialize;
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
    pub(super) pay_scene_params: SceneParams<'a>,
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
    /// The customer shows a code.
    #[serde(rename = "QRPAY")]
    QrPay,
    /// The store shows a code.
    #[serde(rename = "DYNQR")]
    DynQr,
}

/// `paySceneParams`: strings, also where they mean yes or no.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum SceneParams<'a> {
    /// `OrderCreation/_qrpay.md`
    #[serde(rename_all = "camelCase")]
    QrPay { auth_code: &'a str },
    /// The DYNQR page beside it.
    #[serde(rename_all = "camelCase")]
    DynQr {
        one_time_payment: &'static str,
        change_payer: &'static str,
    },
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

/// `bizContent` of `getCashierUrlInfo`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByTokenUrl<'a> {
    pub(super) token_url: &'a str,
}

/// `bizContent` of `refund/placeOrder` (`4_Refund/order-refund.mdx`).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlaceRefund<'a> {
    pub(super) refund_merchant_order_no: &'a str,
    pub(super) origin_merchant_order_no: &'a str,
    pub(super) amount: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notify_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operator_name: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) reason: &'a str,
}

/// `bizContent` of `refund/getOrder`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByRefundNumber<'a> {
    pub(super) refund_merchant_order_no: &'a str,
}

/// `bizContent` of `queryOrderPage` and `queryRefundOrderPage`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByDays {
    pub(super) start_date: String,
    pub(super) end_date: String,
    pub(super) sort_page_param: PageParam,
}

/// Which page: `number` from 0.
#[derive(Serialize)]
pub(super) struct PageParam {
    pub(super) number: u32,
    pub(super) size: u32,
}

/// `bizContent` of `getOrderStatement`: `YYYYMMDD`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ByStatementDate {
    pub(super) statement_date: String,
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
