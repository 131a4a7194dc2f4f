//! One table of scenarios over every blocking transport. `sansock-tokio` runs the same table over its
//! own.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod pipe;
#[path = "../support/scenarios/mod.rs"]
mod scenarios;
mod sockets;
mod steps;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/time_limit.rs"]
mod time_limit;
mod tls;
#[path = "../support/tls.rs"]
mod tls_configs;
#[cfg(target_os = "linux")]
mod uring;
#[cfg(target_os = "linux")]
#[path = "../../examples/uring_echo/websocket.rs"]
mod websocket;

use scenarios::{Transport, run};

/// Whatever a transport can do.
const TRANSPORT: Transport = Transport {
    name: "",
    link: sockets::tcp,
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
    run(Transport { name: "Unix sockets", link: sockets::unix, ..TRANSPORT });
}

#[test]
fn sockets_that_read_and_write_one_byte_at_a_time() {
    run(Transport { name: "TCP by bytes", link: steps::tcp, is_slow: true, ..TRANSPORT });
}

#[test]
fn pipes_in_memory() {
    run(Transport { name: "a pipe", link: |role| pipe::link(role, 4096), ..TRANSPORT });
}

#[test]
fn pipes_with_room_for_one_byte() {
    let link = |role| pipe::link(role, 1);
    run(Transport { name: "a pipe of one byte", link, is_slow: true, ..TRANSPORT });
}

#[test]
fn tls_13() {
    run(Transport { name: "TLS 1.3", link: tls::tls13, ..TRANSPORT });
}

#[test]
fn tls_12() {
    run(Transport { name: "TLS 1.2", link: tls::tls12, ..TRANSPORT });
}

#[cfg(target_os = "linux")]
#[test]
fn io_uring() {
    if !uring::is_there() {
        println!("not run, this kernel does not allow io_uring");
        return;
    }
    run(Transport { name: "io_uring", link: uring::tcp, ..TRANSPORT });
}
