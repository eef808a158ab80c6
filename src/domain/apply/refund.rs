//! Facts of a refund to its state.

use crate::domain::{
    Refund, RefundId, RefundOperation, RefundReport, RefundStage, TenderId, Timestamp, What,
};

/// The refund that an intent makes.
pub(crate) fn intended(tender: &TenderId, what: &What, at: Timestamp) -> Option<Refund> {
    let What::RefundIntended {
        refund,
        attempt,
        number,
        amount,
        reason,
        key,
        operator,
        requested,
    } = what
    else {
        return None;
    };
    Some(Refund {
        id: RefundId {
            tender: tender.clone(),
            number: *refund,
        },
        attempt: *attempt,
        number: number.clone(),
        amount: *amount,
        reason: reason.clone(),
        key: key.clone(),
        operator: operator.clone(),
        created: at,
        requested: *requested,
        stage: RefundStage::InFlight,
        report: None,
        trace: None,
        unknown: None,
        tries: 0,
        next_try: None,
        alerts: Vec::new(),
        arrival_over: false,
        not_found: 0,
        not_found_try: 0,
        ended: None,
    })
}

pub(super) fn apply(refund: &mut Refund, what: &What, at: Timestamp) {
    match what {
        What::RefundCallIntended {
            operation,
            requested,
            next_try,
            ..
        } => {
            refund.tries += 1;
            refund.next_try = Some(*next_try);
            if *operation == RefundOperation::Submit {
                refund.stage = RefundStage::InFlight;
                refund.requested = *requested;
                refund.arrival_over = false;
                refund.not_found = 0;
            }
        }
        What::RefundNotSent { next_try, .. } => {
            refund.stage = RefundStage::Unsent;
            refund.next_try = Some(*next_try);
        }
        What::RefundUnknown { reason, .. } => {
            refund.unknown = Some(*reason);
            if refund.stage == RefundStage::InFlight {
                refund.stage = RefundStage::Unknown;
            }
        }
        What::RefundPending { report, .. } => {
            keep(refund, report);
            refund.stage = RefundStage::Pending;
            refund.ended = None;
        }
        What::RefundReturned { report, .. } => {
            keep(refund, report);
            end(refund, RefundStage::Returned, at);
        }
        What::RefundFailed { refusal, trace, .. } => {
            locate(refund, trace.as_ref());
            end(refund, RefundStage::Failed(refusal.clone()), at);
        }
        What::RefundArrivalOver { .. } => refund.arrival_over = true,
        What::RefundNotFoundNoted { trace, .. } => {
            locate(refund, trace.as_ref());
            if refund.counts_not_found() {
                refund.not_found += 1;
                refund.not_found_try = refund.tries;
            }
        }
        What::RefundEvidenceKept { report, .. } => keep(refund, report),
        What::AlertRaised { alert, .. } if !refund.alerts.contains(alert) => {
            refund.alerts.push(*alert);
        }
        _ => {}
    }
}

fn end(refund: &mut Refund, stage: RefundStage, at: Timestamp) {
    refund.stage = stage;
    refund.next_try = None;
    refund.ended = Some(at);
}

/// The newest report is the refund's. Another refund's, or one that contradicts an
/// end, is evidence for a person.
fn keep(refund: &mut Refund, report: &RefundReport) {
    if report.number != refund.number || refund.stage == RefundStage::Returned {
        return;
    }
    locate(refund, report.trace.as_ref());
    let earlier = refund.report.take();
    let gateway_refund = earlier.and_then(|earlier| earlier.gateway_refund);
    refund.not_found = 0;
    refund.report = Some(RefundReport {
        gateway_refund: report.gateway_refund.clone().or(gateway_refund),
        ..report.clone()
    });
}

fn locate(refund: &mut Refund, trace: Option<&String>) {
    if let Some(trace) = trace {
        refund.trace = Some(trace.clone());
    }
}
