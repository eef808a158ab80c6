//! Notifications: flat messages about payments and refunds, signed like answers.
//!
//! `3_Payment/payment-result-notification.mdx`, `4_Refund/refund-result-notification.mdx`.

use super::answer::{self, Expected, Forged};
use super::received::{Misshapen, Notice};
use crate::domain::{Answer, RefundAnswer, Unknown};
use crate::gateway::{Notification, NotificationAbout, NotificationError};
use reqwest::header::HeaderMap;

/// Verifies and reads one.
pub(super) fn read(
    headers: &HeaderMap,
    body: &[u8],
    expected: &Expected<'_>,
) -> Result<Notification, NotificationError> {
    match answer::signed(headers, body, expected.key) {
        Ok(true) => {}
        Ok(false) | Err(Forged) => return Err(NotificationError::Unsigned),
    }
    let notice: Notice<'_> =
        serde_json::from_slice(body).map_err(|_| NotificationError::Malformed)?;
    let about = about(&notice, expected.payee).map_err(|Misshapen| NotificationError::Malformed)?;
    Ok(Notification {
        id: notice.id(),
        about,
    })
}

fn about(notice: &Notice<'_>, payee: &str) -> Result<NotificationAbout, Misshapen> {
    // An answer to a call is no notification.
    if notice.head.is_some() {
        return Err(Misshapen);
    }
    let other = |kind: &str| Ok(NotificationAbout::Other(kind.to_owned()));
    match (&notice.order, &notice.refund) {
        (Some(order), None) => {
            let answer = answer::order(order, payee, None, None);
            let malformed = Answer::Unknown(Unknown::Malformed);
            let answer = answer.unwrap_or(malformed);
            Ok(NotificationAbout::Order(order.number()?, answer))
        }
        (None, Some(refund)) => {
            let answer = answer::refund_report(refund, None);
            let malformed = RefundAnswer::Unknown(Unknown::Malformed);
            let answer = answer.unwrap_or(malformed);
            Ok(NotificationAbout::Refund(refund.number()?, answer))
        }
        (Some(_), Some(_)) => Err(Misshapen),
        (None, None) if notice.chargeback.is_some() => other("acquireChargeback"),
        (None, None) if notice.void.is_some() => other("voidOrder"),
        (None, None) => other("unknown"),
    }
}
