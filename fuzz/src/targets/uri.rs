//! A client accepts the URIs that a naive reading of RFC 6455 §3 accepts, takes the same host, port and resource
//! name from them, and asks for those.

use std::net::Ipv6Addr;

use sansock::handshake::client::Request;

use crate::naive::{head, uri};

pub fn run(text: &str) {
    let request = Request::new(text);
    let expected = uri::read(text);
    let (request, expected) = match (request, expected) {
        (Ok(request), Some(expected)) => (request, expected),
        (Err(_), None) => return,
        (Ok(_), None) => panic!("{text} was accepted"),
        (Err(error), Some(_)) => panic!("{text} was refused: {error}"),
    };
    let inner = expected.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let inner = inner.filter(|host| host.parse::<Ipv6Addr>().is_ok());
    assert_eq!(request.host(), inner.unwrap_or(&expected.host));
    assert_eq!(request.port(), expected.port);
    assert_eq!(request.is_secure(), expected.is_secure);
    assert_eq!(request.target(), expected.resource_name);

    let (bytes, _) = request.start([7; 16]);
    let line = format!("GET {} HTTP/1.1\r\n", expected.resource_name);
    assert!(bytes.starts_with(line.as_bytes()));
    // RFC 6455 §4.1, item 4: with the port, unless it is the default.
    let default = if expected.is_secure { 443 } else { 80 };
    let host = match expected.port {
        port if port == default => expected.host,
        port => format!("{}:{port}", expected.host),
    };
    let bytes = bytes.strip_suffix(b"\r\n\r\n").expect("an empty line ends a head");
    assert_eq!(head::request(bytes), Ok(()));
    assert_eq!(head::values(bytes, "host"), [host]);
}
