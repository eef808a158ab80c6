//! HID reports to scans and key events, pure: fed with bytes and times, no devices.
//!
//! ```text
//!   report descriptor ──▶ descriptor ──▶ layouts of pos and keys
//!   HID POS report    ──▶ pos  ──▶ framer
//!   keyboard report   ──▶ keys ──▶ decode ──▶ framer
//! ```

pub(crate) mod descriptor;
pub(crate) mod keys;
pub(crate) mod pos;
