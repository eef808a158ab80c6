//! Codes: from a scanner for whatever the lane collects, or from a caller for a
//! tender. Classified and routed here, decided by the core.

use super::batch::Batch;
use super::{Driver, Outcome};
use crate::domain::code::PaymentCode;
use crate::domain::{CodeRead, Denial, Event, LaneId, TenderId};
use crate::journal::JournalError;
use crate::service::Trouble;
use crate::service::intake::Routed;
use crate::service::view::Notice;
use crate::service::wording::{denial_text, stale_scan_text};
use std::time::Duration;
use tokio::time::Instant;

/// A scan that waited longer than this is not submitted (`docs/codes.md`).
const SCAN_AGE: Duration = Duration::from_secs(10);

/// One screen read twice by one trigger, also once by each of its symbols, is one scan.
const DOUBLE_READ: Duration = Duration::from_secs(2);

impl Driver {
    /// A code for a tender, from wherever: classified, routed, then stepped.
    pub(super) fn code(
        &mut self,
        id: &TenderId,
        scanned: &PaymentCode,
        batch: &mut Batch,
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
        if let Some(why) = self.calls.clock_is_off(&routed.gateway) {
            return Ok(Err(Trouble::Unavailable(why)));
        }
        let Routed {
            gateway,
            wallet,
            masked,
            to_send,
        } = routed;
        let fingerprint = self.fingerprints.of(&to_send);
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
        ended: std::time::Instant,
        batch: &mut Batch,
    ) -> Result<(), JournalError> {
        let mut of_lane = self.state.tenders.values().filter(|t| t.lane == *lane);
        let tender = of_lane.find(|t| t.verdict.is_none()).map(|t| t.id.clone());
        let outcome = if ended.elapsed() > SCAN_AGE {
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
            self.board.count("scans_total", "submitted");
            batch.scans.push(lane.clone());
            self.submitted.insert(lane.clone(), Instant::now());
            return Ok(());
        };
        let again = matches!(
            trouble,
            Trouble::Denied(Denial::CodeInProcess | Denial::CodeUsed)
        );
        let before = self.submitted.get(lane);
        if again && before.is_some_and(|at| at.elapsed() < DOUBLE_READ) {
            self.board.count("scans_total", "double_read");
            return Ok(());
        }
        let (code, text) = self.trouble_text(trouble);
        self.board.count("scans_total", &code);
        batch
            .notices
            .push(Notice::new(lane, batch.at, &code, &text));
        Ok(())
    }

    fn trouble_text(&self, trouble: Trouble) -> (String, String) {
        match trouble {
            Trouble::Denied(denial) => (
                denial.code().to_owned(),
                denial_text(&denial, self.language),
            ),
            Trouble::NotACode { reason, text } => (reason, text),
            Trouble::NoGatewayForCode { text } => ("no_gateway_for_code".to_owned(), text),
            Trouble::Busy => ("busy".to_owned(), String::new()),
            Trouble::Unavailable(text) => ("unavailable".to_owned(), text),
        }
    }
}
