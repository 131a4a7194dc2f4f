//! With TLS.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use sansock::timer::Expired;
use sansock_tokio::rustls::crypto::ring::default_provider;
use sansock_tokio::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sansock_tokio::rustls::server::Acceptor;
use sansock_tokio::rustls::version::{TLS12, TLS13};
use sansock_tokio::rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, ServerConfig, SupportedProtocolVersion,
};
use sansock_tokio::{ClientStream, CloseCode, Connector, Error, Request, connect};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

use crate::{accept, failure, listen};

/// Both versions.
static VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// A server with a certificate of its own, and what its clients trust.
struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    request: Request,
    trust: ClientConfig,
}

impl Server {
    /// Returns a server with a certificate for `name`.
    async fn new(name: &str, version: &'static SupportedProtocolVersion) -> Self {
        Server::with_alpn(name, version, &[]).await
    }

    async fn with_alpn(
        name: &str,
        version: &'static SupportedProtocolVersion,
        alpn: &[&[u8]],
    ) -> Self {
        let certified = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let certificate = CertificateDer::from(certified.cert);
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(default_provider());
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let trust = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&VERSIONS)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (listener, port) = listen().await;
        let request = Request::new(&format!("wss://localhost:{port}/")).unwrap();
        Server { listener, acceptor: TlsAcceptor::from(Arc::new(config)), request, trust }
    }

    /// Echoes the messages of one client.
    fn echo(self) {
        use futures_util::{SinkExt, StreamExt};
        tokio::spawn(async move {
            let stream = self.acceptor.accept(accept(&self.listener).await).await?;
            let mut ws = tokio_tungstenite::accept_async(stream).await.unwrap();
            while let Some(Ok(message)) = ws.next().await {
                if !message.is_close() {
                    ws.send(message).await.unwrap();
                }
            }
            std::io::Result::Ok(())
        });
    }

    fn connector(&self) -> Connector {
        Connector::new().tls_config(Arc::new(self.trust.clone()))
    }
}

#[tokio::test]
async fn messages_come_and_go_over_both_versions() {
    for (version, number) in
        [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)]
    {
        let server = Server::new("localhost", version).await;
        let (connector, request) = (server.connector(), server.request.clone());
        server.echo();
        let (mut ws, _) = connector.connect(&request).await.unwrap();
        let ClientStream::Tls(stream) = ws.get_ref() else { panic!("not TLS") };
        assert_eq!(stream.get_ref().1.protocol_version(), Some(number));
        assert!(ws.get_ref().tcp().nodelay().unwrap());
        for message in ["", "hello", &"x".repeat(1_000_000)] {
            ws.send(message).await.unwrap();
            assert!(ws.receive().await.unwrap() == Some(message.into()));
        }
        ws.close(CloseCode::NORMAL, "").await.unwrap();
        assert_eq!(ws.receive().await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_connection_that_is_there_already_is_secured_too() {
    let server = Server::new("localhost", &TLS13).await;
    let (connector, request) = (server.connector(), server.request.clone());
    let address = server.listener.local_addr().unwrap();
    server.echo();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut ws, _) = connector.connect_over(&request, stream).await.unwrap();
    ws.send("hello").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), Some("hello".into()));
}

#[tokio::test]
async fn a_certificate_of_another_name_is_refused() {
    for version in VERSIONS {
        let server = Server::new("a.example", version).await;
        let (connector, request) = (server.connector(), server.request.clone());
        server.echo();
        let (text, kind) = failure(connector.connect(&request).await);
        let start = format!("TLS handshake with localhost:{} failed: ", request.port());
        assert!(text.starts_with(&start) && text.contains("not valid for name"), "{text}");
        assert_eq!(kind, ErrorKind::InvalidData);
    }
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_refused() {
    for version in VERSIONS {
        let server = Server::new("localhost", version).await;
        let request = server.request.clone();
        server.echo();
        let (text, kind) = failure(Connector::new().connect(&request).await);
        let server = format!("localhost:{}", request.port());
        let why = "invalid peer certificate: UnknownIssuer";
        assert_eq!(text, format!("TLS handshake with {server} failed: {why}"));
        assert_eq!(kind, ErrorKind::InvalidData);
    }
}

#[tokio::test]
async fn http_1_1_alone_is_offered_by_default() {
    let (listener, port) = listen().await;
    let server = tokio::spawn(async move {
        let stream = accept(&listener).await;
        let started = LazyConfigAcceptor::new(Acceptor::default(), stream).await.unwrap();
        let hello = started.client_hello();
        let offered: Vec<Vec<u8>> = hello.alpn().unwrap().map(<[u8]>::to_vec).collect();
        (offered, hello.server_name().map(str::to_owned))
    });
    let (text, _) = failure(connect(&format!("wss://localhost:{port}/")).await);
    assert!(text.starts_with("TLS handshake with "), "{text}");
    let (offered, name) = server.await.unwrap();
    assert_eq!((offered, name.as_deref()), (vec![b"http/1.1".to_vec()], Some("localhost")));
}

#[tokio::test]
async fn a_server_that_chooses_http_2_is_not_spoken_to_in_http_1() {
    for version in VERSIONS {
        let mut server = Server::with_alpn("localhost", version, &[b"h2"]).await;
        server.trust.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let (connector, request) = (server.connector(), server.request.clone());
        server.echo();
        let (text, kind) = failure(connector.connect(&request).await);
        assert!(text.ends_with(" failed: the server chose h2, not http/1.1"), "{text}");
        assert_eq!(kind, ErrorKind::InvalidData);
    }
}

#[tokio::test]
async fn a_server_without_tls_is_named() {
    let (listener, port) = listen().await;
    tokio::spawn(async move { sansock_tokio::accept(accept(&listener).await).await.map(drop) });
    let (text, _) = failure(connect(&format!("wss://127.0.0.1:{port}/")).await);
    assert!(text.starts_with(&format!("TLS handshake with 127.0.0.1:{port} failed: ")), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_left_at_the_deadline() {
    let (listener, port) = listen().await;
    let (text, kind) = failure(connect(&format!("wss://127.0.0.1:{port}/")).await);
    let why = "not done before the deadline of the handshake";
    assert_eq!(text, format!("TLS handshake with 127.0.0.1:{port} failed: {why}"));
    assert_eq!(kind, ErrorKind::TimedOut);
    drop(listener);
}

#[tokio::test(start_paused = true)]
async fn one_deadline_is_for_tls_and_the_opening_handshake_together() {
    let server = Server::new("localhost", &TLS13).await;
    let (connector, request) = (server.connector(), server.request.clone());
    let silent = tokio::spawn(async move {
        let stream = accept(&server.listener).await;
        sleep(Duration::from_secs(6)).await;
        server.acceptor.accept(stream).await
    });
    let start = Instant::now();
    let outcome = connector.connect(&request).await;
    assert!(matches!(outcome, Err(Error::Expired(Expired::HandshakeTimeout))), "{outcome:?}");
    // The time of a paused clock: 10 seconds, not 16.
    assert_eq!(start.elapsed().as_secs(), 10);
    silent.await.unwrap().unwrap();
}
