//! Why the journal was not opened, read or written, each with what to do about it.
//!
//! The journal never repairs itself: whatever could mean that facts are lost is
//! an error that stops payments until a person has looked
//! (`docs/journal.md`, "What to do").

use std::fmt;
use std::io;

/// What went wrong with the journal.
#[derive(Debug)]
pub enum JournalError {
    /// Another process has the journal.
    Locked {
        /// Its process number, when it could be read.
        holder: Option<u32>,
    },
    /// Another program holds the file's own lock.
    Busy,
    /// The file is not a journal. Says what it looks like.
    NotAJournal(String),
    /// The journal was written by a newer version.
    Newer {
        /// The file's format.
        found: i64,
        /// The newest format that this version reads.
        known: i64,
    },
    /// The content contradicts itself. Says where.
    Damaged(String),
    /// The tables beside the facts do not agree with them. Says where. The facts
    /// are whole as far as they were looked at;
    /// [`Journal::rebuild`](super::Journal::rebuild) mends the tables.
    Derived(String),
    /// The journal ends before an entry that was flushed: commits are lost.
    Shorter {
        /// The last entry that is there.
        last: u64,
        /// The last entry that `journal.head` vouches for.
        head: u64,
    },
    /// The entry that `journal.head` vouches for is there, with another hash:
    /// the file is another journal, or an older copy that was written to again.
    Replaced {
        /// The entry.
        seq: u64,
    },
    /// `journal.head` is missing beside a journal.
    HeadMissing,
    /// `journal.head` cannot be read.
    HeadDamaged,
    /// There is no journal to read.
    NotFound,
    /// The journal itself is missing beside what belongs to it. Says what was found.
    Missing(&'static str),
    /// No space is left.
    DiskFull,
    /// The disk or the file cannot be written to.
    ReadOnly,
    /// The facts, or the facts and the rows, cannot stand in the journal. Says why.
    Unfit(String),
    /// A commit failed in a way that leaves open whether it is on disk.
    Undecided(String),
    /// An earlier commit is undecided: nothing is added until the journal is opened again.
    Stopped,
    /// A file operation failed.
    Io {
        /// What was attempted.
        doing: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// SQLite failed.
    Sqlite {
        /// What was attempted.
        doing: &'static str,
        /// Why it failed.
        source: rusqlite::Error,
    },
}

impl JournalError {
    /// Whether an append that ended with this added nothing for sure, and the
    /// journal is as it was before.
    pub fn nothing_added(&self) -> bool {
        matches!(
            self,
            Self::DiskFull | Self::ReadOnly | Self::Busy | Self::Unfit(_) | Self::Io { .. }
        )
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { holder } => {
                f.write_str("the journal is in use by another qrpayd")?;
                if let Some(pid) = holder {
                    write!(f, ", process {pid}")?;
                }
                f.write_str("; stop that one first")
            }
            Self::Busy => f.write_str(
                "another program is writing to the journal file; close it and try again",
            ),
            Self::NotAJournal(what) => write!(
                f,
                "the file is not a journal: {what}; set [journal] path to the journal, or to a \
                 name that does not exist yet"
            ),
            Self::Newer { found, known } => write!(
                f,
                "the journal has format {found} and this version reads up to {known}; install \
                 the version that wrote it, or a newer one"
            ),
            Self::Damaged(what) => write!(
                f,
                "the journal is damaged: {what}; take no payments and keep all its files as they \
                 are (docs/journal.md says how to go on)"
            ),
            Self::Derived(what) => write!(
                f,
                "the journal's derived tables do not agree with its facts: {what}; take no \
                 payments until they are rebuilt"
            ),
            Self::Shorter { last, head } => write!(
                f,
                "the journal ends at entry {last}, but entry {head} was flushed: entries are \
                 lost; take no payments and keep all its files as they are, the lost entries may \
                 still be in the -wal file (docs/journal.md says how to go on)"
            ),
            Self::Replaced { seq } => write!(
                f,
                "entry {seq} is not the one that journal.head remembers: this is another \
                 journal or an older copy; put back the files that belong together"
            ),
            Self::HeadMissing => f.write_str(
                "journal.head is missing, so nothing shows that the journal is whole; put back \
                 the file that belongs to it",
            ),
            Self::HeadDamaged => f.write_str(
                "journal.head is damaged, so nothing shows that the journal is whole; put back \
                 the file that belongs to it",
            ),
            Self::NotFound => {
                f.write_str("there is no journal; check [journal] path, or start the service first")
            }
            Self::Missing(found) => write!(
                f,
                "there is {found} but no journal; put the journal back, or move what is left of \
                 it away to begin a new one"
            ),
            Self::DiskFull => {
                f.write_str("the disk is full; free some space, new payments wait for it")
            }
            Self::ReadOnly => f.write_str(
                "the journal cannot be written to; check its owner and mode, and that the disk \
                 is not mounted read-only",
            ),
            Self::Unfit(why) => write!(f, "the facts cannot stand in the journal: {why}"),
            Self::Undecided(why) => write!(
                f,
                "whether the last entries are on disk is open ({why}); restart, and check the disk"
            ),
            Self::Stopped => f.write_str(
                "the journal stopped after a failed commit; restart, and check the disk",
            ),
            Self::Io { doing, .. } => write!(f, "{doing} failed"),
            Self::Sqlite { doing, .. } => write!(f, "{doing} failed"),
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Sqlite { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Sorts a file error by what a person does about it.
pub(super) fn io(doing: &'static str) -> impl Fn(io::Error) -> JournalError {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => JournalError::DiskFull,
        io::ErrorKind::ReadOnlyFilesystem => JournalError::ReadOnly,
        _ => JournalError::Io { doing, source },
    }
}

/// Sorts an SQLite error by what a person does about it.
pub(super) fn sqlite(doing: &'static str) -> impl Fn(rusqlite::Error) -> JournalError {
    use rusqlite::{Error, ErrorCode};
    move |source| match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => JournalError::DiskFull,
        Some(ErrorCode::ReadOnly) => JournalError::ReadOnly,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::Busy,
        Some(ErrorCode::DatabaseCorrupt) => JournalError::Damaged(format!("{doing}: {source}")),
        Some(ErrorCode::NotADatabase) => {
            JournalError::NotAJournal("its first page is no database's".to_owned())
        }
        // The tables are strict: a column of another type or no text was not written by SQLite.
        None if matches!(
            source,
            Error::FromSqlConversionFailure(..)
                | Error::InvalidColumnType(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::Utf8Error(..)
        ) =>
        {
            JournalError::Damaged(format!("{doing}: {source}"))
        }
        _ => JournalError::Sqlite { doing, source },
    }
}
