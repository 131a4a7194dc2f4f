//! Why nothing was received from a read buffer.

use core::fmt;

use crate::error::ProtocolError;

/// Why [`receive_buffered`](crate::Connection::receive_buffered) has failed the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The peer broke RFC 6455 or went over a limit.
    Protocol(ProtocolError),
    /// The caller passed another read buffer than the one in which bytes of this connection were
    /// left: one that holds bytes of another connection, or fewer bytes than were left.
    ///
    /// Nothing was taken from it. Every further call with such a buffer returns this error again.
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
