//! Simulates days at a store, or the whole grid of faults, as long as you like.
//!
//! ```sh
//! cargo run --release --example simulate -- --seeds 1000000
//! cargo run --release --example simulate -- --seed 17
//! cargo run --release --example simulate -- --grid
//! ```
//!
//! `--seed` tells the story of one day; `--seeds` begins with seed 0, or with `--from`.
//! It exits 1 when a rule was broken and names the seed, or the cell of the grid.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::unwrap_used)]

#[path = "../tests/simulation/mod.rs"]
mod simulation;

use clap::Parser;
use simulation::{Coverage, Plant, day, grid};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Parser)]
struct Arguments {
    /// How many random days.
    #[arg(long, default_value_t = 0)]
    seeds: u64,
    /// The first seed of many.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Tell the story of this one day.
    #[arg(long)]
    seed: Option<u64>,
    /// Every planted fault, and the rule that finds it.
    #[arg(long)]
    plants: bool,
    /// Of the planted faults, only those whose name has this in it.
    #[arg(long, default_value = "")]
    plant: String,
    /// Every cell of the grid of faults.
    #[arg(long)]
    grid: bool,
    /// Threads; all processors if not said.
    #[arg(long)]
    threads: Option<usize>,
}

/// Broken rules that are shown before giving up.
const SHOWN: usize = 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut well = true;
    if let Some(seed) = arguments.seed {
        let outcome = day(seed, None, true);
        println!("{}", outcome.story.join("\n"));
        match outcome.broken {
            Some(broken) => {
                println!("seed {seed}: {broken}");
                well = false;
            }
            None => println!("seed {seed}: all rules hold"),
        }
    }
    if arguments.plants {
        well &= find_plants(&arguments.plant);
    }
    let threads = arguments
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    if arguments.grid {
        let rows = grid::rows();
        println!(
            "{} cells in rows of {}",
            rows.len() * grid::CELLS,
            grid::CELLS
        );
        let coverage = many("rows", rows.len() as u64, threads, |at| {
            grid::try_row(&rows[usize::try_from(at).unwrap()])
        });
        well &= coverage.is_some();
    }
    if arguments.seeds > 0 {
        let coverage = many("days", arguments.seeds, threads, |at| {
            let seed = arguments.from + at;
            let outcome = day(seed, None, false);
            let broken = outcome
                .broken
                .map(|broken| format!("seed {seed}: {broken}"));
            (outcome.coverage, broken)
        });
        well &= coverage.is_some_and(|coverage| {
            println!("{}", coverage.table());
            let missing = coverage.missing();
            if !missing.is_empty() {
                println!("never seen: {}", missing.join(", "));
            }
            missing.is_empty()
        });
    }
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Looks for each planted fault, and says by which rule it was found.
fn find_plants(name: &str) -> bool {
    let mut well = true;
    let named = |(plant, _): &(Plant, _)| format!("{plant:?}").contains(name);
    for (plant, rules) in Plant::ALL.into_iter().filter(named) {
        let found = (0..20_000).find_map(|seed| {
            let broken = day(seed, Some(plant), false).broken?;
            Some((seed, broken))
        });
        let Some((seed, broken)) = found else {
            println!("{plant:?}: NOT FOUND");
            well = false;
            continue;
        };
        let number = broken.rule.split(' ').next().unwrap_or_default();
        let by_name = rules.contains(&number);
        well &= by_name;
        let so = if by_name { "" } else { " NOT BY NAME" };
        println!("{plant:?}: day {seed}{so}: {broken}");
    }
    well
}

/// Does many things on many threads, with a bar; what was seen, if nothing broke.
fn many(
    what: &str,
    count: u64,
    threads: usize,
    one: impl Fn(u64) -> (Coverage, Option<String>) + Sync,
) -> Option<Coverage> {
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let seen = Mutex::new((Coverage::default(), Vec::new()));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut coverage = Coverage::default();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        break;
                    }
                    let (of_one, broken) = one(at);
                    coverage.add(&of_one);
                    done.fetch_add(1, Ordering::Relaxed);
                    if let Some(broken) = broken {
                        let all = &mut seen.lock().unwrap().1;
                        all.push(broken);
                        if all.len() >= SHOWN {
                            next.store(count, Ordering::Relaxed);
                        }
                    }
                }
                seen.lock().unwrap().0.add(&coverage);
            });
        }
        scope.spawn(|| {
            while next.load(Ordering::Relaxed) < count {
                bar(what, done.load(Ordering::Relaxed), count, began.elapsed());
                std::thread::sleep(Duration::from_millis(200));
            }
        });
    });
    let (coverage, broken) = seen.into_inner().unwrap();
    let (all, took) = (done.load(Ordering::Relaxed), began.elapsed());
    bar(what, all, count, took);
    let rate = all as f64 / took.as_secs_f64();
    println!(
        "\n{all} {what} in {:.1} s, {rate:.0} a second on {threads} threads",
        took.as_secs_f64()
    );
    broken.iter().for_each(|broken| println!("{broken}"));
    broken.is_empty().then_some(coverage)
}

/// A bar for people; nothing where nobody looks.
fn bar(what: &str, done: u64, count: u64, took: Duration) {
    let mut out = std::io::stderr();
    if !out.is_terminal() {
        return;
    }
    let filled = usize::try_from(done * 40 / count.max(1))
        .unwrap_or(0)
        .min(40);
    let rate = done as f64 / took.as_secs_f64().max(0.001);
    let _ = write!(
        out,
        "\r{what} [{:<40}] {done}/{count}, {rate:.0}/s ",
        "#".repeat(filled)
    );
    let _ = out.flush();
}
