//! One process per journal: an advisory lock on a file beside it.
//!
//! The kernel drops the lock when the process ends, however it ends, so a lock
//! file that was left behind means nothing. It is never removed: a process that
//! locked the removed file and one that locked the new one would both go on.

use super::error::{JournalError, io};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// The lock; released when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or says who has it.
    pub(super) fn take(path: &Path) -> Result<Lock, JournalError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(io("opening the journal's lock file"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = (&file).take(16).read_to_string(&mut text);
                return Err(JournalError::Locked {
                    holder: text.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(e)) => return Err(io("locking the journal")(e)),
        }
        let (ours, named) = (
            file.metadata()
                .map_err(io("reading the journal's lock file"))?,
            std::fs::metadata(path).map_err(io("reading the journal's lock file"))?,
        );
        if (ours.dev(), ours.ino()) != (named.dev(), named.ino()) {
            return Err(JournalError::Locked { holder: None });
        }
        // For the message to the next one only; a full disk must not keep the journal shut.
        let _ = file
            .set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Lock { _file: file })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.lock");
        let first = Lock::take(&path).unwrap();
        let own = std::process::id();
        assert!(matches!(
            Lock::take(&path),
            Err(JournalError::Locked { holder: Some(pid) }) if pid == own
        ));
        drop(first);
        Lock::take(&path).unwrap();
    }

    #[test]
    fn what_is_left_in_the_file_does_not_matter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.lock");
        std::fs::write(&path, "a much longer text than any process number\n").unwrap();
        let first = Lock::take(&path).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            format!("{}\n", std::process::id())
        );
        std::fs::write(&path, "no number").unwrap();
        assert!(matches!(
            Lock::take(&path),
            Err(JournalError::Locked { holder: None })
        ));
        drop(first);
    }
}
