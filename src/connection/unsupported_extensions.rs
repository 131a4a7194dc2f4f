//! The error of [`Connection::from_negotiated`](super::Connection::from_negotiated).

use alloc::boxed::Box;
use core::fmt;

/// The handshake agreed to extensions that a connection does not implement, RFC 6455 §9.1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnsupportedExtensions {
    /// The extensions, as the value of the header that names them.
    pub extensions: Box<str>,
}

impl fmt::Display for UnsupportedExtensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "negotiated extensions {:?} are not supported", self.extensions)
    }
}

impl core::error::Error for UnsupportedExtensions {}
