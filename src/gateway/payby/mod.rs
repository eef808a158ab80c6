//! PayBy (Botim Money): payments by a code that the customer shows (QRPAY), or that the
//! store shows (DYNQR).
//!
//! Every call is one signed POST of `{"requestTime", "bizContent"}`. Creating an
//! order and submitting its code are the same call, `placeOrder`; the order is
//! known by our own number from then on. The normal answer is `CREATED`: the
//! customer may still have to confirm, and `getOrder` tells the end.
//!
//! `docs/gateways/payby.md` tells how to set it up and what PayBy does not say.

mod answer;
mod codes;
mod list;
mod log;
mod notification;
mod received;
mod rules;
mod settings;
pub mod statement;
mod wire;

pub use list::{Days, ListError, Listed, ListedRefund, Orders, Refunds};
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
    Answer, Currency, GatewayId, GatewayRules, Mode, Operation, Order, OrderNumber, RefundAnswer,
    RefundOperation, RefundOrder, Timestamp,
};
use answer::Expected;
use jiff::SignedDuration;
use reqwest::Url;
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
            request: self.place_order(order, code),
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

    pub(super) async fn scanned(&self, order: &Order, limit: Duration) -> Answer {
        let operation = Operation::Scanned;
        let path = "/acquire2/getCashierUrlInfo";
        let request = order.show.as_deref().and_then(|token_url| {
            let content = wire::ByTokenUrl { token_url };
            self.sign(wire::request(self.http.corrected_time(), &content)?)
        });
        let read = |reply: &Reply| answer::read(operation, reply, &self.expected());
        self.call(operation, path, &order.number, request, limit, read)
            .await
    }

    pub(super) async fn refund(&self, order: &RefundOrder, limit: Duration) -> RefundAnswer {
        let request = self.place_refund(order);
        let path = "/acquire2/refund/placeOrder";
        self.ask_refund(RefundOperation::Submit, path, order, request, limit)
            .await
    }

    pub(super) async fn enquire_refund(
        &self,
        order: &RefundOrder,
        limit: Duration,
    ) -> RefundAnswer {
        let request = sendable(&order.number).and_then(|refund_merchant_order_no| {
            let content = wire::ByRefundNumber {
                refund_merchant_order_no,
            };
            self.sign(wire::request(self.http.corrected_time(), &content)?)
        });
        let path = "/acquire2/refund/getOrder";
        self.ask_refund(RefundOperation::Enquiry, path, order, request, limit)
            .await
    }

    pub(super) fn read_notification(
        &self,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Notification, NotificationError> {
        notification::read(headers, body, &self.expected())
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

    fn place_order(&self, order: &Order, code: Option<&PaymentCode>) -> Option<Request> {
        let (scene, params) = match (order.mode, code) {
            (Mode::Scan, Some(code)) => {
                let auth_code = printable(code.as_bytes())?;
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

    fn place_refund(&self, order: &RefundOrder) -> Option<Request> {
        let content = wire::PlaceRefund {
            refund_merchant_order_no: sendable(&order.number)?,
            origin_merchant_order_no: sendable(&order.original)?,
            amount: wire::Money::new(order.amount)?,
            notify_url: self.notify_url(),
            operator_name: order.operator.as_deref(),
            reason: &order.reason,
        };
        self.sign(wire::request(
            self.http.corrected(order.requested),
            &content,
        )?)
    }

    async fn ask_refund(
        &self,
        operation: RefundOperation,
        path: &'static str,
        order: &RefundOrder,
        request: Option<Request>,
        limit: Duration,
    ) -> RefundAnswer {
        let read = |reply: &Reply| answer::refund(operation, reply, &self.gateway_key);
        self.call(operation, path, &order.number, request, limit, read)
            .await
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
        let reading = match self.http.post(self.url(path), request, limit).await {
            Ok(reply) => read(&reply),
            Err(failure) => failure.into(),
        };
        let attention = log::attention(&reading);
        reading::log(ID, operation, number, &reading, attention, begun.elapsed());
        reading.answer
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.settings.base_url.url().clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        url
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            key: &self.gateway_key,
            payee: self.payee(),
        }
    }

    fn notify_url(&self) -> Option<&str> {
        let url = self.settings.notify_url.as_ref();
        url.map(|address| address.url().as_str())
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
