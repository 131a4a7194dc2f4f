//! WebSocket URIs, RFC 6455 §3.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::net::Ipv6Addr;

use crate::handshake::authority::{Authority, InvalidAuthority};
use crate::handshake::excerpt::Excerpt;
use crate::handshake::grammar::{invalid_uri_byte, is_path_or_query_byte};

/// A parsed `ws` or `wss` URI.
#[derive(Clone)]
pub(super) struct Uri {
    pub(super) secure: bool,
    /// A name or an address, without the brackets of an IPv6 address. An `IPvFuture` address keeps
    /// its brackets: without them, `[v1.a]` would be looked up as a name.
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of the Host header.
    pub(super) authority: String,
    /// The path and query. Begins with `/`.
    pub(super) resource_name: String,
}

impl Uri {
    pub(super) fn parse(uri: &str) -> Result<Self, InvalidUri> {
        // RFC 3986 §2: a URI is visible ASCII.
        if let Some((offset, byte)) = uri.bytes().enumerate().find(|(_, b)| !b.is_ascii_graphic()) {
            return Err(InvalidUri::Byte { byte, offset });
        }
        // RFC 6455 §3: no fragment.
        if uri.contains('#') {
            return Err(InvalidUri::Fragment);
        }
        let (scheme, rest) = uri.split_once("://").ok_or(InvalidUri::Scheme)?;
        let secure = match scheme {
            _ if scheme.eq_ignore_ascii_case("ws") => false,
            _ if scheme.eq_ignore_ascii_case("wss") => true,
            _ => return Err(InvalidUri::Scheme),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, resource) = rest.split_at(end);
        let Authority { host, port } = Authority::parse(authority)
            .map_err(|invalid| InvalidUri::from_authority(invalid, authority))?;
        check_resource(resource, uri.len() - resource.len())?;
        // RFC 6455 §3: the default ports.
        let default = if secure { 443 } else { 80 };
        let port = port.unwrap_or(default);
        Ok(Uri {
            secure,
            host: without_brackets(host).into(),
            port,
            // RFC 6455 §4.1, item 4: with the port if it is not the default.
            authority: if port == default { host.into() } else { format!("{host}:{port}") },
            resource_name: resource_name(resource),
        })
    }
}

/// The reason why a string is not a WebSocket URI, RFC 6455 §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidUri {
    /// A byte that must be percent-encoded: anywhere, a byte that is not visible ASCII; in the path
    /// or query, also one of ``"<>[\]^`{|}``, RFC 3986 §3.3 and §3.4.
    Byte {
        /// The byte.
        byte: u8,
        /// Its offset in the string.
        offset: usize,
    },
    /// A `%` in the path or query that is not followed by two hexadecimal digits, RFC 3986 §2.1.
    PercentEncoding {
        /// The offset of the `%` in the string.
        offset: usize,
    },
    /// A scheme other than `ws` and `wss`.
    Scheme,
    /// A fragment, RFC 6455 §3. Write a literal `#` as `%23`.
    Fragment,
    /// User information, which a WebSocket URI must not have.
    UserInfo,
    /// A host that is neither a name nor an address, RFC 3986 §3.2.2. Possible causes are wrong
    /// percent-encoding, an IPv6 address without brackets, and a zone identifier.
    Host {
        /// The host, and the port if there is one.
        host: Excerpt,
    },
    /// A port that is not a 16-bit number.
    Port {
        /// The port.
        port: Excerpt,
    },
}

impl InvalidUri {
    fn from_authority(invalid: InvalidAuthority<'_>, authority: &str) -> Self {
        match invalid {
            InvalidAuthority::UserInfo => InvalidUri::UserInfo,
            InvalidAuthority::Host => InvalidUri::Host { host: Excerpt::new(authority.as_bytes()) },
            InvalidAuthority::Port(port) => {
                InvalidUri::Port { port: Excerpt::new(port.as_bytes()) }
            }
        }
    }
}

impl fmt::Display for InvalidUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidUri::Byte { byte, offset } => {
                write!(f, "invalid byte {byte:#04x} at offset {offset} in URI")
            }
            InvalidUri::PercentEncoding { offset } => {
                write!(f, "invalid percent-encoding at offset {offset} in URI")
            }
            InvalidUri::Scheme => f.write_str("URI scheme is not ws or wss"),
            InvalidUri::Fragment => f.write_str("fragment is not allowed in a WebSocket URI"),
            InvalidUri::UserInfo => {
                f.write_str("user information is not allowed in a WebSocket URI")
            }
            InvalidUri::Host { host } => write!(f, "invalid host {host}"),
            InvalidUri::Port { port } => write!(f, "invalid port {port}"),
        }
    }
}

impl core::error::Error for InvalidUri {}

/// Checks a path and query. `start` is their offset in the URI.
fn check_resource(resource: &str, start: usize) -> Result<(), InvalidUri> {
    let Some(at) = invalid_uri_byte(resource.as_bytes(), is_path_or_query_byte) else {
        return Ok(());
    };
    let offset = start + at;
    Err(match resource.as_bytes().get(at) {
        Some(&byte) if byte != b'%' => InvalidUri::Byte { byte, offset },
        _ => InvalidUri::PercentEncoding { offset },
    })
}

fn without_brackets(host: &str) -> &str {
    let ipv6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    ipv6.filter(|literal| literal.parse::<Ipv6Addr>().is_ok()).unwrap_or(host)
}

/// Returns the resource name, RFC 6455 §3.
fn resource_name(resource: &str) -> String {
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    let path = if path.is_empty() { "/" } else { path };
    if query.is_empty() { path.into() } else { format!("{path}?{query}") }
}
