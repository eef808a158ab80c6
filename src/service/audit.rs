//! The rest of the journal is verified beside the work, once after each start.
//!
//! Opening verifies from the last checkpoint; what is older would hold up the
//! lane. A journal that turns out to be damaged takes no payments any more:
//! what is in flight is still finished and recorded.

use super::driver::Message;
use super::record::tender_row;
use super::replay::tender_of;
use crate::journal::{Entry, JournalError, Reader, TenderRow};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tokio::sync::mpsc;

/// Between two thousand entries: the disk belongs to the lanes.
const PAUSE: Duration = Duration::from_millis(20);

/// Verifies the chain and the derived rows on a thread of its own.
pub(super) fn begin(reader: Reader, messages: mpsc::Sender<Message>) {
    let audit = move || {
        let work = AssertUnwindSafe(|| verify(&reader, &messages));
        let why = match catch_unwind(work) {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the journal's facts do not make sense".to_owned(),
        };
        tracing::error!(why, "the journal does not verify: no payments are taken");
        // The driver is gone only when the process ends.
        let _ = messages.blocking_send(Message::Refuse(why));
    };
    let thread = std::thread::Builder::new().name("audit".to_owned());
    if let Err(error) = thread.spawn(audit) {
        tracing::warn!(%error, "the journal's older part is not verified: no thread");
    }
}

fn verify(reader: &Reader, messages: &mpsc::Sender<Message>) -> Result<(), JournalError> {
    let go_on = || {
        std::thread::sleep(PAUSE);
        match messages.is_closed() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let verified = reader.verify(0, |_| go_on())?;
    if verified.whole {
        tracing::info!(entries = verified.last, "the journal verifies");
    }
    let mut seen: u64 = 0;
    reader.verify_rows(row, |_| {
        seen += 1;
        if seen.is_multiple_of(1000) {
            go_on()
        } else {
            ControlFlow::Continue(())
        }
    })
}

/// The derived row that a tender's facts give.
fn row(entries: &[Entry]) -> TenderRow {
    tender_of(entries).map_or_else(
        || unreachable!("a tender's first fact creates it"),
        |tender| tender_row(&tender),
    )
}
