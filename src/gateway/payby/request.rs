//! What PayBy is sent: an order or a refund put into its words, and signed.

use super::{PayBy, wire};
use crate::domain::code::PaymentCode;
use crate::domain::{Mode, Order, OrderNumber, RefundOrder};
use crate::gateway::{Request, code_text};
use reqwest::header::{ACCEPT, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// `create-order.mdx`: `subject`, at most 64 characters.
const SUBJECT_MAX: usize = 64;
/// `create-order.mdx`: `reserved`, at most 20 (other pages say 200).
const RESERVED_MAX: usize = 20;

impl PayBy {
    pub(super) fn place_order(&self, order: &Order, code: Option<&PaymentCode>) -> Option<Request> {
        let (scene, params) = match (order.mode, code) {
            (Mode::Scan, Some(code)) => {
                let auth_code = code_text(code)?;
                (wire::Scene::QrPay, wire::SceneParams::QrPay { auth_code })
            }
            (Mode::Display, None) => (
                wire::Scene::DynQr,
                wire::SceneParams::DynQr {
                    // A customer whose first try fails may try again ...
                    one_time_payment: "false",
                    // ... and a passer-by who scans it takes nothing from the customer.
                    change_payer: "false",
                },
            ),
            _ => return None,
        };
        let sale = order.sale.as_str();
        let lane = order.lane.as_str();
        let settings = &self.settings;
        let content = wire::PlaceOrder {
            merchant_order_no: sendable(&order.number)?,
            subject: &subject(&settings.store_name, sale),
            total_amount: wire::Money::new(order.amount)?,
            pay_scene_code: scene,
            pay_scene_params: params,
            expired_time: order.expires.0,
            notify_url: self.notify_url(),
            // Whole or not at all: a changed reference could be another sale's.
            reserved: Some(sale).filter(|sale| sale.len() <= RESERVED_MAX && !sale.contains('|')),
            accessory_content: wire::AccessoryContent {
                terminal_detail: wire::TerminalDetail {
                    store_id: settings.store_id.as_str(),
                    terminal_id: &unbarred(
                        settings.terminal_ids.get(&order.lane).map_or(lane, |id| id),
                    ),
                    store_name: &unbarred(&settings.store_name),
                },
            },
        };
        self.sign(wire::request(order.requested, &content)?)
    }

    pub(super) fn place_refund(&self, order: &RefundOrder) -> Option<Request> {
        let content = wire::PlaceRefund {
            refund_merchant_order_no: sendable(&order.number)?,
            origin_merchant_order_no: sendable(&order.original)?,
            amount: wire::Money::new(order.amount)?,
            notify_url: self.notify_url(),
            operator_name: order.operator.as_deref(),
            reason: &unbarred(&order.reason),
        };
        self.sign(wire::request(
            self.http.corrected(order.requested),
            &content,
        )?)
    }

    pub(super) fn sign(&self, body: Zeroizing<Vec<u8>>) -> Option<Request> {
        let mut sign = HeaderValue::from_str(&self.private_key.sign(&body)?).ok()?;
        sign.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([
            (CONTENT_TYPE, json.clone()),
            (ACCEPT, json),
            (CONTENT_LANGUAGE, HeaderValue::from_static("en")),
            (PARTNER_ID, self.partner.clone()),
            (SIGN, sign),
        ]);
        Some(Request { headers, body })
    }

    fn notify_url(&self) -> Option<&str> {
        let url = self.settings.notify_url.as_ref();
        url.map(|address| address.url().as_str())
    }
}

const PARTNER_ID: HeaderName = HeaderName::from_static("partner-id");
pub(super) const SIGN: HeaderName = HeaderName::from_static("sign");

/// `best-practice.md`: order numbers are made of `A-Z a-z 0-9 - _`; ours may have a point.
pub(super) fn sendable(number: &OrderNumber) -> Option<&str> {
    Some(number.as_str()).filter(|number| !number.contains('.'))
}

/// The order's title, which the customer sees: the store, then the whole sale.
pub(super) fn subject(store: &str, sale: &str) -> String {
    let room = SUBJECT_MAX.saturating_sub(sale.chars().count() + 1);
    let store: String = store.chars().take(room).collect();
    let title = format!("{} {sale}", store.trim_end());
    unbarred(title.trim_start()).into_owned()
}

/// Statements separate their columns by `|` and quote nothing: a text that held one
/// would come back as two columns and make the day's statement unreadable.
fn unbarred(text: &str) -> Cow<'_, str> {
    match text.contains('|') {
        true => text.replace('|', " ").into(),
        false => text.into(),
    }
}
