//! What becomes of an answer that is signed and ready: it leaves, late, broken,
//! or never.

use super::book::Subject;
use super::fault::Fault;
use super::gateway::Letter;

/// An answer, and when it leaves.
pub(crate) struct Outcome {
    pub(crate) delivery: Delivery,
    pub(crate) letter: Letter,
    /// The gateway's clock, for the `Date` header.
    pub(crate) at: u64,
}

/// When an answer leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Now,
    After(u64),
    /// After a notification of this was delivered.
    AfterNotice(Subject),
    Never,
    Cut,
}

/// Does to an answer what a fault wants done.
pub(crate) fn spoil(
    mut letter: Letter,
    fault: Option<Fault>,
    subject: Option<Subject>,
    at: u64,
) -> Outcome {
    let mut delivery = Delivery::Now;
    match fault {
        Some(Fault::NoAnswer { .. }) => delivery = Delivery::Never,
        Some(Fault::Late { millis }) => delivery = Delivery::After(millis),
        Some(Fault::Cut { .. } | Fault::LateCreation { .. } | Fault::Invisible { .. }) => {
            delivery = Delivery::Cut;
        }
        Some(Fault::NotifiedFirst) => {
            delivery = subject.map_or(Delivery::Now, Delivery::AfterNotice);
        }
        Some(Fault::Http { status, .. }) => {
            letter = page(
                status,
                format!("<html><body><h1>{status}</h1></body></html>\n"),
            );
        }
        Some(Fault::NotJson { .. }) => {
            letter = page(200, "<html><body>Be right back!</body></html>\n".into());
        }
        Some(Fault::Truncated) => letter.body.truncate(letter.body.len() / 2),
        _ => {}
    }
    Outcome {
        delivery,
        letter,
        at,
    }
}

fn page(status: u16, text: String) -> Letter {
    Letter {
        status,
        headers: vec![("content-type", "text/html".to_owned())],
        body: text.into_bytes(),
    }
}
