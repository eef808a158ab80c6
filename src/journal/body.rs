//! How a fact is written: one line of JSON that begins with its format.
//!
//! ```text
//! {"v":1,"fact":"attempt_withdrawn","attempt":1}
//! {"v":1,"fact":"checkpoint"}
//! ```
//!
//! The tender is not repeated: it is the entry's subject. A checkpoint has no
//! subject, and a remark has none. A later format gets the next `v`, and every old one is read for ever.

use super::error::JournalError;
use crate::domain::{Remark, What};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The format that is written.
const V: u32 = 1;

/// The longest body, in bytes. A fact of one kilobyte is already unusual; the
/// limit keeps one caller's note from filling the disk.
pub(super) const BODY_MAX: usize = 16 * 1024;

#[derive(Serialize)]
struct Written<'a, T> {
    v: u32,
    #[serde(flatten)]
    what: &'a T,
}

#[derive(Deserialize)]
struct Read<T> {
    #[serde(flatten)]
    what: T,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// The body of a checkpoint.
pub(super) const CHECKPOINT: &str = r#"{"v":1,"fact":"checkpoint"}"#;

/// Writes what happened.
pub(super) fn encode(what: &What) -> Result<String, JournalError> {
    written(what)
}

/// Writes a remark.
pub(super) fn encode_remark(remark: &Remark) -> Result<String, JournalError> {
    written(remark)
}

fn written(what: &impl Serialize) -> Result<String, JournalError> {
    let body = serde_json::to_string(&Written { v: V, what })
        .map_err(|e| JournalError::Unfit(format!("a fact cannot be written as JSON: {e}")))?;
    if body.len() > BODY_MAX {
        return Err(JournalError::Unfit(format!(
            "a fact of {} bytes is longer than {BODY_MAX}",
            body.len()
        )));
    }
    Ok(body)
}

/// Reads the body of entry `seq`.
pub(super) fn decode(seq: u64, body: &str) -> Result<What, JournalError> {
    read(seq, body)
}

/// Reads the remark of entry `seq`.
pub(super) fn decode_remark(seq: u64, body: &str) -> Result<Remark, JournalError> {
    read(seq, body)
}

fn read<T: DeserializeOwned>(seq: u64, body: &str) -> Result<T, JournalError> {
    // serde_json names a position and a field, and for a wrong value the value:
    // a body never holds a payment code, so the message may be shown.
    let damaged = |e| JournalError::Damaged(format!("entry {seq} cannot be read: {e}"));
    let Version { v } = serde_json::from_str(body).map_err(damaged)?;
    if v != V {
        return Err(JournalError::Newer {
            found: i64::from(v),
            known: i64::from(V),
        });
    }
    let read: Read<T> = serde_json::from_str(body).map_err(damaged)?;
    Ok(read.what)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::domain::Duty;

    #[test]
    fn the_text_on_disk_is_exactly_this() {
        for (what, text) in [
            (
                What::AttemptWithdrawn { attempt: 1 },
                r#"{"v":1,"fact":"attempt_withdrawn","attempt":1}"#,
            ),
            (
                What::CancelRequested,
                r#"{"v":1,"fact":"cancel_requested"}"#,
            ),
            (
                What::ObligationOpened {
                    attempt: 2,
                    duty: Duty::Watch,
                },
                r#"{"v":1,"fact":"obligation_opened","attempt":2,"duty":"watch"}"#,
            ),
        ] {
            assert_eq!(encode(&what).unwrap(), text);
            assert_eq!(decode(1, text).unwrap(), what);
        }
    }

    #[test]
    fn refuses_what_it_cannot_read_and_says_where() {
        assert!(matches!(
            decode(9, r#"{"v":2,"fact":"cancel_requested"}"#),
            Err(JournalError::Newer { found: 2, known: 1 })
        ));
        for body in [
            "",
            "{}",
            "[1]",
            r#"{"fact":"cancel_requested"}"#,
            r#"{"v":1}"#,
            r#"{"v":1,"fact":"no_such_thing"}"#,
            r#"{"v":1,"fact":"attempt_withdrawn"}"#,
            CHECKPOINT,
        ] {
            match decode(9, body) {
                Err(JournalError::Damaged(what)) => assert!(what.contains("entry 9"), "{what}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }
}
