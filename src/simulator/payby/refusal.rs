//! PayBy's refusals: a code with its name, and what the client did wrong.

use super::answer;
use crate::simulator::conduct::Rule;
use crate::simulator::gateway::Refusal;

/// A refusal that is nobody's fault.
pub(crate) fn code(code: &str) -> Refusal {
    Refusal {
        code: code.to_owned(),
        message: answer::message(code).to_owned(),
        note: None,
    }
}

/// A refusal of what is against a rule.
pub(crate) fn noted(code: &str, rule: Rule, why: impl Into<String>) -> Refusal {
    Refusal {
        note: Some((rule, why.into())),
        ..self::code(code)
    }
}

/// A refusal of a field.
pub(crate) fn field(why: impl Into<String>) -> Refusal {
    noted("400", Rule::Field, why)
}
