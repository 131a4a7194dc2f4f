//! The error of [`Connection::from_negotiated`](super::Connection::from_negotiated).

use alloc::boxed::Box;
use core::fmt;

/// The error for a handshake that agreed on extensions, RFC 6455 §9.1: a connection implements
/// none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnsupportedExtensions {
    /// The extensions, as in the value of the `Sec-WebSocket-Extensions` header.
    pub extensions: Box<str>,
}

impl fmt::Display for UnsupportedExtensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "negotiated extensions {:?} are not supported", self.extensions)
    }
}

impl core::error::Error for UnsupportedExtensions {}
