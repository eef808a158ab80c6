//! Space kept back for the outcomes of what is in flight.
//!
//! A file of real blocks lies beside the journal. When the disk is full, an
//! append that records an outcome gives the file up and has its space; an append
//! that begins something new never does, and waits until the file is whole again.

use super::error::{JournalError, io};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// Room for some hundred appends of about 50 kB of WAL each.
pub(super) const RESERVE: u64 = 16 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    bytes: u64,
    whole: bool,
}

impl Reserve {
    /// Takes over the file that is there; [`Reserve::restore`] makes it whole.
    pub(super) fn beside(path: PathBuf, bytes: u64) -> Reserve {
        let whole = std::fs::metadata(&path).is_ok_and(|file| file.len() == bytes);
        Reserve { path, bytes, whole }
    }

    /// Sees to it that the space is kept back.
    pub(super) fn restore(&mut self) -> Result<(), JournalError> {
        if self.whole {
            return Ok(());
        }
        let written = self.open().and_then(|mut file| {
            // Zeros are written, not a hole, and flushed, so that the blocks are taken.
            let zeros = [0; 64 * 1024];
            let mut left = self.bytes;
            while left > 0 {
                let part = left.min(zeros.len() as u64);
                file.write_all(&zeros[..part as usize])?;
                left -= part;
            }
            file.sync_all()
        });
        match written {
            Ok(()) => {
                self.whole = true;
                Ok(())
            }
            Err(e) => {
                // Half a reserve helps nobody; the disk is wanted for outcomes.
                self.release();
                Err(io("keeping space back for the journal")(e))
            }
        }
    }

    /// Gives the space up. Says whether there was any.
    pub(super) fn release(&mut self) -> bool {
        let given = self.open().is_ok() && self.whole;
        self.whole = false;
        given
    }

    fn open(&self) -> std::io::Result<File> {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.path)
    }
}
