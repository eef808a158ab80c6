//! Codes: from a scanner for whatever the lane collects, or from a caller for a
//! tender. Classified and routed here, decided by the core.

use super::batch::Batch;
use super::{Clock, Driver, Front, Hands, Moment, Outcome, Ports};
use crate::domain::code::PaymentCode;
use crate::domain::{CodeRead, Denial, Event, Fingerprint, GatewayId, LaneId, ScannerId, TenderId};
use crate::journal::JournalError;
use crate::scanner::{Reply, Use};
use crate::service::Trouble;
use crate::service::intake::Routed;
use crate::service::sharing::{self, Seen, Treatment};
use crate::service::view::Notice;
use crate::service::wording::{denial_text, not_typed_text, stale_scan_text};
use std::time::Duration;

/// A scan that waited longer than this is not submitted (`docs/codes.md`).
const SCAN_AGE: Duration = Duration::from_secs(10);

/// Gateways take requests that are 15 minutes off; beyond this no new one is sent.
pub const CLOCK_ERROR_MAX: Duration = Duration::from_secs(10 * 60);

/// One code read twice within this time was presented once.
const DOUBLE_READ: Duration = Duration::from_secs(2);

/// A screen may show a second symbol with another text. What one scanner reads so soon
/// after a payment that is over already is that.
const OTHER_SYMBOL: Duration = Duration::from_secs(1);

/// A scan that was submitted.
pub(super) struct Submitted {
    scanner: ScannerId,
    ended: Moment,
    fingerprint: Option<Fingerprint>,
}

/// How a scan repeats the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// The customer held the phone there once.
    SamePresentation,
    /// The same code, later.
    SameCode,
}

impl Submitted {
    /// How a payment code that was read at `ended` repeats this one, if it does. `idle`:
    /// nothing is to be paid on the lane any more.
    fn again(
        &self,
        scanner: &ScannerId,
        ended: Moment,
        fingerprint: Option<&Fingerprint>,
        idle: bool,
    ) -> Option<Again> {
        let later = ended.since(self.ended);
        let same_code = fingerprint.is_some() && fingerprint == self.fingerprint.as_ref();
        let same_screen = idle && self.scanner == *scanner && later < OTHER_SYMBOL;
        if same_screen || same_code && later < DOUBLE_READ {
            Some(Again::SamePresentation)
        } else {
            same_code.then_some(Again::SameCode)
        }
    }
}

/// A whole scan.
#[derive(Debug)]
pub struct Read {
    /// The lane of its scanner.
    pub lane: LaneId,
    /// Its scanner.
    pub scanner: ScannerId,
    /// Whom that serves.
    pub usage: Use,
    /// What was read.
    pub code: PaymentCode,
    /// When its last key or byte came.
    pub ended: Moment,
    /// The way back to the scanner.
    pub reply: Reply,
}

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

    /// A scan is for the tender that the lane has; what is wrong with it is told the
    /// cashier. Of a shared scanner it may be the till's.
    pub(super) fn scan(&mut self, read: Read, batch: &mut Batch<P>) -> Result<(), JournalError> {
        let Read {
            lane,
            scanner,
            usage,
            code,
            ended,
            reply,
        } = read;
        let lane = &lane;
        if self.clock.moment().since(ended) > SCAN_AGE {
            let text = stale_scan_text(self.language);
            let notice = Notice::new(lane, batch.at, "stale_scan", text);
            batch.notices.push(notice);
            self.front.count("scans_total", "stale_scan");
            reply.refuse();
            return Ok(());
        }
        let mut of_lane = self.state.tenders.values().filter(|t| t.lane == *lane);
        let tender = of_lane.find(|t| t.verdict.is_none()).map(|t| t.id.clone());
        let seen = self.intake.seen(&code);
        let fingerprint = match seen {
            Seen::Other => None,
            _ => Some(self.fingerprint(&code)),
        };
        let before = self.submitted.get(lane);
        let again = before.and_then(|before| {
            before.again(&scanner, ended, fingerprint.as_ref(), tender.is_none())
        });
        let used = again.is_some();
        if sharing::treat(&usage, seen, tender.is_some(), used) == Treatment::TypeOn {
            self.type_on(lane, &code, tender.is_some(), reply, batch);
            return Ok(());
        }
        if again == Some(Again::SamePresentation) && seen != Seen::Other {
            self.front.count("scans_total", "double_read");
            reply.accept();
            return Ok(());
        }
        let outcome = match (tender, self.intake.classify(&code, self.language)) {
            (Some(tender), _) => self.code(&tender, &code, batch)?,
            (None, Err(trouble)) => Err(trouble),
            (None, Ok(_)) => Err(Trouble::Denied(Denial::NotArmed)),
        };
        let Err(trouble) = outcome else {
            self.front.count("scans_total", "submitted");
            batch.scans.push((lane.clone(), reply));
            let submitted = Submitted {
                scanner,
                ended,
                fingerprint,
            };
            self.submitted.insert(lane.clone(), submitted);
            return Ok(());
        };
        let (word, text) = self.trouble_text(trouble);
        self.front.count("scans_total", &word);
        let notice = Notice::new(lane, batch.at, &word, &text);
        batch.notices.push(notice);
        reply.refuse();
        Ok(())
    }

    /// Hands a scan of a shared scanner to the till.
    fn type_on(
        &mut self,
        lane: &LaneId,
        code: &PaymentCode,
        busy: bool,
        reply: Reply,
        batch: &mut Batch<P>,
    ) {
        let typed = reply.type_on();
        let word = if typed { "typed_on" } else { "not_typed_on" };
        self.front.count("scans_total", word);
        if !typed {
            let text = not_typed_text(self.language);
            batch.notices.push(Notice::new(lane, batch.at, word, text));
        } else if busy && let Err(trouble) = self.intake.classify(code, self.language) {
            // Whoever meant to pay with it waits.
            let (word, text) = self.trouble_text(trouble);
            batch
                .notices
                .push(Notice::new(lane, batch.at, &word, &text));
        }
    }

    /// The fingerprint of the payment code in a scan: the same for both symbols of a
    /// screen, whatever of it the gateway is sent.
    fn fingerprint(&mut self, scan: &PaymentCode) -> Fingerprint {
        let code = self.intake.payment_code(scan);
        self.fingerprints.of(&code, &mut self.clock)
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_presentation_is_one_scan() {
        let begun = Moment::default();
        let id = |id: &str| ScannerId::new(id).unwrap();
        let print = |text: &str| Fingerprint(text.to_owned());
        let first = Submitted {
            scanner: id("counter"),
            ended: begun,
            fingerprint: Some(print("a")),
        };
        let again = |scanner: &str, ms: u64, code: &str| {
            let ended = begun + Duration::from_millis(ms);
            first.again(&id(scanner), ended, Some(&print(code)), true)
        };
        let (presentation, code) = (Some(Again::SamePresentation), Some(Again::SameCode));
        // Both symbols of one screen; another scanner's customer is another one.
        assert_eq!(again("counter", 999, "b"), presentation);
        assert_eq!(again("counter", 1000, "b"), None);
        assert_eq!(again("kiosk", 10, "b"), None);
        assert_eq!(again("kiosk", 1999, "a"), presentation);
        assert_eq!(again("counter", 1999, "a"), presentation);
        assert_eq!(again("counter", 2000, "a"), code);
        assert_eq!(first.again(&id("kiosk"), begun, None, true), None);
        // While a tender is there another code is another code, and the same one the same.
        let busy = |code: &str| first.again(&id("counter"), begun, Some(&print(code)), false);
        assert_eq!((busy("b"), busy("a")), (None, presentation));
    }
}
