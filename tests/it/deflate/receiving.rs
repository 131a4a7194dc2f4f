//! Compressed messages that are received, RFC 7692 §6.2 and §7.2.2.

use super::{DELIVERIES, agreed, deflating, no_takeover, takeover, windows};
use crate::support::{ROLES, Seen, assert_each_sees, config, fragmented_for, frame_for, receive};
use sansock::deflate::DeflateParams;
use sansock::{Connection, Negotiated, Opcode, Role, Violation};

/// A text frame with FIN and RSV1.
const TEXT: u8 = 0xC1;
/// A binary frame with FIN and RSV1.
const BINARY: u8 = 0xC2;

/// Asserts what both roles see in these messages, however they are cut and fragmented, with both
/// ways of delivery.
fn assert_inflates(params: DeflateParams, messages: &[&[u8]], expected: &[&[u8]]) {
    let expected: Vec<Seen> = expected.iter().map(|bytes| Seen::Binary(bytes.to_vec())).collect();
    each_way(params, messages, |create, stream| assert_each_sees(create, stream, &expected));
}

/// Asserts that the last of these messages fails both roles, as [`assert_inflates`] does.
fn assert_fails(params: DeflateParams, messages: &[&[u8]], violation: Violation) {
    each_way(params, messages, |create, stream| {
        let seen = receive(&mut create(), &[stream]);
        let Some(Seen::Failed(found, _)) = seen.last() else { panic!("{seen:?}") };
        assert_eq!(*found, violation);
        assert_eq!(seen.len(), messages.len());
        assert_each_sees(create, stream, &seen);
    });
}

/// Passes a way to create connections and a stream to `check`, for each role, delivery, and size of
/// fragments.
fn each_way(
    params: DeflateParams,
    messages: &[&[u8]],
    check: impl Fn(&dyn Fn() -> Connection, &[u8]),
) {
    for role in ROLES {
        for delivery in DELIVERIES {
            let mut config = deflating(role);
            config.delivery = delivery;
            let longest = messages.iter().map(|message| message.len()).max().unwrap_or_default();
            // Every cut is tried, so only short messages have many fragments.
            let fragments = if longest > 64 { [usize::MAX, 700, 1000] } else { [usize::MAX, 1, 2] };
            for fragment in fragments {
                let mut stream = Vec::new();
                for message in messages {
                    stream.extend(in_fragments(role, message, fragment));
                }
                check(&|| agreed(&config, params), &stream);
            }
        }
    }
}

/// Returns a compressed binary message in fragments of this size, with an empty one and a ping.
fn in_fragments(role: Role, message: &[u8], fragment: usize) -> Vec<u8> {
    if fragment >= message.len() {
        return frame_for(role, BINARY, message);
    }
    let mut pieces: Vec<&[u8]> = message.chunks(fragment).collect();
    pieces.insert(1, b"");
    let mut stream = fragmented_for(role, Opcode::Binary, &pieces);
    stream[0] |= 0x40;
    stream
}

/// RFC 7692 §7.2.3.1 to §7.2.3.6, verbatim.
#[test]
fn the_examples_of_the_rfc_are_inflated() {
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    assert_inflates(takeover(), &[hello], &[b"Hello"]);
    assert_inflates(takeover(), &[hello, b"\xf2\x00\x11\x00\x00"], &[b"Hello", b"Hello"]);
    let stored = b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00";
    assert_inflates(takeover(), &[stored], &[b"Hello"]);
    let is_final = b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
    assert_inflates(takeover(), &[is_final], &[b"Hello"]);
    let two_blocks = b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00";
    assert_inflates(takeover(), &[two_blocks], &[b"Hello"]);
    assert_inflates(takeover(), &[b"\x00"], &[b""]);
}

/// RFC 7692 §7.2.3.1: the same bytes as the RFC has them, with their headers.
#[test]
fn the_frames_of_the_rfc_are_a_text() {
    let expected = [Seen::Text("Hello".into())];
    let config = deflating(Role::Client);
    let create = || agreed(&config, takeover());
    assert_each_sees(create, b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", &expected);
    let fragments = b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00";
    assert_each_sees(create, fragments, &expected);
}

#[test]
fn a_message_refers_back_over_a_final_block() {
    for is_final in [&b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"[..], b"\xf3\x48\xcd\xc9\xc9\x07\x00"] {
        let next = &b"\xf2\x00\x11\x00\x00"[..];
        assert_inflates(takeover(), &[is_final, next, next], &[b"Hello", b"Hello", b"Hello"]);
    }
}

#[test]
fn a_message_may_have_several_streams() {
    let twice = b"\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00";
    assert_inflates(takeover(), &[twice], &[b"HelloHello"]);
    // The second stream refers to the first one.
    let referring = b"\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00";
    for params in [takeover(), no_takeover(), windows(8)] {
        assert_inflates(params, &[referring, referring], &[b"HelloHello", b"HelloHello"]);
    }
}

#[test]
fn without_takeover_a_message_cannot_refer_to_earlier_ones() {
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    let next = b"\xf2\x00\x11\x00\x00";
    assert_fails(no_takeover(), &[hello, next], Violation::InvalidDeflate);
}

#[test]
fn a_message_without_a_single_octet_is_empty() {
    assert_inflates(takeover(), &[b"", b"\x00", b""], &[b"", b"", b""]);
}

#[test]
fn a_message_that_ends_within_a_block_fails() {
    for cut in [
        &b"\xf2\x48\xcd\xc9"[..],
        b"\xf2",
        b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f",
        b"\x00\x05\x00\xfa\xff\x48",
        b"\x00\x05\x00",
        b"\x00\x04\x00\xfb\xff",
    ] {
        assert_fails(takeover(), &[cut], Violation::InvalidDeflate);
    }
}

#[test]
fn a_block_of_reserved_type_fails() {
    assert_fails(takeover(), &[b"\x06"], Violation::InvalidDeflate);
    assert_fails(takeover(), &[b"\x00\x05\x00\xfa\xfe"], Violation::InvalidDeflate);
}

/// A stored block of `len` bytes of `fill`, and the beginning of an empty one.
fn stored(fill: impl Iterator<Item = u8>, len: usize) -> Vec<u8> {
    let len = len as u16;
    let mut block = vec![0];
    block.extend(len.to_le_bytes());
    block.extend((!len).to_le_bytes());
    block.extend(fill.take(usize::from(len)));
    block.push(0);
    block
}

/// Appends bits, the lowest first, RFC 1951 §3.1.1.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn push(&mut self, value: usize, count: usize) {
        for bit in 0..count {
            if self.count % 8 == 0 {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((value >> bit & 1) as u8) << (self.count % 8);
            self.count += 1;
        }
    }

    /// Appends a Huffman code, whose highest bit comes first.
    fn push_code(&mut self, code: usize, count: usize) {
        for bit in (0..count).rev() {
            self.push(code >> bit & 1, 1);
        }
    }
}

/// Returns a message that copies three bytes from `distance` bytes before, RFC 1951 §3.2.5 and
/// §3.2.6.
fn copy_from(distance: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0, 1);
    bits.push(0b01, 2);
    bits.push_code(0b000_0001, 7); // length 3
    // Distance codes: two for each number of extra bits, from 1 + 2^(extra + 1) on.
    let (code, base, extra) = match distance {
        1..=4 => (distance - 1, distance, 0),
        _ => {
            let extra = (distance - 1).ilog2() as usize - 1;
            let half = (distance - 1) >> extra & 1;
            (2 * (extra + 1) + half, 1 + ((2 + half) << extra), extra)
        }
    };
    bits.push_code(code, 5);
    bits.push(distance - base, extra);
    bits.push_code(0, 7); // end of block
    bits.push(0, 3); // the beginning of an empty stored block
    bits.bytes
}

/// The window bits that were agreed on, and how far back a message may refer. zlib treats 8 as 9.
#[test]
fn a_message_refers_back_as_far_as_the_window_and_no_further() {
    let all: Vec<u8> = (0..40_000_u32).map(|i| (i * 7 + i / 256) as u8).collect();
    for (bits, window) in [(8, 512), (9, 512), (10, 1024), (12, 4096), (15, 32768)] {
        for before in [window, window + 1, 40_000] {
            let first: Vec<Vec<u8>> = all[..before]
                .chunks(3000)
                .map(|piece| stored(piece.iter().copied(), piece.len()))
                .collect();
            for (distance, is_valid) in [(window, true), (window + 1, false)] {
                if distance > 32768 {
                    continue;
                }
                let last = copy_from(distance);
                let mut messages: Vec<&[u8]> = first.iter().map(|message| &message[..]).collect();
                messages.push(&last);
                for role in ROLES {
                    let stream: Vec<u8> = messages
                        .iter()
                        .flat_map(|message| frame_for(role, BINARY, message))
                        .collect();
                    let seen = receive(&mut agreed(&deflating(role), windows(bits)), &[&stream]);
                    let last = seen.last().unwrap();
                    let from = before - distance.min(before);
                    if is_valid {
                        assert_eq!(*last, Seen::Binary(all[from..from + 3].to_vec()));
                    } else {
                        assert!(matches!(last, Seen::Failed(Violation::InvalidDeflate, _)));
                    }
                }
            }
        }
    }
}

/// A second stream knows what the window has, and nothing more, in both ways of delivery.
#[test]
fn a_second_stream_refers_back_as_far_as_the_window() {
    for (distance, is_valid) in [(512, true), (513, false)] {
        let text: Vec<u8> = (0..1000_u32).map(|i| (i * 7 + i / 256) as u8).collect();
        let mut message = stored(text.iter().copied(), text.len());
        message[0] = 1; // a final block
        message.pop();
        message.extend(copy_from(distance));
        if is_valid {
            let from = text.len() - distance;
            let expected = [&text[..], &text[from..from + 3]].concat();
            assert_inflates(windows(9), &[&message], &[&expected]);
        } else {
            assert_fails(windows(9), &[&message], Violation::InvalidDeflate);
        }
    }
}

#[test]
fn bad_utf8_in_a_compressed_text_fails_at_the_message() {
    for (text, is_valid) in [(&b"h\xc3\xa9"[..], true), (b"h\xc3", false), (b"\xff", false)] {
        let message = stored(text.iter().copied(), text.len());
        for role in ROLES {
            for delivery in DELIVERIES {
                let mut config = deflating(role);
                config.delivery = delivery;
                let ping = frame_for(role, 0x89, b"");
                let offset = ping.len() as u64;
                let stream = [ping, frame_for(role, TEXT, &message)].concat();
                let last = match is_valid {
                    true => Seen::Text("hé".into()),
                    false => Seen::Failed(Violation::InvalidUtf8, offset),
                };
                let expected = [Seen::Ping(vec![]), last];
                assert_each_sees(|| agreed(&config, takeover()), &stream, &expected);
            }
        }
    }
}

#[test]
fn rsv1_is_for_the_first_frame_of_a_message_alone() {
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    for role in ROLES {
        for (stream, violation) in [
            (frame_for(role, 0xC9, b""), Violation::ReservedBits { rsv: 0b100 }),
            (frame_for(role, 0xE2, hello), Violation::ReservedBits { rsv: 0b110 }),
            (
                [frame_for(role, 0x42, hello), frame_for(role, 0xC0, hello)].concat(),
                Violation::ReservedBits { rsv: 0b100 },
            ),
        ] {
            let seen = receive(&mut agreed(&deflating(role), takeover()), &[&stream]);
            assert!(matches!(seen[..], [Seen::Failed(found, _)] if found == violation), "{seen:?}");
        }
    }
}

#[test]
fn plain_messages_go_between_compressed_ones() {
    let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    for role in ROLES {
        for delivery in DELIVERIES {
            let mut config = deflating(role);
            config.delivery = delivery;
            let stream = [
                frame_for(role, 0xC1, hello),
                frame_for(role, 0x81, b"plain"),
                fragmented_for(role, Opcode::Binary, &[b"in", b" two"]),
                frame_for(role, 0x41, &hello[..3]),
                frame_for(role, 0x89, b"ping"),
                frame_for(role, 0x80, &hello[3..]),
                fragmented_for(role, Opcode::Text, &[b"a", b"", b"b"]),
                // What was not compressed is not referred to.
                frame_for(role, 0xC1, b"\xf2\x00\x11\x00\x00"),
            ]
            .concat();
            let text = |text: &str| Seen::Text(text.into());
            let expected = [
                text("Hello"),
                text("plain"),
                Seen::Binary(b"in two".to_vec()),
                Seen::Ping(b"ping".to_vec()),
                text("Hello"),
                text("ab"),
                text("Hello"),
            ];
            assert_each_sees(|| agreed(&config, takeover()), &stream, &expected);
        }
    }
}

#[test]
fn a_program_that_did_not_ask_for_compression_has_none() {
    let negotiated = Negotiated::default().with_deflate(takeover());
    for role in ROLES {
        let error = Connection::from_negotiated(config(role), &negotiated).unwrap_err();
        assert_eq!(&*error.extensions, "permessage-deflate");
        let ws = Connection::new(deflating(role));
        assert!(!ws.is_compressing());
        let ws = agreed(&deflating(role), takeover());
        assert!(ws.is_compressing());
    }
}

#[test]
fn a_long_message_that_is_cut_is_inflated_as_it_comes() {
    let payload: Vec<u8> = (0..60_000_u32).map(|i| (i * i / 7) as u8).collect();
    let message = stored(payload.iter().copied(), payload.len());
    assert_inflates(
        takeover(),
        &[&message, b"\xf2\x48\xcd\xc9\xc9\x07\x00"],
        &[&payload, b"Hello"],
    );
}
