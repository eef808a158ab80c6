//! Power cuts: whatever is left of the files, the journal opens with exactly the
//! flushed commits or is refused. It is never short of its head, and never empty.

use super::*;

/// The journal's files after each commit, with the facts that it holds then.
/// (Reading the database file here is safe: the locks that it drops belong to a
/// journal that nobody else has.)
fn history(limits: Limits) -> Vec<(Image, Vec<Fact>)> {
    let (_dir, path) = place();
    let mut journal = Journal::open_with(&path, limits).unwrap();
    let mut facts = Vec::new();
    let mut history = vec![(Image::of(&path), Vec::new())];
    for n in 0..6 {
        for commit in [
            vec![created(n)],
            vec![intended(n, 1)],
            vec![withdrawn(n, 1), decided(n)],
        ] {
            append(&mut journal, &commit).unwrap();
            facts.extend(commit);
            history.push((Image::of(&path), facts.clone()));
        }
    }
    history
}

#[test]
fn after_every_commit_the_files_hold_it() {
    for limits in [SMALL, QUIET] {
        let (_dir, path) = place();
        for (image, facts) in history(limits) {
            image.lay(&path);
            let mut journal = open(&path).unwrap();
            assert_eq!(all(&journal.reader().unwrap()), facts);
            append(&mut journal, &[created(99)]).unwrap();
        }
    }
}

#[test]
fn a_wal_cut_anywhere_holds_the_commits_before_the_cut_or_is_refused() {
    let history = history(QUIET);
    let (_dir, path) = place();
    let (last, _) = history.last().unwrap();
    let frame = 24 + 4096;
    let ends: Vec<usize> = history.iter().map(|(image, _)| image.wal.len()).collect();
    // Every byte of the file's own header and of the last frames' headers; elsewhere
    // every frame's borders and its middle.
    let near_end = |cut: usize| cut + 2 * frame >= last.wal.len() && (cut - 32) % frame <= 24;
    let cuts = (0..=last.wal.len()).filter(|&cut| {
        cut <= 32 || near_end(cut) || [0, 1, 24, 2048, frame - 1].contains(&((cut - 32) % frame))
    });
    for cut in cuts {
        // The commits that are whole in what is left.
        let kept = ends.iter().rposition(|&end| end <= cut).unwrap();
        let wal = last.wal[..cut].to_vec();
        // Cut while that commit was the last: the next had been begun, and is not there.
        let (image, facts) = &history[kept];
        let crashed = Image {
            wal: wal.clone(),
            ..image.clone()
        };
        crashed.lay(&path);
        let journal = open(&path).unwrap();
        assert_eq!(all(&journal.reader().unwrap()), *facts, "cut at {cut}");
        drop(journal);
        // Cut later, when more had been flushed.
        let damaged = Image {
            wal,
            ..last.clone()
        };
        damaged.lay(&path);
        let opened = open(&path);
        if kept + 1 == history.len() {
            assert_eq!(all(&opened.unwrap().reader().unwrap()), *facts);
        } else {
            assert!(
                matches!(opened, Err(JournalError::Shorter { last, .. }) if last as usize >= facts.len()),
                "cut at {cut}: {opened:?}"
            );
            // Refusing has not touched what is left.
            let after = Image::of(&path);
            assert!(
                after.wal == damaged.wal && after.db == damaged.db,
                "cut at {cut}"
            );
        }
    }
}

#[test]
fn a_bit_flipped_anywhere_in_the_wal_is_noticed_or_harmless() {
    let history = history(QUIET);
    let (image, facts) = history.last().unwrap();
    let (_dir, path) = place();
    let (mut refused, mut harmless) = (0, 0);
    for at in (0..image.wal.len()).step_by(211) {
        let mut flipped = image.clone();
        flipped.wal[at] ^= 1 << (at % 8);
        flipped.lay(&path);
        match open(&path) {
            Ok(journal) => {
                assert_eq!(all(&journal.reader().unwrap()), *facts, "byte {at}");
                harmless += 1;
            }
            Err(JournalError::Shorter { .. } | JournalError::Damaged(_)) => refused += 1,
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    // Only the WAL's unused header fields are harmless.
    assert!(refused > 100 && harmless <= 1, "{refused} {harmless}");
}

#[test]
fn a_bit_flipped_anywhere_in_the_file_is_found_at_the_latest_by_verifying() {
    let (_dir, path) = place();
    let mut journal = open(&path).unwrap();
    for n in 0..12 {
        append(&mut journal, &[created(n), intended(n, 1)]).unwrap();
        append(&mut journal, &[withdrawn(n, 1), decided(n)]).unwrap();
    }
    let facts = all(&journal.reader().unwrap());
    journal.close(Timestamp(1)).unwrap();
    let image = Image::of(&path);
    let mut found = 0;
    for at in (0..image.db.len()).step_by(97) {
        let mut flipped = image.clone();
        flipped.db[at] ^= 1 << (at % 8);
        flipped.lay(&path);
        let checked = open(&path).and_then(|journal| {
            let reader = journal.reader()?;
            reader.verify(0, |_| std::ops::ControlFlow::Continue(()))?;
            reader.verify_rows(row, |_| std::ops::ControlFlow::Continue(()))?;
            reader.after(0, usize::MAX)
        });
        match checked {
            // Free space and the header's counters: nothing that anybody reads.
            Ok(entries) => {
                let read: Vec<Fact> = entries.into_iter().map(|entry| entry.fact).collect();
                assert_eq!(read, facts, "byte {at}");
            }
            Err(_) => found += 1,
        }
    }
    assert!(found > 100, "{found}");
}

#[test]
fn a_creation_cut_short_is_begun_again() {
    let (dir, path) = place();
    drop(open(&path).unwrap());
    // The head is there, the journal has not got its name yet.
    std::fs::rename(&path, dir.path().join("journal.db.new")).unwrap();
    let mut journal = open(&path).unwrap();
    append(&mut journal, &[created(1)]).unwrap();
    drop(journal);
    assert_eq!(all(&open(&path).unwrap().reader().unwrap()), [created(1)]);
}
