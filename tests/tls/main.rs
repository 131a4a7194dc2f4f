//! TLS as people run it: the example's server with clients of this process, over real sockets.
//!
//! The clients block. What they see at the end of TLS is what rustls says: an alert, `close_notify`,
//! or that there was none. What the server has seen is in its log.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod alpn;
#[path = "../../examples/echo_server/answer.rs"]
mod answer;
#[path = "../support/authority.rs"]
mod authority;
mod client;
#[path = "../../examples/echo_server/deflate.rs"]
mod deflate;
#[path = "../../examples/echo_server/echo.rs"]
mod echo;
mod ends;
mod mutual;
mod names;
#[path = "../../examples/echo_server/options.rs"]
#[allow(dead_code, reason = "only main reads addresses and the help")]
mod options;
mod reload;
mod running;
#[path = "../../examples/echo_server/server.rs"]
#[allow(dead_code, reason = "all clients use TLS here")]
mod server;
#[path = "../../examples/echo_server/stop.rs"]
#[allow(dead_code, reason = "only main prints")]
mod stop;
#[path = "../support/time_limit.rs"]
mod time_limit;
#[path = "../../examples/echo_server/tls/mod.rs"]
#[allow(dead_code, reason = "authorities are read by other tests")]
mod tls;
#[path = "../../examples/echo_server/transport.rs"]
mod transport;
mod versions;
