//! Why there is no connection.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, ErrorKind};

use sansock::handshake::client::InvalidUri;

use crate::Error;

/// The step that failed before the opening handshake. It is inside of an [`Error::Io`], whose text is
/// that of this error: [`find`](Self::find) returns it.
///
/// If the deadline has passed, the kind of the step's error is [`TimedOut`](ErrorKind::TimedOut).
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URI is not a WebSocket URI, RFC 6455 §3.
    Uri(InvalidUri),
    /// The feature `rustls` is not enabled, without which there is no `wss`.
    NoTls {
        /// The host and the port.
        server: String,
    },
    /// DNS knows no address of the host.
    LookUp {
        /// The host.
        host: String,
        /// What DNS says.
        error: io::Error,
    },
    /// No address of the host accepts a TCP connection.
    Tcp {
        /// The host and the port.
        server: String,
        /// What the last address has failed with.
        error: io::Error,
    },
    /// The TLS handshake failed: for example, the certificate is of another name, or of an authority
    /// that is not trusted.
    Tls {
        /// The host and the port.
        server: String,
        /// What rustls says.
        error: io::Error,
    },
}

impl ConnectError {
    /// Returns the connect error in an error of [`connect`](crate::connect()), if it is one.
    ///
    /// ```
    /// use sansock_tokio::ConnectError;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let error = sansock_tokio::connect("http://a.example/").await.unwrap_err();
    /// assert_eq!(error.to_string(), "invalid WebSocket URI: URI scheme is not ws or wss");
    /// assert!(matches!(ConnectError::find(&error), Some(ConnectError::Uri(_))));
    /// # }
    /// ```
    pub fn find(error: &Error) -> Option<&ConnectError> {
        match error {
            Error::Io(error) => error.get_ref()?.downcast_ref(),
            _ => None,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            ConnectError::Uri(_) => ErrorKind::InvalidInput,
            ConnectError::NoTls { .. } => ErrorKind::Unsupported,
            ConnectError::LookUp { error, .. }
            | ConnectError::Tcp { error, .. }
            | ConnectError::Tls { error, .. } => error.kind(),
        }
    }
}

impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Self {
        Error::Io(io::Error::new(error.kind(), error))
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Uri(error) => write!(f, "invalid WebSocket URI: {error}"),
            ConnectError::NoTls { server } => {
                write!(f, "no TLS for {server}: the feature rustls is not enabled")
            }
            ConnectError::LookUp { host, error } => {
                write!(f, "DNS look-up of {host} failed: {error}")
            }
            ConnectError::Tcp { server, error } => {
                write!(f, "TCP connection to {server} failed: {error}")
            }
            ConnectError::Tls { server, error } => {
                write!(f, "TLS handshake with {server} failed: {error}")
            }
        }
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            ConnectError::Uri(error) => Some(error),
            ConnectError::NoTls { .. } => None,
            ConnectError::LookUp { error, .. }
            | ConnectError::Tcp { error, .. }
            | ConnectError::Tls { error, .. } => Some(error),
        }
    }
}
