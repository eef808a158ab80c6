//! Decides.
use super::{Denial, Event, Now, State, Step};

/// Decides.
///
/// # Errors
/// When our rules say no.
pub fn step(_state: &State, _event: &Event, _now: Now) -> Result<Step, Denial> {
    Err(Denial::NoTender)
}
