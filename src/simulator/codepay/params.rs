//! Parameters, from the bytes of a body to the text that is signed.
//!
//! A body is a flat JSON object, or the same as a form (CodePay "BasicRules";
//! the official SDK sends a form). The signed text is made of the decoded
//! values: sorted by name, `name=value` joined by `&`, without `sign` and
//! without what is empty (CodePay "Sign").

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// One parameter.
pub(crate) struct Param {
    pub(crate) name: String,
    /// The value as it enters the signed text; empty: it does not.
    pub(crate) text: String,
    pub(crate) form: Form,
}

/// How a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Integer,
    /// With a point or an exponent: the gateway prints it anew.
    Decimal,
    Bool,
    Null,
    /// An object or array, raw.
    Nested,
}

struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Reads a JSON body.
pub(crate) fn from_json(body: &[u8]) -> Result<Vec<Param>, String> {
    let Members(members) = serde_json::from_slice(body)
        .map_err(|error| format!("the body is not a JSON object: {error}"))?;
    members
        .into_iter()
        .map(|(name, raw)| param(name, raw.get()))
        .collect()
}

fn param(name: String, raw: &str) -> Result<Param, String> {
    let (form, text) = match raw.as_bytes().first() {
        Some(b'"') => {
            let text = serde_json::from_str(raw)
                .map_err(|error| format!("{name:.40} is not a text: {error}"))?;
            (Form::Text, text)
        }
        Some(b'{' | b'[') => (Form::Nested, raw.to_owned()),
        Some(b'n') => (Form::Null, String::new()),
        Some(b't' | b'f') => (Form::Bool, raw.to_owned()),
        _ if raw.contains(['.', 'e', 'E']) => (Form::Decimal, reprinted(raw)),
        _ => (Form::Integer, raw.to_owned()),
    };
    Ok(Param { name, text, form })
}

// 12.30 becomes 12.3: why decimals are sent as text.
fn reprinted(number: &str) -> String {
    match number.contains(['e', 'E']) {
        true => number.to_owned(),
        false => number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned(),
    }
}

/// Reads a form body.
pub(crate) fn from_form(body: &[u8]) -> Result<Vec<Param>, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the form is not text")?;
    if !text.is_ascii() || text.contains(['#', ' ', '"', '<', '>']) {
        return Err("the form is not encoded".into());
    }
    let url = reqwest::Url::parse(&format!("http://form/?{text}"))
        .map_err(|error| format!("the form cannot be read: {error}"))?;
    Ok(url
        .query_pairs()
        .map(|(name, value)| Param {
            name: name.into_owned(),
            text: value.into_owned(),
            form: Form::Text,
        })
        .collect())
}

/// Returns the text to sign of names and decoded values.
pub(crate) fn canonical<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut params: Vec<_> = params
        .filter(|(name, text)| *name != "sign" && !text.is_empty())
        .collect();
    params.sort_by_key(|(name, _)| name.as_bytes());
    let pairs: Vec<_> = params
        .into_iter()
        .map(|(name, text)| format!("{name}={text}"))
        .collect();
    pairs.join("&")
}
