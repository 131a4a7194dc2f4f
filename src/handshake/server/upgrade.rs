//! An opening handshake that can be accepted.

use alloc::string::String;
use alloc::vec::Vec;

#[cfg(feature = "deflate")]
use crate::deflate::DeflateParams;
use crate::handshake::error::BuildError;
use crate::handshake::excerpt::Excerpt;
use crate::handshake::extensions::{self, Extension};
use crate::handshake::fields::HeaderFields;
use crate::handshake::headers::Headers;
use crate::handshake::key;
use crate::handshake::lines::Lines;
use crate::negotiated::Negotiated;

/// A request that meets RFC 6455 §4.2.1. You can accept it or drop it.
///
/// Accept it as it is, or choose a subprotocol and add headers first:
///
/// ```
/// use sansock::Input;
/// use sansock::handshake::server::ServerHandshake;
///
/// let mut head = *b"GET /chat HTTP/1.1\r\n\
///     Host: server.example.com\r\n\
///     Upgrade: websocket\r\n\
///     Connection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///     Sec-WebSocket-Protocol: chat, superchat\r\n\
///     Sec-WebSocket-Version: 13\r\n\
///     \r\n";
/// let request = ServerHandshake::default().receive(&mut Input::new(&mut head))?;
/// let request = request.expect("the head is complete");
/// let upgrade = request.upgrade()?;
/// assert_eq!(upgrade.subprotocols().collect::<Vec<_>>(), ["chat", "superchat"]);
/// let (response, negotiated) = upgrade.subprotocol("chat")?.header("Server", "mine")?.accept();
/// assert_eq!(negotiated.subprotocol(), Some("chat"));
/// assert_eq!(
///     String::from_utf8(response)?,
///     "HTTP/1.1 101 Switching Protocols\r\n\
///      Upgrade: websocket\r\n\
///      Connection: Upgrade\r\n\
///      Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
///      Sec-WebSocket-Protocol: chat\r\n\
///      Server: mine\r\n\
///      \r\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `D` is how the request has come: in HTTP/1.1, or by
/// [Extended CONNECT](crate::handshake::connect).
#[derive(Clone, Debug)]
#[must_use]
pub struct Upgrade<'a, D = Http1<'a>> {
    pub(super) headers: &'a Headers,
    door: D,
    /// One of the subprotocols in `headers`.
    subprotocol: Option<&'a str>,
    pub(super) extensions: AgreedExtensions,
    lines: Lines,
}

/// The extensions that a server agrees to. The client offers each of them.
#[derive(Clone, Debug)]
pub(super) enum AgreedExtensions {
    None,
    /// A list of extensions, whose parameters are the caller's matter.
    List(String),
    #[cfg(feature = "deflate")]
    Deflate(DeflateParams),
}

/// An upgrade of HTTP/1.1, RFC 6455 §4.2.
#[derive(Clone, Copy, Debug)]
pub struct Http1<'a> {
    /// A valid key.
    pub(super) key: &'a [u8],
}

/// What both kinds of upgrades have.
impl<'a, D> Upgrade<'a, D> {
    /// Returns the subprotocols that the client offers, in its order of preference, RFC 6455 §1.9.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'a str> + use<'a, D> {
        self.headers
            .elements("Sec-WebSocket-Protocol")
            .filter_map(|element| core::str::from_utf8(element).ok())
    }

    /// Chooses the subprotocol to use. If you choose none, the connection has no subprotocol, and
    /// the client must accept that.
    ///
    /// # Errors
    ///
    /// [`BuildError::UnofferedSubprotocol`] if the client did not offer exactly this name, case
    /// included.
    pub fn subprotocol(mut self, subprotocol: &str) -> Result<Self, BuildError> {
        // RFC 6455 §4.2.2, item 4: the value must be one of the client's.
        self.subprotocol = self.subprotocols().find(|offered| *offered == subprotocol);
        if self.subprotocol.is_none() {
            let subprotocol = Excerpt::new(subprotocol.as_bytes());
            return Err(BuildError::UnofferedSubprotocol { subprotocol });
        }
        Ok(self)
    }

    /// Chooses the first of `supported` that the client offers, or none: the server's preference
    /// counts.
    pub fn select_subprotocol(mut self, supported: &[&str]) -> Self {
        self.subprotocol =
            supported.iter().find_map(|name| self.subprotocols().find(|offered| offered == name));
        self
    }

    /// Chooses the first subprotocol that the client offers and `is_supported` accepts, or none: the
    /// client's preference counts, not that of the server.
    pub fn select_subprotocol_by(mut self, mut is_supported: impl FnMut(&str) -> bool) -> Self {
        self.subprotocol = self.subprotocols().find(|offered| is_supported(offered));
        self
    }

    /// Returns the extensions that the client offers, as the value of one
    /// `Sec-WebSocket-Extensions` header, RFC 6455 §9.1, or `None` if it offers none.
    pub fn offered_extensions(&self) -> Option<String> {
        let value = extensions::value_in(self.headers)?;
        String::from_utf8(value.into_owned()).ok()
    }

    /// Agrees to extensions, given as the value of a `Sec-WebSocket-Extensions` header, RFC 6455
    /// §9.1. Without this call, no extension is agreed to.
    ///
    /// This is for relays whose server has agreed to what the client offers. You cannot make a
    /// [`Connection`](crate::Connection) from such an agreement, because it does not know these
    /// extensions: also not permessage-deflate, whose parameters are not read. To compress messages,
    /// call `deflate`, with the feature of this name.
    ///
    /// # Errors
    ///
    /// [`BuildError::Extensions`] if the value breaks the grammar, and
    /// [`BuildError::UnofferedExtension`] if the client did not offer one of them.
    pub fn extensions(mut self, extensions: &str) -> Result<Self, BuildError> {
        let offered = extensions::value_in(self.headers).unwrap_or_default();
        let offered = Extension::parse_list(&offered).unwrap_or_default();
        let is_offered = |name| offered.iter().any(|offer| offer.name() == name);
        // RFC 6455 §4.2.2, item 4: a subset of the client's.
        for extension in extensions::checked(extensions)? {
            if !is_offered(extension.name()) {
                let extension = Excerpt::new(extension.name().as_bytes());
                return Err(BuildError::UnofferedExtension { extension });
            }
        }
        self.extensions = AgreedExtensions::List(extensions.into());
        Ok(self)
    }

    /// Agrees to no extension, whatever was agreed to before.
    ///
    /// With an [`Endpoint`](crate::endpoint::Endpoint) whose configuration compresses messages, this
    /// is how a connection with this client does not.
    pub fn without_extensions(mut self) -> Self {
        self.extensions = AgreedExtensions::None;
        self
    }

    /// Adds a header to the response.
    ///
    /// # Errors
    ///
    /// [`BuildError`], as [`Response::header`](super::Response::header).
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, BuildError> {
        self.lines.add(name, value.as_ref())?;
        Ok(self)
    }

    /// Creates an upgrade for a checked request.
    pub(in crate::handshake) fn new(headers: &'a Headers, door: D) -> Self {
        let extensions = AgreedExtensions::None;
        Upgrade { headers, door, subprotocol: None, extensions, lines: Lines::default() }
    }

    /// Adds the fields of the response that do not depend on the version of HTTP.
    pub(in crate::handshake) fn push_agreement(&self, head: &mut Lines) -> Negotiated {
        let mut negotiated = Negotiated::default();
        if let Some(subprotocol) = self.subprotocol {
            head.push("Sec-WebSocket-Protocol", subprotocol);
            negotiated = negotiated.with_subprotocol(subprotocol);
        }
        match &self.extensions {
            AgreedExtensions::None => {}
            AgreedExtensions::List(list) => negotiated = negotiated.with_extensions(list),
            #[cfg(feature = "deflate")]
            AgreedExtensions::Deflate(params) => negotiated = negotiated.with_deflate(*params),
        }
        if let Some(extensions) = negotiated.extensions() {
            head.push(extensions::HEADER, extensions);
        }
        head.append(&self.lines);
        negotiated
    }
}

impl Upgrade<'_> {
    /// Accepts the handshake. Returns the whole response and what both ends agreed on.
    ///
    /// Send the response before any frame. The connection is open from here on, RFC 6455 §4.2.2.
    #[must_use = "the client waits for the response"]
    pub fn accept(self) -> (Vec<u8>, Negotiated) {
        let mut head = Lines::starting("HTTP/1.1 101 Switching Protocols");
        let negotiated = self.push_fields(&mut head);
        (head.end(), negotiated)
    }

    /// Accepts the handshake of a server that has an HTTP library. Returns the header fields of its
    /// response, whose status is 101, and what both ends agreed on.
    #[must_use = "the client waits for the response"]
    pub fn accept_fields(self) -> (HeaderFields, Negotiated) {
        let mut lines = Lines::default();
        let negotiated = self.push_fields(&mut lines);
        (HeaderFields::new(lines), negotiated)
    }

    /// Adds the fields of the response, RFC 6455 §4.2.2, item 5.
    fn push_fields(self, head: &mut Lines) -> Negotiated {
        head.push("Upgrade", "websocket");
        head.push("Connection", "Upgrade");
        head.push("Sec-WebSocket-Accept", key::answer(self.door.key));
        self.push_agreement(head)
    }
}
