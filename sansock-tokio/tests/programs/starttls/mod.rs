//! STARTTLS, with the blocking example and the one with tokio at either end, and with peers that
//! inject, strip or end early.
//!
//! What a peer writes in one small write arrives in one read, over the loopback interface.

mod client;
mod server;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
};

use crate::program::{PATIENCE, Program};

const PROGRAMS: [&str; 2] = ["starttls", "tokio_starttls"];

/// An opening handshake, complete but for TLS.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

#[test]
fn each_client_exchanges_texts_with_each_server() {
    for (server_name, client_name) in pairs() {
        let server = Server::start(server_name, "pairs");
        let client = ["client", &server.url(), &server.file, "hello", "", "grüße"];
        let ended = Program::start(client_name, &client).end();
        let (output, errors) = (&*ended.output, &*ended.errors);
        assert_eq!((output, errors), ("hello\n\ngrüße\n", ""), "{client_name} of {server_name}");
        assert_eq!(ended.status, Some(0));
    }
}

#[test]
fn a_server_whose_certificate_is_another_gets_no_request() {
    for (server_name, client_name) in pairs() {
        let server = Server::start(server_name, "wrong");
        let other = Server::start(server_name, "other");
        let ended = Program::start(client_name, &["client", &server.url(), &other.file, "a"]).end();
        assert!(ended.errors.contains("invalid peer certificate: "), "{ended:?}");
        assert_eq!((&*ended.output, ended.status), ("", Some(1)));
        // The client's alert. A request that was refused would be another error.
        let logged = server.program.error_line();
        assert!(logged.contains("received fatal alert: "), "{logged}");
    }
}

#[test]
fn other_arguments_are_answered_with_the_usage() {
    for name in PROGRAMS {
        for arguments in [&[][..], &["client", "wss://localhost/"], &["server", "127.0.0.1:0"]] {
            let ended = Program::start(name, arguments).end();
            assert!(ended.errors.starts_with(&format!("usage: {name} server ")), "{ended:?}");
            assert_eq!(ended.status, Some(1));
        }
    }
}

/// Each server with each client.
fn pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    PROGRAMS.into_iter().flat_map(|server| PROGRAMS.map(|client| (server, client)))
}

/// A server that runs.
struct Server {
    program: Program,
    address: String,
    /// Its certificate, PEM.
    file: String,
}

impl Server {
    /// Starts the program `name`. Its certificate is in a file of `test`.
    fn start(name: &str, test: &str) -> Server {
        let file = file(&format!("{name}_{test}.pem"));
        let program = Program::start(name, &["server", "127.0.0.1:0", &file]);
        let address = crate::address(&program, "wss");
        Server { program, address, file }
    }

    fn url(&self) -> String {
        format!("wss://{}/", self.address)
    }

    /// Connects, and reads the greeting.
    fn connect(&self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        assert!(line(&mut stream).starts_with("220 "));
        stream
    }

    /// Checks that the server has logged `expected`, and that it serves the next client.
    fn has_logged(&self, expected: &str) {
        let logged = self.program.error_line();
        assert!(logged.contains(expected), "{logged}, and not {expected}");
        let client = ["client", &self.url(), &self.file, "still here"];
        assert_eq!(Program::start("starttls", &client).end().output, "still here\n");
    }
}

fn file(name: &str) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    file.to_str().unwrap().to_owned()
}

/// Reads a line and nothing behind it.
fn line(stream: &mut TcpStream) -> String {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\n") {
        stream.read_exact(&mut byte).unwrap();
        line.extend(byte);
    }
    String::from_utf8(line).unwrap()
}

/// Reads to the end of the transport.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    rest
}

/// Checks that `bytes` are records of TLS, of a handshake or an alert, and nothing in the clear.
fn is_tls(mut bytes: &[u8]) -> bool {
    // RFC 8446 §5.1: the type, the version and the length of a record.
    while let [0x14..=0x17, 0x03, _, high, low, rest @ ..] = bytes {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        bytes = rest.get(len..).unwrap_or_default();
    }
    bytes.is_empty()
}

/// A client of TLS that trusts the certificate in `file`.
fn tls_client(file: &str) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap()
}

/// A server of TLS whose name is `name`, with its certificate in `file`.
fn tls_server(name: &str, file: &str) -> ServerConnection {
    let certified = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    std::fs::write(file, certified.cert.pem()).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.into()], key)
        .unwrap();
    ServerConnection::new(Arc::new(config)).unwrap()
}

/// Writes the first half of `bytes`, and ends the transport.
fn write_half(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(&bytes[..bytes.len() / 2]).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
}
