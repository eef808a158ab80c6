//! A call to a provider: sent once, read once, one line in the log.
//!
//! The line never holds the body, the code or a key. `warn` is for what somebody should
//! look at; the rest is `debug`.

use super::Request;
use super::http::{Http, Reply};
use super::reading::{Proof, Reading};
use crate::domain::OrderNumber;
use reqwest::Url;
use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Where a call goes, about which order or refund, and how long it may take.
pub(super) struct Call<'a> {
    /// What the configuration calls the gateway.
    pub(super) gateway: &'static str,
    pub(super) http: &'a Http,
    pub(super) url: Url,
    pub(super) number: &'a OrderNumber,
    pub(super) limit: Duration,
}

impl Call<'_> {
    /// Makes the call and reads what comes back. Without a request nothing is sent: the
    /// order could not be put into the provider's words. `attention` tells what somebody
    /// should look at.
    pub(super) async fn make<A: Proof>(
        self,
        operation: impl Debug,
        request: Option<Request>,
        read: impl FnOnce(&Reply) -> Reading<A>,
        attention: fn(&Reading<A>) -> Option<&'static str>,
    ) -> A {
        let Self {
            gateway,
            http,
            url,
            number,
            limit,
        } = self;
        let begun = Instant::now();
        let Some(request) = request else {
            tracing::error!(?operation, order = %number,
                "the order cannot be put into {gateway}'s words; nothing was sent");
            return A::not_sent();
        };
        let reading = match http.post(url, request, limit).await {
            Ok(reply) => read(&reply),
            Err(failure) => failure.into(),
        };
        let what = attention(&reading);
        let Reading {
            answer,
            code,
            trace,
        } = reading;
        let class = answer.class();
        let took_ms = begun.elapsed().as_millis();
        if let Some(what) = what {
            tracing::warn!(?operation, order = %number, class, ?code, ?trace, took_ms, "{what}");
        } else {
            tracing::debug!(?operation, order = %number, class, ?code, ?trace, took_ms,
                "{gateway} answered");
        }
        answer
    }
}
