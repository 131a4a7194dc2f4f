//! The examples as programs, with tungstenite at the other end.
//!
//! They run as `cargo test` has built them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod chat;
mod echo;
mod lines;
mod many;
mod pages;
#[allow(dead_code, reason = "no program here is to see the end of its input early")]
#[path = "../../../tests/programs/program.rs"]
mod program;
mod reconnect;
mod starttls;

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use program::{PATIENCE, Program};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tungstenite::{Message, WebSocket};

/// A WebSocket of tungstenite.
type Peer = WebSocket<TcpStream>;

/// Returns the address of the next URL that a server prints.
fn address(server: &Program, scheme: &str) -> String {
    let line = server.line();
    let url = line.strip_prefix(&format!("listening on {scheme}://")).expect("a URL");
    url.trim_end_matches('/').to_owned()
}

/// Connects to a server.
fn connect(address: &str, target: &str) -> Peer {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    tungstenite::client(format!("ws://{address}{target}"), stream).unwrap().0
}

/// Connects by TLS to a server with the certificate in `file`, and offers protocols by ALPN.
async fn connect_tls(
    address: &str,
    file: &Path,
    protocols: &[&str],
) -> TlsStream<tokio::net::TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

/// Accepts a TCP connection.
fn accept_tcp(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Returns a listening socket, and its address.
fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// Returns the next text message.
fn text(peer: &mut Peer) -> String {
    loop {
        match peer.read().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Ping(_) => {}
            other => panic!("no text, but {other:?}"),
        }
    }
}

/// Closes, and waits for the end. Returns the code that the server has answered with.
fn close(mut peer: Peer) -> Option<u16> {
    peer.close(None).unwrap();
    end(peer)
}

/// Waits for the end. Returns the code of the server's Close.
fn end(mut peer: Peer) -> Option<u16> {
    let mut code = None;
    loop {
        match peer.read() {
            Ok(Message::Close(frame)) => code = frame.map(|frame| frame.code.into()),
            Ok(_) => {}
            Err(tungstenite::Error::ConnectionClosed) => return code,
            Err(error) => panic!("{error}"),
        }
    }
}
