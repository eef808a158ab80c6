//! The answer's envelope: `head` with a code, `body` with what was asked for.
//!
//! A business refusal is an applied request with another code than `"0"`; the
//! shape was observed live for 62021. Only gateway-level failures say `FAIL`,
//! and only a bad signature says `ERROR` (PayBy "Response", "Return code").

use crate::simulator::gateway::{Draft, Pen};
use crate::simulator::json::Json;

/// The code of an answer to a request whose signature does not verify. PayBy
/// documents `ERROR` but no code; the unsigned 58 family is the nearest.
pub(crate) const UNVERIFIED: &str = "58001";

/// What is said, before it is signed.
#[derive(Debug)]
pub struct Content {
    pub(crate) body: Vec<u8>,
    pub(crate) kind: &'static str,
    /// A download's name; what is downloaded is not signed.
    pub(crate) file_name: Option<String>,
}

impl Content {
    /// JSON, with one of the spellings of its content type.
    pub(crate) fn json(text: String, spelled: bool) -> Self {
        let kind = match spelled {
            false => "application/json",
            true => "application/json; charset=UTF-8",
        };
        Self {
            body: text.into_bytes(),
            kind,
            file_name: None,
        }
    }
}

/// Code 0 with a body.
pub(crate) fn success(body: Json, pen: Pen<'_>) -> Draft<Content> {
    envelope("0", "SUCCESS", Some(body), pen)
}

/// Any other code.
pub(crate) fn refused(code: &str, message: &str, pen: Pen<'_>) -> Draft<Content> {
    envelope(code, message, None, pen)
}

fn envelope(code: &str, message: &str, body: Option<Json>, pen: Pen<'_>) -> Draft<Content> {
    let apply = match code {
        UNVERIFIED => "ERROR",
        code if gateway_level(code) => "FAIL",
        _ => "SUCCESS",
    };
    let mut head = vec![
        ("applyStatus".to_owned(), Json::text(apply)),
        ("code".to_owned(), Json::text(code)),
        ("msg".to_owned(), Json::text(message)),
        (
            "traceCode".to_owned(),
            Json::text((482_900 + pen.serial).to_string()),
        ),
    ];
    if pen.rng.one_in(5) {
        let success = (code == "0").to_string();
        head.push(("success".to_owned(), Json::Plain(success)));
    }
    let mut fields = vec![("head".to_owned(), Json::Object(head))];
    fields.extend(body.map(|body| ("body".to_owned(), body)));
    Draft {
        code: code.to_owned(),
        message: message.to_owned(),
        signed: true,
        content: Content::json(Json::Object(fields).print(pen.rng), pen.rng.one_in(2)),
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
        "62006" => "REFUND_AMOUNT_EXCEEDED",
        "62007" => "REFUND_MERCHANT_ORDER_NO_NOT_EXIST",
        "62008" => "EXPIREDTIME_LESS_THAN_REQUESTTIME",
        "62009" => "EXPIREDTIME_TOO_LATER",
        "62012" => "PAYSCENECODE_ILLEGAL",
        "62013" => "STATEMENT_NOT_EXIST",
        "62014" => "STATEMENT_NOT_GENERATED",
        "62015" => "ORDER_NOT_PAID",
        "62016" => "MERCHANT_ORDER_NO_EXIST",
        "62017" => "REFUND_MERCHANT_ORDER_NO_EXIST",
        "62018" => "PAYERMID_NOT_EXIST",
        "62019" => "PAYEEMID_NOT_EXIST",
        "62020" => "PAYERMID_PAYEEMID_ARE_SAME",
        "62021" => "INVALID_AUTHCODE",
        "62026" => "PRODUCT_IS_NOT_APPLIED",
        "62030" => "ORDER_BANK_FAIL",
        "62031" => "MISSING_IAP_DEVICE_ID",
        "62032" => "MISSING_APP_ID",
        "62033" => "MISSING_AUTHCODE",
        "62034" => "INVALID_APP_ID",
        "62035" => "ORDER_NO_NOT_EXIST",
        "62036" => "MERCHANT_DEVICE_NOT_EXIST",
        "62037" => "DEVICE_ACCESS_FORBIDDEN",
        "62038" => "INVALID_SECONDARY_MERCHANT",
        "62039" => "REVOKE_FAILURE",
        "62040" => "ACQUIRE_ORDER_REVOKED",
        "62041" => "ACQUIRE_ORDER_REFUNDED",
        "62045" => "REFUND_REJECTED",
        "62046" => "REVOKE_REJECTED",
        "62073" => "INVALID_ONE_TIME_PAYMENT",
        "62082" => "TOKEN_URL_NOT_EXIST",
        "62083" => "SHARING_MEMBER_NOT_EXIST",
        "62084" => "REFUND_SHARING_MEMBER_MISMATCH",
        "62086" => "INVALID_PAYEEMID",
        "62087" => "INVALID_TYPE",
        "62088" => "MISSING_UNIQUE_ID",
        "62089" => "INVALID_EXPIRED_TIME",
        "71002" => "REQUESTTIME_TOO_EARLY",
        "71003" => "REQUESTTIME_TOO_LATER",
        "78001" => "CURRENCY_CODE_NOT_SUPPORTED",
        _ => "UNKNOWN",
    }
}
