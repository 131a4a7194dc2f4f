//! With TLS, to servers that ask for a certificate, resume sessions, or speak HTTP/2.

use std::io::ErrorKind;
use std::sync::Arc;

use sansock_tokio::rustls::server::WebPkiClientVerifier;
use sansock_tokio::rustls::version::{TLS12, TLS13};
use sansock_tokio::rustls::{
    self, AlertDescription, ClientConfig, HandshakeKind, ServerConfig, SupportedProtocolVersion,
};
use sansock_tokio::{ClientStream, CloseCode, ConnectError, Connector, Error, Request, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::authority::{Authority, Leaf};
use crate::{accept, listen};

static VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// Serves as many clients as connect. Returns the port. The task ends with the first client that TLS
/// refuses, and returns why.
async fn serve(config: ServerConfig) -> (u16, JoinHandle<rustls::Error>) {
    let (listener, port) = listen().await;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = tokio::spawn(async move {
        loop {
            let stream = match acceptor.accept(accept(&listener).await).into_fallible().await {
                Ok(stream) => stream,
                Err((error, mut stream)) => {
                    // If the request were unread, TCP would be reset, and the alert might be lost.
                    stream.shutdown().await.unwrap();
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                    return verdict(&error);
                }
            };
            let mut ws = sansock_tokio::accept(stream).await.unwrap();
            while let Some(message) = ws.receive().await.unwrap() {
                ws.send(message).await.unwrap();
            }
        }
    });
    (port, server)
}

/// Returns what rustls says in an error of a stream.
fn verdict(error: &std::io::Error) -> rustls::Error {
    error.get_ref().unwrap().downcast_ref::<rustls::Error>().unwrap().clone()
}

async fn connect(port: u16, config: &Arc<ClientConfig>) -> Result<WebSocket<ClientStream>, Error> {
    let request = Request::new(&format!("wss://localhost:{port}/")).unwrap();
    let connector = Connector::new().tls_config(Arc::clone(config));
    connector.connect(&request).await.map(|(ws, _)| ws)
}

/// Returns the configuration of a server that asks for certificates of its authority.
fn asking(authority: &Authority, version: &'static SupportedProtocolVersion) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = Arc::new(authority.roots());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider)).build().unwrap();
    let leaf = authority.localhost();
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(leaf.chain(), leaf.private_key())
        .unwrap()
}

async fn exchange(ws: &mut WebSocket<ClientStream>) {
    ws.send("hello").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), Some("hello".into()));
}

#[tokio::test]
async fn a_client_with_the_certificate_that_is_asked_for_is_served() {
    let authority = Authority::new();
    let alice = authority.issue(&["alice.example"]);
    for version in VERSIONS {
        let (port, _server) = serve(asking(&authority, version)).await;
        let config = Arc::new(authority.client_config(&VERSIONS, Some(&alice)));
        exchange(&mut connect(port, &config).await.unwrap()).await;
    }
}

/// With TLS 1.2 the TLS handshake fails. With TLS 1.3 the client has done its part of it before the
/// server sees the certificate, and reads the alert instead of a response.
#[tokio::test]
async fn a_refused_certificate_is_an_error_of_tls_or_of_the_first_read() {
    let (authority, other) = (Authority::new(), Authority::new());
    let foreign = other.issue(&["alice.example"]);
    let expired = authority.issue_expired(&["alice.example"]);
    let clients: [(Option<&Leaf>, AlertDescription); 3] = [
        (None, AlertDescription::CertificateRequired),
        (Some(&foreign), AlertDescription::UnknownCA),
        (Some(&expired), AlertDescription::CertificateExpired),
    ];
    for (leaf, alert) in clients {
        for version in VERSIONS {
            let (port, server) = serve(asking(&authority, version)).await;
            let config = Arc::new(authority.client_config(&VERSIONS, leaf));
            let error = connect(port, &config).await.unwrap_err();
            let text = error.to_string();
            let Error::Io(io) = &error else { panic!("{error:?}") };
            assert_eq!(io.kind(), ErrorKind::InvalidData);
            assert!(text.ends_with(&format!("received fatal alert: {alert:?}")), "{text}");
            match ConnectError::find(&error) {
                Some(ConnectError::Tls { error, .. }) => {
                    assert_eq!(version, &TLS12);
                    assert_eq!(verdict(error), rustls::Error::AlertReceived(alert));
                }
                other => {
                    assert!(other.is_none() && version == &TLS13, "{other:?}");
                    assert_eq!(verdict(io), rustls::Error::AlertReceived(alert));
                }
            }
            server.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_second_connection_resumes_the_session_of_the_first() {
    let authority = Authority::new();
    for version in VERSIONS {
        let (port, _server) = serve(authority.server_config(&[version])).await;
        let config = Arc::new(authority.client_config(&VERSIONS, None));
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Resumed] {
            let mut ws = connect(port, &config).await.unwrap();
            let ClientStream::Tls(stream) = ws.get_ref() else { panic!("not TLS") };
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind), "{version:?}");
            exchange(&mut ws).await;
            ws.close(CloseCode::NORMAL, "").await.unwrap();
            assert_eq!(ws.receive().await.unwrap(), None);
        }
    }
}

/// A server that speaks HTTP/2 alone refuses a client that offers HTTP/1.1 alone.
#[tokio::test]
async fn a_server_without_http_1_1_refuses_by_an_alert() {
    let authority = Authority::new();
    for version in VERSIONS {
        let mut server = authority.server_config(&[version]);
        server.alpn_protocols = vec![b"h2".to_vec()];
        let (port, server) = serve(server).await;
        let mut config = authority.client_config(&VERSIONS, None);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let error = connect(port, &Arc::new(config)).await.unwrap_err();
        let Some(ConnectError::Tls { error, .. }) = ConnectError::find(&error) else {
            panic!("{error:?}")
        };
        let alert = AlertDescription::NoApplicationProtocol;
        assert_eq!(verdict(error), rustls::Error::AlertReceived(alert));
        assert_eq!(server.await.unwrap(), rustls::Error::NoApplicationProtocol);
    }
}

/// Many servers end TCP as soon as they have refused. What they said before is read all the same.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_alert_of_a_server_that_has_gone_is_read() {
    let authority = Authority::new();
    let (listener, port) = listen().await;
    let acceptor = TlsAcceptor::from(Arc::new(asking(&authority, &TLS13)));
    let server = tokio::spawn(async move {
        acceptor.accept(accept(&listener).await).await.map(drop).unwrap_err();
    });
    let config = Arc::new(authority.client_config(&VERSIONS, None));
    let tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let connector = TlsConnector::from(config);
    let stream = connector.connect("localhost".try_into().unwrap(), tcp).await.unwrap();
    server.await.unwrap();
    let request = Request::new("wss://localhost/").unwrap();
    let error = sansock_tokio::client(&request, stream).await.unwrap_err();
    let alert = AlertDescription::CertificateRequired;
    assert!(error.to_string().ends_with(&format!("received fatal alert: {alert:?}")), "{error}");
}
