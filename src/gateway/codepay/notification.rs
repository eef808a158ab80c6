//! Notifications: flat messages about payments and refunds, signed like answers.

use super::canonical::Members;
use super::transaction::{Misshapen, REFUND, SALE, Transaction};
use crate::domain::{Answer, RefundAnswer, Unknown};
use crate::gateway::keys::PublicKey;
use crate::gateway::{Notification, NotificationAbout, NotificationError};

/// Verifies and reads one, for this app and merchant.
pub(super) fn read(
    body: &[u8],
    key: &PublicKey,
    app_id: &str,
    merchant_no: &str,
) -> Result<Notification, NotificationError> {
    let members = Members::read(body).ok_or(NotificationError::Unsigned)?;
    if members.signed_by(key) != Some(true) {
        return Err(NotificationError::Unsigned);
    }
    let transaction: Transaction<'_> =
        serde_json::from_slice(body).map_err(|_| NotificationError::Malformed)?;
    about(&transaction, app_id, merchant_no).map_err(|Misshapen| NotificationError::Malformed)
}

fn about(
    transaction: &Transaction<'_>,
    app_id: &str,
    merchant_no: &str,
) -> Result<Notification, Misshapen> {
    // `CallbackNotificationNotes`: idempotent by `trans_no` and `trans_status`.
    let status = transaction.status()?;
    let id = transaction.trans_no().zip(status);
    let id = id.map(|(trans_no, status)| format!("{trans_no}-{status}"));
    let other = |what: &str| Notification {
        id: id.clone(),
        about: NotificationAbout::Other(what.to_owned()),
    };
    if !transaction.names_merchant() {
        return Err(Misshapen);
    }
    if !transaction.is_of(app_id, merchant_no) {
        return Ok(other("another merchant's"));
    }
    let number = transaction.number()?.ok_or(Misshapen)?;
    let about = match transaction.kind()? {
        Some(SALE) => {
            let answer = transaction.payment(number.clone(), None, None);
            let malformed = Answer::Unknown(Unknown::Malformed);
            NotificationAbout::Order(number, answer.unwrap_or(malformed))
        }
        Some(REFUND) => {
            let answer = transaction.refund(number.clone(), None, None);
            let malformed = RefundAnswer::Unknown(Unknown::Malformed);
            NotificationAbout::Refund(number, answer.unwrap_or(malformed))
        }
        Some(kind) => return Ok(other(&format!("trans_type {kind}"))),
        None => return Ok(other("without a trans_type")),
    };
    Ok(Notification { id, about })
}
