//! The journal: entries in memory. A power cut forgets what was not flushed; a full
//! disk refuses what begins something, and then, when the reserve is used up, all.

use qrpayd::domain::{
    BusinessDay, Fact, IdempotencyKey, OrderNumber, SaleRef, State, TenderId, Timestamp, What,
    apply,
};
use qrpayd::journal::{Entry, TenderRow};
use std::collections::BTreeMap;

/// Outcomes that the reserve has room for.
const RESERVE: u32 = 200;

/// What goes wrong with one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DiskFault {
    /// The process is killed before anything is written.
    KillBefore,
    /// The process is killed when it is flushed, before anything else.
    KillAfter,
    /// The power fails before the flush.
    PowerCutBefore,
    /// The power fails after the flush.
    PowerCutAfter,
    /// The disk is full from here on.
    FullBefore,
    /// The disk is full after this append.
    FullAfter,
    /// An I/O error; nothing was added.
    ErrorBefore,
    /// The commit failed, and it is on disk all the same.
    UndecidedThere,
    /// The commit failed, and it is not on disk.
    UndecidedGone,
}

impl DiskFault {
    pub(crate) const ALL: [Self; 9] = [
        Self::KillBefore,
        Self::KillAfter,
        Self::PowerCutBefore,
        Self::PowerCutAfter,
        Self::FullBefore,
        Self::FullAfter,
        Self::ErrorBefore,
        Self::UndecidedThere,
        Self::UndecidedGone,
    ];
}

pub(crate) struct Disk {
    pub(crate) entries: Vec<Entry>,
    pub(crate) flushed: usize,
    of_tender: BTreeMap<TenderId, Vec<usize>>,
    keys: BTreeMap<IdempotencyKey, TenderId>,
    sales: BTreeMap<(SaleRef, BusinessDay), Vec<TenderId>>,
    orders: BTreeMap<OrderNumber, TenderId>,
    /// The facts replayed from empty, one after the other.
    pub(crate) truth: State,
    pub(crate) full: bool,
    pub(crate) reserve: u32,
    /// Appends so far, whatever became of them.
    pub(crate) appends: usize,
}

impl Disk {
    pub(crate) fn empty(truth: State) -> Self {
        Self {
            entries: Vec::new(),
            flushed: 0,
            of_tender: BTreeMap::new(),
            keys: BTreeMap::new(),
            sales: BTreeMap::new(),
            orders: BTreeMap::new(),
            truth,
            full: false,
            reserve: RESERVE,
            appends: 0,
        }
    }

    pub(crate) fn write(&mut self, at: Timestamp, facts: &[Fact], rows: &[TenderRow]) -> u64 {
        for fact in facts {
            let seq = self.entries.len() as u64 + 1;
            let entry = Entry {
                seq,
                at,
                fact: fact.clone(),
            };
            self.add(entry);
        }
        for row in rows {
            let orders = row.orders.iter().cloned();
            self.orders
                .extend(orders.map(|order| (order, row.id.clone())));
        }
        self.entries.len() as u64
    }

    fn add(&mut self, entry: Entry) {
        let (fact, at) = (&entry.fact, entry.at);
        let id = &fact.tender;
        let indices = self.of_tender.entry(id.clone()).or_default();
        indices.push(self.entries.len());
        if let What::TenderCreated { key, sale, day, .. } = &fact.what {
            self.keys.insert(key.clone(), id.clone());
            let of_sale = self.sales.entry((sale.clone(), day.clone())).or_default();
            of_sale.push(id.clone());
        }
        apply(&mut self.truth, fact, at);
        self.entries.push(entry);
    }

    pub(crate) fn flush(&mut self) {
        self.flushed = self.entries.len();
    }

    /// Only what was flushed is there after a power cut.
    pub(crate) fn power_cut(&mut self) {
        if self.flushed < self.entries.len() {
            let mut kept = std::mem::take(&mut self.entries);
            kept.truncate(self.flushed);
            let mut truth = self.truth.clone();
            truth.tenders.clear();
            truth.codes.clear();
            let fresh = Self::empty(truth);
            let (full, reserve, appends) = (self.full, self.reserve, self.appends);
            *self = Self {
                full,
                reserve,
                appends,
                ..fresh
            };
            let orders: Vec<_> = kept.iter().filter_map(|e| order_of(&e.fact)).collect();
            kept.into_iter().for_each(|entry| self.add(entry));
            self.orders.extend(orders);
            self.flush();
        }
    }

    /// Somebody made room.
    pub(crate) fn freed(&mut self) {
        self.full = false;
        self.reserve = RESERVE;
    }

    pub(crate) fn facts_of(&self, id: &TenderId) -> Vec<Entry> {
        let indices = self.of_tender.get(id).map_or(&[][..], Vec::as_slice);
        indices.iter().map(|at| self.entries[*at].clone()).collect()
    }

    pub(crate) fn open_tenders(&self) -> Vec<TenderId> {
        let open = self
            .truth
            .tenders
            .values()
            .filter(|tender| tender.is_open());
        open.map(|tender| tender.id.clone()).collect()
    }

    pub(crate) fn by_key(&self, key: &IdempotencyKey) -> Option<TenderId> {
        self.keys.get(key).cloned()
    }

    pub(crate) fn by_sale(&self, sale: &SaleRef, day: &BusinessDay) -> Vec<TenderId> {
        let found = self.sales.get(&(sale.clone(), day.clone()));
        found.cloned().unwrap_or_default()
    }

    pub(crate) fn by_order(&self, order: &OrderNumber) -> Option<TenderId> {
        self.orders.get(order).cloned()
    }
}

fn order_of(fact: &Fact) -> Option<(OrderNumber, TenderId)> {
    match &fact.what {
        What::AttemptIntended { order, .. } => Some((order.clone(), fact.tender.clone())),
        _ => None,
    }
}
