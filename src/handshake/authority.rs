//! `host [":" port]`: the value of a Host header (RFC 9110 §7.2), and the authority of a URI
//! (RFC 3986 §3.2) without user information, which no HTTP or WebSocket URI may have (RFC 9110
//! §4.2.4, RFC 6455 §3).
//!
//! Where the RFCs leave a choice, or readers disagree:
//!
//! * An empty host is refused: RFC 9110 §4.2.1 and §4.2.2.
//! * An empty port (`a:`) is no port, as RFC 3986 §3.2.3 has it. Leading zeros do not count.
//! * Port 0 is a port: the grammar has it, and a transport that cannot connect to it says so.
//! * A port beyond 65535 is refused: the grammar has it, TCP does not.
//! * `127.0.0.256` is a registered name, as whatever is no IPv4 address.
//! * An IPv6 address with a zone identifier (`[fe80::1%25en0]`) is refused: RFC 3986 has none, RFC
//!   6874 §4 has it removed before a URI is sent, and RFC 9844 withdraws it from URIs.

use core::net::Ipv6Addr;

use super::grammar::{invalid_uri_byte, is_name_byte};

/// A host, and a port where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authority<'a> {
    /// A registered name, an IPv4 address, or an IP literal in its brackets. Never empty.
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
}

impl<'a> Authority<'a> {
    pub(super) fn parse(authority: &'a str) -> Result<Self, InvalidAuthority<'a>> {
        if authority.contains('@') {
            return Err(InvalidAuthority::UserInfo);
        }
        // The colons of an IP literal are within its brackets, and a name has none.
        let host_len = match authority.strip_prefix('[') {
            Some(_) => authority.find(']').map(|bracket| bracket + 1),
            None => authority.find(':'),
        };
        let (host, rest) = authority.split_at(host_len.unwrap_or(authority.len()));
        let port = rest.strip_prefix(':');
        if !is_host(host) || (port.is_none() && !rest.is_empty()) {
            return Err(InvalidAuthority::Host);
        }
        Ok(Authority { host, port: parse_port(port.unwrap_or_default())? })
    }

    /// Whether `bytes` are one.
    pub(super) fn is_valid(bytes: &[u8]) -> bool {
        core::str::from_utf8(bytes).is_ok_and(|authority| Authority::parse(authority).is_ok())
    }
}

/// Which part of an authority is not what it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InvalidAuthority<'a> {
    UserInfo,
    Host,
    Port(&'a str),
}

/// RFC 3986 §3.2.2: a registered name, which an IPv4 address is too, or an IP literal.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(literal) => literal.strip_suffix(']').is_some_and(is_ip_address),
        None => !host.is_empty() && invalid_uri_byte(host.as_bytes(), is_name_byte).is_none(),
    }
}

/// RFC 3986 §3.2.2: `IPv6address / IPvFuture`.
fn is_ip_address(literal: &str) -> bool {
    literal.parse::<Ipv6Addr>().is_ok() || is_ip_future(literal).unwrap_or(false)
}

/// RFC 3986 §3.2.2: `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
fn is_ip_future(literal: &str) -> Option<bool> {
    let (version, address) = literal.strip_prefix(['v', 'V'])?.split_once('.')?;
    let is_address_byte = |byte| is_name_byte(byte) || byte == b':';
    Some(
        !version.is_empty()
            && version.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !address.is_empty()
            && address.bytes().all(is_address_byte),
    )
}

/// RFC 3986 §3.2.3: `*DIGIT`.
fn parse_port(port: &str) -> Result<Option<u16>, InvalidAuthority<'_>> {
    if port.is_empty() {
        return Ok(None);
    }
    // `parse` takes a plus sign too.
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(port) if digits => Ok(Some(port)),
        _ => Err(InvalidAuthority::Port(port)),
    }
}
