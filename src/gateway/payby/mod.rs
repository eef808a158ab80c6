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
mod request;
mod rules;
mod settings;
pub mod statement;
mod wire;

pub use list::{Days, ListError, Listed, ListedRefund, Orders, Refunds};
pub use rules::rules;
pub use settings::{MemberError, MemberId, Settings, notify_url};

use super::call::Call;
use super::http::{Http, Reply};
use super::reading::{Proof, Reading};
use super::{
    Complaint, Notification, NotificationError, Prepared, PrivateKey, PublicKey, Request,
    pair_check,
};
use crate::domain::code::PaymentCode;
use crate::domain::{
    Answer, Currency, GatewayId, GatewayRules, Operation, Order, OrderNumber, RefundAnswer,
    RefundOperation, RefundOrder, Timestamp,
};
use answer::Expected;
use jiff::SignedDuration;
use request::sendable;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue};
use std::fmt::Debug;
use std::time::Duration;

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

    async fn call<A: Proof>(
        &self,
        operation: impl Debug,
        path: &'static str,
        number: &OrderNumber,
        request: Option<Request>,
        limit: Duration,
        read: impl FnOnce(&Reply) -> Reading<A>,
    ) -> A {
        let call = Call {
            gateway: ID,
            http: &self.http,
            url: self.url(path),
            number,
            limit,
        };
        call.make(operation, request, read, log::attention).await
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

    fn payee(&self) -> &str {
        let settings = &self.settings;
        let payee = settings.payee_mid.as_ref();
        payee.unwrap_or(&settings.partner_id).as_str()
    }
}

#[cfg(test)]
mod tests;
