//! What can go wrong between a codec and its transport.

use core::fmt;
use std::io;

use crate::connection::SendError;
use crate::error::{ProtocolError, UsageError};

/// Why a codec, or the transport under it, failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed.
    Io(io::Error),
    /// The peer broke the protocol. What it still sends is swallowed.
    Protocol(ProtocolError),
    /// A message, a ping or a pong was not sent, and why.
    Send(SendError<()>),
    /// A Close or a frame was not sent, as the protocol forbids it.
    Usage(UsageError),
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

/// Drops the message.
impl<M> From<SendError<M>> for Error {
    fn from(error: SendError<M>) -> Self {
        Error::Send(error.without_message())
    }
}

impl From<UsageError> for Error {
    fn from(error: UsageError) -> Self {
        Error::Usage(error)
    }
}

/// What the error inside says.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => error.fmt(f),
            Error::Protocol(error) => error.fmt(f),
            Error::Send(error) => error.fmt(f),
            Error::Usage(error) => error.fmt(f),
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
            Error::Usage(error) => error.source(),
        }
    }
}
