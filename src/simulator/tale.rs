//! The story of a gateway: a line per call and per event, and what of it the
//! merchant is told.

use super::book::Subject;
use super::clock;
use super::engine::Engine;
use super::fault::Fault;
use super::gateway::{Draft, Gateway, Operation};
use super::state::State;

impl<G: Gateway> Engine<G> {
    /// Tells what happened by itself: the story, and the merchant.
    /// `told`: what the story has just shown.
    pub(crate) fn announce(&self, state: &mut State<G>, now: u64, told: Option<&Subject>) {
        for (subject, event) in state.book.take_events() {
            if told != Some(&subject) {
                let line = format!("       {}", self.describe(state, &subject, now));
                self.story(now, &line);
            }
            if self.gateway.tells(event) {
                state.notify(&subject);
            }
        }
    }

    /// Says an order or refund in a story: number, amount, state.
    pub(crate) fn describe(&self, state: &State<G>, subject: &Subject, now: u64) -> String {
        let number = subject.number();
        let (amount, currency, status, reversed) = match subject {
            Subject::Order(number) => match state.book.order(number) {
                Some(order) => (
                    order.total,
                    &order.currency,
                    word(&self.gateway.status(order, now)),
                    order.reversed,
                ),
                None => return number.clone(),
            },
            Subject::Refund(number) => match state.book.refund(number) {
                Some(refund) => (
                    refund.amount,
                    &refund.currency,
                    word(&self.gateway.refund_status(refund)),
                    false,
                ),
                None => return number.clone(),
            },
        };
        let amount = self.gateway.amount(amount, currency);
        let reversed = if reversed { " revoked" } else { "" };
        format!("{number} {currency} {amount} {status}{reversed}")
    }

    /// Says a call.
    pub(crate) fn tell(
        &self,
        state: &State<G>,
        now: u64,
        operation: G::Operation,
        subject: Option<&Subject>,
        draft: &Draft<G::Content>,
        fault: Option<&Fault>,
    ) -> String {
        if self.gateway.basics().story.is_none() {
            return String::new();
        }
        let about = match subject {
            Some(subject) => self.describe(state, subject, now),
            None => "?".into(),
        };
        let said = match draft.code.as_str() {
            "0" => String::new(),
            code => format!(" -> {code} {}", draft.message),
        };
        let wrong = fault
            .map(|fault| format!("  [{fault:?}]"))
            .unwrap_or_default();
        format!("{:<11} {about}{said}{wrong}", operation.word())
    }

    /// Says a line, with the time.
    pub(crate) fn story(&self, now: u64, line: &str) {
        if let Some(story) = self.gateway.basics().story {
            story(&format!("{} {line}", clock::of_day(now)));
        }
    }
}

// The provider's word, as the ledger prints it.
fn word(status: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(status).unwrap_or_default();
    text.trim_matches('"').to_owned()
}
