//! Facts to state: the only way a state changes.
//!
//! Replaying the facts of a tender in order gives the tender, under any
//! configuration and in any process: no rule is decided here.

use super::{
    Alert, Attempt, AttemptId, CODE_REMEMBERED, Discharge, Fact, Obligation, Operation,
    OrderReport, Stage, State, Tender, Timestamp, What,
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
        fingerprint,
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

fn created(fact: &Fact, at: Timestamp) -> Option<Tender> {
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
        attempts: Vec::new(),
        verdict: None,
        cancel_requested: false,
        extended: false,
        acknowledged: None,
    })
}

fn apply_to_tender(tender: &mut Tender, what: &What, at: Timestamp) {
    match what {
        What::TenderCreated { .. } => {}
        What::CancelRequested => tender.cancel_requested = true,
        What::WaitExtended => tender.extended = true,
        What::VerdictGiven { verdict, reason } => tender.verdict = Some((*verdict, *reason, at)),
        What::VerdictAcknowledged => tender.acknowledged = Some(at),
        What::AttemptIntended {
            attempt,
            gateway,
            order,
            wallet,
            code,
            fingerprint,
            requested,
            expires,
        } => tender.attempts.push(Attempt {
            id: AttemptId {
                tender: tender.id.clone(),
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
        }),
        What::AttemptWaiting { attempt, .. }
        | What::AttemptUnknown { attempt, .. }
        | What::AttemptPaid { attempt, .. }
        | What::AttemptRefused { attempt, .. }
        | What::AttemptWithdrawn { attempt }
        | What::ClosingBegan { attempt, .. }
        | What::CallIntended { attempt, .. }
        | What::PaidClaimed { attempt, .. }
        | What::ObligationOpened { attempt, .. }
        | What::ObligationChanged { attempt, .. }
        | What::ArrivalWindowOver { attempt }
        | What::NotFoundNoted { attempt, .. }
        | What::ObligationClosed { attempt, .. }
        | What::EvidenceKept { attempt, .. }
        | What::AlertRaised {
            attempt: Some(attempt),
            ..
        } => {
            if let Some(attempt) = tender.attempts.iter_mut().find(|a| a.id.number == *attempt) {
                apply_to_attempt(attempt, what, at);
            }
        }
        What::AlertRaised { attempt: None, .. } => {}
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
        What::ObligationOpened { duty, .. } => {
            attempt.stage = Stage::Reversing;
            attempt.not_found_try = 0;
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
        What::TenderCreated { .. }
        | What::AttemptIntended { .. }
        | What::CancelRequested
        | What::WaitExtended
        | What::VerdictGiven { .. }
        | What::VerdictAcknowledged => {}
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
    }
}

fn keep(attempt: &mut Attempt, report: &OrderReport) {
    locate(attempt, report.trace.as_ref());
    let gateway_order = attempt
        .report
        .take()
        .and_then(|earlier| earlier.gateway_order);
    attempt.not_found = 0;
    attempt.report = Some(OrderReport {
        gateway_order: report.gateway_order.clone().or(gateway_order),
        ..report.clone()
    });
}

fn locate(attempt: &mut Attempt, trace: Option<&String>) {
    if let Some(trace) = trace {
        attempt.trace = Some(trace.clone());
    }
}
