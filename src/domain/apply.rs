//! Facts to state: the only way a state changes.
//!
//! Replaying the facts of a tender in order gives the tender, under any
//! configuration and in any process: no rule is decided here.

mod refund;

pub(super) use refund::intended as refund_intended;

use super::{
    Alert, Attempt, AttemptId, CODE_REMEMBERED, Discharge, Fact, Obligation, Operation,
    OrderReport, OrderStatus, Parked, Stage, State, Subject, Tender, TenderId, Timestamp, What,
};

/// Applies one fact that is durable since `at`.
///
/// A fact of a tender that is not in the working set changes nothing.
pub fn apply(state: &mut State, fact: &Fact, at: Timestamp) {
    if let Some(tender) = created(fact, at) {
        state.tenders.insert(tender.id.clone(), tender);
        return;
    }
    if let What::AttemptIntended {
        attempt,
        fingerprint: Some(fingerprint),
        ..
    } = &fact.what
    {
        let id = AttemptId {
            tender: fact.tender.clone(),
            number: *attempt,
        };
        state
            .codes
            .retain(|_, (_, used)| at.since(*used) < CODE_REMEMBERED);
        state.codes.insert(fingerprint.clone(), (id, at));
    }
    if let What::AttemptWithdrawn { attempt } = fact.what {
        // No byte left: the code is as good as new.
        let unused = |id: &AttemptId| id.tender == fact.tender && id.number == attempt;
        state.codes.retain(|_, (id, _)| !unused(id));
    }
    if let Some(tender) = state.tenders.get_mut(&fact.tender) {
        apply_to_tender(tender, &fact.what, at);
    }
}

/// The tender that a request makes.
pub(super) fn created(fact: &Fact, at: Timestamp) -> Option<Tender> {
    let What::TenderCreated {
        lane,
        key,
        sale,
        day,
        amount,
        mode,
        part,
        gateway,
        note,
    } = &fact.what
    else {
        return None;
    };
    Some(Tender {
        id: fact.tender.clone(),
        lane: lane.clone(),
        key: key.clone(),
        sale: sale.clone(),
        day: day.clone(),
        amount: *amount,
        mode: *mode,
        part: *part,
        gateway: gateway.clone(),
        note: note.clone(),
        created: at,
        refunds: Vec::new(),
        attempts: Vec::new(),
        verdict: None,
        cancel_requested: false,
        extended: false,
        acknowledged: None,
    })
}

/// The attempt that an intent makes.
pub(super) fn intended(tender: &TenderId, what: &What) -> Option<Attempt> {
    let What::AttemptIntended {
        attempt,
        gateway,
        order,
        wallet,
        code,
        fingerprint,
        requested,
        expires,
    } = what
    else {
        return None;
    };
    Some(Attempt {
        id: AttemptId {
            tender: tender.clone(),
            number: *attempt,
        },
        gateway: gateway.clone(),
        order: order.clone(),
        wallet: wallet.clone(),
        code: code.clone(),
        fingerprint: fingerprint.clone(),
        requested: *requested,
        expires: *expires,
        stage: Stage::InFlight,
        report: None,
        trace: None,
        unknown: None,
        paid_claimed: false,
        obligations: Vec::new(),
        alerts: Vec::new(),
        arrival_over: false,
        not_found: 0,
        not_found_try: 0,
        scanned: false,
        reversal_rejected: false,
        return_claims: 0,
        return_claim_try: 0,
        parked: None,
    })
}

fn apply_to_tender(tender: &mut Tender, what: &What, at: Timestamp) {
    match what {
        What::CancelRequested => tender.cancel_requested = true,
        What::WaitExtended => tender.extended = true,
        What::VerdictGiven { verdict, reason } => tender.verdict = Some((*verdict, *reason, at)),
        What::VerdictAcknowledged => tender.acknowledged = Some(at),
        What::AttemptIntended { .. } => tender.attempts.extend(intended(&tender.id, what)),
        What::RefundIntended { .. } => {
            tender.refunds.extend(refund_intended(&tender.id, what, at));
        }
        _ => {}
    }
    match what.subject() {
        Subject::Tender => {}
        Subject::Attempt(number) => {
            let mut attempts = tender.attempts.iter_mut();
            if let Some(attempt) = attempts.find(|a| a.id.number == number) {
                apply_to_attempt(attempt, what, at);
            }
        }
        Subject::Refund(number) => {
            let mut refunds = tender.refunds.iter_mut();
            if let Some(refund) = refunds.find(|r| r.id.number == number) {
                refund::apply(refund, what, at);
            }
        }
    }
}

fn apply_to_attempt(attempt: &mut Attempt, what: &What, at: Timestamp) {
    match what {
        What::AttemptWaiting { report, .. } => {
            keep(attempt, report);
            if matches!(attempt.stage, Stage::InFlight | Stage::Unknown) {
                attempt.stage = Stage::Waiting;
            }
        }
        What::AttemptUnknown { reason, .. } => {
            attempt.unknown = Some(*reason);
            if attempt.stage == Stage::InFlight {
                attempt.stage = Stage::Unknown;
            }
        }
        What::AttemptPaid { report, .. } => {
            keep(attempt, report);
            attempt.stage = Stage::Paid;
        }
        What::AttemptRefused { refusal, trace, .. } => {
            attempt.stage = Stage::Refused(refusal.clone());
            locate(attempt, trace.as_ref());
        }
        What::AttemptWithdrawn { .. } => attempt.stage = Stage::Withdrawn,
        What::ClosingBegan { reason, .. } => {
            attempt.stage = Stage::Closing {
                reason: *reason,
                cancels: 0,
                tries: 0,
            };
        }
        What::CallIntended {
            operation,
            next_try,
            ..
        } => {
            if let Stage::Closing { cancels, tries, .. } = &mut attempt.stage {
                match operation {
                    Operation::Cancel => *cancels += 1,
                    _ => *tries += 1,
                }
            }
            if let Some(obligation) = open_obligation(attempt) {
                obligation.tries += 1;
                obligation.next_try = *next_try;
            }
        }
        What::PaidClaimed { trace, .. } => {
            locate(attempt, trace.as_ref());
            attempt.paid_claimed = true;
        }
        What::ShownCodeScanned { .. } => attempt.scanned = true,
        What::ReversalRejected { trace, .. } => {
            locate(attempt, trace.as_ref());
            attempt.reversal_rejected = true;
        }
        What::ReturnClaimed { trace, .. } => {
            locate(attempt, trace.as_ref());
            attempt.return_claims += 1;
            attempt.return_claim_try = attempt.tries();
        }
        What::AttemptParked { name, reason, .. } => {
            attempt.parked = Some(Parked {
                name: name.clone(),
                reason: reason.clone(),
                at,
            });
        }
        What::AttemptUnparked { .. } => attempt.parked = None,
        What::ObligationOpened { duty, .. } => {
            attempt.stage = Stage::Reversing;
            attempt.not_found_try = 0;
            (attempt.return_claims, attempt.return_claim_try) = (0, 0);
            attempt.obligations.push(Obligation {
                duty: *duty,
                opened: at,
                tries: 0,
                next_try: None,
                alerted: false,
                closed: None,
            });
        }
        What::ObligationChanged { duty, .. } => {
            if let Some(obligation) = open_obligation(attempt) {
                obligation.duty = *duty;
                obligation.tries = 0;
                attempt.return_claim_try = 0;
            }
        }
        What::ArrivalWindowOver { .. } => attempt.arrival_over = true,
        What::NotFoundNoted { trace, .. } => {
            locate(attempt, trace.as_ref());
            if attempt.counts_not_found() {
                attempt.not_found += 1;
                attempt.not_found_try = attempt.tries();
            }
        }
        What::ObligationClosed { discharge, .. } => close(attempt, discharge, at),
        What::EvidenceKept { report, .. } => keep(attempt, report),
        What::AlertRaised { alert, .. } => {
            if !attempt.alerts.contains(alert) {
                attempt.alerts.push(*alert);
            }
            if *alert == Alert::DutyOverdue
                && let Some(obligation) = open_obligation(attempt)
            {
                obligation.alerted = true;
            }
        }
        _ => {}
    }
}

fn open_obligation(attempt: &mut Attempt) -> Option<&mut Obligation> {
    attempt
        .obligations
        .last_mut()
        .filter(|obligation| obligation.closed.is_none())
}

fn close(attempt: &mut Attempt, discharge: &Discharge, at: Timestamp) {
    if let Some(obligation) = open_obligation(attempt) {
        obligation.closed = Some((at, discharge.clone()));
        obligation.next_try = None;
        attempt.stage = Stage::Reversed;
        attempt.parked = None;
    }
}

/// The newest report is the attempt's; what an earlier one said beside the status
/// stays. Another order's is evidence for a person, and so is one that contradicts
/// what was paid: the proof of the payment stays, until the money is gone.
fn keep(attempt: &mut Attempt, report: &OrderReport) {
    let paid = attempt.stage == Stage::Paid && report.status != OrderStatus::Returned;
    if report.order != attempt.order || paid {
        return;
    }
    locate(attempt, report.trace.as_ref());
    let earlier = attempt.report.take();
    let (gateway_order, show) = earlier.map_or((None, None), |e| (e.gateway_order, e.show));
    attempt.not_found = 0;
    attempt.report = Some(OrderReport {
        gateway_order: report.gateway_order.clone().or(gateway_order),
        show: report.show.clone().or(show),
        ..report.clone()
    });
}

fn locate(attempt: &mut Attempt, trace: Option<&String>) {
    if let Some(trace) = trace {
        attempt.trace = Some(trace.clone());
    }
}
