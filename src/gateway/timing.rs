//! Timings that a configuration may set, each within what its provider allows.

use super::Complaint;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What is set; a gateway's rules have the limits, and what is usual for the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timing {
    /// From the end of the submit to the first enquiry.
    pub enquiry_first: Option<Duration>,
    /// From one enquiry to the next.
    pub enquiry_every: Option<Duration>,
    /// From the submit to an enquiry beside it.
    pub enquiry_unanswered: Option<Duration>,
    /// How long the customer may take.
    pub wait: Option<Duration>,
    /// How much longer one extension waits.
    pub wait_extension: Option<Duration>,
    /// When the gateway stops taking the payment.
    pub expires: Option<Duration>,
    /// Limit of the submit call.
    pub limit_submit: Option<Duration>,
    /// Limit of an enquiry.
    pub limit_enquiry: Option<Duration>,
    /// Pause between cancels of the last word, where a gateway has one.
    pub cancel_every: Option<Duration>,
}

pub(super) const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Picks what is set or usual, and complains about what is outside its limits.
pub(super) struct Picked {
    /// The section in the configuration, such as `gateway.payby`.
    section: &'static str,
    complaints: Vec<Complaint>,
}

impl Picked {
    pub(super) fn new(section: &'static str) -> Self {
        Self {
            section,
            complaints: Vec::new(),
        }
    }

    /// The value of the key, in whole seconds.
    pub(super) fn pick(
        &mut self,
        key: &str,
        set: Option<Duration>,
        usual: u64,
        limits: RangeInclusive<u64>,
    ) -> Duration {
        let value = set.unwrap_or(seconds(usual));
        let (least, most) = limits.into_inner();
        if !(seconds(least)..=seconds(most)).contains(&value) {
            self.complain(key, format!("must be between {least} and {most} seconds"));
        }
        value
    }

    pub(super) fn complain(&mut self, key: &str, text: String) {
        self.complaints.push(Complaint {
            key: format!("{}.{key}", self.section),
            text,
        });
    }

    /// What was made of the values, if all are good one by one and `together`.
    pub(super) fn finish<T>(
        mut self,
        made: T,
        together: impl FnOnce(&T, &mut Self),
    ) -> Result<T, Vec<Complaint>> {
        if self.complaints.is_empty() {
            together(&made, &mut self);
        }
        match self.complaints {
            none if none.is_empty() => Ok(made),
            some => Err(some),
        }
    }
}
