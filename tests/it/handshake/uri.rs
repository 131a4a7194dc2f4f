//! The URIs that a client accepts, RFC 6455 §3.

use sansock::handshake::client::{InvalidUri, Request};

#[test]
fn uris_and_what_they_ask_for() {
    // URI, host, port, secure, Host header, resource name
    let cases = [
        ("ws://example.com", "example.com", 80, false, "example.com", "/"),
        ("wss://example.com", "example.com", 443, true, "example.com", "/"),
        ("WsS://Example.com:443/A", "Example.com", 443, true, "Example.com", "/A"),
        ("ws://example.com:443/", "example.com", 443, false, "example.com:443", "/"),
        ("wss://example.com:80/", "example.com", 80, true, "example.com:80", "/"),
        ("ws://example.com:/", "example.com", 80, false, "example.com", "/"),
        ("ws://example.com:0080/", "example.com", 80, false, "example.com", "/"),
        ("ws://example.com:65535?a?b", "example.com", 65535, false, "example.com:65535", "/?a?b"),
        ("ws://example.com/a?", "example.com", 80, false, "example.com", "/a"),
        (
            "ws://example.com/a//b/../c?d=e%20f:@",
            "example.com",
            80,
            false,
            "example.com",
            "/a//b/../c?d=e%20f:@",
        ),
        ("ws://127.0.0.1:9001/", "127.0.0.1", 9001, false, "127.0.0.1:9001", "/"),
        ("ws://[::1]", "::1", 80, false, "[::1]", "/"),
        ("wss://[2001:db8::1]:8443/x", "2001:db8::1", 8443, true, "[2001:db8::1]:8443", "/x"),
        ("ws://a/?u=ws://b", "a", 80, false, "a", "/?u=ws://b"),
    ];
    for (uri, host, port, secure, host_header, resource) in cases {
        let request = Request::new(uri).unwrap();
        assert_eq!((request.host(), request.port(), request.is_secure()), (host, port, secure));
        let (bytes, _) = request.start([0; 16]);
        let head = format!("GET {resource} HTTP/1.1\r\nHost: {host_header}\r\n");
        assert!(bytes.starts_with(head.as_bytes()), "{uri}: {}", bytes.escape_ascii());
    }
}

#[test]
fn uris_that_are_refused() {
    let cases = [
        ("", "URI scheme is not ws or wss"),
        ("example.com", "URI scheme is not ws or wss"),
        ("http://example.com/", "URI scheme is not ws or wss"),
        ("ws:example.com", "URI scheme is not ws or wss"),
        ("example.com/?u=ws://a", "URI scheme is not ws or wss"),
        // RFC 6455 §3
        ("ws://example.com/#a", "fragment is not allowed in a WebSocket URI"),
        ("ws://example.com#", "fragment is not allowed in a WebSocket URI"),
        ("ws://user:pass@example.com/", "user information is not allowed in a WebSocket URI"),
        ("ws://", "invalid host \"\""),
        ("ws:///chat", "invalid host \"\""),
        ("ws://?a", "invalid host \"\""),
        ("ws://a:b:80/", "invalid port \"b:80\""),
        ("ws://a/b c", "invalid byte 0x20 at offset 8 in URI"),
        ("ws://a/b\r\nHost: c", "invalid byte 0x0d at offset 8 in URI"),
        ("ws://\u{e9}/", "invalid byte 0xc3 at offset 5 in URI"),
        ("ws://a/\0", "invalid byte 0x00 at offset 7 in URI"),
        ("ws://a/%41%zz", "invalid percent-encoding at offset 10 in URI"),
        ("ws://a?%a", "invalid percent-encoding at offset 7 in URI"),
    ];
    for (uri, why) in cases {
        assert_eq!(Request::new(uri).unwrap_err().to_string(), why, "{uri:?}");
    }
    assert_eq!(Request::new("ws://a/#").unwrap_err(), InvalidUri::Fragment);
}

/// RFC 3986 §3.3: `pchar` and `/`. §3.4: those and `?`.
#[test]
fn a_byte_that_no_path_or_query_has_is_refused_where_it_is() {
    for byte in (b'!'..=b'~').filter(|byte| !b"#%".contains(byte)) {
        let allowed = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte);
        for before in ["ws://a/", "ws://a/b%20/", "ws://a?", "wss://[::1]:80/b?c%2f="] {
            let result = Request::new(&format!("{before}{}d", char::from(byte))).map(drop);
            let expected = InvalidUri::Byte { byte, offset: before.len() };
            assert_eq!(result, if allowed { Ok(()) } else { Err(expected) }, "{before}");
        }
    }
}

/// RFC 3986 §2.1: `"%" HEXDIG HEXDIG`.
#[test]
fn a_percent_sign_without_two_digits_is_refused_where_it_is() {
    for bad in ["%", "%a", "%zz", "%4z", "%z4", "%%41", "%/41", "%+1"] {
        for before in ["ws://a/", "ws://a/%41", "ws://a?", "ws://a/b?c="] {
            let error = Request::new(&format!("{before}{bad}")).unwrap_err();
            let offset = before.len();
            assert_eq!(error, InvalidUri::PercentEncoding { offset }, "{before}{bad}");
        }
    }
    assert!(Request::new("ws://a/%00%7e%C3%a9?%25").is_ok());
}
