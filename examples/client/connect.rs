//! From a URL to a transport that carries frames: TCP, TLS where it is asked for, the handshake.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sansock::Negotiated;
use sansock::handshake::client::{Handshake, Outcome, Request, Response, nonce};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::transport;

/// How to connect.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The authority to trust, PEM; without it, those that browsers trust.
    pub(crate) ca: Option<PathBuf>,
    /// The files of a certificate and of its key to show to servers that ask for one.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// Headers for the request.
    pub(crate) headers: Vec<(String, String)>,
    /// Subprotocols to offer.
    pub(crate) subprotocols: Vec<String>,
}

/// A connection whose handshake is done.
pub(crate) struct Connected {
    pub(crate) stream: Box<dyn Stream>,
    /// What came after the response: frames already.
    pub(crate) early: Vec<u8>,
    pub(crate) negotiated: Negotiated,
}

/// What an attempt to connect came to.
pub(crate) enum Attempt {
    Connected(Connected),
    /// The server answered with something other than a WebSocket.
    Http(Response),
}

/// A transport, whatever it is.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects to `url`, which begins with `ws:` or `wss:`.
pub(crate) async fn connect(url: &str, settings: &Settings) -> Result<Attempt, Box<dyn Error>> {
    let mut request = Request::new(url)?;
    for (name, value) in &settings.headers {
        request = request.header(name, value)?;
    }
    for subprotocol in &settings.subprotocols {
        request = request.subprotocol(subprotocol)?;
    }
    let host = request.host();
    let tcp = TcpStream::connect((host, request.port())).await?;
    tcp.set_nodelay(true)?;
    let stream: Box<dyn Stream> = if request.is_secure() {
        let name = ServerName::try_from(host.to_owned())?;
        let connector = connector(settings)?;
        Box::new(connector.connect(name, tcp).await?)
    } else {
        Box::new(tcp)
    };
    open(stream, &request).await
}

/// The opening handshake over a transport.
pub(crate) async fn open(
    mut stream: Box<dyn Stream>,
    request: &Request,
) -> Result<Attempt, Box<dyn Error>> {
    let (head, mut handshake) = request.start(nonce());
    transport::write_all(&mut stream, &mut &head[..]).await?;
    loop {
        match transport::read(&mut stream, &mut handshake, take, |_| ()).await?? {
            None => {}
            Some((Outcome::Established { negotiated, .. }, early)) => {
                return Ok(Attempt::Connected(Connected { stream, early, negotiated }));
            }
            Some((Outcome::Http(response), _)) => return Ok(Attempt::Http(response)),
        }
    }
}

/// The outcome, once it is there, and the bytes after it.
type Answer = Option<(Outcome, Vec<u8>)>;

fn take(handshake: &mut Handshake, bytes: &mut [u8]) -> Result<Answer, Box<dyn Error>> {
    if bytes.is_empty() {
        return Err("the server hung up before it answered".into());
    }
    let (taken, outcome) = handshake.receive(bytes)?;
    let early = bytes.get(taken..).unwrap_or_default();
    Ok(outcome.map(|outcome| (outcome, early.to_vec())))
}

pub(crate) fn connector(settings: &Settings) -> Result<TlsConnector, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    match &settings.ca {
        Some(file) => {
            for cert in certs(file)? {
                roots.add(cert)?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match &settings.identity {
        Some((cert, key)) => {
            config.with_client_auth_cert(certs(cert)?, PrivateKeyDer::from_pem_file(key)?)?
        }
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certs(file: &Path) -> Result<Vec<CertificateDer<'static>>, Box<dyn Error>> {
    let named = |error| format!("{}: {error}", file.display());
    let certs = CertificateDer::pem_file_iter(file).map_err(named)?;
    Ok(certs.collect::<Result<_, _>>().map_err(named)?)
}
