//! What somebody should look at, in an answer of CodePay's or in the lack of one.

use super::codes;
use crate::domain::Unknown;
use crate::gateway::reading::{Proof, Reading};

pub(super) fn attention<A: Proof>(reading: &Reading<A>) -> Option<&'static str> {
    match reading.code.as_deref() {
        Some("SYS002") => {
            return Some(
                "codepay cannot verify our signature: is the public half of private_key \
                 uploaded for this app_id, and the clock right?",
            );
        }
        Some(code) if codes::refusal(code).is_some() => {
            return Some(
                "codepay refuses this store's requests; see the code in docs/gateways/codepay.md",
            );
        }
        _ => {}
    }
    match reading.answer.why_unknown()? {
        Unknown::Unsigned => Some("an answer without codepay's valid signature was not used"),
        Unknown::OtherOrder => Some("codepay answered about another order or another merchant"),
        Unknown::UnsignedRefusal(_) => {
            Some("codepay refuses this store's requests; see the code in docs/gateways/codepay.md")
        }
        _ => None,
    }
}
