//! What no implementation can avoid: one durable commit, one signature.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, params};
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

/// About the fact of an intent, as the journal writes it.
const BODY: &str = r#"{"v":1,"fact":"attempt_intended","attempt":1,"gateway":"payby","order":"BENCH-1-20261120061500-4K2M9XAB","wallet":"payby","code":"2000…(len 19)","fingerprint":"00112233445566778899aabbccddeeff","requested":1795155300120,"expires":1795155420120}"#;

/// A database with the journal's settings and rows of its size, and nothing else: no
/// triggers, no chain, no indexes but the keys'.
pub(crate) struct Disk {
    db: Connection,
    rows: i64,
}

impl Disk {
    pub(crate) fn create(path: &Path) -> rusqlite::Result<Self> {
        let db = Connection::open(path)?;
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -1024;
             CREATE TABLE fact (seq INTEGER PRIMARY KEY, at INTEGER, subject TEXT, body TEXT,
               hash BLOB) STRICT;
             CREATE TABLE tender (first INTEGER PRIMARY KEY, state TEXT, facts INTEGER) STRICT;
             CREATE TABLE orders (number TEXT PRIMARY KEY, tender TEXT) STRICT, WITHOUT ROWID;",
        )?;
        Ok(Self { db, rows: 0 })
    }

    /// One commit that is on disk when it is over: a fact, a tender's row, an order's row.
    pub(crate) fn commit(&mut self) -> rusqlite::Result<Duration> {
        self.rows += 1;
        let order = format!("BENCH-1-20261120061500-{:08}", self.rows);
        let begun = Instant::now();
        let run = |sql, with: &[&dyn rusqlite::ToSql]| {
            self.db
                .prepare_cached(sql)
                .and_then(|mut statement| statement.execute(with))
        };
        run("BEGIN IMMEDIATE", &[])?;
        run(
            "INSERT INTO fact VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                self.rows,
                1_795_155_300_120_i64,
                "01K5T7Q0Z9",
                BODY,
                [7_u8; 32]
            ],
        )?;
        run(
            "INSERT INTO tender VALUES (?1, 'paying', 2)",
            params![self.rows],
        )?;
        run(
            "INSERT INTO orders VALUES (?1, '01K5T7Q0Z9')",
            params![order],
        )?;
        run("COMMIT", &[])?;
        Ok(begun.elapsed())
    }
}

/// The merchant's key.
pub(crate) struct Signer {
    key: RsaKeyPair,
    signature: Vec<u8>,
}

impl Signer {
    /// Reads a private key: PKCS#8, PEM.
    pub(crate) fn of(pem: &str) -> Result<Self, Box<dyn Error>> {
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(base64)?)?;
        let signature = vec![0; key.public_modulus_len()];
        Ok(Self { key, signature })
    }

    /// One RSASSA-PKCS1-v1_5 signature with SHA-256 of about a request's body.
    pub(crate) fn sign(&mut self) -> Result<Duration, Box<dyn Error>> {
        let message = [BODY, BODY].concat();
        let begun = Instant::now();
        self.key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut self.signature,
        )?;
        Ok(begun.elapsed())
    }
}
