//! Why a client has no connection.

use std::{fmt, io};

use sansock::endpoint::{self, HttpResponse};
use sansock::input::UnexpectedBytes;
use sansock::timer::Expired;
use tokio_rustls::rustls;

use crate::stream::tls_error;

/// Why a client has no connection.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// The transport has failed.
    Io(io::Error),
    /// The transport has ended before the server answered whether TLS may begin.
    NoAnswer,
    /// The server has answered with this byte, which is neither `S` nor `N`.
    InvalidAnswer(u8),
    /// Bytes came behind the answer, in the clear.
    UnexpectedBytes(UnexpectedBytes),
    /// The mode demands TLS, and the server has none.
    NoTls,
    /// TLS has failed: in [`VerifyFull`](crate::mode::Mode::VerifyFull) perhaps as it should.
    Tls(rustls::Error),
    /// The opening handshake has failed.
    Endpoint(endpoint::Error),
    /// The server has refused the opening handshake with this response.
    Refused(Box<HttpResponse>),
    /// All of it together took too long.
    Expired(Expired),
    /// The client has failed before, and said why.
    Over,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Io(error) => write!(f, "transport failed: {error}"),
            ConnectError::NoAnswer => {
                f.write_str("server ended the transport instead of answering")
            }
            ConnectError::InvalidAnswer(byte) => {
                write!(f, "invalid answer {:?} to the request for TLS", char::from(*byte))
            }
            ConnectError::UnexpectedBytes(error) => write!(f, "{error} behind the answer"),
            ConnectError::NoTls => f.write_str("server has no TLS"),
            ConnectError::Tls(error) => write!(f, "TLS failed: {error}"),
            ConnectError::Endpoint(error) => error.fmt(f),
            ConnectError::Refused(response) => {
                write!(f, "server refused the request: {}", response.head.status())
            }
            ConnectError::Expired(error) => error.fmt(f),
            ConnectError::Over => f.write_str("client has failed before"),
        }
    }
}

impl std::error::Error for ConnectError {}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        match tls_error(&error) {
            Some(error) => ConnectError::Tls(error.clone()),
            None => ConnectError::Io(error),
        }
    }
}

impl From<UnexpectedBytes> for ConnectError {
    fn from(error: UnexpectedBytes) -> Self {
        ConnectError::UnexpectedBytes(error)
    }
}

impl From<rustls::Error> for ConnectError {
    fn from(error: rustls::Error) -> Self {
        ConnectError::Tls(error)
    }
}

impl From<endpoint::Error> for ConnectError {
    fn from(error: endpoint::Error) -> Self {
        ConnectError::Endpoint(error)
    }
}

impl From<Expired> for ConnectError {
    fn from(error: Expired) -> Self {
        ConnectError::Expired(error)
    }
}
