//! Messages delivered in chunks as they arrive: `Delivery::Streaming`.

use crate::support::{
    ROLES, Seen, assert_ends_with, assert_sees, close_body, config, fragmented_for, frame_for,
    head_for, limited, receive,
};
use proptest::prelude::*;
use sansock::connection::Delivery;
use sansock::{Config, Connection, Event, Input, Limits, Opcode, Role, Violation};

fn streaming(role: Role) -> Config {
    let mut config = config(role);
    config.delivery = Delivery::Streaming;
    config
}

/// Returns the chunks, with whether each is borrowed and whether it is the last.
fn chunks(ws: &mut Connection, piece: &[u8]) -> Vec<(Vec<u8>, bool, bool)> {
    let mut buffer = piece.to_vec();
    let mut input = Input::new(&mut buffer[..]);
    let mut chunks = Vec::new();
    while let Some(event) = ws.receive(&mut input).unwrap() {
        chunks.push(match event {
            Event::TextChunk { text, last } => {
                (text.as_bytes().to_vec(), text.as_borrowed().is_some(), last)
            }
            Event::BinaryChunk { data, last } => (data.to_vec(), data.is_borrowed(), last),
            other => panic!("{other:?}"),
        });
    }
    chunks
}

#[test]
fn messages_are_the_same_as_whole_ones() {
    for role in ROLES {
        let long = "Größe 26 ₂, 漢字 и 10 🦀. ".repeat(30);
        let streams = [
            (frame_for(role, 0x81, b""), Seen::Text(String::new())),
            (frame_for(role, 0x82, b""), Seen::Binary(vec![])),
            (frame_for(role, 0x82, &[0xFF; 200]), Seen::Binary(vec![0xFF; 200])),
            (frame_for(role, 0x81, long.as_bytes()), Seen::Text(long.clone())),
            (
                fragmented_for(role, Opcode::Text, &[b"h\xE2", b"", b"\x82", b"\xAC!", b""]),
                Seen::Text("h€!".into()),
            ),
            (
                fragmented_for(role, Opcode::Binary, &[b"", b"abc", b"", b"de"]),
                Seen::Binary(b"abcde".to_vec()),
            ),
        ];
        let mut all = (Vec::new(), Vec::new());
        for (stream, seen) in streams {
            assert_sees(&streaming(role), &stream, std::slice::from_ref(&seen));
            all.0.extend(stream);
            all.1.push(seen);
        }
        assert_sees(&streaming(role), &all.0, &all.1);
    }
}

#[test]
fn control_frames_come_between_chunks() {
    for role in ROLES {
        let mut stream = frame_for(role, 0x01, b"h\xE2\x82");
        stream.extend(frame_for(role, 0x89, b"there?"));
        stream.extend(frame_for(role, 0x80, b"\xAC"));
        stream.extend(frame_for(role, 0x88, &close_body(1000, "")));
        let seen = [
            Seen::Ping(b"there?".to_vec()),
            Seen::Text("h€".into()),
            Seen::Close(Some(1000), String::new()),
        ];
        assert_ends_with(&streaming(role), &stream, &seen);
    }
}

#[test]
fn a_chunk_is_lent_unless_it_is_a_cut_code_point() {
    let mut ws = Connection::new(streaming(Role::Client));
    let frame = frame_for(Role::Client, 0x81, "ab€cd".as_bytes());
    assert_eq!(chunks(&mut ws, &frame[..5]), [(b"ab".to_vec(), true, false)]);
    let cut = ("€".as_bytes().to_vec(), false, false);
    assert_eq!(chunks(&mut ws, &frame[5..]), [cut, (b"cd".to_vec(), true, true)]);

    let frame = frame_for(Role::Client, 0x82, b"abcd");
    assert_eq!(chunks(&mut ws, &frame[..2]), []);
    assert_eq!(chunks(&mut ws, &frame[2..4]), [(b"ab".to_vec(), true, false)]);
    assert_eq!(chunks(&mut ws, &frame[4..]), [(b"cd".to_vec(), true, true)]);
}

#[test]
fn text_fails_at_the_byte_that_breaks_it() {
    for role in ROLES {
        let head = head_for(role, 0x81, 6).len() as u64;
        for (text, at) in [
            (&b"ab\xFFcde"[..], 2),
            (b"ab\xE2\x82cd", 4),
            (b"abc\xED\xA0\x80", 4),
            (b"abcd\xE2\x82", 5),
            (b"\xF0\x9F\xA6\x80\xC3\x28", 5),
        ] {
            let failed = Seen::Failed(Violation::InvalidUtf8, head + at);
            assert_ends_with(&streaming(role), &frame_for(role, 0x81, text), &[failed]);
        }
    }
}

#[test]
fn a_text_cut_off_before_an_empty_last_fragment_fails() {
    for role in ROLES {
        let stream = fragmented_for(role, Opcode::Text, &[b"h\xE2\x82", b""]);
        let failed = Seen::Failed(Violation::InvalidUtf8, stream.len() as u64 - 1);
        assert_ends_with(&streaming(role), &stream, &[failed]);
    }
}

#[test]
fn limits_hold_for_what_is_not_kept() {
    for role in ROLES {
        let mut config =
            limited(role, Limits::DEFAULT.with_frame(10).with_message(15).with_fragments(3));
        config.delivery = Delivery::Streaming;
        let first = frame_for(role, 0x02, &[7; 10]);
        let second = head_for(role, 0x80, 6);
        let len_at = if role == Role::Server { second.len() - 5 } else { second.len() - 1 };
        let violation = Violation::MessageTooBig { len: 16, limit: 15 };
        let failed = Seen::Failed(violation, (first.len() + len_at) as u64);
        assert_ends_with(&config, &[first, second].concat(), &[failed]);
    }
}

proptest! {
    #[test]
    fn any_messages_in_any_pieces_are_the_same_as_whole_ones(
        messages in proptest::collection::vec(("[a-z€🦀é]{0,20}", any::<bool>(), 1usize..4), 1..5),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..12),
        server: bool,
    ) {
        let role = if server { Role::Server } else { Role::Client };
        let mut stream = Vec::new();
        for (text, is_text, fragments) in &messages {
            let opcode = if *is_text { Opcode::Text } else { Opcode::Binary };
            let size = text.len().div_ceil(*fragments).max(1);
            let parts: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let parts = if parts.is_empty() { vec![&b""[..]] } else { parts };
            stream.extend(fragmented_for(role, opcode, &parts));
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        let whole = receive(&mut Connection::new(config(role)), &pieces);
        prop_assert_eq!(receive(&mut Connection::new(streaming(role)), &pieces), whole);
    }
}
