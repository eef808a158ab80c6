//! What somebody should look at, in an answer of PayBy's or in the lack of one.

use super::codes;
use crate::domain::{RefusalKind, Unknown};
use crate::gateway::reading::{Proof, Reading};

pub(super) fn attention<A: Proof>(reading: &Reading<A>) -> Option<&'static str> {
    if reading.code.as_deref() == Some("ERROR") {
        return Some(
            "payby cannot verify our signature: \
             is the public half of private_key uploaded for this partner_id?",
        );
    }
    if refuses_setup(reading) {
        return Some("payby refuses this store's requests; see the code in docs/gateways/payby.md");
    }
    match reading.answer.why_unknown()? {
        Unknown::Unsigned => Some("an answer without payby's valid signature was not used"),
        Unknown::OtherOrder => Some("payby answered about another order or another merchant"),
        _ => None,
    }
}

/// Signed or not, and whatever was asked: a wrong clock or an address that is
/// not registered hits enquiries too.
fn refuses_setup<A>(reading: &Reading<A>) -> bool {
    let code = reading.code.as_deref();
    code.and_then(codes::refusal) == Some(RefusalKind::Setup)
}
