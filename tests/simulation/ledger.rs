//! A gateway: what the documents say it does, and a ledger of where the money is.
//!
//! It trusts its caller with the sums: a refund too many makes the ledger wrong, and
//! an invariant sees it.

use super::chance::Chance;
use super::store::{CANCEL_FIRST, s};
use qrpayd::domain::{
    Amount, Answer, GatewayId, Mode, Operation, Order, OrderNumber, OrderReport, OrderStatus,
    RefundAnswer, RefundOperation, RefundOrder, RefundReport, RefundStatus, Refusal, RefusalKind,
    Timestamp, Unknown,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A request stamped further away from the gateway's clock is not taken.
const CLOCK_TOLERANCE: Duration = s(15 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Paid,
    Closed,
}

/// One order and its money, in minor units.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) state: State,
    pub(crate) asked: Amount,
    pub(crate) captured: u64,
    /// What went back by a reversal.
    pub(crate) reversed: u64,
    /// Whether the merchant's back office gave it back, without us.
    pub(crate) by_others: bool,
    /// From here on only refunds are taken.
    settled: Option<Timestamp>,
    irreversible: bool,
    requested: Timestamp,
    expires: Timestamp,
    reversed_at: Option<Timestamp>,
    pub(crate) refunds: BTreeMap<OrderNumber, Returning>,
}

/// One refund of an order.
#[derive(Debug, Clone)]
pub(crate) struct Returning {
    pub(crate) amount: Amount,
    done_at: Option<Timestamp>,
    pub(crate) done: bool,
    failed: bool,
}

impl Account {
    pub(crate) fn refunded(&self) -> u64 {
        let done = self.refunds.values().filter(|refund| refund.done);
        done.map(|refund| refund.amount.minor).sum()
    }

    /// What the store has of it.
    pub(crate) fn kept(&self) -> i128 {
        i128::from(self.captured) - i128::from(self.reversed) - i128::from(self.refunded())
    }
}

/// What the customer does about a new order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payer {
    Nothing,
    /// Confirms after so many milliseconds.
    Confirms(u64),
}

/// How one gateway behaves where its documents leave it open: chance, or the plan of a grid.
#[derive(Debug, Clone)]
pub(crate) struct Temper {
    /// One in so many codes is refused; 0: none.
    pub(crate) refuses: u64,
    /// One in so many captures is of another amount; 0: none.
    pub(crate) wrong_amounts: u64,
    /// What customers do; none: chance.
    pub(crate) payer: Option<Payer>,
    /// One in so many orders is settled soon after it is paid, or given back by the
    /// back office; 0: none.
    pub(crate) back_office: u64,
    /// Whether reversals and refunds may take a while, and refunds may fail.
    pub(crate) slow: bool,
}

pub(crate) struct Gateway {
    cancels_first: bool,
    pub(crate) orders: BTreeMap<OrderNumber, Account>,
    refused: BTreeSet<OrderNumber>,
    pub(crate) temper: Temper,
    /// What happened here that a run wants to count.
    pub(crate) seen: BTreeSet<&'static str>,
}

impl Gateway {
    pub(crate) fn new(id: &GatewayId, temper: Temper) -> Self {
        Self {
            cancels_first: id.as_str() == CANCEL_FIRST,
            orders: BTreeMap::new(),
            refused: BTreeSet::new(),
            temper,
            seen: BTreeSet::new(),
        }
    }

    /// A request about an order lands, at the gateway's own time.
    pub(crate) fn order(
        &mut self,
        operation: Operation,
        order: &Order,
        at: Timestamp,
        chance: &mut Chance,
    ) -> (Answer, Payer) {
        self.time_passes(&order.number, at);
        let answer = match operation {
            Operation::Submit => return self.submit(order, at, chance),
            Operation::Enquiry => self.report(&order.number),
            Operation::Cancel => self.cancel(&order.number),
            Operation::Revoke => self.revoke(&order.number, at, chance),
            Operation::Scanned => Answer::Scanned(chance.one_in(2)),
            Operation::Notification => unreachable!("nobody asks for it"),
        };
        (answer, Payer::Nothing)
    }

    fn submit(&mut self, order: &Order, at: Timestamp, chance: &mut Chance) -> (Answer, Payer) {
        let again = |one_in: u64, chance: &mut Chance| self.temper.slow && chance.one_in(one_in);
        if let Some(account) = self.orders.get(&order.number) {
            // The request again: it tells of the order, or that the code is used.
            let answer = match account.state {
                _ if again(3, chance) => code_refused(),
                State::Paid if again(2, chance) => Answer::AlreadyPaid { trace: None },
                _ => self.report(&order.number),
            };
            return (answer, Payer::Nothing);
        }
        let age = at.since(order.requested).max(order.requested.since(at));
        if age > CLOCK_TOLERANCE {
            self.seen.insert("clock error");
        }
        let refuses = self.temper.refuses;
        let refused = self.refused.contains(&order.number)
            || age > CLOCK_TOLERANCE
            || (refuses > 0 && chance.one_in(refuses));
        if refused {
            self.refused.insert(order.number.clone());
            return (code_refused(), Payer::Nothing);
        }
        // One gateway is told the moment, the other a time from the landing on.
        let after_landing = at.after(order.expires.since(order.requested));
        let expires = match self.cancels_first {
            true => order.expires,
            false => after_landing,
        };
        let wallet = order.wallet.as_ref().map(|wallet| wallet.as_str());
        let account = Account {
            state: State::Open,
            asked: order.amount,
            captured: 0,
            reversed: 0,
            by_others: false,
            settled: None,
            irreversible: !self.cancels_first && wallet == Some("wechat"),
            requested: order.requested,
            expires,
            reversed_at: None,
            refunds: BTreeMap::new(),
        };
        self.orders.insert(order.number.clone(), account);
        let scans_first = order.mode == Mode::Display;
        let payer = self
            .temper
            .payer
            .unwrap_or_else(|| match chance.between(0, 6) {
                0..=1 if !scans_first => Payer::Confirms(0),
                2 => Payer::Nothing,
                // At the very moment when it expires.
                3 => Payer::Confirms(at_zero(expires.since(at))),
                _ => Payer::Confirms(chance.between(500, 150_000)),
            });
        if payer == Payer::Confirms(0) {
            self.confirmed(&order.number, at, chance);
            return (self.shown(order), Payer::Nothing);
        }
        (self.shown(order), payer)
    }

    /// The answer to a submit: with the text to show, where the store shows it.
    fn shown(&self, order: &Order) -> Answer {
        match self.report(&order.number) {
            Answer::Report(report) if order.mode == Mode::Display => Answer::Report(OrderReport {
                show: Some(format!("https://pay.example/{}", order.number)),
                ..report
            }),
            answer => answer,
        }
    }

    /// The customer confirms. Returns the gateway's notification.
    pub(crate) fn confirmed(
        &mut self,
        number: &OrderNumber,
        at: Timestamp,
        chance: &mut Chance,
    ) -> Option<Answer> {
        self.time_passes(number, at);
        let temper = self.temper.clone();
        let account = self.orders.get_mut(number)?;
        if account.state != State::Open {
            if at == account.expires {
                self.seen.insert("paid as it expires");
            }
            return None;
        }
        account.state = State::Paid;
        account.captured = account.asked.minor;
        if temper.wrong_amounts > 0 && chance.one_in(temper.wrong_amounts) {
            account.captured += 1;
            self.seen.insert("wrong amount");
        }
        if temper.back_office > 0 && chance.one_in(temper.back_office) {
            account.settled = Some(at.after(Duration::from_millis(chance.between(0, 60_000))));
        }
        Some(self.report(number))
    }

    /// The merchant's back office gives a payment back. Returns the notification.
    pub(crate) fn back_office(&mut self, number: &OrderNumber, at: Timestamp) -> Option<Answer> {
        self.time_passes(number, at);
        let account = self.orders.get_mut(number)?;
        let free = account.reversed_at.is_none() && account.refunds.is_empty();
        if account.state != State::Paid || !free {
            return None;
        }
        account.reversed = account.captured;
        account.reversed_at = Some(at);
        account.by_others = true;
        Some(self.report(number))
    }

    fn cancel(&mut self, number: &OrderNumber) -> Answer {
        let trace = None;
        match self.orders.get_mut(number) {
            None => Answer::NoSuchOrder { trace },
            Some(account) => match account.state {
                State::Paid if account.reversed_at.is_none() => Answer::AlreadyPaid { trace },
                State::Closed | State::Paid => Answer::AlreadyClosed { trace },
                State::Open => {
                    account.state = State::Closed;
                    self.report(number)
                }
            },
        }
    }

    fn revoke(&mut self, number: &OrderNumber, at: Timestamp, chance: &mut Chance) -> Answer {
        let trace = None;
        let slow = self.temper.slow;
        let Some(account) = self.orders.get_mut(number) else {
            return Answer::NoSuchOrder { trace };
        };
        if !self.cancels_first && at.since(account.requested) < s(15) {
            return Answer::Unknown(Unknown::GatewayFault);
        }
        let code = "out of window".to_owned();
        match account.state {
            _ if account.irreversible => return Answer::ReversalRejected { code, trace },
            State::Open => account.state = State::Closed,
            State::Paid if account.settled.is_some_and(|settled| settled <= at) => {
                self.seen.insert("settled before the reversal");
                return Answer::ReversalRejected { code, trace };
            }
            State::Paid if account.refunds.values().any(|refund| !refund.failed) => {
                return Answer::AlreadyReturned { trace };
            }
            State::Paid if account.reversed_at.is_none() => {
                let takes = match slow {
                    true => chance.between(0, 1) * chance.between(0, 300),
                    false => 0,
                };
                if takes > 0 {
                    self.seen.insert("reversal accepted, money later");
                }
                account.reversed_at = Some(at.after(s(takes)));
            }
            State::Closed if slow && chance.one_in(2) => return Answer::AlreadyClosed { trace },
            State::Paid if slow && account.reversed > 0 && chance.one_in(2) => {
                return Answer::AlreadyReturned { trace };
            }
            State::Closed | State::Paid => {}
        }
        self.time_passes(number, at);
        match self.cancels_first {
            true => self.report(number),
            // Accepted; the answer does not name the order.
            false => Answer::Unknown(Unknown::Unlisted),
        }
    }

    /// A request about a refund lands.
    pub(crate) fn refund(
        &mut self,
        operation: RefundOperation,
        order: &RefundOrder,
        at: Timestamp,
        chance: &mut Chance,
    ) -> RefundAnswer {
        self.time_passes(&order.original, at);
        let trace = None;
        let slow = self.temper.slow;
        let Some(account) = self.orders.get_mut(&order.original) else {
            return match operation {
                RefundOperation::Enquiry => RefundAnswer::NoSuchRefund { trace },
                _ => refund_refused("no such order"),
            };
        };
        let known = account.refunds.contains_key(&order.number);
        match operation {
            RefundOperation::Submit if !known => {
                if account.reversed_at.is_some() {
                    return RefundAnswer::AlreadyReturned { trace };
                }
                if account.state != State::Paid {
                    return refund_refused("not paid");
                }
                let age = at.since(order.requested).max(order.requested.since(at));
                if age > CLOCK_TOLERANCE {
                    return refund_refused("request time");
                }
                let takes = match slow {
                    true => chance.between(0, 1) * chance.between(0, 300),
                    false => 0,
                };
                let returning = Returning {
                    amount: order.amount,
                    done_at: Some(at.after(s(takes))),
                    done: false,
                    failed: slow && chance.one_in(20),
                };
                account.refunds.insert(order.number.clone(), returning);
            }
            RefundOperation::Enquiry if !known => return RefundAnswer::NoSuchRefund { trace },
            _ => {}
        }
        self.time_passes(&order.original, at);
        self.refund_report(&order.original, &order.number)
    }

    /// What time alone does to an order.
    pub(crate) fn time_passes(&mut self, number: &OrderNumber, at: Timestamp) {
        if let Some(account) = self.orders.get_mut(number) {
            if account.state == State::Open && at >= account.expires {
                account.state = State::Closed;
            }
            if account.reversed_at.is_some_and(|due| at >= due) {
                account.reversed = account.captured;
            }
            for refund in account.refunds.values_mut() {
                if !refund.failed && refund.done_at.is_some_and(|due| at >= due) {
                    refund.done = true;
                }
            }
        }
    }

    fn report(&self, number: &OrderNumber) -> Answer {
        let Some(account) = self.orders.get(number) else {
            return Answer::NoSuchOrder { trace: None };
        };
        let status = match account.state {
            State::Open => OrderStatus::Pending,
            State::Paid if account.reversed > 0 => OrderStatus::Returned,
            State::Paid => OrderStatus::MoneyIn,
            State::Closed => OrderStatus::NoMoney(refusal(RefusalKind::Closed, "closed")),
        };
        let minor = match account.state {
            State::Paid => account.captured,
            _ => account.asked.minor,
        };
        Answer::Report(OrderReport {
            order: number.clone(),
            amount: Some(Amount {
                minor,
                ..account.asked
            }),
            status,
            gateway_order: None,
            trace: None,
            show: None,
        })
    }

    pub(crate) fn refund_report(
        &self,
        original: &OrderNumber,
        number: &OrderNumber,
    ) -> RefundAnswer {
        let account = self.orders.get(original);
        let Some(refund) = account.and_then(|account| account.refunds.get(number)) else {
            return RefundAnswer::NoSuchRefund { trace: None };
        };
        RefundAnswer::Report(RefundReport {
            number: number.clone(),
            original: Some(original.clone()),
            amount: Some(refund.amount),
            status: match (refund.done, refund.failed) {
                (true, _) => RefundStatus::Returned,
                (_, true) => RefundStatus::Failed(refusal(RefusalKind::Closed, "failed")),
                _ => RefundStatus::Pending,
            },
            gateway_refund: None,
            trace: None,
        })
    }
}

fn at_zero(after: Duration) -> u64 {
    u64::try_from(after.as_millis()).unwrap()
}

fn refusal(kind: RefusalKind, code: &str) -> Refusal {
    let code = code.to_owned();
    Refusal { kind, code }
}

pub(crate) fn code_refused() -> Answer {
    let refusal = refusal(RefusalKind::Code, "R1");
    let trace = None;
    Answer::Refused { refusal, trace }
}

fn refund_refused(code: &str) -> RefundAnswer {
    let refusal = refusal(RefusalKind::Closed, code);
    let trace = None;
    RefundAnswer::Refused { refusal, trace }
}
