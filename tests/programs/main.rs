//! The examples as programs: what they print, where, and with which status they exit.
//!
//! They run as `cargo test` has built them. Their peers are sockets of this process, which can
//! behave in ways that no other program would.
#![cfg(all(feature = "handshake", feature = "rand"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[path = "../support/authority.rs"]
mod authority;
mod client;
mod command_lines;
#[cfg(feature = "deflate")]
mod compression;
mod peer;
mod program;
mod relay;
mod secure;
mod servers;
mod small;
#[path = "../support/mod.rs"]
mod support;
