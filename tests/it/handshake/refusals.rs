//! What a server refuses, RFC 6455 §4.2.1, and how it responds.

use super::feed::server_takes;
use sansock::handshake::client::Request;
use sansock::handshake::server::{Refusal, ServerHandshake};
use sansock::handshake::{Extension, HeadError, HeadLimits, accept_key};

use super::feed;
use super::server::{EXAMPLE, refusal, request, text};

/// The name, a text of the example, its replacement, and the status and text of the refusal.
pub(crate) const REFUSED: &[(&str, &str, &str, u16, &str)] = &[
    // RFC 6455 §4.2.1, item 1: an HTTP/1.1 GET request
    ("method", "GET", "POST", 405, "method \"POST\" is not GET"),
    ("method in lower case", "GET", "get", 405, "method \"get\" is not GET"),
    ("HTTP/1.0", "HTTP/1.1", "HTTP/1.0", 400, "HTTP/1.0 cannot be upgraded"),
    ("HTTP/2.0", "HTTP/1.1", "HTTP/2.0", 505, "HTTP version is not 1.0 or 1.1"),
    ("HTTP/0.9", " HTTP/1.1", "", 400, "malformed start line"),
    // Items 2 to 6: required header fields
    ("no Host", "Host: ", "X: ", 400, "missing Host header"),
    (
        "no Upgrade",
        "Upgrade: w",
        "X: w",
        426,
        "this is a WebSocket endpoint: the request is not an upgrade",
    ),
    ("no Connection", "Connection: ", "X: ", 400, "missing Connection header"),
    ("no Key", "Sec-WebSocket-Key", "X", 400, "missing Sec-WebSocket-Key header"),
    ("no Version", "Sec-WebSocket-Version", "X", 400, "missing Sec-WebSocket-Version header"),
    // Items 3 and 4: tokens
    (
        "Connection with a part of a token",
        ": Upgrade",
        ": notupgrade",
        400,
        "invalid Connection header \"notupgrade\"",
    ),
    (
        "Upgrade with a part of a token",
        ": websocket",
        ": websockets",
        426,
        "this is a WebSocket endpoint: the request is not an upgrade",
    ),
    // Item 5: 16 bytes in base64
    (
        "Key of 13 bytes",
        "IHNh",
        "",
        400,
        "invalid Sec-WebSocket-Key header \"dGhlbXBsZSBub25jZQ==\"",
    ),
    (
        "Key of 17 bytes",
        "ZQ==",
        "ZWU=",
        400,
        "invalid Sec-WebSocket-Key header \"dGhlIHNhbXBsZSBub25jZWU=\"",
    ),
    ("empty Key", "dGhlIHNhbXBsZSBub25jZQ==", "", 400, "invalid Sec-WebSocket-Key header \"\""),
    (
        "Key of 22 bytes",
        "ZQ==",
        "ZWVlZWVlZQ==",
        400,
        "invalid Sec-WebSocket-Key header \"dGhlIHNhbXBsZSBub25jZWVl…\"",
    ),
    // RFC 6455 §11.3.1 and §11.3.5, RFC 9112 §3.2, RFC 6454 §7.3: fields that may appear once
    (
        "Key twice",
        "Origin: http://example.com",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        400,
        "duplicate Sec-WebSocket-Key header",
    ),
    (
        "Version twice",
        "Origin: http://example.com",
        "sec-websocket-version: 13",
        400,
        "duplicate Sec-WebSocket-Version header",
    ),
    ("Host twice", "Origin: http://example.com", "Host: b", 400, "duplicate Host header"),
    (
        "Origin twice",
        "Upgrade: w",
        "Origin: http://a\r\nUpgrade: w",
        400,
        "duplicate Origin header",
    ),
    // RFC 6455 §4.2.2, item 4, and §4.4
    ("version 7", ": 13", ": 7", 426, "WebSocket version \"7\" is not 13"),
    ("version 8", ": 13", ": 8", 426, "WebSocket version \"8\" is not 13"),
    ("version 14", ": 13", ": 14", 426, "WebSocket version \"14\" is not 13"),
    ("version 013", ": 13", ": 013", 426, "WebSocket version \"013\" is not 13"),
    ("two versions", ": 13", ": 13, 8", 426, "WebSocket version \"13, 8\" is not 13"),
    // RFC 6455 §4.3: 1#token
    (
        "subprotocol that is no token",
        "chat, s",
        "chat, s s",
        400,
        "invalid Sec-WebSocket-Protocol header \"chat, s superchat\"",
    ),
    (
        "empty list of subprotocols",
        "chat, superchat",
        ",",
        400,
        "invalid Sec-WebSocket-Protocol header \",\"",
    ),
    // RFC 9112 §3.2; `authority` has more of them
    ("bad Host", "server.example.com", "a b", 400, "invalid Host header \"a b\""),
    ("bad Host", "server.example.com", "a/b", 400, "invalid Host header \"a/b\""),
    ("bad Host", "server.example.com", "\u{e9}", 400, "invalid Host header \"\\xc3\\xa9\""),
    ("user information in Host", "server.example.com", "a@b", 400, "invalid Host header \"a@b\""),
    ("empty Host", "server.example.com", "", 400, "invalid Host header \"\""),
    // RFC 9112 §3.2, RFC 6455 §3
    ("target not ASCII", "/chat", "/\u{e9}", 400, "malformed start line"),
    ("target with a fragment", "/chat", "/#a", 400, "target \"/#a\" is not a path or an http URI"),
    ("target is no path", "/chat", "*", 400, "target \"*\" is not a path or an http URI"),
    (
        "target is an authority",
        "/chat",
        "a:80",
        400,
        "target \"a:80\" is not a path or an http URI",
    ),
    (
        "target of another scheme",
        "/chat",
        "ftp://a/",
        400,
        "target \"ftp://a/\" is not a path or an http URI",
    ),
    (
        "target without authority",
        "/chat",
        "http:///a",
        400,
        "target \"http:///a\" is not a path or an http URI",
    ),
    // RFC 9112 §6.3
    (
        "body",
        "Origin",
        "Content-Length: 1\r\nOrigin",
        400,
        "request with a body: Content-Length header",
    ),
    (
        "body",
        "Origin",
        "Content-Length: 0\r\nContent-Length: 5\r\nOrigin",
        400,
        "request with a body: Content-Length header",
    ),
    (
        "body",
        "Origin",
        "Content-Length: 0, 5\r\nOrigin",
        400,
        "request with a body: Content-Length header",
    ),
    (
        "body",
        "Origin",
        "Content-Length: +0\r\nOrigin",
        400,
        "request with a body: Content-Length header",
    ),
    (
        "body",
        "Origin",
        "Transfer-Encoding: chunked\r\nOrigin",
        400,
        "request with a body: Transfer-Encoding header",
    ),
    (
        "body",
        "Origin",
        "transfer-encoding:\r\nOrigin",
        400,
        "request with a body: Transfer-Encoding header",
    ),
    // RFC 9112 §2.2
    ("bare LF", "1.1\r\n", "1.1\n", 400, "line end without CRLF at offset 18"),
    (
        "bare LF in a header",
        "websocket\r\n",
        "websocket\n",
        400,
        "line end without CRLF at offset 64",
    ),
    ("bare CR", "websocket", "web\rsocket", 400, "line end without CRLF at offset 59"),
    ("CR CR LF", "websocket\r\n", "websocket\r\r\n", 400, "line end without CRLF at offset 65"),
    // RFC 9112 §5.2
    ("obs-fold", ": websocket", ":\r\n websocket", 400, "folded header line at offset 56"),
    ("fold before the first header", "Host", "\tHost", 400, "folded header line at offset 20"),
    // RFC 9112 §5.1
    ("space before a colon", "Upgrade:", "Upgrade :", 400, "malformed header line"),
    ("no colon", "Origin: h", "Origin h", 400, "malformed header line"),
    ("no name", "Origin: h", ": h", 400, "malformed header line"),
    // RFC 9110 §5.5
    ("NUL", "Origin: h", "Origin: \0h", 400, "invalid control character 0x00 at offset 140"),
    (
        "vertical tab",
        "Origin: h",
        "Origin: \x0bh",
        400,
        "invalid control character 0x0b at offset 140",
    ),
    // RFC 6455 §9.1
    (
        "unclosed quote in the extensions",
        "Origin",
        "Sec-WebSocket-Extensions: a; b=\"c\r\nOrigin",
        400,
        "invalid Sec-WebSocket-Extensions header \"a; b=\\\"c\"",
    ),
    (
        "no extension",
        "Origin",
        "Sec-WebSocket-Extensions:\r\nOrigin",
        400,
        "invalid Sec-WebSocket-Extensions header \"\"",
    ),
    // RFC 9112 §3 and §2.2
    ("two spaces", "GET ", "GET  ", 400, "malformed start line"),
    (
        "empty line first",
        "GET",
        "\r\nGET",
        400,
        "not an HTTP/1.1 message: unexpected byte 0x0d at offset 0",
    ),
];

#[test]
fn requests_that_are_refused() {
    for &(name, from, to, status, why) in REFUSED {
        let head = EXAMPLE.replacen(from, to, 1);
        assert_ne!(head, EXAMPLE, "{name}");
        let refusal = refusal(&head);
        assert_eq!(refusal.to_string(), why, "{name}");
        assert_eq!(refusal.status(), status, "{name}: {refusal}");
        let response = text(refusal.response().encode());
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, refusal.to_string());
        assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{response}");
        assert!(head.contains("\r\nConnection: close"), "{response}");
        assert_eq!(head.contains("\r\nAllow: GET"), status == 405);
        assert_eq!(head.contains("\r\nSec-WebSocket-Version: 13"), status == 426);
        assert_eq!(head.contains("\r\nUpgrade: websocket"), status == 426);
        assert_eq!(head.contains("\r\nConnection: close, Upgrade"), status == 426);
    }
}

/// RFC 9110 §9.3.2. If a head fails before its method is complete, it has no method.
#[test]
fn the_refusal_of_a_head_request_has_no_content() {
    let example = EXAMPLE.replacen("GET", "HEAD", 1);
    let heads = [
        example.clone(),
        "HEAD / HTTP/1.1\r\n\r\n".to_owned(),
        "HEAD / HTTP/1.0\r\nHost: a\r\n\r\n".to_owned(),
        // Refused before the head is complete
        example.replacen("Host", "\0Host", 1),
        example.replacen("HTTP/1.1", "HTTP/1.1\n", 1),
        example.replacen("HTTP/1.1", "HTTP/2.0", 1),
        example.replacen("Upgrade:", "Upgrade :", 1),
        example.replacen("\r\n", &format!("\r\n{}", "A:\r\n".repeat(60)), 1),
        format!("HEAD /{}", "a".repeat(1 << 14)),
    ];
    for head in heads {
        let refusal = request(&head).and_then(|request| request.upgrade().map(drop)).unwrap_err();
        assert_eq!(
            text(refusal.response().encode()),
            "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nConnection: close\r\n\r\n",
            "{refusal}"
        );
    }
    for method in ["head", "HEADS", "HEA"] {
        let refusal = refusal(&EXAMPLE.replacen("GET", method, 1));
        assert!(text(refusal.response().encode()).ends_with(" is not GET"), "{method}");
    }
}

#[test]
fn other_protocols_are_refused_at_the_byte_that_proves_it() {
    let cases: [(&[u8], usize, Refusal); 3] = [
        (
            b"\x16\x03\x01\x02\x00\x01\x00",
            1,
            Refusal::Head(HeadError::NotHttp { byte: 0x16, offset: 0 }),
        ),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 12, Refusal::Http2),
        (b"PRI * HTTP/2.\n", 12, Refusal::Http2),
    ];
    for (input, proof, refusal) in cases {
        assert_eq!(feed::server(input), Err(refusal));
        assert_eq!(feed::server(&input[..proof]), Err(refusal));
        assert_eq!(feed::server(&input[..proof - 1]), Ok((proof - 1, None)));
    }
}

#[test]
fn after_a_refusal_no_byte_is_taken() {
    // `feed` checks this for every input. This is one example.
    let mut handshake = ServerHandshake::default();
    assert!(server_takes(&mut handshake, b"\n").is_err());
    let refusal = server_takes(&mut handshake, EXAMPLE.as_bytes()).unwrap_err();
    assert_eq!(refusal.to_string(), "handshake is already over");
}

#[test]
fn heads_beyond_the_limits_are_refused() {
    let endless = [b"GET / HTTP/1.1\r\nHost: a\r\nA: \"".to_vec(), vec![b'\\'; 1 << 16]].concat();
    let mut handshake = ServerHandshake::default();
    for byte in &endless[..16 * 1024] {
        assert_eq!(server_takes(&mut handshake, &[*byte]), Ok((1, None)));
    }
    let refusal = server_takes(&mut handshake, b"x").unwrap_err();
    assert_eq!(refusal, Refusal::Head(HeadError::TooLong { limit: 16 * 1024 }));
    assert_eq!(refusal.status(), 431);
    assert_eq!(refusal.to_string(), "head exceeds the limit of 16384 bytes");
    assert_eq!(server_takes(&mut ServerHandshake::default(), &endless), Err(refusal));

    let many = format!("GET / HTTP/1.1\r\n{}", "A:\r\n".repeat(65));
    let refusal = feed::server(many.as_bytes()).unwrap_err();
    assert_eq!(refusal, Refusal::Head(HeadError::TooManyHeaders { limit: 64 }));
    assert_eq!((refusal.status(), &*refusal.to_string()), (431, "more than 64 header fields"));
}

#[test]
fn a_limit_never_makes_a_header_vanish() {
    // The last header is the one that matters. A limit on the number would drop it (ws).
    let crowd = "X: y\r\n".repeat(64 - 7);
    let head = EXAMPLE.replacen("Host", &format!("{crowd}Host"), 1);
    assert!(request(&head).unwrap().upgrade().is_ok());
    let head = EXAMPLE.replacen("Host", &format!("X: y\r\n{crowd}Host"), 1);
    assert_eq!(refusal(&head), Refusal::Head(HeadError::TooManyHeaders { limit: 64 }));

    let mut limits = HeadLimits::DEFAULT;
    (limits.headers, limits.head) = (7, EXAMPLE.len());
    let (_, request) = server_takes(&mut ServerHandshake::new(limits), EXAMPLE.as_bytes()).unwrap();
    assert!(request.unwrap().upgrade().is_ok());
}

#[test]
fn every_error_of_a_part_of_a_handshake_says_what_was_wrong() {
    let request = Request::new("wss://a.example").unwrap();
    let redirect = |location: &[u8]| request.redirect(location).unwrap_err().to_string();
    let texts = [
        (
            accept_key(b"zzz").unwrap_err().to_string(),
            "invalid Sec-WebSocket-Key \"zzz\": not 16 bytes in base64",
        ),
        (
            Extension::parse_list(b"a b").unwrap_err().to_string(),
            "invalid list of extensions \"a b\"",
        ),
        (redirect(b"/\xFF"), "redirect to a location that is not ASCII"),
        (redirect(b"//"), "redirect to an invalid URI: invalid host \"\""),
        (redirect(b"http://a.example"), "redirect from TLS to a connection without"),
    ];
    for (found, expected) in texts {
        assert_eq!(found, expected);
    }
}
