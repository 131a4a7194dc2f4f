//! The opening handshake by Extended CONNECT, RFC 8441 and RFC 9220.

use sansock::handshake::client::{InvalidResponse, Outcome, Request};
use sansock::handshake::connect::{ConnectHead, ConnectRefusal, PseudoFields};
use sansock::handshake::{BuildError, HeadError, HeaderFields};
use sansock::{Config, Connection};

/// RFC 8441 §5.1, verbatim.
pub(super) const EXAMPLE: [(&str, &str); 9] = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "https"),
    (":path", "/chat"),
    (":authority", "server.example.com"),
    ("sec-websocket-protocol", "chat, superchat"),
    ("sec-websocket-extensions", "permessage-deflate"),
    ("sec-websocket-version", "13"),
    ("origin", "http://www.example.com"),
];

/// A head with these fields, as a library passes it on.
fn head(fields: &[(&str, &str)]) -> Result<ConnectHead, HeadError> {
    let pseudo_field = |name| fields.iter().find(|field| field.0 == name).map(|field| field.1);
    let mut pseudo = PseudoFields::default();
    pseudo.method = pseudo_field(":method").unwrap_or_default();
    pseudo.protocol = pseudo_field(":protocol");
    pseudo.scheme = pseudo_field(":scheme");
    pseudo.authority = pseudo_field(":authority");
    pseudo.path = pseudo_field(":path");
    let others = fields.iter().filter(|(name, _)| !name.starts_with(':'));
    ConnectHead::from_parts(pseudo, others.copied())
}

/// The example with this field set, or without it, or with one more.
pub(super) fn example_with(
    name: &'static str,
    value: Option<&'static str>,
) -> Vec<(&'static str, &'static str)> {
    let mut fields = EXAMPLE.to_vec();
    match (fields.iter().position(|field| field.0 == name), value) {
        (Some(at), Some(value)) => fields[at].1 = value,
        (Some(at), None) => drop(fields.remove(at)),
        (None, Some(value)) => fields.push((name, value)),
        (None, None) => {}
    }
    fields
}

pub(super) fn refusal(fields: &[(&str, &str)]) -> ConnectRefusal {
    match head(fields) {
        Ok(head) => head.upgrade().map(drop).unwrap_err(),
        Err(error) => error.into(),
    }
}

pub(super) fn pairs(fields: &HeaderFields) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name, std::str::from_utf8(value).unwrap())).collect()
}

#[test]
fn the_example_of_the_rfc_is_accepted() {
    let head = head(&EXAMPLE).unwrap();
    assert_eq!(head.origin(), Some(&b"http://www.example.com"[..]));
    assert_eq!(head.pseudo_fields().path, Some("/chat"));
    let upgrade = head.upgrade().unwrap();
    assert_eq!(upgrade.subprotocols().collect::<Vec<_>>(), ["chat", "superchat"]);
    assert_eq!(upgrade.offered_extensions().as_deref(), Some("permessage-deflate"));
    let (fields, negotiated) = upgrade.subprotocol("chat").unwrap().accept_fields();
    assert_eq!(pairs(&fields), [("sec-websocket-protocol", "chat")]);
    assert_eq!(negotiated.subprotocol(), Some("chat"));
    assert!(Connection::from_negotiated(Config::server(), &negotiated).is_ok());
}

#[test]
fn requests_that_are_opening_handshakes() {
    for (name, value) in [
        (":scheme", Some("http")),
        (":path", Some("/?a=b|^")),
        (":authority", Some("[::1]:8080")),
        (":protocol", Some("WebSocket")),
        ("origin", None),
        ("sec-websocket-protocol", None),
        ("sec-websocket-extensions", None),
        ("host", Some("SERVER.example.com")),
        // RFC 8441 §5: their processing is superseded.
        ("sec-websocket-key", Some("x")),
        ("cookie", Some("a=b")),
    ] {
        let fields = example_with(name, value);
        let head = head(&fields).unwrap();
        assert!(head.upgrade().is_ok(), "{name}: {value:?}");
    }
}

/// A field of the example and another value, and the status and the reason of the refusal.
pub(super) type Refused = (&'static str, Option<&'static str>, u16, &'static str);

/// Requests that are no opening handshakes.
pub(super) const REFUSED: &[Refused] = &[
    (":method", Some("GET"), 405, "method \"GET\" is not CONNECT"),
    (":method", Some("connect"), 405, "method \"connect\" is not CONNECT"),
    (":protocol", None, 405, "CONNECT without :protocol"),
    // RFC 9220 §3
    (":protocol", Some("connect-udp"), 501, "protocol \"connect-udp\" is not websocket"),
    (":protocol", Some(""), 501, "protocol \"\" is not websocket"),
    // RFC 8441 §4 and §5
    (":scheme", None, 400, "missing or invalid :scheme"),
    (":scheme", Some("wss"), 400, "missing or invalid :scheme"),
    (":authority", None, 400, "missing or invalid :authority"),
    (":authority", Some(""), 400, "missing or invalid :authority"),
    (":authority", Some("me@a"), 400, "missing or invalid :authority"),
    (":path", None, 400, "missing or invalid :path"),
    (":path", Some(""), 400, "missing or invalid :path"),
    (":path", Some("*"), 400, "missing or invalid :path"),
    (":path", Some("/#a"), 400, "missing or invalid :path"),
    (":path", Some("/a b"), 400, "missing or invalid :path"),
    // RFC 9113 §8.3.1
    ("host", Some("other.example"), 400, "invalid Host header \"other.example\""),
    // RFC 9113 §8.2.2
    ("connection", Some("Upgrade"), 400, "Connection header is not allowed in an Extended CONNECT"),
    ("upgrade", Some("websocket"), 400, "Upgrade header is not allowed in an Extended CONNECT"),
    ("keep-alive", Some("5"), 400, "Keep-Alive header is not allowed in an Extended CONNECT"),
    (
        "transfer-encoding",
        Some("chunked"),
        400,
        "Transfer-Encoding header is not allowed in an Extended CONNECT",
    ),
    (
        "content-length",
        Some("0"),
        400,
        "Content-Length header is not allowed in an Extended CONNECT",
    ),
    // RFC 9113 §8.2.1
    ("Origin", Some("http://a"), 400, "malformed header line"),
    ("a b", Some(""), 400, "malformed header line"),
    ("a", Some("b\r\nc: d"), 400, "malformed header line"),
    // RFC 6455 §4.2.1 and §9.1
    ("sec-websocket-version", None, 400, "missing Sec-WebSocket-Version header"),
    ("sec-websocket-version", Some("8"), 400, "WebSocket version \"8\" is not 13"),
    ("sec-websocket-protocol", Some("a b"), 400, "invalid Sec-WebSocket-Protocol header \"a b\""),
    ("sec-websocket-extensions", Some("a;"), 400, "invalid Sec-WebSocket-Extensions header \"a;\""),
];

#[test]
fn requests_that_are_refused() {
    for &(name, value, status, why) in REFUSED {
        let refusal = refusal(&example_with(name, value));
        assert_eq!((refusal.status(), &*refusal.content()), (status, why), "{name}: {value:?}");
        let fields = refusal.fields();
        let has = |name| fields.iter().any(|field| field.0 == name);
        assert_eq!(has("allow"), status == 405);
        assert_eq!(has("sec-websocket-version"), why.contains("is not 13"));
        assert!(fields.iter().all(|(name, _)| name == name.to_ascii_lowercase()));
    }
    for twice in ["origin", "sec-websocket-version"] {
        let fields = [&EXAMPLE[..], &[(twice, "13")]].concat();
        assert!(refusal(&fields).to_string().starts_with("duplicate "), "{twice}");
    }
}

#[test]
fn a_client_asks_as_the_rfc_does() {
    let request = Request::new("wss://server.example.com/chat").unwrap();
    let request = request.subprotocol("chat").unwrap().subprotocol("superchat").unwrap();
    let request = request.extensions("permessage-deflate").unwrap();
    let request = request.header("Origin", "http://www.example.com").unwrap();
    let (pseudo, fields, _) = request.start_connect();
    let mut sent = vec![
        (":method", pseudo.method),
        (":protocol", pseudo.protocol.unwrap()),
        (":scheme", pseudo.scheme.unwrap()),
        (":path", pseudo.path.unwrap()),
        (":authority", pseudo.authority.unwrap()),
    ];
    sent.extend(pairs(&fields));
    // The order of the fields is free.
    let mut expected = EXAMPLE.to_vec();
    sent.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sent, expected);

    let request = Request::new("ws://a:81").unwrap();
    let (pseudo, ..) = request.start_connect();
    assert_eq!((pseudo.scheme, pseudo.authority), (Some("http"), Some("a:81")));
    assert_eq!(pseudo.path, Some("/"));
}

fn answered(status: u16, fields: &[(&str, &str)]) -> Result<Outcome, InvalidResponse> {
    let request = Request::new("wss://a/").unwrap().subprotocol("chat").unwrap();
    let (_, _, handshake) = request.start_connect();
    handshake.receive_head(status, fields.iter().copied())
}

#[test]
fn a_client_judges_what_the_server_has_chosen() {
    for (status, fields, subprotocol) in [
        (200, &[][..], None),
        (200, &[("sec-websocket-protocol", "chat")], Some("chat")),
        (299, &[("sec-websocket-accept", "x")], None),
    ] {
        let Ok(Outcome::Established { negotiated, .. }) = answered(status, fields) else {
            panic!("{status} accepts")
        };
        assert_eq!(negotiated.subprotocol(), subprotocol);
    }
    for status in [100, 101, 302, 401, 501] {
        assert!(matches!(answered(status, &[]), Ok(Outcome::Http(_))), "{status}");
    }
    for (fields, why) in [
        (&[("sec-websocket-protocol", "other")][..], "subprotocol \"other\" was not offered"),
        (
            &[("sec-websocket-protocol", "chat"), ("sec-websocket-protocol", "chat")],
            "duplicate Sec-WebSocket-Protocol header",
        ),
        (&[("sec-websocket-extensions", "a")], "extension \"a\" was not offered"),
        (&[("sec-websocket-extensions", ";")], "invalid Sec-WebSocket-Extensions header \";\""),
        (&[("a b", "")], "malformed header line"),
    ] {
        assert_eq!(answered(200, fields).unwrap_err().to_string(), why);
    }
}

#[test]
fn a_server_agrees_only_to_what_was_offered() {
    let head = head(&EXAMPLE).unwrap();
    let upgrade = || head.upgrade().unwrap();
    let unoffered = upgrade().subprotocol("other").map(drop);
    assert!(matches!(unoffered, Err(BuildError::UnofferedSubprotocol { .. })));
    let unoffered = upgrade().extensions("other").map(drop);
    assert!(matches!(unoffered, Err(BuildError::UnofferedExtension { .. })));
    let (fields, _) = upgrade().header("Server", "mine").unwrap().accept_fields();
    assert_eq!(pairs(&fields), [("server", "mine")]);
}

/// Values of a field, or `None` for no field, each with whether an opening handshake may have it.
type Values = &'static [(Option<&'static str>, bool)];

const VALUES: [(&str, Values); 9] = [
    (":method", &[(Some("CONNECT"), true), (Some("GET"), false), (Some("connect"), false)]),
    (
        ":protocol",
        &[
            (Some("websocket"), true),
            (Some("WebSocket"), true),
            (Some("websockets"), false),
            (None, false),
        ],
    ),
    (
        ":scheme",
        &[(Some("https"), true), (Some("http"), true), (Some("wss"), false), (None, false)],
    ),
    (
        ":authority",
        &[
            (Some("server.example.com"), true),
            (Some("[::1]:80"), true),
            (Some("a@b"), false),
            (None, false),
        ],
    ),
    (
        ":path",
        &[
            (Some("/"), true),
            (Some("/a?b"), true),
            (Some("a"), false),
            (Some(""), false),
            (None, false),
        ],
    ),
    ("sec-websocket-version", &[(Some("13"), true), (Some("8"), false), (None, false)]),
    (
        "sec-websocket-protocol",
        &[(Some("chat"), true), (None, true), (Some("a b"), false), (Some(""), false)],
    ),
    ("sec-websocket-extensions", &[(Some("a; b=1"), true), (None, true), (Some("a; b="), false)]),
    ("upgrade", &[(None, true), (Some("websocket"), false)]),
];

#[test]
fn a_request_is_accepted_if_each_of_its_fields_may_be() {
    let combinations = VALUES.iter().map(|(_, values)| values.len()).product();
    let mut accepted = 0;
    for combination in 0..combinations {
        let (mut rest, mut fields, mut is_valid) = (combination, Vec::new(), true);
        for (name, values) in VALUES {
            let (value, may_be) = values[rest % values.len()];
            rest /= values.len();
            fields.extend(value.map(|value| (name, value)));
            is_valid &= may_be;
        }
        let is_accepted = head(&fields).is_ok_and(|head| head.upgrade().is_ok());
        assert_eq!(is_accepted, is_valid, "{fields:?}");
        accepted += usize::from(is_accepted);
    }
    assert_eq!(accepted, 2 * 2 * 2 * 2 * 2 * 2);
}
