//! The client's side, RFC 6455 §4.1.

use super::feed::client_takes;
use sansock::handshake::client::{InvalidResponse, Outcome, Request, ResponseHead};
use sansock::handshake::{BuildError, HeadError, HeadLimits};
use sansock::{Config, Connection};

use super::feed;

/// RFC 6455 §1.3, verbatim. Its key is made of the nonce that `feed::client` uses.
pub(crate) const EXAMPLE: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    Sec-WebSocket-Protocol: chat\r\n\
    \r\n";

pub(crate) fn offering(subprotocols: &[&str]) -> Request {
    subprotocols
        .iter()
        .try_fold(Request::new("ws://example.com/").unwrap(), |request, name| {
            request.subprotocol(name)
        })
        .unwrap()
}

fn outcome(head: &str) -> Result<Outcome, InvalidResponse> {
    let request = offering(&["superchat", "chat"]);
    let (taken, outcome) = feed::client(&request, head.as_bytes())?;
    assert_eq!(taken, head.len());
    Ok(outcome.unwrap())
}

fn http(head: &str) -> ResponseHead {
    match outcome(head).unwrap() {
        Outcome::Http(response) => response,
        Outcome::Established { .. } => panic!("established"),
    }
}

#[test]
fn the_example_of_the_rfc_is_established() {
    let Outcome::Established { negotiated, response, .. } = outcome(EXAMPLE).unwrap() else {
        panic!("not established");
    };
    assert_eq!(negotiated.subprotocol(), Some("chat"));
    assert_eq!((response.status(), response.reason()), (101, "Switching Protocols"));
    assert_eq!(response.headers().iter().count(), 4);
}

#[test]
fn responses_that_establish() {
    let cases = [
        ("Upgrade in any case", "Upgrade: websocket", "upgrade: WEBSOCKET"),
        (
            "Connection with a token in a list",
            "Connection: Upgrade",
            "Connection: keep-alive, Upgrade",
        ),
        (
            "Connection in two lines, one list",
            "Connection: Upgrade",
            "Connection: a\r\nconnection: upgrade",
        ),
        (
            "Accept with white space around it",
            "Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "Accept:\t s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\t ",
        ),
        ("no subprotocol in use", "Sec-WebSocket-Protocol: chat\r\n", ""),
        ("another subprotocol of the offer", ": chat", ": superchat"),
        ("no reason phrase", " Switching Protocols", ""),
        ("empty reason phrase", "Switching Protocols", ""),
        ("reason that is not ASCII", "Switching", "\u{e9}"),
        ("interim response", "HTTP/1.1 101", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101"),
        (
            "interim responses",
            "HTTP/1.1 101",
            "HTTP/1.1 103\r\nA: b\r\n\r\nHTTP/1.0 199 \r\n\r\nHTTP/1.1 101",
        ),
    ];
    for (name, from, to) in cases {
        let head = EXAMPLE.replacen(from, to, 1);
        assert_ne!(head, EXAMPLE, "{name}");
        assert!(matches!(outcome(&head), Ok(Outcome::Established { .. })), "{name}");
    }
}

/// A relay offers the extensions of its client.
#[test]
fn extensions_that_were_offered_are_agreed_to() {
    let offer = "permessage-deflate; client_max_window_bits, x-other; a=\"b\"";
    let request = Request::new("ws://example.com/").unwrap().extensions(offer).unwrap();
    let (head, _) = request.start(*b"the sample nonce");
    let head = String::from_utf8(head).unwrap();
    assert!(head.contains(&format!("\r\nSec-WebSocket-Extensions: {offer}\r\n")), "{head}");

    let example = EXAMPLE.replace("Sec-WebSocket-Protocol: chat\r\n", "");
    let answer = |lines: &str| {
        let head = example.replace("Upgrade: w", &format!("{lines}Upgrade: w"));
        let (_, outcome) = feed::client(&request, head.as_bytes())?;
        let Some(Outcome::Established { negotiated, .. }) = outcome else { panic!("{outcome:?}") };
        Ok::<_, InvalidResponse>(negotiated)
    };
    assert_eq!(answer("").unwrap().extensions(), None);
    let one = "x-other; c";
    let negotiated = answer(&format!("Sec-WebSocket-Extensions: {one}\r\n")).unwrap();
    assert_eq!(negotiated.extensions(), Some(one));
    assert!(Connection::from_negotiated(Config::server(), &negotiated).is_err());
    let two =
        "sec-websocket-extensions: x-other\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
    assert_eq!(answer(two).unwrap().extensions(), Some("x-other, permessage-deflate"));

    let error = answer("Sec-WebSocket-Extensions: x-other, X-Other\r\n").unwrap_err();
    assert_eq!(error.to_string(), "extension \"X-Other\" was not offered");
    for malformed in ["", "a b", "a;", "a; b=\"c"] {
        let error = Request::new("ws://a/").unwrap().extensions(malformed).unwrap_err();
        assert!(matches!(error, BuildError::Extensions { .. }), "{malformed}");
    }
}

/// The name, a text of the example, its replacement, and the text of the error.
pub(crate) const FAILED: &[(&str, &str, &str, &str)] = &[
    // RFC 6455 §4.1, item 2 of the requirements on the response
    ("no Upgrade", "Upgrade: w", "X: w", "missing Upgrade header"),
    ("another Upgrade", ": websocket", ": h2c", "invalid Upgrade header \"h2c\""),
    (
        "Upgrade that is a list",
        ": websocket",
        ": websocket, h2c",
        "invalid Upgrade header \"websocket, h2c\"",
    ),
    ("Upgrade twice", "Connection", "Upgrade: websocket\r\nConnection", "duplicate Upgrade header"),
    // Item 3
    ("no Connection", "Connection: ", "X: ", "missing Connection header"),
    (
        "Connection with a part of a token",
        ": Upgrade",
        ": notupgrade",
        "invalid Connection header \"notupgrade\"",
    ),
    // Item 4
    ("no Accept", "Sec-WebSocket-Accept", "X", "missing Sec-WebSocket-Accept header"),
    (
        "Accept with another end",
        "xOo=",
        "xOp=",
        "invalid Sec-WebSocket-Accept header \"s3pPLMBiTxaQ9kYGzzhZRbK+…\"",
    ),
    (
        "Accept in another case",
        "s3p",
        "S3p",
        "invalid Sec-WebSocket-Accept header \"S3pPLMBiTxaQ9kYGzzhZRbK+…\"",
    ),
    (
        "Accept cut short",
        "xOo=",
        "",
        "invalid Sec-WebSocket-Accept header \"s3pPLMBiTxaQ9kYGzzhZRbK+\"",
    ),
    (
        "Accept with more after it",
        "xOo=",
        "xOo=xOo=xOo=",
        "invalid Sec-WebSocket-Accept header \"s3pPLMBiTxaQ9kYGzzhZRbK+…\"",
    ),
    (
        "empty Accept",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "",
        "invalid Sec-WebSocket-Accept header \"\"",
    ),
    // Item 5
    (
        "an extension",
        "Upgrade: w",
        "Sec-WebSocket-Extensions: permessage-deflate\r\nUpgrade: w",
        "extension \"permessage-deflate\" was not offered",
    ),
    (
        "an empty list of extensions",
        "Upgrade: w",
        "sec-websocket-extensions:\r\nUpgrade: w",
        "invalid Sec-WebSocket-Extensions header \"\"",
    ),
    // RFC 6455 §9.1
    (
        "a list of extensions without a comma",
        "Upgrade: w",
        "Sec-WebSocket-Extensions: a b\r\nUpgrade: w",
        "invalid Sec-WebSocket-Extensions header \"a b\"",
    ),
    // Item 6
    ("subprotocol in another case", ": chat", ": Chat", "subprotocol \"Chat\" was not offered"),
    (
        "two subprotocols",
        ": chat",
        ": chat, superchat",
        "subprotocol \"chat, superchat\" was not offered",
    ),
    ("empty subprotocol", ": chat", ":", "subprotocol \"\" was not offered"),
    (
        "subprotocol of 25 bytes",
        ": chat",
        ": abcdefghijklmnopqrstuvwxy",
        "subprotocol \"abcdefghijklmnopqrstuvwx…\" was not offered",
    ),
    // RFC 6455 §11.3.3 and §11.3.4
    (
        "Accept twice",
        "Connection",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nConnection",
        "duplicate Sec-WebSocket-Accept header",
    ),
    (
        "Protocol twice",
        "Connection",
        "sec-websocket-protocol: chat\r\nConnection",
        "duplicate Sec-WebSocket-Protocol header",
    ),
    // RFC 9112 §2.3 and §4
    ("HTTP/1.0", "HTTP/1.1", "HTTP/1.0", "HTTP/1.0 cannot be upgraded"),
    ("HTTP/1.2", "HTTP/1.1", "HTTP/1.2", "HTTP version is not 1.0 or 1.1"),
    ("HTTP/2", "HTTP/1.1", "HTTP/2", "not an HTTP/1.1 message: unexpected byte 0x32 at offset 5"),
    (
        "another protocol",
        "HTTP",
        "220 mail.example.com",
        "not an HTTP/1.1 message: unexpected byte 0x32 at offset 0",
    ),
    ("TLS", "HTTP", "\x15\x03", "not an HTTP/1.1 message: unexpected byte 0x15 at offset 0"),
    (
        "empty line first",
        "HTTP",
        "\r\nHTTP",
        "not an HTTP/1.1 message: unexpected byte 0x0d at offset 0",
    ),
    ("no status", "101 ", "", "malformed start line"),
    ("four digits", "101 ", "1010 ", "malformed start line"),
    // RFC 9112 §2.2, §5.1 and §5.2, RFC 9110 §5.5
    ("bare LF", "Protocols\r\n", "Protocols\n", "line end without CRLF at offset 32"),
    ("bare CR", ": websocket", ": web\rsocket", "line end without CRLF at offset 47"),
    ("obs-fold", ": websocket", ":\r\n websocket", "folded header line at offset 44"),
    ("space before a colon", "Upgrade:", "Upgrade :", "malformed header line"),
    ("NUL", ": websocket", ": \0websocket", "invalid control character 0x00 at offset 43"),
];

#[test]
fn responses_that_fail() {
    for &(name, from, to, why) in FAILED {
        let head = EXAMPLE.replacen(from, to, 1);
        assert_ne!(head, EXAMPLE, "{name}");
        assert_eq!(outcome(&head).unwrap_err().to_string(), why, "{name}");
    }
}

/// RFC 9110 §8.6 and RFC 9112 §6.1: a 1xx response has neither header.
///
/// Otherwise another reader of the stream may read a body where this one reads frames.
#[test]
fn a_response_of_1xx_that_announces_a_body_fails() {
    let cases = [
        ("Content-Length: 5", "Content-Length"),
        ("content-length: 0", "Content-Length"),
        ("Content-Length:", "Content-Length"),
        ("Transfer-Encoding: chunked", "Transfer-Encoding"),
        ("transfer-encoding: identity", "Transfer-Encoding"),
        ("Content-Length: 0\r\nTransfer-Encoding: chunked", "Transfer-Encoding"),
    ];
    for (line, name) in cases {
        let head = EXAMPLE.replacen("Upgrade: w", &format!("{line}\r\nUpgrade: w"), 1);
        let why = format!("{name} header is not allowed in a 101 response");
        assert_eq!(outcome(&head).unwrap_err().to_string(), why, "{line}");

        let head = format!("HTTP/1.1 103 Early Hints\r\n{line}\r\n\r\n{EXAMPLE}");
        let why = format!("{name} header is not allowed in a 103 response");
        assert_eq!(outcome(&head).unwrap_err().to_string(), why, "{line}");

        let head = format!("HTTP/1.1 403 Forbidden\r\n{line}\r\n\r\n");
        assert_eq!(http(&head).status(), 403, "{line}");
    }
}

#[test]
fn a_subprotocol_is_refused_where_none_was_offered() {
    let error = feed::client(&offering(&[]), EXAMPLE.as_bytes()).unwrap_err();
    assert!(matches!(error, InvalidResponse::UnofferedSubprotocol { .. }));
}

#[test]
fn another_status_is_plain_http() {
    let response = http(
        "HTTP/1.1 401 Who are you\r\n\
         WWW-Authenticate: Basic\r\n\
         Content-Length: 5\r\n\
         A: \u{e9}\r\n\
         \r\n",
    );
    assert_eq!((response.status(), response.reason()), (401, "Who are you"));
    assert_eq!(response.headers().first("www-authenticate"), Some(&b"Basic"[..]));
    assert_eq!(response.minor_version(), 1);

    // A body, even one that looks like frames, is left to the caller: `feed` adds trailing bytes.
    for status in [0, 99, 200, 204, 302, 426, 503, 999] {
        assert_eq!(http(&format!("HTTP/1.0 {status:03}\r\n\r\n")).status(), status);
    }
    // What would be wrong in a 101 is not checked in another response.
    let head = EXAMPLE.replacen("101", "200", 1).replacen("xOo=", "", 1);
    assert_eq!(http(&head).status(), 200);
}

#[test]
fn limits_hold_for_all_heads_together() {
    let limit = 16 * 1024;
    let endless = [b"HTTP/1.1 200 ".to_vec(), vec![b'x'; 1 << 16]].concat();
    let interim = "HTTP/1.1 100\r\n\r\n".repeat(limit);
    let request = offering(&[]);
    for input in [endless, interim.into_bytes()] {
        let (_, mut handshake) = request.start([0; 16]);
        for byte in &input[..limit] {
            assert_eq!(client_takes(&mut handshake, &[*byte]), Ok((1, None)));
        }
        let error = InvalidResponse::Head(HeadError::TooLong { limit });
        assert_eq!(client_takes(&mut handshake, &input[limit..]), Err(error));
        assert_eq!(client_takes(&mut request.start([0; 16]).1, &input), Err(error));
    }

    let mut limits = HeadLimits::DEFAULT;
    (limits.headers, limits.head) = (3, limit);
    let request = request.limits(limits);
    let error = feed::client(&request, EXAMPLE.as_bytes()).unwrap_err();
    assert_eq!(error, InvalidResponse::Head(HeadError::TooManyHeaders { limit: 3 }));
}

#[test]
fn the_request_is_that_of_the_rfc() {
    let request = Request::new("WS://server.example.com/chat").unwrap();
    let request = request.subprotocol("chat").unwrap().subprotocol("superchat").unwrap();
    let (bytes, _) =
        request.header("Origin", "http://example.com").unwrap().start(*b"the sample nonce");
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "GET /chat HTTP/1.1\r\n\
         Host: server.example.com\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: chat, superchat\r\n\
         Origin: http://example.com\r\n\
         \r\n"
    );
}

#[test]
#[cfg(feature = "rand")]
fn nonces_differ() {
    use sansock::handshake::client::nonce;
    assert_ne!(nonce(), nonce());
}

#[test]
fn subprotocols_are_unique_tokens() {
    for name in ["", "a b", "a,b", "a\r\nb", "\u{e9}", "\"a\"", "a/b"] {
        let error = offering(&[]).subprotocol(name).unwrap_err();
        assert!(matches!(error, BuildError::SubprotocolName { .. }), "{name:?}");
    }
    let error = offering(&["chat"]).subprotocol("chat").unwrap_err();
    assert_eq!(error.to_string(), "subprotocol \"chat\" is offered twice");
    assert!(offering(&["chat"]).subprotocol("Chat").is_ok());
    // embedded-websocket panics at 25 bytes.
    let long = "abcdefghijklmnopqrstuvwxy".repeat(100);
    let request = offering(&[&long]);
    let response = EXAMPLE.replacen(": chat", &format!(": {long}"), 1);
    let (_, outcome) = feed::client(&request, response.as_bytes()).unwrap();
    assert!(matches!(outcome, Some(Outcome::Established { .. })));
}

#[test]
fn the_caller_cannot_break_a_request() {
    let cases = [
        ("A", "b\r\nC: d", "invalid byte 0x0d at offset 1 of a header value"),
        ("A", "\n", "invalid byte 0x0a at offset 0 of a header value"),
        ("A", "\0", "invalid byte 0x00 at offset 0 of a header value"),
        ("A b", "", "header name \"A b\" is not a token"),
        ("", "", "header name \"\" is not a token"),
        ("sec-websocket-key", "", "header \"sec-websocket-key\" is reserved for the handshake"),
        ("Host", "a", "header \"Host\" is reserved for the handshake"),
        (
            "Transfer-Encoding",
            "chunked",
            "header \"Transfer-Encoding\" is reserved for the handshake",
        ),
    ];
    for (name, value, why) in cases {
        assert_eq!(offering(&[]).header(name, value).unwrap_err().to_string(), why);
    }
}

#[test]
fn every_byte_at_every_place_gives_an_outcome_or_an_error() {
    let request = offering(&["chat"]);
    for place in 0..EXAMPLE.len() {
        for byte in 0..=u8::MAX {
            let mut head = EXAMPLE.as_bytes().to_vec();
            head[place] = byte;
            let (_, mut handshake) = request.start(*b"the sample nonce");
            if let Err(error) = client_takes(&mut handshake, &head) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

#[test]
fn debug_shows_no_secrets() {
    let request = Request::new("ws://a/?token=secret").unwrap();
    let request = request.header("Authorization", "secret").unwrap();
    assert!(!format!("{request:?}").contains("secret"));
    let response = http("HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\n\r\n");
    assert!(!format!("{response:?}").contains("secret"));
}
