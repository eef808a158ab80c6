//! Disks that are full, read-only or failing. The real ones are small file
//! systems in a mount namespace of a child process, where the kernel lets us.

use super::super::head::Head;
use super::*;
use std::process::Command;

/// Room for some appends.
const ROOMY: Limits = Limits {
    reserve: 256 * 1024,
    ..QUIET
};

/// Runs one of the ignored tests below as a child of `sh -c`, after `before`.
/// Says whether `before` could be done.
fn in_child(test: &str, before: &str, dir: &Path) -> bool {
    let exe = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
        .arg(format!(
            "{before} || exit 77; exec \"$0\" --exact journal::tests::disk::{test} --ignored --nocapture"
        ))
        .arg(exe)
        .env("JOURNAL_TEST_DIR", dir)
        .output();
    let output = match output {
        Ok(output) if output.status.code() != Some(77) => output,
        _ => return false,
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    if !output.status.success() && text.starts_with("unshare:") {
        return false;
    }
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    true
}

fn place_of_child() -> PathBuf {
    PathBuf::from(std::env::var_os("JOURNAL_TEST_DIR").unwrap()).join("journal.db")
}

#[test]
fn a_full_disk() {
    let (dir, _) = place();
    let mount = "mount -t tmpfs -o size=1m tmpfs \"$JOURNAL_TEST_DIR\"";
    if !in_child("full_disk", mount, dir.path()) {
        eprintln!("not tested: no mount namespace to be had here");
    }
}

#[test]
#[ignore = "run by a_full_disk on a file system of its own"]
fn full_disk() {
    let path = place_of_child();
    let mut journal = Journal::open_with(&path, ROOMY).unwrap();
    append(&mut journal, &[created(0), intended(0, 1)]).unwrap();
    append(&mut journal, &[created(1)]).unwrap();
    let filler = path.with_file_name("filler");
    let mut filled = std::fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut filled, &[1; 4096]).is_ok() {}
    drop(filled);
    let facts = all(&journal.reader().unwrap());

    // Nothing new begins. (Room may be left in the WAL's last page.)
    let mut n = 2;
    while append(&mut journal, &[created(n)]).is_ok() {
        n += 1;
    }
    let before = all(&journal.reader().unwrap());
    assert_eq!(before.len(), facts.len() + n as usize - 2);
    assert!(matches!(
        append(&mut journal, &[created(n)]),
        Err(JournalError::DiskFull)
    ));
    // The outcome of what is in flight has room.
    append(&mut journal, &[withdrawn(0, 1), decided(0)]).unwrap();
    // From here on the reserve is in use: nothing new, more outcomes.
    assert!(matches!(
        append(&mut journal, &[intended(1, 1)]),
        Err(JournalError::DiskFull)
    ));
    let reader = journal.reader().unwrap();
    drop(journal);
    // The disk is still full: it opens all the same, and goes on recording.
    let mut journal = Journal::open_with(&path, ROOMY).unwrap();
    assert_eq!(all(&reader)[before.len()..], [withdrawn(0, 1), decided(0)]);
    append(&mut journal, &[decided(1)]).unwrap();
    assert!(matches!(
        append(&mut journal, &[created(n)]),
        Err(JournalError::DiskFull)
    ));
    // Until there is space again.
    std::fs::remove_file(filler).unwrap();
    append(&mut journal, &[created(n)]).unwrap();
    reader
        .verify(0, |_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(all(&reader).len(), before.len() + 4);
}

#[test]
fn a_read_only_disk() {
    let (dir, path) = place();
    append(&mut open(&path).unwrap(), &[created(1)]).unwrap();
    let mount = "mount --bind \"$JOURNAL_TEST_DIR\" \"$JOURNAL_TEST_DIR\" && \
                 mount -o remount,bind,ro \"$JOURNAL_TEST_DIR\"";
    if !in_child("read_only_disk", mount, dir.path()) {
        eprintln!("not tested: no mount namespace to be had here");
    }
}

#[test]
#[ignore = "run by a_read_only_disk on a file system of its own"]
fn read_only_disk() {
    let path = place_of_child();
    assert!(matches!(open(&path), Err(JournalError::ReadOnly)));
    let nowhere = path.with_file_name("none").join("journal.db");
    assert!(matches!(open(&nowhere), Err(JournalError::ReadOnly)));
}

#[test]
fn a_disk_that_fails_in_a_commit() {
    let (dir, _) = place();
    // No file may grow beyond 256 kB: a write fails with EFBIG, which is not "full".
    let limit = "trap '' XFSZ && ulimit -f 512";
    if !in_child("failing_disk", limit, dir.path()) {
        eprintln!("not tested: no namespace to be had here");
    }
}

#[test]
#[ignore = "run by a_disk_that_fails_in_a_commit under a limit"]
fn failing_disk() {
    let path = place_of_child();
    let mut journal = Journal::open_with(&path, QUIET).unwrap();
    let mut n = 0;
    let error = loop {
        match append(&mut journal, &[created(n)]) {
            Ok(_) => n += 1,
            Err(error) => break error,
        }
    };
    assert!(
        n > 3 && matches!(error, JournalError::Undecided(_)),
        "{n} {error:?}"
    );
    // Nothing more until it has been opened again, not even an outcome.
    for facts in [created(n), decided(0)] {
        assert!(matches!(
            append(&mut journal, &[facts]),
            Err(JournalError::Stopped)
        ));
    }
    assert!(matches!(
        journal.close(Timestamp(1)),
        Err(JournalError::Stopped)
    ));
    let journal = Journal::open_with(&path, QUIET).unwrap();
    let facts = all(&journal.reader().unwrap());
    assert!(facts == (0..n).map(created).collect::<Vec<_>>() || facts.len() as u32 == n + 1);
}

#[test]
fn an_append_that_finds_no_room_leaves_nothing_behind() {
    let (_dir, path) = place();
    let mut journal = Journal::open_with(&path, QUIET).unwrap();
    append(&mut journal, &[created(1)]).unwrap();
    let pages: i64 = journal
        .db
        .query_row("PRAGMA page_count", [], |r| r.get(0))
        .unwrap();
    journal
        .db
        .pragma_update(None, "max_page_count", pages)
        .unwrap();
    let many: Vec<Fact> = (0..200).map(|n| withdrawn(1, n)).collect();
    assert!(matches!(
        append(&mut journal, &many),
        Err(JournalError::DiskFull)
    ));
    assert_eq!(all(&journal.reader().unwrap()), [created(1)]);
    append(&mut journal, &[intended(1, 1)]).unwrap();
    journal
        .db
        .pragma_update(None, "max_page_count", 1_000_000)
        .unwrap();
    append(&mut journal, &many).unwrap();
    drop(journal);
    let journal = open(&path).unwrap();
    assert_eq!(all(&journal.reader().unwrap()).len(), 202);
}

#[test]
fn another_writer_is_waited_for_and_then_named() {
    let (_dir, path) = place();
    let mut journal = open(&path).unwrap();
    append(&mut journal, &[created(1)]).unwrap();
    journal
        .db
        .busy_timeout(std::time::Duration::from_millis(1))
        .unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(
        append(&mut journal, &[decided(1)]),
        Err(JournalError::Busy)
    ));
    other.execute_batch("ROLLBACK").unwrap();
    append(&mut journal, &[decided(1)]).unwrap();
    assert_eq!(all(&journal.reader().unwrap()), [created(1), decided(1)]);
}

#[test]
fn a_head_that_cannot_be_written_holds_up_what_begins_only() {
    let (_dir, path) = place();
    let mut journal = open(&path).unwrap();
    append(&mut journal, &[created(1), intended(1, 1)]).unwrap();
    journal.head = Head::unwritable();
    append(&mut journal, &[withdrawn(1, 1)]).unwrap();
    append(&mut journal, &[decided(1)]).unwrap();
    assert!(matches!(
        append(&mut journal, &[created(2)]),
        Err(JournalError::DiskFull)
    ));
    assert_eq!(Head::read(&path.with_extension("head")).unwrap().seq, 2);
    journal.head = Head::open(&path.with_extension("head")).unwrap().0;
    append(&mut journal, &[created(2)]).unwrap();
    let written = Head::read(&path.with_extension("head")).unwrap();
    assert_eq!(written, journal.end.last);
}
