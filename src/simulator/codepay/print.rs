//! The `data` of CodePay's answers, and the fields of its notifications.

use super::CodePay;
use super::money;
use super::words::Status;
use crate::simulator::clock;
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{Gateway, Pen};
use crate::simulator::json::Json;
use crate::simulator::order::Order;
use crate::simulator::refund::{Refund, RefundStand};

/// Members of an object.
pub(crate) type Fields = Vec<(String, Json)>;

fn add(fields: &mut Fields, name: &str, value: Json) {
    fields.push((name.to_owned(), value));
}

fn time(millis: u64) -> Json {
    Json::text(clock::written(millis, 0, "%Y-%m-%d %H:%M:%S"))
}

fn status(status: Status) -> Json {
    Json::int(status.number().into())
}

// What the client sent is given back as it was.
fn echo(fields: &mut Fields, content: &serde_json::Value, names: &[&str]) {
    for name in names {
        if let Some(text) = content[*name].as_str() {
            add(fields, name, Json::text(text));
        }
    }
}

impl CodePay {
    /// The `data` of a submit.
    pub(crate) fn submitted(&self, order: &Order, now: u64) -> Fields {
        let mut fields = Fields::new();
        let stands = self.status(order, now);
        add(&mut fields, "trans_no", Json::text(&order.gateway_no));
        add(&mut fields, "trans_status", status(stands));
        if stands == Status::Completed {
            paid(&mut fields, order, true);
        }
        fields
    }

    /// The `data` of a merchant-presented code.
    pub(crate) fn displayed(&self, order: &Order) -> Fields {
        let mut fields = Fields::new();
        let currency = &order.currency;
        add(&mut fields, "trans_no", Json::text(&order.gateway_no));
        let url = order.shown.as_ref().and_then(|shown| shown.urls.last());
        if let Some(url) = url {
            add(&mut fields, "qrcode_url", Json::text(url));
        }
        let total = money::json(order.total, currency);
        add(&mut fields, "trans_amount", total);
        add(&mut fields, "trans_fee_c", money::json(0, currency));
        add(&mut fields, "vat_amount", money::json(0, currency));
        fields
    }

    /// The `data` of a query. Not every field is in every answer.
    pub(crate) fn queried(&self, order: &Order, pen: &mut Pen<'_>) -> Fields {
        let mut fields = Fields::new();
        let currency = &order.currency;
        let stands = self.status(order, pen.now);
        add(&mut fields, "trans_no", Json::text(&order.gateway_no));
        add(&mut fields, "trans_type", Json::int(1));
        add(&mut fields, "trans_status", status(stands));
        add(&mut fields, "merchant_order_no", Json::text(&order.number));
        add(&mut fields, "price_currency", Json::text(currency));
        let total = money::text(order.total, currency);
        for name in ["order_amount", "trans_amount"] {
            add(&mut fields, name, Json::text(&total));
        }
        add(&mut fields, "cashback_amount", money::json(0, currency));
        echo(&mut fields, &order.content, &["store_no", "terminal_sn"]);
        let full = !pen.rng.one_in(3);
        if full {
            echo(&mut fields, &order.content, &["attach", "pay_method_id"]);
            add(&mut fields, "pay_scenario", scenario(order));
            add(&mut fields, "tip_amount", money::json(0, currency));
            add(&mut fields, "trans_fee_c", money::json(0, currency));
        }
        match stands {
            Status::Completed | Status::Cancelled => paid(&mut fields, order, full),
            Status::Closed => {
                add(
                    &mut fields,
                    "trans_end_time",
                    time(order.closed_at.unwrap_or(pen.now)),
                );
                if let Some(failure) = &order.failure {
                    add(&mut fields, "trans_error_code", Json::text(&failure.code));
                    add(&mut fields, "trans_error_msg", Json::text(failure.text));
                }
            }
            Status::PreCreated | Status::Processing => {}
        }
        fields
    }

    /// The `data` of a refund that was accepted.
    pub(crate) fn refunded(&self, refund: &Refund, pen: &mut Pen<'_>) -> Fields {
        let mut fields = Fields::new();
        let currency = &refund.currency;
        add(&mut fields, "trans_no", Json::text(&refund.gateway_no));
        let amount = money::json(refund.amount, currency);
        add(&mut fields, "trans_amount", amount);
        add(&mut fields, "trans_fee_c", money::json(0, currency));
        add(&mut fields, "vat_amount", money::json(0, currency));
        // Some gateways add it.
        if pen.rng.one_in(2) {
            add(&mut fields, "trans_status", status(refund_status(refund)));
        }
        fields
    }

    /// The `data` of a refund's query.
    pub(crate) fn refund_queried(
        &self,
        refund: &Refund,
        original: &str,
        pen: &mut Pen<'_>,
    ) -> Fields {
        let mut fields = Fields::new();
        let currency = &refund.currency;
        let stands = refund_status(refund);
        add(&mut fields, "trans_no", Json::text(&refund.gateway_no));
        add(&mut fields, "orig_trans_no", Json::text(original));
        add(&mut fields, "trans_status", status(stands));
        add(&mut fields, "merchant_order_no", Json::text(&refund.number));
        add(&mut fields, "price_currency", Json::text(currency));
        let amount = money::text(refund.amount, currency);
        for name in ["order_amount", "trans_amount"] {
            add(&mut fields, name, Json::text(&amount));
        }
        if !pen.rng.one_in(3) {
            add(&mut fields, "trans_fee_c", money::json(0, currency));
            add(&mut fields, "vat_amount", money::json(0, currency));
        }
        if let Some(ended) = refund.ended_at {
            add(&mut fields, "trans_end_time", time(ended));
        }
        if stands == Status::Completed {
            let number = format!("c-{}", refund.gateway_no);
            add(&mut fields, "pay_channel_trans_no", Json::text(number));
        }
        if let Some(failure) = &refund.failure {
            add(&mut fields, "trans_error_code", Json::text(&failure.code));
            add(&mut fields, "trans_error_msg", Json::text(failure.text));
        }
        fields
    }

    /// The fields that only a payment's notification has.
    pub(crate) fn order_told(&self, order: &Order, now: u64) -> Fields {
        let mut fields = Fields::new();
        let currency = &order.currency;
        add(&mut fields, "trans_no", Json::text(&order.gateway_no));
        add(&mut fields, "merchant_order_no", Json::text(&order.number));
        add(&mut fields, "trans_status", status(self.status(order, now)));
        add(&mut fields, "trans_type", Json::int(1));
        add(&mut fields, "price_currency", Json::text(currency));
        let total = money::text(order.total, currency);
        add(&mut fields, "order_amount", Json::text(total));
        add(&mut fields, "cashback_amount", money::json(0, currency));
        let names = ["store_no", "terminal_sn", "pay_method_id", "attach"];
        echo(&mut fields, &order.content, &names);
        add(&mut fields, "pay_scenario", scenario(order));
        if order.is_paid() {
            paid(&mut fields, order, true);
        }
        fields
    }

    /// The fields that only a refund's notification has.
    pub(crate) fn refund_told(&self, refund: &Refund, origin: &Order) -> Fields {
        let mut fields = Fields::new();
        let currency = &refund.currency;
        add(&mut fields, "trans_no", Json::text(&refund.gateway_no));
        add(&mut fields, "merchant_order_no", Json::text(&refund.number));
        add(&mut fields, "trans_status", status(refund_status(refund)));
        add(&mut fields, "trans_type", Json::int(3));
        add(&mut fields, "price_currency", Json::text(currency));
        let amount = money::text(refund.amount, currency);
        for name in ["order_amount", "trans_amount", "paid_amount"] {
            add(&mut fields, name, Json::text(&amount));
        }
        let names = ["store_no", "terminal_sn", "pay_method_id"];
        echo(&mut fields, &origin.content, &names);
        add(&mut fields, "pay_scenario", scenario(origin));
        if let Some(ended) = refund.ended_at {
            add(&mut fields, "trans_end_time", time(ended));
        }
        fields
    }
}

/// Says where a refund stands.
pub(crate) fn refund_status(refund: &Refund) -> Status {
    match refund.stand {
        RefundStand::Waiting | RefundStand::Taken => Status::Processing,
        RefundStand::Done => Status::Completed,
        RefundStand::Failed => Status::Closed,
    }
}

fn scenario(order: &Order) -> Json {
    Json::text(match order.shown {
        Some(_) => "SCANQR_PAY",
        None => "BSCANQR_PAY",
    })
}

// With status 2 the wallet's number, what was paid and the time are promised.
fn paid(fields: &mut Fields, order: &Order, full: bool) {
    let currency = &order.currency;
    let number = format!("c-{}", order.gateway_no);
    add(fields, "pay_channel_trans_no", Json::text(number));
    add(fields, "paid_amount", money::json(order.captured, currency));
    let at = order.closed_at.or(order.paid_at).unwrap_or_default();
    add(fields, "trans_end_time", time(at));
    if fields.iter().all(|(name, _)| name != "trans_amount") {
        let total = money::json(order.total, currency);
        add(fields, "trans_amount", total);
    }
    if !full {
        return;
    }
    let discount = order.total.saturating_sub(order.captured);
    add(fields, "discount_bpc", money::json(discount, currency));
    for name in ["discount_bmopc", "vat_amount"] {
        add(fields, name, money::json(0, currency));
    }
    if fields.iter().all(|(name, _)| name != "trans_fee_c") {
        add(fields, "trans_fee_c", money::json(0, currency));
    }
    let payer = order
        .shown
        .as_ref()
        .and_then(|shown| shown.payer.as_deref());
    add(
        fields,
        "pay_user_account_id",
        Json::text(payer.unwrap_or("u-0001")),
    );
}

/// Prints wrong what a fault wants wrong.
pub(crate) fn misprint(fault: Option<&Fault>, mut fields: Fields) -> Fields {
    match fault {
        Some(Fault::Status(number)) => {
            set(&mut fields, "trans_status", Json::int((*number).into()));
        }
        Some(Fault::NoStatus) => fields.retain(|(name, _)| name != "trans_status"),
        Some(Fault::UnknownFields) => {
            add(&mut fields, "x_route_hint", Json::int(7));
            add(&mut fields, "x_note", Json::text("a&b=\"c\""));
        }
        Some(Fault::OtherTypes) => {
            for (name, value) in &mut fields {
                let amount = name.ends_with("_amount") || name.starts_with("discount");
                *value = match std::mem::replace(value, Json::int(0)) {
                    Json::Text(text) if amount => Json::Plain(text),
                    Json::Plain(number) => Json::Text(number),
                    other => other,
                };
            }
        }
        _ => {}
    }
    fields
}

fn set(fields: &mut Fields, name: &str, value: Json) {
    if let Some(member) = fields.iter_mut().find(|(other, _)| other == name) {
        member.1 = value;
    }
}
