//! What a `MessageDecoder` answers. What it sees is compared with a connection in every test that
//! calls `support::assert_sees`.

use sansock::frame::{CloseBody, ControlFrame, MessageDecoder};
use sansock::{CloseCode, CloseReason, Role};

use crate::support::{Frame, KEY, ROLES, Seen, close_body, decode_messages, frame_for, frames};

/// Returns the frame that is to be sent next. A client's is masked with [`KEY`].
fn answer(role: Role, decoder: &mut MessageDecoder) -> Option<(u8, Vec<u8>)> {
    content(role, decoder.answer(key_of(role))?)
}

fn close(role: Role, decoder: &mut MessageDecoder, code: CloseCode) -> Option<(u8, Vec<u8>)> {
    let body = CloseBody { status: Some((code, CloseReason::EMPTY)) };
    content(role, decoder.close(body, key_of(role))?)
}

fn key_of(role: Role) -> impl FnOnce() -> [u8; 4] {
    move || if role == Role::Client { KEY } else { unreachable!("a server does not mask") }
}

fn content(role: Role, frame: ControlFrame) -> Option<(u8, Vec<u8>)> {
    let mut frames = frames(&frame);
    let Frame { first, key, payload } = frames.pop()?;
    assert!(frames.is_empty());
    assert_eq!(key, (role == Role::Client).then_some(KEY));
    Some((first, payload))
}

#[test]
fn a_ping_is_answered_once_with_its_payload() {
    for role in ROLES {
        for payload in [&b""[..], b"there?", &[7; 125]] {
            let mut decoder = MessageDecoder::new(role);
            let ping = frame_for(role, 0x89, payload);
            for byte in &ping {
                assert_eq!(answer(role, &mut decoder), None);
                decode_messages(&mut decoder, &[&[*byte]]);
            }
            assert_eq!(answer(role, &mut decoder), Some((0x8A, payload.into())));
            assert_eq!(answer(role, &mut decoder), None);
        }
    }
}

#[test]
fn the_latest_ping_is_answered_although_the_next_has_begun() {
    for role in ROLES {
        let mut decoder = MessageDecoder::new(role);
        let pings = [frame_for(role, 0x89, b"one"), frame_for(role, 0x89, b"two")].concat();
        decode_messages(&mut decoder, &[&pings]);
        let third = frame_for(role, 0x89, b"three");
        let (front, back) = third.split_at(third.len() - 1);
        decode_messages(&mut decoder, &[front]);
        assert_eq!(answer(role, &mut decoder), Some((0x8A, b"two".into())));
        decode_messages(&mut decoder, &[back]);
        assert_eq!(answer(role, &mut decoder), Some((0x8A, b"three".into())));
    }
}

#[test]
fn a_close_is_answered_with_its_code_and_reason_and_nothing_after_it() {
    for role in ROLES {
        for body in [vec![], close_body(1000, ""), close_body(4999, "done")] {
            let mut decoder = MessageDecoder::new(role);
            let stream = [
                frame_for(role, 0x89, b"before"),
                frame_for(role, 0x88, &body),
                frame_for(role, 0x89, b"after"),
            ];
            let seen = decode_messages(&mut decoder, &[&stream.concat()]);
            assert_eq!(seen.len(), 2);
            assert!(decoder.is_over() && decoder.is_closed());
            assert_eq!(close(role, &mut decoder, CloseCode::NORMAL), None, "one is due");
            assert_eq!(answer(role, &mut decoder), Some((0x88, body)));
            assert_eq!(answer(role, &mut decoder), None);
            assert_eq!(close(role, &mut decoder, CloseCode::NORMAL), None, "one was sent");
        }
    }
}

#[test]
fn an_error_is_answered_with_its_code() {
    for role in ROLES {
        for (stream, code) in [
            (frame_for(role, 0x83, b""), 1002),
            (frame_for(role, 0x81, b"\xFF"), 1007),
            (frame_for(role, 0x88, &close_body(1006, "")), 1002),
            (frame_for(role, 0x88, b"\x03\xE8\xFF"), 1007),
        ] {
            let mut decoder = MessageDecoder::new(role);
            let stream = [&stream[..], &frame_for(role, 0x81, b"after")].concat();
            let seen = decode_messages(&mut decoder, &[&stream]);
            assert!(matches!(seen[..], [Seen::Failed(..)]), "{seen:?}");
            assert!(decoder.is_over() && decoder.is_closed());
            assert_eq!(answer(role, &mut decoder), Some((0x88, close_body(code, ""))));
            assert_eq!(answer(role, &mut decoder), None);
        }
    }
}

#[test]
fn after_our_close_messages_arrive_and_nothing_is_answered() {
    for role in ROLES {
        let mut decoder = MessageDecoder::new(role);
        decode_messages(&mut decoder, &[&frame_for(role, 0x89, b"unanswered")]);
        assert!(!decoder.is_closed());
        let ours = close(role, &mut decoder, CloseCode::GOING_AWAY);
        assert_eq!(ours, Some((0x88, close_body(1001, ""))));
        assert!(decoder.is_closed() && !decoder.is_over());
        let stream = [
            frame_for(role, 0x81, b"late"),
            frame_for(role, 0x89, b"ping"),
            frame_for(role, 0x88, &close_body(1001, "")),
        ];
        let seen = decode_messages(&mut decoder, &[&stream.concat()]);
        let close = Seen::Close(Some(1001), String::new());
        assert_eq!(seen, [Seen::Text("late".into()), Seen::Ping(b"ping".into()), close]);
        assert!(decoder.is_over());
        assert_eq!(answer(role, &mut decoder), None);
    }
}

#[test]
fn an_error_after_our_close_is_not_answered() {
    let mut decoder = MessageDecoder::new(Role::Server);
    assert!(close(Role::Server, &mut decoder, CloseCode::NORMAL).is_some());
    decode_messages(&mut decoder, &[b"\x81\x05Hello"]);
    assert!(decoder.is_over());
    assert_eq!(answer(Role::Server, &mut decoder), None);
}

#[test]
fn a_source_of_keys_that_panics_loses_no_answer() {
    let mut decoder = MessageDecoder::new(Role::Client);
    decode_messages(&mut decoder, &[b"\x89\x01?"]);
    let panics = std::panic::AssertUnwindSafe(|| decoder.answer(|| panic!("no entropy")));
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!(answer(Role::Client, &mut decoder), Some((0x8A, b"?".into())));
}
