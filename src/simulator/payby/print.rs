//! The objects that PayBy's answers and notifications are made of.

use serde_json::Value;

use super::money;
use super::settings::PayBySettings;
use super::words::{RefundStatus, Status};
use crate::simulator::json::{Json, Rng};
use crate::simulator::order::{Failure, Order};
use crate::simulator::refund::{Refund, RefundStand};

/// The payer of an order that nobody named.
const PAYER_MID: &str = "100000606060";

/// The fields of an object.
pub(crate) type Fields = Vec<(String, Json)>;

fn add(fields: &mut Fields, name: &str, value: Json) {
    fields.push((name.to_owned(), value));
}

fn add_failure(fields: &mut Fields, failure: Option<&Failure>) {
    if let Some(failure) = failure {
        add(fields, "failCode", Json::text(&failure.code));
        add(fields, "failDes", Json::text(failure.text));
    }
}

/// Returns what PayBy keeps of a payment, fils: 0.8 %, of it 5 % VAT.
pub(crate) fn fee(paid: u64) -> u64 {
    paid * 8 / 1000
}

/// Returns its two parts: without VAT, and the VAT.
pub(crate) fn fee_parts(paid: u64) -> (u64, u64) {
    let before = fee(paid) * 100 / 105;
    (before, fee(paid) - before)
}

/// Prints the `acquireOrder` object.
pub(crate) fn order(order: &Order, settings: &PayBySettings, rng: &mut Rng) -> Fields {
    let flag = |yes: bool| Json::text(if yes { "true" } else { "false" });
    let mut fields = Fields::new();
    let scene = order.content["paySceneCode"].as_str().unwrap_or("QRPAY");
    let product = match scene {
        "DYNQR" => "Basic Payment Gateway",
        _ => "Smart Purchase",
    };
    add(&mut fields, "merchantOrderNo", Json::text(&order.number));
    add(&mut fields, "orderNo", Json::text(&order.gateway_no));
    let status = Status::of(order).name();
    add(&mut fields, "status", Json::text(status));
    add(&mut fields, "product", Json::text(product));
    let total = money::object(order.total, &order.currency, rng);
    add(&mut fields, "totalAmount", total);
    let payee = order.content["payeeMid"].as_str();
    let payee = payee.unwrap_or(&settings.partner_id);
    add(&mut fields, "payeeMid", Json::text(payee));
    add(&mut fields, "requestTime", Json::int(order.request_time));
    add(&mut fields, "expiredTime", Json::int(order.expires));
    add(&mut fields, "paySceneCode", Json::text(scene));
    for name in ["subject", "subjectAr", "notifyUrl", "reserved"] {
        if let Some(value) = order.content.get(name) {
            add(&mut fields, name, money::echo(value, rng));
        }
    }
    let accessory = accessory(&order.content, &settings.registered_name, rng);
    add(&mut fields, "accessoryContent", accessory);
    // "usually" there; absent means false.
    if order.reversed || !rng.one_in(4) {
        add(&mut fields, "revoked", flag(order.reversed));
    }
    add_failure(&mut fields, order.failure.as_ref());
    if let Some(paid_at) = order.paid_at {
        add(&mut fields, "paymentInfo", payment(order, paid_at, rng));
    }
    if rng.one_in(4) {
        let hint = Json::int(rng.below(1000) as u64);
        add(&mut fields, "xRouteHint", hint);
    }
    fields
}

// PayBy puts its registered name of the merchant, also where none was sent.
fn accessory(content: &Value, registered_name: &str, rng: &mut Rng) -> Json {
    let mut content = content["accessoryContent"].clone();
    if !content.is_object() {
        content = Value::Object(Default::default());
    }
    if !content["terminalDetail"].is_object() {
        content["terminalDetail"] = Value::Object(Default::default());
    }
    content["terminalDetail"]["merchantName"] = registered_name.into();
    money::echo(&content, rng)
}

fn payment(order: &Order, paid_at: u64, rng: &mut Rng) -> Json {
    let paid = order.captured;
    let currency = &order.currency;
    let fee = fee(paid);
    let mut fields = Fields::new();
    let paid_amount = money::object(paid, currency, rng);
    add(&mut fields, "paidAmount", paid_amount);
    add(&mut fields, "paidTime", Json::int(paid_at));
    add(&mut fields, "payerMid", Json::text(payer(order)));
    let payee_fee = money::object(fee, currency, rng);
    add(&mut fields, "payeeFeeAmount", payee_fee);
    let payer_fee = money::object(0, currency, rng);
    add(&mut fields, "payerFeeAmount", payer_fee);
    add(&mut fields, "payChannel", Json::text("BALANCE"));
    // Missing in older samples.
    if !rng.one_in(3) {
        let net = money::object(paid - fee, currency, rng);
        add(&mut fields, "settlementAmount", net);
    }
    Json::Object(fields)
}

/// Returns who paid, or is about to.
pub(crate) fn payer(order: &Order) -> &str {
    let named = order
        .shown
        .as_ref()
        .and_then(|shown| shown.payer.as_deref());
    named
        .filter(|payer| payer.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or(PAYER_MID)
}

/// Prints the `refundOrder` object.
pub(crate) fn refund(refund: &Refund, rng: &mut Rng) -> Fields {
    let mut fields = Fields::new();
    add(
        &mut fields,
        "refundMerchantOrderNo",
        Json::text(&refund.number),
    );
    add(&mut fields, "orderNo", Json::text(&refund.gateway_no));
    add(
        &mut fields,
        "originMerchantOrderNo",
        Json::text(&refund.order),
    );
    let status = RefundStatus::of(refund).name();
    add(&mut fields, "status", Json::text(status));
    let amount = money::object(refund.amount, &refund.currency, rng);
    add(&mut fields, "amount", amount);
    for name in ["notifyUrl", "reason", "reserved"] {
        if let Some(value) = refund.content.get(name) {
            add(&mut fields, name, money::echo(value, rng));
        }
    }
    add_failure(&mut fields, refund.failure.as_ref());
    if refund.stand == RefundStand::Done && rng.one_in(2) {
        let fee = money::object(fee(refund.amount), &refund.currency, rng);
        add(&mut fields, "feeRefunded", fee);
    }
    if rng.one_in(4) {
        let hint = Json::int(rng.below(1000) as u64);
        add(&mut fields, "xRouteHint", hint);
    }
    fields
}
