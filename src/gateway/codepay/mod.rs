//! CodePay: payments by a code that the customer shows (CPM), or that the store shows
//! (MPM).
//!
//! Every call is one signed POST of a flat JSON object to the same path; `method` says
//! what it is. All values are sent as strings, so that the text that is signed and the
//! text that is sent are one (see `canonical.rs`). An order number can ask for payment
//! once: whatever comes back, it is never submitted again, only asked about.
//!
//! `docs/gateways/codepay.md` tells how to set it up and what CodePay does not say.

mod answer;
mod canonical;
mod codes;
mod log;
mod methods;
mod notification;
mod request;
mod rules;
mod settings;
mod transaction;

pub use methods::{PayMethods, method_id};
pub use rules::rules;
pub use settings::{AccountError, AccountId, Settings, notify_url};

use super::call::Call;
use super::http::{Http, Reply};
use super::reading::{Proof, Reading};
use super::{
    Complaint, Notification, NotificationError, Prepared, PrivateKey, PublicKey, Request,
    pair_check,
};
use crate::domain::code::PaymentCode;
use crate::domain::{
    Amount, Answer, GatewayId, GatewayRules, Operation, Order, OrderNumber, RefundAnswer,
    RefundOperation, RefundOrder, Timestamp,
};
use answer::Expected;
use jiff::SignedDuration;
use request::sendable;
use reqwest::Url;
use reqwest::header::HeaderMap;
use std::fmt::Debug;
use std::time::Duration;

/// `CallbackNotificationNotes`: what a notification is answered with.
pub(super) const ACKNOWLEDGEMENT: (&str, &str) = ("text/plain", "success");

/// What the configuration calls this gateway.
pub const ID: &str = "codepay";

/// `CloudAPI`: the path of every method.
const PATH: &str = "/api/entry";

/// One application's access to CodePay, for one merchant.
pub struct CodePay {
    id: GatewayId,
    settings: Settings,
    entry: Url,
    private_key: PrivateKey,
    gateway_key: PublicKey,
    http: Http,
}

impl CodePay {
    /// Makes the client, with the application's key, CodePay's, and the wall clock.
    /// Nothing is sent.
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
        let complaint = |key: &str, text| Complaint {
            key: format!("gateway.codepay.{key}"),
            text,
        };
        let mut complaints = Vec::new();
        if let Err(error) = pair_check(&private_key, &gateway_key) {
            complaints.push(complaint("gateway_public_key", error.to_string()));
        }
        let mut entry = settings.base_url.url().clone();
        let path = entry.path().trim_end_matches('/');
        let path = path.strip_suffix(PATH).unwrap_or(path);
        entry.set_path(&format!("{path}{PATH}"));
        match Http::new(&entry, clock) {
            Ok(http) if complaints.is_empty() => Ok(Self {
                id: GatewayId::new(ID).expect("a word"),
                entry,
                settings,
                private_key,
                gateway_key,
                http,
            }),
            Ok(_) => Err(complaints),
            Err(error) => {
                let text = format!("cannot be called: {error}");
                complaints.push(complaint("base_url", text));
                Err(complaints)
            }
        }
    }

    pub(super) fn id(&self) -> &GatewayId {
        &self.id
    }

    pub(super) fn rules(&self) -> &GatewayRules {
        &self.settings.rules
    }

    pub(super) fn prepare_submit(&self, order: &Order, code: Option<&PaymentCode>) -> Prepared {
        let request = self.submit_request(order, code);
        Prepared {
            order: order.number.clone(),
            request,
        }
    }

    pub(super) async fn submit(
        &self,
        order: &Order,
        prepared: Prepared,
        limit: Duration,
    ) -> Answer {
        let request = prepared.request.filter(|_| prepared.order == order.number);
        self.call_about(Operation::Submit, order, request, limit)
            .await
    }

    pub(super) async fn enquire(&self, order: &Order, limit: Duration) -> Answer {
        self.ask(Operation::Enquiry, "order.query", order, limit)
            .await
    }

    /// There is none: `order.revoker` gives a paid order's money back, so it is never
    /// taken for a cancel.
    pub(super) async fn cancel(&self, order: &Order, limit: Duration) -> Answer {
        self.call_about(Operation::Cancel, order, None, limit).await
    }

    pub(super) async fn revoke(&self, order: &Order, limit: Duration) -> Answer {
        self.ask(Operation::Revoke, "order.revoker", order, limit)
            .await
    }

    /// CodePay has no such question.
    pub(super) async fn scanned(&self, order: &Order, limit: Duration) -> Answer {
        self.call_about(Operation::Scanned, order, None, limit)
            .await
    }

    pub(super) async fn refund(&self, order: &RefundOrder, limit: Duration) -> RefundAnswer {
        let request = self.refund_request(order);
        self.call_refund(RefundOperation::Submit, order, request, limit)
            .await
    }

    pub(super) async fn enquire_refund(
        &self,
        order: &RefundOrder,
        limit: Duration,
    ) -> RefundAnswer {
        let request = sendable(&order.number).and_then(|number| {
            let fields = [("merchant_order_no", number)];
            let now = self.http.corrected_time();
            self.request("order.refund.query", now, &fields)
        });
        self.call_refund(RefundOperation::Enquiry, order, request, limit)
            .await
    }

    pub(super) fn read_notification(
        &self,
        _headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Notification, NotificationError> {
        let Settings {
            app_id,
            merchant_no,
            ..
        } = &self.settings;
        notification::read(
            body,
            &self.gateway_key,
            app_id.as_str(),
            merchant_no.as_str(),
        )
    }

    pub(super) fn keeps_warm(&self) -> bool {
        self.settings.warm_up
    }

    pub(super) async fn warm(&self) {
        self.http.warm(self.entry.clone()).await;
    }

    pub(super) fn clock_offset(&self) -> Option<SignedDuration> {
        self.http.clock_offset()
    }

    /// What says nothing of an order but its number.
    async fn ask(
        &self,
        operation: Operation,
        method: &'static str,
        order: &Order,
        limit: Duration,
    ) -> Answer {
        let request = sendable(&order.number).and_then(|number| {
            let fields = [("merchant_order_no", number)];
            self.request(method, self.http.corrected_time(), &fields)
        });
        self.call_about(operation, order, request, limit).await
    }

    async fn call_about(
        &self,
        operation: Operation,
        order: &Order,
        request: Option<Request>,
        limit: Duration,
    ) -> Answer {
        let expected = self.expected(&order.number, order.amount);
        let read = |reply: &Reply| answer::order(operation, reply, &expected);
        self.call(operation, &order.number, request, limit, read)
            .await
    }

    async fn call_refund(
        &self,
        operation: RefundOperation,
        order: &RefundOrder,
        request: Option<Request>,
        limit: Duration,
    ) -> RefundAnswer {
        let expected = self.expected(&order.number, order.amount);
        let read = |reply: &Reply| answer::refund(operation, reply, &expected);
        self.call(operation, &order.number, request, limit, read)
            .await
    }

    async fn call<A: Proof>(
        &self,
        operation: impl Debug,
        number: &OrderNumber,
        request: Option<Request>,
        limit: Duration,
        read: impl FnOnce(&Reply) -> Reading<A>,
    ) -> A {
        let call = Call {
            gateway: ID,
            http: &self.http,
            url: self.entry.clone(),
            number,
            limit,
        };
        call.make(operation, request, read, log::attention).await
    }

    fn expected<'a>(&'a self, number: &'a OrderNumber, amount: Amount) -> Expected<'a> {
        Expected {
            key: &self.gateway_key,
            app_id: self.settings.app_id.as_str(),
            merchant_no: self.settings.merchant_no.as_str(),
            number,
            amount,
        }
    }
}

#[cfg(test)]
mod tests;
