//! What is written in the file: every key of every section, and nothing checked
//! but its TOML type.
//!
//! Every key is optional here, so that a section can be read one key at a time
//! (see [`read`](super::read)); what is missing is said by the checks. A key of
//! type [`Value`] is known and not supported yet: the checks say so, which is
//! kinder than "unknown key". None of these types is printable: a key may have
//! been pasted where its place belongs.

use serde::Deserialize;
use toml::{Table, Value};

/// The whole file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) store: Option<Table>,
    pub(super) lane: Option<Vec<Table>>,
    pub(super) scanner: Option<Vec<Table>>,
    pub(super) gateway: Option<Table>,
    pub(super) codes: Option<Table>,
    pub(super) journal: Option<Table>,
    pub(super) api: Option<Table>,
    pub(super) notify: Option<Table>,
    pub(super) telemetry: Option<Table>,
}

/// `[store]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) timezone: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) language: Option<String>,
}

/// `[[lane]]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lane {
    pub(super) id: Option<String>,
    pub(super) terminal_id: Option<String>,
    pub(super) scanners: Option<Vec<String>>,
    pub(super) gateways: Option<Vec<String>>,
    pub(super) ceiling: Option<String>,
    pub(super) refund_limit: Option<String>,
    pub(super) wait_code_s: Option<i64>,
}

/// `[[scanner]]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scanner {
    pub(super) id: Option<String>,
    pub(super) kind: Option<String>,
    #[serde(rename = "use")]
    pub(super) usage: Option<String>,
    #[serde(rename = "match")]
    pub(super) device: Option<Table>,
    pub(super) layout: Option<String>,
    pub(super) reports: Option<bool>,
    pub(super) oem_page: Option<String>,
    pub(super) terminator: Option<String>,
    pub(super) gap_ms: Option<i64>,
    pub(super) baud: Option<i64>,
    pub(super) data_bits: Option<i64>,
    pub(super) parity: Option<String>,
    pub(super) stop_bits: Option<i64>,
    pub(super) profile: Option<String>,
    pub(super) flow: Option<String>,
    pub(super) dtr: Option<bool>,
    pub(super) rts: Option<bool>,
    pub(super) code_id: Option<bool>,
    pub(super) acknowledge: Option<bool>,
    pub(super) feedback: Option<Table>,
    pub(super) recording: Option<String>,
    pub(super) pace: Option<String>,
    pub(super) aim_id: Option<bool>,
    pub(super) idle_digits: Option<String>,
    pub(super) type_pace_ms: Option<i64>,
    pub(super) type_layout: Option<String>,
    pub(super) type_end: Option<String>,
}

/// `match = { ... }` of a scanner
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Match {
    pub(super) path: Option<String>,
    pub(super) by_id: Option<String>,
    pub(super) by_path: Option<String>,
    pub(super) vendor: Option<String>,
    pub(super) product: Option<String>,
    pub(super) serial: Option<String>,
}

/// `feedback = { ... }` of a scanner
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feedback {
    pub(super) protocol: Option<String>,
    pub(super) accepted: Option<String>,
    pub(super) refused: Option<String>,
}

/// `[gateway]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gateways {
    pub(super) payby: Option<Table>,
    pub(super) codepay: Option<Table>,
}

/// `[gateway.payby]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PayBy {
    pub(super) base_url: Option<String>,
    pub(super) partner_id: Option<String>,
    pub(super) payee_mid: Option<String>,
    pub(super) private_key: Option<String>,
    pub(super) gateway_public_key: Option<String>,
    pub(super) notify_url: Option<String>,
    pub(super) store_name: Option<String>,
    pub(super) code: Option<String>,
    pub(super) text_patterns: Option<Vec<String>>,
    pub(super) unlisted_digits: Option<String>,
    pub(super) warm: Option<bool>,
    pub(super) enquiry_first_s: Option<i64>,
    pub(super) enquiry_every_s: Option<i64>,
    pub(super) enquiry_unanswered_s: Option<i64>,
    pub(super) wait_s: Option<i64>,
    pub(super) wait_extension_s: Option<i64>,
    pub(super) expires_s: Option<i64>,
    pub(super) limit_submit_s: Option<i64>,
    pub(super) limit_enquiry_s: Option<i64>,
    pub(super) cancel_every_s: Option<i64>,
}

/// `[gateway.codepay]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodePay {
    pub(super) base_url: Option<String>,
    pub(super) app_id: Option<String>,
    pub(super) merchant_no: Option<String>,
    pub(super) store_no: Option<String>,
    pub(super) private_key: Option<String>,
    pub(super) gateway_public_key: Option<String>,
    pub(super) notify_url: Option<String>,
    pub(super) store_name: Option<String>,
    pub(super) terminal_sn: Option<Table>,
    pub(super) pay_methods: Option<Table>,
    pub(super) display_pay_method: Option<String>,
    pub(super) unlisted_digits: Option<String>,
    pub(super) warm: Option<bool>,
    pub(super) enquiry_first_s: Option<i64>,
    pub(super) enquiry_every_s: Option<i64>,
    pub(super) enquiry_unanswered_s: Option<i64>,
    pub(super) wait_s: Option<i64>,
    pub(super) wait_extension_s: Option<i64>,
    pub(super) expires_s: Option<i64>,
    pub(super) limit_submit_s: Option<i64>,
    pub(super) limit_enquiry_s: Option<i64>,
}

/// `[codes]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Codes {
    pub(super) profiles: Option<Vec<String>>,
    pub(super) wallets: Option<String>,
}

/// `[journal]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    pub(super) path: Option<String>,
    pub(super) keep_days: Option<Value>,
}

/// `[api]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Api {
    pub(super) listen: Option<String>,
    pub(super) socket: Option<Value>,
    pub(super) hosts: Option<Vec<String>>,
    pub(super) tokens: Option<Vec<Table>>,
}

/// One of `api.tokens`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) name: Option<String>,
    pub(super) role: Option<String>,
    pub(super) sha256: Option<String>,
}

/// `[notify]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notify {
    pub(super) listen: Option<String>,
}

/// `[telemetry]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Telemetry {
    pub(super) log: Option<String>,
}
