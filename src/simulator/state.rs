//! Everything about a gateway that changes.

use std::collections::VecDeque;

use super::book::{Book, Subject};
use super::conduct::Conduct;
use super::fault::{FaultQueue, QUEUE_MAX};
use super::gateway::Gateway;
use super::json::Rng;
use super::ledger::{Call, DeliveryRecord};

/// The most calls remembered; older ones are forgotten.
const CALLS_MAX: usize = 100_000;

/// Something to tell the merchant.
#[derive(Clone)]
pub(crate) struct Notice {
    pub(crate) subject: Subject,
    pub(crate) url: String,
    pub(crate) notify_id: String,
}

/// A request that was lost on the way, and when it arrives.
pub(crate) struct Late<G: Gateway> {
    pub(crate) due: u64,
    pub(crate) operation: G::Operation,
    pub(crate) request: G::Request,
}

/// Everything that changes.
pub(crate) struct State<G: Gateway> {
    pub(crate) book: Book,
    pub(crate) faults: FaultQueue<G::Operation>,
    pub(crate) conduct: Conduct<G::Operation>,
    pub(crate) calls: VecDeque<Call<G::Operation>>,
    pub(crate) notices: VecDeque<Notice>,
    pub(crate) deliveries: VecDeque<DeliveryRecord>,
    pub(crate) offset: i64,
    pub(crate) rng: Rng,
    pub(crate) serial: u64,
    pub(crate) late: Vec<Late<G>>,
}

impl<G: Gateway> State<G> {
    pub(crate) fn new(gateway: &G) -> Self {
        Self {
            book: Book::default(),
            faults: FaultQueue::default(),
            conduct: Conduct::new(gateway.pace()),
            calls: VecDeque::new(),
            notices: VecDeque::new(),
            deliveries: VecDeque::new(),
            offset: 0,
            rng: Rng::new(gateway.basics().seed),
            serial: 0,
            late: Vec::new(),
        }
    }

    /// Adds a call to the log.
    pub(crate) fn remember(&mut self, call: Call<G::Operation>) {
        if self.calls.len() >= CALLS_MAX {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    /// Queues a notification of an order or refund as it is now, if it has an
    /// address for it.
    pub(crate) fn notify(&mut self, subject: &Subject) -> bool {
        if self.notices.len() >= QUEUE_MAX {
            return false;
        }
        let count = match subject {
            Subject::Order(number) => self.book.change(number, |order| {
                order.notices += 1;
                (
                    order.content.clone(),
                    order.gateway_no.clone(),
                    order.notices,
                )
            }),
            Subject::Refund(number) => self.book.change_refund(number, |refund| {
                refund.notices += 1;
                let content = refund.content.clone();
                (content, refund.gateway_no.clone(), refund.notices)
            }),
        };
        let Some((content, gateway_no, count)) = count else {
            return false;
        };
        let url = ["notifyUrl", "notify_url"]
            .iter()
            .find_map(|name| content.get(*name)?.as_str());
        let Some(url) = url else {
            return false;
        };
        let tail = gateway_no.get(gateway_no.len().saturating_sub(16)..);
        self.notices.push_back(Notice {
            subject: subject.clone(),
            url: url.to_owned(),
            notify_id: format!("{}{:02}", tail.unwrap_or_default(), count % 100),
        });
        true
    }
}
