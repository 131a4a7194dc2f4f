//! The chat.

use std::io::{Read, Write};
use std::net::TcpStream;

use tungstenite::Message;

use crate::program::{PATIENCE, Program};
use crate::{address, close, connect, end, text};

/// Returns a chat and its address.
fn chat() -> (Program, String) {
    let server = Program::start("chat_rooms", &["127.0.0.1:0"]);
    let address = address(&server, "ws");
    (server, address)
}

#[test]
fn what_is_said_in_a_room_is_heard_there_alone() {
    let (_server, address) = chat();
    let [mut a, mut b] = [connect(&address, "/red"), connect(&address, "/red")];
    let mut blue = connect(&address, "/blue");
    b.send(Message::text("hello")).unwrap();
    assert_eq!((text(&mut a), text(&mut b)), ("hello".into(), "hello".into()));
    blue.send(Message::text("alone")).unwrap();
    assert_eq!(text(&mut blue), "alone");
    assert_eq!(close(blue), None);
}

#[test]
fn a_plain_request_gets_the_page() {
    let (_server, address) = chat();
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /red HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert!(response.contains("\r\nContent-Type: text/html; charset=utf-8\r\n"), "{response}");
    assert!(response.ends_with("</html>\n"), "{response}");
}

#[test]
fn a_reader_that_is_too_slow_is_dropped_and_nobody_waits_for_it() {
    let (server, address) = chat();
    let (slow, mut fast) = (connect(&address, "/"), connect(&address, "/"));
    // More than the sockets of both ends hold.
    let long = "x".repeat(60_000);
    for _ in 0..500 {
        fast.send(Message::text(&*long)).unwrap();
        assert!(text(&mut fast) == long);
    }
    assert_eq!(end(slow), Some(1013));
    assert!(server.error_line().ends_with(": too slow"));
    assert_eq!(close(fast), None);
}

#[test]
fn a_message_that_is_no_text_is_refused() {
    let (_server, address) = chat();
    let mut peer = connect(&address, "/");
    peer.send(Message::binary(vec![1])).unwrap();
    assert_eq!(end(peer), Some(1003));
}
