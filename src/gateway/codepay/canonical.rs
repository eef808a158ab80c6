//! The text that CodePay's signatures are over.
//!
//! Of all members of a flat message, but `sign` and those that are empty, sorted by
//! name: `name=value&name=value`, values decoded and not quoted (CodePay, *Sign*).
//! Nothing keeps a value from holding `&` and `=`, so that one text may be split in
//! several ways: what we send is kept free of both wherever others choose the words
//! (see [`plain`]), and what we are sent is never split, only put together.
//!
//! What arrives is read to its members and no deeper before its signature is
//! verified. A member that is a string counts with its characters, so the inner JSON
//! text of `data` is verified to the byte; anything else counts as it stands.

use crate::gateway::keys::PublicKey;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// The member that the signature stands in.
pub(super) const SIGN: &str = "sign";

/// The members of a message that are not empty, as text.
pub(super) struct Members(BTreeMap<String, String>);

impl Members {
    /// Reads a message; None if it is no JSON object or names a member twice.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The text of a member; None where it is missing, null or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// What the signature stands for. None without a signature.
    pub(super) fn signed_by(&self, key: &PublicKey) -> Option<bool> {
        let signature = self.get(SIGN)?;
        let members = self
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        Some(key.verifies(text(members).as_bytes(), signature))
    }
}

/// The text to sign of members that are sorted by name.
pub(super) fn text<'a>(
    members: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Zeroizing<String> {
    let members = members.filter(|(name, value)| *name != SIGN && !value.is_empty());
    let length = |(name, value): (&str, &str)| name.len() + value.len() + 2;
    // All at once: a text that grows leaves copies of the payment code behind.
    let mut text = Zeroizing::new(String::with_capacity(members.clone().map(length).sum()));
    for (name, value) in members {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

/// Words of others as they may stand in a message: at most so many characters, of at
/// most three bytes each (CodePay, *BasicRules*), nothing that could be taken for the
/// signed text's own signs, and no `@` at the beginning, which one of CodePay's own
/// samples leaves out of the text to sign.
pub(super) fn plain(words: &str, max: usize) -> String {
    let fits = |c: &char| c.len_utf8() <= 3 && !c.is_control();
    let mut kept = String::new();
    for c in words
        .trim_start_matches(['@', ' '])
        .chars()
        .filter(fits)
        .take(max)
    {
        kept.push(if matches!(c, '&' | '=') { ' ' } else { c });
    }
    kept.trim_end().to_owned()
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        use serde::de::Error as _;
        let mut members = BTreeMap::new();
        let mut names = std::collections::BTreeSet::new();
        while let Some((name, raw)) = map.next_entry::<String, &'de RawValue>()? {
            let text = match raw.get() {
                "null" => String::new(),
                string if string.starts_with('"') => {
                    serde_json::from_str(string).map_err(A::Error::custom)?
                }
                other => other.to_owned(),
            };
            if !names.insert(name.clone()) {
                return Err(A::Error::custom("a member twice"));
            }
            if !text.is_empty() {
                members.insert(name, text);
            }
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::gateway::codepay::tests::VECTOR_KEY;
    use sha2::{Digest as _, Sha256};

    fn hex(text: &str) -> String {
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn canonical(body: &str) -> String {
        let members = Members::read(body.as_bytes()).unwrap();
        let pairs = members.0.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        text(pairs).to_string()
    }

    /// A request with quotes and `&` in a value, and a value that is empty.
    const REQUEST: &str = r#"{"app_id":"wz00000000000000aa","method":"bscanc.pay.submit","format":"JSON",
 "charset":"UTF-8","sign_type":"RSA2","version":"1.0","timestamp":"1767323045678",
 "merchant_no":"300000000001","store_no":"4100000001","terminal_sn":"TESTSN0001",
 "merchant_order_no":"T01-20260102-000017","price_currency":"USD","order_amount":"12.30",
 "auth_code":"130000000000000017","pay_method_id":"WeChatPay",
 "description":"Lane 1 / 3 items & \"bag\"","attach":"","expires":"60"}"#;

    #[test]
    fn known_answer_of_a_request() {
        let text = canonical(REQUEST);
        assert_eq!(
            text,
            "app_id=wz00000000000000aa&auth_code=130000000000000017&charset=UTF-8&description=Lane 1 \
             / 3 items & \"bag\"&expires=60&format=JSON&merchant_no=300000000001&merchant_order_no=\
             T01-20260102-000017&method=bscanc.pay.submit&order_amount=12.30&pay_method_id=WeChatPay&\
             price_currency=USD&sign_type=RSA2&store_no=4100000001&terminal_sn=TESTSN0001&\
             timestamp=1767323045678&version=1.0"
        );
        assert_eq!(text.len(), 372);
        assert_eq!(
            hex(&text),
            "c81970d30c4424dd27c9cf4f6d47ab29339a7a0fcc4dda0cee5861de7b4ed6dd"
        );
        let signature = "clEH7cXAsU2iqkfTIxzhXpltGF4l727N6WNoYShiqJ/C2/hQkZl/SGIs9ti9BA8+tNPDx49heXVrgh4XZn99yYGiukcUsspTCKz0HyUNzzvAJ+YRNU7QqSgm4G59kYOyROCcKpj9sPg41JUdD1r/jZ9pZrfsPoZRP/ngK9y9xzaGsJml/rwFxwuWgpwrNNgZa54uMmshCS5/L6AneTW3y+BDorzcAu8oQqmmmXKpP5WdBUXYViQlsph3bq1Ji9bYsbPBWEh4ofll2VISjoWLejfdtSYwKvBds4VIKTmB0j75tLPOzVRtqzGoHfHodDyrg5RfwbYlfSp6vnToyZKd6g==";
        let key = PublicKey::read(VECTOR_KEY.as_bytes()).unwrap();
        assert!(key.verifies(text.as_bytes(), signature));
        // `sign_type` is part of it.
        let without = text.replace("sign_type=RSA2&", "");
        assert!(!key.verifies(without.as_bytes(), signature));
        // With a signature among its members, it is the same text.
        let signed = REQUEST.replace(r#""format""#, &format!(r#""sign":"{signature}","format""#));
        let members = Members::read(signed.as_bytes()).unwrap();
        assert_eq!(members.signed_by(&key), Some(true));
        let url_safe = signed.replace("J/C2/hQ", "J_C2_hQ");
        let members = Members::read(url_safe.as_bytes()).unwrap();
        assert_eq!(members.signed_by(&key), Some(false));
    }

    #[test]
    fn values_become_text() {
        for (body, expected) in [
            (r#"{"b":1,"a":"x"}"#, "a=x&b=1"),
            (r#"{"a":12.30,"b":1e2,"c":true}"#, "a=12.30&b=1e2&c=true"),
            (r#"{"a":"","b":null,"c":"c"}"#, "c=c"),
            (r#"{"a":"é\" & b=c"}"#, r#"a=é" & b=c"#),
            (
                r#"{"a": { "x" : 1 } ,"b":[1, 2]}"#,
                r#"a={ "x" : 1 }&b=[1, 2]"#,
            ),
            (r#"{"a":"{\"x\": 1}"}"#, r#"a={"x": 1}"#),
            (r#"{"sign":"s","sign_type":"RSA2"}"#, "sign_type=RSA2"),
            // By value of the bytes: capitals, then the underscore, then small letters.
            (r#"{"a":"1","_":"2","B":"3","aa":"4"}"#, "B=3&_=2&a=1&aa=4"),
            ("{}", ""),
        ] {
            assert_eq!(canonical(body), expected, "{body}");
        }
        for body in [
            "",
            "null",
            "[]",
            "1",
            "{",
            r#"{"a":1,"a":2}"#,
            r#"{"a":"","a":"2"}"#,
            r#"{"a":1}x"#,
            r#"{"a":"\ud800"}"#,
        ] {
            assert!(Members::read(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn words_of_others_cannot_pass_for_members() {
        for (words, max, expected) in [
            ("Market 0042", 64, "Market 0042"),
            ("a&trans_status=2", 64, "a trans_status 2"),
            ("@@ home", 64, "home"),
            ("milk 🥛 & bread\n", 64, "milk    bread"),
            ("سوق المرسى", 3, "سوق"),
            ("a  ", 2, "a"),
            ("", 9, ""),
        ] {
            assert_eq!(plain(words, max), expected, "{words:?}");
        }
    }
}
