//! PayBy (Botim Money): payments by a code that the customer shows (QRPAY).
//!
//! Every call is one signed POST of `{"requestTime", "bizContent"}`. Creating an
//! order and submitting its code are the same call, `placeOrder`; the order is
//! known by our own number from then on. The normal answer is `CREATED`: the
//! customer may still have to confirm, and `getOrder` tells the end.
//!
//! `docs/gateways/payby.md` tells how to set it up and what PayBy does not say.

mod answer;
mod codes;
mod log;
mod rules;
mod settings;
mod wire;

pub use rules::rules;
pub use settings::{MemberError, MemberId, Settings, notify_url};

use super::http::{Http, Reply};
use super::reading::{self, Proof, Reading};
use super::{
    Complaint, Notification, NotificationError, Prepared, PrivateKey, PublicKey, Request,
    pair_check,
};
use crate::domain::code::PaymentCode;
use crate::domain::{
    Answer, Currency, GatewayId, GatewayRules, Operation, Order, OrderNumber, RefundAnswer,
    RefundOrder, Timestamp,
};
use answer::Expected;
use jiff::SignedDuration;
use reqwest::header::{ACCEPT, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderValue};
use std::fmt::Debug;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// `create-order.mdx`: `subject`, at most 64 characters.
const SUBJECT_MAX: usize = 64;
/// `create-order.mdx`: `reserved`, at most 20 (other pages say 200).
const RESERVED_MAX: usize = 20;
/// The longest payment code that is known to be shown by any wallet is shorter.
const CODE_MAX: usize = 512;

/// `3_Payment/payment-result-notification.mdx`: what a notification is answered with.
pub(super) const ACKNOWLEDGEMENT: (&str, &str) = (
    "application/json; charset=UTF-8",
    r#"{"response":"SUCCESS"}"#,
);

/// What the configuration calls this gateway.
pub const ID: &str = "payby";

/// The only currency that PayBy takes.
pub const CURRENCY: Currency = Currency::AED;

/// One merchant's access to PayBy.
pub struct PayBy {
    id: GatewayId,
    settings: Settings,
    partner: HeaderValue,
    private_key: PrivateKey,
    gateway_key: PublicKey,
    http: Http,
}

impl PayBy {
    /// Makes the client, with the merchant's key, PayBy's for this merchant, and the
    /// wall clock. Nothing is sent.
    ///
    /// # Errors
    /// Everything that cannot be used.
    ///
    /// # Panics
    /// Never: a test makes one.
    pub fn new(
        settings: Settings,
        private_key: PrivateKey,
        gateway_key: PublicKey,
        clock: fn() -> Timestamp,
    ) -> Result<Self, Vec<Complaint>> {
        let mut complaints = settings::limits(&settings);
        let mut complain = |key: &str, text| {
            complaints.push(Complaint {
                key: format!("gateway.payby.{key}"),
                text,
            });
        };
        if let Err(error) = pair_check(&private_key, &gateway_key) {
            complain("gateway_public_key", error.to_string());
        }
        let http = Http::new(settings.base_url.url(), clock)
            .map_err(|error| complain("base_url", format!("cannot be called: {error}")));
        match http {
            Ok(http) if complaints.is_empty() => Ok(Self {
                id: GatewayId::new(ID).expect("a word"),
                partner: HeaderValue::from_str(settings.partner_id.as_str())
                    .expect("letters and digits"),
                settings,
                private_key,
                gateway_key,
                http,
            }),
            _ => Err(complaints),
        }
    }

    pub(super) fn id(&self) -> &GatewayId {
        &self.id
    }

    pub(super) fn rules(&self) -> &GatewayRules {
        &self.settings.rules
    }

    pub(super) fn prepare_submit(&self, order: &Order, code: Option<&PaymentCode>) -> Prepared {
        Prepared {
            order: order.number.clone(),
            request: code.and_then(|code| self.place_order(order, code)),
        }
    }

    pub(super) async fn submit(
        &self,
        order: &Order,
        prepared: Prepared,
        limit: Duration,
    ) -> Answer {
        let request = prepared.request.filter(|_| prepared.order == order.number);
        let operation = Operation::Submit;
        let path = "/acquire2/placeOrder";
        let read = |reply: &Reply| answer::read(operation, reply, &self.expected());
        self.call(operation, path, &order.number, request, limit, read)
            .await
    }

    pub(super) async fn enquire(&self, order: &Order, limit: Duration) -> Answer {
        self.ask(Operation::Enquiry, "/acquire2/getOrder", order, limit)
            .await
    }

    pub(super) async fn cancel(&self, order: &Order, limit: Duration) -> Answer {
        self.ask(Operation::Cancel, "/acquire2/cancelOrder", order, limit)
            .await
    }

    pub(super) async fn revoke(&self, order: &Order, limit: Duration) -> Answer {
        self.ask(Operation::Revoke, "/acquire2/revokeOrder", order, limit)
            .await
    }

    pub(super) async fn scanned(&self, _order: &Order, _limit: Duration) -> Answer {
        Answer::NotSent
    }

    pub(super) async fn refund(&self, _order: &RefundOrder, _limit: Duration) -> RefundAnswer {
        RefundAnswer::NotSent
    }

    pub(super) async fn enquire_refund(
        &self,
        _order: &RefundOrder,
        _limit: Duration,
    ) -> RefundAnswer {
        RefundAnswer::NotSent
    }

    pub(super) fn read_notification(
        &self,
        _headers: &HeaderMap,
        _body: &[u8],
    ) -> Result<Notification, NotificationError> {
        Err(NotificationError::Unsigned)
    }

    pub(super) fn keeps_warm(&self) -> bool {
        self.settings.warm_up
    }

    pub(super) async fn warm(&self) {
        self.http.warm(self.settings.base_url.url().clone()).await;
    }

    pub(super) fn clock_offset(&self) -> Option<SignedDuration> {
        self.http.clock_offset()
    }

    fn place_order(&self, order: &Order, code: &PaymentCode) -> Option<Request> {
        let sale = order.sale.as_str();
        let lane = order.lane.as_str();
        let settings = &self.settings;
        let content = wire::PlaceOrder {
            merchant_order_no: sendable(&order.number)?,
            subject: &subject(&settings.store_name, sale),
            total_amount: wire::Money::new(order.amount)?,
            pay_scene_code: wire::Scene::QrPay,
            pay_scene_params: wire::QrPay {
                auth_code: printable(code.as_bytes())?,
            },
            expired_time: order.expires.0,
            notify_url: settings.notify_url.as_ref().map(|url| url.url().as_str()),
            // Whole or not at all: a cut reference could be another sale's.
            reserved: (sale.len() <= RESERVED_MAX).then_some(sale),
            accessory_content: wire::AccessoryContent {
                terminal_detail: wire::TerminalDetail {
                    store_id: settings.store_id.as_str(),
                    terminal_id: settings.terminal_ids.get(&order.lane).map_or(lane, |id| id),
                    store_name: &settings.store_name,
                },
            },
        };
        self.sign(wire::request(order.requested, &content)?)
    }

    /// What says nothing of an order but its number.
    async fn ask(
        &self,
        operation: Operation,
        path: &'static str,
        order: &Order,
        limit: Duration,
    ) -> Answer {
        let request = sendable(&order.number).and_then(|merchant_order_no| {
            let content = wire::ByNumber { merchant_order_no };
            self.sign(wire::request(self.http.corrected_time(), &content)?)
        });
        let read = |reply: &Reply| answer::read(operation, reply, &self.expected());
        self.call(operation, path, &order.number, request, limit, read)
            .await
    }

    fn sign(&self, body: Zeroizing<Vec<u8>>) -> Option<Request> {
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

    async fn call<A: Proof>(
        &self,
        operation: impl Debug,
        path: &'static str,
        number: &OrderNumber,
        request: Option<Request>,
        limit: Duration,
        read: impl FnOnce(&Reply) -> Reading<A>,
    ) -> A {
        let begun = Instant::now();
        let Some(request) = request else {
            tracing::error!(?operation, order = %number,
                "the order cannot be put into PayBy's words; nothing was sent");
            return A::not_sent();
        };
        let mut url = self.settings.base_url.url().clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        let reading = match self.http.post(url, request, limit).await {
            Ok(reply) => read(&reply),
            Err(failure) => failure.into(),
        };
        let attention = log::attention(&reading);
        reading::log(ID, operation, number, &reading, attention, begun.elapsed());
        reading.answer
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            key: &self.gateway_key,
            payee: self.payee(),
        }
    }

    fn payee(&self) -> &str {
        let settings = &self.settings;
        let payee = settings.payee_mid.as_ref();
        payee.unwrap_or(&settings.partner_id).as_str()
    }
}

const PARTNER_ID: reqwest::header::HeaderName =
    reqwest::header::HeaderName::from_static("partner-id");
const SIGN: reqwest::header::HeaderName = reqwest::header::HeaderName::from_static("sign");

/// `best-practice.md`: order numbers are made of `A-Z a-z 0-9 - _`; ours may have a point.
fn sendable(number: &OrderNumber) -> Option<&str> {
    Some(number.as_str()).filter(|number| !number.contains('.'))
}

fn printable(code: &[u8]) -> Option<&str> {
    let sound =
        (1..=CODE_MAX).contains(&code.len()) && code.iter().all(|b| (0x20..0x7f).contains(b));
    sound.then_some(())?;
    std::str::from_utf8(code).ok()
}

/// The order's title, which the customer sees: the store, then the whole sale.
fn subject(store: &str, sale: &str) -> String {
    let room = SUBJECT_MAX.saturating_sub(sale.chars().count() + 1);
    let store: String = store.chars().take(room).collect();
    format!("{} {sale}", store.trim_end())
        .trim_start()
        .to_owned()
}

#[cfg(test)]
mod tests;
