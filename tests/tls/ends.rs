//! How TLS ends: each end says `close_notify` before it ends its half (RFC 8446 §6.1, RFC 5246
//! §7.2.1), so that nobody else can cut a connection unnoticed.
//!
//! After the closing handshake of the WebSocket nothing can be cut any more, and an end without it is
//! no error. Before, it is an abnormal closure (RFC 6455 §7.1.5).

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use sansock::blocking::{self, Error, WithShutdown};
use sansock::{CloseCode, CloseStatus};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConnection, StreamOwned, SupportedProtocolVersion};

use crate::authority::Authority;
use crate::client::{Ws, connect, connect_at, end, exchange, open, rest};
use crate::running::serve_localhost;
use crate::time_limit::within_a_minute;

static VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// Returns a WebSocket to the example's server, of each version.
fn opened(test: impl Fn(Ws) + Send + 'static) {
    within_a_minute(move || {
        let authority = Authority::new();
        let server = serve_localhost(&authority);
        for version in VERSIONS {
            let config = Arc::new(authority.client_config(&[version], None));
            let mut ws = open(connect(&server, &config).unwrap());
            exchange(&mut ws, "hello");
            test(ws);
        }
    });
}

#[test]
fn the_server_ends_tls_after_the_closing_handshake() {
    opened(end);
}

#[test]
fn the_server_answers_the_end_of_tls_without_a_closing_handshake() {
    opened(|ws| {
        let mut stream = ws.into_parts().0.into_inner();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        let (rest, end) = rest(&mut stream);
        assert_eq!(rest, b"");
        end.unwrap();
    });
}

/// What a server of the test does at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    /// A closing handshake, `close_notify`, and the end of TCP.
    Closes,
    /// A closing handshake, and the end of TCP.
    ClosesWithoutNotify,
    /// `close_notify`, and the end of TCP.
    Notifies,
    /// The end of TCP.
    Vanishes,
}

/// Connects a client to a server that ends in this way. Returns how it ended for the client, and
/// whether the server has got the client's `close_notify`.
fn ended(
    authority: &Authority,
    version: &'static SupportedProtocolVersion,
    server: Server,
) -> (Result<(), Error>, CloseStatus, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let config = Arc::new(authority.server_config(&[version]));
    let thread = thread::spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        let tls = StreamOwned::new(ServerConnection::new(config).unwrap(), tcp);
        serve(tls, server)
    });
    let config = Arc::new(authority.client_config(&[version], None));
    let mut ws = open(connect_at(address, "localhost", &config).unwrap());
    let received = match server {
        Server::Closes | Server::ClosesWithoutNotify => {
            ws.close(CloseCode::NORMAL, "").unwrap();
            ws.receive()
        }
        Server::Notifies | Server::Vanishes => ws.receive(),
    };
    let received = received.map(|message| assert_eq!(message, None));
    let (stream, endpoint, _) = ws.into_parts();
    // The server waits for the end.
    drop(stream);
    (received, endpoint.close_status(), thread.join().unwrap())
}

/// Serves one client. Returns whether TLS ended with `close_notify`.
fn serve(tls: StreamOwned<ServerConnection, TcpStream>, server: Server) -> bool {
    let keep = |_: &mut _| Ok(false);
    let mut ws = blocking::accept(WithShutdown::new(tls, keep)).unwrap();
    if matches!(server, Server::Closes | Server::ClosesWithoutNotify) {
        // Answers the Close.
        assert_eq!(ws.receive().unwrap(), None);
    }
    let mut tls = ws.into_parts().0.into_inner();
    if matches!(server, Server::Closes | Server::Notifies) {
        tls.conn.send_close_notify();
        tls.flush().unwrap();
    }
    tls.sock.shutdown(Shutdown::Write).unwrap();
    match tls.read(&mut [0; 1]) {
        Ok(len) => {
            assert_eq!(len, 0);
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
            false
        }
    }
}

#[test]
fn a_client_ends_tls_and_misses_close_notify_only_before_the_closing_handshake() {
    within_a_minute(|| {
        let authority = Authority::new();
        for version in VERSIONS {
            for server in [Server::Closes, Server::ClosesWithoutNotify] {
                let (received, status, was_notified) = ended(&authority, version, server);
                received.unwrap();
                assert_eq!(status, CloseStatus::Code(CloseCode::NORMAL), "{server:?}");
                assert!(was_notified, "{server:?}");
            }
            for server in [Server::Notifies, Server::Vanishes] {
                let (received, status, was_notified) = ended(&authority, version, server);
                assert!(matches!(received, Err(Error::UnexpectedEof)), "{server:?}: {received:?}");
                assert_eq!(status, CloseStatus::Abnormal);
                assert!(was_notified, "{server:?}");
            }
        }
    });
}
