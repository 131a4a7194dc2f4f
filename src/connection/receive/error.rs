//! The error of [`Connection::receive_buffered`](crate::Connection::receive_buffered).

use core::fmt;

use crate::error::ProtocolError;

/// The reason why [`receive_buffered`](crate::Connection::receive_buffered) failed the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The peer broke RFC 6455 or exceeded a limit.
    Protocol(ProtocolError),
    /// The caller passed a wrong read buffer: it holds bytes of another connection, or fewer bytes
    /// than this connection left in its buffer.
    ///
    /// Nothing was taken from the buffer. Every further call with such a buffer returns this error
    /// again.
    ForeignBuffer,
}

impl From<ProtocolError> for ReceiveError {
    fn from(error: ProtocolError) -> Self {
        ReceiveError::Protocol(error)
    }
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReceiveError::Protocol(error) => error.fmt(f),
            ReceiveError::ForeignBuffer => {
                f.write_str("read buffer is not the one that holds this connection's unread bytes")
            }
        }
    }
}

impl core::error::Error for ReceiveError {}
