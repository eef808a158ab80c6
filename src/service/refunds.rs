//! What callers ask about refunds.

use super::driver::Message;
use super::replay::read_tender;
use super::view::{RefundView, refund_view};
use super::{Service, Trouble, read};
use crate::domain::{Amount, Event, IdempotencyKey, NewRefund, Refund, RefundId, Tender, TenderId};
use std::time::Duration;

/// What a caller may give back by himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// Whatever is left of the payment.
    All,
    /// Of one payment, all refunds together, as much as its lane allows without a manager.
    Limited,
}

impl Service {
    /// Gives money of a paid tender back, or finds the refund with the same key and
    /// content. The flag says whether it is new.
    ///
    /// # Errors
    /// See [`Trouble`]; [`Trouble::NeedsManager`] where the allowance does not reach.
    pub async fn refund(
        &self,
        new: NewRefund,
        allowance: Allowance,
    ) -> Result<(RefundView, bool), Trouble> {
        // Held until the refund is durable: two at a time must not share what is left.
        let _alone = match allowance {
            Allowance::All => None,
            Allowance::Limited => {
                let alone = self.limited.lock().await;
                self.allow(&new).await?;
                Some(alone)
            }
        };
        let (key, language) = (new.key.clone(), self.language);
        let asked = self.ask_for(
            |reply| Message::Ask(Event::Refund(new), reply),
            move |tender, is_new| {
                let refund = by_key(tender, &key)?;
                Some((refund_view(tender, refund, language), is_new))
            },
        );
        let gone = || Trouble::Unavailable("the refund cannot be found again".to_owned());
        asked.await?.ok_or_else(gone)
    }

    /// Whether a refund is within what the lane allows without a manager.
    async fn allow(&self, new: &NewRefund) -> Result<(), Trouble> {
        let id = new.tender.clone();
        let tender = read(&self.reader, move |reader| read_tender(reader, &id)).await?;
        let Some(tender) = tender else {
            // The core says that there is none.
            return Ok(());
        };
        if by_key(&tender, &new.key).is_some() {
            return Ok(());
        }
        let limit = self.refund_limits.get(&tender.lane).copied();
        let asked_for = tender
            .refunds
            .iter()
            .filter(|r| r.counts() && !r.is_of_duty());
        let given: u64 = asked_for.map(|refund| refund.amount.minor).sum();
        let within = |limit: Amount| {
            limit.currency == new.amount.currency
                && given
                    .checked_add(new.amount.minor)
                    .is_some_and(|sum| sum <= limit.minor)
        };
        match limit.is_some_and(within) {
            true => Ok(()),
            false => Err(Trouble::NeedsManager(limit)),
        }
    }

    /// A refund as it is now.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn refund_of(&self, id: &RefundId) -> Result<Option<RefundView>, Trouble> {
        let (id, language) = (id.clone(), self.language);
        read(&self.reader, move |reader| {
            let tender = read_tender(reader, &id.tender)?;
            let view = tender.as_ref().and_then(|tender| {
                let refund = tender.refund(id.number)?;
                Some(refund_view(tender, refund, language))
            });
            Ok(view)
        })
        .await
    }

    /// A refund as soon as it has an end, or as it is when the time is over or the
    /// service ends.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn await_refund(
        &self,
        id: &RefundId,
        limit: Duration,
    ) -> Result<Option<RefundView>, Trouble> {
        let ended = |view: &RefundView| view.ended.is_some();
        self.until(limit, || self.refund_of(id), ended).await
    }

    /// The text of the code that a tender shows, once there is one.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn shown_code(&self, id: &TenderId) -> Result<Option<String>, Trouble> {
        let view = self.tender(id).await?;
        Ok(view
            .and_then(|view| view.display)
            .and_then(|shown| shown.text))
    }
}

fn by_key<'a>(tender: &'a Tender, key: &IdempotencyKey) -> Option<&'a Refund> {
    tender.refunds.iter().find(|r| r.key.as_ref() == Some(key))
}
