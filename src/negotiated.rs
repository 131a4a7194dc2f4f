//! What a handshake hands to a connection: RFC 6455 §4.1, "the subprotocol in use".

use alloc::boxed::Box;

/// What both ends agreed on in the opening handshake, RFC 6455 §4.
///
/// A `handshake` makes one. Where the handshake was done elsewhere, by an HTTP
/// library or over HTTP/2, start from [`Negotiated::default`], which is an agreement on nothing.
///
/// ```
/// use sansock::Negotiated;
///
/// let negotiated = Negotiated::default();
/// assert_eq!(negotiated.subprotocol(), None);
/// assert_eq!(negotiated.with_subprotocol("chat").subprotocol(), Some("chat"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Negotiated {
    subprotocol: Option<Box<str>>,
}

impl Negotiated {
    /// The same agreement, with `subprotocol` in use.
    ///
    /// It is taken as it is: whoever did the handshake has checked that it was offered.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: &str) -> Self {
        self.subprotocol = Some(subprotocol.into());
        self
    }

    /// The subprotocol in use, RFC 6455 §1.9, or `None` where the ends agreed on none.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }
}
