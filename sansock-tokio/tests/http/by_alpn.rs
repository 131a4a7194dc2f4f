//! HTTP/1.1 or HTTP/2, as ALPN (RFC 7301) chooses in the TLS handshake.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use sansock_tokio::hyper::Handshake;
use sansock_tokio::sansock::Config;
use sansock_tokio::sansock::handshake::client;
use sansock_tokio::{CloseCode, Settings, WebSocket, client_with};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, AlertDescription, SupportedProtocolVersion};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::authority::Authority;
use crate::servers::settings;
use crate::support::{connect_http2, echo, open};

const BOTH: &[&str] = &["h2", "http/1.1"];
const H1: &[&str] = &["http/1.1"];
const H2: &[&str] = &["h2"];

fn protocols(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

/// Answers a request over any version of HTTP.
async fn answer(mut request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let handshake = match Handshake::new(&mut request) {
        Ok(handshake) => handshake,
        Err(refusal) => return Ok(refusal.response()),
    };
    let (response, opening) = handshake.accept(&settings()).unwrap();
    tokio::spawn(async { echo(opening.await.unwrap()).await });
    Ok(response)
}

/// Serves one client with hyper. Connects with TLS to it.
async fn connect(
    version: &'static SupportedProtocolVersion,
    served: &[&str],
    offered: &[&str],
) -> io::Result<TlsStream<TcpStream>> {
    let authority = Authority::new();
    let mut config = authority.server_config(&[version]);
    config.alpn_protocols = protocols(served);
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let Ok(stream) = acceptor.accept(tcp).await else { return };
        let mut server = auto::Builder::new(TokioExecutor::new());
        server.http2().enable_connect_protocol();
        let service = service_fn(answer);
        let _ = server.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
    });
    let mut config = authority.client_config(&[version], None);
    config.alpn_protocols = protocols(offered);
    let tcp = TcpStream::connect(address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), tcp).await
}

async fn converse(mut ws: WebSocket<impl AsyncRead + AsyncWrite + Unpin>) {
    for message in ["", "hello", &"x".repeat(1 << 20)] {
        ws.send(message).await.unwrap();
        assert!(ws.receive().await.unwrap() == Some(message.into()));
    }
    ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(ws.receive().await.unwrap(), None);
}

#[tokio::test]
async fn a_client_speaks_the_version_that_was_chosen() {
    let request = client::Request::new("wss://localhost/").unwrap();
    for version in [&TLS12, &TLS13] {
        for (served, offered, chosen) in [
            (BOTH, BOTH, Some("h2")),
            (H2, BOTH, Some("h2")),
            (H1, BOTH, Some("http/1.1")),
            (BOTH, H1, Some("http/1.1")),
            // A server without ALPN speaks HTTP/1.1.
            (&[], BOTH, None),
        ] {
            let stream = connect(version, served, offered).await.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), chosen.map(str::as_bytes));
            if chosen == Some("h2") {
                let (ws, _) = open(&mut connect_http2(stream).await, &request).await;
                converse(ws).await;
            } else {
                let settings = Settings::new(Config::client());
                let (ws, _) = client_with(&request, stream, &settings).await.unwrap();
                converse(ws).await;
            }
        }
    }
}

#[tokio::test]
async fn ends_without_a_common_version_of_http_part_before_the_request() {
    for version in [&TLS12, &TLS13] {
        for (served, offered) in [(H1, H2), (H2, H1)] {
            let error = connect(version, served, offered).await.unwrap_err();
            let verdict = error.get_ref().unwrap().downcast_ref::<rustls::Error>().unwrap();
            let alert = AlertDescription::NoApplicationProtocol;
            assert_eq!(*verdict, rustls::Error::AlertReceived(alert));
        }
    }
}
