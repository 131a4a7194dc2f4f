//! Messages as they arrive: fragments, control frames between them, UTF-8, limits, borrowed
//! payloads.

use crate::support::{
    NO_LIMITS, ROLES, Seen, assert_ends_with, assert_sees, config, connection, fragmented_for,
    frame_for, head_for, limited, receive,
};
use bytes::{Bytes, BytesMut};
use sansock::{Connection, Event, Input, Limits, Message, Opcode, Role, Violation};

#[test]
fn fragments_are_one_message() {
    let parts: [&[&[u8]]; 7] = [
        &[b"Hello"],
        &[b"Hel", b"lo"],
        &[b"H", b"e", b"l", b"l", b"o"],
        &[b"", b"Hello"],
        &[b"Hello", b""],
        &[b"", b"", b"Hel", b"", b"", b"lo", b"", b""],
        &[b"Hel", b"", b"lo"],
    ];
    for role in ROLES {
        for parts in parts {
            let text = fragmented_for(role, Opcode::Text, parts);
            assert_sees(&config(role), &text, &[Seen::Text("Hello".into())]);
            let binary = fragmented_for(role, Opcode::Binary, parts);
            assert_sees(&config(role), &binary, &[Seen::Binary(b"Hello".into())]);
        }
    }
}

#[test]
fn empty_messages_are_messages() {
    for role in ROLES {
        for parts in [&[&b""[..]][..], &[b"", b""], &[b"", b"", b""]] {
            let text = fragmented_for(role, Opcode::Text, parts);
            let binary = fragmented_for(role, Opcode::Binary, parts);
            let stream = [&text[..], &binary, &text].concat();
            let expected =
                [Seen::Text(String::new()), Seen::Binary(Vec::new()), Seen::Text(String::new())];
            assert_sees(&config(role), &stream, &expected);
        }
    }
}

#[test]
fn a_message_may_have_as_many_fragments_as_the_limit_allows() {
    for role in ROLES {
        let byte: &[u8] = b"x";
        let parts = vec![byte; Limits::DEFAULT.fragments as usize];
        let stream = fragmented_for(role, Opcode::Text, &parts);
        let seen = receive(&mut connection(role), &[&stream]);
        assert_eq!(seen, [Seen::Text("x".repeat(parts.len()))]);
    }
}

#[test]
fn messages_of_both_kinds_follow_each_other() {
    for role in ROLES {
        let stream = [
            fragmented_for(role, Opcode::Binary, &[b"\xFF", b"\xFE"]),
            fragmented_for(role, Opcode::Text, &["κό".as_bytes(), "σμε".as_bytes()]),
            frame_for(role, 0x82, b"\x80"),
            frame_for(role, 0x81, "é".as_bytes()),
        ];
        let expected = [
            Seen::Binary(vec![0xFF, 0xFE]),
            Seen::Text("κόσμε".into()),
            Seen::Binary(vec![0x80]),
            Seen::Text("é".into()),
        ];
        assert_sees(&config(role), &stream.concat(), &expected);
    }
}

/// RFC 6455 §5.4, §5.5: even if a read cuts the control frame or a fragment next to it.
#[test]
fn control_frames_may_stand_between_any_fragments() {
    let parts = [&b"a"[..], b"", b"bc", b"d"];
    for role in ROLES {
        let control = [
            (frame_for(role, 0x89, b"ping"), Seen::Ping(b"ping".into())),
            (frame_for(role, 0x8A, b"pong"), Seen::Pong(b"pong".into())),
            (frame_for(role, 0x89, b""), Seen::Ping(Vec::new())),
        ];
        for (frame, event) in control {
            // At each place alone, and at all of them.
            for places in [0b0001, 0b0010, 0b0100, 0b1000, 0b1_0000, 0b1_1111] {
                let mut stream = Vec::new();
                let mut expected = Vec::new();
                for (i, part) in parts.iter().enumerate() {
                    if places & (1 << i) != 0 {
                        stream.extend(&frame);
                        expected.push(event.clone());
                    }
                    let fin = if i == 3 { 0x80 } else { 0 };
                    stream.extend(frame_for(role, if i == 0 { 0x01 } else { fin }, part));
                }
                expected.push(Seen::Text("abcd".into()));
                if places & 0b1_0000 != 0 {
                    stream.extend(&frame);
                    expected.push(event.clone());
                }
                assert_sees(&config(role), &stream, &expected);
            }
        }
    }
}

#[test]
fn a_close_may_stand_within_a_message() {
    for role in ROLES {
        let begun = frame_for(role, 0x01, b"Hel");
        let close = frame_for(role, 0x88, b"\x03\xE9bye");
        let rest = frame_for(role, 0x80, b"lo");
        let expected = [Seen::Close(Some(1001), "bye".into())];
        assert_ends_with(&config(role), &[&begun[..], &close].concat(), &expected);
        assert_sees(&config(role), &[begun, close, rest].concat(), &expected);
    }
}

#[test]
fn a_frame_is_limited_by_itself() {
    let limits = Limits::DEFAULT.with_frame(4);
    let too_big = Violation::FrameTooBig { len: 5, limit: 4 };
    for role in ROLES {
        let config = limited(role, limits);
        for parts in [&[&b"abc"[..]][..], &[b"abcd"], &[b"abcd", b"abcd"], &[b"", b"abcd", b"d"]] {
            let stream = fragmented_for(role, Opcode::Binary, parts);
            assert_sees(&config, &stream, &[Seen::Binary(parts.concat())]);
        }
        for (first, before) in [
            (0x81, vec![]),
            (0x02, vec![]),
            (0x80, frame_for(role, 0x01, b"abcd")),
            (0x00, [frame_for(role, 0x02, b""), frame_for(role, 0x00, b"")].concat()),
        ] {
            let stream = [&before[..], &head_for(role, first, 5)[..2]].concat();
            let at = before.len() as u64 + 1;
            assert_ends_with(&config, &stream, &[Seen::Failed(too_big, at)]);
        }
    }
}

/// Each fragment is within the frame limit, but their sum exceeds the message limit.
#[test]
fn a_message_is_limited_as_a_whole() {
    let limits = Limits::DEFAULT.with_frame(6).with_message(10);
    for role in ROLES {
        let config = limited(role, limits);
        for parts in
            [&[&b"abcde"[..], b"fghi"][..], &[b"abcde", b"fghij"], &[b"abcd", b"efghij", b""]]
        {
            let stream = fragmented_for(role, Opcode::Text, parts);
            let text = String::from_utf8(parts.concat()).unwrap();
            // The sum starts again with each message.
            assert_sees(&config, &stream.repeat(3), &vec![Seen::Text(text); 3]);
        }
        for parts in [&[&b"abcde"[..], b"fghijk"][..], &[b"a", b"bcde", b"fghij", b"k"]] {
            let stream = fragmented_for(role, Opcode::Text, parts);
            let last = parts.last().unwrap().len();
            let head = head_for(role, 0x80, last as u64).len();
            // The length in the last header decides: its payload need not arrive.
            let at = stream.len() - last - head + 1;
            let too_big = Violation::MessageTooBig { len: 11, limit: 10 };
            assert_ends_with(&config, &stream[..=at], &[Seen::Failed(too_big, at as u64)]);
            assert_ends_with(&config, &stream, &[Seen::Failed(too_big, at as u64)]);
        }
    }
}

#[test]
fn fragments_are_limited_by_number() {
    let limits = NO_LIMITS.with_fragments(3);
    let too_many = Violation::TooManyFragments { limit: 3 };
    for role in ROLES {
        let config = limited(role, limits);
        let ping = frame_for(role, 0x89, b"");
        for part in [&b""[..], b"x"] {
            let [two, three] = [2, 3].map(|n| fragmented_for(role, Opcode::Binary, &vec![part; n]));
            // The count starts again with each message, and pings do not count.
            let stream = [&two[..], &three, &ping, &three].concat();
            let seen = [
                Seen::Binary(part.repeat(2)),
                Seen::Binary(part.repeat(3)),
                Seen::Ping(Vec::new()),
                Seen::Binary(part.repeat(3)),
            ];
            assert_sees(&config, &stream, &seen);

            let four = fragmented_for(role, Opcode::Binary, &[part; 4]);
            let at = four.len() * 3 / 4;
            assert_ends_with(&config, &four[..=at], &[Seen::Failed(too_many, at as u64)]);
        }
    }
}

/// Returns whether `part` is in the memory that begins at `start`.
fn lies_in(part: &[u8], start: *const u8, len: usize) -> bool {
    let offset = (part.as_ptr() as usize).wrapping_sub(start as usize);
    offset + part.len() <= len
}

/// Returns the payload of an event that has nothing else.
fn payload<'a>(event: &'a Event<'_>) -> &'a [u8] {
    match event {
        Event::Text(text) => text.as_bytes(),
        Event::Binary(data) | Event::Ping(data) | Event::Pong(data) => data,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_lies_whole_in_the_input_is_lent_from_it() {
    for role in ROLES {
        for first in [0x81, 0x82, 0x89, 0x8A] {
            for len in [1, 5, 125] {
                let frame = frame_for(role, first, &vec![b'x'; len]);
                let mut buffer = frame.repeat(2);
                let (start, total) = (buffer.as_ptr(), buffer.len());
                let mut ws = connection(role);
                let mut input = Input::new(&mut buffer[..]);
                for _ in 0..2 {
                    let event = ws.receive(&mut input).unwrap().unwrap();
                    assert!(lies_in(payload(&event), start, total), "{event:?}");
                }

                let mut input = BytesMut::from(&frame.repeat(2)[..]);
                let (start, total) = (input.as_ptr(), input.len());
                let mut ws = connection(role);
                for _ in 0..2 {
                    let event = ws.receive_from_bytes_mut(&mut input).unwrap().unwrap();
                    assert!(lies_in(payload(&event), start, total), "{event:?}");
                }
            }
        }
    }
}

#[test]
fn a_payload_that_comes_whole_after_its_header_is_lent() {
    for role in ROLES {
        for first in [0x81, 0x82, 0x89, 0x8A] {
            let frame = frame_for(role, first, &[b'x'; 100]);
            for cut in 1..=frame.len() - 100 {
                let mut ws = connection(role);
                assert_eq!(receive(&mut ws, &[&frame[..cut]]), []);
                let mut buffer = frame[cut..].to_vec();
                let (start, len) = (buffer.as_ptr(), buffer.len());
                let event = ws.receive(&mut Input::new(&mut buffer[..])).unwrap().unwrap();
                assert!(lies_in(payload(&event), start, len), "{event:?} cut at {cut}");
            }
        }
    }
}

#[test]
fn a_lent_payload_may_be_changed_and_is_lent_or_owned_as_it_says() {
    let mut buffer = frame_for(Role::Client, 0x82, b"abc");
    let mut ws = connection(Role::Client);
    let Ok(Some(Event::Binary(mut data))) = ws.receive(&mut Input::new(&mut buffer[..])) else {
        panic!("a binary message");
    };
    data[0] = b'X';
    assert!(data.is_borrowed() && *data == *b"Xbc");
    assert_eq!(buffer, b"\x82\x03Xbc");

    let mut parts = fragmented_for(Role::Client, Opcode::Binary, &[b"a", b"bc"]);
    let Ok(Some(Event::Binary(data))) = ws.receive(&mut Input::new(&mut parts[..])) else {
        panic!("a binary message");
    };
    assert!(!data.is_borrowed() && *data == *b"abc");
    assert_eq!(Message::from(data), Message::Binary(Bytes::from_static(b"abc")));
}

/// A borrowed text may outlive its event, as long as the input does.
#[test]
fn a_lent_text_is_for_as_long_as_the_input() {
    fn text<'a>(ws: &mut Connection, input: &'a mut [u8]) -> Option<&'a str> {
        let mut input = Input::new(input);
        match ws.receive(&mut input) {
            Ok(Some(Event::Text(text))) => text.as_borrowed(),
            _ => None,
        }
    }
    let mut ws = connection(Role::Client);
    let mut whole = frame_for(Role::Client, 0x81, b"Hello");
    assert_eq!(text(&mut ws, &mut whole), Some("Hello"));
    assert_eq!(text(&mut ws, &mut whole[..3]), None);
    assert_eq!(text(&mut ws, &mut whole[3..]), None, "owned");
}

#[test]
fn owned_events_outlive_the_input() {
    for role in ROLES {
        let stream = [
            frame_for(role, 0x81, b"text"),
            frame_for(role, 0x82, b"binary"),
            fragmented_for(role, Opcode::Text, &[b"te", b"xt"]),
            frame_for(role, 0x89, b"ping"),
            frame_for(role, 0x8A, b"pong"),
            frame_for(role, 0x88, b"\x03\xE8reason"),
        ]
        .concat();
        let mut ws = Connection::new(config(role));
        let mut owned: Vec<Event<'static>> = Vec::new();
        {
            let mut buffer = stream.clone();
            let mut input = Input::new(&mut buffer[..]);
            while let Some(event) = ws.receive(&mut input).unwrap() {
                owned.push(event.into_owned());
            }
            buffer.fill(0xEE);
        }
        let seen: Vec<Seen> = owned.into_iter().map(Seen::from).collect();
        assert_eq!(seen, receive(&mut connection(role), &[&stream]));
        assert_eq!(seen.len(), 6);
    }
}
