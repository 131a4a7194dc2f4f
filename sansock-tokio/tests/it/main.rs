//! The WebSocket over scripted streams, pipes and sockets: in each state, and dropped at each poll.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod cancelled;
mod combinators;
mod deadlines;
mod ends;
mod halves;
mod interleaved;
mod openings;
mod pressure;
mod runtimes;
mod script;
mod selected;
#[allow(unexpected_cfgs, reason = "the tests of sansock have its features")]
#[path = "../../../tests/support/mod.rs"]
mod support;
#[path = "../../../tests/support/time_limit.rs"]
mod time_limit;
mod tls;
#[path = "../../../tests/support/tls.rs"]
mod tls_configs;

use std::future::Future;

use sansock_tokio::sansock::{Config, Connection, Role};
use sansock_tokio::{CloseCode, WebSocket};

use tokio::net::{TcpListener, TcpStream};

use crate::script::Script;
use crate::support::config;

/// Runs `test` on a runtime with two workers, and fails if it takes more than a minute. Nothing else
/// here looks at a clock that is not paused.
fn within_a_minute(test: impl Future<Output = ()> + Send + 'static) {
    time_limit::within_a_minute(move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async { tokio::spawn(test).await.unwrap() });
    });
}

/// A WebSocket without deadlines over `stream`.
fn open<S>(role: Role, stream: S, change: impl FnOnce(&mut Config)) -> WebSocket<S> {
    let mut config = config(role);
    change(&mut config);
    WebSocket::from_parts(stream, &[], Connection::new(config), None)
}

/// Two ends of a TCP connection, the client's first.
async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

/// A WebSocket without deadlines over a stream from which `input` can be read.
fn scripted(role: Role, input: &[u8]) -> (WebSocket<Script>, Script) {
    let script = Script::new(input);
    (open(role, script.clone(), |_| ()), script)
}

fn code(code: u16) -> CloseCode {
    CloseCode::new(code).unwrap()
}
