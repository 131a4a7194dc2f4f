//! Each layer of ours with other WebSocket crates at the other end, over TCP and TLS of both
//! versions.
//!
//! Our end is a connection after a handshake by hand, an endpoint, or a blocking WebSocket. The
//! first two use the example's server and client where these have that layer. In each conversation
//! one end leads and the other echoes. All follow the same `script`. `endpoint` has the operations
//! that each end needs. Everything blocks, with each end on its own thread, because one of the
//! peers blocks. `within_a_minute` limits the whole.
#![cfg(all(feature = "handshake", feature = "rand"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[path = "../../examples/echo_server/answer.rs"]
mod answer;
#[path = "../../examples/client/connect.rs"]
#[allow(dead_code, reason = "the client looks at what was negotiated")]
mod connect;
#[path = "../../examples/echo_server/deflate.rs"]
mod deflate;
#[path = "../../examples/echo_server/echo.rs"]
mod echo;
mod handshake;
#[path = "../../examples/echo_server/options.rs"]
#[allow(dead_code, reason = "only main reads addresses and the help")]
mod options;
#[path = "../../examples/relay/request.rs"]
mod request;
#[path = "../../examples/echo_server/server.rs"]
mod server;
#[path = "../../examples/echo_server/stop.rs"]
#[allow(dead_code, reason = "only main prints")]
mod stop;
#[path = "../../examples/echo_server/tls/mod.rs"]
#[allow(dead_code, reason = "certificates come from files here")]
mod tls;
#[path = "../../examples/echo_server/transport.rs"]
mod transport;

#[path = "../support/corpus.rs"]
mod corpus;
#[path = "../support/differences.rs"]
mod differences;
#[path = "../support/heads.rs"]
mod heads;
#[path = "../support/mod.rs"]
mod support;

#[path = "../support/authority.rs"]
mod authority;
mod byte_by_byte;
mod endpoint;
mod link;
mod ours;
mod ours_blocking;
mod peer;
mod refusals;
mod script;
#[path = "../support/time_limit.rs"]
mod time_limit;
mod verdicts;

use time_limit::within_a_minute;

/// Defines a test for each peer, layer, transport and role of ours.
macro_rules! with_peers {
    ($($peer:ident: $type:ty,)*) => {$(
        mod $peer {
            with_layers! {
                $type:
                by_hand: ByHand,
                endpoint: Endpoint,
                blocking: Blocking,
            }
        }
    )*};
}

/// Defines the tests of one peer.
macro_rules! with_layers {
    ($peer:ty: $($name:ident: $layer:ident,)*) => {$(
        mod $name {
            use sansock::Role;

            use crate::link::Transport;
            use crate::script::{Case, Layer};
            use crate::within_a_minute;

            #[test]
            fn as_client_over_tcp() {
                run(Role::Server, Transport::Tcp);
            }

            #[test]
            fn as_client_over_tls_1_2() {
                run(Role::Server, Transport::Tls12);
            }

            #[test]
            fn as_client_over_tls_1_3() {
                run(Role::Server, Transport::Tls13);
            }

            #[test]
            fn as_server_over_tcp() {
                run(Role::Client, Transport::Tcp);
            }

            #[test]
            fn as_server_over_tls_1_2() {
                run(Role::Client, Transport::Tls12);
            }

            #[test]
            fn as_server_over_tls_1_3() {
                run(Role::Client, Transport::Tls13);
            }

            fn run(ours: Role, transport: Transport) {
                within_a_minute(move || Case::new(Layer::$layer, ours, transport).all::<$peer>());
            }
        }
    )*};
}

with_peers! {
    fastwebsockets: crate::peer::Fastwebsockets,
    tokio_websockets: crate::peer::TokioWebsockets,
    tungstenite: crate::peer::Tungstenite,
}
