//! Every write boundary: the files as they are after each append of a workload, and as
//! a cut would leave them anywhere between two of them.
//!
//! An append writes frames into the WAL, flushes, now and then moves the WAL into the
//! file (page by page, in place) and begins the WAL anew, and writes the head last. So
//! between two states each file is a beginning of the new one on the rest of the old
//! one, in that order.

use super::*;
use std::ops::ControlFlow;

/// Bytes of a page, and of a frame of the WAL with its header.
const PAGE: usize = 4096;
const FRAME: usize = 24 + PAGE;

/// Enough appends for the WAL to be moved several times.
const TENDERS: u32 = 5;

/// The files after each append, with the facts that they hold then.
fn states() -> Vec<(Image, Vec<Fact>)> {
    let (_dir, path) = place();
    let mut journal = open(&path).unwrap();
    let mut facts = Vec::new();
    let mut states = vec![(Image::of(&path), Vec::new())];
    for n in 0..TENDERS {
        for commit in [vec![created(n)], vec![intended(n, 1)], vec![decided(n)]] {
            append(&mut journal, &commit).unwrap();
            facts.extend(commit);
            states.push((Image::of(&path), facts.clone()));
        }
    }
    states
}

/// A beginning of `new` on the rest of `old`.
fn torn(old: &[u8], new: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = new[..at].to_vec();
    bytes.extend(old.get(at..).unwrap_or_default());
    bytes
}

/// Where to cut what is written in pieces: at each border, beside it, and in the middle.
fn cuts(len: usize, header: usize, piece: usize) -> Vec<usize> {
    let borders = (header..=len).step_by(piece);
    let around = borders.flat_map(|at| [at, at + 1, at + piece / 2]);
    let mut cuts: Vec<usize> = [0, 1, header / 2].into_iter().chain(around).collect();
    cuts.retain(|at| *at <= len);
    cuts
}

/// What is in the files, if they open.
fn read(path: &Path, image: &Image) -> Result<Vec<Fact>, JournalError> {
    image.lay(path);
    let reader = open(path)?.reader()?;
    Ok(all(&reader))
}

#[test]
fn cut_anywhere_between_two_appends_it_opens_with_the_flushed_commits() {
    let states = states();
    let (_dir, path) = place();
    let (mut moved, mut tried) = (0, 0);
    for pair in states.windows(2) {
        let [(before, old), (after, new)] = pair else {
            unreachable!("two at a time")
        };
        // Frames go to the end of the WAL, or over it from its beginning.
        let same = before.wal.iter().zip(&after.wal);
        let first = same.take_while(|(a, b)| a == b).count();
        for at in cuts(after.wal.len(), 32, FRAME) {
            if at < first {
                continue;
            }
            let wal = torn(&before.wal, &after.wal, at);
            let cut = Image {
                wal,
                ..before.clone()
            };
            let facts = read(&path, &cut).unwrap_or_else(|e| panic!("{at}: {e}"));
            assert!(facts == *old || facts == *new, "the WAL cut at {at}");
            tried += 1;
        }
        // The WAL is flushed, and is moved page by page.
        if before.db != after.db {
            moved += 1;
            for at in cuts(after.db.len(), 0, PAGE) {
                let cut = Image {
                    db: torn(&before.db, &after.db, at),
                    wal: after.wal.clone(),
                    head: before.head.clone(),
                };
                let facts = read(&path, &cut).unwrap_or_else(|e| panic!("{at}: {e}"));
                assert_eq!(facts, *new, "the file cut at {at}");
                tried += 1;
            }
        }
        // The head comes last, and may be torn.
        for at in [0, 40, 80, 512, 550, 592] {
            let cut = Image {
                head: torn(&before.head, &after.head, at),
                ..after.clone()
            };
            assert_eq!(read(&path, &cut).unwrap(), *new, "the head cut at {at}");
            tried += 1;
        }
    }
    assert!(moved >= 2 && tried > 200, "{moved} moves, {tried} cuts");
}

/// What was flushed and vouched for is never missed in silence, whichever later or
/// earlier state of one file comes beside the others.
#[test]
fn an_older_wal_or_file_beside_a_newer_head_is_refused() {
    let states = states();
    let (_dir, path) = place();
    for pair in states.windows(2) {
        let [(before, _), (after, new)] = pair else {
            unreachable!("two at a time")
        };
        if before.db != after.db {
            continue;
        }
        let older = Image {
            wal: before.wal.clone(),
            ..after.clone()
        };
        let refused = read(&path, &older);
        assert!(
            matches!(refused, Err(JournalError::Shorter { .. })),
            "{refused:?}"
        );
        let without = Image {
            wal: Vec::new(),
            ..after.clone()
        };
        match read(&path, &without) {
            Ok(facts) => assert_eq!(facts, *new),
            Err(error) => assert!(error.to_string().contains("keep all its files"), "{error}"),
        }
    }
}

/// One bit, anywhere, in each state: the same facts, or refused with what to do.
#[test]
fn a_bit_flipped_at_every_boundary_is_found_or_harmless() {
    let states = states();
    let (_dir, path) = place();
    let mut chance: usize = 1;
    let mut next = |below: usize| {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (chance >> 33) % below.max(1)
    };
    let mut found = 0;
    for (image, facts) in &states {
        for _ in 0..24 {
            let mut flipped = image.clone();
            let (file, len) = match next(3) {
                0 if !image.wal.is_empty() => (&mut flipped.wal, image.wal.len()),
                1 => (&mut flipped.head, image.head.len()),
                _ => (&mut flipped.db, image.db.len()),
            };
            let at = next(len);
            file[at] ^= 1 << next(8);
            flipped.lay(&path);
            let checked = open(&path).and_then(|journal| {
                let reader = journal.reader()?;
                reader.verify(0, |_| ControlFlow::Continue(()))?;
                reader.verify_rows(row, |_| ControlFlow::Continue(()))?;
                reader.after(0, usize::MAX)
            });
            match checked {
                Ok(entries) => {
                    let read: Vec<Fact> = entries.into_iter().map(|e| e.fact).collect();
                    assert_eq!(read, *facts, "byte {at}");
                }
                Err(error) => {
                    found += 1;
                    assert!(error.to_string().len() > 20, "{error}");
                }
            }
        }
    }
    assert!(found > 50, "{found}");
}
