//! The opening handshake over HTTP/1.1, RFC 6455 §4. D and T numbers are those of
//! docs/CONFORMANCE.md.
#![cfg(feature = "handshake")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod client;
mod feed;
mod property;
mod refusals;
mod server;
mod uri;
