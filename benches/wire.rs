//! The wire to the gateway, with somebody looking at it: a proxy that passes bytes on
//! and notes when the first byte of a pay call came and when a paid answer went.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

/// The submit's request line begins so.
const PAY_CALL: &[u8] = b"POST /sgs/api/acquire2/placeOrder ";
/// What an answer that proves money in holds.
const PAID: &[u8] = b"PAID_SUCCESS";

/// The proxy.
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    /// When the first byte of a pay call was here.
    pub(crate) called: Receiver<Instant>,
    /// When the last byte of a paid answer was about to be passed on.
    pub(crate) paid: Receiver<Instant>,
}

impl Wire {
    /// Starts passing on what comes.
    pub(crate) fn to(gateway: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (tell_called, called) = channel();
        let (tell_paid, paid) = channel();
        thread::spawn(move || {
            for ours in listener.incoming().flatten() {
                // A connection that fails ends the round that needs it.
                let _ = pass_on(ours, gateway, &tell_called, &tell_paid);
            }
        });
        Ok(Self {
            address,
            called,
            paid,
        })
    }
}

fn pass_on(
    ours: TcpStream,
    gateway: SocketAddr,
    called: &Sender<Instant>,
    paid: &Sender<Instant>,
) -> io::Result<()> {
    let theirs = TcpStream::connect(gateway)?;
    ours.set_nodelay(true)?;
    theirs.set_nodelay(true)?;
    let (requests, answers) = ((ours.try_clone()?, theirs.try_clone()?), (theirs, ours));
    let (called, paid) = (called.clone(), paid.clone());
    // Requests do not follow each other without an answer between them, so that a read
    // that begins like a request begins one.
    thread::spawn(move || {
        copy(requests, |bytes, at| {
            bytes.starts_with(PAY_CALL).then(|| called.send(at))
        })
    });
    // Answers are written at once, head and body.
    thread::spawn(move || {
        copy(answers, |bytes, _| {
            let found = bytes.windows(PAID.len()).any(|part| part == PAID);
            found.then(|| paid.send(Instant::now()))
        })
    });
    Ok(())
}

/// Copies until either side ends; `look` sees each piece before it is passed on, and
/// when it was here.
fn copy<T>(
    (mut from, mut to): (TcpStream, TcpStream),
    look: impl Fn(&[u8], Instant) -> T,
) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer)?;
        let at = Instant::now();
        let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else {
            return to.shutdown(std::net::Shutdown::Write);
        };
        look(bytes, at);
        to.write_all(bytes)?;
    }
}
