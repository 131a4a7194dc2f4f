//! Parses `host [":" port]`: the value of a Host header (RFC 9110 §7.2), or the authority of a URI
//! (RFC 3986 §3.2). User information is refused: no HTTP or WebSocket URI may have it (RFC 9110
//! §4.2.4, RFC 6455 §3).
//!
//! Choices where the RFCs leave one, or where parsers disagree:
//!
//! * An empty host is refused: RFC 9110 §4.2.1 and §4.2.2.
//! * An empty port (`a:`) is treated as no port, RFC 3986 §3.2.3. Leading zeros are ignored.
//! * Port 0 is accepted: the grammar allows it. A transport that cannot connect to it reports that.
//! * A port above 65535 is refused: the grammar allows it, TCP does not.
//! * `127.0.0.256` is a registered name, like everything that is not an IPv4 address.
//! * An IPv6 address with a zone identifier (`[fe80::1%25en0]`) is refused: RFC 3986 has none,
//!   RFC 6874 §4 requires its removal before a URI is sent, and RFC 9844 withdraws it from URIs.

use core::net::Ipv6Addr;

use super::grammar::{invalid_uri_byte, is_name_byte};

/// A host and an optional port.
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
        // The colons of an IP literal are inside its brackets. A name has no colon.
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

    /// Returns `true` if `bytes` is a valid authority.
    pub(super) fn is_valid(bytes: &[u8]) -> bool {
        core::str::from_utf8(bytes).is_ok_and(|authority| Authority::parse(authority).is_ok())
    }
}

/// The part of an authority that is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InvalidAuthority<'a> {
    UserInfo,
    Host,
    Port(&'a str),
}

/// Checks a host, RFC 3986 §3.2.2: a registered name, which includes every IPv4 address, or an IP
/// literal.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(literal) => literal.strip_suffix(']').is_some_and(is_ip_address),
        // Most names have nothing to decode.
        None if host.bytes().all(is_name_byte) => !host.is_empty(),
        None => invalid_uri_byte(host.as_bytes(), is_name_byte).is_none(),
    }
}

/// Checks the address inside an IP literal, RFC 3986 §3.2.2: `IPv6address / IPvFuture`.
fn is_ip_address(literal: &str) -> bool {
    literal.parse::<Ipv6Addr>().is_ok() || is_ip_future(literal).unwrap_or(false)
}

/// Checks an `IPvFuture` address, RFC 3986 §3.2.2:
/// `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
///
/// Returns `None` if the `v` or the dot is missing.
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

/// Parses a port, RFC 3986 §3.2.3: `*DIGIT`.
fn parse_port(port: &str) -> Result<Option<u16>, InvalidAuthority<'_>> {
    if port.is_empty() {
        return Ok(None);
    }
    // `parse` also accepts a plus sign.
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(port) if digits => Ok(Some(port)),
        _ => Err(InvalidAuthority::Port(port)),
    }
}
