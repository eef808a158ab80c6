//! The bodies of PayBy's answers.

use serde_json::Value;

use super::settings::TokenPlace;
use super::{PayBy, money, print, refusal, request};
use crate::simulator::book::Book;
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{Pen, Refusal};
use crate::simulator::json::Json;
use crate::simulator::misprint;
use crate::simulator::order::Stand;

impl PayBy {
    /// An order.
    pub(crate) fn order_body(
        &self,
        book: &Book,
        number: &str,
        placed: bool,
        fault: Option<&Fault>,
        pen: &mut Pen<'_>,
    ) -> Json {
        let Some(order) = book.order(number) else {
            return Json::Object(Vec::new());
        };
        let order = misprint::order(fault, order.clone());
        let mut fields = print::order(&order, &self.settings, pen.rng);
        let token = order
            .shown
            .as_ref()
            .filter(|_| placed && order.stand == Stand::Waiting)
            .and_then(|shown| shown.urls.last());
        let token = token.map(|url| Json::object([("tokenUrl", Json::text(url))]));
        let mut body = Vec::new();
        match (token, self.settings.token_place) {
            (None, _) => {}
            (Some(token), TokenPlace::Beside) => body.push(("interActionParams".into(), token)),
            (Some(token), TokenPlace::OtherSpelling) => {
                body.push(("interactionParams".into(), token));
            }
            (Some(token), TokenPlace::Inside) => {
                fields.push(("interActionParams".into(), token));
            }
        }
        body.push(("acquireOrder".to_owned(), Json::Object(fields)));
        Json::Object(body)
    }

    /// A refund, and what is left of its order.
    pub(crate) fn refund_body(
        &self,
        book: &Book,
        number: &str,
        fault: Option<&Fault>,
        pen: &mut Pen<'_>,
    ) -> Json {
        let Some(refund) = book.refund(number) else {
            return Json::Object(Vec::new());
        };
        let printed = misprint::refund(fault, refund.clone());
        let mut body = vec![(
            "refundOrder".to_owned(),
            Json::Object(print::refund(&printed, pen.rng)),
        )];
        if let Some(order) = book.order(&refund.order) {
            let currency = &order.currency;
            let summary = Json::object([
                (
                    "acquireAmount",
                    money::object(order.captured, currency, pen.rng),
                ),
                (
                    "remainRefundAmount",
                    money::object(book.refundable(order), currency, pen.rng),
                ),
            ]);
            body.push(("refundSummary".to_owned(), summary));
        }
        Json::Object(body)
    }

    /// Who paid.
    pub(crate) fn payer_body(&self, book: &Book, number: &str) -> Json {
        let payer = book
            .order(number)
            .filter(|order| order.is_paid())
            .map(|order| {
                Json::object([
                    ("payerMid", Json::text(print::payer(order))),
                    ("mobileNumberMask", Json::text("+971-50*11")),
                ])
            });
        Json::Object(
            payer
                .map(|payer| ("payer".to_owned(), payer))
                .into_iter()
                .collect(),
        )
    }

    /// `getCashierUrlInfo`: who has scanned. Before anybody has, the answer is
    /// not documented: here it has no `payer`.
    pub(crate) fn scanned_body(
        &self,
        book: &Book,
        content: &Value,
        now: u64,
    ) -> Result<Json, Refusal> {
        let url = request::text(content, "tokenUrl", 1024)?
            .ok_or_else(|| refusal::field("tokenUrl is missing"))?;
        let order = book
            .order_by_url(url)
            .ok_or_else(|| refusal::code("62082"))?;
        let until = order.shown.as_ref().map_or(0, |shown| shown.until);
        if now >= until || order.stand == Stand::Closed {
            return Err(refusal::code("62082"));
        }
        let payer = order
            .scanned(now)
            .then(|| Json::object([("mobileNumberMask", Json::text("+971-50*11"))]));
        Ok(Json::Object(
            payer
                .map(|payer| ("payer".to_owned(), payer))
                .into_iter()
                .collect(),
        ))
    }

    /// `getBalance`: what the merchant keeps.
    pub(crate) fn balance_body(
        &self,
        book: &Book,
        content: &Value,
        pen: &mut Pen<'_>,
    ) -> Result<Json, Refusal> {
        if content["currencyCode"] != money::CURRENCY {
            return Err(refusal::code("78001"));
        }
        let kept = |fils: u64| fils - print::fee(fils);
        let balance = book
            .orders()
            .map(|order| kept(order.captured.saturating_sub(order.returned)))
            .sum();
        let available = money::object(balance, money::CURRENCY, pen.rng);
        Ok(Json::object([
            ("memberId", Json::text(&self.settings.partner_id)),
            (
                "balanceList",
                Json::List(vec![Json::object([("availableBalance", available)])]),
            ),
        ]))
    }
}
