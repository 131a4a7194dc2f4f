//! Text over the wire, RFC 6455 §8.1: valid UTF-8 arrives, and invalid text fails at the first byte
//! that no text could have. The cases are those of section 6 of the Autobahn testsuite.

use crate::support::{
    ROLES, Seen, assert_ends_with, assert_sees, config, connection, fragmented_for, frame_for,
    receive,
};
use sansock::{Opcode, Role, Violation};

const VALID: &[&[&[u8]]] = &[
    // 6.2
    &["Hello-µ@ßöäüàá-UTF-8!!".as_bytes()],
    // 6.5: one, two, three and four bytes
    &[
        b"hello$world",
        b"hello\xC2\xA2world",
        b"hello\xE2\x82\xACworld",
        b"hello\xF0\xA4\xAD\xA2world",
        "κόσμε".as_bytes(),
    ],
    // 6.7: the first code point of each length
    &[b"\0", b"\xC2\x80", b"\xE0\xA0\x80", b"\xF0\x90\x80\x80"],
    // 6.9: the last code point of each length
    &[b"\x7F", b"\xDF\xBF", b"\xEF\xBF\xBF", b"\xF4\x8F\xBF\xBF"],
    // 6.11: other boundaries
    &[b"\xED\x9F\xBF", b"\xEE\x80\x80", b"\xEF\xBF\xBD", b"\xF4\x8F\xBF\xBF"],
    // 6.22: noncharacters; those of the planes 1 to 16 are made in the test
    &[b"\xEF\xBF\xBE", b"\xEF\xBF\xBF"],
    // 6.23: specials
    &[b"\xEF\xBF\xB9", b"\xEF\xBF\xBA", b"\xEF\xBF\xBB", b"\xEF\xBF\xBC", b"\xEF\xBF\xBD"],
];

/// Each with the index of the byte at which it fails: the last one if the text only ends too early.
const INVALID: &[&[(&[u8], usize)]] = &[
    // 6.3, 6.4: amid valid text
    &[
        (b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80edited", 12),
        (b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xF4\x90\x80\x80edited", 12),
    ],
    // 6.6: prefixes that end within a code point
    &[
        (b"\xCE", 0),
        (b"\xCE\xBA\xE1", 2),
        (b"\xCE\xBA\xE1\xBD", 3),
        (b"\xCE\xBA\xE1\xBD\xB9\xCF", 5),
        (b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE", 7),
        (b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE", 9),
    ],
    // 6.8, 6.10: five and six bytes, and four beyond U+10FFFF
    &[
        (b"\xF8\x88\x80\x80\x80", 0),
        (b"\xFC\x84\x80\x80\x80\x80", 0),
        (b"\xF7\xBF\xBF\xBF", 0),
        (b"\xFB\xBF\xBF\xBF\xBF", 0),
        (b"\xFD\xBF\xBF\xBF\xBF\xBF", 0),
    ],
    // 6.11.5
    &[(b"\xF4\x90\x80\x80", 1)],
    // 6.12: continuation bytes without a start
    &[(b"\x80", 0), (b"\xBF", 0), (b"\x80\xBF", 0), (b"\x80\xBF\x80\xBF\x80\xBF", 0)],
    // 6.13: starts without a continuation; the rest of them is made in the test
    &[(b"\xC2 ", 1), (b"\xE1 ", 1), (b"\xF1 ", 1)],
    // 6.14: the last continuation byte is missing
    &[
        (b"\xC0", 0),
        (b"\xE0\x80", 1),
        (b"\xF0\x80\x80", 1),
        (b"\xF8\x80\x80\x80", 0),
        (b"\xFC\x80\x80\x80\x80", 0),
        (b"\xDF", 0),
        (b"\xEF\xBF", 1),
        (b"\xF3\xBF\xBF", 2),
        (b"\xF7\xBF\xBF", 0),
        (b"\xFB\xBF\xBF\xBF", 0),
        (b"\xFD\xBF\xBF\xBF\xBF", 0),
    ],
    // 6.15: several of these
    &[(b"\xDF\xEF\xBF", 1), (b"\xEF\xBF\xDF", 2), (b"\xC0\xE0\x80\xF0\x80\x80", 0)],
    // 6.16: bytes that appear in no text
    &[(b"\xFE", 0), (b"\xFF", 0), (b"\xFE\xFE\xFF\xFF", 0)],
    // 6.17, 6.18, 6.19: overlong forms of "/", of the greatest code points, of NUL
    &[
        (b"\xC0\xAF", 0),
        (b"\xE0\x80\xAF", 1),
        (b"\xF0\x80\x80\xAF", 1),
        (b"\xF8\x80\x80\x80\xAF", 0),
        (b"\xFC\x80\x80\x80\x80\xAF", 0),
        (b"\xC1\xBF", 0),
        (b"\xE0\x9F\xBF", 1),
        (b"\xF0\x8F\xBF\xBF", 1),
        (b"\xF8\x87\xBF\xBF\xBF", 0),
        (b"\xFC\x83\xBF\xBF\xBF\xBF", 0),
        (b"\xC0\x80", 0),
        (b"\xE0\x80\x80", 1),
        (b"\xF0\x80\x80\x80", 1),
    ],
    // 6.20, 6.21: surrogates, alone and paired
    &[
        (b"\xED\xA0\x80", 1),
        (b"\xED\xAD\xBF", 1),
        (b"\xED\xAE\x80", 1),
        (b"\xED\xAF\xBF", 1),
        (b"\xED\xB0\x80", 1),
        (b"\xED\xBE\x80", 1),
        (b"\xED\xBF\xBF", 1),
        (b"\xED\xA0\x80\xED\xB0\x80", 1),
        (b"\xED\xAF\xBF\xED\xBF\xBF", 1),
    ],
];

/// Returns all fragmentations that the tests use: none, one at every byte, and bytes one by one.
fn fragmentations(text: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut all = vec![vec![text], text.chunks(1).collect(), vec![text, b""], vec![b"", text]];
    all.extend((1..text.len()).map(|at| vec![&text[..at], &text[at..]]));
    all
}

/// Returns the offset of the byte `at` of the text in the stream of these fragments.
///
/// If the text ends too early, that is the last byte of the stream.
fn offset_in(role: Role, parts: &[&[u8]], at: usize, ends_early: bool) -> usize {
    let stream = |parts: &[&[u8]]| fragmented_for(role, Opcode::Text, parts).len();
    if ends_early {
        return stream(parts) - 1;
    }
    let mut before = 0;
    for (i, part) in parts.iter().enumerate() {
        if at < before + part.len() {
            return stream(&parts[..=i]) - (before + part.len() - at);
        }
        before += part.len();
    }
    panic!("no byte {at}");
}

fn assert_text(text: &[u8]) {
    let expected = [Seen::Text(String::from_utf8(text.to_vec()).unwrap())];
    for role in ROLES {
        for parts in fragmentations(text) {
            assert_sees(&config(role), &fragmented_for(role, Opcode::Text, &parts), &expected);
        }
    }
}

/// Asserts that `text` fails as soon as its byte `at` arrives.
fn assert_breaks(text: &[u8], at: usize) {
    // If more bytes could still make the text valid, it fails at its end.
    let ends_early = std::str::from_utf8(text).unwrap_err().error_len().is_none();
    for role in ROLES {
        for parts in fragmentations(text) {
            let stream = fragmented_for(role, Opcode::Text, &parts);
            let offset = offset_in(role, &parts, at, ends_early);
            let expected = [Seen::Failed(Violation::InvalidUtf8, offset as u64)];
            assert_sees(&config(role), &stream, &expected);
            assert_sees(&config(role), &stream[..=offset], &expected);
            assert_eq!(receive(&mut connection(role), &[&stream[..offset]]), []);
        }
    }
}

#[test]
fn text_that_is_utf8_arrives() {
    for text in VALID.concat() {
        assert_text(text);
    }
}

#[test]
fn noncharacters_of_every_plane_arrive() {
    for plane in 0..=16 {
        for last in [0xFFFE, 0xFFFF] {
            let text = char::from_u32(plane << 16 | last).unwrap().to_string();
            assert_text(text.as_bytes());
        }
    }
}

#[test]
fn text_that_is_not_utf8_fails_at_the_byte_that_breaks_it() {
    for (text, at) in INVALID.concat() {
        assert_breaks(text, at);
    }
}

#[test]
fn a_start_byte_without_its_continuation_fails() {
    for start in 0xC0..=0xFF {
        let begins_a_code_point = (0xC2..=0xF4).contains(&start);
        assert_breaks(&[start, b' '], usize::from(begins_a_code_point));
    }
}

#[test]
fn every_lone_continuation_byte_fails() {
    for byte in 0x80..=0xBF {
        assert_breaks(&[b'x', byte], 1);
    }
}

/// Autobahn 6.4: text fails before the rest arrives, whether frames or reads bring the pieces.
#[test]
fn a_broken_text_fails_before_its_frame_or_message_is_complete() {
    for role in ROLES {
        let valid = b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5";
        let chops: [[&[u8]; 3]; 2] =
            [[valid, b"\xF4\x90\x80\x80", b"edited"], [valid, b"\xF4\x90", b"\x80\x80edited"]];
        for chops in chops {
            // Three frames of which the third never arrives.
            let whole = fragmented_for(role, Opcode::Text, &chops);
            let unsent = frame_for(role, 0x80, chops[2]).len();
            let at = offset_in(role, &chops, 12, false);
            let expected = [Seen::Failed(Violation::InvalidUtf8, at as u64)];
            assert_ends_with(&config(role), &whole[..whole.len() - unsent], &expected);

            // One frame of which the third piece never arrives.
            let whole = frame_for(role, 0x81, &chops.concat());
            let at = whole.len() - chops.concat().len() + 12;
            let expected = [Seen::Failed(Violation::InvalidUtf8, at as u64)];
            assert_ends_with(&config(role), &whole[..whole.len() - chops[2].len()], &expected);
        }
    }
}

#[test]
fn a_ping_within_a_code_point_does_not_break_the_text() {
    for role in ROLES {
        let stream = [
            frame_for(role, 0x01, b"\xE2\x82"),
            frame_for(role, 0x89, b"\xFF"),
            frame_for(role, 0x80, b"\xAC"),
        ];
        let expected = [Seen::Ping(vec![0xFF]), Seen::Text("€".into())];
        assert_sees(&config(role), &stream.concat(), &expected);
    }
}

#[test]
fn binary_messages_pings_and_pongs_need_not_be_utf8() {
    for role in ROLES {
        for (bytes, _) in INVALID.concat() {
            let stream = [
                fragmented_for(role, Opcode::Binary, &[bytes, bytes]),
                frame_for(role, 0x89, bytes),
                frame_for(role, 0x8A, bytes),
            ];
            let expected =
                [Seen::Binary(bytes.repeat(2)), Seen::Ping(bytes.into()), Seen::Pong(bytes.into())];
            let mut ws = connection(role);
            assert_eq!(receive(&mut ws, &[&stream.concat()]), expected);
        }
    }
}

/// Texts longer than vector registers, valid, and invalid at every place around their widths.
#[test]
fn long_texts_are_judged_as_short_ones() {
    for role in ROLES {
        let long = "κόσμε €uro 🦀 ".repeat(12);
        let expected = [Seen::Text(long.clone())];
        assert_sees(&config(role), &frame_for(role, 0x81, long.as_bytes()), &expected);
        for at in [1, 63, 64, 65, 130] {
            let (left, right) = long.as_bytes().split_at(at);
            let stream = fragmented_for(role, Opcode::Text, &[left, right]);
            assert_sees(&config(role), &stream, &expected);
        }
        for at in [0, 31, 32, 63, 64, 65, 127, 128, 129] {
            let mut text = vec![b'x'; 200];
            text[at] = 0xFF;
            let stream = frame_for(role, 0x81, &text);
            let offset = (stream.len() - 200 + at) as u64;
            assert_ends_with(
                &config(role),
                &stream,
                &[Seen::Failed(Violation::InvalidUtf8, offset)],
            );
        }
    }
}

/// Payloads longer than the block that is unmasked and validated at once, which is a power of two.
#[test]
fn a_long_text_is_judged_alike_wherever_its_code_points_lie() {
    for role in ROLES {
        for shift in 0..4 {
            let text = "x".repeat(shift) + &"é€🦀".repeat(5_000);
            let stream = frame_for(role, 0x81, text.as_bytes());
            let seen = receive(&mut connection(role), &[&stream]);
            assert_eq!(seen, [Seen::Text(text.clone())]);

            for at in [4096, 8191, 8192, 8193, 16_384, 24_576, 32_767, 32_768, text.len() - 1] {
                let mut broken = text.clone().into_bytes();
                broken[at] = 0xFF;
                let stream = frame_for(role, 0x81, &broken);
                let head = (stream.len() - broken.len()) as u64;
                let failed = Seen::Failed(Violation::InvalidUtf8, head + at as u64);
                assert_eq!(receive(&mut connection(role), &[&stream]), [failed]);
            }
            let cut = &text.as_bytes()[..text.len() - 1];
            let stream = frame_for(role, 0x81, cut);
            let failed = Seen::Failed(Violation::InvalidUtf8, stream.len() as u64 - 1);
            assert_eq!(receive(&mut connection(role), &[&stream]), [failed]);
        }
    }
}
