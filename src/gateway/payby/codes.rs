//! PayBy's codes, and what each proves.
//!
//! A refusal of a payment ends an attempt as *not paid*, so it must be proved:
//! [`refusal`] is an allow-list, each entry with the words of its source. A code
//! that is not in it proves nothing, whatever its number looks like.
//!
//! Sources, all in <https://github.com/PayBy/botim-money-docs>, folder `docs/`:
//! RC is `1_General/response-code.mdx`, PO is the table at the end of
//! `3_Payment/create-order.mdx`, CO `3_Payment/cancel-order.mdx`, RV
//! `3_Payment/order-revoke.mdx`, GO `3_Payment/retrieve-order-detail.mdx`, IG
//! `1_General/integration-guide.md`, RF `4_Refund/order-refund.mdx`, RQ
//! the refund query's page in `4_Refund/`, CU that of `getCashierUrlInfo` in `3_Payment/`.

use crate::domain::{
    Answer, Operation, RefundAnswer, RefundOperation, Refusal, RefusalKind, Unknown,
};

/// Codes of `placeOrder` that are documented as a rejection which makes no order.
pub(super) fn refusal(code: &str) -> Option<RefusalKind> {
    use RefusalKind::{Code, Payer, Setup};
    Some(match code {
        "400" => Setup, // RC: INVALID_PARAMETER, REQUESTTIME_TOO_EARLY, REQUESTTIME_TOO_LATER
        "403" => Setup, // RC: UNAUTHORIZED, "the API is not granted to this merchant"
        "62008" => Setup, // PO: EXPIREDTIME_LESS_THAN_REQUESTTIME
        "62009" => Setup, // PO: EXPIREDTIME_TOO_LATER
        "62012" => Setup, // PO: PAYSCENECODE_ILLEGAL
        "62018" => Payer, // PO: PAYERMID_NOT_EXIST
        "62019" => Setup, // PO: PAYEEMID_NOT_EXIST
        "62020" => Payer, // PO: PAYERMID_PAYEEMID_ARE_SAME, the merchant pays itself
        "62021" => Code, // INVALID_AUTHCODE: in no table; published exchanges of the QRPAY demo
        "62026" => Setup, // PO: PRODUCT_IS_NOT_APPLIED
        "62031" => Setup, // PO: MISSING_IAP_DEVICE_ID
        "62032" => Setup, // PO: MISSING_APP_ID
        "62033" => Code, // PO: MISSING_AUTHCODE
        "62034" => Setup, // PO: INVALID_APP_ID
        "62036" => Setup, // PO: MERCHANT_DEVICE_NOT_EXIST
        "62037" => Setup, // PO: DEVICE_ACCESS_FORBIDDEN
        "62073" => Setup, // PO: INVALID_ONE_TIME_PAYMENT
        "62083" => Setup, // PO: SHARING_MEMBER_NOT_EXIST
        "62086" => Setup, // PO: INVALID_PAYEEMID
        "62087" => Setup, // PO: INVALID_TYPE
        "62088" => Setup, // PO: MISSING_UNIQUE_ID
        _ => return None,
    })
}

/// What a verified answer with a code other than `"0"` proves.
pub(super) fn signed(operation: Operation, code: &str, trace: Option<String>) -> Answer {
    use Operation::{Cancel, Enquiry, Revoke, Scanned, Submit};
    match (operation, code) {
        (_, "402") => Answer::Unknown(Unknown::RateLimit), // RC: RATE_LIMIT_REJECT
        // RC: SERVICE_NOT_AVAILABLE, SYSTEM_ERROR, SERVICE_TIMEOUT
        (_, "404" | "500" | "504") => Answer::Unknown(Unknown::GatewayFault),
        // PO, CO: ORDER_PAID, ORDER_SETTLED
        (Submit | Cancel, "62001" | "62003") => Answer::AlreadyPaid { trace },
        (Submit | Cancel, "62002") => Answer::AlreadyClosed { trace }, // PO, CO: ORDER_FAILURE
        // PO: MERCHANT_ORDER_NO_EXIST, "used with other parameters": what stands
        // under our number there is another order.
        (Submit, "62016") => Answer::Unknown(Unknown::OtherOrder),
        // RC: RISK_FAIL. That no order was made is not said: an enquiry must confirm it.
        (Submit, "601") => Answer::Unknown(Unknown::UnsignedRefusal(RefusalKind::Risk)),
        // GO, CO, RV: MERCHANT_ORDER_NO_NOT_EXIST
        (Enquiry | Cancel | Revoke, "62004") => Answer::NoSuchOrder { trace },
        (Revoke, "62041") => Answer::AlreadyReturned { trace }, // RV: ACQUIRE_ORDER_REFUNDED
        (Revoke, "62046") => Answer::ReversalRejected {
            code: code.to_owned(), // RV: REVOKE_REJECTED
            trace,
        },
        // RV: REVOKE_FAILURE, "internal, try again"
        (Revoke, "62039") => Answer::Unknown(Unknown::GatewayFault),
        (Submit, code) => match refusal(code) {
            Some(kind) => Answer::Refused {
                refusal: Refusal {
                    kind,
                    code: code.to_owned(),
                },
                trace,
            },
            None => Answer::Unknown(Unknown::Unlisted),
        },
        // CU: TOKEN_URL_NOT_EXIST, "unknown or expired": who scanned it is not known either.
        (Scanned, "62082") => Answer::Unknown(Unknown::GatewayFault),
        // RC: common codes. They refuse the question and say nothing of the order.
        (_, "400" | "403" | "601") => Answer::Unknown(Unknown::GatewayFault),
        _ => Answer::Unknown(Unknown::Unlisted),
    }
}

/// What an answer without a signature is good for: the pace of what is asked next.
pub(super) fn unsigned(operation: Operation, code: &str) -> Unknown {
    match code {
        "402" => Unknown::RateLimit,
        "404" | "500" | "504" => Unknown::GatewayFault,
        "601" if operation == Operation::Submit => Unknown::UnsignedRefusal(RefusalKind::Risk),
        _ => match refusal(code) {
            Some(kind) if operation == Operation::Submit => Unknown::UnsignedRefusal(kind),
            _ => Unknown::Unsigned,
        },
    }
}

/// Codes of `refund/placeOrder` that are documented as a rejection which makes no refund.
fn refund_refusal(code: &str) -> Option<RefusalKind> {
    use RefusalKind::{Closed, Setup};
    Some(match code {
        "400" => Setup, // RC: INVALID_PARAMETER, REQUESTTIME_TOO_EARLY, REQUESTTIME_TOO_LATER
        "403" => Setup, // RC: UNAUTHORIZED
        "62002" => Closed, // RF: ORDER_FAILURE, the order failed or was closed
        "62004" => Setup, // RF: MERCHANT_ORDER_NO_NOT_EXIST, of an order that was paid
        "62006" => Closed, // RF: REFUND_AMOUNT_EXCEEDED
        "62015" => Closed, // RF: ORDER_NOT_PAID
        "62036" => Setup, // RF: MERCHANT_DEVICE_NOT_EXIST
        "62038" => Setup, // RF: INVALID_SECONDARY_MERCHANT
        "62045" => Closed, // RF: REFUND_REJECTED
        "62083" => Setup, // RF: SHARING_MEMBER_NOT_EXIST
        "62084" => Setup, // RF: REFUND_SHARING_MEMBER_MISMATCH
        _ => return None,
    })
}

/// What a verified answer about a refund proves, with a code other than `"0"`.
pub(super) fn signed_refund(
    operation: RefundOperation,
    code: &str,
    trace: Option<String>,
) -> RefundAnswer {
    use RefundOperation::{Enquiry, Submit};
    match (operation, code) {
        (_, "402") => RefundAnswer::Unknown(Unknown::RateLimit), // RC: RATE_LIMIT_REJECT
        (_, "404" | "500" | "504") => RefundAnswer::Unknown(Unknown::GatewayFault),
        // RF: ACQUIRE_ORDER_REVOKED: all of it went back before.
        (Submit, "62040") => RefundAnswer::AlreadyReturned { trace },
        // RF: REFUND_MERCHANT_ORDER_NO_EXIST, "used with other parameters".
        (Submit, "62017") => RefundAnswer::Unknown(Unknown::OtherOrder),
        // RC: RISK_FAIL. That no refund was made is not said.
        (Submit, "601") => RefundAnswer::Unknown(Unknown::UnsignedRefusal(RefusalKind::Risk)),
        // RQ: REFUND_MERCHANT_ORDER_NO_NOT_EXIST
        (Enquiry, "62007") => RefundAnswer::NoSuchRefund { trace },
        // RC: they refuse the question and say nothing of the refund.
        (Enquiry, "400" | "403" | "601") => RefundAnswer::Unknown(Unknown::GatewayFault),
        // ORDER_BANK_FAIL (62030), "the bank returned the money", is among the rest: the
        // refund may be there, and an enquiry tells.
        (Submit, code) => match refund_refusal(code) {
            Some(kind) => RefundAnswer::Refused {
                refusal: Refusal {
                    kind,
                    code: code.to_owned(),
                },
                trace,
            },
            None => RefundAnswer::Unknown(Unknown::Unlisted),
        },
        _ => RefundAnswer::Unknown(Unknown::Unlisted),
    }
}

/// As [`unsigned`], about a refund.
pub(super) fn unsigned_refund(operation: RefundOperation, code: &str) -> Unknown {
    match code {
        "402" => Unknown::RateLimit,
        "404" | "500" | "504" => Unknown::GatewayFault,
        _ => match refund_refusal(code) {
            Some(kind) if operation == RefundOperation::Submit => Unknown::UnsignedRefusal(kind),
            _ => Unknown::Unsigned,
        },
    }
}

/// Which sentence the cashier sees for an order with status `FAILURE`.
///
/// `failCode` is an open list (`3_Payment/OrderCreation/_acquire-order.mdx`);
/// whatever it says, the status alone proves that no money can follow.
pub(super) fn failure(fail_code: Option<&str>) -> RefusalKind {
    match fail_code {
        // Cancelled or expired, or PayBy failed inside (RC).
        None | Some("402" | "404" | "500" | "504") => RefusalKind::Closed,
        Some("601") => RefusalKind::Risk, // RC: RISK_FAIL
        Some(code) => refusal(code).unwrap_or(RefusalKind::Payer),
    }
}
