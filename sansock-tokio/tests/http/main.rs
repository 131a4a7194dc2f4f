//! The WebSocket with HTTP libraries: hyper, and h2.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[path = "../../../tests/support/authority.rs"]
mod authority;
mod by_alpn;
#[cfg(feature = "deflate")]
mod deflate;
mod hyper1;
mod hyper2;
mod hyper_client;
mod opening;
mod servers;
mod stream;
mod support;
