//! Test vectors for any implementation of RFC 6455, and the examples of §5.7.

use crate::support::{
    KEY, Seen, assert_ends_with, assert_sees, close_body, config, connection, drain, frames,
    receive,
};
use sansock::Violation::{
    ControlTooLong, ExpectedContinuation, FrameTooBig, InvalidCloseCode, InvalidCloseReason,
    InvalidUtf8, LengthNotMinimal, LengthOverflow, MaskedFrame, ReservedOpcode, TruncatedCloseCode,
    UnmaskedFrame,
};
use sansock::{Connection, Limits, Opcode, Role, Violation};

/// A stream of bytes and what its receiver sees in it.
struct Vector {
    id: &'static str,
    receiver: Role,
    hex: &'static str,
    /// Zero bytes after the hex.
    zeros: usize,
    expected: &'static [Expected],
}

enum Expected {
    Text(&'static str),
    /// A binary message of this many zero bytes.
    Zeros(usize),
    Ping(&'static str),
    Pong(&'static str),
    /// A Close without a reason.
    Close(Option<u16>),
    /// The code of the Close that reports it, and the offset in the unmasked and in the masked
    /// stream.
    Fails(u16, Violation, [u64; 2]),
}

use Expected::{Close, Fails, Ping, Pong, Text, Zeros};
use Role::{Client, Server};

const fn vector(
    id: &'static str,
    receiver: Role,
    hex: &'static str,
    expected: &'static [Expected],
) -> Vector {
    Vector { id, receiver, hex, zeros: 0, expected }
}

const TOO_BIG: Violation = FrameTooBig { len: (1 << 63) - 1, limit: Limits::DEFAULT.frame };

const VECTORS: &[Vector] = &[
    // RFC 6455 §5.7
    vector("rfc-text", Client, "810548656c6c6f", &[Text("Hello")]),
    vector("rfc-text-masked", Server, "818537fa213d7f9f4d5158", &[Text("Hello")]),
    vector("rfc-frag", Client, "010348656c80026c6f", &[Text("Hello")]),
    vector("rfc-ping", Client, "890548656c6c6f", &[Ping("Hello")]),
    vector("rfc-pong-masked", Server, "8a8537fa213d7f9f4d5158", &[Pong("Hello")]),
    Vector { zeros: 256, ..vector("bin-256", Client, "827e0100", &[Zeros(256)]) },
    Vector { zeros: 65536, ..vector("bin-65536", Client, "827f0000000000010000", &[Zeros(65536)]) },
    // §5.1: the direction of masking
    vector("unmasked-to-server", Server, "810548656c6c6f", &[Fails(1002, UnmaskedFrame, [1, 1])]),
    vector(
        "masked-to-client",
        Client,
        "818537fa213d7f9f4d5158",
        &[Fails(1002, MaskedFrame, [1, 1])],
    ),
    // §5.2: opcodes and lengths
    vector("opcode-6", Client, "8600", &[Fails(1002, ReservedOpcode { opcode: 6 }, [0, 0])]),
    vector("opcode-b", Client, "8b00", &[Fails(1002, ReservedOpcode { opcode: 0xB }, [0, 0])]),
    vector("opcode-e", Client, "8e00", &[Fails(1002, ReservedOpcode { opcode: 0xE }, [0, 0])]),
    vector(
        "nonminimal-64",
        Client,
        "827f000000000000ffff",
        &[Fails(1002, LengthNotMinimal { len: 65535 }, [9, 9])],
    ),
    vector("len64-msb", Client, "827f8000000000000000", &[Fails(1002, LengthOverflow, [2, 2])]),
    vector("len64-allones", Client, "827fffffffffffffffff", &[Fails(1002, LengthOverflow, [2, 2])]),
    vector("len64-i63max", Client, "827f7fffffffffffffff", &[Fails(1009, TOO_BIG, [9, 9])]),
    vector(
        "len64-wrap-fragment",
        Client,
        "020161007f7fffffffffffffff",
        &[Fails(1009, TOO_BIG, [12, 16])],
    ),
    vector(
        "len64-msb-masked",
        Server,
        "82fffffffffffffffffc00000000",
        &[Fails(1002, LengthOverflow, [2, 2])],
    ),
    // §5.5: control frames
    vector(
        "ctl-126",
        Client,
        "897e007e",
        &[Fails(1002, ControlTooLong { opcode: Opcode::Ping }, [1, 1])],
    ),
    vector(
        "ctl-127",
        Client,
        "897f0000000000000001",
        &[Fails(1002, ControlTooLong { opcode: Opcode::Ping }, [1, 1])],
    ),
    // §5.4: fragments
    vector(
        "text-in-frag",
        Client,
        "010161810162",
        &[Fails(1002, ExpectedContinuation { opcode: Opcode::Text }, [3, 7])],
    ),
    vector(
        "bin-in-frag",
        Client,
        "010161820162",
        &[Fails(1002, ExpectedContinuation { opcode: Opcode::Binary }, [3, 7])],
    ),
    vector("ping-in-frag", Client, "010161890170800162", &[Ping("p"), Text("ab")]),
    vector("empty-frags", Client, "010000008000", &[Text("")]),
    // §5.5.1, §7.1.5, §7.4: Close
    vector("close-empty", Client, "8800", &[Close(None)]),
    vector("close-1byte", Client, "880103", &[Fails(1002, TruncatedCloseCode, [1, 1])]),
    vector("close-1000", Client, "880203e8", &[Close(Some(1000))]),
    vector("close-1007", Client, "880203ef", &[Close(Some(1007))]),
    vector("close-1008", Client, "880203f0", &[Close(Some(1008))]),
    vector("close-1011", Client, "880203f3", &[Close(Some(1011))]),
    vector("close-3000", Client, "88020bb8", &[Close(Some(3000))]),
    vector("close-3999", Client, "88020f9f", &[Close(Some(3999))]),
    vector("close-4000", Client, "88020fa0", &[Close(Some(4000))]),
    vector("close-bad-0", Client, "88020000", &[Fails(1002, InvalidCloseCode { code: 0 }, [3, 7])]),
    vector(
        "close-bad-999",
        Client,
        "880203e7",
        &[Fails(1002, InvalidCloseCode { code: 999 }, [3, 7])],
    ),
    vector(
        "close-bad-1006",
        Client,
        "880203ee",
        &[Fails(1002, InvalidCloseCode { code: 1006 }, [3, 7])],
    ),
    vector(
        "close-bad-2000",
        Client,
        "880207d0",
        &[Fails(1002, InvalidCloseCode { code: 2000 }, [3, 7])],
    ),
    vector(
        "close-bad-65535",
        Client,
        "8802ffff",
        &[Fails(1002, InvalidCloseCode { code: 65535 }, [3, 7])],
    ),
    vector("close-reason-trunc", Client, "880303e8ce", &[Fails(1007, InvalidCloseReason, [4, 8])]),
    vector("after-close-data", Client, "880203e8810161", &[Close(Some(1000))]),
    // §8.1: text
    vector("utf8-lone-cont", Client, "810180", &[Fails(1007, InvalidUtf8, [2, 6])]),
    vector("utf8-overlong-c0", Client, "8102c080", &[Fails(1007, InvalidUtf8, [2, 6])]),
    vector("utf8-gt-10ffff", Client, "8104f4908080", &[Fails(1007, InvalidUtf8, [3, 7])]),
    vector("utf8-split-bad", Client, "0102eda0800180", &[Fails(1007, InvalidUtf8, [3, 7])]),
    vector("utf8-end-midcp", Client, "0102e2828000", &[Fails(1007, InvalidUtf8, [5, 13])]),
    // §10.4: 65 empty fragments of an unfinished message, well within the limit
    Vector { zeros: 128, ..vector("empty-frags-incomplete", Client, "0100", &[]) },
];

#[test]
fn every_vector_is_seen_as_it_should_be() {
    for vector in VECTORS {
        assert_vector(vector, vector.receiver, &vector.bytes());
    }
}

#[test]
fn every_vector_is_seen_alike_by_the_other_role() {
    for vector in VECTORS {
        if !vector.is_about_mask_direction() {
            assert_vector(vector, vector.receiver.peer(), &with_masks_toggled(&vector.bytes()));
        }
    }
}

#[test]
fn masks_toggled_twice_are_the_same_vector() {
    for vector in VECTORS.iter().filter(|vector| vector.receiver == Client) {
        let bytes = vector.bytes();
        assert_eq!(with_masks_toggled(&with_masks_toggled(&bytes)), bytes, "{}", vector.id);
    }
}

/// RFC 6455 §5.7: an endpoint sends the exact bytes of the examples.
#[test]
fn the_examples_of_section_5_7_are_sent_as_they_stand() {
    let mut server = connection(Server);
    server.send_text("Hello").unwrap();
    assert_eq!(drain(&mut server), b"\x81\x05Hello", "a single-frame unmasked text message");
    server.ping(b"Hello").unwrap();
    assert_eq!(drain(&mut server), b"\x89\x05Hello", "unmasked Ping request");
    server.send_binary(&[0; 256]).unwrap();
    assert_eq!(drain(&mut server), [b"\x82\x7E\x01\x00", &[0; 256][..]].concat());
    server.send_binary(&[0; 65536]).unwrap();
    let header = b"\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00";
    assert_eq!(drain(&mut server), [header, &[0; 65536][..]].concat());

    let mut client = connection(Client);
    client.send_text("Hello").unwrap();
    let masked = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(drain(&mut client), masked, "a single-frame masked text message");
    receive(&mut client, &[b"\x89\x05Hello"]);
    let pong = b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(drain(&mut client), pong, "masked Ping response");
}

fn assert_vector(vector: &Vector, role: Role, stream: &[u8]) {
    let seen: Vec<Seen> = vector.expected.iter().map(|expected| expected.seen(role)).collect();
    match vector.expected.last() {
        Some(Close(_) | Fails(..)) => assert_ends_with(&config(role), stream, &seen),
        _ => assert_sees(&config(role), stream, &seen),
    }

    let mut ws = Connection::new(config(role));
    receive(&mut ws, &[stream]);
    let sent = frames(&drain(&mut ws));
    let answer: Vec<(u8, &[u8])> = sent.iter().map(|frame| frame.content()).collect();
    let expected: Vec<(u8, Vec<u8>)> =
        vector.expected.iter().filter_map(Expected::answer).collect();
    let expected: Vec<(u8, &[u8])> =
        expected.iter().map(|(first, payload)| (*first, &payload[..])).collect();
    assert_eq!(answer, expected, "the answer of {role:?} to {}", vector.id);
    for frame in &sent {
        assert_eq!(frame.key, (role == Client).then_some(KEY), "{}", vector.id);
    }
}

impl Vector {
    fn bytes(&self) -> Vec<u8> {
        let digits = self.hex.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.map(byte).chain(std::iter::repeat_n(0, self.zeros)).collect()
    }

    fn is_about_mask_direction(&self) -> bool {
        matches!(self.expected, [Fails(_, UnmaskedFrame | MaskedFrame, _)])
    }
}

impl Expected {
    fn seen(&self, role: Role) -> Seen {
        match *self {
            Text(text) => Seen::Text(text.into()),
            Zeros(len) => Seen::Binary(vec![0; len]),
            Ping(payload) => Seen::Ping(payload.into()),
            Pong(payload) => Seen::Pong(payload.into()),
            Close(code) => Seen::Close(code, String::new()),
            Fails(_, violation, [unmasked, masked]) => {
                Seen::Failed(violation, if role == Client { unmasked } else { masked })
            }
        }
    }

    /// Returns the first byte and the payload of the frame that answers it.
    fn answer(&self) -> Option<(u8, Vec<u8>)> {
        match *self {
            Text(_) | Zeros(_) | Pong(_) => None,
            Ping(payload) => Some((0x8A, payload.into())),
            Close(code) => Some((0x88, code.map_or(vec![], |code| close_body(code, "")))),
            Fails(code, violation, _) => Some((0x88, close_body(code, &violation.to_string()))),
        }
    }
}

/// Masks the frames that are unmasked, and unmasks the others.
///
/// Frames may be invalid, and the last one may be incomplete.
fn with_masks_toggled(mut stream: &[u8]) -> Vec<u8> {
    let mut twin = Vec::new();
    while let [first, second, rest @ ..] = stream {
        let (longer, len) = match second & 0x7F {
            126 => (2, be(rest, 2)),
            127 => (8, be(rest, 8)),
            len => (0, usize::from(len)),
        };
        let (longer, rest) = rest.split_at(longer.min(rest.len()));
        let key_len = if second & 0x80 == 0 { 0 } else { 4 };
        let (key, rest) = rest.split_at(key_len.min(rest.len()));
        let (payload, rest) = rest.split_at(len.min(rest.len()));

        twin.extend([*first, second ^ 0x80]);
        twin.extend(longer);
        if key.is_empty() {
            twin.extend(KEY);
            twin.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
        } else {
            twin.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        }
        stream = rest;
    }
    twin
}

/// Returns the big-endian number in the first `len` bytes, or in all bytes if there are fewer.
fn be(bytes: &[u8], len: usize) -> usize {
    let bytes = &bytes[..len.min(bytes.len())];
    let number = bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    usize::try_from(number).unwrap_or(usize::MAX)
}
