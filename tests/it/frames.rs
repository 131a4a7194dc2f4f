//! Headers on the wire: every first byte, every length, every refusal, RFC 6455 §5.1 to §5.5.

use crate::support::{
    KEY, NO_LIMITS, ROLES, Seen, assert_ends_with, assert_sees, config, frame_for, head_for,
    limited,
};
use sansock::frame::{Decoder, Header, Part, Rsv};
use sansock::{Input, Limits, Opcode, Role, Violation};

/// How a header encodes the length of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Bits7,
    Bits16,
    Bits64,
}

/// Returns a header of the peer of `role` with the length in this form, or `None` if it does not
/// fit.
fn head_in(role: Role, first: u8, form: Form, len: u64) -> Option<Vec<u8>> {
    let mask = if role == Role::Server { 0x80 } else { 0 };
    let mut head = match form {
        Form::Bits7 if len < 126 => vec![first, mask | len as u8],
        Form::Bits16 if len < 1 << 16 => vec![first, mask | 126, (len >> 8) as u8, len as u8],
        Form::Bits64 => [&[first, mask | 127], &len.to_be_bytes()[..]].concat(),
        _ => return None,
    };
    if role == Role::Server {
        head.extend(KEY);
    }
    Some(head)
}

/// What a decoder returns for `bytes` in these pieces: headers, payload, an error.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decoded {
    Header(Header),
    Payload(Vec<u8>, bool),
    Failed(Violation, u64),
}

fn decode(decoder: &mut Decoder, pieces: &[&[u8]]) -> Vec<Decoded> {
    let mut decoded = Vec::new();
    for piece in pieces {
        let mut buffer = piece.to_vec();
        let mut input = Input::new(&mut buffer[..]);
        loop {
            match decoder.decode(&mut input) {
                Ok(Some(Part::Header(header))) => decoded.push(Decoded::Header(header)),
                Ok(Some(Part::Payload { bytes, last })) => {
                    decoded.push(Decoded::Payload(bytes.to_vec(), last));
                }
                Ok(None) => break,
                Err(error) => decoded.push(Decoded::Failed(error.violation(), error.offset())),
            }
        }
        assert!(input.is_empty(), "None means that all input was taken");
    }
    decoded
}

/// Asserts that `decoder`, which has taken `before` bytes, returns `expected` for a header at the
/// first byte that decides it, however the header is cut.
fn assert_judged(decoder: &Decoder, head: &[u8], expected: Result<Header, (Violation, usize)>) {
    let before = decoder.offset();
    let (decoded, settled) = match expected {
        Ok(header) => (Decoded::Header(header), head.len()),
        Err((violation, at)) => (Decoded::Failed(violation, before + at as u64), at + 1),
    };
    let empty = matches!(&decoded, Decoded::Header(header) if header.payload_len == 0);
    let mut all = vec![decoded];
    if empty {
        all.push(Decoded::Payload(Vec::new(), true));
    }
    for cut in 0..=head.len() {
        let mut decoder = decoder.clone();
        let (left, right) = head.split_at(cut);
        let at_cut = decode(&mut decoder, &[left]);
        let expected = if cut < settled { &[][..] } else { &all[..] };
        assert_eq!(at_cut, expected, "{head:02x?} as far as {cut}");
        let rest = decode(&mut decoder, &[right]);
        assert_eq!([at_cut, rest].concat(), all, "{head:02x?} cut at {cut}");
        assert_eq!(decoder.offset(), before + head.len() as u64);
    }
    let single: Vec<&[u8]> = head.chunks(1).collect();
    assert_eq!(decode(&mut decoder.clone(), &single), all, "{head:02x?} byte by byte");
}

/// Returns a decoder at the start, or within a message of which `prior` bytes have arrived.
fn decoder_after(role: Role, limits: Limits, prior: Option<u64>) -> Decoder {
    let mut decoder = Decoder::new(role).with_limits(limits);
    if let Some(len) = prior {
        let fragment = frame_for(role, 0x02, &vec![0; len as usize]);
        decode(&mut decoder, &[&fragment]);
    }
    decoder
}

/// The rules of RFC 6455 §5.2 and §10.4 for a length, written down independently of the code.
fn judge_length(
    form: Form,
    len: u64,
    prior: Option<u64>,
    limits: Limits,
) -> Result<(), (Violation, usize)> {
    let last = match form {
        Form::Bits7 => 1,
        Form::Bits16 => 3,
        Form::Bits64 => 9,
    };
    let minimal = match len {
        0..=125 => Form::Bits7,
        126..=0xFFFF => Form::Bits16,
        _ => Form::Bits64,
    };
    let total = u128::from(prior.unwrap_or(0)) + u128::from(len);
    if len > u64::MAX >> 1 {
        return Err((Violation::LengthOverflow, 2));
    }
    if form != minimal {
        return Err((Violation::LengthNotMinimal { len }, last));
    }
    if len > limits.frame {
        return Err((Violation::FrameTooBig { len, limit: limits.frame }, last));
    }
    if total > u128::from(limits.message) {
        let (len, limit) = (u64::try_from(total).unwrap(), limits.message);
        return Err((Violation::MessageTooBig { len, limit }, last));
    }
    Ok(())
}

#[test]
fn every_length_is_judged_at_the_byte_that_completes_it() {
    const MAX_63: u64 = u64::MAX >> 1;
    let lengths = [
        0,
        1,
        125,
        126,
        127,
        128,
        0xFFFE,
        0xFFFF,
        0x1_0000,
        (1 << 31) - 1,
        1 << 31,
        (1 << 32) - 1,
        1 << 32,
        MAX_63 - 1,
        MAX_63,
        MAX_63 + 1,
        u64::MAX,
    ];
    let limits = [
        Limits::DEFAULT,
        NO_LIMITS,
        NO_LIMITS.with_frame(126),
        NO_LIMITS.with_message(126),
        NO_LIMITS.with_frame(MAX_63 - 1),
        NO_LIMITS.with_message(MAX_63),
        Limits::DEFAULT.with_frame(0).with_message(0).with_fragments(1),
    ];
    for limits in limits {
        for role in ROLES {
            for prior in [None, Some(0), Some(1), Some(126)] {
                let room = limits.frame.min(limits.message);
                if prior.is_some_and(|prior| prior > room || limits.fragments == 1) {
                    continue; // after its first frame, such a message is not in progress
                }
                let decoder = decoder_after(role, limits, prior);
                let near = [limits.frame, limits.message]
                    .map(|limit| [limit.saturating_sub(1), limit, limit.saturating_add(1)]);
                for len in lengths.iter().chain(near.iter().flatten()) {
                    for form in [Form::Bits7, Form::Bits16, Form::Bits64] {
                        let opcode = if prior.is_some() { 0x80 } else { 0x82 };
                        let Some(head) = head_in(role, opcode, form, *len) else { continue };
                        let expected = judge_length(form, *len, prior, limits).map(|()| Header {
                            fin: true,
                            rsv: Rsv::NONE,
                            opcode: Opcode::from_u8(opcode & 0xF).unwrap(),
                            mask_key: (role == Role::Server).then_some(KEY),
                            payload_len: *len,
                        });
                        assert_judged(&decoder, &head, expected);
                    }
                }
            }
        }
    }
}

#[test]
fn a_connection_refuses_a_length_before_any_payload() {
    for role in ROLES {
        let fragment = frame_for(role, 0x02, b"abc");
        for prior in [None, Some(&fragment)] {
            for limits in [Limits::DEFAULT, NO_LIMITS] {
                for len in [u64::MAX, 1 << 63, 1 << 32, 1 << 31, 0xFFFF, 126, 125] {
                    let (first, before) = prior.map_or((0x82, None), |_| (0x80, Some(3)));
                    let Err((violation, at)) = judge_length(Form::Bits64, len, before, limits)
                    else {
                        continue;
                    };
                    let mut stream = prior.cloned().unwrap_or_default();
                    let offset = stream.len() + at;
                    stream.extend(&head_in(role, first, Form::Bits64, len).unwrap()[..=at]);
                    let seen = [Seen::Failed(violation, offset as u64)];
                    assert_ends_with(&limited(role, limits), &stream, &seen);
                }
            }
        }
    }
}

/// The sum of a message's lengths may be as large as memory could be.
///
/// Beyond that, the message is refused, or the frame if it is too long itself, whatever the limits
/// are.
#[cfg(target_pointer_width = "64")]
#[test]
fn a_message_may_announce_what_memory_could_hold() {
    let limit = u64::MAX >> 2;
    for role in ROLES {
        let before = frame_for(role, 0x02, b"abc");
        let announce = |len| [&before[..], &head_for(role, 0x00, len)].concat();
        let stream = [&announce(limit - 3)[..], &[0; 100]].concat();
        assert_sees(&limited(role, NO_LIMITS), &stream, &[]);
        for (len, too_big) in [
            (limit - 2, Violation::MessageTooBig { len: limit + 1, limit }),
            (limit + 1, Violation::FrameTooBig { len: limit + 1, limit }),
        ] {
            let offset = before.len() as u64 + 9;
            let failed = Seen::Failed(too_big, offset);
            assert_ends_with(&limited(role, NO_LIMITS), &announce(len), &[failed]);
        }
    }
}

/// The rules of RFC 6455 §5.2, §5.4 and §5.5 for a first byte, written down independently of the
/// code. `allowed` has RSV1 as `0b100`.
fn judge_first(byte: u8, message_open: bool, allowed: u8) -> Result<(), Violation> {
    let (fin, rsv, opcode) = (byte & 0x80 != 0, byte >> 4 & 0b111, byte & 0xF);
    if rsv & !allowed != 0 {
        return Err(Violation::ReservedBits { rsv });
    }
    match (opcode, message_open) {
        (0x3..=0x7 | 0xB..=0xF, _) => Err(Violation::ReservedOpcode { opcode }),
        (0x8, _) if !fin => Err(Violation::FragmentedControl { opcode: Opcode::Close }),
        (0x9, _) if !fin => Err(Violation::FragmentedControl { opcode: Opcode::Ping }),
        (0xA, _) if !fin => Err(Violation::FragmentedControl { opcode: Opcode::Pong }),
        (0x8..=0xA, _) | (0x0, true) if rsv != 0 => Err(Violation::ReservedBits { rsv }),
        (0x0, false) => Err(Violation::UnexpectedContinuation),
        (0x1, true) => Err(Violation::ExpectedContinuation { opcode: Opcode::Text }),
        (0x2, true) => Err(Violation::ExpectedContinuation { opcode: Opcode::Binary }),
        _ => Ok(()),
    }
}

#[test]
fn every_first_byte_is_judged_alone() {
    let allowances =
        [Rsv::NONE, Rsv::RSV1, Rsv::RSV2 | Rsv::RSV3, Rsv::RSV1 | Rsv::RSV2 | Rsv::RSV3];
    for role in ROLES {
        for prior in [None, Some(0)] {
            for allowed in allowances {
                let decoder = decoder_after(role, Limits::DEFAULT, prior).with_rsv(allowed);
                for first in 0..=u8::MAX {
                    let head = head_for(role, first, 0);
                    let expected = judge_first(first, prior.is_some(), allowed.bits())
                        .map_err(|violation| (violation, 0));
                    let rsv = [(0x40, Rsv::RSV1), (0x20, Rsv::RSV2), (0x10, Rsv::RSV3)]
                        .into_iter()
                        .filter(|(bit, _)| first & bit != 0)
                        .fold(Rsv::NONE, |all, (_, rsv)| all | rsv);
                    let expected = expected.map(|()| Header {
                        fin: first & 0x80 != 0,
                        rsv,
                        opcode: Opcode::from_u8(first & 0xF).unwrap(),
                        mask_key: (role == Role::Server).then_some(KEY),
                        payload_len: 0,
                    });
                    assert_judged(&decoder, &head, expected);
                }
            }
        }
    }
}

#[test]
fn a_connection_judges_every_first_byte_so() {
    for role in ROLES {
        for open in [false, true] {
            let before = if open { frame_for(role, 0x02, b"") } else { Vec::new() };
            for first in 0..=u8::MAX {
                let stream = [&before[..], &frame_for(role, first, b"")].concat();
                let seen = match (judge_first(first, open, 0), first) {
                    (Err(violation), _) => vec![Seen::Failed(violation, before.len() as u64)],
                    (Ok(()), 0x81) => vec![Seen::Text(String::new())],
                    (Ok(()), 0x80 | 0x82) => vec![Seen::Binary(Vec::new())],
                    (Ok(()), 0x88) => vec![Seen::Close(None, String::new())],
                    (Ok(()), 0x89) => vec![Seen::Ping(Vec::new())],
                    (Ok(()), 0x8A) => vec![Seen::Pong(Vec::new())],
                    (Ok(()), _) => vec![], // the message is still incomplete
                };
                assert_sees(&config(role), &stream, &seen);
            }
        }
    }
}

#[test]
fn the_mask_bit_is_judged_for_every_kind_of_frame_and_length() {
    for (role, violation) in
        [(Role::Server, Violation::UnmaskedFrame), (Role::Client, Violation::MaskedFrame)]
    {
        for first in [0x01, 0x02, 0x81, 0x82, 0x88, 0x89, 0x8A] {
            for len in [0, 1, 125, 126, 0x1_0000] {
                let head = head_for(role.peer(), first, len);
                assert_judged(&Decoder::new(role), &head, Err((violation, 1)));
                assert_ends_with(&config(role), &head[..2], &[Seen::Failed(violation, 1)]);
            }
        }
        let open = decoder_after(role, Limits::DEFAULT, Some(1));
        assert_judged(&open, &head_for(role.peer(), 0x80, 0), Err((violation, 1)));
    }
}

#[test]
fn a_control_frame_is_refused_at_the_length_byte() {
    for role in ROLES {
        for opcode in [Opcode::Close, Opcode::Ping, Opcode::Pong] {
            for len in [126, 300, 0x1_0000] {
                let head = head_for(role, 0x80 | opcode.as_u8(), len);
                let expected = Violation::ControlTooLong { opcode };
                assert_judged(&Decoder::new(role), &head, Err((expected, 1)));
            }
        }
        let close = head_for(role, 0x88, 1);
        assert_judged(&Decoder::new(role), &close, Err((Violation::TruncatedCloseCode, 1)));
    }
}

/// §10.4: the limits are for messages. A control frame has its own.
#[test]
fn limits_do_not_touch_control_frames() {
    for role in ROLES {
        let limits = Limits::DEFAULT.with_frame(0).with_message(0).with_fragments(1);
        let stream = [frame_for(role, 0x01, b""), frame_for(role, 0x89, &[7; 125])].concat();
        assert_sees(&limited(role, limits), &stream, &[Seen::Ping(vec![7; 125])]);
    }
}

#[test]
fn a_decoder_that_failed_swallows_the_rest() {
    for role in ROLES {
        let mut decoder = Decoder::new(role);
        let good = frame_for(role, 0x82, b"abc");
        let parts = decode(&mut decoder, &[&good, b"\xFF", &good, &good]);
        let failed = Decoded::Failed(Violation::ReservedBits { rsv: 0b111 }, good.len() as u64);
        assert_eq!((parts.len(), parts.last()), (3, Some(&failed)));
        assert_eq!(decoder.offset(), 3 * good.len() as u64 + 1);
    }
}
