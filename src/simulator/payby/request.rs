//! A request, from bytes to fields, as strictly as the documents allow.
//!
//! `open` does what PayBy's front gate does: the merchant, the signature over
//! the raw bytes, the JSON, the envelope. What reads next (`Key` here,
//! `PlaceOrder` in `place`) checks the fields of one operation. Besides the refusal a client
//! would see, each step notes what the client did against the rules, also where
//! the real gateway would let it pass.

use axum::http::HeaderMap;
use serde_json::{Map, Value};

use super::money::{self, Found};
use super::refusal;
use crate::simulator::clock::TIME_END;
use crate::simulator::conduct::Rule;
use crate::simulator::gateway::{Note, Refusal};
use crate::simulator::keys::SealCheck;

/// A request whose signature verified.
pub struct Request {
    pub(crate) request_time: u64,
    pub(crate) content: Value,
    pub(crate) money: Vec<Found>,
    pub(crate) notes: Vec<Note>,
}

/// How far `requestTime` may be from PayBy's clock, either way: 15 minutes.
const CLOCK_MILLIS_MAX: u64 = 15 * 60_000;

impl Request {
    /// Checks `requestTime` against PayBy's clock.
    pub(crate) fn check_time(&self, now: u64) -> Result<(), Refusal> {
        let message = if self.request_time + CLOCK_MILLIS_MAX < now {
            "REQUESTTIME_TOO_EARLY"
        } else if self.request_time > now + CLOCK_MILLIS_MAX {
            "REQUESTTIME_TOO_LATER"
        } else {
            return Ok(());
        };
        let gap = self.request_time.abs_diff(now) / 1000;
        let why = format!("requestTime is {gap} s off: {message}");
        Err(Refusal {
            message: message.to_owned(),
            ..refusal::noted("400", Rule::RequestTime, why)
        })
    }

    /// Returns the Money of this name in fils, where it can be read.
    pub(crate) fn fils(&self, path: &str) -> Option<u64> {
        let found = self.money.iter().find(|found| found.path == path)?;
        found.fils.as_ref().ok().copied()
    }

    /// Refuses Money that cannot be read, wherever it stands.
    pub(crate) fn check_money(&self) -> Result<(), Refusal> {
        for found in &self.money {
            if let Err(why) = &found.fils {
                let why = format!("{}: {why}", found.path);
                return Err(refusal::noted("400", Rule::Money, why));
            }
        }
        Ok(())
    }
}

/// Passes a request through the gate.
pub(crate) fn open(
    headers: &HeaderMap,
    body: &[u8],
    partner: &str,
    check: &SealCheck,
) -> Result<Request, Refusal> {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .filter(|value| !value.is_empty())
            .ok_or_else(|| format!("the header {name} is missing"))
    };
    // Without the merchant nobody knows whose key to take.
    let sender = header("Partner-Id").map_err(|why| refusal::noted("403", Rule::Header, why))?;
    if sender != partner {
        let why = format!("Partner-Id {sender:.20} is not {partner}");
        return Err(refusal::noted("403", Rule::Header, why));
    }
    let unverified = super::answer::UNVERIFIED;
    let sign = header("sign").map_err(|why| refusal::noted(unverified, Rule::Header, why))?;
    if !check.accepts(body, sign) {
        let why = "the signature does not verify over the bytes received";
        return Err(refusal::noted(unverified, Rule::Signature, why));
    }
    let kind = header("Content-Type").map_err(|why| refusal::noted("400", Rule::Header, why))?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let why = format!("Content-Type is {kind:.40}, not application/json");
        return Err(refusal::noted("400", Rule::Header, why));
    }
    let envelope: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| refusal::field(format!("the body is not a JSON object: {error}")))?;
    let request_time = envelope
        .get("requestTime")
        .and_then(Value::as_u64)
        .filter(|time| *time < TIME_END)
        .ok_or_else(|| refusal::field("requestTime is not an integer of Unix milliseconds"))?;
    let content = match envelope.get("bizContent") {
        Some(content @ Value::Object(_)) => content.clone(),
        _ => return Err(refusal::field("bizContent is not an object")),
    };
    let mut notes = Vec::new();
    empties(&content, "bizContent", &mut notes);
    for name in envelope
        .keys()
        .filter(|name| !matches!(name.as_str(), "requestTime" | "bizContent"))
    {
        notes.push((Rule::Field, format!("the envelope has no field {name:.40}")));
    }
    let money = money::find(body);
    for found in money.iter().filter(|found| found.text) {
        let why = format!("{} is a string, not a JSON number", found.path);
        notes.push((Rule::Money, why));
    }
    Ok(Request {
        request_time,
        content,
        money,
        notes,
    })
}

// Absent fields are left out; `null` and `""` are not sent.
fn empties(value: &Value, path: &str, notes: &mut Vec<Note>) {
    match value {
        Value::Null => notes.push((Rule::Field, format!("{path} is null; leave it out"))),
        Value::String(text) if text.is_empty() => {
            notes.push((Rule::Field, format!("{path} is empty; leave it out")));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                empties(value, &format!("{path}.{name}"), notes);
            }
        }
        _ => {}
    }
}

/// Which order or refund a call is about: exactly one of the two numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// The merchant's.
    Merchant(String),
    /// PayBy's.
    PayBy(String),
}

impl Key {
    /// Reads the number of a query, cancel or revoke.
    pub(crate) fn read(content: &Value) -> Result<Self, Refusal> {
        Self::either(content, "merchantOrderNo", "orderNo", 32)
    }

    /// Reads one of two numbers, named so.
    pub(crate) fn either(
        content: &Value,
        merchant: &str,
        payby: &str,
        payby_max: usize,
    ) -> Result<Self, Refusal> {
        let order_no = text(content, payby, payby_max)?;
        match (content.get(merchant), order_no) {
            (Some(_), Some(_)) => Err(refusal::field(format!(
                "both {merchant} and {payby} are given"
            ))),
            (Some(_), None) => number(content, merchant).map(Self::Merchant),
            (None, Some(number)) => Ok(Self::PayBy(number.to_owned())),
            (None, None) => Err(refusal::field(format!(
                "neither {merchant} nor {payby} is given"
            ))),
        }
    }
}

/// Reads a number of the merchant's: 1 to 64 of `A-Z a-z 0-9 - _`.
pub(crate) fn number(content: &Value, name: &str) -> Result<String, Refusal> {
    let number =
        text(content, name, 64)?.ok_or_else(|| refusal::field(format!("{name} is missing")))?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if number.is_empty() || !number.bytes().all(fits) {
        return Err(refusal::field(format!(
            "{name} is not made of A-Z a-z 0-9 - _"
        )));
    }
    Ok(number.to_owned())
}

/// Reads a text field, dotted, of at most so many characters.
pub(crate) fn text<'a>(
    content: &'a Value,
    path: &str,
    max: usize,
) -> Result<Option<&'a str>, Refusal> {
    let found = path
        .split('.')
        .try_fold(content, |value, name| value.get(name));
    match found {
        None => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= max => Ok(Some(text)),
        Some(Value::String(_)) => Err(refusal::field(format!("{path} is longer than {max}"))),
        Some(_) => Err(refusal::field(format!("{path} is not a string"))),
    }
}
