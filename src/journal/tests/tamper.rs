//! Entries stay as they are, and verifying finds whatever was changed all the same.

use super::*;
use rusqlite::Connection;
use std::ops::ControlFlow;

fn twelve(path: &Path) {
    let mut journal = open(path).unwrap();
    for n in 1..=3 {
        append(&mut journal, &[created(n), intended(n, 1)]).unwrap();
        append(&mut journal, &[withdrawn(n, 1), decided(n)]).unwrap();
    }
}

fn go_on(_: super::super::Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn the_file_itself_refuses_to_change_an_entry() {
    let (_dir, path) = place();
    twelve(&path);
    let db = Connection::open(&path).unwrap();
    for statement in [
        "UPDATE fact SET body = '{}' WHERE seq = 3",
        "UPDATE fact SET seq = 100 WHERE seq = 13",
        "DELETE FROM fact WHERE seq = 3",
        "DELETE FROM fact",
        "INSERT INTO fact VALUES (100, 0, 'T', '{}', zeroblob(32))",
        "INSERT INTO fact VALUES (NULL, 0, 'T', '{}', zeroblob(32))",
        "INSERT OR REPLACE INTO fact VALUES (3, 0, 'T', '{}', zeroblob(32))",
        "REPLACE INTO fact VALUES (3, 0, 'T', '{}', zeroblob(32))",
        "INSERT INTO fact VALUES (14, 0, 'T', '{}', zeroblob(31))",
        "INSERT INTO fact VALUES (14, 'noon', 'T', '{}', zeroblob(32))",
    ] {
        assert!(db.execute_batch(statement).is_err(), "{statement}");
    }
    drop(db);
    Reader::open(&path).unwrap().verify(0, go_on).unwrap();
}

#[test]
fn a_change_in_any_column_is_found_where_it_is() {
    for (change, found) in [
        (
            "UPDATE fact SET body = replace(body, '28', '29') WHERE seq = 2",
            "entry 2 is not",
        ),
        (
            "UPDATE fact SET at = at + 1 WHERE seq = 4",
            "entry 4 is not",
        ),
        (
            "UPDATE fact SET subject = 'T9' WHERE seq = 5",
            "entry 5 is not",
        ),
        (
            "UPDATE fact SET hash = zeroblob(32) WHERE seq = 6",
            "entry 6 is not",
        ),
        (
            "UPDATE fact SET seq = 60 WHERE seq = 6",
            "entry 6 is missing",
        ),
        ("DELETE FROM fact WHERE seq = 3", "entry 3 is missing"),
        ("DELETE FROM fact WHERE seq = 1", "entry 1 is missing"),
        (
            "UPDATE fact SET seq = 99 WHERE seq = 2; UPDATE fact SET seq = 2 WHERE seq = 3;
             UPDATE fact SET seq = 3 WHERE seq = 99",
            "entry 2 is not",
        ),
        ("UPDATE origin SET hash = zeroblob(32)", "entry 1 is not"),
        ("DELETE FROM origin", "origin is missing"),
        (
            "DELETE FROM tender WHERE id = 'T2'",
            "entry 5 is not found by its tender",
        ),
        (
            "UPDATE tender SET id = 'T8' WHERE id = 'T3'",
            "is not found by its tender",
        ),
    ] {
        let (_dir, path) = place();
        twelve(&path);
        let db = Connection::open(&path).unwrap();
        db.execute_batch("DROP TRIGGER fact_stays; DROP TRIGGER fact_is_kept;")
            .unwrap();
        db.execute_batch(change).unwrap();
        db.execute_batch(
            "CREATE TRIGGER fact_stays BEFORE UPDATE ON fact BEGIN SELECT RAISE(ABORT, ''); END;
             CREATE TRIGGER fact_is_kept BEFORE DELETE ON fact BEGIN SELECT RAISE(ABORT, ''); END;",
        )
        .unwrap();
        drop(db);
        match Reader::open(&path).unwrap().verify(0, go_on) {
            Err(JournalError::Damaged(text) | JournalError::Derived(text)) => {
                assert!(text.contains(found), "{change}: {text}");
            }
            other => panic!("{change}: {other:?}"),
        }
    }
}

#[test]
fn entries_cut_off_the_end_are_missed() {
    let (_dir, path) = place();
    twelve(&path);
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP TRIGGER fact_is_kept; DELETE FROM fact WHERE seq > 10;
         CREATE TRIGGER fact_is_kept BEFORE DELETE ON fact BEGIN SELECT RAISE(ABORT, ''); END;",
    )
    .unwrap();
    drop(db);
    let shorter = |result| matches!(result, Err(JournalError::Shorter { last: 10, head: 13 }));
    assert!(shorter(
        Reader::open(&path).unwrap().verify(0, go_on).map(drop)
    ));
    assert!(shorter(open(&path).map(drop)));
}

#[test]
fn opening_verifies_from_the_last_checkpoint() {
    // Twelve facts with a checkpoint every seven entries: entries 9 (or so) and 13.
    for (seq, noticed) in [(2, false), (12, true), (13, true)] {
        let (_dir, path) = place();
        let mut journal = open(&path).unwrap();
        for n in 1..=6 {
            append(&mut journal, &[created(n), intended(n, 1)]).unwrap();
        }
        drop(journal);
        let db = Connection::open(&path).unwrap();
        let checkpoint: i64 = db
            .query_row("SELECT max(seq) FROM fact WHERE subject = ''", [], |r| {
                r.get(0)
            })
            .unwrap();
        assert_eq!(checkpoint, 9);
        db.execute_batch(&format!(
            "DROP TRIGGER fact_stays; UPDATE fact SET at = 0 WHERE seq = {seq};
             CREATE TRIGGER fact_stays BEFORE UPDATE ON fact BEGIN SELECT RAISE(ABORT, ''); END;"
        ))
        .unwrap();
        drop(db);
        assert_eq!(
            matches!(open(&path), Err(JournalError::Damaged(_))),
            noticed,
            "entry {seq}"
        );
    }
}

#[test]
fn verifying_goes_in_parts_and_can_be_stopped_and_taken_up() {
    let (_dir, path) = place();
    let mut journal = Journal::open_with(&path, QUIET).unwrap();
    let facts: Vec<Fact> = (0..1500).map(created).collect();
    let rows: Vec<TenderRow> = facts
        .iter()
        .map(|fact| {
            row(&[Entry {
                seq: 0,
                at: Timestamp(5),
                fact: fact.clone(),
            }])
        })
        .collect();
    assert_eq!(journal.append(Timestamp(5), &facts, &rows).unwrap(), 1501);
    let reader = journal.reader().unwrap();
    let mut seen = Vec::new();
    let whole = reader
        .verify(0, |progress| {
            seen.push((progress.done, progress.last));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(seen, [(1000, 1501), (1501, 1501)]);
    let part = reader.verify(0, |_| ControlFlow::Break(())).unwrap();
    assert_eq!((part.last, part.whole), (1000, false));
    assert_eq!(reader.verify(part.last, go_on).unwrap(), whole);
    assert_eq!(reader.verify(whole.last, go_on).unwrap(), whole);
    assert!(reader.verify(5000, go_on).is_err());
}

#[test]
fn derived_tables_that_lie_are_found_and_made_again() {
    for lie in [
        "UPDATE tender SET open = 0 WHERE id = 'T4'",
        "UPDATE tender SET state = 'done' WHERE id = 'T4'",
        "UPDATE tender SET verdict = 'paid' WHERE id = 'T1'",
        "UPDATE tender SET key = 'other' WHERE id = 'T2'",
        "UPDATE tender SET facts = 3 WHERE id = 'T2'",
        "DELETE FROM tender WHERE id = 'T3'",
        "UPDATE orders SET tender = 'T1' WHERE number = 'S1L2A1'",
        "DELETE FROM orders",
    ] {
        let (_dir, path) = place();
        twelve(&path);
        append(&mut open(&path).unwrap(), &[created(4)]).unwrap();
        let go_on = |_| ControlFlow::Continue(());
        let whole = Reader::open(&path).unwrap();
        whole.verify_rows(row, go_on).unwrap();
        drop(whole);
        Connection::open(&path).unwrap().execute_batch(lie).unwrap();
        let mut journal = open(&path).unwrap();
        let reader = journal.reader().unwrap();
        assert!(
            matches!(
                reader.verify_rows(row, go_on),
                Err(JournalError::Derived(_))
            ),
            "{lie}"
        );
        journal.rebuild(row).unwrap();
        reader.verify_rows(row, go_on).unwrap();
        assert_eq!(journal.open_tenders().unwrap(), [id(4)]);
        append(&mut journal, &[decided(4)]).unwrap();
        assert_eq!(reader.facts_of(&id(4)).unwrap().len(), 2);
    }
}
