//! What CodePay is sent: flat messages of strings, signed over their canonical text.

use super::canonical::{self, plain};
use super::{AccountId, CodePay};
use crate::domain::code::PaymentCode;
use crate::domain::{Mode, Order, OrderNumber, RefundOrder, Timestamp};
use crate::gateway::{Request, code_text};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Serializer as _;
use zeroize::Zeroizing;

/// Ours: no length is documented.
const DESCRIPTION_MAX: usize = 128;

impl CodePay {
    /// Asks for money, as the order's mode says; None where its words do not fit.
    pub(super) fn submit_request(
        &self,
        order: &Order,
        code: Option<&PaymentCode>,
    ) -> Option<Request> {
        match (order.mode, code) {
            (Mode::Scan, Some(code)) => {
                // One that begins with `@` is none: see [`plain`].
                let code = code_text(code).filter(|code| !code.starts_with('@'))?;
                let method = self.settings.methods.of(order.wallet.as_ref());
                self.pay("bscanc.pay.submit", order, method, code)
            }
            (Mode::Display, None) => {
                let method = self.settings.display_method.as_deref();
                method.and_then(|method| self.pay("cscanb.pay.getqrcode", order, Some(method), ""))
            }
            _ => None,
        }
    }

    /// What asks for money: with the customer's code, or with none for one to show.
    fn pay(
        &self,
        method: &'static str,
        order: &Order,
        pay_method: Option<&str>,
        code: &str,
    ) -> Option<Request> {
        let settings = &self.settings;
        let amount = order.amount.decimal();
        let description = description(&settings.store_name, order.sale.as_str());
        let rules = &settings.rules;
        // In seconds from the request: a wrong clock of ours changes nothing.
        let life = match order.mode {
            Mode::Scan => rules.expires,
            Mode::Display => rules.display.as_ref()?.life,
        };
        let expires = life.as_secs().to_string();
        let terminal = settings.terminals.get(&order.lane);
        let fields = [
            ("auth_code", code),
            ("pay_method_id", pay_method.unwrap_or_default()),
            ("merchant_order_no", sendable(&order.number)?),
            ("price_currency", order.amount.currency.as_str()),
            ("order_amount", &amount),
            ("description", &description),
            ("expires", &expires),
            ("terminal_sn", terminal.map_or("", AccountId::as_str)),
            ("notify_url", self.notify_url()),
        ];
        self.request(method, order.requested, &fields)
    }

    /// Gives money back.
    pub(super) fn refund_request(&self, order: &RefundOrder) -> Option<Request> {
        let amount = order.amount.decimal();
        let reason = plain(&order.reason, DESCRIPTION_MAX);
        let request = sendable(&order.original).zip(sendable(&order.number));
        request.and_then(|(original, number)| {
            let fields = [
                ("orig_merchant_order_no", original),
                ("merchant_order_no", number),
                ("price_currency", order.amount.currency.as_str()),
                ("order_amount", &amount),
                ("description", &reason),
                ("notify_url", self.notify_url()),
            ];
            let at = self.http.corrected(order.requested);
            self.request("order.refund.submit", at, &fields)
        })
    }

    /// A signed request: the fields with those that are common to all, empty ones left
    /// out, every value a string (*CloudAPI*, *Sign*).
    pub(super) fn request(
        &self,
        method: &'static str,
        at: Timestamp,
        fields: &[(&'static str, &str)],
    ) -> Option<Request> {
        let settings = &self.settings;
        let timestamp = at.0.to_string();
        let store_no = settings.store_no.as_ref();
        let common = [
            ("app_id", settings.app_id.as_str()),
            ("method", method),
            ("format", "JSON"),
            ("charset", "UTF-8"),
            ("sign_type", "RSA2"),
            ("version", "1.0"),
            ("timestamp", &timestamp),
            ("merchant_no", settings.merchant_no.as_str()),
            ("store_no", store_no.map_or("", AccountId::as_str)),
        ];
        let mut members: Vec<_> = common.iter().chain(fields).copied().collect();
        members.retain(|(_, value)| !value.is_empty());
        members.sort_unstable();
        let text = canonical::text(members.iter().copied());
        let signature = self.private_key.sign(text.as_bytes())?;
        members.push((canonical::SIGN, &signature));
        // The fields' own limits sum to less than this, escapes included: the vector
        // never moves, so that no copy of the code stays behind unwiped.
        let mut body = Zeroizing::new(Vec::with_capacity(8 * 1024));
        let mut json = serde_json::Serializer::new(&mut *body);
        json.collect_map(members).ok()?;
        let json = HeaderValue::from_static("application/json");
        Some(Request {
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json.clone()), (ACCEPT, json)]),
            body,
        })
    }

    fn notify_url(&self) -> &str {
        let url = self.settings.notify_url.as_ref();
        url.map_or("", |address| address.url().as_str())
    }
}

/// `BscancPaySubmitRequest`: order numbers have at most 32 of `0-9 A-Z a-z _ - | * @`; ours
/// may have a point.
pub(super) fn sendable(number: &OrderNumber) -> Option<&str> {
    Some(number.as_str()).filter(|number| number.len() <= 32 && !number.contains('.'))
}

/// The order's description, which the customer may see: the store, then the whole sale.
fn description(store: &str, sale: &str) -> String {
    let room = DESCRIPTION_MAX.saturating_sub(sale.chars().count() + 1);
    plain(&format!("{} {sale}", plain(store, room)), DESCRIPTION_MAX)
}
