//! A connection is taken apart and rebuilt, at every byte of a conversation.

use crate::support::{
    ROLES, Seen, close_body, config, drain, fragmented_for, frame_for, frames, limited, receive,
};
use sansock::connection::{ConfigMismatch, Delivery, ExcessPings, PingPolicy, State};
use sansock::{Connection, Message, Role};

/// Returns what a peer sends during a conversation.
fn conversation(role: Role) -> Vec<u8> {
    let mut stream = frame_for(role, 0x81, "whole €".as_bytes());
    stream.extend(frame_for(role, 0x02, &[7; 130]));
    stream.extend(frame_for(role, 0x89, b"ping"));
    stream.extend(frame_for(role, 0x80, b"end"));
    stream.extend(fragmented_for(role, sansock::Opcode::Text, &[b"h\xE2", b"\x82\xAC"]));
    stream.extend(frame_for(role, 0x88, &close_body(1001, "bye")));
    stream
}

#[test]
fn nothing_is_lost_at_any_byte() {
    for role in ROLES {
        let stream = conversation(role);
        let talk = |at: usize, apart: bool| {
            let mut ws = Connection::new(config(role));
            ws.send_text("before").unwrap();
            ws.send(Message::from(vec![1; 5000])).unwrap();
            ws.start_text().unwrap().fragment(b"op\xE2").unwrap();
            let (first, second) = stream.split_at(at);
            let mut seen = receive(&mut ws, &[first]);
            let mut sent = Vec::new();
            if apart {
                let usage = ws.memory_usage();
                let parts = ws.into_parts();
                ws = Connection::from_parts(parts).unwrap();
                assert_eq!(ws.memory_usage(), usage);
            }
            if let Some(mut writer) = ws.open_message() {
                writer.fragment(b"\x82").unwrap();
            }
            seen.extend(receive(&mut ws, &[second]));
            sent.extend(drain(&mut ws));
            (seen, sent, ws.state(), ws.receive_eof())
        };
        for at in 0..=stream.len() {
            assert_eq!(talk(at, true), talk(at, false), "at {at}");
        }
    }
}

#[test]
fn unsent_output_can_go_elsewhere() {
    let mut ws = Connection::new(config(Role::Server));
    ws.send_text("unsent").unwrap();
    let mut parts = ws.into_parts();
    let output = std::mem::take(&mut parts.output);
    assert_eq!(sansock::bytes::Buf::remaining(&output), 8);
    let ws = Connection::from_parts(parts).unwrap();
    assert!(!ws.has_output());
}

#[test]
fn new_limits_hold_from_the_next_header_on() {
    for role in ROLES {
        let frame = frame_for(role, 0x82, &[7; 100]);
        let mut ws = Connection::new(config(role));
        assert_eq!(receive(&mut ws, &[&frame[..50]]), []);
        let mut parts = ws.into_parts();
        let limits = sansock::Limits::DEFAULT.with_message(99);
        parts.config = limited(role, limits).into();
        let mut ws = Connection::from_parts(parts).unwrap();
        assert_eq!(receive(&mut ws, &[&frame[50..]]), [Seen::Binary(vec![7; 100])]);
        assert!(matches!(receive(&mut ws, &[&frame])[..], [Seen::Failed(..)]));
        assert_eq!(ws.state(), State::Failed);
    }
}

#[test]
fn another_role_or_delivery_is_refused() {
    let apart = || Connection::new(config(Role::Server)).into_parts();
    let mut parts = apart();
    parts.config = config(Role::Client).into();
    assert_eq!(Connection::from_parts(parts).unwrap_err(), ConfigMismatch);
    let mut parts = apart();
    let mut streaming = config(Role::Server);
    streaming.delivery = Delivery::Streaming;
    parts.config = streaming.into();
    assert_eq!(Connection::from_parts(parts).unwrap_err(), ConfigMismatch);
}

#[test]
fn another_budget_for_pings_holds_at_once() {
    for (before, after) in [(PingPolicy::AnswerAll, 2), (PingPolicy::Manual, 5)] {
        let mut old = config(Role::Server);
        old.pings = before;
        let mut parts = Connection::new(old).into_parts();
        let mut new = config(Role::Server);
        new.pings = PingPolicy::Budget { burst: after, per_second: 0, excess: ExcessPings::Manual };
        parts.config = new.into();
        let mut ws = Connection::from_parts(parts).unwrap();
        for _ in 0..100 {
            receive(&mut ws, &[&frame_for(Role::Server, 0x89, b"")]);
        }
        assert_eq!(drain(&mut ws).len(), 2 * after as usize);
    }
}

#[test]
fn a_budget_for_pings_that_was_spent_stays_spent() {
    for role in ROLES {
        let mut config = config(role);
        config.pings = PingPolicy::Budget { burst: 3, per_second: 0, excess: ExcessPings::Manual };
        let mut ws = Connection::new(config);
        let ping = frame_for(role, 0x89, b"ping");
        for expected in [1, 1, 1, 0, 0] {
            receive(&mut ws, &[&ping]);
            let answers = frames(&drain(&mut ws));
            assert_eq!(answers.len(), expected);
            ws = Connection::from_parts(ws.into_parts()).unwrap();
        }
    }
}
