//! `journal.head`: how far the journal was flushed, kept outside of it.
//!
//! SQLite drops a commit whose frames in the WAL do not add up, and all after
//! it, without a word: that is right after a power cut and wrong after a flipped
//! bit. So after each flush the last entry's number and hash are written here.
//!
//! ```text
//! 0    magic 8 │ seq 8 │ hash 32 │ SHA-256 of these 48 bytes, 32   one half
//! 512  the same                                                  the other
//! ```
//!
//! The halves take turns, each in a disk sector of its own, by one write in
//! place: what tears one half leaves the other. There is no flush: after a power
//! cut the head may be some entries old, never ahead.

use super::chain::{Hash, Mark};
use super::error::{JournalError, io};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

const MAGIC: &[u8; 8] = b"QRPHEAD1";
const HALF: u64 = 512;
const RECORD: usize = 80;

/// The open head.
#[derive(Debug)]
pub(super) struct Head {
    file: File,
    /// Which half is written next: the older or the damaged one.
    next: u64,
}

impl Head {
    /// Creates the head of an empty journal, flushed, in place of any other.
    pub(super) fn create(path: &Path, origin: Mark) -> Result<(), JournalError> {
        let doing = io("creating journal.head");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .map_err(&doing)?;
        for half in [0, HALF] {
            file.write_all_at(&record(origin), half).map_err(&doing)?;
        }
        file.sync_all().map_err(&doing)
    }

    /// Opens the head for writing. Also says how far it vouches for the journal.
    pub(super) fn open(path: &Path) -> Result<(Head, Mark), JournalError> {
        let (newest, half) = newest(path)?;
        let file = OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(io("opening journal.head"))?;
        let next = HALF - half;
        Ok((Head { file, next }, newest))
    }

    /// A head on a device that is always full.
    #[cfg(test)]
    pub(super) fn unwritable() -> Head {
        let full = OpenOptions::new().write(true).open("/dev/full");
        Head {
            file: full.expect("every Linux has one"),
            next: 0,
        }
    }

    /// How far the head vouches for the journal.
    pub(super) fn read(path: &Path) -> Result<Mark, JournalError> {
        newest(path).map(|(mark, _)| mark)
    }

    /// Writes how far the journal was flushed.
    pub(super) fn write(&mut self, mark: Mark) -> std::io::Result<()> {
        self.file.write_all_at(&record(mark), self.next)?;
        self.next = HALF - self.next;
        Ok(())
    }
}

fn newest(path: &Path) -> Result<(Mark, u64), JournalError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(2 * HALF).read_to_end(&mut bytes));
    match read {
        Ok(_) => {}
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            return Err(JournalError::HeadMissing);
        }
        Err(e) => return Err(io("reading journal.head")(e)),
    }
    let half = |at: u64| {
        let at = at as usize;
        Some((parse(bytes.get(at..at + RECORD)?)?, at as u64))
    };
    match (half(0), half(HALF)) {
        (Some(a), Some(b)) => Ok(if a.0.seq >= b.0.seq { a } else { b }),
        (Some(one), None) | (None, Some(one)) => Ok(one),
        (None, None) => Err(JournalError::HeadDamaged),
    }
}

fn record(mark: Mark) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..8].copy_from_slice(MAGIC);
    record[8..16].copy_from_slice(&mark.seq.to_be_bytes());
    record[16..48].copy_from_slice(&mark.hash.0);
    let sum = Sha256::digest(&record[..48]);
    record[48..].copy_from_slice(&sum);
    record
}

fn parse(record: &[u8]) -> Option<Mark> {
    let (head, sum) = record.split_at_checked(48)?;
    let (magic, rest) = head.split_first_chunk::<8>()?;
    let (seq, hash) = rest.split_first_chunk::<8>()?;
    (magic == MAGIC && Sha256::digest(head).as_slice() == sum).then_some(Mark {
        seq: u64::from_be_bytes(*seq),
        hash: Hash(hash.try_into().ok()?),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn mark(seq: u64) -> Mark {
        Mark {
            seq,
            hash: Hash([seq as u8; 32]),
        }
    }

    #[test]
    fn a_write_torn_at_any_byte_leaves_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.head");
        Head::create(&path, mark(0)).unwrap();
        for seq in 1..=4 {
            let before = std::fs::read(&path).unwrap();
            let (mut head, newest) = Head::open(&path).unwrap();
            assert_eq!(newest, mark(seq - 1));
            head.write(mark(seq)).unwrap();
            let after = std::fs::read(&path).unwrap();
            assert_eq!(Head::read(&path).unwrap(), mark(seq));
            let changed = before
                .iter()
                .zip(&after)
                .rposition(|(a, b)| a != b)
                .unwrap();
            for cut in 0..=after.len().min(before.len()) {
                let torn = [&after[..cut], &before[cut..]].concat();
                std::fs::write(&path, torn).unwrap();
                let expected = if cut > changed { seq } else { seq - 1 };
                assert_eq!(Head::read(&path).unwrap(), mark(expected), "cut at {cut}");
            }
            std::fs::write(&path, after).unwrap();
        }
    }

    #[test]
    fn a_flipped_bit_voids_one_half_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.head");
        Head::create(&path, mark(0)).unwrap();
        let (mut head, _) = Head::open(&path).unwrap();
        head.write(mark(1)).unwrap();
        head.write(mark(2)).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in (0..RECORD).chain(HALF as usize..HALF as usize + RECORD) {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                std::fs::write(&path, bytes).unwrap();
                let seq = Head::read(&path).unwrap().seq;
                assert!(seq == 1 || seq == 2, "byte {at} bit {bit}: {seq}");
            }
        }
    }

    #[test]
    fn missing_and_damaged_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.head");
        assert!(matches!(Head::read(&path), Err(JournalError::HeadMissing)));
        for bytes in [vec![], vec![0; 1024], b"something else".repeat(100)] {
            std::fs::write(&path, bytes).unwrap();
            assert!(matches!(Head::read(&path), Err(JournalError::HeadDamaged)));
            assert!(matches!(Head::open(&path), Err(JournalError::HeadDamaged)));
        }
    }
}
