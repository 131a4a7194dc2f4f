//! The small servers of the examples serve clients, and refuse others.

use std::io::{Read, Write};
use std::net::TcpStream;

use sansock::CloseCode;
use sansock::blocking;
use sansock::handshake::client::Request;

use crate::program::{PATIENCE, Program};

const SERVERS: [&str; 2] = ["blocking_echo", "endpoint_loop"];

fn connect(server: &Program) -> impl Fn() -> TcpStream + use<> {
    let url = server.line();
    let address = url.strip_prefix("listening on ws://").unwrap().trim_end_matches('/').to_owned();
    move || {
        let stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

#[test]
fn messages_come_back_and_the_end_is_clean() {
    for name in SERVERS {
        let server = Program::start(name, &["127.0.0.1:0"]);
        let connect = connect(&server);
        let request = Request::new("ws://localhost/").unwrap();
        let mut ws = blocking::client(connect(), &request).unwrap();
        for text in ["", "hello", &"κόσμε".repeat(100_000)] {
            ws.send_text(text).unwrap();
            assert!(ws.receive().unwrap() == Some(text.into()), "{name}");
        }
        ws.close(CloseCode::NORMAL, "").unwrap();
        assert_eq!(ws.receive().unwrap(), None, "{name}");
    }
}

#[test]
fn a_request_that_is_no_upgrade_is_answered_426() {
    for name in SERVERS {
        let server = Program::start(name, &["127.0.0.1:0"]);
        let mut client = connect(&server)();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).unwrap();
        assert!(response.starts_with("HTTP/1.1 426 "), "{name}: {response}");
        drop(client);
        assert!(server.error_line().contains("the request is not an upgrade"), "{name}");
    }
}

#[test]
fn a_protocol_error_is_told_to_the_client_and_logged() {
    for name in SERVERS {
        let server = Program::start(name, &["127.0.0.1:0"]);
        let request = Request::new("ws://localhost/").unwrap();
        let ws = blocking::client(connect(&server)(), &request).unwrap();
        let (mut stream, ..) = ws.into_parts();
        stream.write_all(b"\x81\x05Hello").unwrap();
        let mut close = Vec::new();
        stream.read_to_end(&mut close).unwrap();
        assert_eq!(close[..4], [0x88, 30, 0x03, 0xEA], "{name}"); // 1002
        drop(stream);
        let logged = server.error_line();
        assert!(logged.starts_with("unmasked frame from a client"), "{name}: {logged}");
    }
}
