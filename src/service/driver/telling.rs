//! Notifications: whose order or refund they are about.
//!
//! A notification names a number of ours and nothing else. The journal knows the
//! tender; another gateway's word about it counts for nothing.

use super::{Book, Driver, Ports};
use crate::domain::{Event, GatewayId, Operation, OrderNumber, RefundId, RefundOperation, Tender};
use crate::gateway::NotificationAbout;
use crate::journal::JournalError;

impl<P: Ports> Driver<P> {
    /// The event of a notification; none when it is about nothing of ours.
    pub(super) fn told(
        &mut self,
        gateway: &GatewayId,
        about: NotificationAbout,
    ) -> Result<Option<Event>, JournalError> {
        let (NotificationAbout::Order(number, _) | NotificationAbout::Refund(number, _)) = &about
        else {
            return Ok(None);
        };
        let Some(id) = self.book.by_order(number)? else {
            return Ok(None);
        };
        self.load(&id)?;
        let Some(tender) = self.state.tenders.get(&id) else {
            return Ok(None);
        };
        Ok(match about {
            NotificationAbout::Order(number, answer) => {
                let mut attempts = tender.attempts.iter();
                let ours = attempts.find(|a| a.order == number && a.gateway == *gateway);
                ours.map(|attempt| Event::Answered {
                    attempt: attempt.id.clone(),
                    operation: Operation::Notification,
                    answer,
                })
            }
            NotificationAbout::Refund(number, answer) => {
                refund_of(tender, gateway, &number).map(|refund| Event::RefundAnswered {
                    refund,
                    operation: RefundOperation::Notification,
                    answer,
                })
            }
            NotificationAbout::Other(_) => None,
        })
    }
}

/// The refund of a tender that has this number at this gateway.
fn refund_of(tender: &Tender, gateway: &GatewayId, number: &OrderNumber) -> Option<RefundId> {
    let refund = tender.refunds.iter().find(|r| r.number == *number)?;
    let attempt = tender.attempt(refund.attempt)?;
    (attempt.gateway == *gateway).then(|| refund.id.clone())
}
