//! What can go wrong between a codec and its transport.

use core::fmt;
use std::io;

use crate::connection::{CloseError, SendError, Unsent};
use crate::error::ProtocolError;
use crate::frame::EncodeError;

/// Why a codec, or the transport under it, failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed.
    Io(io::Error),
    /// The peer broke the protocol. What it still sends is swallowed.
    Protocol(ProtocolError),
    /// A message, a ping or a pong was not sent, and why.
    Send(SendError),
    /// A Close was not sent, as the protocol forbids it.
    Close(CloseError),
    /// A frame was not sent, as the protocol forbids it.
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

/// What the error inside says.
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

/// The source is that of the error inside, which is shown in its place.
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
