//! Recordings and damage in, exactly these scans and voids out; no hardware, no root.
#![allow(clippy::unwrap_used)]

mod damage;
mod disguise;
mod faults;
mod fixture;
mod folder;
mod hid;
mod layouts;
mod pty;
mod recordings;
mod sharing;
mod storm;
