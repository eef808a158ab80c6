//! A request, from bytes to fields, as strictly as the documents allow.
//!
//! `open` does what CodePay's front gate does: protocol fields, application,
//! time, signature, method. The order of these checks is not documented. Each
//! step notes what the client did against the rules, also where the real
//! gateway would let it pass.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde_json::Value;

use super::CodePay;
use super::params::{self, Form, Param};
use super::words::{self, Operation, field, noted};
use crate::simulator::clock::TIME_END;
use crate::simulator::conduct::Rule;
use crate::simulator::gateway::{Note, Refusal};

/// How far `timestamp` may be from CodePay's clock, either way: 15 minutes.
const CLOCK_MILLIS_MAX: u64 = 15 * 60_000;

/// What every request says the same (CodePay "BasicRules").
const PROTOCOL: [(&str, &str); 4] = [
    ("format", "JSON"),
    ("charset", "UTF-8"),
    ("sign_type", "RSA2"),
    ("version", "1.0"),
];

/// The amounts of a request.
const AMOUNTS: [&str; 2] = ["order_amount", "trans_amount"];

/// A request that was let in.
pub struct Request {
    /// When it was made, Unix milliseconds.
    pub(crate) timestamp: u64,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) notes: Vec<Note>,
}

/// What the gate found: which method was asked for, and whether it may pass.
pub(crate) struct Opened {
    pub(crate) operation: Operation,
    pub(crate) request: Result<Request, Refusal>,
}

/// Passes a request through the gate.
pub(crate) fn open(gateway: &CodePay, headers: &HeaderMap, body: &[u8], now: u64) -> Opened {
    match read(headers, body) {
        Err(refusal) => Opened {
            operation: Operation::Unknown,
            request: Err(refusal),
        },
        Ok((params, notes)) => {
            let method = params.iter().find(|param| param.name == "method");
            Opened {
                operation: method.map_or(Operation::Unknown, |method| Operation::of(&method.text)),
                request: admit(gateway, params, notes, now),
            }
        }
    }
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<(Vec<Param>, Vec<Note>), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mut notes = Vec::new();
    let kind = header("Content-Type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let params = match kind.to_ascii_lowercase().as_str() {
        "application/json" => params::from_json(body),
        "application/x-www-form-urlencoded" => params::from_form(body),
        _ => {
            let why = format!("Content-Type is {kind:.40}, neither JSON nor a form");
            return Err(noted("SYS011", Rule::Header, why));
        }
    };
    let params = params.map_err(|why| noted("SYS011", Rule::Field, why))?;
    let serial = header("Http-Request-Psn");
    let digits = |text: &str| text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit());
    if serial.is_some_and(|serial| !digits(serial)) {
        let why = "Http-Request-Psn is not 20 digits".to_owned();
        notes.push((Rule::Header, why));
    }
    Ok((params, notes))
}

fn admit(
    gateway: &CodePay,
    params: Vec<Param>,
    mut notes: Vec<Note>,
    now: u64,
) -> Result<Request, Refusal> {
    let get = |name: &str| {
        let found = params.iter().find(|param| param.name == name);
        found.map_or("", |param| param.text.as_str())
    };
    for (name, value) in PROTOCOL {
        if get(name) != value {
            let why = format!("{name} is {:.20?}, not {value}", get(name));
            return Err(noted("SYS011", Rule::Field, why));
        }
    }
    for name in ["app_id", "method", "timestamp", "sign"] {
        if get(name).is_empty() {
            let why = format!("{name} is missing");
            return Err(noted("SYS011", Rule::Field, why));
        }
    }
    if get("app_id") != gateway.settings.app_id {
        let why = format!("app_id is not {}", gateway.settings.app_id);
        return Err(noted("SIM001", Rule::Field, why));
    }
    let timestamp: u64 = get("timestamp")
        .parse()
        .ok()
        .filter(|time| *time < TIME_END)
        .ok_or_else(|| noted("SYS011", Rule::Field, "timestamp is not Unix milliseconds"))?;
    if timestamp.abs_diff(now) > CLOCK_MILLIS_MAX {
        let why = format!("timestamp is {} s off", timestamp.abs_diff(now) / 1000);
        return Err(noted("SIM002", Rule::RequestTime, why));
    }
    let pairs = params
        .iter()
        .map(|param| (param.name.as_str(), param.text.as_str()));
    let text = params::canonical(pairs);
    if !gateway.check.accepts(text.as_bytes(), get("sign")) {
        let why = "the signature does not verify over the decoded values";
        return Err(noted("SYS002", Rule::Signature, why));
    }
    let operation = Operation::of(get("method"));
    if operation == Operation::Unknown || gateway.settings.disabled.contains(&operation) {
        return Err(words::refused("E07303"));
    }
    for (n, param) in params.iter().enumerate() {
        if params.iter().take(n).any(|other| other.name == param.name) {
            return Err(field(format!("{:.40} stands twice", param.name)));
        }
        if param.text.chars().any(|c| c > '\u{ffff}') {
            let why = format!("{:.40} has a character of four bytes", param.name);
            return Err(field(why));
        }
        notes.extend(look(param));
    }
    if get("merchant_no") != gateway.settings.merchant_no {
        let why = format!("merchant_no is not {}", gateway.settings.merchant_no);
        return Err(noted("SIM003", Rule::Field, why));
    }
    let fields = params
        .into_iter()
        .filter(|param| !param.text.is_empty())
        .map(|param| (param.name, param.text))
        .collect();
    Ok(Request {
        timestamp,
        fields,
        notes,
    })
}

// What passes, and is against the rules all the same.
fn look(param: &Param) -> Option<Note> {
    let name = &param.name;
    let amount = AMOUNTS.contains(&name.as_str());
    match param.form {
        Form::Integer | Form::Decimal if amount => {
            Some((Rule::Money, format!("{name} is a number; send text")))
        }
        Form::Decimal => Some((Rule::Field, format!("{name:.40} is a decimal number"))),
        Form::Nested => Some((Rule::Field, format!("{name:.40} is not flat; send text"))),
        Form::Null => Some((Rule::Field, format!("{name:.40} is null; leave it out"))),
        Form::Text if param.text.is_empty() => {
            Some((Rule::Field, format!("{name:.40} is empty; leave it out")))
        }
        Form::Text if param.text.starts_with('@') => {
            let why = format!("{name:.40} begins with @, which not every sample signs");
            Some((Rule::Field, why))
        }
        _ => None,
    }
}

impl Request {
    /// Returns a field, if it is there.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// Returns a field that must be there.
    pub(crate) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)
            .ok_or_else(|| field(format!("{name} is missing")))
    }

    /// Returns everything but what differs from one try to the next.
    pub(crate) fn content(&self) -> Value {
        let same = |name: &str| !matches!(name, "timestamp" | "sign");
        let fields = self.fields.iter().filter(|(name, _)| same(name));
        fields
            .map(|(name, text)| (name.clone(), Value::from(text.as_str())))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// Returns `merchant_order_no`: 1 to 32 of `0-9 A-Z a-z _ - | * @`.
    pub(crate) fn number(&self) -> Result<&str, Refusal> {
        let number = self.need("merchant_order_no")?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*@".contains(&byte);
        if number.len() > 32 || !number.bytes().all(fits) {
            return Err(field(
                "merchant_order_no is not 1 to 32 of 0-9 A-Z a-z _ - | * @",
            ));
        }
        Ok(number)
    }

    /// Returns `price_currency` and `order_amount`.
    pub(crate) fn amount(&self) -> Result<(&str, u64), Refusal> {
        let currency = self.need("price_currency")?;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(field("price_currency is not three capital letters"));
        }
        let text = self.need("order_amount")?;
        let amount = super::money::parse(text, currency)
            .map_err(|why| noted("SIM010", Rule::Money, format!("order_amount: {why}")))?;
        Ok((currency, amount))
    }
}
