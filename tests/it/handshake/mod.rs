//! The opening handshake over HTTP/1.1, RFC 6455 §4. The rows of the tables are named after what
//! they show. A comment above them has the RFC section.
#![cfg(feature = "handshake")]

mod authority;
mod client;
mod connect;
#[cfg(feature = "http")]
mod connect_http;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(feature = "deflate")]
mod deflate_tables;
mod doors;
mod feed;
mod heads;
mod origins;
mod property;
mod redirects;
mod refusals;
mod server;
mod uri;
mod verdicts;
