//! A code that the store shows and the customer scans.
//!
//! The tender makes its only attempt at once: the order is submitted without a
//! code, the report of it brings the text to show, and from there on it is a
//! payment like any other. Where the gateway tells, it is asked whether anybody has
//! scanned the code; that says nothing of money.

use super::draft::Draft;
use crate::domain::{
    Answer, Denial, DisplayRules, GatewayId, GatewayRules, LaneRules, NewTender, Operation,
    OrderReport, Stage, State, Step, Timer, Unknown, What,
};
use std::time::Duration;

/// The gateway that shows the code: the one that the caller insists on, or the
/// lane's first that shows any.
pub(super) fn gateway<'a>(
    state: &'a State,
    lane: &'a LaneRules,
    new: &'a NewTender,
) -> Result<(&'a GatewayId, &'a GatewayRules, &'a DisplayRules), Denial> {
    let asked = lane
        .gateways
        .iter()
        .filter(|id| new.gateway.as_ref().is_none_or(|asked| asked == *id));
    let mut shows = asked.filter_map(|id| {
        let rules = state.setup.gateways.get(id)?;
        Some((id, rules, rules.display.as_ref()?))
    });
    shows.next().ok_or(Denial::ModeUnsupported)
}

fn scanned_every(draft: &Draft<'_>) -> Option<Duration> {
    draft.rules.display.as_ref()?.scanned_every
}

/// The report that first has the text to show: from here on somebody may scan it.
pub(super) fn appears(draft: &mut Draft<'_>, report: &OrderReport) -> bool {
    let is_new = draft.attempt.show().is_none() && report.show.is_some();
    if is_new && let Some(every) = scanned_every(draft) {
        draft.set(Timer::Scanned, every);
    }
    is_new
}

/// Whether it is still worth asking if anybody has scanned the code.
fn is_asked(draft: &Draft<'_>) -> bool {
    let attempt = draft.attempt;
    let shown = matches!(attempt.stage, Stage::Waiting | Stage::Unknown);
    shown && !attempt.scanned && attempt.show().is_some() && attempt.parked.is_none()
}

/// It is time to ask.
pub(super) fn due(mut draft: Draft<'_>) -> Result<Step, Denial> {
    if is_asked(&draft) && scanned_every(&draft).is_some() {
        draft.call(Operation::Scanned, draft.rules.limit_enquiry, false);
    }
    draft.done()
}

/// What was said about it. Anything but a yes leads to the next question.
pub(super) fn answered(mut draft: Draft<'_>, answer: &Answer) -> Result<Step, Denial> {
    if is_asked(&draft)
        && let Some(every) = scanned_every(&draft)
    {
        match answer {
            Answer::Scanned(true) => {
                let attempt = draft.number();
                draft.fact(What::ShownCodeScanned { attempt });
            }
            Answer::Unknown(Unknown::RateLimit) => draft.set(Timer::Scanned, every * 2),
            _ => draft.set(Timer::Scanned, every),
        }
    }
    draft.done()
}
