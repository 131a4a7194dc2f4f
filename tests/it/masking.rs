//! What goes out is masked by clients, with a fresh key for each frame, and never by servers. No
//! `Debug` output shows a key. RFC 6455 §5.1, §5.3, §10.3.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::{ROLES, Seen, connection, drain, frame_for, frames, receive};
use bytes::{Bytes, BytesMut};
use sansock::frame::Part;
use sansock::message::Utf8Bytes;
use sansock::{CloseCode, Config, Connection, Event, Input, Message, Payload, Role, Text};

/// Returns a client whose keys are 1, 2, 3 and so on.
fn counting_client() -> Connection {
    let last = AtomicU32::new(0);
    Connection::new(Config::client_with_mask_keys(move || {
        (last.fetch_add(1, Ordering::Relaxed) + 1).to_be_bytes()
    }))
}

/// The lengths at which headers change.
const LENGTHS: [usize; 7] = [0, 1, 125, 126, 127, 65535, 65536];

/// Sends a frame of each kind, with each length that is encoded differently.
fn send_all_kinds(ws: &mut Connection, role: Role) {
    for len in LENGTHS {
        ws.send_binary(&vec![7; len]).unwrap();
        ws.send_text(&"x".repeat(len)).unwrap();
        ws.send(vec![7; len]).unwrap();
        ws.send("x".repeat(len)).unwrap();
    }
    ws.ping(b"").unwrap();
    ws.ping(b"ping").unwrap();
    ws.pong(b"pong").unwrap();
    receive(ws, &[&frame_for(role, 0x89, b"")]);
    ws.close(CloseCode::NORMAL, "bye").unwrap();
}

/// The keys are taken from the source in order, one for each frame, including empty ones.
#[test]
fn a_client_masks_each_frame_with_the_next_key() {
    let mut ws = counting_client();
    send_all_kinds(&mut ws, Role::Client);
    let sent = frames(&drain(&mut ws));
    assert_eq!(sent.len(), 33);
    for (n, frame) in (1u32..).zip(&sent) {
        assert_eq!(frame.key, Some(n.to_be_bytes()));
    }
    assert_eq!(sent[32].content(), (0x88, &b"\x03\xE8bye"[..]));
}

#[test]
fn the_close_of_an_error_and_the_answer_to_a_close_have_keys_of_their_own() {
    for end in [&b"\xFF"[..], b"\x88\x02\x03\xE8", b"\x88\x00"] {
        let mut ws = counting_client();
        ws.send_text("x").unwrap();
        receive(&mut ws, &[end]);
        let keys: Vec<_> = frames(&drain(&mut ws)).iter().map(|frame| frame.key).collect();
        assert_eq!(keys, [Some([0, 0, 0, 1]), Some([0, 0, 0, 2])]);
    }
}

#[test]
fn a_pong_that_replaces_another_has_a_key_of_its_own() {
    let mut ws = counting_client();
    receive(&mut ws, &[b"\x89\x01p"]);
    ws.send_binary(&[7; 2000]).unwrap(); // so much output that further pongs are not queued
    for _ in 0..4 {
        receive(&mut ws, &[b"\x89\x01p"]);
    }
    let keys: Vec<_> = frames(&drain(&mut ws)).iter().map(|frame| frame.key).collect();
    assert_eq!(keys, [Some([0, 0, 0, 1]), Some([0, 0, 0, 2]), Some([0, 0, 0, 6])]);
}

#[test]
fn connections_that_share_a_configuration_share_no_key() {
    let last = AtomicU32::new(0);
    let keys = move || last.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let config = Arc::new(Config::client_with_mask_keys(keys));
    let mut pair = [Connection::new(config.clone()), Connection::new(config)];
    let mut seen = Vec::new();
    for _ in 0..3 {
        for ws in &mut pair {
            ws.send_text("x").unwrap();
            seen.extend(frames(&drain(ws))[0].key);
        }
    }
    assert_eq!(seen, [0u32, 1, 2, 3, 4, 5].map(u32::to_be_bytes));
}

/// The keys of two connections with the default source. It is practically impossible that 64 random
/// keys are all equal, or that two series of them are.
#[cfg(feature = "rand")]
#[test]
fn the_default_keys_have_no_fixed_seed() {
    let keys = || {
        let mut ws = Connection::new(Config::client());
        (0..64).for_each(|_| ws.send_text("x").unwrap());
        frames(&drain(&mut ws)).iter().map(|frame| frame.key.unwrap()).collect::<Vec<_>>()
    };
    let (first, second) = (keys(), keys());
    assert!(first.iter().any(|key| *key != first[0]));
    assert_ne!(first, second);
}

#[test]
fn a_server_masks_nothing_and_sends_no_extension_bits() {
    for role in ROLES {
        let mut ws = connection(role);
        send_all_kinds(&mut ws, role);
        // `frames` asserts that lengths are minimal.
        for frame in frames(&drain(&mut ws)) {
            assert_eq!(frame.key.is_some(), role == Role::Client);
            assert!(matches!(frame.first, 0x81 | 0x82 | 0x88 | 0x89 | 0x8A), "{:02x}", frame.first);
        }
    }
}

#[test]
fn what_was_sent_arrives() {
    for role in ROLES {
        let (mut ws, mut peer) = (connection(role), connection(role.peer()));
        send_all_kinds(&mut ws, role);
        let mut expected = Vec::new();
        for len in LENGTHS {
            let messages = [Seen::Binary(vec![7; len]), Seen::Text("x".repeat(len))];
            expected.extend(messages.clone().into_iter().chain(messages));
        }
        expected.extend([Seen::Ping(vec![]), Seen::Ping(b"ping".to_vec())]);
        expected.extend([Seen::Pong(b"pong".to_vec()), Seen::Pong(vec![])]);
        expected.push(Seen::Close(Some(1000), "bye".into()));
        assert!(receive(&mut peer, &[&drain(&mut ws)]) == expected, "sent by a {role:?}");
    }
}

#[test]
fn debug_shows_no_content() {
    let secret = || Bytes::from_static(b"secret");
    let mut shown = vec![
        format!(
            "{:?}",
            Event::Text(Text::from_utf8(Payload::from(BytesMut::from(&*secret()))).unwrap())
        ),
        format!("{:?}", Event::Binary(Payload::from(&mut secret().to_vec()[..]))),
        format!("{:?}", Event::Ping(Payload::from(BytesMut::from("secret")))),
        format!("{:?}", Message::from(secret())),
        format!("{:?}", Message::from("secret")),
        format!("{:?}", Utf8Bytes::from("secret")),
        format!("{:?}", Part::Payload { bytes: &mut secret().to_vec(), last: true }),
    ];
    for role in ROLES {
        let mut ws = connection(role);
        ws.send_text("secret").unwrap();
        ws.send(b"secret".repeat(1000)).unwrap();
        receive(&mut ws, &[&frame_for(role, 0x89, b"secret"), &frame_for(role, 0x01, b"secret")]);
        receive(&mut ws, &[&frame_for(role, 0x8A, b"secret")[..7]]);
        shown.push(format!("{ws:?}"));
        shown.push(format!("{:?}", ws.output()));
        ws.close(CloseCode::NORMAL, "").unwrap();
        let refused = ws.send(secret()).unwrap_err();
        shown.push(format!("{refused:?} {refused}"));
        let mut close = frame_for(role, 0x88, b"\x03\xE8secret");
        shown.push(format!("{:?}", ws.receive(&mut Input::new(&mut close[2..2])).unwrap()));
        let seen = connection(role)
            .receive(&mut Input::new(&mut close[..]))
            .map(|event| format!("{event:?}"));
        shown.push(seen.unwrap());
    }
    for text in shown {
        assert!(!text.contains("secr") && !text.contains("115, 101"), "{text}");
        assert!(!text.is_empty());
    }
}
