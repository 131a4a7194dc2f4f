//! The client with servers that behave well, and with others.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};

use sansock::Role;

use crate::peer::{accept, accept_tcp, frame, head, listen, rest};
use crate::program::{Ended, Program};
use crate::support::frame_for;

/// Returns a client, and the server that it has connected to.
fn connected(options: &[&str]) -> (Program, TcpStream, TcpListener) {
    let (listener, address) = listen();
    let url = format!("ws://{address}/");
    let client = Program::start("client", &[options, &[&url]].concat());
    let stream = accept(&listener);
    (client, stream, listener)
}

/// Checks that the client dropped its server, printed `why` last, and exited with status 1.
fn assert_gave_up(ended: &Ended, why: &str) {
    assert_eq!(ended.errors.lines().last(), Some(why), "{ended:?}");
    assert_eq!(ended.status, Some(1));
}

#[test]
fn lines_go_out_and_messages_come_in() {
    let (mut client, mut server, _) = connected(&[]);
    client.write("hello\n\ngrüße\n".into());
    for line in ["hello", "", "grüße"] {
        let message = frame(&mut server);
        assert_eq!(message.content(), (0x81, line.as_bytes()));
        server.write_all(&frame_for(Role::Client, 0x81, &message.payload)).unwrap();
    }
    assert_eq!(frame(&mut server).content(), (0x88, &b"\x03\xE8"[..]));
    server.write_all(b"\x88\x02\x03\xE8").unwrap();
    server.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut server), b"");
    let ended = client.end();
    assert_eq!(ended.output, "hello\n\ngrüße\n");
    assert_eq!((&ended.errors[..], ended.status), ("closed: 1000\n", Some(0)));
}

#[test]
fn every_frame_is_shown_in_order_however_many_wait() {
    let (client, mut server, _) = connected(&["-v"]);
    let pings: Vec<Vec<u8>> = (b'a'..).take(12).map(|letter| vec![letter; 125]).collect();
    let all: Vec<u8> =
        pings.iter().flat_map(|payload| frame_for(Role::Client, 0x89, payload)).collect();
    server.write_all(&all).unwrap();
    // RFC 6455 §5.5.3: the latest ping is answered, and earlier ones may be.
    let mut pongs = vec![frame(&mut server).payload];
    while pongs.last() != pings.last() {
        pongs.push(frame(&mut server).payload);
    }
    server.write_all(b"\x88\x02\x03\xE8").unwrap();
    assert_eq!(frame(&mut server).content(), (0x88, &b"\x03\xE8"[..]));
    drop(server);

    let ended = client.end();
    let shown = |arrow, kind, payloads: &[Vec<u8>]| -> Vec<String> {
        let starts = payloads.iter().map(|payload| char::from(payload[0]).to_string().repeat(64));
        starts.map(|start| format!("{arrow} {kind}, 125 bytes: {start}…")).collect()
    };
    let lines = |arrow| -> Vec<&str> {
        ended.errors.lines().filter(|line| line.starts_with(arrow)).collect()
    };
    let (received, sent) = (lines('<'), lines('>'));
    assert_eq!(received[..12], shown('<', "Ping", &pings));
    assert_eq!(sent[..pongs.len()], shown('>', "Pong", &pongs));
    assert_eq!(received[12..], [r"< Close, 2 bytes: \x03\xe8"]);
    assert_eq!(sent[pongs.len()..], [r"> Close, 2 bytes: \x03\xe8"]);
    assert_eq!(ended.errors.lines().last(), Some("closed: 1000"));
    assert_eq!(ended.status, Some(0));
}

#[test]
fn a_server_that_never_answers_the_handshake_is_given_up() {
    for (scheme, step) in [("ws", "opening handshake"), ("wss", "TLS handshake")] {
        let (listener, address) = listen();
        let url = format!("{scheme}://{address}/");
        let client = Program::start("client", &["--timeout", "0.5", &url]);
        let _server = accept_tcp(&listener);
        let why = format!("{step} with {address}: no complete answer within 500ms");
        assert_gave_up(&client.end(), &why);
    }
}

#[test]
fn a_server_that_never_answers_the_close_is_given_up() {
    let (mut client, mut server, _) = connected(&["--timeout", "1"]);
    client.end_input();
    assert_eq!(frame(&mut server).content(), (0x88, &b"\x03\xE8"[..]));
    let ended = client.end();
    assert_eq!(ended.errors.lines().next(), Some("closed: without a closing handshake (1006)"));
    assert_gave_up(&ended, "no Close frame from the server within 1s");
}

#[test]
fn a_server_that_never_ends_the_transport_is_given_up() {
    let (mut client, mut server, _) = connected(&["--timeout", "1"]);
    client.end_input();
    assert_eq!(frame(&mut server).content(), (0x88, &b"\x03\xE8"[..]));
    server.write_all(b"\x88\x02\x03\xE8").unwrap();
    let ended = client.end();
    assert_eq!(ended.errors.lines().next(), Some("closed: 1000"));
    assert_gave_up(&ended, "transport not closed by the server within 1s");
}

#[test]
fn a_server_that_falls_silent_is_pinged_and_given_up() {
    let (client, mut server, _) = connected(&["--timeout", "1"]);
    assert_eq!(frame(&mut server).content(), (0x89, &b""[..]));
    assert_gave_up(&client.end(), "no response to ping");
}

#[test]
fn a_server_that_reads_nothing_is_given_up() {
    let (mut client, _server, _) = connected(&["--timeout", "1"]);
    // More than the sockets of both ends hold.
    client.write([vec![b'a'; 32 << 20], b"\n".to_vec()].concat());
    assert_gave_up(&client.end(), "write timed out");
}

/// Answers the next request with this head, and returns the request.
fn answer(listener: &TcpListener, response: &str) -> String {
    let mut stream = accept_tcp(listener);
    let request = head(&mut stream);
    stream.write_all(response.as_bytes()).unwrap();
    request
}

#[cfg(feature = "deflate")]
#[test]
fn the_options_of_compression_are_offered() {
    for (options, offer) in [
        (&[][..], None),
        (&["--deflate"][..], Some("; client_max_window_bits")),
        (
            &["--deflate-no-takeover"],
            Some(
                "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
            ),
        ),
        (
            &["--deflate-window-bits", "10"],
            Some("; server_max_window_bits=10; client_max_window_bits=10"),
        ),
    ] {
        let (listener, address) = listen();
        let url = format!("ws://{address}/");
        let client = Program::start("client", &[options, &[&url]].concat());
        let request = answer(&listener, "HTTP/1.1 401 Who\r\n\r\n");
        let name = "Sec-WebSocket-Extensions: permessage-deflate";
        let offered = request.lines().find_map(|line| line.strip_prefix(name));
        assert_eq!(offered, offer, "{options:?}");
        assert_eq!(client.end().status, Some(1));
    }
}

#[test]
fn redirects_are_followed_and_another_host_gets_no_credentials() {
    let (first, first_address) = listen();
    let (second, second_address) = listen();
    let url = format!("ws://{first_address}/old?a=1");
    let client = Program::start("client", &["--header", "Cookie: id=7", &url]);
    let request = answer(&first, "HTTP/1.1 301 Moved\r\nLocation: new\r\n\r\n");
    assert!(request.starts_with("GET /old?a=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nCookie: id=7\r\n"), "{request}");
    let elsewhere =
        format!("HTTP/1.1 307 Elsewhere\r\nLocation: http://{second_address}/x\r\n\r\n");
    let request = answer(&first, &elsewhere);
    assert!(request.starts_with("GET /new HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nCookie: id=7\r\n"), "{request}");
    let refusal = "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\r\n";
    let request = answer(&second, refusal);
    assert!(request.starts_with("GET /x HTTP/1.1\r\n"), "{request}");
    assert!(!request.contains("Cookie"), "{request}");
    let ended = client.end();
    let shown = "not a WebSocket: 401 Who\nWWW-Authenticate: Basic realm=\\\"a\\\"\n";
    assert_eq!((&ended.errors[..], ended.status), (shown, Some(1)));
}

#[test]
fn a_server_that_redirects_for_ever_is_given_up() {
    let (listener, address) = listen();
    let client = Program::start("client", &[&format!("ws://{address}/")]);
    for _ in 0..6 {
        answer(&listener, "HTTP/1.1 302 Again\r\nLocation: /\r\n\r\n");
    }
    let ended = client.end();
    let shown = "not a WebSocket: 302 Again\nLocation: /\n";
    assert_eq!((&ended.errors[..], ended.status), (shown, Some(1)));
}

#[test]
fn a_redirect_that_leads_nowhere_is_told() {
    let (listener, address) = listen();
    let client = Program::start("client", &[&format!("ws://{address}/")]);
    answer(&listener, "HTTP/1.1 302 Lost\r\nLocation: ftp://a.example/\r\n\r\n");
    let ended = client.end();
    assert!(ended.errors.starts_with(&format!("redirected by {address}: ")), "{ended:?}");
    assert_eq!((ended.errors.lines().count(), ended.status), (1, Some(1)));
}
