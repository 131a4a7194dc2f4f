//! The echo server.

use std::path::Path;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tungstenite::Message;

use crate::program::Program;
use crate::{address, close, connect, text};

const ANY: &str = "127.0.0.1:0";

#[test]
fn messages_come_back_over_ws() {
    let server = Program::start("wss_echo", &[ANY, ANY]);
    let mut peer = connect(&address(&server, "ws"), "/");
    for sent in ["", "hello", &"κόσμε".repeat(100_000)] {
        peer.send(Message::text(sent)).unwrap();
        assert!(text(&mut peer) == sent);
    }
    assert_eq!(close(peer), None);
}

#[tokio::test]
async fn messages_come_back_over_wss() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wss_echo_of_tungstenite.pem");
    let server = Program::start("wss_echo", &[ANY, ANY, file.to_str().unwrap()]);
    let _plain = address(&server, "ws");
    let address = address(&server, "wss");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&file).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(&address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(std::sync::Arc::new(config)).connect(name, stream);
    let url = format!("wss://{address}/");
    let (mut peer, _) = tokio_tungstenite::client_async(url, stream.await.unwrap()).await.unwrap();
    for sent in ["", "hello", &"κόσμε".repeat(100_000)] {
        peer.send(Message::text(sent)).await.unwrap();
        assert!(peer.next().await.unwrap().unwrap() == Message::text(sent));
    }
    peer.close(None).await.unwrap();
    while let Some(message) = peer.next().await {
        assert!(message.unwrap().is_close());
    }
}
