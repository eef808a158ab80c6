//! A step being written: what it is about, and what was decided so far.

use crate::domain::{
    Alert, Attempt, AttemptId, Denial, Effect, Fact, GatewayRules, Mode, Now, Operation, Order,
    OrderReport, Reason, State, Step, Tender, Timer, Verdict, What,
};
use std::time::Duration;

/// A step about one attempt.
pub(crate) struct Draft<'a> {
    pub(crate) state: &'a State,
    pub(crate) tender: &'a Tender,
    pub(crate) attempt: &'a Attempt,
    pub(crate) rules: &'a GatewayRules,
    pub(crate) now: Now,
    step: Step,
}

impl<'a> Draft<'a> {
    /// Begins a step about an attempt.
    pub(crate) fn about(state: &'a State, id: &AttemptId, now: Now) -> Result<Self, Denial> {
        let tender = state.tenders.get(&id.tender).ok_or(Denial::NoTender)?;
        let attempt = tender.attempt(id.number).ok_or(Denial::NoTender)?;
        let rules = state
            .setup
            .gateways
            .get(&attempt.gateway)
            .ok_or(Denial::NoGateway)?;
        Ok(Self {
            state,
            tender,
            attempt,
            rules,
            now,
            step: Step {
                tender: Some(tender.id.clone()),
                ..Step::default()
            },
        })
    }

    pub(crate) fn number(&self) -> u32 {
        self.attempt.id.number
    }

    pub(crate) fn fact(&mut self, what: What) {
        self.step.facts.push(Fact {
            tender: self.tender.id.clone(),
            what,
        });
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.step.effects.push(effect);
    }

    pub(crate) fn alert(&mut self, alert: Alert) {
        let attempt = Some(self.number());
        self.fact(What::AlertRaised {
            attempt,
            refund: None,
            alert,
        });
    }

    /// Calls a person, unless this attempt did for the same reason before: a
    /// gateway repeats itself.
    pub(crate) fn alert_once(&mut self, alert: Alert) {
        if !self.attempt.alerts.contains(&alert) {
            self.alert(alert);
        }
    }

    /// Keeps a verified report.
    pub(crate) fn keep(&mut self, operation: Operation, report: OrderReport) {
        let attempt = self.number();
        self.fact(What::EvidenceKept {
            attempt,
            operation,
            report,
        });
    }

    /// Keeps evidence that cannot be, and calls a person; once for each reason.
    pub(crate) fn contradicts(&mut self, operation: Operation, report: &OrderReport, alert: Alert) {
        if !self.attempt.alerts.contains(&alert) {
            self.keep(operation, report.clone());
            self.alert(alert);
        }
    }

    /// Keeps a report as evidence that the order exists, when there is none yet:
    /// from here on neither "no such order" nor the submit's own refusal is about it.
    pub(crate) fn keep_first(&mut self, operation: Operation, report: OrderReport) {
        if self.attempt.report.is_none() {
            self.keep(operation, report);
        }
    }

    /// Tells the cashier. A final verdict is never given twice: `paid` and
    /// `not_paid` do not change.
    pub(crate) fn verdict(&mut self, verdict: Verdict, reason: Reason) {
        if self.tender.final_verdict().is_none() {
            self.fact(What::VerdictGiven { verdict, reason });
        }
    }

    /// Whether this step proves that nothing is owed any more.
    pub(crate) fn has_closed_the_duty(&self) -> bool {
        let closes = |fact: &Fact| matches!(fact.what, What::ObligationClosed { .. });
        self.step.facts.iter().any(closes)
    }

    pub(crate) fn set(&mut self, timer: fn(AttemptId) -> Timer, after: Duration) {
        let timer = timer(self.attempt.id.clone());
        self.effect(Effect::Set(timer, after));
    }

    /// Stops every timer of a payment that goes on no more.
    pub(crate) fn stop_waiting(&mut self) {
        for timer in [Timer::Enquiry, Timer::Wait, Timer::Cancel, Timer::LastWord] {
            self.effect(Effect::Clear(timer(self.attempt.id.clone())));
        }
        if self.tender.mode == Mode::Display {
            self.effect(Effect::Clear(Timer::Scanned(self.attempt.id.clone())));
        }
    }

    pub(crate) fn call(&mut self, operation: Operation, limit: Duration, fresh: bool) {
        let effect = call(self.tender, self.attempt, operation, limit, fresh);
        self.effect(effect);
    }

    pub(crate) fn done(self) -> Result<Step, Denial> {
        Ok(self.step)
    }
}

/// A call about an attempt.
pub(crate) fn call(
    tender: &Tender,
    attempt: &Attempt,
    operation: Operation,
    limit: Duration,
    fresh: bool,
) -> Effect {
    Effect::Call {
        attempt: attempt.id.clone(),
        operation,
        order: Order {
            gateway: attempt.gateway.clone(),
            number: attempt.order.clone(),
            amount: tender.amount,
            requested: attempt.requested,
            expires: attempt.expires,
            lane: tender.lane.clone(),
            sale: tender.sale.clone(),
            mode: tender.mode,
            wallet: attempt.wallet.clone(),
            show: attempt.show().map(str::to_owned),
        },
        limit,
        fresh,
    }
}

/// A text that a person wrote: without its outer spaces, not empty, bounded.
pub(super) fn text(which: &'static str, written: &str, max: usize) -> Result<String, Denial> {
    let text = written.trim();
    let fits = (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Denial::BadText(which, max))
    }
}
