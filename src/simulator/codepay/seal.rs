//! From a draft to bytes: the members, their signature, and how it goes wrong.

use serde_json::Value;

use super::{CodePay, params};
use crate::simulator::fault::Fault;
use crate::simulator::gateway::{Draft, Letter};

/// What is said, before it is signed.
pub enum Content {
    /// An answer.
    Answer {
        /// The serial number of the exchange.
        psn: String,
        /// The `data`, as JSON text.
        data: Option<String>,
    },
    /// A notification: members in the order they are written, with the text
    /// that enters the signature.
    Notice(Vec<(String, String)>),
}

impl CodePay {
    /// Signs and writes.
    pub(crate) fn sealed(&self, draft: Draft<Content>, fault: Option<&Fault>) -> Letter {
        let quoted = |text: &str| Value::from(text).to_string();
        let object = fault == Some(&Fault::DataObject) || self.settings.data_object;
        // Each member: its name, how it is written, how it enters the signature.
        let mut members: Vec<(String, String, String)> = Vec::new();
        match draft.content {
            Content::Answer { psn, data } => {
                let mut add = |name: &str, text: String| {
                    members.push((name.to_owned(), quoted(&text), text));
                };
                add("code", draft.code);
                add("msg", draft.message);
                add("psn", psn);
                if let Some(data) = data {
                    let written = if object { data.clone() } else { quoted(&data) };
                    members.push(("data".to_owned(), written, data));
                }
            }
            Content::Notice(fields) => {
                for (name, written) in fields {
                    let text = serde_json::from_str(&written).unwrap_or_else(|_| written.clone());
                    members.push((name, written, text));
                }
            }
        }
        members.sort();
        let pairs = members
            .iter()
            .map(|(name, _, text)| (name.as_str(), text.as_str()));
        let text = params::canonical(pairs);
        if draft.signed && fault != Some(&Fault::NoSignature) {
            let text = match fault {
                Some(Fault::WrongSignature) => "code=0",
                _ => &text,
            };
            let sign = self.seal.sign(text.as_bytes());
            members.push(("sign".to_owned(), quoted(&sign), sign));
        }
        if fault == Some(&Fault::AlteredData) {
            let data = members.iter_mut().find(|(name, _, _)| name == "data");
            if let Some((_, written, text)) = data {
                let altered = altered(text);
                *written = if object { altered } else { quoted(&altered) };
            }
        }
        let body: Vec<_> = members
            .iter()
            .map(|(name, written, _)| format!("{}:{written}", quoted(name)))
            .collect();
        Letter {
            status: 200,
            headers: vec![("content-type", "application/json;charset=UTF-8".to_owned())],
            body: format!("{{{}}}", body.join(",")).into_bytes(),
        }
    }
}

// A lie about the status where there is one, else a space more.
fn altered(data: &str) -> String {
    let mark = "\"trans_status\":";
    match data.split_once(mark) {
        Some((before, after)) if !after.starts_with('2') => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}{mark}2{rest}")
        }
        _ => format!("{data} "),
    }
}
