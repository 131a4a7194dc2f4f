//! Each violation, caused by real bytes: its text, section and code, and that its Close is sent.

use crate::support::{close_body, drain, frames, limited, receive};
use bytes::Buf;
use sansock::connection::{CloseError, State};
use sansock::frame::{CloseBody, EncodeError};
use sansock::{
    CloseCode, Connection, Input, Limits, Opcode, Role, SendError, TransportAction, Violation,
};

const LIMITS: Limits = Limits::DEFAULT.with_frame(300).with_message(400).with_fragments(2);

/// Bytes that break a rule for an endpoint of this role, and the expected report.
struct Case {
    receiver: Role,
    bytes: &'static [u8],
    violation: Violation,
    text: &'static str,
    section: &'static str,
    code: u16,
}

const fn case(
    bytes: &'static [u8],
    violation: Violation,
    text: &'static str,
    section: &'static str,
    code: u16,
) -> Case {
    Case { receiver: Role::Client, bytes, violation, text, section, code }
}

/// All variants of [`Violation`], and the limits of their ranges.
const CASES: &[Case] = &[
    case(
        b"\xC1",
        Violation::ReservedBits { rsv: 0b100 },
        "reserved bits 100 without a negotiated meaning",
        "5.2",
        1002,
    ),
    case(
        b"\x99",
        Violation::ReservedBits { rsv: 0b001 },
        "reserved bits 001 without a negotiated meaning",
        "5.2",
        1002,
    ),
    case(b"\x83", Violation::ReservedOpcode { opcode: 0x3 }, "reserved opcode 0x3", "5.2", 1002),
    case(b"\x8F", Violation::ReservedOpcode { opcode: 0xF }, "reserved opcode 0xf", "5.2", 1002),
    case(
        b"\x09",
        Violation::FragmentedControl { opcode: Opcode::Ping },
        "fragmented ping frame",
        "5.5",
        1002,
    ),
    case(
        b"\x80",
        Violation::UnexpectedContinuation,
        "continuation frame without a message in progress",
        "5.4",
        1002,
    ),
    case(
        b"\x01\x00\x82",
        Violation::ExpectedContinuation { opcode: Opcode::Binary },
        "binary frame inside a fragmented message",
        "5.4",
        1002,
    ),
    Case {
        receiver: Role::Server,
        ..case(b"\x81\x05", Violation::UnmaskedFrame, "unmasked frame from a client", "5.1", 1002)
    },
    case(b"\x81\x85", Violation::MaskedFrame, "masked frame from a server", "5.1", 1002),
    case(
        b"\x8A\x7E",
        Violation::ControlTooLong { opcode: Opcode::Pong },
        "pong frame exceeds 125 bytes",
        "5.5",
        1002,
    ),
    case(b"\x82\x7F\x80", Violation::LengthOverflow, "length is 2^63 or above", "5.2", 1002),
    case(
        b"\x82\x7E\x00\x7D",
        Violation::LengthNotMinimal { len: 125 },
        "length 125 is not encoded in the fewest bytes",
        "5.2",
        1002,
    ),
    case(
        b"\x82\x7E\x01\x2D",
        Violation::FrameTooBig { len: 301, limit: 300 },
        "frame of 301 bytes exceeds the limit of 300",
        "10.4",
        1009,
    ),
    case(
        b"\x02\x01x\x80\x7E\x01\x90",
        Violation::FrameTooBig { len: 400, limit: 300 },
        "frame of 400 bytes exceeds the limit of 300",
        "10.4",
        1009,
    ),
    case(
        b"\x02\x00\x00\x00\x00",
        Violation::TooManyFragments { limit: 2 },
        "message in more than 2 fragments",
        "10.4",
        1008,
    ),
    case(
        b"\x88\x01",
        Violation::TruncatedCloseCode,
        "close frame with a payload of one byte",
        "5.5.1",
        1002,
    ),
    case(
        b"\x88\x02\x03\xED",
        Violation::InvalidCloseCode { code: 1005 },
        "invalid close code 1005",
        "7.4",
        1002,
    ),
    case(
        b"\x88\x03\x03\xE8\xFF",
        Violation::InvalidCloseReason,
        "close reason is not UTF-8",
        "5.5.1",
        1007,
    ),
    case(b"\x81\x01\xFF", Violation::InvalidUtf8, "text is not UTF-8", "8.1", 1007),
];

#[test]
fn each_violation_says_what_where_and_why_and_its_close_is_flushed() {
    for case in CASES {
        assert_case(case, case.bytes);
    }
    let mut stream = vec![0x02, 0x7E, 0x01, 0x2C];
    stream.extend([0; 300]);
    stream.extend(b"\x80\x65");
    let too_big = Violation::MessageTooBig { len: 401, limit: 400 };
    assert_case(
        &case(b"", too_big, "message of 401 bytes exceeds the limit of 400", "10.4", 1009),
        &stream,
    );
}

fn assert_case(case: &Case, bytes: &[u8]) {
    let mut buffer = bytes.to_vec();
    let mut input = Input::new(&mut buffer[..]);
    let mut ws = Connection::new(limited(case.receiver, LIMITS));
    let error = ws.receive(&mut input).unwrap_err();

    let Case { violation, text, section, code, .. } = case;
    let at = bytes.len() - 1;
    assert_eq!((error.violation(), error.offset()), (*violation, at as u64));
    assert_eq!(violation.to_string(), *text);
    assert_eq!(error.to_string(), format!("{text} at byte {at} (RFC 6455 §{section})"));
    assert_eq!((error.section(), violation.section()), (*section, *section));
    assert_eq!((error.close_code().as_u16(), violation.close_code().as_u16()), (*code, *code));

    assert_eq!((ws.state(), ws.transport_action()), (State::Failed, TransportAction::Flush));
    let sent = frames(&drain(&mut ws));
    assert_eq!(sent.len(), 1, "{text}");
    assert_eq!(sent[0].content(), (0x88, &close_body(*code, text)[..]));
    assert!(ws.receive(&mut input).unwrap().is_none() && input.is_empty(), "the rest is discarded");
    assert!(!ws.output().has_remaining());
}

/// RFC 6455 §7.1.7: the Close for an error is sent after what was queued before it.
#[test]
fn the_close_of_an_error_does_not_overtake_messages() {
    let mut ws = crate::support::connection(Role::Server);
    ws.send_text("first").unwrap();
    receive(&mut ws, &[b"\xFF"]);
    let sent = frames(&drain(&mut ws));
    assert_eq!(sent.iter().map(|frame| frame.first).collect::<Vec<_>>(), [0x81, 0x88]);
}

#[test]
fn every_refusal_says_what_was_wrong() {
    fn says(error: impl std::error::Error, text: &str) {
        assert_eq!(error.to_string(), text);
    }
    says(CloseError::ClientOnlyCode, "close code 1010 is for clients only");
    says(CloseCode::try_from(1005).unwrap_err(), "invalid close code 1005");
    assert_eq!(CloseCode::GOING_AWAY.to_string(), "1001");
    says(sansock::utf8::from_utf8(b"abc\xFF").unwrap_err(), "text is not UTF-8 at byte 3");
    let negotiated = sansock::Negotiated::default().with_extensions("x; y=1");
    let unsupported =
        Connection::from_negotiated(crate::support::config(Role::Server), &negotiated);
    says(unsupported.unwrap_err(), "negotiated extensions \"x; y=1\" are not supported");
    says(SendError::Full, "not sent: output is full");
    says(SendError::Closing, "not sent: connection is closing");
    says(SendError::MessageOpen, "not sent: another message is not finished");
    says(SendError::NotUtf8, "not sent: text message would not be UTF-8");
    says(SendError::TooLong, "not sent: ping or pong is longer than 125 bytes");
    let mut ws = crate::support::connection(Role::Server);
    let advance = ws.output().try_advance(1).unwrap_err();
    says(advance, "cannot advance beyond the 0 bytes of output");
    ws.close(CloseCode::NORMAL, "").unwrap();
    says(ws.send("x").unwrap_err(), "not sent: connection is closing");
    let mut parts = ws.into_parts();
    parts.config = crate::support::config(Role::Client).into();
    let mismatch = Connection::from_parts(parts).unwrap_err();
    says(mismatch, "config has another role, delivery mode or compression than the connection");
    let body = CloseBody::parse(b"\x03").unwrap_err();
    says(body, "close frame with a payload of one byte at byte 0 of a close frame's body");
}

#[test]
fn every_frame_that_is_refused_says_why() {
    let errors = [
        (EncodeError::Closed, "data or close frame after a close frame"),
        (EncodeError::MaskKeyMissing, "client frame without a mask key"),
        (EncodeError::MaskKeyUnwanted, "server frame with a mask key"),
        (EncodeError::FragmentedControl { opcode: Opcode::Close }, "fragmented close frame"),
        (EncodeError::ControlTooLong { len: 126 }, "control frame of 126 bytes exceeds 125 bytes"),
        (
            EncodeError::LengthOverflow { len: 1 << 63 },
            "payload of 9223372036854775808 bytes is not below 2^63",
        ),
        (
            EncodeError::ReservedBits { rsv: 0b100 },
            "reserved bits 100 on a frame that does not begin a message",
        ),
        (EncodeError::TruncatedCloseCode, "close frame with a payload of one byte"),
        (EncodeError::UnexpectedContinuation, "continuation frame without a message in progress"),
        (
            EncodeError::ExpectedContinuation { opcode: Opcode::Text },
            "text frame inside a fragmented message",
        ),
        (
            EncodeError::PayloadOwed { remaining: 3 },
            "new frame header before 3 remaining payload bytes were written",
        ),
        (
            EncodeError::PayloadTooLong { remaining: 2 },
            "payload exceeds the 2 bytes left in the frame",
        ),
    ];
    for (error, text) in errors {
        assert_eq!(error.to_string(), text);
        let _: &dyn std::error::Error = &error;
    }
}
