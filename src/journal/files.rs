//! The files of one journal, and how they come into being.
//!
//! ```text
//! journal.db        what `[journal] path` names       journal.lock     who writes
//! journal.db-wal    SQLite's, as much a part of it    journal.head     how far it is flushed
//! journal.db-shm    SQLite's, worth nothing           journal.reserve  space for outcomes
//! ```
//!
//! The journal gets its name last, complete and flushed, with its head beside it.
//! So a journal without a head, a head or a WAL without a journal, and an empty
//! file are never ours: something was lost, and nothing is created over it.

use super::chain::{Hash, Mark};
use super::error::{JournalError, io};
use super::head::Head;
use super::schema;
use aws_lc_rs::rand;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where the files are.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) db: PathBuf,
    pub(super) wal: PathBuf,
    pub(super) head: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) reserve: PathBuf,
    /// The journal while it is being created.
    fresh: PathBuf,
    dir: PathBuf,
}

impl Files {
    /// Names the files beside the journal. A link is followed first, as SQLite
    /// does: whichever way the journal is named, its lock is the same.
    pub(super) fn beside(path: &Path) -> Result<Files, JournalError> {
        let db = match fs::canonicalize(path) {
            Ok(db) => db,
            Err(e) if e.kind() == ErrorKind::NotFound => path.to_owned(),
            Err(e) => return Err(io("finding the journal")(e)),
        };
        let unfit = |what: &str| JournalError::NotAJournal(what.to_owned());
        let name = db
            .file_name()
            .ok_or_else(|| unfit("the path names no file"))?;
        let with = |ending: &str| {
            let mut name = name.to_owned();
            name.push(ending);
            db.with_file_name(name)
        };
        let files = Files {
            wal: with("-wal"),
            head: db.with_extension("head"),
            lock: db.with_extension("lock"),
            reserve: db.with_extension("reserve"),
            fresh: with(".new"),
            dir: match db.parent() {
                Some(dir) if dir != Path::new("") => dir.to_owned(),
                _ => PathBuf::from("."),
            },
            db,
        };
        if [&files.head, &files.lock, &files.reserve].contains(&&files.db) {
            return Err(unfit("its ending is one of .head, .lock and .reserve"));
        }
        Ok(files)
    }

    /// Makes the folder if there is none.
    pub(super) fn make_dir(&self) -> Result<(), JournalError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)
            .map_err(io("creating the journal's folder"))
    }

    /// Whether there is a file with the journal's name. An empty one never was ours.
    ///
    /// The file itself is left to SQLite: closing a second handle to it would
    /// drop SQLite's locks (POSIX locks belong to the process, not to the handle).
    pub(super) fn exists(&self) -> Result<bool, JournalError> {
        match fs::metadata(&self.db) {
            Ok(file) if file.len() == 0 => Err(JournalError::NotAJournal("it is empty".to_owned())),
            Ok(_) => Ok(true),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(io("reading the journal")(e)),
        }
    }

    /// Creates an empty journal, unless something is left of an older one.
    pub(super) fn create(&self) -> Result<(), JournalError> {
        if fs::metadata(&self.wal).is_ok_and(|wal| wal.len() > 0) {
            return Err(JournalError::Missing("a -wal file"));
        }
        match Head::read(&self.head) {
            // A creation that was cut short leaves a head at 0.
            Err(JournalError::HeadMissing) | Ok(Mark { seq: 0, .. }) => {}
            Ok(_) => return Err(JournalError::Missing("a journal.head")),
            Err(error) => return Err(error),
        }
        let mut random = [0; 32];
        rand::fill(&mut random).map_err(|_| {
            io("drawing random bytes for the journal")(std::io::Error::other("no randomness"))
        })?;
        let origin = Mark {
            seq: 0,
            hash: Hash(random),
        };
        let doing = io("creating the journal");
        for ending in ["", "-wal", "-shm"] {
            let mut path = self.fresh.clone().into_os_string();
            path.push(ending);
            match fs::remove_file(path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(doing(e)),
                _ => {}
            }
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.fresh)
            .map_err(&doing)?;
        schema::create(&self.fresh, &origin.hash)?;
        file.sync_all().map_err(&doing)?;
        Head::create(&self.head, origin)?;
        self.sync_dir()?;
        fs::rename(&self.fresh, &self.db).map_err(&doing)?;
        self.sync_dir()
    }

    /// Makes what recovery will find durable. A process that was killed between
    /// a commit and its flush leaves the commit readable but not yet on disk, and
    /// nothing may be built on it before it is.
    pub(super) fn sync_wal(&self) -> Result<(), JournalError> {
        match File::open(&self.wal) {
            Ok(wal) => wal.sync_data().map_err(io("flushing the journal's WAL")),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            Err(e) => Err(io("flushing the journal's WAL")(e)),
        }
    }

    fn sync_dir(&self) -> Result<(), JournalError> {
        File::open(&self.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(io("flushing the journal's folder"))
    }
}
