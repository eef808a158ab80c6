//! Durations by rank, and budgets that were kept or not.

use std::fmt;
use std::time::Duration;

/// Measured durations, sorted.
pub(crate) struct Figures(Vec<Duration>);

impl Figures {
    pub(crate) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort();
        Self(durations)
    }

    /// The duration that `percent` of all do not exceed.
    pub(crate) fn rank(&self, percent: usize) -> Duration {
        let place = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(place).copied().unwrap_or_default()
    }

    pub(crate) fn p50(&self) -> Duration {
        self.rank(50)
    }

    pub(crate) fn p99(&self) -> Duration {
        self.rank(99)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for percent in [10, 50, 90, 99, 100] {
            write!(f, "{:>9.3}", self.rank(percent).as_secs_f64() * 1e3)?;
        }
        Ok(())
    }
}

/// Prints one budget: what was measured, what is allowed.
pub(crate) fn judge(what: &str, measured: f64, budget: f64, unit: &str) {
    let verdict = if measured <= budget { "PASS" } else { "over" };
    println!("{what:<46}{measured:>9.3} of {budget:>7.3} {unit:<4}  {verdict}");
}
