//! A request, from bytes to fields, as strictly as the documents allow.
//!
//! `open` does what PayBy's front gate does: the merchant, the signature over
//! the raw bytes, the JSON, the envelope. What it reads next (`PlaceOrder`,
//! `OrderKey`) checks the fields of one operation. Besides the refusal a client
//! would see, each step notes what the client did against the rules, also where
//! the real gateway would let it pass.

use axum::http::HeaderMap;
use serde_json::{Map, Value};

use super::conduct::Rule;
use super::money::{self, Found};
use crate::simulator::keys::SealCheck;

/// Something the client did against a rule.
pub(crate) type Note = (Rule, String);

/// A refusal: what the client is told, and what it did wrong if anything.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) message: &'static str,
    pub(crate) note: Option<Note>,
}

impl Refusal {
    /// A refusal that is nobody's fault.
    pub(crate) fn code(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            message: super::answer::message(code),
            note: None,
        }
    }

    fn noted(code: &str, rule: Rule, why: impl Into<String>) -> Self {
        Self {
            note: Some((rule, why.into())),
            ..Self::code(code)
        }
    }

    fn field(why: impl Into<String>) -> Self {
        Self::noted("400", Rule::Field, why)
    }
}

/// A request whose signature verified.
pub(crate) struct Request {
    pub(crate) request_time: u64,
    pub(crate) content: Value,
    pub(crate) money: Vec<Found>,
    pub(crate) notes: Vec<Note>,
}

/// The end of representable time (year 9999), so that sums never overflow.
const TIME_END: u64 = 253_402_300_799_000;

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
            message,
            ..Refusal::noted("400", Rule::RequestTime, why)
        })
    }

    /// Returns `totalAmount` in fils, where it can be read.
    pub(crate) fn total(&self) -> Option<u64> {
        let found = self
            .money
            .iter()
            .find(|found| found.path == "totalAmount")?;
        found.fils.as_ref().ok().copied()
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
    let sender = header("Partner-Id").map_err(|why| Refusal::noted("403", Rule::Header, why))?;
    if sender != partner {
        let why = format!("Partner-Id {sender:.20} is not {partner}");
        return Err(Refusal::noted("403", Rule::Header, why));
    }
    let unverified = super::answer::UNVERIFIED;
    let sign = header("sign").map_err(|why| Refusal::noted(unverified, Rule::Header, why))?;
    if !check.accepts(body, sign) {
        let why = "the signature does not verify over the bytes received";
        return Err(Refusal::noted(unverified, Rule::Signature, why));
    }
    let kind = header("Content-Type").map_err(|why| Refusal::noted("400", Rule::Header, why))?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let why = format!("Content-Type is {kind:.40}, not application/json");
        return Err(Refusal::noted("400", Rule::Header, why));
    }
    let envelope: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| Refusal::field(format!("the body is not a JSON object: {error}")))?;
    let request_time = envelope
        .get("requestTime")
        .and_then(Value::as_u64)
        .filter(|time| *time < TIME_END)
        .ok_or_else(|| Refusal::field("requestTime is not an integer of Unix milliseconds"))?;
    let content = match envelope.get("bizContent") {
        Some(content @ Value::Object(_)) => content.clone(),
        _ => return Err(Refusal::field("bizContent is not an object")),
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

/// The fields of `placeOrder` that matter to a QRPAY order.
#[derive(Debug)]
pub(crate) struct PlaceOrder {
    pub(crate) total: u64,
    pub(crate) expires: u64,
    pub(crate) auth_code: String,
}

/// How long an order lives when the request does not say: 2 h.
const LIFE_DEFAULT_MILLIS: u64 = 2 * 3_600_000;
/// The longest life a request may ask for: 48 h.
const LIFE_MAX_MILLIS: u64 = 48 * 3_600_000;

/// Scenes that exist and that this merchant has not been given.
const SCENES_ELSEWHERE: [&str; 12] = [
    "DYNQR",
    "PAYPAGE",
    "INAPP",
    "EWALLET",
    "JSAPI",
    "AUTODEBIT",
    "DIRECTPAY",
    "CASHTOPUP",
    "PAYANDSIGN",
    "PREAUTH",
    "PREAUTHVOID",
    "CAPTURE",
];

/// Text fields of `bizContent`, dotted, with their greatest length.
const TEXTS: [(&str, usize); 17] = [
    ("subjectAr", 200),
    ("reserved", 20),
    ("notifyUrl", 200),
    ("payeeMid", 20),
    ("deviceId", 200),
    ("secondaryMerchantId", 64),
    ("accessoryContent.terminalDetail.operatorId", 200),
    ("accessoryContent.terminalDetail.storeId", 200),
    ("accessoryContent.terminalDetail.terminalId", 200),
    ("accessoryContent.terminalDetail.merchantName", 200),
    ("accessoryContent.terminalDetail.storeName", 200),
    ("accessoryContent.goodsDetail.body", 200),
    ("accessoryContent.goodsDetail.categoriesTree", 200),
    ("accessoryContent.goodsDetail.goodsCategory", 200),
    ("accessoryContent.goodsDetail.goodsId", 200),
    ("accessoryContent.goodsDetail.goodsName", 200),
    ("accessoryContent.goodsDetail.showUrl", 200),
];

impl PlaceOrder {
    /// Reads and checks the fields; also returns what is missing though allowed.
    pub(crate) fn read(request: &Request, partner: &str) -> Result<(Self, Vec<Note>), Refusal> {
        let content = &request.content;
        let mut notes = Vec::new();
        text(content, "subject", 64)?
            .filter(|subject| !subject.is_empty())
            .ok_or_else(|| Refusal::field("subject is missing"))?;
        for (path, max) in TEXTS {
            text(content, path, max)?;
        }
        for found in &request.money {
            if let Err(why) = &found.fils {
                let why = format!("{}: {why}", found.path);
                return Err(Refusal::noted("400", Rule::Money, why));
            }
        }
        let total = request
            .total()
            .filter(|fils| *fils > 0)
            .ok_or_else(|| Refusal::field("totalAmount is missing or zero"))?;
        match text(content, "paySceneCode", 20)?.unwrap_or_default() {
            "QRPAY" => {}
            "" => return Err(Refusal::field("paySceneCode is missing")),
            scene if SCENES_ELSEWHERE.contains(&scene) => return Err(Refusal::code("62026")),
            _ => return Err(Refusal::code("62012")),
        }
        let expires = match content.get("expiredTime") {
            None => {
                // PayBy allows it; a checkout order that lives for two hours
                // can be paid long after the cashier gave up.
                notes.push((Rule::Expiry, "expiredTime is missing".into()));
                request.request_time + LIFE_DEFAULT_MILLIS
            }
            Some(time) => time
                .as_u64()
                .ok_or_else(|| Refusal::field("expiredTime is not Unix milliseconds"))?,
        };
        if expires <= request.request_time {
            return Err(Refusal::noted(
                "62008",
                Rule::Field,
                "expiredTime is not after requestTime",
            ));
        }
        if expires > request.request_time + LIFE_MAX_MILLIS {
            return Err(Refusal::noted(
                "62009",
                Rule::Field,
                "expiredTime is more than 48 h away",
            ));
        }
        if content.get("payeeMid").is_some_and(|mid| mid != partner) {
            return Err(Refusal::code("62019"));
        }
        if content.get("deviceId").is_some() {
            // No device is registered with the simulator.
            return Err(Refusal::code("62036"));
        }
        if content.get("secondaryMerchantId").is_some() {
            return Err(Refusal::field("secondaryMerchantId needs a deviceId"));
        }
        let place = Self {
            total,
            expires,
            auth_code: auth_code(content)?,
        };
        Ok((place, notes))
    }
}

fn auth_code(content: &Value) -> Result<String, Refusal> {
    let params = match content.get("paySceneParams") {
        None => return Err(Refusal::code("62033")),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(Refusal::field("paySceneParams is not an object")),
    };
    if let Some((name, _)) = params.iter().find(|(_, value)| !value.is_string()) {
        return Err(Refusal::field(format!(
            "paySceneParams.{name:.40} is not a string"
        )));
    }
    match params.get("authCode").and_then(Value::as_str) {
        Some(code) if !code.is_empty() => Ok(code.to_owned()),
        _ => Err(Refusal::code("62033")),
    }
}

/// Which order a call is about: exactly one of the two numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OrderKey {
    MerchantOrderNo(String),
    OrderNo(String),
}

impl OrderKey {
    /// Reads the number of a query, cancel or revoke.
    pub(crate) fn read(content: &Value) -> Result<Self, Refusal> {
        let order_no = text(content, "orderNo", 32)?;
        match (content.get("merchantOrderNo"), order_no) {
            (Some(_), Some(_)) => Err(Refusal::field("both merchantOrderNo and orderNo are given")),
            (Some(_), None) => merchant_order_no(content).map(Self::MerchantOrderNo),
            (None, Some(number)) => Ok(Self::OrderNo(number.to_owned())),
            (None, None) => Err(Refusal::field(
                "neither merchantOrderNo nor orderNo is given",
            )),
        }
    }
}

/// Reads `merchantOrderNo`: 1 to 64 of `A-Z a-z 0-9 - _`.
pub(crate) fn merchant_order_no(content: &Value) -> Result<String, Refusal> {
    let number = text(content, "merchantOrderNo", 64)?
        .ok_or_else(|| Refusal::field("merchantOrderNo is missing"))?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if number.is_empty() || !number.bytes().all(fits) {
        return Err(Refusal::field(
            "merchantOrderNo is not made of A-Z a-z 0-9 - _",
        ));
    }
    Ok(number.to_owned())
}

fn text<'a>(content: &'a Value, path: &str, max: usize) -> Result<Option<&'a str>, Refusal> {
    let found = path
        .split('.')
        .try_fold(content, |value, name| value.get(name));
    match found {
        None => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= max => Ok(Some(text)),
        Some(Value::String(_)) => Err(Refusal::field(format!("{path} is longer than {max}"))),
        Some(_) => Err(Refusal::field(format!("{path} is not a string"))),
    }
}
