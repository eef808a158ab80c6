//! The chain: every entry's hash covers the entry and the hash before it.
//!
//! ```text
//! hash = SHA-256( hash before ‖ 8 seq ‖ 8 at ‖ n subject ‖ n body )
//! ```
//!
//! Each field goes in with its length before it (4 bytes, big-endian), numbers
//! as 8 bytes big-endian, so that no two entries share their bytes. The hash
//! before entry 1 is the journal's origin, 32 random bytes of its own: the chains
//! of two journals never meet.

use sha2::{Digest, Sha256};
use std::fmt;

/// An entry's hash, or the journal's origin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash(pub(super) [u8; 32]);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A place in the chain: an entry and its hash. Place 0 is the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) seq: u64,
    pub(super) hash: Hash,
}

impl Mark {
    /// The place of the entry that follows this one.
    pub(super) fn next(&self, at: i64, subject: &[u8], body: &[u8]) -> Mark {
        let seq = self.seq + 1;
        let mut hash = Sha256::new_with_prefix(self.hash.0);
        for field in [
            seq.to_be_bytes().as_slice(),
            at.to_be_bytes().as_slice(),
            subject,
            body,
        ] {
            // A column of SQLite holds at most 2^31 - 1 bytes.
            hash.update((field.len() as u32).to_be_bytes());
            hash.update(field);
        }
        Mark {
            seq,
            hash: Hash(hash.finalize().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_entry_is_exactly_this() {
        let origin = Mark {
            seq: 0,
            hash: Hash([7; 32]),
        };
        let one = origin.next(1_700_000_000_000, b"T1", b"{\"v\":1}");
        // Computed apart, with Python's hashlib.
        assert_eq!(one.seq, 1);
        assert_eq!(
            one.hash.to_string(),
            "cb73919b32057f07c3e16d3d54cf044b56000f523ebdf5f5123b6f04b61787f8"
        );
    }

    #[test]
    fn every_field_and_every_border_counts() {
        let origin = Mark {
            seq: 0,
            hash: Hash([7; 32]),
        };
        let one = origin.next(5, b"ab", b"cd").hash;
        let other = Mark {
            seq: 0,
            hash: Hash([8; 32]),
        };
        for hash in [
            origin.next(6, b"ab", b"cd").hash,
            origin.next(5, b"a", b"bcd").hash,
            origin.next(5, b"abc", b"d").hash,
            origin.next(5, b"", b"abcd").hash,
            other.next(5, b"ab", b"cd").hash,
            Mark { seq: 1, ..origin }.next(5, b"ab", b"cd").hash,
        ] {
            assert_ne!(hash, one);
        }
    }
}
