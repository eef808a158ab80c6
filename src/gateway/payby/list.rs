//! PayBy's own list of a merchant's orders and refunds, day by day: what is left to
//! rebuild from when a journal was lost.
//!
//! A page is asked for at a time, at PayBy's pace of one question a second
//! (`3_Payment/query-order-page.mdx`, `4_Refund/query-refund-order-page.mdx`). The order of
//! the list is not documented and new orders may move it: every order is handed on once,
//! and at the end there must be as many as PayBy counts, or the list was not whole.

use super::answer::{self, opened};
use super::received::{AcquireOrder, Misshapen, PageBody, ReceivedRefund};
use super::{PayBy, wire};
use crate::domain::{Answer, OrderNumber, RefundAnswer, Timestamp, Unknown};
use crate::gateway::reading::{Proof, Reading};
use jiff::civil::Date;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// Orders a page: below the size that an answer may have.
const PAGE_SIZE: u32 = 100;
/// Orders of one list at most; ask for fewer days where there are more.
const ORDERS_MAX: u64 = 100_000;
/// Ours: "keep below one request a second".
const PAUSE: Duration = Duration::from_secs(1);

/// From one day to another, both included, as PayBy counts days (Gulf time).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

/// An order of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its number: ours, or that of another program of the merchant's.
    pub number: OrderNumber,
    /// When it was first asked for.
    pub requested: Option<Timestamp>,
    /// What became of it, as an enquiry would say; [`Answer::Unknown`] where that
    /// cannot be told from the list.
    pub answer: Answer,
}

/// A refund of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRefund {
    /// Its number.
    pub number: OrderNumber,
    /// What became of it, as an enquiry would say.
    pub answer: RefundAnswer,
}

/// Why a list came to no good end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListError {
    /// PayBy refused the question, with this code.
    Refused(String),
    /// Nobody answered, or nothing that can be trusted.
    Unanswered(Unknown),
    /// Connecting failed.
    NotSent,
    /// There are more orders than a list may have: ask for fewer days.
    TooMany(u64),
    /// It changed while it was read, and orders are missing: ask again.
    Changed,
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "PayBy refuses to list orders, code {code}"),
            Self::Unanswered(why) => write!(f, "PayBy's list of orders did not come ({why:?})"),
            Self::NotSent => f.write_str("PayBy cannot be reached"),
            Self::TooMany(count) => {
                write!(
                    f,
                    "{count} orders are too many for one list; ask for fewer days"
                )
            }
            Self::Changed => f.write_str("the list changed while it was read; ask again"),
        }
    }
}

impl std::error::Error for ListError {}

/// A list under way.
struct List<'a> {
    payby: &'a PayBy,
    path: &'static str,
    days: Days,
    pause: Duration,
    page: u32,
    seen: BTreeSet<OrderNumber>,
    over: bool,
}

/// The orders of some days, page by page.
pub struct Orders<'a>(List<'a>);

/// The refunds of some days, page by page.
pub struct Refunds<'a>(List<'a>);

impl PayBy {
    /// Lists the orders of these days; nothing is asked before the first page is.
    pub fn orders(&self, days: Days) -> Orders<'_> {
        Orders(List::new(self, "/acquire2Query/queryOrderPage", days))
    }

    /// Lists the refunds of these days; nothing is asked before the first page is.
    pub fn refunds(&self, days: Days) -> Refunds<'_> {
        Refunds(List::new(self, "/acquire2Query/queryRefundOrderPage", days))
    }
}

impl Orders<'_> {
    /// The orders of the next page that were on none before. None after the last.
    ///
    /// # Errors
    /// After one, nothing that was handed on may be taken for all there is.
    pub async fn next(&mut self, limit: Duration) -> Result<Option<Vec<Listed>>, ListError> {
        let payee = self.0.payby.payee();
        let item = |raw: &RawValue| {
            let order: AcquireOrder<'_> = parse(raw)?;
            Ok(Listed {
                number: order.number()?,
                requested: order.requested(),
                answer: answer::order(&order, payee, None, None)
                    .unwrap_or(Answer::Unknown(Unknown::Malformed)),
            })
        };
        self.0.next(limit, item, |listed| &listed.number).await
    }
}

impl Refunds<'_> {
    /// The refunds of the next page that were on none before. None after the last.
    ///
    /// # Errors
    /// As [`Orders::next`].
    pub async fn next(&mut self, limit: Duration) -> Result<Option<Vec<ListedRefund>>, ListError> {
        let item = |raw: &RawValue| {
            let refund: ReceivedRefund<'_> = parse(raw)?;
            Ok(ListedRefund {
                number: refund.number()?,
                answer: answer::refund_report(&refund, None)
                    .unwrap_or(RefundAnswer::Unknown(Unknown::Malformed)),
            })
        };
        self.0.next(limit, item, |listed| &listed.number).await
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Misshapen> {
    serde_json::from_str(raw.get()).map_err(|_| Misshapen)
}

impl<'a> List<'a> {
    fn new(payby: &'a PayBy, path: &'static str, days: Days) -> Self {
        Self {
            payby,
            path,
            days,
            pause: PAUSE,
            page: 0,
            seen: BTreeSet::new(),
            over: false,
        }
    }

    async fn next<T>(
        &mut self,
        limit: Duration,
        item: impl Fn(&RawValue) -> Result<T, Misshapen>,
        number: impl Fn(&T) -> &OrderNumber,
    ) -> Result<Option<Vec<T>>, ListError> {
        if self.over {
            return Ok(None);
        }
        // Whatever goes wrong, the list ends here.
        self.over = true;
        if self.page > 0 {
            tokio::time::sleep(self.pause).await;
        }
        let page = self.ask(limit, item).await?;
        if page.total > ORDERS_MAX {
            return Err(ListError::TooMany(page.total));
        }
        let mut items = page.items;
        let full = !items.is_empty();
        items.retain(|item| self.seen.insert(number(item).clone()));
        self.page += 1;
        let last = u64::from(self.page) >= page.pages || !full;
        if last && (self.seen.len() as u64) < page.total {
            return Err(ListError::Changed);
        }
        self.over = last;
        Ok(Some(items))
    }

    async fn ask<T>(
        &self,
        limit: Duration,
        item: impl Fn(&RawValue) -> Result<T, Misshapen>,
    ) -> Result<Page<T>, ListError> {
        let payby = self.payby;
        let content = wire::ByDays {
            start_date: self.days.first.to_string(),
            end_date: self.days.last.to_string(),
            sort_page_param: wire::PageParam {
                number: self.page,
                size: PAGE_SIZE,
            },
        };
        let request = wire::request(payby.http.corrected_time(), &content);
        let request = request.and_then(|body| payby.sign(body));
        let request = request.ok_or(ListError::NotSent)?;
        let reading = match payby.http.post(payby.url(self.path), request, limit).await {
            Ok(reply) => opened(
                &reply,
                &payby.gateway_key,
                |body| {
                    let body: PageBody<'_> = body.parse()?;
                    let items = body.items.iter().map(|raw| item(raw));
                    Ok(Paged::Page(Page {
                        total: body.total_elements,
                        pages: body.total_pages,
                        items: items.collect::<Result<_, _>>()?,
                    }))
                },
                |code, _| Paged::Refused(code.to_owned()),
                |_| Unknown::Unsigned,
            ),
            Err(failure) => Reading::from(failure),
        };
        match reading.answer {
            Paged::Page(page) => Ok(page),
            Paged::Refused(code) => Err(ListError::Refused(code)),
            Paged::Unknown(why) => Err(ListError::Unanswered(why)),
            Paged::NotSent => Err(ListError::NotSent),
        }
    }
}

struct Page<T> {
    total: u64,
    pages: u64,
    items: Vec<T>,
}

/// The answer to a question for a page.
enum Paged<T> {
    Page(Page<T>),
    Refused(String),
    Unknown(Unknown),
    NotSent,
}

impl<T> Proof for Paged<T> {
    fn unknown(why: Unknown) -> Self {
        Self::Unknown(why)
    }

    fn not_sent() -> Self {
        Self::NotSent
    }

    fn why_unknown(&self) -> Option<Unknown> {
        match self {
            Self::Unknown(why) => Some(*why),
            _ => None,
        }
    }

    fn class(&self) -> String {
        match self {
            Self::Page(page) => format!("Page({} of {})", page.items.len(), page.total),
            Self::Refused(code) => format!("Refused({code})"),
            Self::Unknown(why) => format!("Unknown({why:?})"),
            Self::NotSent => "NotSent".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
