//! A peer that stops, that cuts the transport, or that closes, after each byte of a conversation.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use sansock::blocking::{self, Error, WebSocket};
use sansock::endpoint::{self, Settings};
use sansock::handshake::client::Request;
use sansock::timer::{Expired, Timeouts};
use sansock::{CloseCode, CloseStatus, Config, Message, Role};

use crate::script::{Script, Step, script};
use crate::support::conversation::{CLOSE, Conversation, NONCE, Place, Sent, sent};
use crate::support::{ROLES, Seen, close_body, frame_for};

/// How a WebSocket has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// With `Ok(None)`.
    Closed,
    UnexpectedEof,
    /// The transport ended within the opening handshake.
    OpeningEof,
    Reset,
    Expired(Expired),
}

impl From<Error> for End {
    fn from(error: Error) -> End {
        match error {
            Error::UnexpectedEof => End::UnexpectedEof,
            Error::Endpoint(endpoint::Error::UnexpectedEof) => End::OpeningEof,
            Error::Io(error) if error.kind() == ErrorKind::ConnectionReset => End::Reset,
            Error::Expired(expired) => End::Expired(expired),
            other => panic!("{other:?}"),
        }
    }
}

fn open<'s>(
    role: Role,
    stream: &'s mut Script,
    settings: &Settings,
) -> Result<WebSocket<&'s mut Script>, Error> {
    match role {
        Role::Server => blocking::accept_with(stream, settings, |_| ()),
        Role::Client => {
            let request = Request::new("ws://a.example/").unwrap();
            blocking::client_with(stream, settings, &request, NONCE).map(|(ws, _)| ws)
        }
    }
}

fn settings(role: Role) -> Settings {
    Settings::new(if role == Role::Server { Config::server() } else { Config::client() })
}

/// Receives messages until the end, over reads that would block.
fn receive_all(ws: &mut WebSocket<&mut Script>) -> (Vec<Message>, End) {
    let mut messages = Vec::new();
    let mut end = End::Closed;
    // The iterator calls `receive`, and ends with `None` or with the first error that is one.
    for received in &mut *ws {
        match received {
            Ok(message) => messages.push(message),
            Err(error) if error.is_would_block() => {}
            Err(error) => {
                assert_eq!(end, End::Closed, "there is one error");
                end = error.into();
            }
        }
    }
    if end == End::Closed {
        assert!(matches!(ws.receive(), Ok(None)), "it stays at its end");
    }
    (messages, end)
}

/// Opens a WebSocket over `stream` and receives to the end. Returns how it has closed as well.
fn run(
    role: Role,
    stream: &mut Script,
    settings: &Settings,
) -> (Vec<Message>, End, Option<CloseStatus>) {
    match open(role, stream, settings) {
        Ok(mut ws) => {
            let (messages, end) = receive_all(&mut ws);
            (messages, end, Some(ws.endpoint().close_status()))
        }
        Err(error) => (Vec::new(), error.into(), None),
    }
}

/// The messages in the first `len` bytes of a conversation.
fn messages(conversation: &Conversation, len: usize) -> Vec<Message> {
    let seen = conversation.seen(len).into_iter();
    seen.filter_map(|seen| match seen {
        Seen::Text(text) => Some(Message::from(text)),
        Seen::Binary(data) => Some(Message::from(data)),
        _ => None,
    })
    .collect()
}

/// Reads of these bytes, with one that would block between each two.
fn reads(bytes: &[u8], at_once: usize) -> Vec<Step> {
    let read = |bytes: &[u8]| [Step::Read(bytes.to_vec()), Step::Fail(ErrorKind::WouldBlock)];
    bytes.chunks(at_once).flat_map(read).collect()
}

fn status_at(place: Place) -> Option<CloseStatus> {
    match place {
        Place::Opening => None,
        Place::Closed => Some(CloseStatus::Code(CloseCode::new(CLOSE.0).unwrap())),
        _ => Some(CloseStatus::Abnormal),
    }
}

#[test]
fn a_transport_that_is_cut_at_any_byte_is_an_error_unless_both_have_closed() {
    for role in ROLES {
        let conversation = Conversation::new(role);
        let bytes = conversation.bytes();
        for len in 0..=bytes.len() {
            let place = conversation.place(len);
            let cuts = [
                (Step::Read(Vec::new()), [End::OpeningEof, End::UnexpectedEof]),
                (Step::Fail(ErrorKind::ConnectionReset), [End::Reset; 2]),
            ];
            for (cut, [while_opening, later]) in cuts {
                let at_once = if len % 2 == 0 { 1 } else { bytes.len() };
                let mut steps = reads(&bytes[..len], at_once);
                steps.push(cut);
                let mut stream = script(steps, usize::MAX);
                stream.has_halves = true;
                let (received, end, status) = run(role, &mut stream, &settings(role));
                let expected = match place {
                    Place::Opening => while_opening,
                    Place::Closed => End::Closed,
                    Place::Between | Place::Within => later,
                };
                assert_eq!(end, expected, "{role:?} after {len}");
                assert_eq!(received, messages(&conversation, len), "{role:?} after {len}");
                assert_eq!(status, status_at(place), "{role:?} after {len}");
                if place == Place::Opening && role == Role::Server {
                    assert_eq!(stream.written, b"");
                } else {
                    assert_eq!(sent(role, &stream.written), conversation.answers(len));
                }
            }
        }
    }
}

/// The shortest limits. That of the opening handshake is short only for a peer that stops within
/// it, because that of any other must not fail on a slow machine.
fn short_limits(role: Role, place: Place) -> Settings {
    let shortest = Some(Duration::from_millis(1));
    let mut timeouts = Timeouts::DEFAULT;
    (timeouts.ping, timeouts.pong, timeouts.close) = (shortest, shortest, shortest);
    timeouts.message = shortest;
    let mut settings = settings(role);
    settings.timeouts = Some(Arc::new(timeouts));
    if place == Place::Opening {
        settings.handshake_timeout = shortest;
    }
    settings
}

#[test]
fn a_peer_that_stops_at_any_byte_is_dropped_for_the_deadline_that_ends_first() {
    for role in ROLES {
        let conversation = Conversation::new(role);
        let bytes = conversation.bytes();
        for len in 0..=bytes.len() {
            let place = conversation.place(len);
            // In one read, so that no deadline can pass between two.
            let reads = if len == 0 { vec![] } else { vec![Step::Read(bytes[..len].to_vec())] };
            let mut stream = script(reads, usize::MAX);
            stream.has_halves = true;
            let (received, end, status) = run(role, &mut stream, &short_limits(role, place));

            let why = close_body(1008, "message timed out: peer sent too slowly");
            let (expected, last): (End, Option<Sent>) = match place {
                Place::Opening => (End::Expired(Expired::HandshakeTimeout), None),
                Place::Between => (End::Expired(Expired::NoPong), Some((0x89, Vec::new()))),
                Place::Within => (End::Expired(Expired::MessageTimeout), Some((0x88, why))),
                Place::Closed => (End::Closed, None),
            };
            assert_eq!(end, expected, "{role:?} after {len}");
            assert_eq!(received, messages(&conversation, len), "{role:?} after {len}");
            assert_eq!(status, status_at(place), "{role:?} after {len}");
            if place == Place::Opening && role == Role::Server {
                assert!(stream.written.starts_with(b"HTTP/1.1 408 "), "after {len}");
            } else {
                let expected: Vec<_> = conversation.answers(len).into_iter().chain(last).collect();
                assert_eq!(sent(role, &stream.written), expected, "{role:?} after {len}");
            }
        }
    }
}

#[test]
fn a_close_in_place_of_any_frame_ends_the_messages_however_the_transport_ends() {
    let ends = [
        vec![Step::Read(Vec::new())],
        vec![Step::Fail(ErrorKind::ConnectionReset)],
        vec![], // it stays silent
    ];
    for role in ROLES {
        let conversation = Conversation::new(role);
        let bytes = conversation.bytes();
        let body = close_body(4000, "enough");
        for len in conversation.boundaries() {
            let stream = [&bytes[..len], &frame_for(role, 0x88, &body), &bytes[len..]].concat();
            for (at_once, has_halves) in [(1, true), (stream.len(), true), (stream.len(), false)] {
                for end in &ends {
                    let mut steps = reads(&stream, at_once);
                    steps.extend(end.iter().cloned());
                    let mut script = script(steps, usize::MAX);
                    script.has_halves = has_halves;
                    let mut settings = settings(role);
                    let mut timeouts = Timeouts::DEFAULT;
                    timeouts.close = Some(Duration::from_millis(1));
                    settings.timeouts = Some(Arc::new(timeouts));
                    let (received, end, status) = run(role, &mut script, &settings);
                    assert_eq!(end, End::Closed, "{role:?} after {len}");
                    assert_eq!(received, messages(&conversation, len), "{role:?} after {len}");
                    let code = CloseCode::new(4000).unwrap();
                    assert_eq!(status, Some(CloseStatus::Code(code)));
                    let mut expected = conversation.answers(len);
                    expected.push((0x88, body.clone()));
                    assert_eq!(sent(role, &script.written), expected, "{role:?} after {len}");
                }
            }
        }
    }
}

#[test]
fn a_peer_that_has_our_close_must_answer_it_but_may_send_messages_before() {
    for role in ROLES {
        let conversation = Conversation::new(role);
        let bytes = conversation.bytes();
        for len in conversation.head_len()..=bytes.len() {
            let place = conversation.place(len);
            let silent = match place {
                Place::Within => Expired::MessageTimeout,
                _ => Expired::CloseTimeout,
            };
            for (cut, expected) in [
                (Some(Step::Read(Vec::new())), End::UnexpectedEof),
                (Some(Step::Fail(ErrorKind::ConnectionReset)), End::Reset),
                (None, End::Expired(silent)),
            ] {
                let settings =
                    if cut.is_some() { settings(role) } else { short_limits(role, place) };
                let reads = [Step::Read(bytes[..len].to_vec())].into_iter().chain(cut);
                let mut stream = script(reads.collect(), usize::MAX);
                stream.has_halves = true;
                let mut ws = open(role, &mut stream, &settings).unwrap();
                ws.close(CloseCode::NORMAL, "done").unwrap();
                let (received, end) = receive_all(&mut ws);
                let expected = if place == Place::Closed { End::Closed } else { expected };
                assert_eq!(end, expected, "{role:?} after {len}");
                assert_eq!(received, messages(&conversation, len), "{role:?} after {len}");
                assert_eq!(Some(ws.endpoint().close_status()), status_at(place));
                let ours = [(0x88, close_body(1000, "done"))];
                assert_eq!(sent(role, &stream.written), ours, "{role:?} after {len}");
            }
        }
    }
}

/// Sends and then receives the peer's Close over a transport that has taken `room` bytes when it
/// would block. Then it takes `more`. Returns the end, and whether anything has waited.
fn close_while_sending(role: Role, stream: &mut Script, room: usize, more: usize) -> (End, bool) {
    let mut settings = settings(role);
    let mut timeouts = Timeouts::DEFAULT;
    (timeouts.write, timeouts.close) =
        (Some(Duration::from_millis(1)), Some(Duration::from_millis(1)));
    settings.timeouts = Some(Arc::new(timeouts));
    stream.room = room;
    let mut ws = open(role, stream, &settings).unwrap();
    ws.send_text("Hello").unwrap();
    ws.send_binary(&[7; 126]).unwrap();
    ws.ping(b"1").unwrap();
    let has_waited = ws.endpoint().has_output();
    if more > 0 {
        // The Close comes with what has been read; its answer is queued behind the rest.
        while ws.next_event().unwrap().is_some() {}
        ws.get_mut().room = more;
    }
    (receive_all(&mut ws).1, has_waited)
}

#[test]
fn a_close_at_any_byte_of_our_output_is_answered_behind_it_or_is_stalled() {
    let body = close_body(4000, "enough");
    for role in ROLES {
        let conversation = Conversation::new(role);
        let head = &conversation.bytes()[..conversation.head_len()];
        let stream = [head, &frame_for(role, 0x88, &body)].concat();
        let script = || {
            let mut script = script(vec![Step::Read(stream.clone())], 0);
            script.has_halves = true;
            script
        };
        for room in 0.. {
            let mut stream = script();
            let (end, has_waited) = close_while_sending(role, &mut stream, room, usize::MAX);
            assert_eq!(end, End::Closed, "{role:?} after {room}");
            let expected = [
                (0x81, b"Hello".to_vec()),
                (0x82, vec![7; 126]),
                (0x89, b"1".to_vec()),
                (0x88, body.clone()),
            ];
            assert_eq!(sent(role, &stream.written), expected, "{role:?} after {room}");
            if !has_waited {
                assert!(room > 250, "all places were seen");
                break;
            }
            let mut stream = script();
            let (end, _) = close_while_sending(role, &mut stream, room, 0);
            assert_eq!(end, End::Expired(Expired::WriteStalled), "{role:?} after {room}");
            assert_eq!(stream.written.len(), room);
        }
    }
}
