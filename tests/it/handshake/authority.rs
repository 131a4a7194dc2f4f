//! One grammar of `host [":" port]`, RFC 3986 §3.2, in its three places: the Host header and the
//! absolute target that a server receives, and the URI that a client connects to.

use sansock::handshake::client::{InvalidUri, Request};
use sansock::handshake::server::Refusal;

use super::server::{EXAMPLE, refusal, request};

/// What is sent, and the host and port that a client connects to. The default port is 80.
const VALID: &[(&str, &str, u16)] = &[
    // Registered names, RFC 3986 §3.2.2: unreserved, sub-delims, percent-encoded.
    ("a", "a", 80),
    ("Server-1.Example_~.", "Server-1.Example_~.", 80),
    ("!$&'()*+,;=", "!$&'()*+,;=", 80),
    ("%41%c3%A9.example", "%41%c3%A9.example", 80),
    // IPv4 addresses. What is not quite one is a name.
    ("127.0.0.1:9001", "127.0.0.1", 9001),
    ("127.0.0.256", "127.0.0.256", 80),
    // Ports, RFC 3986 §3.2.3: any number of digits, even none.
    ("a:", "a", 80),
    ("a:0", "a", 0),
    ("a:0080", "a", 80),
    ("a:000000000000000000008080", "a", 8080),
    ("a:65535", "a", 65535),
    // IPv6 addresses
    ("[::1]", "::1", 80),
    ("[::]:", "::", 80),
    ("[2001:DB8::1]:8443", "2001:DB8::1", 8443),
    ("[::ffff:192.0.2.1]", "::ffff:192.0.2.1", 80),
    ("[1:2:3:4:5:6:7::]", "1:2:3:4:5:6:7::", 80),
    // IPvFuture: a client keeps the brackets, because without them it would be a name.
    ("[v1.fe80::a+en1]:81", "[v1.fe80::a+en1]", 81),
    ("[VaF.~]", "[VaF.~]", 80),
];

/// What is sent, and the error that a client returns.
const INVALID: &[(&str, &str)] = &[
    ("", "invalid host \"\""),
    (":", "invalid host \":\""),
    (":80", "invalid host \":80\""),
    ("::", "invalid host \"::\""),
    ("::1", "invalid host \"::1\""),
    // Ports
    ("a:b", "invalid port \"b\""),
    ("a:80:80", "invalid port \"80:80\""),
    ("a:+80", "invalid port \"+80\""),
    ("a:-1", "invalid port \"-1\""),
    ("a:0x50", "invalid port \"0x50\""),
    ("a:65536", "invalid port \"65536\""),
    ("a:99999999", "invalid port \"99999999\""),
    ("[::1]:b", "invalid port \"b\""),
    // Percent-encoding, RFC 3986 §2.1
    ("%zz", "invalid host \"%zz\""),
    ("a%", "invalid host \"a%\""),
    ("a%4", "invalid host \"a%4\""),
    ("%4g", "invalid host \"%4g\""),
    ("%%41", "invalid host \"%%41\""),
    // Bytes that are invalid in names
    ("a<b", "invalid host \"a<b\""),
    ("a>b", "invalid host \"a>b\""),
    ("a\"b", "invalid host \"a\\\"b\""),
    ("a\\b", "invalid host \"a\\\\b\""),
    ("a^b", "invalid host \"a^b\""),
    ("a`b", "invalid host \"a`b\""),
    ("a{b}", "invalid host \"a{b}\""),
    ("a|b", "invalid host \"a|b\""),
    ("a[b", "invalid host \"a[b\""),
    ("a]", "invalid host \"a]\""),
    // Brackets
    ("[", "invalid host \"[\""),
    ("]", "invalid host \"]\""),
    ("[]", "invalid host \"[]\""),
    ("[]:80", "invalid host \"[]:80\""),
    ("[::1", "invalid host \"[::1\""),
    ("[::1:80", "invalid host \"[::1:80\""),
    ("[::1]80", "invalid host \"[::1]80\""),
    ("[::1]]", "invalid host \"[::1]]\""),
    ("[[::1]]", "invalid host \"[[::1]]\""),
    ("a[::1]", "invalid host \"a[::1]\""),
    // IPv6 addresses, without zone identifiers (RFC 6874 §4)
    ("[a]", "invalid host \"[a]\""),
    ("[127.0.0.1]", "invalid host \"[127.0.0.1]\""),
    ("[1:2:3:4:5:6:7]", "invalid host \"[1:2:3:4:5:6:7]\""),
    ("[1:2:3:4:5:6:7:8:9]", "invalid host \"[1:2:3:4:5:6:7:8:9]\""),
    ("[1::2::3]", "invalid host \"[1::2::3]\""),
    ("[12345::]", "invalid host \"[12345::]\""),
    ("[fe80::1%25en0]", "invalid host \"[fe80::1%25en0]\""),
    ("[fe80::1%en0]", "invalid host \"[fe80::1%en0]\""),
    // IPvFuture
    ("[v1]", "invalid host \"[v1]\""),
    ("[v1.]", "invalid host \"[v1.]\""),
    ("[v.a]", "invalid host \"[v.a]\""),
    ("[vg.a]", "invalid host \"[vg.a]\""),
    ("[v1.%41]", "invalid host \"[v1.%41]\""),
    // User information, RFC 9110 §4.2.4
    ("user@a", "user information is not allowed in a WebSocket URI"),
    ("user:pass@a:80", "user information is not allowed in a WebSocket URI"),
    ("@a", "user information is not allowed in a WebSocket URI"),
    ("a@", "user information is not allowed in a WebSocket URI"),
];

fn with_host(authority: &str) -> String {
    EXAMPLE.replacen("server.example.com", authority, 1)
}

fn with_target(authority: &str) -> String {
    EXAMPLE.replacen("/chat", &format!("http://{authority}/chat"), 1)
}

#[test]
fn a_host_by_the_grammar_is_taken_at_every_door() {
    for &(authority, host, port) in VALID {
        for head in [with_host(authority), with_target(authority)] {
            let request = request(&head).unwrap();
            assert_eq!(request.upgrade().map(drop), Ok(()), "{authority}");
            assert_eq!(request.host(), Some(authority.as_bytes()));
        }
        let request = Request::new(&format!("ws://{authority}/")).unwrap();
        assert_eq!((request.host(), request.port()), (host, port), "{authority}");
        // A server accepts what a client makes of it, and reads the same host and port.
        let (head, _) = request.start([0; 16]);
        let head = String::from_utf8(head).unwrap();
        let received = super::server::request(&head).unwrap();
        assert!(received.upgrade().is_ok(), "{head}");
        let sent = String::from_utf8(received.host().unwrap().to_vec()).unwrap();
        let again = Request::new(&format!("ws://{sent}/")).unwrap();
        assert_eq!((again.host(), again.port()), (host, port), "{sent}");
    }
}

#[test]
fn a_malformed_host_is_refused_at_every_door() {
    for &(authority, why) in INVALID {
        let error = Request::new(&format!("ws://{authority}/")).unwrap_err();
        assert_eq!(error.to_string(), why, "{authority}");
        let refusal = refusal(&with_host(authority));
        assert_eq!(refusal.status(), 400, "{authority}: {refusal}");
        assert!(refusal.to_string().contains("Host header"), "{authority}: {refusal}");
        let refusal = super::server::refusal(&with_target(authority));
        assert_eq!(refusal.status(), 400, "{authority}: {refusal}");
        assert!(matches!(refusal, Refusal::Target { .. } | Refusal::Head(_)), "{authority}");
    }
    let error = Request::new("ws://user@a/").unwrap_err();
    assert_eq!(error, InvalidUri::UserInfo);
}
