//! How CodePay behaves and how it wants to be called, as the core reads it.
//!
//! Sources: QP is `QuickPayDevGuidelines` and `QRCodePayDevGuidelines`, CB
//! `PaymentCallbacksAndChecklistImplGuide`, BR `BasicRules`, all at
//! <https://developer.codepay.us/docs/>; NA is the page *qr-pay-customer-presented* of
//! the sister product at <https://developer.n-age.co.jp/docs/>; JV the Java SDK
//! <https://github.com/codepay-us/gateway-api-sdk-java>. What no document says is
//! listed in `docs/gateways/codepay.md`.

use super::methods::PayMethods;
use crate::domain::{DisplayRules, GatewayRules, LastWord, RefundRules};
use crate::gateway::Complaint;
use crate::gateway::timing::{Picked, Timing, seconds};

/// The rules, with what the configuration sets. `shows` tells whether the store
/// shows codes too.
///
/// # Errors
/// Everything that is outside its limits, by the key that sets it.
pub fn rules(
    timing: &Timing,
    methods: &PayMethods,
    shows: bool,
) -> Result<GatewayRules, Vec<Complaint>> {
    let mut picked = Picked::new("gateway.codepay");
    let mut pick = |key, set, usual, limits| picked.pick(key, set, usual, limits);
    let rules = GatewayRules {
        // NA: "query after 5 s", "every 5 s"; CB 3.3: every 2 s.
        enquiry_first: pick("enquiry_first_s", timing.enquiry_first, 5, 2..=10),
        enquiry_every: pick("enquiry_every_s", timing.enquiry_every, 5, 2..=10),
        // CB 3.3.
        enquiry_pause_min: seconds(2),
        // Ours: a lane says *checking* within 5 s.
        enquiry_unanswered: pick("enquiry_unanswered_s", timing.enquiry_unanswered, 5, 1..=5),
        // NA, CB 3.3: for up to 60 s. Not less than the earliest reversal.
        wait: pick("wait_s", timing.wait, 60, 15..=120),
        wait_extension: pick("wait_extension_s", timing.wait_extension, 30, 0..=60),
        // QP states `expires` in seconds and no limit. Ours: short, so that a lost
        // request that arrives late makes an order which is soon closed.
        expires: pick("expires_s", timing.expires, 90, 30..=600),
        // JV gives a call 30 s.
        limit_submit: pick("limit_submit_s", timing.limit_submit, 30, 10..=60),
        // Ours.
        limit_enquiry: pick("limit_enquiry_s", timing.limit_enquiry, 10, 2..=10),
        // JV, `OrderRevokerRequest`: a paid order is refunded by its reversal.
        last_word: LastWord::VerdictFirst {
            limit_enquiry: seconds(3),
        },
        // BR: `timestamp` within 15 min of the gateway's time; one minute for transit.
        arrival_window: seconds(16 * 60),
        // Ours: an order was seen to turn up 22 s after one E04111.
        not_found_proof: (2, seconds(5)),
        // NA: not earlier than 15 s after the order was created.
        reversal_earliest: seconds(15),
        // NA: "if it fails, call it again".
        duty_pace: (seconds(5), seconds(15 * 60)),
        duty_alert: (6, seconds(30 * 60)),
        // JV, `BscancPaySubmitRequest`: `merchant_order_no`, 32.
        order_number_max: 32,
        // Not documented.
        reversal_closes_unseen: false,
        // JV, `BatchCloseRequest`: after the batch is closed only a refund. When that is, is
        // the merchant's affair; it is once a day, so that no batch is a day old.
        reversal_window: Some(seconds((24 * 60 - 10) * 60)),
        reversal_not_for: methods.without_reversal(),
        refund: Some(RefundRules {
            // Not documented; each wallet has its own.
            window: None,
            // QP: several, in part; a wallet may refuse that (E04132).
            partial: true,
            // One sister page says 10, another 50.
            count_max: 10,
            enquiry_every: seconds(5),
            not_found_proof: (2, seconds(5)),
        }),
        display: shows.then_some(DisplayRules {
            // Ours: the order expires with it.
            life: seconds(180),
            // There is no such question.
            scanned_every: None,
        }),
    };
    picked.finish(rules, |rules, picked| {
        if rules.expires < rules.wait + rules.wait_extension {
            let text = "must not be less than wait_s and wait_extension_s together";
            picked.complain("expires_s", text.to_owned());
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn of(timing: &Timing) -> Result<GatewayRules, Vec<Complaint>> {
        rules(timing, &PayMethods::default(), false)
    }

    #[test]
    fn defaults_are_the_documented_pace() {
        let rules = of(&Timing::default()).unwrap();
        assert_eq!(rules.enquiry_first, seconds(5));
        assert_eq!(rules.enquiry_every, seconds(5));
        assert_eq!(rules.wait, seconds(60));
        assert_eq!(rules.expires, seconds(90));
        assert_eq!(rules.reversal_earliest, seconds(15));
        assert_eq!(rules.arrival_window, seconds(960));
        assert_eq!(rules.not_found_proof, (2, seconds(5)));
        assert_eq!(rules.order_number_max, 32);
        assert!(!rules.reversal_closes_unseen);
        assert_eq!(rules.reversal_not_for.len(), 5);
        let limit_enquiry = seconds(3);
        assert_eq!(rules.last_word, LastWord::VerdictFirst { limit_enquiry });
        assert_eq!(rules.display, None);
        let shows = super::rules(&Timing::default(), &PayMethods::default(), true).unwrap();
        assert_eq!(shows.display.unwrap().scanned_every, None);
    }

    #[test]
    fn limits_are_kept_and_named_all_at_once() {
        let keys = |timing: Timing| -> Vec<String> {
            let complaints = of(&timing).err().unwrap_or_default();
            complaints
                .into_iter()
                .map(|complaint| complaint.key)
                .collect()
        };
        let good = Timing {
            wait: Some(seconds(15)),
            expires: Some(seconds(45)),
            ..Timing::default()
        };
        assert_eq!(keys(good), Vec::<String>::new());
        let bad = Timing {
            enquiry_first: Some(seconds(1)),
            wait: Some(seconds(14)),
            limit_enquiry: Some(Duration::MAX),
            ..Timing::default()
        };
        assert_eq!(
            keys(bad),
            ["enquiry_first_s", "wait_s", "limit_enquiry_s"]
                .map(|k| format!("gateway.codepay.{k}"))
        );
        let short = Timing {
            expires: Some(seconds(89)),
            ..Timing::default()
        };
        assert_eq!(keys(short), ["gateway.codepay.expires_s"]);
    }
}
