//! What the core must know of a gateway, as data.
//!
//! The core has no word of any provider: each gateway's folder fills one
//! [`GatewayRules`] from that provider's documents, and the core reads it.

use super::Wallet;
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
    /// Whether a reversal also closes an order that the gateway has not seen yet,
    /// so that a lost request which arrives later makes nothing that can be paid.
    pub reversal_closes_unseen: bool,
    /// From the request's time to the moment after which no reversal is taken, with
    /// a margin; a refund takes its place then. None: no limit is documented.
    pub reversal_window: Option<Duration>,
    /// Wallets whose orders cannot be reversed: a paid one is refunded instead, an
    /// unpaid one closes when it expires.
    pub reversal_not_for: Vec<Wallet>,
    /// How refunds are given. None: this gateway gives none.
    pub refund: Option<RefundRules>,
    /// How a code is shown. None: this gateway shows none.
    pub display: Option<DisplayRules>,
}

/// How a gateway gives refunds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRules {
    /// From the payment's request to the moment after which no refund is taken.
    /// None: no limit is documented.
    pub window: Option<Duration>,
    /// Whether a part can be given back.
    pub partial: bool,
    /// Refunds of one payment at most.
    pub count_max: u32,
    /// From one enquiry about a pending refund to the next, at first; doubling up to
    /// the last pause of `duty_pace`.
    pub enquiry_every: Duration,
    /// How many verified "no such refund", and how far apart, prove that a refund
    /// whose outcome was unknown does not exist, counted after `arrival_window`.
    /// The refund is then sent again under the same number.
    pub not_found_proof: (u32, Duration),
}

/// How a gateway shows a code for the customer to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayRules {
    /// How long a code is shown at most; the order expires with it.
    pub life: Duration,
    /// Whether the gateway can be asked if anybody has scanned the code, and how often.
    pub scanned_every: Option<Duration>,
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
