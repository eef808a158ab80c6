//! Money as it stands on the wire: `{"currency":"AED","amount":12.34}`.
//!
//! An amount is a JSON number of up to 12 integer digits and 2 decimals (PayBy
//! "Money"). It is read from the request's own text, because a number that has
//! been through binary floating point no longer shows what the client wrote.
//! Inside, an amount is a count of fils, the hundredth of a dirham.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::simulator::json::{Json, Rng};

/// The only currency of the QRPAY scene.
pub(crate) const CURRENCY: &str = "AED";

/// One Money object found in a request.
pub(crate) struct Found {
    /// Where, dotted, from `bizContent` down: `totalAmount`.
    pub(crate) path: String,
    /// Fils, or what is wrong.
    pub(crate) fils: Result<u64, String>,
    /// The amount came as a JSON string: read, but against the rule.
    pub(crate) text: bool,
}

/// Finds every Money object below `bizContent` of a request.
pub(crate) fn find(body: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    let envelope = serde_json::from_slice::<BTreeMap<String, &RawValue>>(body);
    if let Some(content) = envelope.ok().and_then(|map| map.get("bizContent").copied()) {
        walk(content, "", &mut found);
    }
    found
}

// Ends because serde_json refuses nesting deeper than 128.
fn walk(raw: &RawValue, path: &str, found: &mut Vec<Found>) {
    let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) else {
        return;
    };
    if let (Some(currency), Some(amount)) = (fields.get("currency"), fields.get("amount")) {
        found.push(read(path, currency.get(), amount.get()));
        return;
    }
    for (name, value) in &fields {
        let path = match path {
            "" => name.clone(),
            _ => format!("{path}.{name}"),
        };
        walk(value, &path, found);
    }
}

fn read(path: &str, currency: &str, amount: &str) -> Found {
    let inner = amount
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let fils = if currency == "\"AED\"" {
        parse(inner.unwrap_or(amount))
    } else {
        Err(format!("the currency is {currency}, only \"AED\" is taken"))
    };
    Found {
        path: path.to_owned(),
        fils,
        text: inner.is_some(),
    }
}

/// Reads `12`, `12.3` or `12.34` as fils.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let wrong = |why: &str| Err(format!("the amount {text:.40} {why}"));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) {
        return wrong("is not a plain decimal number");
    }
    if whole.len() > 12 {
        return wrong("has more than 12 integer digits");
    }
    if decimals.len() > 2 {
        return wrong("has more than 2 decimals");
    }
    // At most 14 digits: always fits.
    match format!("{whole}{decimals:0<2}").parse() {
        Ok(fils) => Ok(fils),
        Err(_) => wrong("is not a number"),
    }
}

/// Prints fils as PayBy does: sometimes `37.5`, sometimes `37.50`.
pub(crate) fn print(fils: u64, rng: &mut Rng) -> String {
    let (whole, cents) = (fils / 100, fils % 100);
    let shortest = match cents {
        0 => format!("{whole}"),
        _ if cents % 10 == 0 => format!("{whole}.{}", cents / 10),
        _ => format!("{whole}.{cents:02}"),
    };
    match rng.below(3) {
        0 => format!("{whole}.{cents:02}"),
        1 if cents == 0 => format!("{whole}.0"),
        _ => shortest,
    }
}

/// Prints a Money object.
pub(crate) fn object(fils: u64, currency: &str, rng: &mut Rng) -> Json {
    Json::object([
        ("currency", Json::text(currency)),
        ("amount", Json::Plain(print(fils, rng))),
    ])
}

/// Repeats what a client sent; amounts get the gateway's own notation.
pub(crate) fn echo(value: &Value, rng: &mut Rng) -> Json {
    match value {
        Value::String(text) => Json::text(text),
        Value::Array(items) => Json::List(items.iter().map(|item| echo(item, rng)).collect()),
        Value::Object(fields) => {
            let mut echoed = Vec::new();
            for (name, value) in fields {
                let fils = (name == "amount").then(|| parse(&value.to_string()).ok());
                let value = match fils.flatten() {
                    Some(fils) => Json::Plain(print(fils, rng)),
                    None => echo(value, rng),
                };
                echoed.push((name.clone(), value));
            }
            Json::Object(echoed)
        }
        other => Json::Plain(other.to_string()),
    }
}

/// Prints fils for people: always two decimals.
pub(crate) fn plain(fils: u64) -> String {
    format!("{}.{:02}", fils / 100, fils % 100)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_text() {
        for (text, fils) in [
            ("37.50", 3750),
            ("37.5", 3750),
            ("37", 3700),
            ("0.01", 1),
            ("999999999999.99", 99_999_999_999_999),
        ] {
            assert_eq!(parse(text), Ok(fils), "{text}");
        }
        for text in [
            "37.500",
            "37.49999999999999",
            "3e1",
            "-1",
            "+1",
            "1.",
            ".5",
            "",
            "1,5",
            "1000000000000",
            "0x1",
            "٣",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn money_is_found_wherever_it_stands() {
        let body = br#"{"bizContent":{"totalAmount":{"currency":"AED","amount":37.50},
            "accessoryContent":{"amountDetail":{"vatAmount":{"amount":"1.79","currency":"AED"},
            "tipAmount":{"amount":0.1000000000000000055,"currency":"AED"}}}}}"#;
        let found: Vec<_> = find(body)
            .into_iter()
            .map(|money| (money.path, money.fils.ok(), money.text))
            .collect();
        let detail = "accessoryContent.amountDetail";
        assert_eq!(
            found,
            [
                (format!("{detail}.tipAmount"), None, false),
                (format!("{detail}.vatAmount"), Some(179), true),
                ("totalAmount".into(), Some(3750), false),
            ]
        );
    }

    #[test]
    fn printed_amounts_read_back() {
        let mut rng = Rng::new(1);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            for fils in [3700, 3750, 3755, 5, 0] {
                let text = print(fils, &mut rng);
                assert_eq!(parse(&text), Ok(fils));
                seen.insert(text);
            }
        }
        for text in ["37", "37.0", "37.00", "37.5", "37.50", "0.05"] {
            assert!(seen.contains(text), "{text}");
        }
    }
}
