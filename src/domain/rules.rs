//! What the core must know of a gateway, as data.
//!
//! The core has no word of any provider: each gateway's folder fills one
//! [`GatewayRules`] from that provider's documents, and the core reads it.

use std::time::Duration;

/// How one gateway behaves and how it wants to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRules {
    /// From the end of the submit to the first enquiry when the order is pending.
    pub enquiry_first: Duration,
    /// From the end of one enquiry to the next.
    pub enquiry_every: Duration,
    /// From the start of one enquiry of an order to the next, at least.
    pub enquiry_pause_min: Duration,
    /// From the first byte of the submit to an enquiry beside it, when nothing
    /// came back: the lane says *checking* then.
    pub enquiry_unanswered: Duration,
    /// From the intent to the wait deadline: how long the customer may take.
    pub wait: Duration,
    /// How much longer one extension waits.
    pub wait_extension: Duration,
    /// From the request's time to the moment after which the gateway itself no
    /// longer lets the order be paid.
    pub expires: Duration,
    /// Limit of the submit call.
    pub limit_submit: Duration,
    /// Limit of an enquiry, and of a reversal that no cashier waits for.
    pub limit_enquiry: Duration,
    /// How an attempt is closed when the wait is over.
    pub last_word: LastWord,
    /// From the request's time until a lost request can no longer arrive; after
    /// it (and the clock error) a verified "no such order" is proof.
    pub arrival_window: Duration,
    /// How many verified "no such order" after the window are proof, and how far
    /// apart: at most one counts in each try of a duty, and the next try is set this
    /// much later.
    pub not_found_proof: (u32, Duration),
    /// From the request's time to the earliest reversal; not longer than `wait`.
    pub reversal_earliest: Duration,
    /// Pauses between the tries of a duty: the first, doubling up to the last.
    pub duty_pace: (Duration, Duration),
    /// A duty that has been tried this often, or is this old, alerts a person.
    pub duty_alert: (u32, Duration),
    /// Length of an order number at most.
    pub order_number_max: usize,
}

/// How the end of a wait is settled with the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastWord {
    /// The gateway refuses to cancel a paid order, so it is asked *before* the
    /// verdict: a refusal means that the customer paid.
    CancelFirst {
        /// Limit of the last enquiry, which goes before.
        limit_enquiry: Duration,
        /// Pause between cancels. The ones before go on running beside the newest:
        /// the first answer of a slow gateway is not lost to our own next try.
        every: Duration,
        /// How long cancelling goes on before the verdict is given without its
        /// answer; each cancel may take as long.
        limit: Duration,
    },
    /// The gateway's reversal would give a paid order's money back: the verdict
    /// and the duty go first.
    VerdictFirst {
        /// Limit of the last enquiry.
        limit_enquiry: Duration,
    },
}
