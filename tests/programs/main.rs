//! The examples as programs: what they print, where, and with which status they exit.
//!
//! They are run as `cargo test` has built them. Peers are sockets of this process, so that a
//! program meets peers that no other program would be.
#![cfg(all(feature = "handshake", feature = "rand"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod client;
mod command_lines;
mod peer;
mod program;
mod relay;
#[path = "../support/mod.rs"]
mod support;
