//! The server's side of Extended CONNECT.

use alloc::string::String;
use core::fmt;

use super::refusal::ConnectRefusal;
use super::{CONNECT, PseudoFields, WEBSOCKET};
use crate::handshake::authority::Authority;
use crate::handshake::error::HeadError;
use crate::handshake::excerpt::Excerpt;
use crate::handshake::fields::HeaderFields;
use crate::handshake::headers::Headers;
use crate::handshake::lines::Lines;
use crate::handshake::offers;
use crate::handshake::server::Upgrade;
use crate::negotiated::Negotiated;

/// The head of a request over HTTP/2 or HTTP/3, which may or may not be an opening handshake.
///
/// [`upgrade`](Self::upgrade) checks whether it is. `Debug` shows only the method, the protocol and
/// the names of the headers, because targets and values may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectHead {
    method: String,
    protocol: Option<String>,
    scheme: Option<String>,
    authority: Option<String>,
    path: Option<String>,
    headers: Headers,
}

impl ConnectHead {
    /// Creates a head from what an HTTP library has received.
    ///
    /// # Errors
    ///
    /// [`HeadError::HeaderLine`] if a name is not a token in lower case, RFC 9113 §8.2.1, or a value
    /// has a byte that no value has.
    pub fn from_parts<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        pseudo: PseudoFields<'_>,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, HeadError> {
        let headers = Headers::copied(fields)?;
        if headers.iter().any(|(name, _)| name.bytes().any(|byte| byte.is_ascii_uppercase())) {
            return Err(HeadError::HeaderLine);
        }
        let owned = |field: Option<&str>| field.map(String::from);
        Ok(ConnectHead {
            method: pseudo.method.into(),
            protocol: owned(pseudo.protocol),
            scheme: owned(pseudo.scheme),
            authority: owned(pseudo.authority),
            path: owned(pseudo.path),
            headers,
        })
    }

    /// Returns the pseudo-header fields.
    pub fn pseudo_fields(&self) -> PseudoFields<'_> {
        PseudoFields {
            method: &self.method,
            protocol: self.protocol.as_deref(),
            scheme: self.scheme.as_deref(),
            authority: self.authority.as_deref(),
            path: self.path.as_deref(),
        }
    }

    /// Returns the header fields.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the origin of the page that made the request, RFC 6455 §10.2.
    pub fn origin(&self) -> Option<&[u8]> {
        self.headers.first("Origin")
    }

    /// Checks that the request is an opening handshake, and returns an [`Upgrade`] to accept.
    ///
    /// `Sec-WebSocket-Key` is not looked at, RFC 8441 §5.
    ///
    /// # Errors
    ///
    /// [`ConnectRefusal`] with the reason.
    pub fn upgrade(&self) -> Result<Upgrade<'_, ExtendedConnect>, ConnectRefusal> {
        self.check_method()?;
        self.check_target()?;
        if let Some(name) = FORBIDDEN.into_iter().find(|name| self.headers.first(name).is_some()) {
            return Err(ConnectRefusal::ForbiddenField { name });
        }
        // RFC 6454 §7.3: at most once. The caller judges the value, which `origin` returns.
        self.headers.at_most_one("Origin")?;
        if let Some(version) = offers::other_version(&self.headers)? {
            return Err(ConnectRefusal::WebSocketVersion { version });
        }
        offers::check(&self.headers)?;
        Ok(Upgrade::new(&self.headers, ExtendedConnect(())))
    }

    fn check_method(&self) -> Result<(), ConnectRefusal> {
        if self.method != CONNECT {
            let method = Excerpt::new(self.method.as_bytes());
            return Err(ConnectRefusal::Method { method });
        }
        // RFC 8441 §5. RFC 9110 §7.8: the names of protocols are compared without regard to case.
        match &self.protocol {
            None => Err(ConnectRefusal::NoProtocol),
            Some(protocol) if protocol.eq_ignore_ascii_case(WEBSOCKET) => Ok(()),
            Some(protocol) => {
                let protocol = Excerpt::new(protocol.as_bytes());
                Err(ConnectRefusal::Protocol { protocol })
            }
        }
    }

    /// RFC 8441 §4: the fields that every request has, unless it is a CONNECT to a proxy.
    fn check_target(&self) -> Result<(), ConnectRefusal> {
        let check = |field: &Option<String>, is_valid: fn(&str) -> bool, name| match field {
            Some(value) if is_valid(value) => Ok(()),
            _ => Err(ConnectRefusal::PseudoField { name }),
        };
        check(&self.scheme, |scheme| matches!(scheme, "http" | "https"), ":scheme")?;
        check(&self.authority, |authority| Authority::parse(authority).is_ok(), ":authority")?;
        check(&self.path, is_path, ":path")?;
        // RFC 9113 §8.3.1: if there is a Host, it is the same.
        if let Some(host) = self.headers.at_most_one("Host")? {
            let authority = self.authority.as_deref().unwrap_or_default();
            if !host.eq_ignore_ascii_case(authority.as_bytes()) {
                return Err(self.headers.invalid("Host").into());
            }
        }
        Ok(())
    }
}

/// Returns `true` for a path and query, RFC 9113 §8.3.1, without a fragment, RFC 6455 §3.
fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// An upgrade by Extended CONNECT, RFC 8441.
#[derive(Clone, Copy, Debug)]
pub struct ExtendedConnect(());

impl Upgrade<'_, ExtendedConnect> {
    /// Accepts the handshake. Returns the header fields of the response, whose `:status` is 200, and
    /// what both ends agreed on.
    #[must_use = "the client waits for the response"]
    pub fn accept_fields(self) -> (HeaderFields, Negotiated) {
        let mut lines = Lines::default();
        let negotiated = self.push_agreement(&mut lines);
        (HeaderFields::in_lower_case(&lines), negotiated)
    }
}

impl fmt::Debug for ConnectHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectHead")
            .field("method", &self.method)
            .field("protocol", &self.protocol)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// RFC 9113 §8.2.2 and RFC 9114 §4.2: fields of a connection. A length would end the stream of frames
/// for another reader that counts it.
const FORBIDDEN: [&str; 6] = [
    "Connection",
    "Content-Length",
    "Keep-Alive",
    "Proxy-Connection",
    "Transfer-Encoding",
    "Upgrade",
];
