//! The paged lists of orders and of refunds, by the day they were made.

use serde_json::Value;

use super::days::Day;
use super::print::{self, Fields};
use super::refusal;
use super::request::{self, Request};
use super::words::{Operation, RefundStatus, Status};
use super::{PayBy, money};
use crate::simulator::book::Book;
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{Pen, Refusal};
use crate::simulator::json::Json;
use crate::simulator::misprint;
use crate::simulator::order::Order;
use crate::simulator::refund::Refund;

/// The largest page. Not documented.
const SIZE_MAX: u64 = 1_000;

/// Which items are asked for.
struct Wanted {
    from: Day,
    to: Day,
    statuses: Vec<String>,
    /// A list of devices; no device is registered here.
    devices: bool,
    number: u64,
    size: u64,
}

impl Wanted {
    fn read(content: &Value) -> Result<Self, Refusal> {
        let day = |name: &str| {
            let text = request::text(content, name, 10)?
                .ok_or_else(|| refusal::field(format!("{name} is missing")))?;
            Day::read(text, "%Y-%m-%d")
                .ok_or_else(|| refusal::field(format!("{name} is not YYYY-MM-DD")))
        };
        let (from, to) = (day("startDate")?, day("endDate")?);
        if to.start < from.start {
            return Err(refusal::field("endDate is before startDate"));
        }
        let page = &content["sortPageParam"];
        let number = match page.get("number") {
            None => 0,
            Some(number) => number
                .as_u64()
                .ok_or_else(|| refusal::field("sortPageParam.number is no page"))?,
        };
        let size = page["size"]
            .as_u64()
            .filter(|size| (1..=SIZE_MAX).contains(size))
            .ok_or_else(|| refusal::field("sortPageParam.size is not 1 to 1000"))?;
        let list = |name: &str| match content.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) if items.iter().all(Value::is_string) => Ok(items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect()),
            Some(_) => Err(refusal::field(format!("{name} is not a list of texts"))),
        };
        Ok(Self {
            from,
            to,
            statuses: list("includeStatusList")?,
            devices: !list("deviceIdList")?.is_empty(),
            number,
            size,
        })
    }

    fn wants(&self, made_at: u64, status: &str) -> bool {
        !self.devices
            && (self.from.start..self.to.end).contains(&made_at)
            && (self.statuses.is_empty() || self.statuses.iter().any(|wanted| wanted == status))
    }

    /// Cuts the page out of everything that is wanted, oldest first.
    fn page<T>(&self, mut items: Vec<T>, fault: Option<&Fault>) -> (u64, Vec<T>)
    where
        T: Clone,
    {
        if fault == Some(&Fault::MissingRow) {
            items.pop();
        }
        if fault == Some(&Fault::DoubledRow) {
            items.extend(items.last().cloned());
        }
        let total = items.len() as u64;
        let skip = self.number.saturating_mul(self.size);
        let page = items
            .into_iter()
            .skip(usize::try_from(skip).unwrap_or(usize::MAX))
            .take(self.size as usize)
            .collect();
        (total, page)
    }

    fn body(&self, total: u64, items: Vec<Fields>) -> Json {
        Json::object([
            ("totalElements", Json::int(total)),
            ("totalPages", Json::int(total.div_ceil(self.size))),
            (
                "sortPageParam",
                Json::object([
                    ("number", Json::int(self.number)),
                    ("size", Json::int(self.size)),
                ]),
            ),
            (
                "items",
                Json::List(items.into_iter().map(Json::Object).collect()),
            ),
        ])
    }
}

impl PayBy {
    /// `queryOrderPage` and `queryRefundOrderPage`.
    pub(crate) fn list(
        &self,
        book: &Book,
        operation: Operation,
        request: &Request,
        fault: Option<&Fault>,
        pen: &mut Pen<'_>,
    ) -> Result<Json, Refusal> {
        let wanted = Wanted::read(&request.content)?;
        if operation == Operation::QueryRefundOrderPage {
            let wants =
                |refund: &&Refund| wanted.wants(refund.created_at, RefundStatus::of(refund).name());
            let mut refunds: Vec<_> = book.refunds().filter(wants).cloned().collect();
            refunds.sort_by_key(|refund| refund.created_at);
            let (total, page) = wanted.page(refunds, fault);
            let printed = page
                .into_iter()
                .map(|refund| print::refund(&misprint::refund(fault, refund), pen.rng))
                .collect();
            return Ok(wanted.body(total, printed));
        }
        let wants = |order: &&Order| wanted.wants(order.created_at, Status::of(order).name());
        let mut orders: Vec<_> = book.orders().filter(wants).cloned().collect();
        orders.sort_by_key(|order| order.created_at);
        let (total, page) = wanted.page(orders, fault);
        let printed = page
            .into_iter()
            .map(|order| self.item(misprint::order(fault, order), pen))
            .collect();
        Ok(wanted.body(total, printed))
    }

    // An order of a list says more about its payment.
    fn item(&self, order: Order, pen: &mut Pen<'_>) -> Fields {
        let mut fields = print::order(&order, &self.settings, pen.rng);
        let payment = fields.iter_mut().find(|(name, _)| name == "paymentInfo");
        if let Some((_, Json::Object(payment))) = payment {
            let (before, vat) = print::fee_parts(order.captured);
            for (name, fils) in [("payeeFeeAmountBeforeTax", before), ("payeeFeeVat", vat)] {
                let amount = money::object(fils, &order.currency, pen.rng);
                payment.push((name.to_owned(), amount));
            }
            if let Some(at) = order.settled_at {
                payment.push(("settledTime".to_owned(), Json::int(at)));
            }
        }
        fields
    }
}
