//! Errors of codecs and of the transport under them.

use core::fmt;
use std::io;

use crate::connection::{CloseError, SendError, Unsent};
use crate::error::ProtocolError;
use crate::frame::EncodeError;

/// The error of a codec, or of the transport under it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed.
    Io(io::Error),
    /// The peer broke the protocol. Whatever it sends after that is dropped.
    Protocol(ProtocolError),
    /// A message, ping or pong was not sent, for the reason inside.
    Send(SendError),
    /// A Close was not sent, because the protocol forbids it.
    Close(CloseError),
    /// A frame was not sent, because the protocol forbids it.
    Encode(EncodeError),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        Error::Protocol(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        Error::Send(error)
    }
}

/// Drops the message.
impl From<Unsent> for Error {
    fn from(unsent: Unsent) -> Self {
        Error::Send(unsent.error)
    }
}

impl From<CloseError> for Error {
    fn from(error: CloseError) -> Self {
        Error::Close(error)
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        Error::Encode(error)
    }
}

/// Writes the text of the inner error.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => error.fmt(f),
            Error::Protocol(error) => error.fmt(f),
            Error::Send(error) => error.fmt(f),
            Error::Close(error) => error.fmt(f),
            Error::Encode(error) => error.fmt(f),
        }
    }
}

/// Returns the source of the inner error, because `Display` already shows the inner error itself.
impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Error::Io(error) => error.source(),
            Error::Protocol(error) => error.source(),
            Error::Send(error) => error.source(),
            Error::Close(error) => error.source(),
            Error::Encode(error) => error.source(),
        }
    }
}
