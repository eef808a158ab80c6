//! The judge: what the journal says against what the gateway's ledger says.
//!
//! It reads the facts and not the service's own view of them, so that it shares no
//! mistake with `apply`.

use crate::store::Store;
use qrpayd::domain::{Amount, Duty, Verdict, What};
use qrpayd::simulator::payby::{Operation, OrderRecord, Rule, Status, Violation};
use std::collections::{BTreeMap, BTreeSet};

/// What the facts say of one tender.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) amount: Amount,
    pub(crate) verdict: Option<Verdict>,
    /// The orders, each with the duty that is open for it.
    pub(crate) orders: Vec<(String, Option<Duty>)>,
    /// The refunds: their numbers, amounts, and whether their end is still to come.
    /// Those that failed are not among them.
    pub(crate) refunds: BTreeMap<u32, (String, u64, bool)>,
}

impl Store {
    /// One page for each tender in the journal.
    pub(crate) fn pages(&self) -> BTreeMap<String, Page> {
        let mut pages: BTreeMap<String, Page> = BTreeMap::new();
        for entry in self.facts() {
            let tender = entry.fact.tender.to_string();
            if let What::TenderCreated { amount, .. } = entry.fact.what {
                let page = Page {
                    amount,
                    verdict: None,
                    orders: Vec::new(),
                    refunds: BTreeMap::new(),
                };
                assert!(pages.insert(tender, page).is_none(), "created twice");
                continue;
            }
            let page = pages
                .get_mut(&tender)
                .expect("created before anything else");
            match &entry.fact.what {
                What::RefundIntended {
                    refund,
                    number,
                    amount,
                    ..
                } => {
                    let entry = (number.to_string(), amount.minor, true);
                    page.refunds.insert(*refund, entry);
                }
                What::RefundReturned { refund, .. } => {
                    page.refunds.get_mut(refund).expect("intended").2 = false;
                }
                What::RefundFailed { refund, .. } => {
                    page.refunds.remove(refund);
                }
                _ => {}
            }
            let mut duty = |attempt: u32, duty| {
                page.orders[attempt as usize - 1].1 = duty;
            };
            match entry.fact.what {
                What::AttemptIntended { attempt, order, .. } => {
                    assert_eq!(attempt as usize, page.orders.len() + 1);
                    page.orders.push((order.to_string(), None));
                }
                What::ObligationOpened {
                    attempt,
                    duty: owed,
                }
                | What::ObligationChanged {
                    attempt,
                    duty: owed,
                } => duty(attempt, Some(owed)),
                What::ObligationClosed { attempt, .. } => duty(attempt, None),
                What::VerdictGiven { verdict, .. } => {
                    let before = page.verdict.replace(verdict);
                    let changes = matches!(before, Some(Verdict::Paid | Verdict::NotPaid));
                    assert!(!changes, "{tender}: {before:?} became {verdict:?}");
                }
                _ => {}
            }
        }
        pages
    }

    /// Compares the journal with the gateway's ledger.
    pub(crate) fn check_books(&self) {
        let pages = self.pages();
        let ledger: BTreeMap<String, OrderRecord> = self
            .gateway()
            .orders()
            .into_iter()
            .map(|order| (order.merchant_order_no.clone(), order))
            .collect();
        let mut known = BTreeSet::new();
        for (tender, page) in &pages {
            for (order, _) in &page.orders {
                assert!(known.insert(order.clone()), "{order} stands twice");
            }
            check_page(tender, page, &ledger);
        }
        for number in ledger.keys() {
            assert!(
                known.contains(number),
                "{number} was sent before it was written down"
            );
        }
        for refund in self.gateway().refunds() {
            let number = &refund.merchant_order_no;
            let mut intended = pages.values().flat_map(|page| page.refunds.values());
            // One that the gateway failed is no longer on a page.
            let known =
                intended.any(|(known, amount, _)| known == number && *amount == refund.amount);
            let failed = refund.ended_at.is_some() && !known;
            assert!(
                known || failed,
                "{number} was refunded before it was written down"
            );
        }
        self.check_submits();
    }

    /// At rest: what the cashier saw fail keeps nothing, what was seen to be paid keeps
    /// its amount once, and a verdict that was seen is still the verdict.
    pub(crate) fn as_the_cashier_saw(&self, saw: &BTreeMap<String, String>) {
        let pages = self.pages();
        let ledger = self.gateway().orders();
        for (tender, verdict) in saw {
            let page = &pages[tender];
            let ours = |number: &String| page.orders.iter().any(|(order, _)| order == number);
            let of_tender = ledger.iter().filter(|o| ours(&o.merchant_order_no));
            let kept: Vec<u64> = of_tender.map(|o| o.kept()).filter(|k| *k > 0).collect();
            let (expected, still) = match verdict.as_str() {
                "paid" => (vec![page.amount.minor], page.verdict == Some(Verdict::Paid)),
                "not_paid" => (Vec::new(), page.verdict == Some(Verdict::NotPaid)),
                _ => (kept.clone(), page.verdict != Some(Verdict::Unresolved)),
            };
            assert!(still, "{tender} was seen {verdict}: {page:?}");
            assert_eq!(kept, expected, "{tender} was seen {verdict}");
        }
    }

    /// No order number was ever placed twice.
    fn check_submits(&self) {
        let mut placed = BTreeSet::new();
        for call in self.gateway().calls() {
            if call.operation == Operation::PlaceOrder
                && let Some(number) = call.merchant_order_no
            {
                assert!(placed.insert(number.clone()), "{number} was placed twice");
            }
        }
    }

    /// The books are right, and no rule of the gateway was broken.
    pub(crate) fn all_is_well(&self) {
        self.check_books();
        assert_eq!(self.gateway().violations(), []);
    }

    /// As [`Store::all_is_well`], for a service that was killed: it does not know
    /// when it last asked, so its pace may break off.
    pub(crate) fn all_is_well_but_the_pace(&self) {
        self.check_books();
        let mut broken: Vec<Violation> = self.gateway().violations();
        broken.retain(|v| !matches!(v.rule, Rule::EnquiryPace | Rule::CancelPace));
        assert_eq!(broken, []);
    }

    /// The one order that the gateway has.
    #[track_caller]
    pub(crate) fn only_order(&self) -> OrderRecord {
        match self.gateway().orders().as_slice() {
            [order] => order.clone(),
            orders => panic!("not one order: {orders:?}"),
        }
    }

    /// The names of all facts, in order.
    pub(crate) fn story(&self) -> Vec<String> {
        let name = |what: &What| {
            let value = serde_json::to_value(what).unwrap();
            value["fact"].as_str().unwrap().to_owned()
        };
        self.facts()
            .iter()
            .map(|entry| name(&entry.fact.what))
            .collect()
    }
}

fn check_page(tender: &str, page: &Page, ledger: &BTreeMap<String, OrderRecord>) {
    let orders: Vec<(&OrderRecord, Option<Duty>)> = page
        .orders
        .iter()
        .filter_map(|(number, duty)| Some((ledger.get(number)?, *duty)))
        .collect();
    for (order, duty) in &orders {
        assert_eq!(order.total, page.amount.minor, "{tender}: another amount");
        assert!(
            order.returned <= order.captured,
            "{tender}: too much went back"
        );
        let settled = order.kept() == 0 && order.status != Status::Created;
        if page.verdict == Some(Verdict::NotPaid) {
            assert!(
                settled || duty.is_some(),
                "{tender} is not paid, and nobody closes {order:?}"
            );
        }
    }
    let kept: u64 = orders.iter().map(|(order, _)| order.kept()).sum();
    let owing = orders.iter().any(|(_, duty)| duty.is_some());
    if page.verdict == Some(Verdict::Paid) && !owing {
        let asked = page.refunds.values();
        let given: u64 = asked.clone().filter(|r| !r.2).map(|r| r.1).sum();
        let all: u64 = asked.map(|r| r.1).sum();
        // What is on its way back may or may not be back.
        let right = (page.amount.minor - all..=page.amount.minor - given).contains(&kept);
        assert!(right, "{tender} is paid: {orders:?}, {:?}", page.refunds);
        let charged = orders.iter().filter(|(order, _)| order.kept() > 0);
        assert!(charged.count() <= 1, "{tender} is paid more than once");
    }
}
