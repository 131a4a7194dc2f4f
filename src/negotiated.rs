//! What a handshake passes to a connection: RFC 6455 §4.1, "the subprotocol in use".

use alloc::boxed::Box;
#[cfg(feature = "deflate")]
use alloc::string::ToString;

#[cfg(feature = "deflate")]
use crate::deflate::DeflateParams;

/// What both ends agreed on in the opening handshake, RFC 6455 §4.
///
/// The `handshake` module returns it; pass it to
/// [`Connection::from_negotiated`](crate::Connection::from_negotiated). If the handshake was done
/// elsewhere, for example by an HTTP library or over HTTP/2, start from [`Negotiated::default`], in
/// which nothing is agreed on.
///
/// ```
/// use sansock::Negotiated;
///
/// let negotiated = Negotiated::default();
/// assert_eq!(negotiated.subprotocol(), None);
/// assert_eq!(negotiated.with_subprotocol("chat").subprotocol(), Some("chat"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "a connection has to know what was agreed on: see `Connection::from_negotiated`"]
pub struct Negotiated {
    subprotocol: Option<Box<str>>,
    extensions: Option<Box<str>>,
    #[cfg(feature = "deflate")]
    deflate: Option<DeflateParams>,
}

impl Negotiated {
    /// Returns the same agreement with `subprotocol` in use.
    ///
    /// The value is not checked: the handshake must have checked that it was offered.
    pub fn with_subprotocol(mut self, subprotocol: &str) -> Self {
        self.subprotocol = Some(subprotocol.into());
        self
    }

    /// Returns the same agreement with extensions in use, given as the value of a
    /// `Sec-WebSocket-Extensions` header, RFC 6455 §9.1.
    ///
    /// The value is not checked: the handshake must have checked it.
    pub fn with_extensions(mut self, extensions: &str) -> Self {
        self.extensions = Some(extensions.into());
        #[cfg(feature = "deflate")]
        {
            self.deflate = None;
        }
        self
    }

    /// Returns the same agreement with permessage-deflate in use, RFC 7692, and no other extension.
    ///
    /// The parameters are not checked: the handshake must have checked them.
    #[cfg(feature = "deflate")]
    pub fn with_deflate(mut self, params: DeflateParams) -> Self {
        self.extensions = Some(params.to_string().into());
        self.deflate = Some(params);
        self
    }

    /// Returns the subprotocol in use, RFC 6455 §1.9, or `None` if the ends agreed on none.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Returns the extensions in use, RFC 6455 §9.1, as the value of the header that names them, or
    /// `None` if the ends agreed on none.
    ///
    /// Nothing in this crate agrees to an extension unless you offer or accept it by its name.
    pub fn extensions(&self) -> Option<&str> {
        self.extensions.as_deref()
    }

    /// Returns the parameters of permessage-deflate, RFC 7692, or `None` if the ends did not agree on
    /// it by [`with_deflate`](Self::with_deflate).
    #[cfg(feature = "deflate")]
    pub fn deflate(&self) -> Option<&DeflateParams> {
        self.deflate.as_ref()
    }
}
