//! A gateway with a ledger: what the documents say it does, and where the money is.

use super::Chance;
use crate::domain::tests::play::{CANCEL_FIRST, s};
use crate::domain::{
    Amount, Answer, GatewayId, Operation, Order, OrderNumber, OrderReport, OrderStatus, Refusal,
    RefusalKind, Timestamp, Unknown,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A request stamped further away from the gateway's clock is not taken.
const CLOCK_TOLERANCE: Duration = s(15 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ledger {
    Unpaid,
    Kept,
    Closed,
    GivenBack,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) ledger: Ledger,
    /// What was asked for, or what was charged instead.
    pub(super) amount: Amount,
    requested: Timestamp,
    expires: Timestamp,
    refund_at: Option<Timestamp>,
}

/// What the customer does about a new order.
pub(super) enum Payer {
    Nothing,
    Confirms { after: Duration },
}

pub(super) struct Model {
    cancels_first: bool,
    pub(super) orders: BTreeMap<OrderNumber, Entry>,
    refused: BTreeSet<OrderNumber>,
}

impl Model {
    pub(super) fn new(gateway: &GatewayId) -> Self {
        Self {
            cancels_first: gateway.as_str() == CANCEL_FIRST,
            orders: BTreeMap::new(),
            refused: BTreeSet::new(),
        }
    }

    /// A request lands, at the gateway's own time.
    pub(super) fn lands(
        &mut self,
        operation: Operation,
        order: &Order,
        at: Timestamp,
        chance: &mut Chance,
    ) -> (Answer, Payer) {
        self.settle(&order.number, at);
        let answer = match operation {
            Operation::Submit => return self.submit(order, at, chance),
            Operation::Enquiry => self.report(&order.number),
            Operation::Cancel => self.cancel(&order.number),
            Operation::Revoke => self.revoke(&order.number, at, chance),
            Operation::Notification | Operation::Scanned => {
                unreachable!("nobody asks for it here")
            }
        };
        (answer, Payer::Nothing)
    }

    fn submit(&mut self, order: &Order, at: Timestamp, chance: &mut Chance) -> (Answer, Payer) {
        if let Some(entry) = self.orders.get(&order.number) {
            // The request again: it tells of the order, or that the code is used.
            let answer = match entry.ledger {
                _ if chance.one_in(3) => code_refused(),
                Ledger::Kept if chance.one_in(2) => Answer::AlreadyPaid { trace: None },
                _ => self.report(&order.number),
            };
            return (answer, Payer::Nothing);
        }
        let age = at.since(order.requested).max(order.requested.since(at));
        let refused = self.refused.contains(&order.number);
        if refused || age > CLOCK_TOLERANCE || chance.one_in(5) {
            self.refused.insert(order.number.clone());
            return (code_refused(), Payer::Nothing);
        }
        // One gateway is told the moment, the other a time from the landing on.
        let after_landing = at.after(order.expires.since(order.requested));
        let entry = Entry {
            ledger: Ledger::Unpaid,
            amount: order.amount,
            requested: order.requested,
            expires: if self.cancels_first {
                order.expires
            } else {
                after_landing
            },
            refund_at: None,
        };
        self.orders.insert(order.number.clone(), entry);
        let payer = match chance.between(0, 5) {
            0..=1 => {
                self.confirmed(&order.number, at, chance);
                Payer::Nothing
            }
            2 => Payer::Nothing,
            _ => Payer::Confirms {
                after: Duration::from_millis(chance.between(500, 150_000)),
            },
        };
        (self.report(&order.number), payer)
    }

    /// The customer confirms; now and then another amount is charged than was
    /// asked for. Returns the gateway's notification.
    pub(super) fn confirmed(
        &mut self,
        number: &OrderNumber,
        at: Timestamp,
        chance: &mut Chance,
    ) -> Option<Answer> {
        self.settle(number, at);
        let entry = self.orders.get_mut(number)?;
        if entry.ledger != Ledger::Unpaid {
            return None;
        }
        entry.ledger = Ledger::Kept;
        entry.amount.minor += u64::from(chance.one_in(15));
        Some(self.report(number))
    }

    fn cancel(&mut self, number: &OrderNumber) -> Answer {
        let trace = None;
        match self.orders.get_mut(number) {
            None => Answer::NoSuchOrder { trace },
            Some(entry) => match entry.ledger {
                Ledger::Kept => Answer::AlreadyPaid { trace },
                Ledger::Closed | Ledger::GivenBack => Answer::AlreadyClosed { trace },
                Ledger::Unpaid => {
                    entry.ledger = Ledger::Closed;
                    self.report(number)
                }
            },
        }
    }

    fn revoke(&mut self, number: &OrderNumber, at: Timestamp, chance: &mut Chance) -> Answer {
        let trace = None;
        let Some(entry) = self.orders.get_mut(number) else {
            return Answer::NoSuchOrder { trace };
        };
        if !self.cancels_first && at.since(entry.requested) < s(15) {
            return Answer::Unknown(Unknown::GatewayFault);
        }
        match entry.ledger {
            Ledger::Unpaid => entry.ledger = Ledger::Closed,
            Ledger::Kept if entry.refund_at.is_none() => {
                let takes = chance.between(0, 1) * chance.between(0, 300);
                entry.refund_at = Some(at.after(s(takes)));
            }
            Ledger::Kept => {}
            Ledger::Closed if chance.one_in(2) => return Answer::AlreadyClosed { trace },
            Ledger::GivenBack if chance.one_in(2) => return Answer::AlreadyReturned { trace },
            Ledger::Closed | Ledger::GivenBack => {}
        }
        self.settle(number, at);
        if self.cancels_first {
            self.report(number)
        } else {
            // Accepted; the answer does not name the order.
            Answer::Unknown(Unknown::Unlisted)
        }
    }

    /// What time alone does to an order.
    pub(super) fn settle(&mut self, number: &OrderNumber, at: Timestamp) {
        if let Some(entry) = self.orders.get_mut(number) {
            if entry.ledger == Ledger::Unpaid && at >= entry.expires {
                entry.ledger = Ledger::Closed;
            }
            if entry.ledger == Ledger::Kept && entry.refund_at.is_some_and(|due| at >= due) {
                entry.ledger = Ledger::GivenBack;
            }
        }
    }

    fn report(&self, number: &OrderNumber) -> Answer {
        let Some(entry) = self.orders.get(number) else {
            return Answer::NoSuchOrder { trace: None };
        };
        let status = match entry.ledger {
            Ledger::Unpaid => OrderStatus::Pending,
            Ledger::Kept => OrderStatus::MoneyIn,
            Ledger::Closed => OrderStatus::NoMoney(closed(RefusalKind::Closed)),
            Ledger::GivenBack => OrderStatus::Returned,
        };
        Answer::Report(OrderReport {
            order: number.clone(),
            amount: Some(entry.amount),
            status,
            gateway_order: None,
            trace: None,
            show: None,
        })
    }
}

fn code_refused() -> Answer {
    let refusal = closed(RefusalKind::Code);
    let trace = None;
    Answer::Refused { refusal, trace }
}

fn closed(kind: RefusalKind) -> Refusal {
    let code = "R1".to_owned();
    Refusal { kind, code }
}
