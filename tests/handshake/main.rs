//! The opening handshake over HTTP/1.1, RFC 6455 §4. Tables name each row by what it shows, and the
//! RFC section in a comment above it.
#![cfg(feature = "handshake")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod authority;
mod client;
mod feed;
mod property;
mod refusals;
mod server;
mod uri;
