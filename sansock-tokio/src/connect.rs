//! Connecting to a server by its URI: DNS, TCP, TLS and the opening handshake, with one deadline.

mod error;
mod stream;
mod tcp;
#[cfg(feature = "rustls")]
mod tls;

#[cfg(feature = "rustls")]
use std::sync::Arc;

use sansock::Config;
use sansock::endpoint::{Opened, Settings};
use sansock::handshake::client::Request;
use tokio::net::TcpStream;
#[cfg(feature = "rustls")]
use tokio_rustls::rustls::ClientConfig;

use crate::deadline::Deadline;
use crate::{Error, WebSocket, client_with};

pub use error::ConnectError;
pub use stream::ClientStream;

/// Connects to a server by its `ws` or `wss` URI, with default settings. For `wss` you need the
/// feature `rustls`.
///
/// ```no_run
/// # async fn talk() -> Result<(), sansock_tokio::Error> {
/// let mut ws = sansock_tokio::connect("ws://server.example.com/chat").await?;
/// ws.send("hello").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`Connector::connect`], and [`ConnectError::Uri`] in [`Error::Io`] if `uri` is not a WebSocket
/// URI.
pub async fn connect(uri: &str) -> Result<WebSocket<ClientStream>, Error> {
    let request = Request::new(uri).map_err(ConnectError::Uri)?;
    Connector::new().connect(&request).await.map(|(ws, _)| ws)
}

/// Connects to servers, with settings and a TLS configuration of your choice.
///
/// ```no_run
/// use std::time::Duration;
/// use sansock::Config;
/// use sansock_tokio::{Connector, Error, Request, Settings};
///
/// # async fn talk() -> Result<(), Box<dyn std::error::Error>> {
/// let request = Request::new("ws://server.example.com/chat")?
///     .subprotocol("chat.v2")?
///     .header("Authorization", "Bearer …")?;
/// let mut settings = Settings::new(Config::client());
/// settings.handshake_timeout = Some(Duration::from_secs(5));
/// match Connector::new().settings(settings).connect(&request).await {
///     Ok((mut ws, opened)) => {
///         println!("subprotocol: {:?}", opened.negotiated.subprotocol());
///         ws.send("hello").await?;
///     }
///     Err(Error::Refused(response)) => println!("status: {}", response.head.status()),
///     Err(error) => println!("{error}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Connector {
    settings: Settings,
    #[cfg(feature = "rustls")]
    tls: Option<Arc<ClientConfig>>,
}

impl Connector {
    /// Returns a connector with default settings.
    pub fn new() -> Self {
        Connector {
            settings: Settings::new(Config::client()),
            #[cfg(feature = "rustls")]
            tls: None,
        }
    }

    /// Sets the settings. [`Settings::handshake_timeout`] is the limit for DNS, TCP, TLS and the
    /// opening handshake together.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Sets the TLS configuration for `wss` URIs: other authorities, or a client certificate.
    ///
    /// By default, the authorities of the Mozilla root program are trusted, the cryptography is that
    /// of `ring`, and `http/1.1` is the only protocol that is offered by ALPN (RFC 7301). If you set
    /// a configuration, set its `alpn_protocols` to the same.
    ///
    /// If the server refuses the client's certificate, or its lack, the error depends on the version
    /// of TLS. With TLS 1.2 it is [`ConnectError::Tls`]. With TLS 1.3 the client has done its part of
    /// the TLS handshake before the server sees the certificate (RFC 8446 §2), and reads the alert
    /// instead of a response: it is [`Error::Io`] of the kind
    /// [`InvalidData`](std::io::ErrorKind::InvalidData), and no [`ConnectError`].
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn tls_config(mut self, config: Arc<ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Connects to the server of `request`. Returns what was agreed on, and the response, as well.
    ///
    /// All addresses of the host are tried: the next one begins when one has failed, or has not
    /// answered for 250 ms. The socket has `TCP_NODELAY`.
    ///
    /// # Errors
    ///
    /// A [`ConnectError`] in [`Error::Io`] if there is no connection: see
    /// [`ConnectError::find`]. After that, the errors of [`client_with`]: [`Error::Refused`] with
    /// status, headers and body if the server answers with anything but a WebSocket.
    pub async fn connect(
        &self,
        request: &Request,
    ) -> Result<(WebSocket<ClientStream>, Opened), Error> {
        let mut deadline = Deadline::after(self.settings.handshake_timeout);
        self.check_tls(request)?;
        let (host, port) = (request.host(), request.port());
        let addresses = deadline
            .limit(tcp::look_up(host, port))
            .await
            .map_err(|error| ConnectError::LookUp { host: host.into(), error })?;
        let stream = deadline
            .limit(tcp::connect_to_any(addresses))
            .await
            .map_err(|error| ConnectError::Tcp { server: authority(request), error })?;
        self.open(request, stream, deadline).await
    }

    /// Does the same over a TCP connection that leads to the server, for example through a proxy: TLS
    /// if the URI is `wss`, and the opening handshake.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_over(
        &self,
        request: &Request,
        stream: TcpStream,
    ) -> Result<(WebSocket<ClientStream>, Opened), Error> {
        let deadline = Deadline::after(self.settings.handshake_timeout);
        self.check_tls(request)?;
        self.open(request, stream, deadline).await
    }

    async fn open(
        &self,
        request: &Request,
        stream: TcpStream,
        mut deadline: Deadline,
    ) -> Result<(WebSocket<ClientStream>, Opened), Error> {
        let server = authority(request);
        if let Err(error) = stream.set_nodelay(true) {
            return Err(ConnectError::Tcp { server, error }.into());
        }
        let stream = if request.is_secure() {
            deadline
                .limit(self.secure(request.host(), stream))
                .await
                .map_err(|error| ConnectError::Tls { server, error })?
        } else {
            ClientStream::Tcp(stream)
        };
        let mut settings = self.settings.clone();
        settings.handshake_timeout = deadline.left();
        client_with(request, stream, &settings).await
    }

    #[cfg(feature = "rustls")]
    async fn secure(&self, host: &str, stream: TcpStream) -> std::io::Result<ClientStream> {
        let config = match &self.tls {
            Some(config) => Arc::clone(config),
            None => tls::default_config()?,
        };
        let stream = tls::handshake(config, host, stream).await?;
        Ok(ClientStream::Tls(Box::new(stream)))
    }

    #[cfg(not(feature = "rustls"))]
    #[allow(clippy::unused_async, reason = "with TLS it waits")]
    async fn secure(&self, _: &str, _: TcpStream) -> std::io::Result<ClientStream> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    /// Fails early if TLS is needed and not compiled in.
    fn check_tls(&self, request: &Request) -> Result<(), ConnectError> {
        if request.is_secure() && !cfg!(feature = "rustls") {
            return Err(ConnectError::NoTls { server: authority(request) });
        }
        Ok(())
    }
}

impl Default for Connector {
    fn default() -> Self {
        Connector::new()
    }
}

/// Returns the host and the port as in a URI.
fn authority(request: &Request) -> String {
    match (request.host(), request.port()) {
        (host, port) if host.contains(':') && !host.starts_with('[') => format!("[{host}]:{port}"),
        (host, port) => format!("{host}:{port}"),
    }
}
