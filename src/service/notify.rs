//! Gateways' notifications: verified, made durable, then acknowledged.
//!
//! ```text
//!   bytes ─▶ signed by this gateway? ─▶ of an order of ours? ─▶ driver ─▶ flushed ─▶ "success"
//!                 │ no                         │ no
//!                 └ refused, counted, alerted  └ kept as a remark, alerted ─▶ "success"
//! ```
//!
//! They shorten a wait and are never needed: with notifications off everything
//! reaches the same end by enquiries. So under pressure they are what is dropped,
//! and the gateway sends them again.

use super::driver::Message;
use super::view::Notice;
use super::wording::{forged_text, kept_text};
use super::{Service, Trouble, stopped};
use crate::domain::{Answer, GatewayId, RefundAnswer, Remark, Told};
use crate::gateway::{Gateway, NotificationAbout, NotificationError};
use crate::journal::{JournalError, Reader};
use reqwest::header::HeaderMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Kept notifications that are remembered, so that their repetitions are not kept again.
const KEPT_MAX: usize = 1000;

/// Forged notifications are told of once in so long: whoever sends them may send many.
const FORGED_PAUSE: Duration = Duration::from_secs(60);

/// Why a notification was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotifyError {
    /// No such gateway is configured.
    NoGateway,
    /// It is not signed by the gateway.
    Forged,
    /// The gateway's own word, in a shape that no document knows.
    Unreadable,
    /// It could not be made durable; the gateway will send it again.
    Unavailable(Trouble),
}

/// What notifications need beside the rest of a service.
#[derive(Default)]
pub(super) struct Ear {
    gateways: BTreeMap<GatewayId, Arc<Gateway>>,
    /// What was kept already.
    kept: Mutex<BTreeSet<String>>,
    /// When a forged one was last told of.
    told: Mutex<Option<Instant>>,
}

impl Ear {
    /// With what the journal has kept so far.
    pub(super) fn new(
        gateways: BTreeMap<GatewayId, Arc<Gateway>>,
        reader: &Reader,
    ) -> Result<Self, JournalError> {
        let remarks = reader.newest_remarks(KEPT_MAX)?;
        let kept = remarks.iter().filter_map(|entry| name(&entry.remark));
        Ok(Self {
            gateways,
            kept: Mutex::new(kept.collect()),
            told: Mutex::default(),
        })
    }
}

impl Service {
    /// Takes a notification that came for a gateway: its headers and its exact bytes.
    /// When this returns, what came of it is durable; the answer is the content type
    /// and the body that the gateway must get, with HTTP status 200.
    ///
    /// # Errors
    /// See [`NotifyError`]; then it must not be acknowledged.
    pub async fn notified(
        &self,
        gateway: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(&'static str, &'static str), NotifyError> {
        let ears = &self.ear.gateways;
        let found = ears.iter().find(|(id, _)| id.as_str() == gateway);
        let (id, gateway) = found.ok_or(NotifyError::NoGateway)?;
        let notification = match gateway.read_notification(headers, body) {
            Ok(notification) => notification,
            Err(NotificationError::Unsigned) => {
                self.forged(id);
                return Err(NotifyError::Forged);
            }
            Err(NotificationError::Malformed) => {
                self.board.count("notifications_total", "unreadable");
                tracing::warn!(gateway = %id, "a signed notification has an unknown shape");
                return Err(NotifyError::Unreadable);
            }
        };
        let remark = Remark::NotificationKept {
            gateway: id.clone(),
            id: notification.id,
            told: told(&notification.about),
        };
        let about = notification.about;
        match self
            .ask(|reply| Message::Told(id.clone(), about, reply))
            .await
        {
            Ok(_) => self.board.count("notifications_total", "taken"),
            Err(Trouble::Denied(_)) => self.keep(id, remark).await?,
            Err(trouble) => return Err(NotifyError::Unavailable(trouble)),
        }
        Ok(gateway.acknowledgement())
    }

    /// Keeps what belongs to no tender, once.
    async fn keep(&self, gateway: &GatewayId, remark: Remark) -> Result<(), NotifyError> {
        let name = name(&remark).unwrap_or_default();
        let known = || self.ear.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(&name) {
            self.board.count("notifications_total", "repeated");
            return Ok(());
        }
        let (reply, kept) = oneshot::channel();
        let message = Message::Keep(
            remark,
            Box::new(|outcome| {
                // Nobody waits when the connection is gone: it is kept all the same.
                let _ = reply.send(outcome);
            }),
        );
        let sent = self.messages.try_send(message);
        sent.map_err(|_| NotifyError::Unavailable(Trouble::Busy))?;
        let outcome = kept.await.unwrap_or_else(|_| Err(stopped()));
        outcome.map_err(NotifyError::Unavailable)?;
        let mut known = known();
        if known.len() >= KEPT_MAX {
            known.pop_first();
        }
        known.insert(name);
        drop(known);
        self.board.count("notifications_total", "kept");
        self.board.count("alerts_total", "notification_kept");
        tracing::warn!(%gateway, "a notification is about nothing in this journal: kept");
        self.tell(
            gateway,
            "notification_kept",
            &kept_text(gateway, self.language),
        );
        Ok(())
    }

    fn forged(&self, gateway: &GatewayId) {
        self.board.count("notifications_total", "forged");
        let mut told = self.ear.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_some_and(|at| at.elapsed() < FORGED_PAUSE) {
            return;
        }
        *told = Some(Instant::now());
        drop(told);
        self.board.count("alerts_total", "notification_forged");
        tracing::warn!(%gateway, "a notification is not signed by the gateway: refused");
        let text = forged_text(gateway, self.language);
        self.tell(gateway, "notification_forged", &text);
    }

    /// A notice that belongs to no lane.
    fn tell(&self, gateway: &GatewayId, code: &str, text: &str) {
        let notice = Notice::of_box(super::wall_clock(), code, text);
        self.board.write(|boards| {
            if let Some(view) = boards.gateways.get_mut(gateway) {
                view.notice = Some(notice.clone());
            }
        });
        // Nobody may be listening.
        let _ = self.notices.send(notice);
    }
}

fn told(about: &NotificationAbout) -> Told {
    match about {
        NotificationAbout::Order(number, answer) => Told::Order {
            number: number.clone(),
            report: match answer {
                Answer::Report(report) => Some(report.clone()),
                _ => None,
            },
        },
        NotificationAbout::Refund(number, answer) => Told::Refund {
            number: number.clone(),
            report: match answer {
                RefundAnswer::Report(report) => Some(report.clone()),
                _ => None,
            },
        },
        NotificationAbout::Other(kind) => Told::Other { kind: kind.clone() },
    }
}

/// What repetitions share. A gateway may give the same news another number: what it
/// says of an order or a refund counts, and the number only where nothing is named.
fn name(remark: &Remark) -> Option<String> {
    let Remark::NotificationKept { gateway, id, told } = remark else {
        return None;
    };
    Some(match told {
        Told::Order { number, report } => {
            let status = report.as_ref().map(|report| &report.status);
            format!("{gateway} order {number} {status:?}")
        }
        Told::Refund { number, report } => {
            let status = report.as_ref().map(|report| &report.status);
            format!("{gateway} refund {number} {status:?}")
        }
        Told::Other { kind } => format!("{gateway} {kind} {id:?}"),
    })
}
