//! Where a key is kept. A key itself never stands in the configuration.
//!
//! ```text
//! credential:payby.key    a file in $CREDENTIALS_DIRECTORY: systemd put it there,
//!                         readable for this service alone
//! /etc/qrpayd/payby.key   a file; a private key's is for its owner alone (0600),
//!                         and the owner is root or this process
//! ```

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest key file; an RSA-4096 private key as PEM takes 3.2 KiB.
const SIZE_MAX: u64 = 64 * 1024;

/// Where a key is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySource {
    place: Place,
    private: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Credential(String),
    File(PathBuf),
}

/// Why a key could not be read. Names its place, never its content.
#[derive(Debug)]
pub enum KeyError {
    /// A credential outside of a service that was given credentials.
    NoCredentials(String),
    /// The file could not be read.
    Read(PathBuf, io::Error),
    /// Not a plain file.
    NotAFile(PathBuf),
    /// Others than its owner may read or write the private key: its mode.
    Open(PathBuf, u32),
    /// The private key belongs to somebody else: the owner's number.
    Foreign(PathBuf, u32),
    /// Larger than 64 KiB.
    TooLarge(PathBuf),
    /// Empty.
    Empty(PathBuf),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials(name) => write!(
                f,
                "there are no credentials here for credential:{name}; run as the systemd \
                 service with LoadCredential={name}:FILE, or give the path of a file"
            ),
            Self::Read(path, _) => write!(
                f,
                "the key {} cannot be read; check its path, and that the service's user may \
                 read it",
                path.display()
            ),
            Self::NotAFile(path) => write!(f, "the key {} is not a plain file", path.display()),
            Self::Open(path, mode) => write!(
                f,
                "the private key {path} has mode {mode:04o}, so that others may reach it; \
                 run: chmod 600 {path}",
                path = path.display(),
            ),
            Self::Foreign(path, owner) => write!(
                f,
                "the private key {} belongs to user {owner}; it must belong to root or to \
                 the user of the service",
                path.display(),
            ),
            Self::TooLarge(path) => write!(f, "the key {} is over 64 KiB", path.display()),
            Self::Empty(path) => write!(f, "the key {} is empty", path.display()),
        }
    }
}

impl std::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(_, error) => Some(error),
            _ => None,
        }
    }
}

impl KeySource {
    /// Takes the place of a private key.
    pub(super) fn private(text: &str) -> Result<Self, &'static str> {
        let place = place(text).ok_or(
            "must be the place of the key, `credential:NAME` or the absolute path of a file \
             with mode 0600, never the key itself; if a key was written here, it is no longer \
             secret: replace it",
        )?;
        Ok(Self {
            place,
            private: true,
        })
    }

    /// Takes the place of a gateway's public key: any mode will do.
    pub(super) fn public(text: &str) -> Result<Self, &'static str> {
        let place = place(text).ok_or(
            "must be the place of the key, `credential:NAME` or the absolute path of a file, \
             never the key itself",
        )?;
        Ok(Self {
            place,
            private: false,
        })
    }

    /// Reads the key's file as it is (PEM, DER or Base64), at most 64 KiB.
    ///
    /// # Errors
    /// See [`KeyError`]; each says what to do.
    pub fn read(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let directory = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        self.read_in(directory.as_deref())
    }

    fn read_in(&self, credentials: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match (&self.place, credentials) {
            // systemd guards the directory; what mode it gives the files is its own affair.
            (Place::Credential(name), Some(directory)) => {
                read(&directory.join(name), |_, _| Ok(()))
            }
            (Place::Credential(name), None) => Err(KeyError::NoCredentials(name.clone())),
            (Place::File(path), _) if self.private => read(path, guarded),
            (Place::File(path), _) => read(path, |_, _| Ok(())),
        }
    }
}

/// As it is written in the configuration.
impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Credential(name) => write!(f, "credential:{name}"),
            Place::File(path) => path.display().fmt(f),
        }
    }
}

fn place(text: &str) -> Option<Place> {
    if let Some(name) = text.strip_prefix("credential:") {
        let plain = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        let good = plain && !name.starts_with('.') && (1..=64).contains(&name.len());
        return good.then(|| Place::Credential(name.to_owned()));
    }
    super::section::absolute(text).map(Place::File)
}

fn guarded(path: &Path, file: &Metadata) -> Result<(), KeyError> {
    let mode = file.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Open(path.to_owned(), mode));
    }
    // The kernel shows a process's own entry as owned by the user it runs as.
    let ours = fs::metadata("/proc/self").map(|process| process.uid());
    match file.uid() {
        0 => Ok(()),
        owner if ours.is_ok_and(|ours| ours == owner) => Ok(()),
        owner => Err(KeyError::Foreign(path.to_owned(), owner)),
    }
}

fn read(
    path: &Path,
    check: impl Fn(&Path, &Metadata) -> Result<(), KeyError>,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |error| KeyError::Read(path.to_owned(), error);
    // Looked at before it is opened, because opening a pipe would wait for ever, and
    // again afterwards, because only the open file is surely the one that is read.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(KeyError::NotAFile(path.to_owned()));
    }
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(KeyError::NotAFile(path.to_owned()));
    }
    check(path, &about)?;
    if about.len() > SIZE_MAX {
        return Err(KeyError::TooLarge(path.to_owned()));
    }
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut key = Zeroizing::new(Vec::with_capacity(SIZE_MAX as usize + 1));
    file.take(SIZE_MAX + 1)
        .read_to_end(&mut key)
        .map_err(failed)?;
    match key.len() as u64 {
        0 => Err(KeyError::Empty(path.to_owned())),
        size if size > SIZE_MAX => Err(KeyError::TooLarge(path.to_owned())),
        _ => Ok(key),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn file(directory: &Path, name: &str, mode: u32, content: &[u8]) -> String {
        let path = directory.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn takes_a_place_and_never_a_key() {
        for text in ["credential:payby.key", "/etc/qrpayd/payby.key"] {
            assert_eq!(KeySource::private(text).unwrap().to_string(), text);
            assert_eq!(KeySource::public(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "payby.key",
            "credential:",
            "credential:../payby.key",
            "credential:.hidden",
            "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
            "/etc/qrpayd/\nMIIEvQIBADANBg",
        ] {
            let complaint = KeySource::private(text).unwrap_err();
            assert!(complaint.contains("never the key itself"), "{text}");
            assert!(!complaint.contains("MII"), "{text}");
            assert!(KeySource::public(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_private_key_is_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        for (mode, good) in [
            (0o600, true),
            (0o400, true),
            (0o640, false),
            (0o604, false),
            (0o620, false),
            (0o601, false),
        ] {
            let path = file(directory.path(), "key", mode, b"PEM");
            let private = KeySource::private(&path).unwrap().read_in(None);
            assert_eq!(private.is_ok(), good, "{mode:o}");
            if let Err(error) = private {
                assert!(error.to_string().contains(&format!("chmod 600 {path}")));
            }
            let public = KeySource::public(&path).unwrap().read_in(None).unwrap();
            assert_eq!(public.as_slice(), b"PEM");
        }
    }

    #[test]
    fn credentials_come_from_the_service_manager() {
        let directory = tempfile::tempdir().unwrap();
        // systemd gives read access by an ACL, which shows as a group bit.
        file(directory.path(), "payby.key", 0o440, b"PEM");
        let source = KeySource::private("credential:payby.key").unwrap();
        assert_eq!(
            source.read_in(Some(directory.path())).unwrap().as_slice(),
            b"PEM"
        );
        let error = source.read_in(None).unwrap_err().to_string();
        assert!(error.contains("LoadCredential=payby.key:FILE"), "{error}");
    }

    #[test]
    fn reads_at_most_64_kib_of_a_plain_file() {
        let directory = tempfile::tempdir().unwrap();
        let read = |path: &str| KeySource::private(path).unwrap().read_in(None);
        let path = file(directory.path(), "full", 0o600, &[b'A'; 64 * 1024]);
        assert_eq!(read(&path).unwrap().len(), 64 * 1024);
        let path = file(directory.path(), "over", 0o600, &[b'A'; 64 * 1024 + 1]);
        assert!(matches!(read(&path), Err(KeyError::TooLarge(_))));
        let path = file(directory.path(), "empty", 0o600, b"");
        assert!(matches!(read(&path), Err(KeyError::Empty(_))));
        assert!(matches!(read("/dev/zero"), Err(KeyError::NotAFile(_))));
        assert!(matches!(read("/"), Err(KeyError::NotAFile(_))));
        assert!(matches!(read("/nowhere/key"), Err(KeyError::Read(..))));
    }
}
