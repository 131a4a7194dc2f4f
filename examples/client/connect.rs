//! Connects to a URL: TCP, TLS for `wss:`, and the opening handshake.

use std::error::Error;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sansock::handshake::client::{ClientHandshake, Outcome, Request, ResponseHead, nonce};
use sansock::{Input, Negotiated};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::transport;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// How to connect.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The file of the authority to trust, PEM. `None` trusts the authorities that browsers trust.
    pub(crate) ca: Option<PathBuf>,
    /// The files of the client certificate and its key, for servers that ask for one.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// Headers for the request.
    pub(crate) headers: Vec<(String, String)>,
    /// Subprotocols to offer.
    pub(crate) subprotocols: Vec<String>,
    /// Extensions to offer, as the value of their header. Only for a relay: a `Connection` supports
    /// none.
    pub(crate) extensions: Option<String>,
    /// How to compress, if the server does too.
    #[cfg(feature = "deflate")]
    pub(crate) deflate: Option<sansock::deflate::Deflate>,
    /// How many redirects to follow. The answer to the last request is returned, whatever it is.
    pub(crate) redirects: u8,
    /// The limit for each attempt, from the DNS look-up to the end of the opening handshake.
    pub(crate) timeout: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            ca: None,
            identity: None,
            headers: Vec::new(),
            subprotocols: Vec::new(),
            extensions: None,
            #[cfg(feature = "deflate")]
            deflate: None,
            redirects: 0,
            timeout: Duration::from_secs(10),
        }
    }
}

/// A connection whose handshake is done.
pub(crate) struct Connected {
    pub(crate) stream: Box<dyn Stream>,
    /// Bytes that arrived after the response: the first frames.
    pub(crate) early: Vec<u8>,
    pub(crate) negotiated: Negotiated,
}

/// The outcome of an attempt to connect.
pub(crate) enum Attempt {
    Connected(Connected),
    /// The server answered with an HTTP response other than a WebSocket handshake.
    Http(ResponseHead),
}

/// Any transport.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects to `url`, which begins with `ws:` or `wss:`.
///
/// # Errors
///
/// The error names the step that failed and the server. Its kind is [`io::ErrorKind::TimedOut`] if
/// the server did not answer in time.
pub(crate) async fn connect(url: &str, settings: &Settings) -> io::Result<Attempt> {
    let mut request = request(url, settings).map_err(io::Error::other)?;
    for _ in 0..settings.redirects {
        match attempt(&request, settings).await? {
            Attempt::Http(response) if REDIRECTS.contains(&response.status()) => {
                let Some(location) = response.headers().first("Location") else {
                    return Ok(Attempt::Http(response));
                };
                let next = request.redirect(location);
                request = next.map_err(|error| {
                    io::Error::other(format!("redirected by {}: {error}", authority(&request)))
                })?;
            }
            other => return Ok(other),
        }
    }
    attempt(&request, settings).await
}

/// RFC 9110 §15.4. The request that follows a WebSocket's is a GET in any case.
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// Makes one request.
async fn attempt(request: &Request, settings: &Settings) -> io::Result<Attempt> {
    let tls = request.is_secure().then(|| connector(settings)).transpose();
    let tls = tls.map_err(io::Error::other)?;
    let mut step = "connect";
    let outcome = timeout(settings.timeout, reach(request, tls, &mut step)).await;
    let server = authority(request);
    match outcome {
        Ok(Ok(attempt)) => Ok(attempt),
        Ok(Err(error)) => Err(io::Error::other(format!("{step} {server}: {error}"))),
        Err(_) => {
            let limit = settings.timeout;
            let why = format!("{step} {server}: no complete answer within {limit:?}");
            Err(io::Error::new(io::ErrorKind::TimedOut, why))
        }
    }
}

fn request(url: &str, settings: &Settings) -> Result<Request, Failure> {
    let mut request = Request::new(url)?;
    for (name, value) in &settings.headers {
        request = request.header(name, value)?;
    }
    for subprotocol in &settings.subprotocols {
        request = request.subprotocol(subprotocol)?;
    }
    if let Some(extensions) = &settings.extensions {
        request = request.extensions(extensions)?;
    }
    #[cfg(feature = "deflate")]
    if let Some(deflate) = &settings.deflate {
        request = request.deflate(deflate);
    }
    Ok(request)
}

/// Returns the host and the port, as in a URL.
fn authority(request: &Request) -> String {
    match (request.host(), request.port()) {
        (host, port) if host.contains(':') => format!("[{host}]:{port}"),
        (host, port) => format!("{host}:{port}"),
    }
}

/// Takes all steps to a connection. `step` names the current one.
async fn reach(
    request: &Request,
    tls: Option<TlsConnector>,
    step: &mut &'static str,
) -> Result<Attempt, Failure> {
    let tcp = TcpStream::connect((request.host(), request.port())).await?;
    tcp.set_nodelay(true)?;
    let stream: Box<dyn Stream> = match tls {
        Some(tls) => {
            *step = "TLS handshake with";
            let name = ServerName::try_from(request.host().to_owned())?;
            Box::new(tls.connect(name, tcp).await?)
        }
        None => Box::new(tcp),
    };
    *step = "opening handshake with";
    open(stream, request).await
}

/// Performs the opening handshake over a transport.
pub(crate) async fn open(
    mut stream: Box<dyn Stream>,
    request: &Request,
) -> Result<Attempt, Failure> {
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

/// The outcome, if it is known, and the bytes after it.
type Answer = Option<(Outcome, Vec<u8>)>;

fn take(handshake: &mut ClientHandshake, bytes: &mut [u8]) -> Result<Answer, Failure> {
    if bytes.is_empty() {
        return Err("the server closed the connection before it answered".into());
    }
    let mut input = Input::new(bytes);
    let outcome = handshake.receive(&mut input)?;
    Ok(outcome.map(|outcome| (outcome, input.as_bytes().to_vec())))
}

pub(crate) fn connector(settings: &Settings) -> Result<TlsConnector, Failure> {
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
            let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| named(key, error))?;
            config.with_client_auth_cert(certs(cert)?, key_der)?
        }
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certs(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let certs = CertificateDer::pem_file_iter(file).map_err(|error| named(file, error))?;
    Ok(certs.collect::<Result<_, _>>().map_err(|error| named(file, error))?)
}

fn named(file: &Path, error: impl Display) -> String {
    format!("{}: {error}", file.display())
}
