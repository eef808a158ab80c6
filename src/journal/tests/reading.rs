//! Appending and finding again.

use super::super::RowFilter;
use super::*;
use crate::journal::body::BODY_MAX;

fn filled(path: &Path) -> Journal {
    let mut journal = open(path).unwrap();
    for n in 0..12 {
        append(&mut journal, &[created(n)]).unwrap();
        if n % 2 == 0 {
            append(&mut journal, &[intended(n, 1), withdrawn(n, 1)]).unwrap();
            append(&mut journal, &[intended(n, 2), decided(n)]).unwrap();
        }
    }
    journal
}

#[test]
fn a_tender_is_found_by_all_its_names() {
    let (_dir, path) = place();
    let journal = filled(&path);
    let reader = journal.reader().unwrap();
    let facts = reader.facts_of(&id(4)).unwrap();
    let expected = [
        created(4),
        intended(4, 1),
        withdrawn(4, 1),
        intended(4, 2),
        decided(4),
    ];
    assert!(facts.iter().map(|entry| &entry.fact).eq(&expected));
    assert!(facts.is_sorted_by(|a, b| a.seq < b.seq));
    assert_eq!(reader.facts_of(&id(77)).unwrap(), []);

    let key = |key: &str| IdempotencyKey::new(key).unwrap();
    assert_eq!(reader.by_key(&key("key 4")).unwrap(), Some(id(4)));
    assert_eq!(reader.by_key(&key("KEY 4")).unwrap(), None);
    assert_eq!(reader.by_order(&order(4, 2)).unwrap(), Some(id(4)));
    assert_eq!(reader.by_order(&order(4, 3)).unwrap(), None);
    let sale = SaleRef::new("sale 2").unwrap();
    let day = |day: &str| BusinessDay::new(day).unwrap();
    assert_eq!(
        reader.by_sale(&sale, &day("2026-03-01")).unwrap(),
        [id(5), id(4)]
    );
    assert_eq!(reader.by_sale(&sale, &day("2026-03-02")).unwrap(), []);
    assert_eq!(journal.open_tenders().unwrap(), [1, 3, 5, 7, 9, 11].map(id));
}

#[test]
fn lists_are_newest_first_and_filters_agree() {
    let (_dir, path) = place();
    let journal = filled(&path);
    let reader = journal.reader().unwrap();
    let list = |filter: RowFilter, limit| reader.list(&filter, limit).unwrap();
    let lane = |n| Some(LaneId::new(format!("lane-{n}")).unwrap());
    let state = |state: &str| Some(state.to_owned());
    let day = |day: &str| Some(BusinessDay::new(day).unwrap());
    let none = RowFilter::default();
    assert_eq!(list(none.clone(), 3), [11, 10, 9].map(id));
    for (filter, expected) in [
        (
            RowFilter {
                lane: lane(1),
                ..none.clone()
            },
            vec![10, 7, 4, 1],
        ),
        (
            RowFilter {
                state: state("armed"),
                ..none.clone()
            },
            vec![11, 9, 7, 5, 3, 1],
        ),
        (
            RowFilter {
                state: state("done"),
                ..none.clone()
            },
            vec![10, 8, 6, 4, 2, 0],
        ),
        (
            RowFilter {
                state: state("done"),
                lane: lane(1),
                ..none.clone()
            },
            vec![10, 4],
        ),
        (
            RowFilter {
                state: state("armed"),
                lane: lane(1),
                ..none.clone()
            },
            vec![7, 1],
        ),
        (
            RowFilter {
                day: day("2026-03-02"),
                ..none.clone()
            },
            vec![11, 10, 9, 8],
        ),
        (
            RowFilter {
                day: day("2026-03-02"),
                lane: lane(2),
                state: state("done"),
                ..none.clone()
            },
            vec![8],
        ),
        (
            RowFilter {
                sale: SaleRef::new("sale 3").ok(),
                ..none.clone()
            },
            vec![7, 6],
        ),
        (
            RowFilter {
                sale: SaleRef::new("sale 3").ok(),
                state: state("armed"),
                ..none.clone()
            },
            vec![7],
        ),
        (
            RowFilter {
                key: IdempotencyKey::new("key 3").ok(),
                ..none.clone()
            },
            vec![3],
        ),
        (
            RowFilter {
                key: IdempotencyKey::new("key 3").ok(),
                lane: lane(1),
                ..none.clone()
            },
            vec![],
        ),
        (
            RowFilter {
                state: state("no such state"),
                ..none.clone()
            },
            vec![],
        ),
    ] {
        let expected: Vec<_> = expected.into_iter().map(id).collect();
        assert_eq!(list(filter.clone(), 100), expected, "{filter:?}");
        assert_eq!(list(filter, 1).len(), expected.len().min(1));
    }
}

#[test]
fn no_list_reads_the_whole_table_or_sorts_it() {
    let (_dir, path) = place();
    let journal = open(&path).unwrap();
    let word = |set| if set { Some("w") } else { None };
    for bits in 0..64u32 {
        let filter = RowFilter {
            key: word(bits & 1 > 0).and_then(|w| IdempotencyKey::new(w).ok()),
            sale: word(bits & 2 > 0).and_then(|w| SaleRef::new(w).ok()),
            day: (bits & 4 > 0).then(|| BusinessDay::new("2026-03-01").unwrap()),
            lane: word(bits & 8 > 0).and_then(|w| LaneId::new(w).ok()),
            state: (bits & 16 > 0).then(|| if bits & 32 > 0 { "done" } else { "armed" }.to_owned()),
        };
        let (query, with) = super::super::reader::list_query(&filter);
        let mut plan = String::new();
        let mut explain = journal
            .db
            .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
            .unwrap();
        let with = with.into_iter().chain(["1"]);
        let mut rows = explain.query(rusqlite::params_from_iter(with)).unwrap();
        while let Some(row) = rows.next().unwrap() {
            plan.push_str(&row.get::<_, String>(3).unwrap());
            plan.push('\n');
        }
        let expected = match &filter {
            f if f.key.is_some() => "sqlite_autoindex_tender_2 (key=?)",
            f if f.sale.is_some() => "tender_sale (sale=?)",
            f if f.state.as_deref() == Some("armed") => "tender_state (state=?)",
            f if f.day.is_some() => "tender_day (day=?)",
            f if f.lane.is_some() => "tender_lane (lane=?)",
            // From the newest on, and no further than the limit.
            _ => "SCAN tender",
        };
        assert!(plan.contains(expected), "{query}: {plan}");
        let sorts = plan.contains("TEMP B-TREE");
        assert!(!sorts || filter.sale.is_some(), "{query}: {plan}");
    }
}

#[test]
fn the_stream_passes_over_checkpoints_and_nothing_else() {
    let (_dir, path) = place();
    let journal = filled(&path);
    let reader = journal.reader().unwrap();
    let whole = reader.after(0, 1000).unwrap();
    assert_eq!(whole.len(), 12 + 6 * 4);
    assert_eq!(reader.last().unwrap(), journal.last());
    assert!(journal.last() > whole.len() as u64);
    let mut read = Vec::new();
    loop {
        let after = read.last().map_or(0, |entry: &Entry| entry.seq);
        match reader.after(after, 5).unwrap() {
            part if part.is_empty() => break,
            part => read.extend(part),
        }
    }
    assert_eq!(read, whole);
    assert_eq!(reader.after(journal.last(), 5).unwrap(), []);
    assert_eq!(reader.after(u64::MAX, 5).unwrap(), []);
}

#[test]
fn what_cannot_stand_in_the_journal_is_refused_whole() {
    let (_dir, path) = place();
    let mut journal = open(&path).unwrap();
    append(&mut journal, &[created(1), intended(1, 1)]).unwrap();
    let at = Timestamp(2000);
    let row_of = |fact: &Fact| {
        row(&[Entry {
            seq: 0,
            at,
            fact: fact.clone(),
        }])
    };
    let (two, three) = (created(2), created(3));
    let mut same_key = row_of(&two);
    same_key.key = IdempotencyKey::new("key 1").unwrap();
    let mut same_order = row_of(&two);
    same_order.orders = vec![order(1, 1)];
    let mut long = two.clone();
    if let What::TenderCreated { note, .. } = &mut long.what {
        *note = Some("n".repeat(BODY_MAX));
    }
    for (facts, rows, why) in [
        (vec![], vec![], "there are none"),
        (vec![two.clone()], vec![], "no row for tender T2"),
        (
            vec![two.clone()],
            vec![row_of(&two), row_of(&three)],
            "no fact for the row of T3",
        ),
        (
            vec![two.clone()],
            vec![same_key],
            "the key of tender T2 belongs to tender T1",
        ),
        (
            vec![two.clone()],
            vec![same_order],
            "belongs to another tender than T2",
        ),
        (vec![long], vec![row_of(&two)], "is longer than 16384"),
    ] {
        match journal.append(at, &facts, &rows) {
            Err(JournalError::Unfit(text)) => assert!(text.contains(why), "{text}"),
            other => panic!("{why}: {other:?}"),
        }
        assert_eq!(
            (journal.last(), journal.reader().unwrap().last().unwrap()),
            (2, 2)
        );
    }
    append(&mut journal, &[two]).unwrap();
    assert_eq!(journal.last(), 3);
}

#[test]
fn a_clean_end_leaves_one_whole_file() {
    let (_dir, path) = place();
    let mut journal = Journal::open_with(&path, QUIET).unwrap();
    append(&mut journal, &[created(1)]).unwrap();
    journal.close(Timestamp(7)).unwrap();
    assert_eq!(Image::of(&path).wal, [0u8; 0]);
    let journal = Journal::open_with(&path, QUIET).unwrap();
    // A fact and a checkpoint; nothing new, so no checkpoint the next time.
    assert_eq!(journal.last(), 2);
    journal.close(Timestamp(8)).unwrap();
    assert_eq!(open(&path).unwrap().last(), 2);
}
