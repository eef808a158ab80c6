//! The answer's envelope: `head` with a code, `body` with the order.
//!
//! A business refusal is an applied request with another code than `"0"`; the
//! shape was observed live for 62021. Only gateway-level failures say `FAIL`,
//! and only a bad signature says `ERROR` (PayBy "Response", "Return code").

use super::json::{Json, Rng};

/// The code of an answer to a request whose signature does not verify. PayBy
/// documents `ERROR` but no code; the unsigned 58 family is the nearest.
pub(crate) const UNVERIFIED: &str = "58001";

/// What is said to the client.
pub(crate) struct Answer {
    pub(crate) code: String,
    pub(crate) message: &'static str,
    pub(crate) order: Option<Json>,
    pub(crate) signed: bool,
}

impl Answer {
    /// Code 0 with an order.
    pub(crate) fn order(order: Json) -> Self {
        Self {
            code: "0".into(),
            message: "SUCCESS",
            order: Some(order),
            signed: true,
        }
    }

    /// Any other code.
    pub(crate) fn code(code: &str, message: &'static str) -> Self {
        Self {
            code: code.to_owned(),
            message,
            order: None,
            signed: true,
        }
    }

    /// Prints the body.
    pub(crate) fn print(self, trace: u64, rng: &mut Rng) -> String {
        let apply = match self.code.as_str() {
            UNVERIFIED => "ERROR",
            code if gateway_level(code) => "FAIL",
            _ => "SUCCESS",
        };
        let mut head = vec![
            ("applyStatus".to_owned(), Json::text(apply)),
            ("code".to_owned(), Json::text(&self.code)),
            ("msg".to_owned(), Json::text(self.message)),
            ("traceCode".to_owned(), Json::text(trace.to_string())),
        ];
        if rng.one_in(5) {
            let success = (self.code == "0").to_string();
            head.push(("success".to_owned(), Json::Plain(success)));
        }
        let mut fields = vec![("head".to_owned(), Json::Object(head))];
        if let Some(order) = self.order {
            let body = Json::object([("acquireOrder", order)]);
            fields.push(("body".to_owned(), body));
        }
        let mut out = String::new();
        Json::Object(fields).write(rng, &mut out);
        out
    }
}

/// Tells whether PayBy's SDK takes a code also without a signature.
pub(crate) fn gateway_level(code: &str) -> bool {
    matches!(code, "400" | "402" | "403" | "404" | "500" | "504" | "601") || code.starts_with("58")
}

/// Returns the symbolic name of a code.
pub(crate) fn message(code: &str) -> &'static str {
    match code {
        "0" => "SUCCESS",
        "400" => "INVALID_PARAMETER",
        "402" => "RATE_LIMIT_REJECT",
        "403" => "UNAUTHORIZED",
        "404" => "SERVICE_NOT_AVAILABLE",
        "500" => "SYSTEM_ERROR",
        "504" => "SERVICE_TIMEOUT",
        "601" => "RISK_FAIL",
        UNVERIFIED => "SIGN_VERIFY_FAIL",
        "62001" => "ORDER_PAID",
        "62002" => "ORDER_FAILURE",
        "62003" => "ORDER_SETTLED",
        "62004" => "MERCHANT_ORDER_NO_NOT_EXIST",
        "62008" => "EXPIREDTIME_LESS_THAN_REQUESTTIME",
        "62009" => "EXPIREDTIME_TOO_LATER",
        "62012" => "PAYSCENECODE_ILLEGAL",
        "62016" => "MERCHANT_ORDER_NO_EXIST",
        "62019" => "PAYEEMID_NOT_EXIST",
        "62021" => "INVALID_AUTHCODE",
        "62026" => "PRODUCT_IS_NOT_APPLIED",
        "62033" => "MISSING_AUTHCODE",
        "62035" => "ORDER_NO_NOT_EXIST",
        "62036" => "MERCHANT_DEVICE_NOT_EXIST",
        "62039" => "REVOKE_FAILURE",
        "62041" => "ACQUIRE_ORDER_REFUNDED",
        "62046" => "REVOKE_REJECTED",
        _ => "UNKNOWN",
    }
}
