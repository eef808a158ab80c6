//! A listener on the loopback whose connections can be cut.
//!
//! A gateway that goes away does not say goodbye: the connection breaks, with
//! or without the request having had its effect. So a handler holds its `Line`
//! and may cut it, which makes the next read or write of that connection fail
//! before a byte leaves; and a simulator that is dropped cuts all its lines, so
//! that no kept-alive connection outlives it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// The open connections of one simulator; `None` once it is gone.
#[derive(Clone)]
pub(crate) struct Lines(Arc<Mutex<Option<Vec<Weak<LineState>>>>>);

impl Default for Lines {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Some(Vec::new()))))
    }
}

impl Lines {
    /// Listens on a loopback address; any other is refused.
    pub(crate) async fn listen(&self, addr: SocketAddr) -> io::Result<Switchboard> {
        if !addr.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("a simulator listens on the loopback only, not on {addr}; use 127.0.0.1"),
            ));
        }
        Ok(Switchboard {
            listener: TcpListener::bind(addr).await?,
            lines: self.clone(),
        })
    }

    /// Cuts every connection, and those that are still being accepted.
    pub(crate) fn cut(&self) {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        for line in lines.into_iter().flatten() {
            if let Some(line) = line.upgrade() {
                line.cut();
            }
        }
    }

    fn add(&self, line: &Arc<LineState>) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match lines.as_mut() {
            Some(lines) => {
                lines.retain(|line| line.strong_count() > 0);
                lines.push(Arc::downgrade(line));
            }
            None => line.cut(),
        }
    }
}

/// The accepting end.
pub(crate) struct Switchboard {
    listener: TcpListener,
    lines: Lines,
}

impl Listener for Switchboard {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, addr)) => {
                    // Small answers at once; a failure only costs speed.
                    let _ = stream.set_nodelay(true);
                    let line = Arc::new(LineState::default());
                    self.lines.add(&line);
                    let line = Line(line);
                    return (Wire { stream, line }, addr);
                }
                // Out of file descriptors, or the peer left in the queue.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A handler's hold on the connection its request came by.
#[derive(Clone)]
pub(crate) struct Line(Arc<LineState>);

impl Line {
    /// Breaks the connection; nothing written from now on leaves.
    pub(crate) fn cut(&self) {
        self.0.cut();
    }
}

impl Connected<IncomingStream<'_, Switchboard>> for Line {
    fn connect_info(stream: IncomingStream<'_, Switchboard>) -> Self {
        stream.io().line.clone()
    }
}

#[derive(Default)]
struct LineState {
    cut: AtomicBool,
    reader: AtomicWaker,
}

impl LineState {
    fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        self.reader.wake();
    }

    fn check(&self) -> io::Result<()> {
        if self.cut.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

/// A connection that obeys its line.
pub(crate) struct Wire {
    stream: TcpStream,
    line: Line,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.line.0.reader.register(cx.waker());
        self.line.0.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.line.0.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.0.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.line.0.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
