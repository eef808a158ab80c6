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
mod rules;
mod settings;
mod transaction;

pub use methods::{PayMethods, method_id};
pub use rules::rules;
pub use settings::{AccountError, AccountId, Settings, notify_url};

use super::http::{Http, Reply};
use super::reading::{self, Proof, Reading};
use super::{
    Complaint, Notification, NotificationError, Prepared, PrivateKey, PublicKey, Request,
    pair_check,
};
use crate::domain::code::PaymentCode;
use crate::domain::{
    Amount, Answer, GatewayId, GatewayRules, Mode, Operation, Order, OrderNumber, RefundAnswer,
    RefundOperation, RefundOrder, Timestamp,
};
use answer::Expected;
use canonical::plain;
use jiff::SignedDuration;
use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Serializer as _;
use std::fmt::Debug;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// `CallbackNotificationNotes`: what a notification is answered with.
pub(super) const ACKNOWLEDGEMENT: (&str, &str) = ("text/plain", "success");

/// What the configuration calls this gateway.
pub const ID: &str = "codepay";

/// `CloudAPI`: the path of every method.
const PATH: &str = "/api/entry";

/// Ours: no length is documented.
const DESCRIPTION_MAX: usize = 128;

/// The longest payment code that is known to be shown by any wallet is shorter.
const CODE_MAX: usize = 512;

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
        let request = match (order.mode, code) {
            (Mode::Scan, Some(code)) => printable(code.as_bytes()).and_then(|code| {
                let method = self.settings.methods.of(order.wallet.as_ref());
                self.pay("bscanc.pay.submit", order, method, code)
            }),
            (Mode::Display, None) => {
                let method = self.settings.display_method.as_deref();
                method.and_then(|method| self.pay("cscanb.pay.getqrcode", order, Some(method), ""))
            }
            _ => None,
        };
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
        let amount = order.amount.decimal();
        let reason = plain(&order.reason, DESCRIPTION_MAX);
        let request = sendable(&order.original).zip(sendable(&order.number));
        let request = request.and_then(|(original, number)| {
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
        });
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

    /// A signed request: the fields with those that are common to all, empty ones left
    /// out, every value a string (*CloudAPI*, *Sign*).
    fn request(
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
        let begun = Instant::now();
        let Some(request) = request else {
            tracing::error!(?operation, order = %number,
                "the order cannot be put into CodePay's words; nothing was sent");
            return A::not_sent();
        };
        let reading = match self.http.post(self.entry.clone(), request, limit).await {
            Ok(reply) => read(&reply),
            Err(failure) => failure.into(),
        };
        let attention = log::attention(&reading);
        reading::log(ID, operation, number, &reading, attention, begun.elapsed());
        reading.answer
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

    fn notify_url(&self) -> &str {
        let url = self.settings.notify_url.as_ref();
        url.map_or("", |address| address.url().as_str())
    }
}

/// `BscancPaySubmitRequest`: order numbers have at most 32 of `0-9 A-Z a-z _ - | * @`; ours
/// may have a point.
fn sendable(number: &OrderNumber) -> Option<&str> {
    Some(number.as_str()).filter(|number| number.len() <= 32 && !number.contains('.'))
}

/// A code as it may be sent. One that begins with `@` is none (see [`plain`]).
fn printable(code: &[u8]) -> Option<&str> {
    let sound = (1..=CODE_MAX).contains(&code.len())
        && code.iter().all(|b| (0x20..0x7f).contains(b))
        && !code.starts_with(b"@");
    sound.then_some(())?;
    std::str::from_utf8(code).ok()
}

/// The order's description, which the customer may see: the store, then the whole sale.
fn description(store: &str, sale: &str) -> String {
    let room = DESCRIPTION_MAX.saturating_sub(sale.chars().count() + 1);
    plain(&format!("{} {sale}", plain(store, room)), DESCRIPTION_MAX)
}

#[cfg(test)]
mod tests;
