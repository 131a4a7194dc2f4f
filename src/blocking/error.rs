//! What a blocking WebSocket can fail with.

use alloc::boxed::Box;
use core::fmt;
use std::io;

use crate::connection::{CloseError, ConfigMismatch, SendError};
use crate::endpoint::{self, HttpResponse};
use crate::timer::Expired;

/// Why a call to a [`WebSocket`](super::WebSocket) failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed. If it [would block](Self::is_would_block), a WebSocket has lost
    /// nothing: call again.
    Io(io::Error),
    /// The peer broke a protocol. What tells it so was written as far as the transport took it.
    Endpoint(endpoint::Error),
    /// The request is no opening handshake, or your answer has refused it. The response was written
    /// as far as the transport took it.
    NotAccepted,
    /// The server has refused a client.
    Refused(Box<HttpResponse>),
    /// A deadline has passed.
    Expired(Expired),
    /// The configuration has messages [streamed](crate::connection::Delivery::Streaming): receive
    /// their chunks by [`next_event`](super::WebSocket::next_event).
    Streamed,
    /// A message was not sent.
    Send(SendError),
    /// A Close was not sent.
    Close(CloseError),
    /// The configuration is that of the other role.
    Config(ConfigMismatch),
    /// The transport ended without a closing handshake, RFC 6455 §7.1.4, so that the last message
    /// may be missing.
    UnexpectedEof,
}

impl Error {
    /// Returns `true` if the transport does not block, or its read or write timeout has passed.
    pub fn is_would_block(&self) -> bool {
        matches!(self, Error::Io(error) if would_block(error))
    }

    /// Returns the error of a transport that takes no more now.
    pub(super) fn would_block() -> Self {
        Error::Io(io::ErrorKind::WouldBlock.into())
    }
}

/// A socket reports its timeout as either.
pub(super) fn would_block(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}

impl From<endpoint::Error> for Error {
    fn from(error: endpoint::Error) -> Self {
        Error::Endpoint(error)
    }
}

impl From<Expired> for Error {
    fn from(error: Expired) -> Self {
        Error::Expired(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Error::Send(error)
    }
}

impl From<CloseError> for Error {
    fn from(error: CloseError) -> Self {
        Error::Close(error)
    }
}

impl From<ConfigMismatch> for Error {
    fn from(error: ConfigMismatch) -> Self {
        Error::Config(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => error.fmt(f),
            Error::Endpoint(error) => error.fmt(f),
            Error::NotAccepted => f.write_str("request was not accepted"),
            Error::Refused(response) => {
                write!(f, "server refused the WebSocket: {}", response.head.status())?;
                match response.head.reason() {
                    "" => Ok(()),
                    reason => write!(f, " {reason}"),
                }
            }
            Error::Expired(error) => error.fmt(f),
            Error::Send(error) => error.fmt(f),
            Error::Close(error) => error.fmt(f),
            Error::Config(error) => error.fmt(f),
            Error::Streamed => f.write_str("messages are streamed: receive their chunks as events"),
            Error::UnexpectedEof => f.write_str("transport ended without a closing handshake"),
        }
    }
}

impl core::error::Error for Error {}
