//! The service with its API, until a signal: what `run` and `demo` share.

use super::exit::{IO_ERROR, OK, UNAVAILABLE, fail};
use crate::api::{self, ApiSettings};
use crate::service::Running;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Binds the API's address, with what to do when that fails.
pub(super) async fn bind(listen: SocketAddr, setting: &str) -> Result<TcpListener, String> {
    TcpListener::bind(listen).await.map_err(|error| {
        let advice = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program has it: stop that one, or set another"
            }
            std::io::ErrorKind::PermissionDenied => "take a port above 1023",
            _ => "set another address",
        };
        format!("cannot listen on {listen}: {error}; {advice} as {setting}")
    })
}

/// Signals that end the service.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves the API until a signal, the journal's failure, or the given end.
///
/// The first signal takes nothing new and finishes what is in flight, the second
/// leaves; both are safe.
pub(super) async fn serve(
    mut running: Running,
    listener: TcpListener,
    notifications: Option<TcpListener>,
    settings: &ApiSettings,
    signals: &mut Signals,
    end: impl Future<Output = u8>,
) -> u8 {
    let router = api::router(running.service.clone(), settings);
    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    let api = tokio::spawn(api::serve(listener, router, async {
        let _ = closed.await;
    }));
    let notifications = notifications.map(|listener| {
        let router = api::notify_router(running.service.clone());
        // Never closed by itself: what is not acknowledged is sent again.
        tokio::spawn(api::serve(listener, router, std::future::pending()))
    });
    let code = tokio::select! {
        code = end => {
            running.service.stop().await;
            match running.ended().await {
                Ok(()) => code,
                Err(error) => fail(IO_ERROR, &format!("the journal failed: {error}")),
            }
        }
        () = signals.next() => {
            tracing::info!("stopping: finishing what is in flight");
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
            running.service.stop().await;
            tokio::select! {
                ended = running.ended() => match ended {
                    Ok(()) => OK,
                    Err(error) => fail(IO_ERROR, &format!("the journal failed: {error}")),
                },
                () = signals.next() => {
                    tracing::warn!("leaving at once: the next start continues from the journal");
                    OK
                }
            }
        }
        ended = running.ended() => match ended {
            Ok(()) => fail(UNAVAILABLE, "the service ended by itself"),
            Err(error) => fail(IO_ERROR, &format!("the journal failed: {error}")),
        },
    };
    if let Some(notifications) = notifications {
        notifications.abort();
    }
    let _ = close.send(());
    // Callers that wait have been told; connections that linger are cut.
    let _ = tokio::time::timeout(Duration::from_secs(2), api).await;
    code
}
