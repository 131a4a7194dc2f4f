//! `tungstenite`, which blocks. It does not compress.

use std::io::{self, Cursor, Read, Write};

use ::tungstenite::client::IntoClientRequest as _;
use ::tungstenite::handshake::server;
use ::tungstenite::http::HeaderValue;
use ::tungstenite::http::header::{SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL};
use ::tungstenite::protocol::Role;
use ::tungstenite::{Error, HandshakeError, Message, WebSocket};
use sansock::Input;
use sansock::handshake::server::ServerHandshake;

use super::{compare, compare_streams, is_server};
use crate::corpus::{self, Case};
use crate::differences::payload;
use crate::heads::{self, OFFER, accepted, client_verdict, server_verdict};

const REQUESTS: &str = include_str!("../../verdicts/requests.txt");
const RESPONSES: &str = include_str!("../../verdicts/responses.txt");

/// A transport whose peer has sent `unread`, and then waits or ends. What is written is lost.
struct Memory {
    unread: Cursor<Vec<u8>>,
    ends: bool,
}

impl Memory {
    fn new(unread: &[u8]) -> Memory {
        Memory { unread: Cursor::new(unread.to_vec()), ends: false }
    }

    fn ended(self) -> Memory {
        Memory { ends: true, ..self }
    }
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.unread.read(buffer)? {
            0 if !self.ends && !buffer.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Memory {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns what tungstenite reports. It sends no Close when it fails: the code is that of the RFC
/// for this kind of error.
fn stream(case: &Case) -> String {
    let role = if is_server(case) { Role::Server } else { Role::Client };
    let mut ws = WebSocket::from_raw_socket(Memory::new(&case.bytes), role, None);
    let mut seen = Vec::new();
    loop {
        seen.push(match ws.read() {
            Ok(Message::Text(text)) => payload("text", text.as_bytes()),
            Ok(Message::Binary(data)) => payload("binary", &data),
            Ok(Message::Ping(data)) => payload("ping", &data),
            Ok(Message::Pong(data)) => payload("pong", &data),
            Ok(Message::Close(frame)) => {
                seen.push(frame.map_or("close".into(), |frame| {
                    payload(&format!("close {}", u16::from(frame.code)), frame.reason.as_bytes())
                }));
                return seen.join(", ");
            }
            Ok(frame @ Message::Frame(_)) => panic!("{frame:?}"),
            Err(error) => {
                seen.push(match error {
                    Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock => "open".into(),
                    Error::Protocol(_) => "fail 1002".into(),
                    Error::Utf8(_) => "fail 1007".into(),
                    Error::Capacity(_) => "fail 1009".into(),
                    other => panic!("{other}"),
                });
                return seen.join(", ");
            }
        });
    }
}

#[test]
fn streams_are_judged_like_tungstenite_does_unless_a_reason_is_listed() {
    compare_streams("tungstenite", stream);
}

/// Returns the verdict of a server. The choice of the subprotocol is the program's.
#[allow(clippy::result_large_err, reason = "tungstenite's callback returns a response")]
fn request(case: &Case) -> String {
    let mut chosen = None;
    let choose = |request: &server::Request, mut response: server::Response| {
        let offers = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).iter();
        let names = offers.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        if names.map(<[u8]>::trim_ascii).any(|name| name == b"chat") {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat"));
            chosen = Some("chat");
        }
        Ok(response)
    };
    match ::tungstenite::accept_hdr(Memory::new(&case.bytes).ended(), choose) {
        Ok(_) => accepted(chosen),
        Err(_) => "refuse".into(),
    }
}

#[test]
fn requests_are_judged_like_tungstenite_does_unless_a_reason_is_listed() {
    let ours = |case: &Case| {
        let mut bytes = case.bytes.clone();
        server_verdict(ServerHandshake::default().receive(&mut Input::new(&mut bytes)))
    };
    compare("Requests", "tungstenite", &corpus::heads("request", REQUESTS), ours, request);
}

fn response(case: &Case) -> String {
    let mut request = "ws://server.example.com/chat".into_client_request().unwrap();
    let key = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
    request.headers_mut().insert(SEC_WEBSOCKET_KEY, key);
    let offer = HeaderValue::from_str(&OFFER.join(", ")).unwrap();
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, offer);
    match ::tungstenite::client(request, Memory::new(&case.bytes).ended()) {
        Ok((_, response)) => {
            let chosen = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
            accepted(chosen.map(|name| name.to_str().unwrap()))
        }
        Err(HandshakeError::Failure(Error::Http(response))) => {
            format!("http {}", response.status().as_u16())
        }
        Err(_) => "refuse".into(),
    }
}

#[test]
fn responses_are_judged_like_tungstenite_does_unless_a_reason_is_listed() {
    let ours = |case: &Case| {
        let mut bytes = case.bytes.clone();
        let mut handshake = heads::request().start(heads::NONCE).1;
        client_verdict(handshake.receive(&mut Input::new(&mut bytes)))
    };
    compare("Responses", "tungstenite", &corpus::heads("response", RESPONSES), ours, response);
}
