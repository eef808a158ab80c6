//! A till, a customer and a gateway as a test plays them.

use super::says::{RefundSays, Says, money_in, no_order, pending, unsigned_refusal};
use super::{crash, render, rules};
use crate::domain::{
    Amount, Attempt, AttemptId, BusinessDay, CodeRead, Currency, DisplayRules, Event, Fact,
    Fingerprint, GatewayId, GatewayRules, IdempotencyKey, LaneId, LaneRules, LastWord, Mode,
    NewRefund, NewTender, Now, Operation, Refund, RefundId, RefundOperation, RefundRules, SaleRef,
    Setup, State, StoreId, TenderId, Timer, Timestamp, Wallet, apply, step,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Refuses to cancel a paid order: it has the last word before the verdict.
pub(crate) const CANCEL_FIRST: &str = "cancel-first";
/// Its reversal returns the money of a paid order: verdict and duty go first.
pub(crate) const VERDICT_FIRST: &str = "verdict-first";

/// The clock error that the plays assume.
pub(crate) const CLOCK_ERROR: Duration = Duration::from_secs(2);

pub(crate) const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn cancel_first() -> GatewayRules {
    GatewayRules {
        enquiry_first: s(2),
        enquiry_every: s(3),
        enquiry_pause_min: s(2),
        enquiry_unanswered: s(5),
        wait: s(75),
        wait_extension: s(30),
        expires: s(120),
        limit_submit: s(30),
        limit_enquiry: s(10),
        last_word: LastWord::CancelFirst {
            limit_enquiry: s(3),
            every: s(3),
            limit: s(10),
        },
        arrival_window: s(16 * 60),
        not_found_proof: (2, s(60)),
        reversal_earliest: Duration::ZERO,
        duty_pace: (s(10), s(15 * 60)),
        duty_alert: (6, s(30 * 60)),
        order_number_max: 64,
        reversal_closes_unseen: false,
        reversal_window: None,
        reversal_not_for: Vec::new(),
        refund: Some(RefundRules {
            window: Some(s(180 * 24 * 60 * 60)),
            partial: true,
            count_max: 100,
            enquiry_every: s(3),
            not_found_proof: (2, s(60)),
        }),
        display: Some(DisplayRules {
            life: s(180),
            scanned_every: Some(s(3)),
        }),
    }
}

fn verdict_first() -> GatewayRules {
    GatewayRules {
        enquiry_first: s(5),
        enquiry_every: s(5),
        wait: s(60),
        expires: s(90),
        last_word: LastWord::VerdictFirst {
            limit_enquiry: s(3),
        },
        not_found_proof: (2, s(5)),
        reversal_earliest: s(15),
        order_number_max: 32,
        reversal_window: Some(s(12 * 60 * 60)),
        ..cancel_first()
    }
}

/// Two lanes, L1 and L2, that take both gateways, up to 500.00 AED.
pub(crate) fn setup() -> Arc<Setup> {
    let lane = LaneRules {
        gateways: vec![gateway(CANCEL_FIRST), gateway(VERDICT_FIRST)],
        ceiling: aed(50_000),
        wait_code: s(120),
    };
    Arc::new(Setup {
        store: StoreId::new("s1").unwrap(),
        lanes: ["L1", "L2"]
            .map(|id| (LaneId::new(id).unwrap(), lane.clone()))
            .into(),
        gateways: BTreeMap::from([
            (gateway(CANCEL_FIRST), cancel_first()),
            (gateway(VERDICT_FIRST), verdict_first()),
        ]),
    })
}

pub(crate) fn replay(setup: &Arc<Setup>, facts: &[(Fact, Timestamp)]) -> State {
    let mut state = State {
        setup: Arc::clone(setup),
        tenders: BTreeMap::new(),
        codes: BTreeMap::new(),
    };
    for (fact, at) in facts {
        apply(&mut state, fact, *at);
    }
    state
}

pub(crate) fn gateway(id: &str) -> GatewayId {
    GatewayId::new(id).unwrap()
}

pub(crate) fn aed(minor: u64) -> Amount {
    let currency = Currency::AED;
    Amount { minor, currency }
}

/// A request for 37.50 AED for sale S1 on L1, with this key.
pub(crate) fn tender(key: &str) -> NewTender {
    NewTender {
        lane: LaneId::new("L1").unwrap(),
        key: IdempotencyKey::new(key).unwrap(),
        sale: SaleRef::new("S1").unwrap(),
        day: BusinessDay::new("2026-03-01").unwrap(),
        amount: aed(37_50),
        mode: Mode::Scan,
        part: false,
        gateway: None,
        note: None,
    }
}

/// A request to give this much of a tender back.
pub(crate) fn refund(tender: &TenderId, key: &str, minor: u64) -> NewRefund {
    NewRefund {
        tender: tender.clone(),
        key: IdempotencyKey::new(key).unwrap(),
        amount: aed(minor),
        reason: "goods returned".to_owned(),
        operator: "Amal".to_owned(),
    }
}

pub(crate) fn code(at: &str, fingerprint: &str) -> CodeRead {
    CodeRead {
        gateway: gateway(at),
        wallet: None,
        masked: "28****".to_owned(),
        fingerprint: Fingerprint(fingerprint.to_owned()),
    }
}

/// The state, all facts that led to it, and the time.
pub(crate) struct Play {
    pub(crate) state: State,
    pub(crate) now: Now,
    /// Whose codes are scanned from here on, when the code tells.
    pub(crate) wallet: Option<Wallet>,
    facts: Vec<(Fact, Timestamp)>,
    gateway: &'static str,
    codes: u32,
}

impl Play {
    /// A store before its first sale; codes are of this gateway.
    pub(crate) fn at(gateway: &'static str) -> Self {
        Self {
            state: replay(&setup(), &[]),
            now: Now {
                at: Timestamp(1_772_366_400_000),
                random: 1,
                clock_error: CLOCK_ERROR,
            },
            wallet: None,
            facts: Vec::new(),
            gateway,
            codes: 0,
        }
    }

    /// As [`Play::at`], where the gateways have other rules.
    pub(crate) fn ruled(gateway: &'static str, by: fn(&mut GatewayRules)) -> Self {
        let mut play = Self::at(gateway);
        let setup = Arc::make_mut(&mut play.state.setup);
        setup.gateways.values_mut().for_each(by);
        play
    }

    /// A tender that waits for its code.
    pub(crate) fn armed(gateway: &'static str) -> Self {
        Self::at(gateway).then_armed()
    }

    /// A submit that has not come back.
    pub(crate) fn paying(gateway: &'static str) -> Self {
        Self::at(gateway).then_paying()
    }

    /// A customer who must confirm.
    pub(crate) fn waiting(gateway: &'static str) -> Self {
        Self::at(gateway).then_waiting()
    }

    /// The wait is over, the last enquiry runs.
    pub(crate) fn closing(gateway: &'static str) -> Self {
        Self::at(gateway).then_closing()
    }

    /// *Not paid* was said, the money is to be returned; the first try runs.
    pub(crate) fn returning(gateway: &'static str) -> Self {
        Self::at(gateway).then_returning()
    }

    /// A payment of 37.50 AED.
    pub(crate) fn paid(gateway: &'static str) -> Self {
        Self::at(gateway).then_paid()
    }

    pub(crate) fn then_armed(mut self) -> Self {
        self.go(Event::CreateTender(tender("k1")));
        self
    }

    pub(crate) fn then_paying(self) -> Self {
        let mut play = self.then_armed();
        play.scans();
        play
    }

    pub(crate) fn then_paid(self) -> Self {
        let mut play = self.then_paying();
        play.said(Operation::Submit, money_in);
        play
    }

    pub(crate) fn then_waiting(self) -> Self {
        let mut play = self.then_paying();
        play.said(Operation::Submit, pending);
        play
    }

    fn then_closing(self) -> Self {
        let mut play = self.then_waiting();
        play.later(75);
        play.fired(Timer::Wait);
        play
    }

    pub(crate) fn then_returning(self) -> Self {
        let mut play = self.then_closing();
        play.later(13);
        play.fired(Timer::LastWord);
        play.fired(Timer::Duty);
        play
    }

    /// *Not paid* was said, the gateway has not seen the order.
    pub(crate) fn watching(gateway: &'static str) -> Self {
        Self::at(gateway).then_watching()
    }

    pub(crate) fn then_watching(self) -> Self {
        let mut play = self.then_paying();
        play.said(Operation::Submit, unsigned_refusal);
        play.said(Operation::Enquiry, no_order);
        play
    }

    /// A watch whose window is over.
    pub(crate) fn window_over(gateway: &'static str) -> Self {
        let mut play = Self::watching(gateway);
        play.later(962);
        play.fired(Timer::Arrival);
        play.fired(Timer::Duty);
        play
    }

    /// Time goes by.
    pub(crate) fn later(&mut self, seconds: u64) {
        self.now.at = self.now.at.after(s(seconds));
    }

    /// An event, and exactly what comes of it.
    #[track_caller]
    pub(crate) fn on(&mut self, event: Event, expected: &[&str]) {
        let lines = self.go(event);
        assert!(
            lines == expected,
            "expected:\n{expected:#?}\ngot:\n{lines:#?}"
        );
    }

    /// An answer to the newest attempt, and exactly what comes of it.
    #[track_caller]
    pub(crate) fn answer(&mut self, operation: Operation, says: Says, expected: &[&str]) {
        let event = self.answer_event(&self.attempt(), operation, says);
        self.on(event, expected);
    }

    /// A timer of the newest attempt, and exactly what comes of it.
    #[track_caller]
    pub(crate) fn fires(&mut self, timer: fn(AttemptId) -> Timer, expected: &[&str]) {
        self.on(Event::TimerFired(timer(self.attempt())), expected);
    }

    /// A fresh code for the newest tender, and exactly what comes of it.
    #[track_caller]
    pub(crate) fn scan(&mut self, expected: &[&str]) {
        let event = self.scan_event();
        self.on(event, expected);
    }

    /// The cashier cancels the newest tender, and exactly what comes of it.
    #[track_caller]
    pub(crate) fn cancel(&mut self, expected: &[&str]) {
        self.on(Event::Cancel(self.tender()), expected);
    }

    /// As [`Play::answer`], on the way to somewhere else.
    #[track_caller]
    pub(crate) fn said(&mut self, operation: Operation, says: Says) {
        let event = self.answer_event(&self.attempt(), operation, says);
        self.go(event);
    }

    /// As [`Play::fires`], on the way to somewhere else.
    #[track_caller]
    pub(crate) fn fired(&mut self, timer: fn(AttemptId) -> Timer) {
        self.go(Event::TimerFired(timer(self.attempt())));
    }

    /// As [`Play::scan`], on the way to somewhere else.
    #[track_caller]
    pub(crate) fn scans(&mut self) {
        let event = self.scan_event();
        self.go(event);
    }

    /// The newest tender.
    pub(crate) fn tender(&self) -> TenderId {
        self.state.tenders.keys().last().unwrap().clone()
    }

    /// The newest attempt of the newest tender.
    pub(crate) fn attempt(&self) -> AttemptId {
        let tender = self.state.tenders.values().last().unwrap();
        tender.attempts.last().unwrap().id.clone()
    }

    /// The newest attempt of the newest tender, as it stands.
    pub(crate) fn newest(&self) -> &Attempt {
        let id = self.attempt();
        self.state.tenders[&id.tender].attempt(id.number).unwrap()
    }

    /// The newest refund of the newest tender, as it stands.
    pub(crate) fn refund(&self) -> &Refund {
        let tender = self.state.tenders.values().last().unwrap();
        tender.refunds.last().unwrap()
    }

    /// A request to give this much of the newest tender back, and exactly what comes of it.
    #[track_caller]
    pub(crate) fn ask_refund(&mut self, key: &str, minor: u64, expected: &[&str]) {
        let event = Event::Refund(refund(&self.tender(), key, minor));
        self.on(event, expected);
    }

    /// As [`Play::ask_refund`], on the way to somewhere else.
    #[track_caller]
    pub(crate) fn asked_refund(&mut self, key: &str, minor: u64) {
        self.go(Event::Refund(refund(&self.tender(), key, minor)));
    }

    /// An answer about the newest refund, and exactly what comes of it.
    #[track_caller]
    pub(crate) fn refund_answer(
        &mut self,
        operation: RefundOperation,
        says: RefundSays,
        expected: &[&str],
    ) {
        let event = self.refund_event(&self.refund().id.clone(), operation, says);
        self.on(event, expected);
    }

    /// As [`Play::refund_answer`], on the way to somewhere else.
    #[track_caller]
    pub(crate) fn refund_said(&mut self, operation: RefundOperation, says: RefundSays) {
        let event = self.refund_event(&self.refund().id.clone(), operation, says);
        self.go(event);
    }

    /// A timer of the newest refund, and exactly what comes of it.
    #[track_caller]
    pub(crate) fn refund_fires(&mut self, timer: fn(RefundId) -> Timer, expected: &[&str]) {
        self.on(Event::TimerFired(timer(self.refund().id.clone())), expected);
    }

    /// As [`Play::refund_fires`], on the way to somewhere else.
    #[track_caller]
    pub(crate) fn refund_fired(&mut self, timer: fn(RefundId) -> Timer) {
        self.go(Event::TimerFired(timer(self.refund().id.clone())));
    }

    pub(crate) fn refund_event(
        &self,
        id: &RefundId,
        operation: RefundOperation,
        says: RefundSays,
    ) -> Event {
        let tender = &self.state.tenders[&id.tender];
        let refund = tender.refund(id.number).unwrap();
        let original = &tender.attempt(refund.attempt).unwrap().order;
        Event::RefundAnswered {
            refund: id.clone(),
            operation,
            answer: says(refund, original),
        }
    }

    pub(crate) fn answer_event(&self, id: &AttemptId, operation: Operation, says: Says) -> Event {
        let tender = &self.state.tenders[&id.tender];
        Event::Answered {
            attempt: id.clone(),
            operation,
            answer: says(tender.attempt(id.number).unwrap(), tender.amount),
        }
    }

    fn scan_event(&mut self) -> Event {
        self.codes += 1;
        Event::CodeRead {
            tender: self.tender(),
            code: CodeRead {
                wallet: self.wallet.clone(),
                ..code(self.gateway, &format!("code{}", self.codes))
            },
        }
    }

    /// One step, with all that must hold after any.
    #[track_caller]
    pub(crate) fn go(&mut self, event: Event) -> Vec<String> {
        self.now.random += 1;
        let step = match step(&self.state, &event, self.now) {
            Ok(step) => step,
            Err(denial) => return vec![format!("denied: {}", denial.code())],
        };
        let before = self.state.clone();
        for fact in &step.facts {
            let text = serde_json::to_string(fact).unwrap();
            assert_eq!(*fact, serde_json::from_str(&text).unwrap(), "{text}");
            apply(&mut self.state, fact, self.now.at);
            self.facts.push((fact.clone(), self.now.at));
        }
        let again = replay(&self.state.setup, &self.facts);
        assert_eq!(again.tenders, self.state.tenders, "replay differs");
        assert_eq!(again.codes, self.state.codes, "replay differs");
        if let Err(broken) = rules::check(&before, &step, &self.state) {
            panic!("{broken} after {event:?}: {step:#?}");
        }
        crash::survives(&self.state, self.now);
        render::step(&self.state, &step, self.now)
    }
}
