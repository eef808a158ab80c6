//! Yesterday's journal opens tomorrow. `tests/journal/v1.sql` is a journal of
//! format 1 as text, with its head; neither is ever changed.

use super::*;
use rusqlite::Connection;
use std::ops::ControlFlow;

#[test]
fn a_journal_of_format_1_opens_and_goes_on() {
    let text = include_str!("../../../tests/journal/v1.sql");
    let head = text
        .lines()
        .find_map(|line| line.strip_prefix("-- head "))
        .unwrap();
    let half: Vec<u8> = (0..head.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&head[at..at + 2], 16).unwrap())
        .collect();
    let (_dir, path) = place();
    Connection::open(&path)
        .unwrap()
        .execute_batch(text)
        .unwrap();
    let mut bytes = vec![0; 1024];
    bytes[512..512 + half.len()].copy_from_slice(&half);
    std::fs::write(path.with_extension("head"), bytes).unwrap();

    let mut journal = Journal::open(&path).unwrap();
    let reader = journal.reader().unwrap();
    let verified = reader.verify(0, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(
        (verified.last, verified.hash.as_str()),
        (
            9,
            "41036c9904aa82f135d48af37bf5fd5fbb3fd31da7a9221fcf0e06a4637cbc15"
        )
    );
    reader
        .verify_rows(row, |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(
        all(&reader),
        [
            created(1),
            intended(1, 1),
            withdrawn(1, 1),
            created(2),
            intended(1, 2),
            decided(1),
            intended(2, 1),
        ]
    );
    assert_eq!(journal.open_tenders().unwrap(), [id(2)]);
    assert_eq!(
        append(&mut journal, &[withdrawn(2, 1), decided(2)]).unwrap(),
        11
    );
}
