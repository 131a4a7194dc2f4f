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
    /// them: without, `[v1.a]` would be looked up as a name.
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of the Host header.
    pub(super) authority: String,
    /// Path and query; it begins with `/`.
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
            // RFC 6455 §4.1, item 4: with the port when it is not the default.
            authority: if port == default { host.into() } else { format!("{host}:{port}") },
            resource_name: resource_name(resource),
        })
    }
}

/// Why a string is no URI of a WebSocket, RFC 6455 §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidUri {
    /// A byte that has to be percent-encoded: one that is not visible ASCII anywhere, and in the
    /// path or query also one of ``"<>[\]^`{|}``, RFC 3986 §3.3 and §3.4.
    Byte {
        /// The byte.
        byte: u8,
        /// Where it is in the string.
        offset: usize,
    },
    /// A `%` in the path or query without two hexadecimal digits after it, RFC 3986 §2.1.
    PercentEncoding {
        /// Where the `%` is in the string.
        offset: usize,
    },
    /// A scheme other than `ws` and `wss`.
    Scheme,
    /// A fragment, RFC 6455 §3: `#` has to be written `%23`.
    Fragment,
    /// User information, which a WebSocket URI has no room for.
    UserInfo,
    /// A host that is neither a name nor an address, RFC 3986 §3.2.2: percent-encoding in it may be
    /// wrong, or an IPv6 address have no brackets or a zone identifier.
    Host {
        /// The host, and the port where there is one.
        host: Excerpt,
    },
    /// A port that is no number of 16 bits.
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
            InvalidUri::Fragment => f.write_str("fragment in URI"),
            InvalidUri::UserInfo => f.write_str("user information in URI"),
            InvalidUri::Host { host } => write!(f, "invalid host {host}"),
            InvalidUri::Port { port } => write!(f, "invalid port {port}"),
        }
    }
}

impl core::error::Error for InvalidUri {}

/// Checks a path and query that are `start` bytes into the URI.
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

/// RFC 6455 §3: the resource name.
fn resource_name(resource: &str) -> String {
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    let path = if path.is_empty() { "/" } else { path };
    if query.is_empty() { path.into() } else { format!("{path}?{query}") }
}
