//! JSON as a gateway prints it: in no promised order.
//!
//! Its answers come with varying key order and with fields that no document
//! names, and a client must take them all. So an object here is a list of
//! fields, shuffled when it is written, by a generator that a seed repeats.

use serde_json::Value;

/// A small generator of repeatable choices (SplitMix64).
#[derive(Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number from 0 to `n` - 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        // The remainder keeps it below `n`.
        (self.next() % n.max(1) as u64) as usize
    }

    /// Returns true once in `n` times.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A JSON value about to be written.
pub(crate) enum Json {
    /// A string.
    Text(String),
    /// Anything already in JSON's own notation: a number, `true`, `null`.
    Plain(String),
    /// An array.
    List(Vec<Json>),
    /// An object; its fields are written in any order.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Makes an object.
    pub(crate) fn object<const N: usize>(fields: [(&str, Json); N]) -> Self {
        Self::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// Makes a string.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Makes an integer.
    pub(crate) fn int(number: u64) -> Self {
        Self::Plain(number.to_string())
    }

    /// Prints the value, every object in a new order.
    pub(crate) fn print(&self, rng: &mut Rng) -> String {
        let mut out = String::new();
        self.write(rng, &mut out);
        out
    }

    /// Writes the value, every object in a new order.
    fn write(&self, rng: &mut Rng, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(&Value::from(text.as_str()).to_string()),
            Self::Plain(plain) => out.push_str(plain),
            Self::List(items) => {
                out.push('[');
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    item.write(rng, out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                let mut order: Vec<_> = fields.iter().collect();
                for last in (1..order.len()).rev() {
                    order.swap(last, rng.below(last + 1));
                }
                out.push('{');
                for (n, (name, value)) in order.into_iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    value.write(rng, out);
                }
                out.push('}');
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_writes_the_same_bytes() {
        let value = Json::object([
            ("a", Json::int(1)),
            (
                "b",
                Json::object([("c", Json::text("x\"y")), ("e", Json::int(2))]),
            ),
            ("d", Json::List(vec![Json::Plain("true".into())])),
        ]);
        let write = |seed| value.print(&mut Rng::new(seed));
        assert_eq!(write(7), write(7));
        let all: std::collections::BTreeSet<_> = (0..50).map(write).collect();
        assert!(all.len() > 5, "the order varies");
        for text in all {
            let read: Value = serde_json::from_str(&text).unwrap();
            let same = serde_json::json!({"a": 1, "b": {"c": "x\"y", "e": 2}, "d": [true]});
            assert_eq!(read, same);
        }
    }
}
