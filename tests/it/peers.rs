//! Faults that were found in other libraries, each as a test of the right behaviour. Those of the
//! handshake are in `handshake`.

use crate::support::{
    ABSURD_LEN, NO_LIMITS, ROLES, Seen, assert_ends_with, assert_sees, close_body, config,
    connection, drain, fragmented_for, frame_for, frames, head_for, limited, receive,
};
use bytes::Buf;
use sansock::connection::State;
use sansock::frame::{Decoder, Rsv};
use sansock::{Connection, Input, Limits, Opcode, Role, SendError, Violation};

/// Asserts that `stream` fails with `violation` at its last byte and not before.
fn assert_fails_at_its_end(role: Role, stream: &[u8], violation: Violation) {
    let at = stream.len() - 1;
    assert_ends_with(&config(role), stream, &[Seen::Failed(violation, at as u64)]);
    assert_sees(&config(role), &stream[..at], &[]);
}

/// Some libraries check a code point that a fragment has cut only when more bytes follow it.
#[test]
fn text_that_ends_within_a_code_point_is_refused_also_by_an_empty_last_fragment() {
    for role in ROLES {
        for parts in [&[&b"h\xE2\x82"[..], b""][..], &[b"h", b"\xE2", b"\x82"], &[b"h\xE2\x82"]] {
            let stream = fragmented_for(role, Opcode::Text, parts);
            assert_fails_at_its_end(role, &stream, Violation::InvalidUtf8);
        }
    }
}

/// Some libraries do not validate text, or only if asked to.
#[test]
fn text_is_validated_by_default() {
    for role in ROLES {
        let stream = frame_for(role, 0x81, b"\xFF");
        assert_fails_at_its_end(role, &stream, Violation::InvalidUtf8);
    }
}

/// Some libraries queue a pong for each ping, even if the peer reads none of them.
#[test]
fn pongs_for_a_peer_that_never_reads_do_not_add_up() {
    for role in ROLES {
        let mut ws = connection(role);
        let pings = frame_for(role, 0x89, &[0; 125]).repeat(20_000);
        assert_eq!(receive(&mut ws, &[&pings]).len(), 20_000);
        assert!(ws.output().remaining() < 2000);
    }
}

/// Some libraries panic on a length that overflows a sum, or trust it if limits are switched off.
#[test]
fn a_length_of_64_bits_is_refused_without_limits_too() {
    for role in ROLES {
        for before in [vec![], frame_for(role, 0x02, b"x")] {
            let first = if before.is_empty() { 0x82 } else { 0x80 };
            let head = head_for(role, first, u64::MAX);
            let stream = [&before[..], &head[..3]].concat();
            let at = before.len() as u64 + 2;
            let expected = [Seen::Failed(Violation::LengthOverflow, at)];
            assert_ends_with(&limited(role, NO_LIMITS), &stream, &expected);
        }
    }
}

/// Some libraries allocate what a header declares. Other tests count that this one does not.
#[test]
fn a_header_that_declares_a_terabyte_is_waited_on() {
    for role in ROLES {
        let mut ws = Connection::new(limited(role, NO_LIMITS));
        let head = head_for(role, 0x82, ABSURD_LEN);
        assert_eq!(receive(&mut ws, &[&head, &[0; 1000], b"", &[0; 1000]]), []);
        assert_eq!(ws.state(), State::Open);
        // By default, it is refused before any of its payload.
        let violation = Violation::FrameTooBig { len: ABSURD_LEN, limit: Limits::DEFAULT.frame };
        assert_fails_at_its_end(role, &head[..10], violation);
    }
}

/// Some libraries apply the limit for messages to each frame alone.
#[test]
fn the_message_limit_is_for_all_fragments_together() {
    let limits = Limits::DEFAULT.with_message(1000);
    for role in ROLES {
        let parts = [&[b'x'; 300][..]; 156];
        let stream = fragmented_for(role, Opcode::Binary, &parts);
        let frame = frame_for(role, 0, parts[0]).len();
        let at = 3 * frame as u64 + 3;
        let violation = Violation::MessageTooBig { len: 1200, limit: 1000 };
        let mut ws = Connection::new(limited(role, limits));
        assert_eq!(receive(&mut ws, &[&stream]), [Seen::Failed(violation, at)]);
    }
}

/// Some libraries continue after a masked server frame: out of step, or with a masked payload.
#[test]
fn a_masked_frame_from_a_server_is_refused() {
    for first in [0x81, 0x82, 0x01, 0x88, 0x89, 0x8A] {
        let stream = &frame_for(Role::Server, first, b"Hello")[..2];
        assert_fails_at_its_end(Role::Client, stream, Violation::MaskedFrame);
    }
}

/// Some libraries accept unmasked client frames.
#[test]
fn an_unmasked_frame_from_a_client_is_refused() {
    for first in [0x81, 0x82, 0x01, 0x88, 0x89, 0x8A] {
        let stream = &frame_for(Role::Client, first, b"Hello")[..2];
        assert_fails_at_its_end(Role::Server, stream, Violation::UnmaskedFrame);
    }
}

/// Some libraries ignore RSV1 if no compression was negotiated, and deliver the payload.
#[test]
fn rsv1_without_a_negotiated_extension_is_refused() {
    for role in ROLES {
        for first in [0xC1, 0xC2, 0x41, 0xC8, 0xC9, 0xCA] {
            assert_fails_at_its_end(role, &[first], Violation::ReservedBits { rsv: 0b100 });
        }
    }
}

/// Some libraries accept RSV1 on control frames once compression is negotiated.
#[test]
fn rsv1_is_never_allowed_on_control_frames() {
    for role in ROLES {
        for first in [0xC8, 0xC9, 0xCA] {
            let mut decoder = Decoder::new(role).with_rsv(Rsv::RSV1);
            let error = decoder.decode(&mut Input::new(&mut [first][..])).unwrap_err();
            assert_eq!(error.violation(), Violation::ReservedBits { rsv: 0b100 });
        }
        let mut decoder = Decoder::new(role).with_rsv(Rsv::RSV1);
        let mut data = frame_for(role, 0xC1, b"");
        assert!(decoder.decode(&mut Input::new(&mut data[..])).unwrap().is_some());
    }
}

/// Some libraries lose the bytes of a header if a read ends within it.
#[test]
fn a_header_may_come_in_any_pieces() {
    for role in ROLES {
        for len in [1, 126, 65536] {
            let stream = frame_for(role, 0x82, &vec![7; len]);
            for cut in 1..14 {
                let (head, rest) = stream.split_at(cut.min(stream.len()));
                let mut pieces: Vec<&[u8]> = head.chunks(1).collect();
                pieces.push(rest);
                let seen = receive(&mut connection(role), &pieces);
                assert_eq!(seen, [Seen::Binary(vec![7; len])], "{len} bytes cut at {cut}");
            }
        }
    }
}

/// Some libraries let a second first fragment replace the message before it.
#[test]
fn a_message_within_a_message_is_refused() {
    for role in ROLES {
        for (first, opcode) in [(0x01, Opcode::Text), (0x02, Opcode::Binary)] {
            let stream = [&frame_for(role, 0x01, b"one")[..], &[first]].concat();
            let violation = Violation::ExpectedContinuation { opcode };
            assert_fails_at_its_end(role, &stream, violation);
        }
    }
}

/// Some libraries refuse long pings, but accept long pongs and Closes, or refuse them only when the
/// whole frame has arrived.
#[test]
fn every_control_frame_of_more_than_125_bytes_is_refused_at_its_length() {
    for role in ROLES {
        for opcode in [Opcode::Close, Opcode::Ping, Opcode::Pong] {
            let head = head_for(role, 0x80 | opcode.as_u8(), 300);
            assert_fails_at_its_end(role, &head[..2], Violation::ControlTooLong { opcode });
        }
    }
}

/// Some libraries send pings that no peer may accept.
#[test]
fn a_ping_of_more_than_125_bytes_is_not_sent() {
    for role in ROLES {
        let mut ws = connection(role);
        assert_eq!(ws.ping(&[0; 126]).unwrap_err(), SendError::TooLong);
        assert!(drain(&mut ws).is_empty());
    }
}

/// Some libraries lose a message if a pong arrives between its fragments.
#[test]
fn a_pong_between_fragments_does_not_touch_the_message() {
    for role in ROLES {
        let stream = [
            frame_for(role, 0x01, "κό".as_bytes()),
            frame_for(role, 0x8A, &[0xFF; 125]),
            frame_for(role, 0x00, b""),
            frame_for(role, 0x8A, b""),
            frame_for(role, 0x80, "σμε".as_bytes()),
        ];
        let expected =
            [Seen::Pong(vec![0xFF; 125]), Seen::Pong(Vec::new()), Seen::Text("κόσμε".into())];
        assert_sees(&config(role), &stream.concat(), &expected);
    }
}

/// Some libraries stall for ever on a fragment that arrives in two reads.
#[test]
fn a_fragment_cut_by_a_read_does_not_stall_the_message() {
    for role in ROLES {
        let parts = [&[b'x'; 200][..], &[b'y'; 200]];
        let stream = fragmented_for(role, Opcode::Binary, &parts);
        assert_sees(&config(role), &stream, &[Seen::Binary(parts.concat())]);
    }
}

/// Some libraries store the position in the mask key in too small a number.
#[test]
fn the_place_in_the_mask_key_is_kept_over_many_small_reads() {
    let payload: Vec<u8> = (0..1000).map(|i| (i % 251) as u8).collect();
    let stream = frame_for(Role::Server, 0x82, &payload);
    for size in [1, 2, 3, 5, 7, 37, 255, 256, 257] {
        let pieces: Vec<&[u8]> = stream.chunks(size).collect();
        let seen = receive(&mut connection(Role::Server), &pieces);
        assert_eq!(seen, [Seen::Binary(payload.clone())], "{size} bytes a read");
    }
}

/// Some libraries accept lengths in more bytes than they need.
#[test]
fn lengths_that_are_not_minimal_are_refused() {
    for len in [0u64, 125] {
        let head = [&[0x82, 126], &len.to_be_bytes()[6..]].concat();
        assert_fails_at_its_end(Role::Client, &head, Violation::LengthNotMinimal { len });
    }
    for len in [0u64, 125, 126, 65535] {
        let head = [&[0x82, 127], &len.to_be_bytes()[..]].concat();
        assert_fails_at_its_end(Role::Client, &head, Violation::LengthNotMinimal { len });
    }
}

/// Some libraries refuse 1014, which is registered. Some accept 1015, which must not be sent.
#[test]
fn close_code_1014_is_taken_and_1015_is_not() {
    for role in ROLES {
        let stream = frame_for(role, 0x88, &close_body(1014, ""));
        assert_ends_with(&config(role), &stream, &[Seen::Close(Some(1014), String::new())]);
        let stream = frame_for(role, 0x88, &close_body(1015, ""));
        assert_fails_at_its_end(role, &stream, Violation::InvalidCloseCode { code: 1015 });
    }
}

/// Some libraries echo a Close that is too long for a control frame, or its whole body.
#[test]
fn a_long_close_is_not_echoed() {
    for role in ROLES {
        let mut ws = connection(role);
        receive(&mut ws, &[&head_for(role, 0x88, 126)]);
        let sent = frames(&drain(&mut ws));
        assert_eq!(sent.len(), 1);
        assert!(sent[0].payload.starts_with(&1002u16.to_be_bytes()));
    }
}

/// Some libraries store something for each empty fragment, without a limit.
#[test]
fn a_million_empty_fragments_are_refused_at_the_limit() {
    for role in ROLES {
        let limit = Limits::DEFAULT.fragments;
        let empty = frame_for(role, 0x00, b"");
        let stream = [&frame_for(role, 0x01, b"")[..], &empty.repeat(1_000_000)].concat();
        let mut ws = connection(role);
        let at = u64::from(limit) * empty.len() as u64;
        let violation = Violation::TooManyFragments { limit };
        assert_eq!(receive(&mut ws, &[&stream]), [Seen::Failed(violation, at)]);
        assert!(frames(&drain(&mut ws))[0].payload.starts_with(&1008u16.to_be_bytes()));
    }
}

/// Some libraries need time or memory quadratic in the number of fragments.
#[test]
fn a_million_fragments_of_one_byte_arrive_where_they_are_allowed() {
    let parts = vec![&b"x"[..]; 1_000_000];
    for role in ROLES {
        let stream = fragmented_for(role, Opcode::Text, &parts);
        let mut ws = Connection::new(limited(role, NO_LIMITS));
        // In reads that cut frames anywhere.
        let pieces: Vec<&[u8]> = stream.chunks(4099).collect();
        assert_eq!(receive(&mut ws, &pieces), [Seen::Text("x".repeat(1_000_000))]);
    }
}

/// Some libraries store an object for each read.
#[test]
fn a_frame_in_reads_of_one_byte_arrives() {
    for role in ROLES {
        let stream = frame_for(role, 0x82, &vec![7; 300_000]);
        let pieces: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(receive(&mut connection(role), &pieces), [Seen::Binary(vec![7; 300_000])]);
    }
}

/// Some programs treat bytes that they read before TLS as if they had come by TLS (STARTTLS). A
/// connection cannot know, so the input can be asked.
#[test]
fn bytes_that_came_before_tls_are_noticed() {
    for injected in [&b""[..], b"\x81", b"\x81\x85\0\0\0\0Hello"] {
        let mut read = [b"STARTTLS\r\n", injected].concat();
        let (_, rest) = read.split_at_mut(10);
        let found = Input::new(rest).expect_empty().map_err(|error| error.len);
        assert_eq!(found, if injected.is_empty() { Ok(()) } else { Err(injected.len()) });
    }
}
