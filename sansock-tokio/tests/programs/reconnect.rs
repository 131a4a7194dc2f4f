//! The client that connects again, through a proxy.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpStream};
use std::thread;

use tungstenite::Message;

use crate::program::Program;
use crate::{accept_tcp, end, listen};

/// Reads the request of a client of a proxy. Returns the server that it names.
fn requested(client: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let server = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap();
    assert_eq!(head, format!("CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n\r\n"));
    server.to_owned()
}

/// Opens a tunnel, until both ends are closed.
fn tunnel(mut client: TcpStream) {
    let mut server = TcpStream::connect(requested(&mut client)).unwrap();
    client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: a\r\n\r\n").unwrap();
    for (mut from, mut to) in [
        (client.try_clone().unwrap(), server.try_clone().unwrap()),
        (server.try_clone().unwrap(), client.try_clone().unwrap()),
    ] {
        thread::spawn(move || {
            let _ = copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    server.flush().unwrap();
}

#[test]
fn a_refusal_and_a_loss_are_outlived_and_a_clean_end_is_the_end() {
    let (proxy, proxy_address) = listen();
    let (server, address) = listen();
    let url = format!("ws://{address}/");
    let client = Program::start("reconnecting_client", &[&proxy_address, &url]);

    let mut refused = accept_tcp(&proxy);
    assert_eq!(requested(&mut refused), address);
    refused.write_all(b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert_eq!(client.error_line(), "proxy has refused: HTTP/1.1 503 Later");

    tunnel(accept_tcp(&proxy));
    let mut peer = tungstenite::accept(accept_tcp(&server)).unwrap();
    peer.send(Message::text("one")).unwrap();
    assert_eq!(client.line(), "one");
    drop(peer);
    assert_eq!(client.error_line(), "transport ended without a closing handshake");

    tunnel(accept_tcp(&proxy));
    let mut peer = tungstenite::accept(accept_tcp(&server)).unwrap();
    peer.send(Message::text("two")).unwrap();
    let away = tungstenite::protocol::CloseFrame { code: 1012.into(), reason: "restart".into() };
    peer.close(Some(away)).unwrap();
    assert_eq!(end(peer), Some(1012));
    assert_eq!(client.error_line(), "server has closed: Code(CloseCode(1012))");

    tunnel(accept_tcp(&proxy));
    let mut peer = tungstenite::accept(accept_tcp(&server)).unwrap();
    let done = tungstenite::protocol::CloseFrame { code: 1000.into(), reason: "".into() };
    peer.close(Some(done)).unwrap();
    assert_eq!(end(peer), Some(1000));
    let ended = client.end();
    assert_eq!((&*ended.output, &*ended.errors, ended.status), ("two\n", "", Some(0)));
}
