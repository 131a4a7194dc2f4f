//! The example `negotiated`: both of its ends over real sockets, and with peers that do not behave.
//!
//! A slow peer is one whose transport moves a byte at a time. A clock is advanced by the test.
#![cfg(all(feature = "handshake", feature = "rand"))]
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod burst;
mod byte_by_byte;
#[path = "../../examples/negotiated/client.rs"]
mod client;
#[path = "../support/counting.rs"]
mod counting;
mod crowd;
#[path = "../../examples/negotiated/deadlines.rs"]
mod deadlines;
mod dribble;
#[path = "../../examples/negotiated/drive.rs"]
mod drive;
#[path = "../../examples/negotiated/dropped.rs"]
mod dropped;
#[path = "../../examples/negotiated/error.rs"]
mod error;
mod injected;
#[path = "../../examples/negotiated/mode.rs"]
mod mode;
mod modes;
#[path = "../../examples/negotiated/open.rs"]
mod open;
#[path = "../../examples/negotiated/peer.rs"]
mod peer;
mod pipe;
mod running;
#[path = "../../examples/negotiated/server.rs"]
mod server;
#[path = "../../examples/negotiated/session.rs"]
mod session;
#[path = "../../examples/negotiated/ssl_request.rs"]
mod ssl_request;
#[path = "../../examples/negotiated/steps.rs"]
mod steps;
#[path = "../../examples/negotiated/stream.rs"]
mod stream;
mod tight;
#[path = "../support/time_limit.rs"]
mod time_limit;
mod timeouts;
#[path = "../../examples/negotiated/tls.rs"]
#[allow(dead_code, reason = "only main writes the certificate")]
mod tls;
