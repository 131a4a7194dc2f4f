//! The opening handshake over HTTP/1.1, RFC 6455 §4. The rows of tables are named by what they show;
//! a comment above them gives the RFC section.
#![cfg(feature = "handshake")]

mod authority;
mod client;
mod feed;
mod heads;
mod property;
mod refusals;
mod server;
mod uri;
