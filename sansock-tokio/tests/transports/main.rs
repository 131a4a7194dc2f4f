//! One table of scenarios over every stream of tokio. `sansock` runs the same table over blocking
//! streams.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod bridge;
mod http2;
#[path = "../../../tests/support/scenarios/mod.rs"]
mod scenarios;
mod streams;
#[allow(unexpected_cfgs, reason = "the tests of sansock have its features")]
#[path = "../../../tests/support/mod.rs"]
mod support;
#[path = "../../../tests/support/time_limit.rs"]
mod time_limit;
#[path = "../../../tests/support/tls.rs"]
mod tls_configs;

use scenarios::{Transport, run};

/// Whatever a transport can do.
const TRANSPORT: Transport = Transport {
    name: "",
    link: streams::tcp,
    is_slow: false,
    has_deadlines: true,
    allows_tiny_pieces: true,
};

#[test]
fn tcp() {
    run(Transport { name: "TCP", ..TRANSPORT });
}

#[cfg(unix)]
#[test]
fn unix_sockets() {
    run(Transport { name: "Unix sockets", link: streams::unix, ..TRANSPORT });
}

#[test]
fn pipes_in_memory() {
    run(Transport { name: "a pipe", link: |role| streams::duplex(role, 4096), ..TRANSPORT });
}

#[test]
fn pipes_with_room_for_one_byte() {
    let link = |role| streams::duplex(role, 1);
    run(Transport { name: "a pipe of one byte", link, is_slow: true, ..TRANSPORT });
}

#[test]
fn tls_13() {
    run(Transport { name: "TLS 1.3", link: streams::tls13, ..TRANSPORT });
}

#[test]
fn tls_12() {
    run(Transport { name: "TLS 1.2", link: streams::tls12, ..TRANSPORT });
}

#[test]
fn streams_of_http2() {
    // The crate `h2` ends a connection that holds many tiny DATA frames.
    let allows_tiny_pieces = false;
    run(Transport { name: "HTTP/2", link: http2::link, allows_tiny_pieces, ..TRANSPORT });
}
