//! Frames to be sent: what is refused, and that a decoder of the other role reads the rest.

use crate::support::{KEY, NO_LIMITS, ROLES};
use sansock::frame::{Decoder, EncodeError, Encoder, Header, Part, Rsv};
use sansock::{Input, Opcode, Role};

/// Returns a header of this role without reserved bits.
fn header(role: Role, fin: bool, opcode: Opcode, payload_len: u64) -> Header {
    let mask_key = role.masks().then_some(KEY);
    Header { fin, rsv: Rsv::NONE, opcode, mask_key, payload_len }
}

/// Returns an encoder that has sent the headers of these empty frames.
fn encoder_after(role: Role, frames: &[(bool, Opcode)]) -> Encoder {
    let mut encoder = Encoder::new(role);
    for (fin, opcode) in frames {
        encoder.header(header(role, *fin, *opcode, 0)).unwrap();
    }
    encoder
}

#[test]
fn what_breaks_the_protocol_is_refused_and_changes_nothing() {
    use Opcode::{Binary, Close, Continuation, Ping, Pong, Text};
    type Frames = &'static [(bool, Opcode)];
    let refused: [(Frames, (bool, Opcode, u64), EncodeError); 15] = [
        (&[], (true, Continuation, 0), EncodeError::UnexpectedContinuation),
        (&[], (false, Continuation, 0), EncodeError::UnexpectedContinuation),
        (&[(true, Text)], (true, Continuation, 0), EncodeError::UnexpectedContinuation),
        (
            &[(false, Text), (true, Ping)],
            (true, Text, 0),
            EncodeError::ExpectedContinuation { opcode: Text },
        ),
        (
            &[(false, Binary)],
            (false, Binary, 0),
            EncodeError::ExpectedContinuation { opcode: Binary },
        ),
        (&[], (false, Close, 0), EncodeError::FragmentedControl { opcode: Close }),
        (&[], (false, Ping, 0), EncodeError::FragmentedControl { opcode: Ping }),
        (&[(false, Text)], (false, Pong, 0), EncodeError::FragmentedControl { opcode: Pong }),
        (&[], (true, Close, 126), EncodeError::ControlTooLong { len: 126 }),
        (&[], (true, Ping, 126), EncodeError::ControlTooLong { len: 126 }),
        (&[], (true, Pong, u64::MAX), EncodeError::ControlTooLong { len: u64::MAX }),
        (&[], (true, Close, 1), EncodeError::TruncatedCloseCode),
        (&[], (true, Binary, 1 << 63), EncodeError::LengthOverflow { len: 1 << 63 }),
        (&[], (true, Text, u64::MAX), EncodeError::LengthOverflow { len: u64::MAX }),
        (
            &[(false, Text)],
            (true, Continuation, 1 << 63),
            EncodeError::LengthOverflow { len: 1 << 63 },
        ),
    ];
    for role in ROLES {
        for (before, (fin, opcode, len), error) in &refused {
            let mut encoder = encoder_after(role, before);
            let wrong = header(role, *fin, *opcode, *len);
            assert_eq!(encoder.header(wrong).unwrap_err(), *error);
            assert_eq!(
                encoder.payload(&mut [0]),
                Err(EncodeError::PayloadTooLong { remaining: 0 })
            );
            let message_open = matches!(before, [(false, _), ..]);
            let right = header(role, true, if message_open { Continuation } else { Text }, 0);
            assert!(encoder.header(right).is_ok(), "after {error}");
        }
    }
}

#[test]
fn after_a_close_there_are_no_data_frames_and_no_other_close() {
    for role in ROLES {
        for before in [&[][..], &[(false, Opcode::Text)]] {
            let mut encoder = encoder_after(role, before);
            encoder.header(header(role, true, Opcode::Close, 2)).unwrap();
            encoder.payload(&mut [0x03, 0xE8]).unwrap();
            for opcode in [Opcode::Text, Opcode::Binary, Opcode::Continuation, Opcode::Close] {
                let refused = encoder.header(header(role, true, opcode, 2)).unwrap_err();
                assert_eq!(refused, EncodeError::Closed, "{role:?} {opcode:?}");
            }
            for opcode in [Opcode::Ping, Opcode::Pong] {
                assert!(encoder.header(header(role, true, opcode, 0)).is_ok());
            }
        }
    }
}

#[test]
fn reserved_bits_are_for_the_first_frames_of_messages() {
    for opcode in [Opcode::Continuation, Opcode::Close, Opcode::Ping, Opcode::Pong] {
        for rsv in [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3, Rsv::RSV1 | Rsv::RSV3] {
            let header = Header { rsv, ..header(Role::Server, true, opcode, 0) };
            let mut encoder = encoder_after(Role::Server, &[(false, Opcode::Text)]);
            let refused = encoder.header(header).unwrap_err();
            assert_eq!(refused, EncodeError::ReservedBits { rsv: rsv.bits() });
        }
    }
}

#[test]
fn a_client_gives_a_mask_key_and_a_server_none() {
    for (role, mask_key, error) in [
        (Role::Client, None, EncodeError::MaskKeyMissing),
        (Role::Server, Some(KEY), EncodeError::MaskKeyUnwanted),
    ] {
        for opcode in [Opcode::Text, Opcode::Binary, Opcode::Close, Opcode::Ping, Opcode::Pong] {
            for len in [0, 5] {
                let header = Header::single(opcode, len, mask_key);
                assert_eq!(Encoder::new(role).header(header).unwrap_err(), error);
            }
        }
    }
}

#[test]
fn a_payload_is_as_long_as_its_header_says() {
    for role in ROLES {
        let mut encoder = Encoder::new(role);
        let next = header(role, true, Opcode::Binary, 3);
        encoder.header(next).unwrap();
        assert_eq!(encoder.header(next).unwrap_err(), EncodeError::PayloadOwed { remaining: 3 });
        encoder.payload(&mut [1]).unwrap();
        assert_eq!(encoder.header(next).unwrap_err(), EncodeError::PayloadOwed { remaining: 2 });

        let mut piece = *b"abc";
        let too_long = EncodeError::PayloadTooLong { remaining: 2 };
        assert_eq!(encoder.payload(&mut piece), Err(too_long));
        assert_eq!(&piece, b"abc", "it is unchanged");
        encoder.payload(&mut piece[..2]).unwrap();
        encoder.payload(&mut []).unwrap();
        assert!(encoder.header(next).is_ok());
    }
}

#[test]
fn payloads_in_pieces_are_decoded_as_the_whole() {
    let payload: Vec<u8> = (0..=255).collect();
    for role in ROLES {
        for cut in 0..=payload.len() {
            let mut encoder = Encoder::new(role);
            let mut wire =
                encoder.header(header(role, true, Opcode::Binary, 256)).unwrap().to_vec();
            let start = wire.len();
            wire.extend(&payload);
            let (left, right) = wire[start..].split_at_mut(cut);
            encoder.payload(left).unwrap();
            encoder.payload(right).unwrap();

            let mut decoder = Decoder::new(role.peer());
            let mut input = Input::new(&mut wire[..]);
            assert!(matches!(decoder.decode(&mut input), Ok(Some(Part::Header(_)))));
            let Ok(Some(Part::Payload { bytes, last })) = decoder.decode(&mut input) else {
                panic!("a payload");
            };
            assert_eq!((&*bytes, last), (&payload[..], true));
        }
    }
}

#[test]
fn headers_are_decoded_as_they_were_encoded() {
    let any_rsv = Rsv::RSV1 | Rsv::RSV2 | Rsv::RSV3;
    let opcodes = [Opcode::Text, Opcode::Binary, Opcode::Continuation];
    let lengths = [0, 1, 125, 126, 127, 0xFFFF, 0x1_0000, 1 << 31, 1 << 32, u64::MAX >> 1];
    let control = [Opcode::Close, Opcode::Ping, Opcode::Pong]
        .into_iter()
        .flat_map(|opcode| [0, 2, 125].map(|len| (true, Rsv::NONE, opcode, len)));
    let data = opcodes.into_iter().flat_map(|opcode| lengths.map(|len| (opcode, len))).flat_map(
        |(opcode, len)| {
            [(true, Rsv::NONE), (true, Rsv::RSV1), (false, any_rsv), (false, Rsv::NONE)]
                .into_iter()
                .filter(move |(_, rsv)| opcode != Opcode::Continuation || *rsv == Rsv::NONE)
                .map(move |(fin, rsv)| (fin, rsv, opcode, len))
        },
    );
    for (fin, rsv, opcode, payload_len) in control.chain(data) {
        for role in ROLES {
            let mask_key = role.masks().then_some(KEY);
            let header = Header { fin, rsv, opcode, mask_key, payload_len };
            // A continuation needs a message before it.
            let open: &[_] =
                if opcode == Opcode::Continuation { &[(false, Opcode::Text)] } else { &[] };
            let mut decoder = Decoder::new(role.peer()).with_limits(NO_LIMITS).with_rsv(any_rsv);
            for (fin, opcode) in open {
                let first = Header { fin: *fin, opcode: *opcode, ..header };
                let first = Header { payload_len: 0, ..first };
                let mut bytes = Encoder::new(role).header(first).unwrap().to_vec();
                let mut input = Input::new(&mut bytes[..]);
                while decoder.decode(&mut input).unwrap().is_some() {}
            }
            let mut bytes = encoder_after(role, open).header(header).unwrap().to_vec();
            let decoded = decoder.decode(&mut Input::new(&mut bytes[..]));
            assert_eq!(decoded, Ok(Some(Part::Header(header))));
        }
    }
}
