//! WebSocket URIs, RFC 6455 §3.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::net::Ipv6Addr;

use crate::handshake::excerpt::Excerpt;
use crate::handshake::grammar::is_host_byte;

/// A parsed `ws` or `wss` URI.
#[derive(Clone)]
pub(super) struct Uri {
    pub(super) secure: bool,
    /// A name or an address, without the brackets of an IPv6 address.
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
        // RFC 6455 §3: the syntax has no user information.
        if authority.contains('@') {
            return Err(InvalidUri::UserInfo);
        }
        let (host, port) = split_host(authority)?;
        // RFC 6455 §3: the default ports.
        let default = if secure { 443 } else { 80 };
        let port = parse_port(port)?.unwrap_or(default);
        let authority = host_header(host, port, port == default);
        Ok(Uri { secure, host: host.into(), port, authority, resource_name: name(resource) })
    }
}

/// Why a string is no URI of a WebSocket, RFC 6455 §3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidUri {
    /// A byte that is not visible ASCII: white space, a control character, or a letter that has to
    /// be escaped.
    Byte {
        /// The byte.
        byte: u8,
        /// Where it is in the string.
        offset: usize,
    },
    /// A scheme other than `ws` and `wss`.
    Scheme,
    /// A fragment, RFC 6455 §3: `#` has to be written `%23`.
    Fragment,
    /// User information, which a WebSocket URI has no room for.
    UserInfo,
    /// A host that is neither a name nor an address.
    Host {
        /// The host.
        host: Excerpt,
    },
    /// A port that is no number of 16 bits.
    Port {
        /// The port.
        port: Excerpt,
    },
}

impl fmt::Display for InvalidUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidUri::Byte { byte, offset } => {
                write!(f, "byte {byte:#04x} at {offset} of a URI")
            }
            InvalidUri::Scheme => f.write_str("URI scheme other than ws and wss"),
            InvalidUri::Fragment => f.write_str("URI with a fragment"),
            InvalidUri::UserInfo => f.write_str("URI with user information"),
            InvalidUri::Host { host } => write!(f, "host {host}"),
            InvalidUri::Port { port } => write!(f, "port {port}"),
        }
    }
}

impl core::error::Error for InvalidUri {}

/// Splits `host [":" port]`, RFC 3986 §3.2, and takes the brackets off an IPv6 address.
fn split_host(authority: &str) -> Result<(&str, &str), InvalidUri> {
    let invalid = || InvalidUri::Host { host: Excerpt::new(authority.as_bytes()) };
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or_else(invalid)?;
        let port = if rest.is_empty() { Some("") } else { rest.strip_prefix(':') };
        host.parse::<Ipv6Addr>().map_err(|_| invalid())?;
        return Ok((host, port.ok_or_else(invalid)?));
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    if host.is_empty() || !host.bytes().all(is_host_byte) {
        return Err(invalid());
    }
    Ok((host, port))
}

/// RFC 3986 §3.2.3: `*DIGIT`, where none stands for the default.
fn parse_port(port: &str) -> Result<Option<u16>, InvalidUri> {
    if port.is_empty() {
        return Ok(None);
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(port) if digits => Ok(Some(port)),
        _ => Err(InvalidUri::Port { port: Excerpt::new(port.as_bytes()) }),
    }
}

fn host_header(host: &str, port: u16, default: bool) -> String {
    let host = if host.contains(':') { format!("[{host}]") } else { host.into() };
    // RFC 6455 §4.1, item 4: with the port when it is not the default.
    if default { host } else { format!("{host}:{port}") }
}

/// RFC 6455 §3: the resource name.
fn name(resource: &str) -> String {
    let (path, query) = resource.split_once('?').unwrap_or((resource, ""));
    let path = if path.is_empty() { "/" } else { path };
    if query.is_empty() { path.into() } else { format!("{path}?{query}") }
}
