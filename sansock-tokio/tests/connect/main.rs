//! Connecting by a URI: DNS, TCP, TLS, the opening handshake, and their common deadline.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

#[cfg(feature = "rustls")]
#[path = "../../../tests/support/authority.rs"]
mod authority;
#[cfg(feature = "rustls")]
mod certificates;
mod plain;
#[cfg(feature = "rustls")]
mod tls;

use std::io::ErrorKind;

use sansock_tokio::{ConnectError, Error};
use tokio::net::{TcpListener, TcpStream};

/// Returns a listening socket and its port.
async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Accepts the next connection.
async fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().await.unwrap().0
}

/// Returns the text and the kind of what failed before the opening handshake.
fn failure<T>(outcome: Result<T, Error>) -> (String, ErrorKind) {
    let error = outcome.err().expect("no connection");
    assert!(ConnectError::find(&error).is_some(), "{error:?}");
    let Error::Io(error) = error else { unreachable!() };
    (error.to_string(), error.kind())
}
