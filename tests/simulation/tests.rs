//! A few thousand days and a sample of the grid on every test run; the gate runs more
//! (`examples/simulate.rs`).

use super::{Coverage, Plant, day, grid};

/// Days of a test run: some seconds without optimisation.
const DAYS: u64 = 300;

/// Days in which a planted fault must be found.
const DAYS_PLANTED: u64 = 150;

/// One row of the grid in so many.
const ROWS_EVERY: usize = 307;

#[test]
fn every_day_ends_well() {
    let mut coverage = Coverage::default();
    for seed in 0..DAYS {
        let outcome = day(seed, None, false);
        coverage.add(&outcome.coverage);
        if let Some(broken) = outcome.broken {
            let story = day(seed, None, true).story.join("\n");
            panic!("{story}\nseed {seed}: {broken}");
        }
    }
    // The rare ones are asked for where more days are simulated.
    assert!(coverage.transitions.len() >= 18, "{}", coverage.table());
}

/// The same seed is the same day, to the letter.
#[test]
fn a_day_can_be_replayed() {
    let (once, again) = (day(17, None, true), day(17, None, true));
    assert!(once.story.len() > 100, "{}", once.story.len());
    assert_eq!(once.story, again.story);
}

/// A check that nothing can fail proves nothing: each planted fault is found, and by a
/// rule that names it. (`examples/simulate.rs --plants` has the rare ones.)
#[test]
fn planted_faults_are_found() {
    let mut missed = Vec::new();
    let common = |(plant, _): &(Plant, _)| !Plant::RARE.contains(plant);
    for (plant, rules) in Plant::ALL.into_iter().filter(common) {
        let found = (0..DAYS_PLANTED).find_map(|seed| day(seed, Some(plant), false).broken);
        match found {
            None => missed.push(format!("{plant:?} was not found")),
            Some(broken) => {
                let number = broken.rule.split(' ').next().unwrap();
                if !rules.contains(&number) {
                    missed.push(format!("{plant:?} was found as {broken}"));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_sample_of_the_grid_ends_well() {
    for row in grid::rows().iter().step_by(ROWS_EVERY) {
        let (_, broken) = grid::try_row(row);
        assert_eq!(broken, None);
    }
}
