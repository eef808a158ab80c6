//! A journal of a million tenders. Takes a minute and 2 GB: run it by name with `--ignored`.

use super::*;
use std::time::{Duration, Instant};

#[test]
#[ignore = "a minute and 2 GB"]
fn a_million_tenders_open_within_the_budget() {
    let (_dir, path) = place();
    let limits = Limits {
        checkpoint_every: 10_000,
        wal_pages: 4000,
        reserve: 0,
    };
    let mut journal = Journal::open_with(&path, limits).unwrap();
    journal
        .db
        .pragma_update(None, "synchronous", "off")
        .unwrap();
    for part in 0..2000 {
        let tenders = part * 500..(part + 1) * 500;
        let mut facts = Vec::new();
        let mut rows = Vec::new();
        for n in tenders {
            let new = [created(n), intended(n, 1), withdrawn(n, 1), decided(n)];
            let entries = new.clone().map(|fact| Entry {
                seq: 0,
                at: Timestamp(0),
                fact,
            });
            rows.push(row(&entries[..if n % 100_000 == 0 { 3 } else { 4 }]));
            facts.extend(new);
        }
        journal.append(Timestamp(0), &facts, &rows).unwrap();
    }
    drop(journal);
    let start = Instant::now();
    let journal = Journal::open(&path).unwrap();
    let reader = journal.reader().unwrap();
    let open = journal.open_tenders().unwrap();
    for tender in &open {
        assert_eq!(reader.facts_of(tender).unwrap().len(), 4);
    }
    let took = start.elapsed();
    assert_eq!(open.len(), 10);
    assert!(took < Duration::from_millis(300), "{took:?}");
    eprintln!("opened in {took:?}");
}
