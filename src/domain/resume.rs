//! After a start.
use super::{Effect, Now, State};

/// What must be done after a start.
pub fn resume(_state: &State, _now: Now) -> Vec<Effect> {
    Vec::new()
}
