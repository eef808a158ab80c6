//! What is not opened, and what is left untouched by that.

use super::*;
use rusqlite::Connection;
use std::os::unix::fs::PermissionsExt;

fn some(path: &Path) {
    let mut journal = open(path).unwrap();
    append(&mut journal, &[created(1), intended(1, 1)]).unwrap();
    append(&mut journal, &[withdrawn(1, 1)]).unwrap();
    journal.close(Timestamp(9)).unwrap();
}

#[test]
fn a_second_process_is_told_who_has_it() {
    let (_dir, path) = place();
    let journal = open(&path).unwrap();
    let error = open(&path).unwrap_err();
    let pid = std::process::id();
    assert!(matches!(error, JournalError::Locked { holder: Some(p) } if p == pid));
    assert_eq!(
        error.to_string(),
        format!("the journal is in use by another qrpayd, process {pid}; stop that one first")
    );
    // By another name it is the same journal.
    let link = path.with_file_name("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(open(&link), Err(JournalError::Locked { .. })));
    // Reading it is no harm.
    Reader::open(&link).unwrap();
    drop(journal);
    open(&path).unwrap();
}

#[test]
fn files_are_the_owners_alone() {
    let (dir, _) = place();
    let path = dir.path().join("new/deeper/journal.db");
    let mut journal = open(&path).unwrap();
    append(&mut journal, &[created(1)]).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let mut names = Vec::new();
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        assert_eq!(mode(&file.path()), 0o600, "{file:?}");
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(
        names,
        [
            "journal.db",
            "journal.db-shm",
            "journal.db-wal",
            "journal.head",
            "journal.lock",
            "journal.reserve"
        ]
    );
}

#[test]
fn what_is_no_journal_is_refused_and_left_alone() {
    let (dir, path) = place();
    let other = dir.path().join("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    for (content, what) in [
        (vec![], "empty"),
        (b"to whom it may concern".repeat(100), "first page"),
        (std::fs::read(&other).unwrap(), "another program"),
    ] {
        std::fs::write(&path, &content).unwrap();
        match open(&path) {
            Err(JournalError::NotAJournal(text)) => assert!(text.contains(what), "{text}"),
            other => panic!("{what}: {other:?}"),
        }
        assert!(matches!(
            Reader::open(&path),
            Err(JournalError::NotAJournal(_))
        ));
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    for name in ["journal.head", "journal.lock", "journal.reserve"] {
        let path = dir.path().join(name);
        assert!(matches!(open(&path), Err(JournalError::NotAJournal(_))));
    }
    assert!(open(Path::new("/")).is_err());
}

#[test]
fn a_journal_whose_first_page_is_gone_is_damaged_not_foreign() {
    let (_dir, path) = place();
    some(&path);
    let mut image = Image::of(&path);
    image.db[..100].fill(0);
    image.lay(&path);
    assert!(matches!(open(&path), Err(JournalError::Damaged(_))));
}

#[test]
fn a_format_from_the_future_is_refused() {
    let (_dir, path) = place();
    some(&path);
    let db = Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 2).unwrap();
    drop(db);
    assert!(matches!(
        open(&path),
        Err(JournalError::Newer { found: 2, known: 1 })
    ));
    assert!(matches!(
        Reader::open(&path),
        Err(JournalError::Newer { .. })
    ));
}

#[test]
fn a_missing_trigger_or_table_is_damage() {
    for name in ["TRIGGER fact_stays", "INDEX fact_subject", "TABLE orders"] {
        let (_dir, path) = place();
        some(&path);
        let db = Connection::open(&path).unwrap();
        db.execute_batch(&format!("DROP {name}")).unwrap();
        drop(db);
        match open(&path) {
            Err(JournalError::Damaged(text)) => {
                assert!(
                    text.contains(name.split(' ').next_back().unwrap()),
                    "{text}"
                );
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn nothing_is_created_over_what_is_left_of_a_journal() {
    let (_dir, path) = place();
    some(&path);
    let image = Image::of(&path);
    // The journal is gone, its head is not.
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(
        open(&path),
        Err(JournalError::Missing("a journal.head"))
    ));
    // Its WAL is there as well.
    std::fs::write(path.with_file_name("journal.db-wal"), &image.db).unwrap();
    assert!(matches!(
        open(&path),
        Err(JournalError::Missing("a -wal file"))
    ));
    assert!(!path.exists());
    assert!(matches!(Reader::open(&path), Err(JournalError::NotFound)));
}

#[test]
fn a_missing_or_damaged_head_is_refused() {
    let (_dir, path) = place();
    some(&path);
    let image = Image::of(&path);
    let head = path.with_extension("head");
    std::fs::remove_file(&head).unwrap();
    assert!(matches!(open(&path), Err(JournalError::HeadMissing)));
    std::fs::write(&head, vec![0; image.head.len()]).unwrap();
    assert!(matches!(open(&path), Err(JournalError::HeadDamaged)));
    // Half of it torn: the other half is older, and that is fine.
    for half in [0, 512] {
        let mut torn = image.clone();
        torn.head[half + 40] ^= 1;
        torn.lay(&path);
        open(&path).unwrap();
    }
}

#[test]
fn an_older_copy_and_another_journal_are_refused() {
    let (_dir, path) = place();
    let mut journal = open(&path).unwrap();
    append(&mut journal, &[created(1)]).unwrap();
    let old = Image::of(&path);
    append(&mut journal, &[intended(1, 1)]).unwrap();
    append(&mut journal, &[withdrawn(1, 1)]).unwrap();
    drop(journal);
    let new = Image::of(&path);

    // Yesterday's backup under today's head.
    let backup = Image {
        head: new.head.clone(),
        ..old.clone()
    };
    backup.lay(&path);
    assert!(matches!(
        open(&path),
        Err(JournalError::Shorter { last: 1, head: 3 })
    ));

    // The same, after something else was appended to it.
    old.lay(&path);
    let mut journal = open(&path).unwrap();
    append(&mut journal, &[decided(1)]).unwrap();
    append(&mut journal, &[created(2)]).unwrap();
    drop(journal);
    let branched = Image {
        head: new.head.clone(),
        ..Image::of(&path)
    };
    branched.lay(&path);
    assert!(matches!(
        open(&path),
        Err(JournalError::Replaced { seq: 3 })
    ));

    // An empty journal of another store.
    let (_other_dir, other) = place();
    drop(open(&other).unwrap());
    let empty_head = Image::of(&other).head;
    Image {
        head: empty_head,
        ..new.clone()
    }
    .lay(&path);
    assert!(matches!(
        open(&path),
        Err(JournalError::Replaced { seq: 0 })
    ));

    // A head that is behind is what a power cut leaves.
    Image {
        head: old.head,
        ..new
    }
    .lay(&path);
    assert_eq!(open(&path).unwrap().last(), 3);
}

#[test]
fn every_refusal_says_what_to_do_in_one_line() {
    for error in [
        JournalError::Locked { holder: None },
        JournalError::Busy,
        JournalError::NotAJournal("it is empty".to_owned()),
        JournalError::Newer { found: 2, known: 1 },
        JournalError::Damaged("entry 5 is missing".to_owned()),
        JournalError::Derived("the row of tender T1".to_owned()),
        JournalError::Shorter { last: 3, head: 5 },
        JournalError::Replaced { seq: 5 },
        JournalError::HeadMissing,
        JournalError::HeadDamaged,
        JournalError::NotFound,
        JournalError::Missing("a -wal file"),
        JournalError::DiskFull,
        JournalError::ReadOnly,
        JournalError::Undecided("disk I/O error".to_owned()),
        JournalError::Stopped,
    ] {
        let text = error.to_string();
        assert!(
            text.contains(';') || text.contains(','),
            "no advice: {text}"
        );
        assert!(!text.contains('\n') && !text.contains("  "), "{text}");
        assert!(text.starts_with(|c: char| c.is_lowercase()), "{text}");
    }
}
