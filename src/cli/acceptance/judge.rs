//! Whether a case was played as PayBy wants it: by the calls and the end.

use super::cases::Case;
use crate::domain::{Answer, Operation, OrderStatus, Unknown};
use crate::service::Traced;
use std::time::{Duration, Instant};

/// What was seen of a case.
#[derive(Debug)]
pub(super) struct Played {
    /// Our number of the order.
    pub(super) order: String,
    /// Its calls, in their order.
    pub(super) calls: Vec<Traced>,
    /// `paid`, `not_paid`, `unresolved` or `none`.
    pub(super) verdict: &'static str,
    /// What a person was called for.
    pub(super) alerts: Vec<String>,
    /// A notification was taken.
    pub(super) notified: bool,
}

/// How a case ended.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) passed: bool,
    pub(super) order: String,
    /// What was seen, and what was missing.
    pub(super) seen: Vec<String>,
}

/// A timer that fires is a little late.
const LATE: Duration = Duration::from_millis(700);

/// Judges a case by its requirement.
pub(super) fn judge(case: &Case, played: Result<Played, String>) -> Judged {
    let played = match played {
        Ok(played) => played,
        Err(text) => {
            return Judged {
                passed: false,
                order: String::new(),
                seen: vec![format!("could not be played: {text}")],
            };
        }
    };
    let mut seen = Seen::default();
    let enquiries = begun(&played, Operation::Enquiry);
    let cancels = begun(&played, Operation::Cancel);
    let start = begun(&played, Operation::Submit).first().copied();
    let submit = ended(&played, Operation::Submit);
    let cancelled = |seen: &mut Seen, least: usize| {
        let after = start
            .zip(cancels.first())
            .map(|(start, first)| *first - start);
        let in_time =
            |after: Duration| (Duration::from_secs(20)..=Duration::from_secs(120)).contains(&after);
        seen.check(
            after.is_some_and(in_time),
            match after {
                Some(after) => format!("first cancel after {} s", after.as_secs()),
                None => "no cancel".to_owned(),
            },
        );
        seen.check(cancels.len() >= least, format!("{} cancels", cancels.len()));
    };
    let asked = |seen: &mut Seen, least: usize| {
        let count = enquiries.len();
        seen.check(count >= least, format!("{count} queries"));
        seen.pace("queries", &enquiries, 2..=6);
    };
    match case.number {
        "001" => {
            let created = |answer: &Answer| matches!(answer, Answer::Report(report) if report.status == OrderStatus::Pending);
            seen.check(
                submit.is_some_and(created),
                "placeOrder answered CREATED".to_owned(),
            );
            asked(&mut seen, 1);
            seen.verdict(&played, "paid");
        }
        "002" => {
            asked(&mut seen, 3);
            cancelled(&mut seen, 1);
            seen.verdict(&played, "not_paid");
        }
        "003" | "004" => {
            let unknown = |answer: &Answer| matches!(answer, Answer::Unknown(_));
            let open = submit.is_none_or(unknown);
            seen.check(open, "the outcome of placeOrder was unknown".to_owned());
            if case.number == "004" {
                let silent = |answer: &Answer| {
                    matches!(answer, Answer::Unknown(Unknown::Timeout | Unknown::Broken))
                };
                seen.check(submit.is_none_or(silent), "nobody answered".to_owned());
            }
            asked(&mut seen, 1);
            cancelled(&mut seen, 1);
            seen.verdict(&played, "not_paid");
        }
        "005" => {
            cancelled(&mut seen, 3);
            seen.pace("cancels", &cancels, 3..=10);
            seen.verdict(&played, "not_paid");
        }
        "006" => {
            cancelled(&mut seen, 3);
            seen.pace("cancels", &cancels, 3..=10);
            let span = cancels.first().zip(cancels.last()).map(|(a, b)| *b - *a);
            let stopped = span.is_some_and(|span| span <= Duration::from_secs(12));
            seen.check(stopped, "it stopped after 10 s".to_owned());
            seen.alerted(&played);
        }
        "007" => {
            asked(&mut seen, 3);
            seen.verdict(&played, "paid");
        }
        "008" => {
            asked(&mut seen, 3);
            let over = !cancels.is_empty() || !played.alerts.is_empty();
            seen.check(
                over,
                format!(
                    "{} cancels, alerts: {}",
                    cancels.len(),
                    played.alerts.join(", ")
                ),
            );
        }
        _ => {
            seen.check(
                played.notified,
                "the notification was taken and acknowledged".to_owned(),
            );
            seen.verdict(&played, "paid");
        }
    }
    Judged {
        passed: seen.passed,
        order: played.order,
        seen: seen.lines,
    }
}

/// When each call of a kind began.
fn begun(played: &Played, operation: Operation) -> Vec<Instant> {
    let calls = played.calls.iter();
    calls
        .filter(|call| call.operation == operation && call.answer.is_none())
        .map(|call| call.at)
        .collect()
}

/// What the first call of a kind brought.
fn ended(played: &Played, operation: Operation) -> Option<&Answer> {
    let mut calls = played.calls.iter();
    calls.find_map(|call| call.answer.as_ref().filter(|_| call.operation == operation))
}

struct Seen {
    passed: bool,
    lines: Vec<String>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            passed: true,
            lines: Vec::new(),
        }
    }
}

impl Seen {
    fn check(&mut self, good: bool, what: String) {
        self.passed &= good;
        self.lines.push(match good {
            true => what,
            false => format!("NOT AS ASKED: {what}"),
        });
    }

    /// The pauses between calls, in seconds.
    fn pace(&mut self, what: &str, calls: &[Instant], seconds: std::ops::RangeInclusive<u64>) {
        let low = Duration::from_secs(*seconds.start()).saturating_sub(LATE);
        let high = Duration::from_secs(*seconds.end()) + LATE;
        let pauses: Vec<Duration> = calls.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let good = pauses.iter().all(|pause| (low..=high).contains(pause));
        let told: Vec<String> = pauses
            .iter()
            .map(|p| format!("{:.1}", p.as_secs_f64()))
            .collect();
        if !told.is_empty() {
            self.check(good, format!("{what} apart by {} s", told.join(", ")));
        }
    }

    fn verdict(&mut self, played: &Played, verdict: &str) {
        self.check(
            played.verdict == verdict,
            format!("the cashier was told {}", played.verdict),
        );
    }

    fn alerted(&mut self, played: &Played) {
        let alerts = played.alerts.join(", ");
        self.check(!alerts.is_empty(), format!("alerted: {alerts}"));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::cases::CASES;
    use super::*;
    use crate::domain::OrderNumber;

    /// A case with queries and cancels at these seconds after the submit.
    fn played(queries: &[u64], cancels: &[u64], verdict: &'static str) -> Played {
        let start = Instant::now();
        let call = |operation, after: u64, answer| Traced {
            order: OrderNumber::new("o1").unwrap(),
            operation,
            at: start + Duration::from_secs(after),
            answer,
        };
        let unknown = Some(Answer::Unknown(Unknown::Timeout));
        let mut calls = vec![
            call(Operation::Submit, 0, None),
            call(Operation::Submit, 1, unknown),
        ];
        calls.extend(queries.iter().map(|s| call(Operation::Enquiry, *s, None)));
        calls.extend(cancels.iter().map(|s| call(Operation::Cancel, *s, None)));
        Played {
            order: "o1".to_owned(),
            calls,
            verdict,
            alerts: Vec::new(),
            notified: false,
        }
    }

    fn passes(number: &str, played: Played) -> bool {
        let case = CASES.iter().find(|case| case.number == number).unwrap();
        judge(case, Ok(played)).passed
    }

    #[test]
    fn each_case_fails_for_what_it_asks() {
        assert!(passes("002", played(&[2, 5, 8], &[22], "not_paid")));
        for (queries, cancels, verdict) in [
            (&[2, 5][..], &[22][..], "not_paid"),
            (&[2, 3, 4], &[22], "not_paid"),
            (&[2, 5, 15], &[22], "not_paid"),
            (&[2, 5, 8], &[], "not_paid"),
            (&[2, 5, 8], &[10], "not_paid"),
            (&[2, 5, 8], &[130], "not_paid"),
            (&[2, 5, 8], &[22], "paid"),
        ] {
            let played = played(queries, cancels, verdict);
            assert!(!passes("002", played), "{queries:?} {cancels:?} {verdict}");
        }
        assert!(passes("005", played(&[2], &[22, 25, 28], "not_paid")));
        assert!(!passes("005", played(&[2], &[22, 25], "not_paid")));
        assert!(!passes("005", played(&[2], &[22, 23, 24], "not_paid")));
        // It stopped, and called nobody.
        assert!(!passes("006", played(&[2], &[22, 25, 28, 31], "not_paid")));
        assert!(
            !passes("009", played(&[2], &[], "paid")),
            "nothing was notified"
        );
        let case = &CASES[0];
        assert!(!judge(case, Err("no service".to_owned())).passed);
    }
}
