//! The response that refuses a client, and where its body ends.

use sansock::endpoint::{Endpoint, Event};
use sansock::handshake::client::Request;
use sansock::{Input, Role, SendError, TransportAction};

use super::{NONCE, Told, at, client, every_way, run, settings, told, written};

/// A response's head lines and body, and what of the body is delivered, and whether that is all.
const REFUSALS: &[(&str, &str, &str, bool)] = &[
    ("Content-Length: 5\r\n", "Hello, and more", "Hello", true),
    ("Content-Length: 0\r\n", "", "", true),
    ("Transfer-Encoding: chunked\r\n", "5\r\nHello\r\n0\r\n\r\nmore", "Hello", true),
    (
        "Transfer-Encoding: gzip, chunked\r\n",
        "5;a=b\r\nHello\r\n1\r\n!\r\n0\r\na: b\r\n\r\n",
        "Hello!",
        true,
    ),
    (
        "Transfer-Encoding: chunked\r\n",
        "a\r\nHelloHello\r\n5\r\nHello\r\n000\r\n\r\n",
        "HelloHelloHello",
        true,
    ),
    ("Transfer-Encoding: chunked\r\n", "x\r\n", "", false),
    ("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n", "", false),
    ("Transfer-Encoding: chunked\r\n", "5\r\nHello!", "Hello", false),
    ("Content-Length: 21\r\n", "12345678901234567890!", "12345678901234567890", false),
];

#[test]
fn a_refused_client_delivers_the_response_with_its_body() {
    let start = || {
        let mut settings = settings(Role::Client);
        settings.refusal_body = 20;
        let request = Request::new("ws://a.example/").unwrap();
        Endpoint::client(&settings, &request, NONCE, at(0)).unwrap()
    };
    for &(line, sent, body, is_complete) in REFUSALS {
        let stream = format!("HTTP/1.1 401 Unauthorized\r\n{line}\r\n{sent}");
        let (all, mut endpoint) = every_way(start, stream.as_bytes());
        assert_eq!(all, [Told::Refused(401, body.into(), is_complete)], "{stream}");
        assert_eq!(endpoint.send_text("no"), Err(SendError::Closing));
        written(&mut endpoint);
        assert_eq!(endpoint.transport_action(), TransportAction::Disconnect);
    }
    // No length, or more than one: what there is, and no promise that it is all.
    for lengths in ["+5", "5, 5", "-1", "99999999999999999999", "5\r\nContent-Length: 6"] {
        let head = format!("HTTP/1.1 401 No\r\nContent-Length: {lengths}\r\n\r\n");
        let (_, mut endpoint) = every_way(start, format!("{head}Hello").as_bytes());
        let Ok(Some(Event::Refused(response))) = endpoint.receive_eof() else { panic!("{head}") };
        assert_eq!((&response.body[..], response.is_complete), (&b"Hello"[..], false), "{head}");
    }
    let (_, mut endpoint) =
        run(start(), &[b"HTTP/1.1 401\r\nTransfer-Encoding: chunked\r\n\r\n5;"]);
    let mut endless = vec![b'x'; 1 << 20];
    let mut input = Input::new(&mut endless);
    assert_eq!(told(&mut endpoint, &mut input), Some(Told::Refused(401, vec![], false)));
    let (all, _) = every_way(start, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(all, [Told::Refused(304, vec![], true)]);
}

#[test]
fn a_body_without_a_length_ends_with_the_transport() {
    for (line, body, is_complete) in [
        ("", "Hello", true),
        ("Content-Length: 7\r\n", "Hello", false),
        ("Transfer-Encoding: chunked\r\n", "5\r\nHello", false),
    ] {
        let stream = format!("HTTP/1.1 503 Busy\r\n{line}\r\n{body}");
        let (all, mut endpoint) = every_way(client, stream.as_bytes());
        assert_eq!(all, []);
        let Ok(Some(Event::Refused(response))) = endpoint.receive_eof() else { panic!("{line}") };
        assert_eq!((&response.body[..], response.is_complete), (&b"Hello"[..], is_complete));
        assert_eq!(endpoint.receive_eof(), Ok(None));
    }
}
