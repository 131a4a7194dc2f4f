//! Why a server drops a client.

use std::{fmt, io};

use sansock::input::UnexpectedBytes;
use sansock::timer::Expired;
use tokio_rustls::rustls;

use crate::stream::tls_error;

/// Why a client is dropped.
#[derive(Debug)]
pub(crate) enum Dropped {
    /// The transport has failed, or ended too early.
    Io(io::Error),
    /// TLS has failed.
    Tls(rustls::Error),
    /// Bytes came behind the request for TLS, in the clear.
    UnexpectedBytes(UnexpectedBytes),
    /// The client has taken too long.
    Expired(Expired),
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dropped::Io(error) => write!(f, "transport failed: {error}"),
            Dropped::Tls(error) => write!(f, "TLS failed: {error}"),
            Dropped::UnexpectedBytes(error) => write!(f, "{error} behind the request for TLS"),
            Dropped::Expired(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Dropped {}

impl From<io::Error> for Dropped {
    fn from(error: io::Error) -> Self {
        match tls_error(&error) {
            Some(error) => Dropped::Tls(error.clone()),
            None => Dropped::Io(error),
        }
    }
}

impl From<UnexpectedBytes> for Dropped {
    fn from(error: UnexpectedBytes) -> Self {
        Dropped::UnexpectedBytes(error)
    }
}
