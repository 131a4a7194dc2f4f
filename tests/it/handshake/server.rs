//! The server's side, RFC 6455 §4.2.

use super::feed::server_takes;
use sansock::handshake::BuildError;
use sansock::handshake::server::{Refusal, RequestHead, Response, ServerHandshake};
use sansock::{Config, Connection};

use super::feed;

/// RFC 6455 §1.3, verbatim.
pub(crate) const EXAMPLE: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Origin: http://example.com\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Version: 13\r\n\
    \r\n";

pub(crate) fn request(head: &str) -> Result<RequestHead, Refusal> {
    let (taken, request) = feed::server(head.as_bytes())?;
    assert_eq!(taken, head.len());
    Ok(request.unwrap())
}

pub(crate) fn refusal(head: &str) -> Refusal {
    request(head).and_then(|request| request.upgrade().map(drop)).unwrap_err()
}

pub(crate) fn text(response: Vec<u8>) -> String {
    String::from_utf8(response).unwrap()
}

#[test]
fn the_example_of_the_rfc_is_accepted() {
    let request = request(EXAMPLE).unwrap();
    assert_eq!((request.method(), request.target(), request.minor_version()), ("GET", "/chat", 1));
    assert_eq!(request.host(), Some(&b"server.example.com"[..]));
    assert_eq!(request.origin(), Some(&b"http://example.com"[..]));
    assert_eq!(request.headers().iter().count(), 7);
    let upgrade = request.upgrade().unwrap();
    assert_eq!(upgrade.subprotocols().collect::<Vec<_>>(), ["chat", "superchat"]);
    let (response, negotiated) = upgrade.subprotocol("chat").unwrap().accept();
    assert_eq!(negotiated.subprotocol(), Some("chat"));
    assert_eq!(
        text(response),
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         Sec-WebSocket-Protocol: chat\r\n\
         \r\n"
    );
}

/// The name, a text of the example, and its replacement.
pub(crate) const ACCEPTED: &[(&str, &str, &str)] = &[
    ("Connection with a token in a list", "Connection: Upgrade", "Connection: keep-alive, Upgrade"),
    (
        "Connection in two lines, one list",
        "Connection: Upgrade",
        "Connection: a\r\nConnection: upgrade",
    ),
    ("Upgrade in any case", "Upgrade: websocket", "uPGRADE:WebSocket"),
    ("Upgrade among others", "Upgrade: websocket", "Upgrade: h2c, websocket"),
    ("pad bits that are not zero", "dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC=="),
    ("unknown header", "Host", "X-Anything: \u{ff}\t!\r\nHost"),
    (
        "another order",
        "Upgrade: websocket\r\nConnection: Upgrade",
        "Connection: Upgrade\r\nUpgrade: websocket",
    ),
    ("no white space, and much", "Host: server.example.com", "Host:\t  a:80 \t"),
    ("absolute form", "/chat", "http://server.example.com/chat"),
    ("absolute form, no path", "/chat", "HTTPS://server.example.com:443?x"),
    ("query", "/chat", "/chat?a=b&c=%20|^"),
    ("IPv6 host", "server.example.com", "[::1]:8080"),
    ("empty list elements", "chat, superchat", ",, chat ,superchat,"),
    ("25-byte subprotocol", "superchat", "abcdefghijklmnopqrstuvwxy"),
    ("no origin", "Origin: http://example.com\r\n", ""),
    ("no body", "Origin", "Content-Length: 0\r\nOrigin"),
    (
        "extensions in two lines, one list",
        "Origin",
        "Sec-WebSocket-Extensions: a; b=\"c\\d\" ;e\r\nsec-websocket-extensions:\r\nOrigin",
    ),
];

#[test]
fn requests_that_are_opening_handshakes() {
    for &(name, from, to) in ACCEPTED {
        let head = EXAMPLE.replacen(from, to, 1);
        assert_ne!(head, EXAMPLE, "{name}");
        let result = request(&head).and_then(|request| request.upgrade().map(drop));
        assert_eq!(result, Ok(()), "{name}");
    }
}

#[test]
fn only_an_offered_subprotocol_can_be_chosen() {
    let request = request(EXAMPLE).unwrap();
    for name in ["Chat", "cha", "chat2", "chat, superchat", "", "x\r\ny"] {
        let result = request.upgrade().unwrap().subprotocol(name).map(drop);
        assert!(matches!(result, Err(BuildError::UnofferedSubprotocol { .. })), "{name}");
    }
    let error = request.upgrade().unwrap().subprotocol("Chat").unwrap_err();
    assert_eq!(error.to_string(), "subprotocol \"Chat\" was not offered");
    for (supported, chosen) in [
        (&["x", "superchat", "chat"][..], Some("superchat")),
        (&["chat"], Some("chat")),
        (&["x"], None),
        (&[], None),
    ] {
        let upgrade = request.upgrade().unwrap().select_subprotocol(supported);
        let (response, negotiated) = upgrade.accept();
        assert_eq!(negotiated.subprotocol(), chosen);
        let line = chosen.map(|name| format!("\r\nSec-WebSocket-Protocol: {name}\r\n"));
        let response = text(response);
        assert_eq!(response.contains("Protocol:"), line.is_some());
        assert!(response.contains(&line.unwrap_or_default()));
    }
}

#[test]
fn no_extension_is_agreed_to_unasked() {
    let head = EXAMPLE.replace("Origin", "Sec-WebSocket-Extensions: permessage-deflate\r\nOrigin");
    let (response, negotiated) = request(&head).unwrap().upgrade().unwrap().accept();
    assert!(!text(response).to_lowercase().contains("extensions"));
    assert_eq!(negotiated.extensions(), None);
    assert!(Connection::from_negotiated(Config::server(), &negotiated).is_ok());
}

/// A relay: its server has agreed to an extension that the client offers.
#[test]
fn only_offered_extensions_can_be_agreed_to() {
    let offers = "Sec-WebSocket-Extensions: a; b=\"c\"\r\nsec-websocket-extensions: d\r\nOrigin";
    let request = request(&EXAMPLE.replace("Origin", offers)).unwrap();
    let upgrade = || request.upgrade().unwrap();
    assert_eq!(upgrade().offered_extensions().as_deref(), Some("a; b=\"c\", d"));

    let (response, negotiated) = upgrade().extensions("d, a; e=f").unwrap().accept();
    assert!(text(response).contains("\r\nSec-WebSocket-Extensions: d, a; e=f\r\n"));
    assert_eq!(negotiated.extensions(), Some("d, a; e=f"));
    assert!(Connection::from_negotiated(Config::server(), &negotiated).is_err());

    for extensions in ["", "d;", "d\r\nX: y", "d\r\n, d", "d, a; e=\"f"] {
        let error = upgrade().extensions(extensions).unwrap_err();
        assert!(matches!(error, BuildError::Extensions { .. }), "{extensions}");
    }
    let error = upgrade().extensions("d, D").unwrap_err();
    assert_eq!(error.to_string(), "extension \"D\" was not offered");
}

#[test]
fn a_refused_origin_is_answered_403() {
    let response = Response::new(403).unwrap().encode();
    assert_eq!(
        text(response),
        "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn the_host_is_that_of_an_absolute_target() {
    let head = EXAMPLE.replacen("/chat", "http://other.example:8080/chat", 1);
    let request = request(&head).unwrap();
    assert_eq!(request.target(), "http://other.example:8080/chat");
    assert_eq!(request.host(), Some(&b"other.example:8080"[..]));
    assert_eq!(request.headers().first("host"), Some(&b"server.example.com"[..]));
}

#[test]
fn a_target_has_a_path_and_may_have_a_query() {
    // RFC 9112 §3.2.1 and §3.2.2
    for (target, path, query) in [
        ("/", "/", None),
        ("/chat", "/chat", None),
        ("/a/b?c=/d?e", "/a/b", Some("c=/d?e")),
        ("/?", "/", Some("")),
        ("http://a", "/", None),
        ("http://a?b", "/", Some("b")),
        ("http://a:80/b?http://c/d", "/b", Some("http://c/d")),
    ] {
        let request = request(&EXAMPLE.replacen("/chat", target, 1)).unwrap();
        assert_eq!((request.path(), request.query()), (path, query), "{target}");
    }
}

#[test]
fn a_plain_request_is_for_the_application() {
    let head = "GET /page?a HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(refusal(head), Refusal::NotUpgrade);
    assert_eq!(request(head).unwrap().target(), "/page?a");
    let post = request("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\n").unwrap();
    assert_eq!((post.method(), post.minor_version(), post.host()), ("POST", 0, None));
    let page = Response::new(200).unwrap().header("Content-Type", "text/html").unwrap();
    assert_eq!(
        text(page.body("<p>").encode()),
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\
         Content-Length: 3\r\n\r\n<p>"
    );
}

/// RFC 9110 §9.3.2 and §8.6: the length is that of the response to a GET, or it is left out.
#[test]
fn an_answer_to_head_states_the_length_and_has_no_content() {
    let request = request("HEAD /page HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(request.method(), "HEAD");
    let page = Response::new(200).unwrap().header("Content-Type", "text/html").unwrap();
    let expected = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\
         Content-Length: 3\r\n\r\n";
    assert_eq!(text(page.clone().body("<p>").without_content().encode()), expected);
    assert_eq!(text(page.clone().without_content().body("<p>").encode()), expected);
    assert_eq!(
        text(page.without_content().encode()),
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
    );
    for status in [204, 304] {
        let response = Response::new(status).unwrap().body("x").without_content().encode();
        assert!(text(response).ends_with("\r\nConnection: close\r\n\r\n"));
    }
}

#[test]
fn the_application_cannot_break_a_response() {
    for status in [0, 99, 100, 101, 199, 600, 1000, u16::MAX] {
        assert_eq!(Response::new(status), Err(BuildError::Status { status }));
    }
    assert_eq!(BuildError::Status { status: 101 }.to_string(), "invalid status code 101");
    let response = Response::new(200).unwrap();
    for (name, value) in [
        ("A", "b\r\nC: d"),
        ("A", "\n"),
        ("A", "\0"),
        ("A:", ""),
        ("A\r\nB", ""),
        ("Upgrade", "h2c"),
    ] {
        assert!(response.clone().header(name, value).is_err(), "{name:?} {value:?}");
        let request = request(EXAMPLE).unwrap();
        assert!(request.upgrade().unwrap().header(name, value).is_err(), "{name:?} {value:?}");
    }
    let empty = text(Response::new(204).unwrap().body("x").encode());
    assert_eq!(empty, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

#[test]
fn every_byte_at_every_place_gives_a_request_or_a_refusal() {
    for place in 0..EXAMPLE.len() {
        for byte in 0..=u8::MAX {
            let mut head = EXAMPLE.as_bytes().to_vec();
            head[place] = byte;
            let mut handshake = ServerHandshake::default();
            match server_takes(&mut handshake, &head) {
                Ok((_, Some(request))) => match request.upgrade() {
                    Ok(upgrade) => assert!(upgrade.accept().0.ends_with(b"\r\n\r\n")),
                    Err(refusal) => assert!(!refusal.response().encode().is_empty()),
                },
                Ok((taken, None)) => assert_eq!(taken, head.len()),
                Err(refusal) => assert!(!refusal.to_string().is_empty()),
            }
        }
    }
}

#[test]
fn debug_shows_no_secrets() {
    let head = EXAMPLE.replacen("/chat", "/chat?token=secret", 1);
    let head = head.replacen("Origin: http://example.com", "Cookie: secret", 1);
    let request = request(&head).unwrap();
    assert!(!format!("{request:?}").contains("secret"));
    assert!(!format!("{:?}", request.upgrade().unwrap()).contains("secret"));
}

/// RFC 9110 §15, RFC 6585 §4 and §5.
const REASONS: &[(u16, &str)] = &[
    (200, "OK"),
    (204, "No Content"),
    (301, "Moved Permanently"),
    (302, "Found"),
    (303, "See Other"),
    (304, "Not Modified"),
    (307, "Temporary Redirect"),
    (308, "Permanent Redirect"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (408, "Request Timeout"),
    (426, "Upgrade Required"),
    (429, "Too Many Requests"),
    (431, "Request Header Fields Too Large"),
    (500, "Internal Server Error"),
    (503, "Service Unavailable"),
    (505, "HTTP Version Not Supported"),
];

#[test]
fn a_status_line_has_the_phrase_of_its_status_or_none() {
    for status in 200..600 {
        let phrase = REASONS.iter().find(|reason| reason.0 == status).map_or("", |reason| reason.1);
        let response = text(Response::new(status).unwrap().encode());
        assert_eq!(response.lines().next(), Some(&*format!("HTTP/1.1 {status} {phrase}")));
    }
}
