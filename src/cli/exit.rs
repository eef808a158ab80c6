//! How a command ends: its exit code.
//!
//! The codes follow `sysexits.h` where nothing better is known.

/// Done; of a payment: paid.
pub(super) const OK: u8 = 0;
/// The payment of `demo --once` was not paid.
pub(super) const FAILED: u8 = 1;
/// Wrong usage, or the service denied the request: nothing was started.
pub(super) const USAGE: u8 = 2;
/// Not paid.
pub(super) const NOT_PAID: u8 = 10;
/// The refund failed: no money was given back.
pub(super) const FAILED_REFUND: u8 = 10;
/// No final verdict is known.
pub(super) const UNRESOLVED: u8 = 11;
/// A service, a device or a port is not available (`EX_UNAVAILABLE`).
pub(super) const UNAVAILABLE: u8 = 69;
/// The journal, or another file, failed (`EX_IOERR`).
pub(super) const IO_ERROR: u8 = 74;
/// The configuration is wrong (`EX_CONFIG`). The unit does not start the service again.
pub(super) const CONFIG: u8 = 78;

/// Prints an error the way every command does, and gives the exit code back.
pub(super) fn fail(code: u8, text: &str) -> u8 {
    eprintln!("qrpayd: {text}");
    code
}
