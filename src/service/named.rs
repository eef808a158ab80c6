//! The core, named where it fails: when it crashes, the log says over what.
//!
//! A core that crashes over one attempt would do so at every start, and keep its
//! lane from working. The message names the attempt, and `qrpayd park` sets it aside.

use super::driver::Core;
use super::view::obligation_id;
use crate::domain::{AttemptId, Denial, Effect, Event, Now, State, Step, TenderId, Timer};
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// A core, and what it was working on when it crashed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Named<C>(pub(super) C);

/// What the core was working on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Subject {
    Attempt(AttemptId),
    Tender(TenderId),
    /// A new tender, of which nothing is stored.
    Nothing,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let park = |f: &mut fmt::Formatter<'_>, name: &str| {
            write!(
                f,
                "; if this comes again at every start, set it aside: qrpayd park --config FILE {name}"
            )
        };
        match self {
            Self::Attempt(attempt) => {
                let name = obligation_id(attempt);
                write!(f, "the core crashed over attempt {name}")?;
                park(f, &name)
            }
            Self::Tender(tender) => {
                write!(f, "the core crashed over tender {tender}")?;
                park(f, &format!("{tender}-ATTEMPT"))
            }
            Self::Nothing => f.write_str("the core crashed over something new"),
        }
    }
}

impl<C: Core> Core for Named<C> {
    fn step(&mut self, state: &State, event: &Event, now: Now) -> Result<Step, Denial> {
        let work = AssertUnwindSafe(|| self.0.step(state, event, now));
        catch_unwind(work).unwrap_or_else(|panic| {
            let subject = subject(state, event);
            tracing::error!("{subject}");
            resume_unwind(panic)
        })
    }

    fn resume(&mut self, state: &State, now: Now) -> Vec<Effect> {
        let work = AssertUnwindSafe(|| self.0.resume(state, now));
        catch_unwind(work).unwrap_or_else(|panic| {
            for subject in culprits(&mut self.0, state, now) {
                tracing::error!("{subject}");
            }
            resume_unwind(panic)
        })
    }
}

fn subject(state: &State, event: &Event) -> Subject {
    let newest = |tender: &TenderId| {
        let attempts = state.tenders.get(tender).map(|t| &t.attempts);
        match attempts.and_then(|attempts| attempts.last()) {
            Some(attempt) => Subject::Attempt(attempt.id.clone()),
            None => Subject::Tender(tender.clone()),
        }
    };
    match event {
        Event::CreateTender(_) => Subject::Nothing,
        Event::CodeRead { tender, .. }
        | Event::Cancel(tender)
        | Event::Extend(tender)
        | Event::Acknowledge(tender)
        | Event::TimerFired(Timer::Code(tender)) => newest(tender),
        Event::Refund(new) => newest(&new.tender),
        Event::Answered { attempt, .. }
        | Event::CloseObligation { attempt, .. }
        | Event::Park { attempt, .. }
        | Event::Unpark { attempt, .. }
        | Event::TimerFired(
            Timer::Enquiry(attempt)
            | Timer::Wait(attempt)
            | Timer::Restarted(attempt)
            | Timer::Cancel(attempt)
            | Timer::LastWord(attempt)
            | Timer::Duty(attempt)
            | Timer::Arrival(attempt)
            | Timer::Scanned(attempt),
        ) => Subject::Attempt(attempt.clone()),
        Event::RefundAnswered { refund, .. }
        | Event::TimerFired(Timer::Refund(refund) | Timer::RefundArrival(refund)) => {
            let tender = state.tenders.get(&refund.tender);
            match tender.and_then(|tender| tender.refund(refund.number)) {
                Some(found) => Subject::Attempt(AttemptId {
                    tender: refund.tender.clone(),
                    number: found.attempt,
                }),
                None => Subject::Tender(refund.tender.clone()),
            }
        }
    }
}

/// The tenders that the core cannot take up, tried one by one.
fn culprits(core: &mut impl Core, state: &State, now: Now) -> Vec<Subject> {
    let mut culprits = Vec::new();
    for (id, tender) in &state.tenders {
        let alone = State {
            setup: state.setup.clone(),
            tenders: BTreeMap::from([(id.clone(), tender.clone())]),
            codes: BTreeMap::new(),
        };
        let work = AssertUnwindSafe(|| core.resume(&alone, now));
        if catch_unwind(work).is_err() {
            culprits.push(match tender.attempts.last() {
                Some(attempt) => Subject::Attempt(attempt.id.clone()),
                None => Subject::Tender(id.clone()),
            });
        }
    }
    culprits
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::{Fact, Setup, StoreId, Timestamp, apply};
    use serde_json::json;
    use std::sync::Arc;
    use std::time::Duration;

    /// A core that cannot take up one tender, nor answer anything.
    struct Bomb;

    impl Core for Bomb {
        fn step(&mut self, _: &State, _: &Event, _: Now) -> Result<Step, Denial> {
            panic!("planted");
        }
        fn resume(&mut self, state: &State, _: Now) -> Vec<Effect> {
            assert!(
                !state.tenders.keys().any(|id| id.as_str() == "t2"),
                "planted"
            );
            Vec::new()
        }
    }

    fn state() -> State {
        let mut state = State {
            setup: Arc::new(Setup {
                store: StoreId::new("s1").unwrap(),
                lanes: BTreeMap::new(),
                gateways: BTreeMap::new(),
            }),
            tenders: BTreeMap::new(),
            codes: BTreeMap::new(),
        };
        for tender in ["t1", "t2"] {
            let facts = [
                json!({"tender": tender, "fact": "tender_created", "lane": "1", "key": tender,
                    "sale": "S1", "day": "2026-03-01", "part": false, "gateway": null,
                    "amount": {"minor": 3750, "currency": "AED"}, "mode": "scan", "note": null}),
                json!({"tender": tender, "fact": "attempt_intended", "attempt": 1,
                    "gateway": "payby", "order": tender, "wallet": null, "requested": 0,
                    "expires": 0}),
            ];
            for fact in facts {
                let fact: Fact = serde_json::from_value(fact).unwrap();
                apply(&mut state, &fact, Timestamp(0));
            }
        }
        state
    }

    const NOW: Now = Now {
        at: Timestamp(0),
        random: 0,
        clock_error: Duration::ZERO,
    };

    #[test]
    fn a_crash_names_what_to_park_and_goes_on_crashing() {
        let state = state();
        let second = AttemptId {
            tender: TenderId::new("t2").unwrap(),
            number: 1,
        };
        let named = Subject::Attempt(second.clone());
        assert_eq!(
            culprits(&mut Bomb, &state, NOW),
            std::slice::from_ref(&named)
        );
        assert_eq!(
            named.to_string(),
            "the core crashed over attempt t2-1; if this comes again at every start, set it \
             aside: qrpayd park --config FILE t2-1"
        );
        for event in [
            Event::Cancel(second.tender.clone()),
            Event::TimerFired(Timer::Duty(second.clone())),
        ] {
            assert_eq!(subject(&state, &event), named);
            let step = AssertUnwindSafe(|| Named(Bomb).step(&state, &event, NOW));
            assert!(catch_unwind(step).is_err(), "it is not swallowed");
        }
        let resume = AssertUnwindSafe(|| Named(Bomb).resume(&state, NOW));
        assert!(catch_unwind(resume).is_err());
    }
}
