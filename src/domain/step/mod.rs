//! One event to facts and effects, or a denial.
//!
//! Split by what the event is about: `tender` (what callers ask), `answer`
//! (what gateways say while the payment may still go on), `shown` (codes that the
//! store shows), `closing` (the end of the wait and the last word), `duty` (what is
//! owed after *not paid*), `late` (evidence that comes after the end), `refund` (money that goes
//! back by a number of its own), `park` (what a person sets aside), `number` (new
//! names). A decision is written down
//! in a [`Draft`]; nothing here changes the state.

mod answer;
mod closing;
mod draft;
mod duty;
mod late;
mod number;
mod park;
mod refund;
mod shown;
mod tender;

use super::{Denial, Event, Now, Reason, State, Step, Timer};
use draft::Draft;

pub(super) use closing::last_enquiry;
pub(super) use duty::first_try;
pub use park::{park, unpark};
pub(super) use refund::{
    enquiry_every as refund_enquiry_every, not_found_proof as refund_not_found_proof,
};

/// Decides what an event means.
///
/// # Errors
/// A [`Denial`] when our rules say no; then nothing is to be done. A timer or an
/// answer that nobody waits for is no error: it gives an empty step.
pub fn step(state: &State, event: &Event, now: Now) -> Result<Step, Denial> {
    match event {
        Event::CreateTender(new) => tender::create(state, new, now),
        Event::CodeRead { tender, code } => tender::code_read(state, tender, code, now),
        Event::Cancel(id) => tender::cancel(state, id, now),
        Event::Extend(id) => tender::extend(state, id, now),
        Event::Acknowledge(id) => tender::acknowledge(state, id, now),
        Event::Answered {
            attempt,
            operation,
            answer,
        } => answer::answered(state, attempt, *operation, answer, now),
        Event::Refund(new) => refund::ask(state, new, now),
        Event::RefundAnswered {
            refund,
            operation,
            answer,
        } => refund::answered(state, refund, *operation, answer, now),
        Event::TimerFired(timer) => timer_fired(state, timer, now),
        Event::CloseObligation {
            attempt,
            name,
            reason,
            reference,
        } => duty::close_by_hand(state, attempt, name, reason, reference),
        Event::Park {
            attempt,
            name,
            reason,
        } => park::parked(state, attempt, name, reason),
        Event::Unpark {
            attempt,
            name,
            reason,
        } => park::unparked(state, attempt, name, reason, now),
    }
}

fn timer_fired(state: &State, timer: &Timer, now: Now) -> Result<Step, Denial> {
    match timer {
        Timer::Code(id) => tender::code_timer(state, id, now),
        Timer::Enquiry(id) => answer::enquiry_due(Draft::about(state, id, now)?),
        Timer::Wait(id) => closing::end_wait(Draft::about(state, id, now)?, Reason::WaitOver),
        Timer::Restarted(id) => closing::end_wait(Draft::about(state, id, now)?, Reason::Restarted),
        Timer::Cancel(id) => closing::cancel_due(Draft::about(state, id, now)?),
        Timer::LastWord(id) => closing::last_word_over(Draft::about(state, id, now)?),
        Timer::Duty(id) => duty::due(Draft::about(state, id, now)?),
        Timer::Arrival(id) => duty::arrival_over(Draft::about(state, id, now)?),
        Timer::Refund(id) => refund::due(state, id, now),
        Timer::RefundArrival(id) => refund::arrival_over(state, id, now),
        Timer::Scanned(id) => shown::due(Draft::about(state, id, now)?),
    }
}
