//! The gateways' other side: simulators that a store, a demonstration or a
//! test can pay against without keys, contracts or money.
//!
//! A simulator is written from the provider's documents alone and shares no
//! code with the client it judges, neither signing nor money nor JSON types: a
//! misreading in one place cannot agree with itself in the other. Its whole
//! cryptography is `rsa` with `sha2`.
//!
//! ```text
//! keys       RSA keys, sign, verify          loopback   connections that can be cut
//! payby/     the PayBy gateway
//! ```
//!
//! A simulator never listens on, nor calls, anything but the loopback.

mod keys;
mod loopback;
pub mod payby;

pub use keys::{KeyPair, KeyPairs, generate_keys};
