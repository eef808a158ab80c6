//! What the API needs of the service. A trait, so that every call, problem and
//! limit of the API can be tested against a till that does as it is told.

use crate::domain::{AttemptId, BusinessDay, LaneId, NewRefund, NewTender, RefundId, TenderId};
use crate::service::view::{EventView, LaneView, Notice, ObligationView, RefundView, TenderView};
use crate::service::{Allowance, ByHand, Filter, NotifyError, Readiness, Service, Trouble};
use axum::http::HeaderMap;
use std::future::Future;
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// The running service as its API sees it; [`Service`] documents each call.
#[allow(missing_docs)]
pub trait Till: Clone + Send + Sync + 'static {
    fn create_tender(
        &self,
        new: NewTender,
    ) -> impl Future<Output = Result<(TenderView, bool), Trouble>> + Send;
    fn today(&self) -> BusinessDay;
    fn tender(
        &self,
        id: &TenderId,
    ) -> impl Future<Output = Result<Option<TenderView>, Trouble>> + Send;
    fn await_verdict(
        &self,
        id: &TenderId,
        limit: Duration,
    ) -> impl Future<Output = Result<Option<TenderView>, Trouble>> + Send;
    fn tenders(
        &self,
        filter: Filter,
    ) -> impl Future<Output = Result<Vec<TenderView>, Trouble>> + Send;
    fn code(
        &self,
        id: &TenderId,
        code: &[u8],
    ) -> impl Future<Output = Result<TenderView, Trouble>> + Send;
    fn cancel(&self, id: &TenderId) -> impl Future<Output = Result<TenderView, Trouble>> + Send;
    fn extend(&self, id: &TenderId) -> impl Future<Output = Result<TenderView, Trouble>> + Send;
    fn acknowledge(
        &self,
        id: &TenderId,
    ) -> impl Future<Output = Result<TenderView, Trouble>> + Send;
    fn refund(
        &self,
        new: NewRefund,
        allowance: Allowance,
    ) -> impl Future<Output = Result<(RefundView, bool), Trouble>> + Send;
    fn refund_of(
        &self,
        id: &RefundId,
    ) -> impl Future<Output = Result<Option<RefundView>, Trouble>> + Send;
    fn await_refund(
        &self,
        id: &RefundId,
        limit: Duration,
    ) -> impl Future<Output = Result<Option<RefundView>, Trouble>> + Send;
    fn lanes(&self) -> Vec<LaneView>;
    fn lane(&self, id: &LaneId) -> Option<LaneView>;
    fn obligations(&self) -> Vec<ObligationView>;
    fn close_obligation(
        &self,
        id: &AttemptId,
        by: ByHand,
    ) -> impl Future<Output = Result<TenderView, Trouble>> + Send;
    fn notified(
        &self,
        gateway: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> impl Future<Output = Result<(&'static str, &'static str), NotifyError>> + Send;
    fn events_after(
        &self,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<EventView>, Trouble>> + Send;
    fn sequence(&self) -> watch::Receiver<u64>;
    fn notices(&self) -> broadcast::Receiver<Notice>;
    fn readiness(&self) -> Readiness;
    fn metrics(&self) -> String;
}

impl Till for Service {
    async fn create_tender(&self, new: NewTender) -> Result<(TenderView, bool), Trouble> {
        Service::create_tender(self, new).await
    }
    fn today(&self) -> BusinessDay {
        Service::today(self)
    }
    async fn tender(&self, id: &TenderId) -> Result<Option<TenderView>, Trouble> {
        Service::tender(self, id).await
    }
    async fn await_verdict(
        &self,
        id: &TenderId,
        limit: Duration,
    ) -> Result<Option<TenderView>, Trouble> {
        Service::await_verdict(self, id, limit).await
    }
    async fn tenders(&self, filter: Filter) -> Result<Vec<TenderView>, Trouble> {
        Service::tenders(self, filter).await
    }
    async fn code(&self, id: &TenderId, code: &[u8]) -> Result<TenderView, Trouble> {
        Service::code(self, id, code).await
    }
    async fn cancel(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        Service::cancel(self, id).await
    }
    async fn extend(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        Service::extend(self, id).await
    }
    async fn acknowledge(&self, id: &TenderId) -> Result<TenderView, Trouble> {
        Service::acknowledge(self, id).await
    }
    async fn refund(
        &self,
        new: NewRefund,
        allowance: Allowance,
    ) -> Result<(RefundView, bool), Trouble> {
        Service::refund(self, new, allowance).await
    }
    async fn refund_of(&self, id: &RefundId) -> Result<Option<RefundView>, Trouble> {
        Service::refund_of(self, id).await
    }
    async fn await_refund(
        &self,
        id: &RefundId,
        limit: Duration,
    ) -> Result<Option<RefundView>, Trouble> {
        Service::await_refund(self, id, limit).await
    }
    fn lanes(&self) -> Vec<LaneView> {
        Service::lanes(self)
    }
    fn lane(&self, id: &LaneId) -> Option<LaneView> {
        Service::lane(self, id)
    }
    fn obligations(&self) -> Vec<ObligationView> {
        Service::obligations(self)
    }
    async fn close_obligation(&self, id: &AttemptId, by: ByHand) -> Result<TenderView, Trouble> {
        Service::close_obligation(self, id, by).await
    }
    async fn notified(
        &self,
        gateway: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(&'static str, &'static str), NotifyError> {
        Service::notified(self, gateway, headers, body).await
    }
    async fn events_after(&self, after: u64, limit: usize) -> Result<Vec<EventView>, Trouble> {
        Service::events_after(self, after, limit).await
    }
    fn sequence(&self) -> watch::Receiver<u64> {
        Service::sequence(self)
    }
    fn notices(&self) -> broadcast::Receiver<Notice> {
        Service::notices(self)
    }
    fn readiness(&self) -> Readiness {
        Service::readiness(self)
    }
    fn metrics(&self) -> String {
        Service::metrics(self)
    }
}
