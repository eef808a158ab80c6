//! How the client behaves: the rules it broke.
//!
//! PayBy's acceptance test judges a terminal by its pace (every 2 to 6 s a
//! query, every 3 to 10 s a cancel) and its rules of numbering; what a client
//! does against them is written down here, and nothing that they leave open.
//!
//! A query sooner than 2 s after the one before is forgiven when something
//! came between the two (a cancel, a revoke, a notification), and when it turns
//! out to be the last before a cancel or a revoke: the last look before giving
//! up is due at once. So a quick query stays a suspicion until the next call.

use std::collections::BTreeMap;

use serde::Serialize;

use super::book::ORDERS_MAX;
use super::fault::Operation;

/// The shortest time between two queries of one order.
const ENQUIRY_MILLIS_MIN: u64 = 2_000;
/// The shortest time between two cancels of one order.
const CANCEL_MILLIS_MIN: u64 = 3_000;
/// What scheduling may take from a client's own wait before it is a fault.
const TOLERANCE_MILLIS: u64 = 250;
/// The most violations kept.
const VIOLATIONS_MAX: usize = 10_000;

/// A rule for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A required header is there and right.
    Header,
    /// The signature is over the exact bytes sent.
    Signature,
    /// Fields are there, of their type and length, and never null or empty.
    Field,
    /// Money is a JSON number with at most 2 decimals.
    Money,
    /// `requestTime` is within 15 minutes of PayBy's clock.
    RequestTime,
    /// A checkout order has an `expiredTime`.
    Expiry,
    /// An order number has one content for ever, also after a refusal.
    NumberReused,
    /// A placed order is queried, never placed again.
    PlacedAgain,
    /// One order is queried at most every 2 s.
    EnquiryPace,
    /// One order is cancelled at most every 3 s.
    CancelPace,
    /// An order is queried before it is cancelled.
    CancelUnasked,
}

/// One thing the client did against a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// When, Unix milliseconds of the simulator's clock.
    pub at: u64,
    /// In which call.
    pub operation: Operation,
    /// Of which order, the merchant's number, where known.
    pub merchant_order_no: Option<String>,
    /// Against which rule.
    pub rule: Rule,
    /// In words; never holds a payment code.
    pub detail: String,
}

/// What the client is remembered for.
#[derive(Default)]
pub(crate) struct Conduct {
    violations: Vec<Violation>,
    pace_by_order: BTreeMap<String, Pace>,
}

#[derive(Default)]
struct Pace {
    enquired: bool,
    last_enquiry: Option<u64>,
    last_cancel: Option<u64>,
    suspicion: Option<Violation>,
}

impl Conduct {
    pub(crate) fn violations(&self) -> &[Violation] {
        &self.violations
    }

    pub(crate) fn clear(&mut self) {
        self.violations.clear();
        self.pace_by_order.clear();
    }

    pub(crate) fn note(
        &mut self,
        at: u64,
        operation: Operation,
        order: Option<&str>,
        rule: Rule,
        detail: impl Into<String>,
    ) {
        self.keep(Violation {
            at,
            operation,
            merchant_order_no: order.map(str::to_owned),
            rule,
            detail: detail.into(),
        });
    }

    fn keep(&mut self, violation: Violation) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(violation);
        }
    }

    /// Watches the pace of a call about an order.
    pub(crate) fn called(&mut self, at: u64, operation: Operation, order: &str) {
        let known = self.pace_by_order.contains_key(order);
        if !known && self.pace_by_order.len() >= ORDERS_MAX {
            return;
        }
        let pace = self.pace_by_order.entry(order.to_owned()).or_default();
        let violation = |rule, detail: String| Violation {
            at,
            operation,
            merchant_order_no: Some(order.to_owned()),
            rule,
            detail,
        };
        // Milliseconds since, if sooner than allowed. A clock set back proves nothing.
        let too_soon = |last: Option<u64>, min: u64| {
            let gap = at.checked_sub(last?)?;
            (gap + TOLERANCE_MILLIS < min).then_some(gap)
        };
        let suspicion = pace.suspicion.take();
        let mut found = Vec::new();
        match operation {
            Operation::GetOrder => {
                found.extend(suspicion);
                pace.suspicion = too_soon(pace.last_enquiry, ENQUIRY_MILLIS_MIN).map(|gap| {
                    let detail = format!("queried again after {gap} ms; wait 2 to 6 s");
                    violation(Rule::EnquiryPace, detail)
                });
                pace.enquired = true;
                pace.last_enquiry = Some(at);
            }
            Operation::CancelOrder => {
                if !pace.enquired {
                    let detail = "cancelled without a query before".to_owned();
                    found.push(violation(Rule::CancelUnasked, detail));
                }
                if let Some(gap) = too_soon(pace.last_cancel, CANCEL_MILLIS_MIN) {
                    let detail = format!("cancelled again after {gap} ms; wait 3 to 10 s");
                    found.push(violation(Rule::CancelPace, detail));
                }
                pace.last_cancel = Some(at);
                pace.last_enquiry = None;
            }
            // Something came between: the next query is due at once.
            Operation::RevokeOrder | Operation::Notification | Operation::PlaceOrder => {
                pace.last_enquiry = None;
            }
        }
        for violation in found {
            self.keep(violation);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Operation::{CancelOrder, GetOrder, Notification, PlaceOrder};
    use super::*;

    fn rules(calls: &[(u64, Operation)]) -> Vec<(u64, Rule)> {
        let mut conduct = Conduct::default();
        for (at, operation) in calls {
            conduct.called(*at, *operation, "S1");
        }
        let found = conduct.violations();
        found.iter().map(|found| (found.at, found.rule)).collect()
    }

    #[test]
    fn the_recommended_pace_is_clean() {
        let mut calls = vec![(0, PlaceOrder)];
        calls.extend((0..25).map(|n| (2_000 + n * 3_000, GetOrder)));
        // The last look, the cancels, the look after a refused cancel.
        calls.extend([
            (75_000, GetOrder),
            (75_010, CancelOrder),
            (75_020, GetOrder),
        ]);
        calls.extend([(78_010, CancelOrder), (81_010, CancelOrder)]);
        assert_eq!(rules(&calls), []);
    }

    #[test]
    fn a_quick_query_is_forgiven_only_as_the_last() {
        let quick = [(0, PlaceOrder), (0, GetOrder), (1_000, GetOrder)];
        assert_eq!(rules(&quick), [], "it may be the last one");
        let more = [(0, GetOrder), (1_000, GetOrder), (4_000, GetOrder)];
        assert_eq!(rules(&more), [(1_000, Rule::EnquiryPace)]);
        let told = [
            (0, GetOrder),
            (500, Notification),
            (510, GetOrder),
            (3_510, GetOrder),
        ];
        assert_eq!(rules(&told), [], "a notification is a reason to look");
        let jitter = [(0, GetOrder), (1_800, GetOrder), (3_600, GetOrder)];
        assert_eq!(rules(&jitter), []);
    }

    #[test]
    fn cancels_have_their_own_pace() {
        assert_eq!(rules(&[(9, CancelOrder)]), [(9, Rule::CancelUnasked)]);
        let hasty = [(0, GetOrder), (1, CancelOrder), (1_001, CancelOrder)];
        assert_eq!(rules(&hasty), [(1_001, Rule::CancelPace)]);
    }
}
