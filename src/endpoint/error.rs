//! What ends an endpoint early.

use alloc::boxed::Box;
use core::fmt;

use crate::connection::{ReceiveError, UnsupportedExtensions};
use crate::error::ProtocolError;
use crate::handshake::BuildError;
use crate::handshake::client::InvalidResponse;
use crate::handshake::server::Refusal;

/// Why an endpoint has failed. If there is anything to say to the peer, a Close frame or an HTTP
/// response, it is in the output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke RFC 6455 or a limit after the opening handshake.
    Protocol(ProtocolError),
    /// A [`ReadBuffer`](crate::ReadBuffer) was passed that is not the one in which bytes of this
    /// endpoint were left.
    ForeignBuffer,
    /// A server has refused the request: it is malformed, or it is no opening handshake and
    /// [nobody is asked](super::RequestPolicy::AcceptUnseen).
    Refused(Box<Refusal>),
    /// A client has received a response that is no HTTP, or a 101 that breaks RFC 6455 §4.1.
    InvalidResponse(Box<InvalidResponse>),
    /// An extension was negotiated that a connection does not support.
    UnsupportedExtensions(Box<UnsupportedExtensions>),
    /// The transport ended before the opening handshake did.
    UnexpectedEof,
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        Error::Protocol(error)
    }
}

impl From<ReceiveError> for Error {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Protocol(error) => Error::Protocol(error),
            ReceiveError::ForeignBuffer => Error::ForeignBuffer,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Protocol(error) => error.fmt(f),
            Error::ForeignBuffer => ReceiveError::ForeignBuffer.fmt(f),
            Error::Refused(refusal) => write!(f, "request refused: {refusal}"),
            Error::InvalidResponse(error) => write!(f, "invalid handshake response: {error}"),
            Error::UnsupportedExtensions(error) => error.fmt(f),
            Error::UnexpectedEof => f.write_str("transport ended during the opening handshake"),
        }
    }
}

impl core::error::Error for Error {}

/// Why a request was not accepted, by [`Endpoint::accept`](super::Endpoint::accept) or
/// [`accept_with`](super::Endpoint::accept_with).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptError {
    /// No request waits for an answer.
    NoRequest,
    /// The request is no opening handshake. The response that says so is in the output.
    Refused(Refusal),
    /// Your choice does not fit the request. It still waits for an answer.
    Build(BuildError),
    /// You have agreed to an extension, which a connection does not support. The request still
    /// waits for an answer.
    UnsupportedExtensions,
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AcceptError::NoRequest => f.write_str("no request waits for an answer"),
            AcceptError::Refused(refusal) => write!(f, "request refused: {refusal}"),
            AcceptError::Build(error) => error.fmt(f),
            AcceptError::UnsupportedExtensions => {
                f.write_str("extensions are not supported by a connection")
            }
        }
    }
}

impl core::error::Error for AcceptError {}
