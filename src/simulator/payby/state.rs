//! Everything about a gateway that changes, and what is remembered of calls.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use super::answer::Answer;
use super::book::{Book, ORDERS_MAX};
use super::conduct::{Conduct, Rule};
use super::fault::{Fault, FaultQueue, Operation, QUEUE_MAX};
use super::json::Rng;
use super::notify::{DeliveryRecord, Notice};
use super::request::{self, OrderKey, PlaceOrder, Request};

/// The most calls remembered; older ones are forgotten.
const CALLS_MAX: usize = 100_000;

/// One call as the simulator saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// When, Unix milliseconds of the simulator's clock.
    pub at: u64,
    /// What was asked.
    pub operation: Operation,
    /// About which order, the merchant's number, where known.
    pub merchant_order_no: Option<String>,
    /// The code that was, or would have been, answered.
    pub code: String,
    /// What went wrong with the answer.
    pub fault: Option<Fault>,
}

/// Everything that changes.
pub(crate) struct State {
    pub(crate) book: Book,
    pub(crate) faults: FaultQueue,
    pub(crate) conduct: Conduct,
    pub(crate) calls: VecDeque<Call>,
    pub(crate) notices: VecDeque<Notice>,
    pub(crate) deliveries: VecDeque<DeliveryRecord>,
    pub(crate) offset: i64,
    pub(crate) rng: Rng,
    pub(crate) trace: u64,
    /// Every number ever placed, with its content.
    seen: BTreeMap<String, Value>,
    /// Requests that were lost on the way, and when they arrive.
    pub(crate) late: Vec<(u64, Request)>,
}

impl State {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            book: Book::default(),
            faults: FaultQueue::default(),
            conduct: Conduct::default(),
            calls: VecDeque::new(),
            notices: VecDeque::new(),
            deliveries: VecDeque::new(),
            offset: 0,
            rng: Rng::new(seed),
            trace: 482_900,
            seen: BTreeMap::new(),
            late: Vec::new(),
        }
    }

    /// Adds a call to the log.
    pub(crate) fn remember(&mut self, call: Call) {
        if self.calls.len() >= CALLS_MAX {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    /// Returns the merchant's number a call is about, also where no such order
    /// exists.
    pub(crate) fn number_of(&self, operation: Operation, request: &Request) -> Option<String> {
        if operation == Operation::PlaceOrder {
            return request::merchant_order_no(&request.content).ok();
        }
        match OrderKey::read(&request.content).ok()? {
            OrderKey::MerchantOrderNo(number) => Some(number),
            key => self.book.find(&key).ok(),
        }
    }

    /// Notes what is wrong with placing this number now.
    pub(crate) fn watch_placing(
        &mut self,
        number: &str,
        request: &Request,
        partner: &str,
        now: u64,
    ) {
        let placing = Operation::PlaceOrder;
        let mut note = |rule, why: &str| self.conduct.note(now, placing, Some(number), rule, why);
        match self.seen.get(number) {
            Some(content) if *content == request.content => {
                note(Rule::PlacedAgain, "placed again; query it instead");
            }
            Some(_) => note(Rule::NumberReused, "the number had another content before"),
            None if self.seen.len() >= ORDERS_MAX => {}
            None => {
                self.seen.insert(number.to_owned(), request.content.clone());
            }
        }
        if let Ok((_, missing)) = PlaceOrder::read(request, partner) {
            for (rule, why) in missing {
                self.conduct.note(now, placing, Some(number), rule, why);
            }
        }
    }

    /// Queues a notification of the order as it is now, if it has a `notifyUrl`.
    pub(crate) fn notify(&mut self, number: &str) -> bool {
        let full = self.notices.len() >= QUEUE_MAX;
        let Some(order) = self.book.order_mut(number).filter(|_| !full) else {
            return false;
        };
        let Some(url) = order.content["notifyUrl"].as_str().map(str::to_owned) else {
            return false;
        };
        order.notices += 1;
        let notify_id = format!("{}{:02}", &order.record.order_no[2..], order.notices % 100);
        self.notices.push_back(Notice {
            number: number.to_owned(),
            url,
            notify_id,
        });
        true
    }

    /// Says a call in a story.
    pub(crate) fn tell(
        &self,
        operation: Operation,
        number: Option<&str>,
        answer: &Answer,
        fault: Option<&Fault>,
    ) -> String {
        let order = number.and_then(|number| self.book.order(number));
        let about = match (order, number) {
            (Some(order), _) => order.story(),
            (None, number) => number.unwrap_or("?").to_owned(),
        };
        let said = match answer.code.as_str() {
            "0" => String::new(),
            code => format!(" -> {code} {}", answer.message),
        };
        let wrong = fault
            .map(|fault| format!("  [{fault:?}]"))
            .unwrap_or_default();
        format!("{:<11} {about}{said}{wrong}", operation.name())
    }
}
