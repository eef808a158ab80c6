//! Facts to state.
use super::{Fact, State, Timestamp};

/// Applies one fact.
pub fn apply(_state: &mut State, _fact: &Fact, _at: Timestamp) {}
