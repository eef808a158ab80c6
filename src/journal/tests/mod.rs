//! The journal against crashes, damage, full disks and a model.

mod boundaries;
mod crash;
mod disk;
mod fixture;
mod model;
mod reading;
mod refusal;
mod scale;
mod tamper;

use super::open::Limits;
use super::{Entry, Journal, JournalError, Reader, TenderRow};
use crate::domain::{
    Amount, BusinessDay, Currency, Fact, Fingerprint, GatewayId, IdempotencyKey, LaneId, Mode,
    OrderNumber, Reason, SaleRef, TenderId, Timestamp, Verdict, What,
};
use std::path::{Path, PathBuf};

/// Small enough for checkpoints and WAL moves to happen in a short test.
const SMALL: Limits = Limits {
    checkpoint_every: 7,
    wal_pages: 40,
    reserve: 64 * 1024,
};

/// A WAL that is never moved.
const QUIET: Limits = Limits {
    wal_pages: 0,
    ..SMALL
};

fn created(n: u32) -> Fact {
    Fact {
        tender: id(n),
        what: What::TenderCreated {
            lane: LaneId::new(format!("lane-{}", n % 3)).unwrap(),
            key: IdempotencyKey::new(format!("key {n}")).unwrap(),
            sale: SaleRef::new(format!("sale {}", n / 2)).unwrap(),
            day: BusinessDay::new(if n < 8 { "2026-03-01" } else { "2026-03-02" }).unwrap(),
            amount: Amount {
                minor: u64::from(n) + 100,
                currency: Currency::AED,
            },
            mode: Mode::Scan,
            part: false,
            gateway: None,
            note: None,
        },
    }
}

fn intended(n: u32, attempt: u32) -> Fact {
    Fact {
        tender: id(n),
        what: What::AttemptIntended {
            attempt,
            gateway: GatewayId::new("payby").unwrap(),
            order: order(n, attempt),
            wallet: None,
            code: Some("28****90".to_owned()),
            fingerprint: Some(Fingerprint("f0".to_owned())),
            requested: Timestamp(1),
            expires: Timestamp(2),
        },
    }
}

fn withdrawn(n: u32, attempt: u32) -> Fact {
    Fact {
        tender: id(n),
        what: What::AttemptWithdrawn { attempt },
    }
}

fn decided(n: u32) -> Fact {
    Fact {
        tender: id(n),
        what: What::VerdictGiven {
            verdict: Verdict::NotPaid,
            reason: Reason::Cancelled,
        },
    }
}

fn id(n: u32) -> TenderId {
    TenderId::new(format!("T{n}")).unwrap()
}

fn order(n: u32, attempt: u32) -> OrderNumber {
    OrderNumber::new(format!("S1L{n}A{attempt}")).unwrap()
}

/// What a tender's facts amount to, as far as the rows go.
fn row(entries: &[Entry]) -> TenderRow {
    let What::TenderCreated {
        lane,
        key,
        sale,
        day,
        ..
    } = &entries[0].fact.what
    else {
        panic!("a tender begins with its creation");
    };
    let decided = entries
        .iter()
        .any(|entry| matches!(entry.fact.what, What::VerdictGiven { .. }));
    let orders = entries.iter().filter_map(|entry| match &entry.fact.what {
        What::AttemptIntended { order, .. } => Some(order.clone()),
        _ => None,
    });
    TenderRow {
        id: entries[0].fact.tender.clone(),
        lane: lane.clone(),
        key: key.clone(),
        sale: sale.clone(),
        day: day.clone(),
        state: if decided { "done" } else { "armed" }.to_owned(),
        verdict: decided.then(|| "not_paid".to_owned()),
        open: !decided,
        created: entries[0].at,
        orders: orders.collect(),
    }
}

/// Appends facts of one tender with the row that all its facts make.
fn append(journal: &mut Journal, facts: &[Fact]) -> Result<u64, JournalError> {
    let tender = &facts[0].tender;
    let at = Timestamp(1_000 + journal.last() as i64);
    let mut entries = journal.reader()?.facts_of(tender)?;
    entries.extend(facts.iter().map(|fact| Entry {
        seq: 0,
        at,
        fact: fact.clone(),
    }));
    journal.append(at, facts, &[row(&entries)])
}

/// Everything in the journal.
fn all(reader: &Reader) -> Vec<Fact> {
    let entries = reader.after(0, usize::MAX).unwrap();
    entries.into_iter().map(|entry| entry.fact).collect()
}

fn open(path: &Path) -> Result<Journal, JournalError> {
    Journal::open_with(path, SMALL)
}

/// A folder for a journal, and where the journal is in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    (dir, path)
}

/// What a power cut leaves of a journal, if everything written so far is on disk.
#[derive(Clone)]
struct Image {
    db: Vec<u8>,
    wal: Vec<u8>,
    head: Vec<u8>,
}

impl Image {
    fn of(db: &Path) -> Image {
        Image {
            db: std::fs::read(db).unwrap(),
            wal: std::fs::read(db.with_file_name("journal.db-wal")).unwrap_or_default(),
            head: std::fs::read(db.with_extension("head")).unwrap(),
        }
    }

    /// Puts the image down in a folder as the only thing there is.
    fn lay(&self, db: &Path) {
        let dir = db.parent().unwrap();
        for file in std::fs::read_dir(dir).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
        std::fs::write(db, &self.db).unwrap();
        std::fs::write(db.with_file_name("journal.db-wal"), &self.wal).unwrap();
        std::fs::write(db.with_extension("head"), &self.head).unwrap();
    }
}
