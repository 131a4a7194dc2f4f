//! Clients and servers that TLS refuses before any byte of a WebSocket, and HTTP responses that
//! refuse a client.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use sansock::handshake::client::{Request, nonce};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ClientConfig};

use crate::authority::{Authority, Leaf};
use crate::connect::{self, Attempt, Settings};
use crate::options::TlsOptions;
use crate::{link, script, tls, within_a_minute};

/// The result of the TLS handshake with a client.
type Verdict = Result<(), rustls::Error>;

/// Whether that result is the expected one.
type Expected = fn(&Verdict) -> bool;

/// Runs `test` on a runtime with other tasks.
fn run(test: impl Future<Output = ()> + Send + 'static) {
    within_a_minute(|| tokio::runtime::Runtime::new().unwrap().block_on(test));
}

/// Returns the options of a server with the certificate for `localhost`.
fn certified(authority: &Authority) -> TlsOptions {
    let Leaf { cert, key, .. } = authority.localhost().clone();
    TlsOptions { certs: vec![cert], keys: vec![key], ..TlsOptions::default() }
}

/// Serves one client. The task returns the result of the TLS handshake.
async fn serve(options: TlsOptions) -> (SocketAddr, JoinHandle<Verdict>) {
    let acceptor = tls::Tls::new(options).unwrap().acceptor(drop);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        match acceptor.accept(tcp).await {
            Ok(stream) => {
                script::server().serve(stream).await;
                Ok(())
            }
            Err(error) => Err(error.into_inner().unwrap().downcast_ref().cloned().unwrap()),
        }
    });
    (address, server)
}

/// Requests a WebSocket with this TLS configuration. Returns whether there was a response.
async fn ask(to: SocketAddr, config: ClientConfig) -> bool {
    let ask = async {
        let tcp = link::asynchronous(link::dial(to));
        let mut tls = TlsConnector::from(Arc::new(config)).connect(link::localhost(), tcp).await?;
        let (request, _) = Request::new("wss://localhost/").unwrap().start(nonce());
        tls.write_all(&request).await?;
        tls.flush().await?;
        tls.read_u8().await
    };
    ask.await.is_ok()
}

/// Connects like the example's client.
async fn connect(to: SocketAddr, host: &str, settings: &Settings) -> Result<(), Box<dyn Error>> {
    match connect::connect(&format!("wss://{host}:{}/", to.port()), settings).await? {
        Attempt::Connected(_) => Ok(()),
        Attempt::Http(response) => Err(response.status().to_string().into()),
    }
}

#[test]
fn clients_without_the_certificate_that_is_asked_for() {
    run(async {
        let (authority, other) = (Authority::new(), Authority::new());
        let client_ca = Some(authority.cert());
        let options = || TlsOptions { client_ca: client_ca.clone(), ..certified(&authority) };
        let clients: [(Option<&Leaf>, Expected); 3] = [
            (None, |why| matches!(why, Err(rustls::Error::NoCertificatesPresented))),
            (Some(other.localhost()), |why| {
                matches!(why, Err(rustls::Error::InvalidCertificate(_)))
            }),
            (Some(authority.localhost()), Result::is_ok),
        ];
        for (i, (leaf, expected)) in clients.into_iter().enumerate() {
            for version in [&TLS12, &TLS13] {
                let (address, server) = serve(options()).await;
                let config = authority.client_config(&[version], leaf);
                assert_eq!(ask(address, config).await, i == 2);
                let why = server.await.unwrap();
                assert!(expected(&why), "{why:?}");
            }
            let (address, server) = serve(options()).await;
            let identity = leaf.map(|leaf| (leaf.cert.clone(), leaf.key.clone()));
            let settings = Settings { ca: Some(authority.cert()), identity, ..Settings::default() };
            assert_eq!(connect(address, "localhost", &settings).await.is_ok(), i == 2);
            assert!(expected(&server.await.unwrap()));
        }
    });
}

#[test]
fn clients_that_speak_http_2_only() {
    run(async {
        let authority = Authority::new();
        for (offered, is_taken) in
            [(&["h2"][..], false), (&["h2", "http/1.1"], true), (&["http/1.1"], true), (&[], true)]
        {
            for version in [&TLS12, &TLS13] {
                let (address, server) = serve(certified(&authority)).await;
                let mut config = authority.client_config(&[version], None);
                config.alpn_protocols = offered.iter().map(|name| (*name).into()).collect();
                assert_eq!(ask(address, config).await, is_taken, "{offered:?}");
                let refusal = Err(rustls::Error::NoApplicationProtocol);
                assert_eq!(server.await.unwrap(), if is_taken { Ok(()) } else { refusal });
            }
        }
    });
}

#[test]
fn servers_of_another_authority_or_name() {
    run(async {
        let (authority, other) = (Authority::new(), Authority::new());
        for (trusted, host, is_taken) in [
            (&authority, "localhost", true),
            (&authority, "127.0.0.1", false),
            (&other, "localhost", false),
        ] {
            let (address, server) = serve(certified(&authority)).await;
            let settings = Settings { ca: Some(trusted.cert()), ..Settings::default() };
            assert_eq!(connect(address, host, &settings).await.is_ok(), is_taken);
            assert_eq!(server.await.unwrap().is_ok(), is_taken);
        }
    });
}

/// RFC 6455 §4.1: a response with another status is plain HTTP, and the client shows it.
#[test]
fn servers_that_answer_with_something_else() {
    run(async {
        for (answer, status, header) in [
            ("401 Unauthorized\r\nWWW-Authenticate: Basic", 401, ("WWW-Authenticate", "Basic")),
            ("403 Forbidden\r\nServer: a", 403, ("Server", "a")),
            ("302 Found\r\nLocation: wss://b/", 302, ("Location", "wss://b/")),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("ws://{}/", listener.local_addr().unwrap());
            let server = tokio::spawn(async move {
                let (mut tcp, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(tcp.read_u8().await.unwrap());
                }
                let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
                tcp.write_all(answer.as_bytes()).await.unwrap();
            });
            let attempt = connect::connect(&url, &Settings::default()).await.unwrap();
            let Attempt::Http(response) = attempt else { panic!("{status} is no WebSocket") };
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().first(header.0), Some(header.1.as_bytes()));
            server.await.unwrap();
        }
    });
}
