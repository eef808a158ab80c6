//! Connections: how many, how slow they may be, and how they end.
//!
//! A connection is *idle* between requests, reads a *head*, or is at *work* on a
//! request. Idle and head have a deadline, counted from their first moment and
//! not from the last byte, so that a peer which sends a byte a second gains
//! nothing. While at work the handler keeps the time (a body has its own limit,
//! a long wait ends by itself). A peer that takes no bytes is cut off: a stopped
//! reader of events can replay.

use axum::Router;
use axum::extract::Extension;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep_until};

/// Connections at a time; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 384;

/// How long a connection may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Between requests, and before the first.
    pub(super) idle: Duration,
    /// From the first byte of a head to its last.
    pub(super) head: Duration,
    /// Without taking a byte of what is written.
    pub(super) stall: Duration,
    /// From the shutdown to the end of the last answer.
    pub(super) farewell: Duration,
}

const PATIENCE: Patience = Patience {
    idle: Duration::from_secs(75),
    head: Duration::from_secs(10),
    stall: Duration::from_secs(30),
    farewell: Duration::from_secs(5),
};

/// Serves the API until the shutdown: then waits and event streams end at once,
/// and other requests within five seconds.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_with(listener, router, shutdown, PATIENCE).await
}

pub(super) async fn serve_with(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
    patience: Patience,
) -> io::Result<()> {
    let (stop, stopping) = watch::channel(false);
    let gate = Gate {
        listener,
        patience,
        places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
    };
    let stopping = Stopping(stopping);
    let service = router
        .layer(Extension(stopping.clone()))
        .into_make_service_with_connect_info::<Link>();
    let server = axum::serve(gate, service).with_graceful_shutdown(async move {
        shutdown.await;
        stop.send_replace(true);
    });
    tokio::select! {
        ended = server.into_future() => ended,
        () = async { stopping.stopped().await; tokio::time::sleep(patience.farewell).await } => Ok(()),
    }
}

/// Tells what lasts long that the service is stopping.
#[derive(Debug, Clone)]
pub(super) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    pub(super) fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when the service stops, at once if it is stopping.
    pub(super) async fn stopped(&self) {
        // An error says that the server is gone: stopped as well.
        let _ = self.0.clone().wait_for(|stopping| *stopping).await;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle(Instant),
    Head(Instant),
    Work,
}

/// A connection as its requests see it.
#[derive(Debug, Clone)]
pub(super) struct Link(Arc<Mutex<Phase>>);

impl Link {
    fn phase(&self) -> Phase {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, phase: Phase) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    /// The connection is at work until this is dropped.
    pub(super) fn work(&self) -> Work {
        self.set(Phase::Work);
        Work(self.clone())
    }
}

/// A request is at work on its connection.
pub(super) struct Work(Link);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.set(Phase::Idle(Instant::now()));
    }
}

impl Connected<IncomingStream<'_, Gate>> for Link {
    fn connect_info(stream: IncomingStream<'_, Gate>) -> Self {
        stream.io().link.clone()
    }
}

/// The listener, with a limited number of connections.
struct Gate {
    listener: TcpListener,
    patience: Patience,
    places: Arc<Semaphore>,
}

impl Listener for Gate {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let place = self.places.clone().acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Without it an answer could wait for the peer's delayed acknowledgement.
        let _ = stream.set_nodelay(true);
        let now = Instant::now();
        let connection = Connection {
            stream,
            link: Link(Arc::new(Mutex::new(Phase::Idle(now)))),
            patience: self.patience,
            reading: Box::pin(sleep_until(now)),
            stalled: None,
            _place: place,
        };
        (connection, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that does not wait for ever.
struct Connection {
    stream: TcpStream,
    link: Link,
    patience: Patience,
    reading: Pin<Box<Sleep>>,
    stalled: Option<Pin<Box<Sleep>>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// Ends a write that makes no progress.
    fn poll_stall<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let limit = self.patience.stall;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let phase = this.link.phase();
        if outcome.is_ready() {
            if let Phase::Idle(_) = phase {
                this.link.set(Phase::Head(Instant::now()));
            }
            return outcome;
        }
        let deadline = match phase {
            Phase::Idle(since) => since + this.patience.idle,
            Phase::Head(since) => since + this.patience.head,
            Phase::Work => return Poll::Pending,
        };
        if this.reading.deadline() != deadline {
            this.reading.as_mut().reset(deadline);
        }
        ready!(this.reading.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.poll_stall(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.poll_stall(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
