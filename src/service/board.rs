//! The published snapshot: what callers read while the driver works.
//!
//! The driver alone writes it, and only what is durable. A tender leaves it
//! when nothing of it is open; from then on it is read from the journal.

use super::view::{GatewayView, Notice, ObligationView, ScannerView, TenderView};
use crate::domain::{GatewayId, LaneId, ScannerId, TenderId};
use crate::scanner::Meter;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A tender with its open duties.
#[derive(Debug, Clone)]
pub(super) struct Posted {
    pub(super) view: Arc<TenderView>,
    pub(super) obligations: Vec<ObligationView>,
}

#[derive(Debug, Default)]
pub(super) struct Boards {
    pub(super) tenders: BTreeMap<TenderId, Posted>,
    pub(super) scanners: BTreeMap<ScannerId, ScannerView>,
    /// What each scanner counts.
    pub(super) meters: BTreeMap<ScannerId, Meter>,
    pub(super) gateways: BTreeMap<GatewayId, GatewayView>,
    pub(super) notices: BTreeMap<LaneId, Notice>,
    /// Why nothing new is taken, when nothing is.
    pub(super) unready: Option<String>,
    /// Counters for `/metrics`.
    pub(super) counters: BTreeMap<(&'static str, String), u64>,
}

/// The snapshot behind its lock. Nobody holds the lock while waiting.
#[derive(Debug, Default)]
pub(super) struct Board(RwLock<Boards>);

impl Board {
    /// Reads the snapshot. A panic elsewhere leaves plain data behind: it is still good.
    pub(super) fn read<T>(&self, of: impl FnOnce(&Boards) -> T) -> T {
        of(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn write<T>(&self, to: impl FnOnce(&mut Boards) -> T) -> T {
        to(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn count(&self, name: &'static str, label: &str) {
        self.write(|boards| {
            *boards.counters.entry((name, label.to_owned())).or_default() += 1;
        });
    }
}
