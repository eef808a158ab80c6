//! Any operations in any order, ends and starts among them, against a list of facts.

use super::*;
use proptest::prelude::*;
use std::ops::ControlFlow;

#[derive(Debug, Clone)]
enum Do {
    Create,
    Attempt(u32),
    Decide(u32),
    Refused(u32),
    Crash,
    Close,
    Rebuild,
}

fn operations() -> impl Strategy<Value = Vec<Do>> {
    let operation = prop_oneof![
        4 => Just(Do::Create),
        6 => (0..20u32).prop_map(Do::Attempt),
        3 => (0..20u32).prop_map(Do::Decide),
        1 => (0..20u32).prop_map(Do::Refused),
        2 => Just(Do::Crash),
        1 => Just(Do::Close),
        1 => Just(Do::Rebuild),
    ];
    proptest::collection::vec(operation, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_journal_is_the_list_of_what_was_appended(operations in operations()) {
        let (_dir, path) = place();
        let mut journal = open(&path).unwrap();
        let mut facts: Vec<Fact> = Vec::new();
        let mut tenders = 0;
        let mut attempts = 0;
        for operation in operations {
            match operation {
                Do::Create => {
                    let fact = created(tenders);
                    tenders += 1;
                    append(&mut journal, std::slice::from_ref(&fact)).unwrap();
                    facts.push(fact);
                }
                Do::Attempt(n) | Do::Decide(n) if n < tenders => {
                    attempts += 1;
                    let commit = match operation {
                        Do::Attempt(_) => vec![intended(n, attempts), withdrawn(n, attempts)],
                        _ => vec![decided(n)],
                    };
                    append(&mut journal, &commit).unwrap();
                    facts.extend(commit);
                }
                Do::Refused(n) => {
                    prop_assert!(journal.append(Timestamp(0), &[decided(n)], &[]).is_err());
                }
                Do::Crash => {
                    let image = Image::of(&path);
                    drop(journal);
                    image.lay(&path);
                    journal = open(&path).unwrap();
                }
                Do::Close => {
                    journal.close(Timestamp(0)).unwrap();
                    journal = open(&path).unwrap();
                }
                Do::Rebuild => journal.rebuild(row).unwrap(),
                Do::Attempt(_) | Do::Decide(_) => {}
            }
            let reader = journal.reader().unwrap();
            prop_assert_eq!(&all(&reader), &facts);
            prop_assert_eq!(reader.last().unwrap(), journal.last());
            let open = (0..tenders).filter(|n| !facts.contains(&decided(*n))).map(id);
            prop_assert_eq!(journal.open_tenders().unwrap(), open.collect::<Vec<_>>());
        }
        let reader = journal.reader().unwrap();
        prop_assert!(reader.verify(0, |_| ControlFlow::Continue(())).unwrap().whole);
        reader.verify_rows(row, |_| ControlFlow::Continue(())).unwrap();
    }
}
