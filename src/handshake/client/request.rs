//! The client's opening handshake request.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::handshake::{ClientHandshake, RESPONSE_PREFIX};
use super::offer::{Offer, OfferedExtensions};
use super::uri::{InvalidUri, Uri};
use crate::handshake::error::BuildError;
use crate::handshake::excerpt::Excerpt;
use crate::handshake::extensions;
use crate::handshake::fields::HeaderFields;
use crate::handshake::grammar::is_token;
use crate::handshake::head::Head;
use crate::handshake::key;
use crate::handshake::limits::HeadLimits;
use crate::handshake::lines::Lines;

/// A client's request: a WebSocket URI, the offered subprotocols, and extra headers.
///
/// One request can start any number of handshakes, one for each connection. `Debug` shows only the
/// host and the subprotocols, because resource names and headers may be secrets.
///
/// ```
/// use sansock::handshake::client::Request;
///
/// let request = Request::new("wss://server.example.com:8443/chat?room=1")?
///     .subprotocol("superchat")?
///     .subprotocol("chat")?
///     .header("Origin", "https://example.com")?;
/// assert_eq!((request.host(), request.port()), ("server.example.com", 8443));
/// assert!(request.is_secure());
///
/// let (bytes, _handshake) = request.start(*b"the sample nonce");
/// assert_eq!(
///     String::from_utf8(bytes)?,
///     "GET /chat?room=1 HTTP/1.1\r\n\
///      Host: server.example.com:8443\r\n\
///      Upgrade: websocket\r\n\
///      Connection: Upgrade\r\n\
///      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///      Sec-WebSocket-Version: 13\r\n\
///      Sec-WebSocket-Protocol: superchat, chat\r\n\
///      Origin: https://example.com\r\n\
///      \r\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Request {
    pub(super) uri: Uri,
    subprotocols: Vec<String>,
    pub(super) extensions: OfferedExtensions,
    pub(super) lines: Lines,
    limits: HeadLimits,
}

impl Request {
    /// Creates a request for a `ws` or `wss` URI, RFC 6455 §3.
    ///
    /// # Errors
    ///
    /// [`InvalidUri`] if `uri` is not one. A URI with a fragment is invalid.
    pub fn new(uri: &str) -> Result<Self, InvalidUri> {
        Ok(Request {
            uri: Uri::parse(uri)?,
            subprotocols: Vec::new(),
            extensions: OfferedExtensions::None,
            lines: Lines::default(),
            limits: HeadLimits::default(),
        })
    }

    /// Offers one more subprotocol. Call it in the order of preference, with the preferred one
    /// first.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if it is not a token, or was already offered.
    pub fn subprotocol(mut self, subprotocol: &str) -> Result<Self, BuildError> {
        // RFC 6455 §4.1, item 10: tokens, all unique.
        let excerpt = Excerpt::new(subprotocol.as_bytes());
        if !is_token(subprotocol.as_bytes()) {
            return Err(BuildError::SubprotocolName { subprotocol: excerpt });
        }
        if self.subprotocols.iter().any(|offered| offered == subprotocol) {
            return Err(BuildError::DuplicateSubprotocol { subprotocol: excerpt });
        }
        self.subprotocols.push(subprotocol.into());
        Ok(self)
    }

    /// Offers extensions, given as the value of a `Sec-WebSocket-Extensions` header, RFC 6455 §9.1.
    ///
    /// This is for relays, which offer what their client offers. You cannot make a
    /// [`Connection`](crate::Connection) from the agreement, because it does not know these
    /// extensions: also not permessage-deflate, whose parameters are not read. To compress messages,
    /// call `deflate`, with the feature of this name.
    ///
    /// # Errors
    ///
    /// [`BuildError::Extensions`] if the value breaks the grammar.
    pub fn extensions(mut self, extensions: &str) -> Result<Self, BuildError> {
        extensions::checked(extensions)?;
        self.extensions = OfferedExtensions::List(extensions.into());
        Ok(self)
    }

    /// Returns the extensions that the request offers, as the value of a `Sec-WebSocket-Extensions`
    /// header, or `None` if it offers none.
    pub fn offered_extensions(&self) -> Option<Cow<'_, str>> {
        self.extensions.value()
    }

    /// Adds a header, such as `Cookie` or `Authorization`. Add `Origin` if the client acts for an
    /// origin (RFC 6455 §4.1, item 8).
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the name is not a token, if the value contains a control character other
    /// than tab, or if the header is reserved for the handshake: `Connection`, `Content-Length`,
    /// `Transfer-Encoding`, `Upgrade`, `Host` and every name that begins with `Sec-WebSocket-`.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        self.lines.add(name, value.as_ref())?;
        Ok(self)
    }

    /// Sets the limits on the heads of the server's responses.
    #[must_use]
    pub fn limits(mut self, limits: HeadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Returns the host to connect to: a name or an address. An IPv6 address has no brackets.
    ///
    /// Percent-encoding in a name is kept as it is. An `IPvFuture` address (RFC 3986 §3.2.2) keeps
    /// its brackets, so that it is not treated as a name.
    pub fn host(&self) -> &str {
        &self.uri.host
    }

    /// Returns the port to connect to: the port of the URI, or by default 80 for `ws` and 443 for
    /// `wss`.
    pub fn port(&self) -> u16 {
        self.uri.port
    }

    /// Returns the request target, RFC 9112 §3.2.1: the path and query. RFC 6455 §3 calls it the
    /// resource name.
    pub fn target(&self) -> &str {
        &self.uri.resource_name
    }

    /// Returns `true` if the transport must be TLS, with [`host`](Self::host) as the server's name.
    pub fn is_secure(&self) -> bool {
        self.uri.secure
    }

    /// Starts a handshake. Returns the bytes to send and the [`ClientHandshake`] that reads the
    /// response.
    ///
    /// `nonce` must be random, and different for each connection, RFC 6455 §4.1, item 7. With the
    /// feature `rand`, `client::nonce` returns one.
    #[must_use]
    pub fn start(&self, nonce: [u8; 16]) -> (Vec<u8>, ClientHandshake) {
        let mut head = Lines::starting(&format!("GET {} HTTP/1.1", self.uri.resource_name));
        let handshake = self.push_fields(&mut head, nonce);
        (head.end(), handshake)
    }

    /// Starts a handshake of a client that has an HTTP library. Returns the header fields of its GET
    /// request for [`target`](Self::target), and the [`ClientHandshake`] that judges the response.
    ///
    /// `nonce` is that of [`start`](Self::start).
    #[must_use]
    pub fn start_fields(&self, nonce: [u8; 16]) -> (HeaderFields, ClientHandshake) {
        let mut lines = Lines::default();
        let handshake = self.push_fields(&mut lines, nonce);
        (HeaderFields::new(lines), handshake)
    }

    /// Adds the fields of the request, RFC 6455 §4.1, items 2 to 10 of the requirements on it.
    fn push_fields(&self, head: &mut Lines, nonce: [u8; 16]) -> ClientHandshake {
        let key = key::encode(nonce);
        head.push("Host", &self.uri.authority);
        head.push("Upgrade", "websocket");
        head.push("Connection", "Upgrade");
        head.push("Sec-WebSocket-Key", &key);
        self.push_offer(head);
        ClientHandshake {
            head: Head::new(self.limits, RESPONSE_PREFIX),
            accept: key::answer(key.as_bytes()),
            offer: self.offer(),
        }
    }

    /// Adds the fields that do not depend on the version of HTTP.
    pub(in crate::handshake) fn push_offer(&self, head: &mut Lines) {
        head.push("Sec-WebSocket-Version", "13");
        if !self.subprotocols.is_empty() {
            head.push("Sec-WebSocket-Protocol", self.subprotocols.join(", "));
        }
        if let Some(extensions) = self.extensions.value() {
            head.push(extensions::HEADER, &*extensions);
        }
        head.append(&self.lines);
    }

    pub(in crate::handshake) fn offer(&self) -> Offer {
        Offer { subprotocols: self.subprotocols.clone(), extensions: self.extensions.clone() }
    }

    /// Returns the host and, unless it is the default one, the port.
    pub(in crate::handshake) fn authority(&self) -> &str {
        &self.uri.authority
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("host", &self.uri.authority)
            .field("subprotocols", &self.subprotocols)
            .finish_non_exhaustive()
    }
}

/// Returns a fresh nonce for [`Request::start`], from the thread's random number generator, which
/// is cryptographically secure.
#[cfg(feature = "rand")]
pub fn nonce() -> [u8; 16] {
    rand::random()
}
