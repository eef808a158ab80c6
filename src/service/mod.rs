//! Joins the parts: the driver around the core, and the handle that the API holds.

pub mod view;

use crate::domain::{Denial, LaneId, NewTender, SaleRef, TenderId};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use view::{EventView, LaneView, Notice, ObligationView, TenderView};

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Our rules say no.
    Denied(Denial),
    /// The scan is no payment code: the reason's stable word and its sentence.
    NotACode {
        /// A stable word for programs (`product_code`, `url` ...).
        reason: String,
        /// A sentence for the cashier.
        text: String,
    },
    /// No gateway of the lane takes this code.
    NoGatewayForCode {
        /// A sentence for the cashier.
        text: String,
    },
    /// Too much is asked at once; ask again shortly.
    Busy,
    /// The service is stopping or its journal failed.
    Unavailable(String),
}

/// Which tenders to list. Newest first, at most `limit` (1 to 200).
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this sale.
    pub sale: Option<SaleRef>,
    /// With this key.
    pub key: Option<String>,
    /// On this lane.
    pub lane: Option<LaneId>,
    /// Of this trading day, `YYYY-MM-DD`.
    pub day: Option<String>,
    /// In this state (`armed`, `paying`, `waiting`, `checking`, `done`).
    pub state: Option<String>,
    /// How many.
    pub limit: usize,
}

/// Health for `/readyz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Journal open and recovery issued.
    pub ready: bool,
    /// What is missing, when it is not.
    pub text: String,
}

/// The handle to the running service. Cheap to clone.
#[derive(Clone)]
pub struct Service {}

#[allow(clippy::unused_async, unused_variables)]
impl Service {
    /// Creates a tender, or finds the one with the same key and content.
    /// The flag says whether it is new.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn create_tender(&self, new: NewTender) -> Result<(TenderView, bool), Trouble> {
        Err(Trouble::Busy)
    }

    /// The trading day of now, for a new tender.
    pub fn today(&self) -> crate::domain::BusinessDay {
        unreachable!()
    }

    /// The tender as it is now.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn tender(&self, id: &TenderId) -> Result<Option<TenderView>, Trouble> {
        Err(Trouble::Busy)
    }

    /// The tender as soon as it has a verdict, or as it is when the time is over.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn await_verdict(
        &self,
        id: &TenderId,
        limit: Duration,
    ) -> Result<Option<TenderView>, Trouble> {
        Err(Trouble::Busy)
    }

    /// Tenders by a filter, newest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn tenders(&self, filter: Filter) -> Result<Vec<TenderView>, Trouble> {
        Err(Trouble::Busy)
    }

    /// A code from elsewhere: the till's own scanner, a keyboard.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn code(&self, id: &TenderId, code: &[u8]) -> Result<TenderView, Trouble> {
        Err(Trouble::Busy)
    }

    /// The cashier asks to stop.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn cancel(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        Err(Trouble::Busy)
    }

    /// The cashier gives the customer more time.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn extend(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        Err(Trouble::Busy)
    }

    /// The cashier's software took note of the verdict.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub async fn acknowledge(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        Err(Trouble::Busy)
    }

    /// All lanes.
    pub fn lanes(&self) -> Vec<LaneView> {
        Vec::new()
    }

    /// One lane.
    pub fn lane(&self, id: &LaneId) -> Option<LaneView> {
        None
    }

    /// Open duties.
    pub fn obligations(&self) -> Vec<ObligationView> {
        Vec::new()
    }

    /// Durable events after a sequence number, oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn events_after(&self, after: u64, limit: usize) -> Result<Vec<EventView>, Trouble> {
        Err(Trouble::Busy)
    }

    /// The newest durable sequence number; changes when there is more to read.
    pub fn sequence(&self) -> watch::Receiver<u64> {
        unreachable!()
    }

    /// Notices for cashiers, from now on. They are not durable.
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        unreachable!()
    }

    /// Whether payments can be taken.
    pub fn readiness(&self) -> Readiness {
        unreachable!()
    }

    /// Numbers for `/metrics`, as Prometheus text lines of the service's own.
    pub fn metrics(&self) -> String {
        String::new()
    }
}
