//! A peer that stops, that cuts the transport, or that closes, after each byte of a conversation.

use std::time::Duration;

use sansock::endpoint::{Endpoint, Error, Settings};
use sansock::handshake::client;
use sansock::timer::{Expired, Timeouts};
use sansock::{CloseCode, CloseStatus, Input, Role, TransportAction};

use super::{NONCE, Told, at, every_way, run, settings, told, written};
use crate::support::conversation::{CLOSE, Conversation, PING, Place, Sent, sent};
use crate::support::{ROLES, Seen, close_body, frame_for};

pub(super) fn start(settings: &Settings) -> Endpoint {
    match settings.config.role() {
        Role::Server => Endpoint::server(settings, at(0)).unwrap(),
        Role::Client => {
            let request = client::Request::new("ws://a.example/").unwrap();
            Endpoint::client(settings, &request, NONCE, at(0)).unwrap()
        }
    }
}

pub(super) fn timed(role: Role, timeouts: &Timeouts) -> Settings {
    let mut settings = settings(role);
    settings.timeouts = Some(timeouts.clone().into());
    settings
}

/// What is delivered of the first `len` bytes of a conversation.
fn delivered(role: Role, conversation: &Conversation, len: usize) -> Vec<Told> {
    if conversation.place(len) == Place::Opening {
        return Vec::new();
    }
    let opened = match role {
        Role::Server => Told::Request("/chat?room=1".into()),
        Role::Client => Told::Opened(None),
    };
    [opened].into_iter().chain(conversation.seen(len).into_iter().map(Told::Connection)).collect()
}

/// What an endpoint says of a peer that does nothing any more, and what it writes.
pub(super) struct Ending {
    pub(super) output: Vec<u8>,
    /// Each reason to drop the peer, and the second at which it was reported.
    pub(super) expired: Vec<(Expired, u64)>,
}

/// Waits for the end of an endpoint, as its documentation asks, while the transport takes `room`
/// more bytes and nothing comes. If there is a reason of which the peer is told, `late` comes after
/// it. At any other reason the transport is dropped.
pub(super) fn wait_for_end(endpoint: &mut Endpoint, mut room: usize, late: &[u8]) -> Ending {
    let mut ending = Ending { output: Vec::new(), expired: Vec::new() };
    let mut now = Duration::ZERO;
    // Two deadlines, with a poll from which each is counted, and a ping.
    for _ in 0..5 {
        let taken = take(endpoint, room);
        room -= taken.len();
        ending.output.extend(taken);
        match endpoint.transport_action() {
            TransportAction::ShutdownWrite => endpoint.sent_eof(),
            TransportAction::Disconnect => return ending,
            _ => {}
        }
        match endpoint.poll(now) {
            Ok(Some(deadline)) => {
                assert!(deadline > now, "it is later");
                // What the poll has queued is written at once.
                let taken = take(endpoint, room);
                room -= taken.len();
                ending.output.extend(taken);
                now = deadline;
            }
            Ok(None) => panic!("nothing is waited for at {now:?}"),
            Err(expired) => {
                ending.expired.push((expired, now.as_secs()));
                if !matches!(expired, Expired::MessageTimeout | Expired::HandshakeTimeout) {
                    assert_eq!(endpoint.poll(now), Err(expired), "it stays");
                    assert_eq!(endpoint.receive_eof(), Ok(None));
                    return ending;
                }
                assert_discards(endpoint, late);
            }
        }
    }
    panic!("no end at {now:?}, after {:?}", ending.expired);
}

/// Takes at most `most` bytes of the output, chunk by chunk.
pub(super) fn take(endpoint: &mut Endpoint, most: usize) -> Vec<u8> {
    use bytes::Buf;
    let mut bytes = Vec::new();
    while bytes.len() < most && endpoint.has_output() {
        let output = endpoint.output();
        let len = output.chunk().len().min(most - bytes.len());
        bytes.extend_from_slice(&output.chunk()[..len]);
        output.advance(len);
    }
    bytes
}

fn assert_discards(endpoint: &mut Endpoint, late: &[u8]) {
    let mut late = late.to_vec();
    let mut input = Input::new(&mut late);
    assert_eq!(told(endpoint, &mut input), None);
    assert!(input.is_empty(), "it is discarded");
}

/// Asserts that an endpoint has ended: whatever still comes leads to nothing.
fn assert_over(endpoint: &mut Endpoint, late: &[u8]) {
    assert_discards(endpoint, late);
    assert_eq!(endpoint.poll(at(1000)), Ok(None));
    assert_eq!(endpoint.receive_eof(), Ok(None));
    assert_eq!(endpoint.poll(at(2000)), Ok(None));
    assert!(!endpoint.has_output());
    assert_eq!(endpoint.transport_action(), TransportAction::Disconnect);
}

fn status_at(conversation: &Conversation, len: usize) -> CloseStatus {
    match conversation.place(len) {
        Place::Closed => CloseStatus::Code(CloseCode::new(CLOSE.0).unwrap()),
        _ => CloseStatus::Abnormal,
    }
}

/// Limits for a message that end before the ping, between it and its time for the pong, never, and
/// at the default, which is the minimum rate; with the second at which they end.
fn message_limits() -> [(Timeouts, Option<u64>); 4] {
    let limits = |message: Option<u64>, pong| {
        let mut timeouts = Timeouts::DEFAULT;
        timeouts.message = message.map(Duration::from_secs);
        timeouts.pong = Some(Duration::from_secs(pong));
        timeouts
    };
    [
        (limits(Some(5), 20), Some(5)),
        (limits(Some(40), 20), Some(40)),
        (limits(None, 20), None),
        (limits(None, 40), Some(60)),
    ]
}

/// How a peer ends that has stopped at this place, and the frames that tell it.
fn ending(
    role: Role,
    place: Place,
    timeouts: &Timeouts,
    message: Option<u64>,
) -> (Vec<(Expired, u64)>, Vec<Sent>) {
    let ping = (0x89, Vec::new());
    let no_pong = 30 + timeouts.pong.unwrap().as_secs();
    match (place, message) {
        (Place::Opening, _) => {
            let mut expired = vec![(Expired::HandshakeTimeout, 10)];
            // A client has nothing to say to the server, and does not wait for its end.
            expired.extend((role == Role::Server).then_some((Expired::CloseTimeout, 20)));
            (expired, vec![])
        }
        (Place::Within, Some(end)) => {
            let why = close_body(1008, "message timed out: peer sent too slowly");
            let mut frames = vec![(0x88, why)];
            if end > 30 {
                frames.insert(0, ping);
            }
            (vec![(Expired::MessageTimeout, end), (Expired::CloseTimeout, end + 10)], frames)
        }
        (Place::Within, None) | (Place::Between, _) => {
            (vec![(Expired::NoPong, no_pong)], vec![ping])
        }
        (Place::Closed, _) => (vec![(Expired::CloseTimeout, 10)], vec![]),
    }
}

#[test]
fn a_peer_that_stops_at_any_byte_is_dropped_for_the_deadline_that_ends_first() {
    for role in ROLES {
        let conversation = Conversation::new(role);
        let bytes = conversation.bytes();
        for len in 0..=bytes.len() {
            let (before, late) = bytes.split_at(len);
            let place = conversation.place(len);
            for (timeouts, message) in message_limits() {
                let (all, mut endpoint) = run(start(&timed(role, &timeouts)), &[before]);
                assert_eq!(all, delivered(role, &conversation, len), "after {len}");
                let Ending { output, expired } = wait_for_end(&mut endpoint, usize::MAX, late);
                let (expected, last) = ending(role, place, &timeouts, message);
                assert_eq!(expired, expected, "{role:?} after {len}, {message:?}");
                match (place, role) {
                    (Place::Opening, Role::Server) => {
                        assert!(output.starts_with(b"HTTP/1.1 408 ") && output.ends_with(b"\r\n"));
                    }
                    _ => {
                        let expected = [conversation.answers(len), last].concat();
                        assert_eq!(sent(role, &output), expected, "after {len}");
                    }
                }
                assert_eq!(endpoint.close_status(), status_at(&conversation, len));
                assert_over(&mut endpoint, late);
            }
        }
    }
}

#[test]
fn a_peer_that_neither_sends_a_head_nor_takes_our_output_is_dropped_in_time() {
    for role in ROLES {
        let conversation = Conversation::new(role);
        let bytes = conversation.bytes();
        for len in 0..conversation.head_len() {
            let (before, late) = bytes.split_at(len);
            let (all, mut endpoint) = run(start(&settings(role)), &[before]);
            assert_eq!(all, []);
            let Ending { expired, .. } = wait_for_end(&mut endpoint, 0, late);
            assert_eq!(expired[0], (Expired::HandshakeTimeout, 10), "{role:?} after {len}");
            // The 408 is waited for. Of a client's request nothing can come any more.
            let later: &[_] = match role {
                Role::Server => &[(Expired::WriteStalled, 70)],
                Role::Client => &[],
            };
            assert_eq!(expired[1..], *later, "{role:?} after {len}");
        }
    }
}

#[test]
fn a_transport_that_is_cut_at_any_byte_ends_abnormally_unless_the_close_was_whole() {
    for role in ROLES {
        let conversation = Conversation::new(role);
        let bytes = conversation.bytes();
        for len in 0..=bytes.len() {
            let (before, late) = bytes.split_at(len);
            let at_once = if len % 2 == 0 { 1 } else { bytes.len() };
            let reads: Vec<_> = before.chunks(at_once).collect();
            for is_written_before in [true, false] {
                let (all, mut endpoint) = run(start(&settings(role)), &reads);
                assert_eq!(all, delivered(role, &conversation, len), "after {len}");
                let mut output = Vec::new();
                if is_written_before {
                    output.extend(written(&mut endpoint));
                }
                let is_opening = conversation.place(len) == Place::Opening;
                let expected = if is_opening { Err(Error::UnexpectedEof) } else { Ok(None) };
                assert_eq!(endpoint.receive_eof(), expected, "{role:?} after {len}");
                assert_eq!(endpoint.close_status(), status_at(&conversation, len));

                // The peer may have ended only its own half: it can still read what is left.
                if endpoint.has_output() {
                    assert!(!is_written_before, "the end of the transport is not answered");
                    assert_eq!(endpoint.transport_action(), TransportAction::Flush);
                    output.extend(written(&mut endpoint));
                }
                if is_opening && (role == Role::Server || !is_written_before) {
                    assert_eq!(output, b"", "nobody has asked, or nobody can answer any more");
                } else {
                    assert_eq!(sent(role, &output), conversation.answers(len));
                }
                assert_over(&mut endpoint, late);
            }
        }
    }
}

#[test]
fn a_peer_that_has_our_close_is_received_up_to_any_byte_and_timed_from_it() {
    let mut short = Timeouts::DEFAULT;
    short.message = Some(Duration::from_secs(5));
    for role in ROLES {
        let conversation = Conversation::new(role);
        let bytes = conversation.bytes();
        let (head, frames) = bytes.split_at(conversation.head_len());
        for len in head.len()..=bytes.len() {
            let (before, late) = frames.split_at(len - head.len());
            let close = |timeouts: &Timeouts| {
                let (_, mut endpoint) = run(start(&timed(role, timeouts)), &[head]);
                endpoint.close(CloseCode::NORMAL, "done").unwrap();
                let (all, endpoint) = run(endpoint, &[before]);
                assert_eq!(all, delivered(role, &conversation, len)[1..], "after {len}");
                endpoint
            };
            let ours = [(0x88, close_body(1000, "done"))];

            let mut endpoint = close(&Timeouts::DEFAULT);
            endpoint.receive_eof().unwrap();
            assert_eq!(sent(role, &written(&mut endpoint)), ours, "and no pong");
            assert_eq!(endpoint.close_status(), status_at(&conversation, len));
            assert_over(&mut endpoint, late);

            let is_slow = conversation.place(len) == Place::Within;
            let slow = is_slow.then_some((Expired::MessageTimeout, 5));
            for (timeouts, first) in [(&Timeouts::DEFAULT, None), (&short, slow)] {
                let mut endpoint = close(timeouts);
                let Ending { output, expired } = wait_for_end(&mut endpoint, usize::MAX, late);
                let expected = first.into_iter().chain([(Expired::CloseTimeout, 10)]);
                assert!(expired.iter().copied().eq(expected), "after {len}: {expired:?}");
                assert_eq!(sent(role, &output), ours, "it is the last frame");
                assert_eq!(endpoint.close_status(), status_at(&conversation, len));
                assert_over(&mut endpoint, late);
            }
        }
    }
}

#[test]
fn a_close_in_place_of_any_frame_is_answered_with_its_own_code() {
    for role in ROLES {
        let conversation = Conversation::new(role);
        let bytes = conversation.bytes();
        for len in conversation.boundaries() {
            let (before, late) = bytes.split_at(len);
            let close = frame_for(role, 0x88, &close_body(4000, "enough"));
            let stream = [before, &close, late].concat();
            let (all, mut endpoint) = every_way(|| start(&settings(role)), &stream);

            let mut expected = delivered(role, &conversation, len);
            expected.push(Told::Connection(Seen::Close(Some(4000), "enough".into())));
            assert_eq!(all, expected, "{role:?} after {len}");
            assert_eq!(endpoint.transport_action(), TransportAction::Flush);
            let mut expected = conversation.answers(len);
            expected.push((0x88, close_body(4000, "enough")));
            assert_eq!(sent(role, &written(&mut endpoint)), expected, "{role:?} after {len}");

            if role == Role::Server {
                assert_eq!(endpoint.transport_action(), TransportAction::ShutdownWrite);
                endpoint.sent_eof();
            }
            assert_eq!(endpoint.transport_action(), TransportAction::AwaitEof);
            assert_eq!(endpoint.receive_eof(), Ok(None));
            let code = CloseCode::new(4000).unwrap();
            assert_eq!(endpoint.close_status(), CloseStatus::Code(code));
            assert_over(&mut endpoint, late);
        }
    }
}

/// The tests above would show nothing if the conversation had no such places.
#[test]
fn the_conversation_has_every_place_and_a_ping_within_a_message() {
    for role in ROLES {
        let conversation = Conversation::new(role);
        let places = (0..=conversation.bytes().len()).map(|len| conversation.place(len));
        let count = |place| places.clone().filter(|other| *other == place).count();
        assert_eq!(count(Place::Opening), conversation.head_len());
        assert_eq!(count(Place::Closed), 1);
        assert_eq!(count(Place::Between), 7, "after the head, five messages and a pong");
        let is_pinged = |len| conversation.seen(len).contains(&Seen::Ping(PING.into()));
        let first = (0..).find(|len| is_pinged(*len)).unwrap();
        assert_eq!(conversation.place(first), Place::Within);
    }
}
