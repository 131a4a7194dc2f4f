//! The codecs, alone and in `Framed` over a transport in memory.
#![cfg(feature = "tokio-util")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::error::Error as _;
use std::io::ErrorKind;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use sansock::codec::{Error, Frames, Messages, Outgoing};
use sansock::connection::{CloseError, State};
use sansock::frame::{EncodeError, Header, Rsv};
use sansock::{
    CloseCode, CloseStatus, Connection, Limits, Message, Opcode, Role, SendError, Violation,
};
use support::{
    KEY, NO_LIMITS, ROLES, Seen, close_body, config, fragmented_for, frame_for, frames, head_for,
    limited,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_util::codec::{Decoder, Encoder, Framed};

type Ws = Framed<DuplexStream, Messages>;

fn messages(role: Role) -> Messages {
    Messages::new(Connection::new(config(role)))
}

/// Returns a client and a server that are connected by a buffer of `room` bytes.
fn pair(room: usize) -> (Ws, Ws) {
    let (client, server) = duplex(room);
    (Framed::new(client, messages(Role::Client)), Framed::new(server, messages(Role::Server)))
}

/// Returns an end of this role, and the bare transport at its other end.
fn bare(role: Role) -> (Ws, DuplexStream) {
    let (ws, peer) = duplex(1 << 20);
    (Framed::new(ws, messages(role)), peer)
}

async fn next(ws: &mut Ws) -> Seen {
    match ws.next().await {
        Some(Ok(event)) => event.into(),
        Some(Err(Error::Protocol(error))) => error.into(),
        other => panic!("neither an event nor a protocol error: {other:?}"),
    }
}

/// Returns what `codec` decodes from a stream in these pieces.
fn decode(codec: &mut Messages, pieces: &[&[u8]]) -> Vec<Seen> {
    let (mut seen, mut buffer) = (Vec::new(), BytesMut::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match codec.decode(&mut buffer) {
                Ok(Some(event)) => seen.push(event.into()),
                Ok(None) => break,
                Err(Error::Protocol(error)) => seen.push(error.into()),
                Err(error) => panic!("{error}"),
            }
        }
        assert!(buffer.is_empty());
    }
    seen
}

#[tokio::test]
async fn messages_are_echoed() {
    let (mut client, mut server) = pair(64);
    for text in ["", "hello", "grüße 🦀"] {
        client.send(text.into()).await.unwrap();
        let Some(Ok(sansock::Event::Text(received))) = server.next().await else { panic!() };
        server.send(received.into()).await.unwrap();
        assert_eq!(next(&mut client).await, Seen::Text(text.into()));
    }
    client.feed(Message::from(&[1, 2, 3]).into()).await.unwrap();
    client.feed(Outgoing::Ping("a".into())).await.unwrap();
    client.feed(Outgoing::Pong("b".into())).await.unwrap();
    client.flush().await.unwrap();
    assert_eq!(next(&mut server).await, Seen::Binary(vec![1, 2, 3]));
    assert_eq!(next(&mut server).await, Seen::Ping(b"a".into()));
    assert_eq!(next(&mut server).await, Seen::Pong(b"b".into()));
}

#[test]
fn events_are_the_same_however_the_stream_is_cut() {
    for role in ROLES {
        let mut stream = frame_for(role, 0x81, "grüße".as_bytes());
        stream.extend(fragmented_for(role, Opcode::Text, &[b"a", b"", b"bc"]));
        stream.extend(frame_for(role, 0x89, b"there?"));
        stream.extend(frame_for(role, 0x82, &[7; 200]));
        stream.extend(frame_for(role, 0x88, &close_body(1000, "bye")));
        let expected = [
            Seen::Text("grüße".into()),
            Seen::Text("abc".into()),
            Seen::Ping(b"there?".into()),
            Seen::Binary(vec![7; 200]),
            Seen::Close(Some(1000), "bye".into()),
        ];
        for at in 0..=stream.len() {
            let (left, right) = stream.split_at(at);
            assert_eq!(decode(&mut messages(role), &[left, right]), expected, "split at {at}");
        }
        let single: Vec<_> = stream.chunks(1).collect();
        assert_eq!(decode(&mut messages(role), &single), expected, "byte by byte");
    }
}

#[tokio::test]
async fn large_messages_go_through_a_narrow_transport() {
    let (mut client, mut server) = pair(1000);
    let data = Bytes::from((0..=255).cycle().take(3 << 20).collect::<Vec<u8>>());
    let echoing = tokio::spawn(async move {
        while let Some(Ok(sansock::Event::Binary(data))) = server.next().await {
            server.send(data.into()).await.unwrap();
        }
    });
    // Shared, so that it is copied, and owned.
    for message in [Message::from(data.clone()), Message::from(data.to_vec())] {
        client.send(message.into()).await.unwrap();
        let Some(Ok(sansock::Event::Binary(received))) = client.next().await else { panic!() };
        assert!(received[..] == data[..]);
    }
    drop(client);
    echoing.await.unwrap();
}

#[tokio::test]
async fn pings_are_answered_by_whatever_is_sent_next() {
    for item in [Outgoing::Replies, "x".into()] {
        let (mut ws, mut peer) = bare(Role::Server);
        for payload in [b"1", b"2"] {
            peer.write_all(&frame_for(Role::Server, 0x89, payload)).await.unwrap();
            assert_eq!(next(&mut ws).await, Seen::Ping(payload.into()));
        }
        assert!(ws.codec().connection().has_output() && ws.write_buffer().is_empty());
        ws.send(item.clone()).await.unwrap();
        assert!(!ws.codec().connection().has_output() && ws.write_buffer().is_empty());
        ws.send(Outgoing::Replies).await.unwrap(); // nothing is queued
        drop(ws);
        let mut sent = Vec::new();
        peer.read_to_end(&mut sent).await.unwrap();
        let pongs = &b"\x8A\x011\x8A\x012"[..];
        let message = if item == Outgoing::Replies { &b""[..] } else { b"\x81\x01x" };
        assert_eq!(sent, [pongs, message].concat());
    }
}

/// RFC 6455 §5.5.3: of many pings between two writes, at least the latest is answered.
#[test]
fn a_flood_of_pings_leaves_the_latest_pong() {
    let mut codec = messages(Role::Server);
    let flood: Vec<u8> =
        (0..1000u16).flat_map(|i| frame_for(Role::Server, 0x89, &i.to_be_bytes())).collect();
    assert_eq!(decode(&mut codec, &[&flood]).len(), 1000);
    let mut dst = BytesMut::new();
    codec.encode(Outgoing::Replies, &mut dst).unwrap();
    let pongs = frames(&dst);
    assert!(dst.len() < 1100 && pongs.last().unwrap().payload == 999u16.to_be_bytes());
    assert!(!codec.connection().has_output());
}

#[tokio::test]
async fn either_end_closes() {
    for closer_is_client in [true, false] {
        let (client, server) = pair(64);
        let (mut closer, mut other) =
            if closer_is_client { (client, server) } else { (server, client) };
        let close = Outgoing::Close { code: CloseCode::GOING_AWAY, reason: "bye".into() };
        closer.send(close.clone()).await.unwrap();
        assert_eq!(next(&mut other).await, Seen::Close(Some(1001), "bye".into()));
        let Err(Error::Send(error)) = other.send("late".into()).await else { panic!() };
        assert_eq!(error, SendError::Closing);
        other.send(close).await.expect("a second Close is accepted");
        other.send(Outgoing::Replies).await.unwrap();
        assert_eq!(next(&mut closer).await, Seen::Close(Some(1001), "bye".into()));
        assert_eq!((closer.codec().closure(), other.codec().closure()), (None, None));

        // RFC 6455 §7.1.1: the server closes the transport.
        let (server, client) =
            if closer_is_client { (&mut other, &mut closer) } else { (&mut closer, &mut other) };
        server.close().await.unwrap();
        assert!(client.next().await.is_none());
        client.close().await.unwrap();
        assert!(server.next().await.is_none());
        for ws in [client, server] {
            assert_eq!(ws.codec().closure(), Some(CloseStatus::Code(CloseCode::GOING_AWAY)));
            assert_eq!(ws.codec().connection().state(), State::Ended);
        }
    }
}

#[tokio::test]
async fn the_end_of_the_transport_is_the_end_of_the_stream() {
    let (mut ws, mut peer) = bare(Role::Client);
    peer.write_all(b"\x81\x01a\x81\x05cut").await.unwrap();
    drop(peer);
    assert_eq!(next(&mut ws).await, Seen::Text("a".into()));
    assert!(ws.next().await.is_none() && ws.next().await.is_none());
    assert_eq!(ws.codec().closure(), Some(CloseStatus::Abnormal));
    let Err(Error::Send(error)) = ws.feed("late".into()).await else { panic!() };
    assert_eq!(error, SendError::Closing);
}

#[tokio::test]
async fn a_protocol_error_is_said_to_the_other_end() {
    for item in [Outgoing::Replies, "refused".into()] {
        let (mut ws, mut peer) = bare(Role::Server);
        peer.write_all(&frame_for(Role::Server, 0x89, b"p")).await.unwrap();
        peer.write_all(b"\x81\x05Hello, not masked").await.unwrap();
        assert_eq!(next(&mut ws).await, Seen::Ping(b"p".into()));
        assert_eq!(next(&mut ws).await, Seen::Failed(Violation::UnmaskedFrame, 8));
        let refused = item != Outgoing::Replies;
        assert_eq!(ws.send(item).await.is_err(), refused);
        ws.close().await.unwrap();
        let mut sent = Vec::new();
        peer.read_to_end(&mut sent).await.unwrap();
        let sent = frames(&sent);
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0].content(), (0x8A, &b"p"[..]));
        assert_eq!((sent[1].first, &sent[1].payload[..2]), (0x88, &1002u16.to_be_bytes()[..]));

        // `Framed` pauses after an error. Bytes that arrive later are discarded.
        peer.write_all(&frame_for(Role::Server, 0x81, b"late")).await.unwrap();
        drop(peer);
        assert!(ws.next().await.is_none() && ws.codec().closure().is_none());
        assert!(ws.next().await.is_none());
        assert_eq!(ws.codec().closure(), Some(CloseStatus::Abnormal));
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused() {
    let (mut ws, mut peer) = bare(Role::Server);
    for too_long in [Outgoing::Ping(vec![0; 126].into()), Outgoing::Pong(vec![0; 126].into())] {
        let Err(Error::Send(error)) = ws.send(too_long).await else { panic!() };
        assert_eq!(error, SendError::TooLong);
    }
    let close = Outgoing::Close { code: CloseCode::MANDATORY_EXTENSION, reason: "x".into() };
    let Err(Error::Close(refused)) = ws.send(close).await else { panic!() };
    assert_eq!(refused, CloseError::ClientOnlyCode);
    ws.send("still open".into()).await.unwrap();
    drop(ws);
    let mut sent = Vec::new();
    peer.read_to_end(&mut sent).await.unwrap();
    assert_eq!(sent, b"\x81\x0Astill open");
}

#[test]
fn no_limit_on_output_is_in_the_way() {
    let mut config = config(Role::Server);
    config.max_output = Some(1);
    let mut codec = Messages::new(Connection::new(config));
    let mut dst = BytesMut::new();
    for i in 0..100u8 {
        decode(&mut codec, &[&frame_for(Role::Server, 0x89, &[i])]);
        codec.encode(vec![i; 5000].into(), &mut dst).unwrap();
    }
    let sent = frames(&dst);
    assert_eq!(sent.len(), 200);
    for (i, pair) in (0..).zip(sent.chunks(2)) {
        assert_eq!(pair[0].content(), (0x8A, &[i][..]));
        assert_eq!(pair[1].content(), (0x82, &[i; 5000][..]));
    }
    assert_eq!(codec.into_connection().state(), State::Open);
}

#[test]
fn errors_and_items_show_what_they_are_and_no_payload() {
    let mut codec = messages(Role::Client);
    let error = codec.decode(&mut BytesMut::from(&b"\x81\x80"[..])).unwrap_err();
    assert_eq!(error.to_string(), "masked frame from a server at byte 1 (RFC 6455 §5.1)");
    let cause = std::io::Error::other(SendError::Closing);
    let error = Error::from(cause);
    assert_eq!(error.to_string(), "not sent: connection is closing");
    assert!(error.source().is_none());
    let refused = codec.encode("x".into(), &mut BytesMut::new()).unwrap_err();
    assert_eq!(refused.to_string(), "not sent: connection is closing");
    let error = Frames::new(Role::Server)
        .encode((Header::single(Opcode::Text, 0, Some(KEY)), Bytes::new()), &mut BytesMut::new())
        .unwrap_err();
    assert_eq!(error.to_string(), "server frame with a mask key");

    let items = [
        "secret".into(),
        Outgoing::Ping("secret".into()),
        Outgoing::Pong("secret".into()),
        Outgoing::Close { code: CloseCode::NORMAL, reason: "secret".into() },
    ];
    let shown = format!("{items:?} {:?}", messages(Role::Server));
    assert!(shown.contains("Ping(6 bytes)") && !shown.contains("secret"), "{shown}");
}

/// Returns what a codec decodes from a stream in these pieces, frame by frame.
fn decode_frames(codec: &mut Frames, pieces: &[&[u8]]) -> Vec<(Header, Vec<u8>)> {
    let (mut seen, mut buffer) = (Vec::new(), BytesMut::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while let Some((header, payload)) = codec.decode(&mut buffer).unwrap() {
            seen.push((header, payload.to_vec()));
        }
    }
    assert!(codec.decode_eof(&mut buffer).unwrap().is_none());
    seen
}

#[test]
fn frames_come_out_as_they_went_in_however_they_are_cut() {
    for role in ROLES {
        let payloads = [&b"a"[..], b"", b"p", &[7; 126], &[8; 70_000]];
        let kinds = [
            (false, Opcode::Text),
            (false, Opcode::Continuation),
            (true, Opcode::Ping),
            (true, Opcode::Continuation),
            (true, Opcode::Binary),
        ];
        let (mut sender, mut stream) = (Frames::new(role.peer()), BytesMut::new());
        let mut expected = Vec::new();
        for ((fin, opcode), payload) in kinds.into_iter().zip(payloads) {
            let mask_key = role.peer().masks().then_some(KEY);
            // The codec sets the length, whatever the header has.
            let header = Header { fin, rsv: Rsv::NONE, opcode, mask_key, payload_len: 99 };
            sender.encode((header, payload.to_vec().into()), &mut stream).unwrap();
            let header = Header { payload_len: payload.len() as u64, ..header };
            expected.push((header, payload.to_vec()));
        }
        let by_hand: Vec<_> = frames(&stream).into_iter().map(|frame| frame.payload).collect();
        assert_eq!(by_hand, payloads);
        for at in (0..300).chain([70_000]) {
            let (left, right) = stream.split_at(at);
            assert_eq!(decode_frames(&mut Frames::new(role), &[left, right]), expected);
        }
        let single: Vec<_> = stream.chunks(1).collect();
        assert_eq!(decode_frames(&mut Frames::new(role), &single), expected);
    }
}

#[test]
fn frames_by_the_rules_alone() {
    let mut header = Header::single(Opcode::Continuation, 0, None);
    let (mut codec, mut dst) = (Frames::new(Role::Server), BytesMut::new());
    let refused = codec.encode((header, "a".into()), &mut dst);
    assert!(matches!(refused, Err(Error::Encode(EncodeError::UnexpectedContinuation))));
    (header.opcode, header.rsv) = (Opcode::Text, Rsv::RSV1);
    codec.encode((header, "a".into()), &mut dst).unwrap();
    assert_eq!(&dst[..], b"\xC1\x01a");

    let refused = Frames::new(Role::Client).decode(&mut dst.clone()).unwrap_err();
    assert!(matches!(refused, Error::Protocol(error) if error.close_code().as_u16() == 1002));
    let mut client = Frames::new(Role::Client).with_rsv(Rsv::RSV1);
    assert_eq!(client.decode(&mut dst).unwrap().unwrap().0, Header { payload_len: 1, ..header });

    let limits = Limits::DEFAULT.with_frame(9);
    let mut limited = Frames::new(Role::Client).with_limits(limits);
    let mut src = BytesMut::from(&head_for(Role::Client, 0x82, 10)[..]);
    let Err(Error::Protocol(error)) = limited.decode(&mut src) else { panic!() };
    assert_eq!(error.violation(), Violation::FrameTooBig { len: 10, limit: 9 });
    // Later bytes are discarded.
    let mut src = BytesMut::from(&b"\x82\x01a"[..]);
    assert!(limited.decode(&mut src).unwrap().is_none() && src.is_empty());
    assert!(limited.decode_eof(&mut src).unwrap().is_none());
}

#[tokio::test]
async fn a_transport_that_ends_within_a_frame_is_an_error() {
    let frame = frame_for(Role::Server, 0x82, b"abc");
    for cut in 0..=frame.len() {
        let (mut peer, stream) = duplex(64);
        let mut server = Framed::new(stream, Frames::new(Role::Server));
        peer.write_all(&frame).await.unwrap();
        peer.write_all(&frame[..cut]).await.unwrap();
        drop(peer);
        server.next().await.unwrap().unwrap();
        match server.next().await {
            None => assert_eq!(cut, 0),
            Some(Ok((_, payload))) => assert_eq!((cut, &payload[..]), (frame.len(), &b"abc"[..])),
            Some(Err(Error::Io(error))) => {
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
                assert!(0 < cut && cut < frame.len());
            }
            Some(Err(error)) => panic!("{error}"),
        }
        assert!(server.next().await.is_none());
    }
}

/// A declared length reserves nothing, in either codec.
#[tokio::test]
async fn memory_follows_what_has_arrived() {
    let announced = [head_for(Role::Server, 0x82, 1 << 40), vec![7; 20_000]].concat();
    let (mut peer, stream) = duplex(1 << 20);
    peer.write_all(&announced).await.unwrap();
    drop(peer);
    let codec = Frames::new(Role::Server).with_limits(NO_LIMITS);
    let mut framed = Framed::new(stream, codec);
    assert!(framed.next().await.unwrap().is_err());
    assert!(framed.read_buffer().capacity() < 2 * 20_000 + (8 << 10));

    // A length that no memory could hold is refused, and does not overflow.
    let mut frames = Frames::new(Role::Server).with_limits(NO_LIMITS);
    let mut src = BytesMut::from(&head_for(Role::Server, 0x82, i64::MAX as u64)[..]);
    assert!(frames.decode(&mut src).is_err());

    let mut ws = Messages::new(Connection::new(limited(Role::Server, NO_LIMITS)));
    let mut src = BytesMut::from(&announced[..]);
    assert!(ws.decode(&mut src).unwrap().is_none() && src.is_empty());
}
