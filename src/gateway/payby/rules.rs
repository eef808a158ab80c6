//! How PayBy behaves and how it wants to be called, as the core reads it.
//!
//! Sources: TC is `docs/2_Online Payment Integration/test-case.mdx`, PO
//! `docs/3_Payment/create-order.mdx`, RT the request-time rule of
//! `docs/1_General/integration-guide.md`, all in
//! <https://github.com/PayBy/botim-money-docs>. What no document says is listed
//! in `docs/gateways/payby.md`.

use crate::domain::{DisplayRules, GatewayRules, LastWord, RefundRules};
use crate::gateway::Complaint;
use crate::gateway::timing::{Picked, Timing, seconds};
use std::time::Duration;

/// From the submit to the cancel at the latest, less the last enquiry (TC 002:
/// "cancelOrder 20 to 120 s after the start").
const WAIT_MAX: Duration = seconds(115);

/// The rules, with what the configuration sets.
///
/// # Errors
/// Everything that is outside its limits, by the key that sets it.
pub fn rules(timing: &Timing) -> Result<GatewayRules, Vec<Complaint>> {
    let mut picked = Picked::new("gateway.payby");
    let mut pick = |key, set, usual, limits| picked.pick(key, set, usual, limits);
    let rules = GatewayRules {
        // TC 001: "query every 2 to 6 s".
        enquiry_first: pick("enquiry_first_s", timing.enquiry_first, 2, 2..=6),
        enquiry_every: pick("enquiry_every_s", timing.enquiry_every, 3, 2..=6),
        // TC 001, the same.
        enquiry_pause_min: seconds(2),
        // Ours: a lane says *checking* within 5 s.
        enquiry_unanswered: pick("enquiry_unanswered_s", timing.enquiry_unanswered, 5, 1..=5),
        // TC 002: cancel 20 to 120 s after the start.
        wait: pick("wait_s", timing.wait, 75, 20..=115),
        wait_extension: pick("wait_extension_s", timing.wait_extension, 30, 0..=95),
        // PO: at most 48 h. Ours: short, so that a lost request that arrives
        // late makes an order which nobody can pay any more.
        expires: pick("expires_s", timing.expires, 120, 30..=900),
        // Not documented; an enquiry runs beside the call.
        limit_submit: pick("limit_submit_s", timing.limit_submit, 30, 10..=60),
        // PayBy's Java SDK gives a call 10 s.
        limit_enquiry: pick("limit_enquiry_s", timing.limit_enquiry, 10, 2..=10),
        last_word: LastWord::CancelFirst {
            limit_enquiry: seconds(3),
            // TC 005: "repeat cancel every 3 to 10 s".
            every: pick("cancel_every_s", timing.cancel_every, 3, 3..=10),
            // TC 006: alert "after more than 3 failures or 10 s".
            limit: seconds(10),
        },
        // RT: a request is refused 15 min after its time; one minute for transit.
        arrival_window: seconds(16 * 60),
        // Ours: once could be the late answer to another question (it names no order).
        not_found_proof: (2, seconds(60)),
        // `3_Payment/order-revoke.mdx` states no earliest time.
        reversal_earliest: Duration::ZERO,
        duty_pace: (seconds(10), seconds(15 * 60)),
        duty_alert: (6, seconds(30 * 60)),
        // PO: 64 of `A-Z a-z 0-9 - _`. Shorter, so that it fits statements and talk.
        order_number_max: 40,
        // RV: an unknown number is answered 62004, and nothing is remembered of it.
        reversal_closes_unseen: false,
        // RV states no latest time.
        reversal_window: None,
        reversal_not_for: Vec::new(),
        refund: Some(RefundRules {
            // `4_Refund/order-refund.mdx`: 180 days.
            window: Some(seconds(180 * 24 * 60 * 60)),
            // The same: full or part, several; ours: a bound.
            partial: true,
            count_max: 100,
            enquiry_every: seconds(3),
            // Ours: as for payments.
            not_found_proof: (2, seconds(60)),
        }),
        display: Some(DisplayRules {
            // Ours: no lifetime of `tokenUrl` is documented; the order ends with the display.
            life: seconds(180),
            scanned_every: Some(seconds(3)),
        }),
    };
    picked.finish(rules, together)
}

/// What is wrong with timings that are each within their limits.
fn together(rules: &GatewayRules, picked: &mut Picked) {
    let wait = rules.wait + rules.wait_extension;
    if wait > WAIT_MAX {
        let most = WAIT_MAX.as_secs();
        picked.complain(
            "wait_extension_s",
            format!("with wait_s it must be at most {most} seconds"),
        );
    } else if rules.expires < wait {
        let text = "must not be less than wait_s and wait_extension_s together";
        picked.complain("expires_s", text.to_owned());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_documented_pace() {
        let rules = rules(&Timing::default()).unwrap();
        assert_eq!(
            rules,
            GatewayRules {
                enquiry_first: seconds(2),
                enquiry_every: seconds(3),
                enquiry_pause_min: seconds(2),
                enquiry_unanswered: seconds(5),
                wait: seconds(75),
                wait_extension: seconds(30),
                expires: seconds(120),
                limit_submit: seconds(30),
                limit_enquiry: seconds(10),
                last_word: LastWord::CancelFirst {
                    limit_enquiry: seconds(3),
                    every: seconds(3),
                    limit: seconds(10),
                },
                arrival_window: seconds(960),
                not_found_proof: (2, seconds(60)),
                reversal_earliest: Duration::ZERO,
                duty_pace: (seconds(10), seconds(900)),
                duty_alert: (6, seconds(1800)),
                order_number_max: 40,
                // RV: an unknown number is answered 62004, and nothing is remembered of it.
                reversal_closes_unseen: false,
                reversal_window: None,
                reversal_not_for: Vec::new(),
                refund: Some(RefundRules {
                    window: Some(seconds(180 * 24 * 60 * 60)),
                    partial: true,
                    count_max: 100,
                    enquiry_every: seconds(3),
                    not_found_proof: (2, seconds(60)),
                }),
                display: Some(DisplayRules {
                    life: seconds(180),
                    scanned_every: Some(seconds(3)),
                }),
            }
        );
    }

    #[test]
    fn limits_are_kept_and_named_all_at_once() {
        let keys = |timing: Timing| -> Vec<String> {
            let complaints = rules(&timing).err().unwrap_or_default();
            let keys = complaints.into_iter().map(|complaint| complaint.key);
            keys.collect()
        };
        let good = Timing {
            enquiry_every: Some(seconds(6)),
            wait: Some(seconds(20)),
            expires: Some(seconds(50)),
            ..Timing::default()
        };
        assert_eq!(keys(good), Vec::<String>::new());
        let bad = Timing {
            enquiry_every: Some(Duration::from_millis(1999)),
            wait: Some(seconds(19)),
            cancel_every: Some(seconds(11)),
            ..Timing::default()
        };
        assert_eq!(
            keys(bad),
            [
                "gateway.payby.enquiry_every_s",
                "gateway.payby.wait_s",
                "gateway.payby.cancel_every_s"
            ]
        );
        let long = Timing {
            wait: Some(seconds(100)),
            ..Timing::default()
        };
        assert_eq!(keys(long), ["gateway.payby.wait_extension_s"]);
        let never = Timing {
            wait_extension: Some(Duration::MAX),
            ..Timing::default()
        };
        assert_eq!(keys(never), ["gateway.payby.wait_extension_s"]);
        let short = Timing {
            expires: Some(seconds(104)),
            ..Timing::default()
        };
        assert_eq!(keys(short), ["gateway.payby.expires_s"]);
    }
}
