//! Both versions of TLS, each pinned by one end, and sessions that are resumed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    AlertDescription, ClientConfig, Error, HandshakeKind, ProtocolVersion, SupportedProtocolVersion,
};

use crate::authority::Authority;
use crate::client::{connect, end, exchange, open, verdict};
use crate::running::{Running, serve_localhost};
use crate::time_limit::within_a_minute;

const BOTH: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];
const ONLY_1_2: &[&SupportedProtocolVersion] = &[&TLS12];
const ONLY_1_3: &[&SupportedProtocolVersion] = &[&TLS13];

/// Opens and closes a WebSocket. Returns the version of TLS, and whether a session was resumed.
fn converse(
    server: &Running,
    config: &Arc<ClientConfig>,
) -> (Option<ProtocolVersion>, Option<HandshakeKind>) {
    let stream = connect(server, config).unwrap();
    let kinds = (stream.conn.protocol_version(), stream.conn.handshake_kind());
    let mut ws = open(stream);
    exchange(&mut ws, "hello");
    end(ws);
    kinds
}

#[test]
fn the_version_is_the_newest_that_both_ends_speak() {
    within_a_minute(|| {
        let authority = Authority::new();
        let (old, new) = (ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3);
        for (servers, clients, spoken) in [
            (BOTH, BOTH, new),
            (BOTH, ONLY_1_2, old),
            (BOTH, ONLY_1_3, new),
            (ONLY_1_2, BOTH, old),
            (ONLY_1_2, ONLY_1_2, old),
            (ONLY_1_3, BOTH, new),
            (ONLY_1_3, ONLY_1_3, new),
        ] {
            let acceptor = TlsAcceptor::from(Arc::new(authority.server_config(servers)));
            let server = Running::with_acceptor(acceptor);
            let config = Arc::new(authority.client_config(clients, None));
            assert_eq!(converse(&server, &config).0, Some(spoken), "{servers:?}, {clients:?}");
        }
    });
}

#[test]
fn ends_without_a_common_version_part_before_the_request() {
    within_a_minute(|| {
        let authority = Authority::new();
        for (servers, clients) in [(ONLY_1_2, ONLY_1_3), (ONLY_1_3, ONLY_1_2)] {
            let acceptor = TlsAcceptor::from(Arc::new(authority.server_config(servers)));
            let server = Running::with_acceptor(acceptor);
            let config = Arc::new(authority.client_config(clients, None));
            let error = verdict(connect(&server, &config).unwrap_err());
            assert_eq!(error, Error::AlertReceived(AlertDescription::ProtocolVersion));
            assert!(server.line().contains(": TLS handshake failed: peer is incompatible: "));
        }
    });
}

/// The other mistake, TLS to a port without it, is in the tests of the echo server.
#[test]
fn a_client_without_tls_is_refused_by_an_alert() {
    within_a_minute(|| {
        let authority = Authority::new();
        let server = serve_localhost(&authority);
        for (first, has_alert) in [
            (&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], true),
            (&[0xFF; 1 << 16], true),
            // The client has left before it was known to be wrong.
            (b"\x16\x03", false),
        ] {
            let mut tcp = TcpStream::connect(server.address).unwrap();
            tcp.write_all(first).unwrap();
            tcp.shutdown(Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            tcp.read_to_end(&mut answer).unwrap();
            // RFC 8446 §5.1, §6: a record of the type alert, with a fatal one.
            let is_alert = matches!(answer[..], [21, 3, _, 0, 2, 2, _]);
            assert!(is_alert == has_alert && (is_alert || answer.is_empty()), "{answer:?}");
            assert!(server.line().contains(": TLS handshake failed: "));
            server.assert_no_line();
        }
    });
}

#[test]
fn a_second_connection_resumes_the_session_of_the_first() {
    within_a_minute(|| {
        let authority = Authority::new();
        let server = serve_localhost(&authority);
        for version in [ONLY_1_2, ONLY_1_3] {
            let config = Arc::new(authority.client_config(version, None));
            for kind in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
                assert_eq!(converse(&server, &config).1, Some(kind), "{version:?}");
            }
            // Another client has no session.
            let config = Arc::new(authority.client_config(version, None));
            assert_eq!(converse(&server, &config).1, Some(HandshakeKind::Full));
        }
    });
}

/// A client's certificate is judged at every connection.
#[test]
fn a_client_with_a_certificate_never_resumes() {
    within_a_minute(|| {
        let authority = Authority::new();
        let (leaf, ca) = (authority.localhost(), authority.cert());
        let files = [("--cert", &*leaf.cert), ("--key", &*leaf.key), ("--client-ca", &*ca)];
        let server = Running::start(&files);
        for version in [ONLY_1_2, ONLY_1_3] {
            let config = Arc::new(authority.client_config(version, Some(leaf)));
            for _ in 0..3 {
                assert_eq!(converse(&server, &config).1, Some(HandshakeKind::Full));
            }
        }
    });
}
