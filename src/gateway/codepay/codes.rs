//! CodePay's result codes, and what each proves.
//!
//! No document has the whole table. What is attested is here, with where: SDK is what
//! the SDKs and demos of <https://github.com/codepay-us> say, LIVE what integrators saw
//! and wrote down. A refusal of a payment ends an attempt as *not paid*, so
//! [`refusal`] is an allow-list of those that are refused before anything is done;
//! a code that is in no list proves nothing, whatever its letters look like.
//!
//! `trans_error_code`, of a transaction that is closed, is another list and an open
//! one: there the status alone decides.

use crate::domain::{
    Answer, Operation, RefundAnswer, RefundOperation, Refusal, RefusalKind, Unknown,
};

/// Codes that refuse a request before anything is processed.
pub(super) fn refusal(code: &str) -> Option<RefusalKind> {
    Some(match code {
        "SYS002" => RefusalKind::Setup, // LIVE: our signature is wrong
        "SYS011" => RefusalKind::Setup, // LIVE: a protocol field is missing
        "E07303" => RefusalKind::Setup, // LIVE: the method is not enabled for this app
        _ => return None,
    })
}

/// Codes that speak of the request or the configuration, without saying that nothing
/// was done (LIVE: "E07... and SYS... never say whether the customer was charged").
fn about_setup(code: &str) -> bool {
    refusal(code).is_some() || code.starts_with("E07") || matches!(code, "M009" | "CF008")
}

/// What a verified answer about an order proves, with a code other than `"0"`.
pub(super) fn order(operation: Operation, code: &str, trace: Option<String>) -> Answer {
    use Operation::{Enquiry, Revoke, Submit};
    let refused = refusal(code).filter(|_| operation == Operation::Submit);
    if let Some(kind) = refused {
        let refusal = Refusal {
            kind,
            code: code.to_owned(),
        };
        return Answer::Refused { refusal, trace };
    }
    match (operation, code) {
        // Refused, and not said that it was before anything was done: an enquiry must
        // confirm it.
        (Submit, code) if about_setup(code) => {
            Answer::Unknown(Unknown::UnsignedRefusal(RefusalKind::Setup))
        }
        // LIVE: the number was used before. We use none twice, so what stands under it is
        // another order; an enquiry tells.
        (Submit, "E04112" | "E04131") => Answer::Unknown(Unknown::OtherOrder),
        // LIVE: no order of this number, *so far*: one was paid 22 s later.
        (Enquiry | Revoke, "E04111") => Answer::NoSuchOrder { trace },
        // LIVE: reversal not allowed, already settled, use a refund; not enabled.
        (Revoke, "ET008" | "E07303") => Answer::ReversalRejected {
            code: code.to_owned(),
            trace,
        },
        (_, code) => Answer::Unknown(no_proof(code)),
    }
}

/// What a verified answer about a refund proves, with a code other than `"0"`.
pub(super) fn refund(
    operation: RefundOperation,
    code: &str,
    trace: Option<String>,
) -> RefundAnswer {
    use RefundOperation::{Enquiry, Submit};
    let kind = match (operation, code) {
        (Submit, "E04126") => RefusalKind::Closed, // LIVE: more than what is left
        (Submit, "E04130") => RefusalKind::Setup,  // LIVE: more than the ceiling of one refund
        (Submit, "E04132") => RefusalKind::Closed, // LIVE: this wallet gives no part back
        (Submit, "M010") => RefusalKind::Closed,   // LIVE: the payment is not found
        (Submit, code) if refusal(code).is_some() => RefusalKind::Setup,
        // LIVE: no transaction of this number, *so far*.
        (Enquiry, "E04110" | "E04111") => return RefundAnswer::NoSuchRefund { trace },
        // E04112 and E04131 are among the rest: a refund of this number exists, and an
        // enquiry tells what became of it.
        (_, code) => return RefundAnswer::Unknown(no_proof(code)),
    };
    RefundAnswer::Refused {
        refusal: Refusal {
            kind,
            code: code.to_owned(),
        },
        trace,
    }
}

fn no_proof(code: &str) -> Unknown {
    match code {
        // SDK: "system error"; what else refuses the question says nothing of the answer.
        code if code.starts_with("SYS") || about_setup(code) => Unknown::GatewayFault,
        _ => Unknown::Unlisted,
    }
}

/// What an answer without a valid signature is good for: how soon to ask again, and
/// who should look.
pub(super) fn unsigned(submit: bool, code: &str) -> Unknown {
    match refusal(code) {
        Some(kind) if submit => Unknown::UnsignedRefusal(kind),
        _ => Unknown::Unsigned,
    }
}
