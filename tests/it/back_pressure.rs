//! Pending output: how large it may grow, and a loop in which no message is ever refused.
#![cfg(feature = "std")]

use crate::support::{ROLES, config, connection, frame_for, frames, receive};
use bytes::Buf;
use proptest::collection::vec;
use proptest::prelude::*;
use sansock::{Config, Connection, Event, Input, ReadBuffer, Role, SendError};

/// More than any header or control frame needs.
const FRAME: usize = 14 + 125;

/// Echoes like the loop in the documentation: before each `receive` it checks whether the output is
/// full, and writes first if it is.
///
/// `written` is the transport. Returns the most bytes that were ever pending.
fn echo_as_taught(ws: &mut Connection, input: &mut [u8], written: &mut Vec<u8>) -> usize {
    let mut input = Input::new(input);
    let mut most = 0;
    loop {
        if ws.is_full() {
            ws.output().write_to(written).unwrap();
        }
        match ws.receive(&mut input).unwrap() {
            None => break,
            Some(Event::Text(text)) => ws.send_text(&text).unwrap(),
            Some(Event::Binary(data)) => ws.send_binary(&data).unwrap(),
            Some(_) => {}
        }
        most = most.max(ws.output_len());
    }
    ws.output().write_to(written).unwrap();
    most
}

#[test]
fn a_long_message_and_a_short_one_behind_it_are_both_echoed_by_default() {
    let (long, short) = (vec![7; 2 << 20], b"short");
    let stream = [frame_for(Role::Server, 0x82, &long), frame_for(Role::Server, 0x81, short)];
    for cut in [0, 100] {
        // The end of the long message and the short one arrive in one read.
        let mut stream = stream.concat();
        let mut last = stream.split_off(cut);
        let (mut ws, mut written) = (Connection::new(Config::server()), Vec::new());
        echo_as_taught(&mut ws, &mut stream, &mut written);
        echo_as_taught(&mut ws, &mut last, &mut written);
        let echoed: Vec<_> = frames(&written).into_iter().map(|frame| frame.payload).collect();
        assert_eq!(echoed, [&long[..], short]);
    }
}

#[test]
fn a_buffered_echo_that_does_not_fit_goes_on_when_there_is_room() {
    let mut config = Config::server();
    config.max_output = Some(1_000);
    let (mut ws, mut input) = (Connection::new(config), ReadBuffer::new());
    let messages: Vec<_> = (0..100u8).map(|i| vec![i; 500]).collect();
    for message in &messages {
        input.extend_from_slice(&frame_for(Role::Server, 0x82, message));
    }
    let mut wire = Vec::new();
    // A transport that takes 700 bytes each time.
    while !input.is_empty() || ws.has_output() {
        while !ws.is_full() {
            match ws.receive_buffered(&mut input).unwrap() {
                Some(Event::Binary(data)) => ws.send_binary(&data).unwrap(),
                Some(_) => panic!("only binary"),
                None => break,
            }
        }
        assert!(ws.output_len() < 1_000 + 500 + FRAME);
        for _ in 0..ws.output_len().min(700) {
            wire.push(ws.output().get_u8());
        }
    }
    let echoed: Vec<_> = frames(&wire).into_iter().map(|frame| frame.payload).collect();
    assert_eq!(echoed, messages);
}

proptest! {
    #[test]
    fn the_loop_that_is_taught_is_never_refused_and_bounds_what_waits(
        lens in vec(0..5_000usize, 0..40),
        control in vec(any::<bool>(), 40),
        max_output in 1..10_000usize,
    ) {
        let mut stream = Vec::new();
        for (len, ping) in lens.iter().zip(control) {
            stream.extend(frame_for(Role::Server, 0x82, &vec![7; *len]));
            if ping {
                stream.extend(frame_for(Role::Server, 0x89, b"ping"));
            }
        }
        let mut config = Config::server();
        config.max_output = Some(max_output);
        let (mut ws, mut written) = (Connection::new(config), Vec::new());
        let most = echo_as_taught(&mut ws, &mut stream, &mut written);
        let longest = lens.iter().max().copied().unwrap_or_default();
        prop_assert!(most < max_output + longest + 2 * FRAME, "{most}");
        let echoed = frames(&written).into_iter().filter(|frame| frame.first == 0x82).count();
        prop_assert_eq!(echoed, lens.len());
    }
}

/// Returns a connection with a pong that waits for other output to be written.
fn with_a_pong_that_waits(role: Role) -> Connection {
    let mut ws = connection(role);
    for payload in [&b"1"[..], b"2"] {
        receive(&mut ws, &[&frame_for(role, 0x89, payload)]);
        if payload == b"1" {
            ws.send_binary(&[7; 2_000]).unwrap();
        }
    }
    ws
}

#[test]
fn a_pong_that_waits_counts_as_output_for_all_who_ask() {
    for role in ROLES {
        let pending = with_a_pong_that_waits(role).output_len();
        for (max_output, is_full) in [(pending, true), (pending + 1, false)] {
            type Send = fn(&mut Connection) -> Result<(), SendError>;
            let sends: [Send; 3] = [
                |ws| ws.send_text("x"),
                |ws| ws.ping(b"x"),
                |ws| ws.output_with_text("x").map(drop),
            ];
            for send in sends {
                let mut parts = with_a_pong_that_waits(role).into_parts();
                let mut config = config(role);
                config.max_output = Some(max_output);
                parts.config = config.into();
                let mut ws = Connection::from_parts(parts).unwrap();
                assert_eq!(ws.is_full(), is_full);
                let refused = send(&mut ws).err();
                assert_eq!(refused, is_full.then_some(SendError::Full));
            }
        }
    }
}

#[test]
fn a_message_that_is_lent_leaves_no_pong_behind() {
    for role in ROLES {
        let mut ws = with_a_pong_that_waits(role);
        let mut wire = Vec::new();
        ws.output_with_text("view").unwrap().write_to(&mut wire).unwrap();
        assert!(!ws.has_output());
        let sent: Vec<_> =
            frames(&wire).into_iter().map(|frame| (frame.first, frame.payload)).collect();
        let expected: [(u8, &[u8]); 4] =
            [(0x8A, b"1"), (0x82, &[7; 2_000]), (0x8A, b"2"), (0x81, b"view")];
        assert_eq!(sent, expected.map(|(first, payload)| (first, payload.to_vec())));
    }
}
