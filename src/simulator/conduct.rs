//! How the client behaves: the rules it broke.
//!
//! What a provider's documents ask of a client is written down here when it is
//! not kept, and nothing that they leave open. The paces are the provider's.
//!
//! An enquiry that comes too soon after the one before is forgiven when
//! something came between the two (a cancel, a reversal, a notification), and
//! when it turns out to be the last before a cancel or a reversal: the last look
//! before giving up is due at once. So a quick enquiry stays a suspicion until
//! the next call.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::book::{ORDERS_MAX, Subject};
use super::gateway::{Kind, Operation};

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
    /// The signature is over what was sent.
    Signature,
    /// Fields are there, of their type and length, and never null or empty.
    Field,
    /// An amount is written as the provider wants it, exactly.
    Money,
    /// The request's time is within 15 minutes of the gateway's clock.
    RequestTime,
    /// A checkout order says when it expires.
    Expiry,
    /// A number has one content for ever, also after a refusal.
    NumberReused,
    /// What was placed is enquired about, never placed again.
    PlacedAgain,
    /// One order or refund is enquired about no quicker than the pace.
    EnquiryPace,
    /// One order is cancelled no quicker than the pace.
    CancelPace,
    /// An order is enquired about before it is closed.
    CancelUnasked,
    /// An order is reversed no sooner than the provider allows.
    ReversalEarly,
    /// A wallet that cannot be reversed is refunded.
    ReversalUnsupported,
}

/// One thing the client did against a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation<O> {
    /// When, Unix milliseconds of the simulator's clock.
    pub at: u64,
    /// In which call.
    pub operation: O,
    /// Of which order or refund, the merchant's number, where known.
    pub merchant_order_no: Option<String>,
    /// Against which rule.
    pub rule: Rule,
    /// In words; never holds a payment code.
    pub detail: String,
}

/// A provider's pace, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The shortest time between two enquiries about one order.
    pub(crate) enquiry_min: u64,
    /// What to do instead, in words.
    pub(crate) enquiry_advice: &'static str,
    /// The shortest time between two cancels of one order; 0: any.
    pub(crate) cancel_min: u64,
    /// Whether a reversal too must be preceded by an enquiry.
    pub(crate) reversal_asks: bool,
}

/// What the client is remembered for.
pub struct Conduct<O> {
    pace: Pace,
    violations: Vec<Violation<O>>,
    steps: BTreeMap<Subject, Steps<O>>,
    /// Every number ever placed, with its content.
    placed: BTreeMap<Subject, Value>,
}

struct Steps<O> {
    enquired: bool,
    last_enquiry: Option<u64>,
    last_cancel: Option<u64>,
    suspicion: Option<Violation<O>>,
}

impl<O> Default for Steps<O> {
    fn default() -> Self {
        Self {
            enquired: false,
            last_enquiry: None,
            last_cancel: None,
            suspicion: None,
        }
    }
}

impl<O: Operation> Conduct<O> {
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            violations: Vec::new(),
            steps: BTreeMap::new(),
            placed: BTreeMap::new(),
        }
    }

    pub(crate) fn violations(&self) -> &[Violation<O>] {
        &self.violations
    }

    /// Forgets the violations and the pace so far, not the numbers.
    pub(crate) fn clear(&mut self) {
        self.violations.clear();
        self.steps.clear();
    }

    pub(crate) fn note(
        &mut self,
        at: u64,
        operation: O,
        number: Option<&str>,
        rule: Rule,
        detail: impl Into<String>,
    ) {
        self.keep(Violation {
            at,
            operation,
            merchant_order_no: number.map(str::to_owned),
            rule,
            detail: detail.into(),
        });
    }

    fn keep(&mut self, violation: Violation<O>) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(violation);
        }
    }

    /// Watches a number being given a content.
    pub(crate) fn placed(&mut self, at: u64, operation: O, subject: &Subject, content: &Value) {
        let (rule, why) = match self.placed.get(subject) {
            Some(before) if before == content => {
                (Rule::PlacedAgain, "placed again; enquire instead")
            }
            Some(_) => (Rule::NumberReused, "the number had another content before"),
            None => {
                if self.placed.len() < ORDERS_MAX {
                    self.placed.insert(subject.clone(), content.clone());
                }
                return;
            }
        };
        self.note(at, operation, Some(subject.number()), rule, why);
    }

    /// Watches the pace of a call about an order or a refund.
    pub(crate) fn called(&mut self, at: u64, operation: O, subject: &Subject) {
        let known = self.steps.contains_key(subject);
        if !known && self.steps.len() >= ORDERS_MAX {
            return;
        }
        let steps = self.steps.entry(subject.clone()).or_default();
        let violation = |rule, detail: String| Violation {
            at,
            operation,
            merchant_order_no: Some(subject.number().to_owned()),
            rule,
            detail,
        };
        // Milliseconds since, if sooner than allowed. A clock set back proves nothing.
        let too_soon = |last: Option<u64>, min: u64| {
            let gap = at.checked_sub(last?)?;
            (gap + TOLERANCE_MILLIS < min).then_some(gap)
        };
        let suspicion = steps.suspicion.take();
        let mut found = Vec::new();
        let closes = match operation.kind() {
            Kind::Enquiry | Kind::RefundEnquiry => {
                found.extend(suspicion);
                steps.suspicion = too_soon(steps.last_enquiry, self.pace.enquiry_min).map(|gap| {
                    let advice = self.pace.enquiry_advice;
                    let detail = format!("queried again after {gap} ms; {advice}");
                    violation(Rule::EnquiryPace, detail)
                });
                steps.enquired = true;
                steps.last_enquiry = Some(at);
                false
            }
            Kind::Cancel => {
                if let Some(gap) = too_soon(steps.last_cancel, self.pace.cancel_min) {
                    let detail = format!("cancelled again after {gap} ms; wait 3 to 10 s");
                    found.push(violation(Rule::CancelPace, detail));
                }
                steps.last_cancel = Some(at);
                true
            }
            Kind::Reversal => self.pace.reversal_asks,
            // It neither asks nor changes anything.
            Kind::Other | Kind::List | Kind::Statement => {
                steps.suspicion = suspicion;
                return;
            }
            _ => false,
        };
        if closes && !steps.enquired {
            let detail = "cancelled without a query before".to_owned();
            found.insert(0, violation(Rule::CancelUnasked, detail));
        }
        if !matches!(operation.kind(), Kind::Enquiry | Kind::RefundEnquiry) {
            // Something came between: the next enquiry is due at once.
            steps.last_enquiry = None;
        }
        for violation in found {
            self.keep(violation);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::simulator::payby::Operation::{
        self, CancelOrder, GetOrder, Notification, PlaceOrder,
    };

    fn rules(calls: &[(u64, Operation)]) -> Vec<(u64, Rule)> {
        let mut conduct = Conduct::new(Pace {
            enquiry_min: 2_000,
            enquiry_advice: "wait 2 to 6 s",
            cancel_min: 3_000,
            reversal_asks: false,
        });
        let order = Subject::Order("S1".into());
        for (at, operation) in calls {
            conduct.called(*at, *operation, &order);
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
