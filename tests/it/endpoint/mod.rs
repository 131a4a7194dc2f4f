//! An endpoint: the opening handshake and then the connection, over one byte stream.

use std::time::Duration;

use bytes::Buf;
use sansock::connection::State;
use sansock::endpoint::{AcceptError, Endpoint, Error, Event, RequestPolicy, Settings};
use sansock::handshake::server::{Refusal, Response};
use sansock::handshake::{HeadError, client};
use sansock::timer::{Expired, Timers};
use sansock::{
    CloseCode, CloseStatus, Config, Connection, Input, Message, ReadBuffer, Role, SendError,
    TransportAction,
};

use crate::counting::measure;
use crate::support::conversation::{NONCE, REQUEST, RESPONSE};
use crate::support::{Seen, config, frame_for, frames};

mod closed_while_sending;
#[cfg(feature = "deflate")]
mod deflate;
mod interrupted;
mod pipelined;
mod refusals;
mod twin;

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn settings(role: Role) -> Settings {
    Settings::new(config(role))
}

fn unseen() -> Settings {
    let mut settings = settings(Role::Server);
    settings.requests = RequestPolicy::AcceptUnseen;
    settings
}

fn server() -> Endpoint {
    Endpoint::server(&settings(Role::Server), at(0)).unwrap()
}

fn client() -> Endpoint {
    let request = client::Request::new("ws://a.example/").unwrap();
    Endpoint::client(&settings(Role::Client), &request, NONCE, at(0)).unwrap()
}

fn written(endpoint: &mut Endpoint) -> Vec<u8> {
    let len = endpoint.output_len();
    endpoint.output().copy_to_bytes(len).to_vec()
}

/// An event or an error of an endpoint, owned and comparable.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Request(String),
    Opened(Option<String>),
    Refused(u16, Vec<u8>, bool),
    Connection(Seen),
    Failed(Error),
}

fn told(endpoint: &mut Endpoint, input: &mut Input<'_>) -> Option<Told> {
    Some(match endpoint.receive(input) {
        Ok(None) => return None,
        Ok(Some(event)) => match event {
            Event::Connection(event) => Told::Connection(event.into()),
            Event::Request => Told::Request(endpoint.request().unwrap().target().into()),
            Event::Opened(opened) => {
                Told::Opened(opened.negotiated.subprotocol().map(str::to_owned))
            }
            Event::Refused(response) => {
                Told::Refused(response.head.status(), response.body, response.is_complete)
            }
            other => panic!("{other:?}"),
        },
        Err(Error::Protocol(error)) => Told::Connection(error.into()),
        Err(error) => Told::Failed(error),
    })
}

/// All that an endpoint says of a stream in these reads, which answers a request at once.
fn run(mut endpoint: Endpoint, reads: &[&[u8]]) -> (Vec<Told>, Endpoint) {
    let mut all = Vec::new();
    for read in reads {
        let mut read = read.to_vec();
        let mut input = Input::new(&mut read);
        while let Some(told) = told(&mut endpoint, &mut input) {
            let is_request = matches!(told, Told::Request(_));
            all.push(told);
            if is_request {
                assert_eq!(endpoint.receive(&mut input), Ok(None), "it waits for an answer");
                let _ = endpoint.accept_with(|upgrade| Ok(upgrade.select_subprotocol(&["chat"])));
            }
        }
        assert!(input.is_empty(), "all was taken");
    }
    (all, endpoint)
}

/// The same for the stream whole, byte by byte and cut at every place; all say the same.
fn every_way(start: impl Fn() -> Endpoint, stream: &[u8]) -> (Vec<Told>, Endpoint) {
    let whole = run(start(), &[stream]);
    let output = |endpoint: &mut Endpoint| (written(endpoint), endpoint.transport_action());
    let expected = {
        let (_, mut endpoint) = run(start(), &[stream]);
        output(&mut endpoint)
    };
    let check = |reads: &[&[u8]]| {
        let (all, mut endpoint) = run(start(), reads);
        assert_eq!(all, whole.0);
        assert_eq!(output(&mut endpoint), expected);
    };
    check(&stream.chunks(1).collect::<Vec<_>>());
    for split in 0..stream.len() {
        let (before, after) = stream.split_at(split);
        check(&[before, after]);
    }
    whole
}

fn text(text: &str) -> Told {
    Told::Connection(Seen::Text(text.into()))
}

#[test]
fn a_server_delivers_the_request_and_then_frames_that_came_with_it() {
    let frames = [frame_for(Role::Server, 0x81, b"early"), frame_for(Role::Server, 0x89, b"1")];
    let stream = [REQUEST.as_bytes(), &frames.concat()].concat();
    let (all, mut endpoint) = every_way(server, &stream);
    let ping = Told::Connection(Seen::Ping(b"1".into()));
    assert_eq!(all, [Told::Request("/chat?room=1".into()), text("early"), ping]);
    let output = written(&mut endpoint);
    let (head, frames) = output.split_at(output.len() - 3);
    let head = String::from_utf8(head.into()).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 ") && head.ends_with("\r\n\r\n"), "{head}");
    assert!(head.contains("Sec-WebSocket-Protocol: chat\r\n"), "{head}");
    assert_eq!(frames, b"\x8A\x011");
}

#[test]
fn a_client_delivers_the_response_and_then_frames_that_came_with_it() {
    let stream = [RESPONSE.as_bytes(), b"\x81\x05early\x88\x02\x03\xE8"].concat();
    let (all, mut endpoint) = every_way(client, &stream);
    let close = Told::Connection(Seen::Close(Some(1000), String::new()));
    assert_eq!(all, [Told::Opened(None), text("early"), close]);
    let output = written(&mut endpoint);
    assert!(output.starts_with(b"GET / HTTP/1.1\r\nHost: a.example\r\n"));
    assert_eq!(frames(&output[output.len() - 8..])[0].first, 0x88);
    assert_eq!(endpoint.transport_action(), TransportAction::AwaitEof);
    assert_eq!(endpoint.close_status(), CloseStatus::Code(CloseCode::NORMAL));
}

#[test]
fn requests_are_accepted_unseen_if_the_settings_say_so() {
    let start = || Endpoint::server(&unseen(), at(0)).unwrap();
    let stream = [REQUEST.as_bytes(), &frame_for(Role::Server, 0x81, b"early")].concat();
    let (all, mut endpoint) = every_way(start, &stream);
    assert_eq!(all, [Told::Opened(None), text("early")]);
    assert!(written(&mut endpoint).starts_with(b"HTTP/1.1 101 "));

    let (all, mut endpoint) = every_way(start, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n\x81");
    assert_eq!(all, [Told::Failed(Error::Refused(Box::new(Refusal::NotUpgrade)))]);
    assert!(written(&mut endpoint).starts_with(b"HTTP/1.1 426 "));
}

#[test]
fn a_refused_client_has_its_response_and_an_end() {
    let (all, mut endpoint) = every_way(server, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(all, [Told::Request("/".into())]);
    assert_eq!(endpoint.transport_action(), TransportAction::Flush);
    assert!(written(&mut endpoint).starts_with(b"HTTP/1.1 426 "));
    assert_eq!(endpoint.transport_action(), TransportAction::ShutdownWrite);
    endpoint.sent_eof();
    assert_eq!(endpoint.transport_action(), TransportAction::AwaitEof);
    let mut late = *b"\x81\x05Hello";
    let mut input = Input::new(&mut late);
    assert_eq!((endpoint.receive(&mut input), input.len()), (Ok(None), 0), "it is swallowed");
    assert_eq!(endpoint.receive_eof(), Ok(None));
    assert_eq!(endpoint.transport_action(), TransportAction::Disconnect);
    assert_eq!(endpoint.close_status(), CloseStatus::Abnormal);

    let malformed = HeadError::NotHttp { byte: 0x16, offset: 0 };
    let (all, mut endpoint) = every_way(server, b"\x16\x03\x01");
    assert_eq!(all, [Told::Failed(Error::Refused(Box::new(Refusal::Head(malformed))))]);
    assert!(written(&mut endpoint).starts_with(b"HTTP/1.1 400 "));
    assert_eq!(endpoint.transport_action(), TransportAction::ShutdownWrite);
}

#[test]
fn a_request_waits_for_its_answer() {
    let mut endpoint = server();
    let mut read = [REQUEST.as_bytes(), &frame_for(Role::Server, 0x81, b"early")].concat();
    let mut input = Input::new(&mut read);
    assert_eq!(endpoint.receive(&mut input), Ok(Some(Event::Request)));
    let left = input.len();
    for _ in 0..2 {
        assert_eq!((endpoint.receive(&mut input), input.len()), (Ok(None), left));
    }
    let unoffered = endpoint.accept_with(|upgrade| upgrade.subprotocol("other"));
    assert!(matches!(unoffered, Err(AcceptError::Build(_))), "{unoffered:?}");
    assert!(endpoint.request().is_some() && !endpoint.has_output());
    assert_eq!(endpoint.send_text("no"), Err(SendError::NotOpen));
    let unsent = endpoint.send("no").unwrap_err();
    assert_eq!((unsent.error, unsent.message), (SendError::NotOpen, Message::from("no")));

    assert_eq!(endpoint.accept().unwrap().subprotocol(), None);
    assert_eq!(endpoint.accept(), Err(AcceptError::NoRequest));
    endpoint.send_text("yes").unwrap();
    assert!(written(&mut endpoint).ends_with(b"\r\n\r\n\x81\x03yes"));
    assert_eq!(told(&mut endpoint, &mut input), Some(text("early")));
}

#[test]
fn a_request_may_have_another_answer() {
    let mut endpoint = server();
    endpoint.respond(&Response::new(403).unwrap());
    assert!(!endpoint.has_output(), "there is no request yet");
    let mut read = REQUEST.as_bytes().to_vec();
    endpoint.receive(&mut Input::new(&mut read)).unwrap();
    endpoint.respond(&Response::new(403).unwrap().body("who are you?"));
    let output = written(&mut endpoint);
    assert!(output.starts_with(b"HTTP/1.1 403 ") && output.ends_with(b"who are you?"));
    assert_eq!(endpoint.transport_action(), TransportAction::ShutdownWrite);
    assert_eq!(endpoint.send_text("no"), Err(SendError::Closing));
}

#[test]
fn a_response_that_is_none_fails_the_client() {
    for response in ["\x16\x03", "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\n\r\n"] {
        let (all, mut endpoint) = every_way(client, response.as_bytes());
        assert!(matches!(all[..], [Told::Failed(Error::InvalidResponse(_))]), "{all:?}");
        written(&mut endpoint);
        assert_eq!(endpoint.transport_action(), TransportAction::Disconnect);
    }
    let extension = RESPONSE.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x\r\n\r\n");
    let request = client::Request::new("ws://a.example/").unwrap().extensions("x").unwrap();
    let start = || Endpoint::client(&settings(Role::Client), &request, NONCE, at(0)).unwrap();
    let (all, _) = every_way(start, extension.as_bytes());
    assert!(matches!(all[..], [Told::Failed(Error::UnsupportedExtensions(_))]), "{all:?}");
}

#[test]
fn a_transport_that_ends_during_the_opening_is_an_error() {
    for (start, head) in [(server as fn() -> Endpoint, REQUEST), (client, RESPONSE)] {
        for end in 0..head.len() {
            let (all, mut endpoint) = run(start(), &[&head.as_bytes()[..end]]);
            assert_eq!(all, []);
            assert_eq!(endpoint.receive_eof(), Err(Error::UnexpectedEof), "after {end}");
            written(&mut endpoint);
            assert_eq!(endpoint.transport_action(), TransportAction::Disconnect);
            assert_eq!(endpoint.receive_eof(), Ok(None));
        }
    }
}

#[test]
fn the_opening_handshake_has_one_deadline() {
    let mut endpoint = server();
    let mut read = REQUEST.as_bytes().to_vec();
    let (front, back) = read.split_at_mut(20);
    endpoint.receive(&mut Input::new(front)).unwrap();
    assert_eq!(endpoint.poll(at(9)), Ok(Some(at(10))));
    endpoint.receive(&mut Input::new(back)).unwrap();
    assert_eq!(endpoint.poll(at(9)), Ok(Some(at(10))), "the answer is waited for");
    assert_eq!(endpoint.poll(at(10)), Err(Expired::HandshakeTimeout));
    assert_eq!(endpoint.accept(), Err(AcceptError::NoRequest));
    assert!(written(&mut endpoint).starts_with(b"HTTP/1.1 408 Request Timeout\r\n"));
    assert_eq!(endpoint.transport_action(), TransportAction::ShutdownWrite);
    endpoint.sent_eof();
    assert_eq!(endpoint.poll(at(11)), Ok(Some(at(21))), "the end is timed");
    assert_eq!(endpoint.poll(at(21)), Err(Expired::CloseTimeout));

    let mut endpoint = client();
    assert_eq!(endpoint.poll(at(10)), Err(Expired::HandshakeTimeout));
    written(&mut endpoint);
    assert_eq!(endpoint.transport_action(), TransportAction::Disconnect);
    assert_eq!(endpoint.poll(at(11)), Ok(None));
}

#[test]
fn after_the_opening_the_connection_is_timed() {
    let (_, mut endpoint) = run(server(), &[REQUEST.as_bytes()]);
    written(&mut endpoint);
    assert_eq!(endpoint.poll(at(1)), Ok(Some(at(30))), "counted from the poll before");
    assert_eq!(endpoint.poll(at(30)), Ok(Some(at(50))));
    assert_eq!(written(&mut endpoint), [0x89, 0]);
    assert_eq!(endpoint.poll(at(50)), Err(Expired::NoPong));

    let mut settings = settings(Role::Server);
    (settings.timeouts, settings.handshake_timeout) = (None, None);
    let (_, mut endpoint) = run(Endpoint::server(&settings, at(0)).unwrap(), &[REQUEST.as_bytes()]);
    assert_eq!(endpoint.poll(at(1_000_000)), Ok(None));
}

#[test]
fn a_role_that_does_not_fit_is_an_error() {
    assert!(Endpoint::server(&settings(Role::Client), at(0)).is_err());
    let request = client::Request::new("ws://a.example/").unwrap();
    assert!(Endpoint::client(&settings(Role::Server), &request, NONCE, at(0)).is_err());
}

#[test]
fn an_endpoint_comes_apart_and_together() {
    assert!(server().into_connection().is_none());
    let (_, endpoint) = run(server(), &[REQUEST.as_bytes(), b"\x81"]);
    let (connection, timers) = endpoint.into_connection().unwrap();
    assert_eq!(connection.state(), State::Open);
    let endpoint = Endpoint::from_connection(connection, timers);
    let frame = frame_for(Role::Server, 0x81, b"Hello");
    let (all, mut endpoint) = run(endpoint, &[&frame[1..]]);
    assert_eq!(all, [text("Hello")]);
    assert!(written(&mut endpoint).starts_with(b"HTTP/1.1 101 "), "what was not written is there");
}

#[test]
fn a_read_buffer_serves_an_endpoint_from_its_first_byte() {
    let frame = frame_for(Role::Server, 0x81, b"early");
    let stream = [REQUEST.as_bytes(), &frame].concat();
    for at_once in [1, 7, stream.len()] {
        let (mut endpoint, mut input) = (server(), ReadBuffer::new());
        let mut seen = Vec::new();
        for read in stream.chunks(at_once) {
            input.extend_from_slice(read);
            loop {
                match endpoint.receive_buffered(&mut input).unwrap() {
                    None => break,
                    Some(Event::Request) => {
                        let _ = endpoint.accept().unwrap();
                    }
                    Some(Event::Connection(event)) => seen.push(Seen::from(event)),
                    Some(other) => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(seen, [Seen::Text("early".into())], "{at_once} at once");
    }
}

#[test]
fn a_failed_opening_is_reported_once_whatever_is_left_in_the_read_buffer() {
    for response in ["\x16\x03\x01", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\nmore"]
    {
        let (mut endpoint, mut input) = (client(), ReadBuffer::new());
        input.extend_from_slice(response.as_bytes());
        let failed = endpoint.receive_buffered(&mut input);
        assert!(matches!(failed, Err(Error::InvalidResponse(_))), "{failed:?}");
        for _ in 0..3 {
            assert_eq!(endpoint.receive_buffered(&mut input), Ok(None));
            input.extend_from_slice(b"and more");
        }
        assert_eq!(endpoint.transport_action(), TransportAction::Disconnect);
    }
}

#[test]
fn an_idle_endpoint_holds_a_pointer_more_than_its_parts() {
    assert!(size_of::<Endpoint>() <= size_of::<Connection>() + 8);
    assert_eq!(size_of::<Event<'_>>(), size_of::<sansock::Event<'_>>());
    for has_timers in [false, true] {
        let mut settings = settings(Role::Server);
        if !has_timers {
            settings.timeouts = None;
        }
        let (_, bytes, endpoint) = measure(|| {
            let (_, mut endpoint) = run(
                Endpoint::server(&settings, at(0)).unwrap(),
                &[REQUEST.as_bytes(), &frame_for(Role::Server, 0x81, b"Hello")],
            );
            drop(written(&mut endpoint));
            endpoint.release_buffers();
            endpoint
        });
        let timers = if has_timers { size_of::<Timers>() } else { 0 };
        assert_eq!(bytes, timers as isize, "nothing else is on the heap");
        drop(endpoint);
    }
}

#[test]
fn a_read_buffer_of_another_connection_is_refused_from_the_first_byte() {
    let frame = frame_for(Role::Server, 0x81, b"early");
    let mut other = Connection::new(Config::server());
    let mut input = ReadBuffer::new();
    input.extend_from_slice(&frame[..8]);
    assert!(other.receive_buffered(&mut input).unwrap().is_none());
    let mut endpoint = server();
    assert_eq!(endpoint.receive_buffered(&mut input), Err(Error::ForeignBuffer));
    assert_eq!(endpoint.transport_action(), TransportAction::Disconnect);

    let mut endpoint = Endpoint::server(&unseen(), at(0)).unwrap();
    let mut input = ReadBuffer::new();
    input.extend_from_slice(&[REQUEST.as_bytes(), &frame].concat());
    assert!(matches!(endpoint.receive_buffered(&mut input), Ok(Some(Event::Opened(_)))));
    let mut other = Connection::new(Config::server());
    assert!(
        other.receive_buffered(&mut input).is_err(),
        "what came with the request is not for it"
    );
    let event = endpoint.receive_buffered(&mut input).unwrap();
    assert!(matches!(event, Some(Event::Connection(_))));
}
