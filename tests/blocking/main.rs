//! The blocking WebSocket over sockets and TLS, with itself and with tungstenite, and over transports in
//! memory.
#![cfg(all(feature = "handshake", feature = "rand"))]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod halves;
mod interrupted;
mod script;
mod scripted;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/time_limit.rs"]
mod time_limit;
#[path = "../support/tls.rs"]
mod tls;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use sansock::blocking::{self, Error, Transport, WebSocket, WithShutdown};
use sansock::endpoint::{self, Settings};
use sansock::handshake::client::{Request, nonce};
use sansock::handshake::server::Response;
use sansock::{CloseCode, CloseStatus, Config, Connection, Message};
use tokio_rustls::rustls::{ClientConnection, ServerConnection, StreamOwned};

fn request() -> Request {
    Request::new("ws://localhost/chat").unwrap()
}

#[test]
fn a_websocket_goes_to_any_thread() {
    const fn goes_to_any_thread<T: Send + Sync>() {}
    const {
        goes_to_any_thread::<WebSocket<TcpStream>>();
        goes_to_any_thread::<Error>();
    }
}

/// Two ends of a TCP connection, the client's first.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// A server that sends every message back, and returns how the connection ended.
fn echo<S: Transport + Send + 'static>(stream: S) -> JoinHandle<Result<CloseStatus, Error>> {
    thread::spawn(move || {
        let mut ws = blocking::accept(stream)?;
        while let Some(message) = ws.receive()? {
            ws.send(message)?;
        }
        Ok(ws.endpoint().close_status())
    })
}

/// Messages of many lengths, empty ones among them.
fn messages() -> Vec<Message> {
    let mut messages = vec![Message::from(""), Message::from(Vec::new()), Message::from("κόσμε")];
    for len in [1, 125, 126, 4095, 4096, 65_536, 1 << 20, 4 << 20] {
        messages.push(Message::from("x".repeat(len)));
        messages.push(Message::from(vec![7; len]));
    }
    messages
}

fn exchange<S: Transport>(ws: &mut WebSocket<S>) {
    for message in messages() {
        ws.send(message.clone()).unwrap();
        assert!(ws.receive().unwrap() == Some(message));
    }
}

#[test]
fn messages_come_back_over_tcp_and_both_ends_are_clean() {
    let (client, server) = pair();
    let server = echo(server);
    let mut ws = blocking::client(client, &request()).unwrap();
    exchange(&mut ws);
    ws.close(CloseCode::GOING_AWAY, "bye").unwrap();
    assert_eq!(ws.receive().unwrap(), None);
    assert_eq!(ws.receive().unwrap(), None, "it stays at its end");
    assert_eq!(ws.endpoint().close_status(), CloseStatus::Code(CloseCode::GOING_AWAY));
    assert_eq!(server.join().unwrap().unwrap(), CloseStatus::Code(CloseCode::GOING_AWAY));
}

#[cfg(unix)]
#[test]
fn a_unix_socket_will_do() {
    let (client, server) = std::os::unix::net::UnixStream::pair().unwrap();
    let server = echo(server);
    let mut ws = blocking::client(client, &request()).unwrap();
    exchange(&mut ws);
    ws.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(ws.next().transpose().unwrap(), None);
    server.join().unwrap().unwrap();
}

#[test]
fn tungstenite_is_served_and_serves() {
    let (client, server) = pair();
    let server = echo(server);
    let (mut peer, _) = tungstenite::client("ws://localhost/", client).unwrap();
    for message in messages() {
        let sent = match std::str::from_utf8(message.as_bytes()) {
            Ok(text) if matches!(message, Message::Text(_)) => tungstenite::Message::from(text),
            _ => tungstenite::Message::from(message.as_bytes().to_vec()),
        };
        peer.send(sent.clone()).unwrap();
        assert!(peer.read().unwrap() == sent);
    }
    peer.close(None).unwrap();
    while peer.read().is_ok() {}
    drop(peer);
    assert_eq!(server.join().unwrap().unwrap(), CloseStatus::NoStatus);

    let (client, server) = pair();
    let peer = thread::spawn(move || {
        let mut peer = tungstenite::accept(server).unwrap();
        while let Ok(message) = peer.read() {
            if message.is_text() || message.is_binary() {
                peer.send(message).unwrap();
            }
        }
    });
    let mut ws = blocking::client(client, &request()).unwrap();
    exchange(&mut ws);
    ws.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(ws.receive().unwrap(), None);
    peer.join().unwrap();
}

/// Two ends of TLS over TCP, whose handshake is not done.
fn tls_pair() -> (StreamOwned<ClientConnection, TcpStream>, StreamOwned<ServerConnection, TcpStream>)
{
    let (client, server) = tls::configs();
    let client = ClientConnection::new(client, "localhost".try_into().unwrap()).unwrap();
    let server = ServerConnection::new(server).unwrap();
    let (to_server, to_client) = pair();
    (StreamOwned::new(client, to_server), StreamOwned::new(server, to_client))
}

/// A TLS library buffers what is written to it, up to a limit.
#[test]
fn what_tls_does_not_buffer_stays_in_the_output() {
    let (mut tls, _) = tls_pair();
    tls.conn.set_buffer_limit(Some(64));
    let mut server = Connection::new(Config::server());
    server.send_binary(&[7; 1000]).unwrap();
    assert!(!server.output().try_write_to(&mut tls.conn.writer()).unwrap());
    assert_eq!(server.output_len(), 4 + 1000 - 64);
    tls.conn.set_buffer_limit(None);
    assert!(server.output().try_write_to(&mut tls.conn.writer()).unwrap());
    assert!(!server.has_output());
}

#[test]
fn tls_is_ended_by_close_notify_or_by_its_transport() {
    for has_close_notify in [true, false] {
        let (client, server) = tls_pair();
        let server = echo(WithShutdown::new(
            server,
            move |tls: &mut StreamOwned<ServerConnection, TcpStream>| {
                if has_close_notify {
                    tls.conn.send_close_notify();
                    tls.flush()?;
                }
                Ok(false)
            },
        ));
        let client =
            WithShutdown::new(client, |_: &mut StreamOwned<ClientConnection, TcpStream>| Ok(false));
        let mut ws = blocking::client(client, &request()).unwrap();
        exchange(&mut ws);
        ws.close(CloseCode::NORMAL, "").unwrap();
        assert_eq!(ws.receive().unwrap(), None, "no reset, though TLS may call it one");
        assert_eq!(server.join().unwrap().unwrap(), CloseStatus::Code(CloseCode::NORMAL));
    }
}

#[test]
fn a_request_that_is_no_upgrade_gets_its_response() {
    for (sent, status) in [
        (&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], "426"),
        (b"POST / HTTP/1.1\r\nHost: a\r\n\r\n", "405"),
        (b"\x16\x03\x01", "400"),
    ] {
        let (mut client, server) = pair();
        let server = thread::spawn(move || blocking::accept(server).map(drop));
        client.write_all(sent).unwrap();
        let mut response = String::new();
        client.read_to_string(&mut response).unwrap();
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        drop(client);
        let error = server.join().unwrap().unwrap_err();
        assert!(matches!(error, Error::Endpoint(endpoint::Error::Refused(_))), "{error}");
    }
}

#[test]
fn a_server_may_look_at_the_request() {
    let settings = Settings::new(Config::server());
    let (client, server) = pair();
    let server = thread::spawn(move || {
        blocking::accept_with(server, &settings, |endpoint| {
            assert_eq!(endpoint.request().unwrap().target(), "/chat");
            let accepted = endpoint.accept_with(|upgrade| upgrade.subprotocol("b"));
            assert_eq!(accepted.unwrap().subprotocol(), Some("b"));
        })
        .map(drop)
    });
    let request = request().subprotocol("a").unwrap().subprotocol("b").unwrap();
    let settings = Settings::new(Config::client());
    let (_, opened) = blocking::client_with(client, &settings, &request, nonce()).unwrap();
    assert_eq!(opened.negotiated.subprotocol(), Some("b"));
    server.join().unwrap().unwrap();
}

/// HTTP/2 has no reason phrases.
#[test]
fn a_refusal_without_a_reason_phrase_is_a_whole_text() {
    let none: [(&str, &str); 0] = [];
    let head = sansock::handshake::client::ResponseHead::from_parts(403, 1, none).unwrap();
    let refused = Error::Refused(endpoint::HttpResponse::new(head, Vec::new(), true).into());
    assert_eq!(refused.to_string(), "server refused the WebSocket: 403");
}

#[test]
fn a_client_that_is_refused_has_the_response() {
    let settings = Settings::new(Config::server());
    let (client, server) = pair();
    let server = thread::spawn(move || {
        let refuse = |endpoint: &mut endpoint::Endpoint| {
            endpoint.respond(&Response::new(401).unwrap().body("who are you?"));
        };
        blocking::accept_with(server, &settings, refuse).map(drop)
    });
    let error = blocking::client(client, &request()).unwrap_err();
    assert_eq!(error.to_string(), "server refused the WebSocket: 401 Unauthorized");
    let Error::Refused(response) = error else { panic!("{error}") };
    assert_eq!((&response.body[..], response.is_complete), (&b"who are you?"[..], true));
    assert!(matches!(server.join().unwrap(), Err(Error::NotAccepted)));
}

#[test]
fn a_connection_that_just_ends_is_an_error() {
    let (client, server) = pair();
    let server = echo(server);
    let ws = blocking::client(client, &request()).unwrap();
    drop(ws);
    assert!(matches!(server.join().unwrap(), Err(Error::UnexpectedEof)));

    let (client, server) = pair();
    let server = echo(server);
    drop(client);
    let error = server.join().unwrap().unwrap_err();
    assert!(matches!(error, Error::Endpoint(endpoint::Error::UnexpectedEof)), "{error}");
}

#[test]
fn a_protocol_error_is_answered_and_reported_once() {
    let (client, server) = pair();
    let server = thread::spawn(move || {
        let mut ws = blocking::accept(server).unwrap();
        let error = ws.receive().unwrap_err();
        assert!(matches!(error, Error::Endpoint(endpoint::Error::Protocol(_))), "{error}");
        let error = ws.receive().unwrap_err();
        assert!(matches!(error, Error::UnexpectedEof), "{error}");
    });
    let ws = blocking::client(client, &request()).unwrap();
    let (mut stream, _, unread) = ws.into_parts();
    assert_eq!(unread, []);
    stream.write_all(b"\x81\x05Hello").unwrap(); // not masked
    let mut close = Vec::new();
    stream.read_to_end(&mut close).unwrap();
    assert_eq!((close[0], &close[2..4]), (0x88, &1002u16.to_be_bytes()[..]));
    drop(stream);
    server.join().unwrap();
}
