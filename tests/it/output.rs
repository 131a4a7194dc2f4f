//! The queue of bytes to send: order, pongs, back-pressure, payloads by reference.

use crate::support::{
    KEY, ROLES, assert_shows, close_body, config, connection, drain, frame_for, frames, receive,
};
use bytes::{Buf, Bytes};
use proptest::prelude::*;
use sansock::connection::State;
use sansock::message::Utf8Bytes;
use sansock::{CloseCode, Connection, Message, Role, SendError};

/// Returns the first bytes and payloads of all frames in the output.
fn sent(ws: &mut Connection) -> Vec<(u8, Vec<u8>)> {
    frames(&drain(ws)).into_iter().map(|frame| (frame.first, frame.payload)).collect()
}

/// Receives a ping with this payload.
fn ping(ws: &mut Connection, role: Role, payload: &[u8]) {
    assert_eq!(receive(ws, &[&frame_for(role, 0x89, payload)]).len(), 1);
}

/// So much output that not every ping is answered any more.
const BACKLOG: usize = 2000;

/// RFC 6455 §5.5.3: if the peer reads no pongs, the first ping and the latest one are answered.
#[test]
fn a_flood_of_pings_does_not_fill_the_output() {
    for role in ROLES {
        let mut ws = connection(role);
        for n in 0..100_000u32 {
            ping(&mut ws, role, &[&n.to_be_bytes()[..], &[0; 121]].concat());
            assert!(ws.output().remaining() < BACKLOG, "ping {n}");
        }
        let pongs = sent(&mut ws);
        let numbers =
            pongs.iter().map(|(_, pong)| u32::from_be_bytes(pong[..4].try_into().unwrap()));
        let numbers: Vec<u32> = numbers.collect();
        let (last, first) = numbers.split_last().unwrap();
        assert_eq!(*last, 99_999);
        assert!(first.iter().copied().eq((0..).take(first.len())), "{first:?}");
    }
}

#[test]
fn a_few_pings_are_each_answered() {
    for role in ROLES {
        let mut ws = connection(role);
        let expected = [b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"8", b"9"];
        expected.iter().for_each(|payload| ping(&mut ws, role, *payload));
        assert_eq!(sent(&mut ws), expected.map(|payload| (0x8A, payload.to_vec())));
    }
}

#[test]
fn a_pong_that_is_partly_written_is_left_as_it_is() {
    for role in ROLES {
        for written in 1..7 {
            let mut ws = connection(role);
            ping(&mut ws, role, b"first");
            ws.send_binary(&[7; BACKLOG]).unwrap();
            let mut wire = ws.output().chunk()[..written].to_vec();
            ws.output().advance(written);
            ping(&mut ws, role, b"second");
            ping(&mut ws, role, b"third");
            wire.extend(drain(&mut ws));
            let payloads: Vec<_> = frames(&wire).into_iter().map(|frame| frame.payload).collect();
            assert_eq!(payloads, [&b"first"[..], &[7; BACKLOG], b"third"], "{written} written");

            ping(&mut ws, role, b"fourth");
            assert_eq!(sent(&mut ws), [(0x8A, b"fourth".to_vec())], "and the next is answered");
        }
    }
}

#[test]
fn pongs_keep_their_place_among_messages() {
    for role in ROLES {
        for (len, second) in [(1, &[(0x8A, b"2".to_vec())][..]), (BACKLOG, &[])] {
            let mut ws = connection(role);
            ws.send_text("a").unwrap();
            ping(&mut ws, role, b"1");
            ws.send_binary(&vec![7; len]).unwrap();
            ping(&mut ws, role, b"2");
            ws.pong(b"unasked").unwrap();
            ping(&mut ws, role, b"3");
            let expected = [
                &[(0x81, b"a".to_vec()), (0x8A, b"1".to_vec()), (0x82, vec![7; len])],
                second,
                &[(0x8A, b"unasked".to_vec()), (0x8A, b"3".to_vec())],
            ];
            assert_eq!(sent(&mut ws), expected.concat());
        }
    }
}

#[test]
fn the_latest_pong_goes_out_before_a_close() {
    for role in ROLES {
        let ends: [fn(&mut Connection, Role) -> Vec<u8>; 3] = [
            |ws, _| {
                ws.close(CloseCode::NORMAL, "").unwrap();
                close_body(1000, "")
            },
            |ws, role| {
                receive(ws, &[&frame_for(role, 0x88, b"\x0B\xB8")]);
                close_body(3000, "")
            },
            |ws, _| {
                receive(ws, &[b"\x83"]);
                close_body(1002, "reserved opcode 0x3")
            },
        ];
        for end in ends {
            let mut ws = connection(role);
            ping(&mut ws, role, b"1");
            ws.send_binary(&[7; BACKLOG]).unwrap();
            ping(&mut ws, role, b"2");
            ping(&mut ws, role, b"3");
            let body = end(&mut ws, role);
            let expected = [
                (0x8A, b"1".to_vec()),
                (0x82, vec![7; BACKLOG]),
                (0x8A, b"3".to_vec()),
                (0x88, body),
            ];
            assert_eq!(sent(&mut ws), expected);
        }
    }
}

/// Returns a connection with this limit for its output.
fn with_max_output(role: Role, max_output: usize) -> Connection {
    let mut config = config(role);
    config.max_output = Some(max_output);
    Connection::new(config)
}

#[test]
fn a_message_is_refused_while_the_output_is_full() {
    for role in ROLES {
        let mut ws = with_max_output(role, 100);
        ws.send_binary(&[7; 90]).unwrap();
        // The limit is checked before the message is added: one message of any size may exceed it.
        ws.send(vec![7; 10_000]).unwrap();
        let full = SendError::Full;
        let before = ws.output().remaining();
        assert_eq!(ws.send_text("x"), Err(full));
        assert_eq!(ws.send_binary(b""), Err(full));
        assert_eq!(ws.ping(b""), Err(full));
        assert_eq!(ws.pong(b""), Err(full));

        let (text, data) = (Utf8Bytes::from("text"), Bytes::from(vec![7; 5000]));
        let (text_at, data_at) = (text.as_ptr(), data.as_ptr());
        let refused = ws.send(text).unwrap_err();
        assert_eq!(
            (refused.error, refused.message.as_bytes().as_ptr()),
            (SendError::Full, text_at)
        );
        assert_eq!(refused.message, Message::from("text"));
        let refused = ws.send(data).unwrap_err();
        assert_eq!(refused.message.as_bytes(), [7; 5000]);
        assert_eq!(refused.message.as_bytes().as_ptr(), data_at, "the same buffer comes back");
        assert_eq!(ws.output().remaining(), before, "nothing was queued");

        // Writing makes room: 100 bytes are full, 99 are not.
        ws.output().advance(before - 100);
        assert_eq!(ws.send_text("x"), Err(full));
        ws.output().advance(1);
        ws.send(refused.message).unwrap();
    }
}

#[test]
fn closes_and_automatic_pongs_are_queued_however_full_the_output_is() {
    for role in ROLES {
        let mut ws = with_max_output(role, 0);
        assert_eq!(ws.send_text("x").unwrap_err(), SendError::Full);
        ping(&mut ws, role, b"p");
        ws.close(CloseCode::NORMAL, "").unwrap();
        assert_eq!(sent(&mut ws), [(0x8A, b"p".to_vec()), (0x88, close_body(1000, ""))]);
        for bytes in [&b"\xFF"[..], &frame_for(role, 0x88, b"")] {
            let mut ws = with_max_output(role, 0);
            receive(&mut ws, &[bytes]);
            assert_eq!(sent(&mut ws)[0].0, 0x88);
        }
    }
}

#[test]
fn pings_and_pongs_have_125_bytes_at_most() {
    for role in ROLES {
        let mut ws = connection(role);
        let long = SendError::TooLong;
        assert_eq!(ws.ping(&[0; 126]), Err(long));
        assert_eq!(ws.pong(&[0; 126]), Err(long));
        assert_eq!(sent(&mut ws), []);
        ws.ping(&[1; 125]).unwrap();
        ws.pong(&[2; 125]).unwrap();
        assert_eq!(sent(&mut ws), [(0x89, vec![1; 125]), (0x8A, vec![2; 125])]);
    }
}

const LARGE: usize = 100_000;

#[test]
fn a_server_queues_a_large_payload_as_it_is() {
    let payload = Bytes::from(vec![7; LARGE]);
    for _ in 0..2 {
        let mut ws = connection(Role::Server);
        ws.send(payload.clone()).unwrap(); // shared or not
        let output = ws.output();
        output.advance(10);
        let chunk = output.chunk();
        assert_eq!((chunk.as_ptr(), chunk.len()), (payload.as_ptr(), LARGE));
    }
}

#[test]
fn output_is_taken_as_bytes_without_a_copy_where_it_is_a_reference() {
    let payload = Bytes::from(vec![7; LARGE]);
    let mut ws = connection(Role::Server);
    ws.send_text("before").unwrap();
    ws.send(payload.clone()).unwrap();
    ws.send_text("after").unwrap();
    let head = ws.output().copy_to_bytes(8 + 10);
    assert_eq!(head[..10], *b"\x81\x06before\x82\x7F");
    let (front, rest) = (ws.output().copy_to_bytes(1000), ws.output().copy_to_bytes(LARGE - 1000));
    assert_eq!((front.as_ptr(), rest.as_ptr()), (payload.as_ptr(), payload[1000..].as_ptr()));
    assert_eq!((front.len(), rest.len()), (1000, LARGE - 1000));
    assert_eq!(ws.output().copy_to_bytes(7), &b"\x81\x05after"[..]);
    assert!(!ws.has_output() && ws.output().copy_to_bytes(0).is_empty());
    // If it straddles a boundary, it is copied.
    ws.send(payload.clone()).unwrap();
    let all = ws.output().copy_to_bytes(10 + LARGE);
    assert_eq!(all[10..], payload);
}

#[test]
fn a_client_masks_a_large_payload_where_it_is() {
    let payload = Bytes::from(vec![7; LARGE]);
    let at = payload.as_ptr();
    let mut ws = connection(Role::Client);
    ws.send(payload).unwrap();
    let output = ws.output();
    output.advance(14);
    let chunk = output.chunk();
    assert_eq!((chunk.as_ptr(), chunk.len()), (at, LARGE));
    assert!(chunk.iter().zip(KEY.iter().cycle()).all(|(byte, key)| *byte == 7 ^ key));
}

/// RFC 6455 §5.3, §10.3: shared memory is not masked in place, and its other owners cannot change a
/// payload once its frame has begun.
#[test]
fn a_client_copies_a_payload_that_is_shared() {
    for len in [10, LARGE] {
        let payload = Bytes::from(vec![7; len]);
        let mut ws = connection(Role::Client);
        ws.send(payload.clone()).unwrap();
        assert_eq!(payload, vec![7; len], "{len}");
        drop(payload);
        assert_eq!(sent(&mut ws), [(0x82, vec![7; len])]);
    }
    let mut ws = connection(Role::Client);
    ws.send(Bytes::from_static(&[7; LARGE])).unwrap();
    assert_eq!(sent(&mut ws), [(0x82, vec![7; LARGE])]);
}

/// A transport that reports more bytes than it was passed is not believed.
#[test]
fn taking_more_than_there_is_is_refused() {
    for role in ROLES {
        let mut ws = connection(role);
        ws.send(vec![7; LARGE]).unwrap();
        ws.send_text("x").unwrap();
        let remaining = ws.output().remaining();
        for count in [remaining + 1, usize::MAX] {
            assert_eq!(ws.output().try_advance(count).unwrap_err().remaining, remaining);
        }
        assert_eq!(sent(&mut ws), [(0x82, vec![7; LARGE]), (0x81, b"x".to_vec())]);
        assert_eq!(ws.output().try_advance(0), Ok(()));
        assert_eq!(ws.output().try_advance(1).unwrap_err().remaining, 0);
    }
}

#[test]
#[should_panic(expected = "advance beyond the 3 bytes of output")]
fn advance_panics_beyond_the_end_as_buf_asks() {
    let mut ws = connection(Role::Server);
    ws.send_text("x").unwrap();
    ws.output().advance(4);
}

#[test]
fn release_keeps_what_is_queued() {
    for role in ROLES {
        let mut ws = connection(role);
        for payload in [b"1", b"2"] {
            ping(&mut ws, role, payload);
        }
        ws.send(vec![7; LARGE]).unwrap();
        ws.output().advance(1);
        ws.shrink_to_fit();
        let rest = drain(&mut ws);
        assert_eq!(frames(&[b"\x8A", &rest[..]].concat()).len(), 3);
        ws.shrink_to_fit();
        ws.send_text("x").unwrap();
        assert_eq!(sent(&mut ws), [(0x81, b"x".to_vec())]);
    }
}

/// Runs 10^5 rounds, in which a counter or offset that only grows would overflow. The memory it
/// uses cannot be measured here.
#[test]
fn a_queue_that_is_never_empty_stays_in_order() {
    let mut ws = connection(Role::Server);
    let frame = |n: u32| [&[0x82, 4], &n.to_be_bytes()[..]].concat();
    ws.send_binary(&0u32.to_be_bytes()).unwrap();
    for n in 0..100_000u32 {
        ws.send_binary(&(n + 1).to_be_bytes()).unwrap();
        assert_eq!(ws.output().chunk(), [frame(n), frame(n + 1)].concat());
        ws.output().advance(6);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Text(String),
    Large(usize),
    Ping(Vec<u8>),
    /// Takes a share of what is queued.
    Advance(prop::sample::Index),
    Release,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        ".{0,20}".prop_map(Step::Text),
        (4090usize..5000).prop_map(Step::Large),
        prop::collection::vec(any::<u8>(), 0..10).prop_map(Step::Ping),
        any::<prop::sample::Index>().prop_map(Step::Advance),
        Just(Step::Release),
    ]
}

proptest! {
    /// The naive model is one `Vec` of all bytes.
    #[test]
    fn the_queue_is_its_bytes_in_order_whatever_is_taken(
        steps in prop::collection::vec(step(), 0..40),
        is_client: bool,
    ) {
        let role = if is_client { Role::Client } else { Role::Server };
        let mut ws = connection(role);
        let mut model: Vec<u8> = Vec::new();
        // What an endpoint sends is what its peer receives.
        let frame = |first, payload: &[u8]| frame_for(role.peer(), first, payload);
        for step in steps {
            match step {
                Step::Text(text) => {
                    ws.send_text(&text).unwrap();
                    model.extend(frame(0x81, text.as_bytes()));
                }
                Step::Large(len) => {
                    ws.send(vec![7; len]).unwrap();
                    model.extend(frame(0x82, &vec![7; len]));
                }
                Step::Ping(data) => {
                    ws.ping(&data).unwrap();
                    model.extend(frame(0x89, &data));
                }
                Step::Advance(share) => {
                    let count = share.index(model.len() + 1);
                    ws.output().advance(count);
                    model.drain(..count);
                }
                Step::Release => ws.shrink_to_fit(),
            }
            assert_shows(ws.output(), &model, true);
        }
        prop_assert_eq!(drain(&mut ws), model);
        prop_assert_eq!(ws.state(), State::Open);
    }
}
