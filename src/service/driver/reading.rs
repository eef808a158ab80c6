//! Codes: from a scanner for whatever the lane collects, or from a caller for a
//! tender. Classified and routed here, decided by the core.

use super::batch::Batch;
use super::{Clock, Driver, Front, Hands, Moment, Outcome, Ports};
use crate::domain::code::PaymentCode;
use crate::domain::{CodeRead, Denial, Event, GatewayId, LaneId, TenderId};
use crate::journal::JournalError;
use crate::service::Trouble;
use crate::service::intake::Routed;
use crate::service::view::Notice;
use crate::service::wording::{denial_text, stale_scan_text};
use std::time::Duration;

/// A scan that waited longer than this is not submitted (`docs/codes.md`).
const SCAN_AGE: Duration = Duration::from_secs(10);

/// Gateways take requests that are 15 minutes off; beyond this no new one is sent.
pub const CLOCK_ERROR_MAX: Duration = Duration::from_secs(10 * 60);

/// One screen read twice by one trigger, also once by each of its symbols, is one scan.
const DOUBLE_READ: Duration = Duration::from_secs(2);

impl<P: Ports> Driver<P> {
    /// A code for a tender, from wherever: classified, routed, then stepped.
    pub(super) fn code(
        &mut self,
        id: &TenderId,
        scanned: &PaymentCode,
        batch: &mut Batch<P>,
    ) -> Result<Outcome, JournalError> {
        self.load(id)?;
        let Some(tender) = self.state.tenders.get(id) else {
            return Ok(Err(Trouble::Denied(Denial::NoTender)));
        };
        if let Some(why) = &self.refusing {
            return Ok(Err(Trouble::Unavailable(why.clone())));
        }
        let lane = self.state.setup.lanes.get(&tender.lane);
        let gateways = lane
            .map(|lane| lane.gateways.as_slice())
            .unwrap_or_default();
        let forced = tender.gateway.as_ref();
        let routed = match self.intake.route(scanned, gateways, forced, self.language) {
            Ok(routed) => routed,
            Err(trouble) => return Ok(Err(trouble)),
        };
        if let Some(why) = self.clock_is_off(&routed.gateway) {
            return Ok(Err(Trouble::Unavailable(why)));
        }
        let Routed {
            gateway,
            wallet,
            masked,
            to_send,
        } = routed;
        let fingerprint = self.fingerprints.of(&to_send, &mut self.clock);
        let read = Event::CodeRead {
            tender: id.clone(),
            code: CodeRead {
                gateway,
                wallet,
                masked,
                fingerprint,
            },
        };
        self.event(&read, Some(&to_send), batch)
    }

    /// A scan is for the tender that the lane has; what is wrong with it is told the cashier.
    pub(super) fn scan(
        &mut self,
        lane: &LaneId,
        code: &PaymentCode,
        ended: Moment,
        batch: &mut Batch<P>,
    ) -> Result<(), JournalError> {
        let now = self.clock.moment();
        let mut of_lane = self.state.tenders.values().filter(|t| t.lane == *lane);
        let tender = of_lane.find(|t| t.verdict.is_none()).map(|t| t.id.clone());
        let outcome = if now.since(ended) > SCAN_AGE {
            batch.notices.push(Notice::new(
                lane,
                batch.at,
                "stale_scan",
                stale_scan_text(self.language),
            ));
            return Ok(());
        } else if let Some(tender) = tender {
            self.code(&tender, code, batch)?
        } else {
            match self.intake.classify(code, self.language) {
                Err(trouble) => Err(trouble),
                Ok(_) => Err(Trouble::Denied(Denial::NotArmed)),
            }
        };
        let Err(trouble) = outcome else {
            self.front.count("scans_total", "submitted");
            batch.scans.push(lane.clone());
            self.submitted.insert(lane.clone(), now);
            return Ok(());
        };
        let again = matches!(
            trouble,
            Trouble::Denied(Denial::CodeInProcess | Denial::CodeUsed)
        );
        let before = self.submitted.get(lane);
        if again && before.is_some_and(|at| now.since(*at) < DOUBLE_READ) {
            self.front.count("scans_total", "double_read");
            return Ok(());
        }
        let (code, text) = self.trouble_text(trouble);
        self.front.count("scans_total", &code);
        batch
            .notices
            .push(Notice::new(lane, batch.at, &code, &text));
        Ok(())
    }

    /// Why no payment may be sent to a gateway whose clock is too far from ours:
    /// it would refuse the request, or take it too late.
    fn clock_is_off(&self, gateway: &GatewayId) -> Option<String> {
        let error = self.hands.clock_error(gateway)?;
        (error > CLOCK_ERROR_MAX).then(|| {
            format!(
                "this machine's clock is {} minutes off the gateway's; set it right to take payments",
                error.as_secs() / 60
            )
        })
    }

    fn trouble_text(&self, trouble: Trouble) -> (String, String) {
        match trouble {
            Trouble::Denied(denial) => (
                denial.code().to_owned(),
                denial_text(&denial, self.language),
            ),
            Trouble::NotACode { reason, text } => (reason, text),
            Trouble::NoGatewayForCode { text } => ("no_gateway_for_code".to_owned(), text),
            Trouble::NeedsManager(_) => ("needs_manager".to_owned(), String::new()),
            Trouble::Busy => ("busy".to_owned(), String::new()),
            Trouble::Unavailable(text) => ("unavailable".to_owned(), text),
        }
    }
}
